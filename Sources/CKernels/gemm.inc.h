// Products of a packed left operand [k16][TILE_ROWS][16] with a packed panel [16 k16][PANEL].

#define VECTORS (PANEL / 16)
#define UNROLL _Pragma("clang loop unroll(full)")

INLINE void micro_of(const float *a, const float *b, int k16, float *c, int64_t ldc, int accumulate, int vectors) {
    v16 acc[TILE_ROWS][VECTORS];
    if (accumulate) {
        UNROLL
        for (int r = 0; r < TILE_ROWS; r++)
            UNROLL
            for (int v = 0; v < vectors; v++) acc[r][v] = load(c + r * ldc + 16 * v);
    } else {
        UNROLL
        for (int r = 0; r < TILE_ROWS; r++)
            UNROLL
            for (int v = 0; v < vectors; v++) acc[r][v] = zero();
    }
    for (int block = 0; block < k16; block++) {
#pragma clang loop unroll_count(4)
        for (int k = 0; k < 16; k++) {
            v16 right[VECTORS];
            UNROLL
            for (int v = 0; v < vectors; v++) right[v] = load(b + PANEL * k + 16 * v);
            UNROLL
            for (int r = 0; r < TILE_ROWS; r++) {
                v16 left = splat(a[16 * r + k]);
                UNROLL
                for (int v = 0; v < vectors; v++) acc[r][v] += left * right[v];
            }
        }
        a += TILE_ROWS * 16;
        b += PANEL * 16;
    }
    UNROLL
    for (int r = 0; r < TILE_ROWS; r++)
        UNROLL
        for (int v = 0; v < vectors; v++) store(c + r * ldc + 16 * v, acc[r][v]);
}

static void __attribute__((noinline)) FN(micro)(const float *a, const float *b, int k16, float *c, int64_t ldc, int accumulate, int vectors) {
#if VECTORS > 1
    if (vectors == VECTORS) {
        micro_of(a, b, k16, c, ldc, accumulate, VECTORS);
    } else {
        micro_of(a, b, k16, c, ldc, accumulate, 1);
    }
#else
    micro_of(a, b, k16, c, ldc, accumulate, 1);
#endif
}
