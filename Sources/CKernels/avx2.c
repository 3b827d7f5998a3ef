#if defined(__x86_64__)
// Six rows by two registers of eight leave four of sixteen for operands.
#include <math.h>
#include <string.h>
#define FN(name) name##_avx2
#define LEVEL_NAME "AVX2"
#define TILE_ROWS 6
#define PANEL 16
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "kernels.inc.h"
#pragma clang attribute pop
#endif
