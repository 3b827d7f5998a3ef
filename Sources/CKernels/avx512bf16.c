#if defined(__x86_64__)
// As AVX-512, with products of bf16 whose sums are floats: twice the terms per instruction.
#include <immintrin.h>
#include <math.h>
#include <string.h>
#define FN(name) name##_avx512bf16
#define LEVEL_NAME "AVX-512 BF16"
#define TILE_ROWS 14
#define PANEL 32
#define BRAIN 1
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx512bf16,avx2,fma"))), apply_to = function \
)
#include "kernels.inc.h"
#pragma clang attribute pop
#endif
