// Pairs of bf16 by AVX512-BF16: sixteen sums of two products each.
//
// Wants vector.inc.h. Gives multiply_pairs, store_terms and join_pairs.
INLINE v16 multiply_pairs(v16 sum, v16 left, v16 right) { return (v16)_mm512_dpbf16_ps((__m512)sum, (__m512bh)left, (__m512bh)right); }

// Sixteen terms, rounded.
INLINE void store_terms(float *p, v16 v) { _mm256_storeu_si256((__m256i *)p, (__m256i)_mm512_cvtneps_pbh((__m512)v)); }

// Sixteen pairs of rounded numbers, the even ones first.
INLINE v16 join_pairs(v16 even, v16 odd) {
    __m512i low = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh((__m512)even));
    __m512i high = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh((__m512)odd));
    return (v16)_mm512_or_si512(low, _mm512_slli_epi32(high, 16));
}
