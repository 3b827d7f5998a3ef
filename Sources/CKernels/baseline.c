// What every processor of its kind can do: SSE2 on x86-64 (sixteen registers of four), NEON on aarch64 (thirty-two).
#if defined(__aarch64__)
// Six rows by four registers of accumulators leave eight for operands.
#include <arm_neon.h>
#include "dcae_kernels.h"
#define TILE_ROWS 6
#define WIDE_F16 1
#else
#define TILE_ROWS 2
#define WIDE_F16 0
#endif
#define FN(name) name##_baseline
#define PANEL 16
#include "level.inc.h"
