#include "copenblas.h"
#include "cplatform.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 101, PLAIN = 111, TRANSPOSED = 112, LOWER = 122 };

// In the order of `symbols`.
static struct {
    char *(*configuration)(void);
    char *(*core)(void);
    int (*parallel)(void);
    void (*set_threads)(int);
    void (*sgemm)(int, int, int, int, int, int, float, const float *, int, const float *, int, float, float *, int);
    void (*dgemm)(int, int, int, int, int, int, double, const double *, int, const double *, int, double, double *, int);
    void (*dsyrk)(int, int, int, int, int, double, const double *, int, double, double *, int);
    // Fortran's convention: everything by address, and the lengths of texts at the end.
    void (*dsyevd)(
        const char *, const char *, const int *, double *, const int *, double *, double *, const int *, int *, const int *, int *,
        size_t, size_t
    );
} blas;

static const char *const symbols[] = {
    "openblas_get_config", "openblas_get_corename", "openblas_get_parallel", "openblas_set_num_threads",
    "cblas_sgemm",         "cblas_dgemm",           "cblas_dsyrk",           "dsyevd_",
    NULL,
};

// A build without threads of its own may have no locks either: its calls come one at a time.
static int is_serial;
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

static void enter(void) {
    if (is_serial) pthread_mutex_lock(&one_at_a_time);
}

static void leave(void) {
    if (is_serial) pthread_mutex_unlock(&one_at_a_time);
}

// Gives a variable a value for a while: the old one comes back, or NULL where there was none.
static char *exchange_variable(const char *name, const char *value) {
    const char *old = getenv(name);
    char *kept = old ? strdup(old) : NULL;
    if (value) setenv(name, value, 1);
    return kept;
}

static void restore_variable(const char *name, char *value) {
    if (value) {
        setenv(name, value, 1);
        free(value);
    } else {
        unsetenv(name);
    }
}

int dcae_blas_load(const char *file, const char *core, char *reason, size_t room) {
    static const char *const known[] = {
#if defined(__APPLE__)
        "libopenblas.dylib",
        "/opt/homebrew/opt/openblas/lib/libopenblas.dylib",
        "/usr/local/opt/openblas/lib/libopenblas.dylib",
        "/opt/local/lib/libopenblas.dylib",
#else
        "libopenblas.so.0",
        "libopenblas.so",
        "libopenblasp.so.0",
#endif
        NULL,
    };
    const char *const given[] = {file, NULL};
    // Threads are the caller's: those of the library would only take its processors from it.
    char *threads = exchange_variable("OPENBLAS_NUM_THREADS", "1");
    char *old_core = exchange_variable("OPENBLAS_CORETYPE", core);
    int failure = dcae_load_library(file ? given : known, symbols, (void **)&blas, reason, room);
    restore_variable("OPENBLAS_NUM_THREADS", threads);
    restore_variable("OPENBLAS_CORETYPE", old_core);
    if (failure) return failure;
    if (strstr(blas.configuration(), "USE64BITINT")) {
        snprintf(reason, room, "it is a build with sizes of 64 bits");
        return 2;
    }
    is_serial = blas.parallel() == 0;
    blas.set_threads(1);
    return 0;
}

const char *dcae_blas_configuration(void) { return blas.configuration(); }
const char *dcae_blas_core(void) { return blas.core(); }

void dcae_blas_sgemm(
    int transposed_a, int transposed_b, int32_t m, int32_t n, int32_t k, float alpha, const float *a, int32_t a_stride, const float *b,
    int32_t b_stride, float beta, float *c, int32_t c_stride
) {
    enter();
    blas.sgemm(
        ROWS, transposed_a ? TRANSPOSED : PLAIN, transposed_b ? TRANSPOSED : PLAIN, m, n, k, alpha, a, a_stride, b, b_stride, beta, c,
        c_stride
    );
    leave();
}

void dcae_blas_dgemm(
    int transposed_a, int transposed_b, int32_t m, int32_t n, int32_t k, double alpha, const double *a, int32_t a_stride,
    const double *b, int32_t b_stride, double beta, double *c, int32_t c_stride
) {
    enter();
    blas.dgemm(
        ROWS, transposed_a ? TRANSPOSED : PLAIN, transposed_b ? TRANSPOSED : PLAIN, m, n, k, alpha, a, a_stride, b, b_stride, beta, c,
        c_stride
    );
    leave();
}

void dcae_blas_dsyrk(
    int transposed, int32_t n, int32_t k, double alpha, const double *a, int32_t a_stride, double beta, double *c, int32_t c_stride
) {
    enter();
    blas.dsyrk(ROWS, LOWER, transposed ? TRANSPOSED : PLAIN, n, k, alpha, a, a_stride, beta, c, c_stride);
    leave();
}

int32_t dcae_blas_dsyevd(
    int vectors, int32_t n, double *a, double *values, double *work, int32_t work_count, int32_t *integers, int32_t integer_count
) {
    int info = 0;
    enter();
    blas.dsyevd(vectors ? "V" : "N", "U", &n, a, &n, values, work, &work_count, integers, &integer_count, &info, 1, 1);
    leave();
    return info;
}
