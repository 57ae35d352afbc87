/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An HTTP client for reading: one request at a time over libcurl, its body streamed to a callback.
 *
 * What it guarantees:
 * - A response is complete or an error: a body that is cut (shorter than its Content-Length, without its last chunk), or
 *   larger than the limits (decoded bytes; decoded bytes a byte received) never counts as one.
 * - Credentials go to the origin (scheme, host, port) of the request alone. Redirects are followed to http and https, at
 *   most NET_REDIRECTS; behind one to another origin, secret headers, user and password are left out.
 * - Certificates are verified, unless `insecure`.
 * - What may pass is tried again: 408, 425, 429, 500, 502, 503, 504, connections that fail or break, timeouts. The pause
 *   is random between `retry_wait` and three times the last one (decorrelated jitter), at most `retry_max`; a Retry-After (seconds or
 *   a date) is obeyed, and when it asks for more than `retry_max` the request fails at once. Requests only ask, so that a
 *   second one does no harm.
 * - Requests are paced: at most `rate` in `rate_period` on average, and `burst` at once (a token bucket).
 * - Ctrl-C (base/cancel.h) ends a request within a second, a pause at once: Q_CANCELLED.
 * - No message shows a secret: of URLs, the values of parameters with secret names and passwords are "***", and whatever was told
 *   to net_secret() is struck out of everything that came from outside.
 *
 * Errors are Q_SOURCE, with the URL as shown, the reason, and how often it was tried; `status` of the response tells
 * HTTP's answers apart. A client belongs to its arena; one thread at a time uses it. libcurl is loaded at the first
 * client, so that commands without one do not pay for it.
 *
 *     struct net_settings settings = {.what = "connection \"shop\"", .retries = 4};
 *     struct net_client *client;
 *     code = net_open(arena, &settings, &client, err);
 *     struct net_header auth[] = {{"Authorization", "Bearer ...", true}};
 *     struct net_request r = {.url = "https://api.example/v1/orders", .headers = auth, .n_headers = 1,
 *                             .begin = start_anew, .body_to = take, .self = sink};
 *     struct net_response answer;
 *     code = net_send(client, &r, scratch, &answer, err);
 */
#ifndef Q_NET_HTTP_H
#define Q_NET_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

struct net_client;

enum { NET_REDIRECTS = 10, NET_RATIO = 1000 };

/* Times are microseconds; 0 is the default in brackets. */
struct net_settings {
    const char *what;        /* in messages: "connection \"shop\"" */
    int64_t connect_timeout; /* [10 s] */
    int64_t timeout;         /* of a request with its body [5 min] */
    int64_t idle_timeout;    /* without a byte [60 s] */
    int64_t retries;         /* further tries; -1: none [4] */
    int64_t retry_wait;      /* the shortest pause before the next try [500 ms] */
    int64_t retry_max;       /* the longest [60 s] */
    int64_t rate;            /* requests in `rate_period`; 0: no limit */
    int64_t rate_period;
    int64_t burst;     /* requests at once [1] */
    int64_t max_bytes; /* of a decoded body [256 MB] */
    const char
        *ca_file; /* PEM file of trusted certificates, in place of the system's; NULL: those */
    const char *ca_shown; /* as it is declared */
    bool insecure;        /* do not verify certificates */
};

/* settings->what and ->ca_file outlive the client. Q_CONFIG when ca_file cannot be read. */
Q_MUST_CHECK enum q_code net_open(struct q_arena *arena, const struct net_settings *settings,
                                  struct net_client **out, struct q_err *err);
/* From now on `value` is struck out of messages; texts of fewer than four bytes are no secrets. Copied. */
void net_secret(struct net_client *client, const char *value);

struct net_header {
    const char *name, *value;
    bool secret; /* left out behind a redirect to another origin */
};

struct net_response {
    int status;          /* of the last try; 0: there was no answer */
    const char *url;     /* where the answer came from, as shown */
    const char *type;    /* Content-Type in lower case, "" when there is none */
    const char *link;    /* all Link headers, joined by commas, or NULL */
    const char *etag;    /* or NULL */
    const char *changed; /* Last-Modified, or NULL */
    int64_t length;      /* Content-Length, -1: not told */
    int64_t bytes;       /* of the decoded body */
    int64_t received;    /* bytes of the body as sent */
    bool other_origin;   /* redirected to another scheme, host or port */
    int tries;
    const char *head; /* the first bytes of an answer that is an error, fit to be shown; "" */
};

struct net_request {
    const char *method; /* NULL: GET, or POST with a body */
    const char *url;    /* absolute, http or https, without user and password */
    const struct net_header *headers;
    size_t n_headers;
    const char *user, *password; /* basic authentication, or NULL */
    const char *body, *body_type;
    bool secret_body; /* a redirect to another origin is refused */
    bool identity;    /* no compression on the way: the body's bytes are wanted as they are */
    /* A successful answer begins; behind a broken try once more, and what came before is void. May be NULL. */
    enum q_code (*begin)(void *self, const struct net_response *answer, struct q_err *err);
    /* Its next bytes. A code other than Q_OK ends the request, is returned and not tried again. May be NULL: they are dropped. */
    enum q_code (*body_to)(void *self, const char *p, size_t n, struct q_err *err);
    void *self;
};

/* Send it, and again where that helps. Q_OK: an answer of status 2xx whose body came as a whole. *out is filled in any
 * case; its texts belong to `arena`. */
Q_MUST_CHECK enum q_code net_send(struct net_client *client, const struct net_request *request,
                                  struct q_arena *arena, struct net_response *out,
                                  struct q_err *err);

/* ---- addresses ---- */

/* http or https with a host, no user and password in it; else *why (a phrase) and false. */
bool net_url_check(const char *url, const char **why);
/* `url` with a parameter more, encoded. */
const char *net_url_param(struct q_arena *arena, const char *url, const char *name,
                          const char *value);
/* A segment of a path, encoded. */
const char *net_url_segment(struct q_arena *arena, const char *text);
/* A reference (absolute, or relative to `base`) made absolute; NULL when it cannot be. */
const char *net_url_resolve(struct q_arena *arena, const char *base, const char *reference);
bool net_url_same_origin(const char *a, const char *b);
/* Without secrets: user and password, and values of parameters whose names sound like a secret, are "***". `plain` (may be
 * NULL) is a parameter that is none. */
const char *net_url_shown(struct q_arena *arena, const char *url, const char *plain);
/* Whether a header or parameter of this name holds a secret, by its sound. */
bool net_is_secret_name(const char *name);
/* Bytes from outside, fit to be shown: at most `max` of them, without control characters and without the client's secrets. */
const char *net_excerpt(struct net_client *client, struct q_arena *arena, const char *p, size_t n,
                        size_t max);

#endif
