// What the statistics of all instruction sets share.
#pragma once
#include "dcae_statistics.h"
#include <math.h>
#include <string.h>

// Values are looked at in blocks that stay in the first cache, where a second look costs little: the squared distances are
// taken from the block's own mean, so that nothing cancels where the mean is large and the deviation small.
enum { STATISTICS_BLOCK = 4096, STATISTICS_LANES = 16, STATISTICS_TABLES = 4 };

/// Adds finite values of which the number, the sum and the rest are known (Chan, Golub and LeVeque 1979).
void dcae_statistics_combine(dcae_statistics *s, uint64_t count, double sum, double squares, double minimum, double maximum);
