// The few loops that need per-processor code. Every function is plain C over pointers and counts; buffers do not overlap
// unless a comment says so.
#pragma once
#include <stddef.h>
#include <stdint.h>

// --- Conversion of number formats (casts.c). Round to nearest, ties to even; NaN stays NaN. ---

/// What a cast to F16 lost: finite values that became infinite, and non-zero values that became zero.
typedef struct {
    uint64_t overflows;
    uint64_t underflows;
} dcae_cast_report;

void dcae_f32_to_bf16(const float *source, uint16_t *target, size_t count);
void dcae_f32_to_f16(const float *source, uint16_t *target, size_t count, dcae_cast_report *report);
void dcae_bf16_to_f32(const uint16_t *source, float *target, size_t count);
void dcae_f16_to_f32(const uint16_t *source, float *target, size_t count);

// --- Looking at numbers (scan.c). ---

/// Counts NaN and infinite values; pointers may be unaligned.
void dcae_count_nonfinite_f32(const void *values, size_t count, uint64_t *nan, uint64_t *infinite);
/// The same for 16-bit formats: F16 has the exponent mask 0x7C00, BF16 0x7F80.
void dcae_count_nonfinite_16(const void *values, size_t count, uint16_t exponent_mask, uint64_t *nan, uint64_t *infinite);

// --- Seeded numbers (synthesize.c). ---

/// Fills with center + half_width * u, u uniform in [-1, 1): the element of index i depends on key and i alone, and is the same on
/// every processor.
void dcae_fill_uniform(float *target, size_t count, uint64_t key, uint64_t start, float center, float half_width);
