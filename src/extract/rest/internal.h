/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of extract/rest share. */
#ifndef Q_EXTRACT_REST_INTERNAL_H
#define Q_EXTRACT_REST_INTERNAL_H

#include <stdio.h>

#include "base/secret.h"
#include "extract/file/file.h"
#include "extract/rest/rest.h"
#include "format/read/json_tap.h"
#include "format/read/slab.h"
#include "net/http.h"

/* ---- options.c ---- */

struct rest_options { /* of a connection */
    const char *url;
    q_texts headers;
    const char *auth, *auth_name, *auth_user, *token_url, *client_id, *scope, *auth_send;
    struct q_secret token, auth_value, password, client_secret;
    const char *rate, *ca_file;
    int64_t retries, retry_wait, retry_max, timeout, idle_timeout, connect_timeout, max_page;
    bool insecure;
};

struct rest_source_options {
    const char *path, *method, *body, *params_in, *records;
    q_texts params;
    const char *by, *page_param, *size_param, *offset_param, *cursor_param, *cursor_path,
        *cursor_field, *next_path, *total_path, *more_path, *stop, *repeated, *first;
    int64_t size, max_pages, max_bytes, max_record;
    const char *incremental_param, *incremental_until, *incremental_format;
    bool incremental_exclusive;
    const char *each_source, *each_path, *each_records, *on_404;
    q_texts each_params, each_as;
};

extern const struct q_opt rest_connection_opts[], rest_source_opts[];

/* Combinations that the tables cannot check. `at`: where the source or connection stands. */
Q_MUST_CHECK enum q_code rest_check_connection(const struct rest_options *o, struct cfg_pos at,
                                               struct q_err *err);
Q_MUST_CHECK enum q_code rest_check_source(const struct rest_source_options *o, struct cfg_pos at,
                                           struct q_err *err);
/* "name=value" apart; *value is "" without a sign. */
void rest_split(struct q_arena *arena, const char *pair, const char **name, const char **value);

/* ---- session.c ---- */

struct rest_session {
    struct q_arena *arena;
    const struct extract_connection *connection;
    const struct rest_options *o;
    struct net_client *client;
    const char *what;    /* "connection \"shop\"" */
    const char *token;   /* oauth2: the current one, or NULL */
    int64_t token_until; /* ticks when it must be renewed; INT64_MAX: it does not say */
};

/* A request as the source wants it. */
struct rest_ask {
    const char *url;  /* absolute, without credentials */
    const char *body; /* or NULL */
    const char *method;
    const char *plain; /* parameter that is shown though its name sounds secret: the cursor */
    enum q_code (*begin)(void *self, const struct net_response *answer, struct q_err *err);
    enum q_code (*body_to)(void *self, const char *p, size_t n, struct q_err *err);
    void *self;
};

Q_MUST_CHECK enum q_code rest_connect(struct q_arena *arena,
                                      const struct extract_connection *connection, void **session,
                                      struct q_err *err);
Q_MUST_CHECK enum q_code rest_greet(void *session, struct q_arena *arena, const char **out,
                                    struct q_err *err);
/* Send with the connection's headers and credentials; an expired token is renewed once. */
Q_MUST_CHECK enum q_code rest_send(struct rest_session *s, const struct rest_ask *ask,
                                   struct q_arena *arena, struct net_response *out,
                                   struct q_err *err);
/* An address as it may be shown. */
const char *rest_shown(struct rest_session *s, struct q_arena *arena, const char *url,
                       const char *plain);

/* ---- spool.c ---- */

struct rest_page {
    const char *url; /* as shown */
    int64_t start;   /* of its records in the spool */
    int64_t bytes;   /* of them */
    int64_t before;  /* records of the pages in front of it */
    int64_t records;
    _Atomic int64_t rejected;
};

/* Records of pages, one a line, in a temporary file that ends with the arena. */
struct rest_spool {
    struct q_arena *arena;
    const char *path;
    FILE *file;
    int64_t size, max; /* bytes */
    int64_t records;
    Q_VEC(struct rest_page *) pages;
};

Q_MUST_CHECK enum q_code rest_spool_open(struct q_arena *arena, const char *dir, int64_t max,
                                         struct rest_spool *out, struct q_err *err);
Q_MUST_CHECK enum q_code rest_spool_put(struct rest_spool *s, struct q_str line, struct q_err *err);
/* Take back what stands behind `size`. */
Q_MUST_CHECK enum q_code rest_spool_cut(struct rest_spool *s, int64_t size, struct q_err *err);
/* No more is written. */
Q_MUST_CHECK enum q_code rest_spool_flush(struct rest_spool *s, struct q_err *err);
/* The page of an offset; of a position. */
size_t rest_page_at(const struct rest_spool *s, int64_t offset);

/* ---- pages.c ---- */

/* Values that stand for {names} in paths and parameters. */
struct rest_values {
    const char *const *names;
    const char *const *values;
    size_t n;
};

/* A list of records that comes in pages. */
struct rest_listing {
    struct rest_session *session;
    const struct rest_source_options *o;
    const char *path, *records;
    const q_texts *params;
    const char *lo, *hi; /* values of the incremental parameters, or NULL */
    const struct rest_values *values;
    struct json_tap *tap;
    /* Set by whoever takes the records. */
    enum q_code (*page_begins)(void *self, struct q_err *err); /* also again, when a try broke */
    enum q_code (*page_ends)(void *self, const char *shown, const struct tap_result *result,
                             struct q_err *err);
    void *self;
    int64_t pages; /* so far, of all listings of the source; at most max_pages */
    int status;    /* of the last answer */
};

/* Picks that turning pages needs; how many. */
size_t rest_picks(const struct rest_source_options *o, struct tap_pick *picks);
/* Read all pages. */
Q_MUST_CHECK enum q_code rest_read_pages(struct rest_listing *l, struct q_err *err);
/* The address of the first page, as shown, for plans. */
const char *rest_first_shown(struct q_arena *arena, struct rest_listing *l);
/* Names in braces of a text, added to `out` once each. */
Q_MUST_CHECK enum q_code rest_braces(struct q_arena *arena, const char *text, q_texts *out,
                                     struct q_err *err);

/* ---- fetch.c ---- */

struct rest_source {
    struct extract_source base; /* first */
    struct q_arena *arena;
    const struct extract_input *in;
    const struct rest_source_options *o;
    struct rest_session *session;
    const char *lo, *hi;
    bool nothing; /* the reading has no range */
    /* A request for each row of a parent. */
    q_texts braces;                   /* names that the requests need of it */
    q_texts added;                    /* members that are put into the records: one a name */
    int64_t parents, absent, keyless; /* rows; those that answered 404; those without a value */
    /* What was fetched. */
    bool fetched;
    struct rest_spool spool;
    const char *found;                     /* where the records were, when nobody said */
    const char *detected, *detected_first; /* of a page; of the first one */
    /* The reader of JSON files over the spool. */
    struct extract_file_options file_options;
    struct extract_file_input file_input;
    struct read_places places;
    struct extract_file *file; /* NULL: not looked at yet */
};

/* Bring all pages into the spool; once. */
Q_MUST_CHECK enum q_code rest_fetch(struct rest_source *s, struct q_err *err);
/* The names of `braces` and of the members that are added. */
Q_MUST_CHECK enum q_code rest_each_names(struct rest_source *s, struct q_err *err);
/* A value of the cursor as the API wants it; `up`: rounded up to what the format can say. */
Q_MUST_CHECK enum q_code rest_cursor_text(struct rest_source *s, const struct db_param *value,
                                          bool up, const char **out, struct q_err *err);
/* What bind() shows. */
const char *rest_request_shown(struct rest_source *s);

#endif
