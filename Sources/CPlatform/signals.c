// What a signal must clean up, and when it must wait. Both lists only ever grow at the head, and their entries are used again but
// never freed, so that a handler may walk them at any moment.
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
#include <sys/resource.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/syscall.h>
#endif

// Free entries may be taken by any thread, filled ones are read by handlers; one that a handler has taken stays its own.
enum { is_free, is_changing, is_filled, is_taken };

struct dcae_unfinished {
    struct dcae_unfinished *next;
    atomic_int state;
    int is_made_folder;
    char *path;
    size_t room;
};

struct dcae_mapping {
    struct dcae_mapping *next;
    atomic_int state;
    const char *start;
    size_t size;
    char path[256];
};

static struct dcae_unfinished *_Atomic unfinished;
static struct dcae_mapping *_Atomic mappings;

dcae_unfinished *dcae_register_unfinished(const char *path, int is_made_folder) {
    size_t room = strlen(path) + 1;
    dcae_unfinished *entry = atomic_load(&unfinished);
    for (; entry; entry = entry->next) {
        int expected = is_free;
        if (atomic_compare_exchange_strong(&entry->state, &expected, is_changing)) break;
    }
    int is_new = !entry;
    if (is_new && !(entry = calloc(1, sizeof *entry))) return NULL;
    if (is_new) atomic_store(&entry->state, is_changing);
    if (entry->room < room) {
        char *path_room = realloc(entry->path, room);
        if (!path_room) {
            if (is_new) free(entry);
            else atomic_store(&entry->state, is_free);
            return NULL;
        }
        entry->path = path_room;
        entry->room = room;
    }
    memcpy(entry->path, path, room);
    entry->is_made_folder = is_made_folder;
    atomic_store(&entry->state, is_filled);
    if (is_new) {
        entry->next = atomic_load(&unfinished);
        while (!atomic_compare_exchange_weak(&unfinished, &entry->next, entry)) {}
    }
    return entry;
}

void dcae_forget_unfinished(dcae_unfinished *entry) {
    int expected = is_filled;
    if (entry) atomic_compare_exchange_strong(&entry->state, &expected, is_free);
}

dcae_mapping *dcae_register_mapping(const void *start, size_t size, const char *path) {
    dcae_mapping *entry = atomic_load(&mappings);
    for (; entry; entry = entry->next) {
        int expected = is_free;
        if (atomic_compare_exchange_strong(&entry->state, &expected, is_changing)) break;
    }
    int is_new = !entry;
    if (is_new && !(entry = calloc(1, sizeof *entry))) return NULL;
    if (is_new) atomic_store(&entry->state, is_changing);
    entry->start = start;
    entry->size = size;
    snprintf(entry->path, sizeof entry->path, "%s", path);
    atomic_store(&entry->state, is_filled);
    if (is_new) {
        entry->next = atomic_load(&mappings);
        while (!atomic_compare_exchange_weak(&mappings, &entry->next, entry)) {}
    }
    return entry;
}

void dcae_forget_mapping(dcae_mapping *entry) {
    if (entry) atomic_store(&entry->state, is_free);
}

// --- Deleting, with nothing but what a handler may call ---

// The files in a folder, and the folder.
static void delete_folder(const char *path) {
#if defined(__linux__)
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0) return;
    struct record {
        uint64_t inode;
        int64_t offset;
        unsigned short length;
        unsigned char type;
        char name[];
    };
    _Alignas(struct record) char records[8192];
    long count;
    // What is deleted between two reads may make a listing pass over others, so that the last one must find nothing.
    for (int deleted = 1; deleted;) {
        deleted = 0;
        lseek(folder, 0, SEEK_SET);
        while ((count = syscall(SYS_getdents64, folder, records, sizeof records)) > 0)
            for (long at = 0; at < count; at += ((struct record *)(records + at))->length) {
                const char *name = ((struct record *)(records + at))->name;
                if (strcmp(name, ".") && strcmp(name, "..") && unlinkat(folder, name, 0) == 0) deleted = 1;
            }
    }
    close(folder);
#else
    // opendir allocates, which a handler should not do; the program ends right after, and a lock held by the interrupted
    // thread would at worst leave the folder behind, since SIGALRM bounds it.
    DIR *folder = opendir(path);
    if (folder) {
        struct dirent *entry;
        while ((entry = readdir(folder)))
            if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..")) unlinkat(dirfd(folder), entry->d_name, 0);
        closedir(folder);
    }
#endif
    rmdir(path);
}

static void delete_unfinished(void) {
    alarm(2);
    for (dcae_unfinished *entry = atomic_load(&unfinished); entry; entry = entry->next) {
        int expected = is_filled;
        if (entry->is_made_folder || !atomic_compare_exchange_strong(&entry->state, &expected, is_taken)) continue;
        if (unlink(entry->path) != 0 && (errno == EISDIR || errno == EPERM)) delete_folder(entry->path);
    }
    // Folders that were made for it, as far as nothing is in them: the inner ones come first sooner or later.
    for (int removed = 1; removed;) {
        removed = 0;
        for (dcae_unfinished *entry = atomic_load(&unfinished); entry; entry = entry->next)
            if (entry->is_made_folder && atomic_load(&entry->state) == is_filled && rmdir(entry->path) == 0) removed = 1;
    }
}

// --- Holding signals ---

// How many threads hold them; -1 once the program ends.
static atomic_int holds;
static atomic_int held_signal;

static int begins_the_end(void) {
    int none = 0;
    return atomic_compare_exchange_strong(&holds, &none, -1);
}

static void end_by_signal(int number) {
    // Set down first: whoever holds signals now looks for it after letting go.
    atomic_store(&held_signal, number);
    if (!begins_the_end()) return;
    delete_unfinished();
    signal(number, SIG_DFL);
    raise(number);
}

void dcae_hold_signals(void) {
    int count = atomic_load(&holds);
    do {
        // What this thread is about to put in place is being deleted: it must not go on.
        while (count < 0) {
            pause();
            count = atomic_load(&holds);
        }
    } while (!atomic_compare_exchange_weak(&holds, &count, count + 1));
}

void dcae_release_signals(void) {
    if (atomic_fetch_sub(&holds, 1) == 1 && atomic_load(&held_signal)) end_by_signal(atomic_load(&held_signal));
}

void dcae_end_unfinished(void) {
    if (begins_the_end()) delete_unfinished();
    alarm(0);
}

// --- Handlers ---

static void say(const char *text) {
    if (write(STDERR_FILENO, text, strlen(text)) < 0) return;
}

static void fault_in_mapping(int number, siginfo_t *info, void *context) {
    (void)context;
    const char *address = info->si_addr;
    for (dcae_mapping *entry = atomic_load(&mappings); entry; entry = entry->next) {
        if (atomic_load(&entry->state) != is_filled) continue;
        if (address >= entry->start && address < entry->start + entry->size) {
            // Where the output is just taking its name, the next run clears up what is left.
            if (begins_the_end()) delete_unfinished();
            say("dcae: error: ");
            say(entry->path);
            say(": the file became shorter while it was being read; leave it alone and run the command again\n");
            _exit(2);
        }
    }
    signal(number, SIG_DFL);
    raise(number);
}

// How an allocation ends that the system refuses: Swift's runtime aborts. Only a limit on addresses has it refuse small ones.
static void fault_in_allocation(int number) {
    (void)number;
    if (begins_the_end()) delete_unfinished();
    say("dcae: error: out of memory: the limit on the address space (ulimit -v) is too small for this; raise it\n");
    _exit(2);
}

// A signal that is ignored stays so: that is how nohup, and a shell for what it runs in the background, wish it.
static void handle_ending(int number) {
    struct sigaction action;
    if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN) return;
    memset(&action, 0, sizeof action);
    action.sa_handler = end_by_signal;
    sigfillset(&action.sa_mask);
    sigdelset(&action.sa_mask, SIGALRM);
    sigaction(number, &action, NULL);
}

void dcae_install_signal_handlers(void) {
    handle_ending(SIGINT);
    handle_ending(SIGTERM);
    handle_ending(SIGHUP);
    handle_ending(SIGQUIT);
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = fault_in_mapping;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGBUS, &action, NULL);
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) signal(SIGABRT, fault_in_allocation);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}
