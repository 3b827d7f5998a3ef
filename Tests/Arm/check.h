// What the checks of Tests/Arm share.
#pragma once
#include "dcae_kernels.h"
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const dcae_kernels dcae_kernels_portable;

extern int checks, failures;
void check(int holds, const char *what, double figure);

static uint64_t state = 88172645463325252ull;
static inline uint64_t bits(void) {
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}
static inline float number(void) { return (float)(int32_t)bits() / 2147483648.0f; }
static inline float *numbers(size_t count, float by) {
    float *values = malloc(count * sizeof *values);
    for (size_t i = 0; i < count; i++) values[i] = by * number();
    return values;
}

/// The largest difference over the largest value.
static inline double distance(const float *a, const float *b, size_t count) {
    double most = 0, largest = 1e-30;
    for (size_t i = 0; i < count; i++) {
        most = fmax(most, isfinite(a[i]) && isfinite(b[i]) ? fabs((double)a[i] - b[i]) : INFINITY);
        largest = fmax(largest, fabs(b[i]));
    }
    return most / largest;
}

void check_numbers(const dcae_kernels *found);
void check_network(const dcae_network_kernels *found, const char *name, double tolerance);
