// Statistics: what is the same for all instruction sets.
#include "statistics_shared.h"

// A fused multiplication rounds once where two instructions round twice: results would depend on the processor.
#pragma STDC FP_CONTRACT OFF

// Neumaier's summation: what an addition loses is kept beside the sum.
static void add(dcae_statistics *s, double x) {
    const double sum = s->sum + x;
    if (isfinite(sum)) s->correction += fabs(s->sum) >= fabs(x) ? (s->sum - sum) + x : (x - sum) + s->sum;
    s->sum = sum;
}

void dcae_statistics_combine(dcae_statistics *s, uint64_t count, double sum, double squares, double minimum, double maximum) {
    if (count == 0) return;
    if (s->count == 0) {
        s->minimum = minimum;
        s->maximum = maximum;
        s->squares = squares;
    } else {
        const double before = (double)s->count, added = (double)count;
        const double distance = sum / added - (s->sum + s->correction) / before;
        s->minimum = minimum < s->minimum ? minimum : s->minimum;
        s->maximum = maximum > s->maximum ? maximum : s->maximum;
        s->squares += squares + distance * distance * (before * (added / (before + added)));
    }
    s->count += count;
    add(s, sum);
}

void dcae_statistics_merge(dcae_statistics *s, const dcae_statistics *next) {
    dcae_statistics_combine(s, next->count, next->sum, next->squares, next->minimum, next->maximum);
    s->correction += next->correction;
    s->nan += next->nan;
    s->infinite += next->infinite;
    s->zeros += next->zeros;
    s->subnormals += next->subnormals;
    s->f16_overflows += next->f16_overflows;
    s->f16_underflows += next->f16_underflows;
    s->bf16_overflows += next->bf16_overflows;
    s->bf16_underflows += next->bf16_underflows;
}
