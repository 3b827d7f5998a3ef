#if defined(__x86_64__)
// Statistics by AVX2.
#define FN(name) name##_avx2
#define LEVEL_NAME "AVX2"
#include "statistics.h"
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#include "statistics_level.inc.h"
#pragma clang attribute pop
#endif
