// Conversion to formats that are described by numbers rather than known to a processor, over pointers of any alignment.
#include "ckernels.h"
#include <string.h>

static inline uint64_t load64(const void *p) {
    uint64_t v;
    memcpy(&v, p, 8);
    return v;
}

// The number of a format of at most 16 bits that is nearest to an F64, which holds every F32, so that this rounds once.
static inline uint32_t small_bits(uint64_t x, const dcae_small_format *f, dcae_cast_report *report) {
    const uint64_t magnitude = x & 0x7FFFFFFFFFFFFFFFu;
    const uint32_t sign = x >> 63 ? f->sign : 0;
    if (magnitude > 0x7FF0000000000000u) {
        switch (f->nan) {
        case DCAE_NAN_PAYLOAD:
            return sign | f->overflow | 1u << (f->fraction_bits - 1) |
                   (uint32_t)(magnitude >> (52 - f->fraction_bits) & ((1u << f->fraction_bits) - 1));
        case DCAE_NAN_ONES: return (f->sign << 1) - 1;
        case DCAE_NAN_SIGNED: return sign | (f->sign - 1);
        default: return f->sign;
        }
    }
    uint32_t result;
    if (magnitude == 0x7FF0000000000000u) {
        result = f->largest + 1;
    } else {
        const int32_t exponent = (int32_t)(magnitude >> 52) - 1023, lowest = 1 - f->bias;
        const int32_t below = exponent < lowest ? lowest - exponent : 0;
        const int32_t shift = 52 - f->fraction_bits + below;
        // An F64 below its own normal numbers is far below half the smallest number of any of these formats.
        uint64_t significand = (magnitude & 0xFFFFFFFFFFFFFu) | 1ull << 52;
        if (shift > 53 || magnitude < 1ull << 52) {
            result = 0;
        } else {
            const uint64_t rest = significand & ((1ull << shift) - 1), half = 1ull << (shift - 1);
            significand >>= shift;
            significand += rest > half || (rest == half && (significand & 1));
            // The leading one of a normal number counts as one step of the exponent, and so does a carry.
            const int64_t steps = below ? 0 : (int64_t)(exponent - lowest) << f->fraction_bits;
            const int64_t wide = steps + (int64_t)significand;
            result = wide > (int64_t)f->largest ? f->largest + 1 : (uint32_t)wide;
        }
        report->underflows += result == 0 && magnitude != 0;
    }
    if (result > f->largest) {
        report->overflows += magnitude < 0x7FF0000000000000u || f->overflow == 0;
        if (f->overflow) return sign | f->overflow;
        return f->nan == DCAE_NAN_ZERO ? f->sign : sign | (f->sign - 1);
    }
    // The FNUZ formats have no -0.
    return result == 0 && f->nan == DCAE_NAN_ZERO ? 0 : sign | result;
}

static inline void store_small(char *out, size_t index, uint32_t bits, const dcae_small_format *format) {
    if (format->sign == 0x80) {
        out[index] = (char)(uint8_t)bits;
    } else {
        const uint16_t narrow = (uint16_t)bits;
        memcpy(out + 2 * index, &narrow, 2);
    }
}

void dcae_f64_to_small(
    const void *source, void *target, size_t count, const dcae_small_format *format, dcae_cast_report *report) {
    for (size_t i = 0; i < count; i++)
        store_small(target, i, small_bits(load64((const char *)source + 8 * i), format, report), format);
}

void dcae_f32_to_small(
    const void *source, void *target, size_t count, const dcae_small_format *format, dcae_cast_report *report) {
    for (size_t i = 0; i < count; i++) {
        float narrow;
        memcpy(&narrow, (const char *)source + 4 * i, 4);
        const double wide = narrow;
        store_small(target, i, small_bits(load64(&wide), format, report), format);
    }
}
