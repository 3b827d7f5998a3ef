// Loops over numbers: the same bits as plain C, for every number format's odd values and for every tail.
#include "check.h"

enum { COUNT = 4096 + 37 };

// Numbers of all magnitudes, and what is none.
static float odd(size_t i) {
    const uint32_t special[] = {0, 0x80000000u, 1, 0x7FFFFFu, 0x800000u, 0x38800000u, 0x387FFFFFu, 0x33000000u, 0x477FEFFFu, 0x477FF000u,
                                0x7F7F7FFFu, 0x7F7F8000u, 0x7F7FFFFFu, 0x7F800000u, 0xFF800000u, 0x7F800001u, 0x7FC00000u, 0xFFFFFFFFu};
    const uint32_t x = i % 5 == 0 ? special[i / 5 % 18] : (uint32_t)bits();
    float value;
    memcpy(&value, &x, 4);
    return value;
}

static int same_report(dcae_cast_report a, dcae_cast_report b) { return a.overflows == b.overflows && a.underflows == b.underflows; }

static void casts(const dcae_number_kernels *a, const dcae_number_kernels *b) {
    float *values = malloc(COUNT * sizeof *values), *wide[2] = {malloc(COUNT * 4), malloc(COUNT * 4)};
    double *doubles = malloc(COUNT * sizeof *doubles);
    uint16_t *halves[2] = {malloc(COUNT * 2), malloc(COUNT * 2)}, *all = malloc(65536 * 2);
    float *widened[2] = {malloc(65536 * 4), malloc(65536 * 4)};
    for (size_t i = 0; i < COUNT; i++) {
        values[i] = odd(i);
        const uint64_t x = i % 3 ? bits() : (uint64_t)0x36A0 << 48 | bits() >> 16;
        memcpy(doubles + i, &x, 8);
    }
    for (size_t count = COUNT - 9; count <= COUNT; count++) {
        dcae_cast_report reports[2] = {{0, 0}, {0, 0}};
        a->f32_to_f16(values, halves[0], count, &reports[0]);
        b->f32_to_f16(values, halves[1], count, &reports[1]);
        check(memcmp(halves[0], halves[1], count * 2) == 0 && same_report(reports[0], reports[1]), "f32_to_f16", (double)count);
        a->f32_to_bf16(values, halves[0], count, &reports[0]);
        b->f32_to_bf16(values, halves[1], count, &reports[1]);
        check(memcmp(halves[0], halves[1], count * 2) == 0 && same_report(reports[0], reports[1]), "f32_to_bf16", (double)count);
        a->f64_to_f32(doubles, wide[0], count, &reports[0]);
        b->f64_to_f32(doubles, wide[1], count, &reports[1]);
        check(memcmp(wide[0], wide[1], count * 4) == 0 && same_report(reports[0], reports[1]), "f64_to_f32", (double)count);
        uint64_t nan[2] = {0, 0}, infinite[2] = {0, 0};
        a->count_nonfinite_f32(values, count, &nan[0], &infinite[0]);
        b->count_nonfinite_f32(values, count, &nan[1], &infinite[1]);
        check(nan[0] == nan[1] && infinite[0] == infinite[1] && nan[0] > 0, "count_nonfinite_f32", (double)count);
        for (size_t i = 0; i < count; i++) halves[0][i] = (uint16_t)bits();
        a->count_nonfinite_16(halves[0], count, 0x7C00, &nan[0], &infinite[0]);
        b->count_nonfinite_16(halves[0], count, 0x7C00, &nan[1], &infinite[1]);
        check(nan[0] == nan[1] && infinite[0] == infinite[1], "count_nonfinite_16", (double)count);
    }
    for (int i = 0; i < 65536; i++) all[i] = (uint16_t)i;
    a->f16_to_f32(all, widened[0], 65536);
    b->f16_to_f32(all, widened[1], 65536);
    check(memcmp(widened[0], widened[1], 65536 * 4) == 0, "f16_to_f32", 0);
    a->bf16_to_f32(all, widened[0], 65536);
    b->bf16_to_f32(all, widened[1], 65536);
    check(memcmp(widened[0], widened[1], 65536 * 4) == 0, "bf16_to_f32", 0);
}

static void differences(const dcae_number_kernels *a, const dcae_number_kernels *b) {
    for (size_t count = 1; count < COUNT; count = count * 3 + 1) {
        float *x = numbers(count, 3), *y = numbers(count, 3);
        double *wide[2] = {malloc(count * 8), malloc(count * 8)};
        for (size_t i = 0; i < count; i++) {
            if (i % 7 == 0) y[i] = x[i];
            wide[0][i] = x[i] * 1e3, wide[1][i] = y[i] * 1e3 + 1e-9;
        }
        dcae_difference found[2];
        memset(found, 0, sizeof found);
        a->difference_f32(x, y, count, &found[0]);
        b->difference_f32(x, y, count, &found[1]);
        check(memcmp(&found[0], &found[1], sizeof found[0]) == 0, "difference_f32", (double)count);
        memset(found, 0, sizeof found);
        a->difference_f64(wide[0], wide[1], count, &found[0]);
        b->difference_f64(wide[0], wide[1], count, &found[1]);
        check(memcmp(&found[0], &found[1], sizeof found[0]) == 0, "difference_f64", (double)count);
        check(
            a->count_outside_f32(x, y, count, 1e-2, 1e-3) == b->count_outside_f32(x, y, count, 1e-2, 1e-3) &&
                a->count_outside_f64(wide[0], wide[1], count, 1e-2, 1e-3) == b->count_outside_f64(wide[0], wide[1], count, 1e-2, 1e-3),
            "count_outside", (double)count
        );
        check(
            a->ulp_32((const uint32_t *)x, (const uint32_t *)y, count) == b->ulp_32((const uint32_t *)x, (const uint32_t *)y, count) &&
                a->ulp_16((const uint16_t *)x, (const uint16_t *)y, count, 0x7C00) == b->ulp_16((const uint16_t *)x, (const uint16_t *)y, count, 0x7C00),
            "ulp", (double)count
        );
        float *filled[2] = {malloc(count * 4), malloc(count * 4)};
        a->fill_uniform(filled[0], count, 7, count, 0.5f, 2);
        b->fill_uniform(filled[1], count, 7, count, 0.5f, 2);
        check(memcmp(filled[0], filled[1], count * 4) == 0, "fill_uniform", (double)count);
    }
}

static void statistics(const dcae_statistics_kernels *a, const dcae_statistics_kernels *b) {
    for (size_t count = 1; count < COUNT; count = count * 2 + 1) {
        float *values = malloc(count * 4);
        double *wide = malloc(count * 8);
        for (size_t i = 0; i < count; i++) values[i] = i % 11 ? number() * 100 : odd(i), wide[i] = values[i] * 1.5;
        dcae_statistics found[2];
        uint64_t histogram[2][DCAE_HISTOGRAM_BINS];
        memset(found, 0, sizeof found);
        memset(histogram, 0, sizeof histogram);
        a->add_f32(&found[0], histogram[0], values, count, 1.17549435e-38f);
        b->add_f32(&found[1], histogram[1], values, count, 1.17549435e-38f);
        a->add_f64(&found[0], histogram[0], wide, count, 2.2250738585072014e-308);
        b->add_f64(&found[1], histogram[1], wide, count, 2.2250738585072014e-308);
        check(memcmp(&found[0], &found[1], sizeof found[0]) == 0, "statistics", (double)count);
        check(memcmp(histogram[0], histogram[1], sizeof histogram[0]) == 0, "histogram", (double)count);
    }
}

void check_numbers(const dcae_kernels *found) {
    const dcae_kernels *plain = &dcae_kernels_portable;
    casts(&found->numbers, &plain->numbers);
    differences(&found->numbers, &plain->numbers);
    statistics(&found->statistics, &plain->statistics);
}
