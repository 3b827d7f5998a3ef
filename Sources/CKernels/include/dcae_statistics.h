// One pass over numbers: how many of which kind, sums from which mean and deviation follow, and a histogram of magnitudes.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// What is known of the values seen so far. Sums are over the finite values.
typedef struct {
    /// Finite values.
    uint64_t count;
    uint64_t nan, infinite, zeros;
    /// Other than zero, and below the smallest normal number of the format that they are stored in.
    uint64_t subnormals;
    /// Finite values that a rounding to F16 or BF16 makes infinite, and values other than zero that it makes zero.
    uint64_t f16_overflows, f16_underflows, bf16_overflows, bf16_underflows;
    double minimum, maximum;
    /// The sum is sum + correction.
    double sum, correction;
    /// The sum of the squared distances from the mean.
    double squares;
} dcae_statistics;

/// The bins of a histogram: 256 for positive values, 256 for negative ones. A value with 2^e <= |x| < 2^(e+1) is counted in bin
/// e + 127, what is smaller than 2^-126 in bin 0, what is larger than 2^127 in bin 254; zeros are not counted.
enum { DCAE_HISTOGRAM_BINS = 512 };

/// The same for every instruction set, to the last bit: sixteen lanes, added up in a fixed order, and no fused operations.
typedef struct {
    /// Adds values. What comes in parts gives the same bits where the parts are multiples of 4096 values.
    ///
    /// - smallest_normal: of the format that the values were stored in; 0 where it has no subnormal numbers.
    void (*add_f32)(dcae_statistics *statistics, uint64_t *histogram, const float *values, size_t count, float smallest_normal);
    void (*add_f64)(dcae_statistics *statistics, uint64_t *histogram, const double *values, size_t count, double smallest_normal);
} dcae_statistics_kernels;

/// Adds the statistics of the values that follow.
void dcae_statistics_merge(dcae_statistics *statistics, const dcae_statistics *next);
