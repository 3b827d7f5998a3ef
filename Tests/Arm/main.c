// Holds every loop of this processor's instruction sets against plain C. Ends with 1 where one differs.
#include "check.h"
#include "dcae_pool.h"
#include "dcae_peaks.h"
#include <stdatomic.h>

int checks, failures;

void check(int holds, const char *what, double figure) {
    checks++;
    if (holds) return;
    failures++;
    printf("differs: %s (%g)\n", what, figure);
}

static void count(void *context, int task, int worker) {
    (void)worker;
    atomic_fetch_add((_Atomic int *)context + task, 1);
}

static void check_pool(void) {
    static _Atomic int done[1000];
    dcae_pool *pool = dcae_pool_create(3);
    for (int run = 0; run < 20; run++) dcae_pool_run(pool, 1000, count, (void *)done);
    dcae_pool_destroy(pool);
    for (int i = 0; i < 1000; i++) check(atomic_load(&done[i]) == 20, "pool", i);
}

int main(int argc, char **argv) {
    const int wants_bf16 = argc > 1 && strcmp(argv[1], "bf16") == 0;
    const dcae_kernels *found = dcae_kernels_of(DCAE_BASELINE);
    check_numbers(found);
    check_network(&dcae_kernels_portable.network, "portable", 2e-5);
    check_network(&found->network, "neon", 2e-5);
    const dcae_network_kernels *pairs = dcae_bf16_kernels_of(DCAE_BASELINE);
    check((pairs != NULL) == wants_bf16, wants_bf16 ? "this processor has bf16" : "this processor has no bf16", 0);
    if (pairs) check_network(pairs, "neon bf16", 2e-2);
    check_pool();
    check(dcae_peak_f32(DCAE_BASELINE, 1000) == 1000 * 12 * 4 * 2, "peak", 0);
    check(dcae_kernels_of(DCAE_AVX2) == NULL && dcae_kernels_of(DCAE_AVX512) == NULL, "no instruction sets of x86", 0);
    printf("%d checks%s, %d differ\n", checks, pairs ? ", bf16 too" : "", failures);
    return failures != 0;
}
