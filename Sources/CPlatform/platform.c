#define _GNU_SOURCE
#include "cplatform.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/syscall.h>
#endif

static const char *const *started_with;

#if defined(__GLIBC__) || defined(__APPLE__)
__attribute__((constructor)) static void keep_arguments(int count, const char *const *arguments) {
    (void)count;
    started_with = arguments;
}
#endif

const char *const *dcae_started_with(void) { return started_with; }

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
    char path[4096];
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

int dcae_flush(int descriptor) {
#if defined(__APPLE__)
    // fsync leaves it in the drive's own cache there.
    if (fcntl(descriptor, F_FULLFSYNC) == 0) return 0;
#endif
    while (fsync(descriptor) != 0) {
        // Folders of some file systems cannot be flushed, nor need they be.
        if (errno == EINVAL || errno == EOPNOTSUPP || errno == ENOSYS) return 0;
        if (errno != EINTR) return errno;
    }
    return 0;
}

#if defined(__linux__)
static int rename_with(const char *from, const char *to, unsigned flags) {
    return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags) == 0 ? 0 : errno;
}
enum { no_replace = 1, exchange = 2 };  // RENAME_NOREPLACE, RENAME_EXCHANGE: Musl's headers have neither.
#elif defined(__APPLE__)
static int rename_with(const char *from, const char *to, unsigned flags) {
    return renamex_np(from, to, flags) == 0 ? 0 : errno;
}
enum { no_replace = RENAME_EXCL, exchange = RENAME_SWAP };
#endif

int dcae_exchange(const char *a, const char *b) { return rename_with(a, b, exchange); }

int dcae_rename_exclusively(const char *from, const char *to) { return rename_with(from, to, no_replace); }

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

int64_t dcae_list_attributes(int descriptor, char *names, size_t room) {
#if defined(__APPLE__)
    return flistxattr(descriptor, names, room, 0);
#else
    return flistxattr(descriptor, names, room);
#endif
}

int dcae_terminal_columns(int descriptor) {
    struct winsize size;
    return ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

void dcae_prepare_descriptors(void) {
    for (int descriptor = 0; descriptor <= 2; descriptor++)
        if (fcntl(descriptor, F_GETFD) == -1 && errno == EBADF && open("/dev/null", descriptor == 1 ? O_RDONLY : O_RDWR) < 0) return;
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max) return;
    rlim_t most = 65536;
    rlim_t wanted = limit.rlim_max < most ? limit.rlim_max : most;
    if (wanted <= limit.rlim_cur) return;
    limit.rlim_cur = wanted;
    setrlimit(RLIMIT_NOFILE, &limit);
}
