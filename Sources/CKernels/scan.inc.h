// Loops that look at numbers without changing them, over pointers of any alignment.
//
// Wants FN(name). Gives count_nonfinite_f32 and count_nonfinite_16.

static void FN(count_nonfinite_f32)(const void *values, size_t count, uint64_t *nan, uint64_t *infinite) {
    const char *in = values;
    uint64_t nans = 0, infinities = 0;
    // In blocks, so that the common case is one pass that only looks whether there is anything to count.
    for (size_t start = 0; start < count; start += 4096) {
        size_t end = start + 4096 < count ? start + 4096 : count;
        uint32_t found = 0;
        for (size_t i = start; i < end; i++) {
            uint32_t v;
            memcpy(&v, in + 4 * i, 4);
            found |= (v & 0x7F800000u) == 0x7F800000u;
        }
        if (!found) continue;
        for (size_t i = start; i < end; i++) {
            uint32_t v;
            memcpy(&v, in + 4 * i, 4);
            v &= 0x7FFFFFFFu;
            nans += v > 0x7F800000u;
            infinities += v == 0x7F800000u;
        }
    }
    *nan += nans;
    *infinite += infinities;
}

static void FN(count_nonfinite_16)(
    const void *values, size_t count, uint16_t exponent_mask, uint64_t *nan, uint64_t *infinite) {
    const char *in = values;
    uint64_t nans = 0, infinities = 0;
    for (size_t start = 0; start < count; start += 4096) {
        size_t end = start + 4096 < count ? start + 4096 : count;
        uint16_t found = 0;
        for (size_t i = start; i < end; i++) {
            uint16_t v;
            memcpy(&v, in + 2 * i, 2);
            found |= (uint16_t)((v & exponent_mask) == exponent_mask);
        }
        if (!found) continue;
        for (size_t i = start; i < end; i++) {
            uint16_t v;
            memcpy(&v, in + 2 * i, 2);
            v &= 0x7FFFu;
            nans += v > exponent_mask;
            infinities += v == exponent_mask;
        }
    }
    *nan += nans;
    *infinite += infinities;
}
