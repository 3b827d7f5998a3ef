#if defined(__x86_64__)
// Processors with AVX alone multiply and add in two steps: a sum, a product and its factors need a register each.
#include "dcae_kernels.h"
#include "statistics_shared.h"
#include <immintrin.h>
#include <math.h>
#include <string.h>
#define FN(name) name##_avx
#define TILE_ROWS 6
#define PANEL 16
#define WIDE_F16 0
#pragma clang attribute push(__attribute__((target("avx"))), apply_to = function)
#include "level.inc.h"
#pragma clang attribute pop
#endif
