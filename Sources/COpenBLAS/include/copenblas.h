// The functions of OpenBLAS that are used here. The library is loaded by dcae_blas_load and not before: no command that does without
// it should wait for it. Sizes are 32 bits, as in every build of OpenBLAS that bears this name.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Loads the library. Must be called once, before all others, by one thread.
///
/// - file: the one to load, or NULL for where systems keep it.
/// - core: the name of the kernels to use, for OPENBLAS_CORETYPE, or NULL to leave it to the library. It is read while the library
///   is loaded; the environment is as before afterwards.
///
/// Returns 0; 1 where there is none; 2 where it is another one than is needed. Then `reason` says more.
int dcae_blas_load(const char *file, const char *core, char *reason, size_t room);
/// Its own description and the name of the kernels in use.
const char *dcae_blas_configuration(void);
const char *dcae_blas_core(void);

/// c[m][n] = alpha a b + beta c, row by row; a is [m][k] or, transposed, [k][m]; b is [k][n] or, transposed, [n][k].
void dcae_blas_sgemm(
    int transposed_a, int transposed_b, int32_t m, int32_t n, int32_t k, float alpha, const float *a, int32_t a_stride, const float *b,
    int32_t b_stride, float beta, float *c, int32_t c_stride
);
void dcae_blas_dgemm(
    int transposed_a, int transposed_b, int32_t m, int32_t n, int32_t k, double alpha, const double *a, int32_t a_stride,
    const double *b, int32_t b_stride, double beta, double *c, int32_t c_stride
);
/// The lower triangle of c[n][n] = alpha a aᵀ + beta c; a is [n][k] or, transposed, [k][n].
void dcae_blas_dsyrk(
    int transposed, int32_t n, int32_t k, double alpha, const double *a, int32_t a_stride, double beta, double *c, int32_t c_stride
);
/// LAPACK's dsyevd of the upper triangle in Fortran's order, which is the lower one in C's. Returns info.
///
/// - vectors: whether they are wanted; they replace `a`, one a row.
/// - work, integers: their counts are asked for with -1, and come back in the first elements.
int32_t dcae_blas_dsyevd(
    int vectors, int32_t n, double *a, double *values, double *work, int32_t work_count, int32_t *integers, int32_t integer_count
);
