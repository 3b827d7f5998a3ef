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
