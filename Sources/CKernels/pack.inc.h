// Weights of a checkpoint, [outputs, inputs, taps] in any of three formats, into panels for the products.
//
// Wants gemm.inc.h and winograd.inc.h. Gives prepare_panel. A checkpoint's bytes are of any alignment. A panel is [points][16 k16][PANEL] (of pairs
// of bf16: [points][8 k16][PANEL]), `dcae_point_floats` from one point to the next; of a direct convolution the taps lie one behind
// the other along k. Terms beyond the inputs and outputs beyond the last are zeros. `scratch` has `dcae_panel_scratch` floats.

// The row of the checkpoint's tensor that output n of the product comes from, or -1 beyond the last. A pixel shuffle
// takes output 4c + j to pixel j of channel c: permuted, the outputs of each pixel lie together.
INLINE int source_row(const dcae_conv *c, int n) {
    if (n >= c->plan.outputs) return -1;
    if (c->weights.segment) {
        int segment = c->weights.segment, padded = (segment + 15) / 16 * 16;
        return n % padded < segment ? n / padded * segment + n % padded : -1;
    }
    if (!c->after.permuted) return n;
    int quarter = c->plan.outputs / 4;
    return 4 * (n % quarter) + n / quarter;
}

// Points rows[] at F32 values, widening 16-bit ones into scratch.
static void FN(panel_rows)(const dcae_conv *c, int first, const float *rows[PANEL], float *scratch) {
    const dcae_weight *w = &c->weights;
    const int64_t length = (int64_t)w->inputs * w->taps;
    const int element_bytes = w->format == DCAE_F32 ? 4 : 2;
    for (int i = 0; i < PANEL; i++) {
        int row = source_row(c, first + i), part = 0;
        rows[i] = NULL;
        if (row < 0) continue;
        while (part < w->parts - 1 && row >= w->part_rows[part]) row -= w->part_rows[part++];
        const char *base = (const char *)w->part[part] + row * w->row_elements * element_bytes;
        if (w->format == DCAE_F32) {
            rows[i] = (const float *)base;
        } else {
            float *wide = scratch + i * length;
            if (w->format == DCAE_BF16) {
                dcae_bf16_to_f32((const uint16_t *)base, wide, (size_t)length);
            } else {
                dcae_f16_to_f32((const uint16_t *)base, wide, (size_t)length);
            }
            rows[i] = wide;
        }
    }
}

// Columns k0 ..< k0 + 16 of 16 rows, transposed; beyond `length` and for missing rows zero.
INLINE void load_block(const float *const *rows, int64_t k0, int64_t length, v16 block[16]) {
    for (int i = 0; i < 16; i++) {
        if (!rows[i]) {
            block[i] = zero();
        } else if (k0 + 16 <= length) {
            // Sixteen rows far apart: too many for the processor to see a pattern in.
            __builtin_prefetch((const char *)rows[i] + 4 * k0 + 512);
            block[i] = load_anywhere((const char *)rows[i] + 4 * k0);
        } else {
            float tail[16] = {0};
            if (k0 < length) memcpy(tail, (const char *)rows[i] + 4 * k0, (size_t)(length - k0) * 4);
            block[i] = load(tail);
        }
    }
    transpose(block);
}

INLINE void store_winograd(const v16 w[9], float *panel, size_t point, int side) {
    v16 t[3][WINDOW];
    UNROLL
    for (int j = 0; j < 3; j++) {
        v16 o[WINDOW];
        winograd_weights(w[j], w[3 + j], w[6 + j], o, side);
        UNROLL
        for (int i = 0; i < side; i++) t[j][i] = o[i];
    }
    UNROLL
    for (int i = 0; i < side; i++) {
        v16 o[WINDOW];
        winograd_weights(t[0][i], t[1][i], t[2][i], o, side);
        UNROLL
        for (int j = 0; j < side; j++) store(panel + (size_t)(side * i + j) * point, o[j]);
    }
}

// Nearest-neighbour doubling, then 3×3: a pixel's two children are s x - w0 (x - x_before) and s x + w2 (x_after - x)
// with s = w0 + w1 + w2: three products instead of six along each side, and exact ones.
INLINE void store_upsample(const v16 w[9], float *panel, size_t point) {
    v16 t[3][3];
    for (int j = 0; j < 3; j++) {
        t[0][j] = w[j];
        t[1][j] = w[j] + w[3 + j] + w[6 + j];
        t[2][j] = w[6 + j];
    }
    for (int i = 0; i < 3; i++) {
        store(panel + (size_t)(3 * i) * point, t[i][0]);
        store(panel + (size_t)(3 * i + 1) * point, t[i][0] + t[i][1] + t[i][2]);
        store(panel + (size_t)(3 * i + 2) * point, t[i][2]);
    }
}

// Stride 2: of two neighbouring results the odd pixels' share is F(2, 2) of the outer weights, the even pixels' share the
// middle weight: five products instead of six along each side, with four different factors, and exact ones.
INLINE void store_halve(const v16 w[9], float *panel, size_t point) {
    v16 t[4][3];
    for (int j = 0; j < 3; j++) {
        t[0][j] = w[j];
        t[1][j] = w[j] + w[6 + j];
        t[2][j] = w[6 + j];
        t[3][j] = w[3 + j];
    }
    for (int i = 0; i < 4; i++) {
        store(panel + (size_t)(4 * i) * point, t[i][0]);
        store(panel + (size_t)(4 * i + 1) * point, t[i][0] + t[i][2]);
        store(panel + (size_t)(4 * i + 2) * point, t[i][2]);
        store(panel + (size_t)(4 * i + 3) * point, t[i][1]);
    }
}

// Sixteen outputs' weights for one input at every point, or tap, of the algorithm.
INLINE void store_points(const dcae_conv *c, const v16 *w, float *target, size_t point, size_t tap_floats) {
    if (c->plan.algorithm == DCAE_WINOGRAD) {
        store_winograd(w, target, point, 6);
    } else if (c->plan.algorithm == DCAE_WINOGRAD_6) {
        store_winograd(w, target, point, 8);
    } else if (c->plan.algorithm == DCAE_UPSAMPLE) {
        store_upsample(w, target, point);
    } else if (c->plan.algorithm == DCAE_HALVE) {
        store_halve(w, target, point);
    } else {
        for (int tap = 0; tap < c->weights.taps; tap++) store(target + (size_t)tap * tap_floats, w[tap]);
    }
}

#if BF16_PRODUCTS
// Those for two inputs, as pairs.
INLINE void store_pairs(const dcae_conv *c, const v16 *w, float *target, size_t point, size_t tap_floats) {
    float even[16 * 16], odd[16 * 16];
    const int taps = c->weights.taps, count = c->plan.algorithm == DCAE_HALVE ? 16 : taps;
    const size_t step = c->plan.algorithm == DCAE_HALVE || c->plan.algorithm == DCAE_UPSAMPLE ? point : tap_floats;
    store_points(c, w, even, 16, 16);
    store_points(c, w + taps, odd, 16, 16);
    for (int p = 0; p < count; p++) {
        store(target + p * step, join_pairs(load(even + 16 * p), load(odd + 16 * p)));
    }
}
#define TERMS 2
#define STORE_TERMS store_pairs
#else
#define TERMS 1
#define STORE_TERMS store_points
#endif

INLINE void prepare_rows(const dcae_conv *c, const float *const *rows, float *panel, int taps) {
    int inputs = c->weights.inputs, padded = (inputs + 15) / 16 * 16;
    int64_t length = (int64_t)inputs * taps;
    size_t point = dcae_point_floats(c, PANEL), tap_floats = (size_t)padded / 16 * LANE * PANEL;
    for (int k0 = 0; k0 < padded; k0 += 16) {
        for (int n = 0; n < PANEL; n += 16) {
            v16 w[144];
            for (int b = 0; b < taps; b++) load_block(rows + n, (int64_t)k0 * taps + 16 * b, length, w + 16 * b);
            for (int k = 0; k < 16; k += TERMS)
                STORE_TERMS(c, w + taps * k, panel + (size_t)(k0 / 16 * LANE + k / TERMS) * PANEL + n, point, tap_floats);
        }
    }
}

static void FN(prepare_panel)(const dcae_conv *c, int n, float *panel, float *scratch) {
    const float *rows[PANEL];
    FN(panel_rows)(c, n * PANEL, rows, scratch);
    if (c->weights.taps == 1) {
        prepare_rows(c, rows, panel, 1);
    } else {
        prepare_rows(c, rows, panel, 9);
    }
}
