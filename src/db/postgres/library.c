/* SPDX-License-Identifier: Apache-2.0 */
/* libpq is loaded when it is needed. */
#include <dlfcn.h>
#include <pthread.h>

#include "db/postgres/internal.h"

static struct pg_library library;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool loaded;

static enum q_code missing(const char *why, struct q_err *err)
{
    enum q_code code =
        q_fail(err, Q_SOURCE, "could not load libpq, the client library of PostgreSQL: %s",
               why ? why : "no reason given");
    q_hint(err,
           "Install it with `apt-get install libpq5`, or put its directory into LD_LIBRARY_PATH.");
    return code;
}

static enum q_code load(struct q_err *err)
{
    void *handle = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        return missing(dlerror(), err);
        /* POSIX lets a pointer to an object hold a function's; C does not, hence the detour through its bytes. */
#define X(symbol)                                                       \
    {                                                                   \
        void *found = dlsym(handle, #symbol);                           \
        if (!found)                                                     \
            return missing("it is older than this program needs", err); \
        memcpy(&library.symbol, &found, sizeof found);                  \
    }
    PG_FUNCTIONS(X)
#undef X
    loaded = true; /* until the process ends */
    return Q_OK;
}

enum q_code pg_library(const struct pg_library **out, struct q_err *err)
{
    pthread_mutex_lock(&lock);
    enum q_code code = loaded ? Q_OK : load(err);
    pthread_mutex_unlock(&lock);
    *out = &library;
    return code;
}
