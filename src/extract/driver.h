/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the extract stage asks of a source, whatever it is: files, a database, an API.
 *
 * A source consists of *parts*, numbered from 0: a file, a range of a table, a page of an API. A row's `_q_pos` is
 * q_pos(part, offset or row number in the part) (batch/reject.h): unique, increasing in the order of the source, and the
 * same whenever the same data is read, however many workers read it.
 *
 * Life of one source in a run:
 *
 *     connect   once a pipeline and connection; all sources of a connection share the session, and with it one snapshot
 *     describe  settles the columns; nothing is read yet but what that needs
 *     bind      what of it will be read; makes `shown`, the statement or request that `quern plan` prints
 *     open      the rows as a table function of the engine, which calls it from several threads
 *     close     after the scan, also after one that failed
 *     finish    says whether what was read was whole (a file that grew meanwhile was not)
 *     locate    places of positions, for rejects
 *
 * describe() .. open() and close(), finish(), locate() are called by one thread; stats() by any, also during a scan.
 * Errors are Q_SOURCE (not reached, not readable, broken), with the connection's name, the object and a hint, or Q_CONFIG
 * (wrong options, with file and line through cfg_fail()). No message, plan or record ever shows a secret.
 *
 * A driver is one struct extract_driver, listed in extract/drivers.c:
 *
 *     const struct extract_driver extract_sqlite = {
 *         .words = {.name = "sqlite", .connection = connection_opts, .source = source_opts},
 *         .connection_size = sizeof(struct sqlite_options),
 *         .source_size = sizeof(struct sqlite_source_options),
 *         .settle = 5 * Q_SECOND,
 *         .connect = connect, .greet = greet, .describe = describe, ...
 *     };
 */
#ifndef Q_EXTRACT_DRIVER_H
#define Q_EXTRACT_DRIVER_H

#include "batch/reject.h"
#include "db/db.h"
#include "plan/reading.h"
#include "plan/step.h"

/* A connection of quern.yaml. */
struct extract_connection {
    const char *name;
    struct cfg_pos pos;  /* of the name */
    const char *dir;     /* of the project: paths are relative to it */
    const void *options; /* the driver's struct, filled through its table */
    int64_t clock;       /* the run's, microseconds UTC */
};

/* What a source is made of. All of it outlives the source. */
struct extract_input {
    const char *name; /* unique in the process: the table function is "read_<name>" */
    const char *dir;  /* of the project; NULL: the working directory */
    const struct extract_connection *connection; /* NULL: the driver needs none */
    void *session;                               /* of connect() */
    const void *options;                         /* the driver's struct, filled through its table */
    /* What the pipeline says: name, and columns with `path`, `from`, `at`, `width`. */
    const struct cfg_source *cfg;
    const struct q_schema *declared; /* cfg->columns; Q_T_NONE: to be found out */
    const struct q_schema *pinned;   /* what quern.lock says; may be NULL */
    const q_texts *may_lack;         /* pinned columns that a part may lack; NULL: none */
    bool accept_gone;                /* pinned columns that are nowhere are no columns any more */
    enum cfg_contract contract;      /* what a change of shape means; see extract/contract.h */
    bool optional;                   /* nothing there is no error */
    const struct reject_sink *sink;  /* needed by open */
    struct db_conn *db;              /* the workspace */
    size_t workers;                  /* that may read at a time; at least 1 */
    int64_t clock;                   /* the run's, microseconds UTC */
};

/* Records that are left out on purpose, because it is declared: "footer", "record_type 20". */
struct extract_skip {
    const char *reason;
    int64_t records; /* among those of the part */
};

/* What was read of a part. Texts without secrets, good as long as the source. */
struct extract_stats {
    const char
        *path; /* "inbox/a.csv", "erp: public.orders", "https://api.example/v1/orders?page=2" */
    const char *detected; /* one line, or NULL */
    int64_t size;         /* bytes of it, -1: unknown */
    int64_t read;         /* bytes read so far */
    int64_t records;      /* found, rejected ones too; -1: not counted, every record is a row */
    int64_t rejected;     /* records that are no row */
    const struct extract_skip *skips; /* after the scan; NULL: none */
    size_t n_skips;
};

struct extract_place {
    int64_t pos; /* in */
    const char *path;
    int64_t ordinal;  /* of the record in its part, from 1; 0: no record starts there */
    int64_t line;     /* of a text, from 1; 0: the part has no lines */
    struct q_str raw; /* the record, cut at REJECT_RAW_MAX; empty where it has no text */
};

/* A column whose pinned type does not hold all values any more: the driver has found a wider one. */
struct extract_widened {
    const char *column;
    int64_t values; /* that do not fit the pinned type */
    const char *example;
};

/* A described source; first member of the driver's own structure. Filled by describe() and bind(). */
struct extract_source {
    const struct extract_driver *driver;
    struct q_schema columns; /* without _q_pos */
    bool inferred;           /* some type was found by looking at values: it should be pinned */
    q_texts may_lack;        /* columns that some part lacks, though that is no error */
    const struct extract_widened
        *widened; /* contract evolve: where `columns` is wider than what is pinned */
    size_t n_widened;
    int64_t bytes; /* about how many bytes of text there are; -1: unknown */
    const q_paths
        *files; /* paths in order of part, known before it is read; NULL: it is not made of files */
    /* Databases: nothing at or above is settled, because a transaction that began then was still open. Microseconds UTC. */
    bool has_upper;
    int64_t upper;
    const char *after; /* a source of the pipeline whose staged rows open() needs; NULL: none */
    const char *shown; /* by bind(): what is asked of the source; NULL: `select` says it */
    const char *
        select; /* by bind(): SELECT of all columns and _q_pos in the workspace; NULL: of the table function */
};

struct extract_driver {
    struct cfg_driver words; /* first */
    size_t connection_size, source_size;
    int64_t
        settle; /* microseconds that a row may be late, where nothing is declared (SEMANTICS 2) */

    /* Reach the other side. *session belongs to the arena. NULL: the driver needs no connection. */
    enum q_code (*connect)(struct q_arena *arena, const struct extract_connection *connection,
                           void **session, struct q_err *err);
    /* One line for `quern connections test`: "PostgreSQL 15.8, database shop, user etl". */
    enum q_code (*greet)(void *session, struct q_arena *arena, const char **out, struct q_err *err);
    /* MUST. *out belongs to the arena. */
    enum q_code (*describe)(struct q_arena *arena, const struct extract_input *in,
                            struct extract_source **out, struct q_err *err);
    /* What will be read: the ranges of an incremental source, or everything (NULL). May be absent. */
    enum q_code (*bind)(struct extract_source *s, const struct plan_reading *reading,
                        struct q_err *err);
    /* MUST. *out is NULL when `select` needs no table function. May be called again after a scan: counts start over. */
    enum q_code (*open)(struct extract_source *s, const struct db_source **out, struct q_err *err);
    /* MUST. Places can still be located. */
    void (*close)(struct extract_source *s);
    /* May be absent: it is always whole. */
    enum q_code (*finish)(struct extract_source *s, struct q_err *err);
    /* MAY: as plan_source.publishing. */
    void (*publishing)(struct extract_source *s, const struct plan_publication *run);
    /* MUST. Parts so far; all of them after the scan. */
    size_t (*n_parts)(struct extract_source *s);
    /* MUST. */
    struct extract_stats (*stats)(struct extract_source *s, size_t part);
    /* How a rejected record of the part is read alone, as JSON (extract/file/file.h); NULL: it cannot be. May be absent. */
    const char *(*shape)(struct extract_source *s, size_t part);
    /* MUST. `places` sorted by pos, after the scan. Texts belong to `arena`. */
    enum q_code (*locate)(struct extract_source *s, struct extract_place *places, size_t n,
                          struct q_arena *arena, struct q_err *err);
};

/* Every driver, NULL at the end: its first member each. */
extern const struct cfg_driver *const extract_drivers[];
/* NULL when there is none. "files" reads files; the others are types of connections. */
const struct extract_driver *extract_driver_find(const char *name);

/* A zeroed structure of `size` bytes, filled with the table's defaults and the pairs. `what` names the table in messages:
 * "a file source". With `secrets`, values may come from secrets; else that is an error. */
Q_MUST_CHECK enum q_code extract_options(struct q_arena *arena, const struct q_opt *table,
                                         size_t size, const cfg_pairs *pairs, const char *what,
                                         bool secrets, const void **out, struct q_err *err);
/* NULL when the project (which may be NULL) has no such connection. */
const struct cfg_connection *extract_connection_find(const struct cfg_project *project,
                                                     const char *name);
/* A connection as its driver sees it, reached. `dir`: that its paths are relative to. */
Q_MUST_CHECK enum q_code extract_reach(struct q_arena *arena, const struct cfg_connection *cfg,
                                       const char *dir, int64_t clock,
                                       const struct extract_driver **driver,
                                       const struct extract_connection **connection, void **session,
                                       struct q_err *err);
/* SELECT of all columns and _q_pos. */
const char *extract_select(struct q_arena *arena, const struct extract_source *s,
                           const struct extract_input *in);
/* Ordinals and lines of sorted positions. */
Q_MUST_CHECK enum q_code extract_places(const struct extract_driver *driver,
                                        struct extract_source *s, const int64_t *pos, size_t n,
                                        int64_t *ordinals, int64_t *lines, struct q_err *err);
/* The declared columns of a source as a schema. */
Q_MUST_CHECK enum q_code extract_declared(struct q_arena *arena, const struct cfg_source *cfg,
                                          struct q_schema *out, struct q_err *err);

#endif
