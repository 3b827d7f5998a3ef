#include "cplatform.h"
#include <dlfcn.h>
#include <stdio.h>

int dcae_load_library(
    const char *const *files, const char *const *symbols, void **functions, char *reason, size_t room
) {
    void *library = NULL;
    for (int index = 0; files[index] && !library; index++) {
        library = dlopen(files[index], RTLD_NOW | RTLD_LOCAL);
        // The first name is the usual one, whose absence says most.
        if (!library && index == 0) snprintf(reason, room, "%s", dlerror());
    }
    if (!library) return 1;
    for (int index = 0; symbols[index]; index++) {
        functions[index] = dlsym(library, symbols[index]);
        if (!functions[index]) {
            snprintf(reason, room, "it has no function %s", symbols[index]);
            dlclose(library);
            return 2;
        }
    }
    // It stays until the program ends.
    return 0;
}
