/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the embedded engine share. Nothing outside this folder includes it. */
#ifndef Q_DB_DUCKDB_INTERNAL_H
#define Q_DB_DUCKDB_INTERNAL_H

#include <duckdb.h>
#include <pthread.h>

#include "db/db.h"

struct source_slot;

struct db {
    struct q_arena *arena;
    duckdb_database handle;
    pthread_mutex_t lock; /* over `sources` and the errors in them */
    struct source_slot *sources;
    int files;           /* database files that are open; in memory too, once attached */
    const char *written; /* the name under which a file is attached for writing; NULL: none is */
    bool keeps_small;    /* db_set_merging(): row groups stay as they are */
    bool quick_plans;    /* as in the settings */
    bool abandoned;      /* see db_abandon() */
};

struct db_conn {
    struct db *db;
    duckdb_connection handle;
    struct db_result *open; /* the one open result */
    bool in_transaction;
};

/* The engine's type as ours; Q_T_OTHER for what has no counterpart. */
struct q_type engine_type(duckdb_logical_type type);
/* Ours as the engine's; the caller destroys it. */
duckdb_logical_type engine_logical(struct q_type type);
/* Fill a batch column over an engine's vector. */
void engine_column(struct batch_col *col, duckdb_vector vector, struct q_type type);

/* The engine's message as an error value. `what` may be NULL. */
enum q_code engine_fail(struct q_err *err, duckdb_error_type type, const char *message,
                        const char *what);
/* The error of the source whose message stands in the engine's: it says more, and has the right code. Q_OK when it is none
 * of a source. */
enum q_code engine_source_error(struct db *db, const char *message, struct q_err *err);
/* End what a result that was closed before its end has left open; a registration behind it would be rolled back with it. */
void engine_settle(struct db_conn *conn);

/* The statement and how long it took since `start` (q_ticks()), for `-v`. */
void engine_log(const char *sql, int64_t start);
/* Several statements without parameters, one after another, also when the process was told to end: what tidies up must run. */
enum q_code engine_execute(struct db_conn *conn, const char *sql, int64_t *changed,
                           struct q_err *err);
enum q_code engine_prepare(struct db_conn *conn, const char *sql, const struct db_param *params,
                           size_t n, duckdb_prepared_statement *out, struct q_err *err);
/* As duckdb_execute_prepared_streaming; alone in its file because its makers marked it deprecated. */
duckdb_state engine_execute_streaming(duckdb_prepared_statement statement, duckdb_result *out);

#endif
