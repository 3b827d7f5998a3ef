// Every loop as plain C has it, for the instruction sets to be held against: two tiles at a time, no instructions of F16.
// .ci/test-arm compiles it without the compiler's own vectors.
#define FN(name) name##_portable
#define TILE_ROWS 2
#define PANEL 16
#define WIDE_F16 0
#include "level.inc.h"
