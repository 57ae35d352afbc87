/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses: made, compared, and shown without their secrets. */
#include <string.h>

#include "base/str.h"
#include "net/http.h"
#include "net/lib.h"

enum { URL_MAX = 1 << 16 };

/* One part of a parsed address, NULL when there is none; to be freed by the library. */
static char *part(const struct net_lib *l, const CURLU *url, CURLUPart which)
{
    char *text = NULL;
    return l->url_get(url, which, &text, which == CURLUPART_PORT ? CURLU_DEFAULT_PORT : 0) ? NULL
                                                                                           : text;
}

static CURLU *parsed(const struct net_lib *l, const char *text)
{
    CURLU *url = l ? l->url() : NULL;
    if (url && l->url_set(url, CURLUPART_URL, text, 0)) {
        l->url_cleanup(url);
        url = NULL;
    }
    return url;
}

static bool is_web(const char *scheme)
{
    return scheme && (q_strcaseeq(scheme, "http") || q_strcaseeq(scheme, "https"));
}

bool net_url_check(const char *text, const char **why)
{
    const struct net_lib *l = net_lib(NULL);
    CURLU *url = parsed(l, text);
    *why = "it is no complete address like https://api.example/v1";
    if (!url)
        return false;
    char *scheme = part(l, url, CURLUPART_SCHEME), *user = part(l, url, CURLUPART_USER),
         *password = part(l, url, CURLUPART_PASSWORD), *host = part(l, url, CURLUPART_HOST);
    if (!is_web(scheme))
        *why = "only http and https are read";
    else if (user || password)
        *why = "user and password do not belong into an address";
    else if (host && *host)
        *why = NULL;
    l->release(scheme);
    l->release(user);
    l->release(password);
    l->release(host);
    l->url_cleanup(url);
    return *why == NULL;
}

static void encode(struct q_buf *out, const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                     (*p >= '0' && *p <= '9') || strchr("-._~", *p);
        if (plain)
            q_buf_addc(out, (char)*p);
        else
            q_buf_printf(out, "%%%02X", *p);
    }
}

static const char *kept(struct q_arena *arena, struct q_buf *b)
{
    const char *text = q_strdup(arena, q_buf_text(b));
    q_buf_release(b);
    return text;
}

const char *net_url_segment(struct q_arena *arena, const char *text)
{
    struct q_buf b;
    q_buf_init(&b, URL_MAX);
    encode(&b, text);
    return kept(arena, &b);
}

const char *net_url_param(struct q_arena *arena, const char *url, const char *name,
                          const char *value)
{
    struct q_buf b;
    size_t n = strcspn(url, "#");
    q_buf_init(&b, URL_MAX);
    q_buf_add(&b, url, n);
    q_buf_addc(&b, memchr(url, '?', n) ? '&' : '?');
    encode(&b, name);
    q_buf_addc(&b, '=');
    encode(&b, value);
    return kept(arena, &b);
}

const char *net_url_resolve(struct q_arena *arena, const char *base, const char *reference)
{
    const struct net_lib *l = net_lib(NULL);
    CURLU *url = parsed(l, base);
    if (!url)
        return NULL;
    const char *result = NULL;
    if (!l->url_set(url, CURLUPART_URL, reference, 0)) {
        char *text = part(l, url, CURLUPART_URL);
        result = text ? q_strdup(arena, text) : NULL;
        l->release(text);
    }
    l->url_cleanup(url);
    return result;
}

bool net_url_same_origin(const char *a, const char *b)
{
    static const CURLUPart parts[] = {CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT};
    const struct net_lib *l = net_lib(NULL);
    CURLU *ua = parsed(l, a), *ub = parsed(l, b);
    bool same = ua && ub;
    for (size_t i = 0; i < 3 && same; i++) {
        char *pa = part(l, ua, parts[i]), *pb = part(l, ub, parts[i]);
        same = pa && pb && q_strcaseeq(pa, pb);
        l->release(pa);
        l->release(pb);
    }
    if (ua)
        l->url_cleanup(ua);
    if (ub)
        l->url_cleanup(ub);
    return same;
}

/* ---- shown ---- */

bool net_is_secret_name(const char *name)
{
    static const char *const words[] = {"key",  "token", "secret",    "password",  "passwd",
                                        "auth", "sig",   "signature", "credential"};
    static const char *const harmless[] = {"page", "cursor", "continuation", "next"};
    char low[64];
    size_t n = strnlen(name, sizeof low - 1);
    for (size_t i = 0; i < n; i++)
        low[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32 : name[i]);
    low[n] = 0;
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (strstr(low, harmless[i]))
            return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strstr(low, words[i]))
            return true;
    return false;
}

/* name=value of a query, as shown. */
static void show_param(struct q_buf *out, const char *p, size_t n, const char *plain)
{
    const char *eq = memchr(p, '=', n);
    char name[128];
    size_t length = eq ? (size_t)(eq - p) : n;
    size_t cut = length < sizeof name ? length : sizeof name - 1;
    memcpy(name, p, cut);
    name[cut] = 0;
    bool hidden = eq && !(plain && q_streq(name, plain)) && net_is_secret_name(name);
    q_buf_add(out, p, hidden ? length + 1 : n);
    if (hidden)
        q_buf_adds(out, "***");
}

const char *net_url_shown(struct q_arena *arena, const char *url, const char *plain)
{
    struct q_buf b;
    q_buf_init(&b, URL_MAX);
    const char *scheme = strstr(url, "://");
    const char *from = scheme ? scheme + 3 : url;
    size_t host = strcspn(from, "/?#");
    const char *at = memrchr(from, '@', host);
    q_buf_add(&b, url, (size_t)(from - url));
    if (at) {
        q_buf_adds(&b, "***@");
        host -= (size_t)(at + 1 - from);
        from = at + 1;
    }
    size_t path = strcspn(from, "?");
    q_buf_add(&b, from, path);
    for (const char *p = from + path; *p;) { /* at ? or & */
        q_buf_addc(&b, *p++);
        size_t n = strcspn(p, "&");
        show_param(&b, p, n, plain);
        p += n;
    }
    return kept(arena, &b);
}
