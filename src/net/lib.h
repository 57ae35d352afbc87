/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl, loaded when it is first needed: with it come some thirty shared objects, and commands that use no network
 * should not pay for loading them.
 */
#ifndef Q_NET_LIB_H
#define Q_NET_LIB_H

#include <curl/curl.h>

#include "base/err.h"

struct net_lib {
    CURL *(*easy_init)(void);
    CURLcode (*easy_setopt)(CURL *handle, CURLoption option, ...);
    CURLcode (*easy_perform)(CURL *handle);
    CURLcode (*easy_getinfo)(CURL *handle, CURLINFO info, ...);
    void (*easy_cleanup)(CURL *handle);
    void (*easy_reset)(CURL *handle);
    const char *(*easy_strerror)(CURLcode code);
    struct curl_slist *(*slist_append)(struct curl_slist *list, const char *text);
    void (*slist_free_all)(struct curl_slist *list);
    CURLU *(*url)(void);
    CURLUcode (*url_set)(CURLU *url, CURLUPart part, const char *text, unsigned flags);
    CURLUcode (*url_get)(const CURLU *url, CURLUPart part, char **text, unsigned flags);
    void (*url_cleanup)(CURLU *url);
    void (*release)(void *memory);
    time_t (*getdate)(const char *text, const time_t *unused);
    CURLcode (*global_init)(long flags);
};

/* Any thread. NULL, and Q_SOURCE in *err (may be NULL), when there is none. Never unloaded. */
const struct net_lib *net_lib(struct q_err *err);

#endif
