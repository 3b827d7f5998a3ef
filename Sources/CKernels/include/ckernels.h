// Loops over numbers. Every function is plain C over pointers and counts; buffers do not overlap unless a comment says so. Those
// of the table at the end run by the best instruction set (dcae_best_instruction_set), and by any other through
// dcae_kernels_of (dcae_kernels.h).
#pragma once
#include <stddef.h>
#include <stdint.h>

// --- Conversion of number formats (casts.inc.h, casts.c). Round to nearest, ties to even; NaN stays NaN; pointers may be
// unaligned. ---

/// What a cast lost: finite values that became infinite (where the format has no infinity: values that became NaN), and non-zero
/// values that became zero.
typedef struct {
    uint64_t overflows;
    uint64_t underflows;
} dcae_cast_report;

void dcae_f32_to_bf16(const float *source, uint16_t *target, size_t count, dcae_cast_report *report);
void dcae_f32_to_f16(const float *source, uint16_t *target, size_t count, dcae_cast_report *report);
void dcae_bf16_to_f32(const uint16_t *source, float *target, size_t count);
void dcae_f16_to_f32(const uint16_t *source, float *target, size_t count);
void dcae_f64_to_f32(const void *source, void *target, size_t count, dcae_cast_report *report);

/// What a format of at most 16 bits makes of values that are no number.
enum {
    DCAE_NAN_PAYLOAD = 0,  ///< quiet, with the upper bits of the payload: F16
    DCAE_NAN_ONES = 1,     ///< every bit one: BF16
    DCAE_NAN_SIGNED = 2,   ///< every bit but the sign one: F8_E4M3, F8_E5M2
    DCAE_NAN_ZERO = 3,     ///< the sign alone, which is no -0 then: the FNUZ formats
};

/// A float format of at most 16 bits.
typedef struct {
    int32_t fraction_bits, bias;
    uint32_t sign;       ///< the sign bit
    uint32_t largest;    ///< the largest finite number
    uint32_t overflow;   ///< what is larger becomes, infinity too; 0 where that is NaN
    int32_t nan;         ///< one of DCAE_NAN_…
} dcae_small_format;

/// Rounds once, from the full precision of the source; elements of one byte where the sign is 0x80, else of two.
void dcae_f64_to_small(const void *source, void *target, size_t count, const dcae_small_format *format, dcae_cast_report *report);
void dcae_f32_to_small(const void *source, void *target, size_t count, const dcae_small_format *format, dcae_cast_report *report);

// --- Looking at numbers (scan.inc.h). ---

/// Counts NaN and infinite values; pointers may be unaligned.
void dcae_count_nonfinite_f32(const void *values, size_t count, uint64_t *nan, uint64_t *infinite);
/// The same for 16-bit formats: F16 has the exponent mask 0x7C00, BF16 0x7F80.
void dcae_count_nonfinite_16(const void *values, size_t count, uint16_t exponent_mask, uint64_t *nan, uint64_t *infinite);

// --- Seeded numbers (seed.inc.h). ---

/// Fills with center + half_width * u, u uniform in [-1, 1): the element of index i depends on key and i alone, and is the same on
/// every processor.
void dcae_fill_uniform(float *target, size_t count, uint64_t key, uint64_t start, float center, float half_width);

// --- How two arrays of numbers differ (diff.inc.h, diff.c). Pointers are aligned to their elements. ---

/// Sums over the pairs of two arrays in F64; the same bits by every instruction set.
typedef struct {
    double differences;  // of (a - b)²
    double a;            // of a²
    double b;            // of b²
    double products;     // of a * b
    double largest;      // the largest |a - b|
    uint64_t differing;  // how many a are not equal to b; 0 and -0 are equal
} dcae_difference;

/// Values that are not finite make the sum of a² or b² not finite.
void dcae_difference_f32(const float *a, const float *b, size_t count, dcae_difference *out);
void dcae_difference_f64(const double *a, const double *b, size_t count, dcae_difference *out);

/// Pairs of which one at least is not finite.
typedef struct {
    uint64_t pairs;
    uint64_t nan_mismatches;       // one is NaN, the other is not
    uint64_t infinity_mismatches;  // none is NaN, one is infinite, and they are not equal
} dcae_nonfinite_pairs;

/// Adds to `found` and puts zeros in place of these pairs; a and b may be the same array.
void dcae_drop_nonfinite_f32(float *a, float *b, size_t count, dcae_nonfinite_pairs *found);
void dcae_drop_nonfinite_f64(double *a, double *b, size_t count, dcae_nonfinite_pairs *found);

/// The first pair that is not equal, two NaN being equal; count where there is none.
size_t dcae_first_difference_f32(const float *a, const float *b, size_t count);
size_t dcae_first_difference_f64(const double *a, const double *b, size_t count);

/// How many finite pairs have |a - b| > atol + rtol * |b|.
uint64_t dcae_count_outside_f32(const float *a, const float *b, size_t count, double rtol, double atol);
uint64_t dcae_count_outside_f64(const double *a, const double *b, size_t count, double rtol, double atol);

/// How many whole numbers differ, and the first that does.
uint64_t dcae_count_unequal_64(const uint64_t *a, const uint64_t *b, size_t count, size_t *first);

/// The most steps from number to number between a and b in their own format; pairs with a NaN are left out, infinity is one step
/// from the largest number, and 0 and -0 are one place. `infinity` is its bits in the format; `places` gives each byte's place in the
/// order, INT16_MIN for NaN.
uint32_t dcae_ulp_8(const uint8_t *a, const uint8_t *b, size_t count, const int16_t places[256]);
uint32_t dcae_ulp_16(const uint16_t *a, const uint16_t *b, size_t count, uint16_t infinity);
uint32_t dcae_ulp_32(const uint32_t *a, const uint32_t *b, size_t count);
uint64_t dcae_ulp_64(const uint64_t *a, const uint64_t *b, size_t count);

/// Numbers of other formats as F32 or F64; exact, but for whole numbers of 64 bits, which are rounded to the nearest.
void dcae_widen_i8(const int8_t *source, float *target, size_t count);
void dcae_widen_u8(const uint8_t *source, float *target, size_t count);
void dcae_widen_i16(const int16_t *source, float *target, size_t count);
void dcae_widen_u16(const uint16_t *source, float *target, size_t count);
void dcae_widen_i32(const int32_t *source, double *target, size_t count);
void dcae_widen_u32(const uint32_t *source, double *target, size_t count);
void dcae_widen_i64(const int64_t *source, double *target, size_t count);
void dcae_widen_u64(const uint64_t *source, double *target, size_t count);
void dcae_widen_f32(const float *source, double *target, size_t count);
/// By a table of the values of all bytes; the target may be unaligned.
void dcae_widen_f8(const uint8_t *source, float *target, size_t count, const float values[256]);

/// The loops above that are compiled for every instruction set.
typedef struct {
    void (*f32_to_bf16)(const float *source, uint16_t *target, size_t count, dcae_cast_report *report);
    void (*f32_to_f16)(const float *source, uint16_t *target, size_t count, dcae_cast_report *report);
    void (*bf16_to_f32)(const uint16_t *source, float *target, size_t count);
    void (*f16_to_f32)(const uint16_t *source, float *target, size_t count);
    void (*f64_to_f32)(const void *source, void *target, size_t count, dcae_cast_report *report);
    void (*count_nonfinite_f32)(const void *values, size_t count, uint64_t *nan, uint64_t *infinite);
    void (*count_nonfinite_16)(const void *values, size_t count, uint16_t exponent_mask, uint64_t *nan, uint64_t *infinite);
    void (*fill_uniform)(float *target, size_t count, uint64_t key, uint64_t start, float center, float half_width);
    void (*difference_f32)(const float *a, const float *b, size_t count, dcae_difference *out);
    void (*difference_f64)(const double *a, const double *b, size_t count, dcae_difference *out);
    uint64_t (*count_outside_f32)(const float *a, const float *b, size_t count, double rtol, double atol);
    uint64_t (*count_outside_f64)(const double *a, const double *b, size_t count, double rtol, double atol);
    uint32_t (*ulp_16)(const uint16_t *a, const uint16_t *b, size_t count, uint16_t infinity);
    uint32_t (*ulp_32)(const uint32_t *a, const uint32_t *b, size_t count);
} dcae_number_kernels;
