// What this machine has: instruction sets and processors.
#pragma once

/// The instruction sets that the loops are compiled for, each holding all that the one before holds.
typedef enum {
    DCAE_BASELINE,  ///< what every processor of the architecture has: SSE2, or NEON on aarch64
    DCAE_AVX,       ///< AVX, as processors of 2011 and 2012 have it: no FMA, no AVX2
    DCAE_AVX2,      ///< AVX2, FMA and F16C
    DCAE_AVX512,    ///< AVX-512 F, VL, BW and DQ
} dcae_instruction_set;

/// Whether this processor, and the system, have it.
int dcae_has_instruction_set(dcae_instruction_set set);
/// Whether it multiplies pairs of bf16 besides: AVX512-BF16, with AVX-512; bfdot on 64-bit Arm.
int dcae_has_bf16_products(void);
/// The best that there is, or what the environment variable DCAE_ISA names (baseline, avx, avx2, avx512) if that is there. Found once,
/// and what every loop uses for which no other set is asked.
dcae_instruction_set dcae_best_instruction_set(void);

/// Processors that the process may run on, and no more than its control group's quota comes to; at least 1.
int dcae_processor_count(void);
/// The processors that quotas of control groups come to, rounded up, or 0 where there is none.
///
/// - membership: the text of /proc/self/cgroup.
/// - mount: where control groups are mounted, /sys/fs/cgroup; version 2, or version 1 with its cpu controller below.
int dcae_quota_processors(const char *membership, const char *mount);
