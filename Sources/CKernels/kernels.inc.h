// All of it for one instruction set: FN names the functions, TILE_ROWS and PANEL fit its registers.
#include "ckernels.h"
#include "dcae_network.h"
#include <math.h>
#include <string.h>

// All functions that take vectors are inlined: no call crosses the boundary that -Wpsabi warns of. Unrolling is asked
// for where the counts are constants once inlined.
#pragma clang diagnostic ignored "-Wpsabi"
#pragma clang diagnostic ignored "-Wpass-failed"

#include "vector.inc.h"
#include "gemm.inc.h"
#include "pack.inc.h"
#include "winograd.inc.h"
#include "output.inc.h"
#include "finish.inc.h"
#include "depthwise.inc.h"
#include "attention.inc.h"

const dcae_kernels FN(dcae_kernels) = {
    .name = LEVEL_NAME,
    .tile_rows = TILE_ROWS,
    .panel_width = PANEL,
    .prepare_panel = FN(prepare_panel),
    .transform_input = FN(transform_input),
    .multiply = FN(multiply),
    .finish = FN(finish),
    .depthwise = FN(depthwise),
    .norm_row = FN(norm_row),
    .attend_sum = FN(attend_sum),
    .map_pixels = FN(map_pixels),
};
