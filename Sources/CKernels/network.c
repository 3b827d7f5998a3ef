// The network's loops that are the same for all instruction sets.
#include "dcae_network.h"
#include <math.h>

size_t dcae_panel_scratch(const dcae_conv *c, int panel_width) {
    return c->weights.format == DCAE_F32 ? 0 : (size_t)panel_width * c->weights.inputs * c->weights.taps;
}

// A panel's points do not lie a power of two apart: they would share their sets of the cache.
size_t dcae_point_floats(const dcae_conv *c, int panel_width) {
    return (size_t)c->plan.k16 * (c->plan.bf16 ? 8 : 16) * panel_width + (c->plan.points > 1 ? panel_width : 0);
}

// Of the 25 points of a convolution with stride 2 several share their weights.
size_t dcae_panel_floats(const dcae_conv *c, int panel_width) {
    return dcae_point_floats(c, panel_width) * (size_t)(c->plan.algorithm == DCAE_HALVE ? 16 : c->plan.points);
}

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
