// System calls that Swift cannot make, or that must be made in a signal handler.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Gives a file its size and its room on the disk, so that a full disk fails now. Returns 0 or an errno value.
int dcae_preallocate(int descriptor, int64_t size);

/// Lets the system begin to write a range of a file to the disk, so that less is left to flush. Does not wait.
void dcae_begin_flushing(int descriptor, int64_t offset, int64_t count);

/// On SIGINT, SIGTERM and SIGHUP unfinished output is deleted, then the signal takes its course.
/// SIGBUS inside a mapped file ends the program with one line and exit code 2. SIGPIPE and SIGXFSZ become errors.
void dcae_install_signal_handlers(void);

/// Registers a path whose file or (flat) folder is deleted if the program is ended by a signal. Returns a slot, or -1.
int dcae_register_unfinished(const char *path);
/// Forgets a slot.
void dcae_forget_unfinished(int slot);

/// Registers the name of a file that is mapped, for the message of a truncated mapping. Returns a slot, or -1.
int dcae_register_mapping(const void *start, size_t size, const char *path);
void dcae_forget_mapping(int slot);

/// Opens a new file without a name in a folder, for reading and writing: it is gone when the last descriptor is closed,
/// however the program ends. Returns a descriptor, or -1 with errno set.
int dcae_open_nameless(const char *folder);

/// Extended attributes, which Linux and macOS have under the same name with other parameters. -1 where there are none.
int dcae_set_attribute(const char *path, const char *name, const void *value, size_t size);
int dcae_remove_attribute(const char *path, const char *name);
int64_t dcae_get_attribute(const char *path, const char *name, void *value, size_t room);

/// The columns of the terminal behind a descriptor, or 0 where there is none or it does not say.
int dcae_terminal_columns(int descriptor);
