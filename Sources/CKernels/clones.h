// One source, compiled for several processors and chosen when the program is loaded (GNU indirect functions).
#pragma once
#if defined(__x86_64__) && defined(__ELF__)
#define DCAE_CLONES __attribute__((target_clones("avx512f", "arch=haswell", "default")))
#else
#define DCAE_CLONES
#endif
