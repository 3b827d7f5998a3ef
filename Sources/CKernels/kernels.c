// The dispatcher: which table belongs to which instruction set, and the functions that use the best.
#include "dcae_kernels.h"

extern const dcae_kernels dcae_kernels_baseline;
#if defined(__x86_64__)
extern const dcae_kernels dcae_kernels_avx, dcae_kernels_avx2, dcae_kernels_avx512;
extern const dcae_network_kernels dcae_network_avx512bf16;
#elif defined(__aarch64__)
extern const dcae_network_kernels dcae_network_neonbf16;
#endif

const dcae_kernels *dcae_kernels_of(dcae_instruction_set set) {
    if (!dcae_has_instruction_set(set)) return NULL;
#if defined(__x86_64__)
    if (set == DCAE_AVX512) return &dcae_kernels_avx512;
    if (set == DCAE_AVX2) return &dcae_kernels_avx2;
    if (set == DCAE_AVX) return &dcae_kernels_avx;
#endif
    return &dcae_kernels_baseline;
}

const dcae_kernels *dcae_best_kernels(void) { return dcae_kernels_of(dcae_best_instruction_set()); }

const dcae_network_kernels *dcae_bf16_kernels_of(dcae_instruction_set set) {
#if defined(__x86_64__)
    if (set == DCAE_AVX512 && dcae_has_bf16_products()) return &dcae_network_avx512bf16;
#elif defined(__aarch64__)
    if (set == DCAE_BASELINE && dcae_has_bf16_products()) return &dcae_network_neonbf16;
#endif
    (void)set;
    return NULL;
}

#define BEST (dcae_best_kernels()->numbers)

void dcae_f32_to_bf16(const float *source, uint16_t *target, size_t count, dcae_cast_report *report) {
    BEST.f32_to_bf16(source, target, count, report);
}

void dcae_f32_to_f16(const float *source, uint16_t *target, size_t count, dcae_cast_report *report) {
    BEST.f32_to_f16(source, target, count, report);
}

void dcae_bf16_to_f32(const uint16_t *source, float *target, size_t count) { BEST.bf16_to_f32(source, target, count); }

void dcae_f16_to_f32(const uint16_t *source, float *target, size_t count) { BEST.f16_to_f32(source, target, count); }

void dcae_f64_to_f32(const void *source, void *target, size_t count, dcae_cast_report *report) {
    BEST.f64_to_f32(source, target, count, report);
}

void dcae_count_nonfinite_f32(const void *values, size_t count, uint64_t *nan, uint64_t *infinite) {
    BEST.count_nonfinite_f32(values, count, nan, infinite);
}

void dcae_count_nonfinite_16(const void *values, size_t count, uint16_t exponent_mask, uint64_t *nan, uint64_t *infinite) {
    BEST.count_nonfinite_16(values, count, exponent_mask, nan, infinite);
}

void dcae_fill_uniform(float *target, size_t count, uint64_t key, uint64_t start, float center, float half_width) {
    BEST.fill_uniform(target, count, key, start, center, half_width);
}

void dcae_difference_f32(const float *a, const float *b, size_t count, dcae_difference *out) {
    BEST.difference_f32(a, b, count, out);
}

void dcae_difference_f64(const double *a, const double *b, size_t count, dcae_difference *out) {
    BEST.difference_f64(a, b, count, out);
}

uint64_t dcae_count_outside_f32(const float *a, const float *b, size_t count, double rtol, double atol) {
    return BEST.count_outside_f32(a, b, count, rtol, atol);
}

uint64_t dcae_count_outside_f64(const double *a, const double *b, size_t count, double rtol, double atol) {
    return BEST.count_outside_f64(a, b, count, rtol, atol);
}

uint32_t dcae_ulp_16(const uint16_t *a, const uint16_t *b, size_t count, uint16_t infinity) {
    return BEST.ulp_16(a, b, count, infinity);
}

uint32_t dcae_ulp_32(const uint32_t *a, const uint32_t *b, size_t count) { return BEST.ulp_32(a, b, count); }
