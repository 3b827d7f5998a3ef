// Pairs of bf16 by bfdot (FEAT_BF16 of 64-bit Arm): four times four sums of two products each.
//
// Wants vector.inc.h. Gives multiply_pairs, store_terms and join_pairs.
typedef union {
    v16 all;
    float32x4_t part[4];
    bfloat16x8_t pairs[4];
    uint32x4_t bits[4];
} FN(quarters);

INLINE v16 multiply_pairs(v16 sum, v16 left, v16 right) {
    FN(quarters) s = {sum}, l = {left}, r = {right};
    UNROLL
    for (int i = 0; i < 4; i++) s.part[i] = vbfdotq_f32(s.part[i], l.pairs[i], r.pairs[i]);
    return s.all;
}

// Sixteen terms, rounded.
INLINE void store_terms(float *p, v16 v) {
    FN(quarters) q = {v};
    UNROLL
    for (int i = 0; i < 4; i += 2) {
        bfloat16x8_t low = vcvtq_low_bf16_f32(q.part[i]);
        vst1q_u8((uint8_t *)(p + 2 * i), vreinterpretq_u8_bf16(vcvtq_high_bf16_f32(low, q.part[i + 1])));
    }
}

// Sixteen pairs of rounded numbers, the even ones first.
INLINE v16 join_pairs(v16 even, v16 odd) {
    FN(quarters) e = {even}, o = {odd}, r;
    UNROLL
    for (int i = 0; i < 4; i++) {
        uint16x4_t low = vreinterpret_u16_bf16(vcvt_bf16_f32(e.part[i])), high = vreinterpret_u16_bf16(vcvt_bf16_f32(o.part[i]));
        r.bits[i] = vorrq_u32(vmovl_u16(low), vshlq_n_u32(vmovl_u16(high), 16));
    }
    return r.all;
}
