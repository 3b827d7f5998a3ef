// Statistics for one instruction set and one element type.
//
// Wants T (float or double), U (an unsigned integer as wide), TYPE(name), which makes a name of this type and set of it, and as
// bits of T: MAGNITUDE (the mask of all but the sign), INFINITE, F16_OVER, F16_UNDER, BF16_OVER, BF16_UNDER (the borders of what
// these formats round to infinity and to zero), and BIN(bits), the bin of a histogram. Values are aligned to their elements.
typedef T TYPE(vector) __attribute__((vector_size(STATISTICS_LANES * sizeof(T))));
typedef T TYPE(vector_at) __attribute__((vector_size(STATISTICS_LANES * sizeof(T)), aligned(sizeof(T))));
typedef U TYPE(bits) __attribute__((vector_size(STATISTICS_LANES * sizeof(T))));
typedef double TYPE(sums) __attribute__((vector_size(STATISTICS_LANES * 8)));

#define V TYPE(vector)
#define B TYPE(bits)
#define D TYPE(sums)
#define WIDEN(v) __builtin_convertvector(v, D)
#define PICK(mask, yes, no) ((V)(((B)(yes) & (B)(mask)) | ((B)(no) & ~(B)(mask))))

// What one look at a block finds; magnitudes as bits, which are in the order of the numbers.
typedef struct {
    double sum, minimum, maximum;
    U smallest, largest;
} TYPE(range);

static U TYPE(bits_of)(T x) {
    U bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static double TYPE(add_lanes)(const D *lanes) {
    double s[STATISTICS_LANES];
    memcpy(s, lanes, sizeof s);
    for (int width = STATISTICS_LANES / 2; width > 0; width /= 2)
        for (int i = 0; i < width; i++) s[i] += s[i + width];
    return s[0];
}

static TYPE(range) TYPE(look)(const T *x, size_t count) {
    const size_t whole = count - count % STATISTICS_LANES;
    D sum = {0};
    V low = (V){0} + x[0], high = low;
    B smallest = (B){0} + (U)~(U)0, largest = {0};
    for (size_t i = 0; i < whole; i += STATISTICS_LANES) {
        const V v = *(const TYPE(vector_at) *)(x + i);
        const B magnitude = (B)v & MAGNITUDE;
        smallest = __builtin_elementwise_min(smallest, magnitude);
        largest = __builtin_elementwise_max(largest, magnitude);
        low = PICK(v < low, v, low);
        high = PICK(v > high, v, high);
        sum += WIDEN(v);
    }
    for (size_t i = whole; i < count; i++) {
        const int lane = (int)(i - whole);
        const U magnitude = TYPE(bits_of)(x[i]) & MAGNITUDE;
        if (magnitude < smallest[lane]) smallest[lane] = magnitude;
        if (magnitude > largest[lane]) largest[lane] = magnitude;
        if (x[i] < low[lane]) low[lane] = x[i];
        if (x[i] > high[lane]) high[lane] = x[i];
        sum[lane] += x[i];
    }
    TYPE(range) range = {TYPE(add_lanes)(&sum), low[0], high[0], smallest[0], largest[0]};
    for (int i = 1; i < STATISTICS_LANES; i++) {
        range.minimum = low[i] < range.minimum ? low[i] : range.minimum;
        range.maximum = high[i] > range.maximum ? high[i] : range.maximum;
        range.smallest = smallest[i] < range.smallest ? smallest[i] : range.smallest;
        range.largest = largest[i] > range.largest ? largest[i] : range.largest;
    }
    return range;
}

// The sum of squared distances from the mean; the histogram is counted beside it, since the two use different parts of the
// processor. Neighbours go to different tables: counting twice in one place waits for the memory.
static double TYPE(distances)(const T *x, size_t count, double mean, uint32_t (*tables)[DCAE_HISTOGRAM_BINS]) {
    const size_t whole = count - count % STATISTICS_LANES;
    D squares = {0};
    for (size_t i = 0; i < whole; i += STATISTICS_LANES) {
        const D d = WIDEN(*(const TYPE(vector_at) *)(x + i)) - mean;
        const D square = d * d;
        squares += square;
        for (int lane = 0; lane < STATISTICS_LANES; lane++)
            tables[lane % STATISTICS_TABLES][BIN(TYPE(bits_of)(x[i + lane]))]++;
    }
    for (size_t i = whole; i < count; i++) {
        const double d = x[i] - mean, square = d * d;
        squares[i - whole] += square;
        tables[0][BIN(TYPE(bits_of)(x[i]))]++;
    }
    return TYPE(add_lanes)(&squares);
}

// How many values lie beyond the borders of the formats; the number of negative zeros.
static uint64_t TYPE(count_odd)(dcae_statistics *s, const T *x, size_t count, U normal) {
    uint32_t zeros = 0, negative = 0, subnormal = 0, over16 = 0, under16 = 0, over_b16 = 0, under_b16 = 0;
    for (size_t i = 0; i < count; i++) {
        const U bits = TYPE(bits_of)(x[i]), magnitude = bits & MAGNITUDE, less = magnitude - 1;
        zeros += magnitude == 0;
        negative += bits == (U)~MAGNITUDE;
        // One less than zero is larger than all.
        subnormal += less < (U)(normal - 1) && normal != 0;
        under16 += less < F16_UNDER;
        under_b16 += less < BF16_UNDER;
        over16 += magnitude >= F16_OVER;
        over_b16 += magnitude >= BF16_OVER;
    }
    s->zeros += zeros;
    s->subnormals += subnormal;
    s->f16_underflows += under16;
    s->bf16_underflows += under_b16;
    s->f16_overflows += over16;
    s->bf16_overflows += over_b16;
    return negative;
}

// Keeps the finite values of a block and counts the others.
static size_t TYPE(finite)(dcae_statistics *s, const T *x, size_t count, T *kept) {
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        const U magnitude = TYPE(bits_of)(x[i]) & MAGNITUDE;
        s->nan += magnitude > INFINITE;
        s->infinite += magnitude == INFINITE;
        if (magnitude < INFINITE) kept[n++] = x[i];
    }
    return n;
}

static void TYPE(add)(dcae_statistics *s, uint64_t *histogram, const T *values, size_t count, T smallest_normal) {
    const U normal = TYPE(bits_of)(smallest_normal), odd = normal - 1 > F16_UNDER && normal != 0 ? normal - 1 : F16_UNDER;
    uint32_t tables[STATISTICS_TABLES][DCAE_HISTOGRAM_BINS];
    T kept[STATISTICS_BLOCK];
    while (count > 0) {
        // A bin of a table has room for a quarter of what fits into 32 bits, and more than this comes from nowhere at once.
        size_t part = count < (size_t)1 << 30 ? count : (size_t)1 << 30;
        uint64_t zeros = s->zeros, negative = 0;
        memset(tables, 0, sizeof tables);
        for (size_t start = 0; start < part; start += STATISTICS_BLOCK) {
            const T *x = values + start;
            size_t n = part - start < STATISTICS_BLOCK ? part - start : STATISTICS_BLOCK;
            TYPE(range) range = TYPE(look)(x, n);
            if (range.largest >= INFINITE) {
                n = TYPE(finite)(s, x, n, kept);
                if (n == 0) continue;
                x = kept;
                range = TYPE(look)(x, n);
            }
            if (range.smallest <= odd || range.largest >= F16_OVER) negative += TYPE(count_odd)(s, x, n, normal);
            const double squares = TYPE(distances)(x, n, range.sum / (double)n, tables);
            dcae_statistics_combine(s, n, range.sum, squares, range.minimum, range.maximum);
        }
        for (int bin = 0; bin < DCAE_HISTOGRAM_BINS; bin++)
            for (int table = 0; table < STATISTICS_TABLES; table++) histogram[bin] += tables[table][bin];
        histogram[0] -= s->zeros - zeros - negative;
        histogram[DCAE_HISTOGRAM_BINS / 2] -= negative;
        values += part;
        count -= part;
    }
}

#undef V
#undef B
#undef D
#undef WIDEN
#undef PICK
