// Everything for one instruction set, in one table: the file that includes this says which.
//
// Wants FN(name), which makes a name of this instruction set of it; TILE_ROWS and PANEL, which fit its registers (gemm.inc.h); and
// WIDE_F16, 1 where it converts F16 by instructions (F16C). The attribute that chooses the instruction set is pushed around it,
// after the headers of the system.
#include "dcae_kernels.h"
#include "statistics_shared.h"
#include <math.h>
#include <string.h>

#define BF16_PRODUCTS 0
#include "network_level.inc.h"

// From here on results are the same to the last bit whatever the instruction set: a multiplication fused with an addition would
// round once instead of twice, on some processors and not on others.
#pragma STDC FP_CONTRACT OFF
#include "casts.inc.h"
#include "diff.inc.h"
#include "scan.inc.h"
#include "seed.inc.h"
#include "statistics_level.inc.h"

const dcae_kernels FN(dcae_kernels) = {
    .numbers =
        {
            .f32_to_bf16 = FN(f32_to_bf16),
            .f32_to_f16 = FN(f32_to_f16),
            .bf16_to_f32 = FN(bf16_to_f32),
            .f16_to_f32 = FN(f16_to_f32),
            .f64_to_f32 = FN(f64_to_f32),
            .count_nonfinite_f32 = FN(count_nonfinite_f32),
            .count_nonfinite_16 = FN(count_nonfinite_16),
            .fill_uniform = FN(fill_uniform),
            .difference_f32 = FN(difference_f32),
            .difference_f64 = FN(difference_f64),
            .count_outside_f32 = FN(count_outside_f32),
            .count_outside_f64 = FN(count_outside_f64),
            .ulp_16 = FN(ulp_16),
            .ulp_32 = FN(ulp_32),
        },
    .statistics = {.add_f32 = FN(add_f32), .add_f64 = FN(add_f64)},
    .network = NETWORK_KERNELS,
};
