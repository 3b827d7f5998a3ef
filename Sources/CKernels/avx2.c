#if defined(__x86_64__)
// Six rows by two registers of eight leave four of sixteen for operands.
#include "dcae_kernels.h"
#include "statistics_shared.h"
#include <immintrin.h>
#include <math.h>
#include <string.h>
#define FN(name) name##_avx2
#define TILE_ROWS 6
#define PANEL 16
#define WIDE_F16 1
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#include "level.inc.h"
#pragma clang attribute pop
#endif
