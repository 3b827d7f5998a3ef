// Sixteen floats at a time, in the compiler's vector language: one source for AVX-512, AVX2, SSE2 and NEON.
//
// Wants FN(name), which makes a name of this instruction set of it. Gives v16 and its arithmetic, transpose, row_of, min_int, UNROLL. Loads
// and stores are of any alignment of floats. Every function that takes a vector is inlined, so that none crosses a call whose
// conventions depend on the instruction set.
typedef float v16 __attribute__((vector_size(64)));
typedef float v16_at __attribute__((vector_size(64), aligned(4)));
typedef float v16_anywhere __attribute__((vector_size(64), aligned(1)));
typedef int32_t i16v __attribute__((vector_size(64)));

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

INLINE v16 load(const float *p) { return *(const v16_at *)p; }
// Of a checkpoint's bytes, which may begin anywhere.
INLINE v16 load_anywhere(const void *p) { return *(const v16_anywhere *)p; }
INLINE void store(float *p, v16 v) { *(v16_at *)p = v; }
INLINE v16 splat(float x) { return (v16){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x}; }
INLINE v16 zero(void) { return splat(0.0f); }

INLINE float sum(v16 v) {
    float s[16], t = 0;
    store(s, v);
    for (int i = 0; i < 8; i++) s[i] += s[i + 8];
    for (int i = 0; i < 4; i++) s[i] += s[i + 4];
    t = (s[0] + s[2]) + (s[1] + s[3]);
    return t;
}

INLINE v16 pick(i16v mask, v16 yes, v16 no) { return (v16)(((i16v)yes & mask) | ((i16v)no & ~mask)); }
INLINE v16 vmax(v16 a, v16 b) { return pick(a > b, a, b); }

// e^x to within 2 ulp: x = n ln2 + r, a polynomial in r, and n put into the exponent.
INLINE v16 vexp(v16 x) {
    x = pick(x > splat(88.0f), splat(88.0f), x);
    x = pick(x < splat(-87.0f), splat(-87.0f), x);
    const v16 magic = splat(12582912.0f);
    v16 shifted = x * splat(1.44269504088896341f) + magic;
    i16v n = (i16v)shifted - (i16v)magic;
    v16 k = shifted - magic;
    v16 r = x - k * splat(0.693359375f);
    r = r - k * splat(-2.12194440e-4f);
    v16 p = splat(1.9875691500e-4f);
    p = p * r + splat(1.3981999507e-3f);
    p = p * r + splat(8.3334519073e-3f);
    p = p * r + splat(4.1665795894e-2f);
    p = p * r + splat(1.6666665459e-1f);
    p = p * r + splat(5.0000001201e-1f);
    p = p * (r * r) + r + splat(1.0f);
    return (v16)((i16v)p + (n << 23));
}

// A NaN must come out as one: checks look for it.
INLINE v16 silu(v16 x) { return x / (splat(1.0f) + vexp(-x)); }

static v16 __attribute__((noinline)) FN(slow_activation)(v16 x, dcae_activation activation) {
    float s[16];
    store(s, x);
    for (int i = 0; i < 16; i++) {
        float t = s[i];
        if (activation == DCAE_GELU) {
            s[i] = 0.5f * t * (1.0f + erff(t * 0.70710678118654752f));
        } else {  // mish: x tanh(softplus(x))
            float softplus = t > 20.0f ? t : log1pf(expf(t));
            s[i] = t * tanhf(softplus);
        }
    }
    return load(s);
}

INLINE v16 activate(v16 x, dcae_activation activation) {
    switch (activation) {
    case DCAE_IDENTITY: return x;
    // As torch: NaN stays NaN.
    case DCAE_RELU: return pick(x < zero(), zero(), x);
    case DCAE_SILU: return silu(x);
    default: return FN(slow_activation)(x, activation);
    }
}

// Four stages of exchanges: 16 rows of 16 become 16 columns.
#define LOW(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
INLINE void transpose(v16 r[16]) {
    v16 t[16];
    for (int i = 0; i < 8; i++) {  // rows i and i + 8, columns in halves
        t[i] = LOW(r[i], r[i + 8], 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
        t[i + 8] = LOW(r[i], r[i + 8], 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
    }
    for (int h = 0; h < 16; h += 8) {
        for (int i = h; i < h + 4; i++) {
            r[i] = LOW(t[i], t[i + 4], 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27);
            r[i + 4] = LOW(t[i], t[i + 4], 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31);
        }
    }
    for (int h = 0; h < 16; h += 4) {
        for (int i = h; i < h + 2; i++) {
            t[i] = LOW(r[i], r[i + 2], 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
            t[i + 2] = LOW(r[i], r[i + 2], 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
        }
    }
    for (int i = 0; i < 16; i += 2) {
        r[i] = LOW(t[i], t[i + 1], 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30);
        r[i + 1] = LOW(t[i], t[i + 1], 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31);
    }
}

INLINE float *row_of(const dcae_rows *rows, int y) { return rows->base + (int64_t)(y % rows->capacity) * rows->stride; }
INLINE int min_int(int a, int b) { return a < b ? a : b; }
