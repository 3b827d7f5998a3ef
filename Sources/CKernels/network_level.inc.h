// The network's loops for one instruction set, compiled with the compiler's own rule for fused multiplications: their results
// differ from set to set in the last bits.
//
// Wants FN(name), TILE_ROWS and PANEL as level.inc.h does, and BF16_PRODUCTS: 1 where products are of pairs of bf16, with PAIRS, the
// file that multiplies them.

// All functions that take vectors are inlined: no call crosses the boundary that -Wpsabi warns of. Unrolling is asked
// for where the counts are constants once inlined.
#pragma clang diagnostic ignored "-Wpsabi"
#pragma clang diagnostic ignored "-Wpass-failed"

#include "vector.inc.h"
#if BF16_PRODUCTS
#include PAIRS
#endif
#include "gemm.inc.h"
#include "winograd.inc.h"
#include "pack.inc.h"
#include "input.inc.h"
#include "output.inc.h"
#include "finish.inc.h"
#include "depthwise.inc.h"
#include "attention.inc.h"

// The table's part, for whoever includes this.
#define NETWORK_KERNELS                                                                                                        \
    {                                                                                                                          \
        .tile_rows = TILE_ROWS, .panel_width = PANEL, .prepare_panel = FN(prepare_panel),                                      \
        .transform_input = FN(transform_input), .multiply = FN(multiply), .finish = FN(finish), .depthwise = FN(depthwise),    \
        .norm_row = FN(norm_row), .attend_sum = FN(attend_sum), .map_pixels = FN(map_pixels),                                  \
    }
