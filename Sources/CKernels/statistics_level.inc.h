// Statistics of F32 and F64 values for one instruction set.
//
// Wants FN(name), statistics_shared.h, and FP_CONTRACT OFF. Gives add_f32 and add_f64.

// Bits of magnitudes: infinity; 65520, the first that F16 rounds to infinity; 2^-25, the last that it rounds to zero;
// the same for BF16, (2 - 2^-8) * 2^127 and 2^-134.
#define T float
#define U uint32_t
#define TYPE(name) FN(name##_f32)
#define MAGNITUDE ((U)0x7FFFFFFF)
#define INFINITE ((U)0x7F800000)
#define F16_OVER ((U)0x477FF000)
#define F16_UNDER ((U)0x33000000)
#define BF16_OVER ((U)0x7F7F8000)
#define BF16_UNDER ((U)0x00008000)
#define BIN(bits) ((bits) >> 23)
#include "statistics.inc.h"
#undef T
#undef U
#undef TYPE
#undef MAGNITUDE
#undef INFINITE
#undef F16_OVER
#undef F16_UNDER
#undef BF16_OVER
#undef BF16_UNDER
#undef BIN

// The exponents of F64 that F32 does not have are counted in its outermost bins.
static inline uint32_t FN(bin_of_double)(uint64_t bits) {
    const int32_t exponent = (int32_t)(bits >> 52 & 2047) - 896;
    return (uint32_t)(exponent < 0 ? 0 : exponent > 254 ? 254 : exponent) | (uint32_t)(bits >> 63 << 8);
}

#define T double
#define U uint64_t
#define TYPE(name) FN(name##_f64)
#define MAGNITUDE ((U)0x7FFFFFFFFFFFFFFF)
#define INFINITE ((U)0x7FF0000000000000)
#define F16_OVER ((U)0x40EFFE0000000000)
#define F16_UNDER ((U)0x3E60000000000000)
#define BF16_OVER ((U)0x47EFF00000000000)
#define BF16_UNDER ((U)0x3790000000000000)
#define BIN(bits) FN(bin_of_double)(bits)
#include "statistics.inc.h"
