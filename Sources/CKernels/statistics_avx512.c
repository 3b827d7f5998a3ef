#if defined(__x86_64__)
// Statistics by AVX-512.
#define FN(name) name##_avx512
#define LEVEL_NAME "AVX-512"
#include "statistics.h"
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2"))), apply_to = function)
#include "statistics_level.inc.h"
#pragma clang attribute pop
#endif
