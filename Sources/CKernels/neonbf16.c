#if defined(__aarch64__)
// The network's loops as for NEON, with products of bf16 whose sums are floats: twice the terms per instruction. Six rows by four
// registers of accumulators leave eight of thirty-two for operands.
#include "dcae_kernels.h"
#include <arm_neon.h>
#include <math.h>
#include <string.h>
#define FN(name) name##_neonbf16
#define TILE_ROWS 6
#define PANEL 16
#define BF16_PRODUCTS 1
#define PAIRS "pairs_neon.inc.h"
#pragma clang attribute push(__attribute__((target("bf16"))), apply_to = function)
#include "network_level.inc.h"
#pragma clang attribute pop

const dcae_network_kernels dcae_network_neonbf16 = NETWORK_KERNELS;
#endif
