// The sums of a difference, eight values at a time, in the compiler's vector language. Every level keeps the same eight lanes,
// rounds each product before it is added and puts the lanes together in the same order, so that all give the same bits.
typedef double FN(v8d) __attribute__((vector_size(64)));
typedef float FN(v8f) __attribute__((vector_size(32)));
typedef int64_t FN(v8l) __attribute__((vector_size(64)));
#define v8d FN(v8d)
#define v8f FN(v8f)
#define v8l FN(v8l)
#define INLINE static inline __attribute__((always_inline))

typedef struct {
    v8d differences, a, b, products, largest;
    v8l differing;
} FN(lanes);

INLINE void FN(add)(FN(lanes) *s, v8d x, v8d y) {
    v8d d = x - y;
    v8d dd = d * d, xx = x * x, yy = y * y, xy = x * y;
    v8d m = (v8d)((v8l)d & 0x7FFFFFFFFFFFFFFF);
    v8l isLarger = m > s->largest;
    s->differences += dd;
    s->a += xx;
    s->b += yy;
    s->products += xy;
    s->largest = (v8d)(((v8l)m & isLarger) | ((v8l)s->largest & ~isLarger));
    s->differing -= x != y;
}

INLINE double FN(sum)(v8d v) { return ((v[0] + v[1]) + (v[2] + v[3])) + ((v[4] + v[5]) + (v[6] + v[7])); }

INLINE void FN(finish)(const FN(lanes) *s, dcae_difference *out) {
    out->differences = FN(sum)(s->differences);
    out->a = FN(sum)(s->a);
    out->b = FN(sum)(s->b);
    out->products = FN(sum)(s->products);
    out->largest = 0;
    out->differing = 0;
    for (int i = 0; i < 8; i++) {
        if (s->largest[i] > out->largest) out->largest = s->largest[i];
        out->differing += (uint64_t)s->differing[i];
    }
}

INLINE v8d FN(load_f32)(const float *p, size_t count) {
    v8f v = {0};
    if (count >= 8)
        memcpy(&v, p, sizeof v);
    else
        memcpy(&v, p, count * sizeof *p);
    return __builtin_convertvector(v, v8d);
}

INLINE v8d FN(load_f64)(const double *p, size_t count) {
    v8d v = {0};
    if (count >= 8)
        memcpy(&v, p, sizeof v);
    else
        memcpy(&v, p, count * sizeof *p);
    return v;
}

// Zeros fill up the last eight: they add nothing.
static void FN(difference_f32)(const float *a, const float *b, size_t count, dcae_difference *out) {
    FN(lanes) s = {0};
    size_t i = 0;
    for (; i + 8 <= count; i += 8) FN(add)(&s, FN(load_f32)(a + i, 8), FN(load_f32)(b + i, 8));
    if (i < count) FN(add)(&s, FN(load_f32)(a + i, count - i), FN(load_f32)(b + i, count - i));
    FN(finish)(&s, out);
}

static void FN(difference_f64)(const double *a, const double *b, size_t count, dcae_difference *out) {
    FN(lanes) s = {0};
    size_t i = 0;
    for (; i + 8 <= count; i += 8) FN(add)(&s, FN(load_f64)(a + i, 8), FN(load_f64)(b + i, 8));
    if (i < count) FN(add)(&s, FN(load_f64)(a + i, count - i), FN(load_f64)(b + i, count - i));
    FN(finish)(&s, out);
}

#undef v8d
#undef v8f
#undef v8l
#undef INLINE
#undef FN
