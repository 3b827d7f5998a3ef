// What this machine can do at best. The loops hold nothing but what is measured.
#include "dcae_peaks.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Twelve sums hide a latency of four cycles with two or three units.
#define SUMS 12

// Keeps what was computed from being left out.
static volatile float sink;

typedef float v4 __attribute__((vector_size(16)));
typedef float v8 __attribute__((vector_size(32)));
typedef float v16 __attribute__((vector_size(64)));

#define PEAK(name, vector, lanes, attributes)                                        \
    attributes static uint64_t name(uint64_t rounds) {                               \
        vector sums[SUMS], factor, term;                                             \
        for (int i = 0; i < lanes; i++) factor[i] = 0.999f, term[i] = 0.001f;         \
        for (int s = 0; s < SUMS; s++) sums[s] = term * (float)(s + 1);               \
        for (uint64_t round = 0; round < rounds; round++) {                          \
            _Pragma("clang fp contract(fast)")                                       \
            _Pragma("clang loop unroll(full)")                                       \
            for (int s = 0; s < SUMS; s++) sums[s] = sums[s] * factor + term;         \
            for (int s = 0; s < SUMS; s++) __asm__ volatile("" : "+" REGISTER(sums[s])); \
        }                                                                            \
        float total = 0;                                                             \
        for (int s = 0; s < SUMS; s++) total += sums[s][0];                           \
        sink = total;                                                                \
        return rounds * SUMS * lanes * 2;                                            \
    }

#if defined(__x86_64__)
#define REGISTER(value) "v"(value)
PEAK(peak16, v16, 16, __attribute__((target("avx512f,fma"))))
#undef REGISTER
#define REGISTER(value) "x"(value)
PEAK(peak8, v8, 8, __attribute__((target("avx2,fma"))))
PEAK(peak8_unfused, v8, 8, __attribute__((target("avx"))))
PEAK(peak4, v4, 4, )
#else
#define REGISTER(value) "w"(value)
PEAK(peak4, v4, 4, )
#endif

uint64_t dcae_peak_f32(dcae_instruction_set set, uint64_t rounds) {
#if defined(__x86_64__)
    if (set == DCAE_AVX512 && dcae_has_instruction_set(DCAE_AVX512)) return peak16(rounds);
    if (set >= DCAE_AVX2 && dcae_has_instruction_set(DCAE_AVX2)) return peak8(rounds);
    if (set >= DCAE_AVX && dcae_has_instruction_set(DCAE_AVX)) return peak8_unfused(rounds);
#endif
    (void)set;
    return peak4(rounds);
}

#if defined(__x86_64__)
__attribute__((target("avx512f,avx512bf16"))) static uint64_t peak_pairs(uint64_t rounds) {
    __m512 sums[SUMS];
    __m512bh a = (__m512bh)_mm512_set1_epi32(0x3f803f80), b = (__m512bh)_mm512_set1_epi32(0x00010001);
    for (int s = 0; s < SUMS; s++) sums[s] = _mm512_set1_ps((float)s);
    for (uint64_t round = 0; round < rounds; round++) {
        _Pragma("clang loop unroll(full)") for (int s = 0; s < SUMS; s++) sums[s] = _mm512_dpbf16_ps(sums[s], a, b);
        for (int s = 0; s < SUMS; s++) __asm__ volatile("" : "+v"(sums[s]));
    }
    float total = 0;
    for (int s = 0; s < SUMS; s++) total += sums[s][0];
    sink = total;
    return rounds * SUMS * 32 * 2;
}
#endif

uint64_t dcae_peak_bf16(uint64_t rounds) {
#if defined(__x86_64__)
    if (dcae_has_bf16_products()) return peak_pairs(rounds);
#endif
    (void)rounds;
    return 0;
}

float dcae_peak_read(const float *memory, size_t count) {
    v4 sums[SUMS] = {0};
    size_t position = 0;
    for (; position + 4 * SUMS <= count; position += 4 * SUMS)
        for (int s = 0; s < SUMS; s++) sums[s] += *(const v4 *)(const void *)(memory + position + 4 * s);
    float total = 0;
    for (int s = 0; s < SUMS; s++) total += sums[s][0] + sums[s][1] + sums[s][2] + sums[s][3];
    return total;
}
