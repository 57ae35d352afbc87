/* SPDX-License-Identifier: Apache-2.0 */
#include "format/read/load_lib.h"

#include <dlfcn.h>
#include <string.h>

enum q_code load_lib(const char *const *sonames, const struct lib_function *functions,
                     const char *what, const char *package, void *out, struct q_err *err)
{
    void *lib = NULL;
    for (size_t i = 0; sonames[i] && !lib; i++)
        lib = dlopen(sonames[i], RTLD_NOW | RTLD_LOCAL);
    if (!lib) {
        enum q_code code = q_fail(err, Q_SOURCE, "could not load %s: %s", what, dlerror());
        q_hint(err, "Install it, on Debian by `apt-get install %s`.", package);
        return code;
    }
    for (; functions->name; functions++) {
        void *address = dlsym(lib, functions->name);
        if (!address)
            return q_fail(err, Q_SOURCE, "could not load %s: it has no %s", what, functions->name);
        memcpy((char *)out + functions->offset, &address, sizeof address);
    }
    return Q_OK;
}
