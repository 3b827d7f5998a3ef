#if defined(__x86_64__)
// Fourteen rows by two vectors of accumulators leave four registers of thirty-two for operands.
#include "dcae_kernels.h"
#include "statistics_shared.h"
#include <immintrin.h>
#include <math.h>
#include <string.h>
#define FN(name) name##_avx512
#define TILE_ROWS 14
#define PANEL 32
#define WIDE_F16 1
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma,f16c"))), apply_to = function)
#include "level.inc.h"
#pragma clang attribute pop
#endif
