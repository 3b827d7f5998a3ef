// What is the same for all instruction sets.
#include "ckernels.h"
#include "dcae_network.h"
#include <math.h>

extern const dcae_kernels dcae_kernels_baseline;
#if defined(__x86_64__)
extern const dcae_kernels dcae_kernels_avx2, dcae_kernels_avx512, dcae_kernels_avx512bf16;
#endif

const dcae_kernels *dcae_kernels_of(int level) {
#if defined(__x86_64__)
    if (level == 2)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
                       __builtin_cpu_supports("avx512dq")
                   ? &dcae_kernels_avx512
                   : NULL;
    if (level == 3) return dcae_kernels_of(2) && __builtin_cpu_supports("avx512bf16") ? &dcae_kernels_avx512bf16 : NULL;
    if (level == 1) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &dcae_kernels_avx2 : NULL;
#endif
    return level == 0 ? &dcae_kernels_baseline : NULL;
}

size_t dcae_panel_scratch(const dcae_conv *c, int panel_width) {
    return c->raw.element_bits == 32 ? 0 : (size_t)panel_width * c->raw.inputs * c->raw.taps;
}

// A panel's points do not lie a power of two apart: they would share their sets of the cache.
size_t dcae_point_floats(const dcae_conv *c, int panel_width) {
    return (size_t)c->k16 * (c->brain ? 8 : 16) * panel_width + (c->points > 1 ? panel_width : 0);
}

size_t dcae_panel_floats(const dcae_conv *c, int panel_width) { return dcae_point_floats(c, panel_width) * (c->algorithm == DCAE_HALVE ? 16 : c->points); }

void dcae_planes_to_rows(const float *planes, int channels, const dcae_rows *rows, int y0, int y1) {
    const size_t plane = (size_t)rows->height * rows->width;
    for (int y = y0; y < y1; y++) {
        float *out = rows->base + (int64_t)(y % rows->capacity) * rows->stride;
        for (int x0 = 0; x0 < rows->width; x0 += 64) {
            int x1 = x0 + 64 < rows->width ? x0 + 64 : rows->width;
            for (int c = 0; c < rows->channels; c++) {
                const float *in = planes + c * plane + (size_t)y * rows->width;
                for (int x = x0; x < x1; x++) out[(int64_t)x * rows->channels + c] = c < channels ? in[x] : 0.0f;
            }
        }
    }
}

void dcae_rows_to_planes(const dcae_rows *rows, int y0, int y1, int channels, float *planes) {
    const size_t plane = (size_t)rows->height * rows->width;
    for (int y = y0; y < y1; y++) {
        const float *in = rows->base + (int64_t)(y % rows->capacity) * rows->stride;
        for (int x0 = 0; x0 < rows->width; x0 += 64) {
            int x1 = x0 + 64 < rows->width ? x0 + 64 : rows->width;
            for (int c = 0; c < channels; c++) {
                float *out = planes + c * plane + (size_t)y * rows->width;
                for (int x = x0; x < x1; x++) out[x] = in[(int64_t)x * rows->channels + c];
            }
        }
    }
}

static float positive(float x) { return x < 0 ? 0 : x; }

void dcae_attend_quadratic(const float *q, const float *k, const float *v, int pixels, int dim, float *out, int64_t out_stride) {
    for (int i = 0; i < pixels; i++) {
        float *o = out + i * out_stride, total = 0;
        for (int j = 0; j < pixels; j++)
            for (int d = 0; d < dim; d++) total += positive(k[j * dim + d]) * positive(q[i * dim + d]);
        for (int d = 0; d < dim; d++) o[d] = 0;
        for (int j = 0; j < pixels; j++) {
            float score = 0;
            for (int d = 0; d < dim; d++) score += positive(k[j * dim + d]) * positive(q[i * dim + d]);
            score /= total + 1e-15f;
            for (int d = 0; d < dim; d++) o[d] += v[j * dim + d] * score;
        }
    }
}

size_t dcae_first_outside(const float *values, size_t count, float limit) {
    for (size_t start = 0; start < count; start += 1024) {
        size_t end = start + 1024 < count ? start + 1024 : count;
        int bad = 0;
        for (size_t i = start; i < end; i++) bad |= !(fabsf(values[i]) <= limit);
        if (!bad) continue;
        for (size_t i = start; i < end; i++)
            if (!(fabsf(values[i]) <= limit)) return i;
    }
    return count;
}
