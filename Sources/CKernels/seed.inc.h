// Seeded numbers that are the same everywhere: integer hashing, then one multiplication and one addition in F32.
//
// Wants FN(name), and FP_CONTRACT OFF. Gives fill_uniform.

static void FN(fill_uniform)(
    float *target, size_t count, uint64_t key, uint64_t start, float center, float half_width) {
    const uint32_t low = (uint32_t)key, high = (uint32_t)(key >> 32);
    for (size_t i = 0; i < count; i++) {
        // Two rounds of a 32-bit mixer with low bias, keyed before each.
        uint32_t x = (uint32_t)(start + i) ^ low;
        x = (x ^ (x >> 16)) * 0x7FEB352Du;
        x = (x ^ (x >> 15)) * 0x846CA68Bu;
        x = (x ^ (x >> 16)) + high;
        x = (x ^ (x >> 16)) * 0x7FEB352Du;
        x = (x ^ (x >> 15)) * 0x846CA68Bu;
        x ^= x >> 16;
        float unit = (float)((int32_t)x >> 8) * 0x1p-23f;
        float scaled = unit * half_width;
        target[i] = center + scaled;
    }
}
