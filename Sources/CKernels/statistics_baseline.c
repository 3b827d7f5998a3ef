// Statistics by what every processor of its kind can do.
#define FN(name) name##_baseline
#define LEVEL_NAME "baseline"
#include "statistics_level.inc.h"
