// F16 by the instructions of F16C, eight numbers at a time.
//
// Gives f32_to_f16_wide and f16_to_f32_wide, which return how many numbers they have done: all but fewer than eight.
static size_t f32_to_f16_wide(
    const char *in, char *out, size_t count, dcae_cast_report *report) {
    const __m256i magnitude = _mm256_set1_epi32(0x7FFFFFFF), infinity = _mm256_set1_epi32(0x7F800000);
    const __m128i magnitude16 = _mm_set1_epi16(0x7FFF), infinity16 = _mm_set1_epi16(0x7C00);
    uint64_t overflows = 0, underflows = 0;
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        __m256 x = _mm256_loadu_ps((const float *)(in + 4 * i));
        __m128i h = _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT);
        _mm_storeu_si128((__m128i *)(out + 2 * i), h);
        __m128i m = _mm_and_si128(h, magnitude16);
        __m128i edge = _mm_or_si128(_mm_cmpeq_epi16(m, infinity16), _mm_cmpeq_epi16(m, _mm_setzero_si128()));
        if (__builtin_expect(_mm_testz_si128(edge, edge), 1)) continue;
        __m256i wide = _mm256_and_si256(_mm256_castps_si256(x), magnitude);
        __m256i became_infinite = _mm256_cvtepi16_epi32(_mm_cmpeq_epi16(m, infinity16));
        __m256i became_zero = _mm256_cvtepi16_epi32(_mm_cmpeq_epi16(m, _mm_setzero_si128()));
        __m256i lost_high = _mm256_and_si256(became_infinite, _mm256_cmpgt_epi32(infinity, wide));
        __m256i lost_low = _mm256_andnot_si256(_mm256_cmpeq_epi32(wide, _mm256_setzero_si256()), became_zero);
        overflows += (uint64_t)__builtin_popcount((unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(lost_high)));
        underflows += (uint64_t)__builtin_popcount((unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(lost_low)));
    }
    report->overflows += overflows;
    report->underflows += underflows;
    return i;
}

static size_t f16_to_f32_wide(const char *in, char *out, size_t count) {
    size_t i = 0;
    for (; i + 8 <= count; i += 8)
        _mm256_storeu_ps((float *)(out + 4 * i), _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(in + 2 * i))));
    return i;
}
