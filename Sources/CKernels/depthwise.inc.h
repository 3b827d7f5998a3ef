// Depthwise convolutions: four pixels at a time, so that a weight is loaded once for four products.
//
// Wants vector.inc.h. Gives depthwise. `weights` is [taps][weight_stride], channels and `zeros` reach 16 floats at a time as far as
// `count` channels rounded up; nothing need be aligned. `out` is [pixels][out_stride].

INLINE void depthwise_four(
    const dcae_depthwise *d, const float *const *pixel, int columns, int channel, const float *weights, const float *bias, int k, v16 out[4]
) {
    v16 start = bias ? load(bias + channel) : zero();
    UNROLL
    for (int i = 0; i < 4; i++) out[i] = start;
    for (int row = 0; row < k; row++) {
        const float *const *line = pixel + row * columns;
        for (int column = 0; column < k; column++) {
            v16 w = load(weights + (row * k + column) * d->weight_stride + channel);
            UNROLL
            for (int i = 0; i < 4; i++) out[i] += load(line[column + i] + channel) * w;
        }
    }
}

INLINE void depthwise_of(const dcae_depthwise *d, int y, int x0, int x1, float *out, int64_t out_stride, int k) {
    const int columns = k + 3;
    const float *pixel[k * (k + 3)];
    for (int x = x0; x < x1; x += 4) {
        for (int i = 0; i < k; i++) {
            int sy = y + i - k / 2;
            const float *row = sy < 0 || sy >= d->in.height ? NULL : row_of(&d->in, sy);
            for (int j = 0; j < columns; j++) {
                int sx = x + j - k / 2;
                pixel[i * columns + j] = row && sx >= 0 && sx < d->in.width ? row + (int64_t)sx * d->in.channels + d->channel : d->zeros;
            }
        }
        float *target = out + (int64_t)(x - x0) * out_stride;
        const int count = min_int(4, x1 - x);
        for (int ch = 0; ch < d->count; ch += 16) {
            v16 value[4];
            depthwise_four(d, pixel, columns, ch, d->weights, d->bias, k, value);
            if (d->gate) {
                v16 gate[4];
                depthwise_four(d, pixel, columns, ch + d->gate, d->weights, d->bias, k, gate);
                UNROLL
                for (int i = 0; i < 4; i++) value[i] *= silu(gate[i]);
            }
            for (int i = 0; i < count; i++) store(target + i * out_stride + ch, value[i]);
        }
    }
}

static void FN(depthwise)(const dcae_depthwise *d, int32_t y, int32_t x0, int32_t x1, float *out, int64_t out_stride) {
    if (d->kernel == 3) {
        depthwise_of(d, y, x0, x1, out, out_stride, 3);
    } else if (d->kernel == 5) {
        depthwise_of(d, y, x0, x1, out, out_stride, 5);
    } else {
        depthwise_of(d, y, x0, x1, out, out_stride, d->kernel);
    }
}
