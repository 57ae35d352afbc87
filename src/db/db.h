/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One interface to a SQL engine: connections, statements with typed parameters, streaming results, sources that the
 * engine reads, cancel and progress.
 *
 * Invariants: one open result a connection; a connection belongs to one thread at a time, except db_interrupt() and
 * db_progress(), which any thread may call. Closing what an arena owns is deferred to it; db_close() early is fine.
 *
 *     struct db_param p[] = {db_int("year", 2024), db_text("category", "Toys")};
 *     struct db_result *r;
 *     code = db_query(conn, sql, p, 2, &r, err);
 *     const struct batch *b;
 *     while (!code && !(code = db_next(r, &b, err)) && b) use(b);
 *     db_close(r);
 */
#ifndef Q_DB_DB_H
#define Q_DB_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "batch/batch.h"

struct db;
struct db_conn;
struct db_result;

struct db_settings {
    const char *path; /* database file, or NULL for memory */
    bool read_only;
    int64_t
        memory_limit; /* bytes the process may take in all; 0: the engine's default. The engine gets 350 MB less
                              (its accounting leaves that much out) */
    const char *spill_dir; /* NULL: none; made when first needed, removed at close */
    int threads;           /* 0: all cores */
    bool quick_plans; /* many small statements: no search for subplans that a statement has twice */
};

/* Open the embedded engine. Closed with `arena`. Q_TARGET when the file cannot be opened, Q_LOCKED when another
 * process has it. */
Q_MUST_CHECK enum q_code db_open(struct q_arena *arena, const struct db_settings *settings,
                                 struct db **out, struct q_err *err);
/* Closed with `arena`, which is a child of the one of db_open() or the same. */
Q_MUST_CHECK enum q_code db_connect(struct db *db, struct q_arena *arena, struct db_conn **out,
                                    struct q_err *err);
/* Attach a database file under a name, for reading only or for writing; close it again. For writing a missing file is made,
 * which DuckDB 1.3 and later can open. */
Q_MUST_CHECK enum q_code db_attach(struct db_conn *conn, const char *path, const char *name,
                                   bool read_only, struct q_err *err);
Q_MUST_CHECK enum q_code db_detach(struct db_conn *conn, const char *name, struct q_err *err);
/* Whether a commit to an attached file also merges row groups that earlier commits left small, and rewrites them; it does so
 * until told otherwise, and again after db_detach(). Small loads are quicker without; the file grows meanwhile. */
Q_MUST_CHECK enum q_code db_set_merging(struct db_conn *conn, bool merging, struct q_err *err);
/* Whether the engine chooses, by its estimates, of which side of a join it makes a hash table; it does so until told
 * otherwise. Else it is the side that the statement names second. A hash table of the smaller side is not always the
 * quicker one: what probes it comes out in as many pieces as the larger side has, each with few rows. */
Q_MUST_CHECK enum q_code db_set_choosing(struct db_conn *conn, bool choosing, struct q_err *err);
/* How many threads statements may use from now on; 0: all cores. */
Q_MUST_CHECK enum q_code db_set_threads(struct db_conn *conn, int threads, struct q_err *err);
/* The process is about to end by _exit(): closing the engine then leaves its memory to the operating system, which takes it
 * back quicker. An engine that has a database file open is closed as ever. */
void db_abandon(struct db *db);

/* A typed parameter. `name` matches $name in the statement; NULL: by position ($1 ...). */
struct db_param {
    const char *name;
    struct q_type type;
    bool is_null;
    int64_t i;      /* bool, integers, date (days), time, timestamps (microseconds) */
    double d;       /* double */
    __int128 big;   /* hugeint, decimal (unscaled) */
    struct q_str s; /* text, json, blob, uuid as text */
};

struct db_param db_int(const char *name, int64_t value);
struct db_param db_text(const char *name, const char *value); /* NULL value: NULL */
struct db_param db_bool(const char *name, bool value);
struct db_param db_time(const char *name, int64_t usec); /* timestamp without zone */
struct db_param db_null(const char *name);

/* Run one statement, or several separated by ; when there are no parameters. `changed` (may be NULL) gets the rows
 * that the last one inserted, updated or deleted. Errors: Q_SQL for what the engine refuses, Q_NOMEM, Q_NOSPACE,
 * Q_CANCELLED, or the error of the source that the statement read. */
Q_MUST_CHECK enum q_code db_exec(struct db_conn *conn, const char *sql,
                                 const struct db_param *params, size_t n, int64_t *changed,
                                 struct q_err *err);
/* Run a statement and stream its rows. */
Q_MUST_CHECK enum q_code db_query(struct db_conn *conn, const char *sql,
                                  const struct db_param *params, size_t n, struct db_result **out,
                                  struct q_err *err);
/* Columns of a result; valid until db_close(). */
const struct q_schema *db_columns(const struct db_result *result);
/* The next batch, NULL at the end. Good until the next call. */
Q_MUST_CHECK enum q_code db_next(struct db_result *result, const struct batch **out,
                                 struct q_err *err);
/* NULL is ignored. */
void db_close(struct db_result *result);
/* Columns that a query without parameters would give, without running it. */
Q_MUST_CHECK enum q_code db_describe(struct db_conn *conn, const char *sql, struct q_arena *arena,
                                     struct q_schema *columns, struct q_err *err);

/* Whether there is this table, quicker than the engine's list of all. A view is none; without such a database there is no
 * table either. */
bool db_has_table(struct db_conn *conn, const char *database, const char *schema,
                  const char *table);
/* As db_has_table(), and its columns, whose names `arena` owns: quicker than db_describe(), which plans a statement. */
Q_MUST_CHECK enum q_code db_find_table(struct db_conn *conn, const char *database,
                                       const char *schema, const char *table, struct q_arena *arena,
                                       bool *found, struct q_schema *columns, struct q_err *err);

/* The first row's integers, up to n_out columns (NULL becomes `otherwise`); no row leaves `out` at `otherwise`. */
Q_MUST_CHECK enum q_code db_get_ints(struct db_conn *conn, const char *sql,
                                     const struct db_param *params, size_t n, int64_t *out,
                                     size_t n_out, int64_t otherwise, struct q_err *err);

/* Call `fn` for every row of a query. A code other than Q_OK from `fn` ends it and is returned. */
Q_MUST_CHECK enum q_code db_each(struct db_conn *conn, const char *sql,
                                 const struct db_param *params, size_t n,
                                 enum q_code (*fn)(void *arg, const struct batch *batch, size_t row,
                                                   struct q_err *err),
                                 void *arg, struct q_err *err);
/* A cell of a batch: text columns as text owned by the arena (NULL when null), other types as exact text. */
const char *db_cell_text(struct q_arena *arena, const struct batch *batch, size_t col, size_t row);
/* Integers, booleans, dates and timestamps as they are; `otherwise` when null. Not for decimals and doubles. */
int64_t db_cell_int(const struct batch *batch, size_t col, size_t row, int64_t otherwise);
double db_cell_double(const struct batch *batch, size_t col, size_t row, double otherwise);

Q_MUST_CHECK enum q_code db_begin(struct db_conn *conn, struct q_err *err);
Q_MUST_CHECK enum q_code db_commit(struct db_conn *conn, struct q_err *err);
/* Ends a transaction, if there is one, without effect. */
void db_rollback(struct db_conn *conn);

/* The engine's version, e.g. "v1.5.6". */
const char *db_version(void);
/* Stop what the connection runs, soon: its caller gets Q_CANCELLED. Any thread, also a signal-handling one. */
void db_interrupt(struct db_conn *conn);
/* 0..100, or -1 when unknown. Any thread. */
double db_progress(struct db_conn *conn);

/*
 * A source that the engine reads: SELECT ... FROM <name>().
 *
 * Life: for each scan open() once a worker (any thread, at most max_workers), then fill() until it leaves rows == 0,
 * then close(). Workers run in parallel. `self` and `schema` outlive the connection's database.
 */
struct db_source {
    const char *name; /* unique in the database for its life */
    const struct q_schema *schema;
    void *self;
    size_t max_workers;     /* at least 1 */
    int64_t estimated_rows; /* or -1 */
    /* MUST. `wanted[i]`: the query needs schema column i; others need not be filled. count(*) alone
     * wants the first column. Batch columns correspond to the
     * wanted ones, in schema order: batch column k is the k-th wanted column. */
    enum q_code (*open)(void *self, const bool *wanted, void **worker, struct q_err *err);
    /* MUST. Fill up to BATCH_ROWS rows. */
    enum q_code (*fill)(void *worker, struct batch *out, struct q_err *err);
    /* MUST. */
    void (*close)(void *worker);
};

/*
 * A scalar function of ours, e.g. a strict cast: result[i] = f(args[0][i] ...). Rows with a NULL argument are not
 * special: the function sees them. It must not fail on a row's value: it gives NULL. Any thread.
 */
struct db_function {
    const char *name;
    const struct q_type *args;
    size_t n_args;
    struct q_type result;
    bool is_volatile; /* the same arguments may give another result: every row is a call */
    void *self;
    void (*call)(void *self, const struct batch *args, struct batch_col *result);
};

Q_MUST_CHECK enum q_code db_add_function(struct db_conn *conn, const struct db_function *function,
                                         struct q_err *err);
Q_MUST_CHECK enum q_code db_add_source(struct db_conn *conn, const struct db_source *source,
                                       struct q_err *err);

#endif
