/* SPDX-License-Identifier: Apache-2.0 */
#include "net/lib.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

static struct net_lib lib;
static bool usable;
static char why[256];

static const struct {
    const char *name;
    size_t offset;
} symbols[] = {
    {"curl_easy_init", offsetof(struct net_lib, easy_init)},
    {"curl_easy_setopt", offsetof(struct net_lib, easy_setopt)},
    {"curl_easy_perform", offsetof(struct net_lib, easy_perform)},
    {"curl_easy_getinfo", offsetof(struct net_lib, easy_getinfo)},
    {"curl_easy_cleanup", offsetof(struct net_lib, easy_cleanup)},
    {"curl_easy_reset", offsetof(struct net_lib, easy_reset)},
    {"curl_easy_strerror", offsetof(struct net_lib, easy_strerror)},
    {"curl_slist_append", offsetof(struct net_lib, slist_append)},
    {"curl_slist_free_all", offsetof(struct net_lib, slist_free_all)},
    {"curl_url", offsetof(struct net_lib, url)},
    {"curl_url_set", offsetof(struct net_lib, url_set)},
    {"curl_url_get", offsetof(struct net_lib, url_get)},
    {"curl_url_cleanup", offsetof(struct net_lib, url_cleanup)},
    {"curl_free", offsetof(struct net_lib, release)},
    {"curl_getdate", offsetof(struct net_lib, getdate)},
    {"curl_global_init", offsetof(struct net_lib, global_init)},
};

static void note_reason(void)
{
    const char *reason = dlerror();
    (void)strncpy(why, reason ? reason : "unknown reason", sizeof why - 1);
}

static void load(void)
{
    void *handle = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        note_reason();
        return;
    }
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        void *found = dlsym(handle, symbols[i].name);
        if (!found) {
            note_reason();
            return;
        }
        memcpy((char *)&lib + symbols[i].offset, &found, sizeof found);
    }
    usable = lib.global_init(CURL_GLOBAL_ALL) == CURLE_OK;
    if (!usable)
        (void)strncpy(why, "it does not start", sizeof why - 1);
}

const struct net_lib *net_lib(struct q_err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, load);
    if (usable)
        return &lib;
    (void)q_fail(err, Q_SOURCE, "could not load libcurl, which speaks HTTP: %s", why);
    q_hint(err, "Install the package libcurl4.");
    return NULL;
}
