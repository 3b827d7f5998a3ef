// What this machine has. The one place that knows which processor can do what.
#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "dcae_processor.h"
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/auxv.h>
#elif defined(__APPLE__)
#include <sys/sysctl.h>
#endif

int dcae_has_instruction_set(dcae_instruction_set set) {
#if defined(__x86_64__)
    const int avx = __builtin_cpu_supports("avx");
    const int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
    const int avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                       __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
    if (set == DCAE_AVX) return avx;
    if (set == DCAE_AVX2) return avx2;
    if (set == DCAE_AVX512) return avx512;
#endif
    return set == DCAE_BASELINE;
}

int dcae_has_bf16_products(void) {
#if defined(__x86_64__)
    return dcae_has_instruction_set(DCAE_AVX512) && __builtin_cpu_supports("avx512bf16");
#elif defined(__aarch64__) && defined(__linux__)
    // HWCAP2_BF16, by its number: older headers have no name for it.
    return (getauxval(AT_HWCAP2) >> 14 & 1) != 0;
#elif defined(__aarch64__) && defined(__APPLE__)
    int has = 0;
    size_t size = sizeof has;
    return sysctlbyname("hw.optional.arm.FEAT_BF16", &has, &size, NULL, 0) == 0 && has != 0;
#else
    return 0;
#endif
}

static dcae_instruction_set find_best(void) {
    static const char *const names[] = {"baseline", "avx", "avx2", "avx512"};
    const char *wanted = getenv("DCAE_ISA");
    for (int set = DCAE_BASELINE; wanted && set <= DCAE_AVX512; set++)
        if (strcmp(names[set], wanted) == 0 && dcae_has_instruction_set((dcae_instruction_set)set))
            return (dcae_instruction_set)set;
    int best = DCAE_AVX512;
    while (!dcae_has_instruction_set((dcae_instruction_set)best)) best--;
    return (dcae_instruction_set)best;
}

dcae_instruction_set dcae_best_instruction_set(void) {
    // -1 before it is known; threads that meet here find the same.
    static _Atomic int best = -1;
    int found = atomic_load_explicit(&best, memory_order_relaxed);
    if (found < 0) {
        found = (int)find_best();
        atomic_store_explicit(&best, found, memory_order_relaxed);
    }
    return (dcae_instruction_set)found;
}

// --- Quotas. A group has no more than the groups that it lies in. ---

static int read_text(const char *path, char *text, size_t size) {
    FILE *file = fopen(path, "re");
    if (!file) return 0;
    const size_t count = fread(text, 1, size - 1, file);
    fclose(file);
    text[count] = 0;
    return count > 0;
}

static int lessened(int most, long long quota, long long period) {
    if (quota <= 0 || period <= 0) return most;
    const long long processors = quota / period + (quota % period != 0);
    return most == 0 || processors < most ? (int)(processors < 1 << 20 ? processors : 1 << 20) : most;
}

// The least quota of the folder `base` + `group` and all above it, up to `base`.
static int least_quota(const char *base, const char *group, int is_version_2) {
    char folder[4096], path[4200], text[128];
    const size_t start = strlen(base);
    if (start + strlen(group) >= sizeof folder) return 0;
    strcpy(folder, base);
    strcat(folder, group);
    int most = 0;
    for (;;) {
        long long quota = 0, period = 0;
        if (is_version_2) {
            snprintf(path, sizeof path, "%s/cpu.max", folder);
            if (read_text(path, text, sizeof text) && sscanf(text, "%lld %lld", &quota, &period) == 2)
                most = lessened(most, quota, period);
        } else {
            snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", folder);
            if (read_text(path, text, sizeof text) && sscanf(text, "%lld", &quota) == 1) {
                snprintf(path, sizeof path, "%s/cpu.cfs_period_us", folder);
                if (read_text(path, text, sizeof text) && sscanf(text, "%lld", &period) == 1)
                    most = lessened(most, quota, period);
            }
        }
        // What is not there, as where a container sees its own group as the root, says nothing.
        if (strlen(folder) <= start) return most;
        char *slash = strrchr(folder, '/');
        if (!slash || slash < folder + start) return most;
        *slash = 0;
    }
}

static int lesser(int a, int b) { return a == 0 || (b != 0 && b < a) ? b : a; }

int dcae_quota_processors(const char *membership, const char *mount) {
    int most = 0;
    // Lines as 0::/path (version 2) and 4:cpu,cpuacct:/path (version 1, one for each hierarchy).
    for (const char *line = membership; *line;) {
        const size_t length = strcspn(line, "\n");
        const char *first = memchr(line, ':', length);
        const char *second = first ? memchr(first + 1, ':', length - (size_t)(first + 1 - line)) : NULL;
        if (second) {
            char group[2048] = "", controllers[256] = "", base[2048];
            snprintf(group, sizeof group, "%.*s", (int)(length - (size_t)(second + 1 - line)), second + 1);
            snprintf(controllers, sizeof controllers, ",%.*s,", (int)(second - first - 1), first + 1);
            if (strcmp(controllers, ",,") == 0) {
                most = lesser(most, least_quota(mount, group, 1));
            } else if (strstr(controllers, ",cpu,")) {
                controllers[strlen(controllers) - 1] = 0;
                snprintf(base, sizeof base, "%s/%s", mount, controllers + 1);
                most = lesser(most, least_quota(base, group, 0));
                snprintf(base, sizeof base, "%s/cpu", mount);
                most = lesser(most, least_quota(base, group, 0));
            }
        }
        line += length + (line[length] == '\n');
    }
    return most;
}

int dcae_processor_count(void) {
    long count = 0;
#if defined(__linux__)
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) count = CPU_COUNT(&set);
#endif
    if (count <= 0) count = sysconf(_SC_NPROCESSORS_ONLN);
    if (count <= 0) count = 1;
#if defined(__linux__)
    char membership[8192];
    if (read_text("/proc/self/cgroup", membership, sizeof membership)) {
        const int quota = dcae_quota_processors(membership, "/sys/fs/cgroup");
        if (quota > 0 && quota < count) count = quota;
    }
#endif
    return (int)count;
}
