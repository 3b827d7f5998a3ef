// Conversion between F64, F32, F16 and BF16, over pointers of any alignment.
//
// Wants FN(name), and WIDE_F16: whether F16 is converted by instructions (f16_avx.inc.h, f16_neon.inc.h). Gives f32_to_bf16, f32_to_f16,
// bf16_to_f32, f16_to_f32 and f64_to_f32.

static inline uint32_t load32(const void *p) {
    uint32_t v;
    memcpy(&v, p, 4);
    return v;
}

static inline uint64_t load64(const void *p) {
    uint64_t v;
    memcpy(&v, p, 8);
    return v;
}

static inline void store16(void *p, uint16_t v) { memcpy(p, &v, 2); }

// Every NaN becomes 0xFFFF, which is what PyTorch 2.15 writes on x86-64 (measured; its vector and scalar paths agree).
static inline uint16_t bf16_bits(uint32_t x) {
    uint32_t rounded = (x + 0x7FFFu + ((x >> 16) & 1u)) >> 16;
    return (x & 0x7FFFFFFFu) > 0x7F800000u ? 0xFFFFu : (uint16_t)rounded;
}

// In blocks, so that the loop that counts what was lost, which is next to never anything, need not be the one that is fast.
static void FN(f32_to_bf16)(const float *source, uint16_t *target, size_t count, dcae_cast_report *report) {
    const char *in = (const char *)source;
    char *out = (char *)target;
    for (size_t start = 0; start < count; start += 4096) {
        const size_t end = start + 4096 < count ? start + 4096 : count;
        uint32_t edges = 0;
        for (size_t i = start; i < end; i++) {
            const uint32_t x = load32(in + 4 * i), magnitude = x & 0x7FFFFFFFu;
            store16(out + 2 * i, bf16_bits(x));
            edges |= (magnitude >= 0x7F7F8000u) | (magnitude - 1u < 0x8000u);
        }
        if (!edges) continue;
        for (size_t i = start; i < end; i++) {
            const uint32_t magnitude = load32(in + 4 * i) & 0x7FFFFFFFu;
            report->overflows += magnitude >= 0x7F7F8000u && magnitude < 0x7F800000u;
            report->underflows += magnitude != 0 && magnitude <= 0x8000u;
        }
    }
}

static void FN(bf16_to_f32)(const uint16_t *source, float *target, size_t count) {
    const char *in = (const char *)source;
    char *out = (char *)target;
    for (size_t i = 0; i < count; i++) {
        uint16_t h;
        memcpy(&h, in + 2 * i, 2);
        uint32_t v = (uint32_t)h << 16;
        memcpy(out + 4 * i, &v, 4);
    }
}

// vcvtps2ph in integers, for processors without it: quiet NaN with the upper payload bits, overflow from 65520 on.
static inline uint16_t f16_bits(uint32_t x) {
    uint32_t sign = (x >> 16) & 0x8000u, magnitude = x & 0x7FFFFFFFu;
    if (magnitude > 0x7F800000u) return (uint16_t)(sign | 0x7E00u | ((magnitude >> 13) & 0x3FFu));
    if (magnitude >= 0x477FF000u) return (uint16_t)(sign | 0x7C00u);
    if (magnitude < 0x38800000u) {  // below 2^-14: a denormal, in units of 2^-24
        uint32_t exponent = magnitude >> 23;
        if (exponent < 102) return (uint16_t)sign;  // below 2^-25: zero
        uint32_t mantissa = (magnitude & 0x7FFFFFu) | 0x800000u, shift = 126 - exponent;
        uint32_t kept = mantissa >> shift, rest = mantissa & ((1u << shift) - 1), half = 1u << (shift - 1);
        return (uint16_t)(sign | (kept + (rest > half || (rest == half && (kept & 1)))));
    }
    return (uint16_t)(sign | ((magnitude + 0xFFFu + ((magnitude >> 13) & 1u) - 0x38000000u) >> 13));
}

static inline uint32_t f32_bits(uint16_t h) {
    uint32_t sign = (uint32_t)(h & 0x8000u) << 16, exponent = (h >> 10) & 0x1Fu, mantissa = h & 0x3FFu;
    if (exponent == 31) return sign | 0x7F800000u | (mantissa ? 0x400000u | (mantissa << 13) : 0);
    if (exponent) return sign | ((exponent + 112) << 23) | (mantissa << 13);
    if (!mantissa) return sign;
    uint32_t shift = (uint32_t)__builtin_clz(mantissa) - 21;
    return sign | ((113 - shift) << 23) | (((mantissa << shift) & 0x3FFu) << 13);
}

#if WIDE_F16 && defined(__aarch64__)
#include "f16_neon.inc.h"
#elif WIDE_F16
#include "f16_avx.inc.h"
#endif

static void FN(f32_to_f16)(const float *source, uint16_t *target, size_t count, dcae_cast_report *report) {
    const char *in = (const char *)source;
    char *out = (char *)target;
    size_t i = 0;
#if WIDE_F16
    i = f32_to_f16_wide(in, out, count, report);
#endif
    for (; i < count; i++) {
        uint32_t x = load32(in + 4 * i), magnitude = x & 0x7FFFFFFFu;
        uint16_t h = f16_bits(x);
        report->overflows += (h & 0x7FFFu) == 0x7C00u && magnitude < 0x7F800000u;
        report->underflows += (h & 0x7FFFu) == 0 && magnitude != 0;
        store16(out + 2 * i, h);
    }
}

static void FN(f16_to_f32)(const uint16_t *source, float *target, size_t count) {
    const char *in = (const char *)source;
    char *out = (char *)target;
    size_t i = 0;
#if WIDE_F16
    i = f16_to_f32_wide(in, out, count);
#endif
    for (; i < count; i++) {
        uint16_t h;
        memcpy(&h, in + 2 * i, 2);
        uint32_t v = f32_bits(h);
        memcpy(out + 4 * i, &v, 4);
    }
}

static void FN(f64_to_f32)(const void *source, void *target, size_t count, dcae_cast_report *report) {
    const char *in = source;
    char *out = target;
    uint64_t overflows = 0, underflows = 0;
    for (size_t i = 0; i < count; i++) {
        double x;
        memcpy(&x, in + 8 * i, 8);
        const float y = (float)x;
        memcpy(out + 4 * i, &y, 4);
        const uint32_t magnitude = load32(out + 4 * i) & 0x7FFFFFFFu;
        const uint64_t wide = load64(in + 8 * i) & 0x7FFFFFFFFFFFFFFFu;
        overflows += magnitude == 0x7F800000u && wide < 0x7FF0000000000000u;
        underflows += magnitude == 0 && wide != 0;
    }
    report->overflows += overflows;
    report->underflows += underflows;
}
