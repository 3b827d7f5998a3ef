// Products of a packed left operand [k16][TILE_ROWS][16] with a packed panel [16 k16][PANEL], in terms of floats; or, where the
// processor multiplies pairs of bf16 (BF16_PRODUCTS), [k16][TILE_ROWS][8] pairs with [8 k16][PANEL] pairs of terms.
//
// Wants vector.inc.h, TILE_ROWS, PANEL (16 or 32) and BF16_PRODUCTS (0, or 1 with pairs_….inc.h). Gives LANE, VECTORS, SUM_BLOCK, store_terms,
// micro and left_point. The left operand of several points lies point by point, `left_point` floats apart, in groups of TILE_ROWS tiles;
// the result is [TILE_ROWS][PANEL]. Nothing need be aligned. `next` need not be readable: it is only prefetched.

// Floats that sixteen terms take.
#if BF16_PRODUCTS
#define LANE 8
#define PRODUCT(sum, left, right) multiply_pairs(sum, left, right)
#else
#define LANE 16
#define PRODUCT(sum, left, right) ((sum) + (left) * (right))
INLINE void store_terms(float *p, v16 v) { store(p, v); }
#endif

#define VECTORS (PANEL / 16)
// The terms of one sum of Winograd's products, in units of 16.
#define SUM_BLOCK 4

// With `accumulate` the sums are added to what is there. Meanwhile one line per term is asked for at `next`: the panel after this one, which comes from far away.
INLINE void micro_of(
    const float *a, const float *b, int k16, float *c, int64_t ldc, int accumulate, int rows, int vectors, const float *next
) {
    v16 acc[TILE_ROWS][VECTORS];
    UNROLL
    for (int r = 0; r < rows; r++)
        UNROLL
        for (int v = 0; v < vectors; v++) acc[r][v] = zero();
    for (int block = 0; block < k16; block++) {
#pragma clang loop unroll_count(4)
        for (int k = 0; k < LANE; k++) {
            v16 right[VECTORS];
            __builtin_prefetch(next + 16 * k, 0, 2);
            UNROLL
            for (int v = 0; v < vectors; v++) right[v] = load(b + PANEL * k + 16 * v);
            UNROLL
            for (int r = 0; r < rows; r++) {
                v16 left = splat(a[LANE * r + k]);
                UNROLL
                for (int v = 0; v < vectors; v++) acc[r][v] = PRODUCT(acc[r][v], left, right[v]);
            }
        }
        a += TILE_ROWS * LANE;
        b += PANEL * LANE;
        next += 16 * LANE;
    }
    UNROLL
    for (int r = 0; r < rows; r++)
        UNROLL
        for (int v = 0; v < vectors; v++) {
            float *place = c + r * ldc + 16 * v;
            store(place, accumulate ? load(place) + acc[r][v] : acc[r][v]);
        }
}

// `tiles` of the rows are wanted; the others need not be written.
static void __attribute__((noinline)) FN(micro)(
    const float *a, const float *b, int k16, float *c, int64_t ldc, int accumulate, int tiles, int vectors, const float *next
) {
    const int half = (TILE_ROWS + 1) / 2;
#if VECTORS > 1
    if (vectors == VECTORS && tiles > half) {
        micro_of(a, b, k16, c, ldc, accumulate, TILE_ROWS, VECTORS, next);
    } else if (vectors == VECTORS) {
        micro_of(a, b, k16, c, ldc, accumulate, half, VECTORS, next);
    } else
#endif
    if (tiles > half) {
        micro_of(a, b, k16, c, ldc, accumulate, TILE_ROWS, 1, next);
    } else {
        micro_of(a, b, k16, c, ldc, accumulate, half, 1, next);
    }
}

// Floats from one point of the left operand to the next. The points of a tile are written together, and lie in sets of
// the cache of their own: an odd number of lines apart.
INLINE int64_t left_point(const dcae_conv *c, int groups) {
    int64_t floats = (int64_t)c->plan.k16 * TILE_ROWS * LANE * groups;
    return c->plan.points > 1 ? (floats / 1024 + 1) * 1024 + 9 * 16 : floats;
}
