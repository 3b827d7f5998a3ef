// The products' results: transformed back, biased, activated, and written where they belong.
//
// Wants gemm.inc.h and winograd.inc.h. Gives multiply: panel `n` is [points][16 k16][PANEL] as pack.inc.h prepares it, `v` the left operand of the
// same tiles, `m` scratch of points × (tiles, rounded up to TILE_ROWS) × PANEL floats. Where a pass over whole pixels follows,
// results go to `t`, [tiles][tile × tile][panels × PANEL], and into `out` otherwise.

// `side` is that of the tile's window, two more than that of its results; a constant once inlined.
INLINE void winograd_results(const float *m, int64_t point, v16 *o, int side) {
    v16 t[WINDOW - 2][WINDOW];
    UNROLL
    for (int j = 0; j < side; j++) {
        v16 d[WINDOW], r[WINDOW - 2];
        UNROLL
        for (int i = 0; i < side; i++) d[i] = load(m + (side * i + j) * point);
        winograd_output(d, r, side);
        UNROLL
        for (int i = 0; i < side - 2; i++) t[i][j] = r[i];
    }
    UNROLL
    for (int i = 0; i < side - 2; i++) winograd_output(t[i], o + (side - 2) * i, side);
}

INLINE void upsample_results(const float *m, int64_t point, v16 o[4]) {
    v16 t[2][3];
    UNROLL
    for (int j = 0; j < 3; j++) {
        v16 a = load(m + j * point), b = load(m + (3 + j) * point), e = load(m + (6 + j) * point);
        t[0][j] = b - a;
        t[1][j] = b + e;
    }
    UNROLL
    for (int i = 0; i < 2; i++) {
        o[2 * i] = t[i][1] - t[i][0];
        o[2 * i + 1] = t[i][1] + t[i][2];
    }
}

INLINE void halve_results(const float *m, int64_t point, v16 o[4]) {
    v16 t[2][5];
    UNROLL
    for (int j = 0; j < 5; j++) {
        v16 shared = load(m + (5 + j) * point);
        t[0][j] = load(m + j * point) + shared + load(m + (15 + j) * point);
        t[1][j] = shared - load(m + (10 + j) * point) + load(m + (20 + j) * point);
    }
    UNROLL
    for (int i = 0; i < 2; i++) {
        o[2 * i] = t[i][0] + t[i][1] + t[i][3];
        o[2 * i + 1] = t[i][1] - t[i][2] + t[i][4];
    }
}

// The prepared weights that point p is multiplied by.
INLINE int weight_point(const dcae_conv *c, int p) {
    return c->plan.algorithm == DCAE_HALVE ? 4 * min_int(p / 5, 3) + min_int(p % 5, 3) : p;
}

// Where a tile's results go: `rows` × `columns` pixels, with so many floats from one to the next.
typedef struct {
    float *line[WINDOW - 2];
    int64_t step;
    int rows, columns;
} FN(place);

INLINE void place_of(const dcae_conv *c, dcae_tiles tiles, int ty, int tx, float *temporary, FN(place) *place) {
    const int side = c->plan.tile;
    if (c->after.is_whole_pixel) {
        place->step = (int64_t)c->plan.panels * PANEL;
        place->rows = side, place->columns = side;
        for (int i = 0; i < side; i++) place->line[i] = temporary + i * side * place->step;
        return;
    }
    const int y = tiles.y0 + ty * side, x = tx * side;
    place->step = c->out.channels;
    place->rows = min_int(side, tiles.y1 - y), place->columns = min_int(side, c->out.width - x);
    for (int i = 0; i < place->rows; i++) place->line[i] = row_of(&c->out, y + i) + (int64_t)x * c->out.channels;
}

// One 16-channel slice of one tile.
INLINE void put(const dcae_conv *c, const FN(place) *place, int n, const v16 *o, int tw) {
    const v16 bias = c->after.bias ? load(c->after.bias + n) : zero();
    for (int i = 0; i < place->rows; i++) {
        float *target = place->line[i] + n;
        for (int j = 0; j < place->columns; j++, target += place->step) {
            // The same line of the tile to the right: a store that misses holds up all that follow it.
            __builtin_prefetch(target + tw * place->step, 1);
            store(target, activate(o[tw * i + j] + bias, c->after.activation));
        }
    }
}

static void FN(multiply)(
    const dcae_conv *c, dcae_tiles tiles, const float *v, const float *panel, int32_t n, float *m, float *t
) {
    const int groups = (tiles.t1 - tiles.t0 + TILE_ROWS - 1) / TILE_ROWS;
    const int64_t group = (int64_t)c->plan.k16 * TILE_ROWS * LANE, point = left_point(c, groups), m_point = (int64_t)groups * TILE_ROWS * PANEL;
    const size_t panel_point = dcae_point_floats(c, PANEL);
    // Terms are added up in blocks, and these to one another: the errors of Winograd's sums grow with their length, and a block's
    // share of a panel stays in the first-level cache.
    const int block = c->plan.algorithm == DCAE_WINOGRAD || c->plan.algorithm == DCAE_WINOGRAD_6 ? SUM_BLOCK : 16;
    const int vectors = c->plan.outputs - n * PANEL > 16 ? VECTORS : 1;
    for (int p = 0; p < c->plan.points; p++) {
        for (int k = 0; k < c->plan.k16; k += block) {
            const float *right = panel + weight_point(c, p) * panel_point + (size_t)k * LANE * PANEL;
            const int terms = min_int(block, c->plan.k16 - k);
            const float *next = k + block < c->plan.k16 || c->plan.points == 1
                ? right + (size_t)terms * LANE * PANEL
                : panel + weight_point(c, p + 1) * panel_point;
            for (int g = 0; g < groups; g++)
                FN(micro)(
                    v + p * point + g * group + (int64_t)k * TILE_ROWS * LANE, right, terms, m + p * m_point + (int64_t)g * TILE_ROWS * PANEL,
                    PANEL, k > 0, tiles.t1 - tiles.t0 - g * TILE_ROWS, vectors, g < VECTORS ? next + (size_t)g * terms * 16 * LANE : right
                );
        }
    }
    const int64_t tile_floats = (int64_t)c->plan.tile * c->plan.tile * c->plan.panels * PANEL;
    const int real = (c->plan.outputs + 15) / 16 * 16, channel = n * PANEL;
    int ty = tiles.t0 / c->plan.tiles_x, tx = tiles.t0 % c->plan.tiles_x;
    for (int i = tiles.t0; i < tiles.t1; i++, m += PANEL, t += tile_floats) {
        FN(place) place;
        place_of(c, tiles, ty, tx, t, &place);
        if (++tx == c->plan.tiles_x) tx = 0, ty++;
        for (int s = 0; s < PANEL && (channel + s < real || c->after.is_whole_pixel); s += 16) {
            v16 o[(WINDOW - 2) * (WINDOW - 2)];
            if (channel + s >= real) {
                for (int j = 0; j < c->plan.tile * c->plan.tile; j++) o[j] = zero();
                put(c, &place, channel + s, o, c->plan.tile);
            } else if (c->plan.algorithm == DCAE_WINOGRAD) {
                winograd_results(m + s, m_point, o, 6);
                put(c, &place, channel + s, o, 4);
            } else if (c->plan.algorithm == DCAE_WINOGRAD_6) {
                winograd_results(m + s, m_point, o, 8);
                put(c, &place, channel + s, o, 6);
            } else if (c->plan.algorithm == DCAE_UPSAMPLE) {
                upsample_results(m + s, m_point, o);
                put(c, &place, channel + s, o, 2);
            } else if (c->plan.algorithm == DCAE_HALVE) {
                halve_results(m + s, m_point, o);
                put(c, &place, channel + s, o, 2);
            } else {
                o[0] = load(m + s);
                put(c, &place, channel + s, o, 1);
            }
        }
    }
}
