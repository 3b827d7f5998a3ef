// How two arrays of numbers differ.
#include "ckernels.h"
#include "clones.h"
#include <math.h>
#include <string.h>

// A multiplication fused with an addition would round once instead of twice, on some processors and not on others.
#pragma STDC FP_CONTRACT OFF
// Vectors are passed between functions of this file alone, which are all inlined.
#pragma clang diagnostic ignored "-Wpsabi"

#define FN(name) name##_baseline
#include "diff.inc.h"

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define FN(name) name##_avx2
#include "diff.inc.h"
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma"))), apply_to = function)
#define FN(name) name##_avx512
#include "diff.inc.h"
#pragma clang attribute pop
#endif

int dcae_difference_level(void) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq"))
        return 2;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return 1;
#endif
    return 0;
}

void dcae_difference_f32(int level, const float *a, const float *b, size_t count, dcae_difference *out) {
#if defined(__x86_64__)
    if (level == 2) return difference_f32_avx512(a, b, count, out);
    if (level == 1) return difference_f32_avx2(a, b, count, out);
#endif
    difference_f32_baseline(a, b, count, out);
}

void dcae_difference_f64(int level, const double *a, const double *b, size_t count, dcae_difference *out) {
#if defined(__x86_64__)
    if (level == 2) return difference_f64_avx512(a, b, count, out);
    if (level == 1) return difference_f64_avx2(a, b, count, out);
#endif
    difference_f64_baseline(a, b, count, out);
}

// What is the same for both widths. A pair of which one is not finite becomes a pair of zeros, which adds to no sum.
#define FOR_WIDTH(suffix, T)                                                                                                   \
    size_t dcae_first_difference_##suffix(const T *a, const T *b, size_t count) {                                              \
        for (size_t i = 0; i < count; i++)                                                                                     \
            if (a[i] != b[i] && !(isnan(a[i]) && isnan(b[i]))) return i;                                                       \
        return count;                                                                                                          \
    }                                                                                                                          \
    void dcae_drop_nonfinite_##suffix(T *a, T *b, size_t count, dcae_nonfinite_pairs *found) {                                 \
        for (size_t i = 0; i < count; i++) {                                                                                   \
            T x = a[i], y = b[i];                                                                                              \
            if (isfinite(x) && isfinite(y)) continue;                                                                          \
            found->pairs++;                                                                                                    \
            if (isnan(x) || isnan(y))                                                                                          \
                found->nan_mismatches += !isnan(x) || !isnan(y);                                                               \
            else                                                                                                               \
                found->infinity_mismatches += x != y;                                                                          \
            a[i] = b[i] = 0;                                                                                                   \
        }                                                                                                                      \
    }                                                                                                                          \
    DCAE_CLONES uint64_t dcae_count_outside_##suffix(const T *a, const T *b, size_t count, double rtol, double atol) {         \
        uint64_t outside = 0;                                                                                                  \
        for (size_t i = 0; i < count; i++) {                                                                                   \
            double x = a[i], y = b[i], relative = rtol * fabs(y);                                                              \
            outside += fabs(x - y) > atol + relative;                                                                          \
        }                                                                                                                      \
        return outside;                                                                                                        \
    }
FOR_WIDTH(f32, float)
FOR_WIDTH(f64, double)

uint64_t dcae_count_unequal_64(const uint64_t *a, const uint64_t *b, size_t count, size_t *first) {
    uint64_t unequal = 0;
    *first = count;
    for (size_t i = 0; i < count; i++) {
        if (a[i] == b[i]) continue;
        if (*first == count) *first = i;
        unequal++;
    }
    return unequal;
}

// Numbers in sign and magnitude put in one order: as many steps lie between two as there are numbers between them.
DCAE_CLONES uint32_t dcae_ulp_32(const uint32_t *a, const uint32_t *b, size_t count) {
    uint32_t largest = 0;
    for (size_t i = 0; i < count; i++) {
        int32_t x = (int32_t)(a[i] & 0x7FFFFFFFu), y = (int32_t)(b[i] & 0x7FFFFFFFu);
        uint32_t isNumber = (x <= 0x7F800000) & (y <= 0x7F800000);
        x = (int32_t)a[i] < 0 ? -x : x;
        y = (int32_t)b[i] < 0 ? -y : y;
        uint32_t steps = x > y ? (uint32_t)x - (uint32_t)y : (uint32_t)y - (uint32_t)x;
        steps = isNumber ? steps : 0;
        largest = steps > largest ? steps : largest;
    }
    return largest;
}

DCAE_CLONES uint32_t dcae_ulp_16(const uint16_t *a, const uint16_t *b, size_t count, uint16_t infinity) {
    int32_t largest = 0;
    for (size_t i = 0; i < count; i++) {
        int32_t x = a[i] & 0x7FFF, y = b[i] & 0x7FFF;
        int32_t isNumber = (x <= infinity) & (y <= infinity);
        x = a[i] & 0x8000 ? -x : x;
        y = b[i] & 0x8000 ? -y : y;
        int32_t steps = x > y ? x - y : y - x;
        steps = isNumber ? steps : 0;
        largest = steps > largest ? steps : largest;
    }
    return (uint32_t)largest;
}

uint32_t dcae_ulp_8(const uint8_t *a, const uint8_t *b, size_t count, const int16_t places[256]) {
    int32_t largest = 0;
    for (size_t i = 0; i < count; i++) {
        int32_t x = places[a[i]], y = places[b[i]];
        if (x == INT16_MIN || y == INT16_MIN) continue;
        int32_t steps = x > y ? x - y : y - x;
        largest = steps > largest ? steps : largest;
    }
    return (uint32_t)largest;
}

uint64_t dcae_ulp_64(const uint64_t *a, const uint64_t *b, size_t count) {
    const uint64_t mask = 0x7FFFFFFFFFFFFFFFu, infinity = 0x7FF0000000000000u;
    uint64_t largest = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t m = a[i] & mask, n = b[i] & mask;
        if (m > infinity || n > infinity) continue;
        uint64_t steps = (a[i] ^ b[i]) >> 63 ? m + n : m > n ? m - n : n - m;
        largest = steps > largest ? steps : largest;
    }
    return largest;
}

#define WIDEN(name, From, To)                                                                                                  \
    void dcae_widen_##name(const From *source, To *target, size_t count) {                                                     \
        for (size_t i = 0; i < count; i++) target[i] = (To)source[i];                                                          \
    }
WIDEN(i8, int8_t, float)
WIDEN(u8, uint8_t, float)
WIDEN(i16, int16_t, float)
WIDEN(u16, uint16_t, float)
WIDEN(i32, int32_t, double)
WIDEN(u32, uint32_t, double)
WIDEN(i64, int64_t, double)
WIDEN(u64, uint64_t, double)
WIDEN(f32, float, double)

void dcae_widen_f8(const uint8_t *source, float *target, size_t count, const float values[256]) {
    char *out = (char *)target;
    for (size_t i = 0; i < count; i++) memcpy(out + 4 * i, &values[source[i]], 4);
}
