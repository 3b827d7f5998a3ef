// Linear attention: a sum over all pixels, then a map of every pixel.
//
// Wants vector.inc.h. Gives attend_sum and map_pixels. `dim` is any; sums are double [dim + 1][dim], the last line without values,
// `scratch` as many floats, `table` is [dim][dim], input by output. map_pixels may work in place. Nothing need be aligned.

static void FN(attend_sum)(const float *qkv, int32_t pixels, int64_t stride, int32_t dim, double *sums, float *scratch) {
    const float *keys = qkv + dim, *values = qkv + 2 * dim;
    if (dim % 16) {
        for (int d = 0; d <= dim; d++)
            for (int e = 0; e < dim; e++) {
                float total = 0;
                for (int x = 0; x < pixels; x++) {
                    float key = keys[x * stride + e];
                    total += (key < 0 ? 0 : key) * (d < dim ? values[x * stride + d] : 1.0f);
                }
                sums[d * dim + e] += (double)total;
            }
        return;
    }
    for (int e = 0; e < dim; e += 16) {
        for (int d = 0; d < dim; d += 8) {
            v16 acc[8], ones = zero();
            UNROLL
            for (int i = 0; i < 8; i++) acc[i] = zero();
            for (int x = 0; x < pixels; x++) {
                v16 key = activate(load(keys + x * stride + e), DCAE_RELU);
                UNROLL
                for (int i = 0; i < 8; i++) acc[i] += splat(values[x * stride + d + i]) * key;
                ones += key;
            }
            for (int i = 0; i < 8; i++) store(scratch + (d + i) * dim + e, acc[i]);
            store(scratch + dim * dim + e, ones);
        }
    }
    for (int i = 0; i < (dim + 1) * dim; i++) sums[i] += (double)scratch[i];
}

INLINE void map_block(
    const float *in, int64_t in_stride, int count, int dim, const float *table, const float *divisor, float *out, int64_t out_stride
) {
    float scale[4] = {1, 1, 1, 1}, value[4][dim];
    for (int i = 0; i < count; i++) {
        float total = 0;
        for (int e = 0; e < dim; e++) {
            float x = in[i * in_stride + e];
            if (divisor) {
                x = x < 0 ? 0 : x;
                total += x * divisor[e];
            }
            value[i][e] = x;
        }
        if (divisor) scale[i] = total + 1e-15f;
    }
    for (int i = count; i < 4; i++)
        for (int e = 0; e < dim; e++) value[i][e] = 0;
    int d = 0;
    for (; d + 16 <= dim; d += 16) {
        v16 acc[4];
        UNROLL
        for (int i = 0; i < 4; i++) acc[i] = zero();
        for (int e = 0; e < dim; e++) {
            v16 right = load(table + (int64_t)e * dim + d);
            UNROLL
            for (int i = 0; i < 4; i++) acc[i] += splat(value[i][e]) * right;
        }
        for (int i = 0; i < count; i++) store(out + i * out_stride + d, divisor ? acc[i] / splat(scale[i]) : acc[i]);
    }
    for (; d < dim; d++) {
        for (int i = 0; i < count; i++) {
            float total = 0;
            for (int e = 0; e < dim; e++) total += value[i][e] * table[(int64_t)e * dim + d];
            out[i * out_stride + d] = divisor ? total / scale[i] : total;
        }
    }
}

static void FN(map_pixels)(
    const float *in, int64_t in_stride, int32_t pixels, int32_t dim, const float *table, const float *divisor, float *out, int64_t out_stride
) {
    for (int x = 0; x < pixels; x += 4)
        map_block(in + x * in_stride, in_stride, min_int(4, pixels - x), dim, table, divisor, out + x * out_stride, out_stride);
}
