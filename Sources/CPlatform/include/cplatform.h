// System calls that Swift cannot make, or that must be made in a signal handler.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Gives a file its size and its room on the disk, so that a full disk fails now. Returns 0 or an errno value.
int dcae_preallocate(int descriptor, int64_t size);

/// Lets the system begin to write a range of a file to the disk, all from there on where the count is 0, so that less is left
/// to flush. Does not wait.
void dcae_begin_flushing(int descriptor, int64_t offset, int64_t count);

/// Opens a new file without a name in a folder, for reading and writing: it is gone when the last descriptor is closed,
/// however the program ends. Returns a descriptor, or -1 with errno set.
int dcae_open_nameless(const char *folder);

/// Brings a file or a folder to the disk. Returns 0 or an errno value.
int dcae_flush(int descriptor);

/// What was typed, as the program was started with it, where the system tells at its start; else NULL. Swift reads it from /proc,
/// which is not everywhere.
const char *const *dcae_started_with(void);

/// Exchanges two names in one step. Returns 0 or an errno value: ENOSYS, EINVAL or ENOTSUP where the system cannot.
int dcae_exchange(const char *a, const char *b);
/// Renames unless the new name is taken. Returns 0 or an errno value: EEXIST, or as above.
int dcae_rename_exclusively(const char *from, const char *to);

/// Extended attributes, which Linux and macOS have under the same name with other parameters. -1 where there are none.
int dcae_set_attribute(const char *path, const char *name, const void *value, size_t size);
int dcae_remove_attribute(const char *path, const char *name);
int64_t dcae_get_attribute(const char *path, const char *name, void *value, size_t room);
/// The names of those of an open file, each with a zero byte after it.
int64_t dcae_list_attributes(int descriptor, char *names, size_t room);

/// The columns of the terminal behind a descriptor, or 0 where there is none or it does not say.
int dcae_terminal_columns(int descriptor);

/// Gives standard input, output and error to nobody where they are closed, so that no file is opened in their place (output can
/// then not be written to, which shows); and raises the number of open files as far as it may be raised.
void dcae_prepare_descriptors(void);

/// On SIGINT, SIGTERM, SIGHUP and SIGQUIT, unless they are ignored, unfinished output is deleted, then the signal takes its course.
/// SIGBUS inside a mapped file ends the program with one line and exit code 2. SIGPIPE and SIGXFSZ become errors.
void dcae_install_signal_handlers(void);

/// Lets these signals wait until they are released as often as they were held. Where one has begun to end the program,
/// this never returns.
void dcae_hold_signals(void);
void dcae_release_signals(void);

/// Deletes unfinished output because the program is about to end by itself.
void dcae_end_unfinished(void);

/// Registers what is deleted if the program is ended by a signal: a file or a (flat) folder; or, where `is_made_folder`,
/// a folder that goes only if nothing is in it. Returns an entry to forget, or NULL where there is no memory.
typedef struct dcae_unfinished dcae_unfinished;
dcae_unfinished *dcae_register_unfinished(const char *path, int is_made_folder);
void dcae_forget_unfinished(dcae_unfinished *entry);

/// Registers the name of a file that is mapped, for the message of a truncated mapping. Returns an entry to forget.
typedef struct dcae_mapping dcae_mapping;
dcae_mapping *dcae_register_mapping(const void *start, size_t size, const char *path);
void dcae_forget_mapping(dcae_mapping *entry);

/// Loads a shared library that only some commands need: the first of `files` (NULL at the end) that is there. Fills `functions` with
/// the addresses of `symbols` (NULL at the end). Returns 0; 1 where no file can be loaded; 2 where a function is missing. Then
/// `reason` has the loader's own words.
int dcae_load_library(
    const char *const *files, const char *const *symbols, void **functions, char *reason, size_t room
);
