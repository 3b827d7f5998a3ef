// What every processor of its kind can do: SSE2 on x86-64 (sixteen registers of four), NEON on aarch64 (thirty-two).
#define FN(name) name##_baseline
#if defined(__aarch64__)
#define TILE_ROWS 6
#else
#define TILE_ROWS 2
#endif
#define PANEL 16
#define WIDE_F16 0
#include "level.inc.h"
