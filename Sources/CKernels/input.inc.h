// The input's side of a convolution: tiles gathered, transformed, and packed for the products.
//
// Wants gemm.inc.h and winograd.inc.h. Gives transform_input. A tile's window is read from `in`, `zeros` standing for pixels outside the image;
// `zeros` and rows may have any alignment of floats, and up to one tile beyond a row's last pixel is prefetched, never read.
// What is written is the left operand that gemm.inc.h describes, all of it: what no tile fills is zeros.

// A slice of a tile lies in 36 or 64 places, too many for the processor to see a pattern in: the columns that the
// tile to the right will need are asked for ahead. `side` is that of the window, a constant once inlined.
INLINE void winograd_tile(const float *const *pixel, int channels, float *v, int64_t point, int side) {
    const int64_t ahead = (side - 2) * (int64_t)channels;
    for (int ch = 0; ch < channels; ch += 16, v += TILE_ROWS * LANE) {
        UNROLL
        for (int i = 0; i < side; i++) {
            UNROLL
            for (int j = 2; j < side; j++) __builtin_prefetch(pixel[side * i + j] + ahead + ch);
        }
        v16 t[WINDOW][WINDOW];
        UNROLL
        for (int j = 0; j < side; j++) {
            v16 d[WINDOW], o[WINDOW];
            UNROLL
            for (int i = 0; i < side; i++) d[i] = load(pixel[side * i + j] + ch);
            winograd_input(d, o, side);
            UNROLL
            for (int i = 0; i < side; i++) t[i][j] = o[i];
        }
        UNROLL
        for (int i = 0; i < side; i++) {
            v16 o[WINDOW];
            winograd_input(t[i], o, side);
            UNROLL
            for (int j = 0; j < side; j++) store_terms(v + (side * i + j) * point, o[j]);
        }
    }
}

INLINE void upsample_tile(const float *const pixel[9], int channels, float *v, int64_t point) {
    for (int ch = 0; ch < channels; ch += 16, v += TILE_ROWS * LANE) {
        UNROLL
        for (int i = 0; i < 3; i++) __builtin_prefetch(pixel[3 * i + 2] + 2 * (int64_t)channels + ch);
        v16 d[3][3], t[3][3];
        UNROLL
        for (int i = 0; i < 9; i++) d[i / 3][i % 3] = load(pixel[i] + ch);
        UNROLL
        for (int j = 0; j < 3; j++) {
            t[0][j] = d[1][j] - d[0][j];
            t[1][j] = d[1][j];
            t[2][j] = d[2][j] - d[1][j];
        }
        UNROLL
        for (int i = 0; i < 3; i++) {
            store_terms(v + 3 * i * point, t[i][1] - t[i][0]);
            store_terms(v + (3 * i + 1) * point, t[i][1]);
            store_terms(v + (3 * i + 2) * point, t[i][2] - t[i][1]);
        }
    }
}

INLINE void halve_tile(const float *const pixel[25], int channels, float *v, int64_t point) {
    const int64_t ahead = 4 * (int64_t)channels;
    for (int ch = 0; ch < channels; ch += 16, v += TILE_ROWS * LANE) {
        v16 t[5][5];
        UNROLL
        for (int i = 0; i < 5; i++) {
            UNROLL
            for (int j = 1; j < 5; j++) __builtin_prefetch(pixel[5 * i + j] + ahead + ch);
        }
        UNROLL
        for (int j = 0; j < 5; j++) {
            v16 a = load(pixel[j] + ch), b = load(pixel[5 + j] + ch), c = load(pixel[10 + j] + ch);
            v16 d = load(pixel[15 + j] + ch), e = load(pixel[20 + j] + ch);
            t[0][j] = a - c;
            t[1][j] = c;
            t[2][j] = c - e;
            t[3][j] = b;
            t[4][j] = d;
        }
        UNROLL
        for (int i = 0; i < 5; i++) {
            store_terms(v + (5 * i) * point, t[i][0] - t[i][2]);
            store_terms(v + (5 * i + 1) * point, t[i][2]);
            store_terms(v + (5 * i + 2) * point, t[i][2] - t[i][4]);
            store_terms(v + (5 * i + 3) * point, t[i][1]);
            store_terms(v + (5 * i + 4) * point, t[i][3]);
        }
    }
}

// The pixels of a square window; those outside the image are zeros.
INLINE void window(const dcae_conv *c, int y, int x, int side, const float **pixel) {
    const dcae_rows *in = &c->in;
    for (int i = 0; i < side; i++) {
        const float *row = y + i < 0 || y + i >= in->height ? NULL : row_of(in, y + i);
        for (int j = 0; j < side; j++)
            pixel[side * i + j] = row && x + j >= 0 && x + j < in->width ? row + (int64_t)(x + j) * in->channels : c->zeros;
    }
}

INLINE void copy_pixel(const float *pixel, int channels, float *v) {
    for (int ch = 0; ch < channels; ch += 16, v += TILE_ROWS * LANE) store_terms(v, load(pixel + ch));
}

static void FN(transform_input)(const dcae_conv *c, dcae_tiles tiles, float *v) {
    const int channels = c->in.channels, groups = (tiles.t1 - tiles.t0 + TILE_ROWS - 1) / TILE_ROWS;
    const int64_t group = (int64_t)c->plan.k16 * TILE_ROWS * LANE, point = left_point(c, groups);
    // Rows that no tile fills must hold numbers: what they yield is thrown away, but slowly where they are subnormal.
    for (int t = tiles.t1 - tiles.t0; t < groups * TILE_ROWS; t++)
        for (int p = 0; p < c->plan.points; p++)
            for (int k = 0; k < c->plan.k16; k++) store_terms(v + p * point + (groups - 1) * group + (k * TILE_ROWS + t % TILE_ROWS) * LANE, zero());
    for (int t = tiles.t0; t < tiles.t1; t++) {
        int ty = t / c->plan.tiles_x, tx = t % c->plan.tiles_x;
        float *target = v + (t - tiles.t0) / TILE_ROWS * group + (t - tiles.t0) % TILE_ROWS * LANE;
        const float *pixel[WINDOW * WINDOW];
        switch (c->plan.algorithm) {
        case DCAE_WINOGRAD:
            window(c, tiles.y0 + 4 * ty - 1, 4 * tx - 1, 6, pixel);
            winograd_tile(pixel, channels, target, point, 6);
            break;
        case DCAE_WINOGRAD_6:
            window(c, tiles.y0 + 6 * ty - 1, 6 * tx - 1, 8, pixel);
            winograd_tile(pixel, channels, target, point, 8);
            break;
        case DCAE_UPSAMPLE:
            window(c, tiles.y0 / 2 + ty - 1, tx - 1, 3, pixel);
            upsample_tile(pixel, channels, target, point);
            break;
        case DCAE_HALVE:
            window(c, 2 * (tiles.y0 + 2 * ty) - 1, 4 * tx - 1, 5, pixel);
            halve_tile(pixel, channels, target, point);
            break;
        case DCAE_DIRECT:
            window(c, (tiles.y0 + ty) * c->plan.stride - 1, tx * c->plan.stride - 1, 3, pixel);
            for (int tap = 0; tap < 9; tap++, target += channels / 16 * TILE_ROWS * LANE) copy_pixel(pixel[tap], channels, target);
            break;
        default: copy_pixel(row_of(&c->in, tiles.y0 + ty) + (int64_t)tx * channels, channels, target);
        }
    }
}
