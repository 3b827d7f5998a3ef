// How two arrays of numbers differ. The sums are made eight values at a time, in the compiler's vector language: every
// instruction set keeps the same eight lanes, rounds each product before it is added and puts the lanes together in the same order,
// so that all give the same bits.
//
// Wants FN(name), INLINE, and FP_CONTRACT OFF. Gives difference_*, count_outside_* and ulp_16, ulp_32. Pointers are aligned to
// their elements.
typedef double FN(v8d) __attribute__((vector_size(64)));
typedef float FN(v8f) __attribute__((vector_size(32)));
typedef int64_t FN(v8l) __attribute__((vector_size(64)));
#define v8d FN(v8d)
#define v8f FN(v8f)
#define v8l FN(v8l)

typedef struct {
    v8d differences, a, b, products, largest;
    v8l differing;
} FN(lanes);

INLINE void FN(add_pair)(FN(lanes) *s, v8d x, v8d y) {
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

INLINE double FN(sum_of)(v8d v) { return ((v[0] + v[1]) + (v[2] + v[3])) + ((v[4] + v[5]) + (v[6] + v[7])); }

INLINE void FN(add_up)(const FN(lanes) *s, dcae_difference *out) {
    out->differences = FN(sum_of)(s->differences);
    out->a = FN(sum_of)(s->a);
    out->b = FN(sum_of)(s->b);
    out->products = FN(sum_of)(s->products);
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
    for (; i + 8 <= count; i += 8) FN(add_pair)(&s, FN(load_f32)(a + i, 8), FN(load_f32)(b + i, 8));
    if (i < count) FN(add_pair)(&s, FN(load_f32)(a + i, count - i), FN(load_f32)(b + i, count - i));
    FN(add_up)(&s, out);
}

static void FN(difference_f64)(const double *a, const double *b, size_t count, dcae_difference *out) {
    FN(lanes) s = {0};
    size_t i = 0;
    for (; i + 8 <= count; i += 8) FN(add_pair)(&s, FN(load_f64)(a + i, 8), FN(load_f64)(b + i, 8));
    if (i < count) FN(add_pair)(&s, FN(load_f64)(a + i, count - i), FN(load_f64)(b + i, count - i));
    FN(add_up)(&s, out);
}

#undef v8d
#undef v8f
#undef v8l

#define COUNT_OUTSIDE(name, T)                                                                                                 \
    static uint64_t FN(name)(const T *a, const T *b, size_t count, double rtol, double atol) {                                 \
        uint64_t outside = 0;                                                                                                  \
        for (size_t i = 0; i < count; i++) {                                                                                   \
            double x = a[i], y = b[i], relative = rtol * fabs(y);                                                              \
            outside += fabs(x - y) > atol + relative;                                                                          \
        }                                                                                                                      \
        return outside;                                                                                                        \
    }
COUNT_OUTSIDE(count_outside_f32, float)
COUNT_OUTSIDE(count_outside_f64, double)
#undef COUNT_OUTSIDE

// Numbers in sign and magnitude put in one order: as many steps lie between two as there are numbers between them.
static uint32_t FN(ulp_32)(const uint32_t *a, const uint32_t *b, size_t count) {
    uint32_t largest = 0;
    for (size_t i = 0; i < count; i++) {
        int32_t x = (int32_t)(a[i] & 0x7FFFFFFFu), y = (int32_t)(b[i] & 0x7FFFFFFFu);
        uint32_t isNumber = (x <= 0x7F800000) & (y <= 0x7F800000);
        x = (int32_t)a[i] < 0 ? -x : x;
        y = (int32_t)b[i] < 0 ? -y : y;
        uint32_t steps = x > y ? (uint32_t)x - (uint32_t)y : (uint32_t)y - (uint32_t)x;
        steps = isNumber ? steps : 0;
        largest = steps > largest ? steps : largest;
    }
    return largest;
}

static uint32_t FN(ulp_16)(const uint16_t *a, const uint16_t *b, size_t count, uint16_t infinity) {
    int32_t largest = 0;
    for (size_t i = 0; i < count; i++) {
        int32_t x = a[i] & 0x7FFF, y = b[i] & 0x7FFF;
        int32_t isNumber = (x <= infinity) & (y <= infinity);
        x = a[i] & 0x8000 ? -x : x;
        y = b[i] & 0x8000 ? -y : y;
        int32_t steps = x > y ? x - y : y - x;
        steps = isNumber ? steps : 0;
        largest = steps > largest ? steps : largest;
    }
    return (uint32_t)largest;
}
