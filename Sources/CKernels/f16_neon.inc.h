// F16 by the instructions of 64-bit Arm, four numbers at a time.
//
// Gives f32_to_f16_wide and f16_to_f32_wide, which return how many numbers they have done: all but fewer than four.
static size_t f32_to_f16_wide(const char *in, char *out, size_t count, dcae_cast_report *report) {
    size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        const float32x4_t x = vreinterpretq_f32_u8(vld1q_u8((const uint8_t *)in + 4 * i));
        const uint16x4_t h = vreinterpret_u16_f16(vcvt_f16_f32(x));
        vst1_u8((uint8_t *)out + 2 * i, vreinterpret_u8_u16(h));
        const uint32x4_t wide = vandq_u32(vreinterpretq_u32_f32(x), vdupq_n_u32(0x7FFFFFFF));
        const uint32x4_t m = vmovl_u16(vand_u16(h, vdup_n_u16(0x7FFF)));
        const uint32x4_t high = vandq_u32(vceqq_u32(m, vdupq_n_u32(0x7C00)), vcltq_u32(wide, vdupq_n_u32(0x7F800000)));
        const uint32x4_t low = vandq_u32(vceqq_u32(m, vdupq_n_u32(0)), vcgtq_u32(wide, vdupq_n_u32(0)));
        report->overflows += vaddvq_u32(vshrq_n_u32(high, 31));
        report->underflows += vaddvq_u32(vshrq_n_u32(low, 31));
    }
    return i;
}

static size_t f16_to_f32_wide(const char *in, char *out, size_t count) {
    size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        const float16x4_t h = vreinterpret_f16_u8(vld1_u8((const uint8_t *)in + 2 * i));
        vst1q_u8((uint8_t *)out + 4 * i, vreinterpretq_u8_f32(vcvt_f32_f16(h)));
    }
    return i;
}
