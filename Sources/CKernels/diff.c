// How two arrays of numbers differ: what gains nothing from an instruction set of its own.
#include "ckernels.h"
#include <math.h>
#include <string.h>

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
