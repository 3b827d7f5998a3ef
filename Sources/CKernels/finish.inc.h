// What follows once all channels of a pixel are there: norm, shuffle, shortcut.
//
// Wants vector.inc.h. Gives finish, norm_row. Pixels have a multiple of 16 channels, the surplus zero, and floats are
// of any alignment; `scale` and `shift` reach over the padding. Values are loaded up to two vectors beyond a row's last pixel,
// which is why rows have 64 floats to spare.

#define EVEN(a, b) __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30)
#define ODD(a, b) __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31)
#define LEFT(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define RIGHT(a, b) __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)

INLINE const float *pixel_of(const dcae_rows *rows, int y, int x) { return row_of(rows, y) + (int64_t)x * rows->channels; }

// Adds to output pixel (y, x) of `real` channels what the shortcut brings.
static void FN(add_shortcut)(const dcae_conv *c, int y, int x, float *out, int real) {
    const dcae_rows *from = &c->after.residual;
    const int group = c->after.group, padded = c->out.channels;
    if (c->after.shortcut == DCAE_AVERAGE) {
        const float *p = pixel_of(from, y, x);
        for (int n = 0; n < real; n++) {
            float total = 0;
            for (int i = 0; i < group; i++) total += p[n * group + i];
            out[n] += total / (float)group;
        }
    } else if (c->after.shortcut == DCAE_REPEAT) {
        const float *p = pixel_of(from, y, x);
        for (int n = 0; n < real; n++) out[n] += p[n / group];
    } else if (c->after.shortcut == DCAE_UP) {
        const float *p = pixel_of(from, y / 2, x / 2);
        const int j = 2 * (y & 1) + (x & 1);
        if (group == 4) {
            for (int n = 0; n < padded; n += 16) store(out + n, load(out + n) + load(p + n));
        } else if (group == 2 && real % 16 == 0) {
            for (int n = 0; n < real; n += 16) {
                v16 a = load(p + 2 * n), b = load(p + 2 * n + 16);
                store(out + n, load(out + n) + (y & 1 ? ODD(a, b) : EVEN(a, b)));
            }
        } else {
            for (int n = 0; n < real; n++) out[n] += p[(4 * n + j) / group];
        }
    } else {
        const float *p[4];
        for (int j = 0; j < 4; j++) p[j] = pixel_of(from, 2 * y + j / 2, 2 * x + j % 2);
        if (group == 4) {
            for (int n = 0; n < padded; n += 16) {
                v16 total = ((load(p[0] + n) + load(p[1] + n)) + load(p[2] + n)) + load(p[3] + n);
                store(out + n, load(out + n) + total * splat(0.25f));
            }
        } else if (group == 2 && real % 32 == 0) {
            for (int n = 0; n < real; n += 32) {
                v16 top = (load(p[0] + n / 2) + load(p[1] + n / 2)) * splat(0.5f);
                v16 low = (load(p[2] + n / 2) + load(p[3] + n / 2)) * splat(0.5f);
                store(out + n, load(out + n) + LEFT(top, low));
                store(out + n + 16, load(out + n + 16) + RIGHT(top, low));
            }
        } else {
            for (int n = 0; n < real; n++) {
                float total = 0;
                for (int i = n * group; i < (n + 1) * group; i++) total += p[i % 4][i / 4];
                out[n] += total / (float)group;
            }
        }
    }
}

// `same` is added last; it may be `out`. The pixel `ahead` floats further is asked for, unless 0.
INLINE void norm_pixel(
    const float *in, float *out, int channels, int real, dcae_norm norm, const float *scale, const float *shift, float eps, dcae_activation activation,
    const float *same, int64_t ahead
) {
    v16 factor = splat(1.0f);
    if (norm == DCAE_RMS_NORM) {
        v16 squares[4] = {zero(), zero(), zero(), zero()};
        for (int n = 0, i = 0; n < channels; n += 16, i = (i + 1) % 4) squares[i] += load(in + n) * load(in + n);
        float mean = sum((squares[0] + squares[1]) + (squares[2] + squares[3])) / (float)real;
        factor = splat(1.0f / sqrtf(mean + eps));
    }
    for (int n = 0; n < channels; n += 16) {
        if (same) __builtin_prefetch(same + ahead + n);
        if (ahead) __builtin_prefetch(out + ahead + n, 1);
        v16 value = load(in + n);
        if (norm != DCAE_NO_NORM) value = value * factor * load(scale + n) + load(shift + n);
        value = activate(value, activation);
        store(out + n, same ? value + load(same + n) : value);
    }
}

static void FN(norm_row)(
    const float *in, float *out, int32_t pixels, int32_t channels, int32_t real, dcae_norm norm, const float *scale, const float *shift, float eps,
    dcae_activation activation
) {
    for (int x = 0; x < pixels; x++, in += channels, out += channels)
        norm_pixel(in, out, channels, real, norm, scale, shift, eps, activation, NULL, 0);
}

// One pixel of the convolution at (y, x): `value` holds its outputs.
static void FN(finish_pixel)(const dcae_conv *c, int y, int x, const float *value) {
    if (c->after.shuffle == DCAE_NO_SHUFFLE) {
        float *out = (float *)pixel_of(&c->out, y, x);
        const float *same = c->after.shortcut == DCAE_SAME ? pixel_of(&c->after.residual, y, x) : NULL;
        norm_pixel(value, out, c->out.channels, c->plan.outputs, c->after.norm, c->after.scale, c->after.shift, c->after.eps, DCAE_IDENTITY, same, (int64_t)c->plan.tile * c->out.channels);
        if (c->after.shortcut && !same) FN(add_shortcut)(c, y, x, out, c->plan.outputs);
        return;
    }
    const int real = c->plan.outputs / 4;
    for (int j = 0; j < 4; j++) {
        const int oy = 2 * y + j / 2, ox = 2 * x + j % 2;
        float *out = (float *)pixel_of(&c->out, oy, ox);
        if (c->after.permuted) {
            for (int n = 0; n < real; n += 16) store(out + n, load(value + j * real + n));
        } else {
            for (int n = 0; n < c->out.channels; n++) out[n] = n < real ? value[4 * n + j] : 0.0f;
        }
        if (c->after.shortcut) FN(add_shortcut)(c, oy, ox, out, real);
    }
}

// Four pixels of the convolution become one of the output.
static void FN(finish_square)(const dcae_conv *c, int y, int x, const float *const value[4]) {
    float *out = (float *)pixel_of(&c->out, y, x);
    const int real = c->plan.outputs;
    if (real % 16 == 0) {
        for (int n = 0; n < real; n += 16) {
            v16 a = load(value[0] + n), b = load(value[1] + n), d = load(value[2] + n), e = load(value[3] + n);
            v16 even = LEFT(a, d), odd = LEFT(b, e);  // a0 d0 a1 d1 …, b0 e0 b1 e1 …
            store(out + 4 * n, LEFT(even, odd));
            store(out + 4 * n + 16, RIGHT(even, odd));
            even = RIGHT(a, d), odd = RIGHT(b, e);
            store(out + 4 * n + 32, LEFT(even, odd));
            store(out + 4 * n + 48, RIGHT(even, odd));
        }
    } else {
        for (int n = 0; n < c->out.channels; n++) out[n] = n < 4 * real ? value[n % 4][n / 4] : 0.0f;
    }
    if (c->after.shortcut) FN(add_shortcut)(c, y, x, out, 4 * real);
}

static void FN(finish)(const dcae_conv *c, int32_t first, dcae_tiles tiles, const float *t) {
    const int side = c->plan.tile;
    const int64_t ld = (int64_t)c->plan.panels * PANEL;
    const int width = c->after.shuffle == DCAE_UNSHUFFLE ? c->out.width * 2 : c->after.shuffle == DCAE_SHUFFLE ? c->out.width / 2 : c->out.width;
    if (side == 1 && c->after.shuffle == DCAE_UNSHUFFLE) {
        // Tiles are pixels; t0 and t1 are whole pairs of rows.
        for (int ty = tiles.t0 / c->plan.tiles_x; ty < tiles.t1 / c->plan.tiles_x; ty += 2)
            for (int x = 0; x < width; x += 2) {
                const float *upper = t + ((int64_t)ty * c->plan.tiles_x + x - first) * ld, *lower = upper + c->plan.tiles_x * ld;
                const float *const square[4] = {upper, upper + ld, lower, lower + ld};
                FN(finish_square)(c, (tiles.y0 + ty) / 2, x / 2, square);
            }
        return;
    }
    for (int tile = tiles.t0; tile < tiles.t1; tile++) {
        const float *from = t + (int64_t)(tile - first) * side * side * ld;
        const int y = tiles.y0 + tile / c->plan.tiles_x * side, x = tile % c->plan.tiles_x * side;
        const int rows = min_int(side, tiles.y1 - y), columns = min_int(side, width - x);
        if (c->after.shuffle == DCAE_UNSHUFFLE) {
            for (int i = 0; i < rows; i += 2)
                for (int j = 0; j < columns; j += 2) {
                    const float *p = from + (side * i + j) * ld;
                    const float *const square[4] = {p, p + ld, p + side * ld, p + side * ld + ld};
                    FN(finish_square)(c, (y + i) / 2, (x + j) / 2, square);
                }
        } else {
            for (int i = 0; i < rows; i++)
                for (int j = 0; j < columns; j++) FN(finish_pixel)(c, y + i, x + j, from + (side * i + j) * ld);
        }
    }
}
