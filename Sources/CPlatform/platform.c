#define _GNU_SOURCE
#include "cplatform.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { path_room = 4096 };

int dcae_preallocate(int descriptor, int64_t size) {
    if (size == 0) return 0;
#if defined(__APPLE__)
    fstore_t store = {F_ALLOCATECONTIG | F_ALLOCATEALL, F_PEOFPOSMODE, 0, size, 0};
    if (fcntl(descriptor, F_PREALLOCATE, &store) == -1) {
        store.fst_flags = F_ALLOCATEALL;
        if (fcntl(descriptor, F_PREALLOCATE, &store) == -1 && errno == ENOSPC) return ENOSPC;
    }
    return ftruncate(descriptor, size) == 0 ? 0 : errno;
#else
    // fallocate alone: glibc's posix_fallocate writes every block where the file system has no support.
    if (fallocate(descriptor, 0, 0, size) == 0) return 0;
    if (errno == ENOSPC || errno == EFBIG || errno == EDQUOT || errno == EIO) return errno;
    return ftruncate(descriptor, size) == 0 ? 0 : errno;
#endif
}

void dcae_begin_flushing(int descriptor, int64_t offset, int64_t count) {
#if defined(SYNC_FILE_RANGE_WRITE)
    sync_file_range(descriptor, offset, count, SYNC_FILE_RANGE_WRITE);
#else
    (void)descriptor, (void)offset, (void)count;
#endif
}

int dcae_open_nameless(const char *folder) {
#if defined(O_TMPFILE)
    int nameless = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    // Not every file system can; those that cannot say so in several ways.
    if (nameless >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL && errno != ENOENT)) return nameless;
#endif
    char path[path_room];
    if (snprintf(path, sizeof path, "%s/dcae-XXXXXX", folder) >= (int)sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int named = mkstemp(path);
    if (named < 0) return -1;
    unlink(path);
    fcntl(named, F_SETFD, FD_CLOEXEC);
    return named;
}

// --- What a signal must clean up. Slots are claimed by an atomic flag, so that the handler never sees half an entry. ---

enum { unfinished_slots = 32, mapping_slots = 64 };

static struct {
    atomic_int state;  // 0 free, 1 being written, 2 in use
    char path[path_room];
} unfinished[unfinished_slots];

static struct {
    atomic_int state;
    const char *start;
    size_t size;
    char path[256];
} mappings[mapping_slots];

int dcae_register_unfinished(const char *path) {
    if (strlen(path) >= path_room) return -1;
    for (int slot = 0; slot < unfinished_slots; slot++) {
        int expected = 0;
        if (atomic_compare_exchange_strong(&unfinished[slot].state, &expected, 1)) {
            strcpy(unfinished[slot].path, path);
            atomic_store(&unfinished[slot].state, 2);
            return slot;
        }
    }
    return -1;
}

void dcae_forget_unfinished(int slot) {
    if (slot >= 0 && slot < unfinished_slots) atomic_store(&unfinished[slot].state, 0);
}

int dcae_register_mapping(const void *start, size_t size, const char *path) {
    for (int slot = 0; slot < mapping_slots; slot++) {
        int expected = 0;
        if (atomic_compare_exchange_strong(&mappings[slot].state, &expected, 1)) {
            mappings[slot].start = start;
            mappings[slot].size = size;
            snprintf(mappings[slot].path, sizeof mappings[slot].path, "%s", path);
            atomic_store(&mappings[slot].state, 2);
            return slot;
        }
    }
    return -1;
}

void dcae_forget_mapping(int slot) {
    if (slot >= 0 && slot < mapping_slots) atomic_store(&mappings[slot].state, 0);
}

// Deletes a file, or a folder with the files in it. opendir allocates, which a handler should not do; the program ends
// right after, and a lock held by the interrupted thread would at worst leave the folder behind: so SIGALRM bounds it.
static void delete_unfinished(void) {
    alarm(2);
    for (int slot = 0; slot < unfinished_slots; slot++) {
        if (atomic_load(&unfinished[slot].state) != 2) continue;
        const char *path = unfinished[slot].path;
        if (unlink(path) == 0 || (errno != EISDIR && errno != EPERM)) continue;
        DIR *folder = opendir(path);
        if (folder) {
            struct dirent *entry;
            while ((entry = readdir(folder)))
                if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
                    unlinkat(dirfd(folder), entry->d_name, 0);
            closedir(folder);
        }
        rmdir(path);
    }
}

static void end_by_signal(int number) {
    delete_unfinished();
    signal(number, SIG_DFL);
    raise(number);
}

static void say(const char *text) {
    if (write(STDERR_FILENO, text, strlen(text)) < 0) return;
}

static void fault_in_mapping(int number, siginfo_t *info, void *context) {
    (void)context;
    const char *address = info->si_addr;
    for (int slot = 0; slot < mapping_slots; slot++) {
        if (atomic_load(&mappings[slot].state) != 2) continue;
        if (address >= mappings[slot].start && address < mappings[slot].start + mappings[slot].size) {
            delete_unfinished();
            say("dcae: error: ");
            say(mappings[slot].path);
            say(": the file became shorter while it was being read; leave it alone and run the command again\n");
            _exit(2);
        }
    }
    signal(number, SIG_DFL);
    raise(number);
}

void dcae_install_signal_handlers(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = end_by_signal;
    sigfillset(&action.sa_mask);
    sigdelset(&action.sa_mask, SIGALRM);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    memset(&action, 0, sizeof action);
    action.sa_sigaction = fault_in_mapping;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGBUS, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}

int dcae_set_attribute(const char *path, const char *name, const void *value, size_t size) {
#if defined(__APPLE__)
    return setxattr(path, name, value, size, 0, 0);
#else
    return setxattr(path, name, value, size, 0);
#endif
}

int dcae_remove_attribute(const char *path, const char *name) {
#if defined(__APPLE__)
    return removexattr(path, name, 0);
#else
    return removexattr(path, name);
#endif
}

int64_t dcae_get_attribute(const char *path, const char *name, void *value, size_t room) {
#if defined(__APPLE__)
    return getxattr(path, name, value, room, 0, 0);
#else
    return getxattr(path, name, value, room);
#endif
}

int dcae_terminal_columns(int descriptor) {
    struct winsize size;
    return ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}
