#if defined(__x86_64__)
// The network's loops as for AVX-512, with products of bf16 whose sums are floats: twice the terms per instruction.
#include "dcae_kernels.h"
#include <immintrin.h>
#include <math.h>
#include <string.h>
#define FN(name) name##_avx512bf16
#define TILE_ROWS 14
#define PANEL 32
#define BF16_PRODUCTS 1
#define PAIRS "pairs_avx512.inc.h"
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx512bf16,avx2,fma"))), apply_to = function \
)
#include "network_level.inc.h"
#pragma clang attribute pop

const dcae_network_kernels dcae_network_avx512bf16 = NETWORK_KERNELS;
#endif
