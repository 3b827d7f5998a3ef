#include "cbuild.h"

#ifndef DCAE_COMMIT
#define DCAE_COMMIT ""
#endif

const char *dcae_build_commit(void) { return DCAE_COMMIT; }
