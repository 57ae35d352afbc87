/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of extract/postgres share. */
#ifndef Q_EXTRACT_POSTGRES_INTERNAL_H
#define Q_EXTRACT_POSTGRES_INTERNAL_H

#include <stdatomic.h>

#include "base/clock.h"
#include "db/postgres/postgres.h"
#include "extract/driver.h"
#include "extract/postgres/decode.h"

struct postgres_options {
    struct q_secret url, password;
    const char *host, *database, *user, *sslmode, *sslrootcert, *application_name, *options;
    int64_t port;
    int64_t connect_timeout;
};

struct postgres_source_options {
    const char *table, *query, *where;
    int64_t readers; /* 0: by size */
};

extern const struct q_opt postgres_connection_opts[], postgres_source_opts[];

/* What all sources of a connection share in a run: the transaction that holds the snapshot. */
struct postgres_session {
    struct q_arena *arena;
    const struct extract_connection *connection;
    struct pg_params params;
    struct pg_conn *leader;
    bool began;           /* its transaction */
    const char *snapshot; /* exported */
    /* Asked before the snapshot was taken. Microseconds UTC; `local`: what a clock of the server's zone shows. */
    int64_t clock, local;
    bool has_oldest; /* a transaction is open */
    int64_t oldest, oldest_local;
    const char *oldest_who;
    int64_t hidden; /* sessions whose transactions this user may not see */
    const char *zone;
    size_t open; /* sources that still need the snapshot */
};

Q_MUST_CHECK enum q_code postgres_connect(struct q_arena *arena,
                                          const struct extract_connection *connection,
                                          void **session, struct q_err *err);
Q_MUST_CHECK enum q_code postgres_greet(void *session, struct q_arena *arena, const char **out,
                                        struct q_err *err);
/* Begin the transaction of the snapshot, once. */
Q_MUST_CHECK enum q_code postgres_begin(struct postgres_session *s, struct q_err *err);
/* A connection of its own with the same snapshot. */
Q_MUST_CHECK enum q_code postgres_join(struct q_arena *arena, const struct postgres_session *s,
                                       struct pg_conn **out, struct q_err *err);
/* The snapshot is not needed any more: end the transaction. */
void postgres_end(struct postgres_session *s);

/* A column of the source. */
struct postgres_column {
    const char *expr; /* in the SELECT list, without parameters */
    const char *own;  /* the server's column itself, where its type is the column's; NULL */
    bool not_null;
};

struct postgres_source {
    struct extract_source base; /* first */
    struct q_arena *arena;
    const struct extract_input *in;
    const struct postgres_source_options *o;
    struct postgres_session *session;
    const char *label; /* "erp: public.orders" */
    const char *from;  /* FROM item, with alias t */
    const char *oid;   /* of a table */
    bool absent;       /* there is no such table, and it is optional */
    bool has_blocks;   /* ranges of blocks can be read apart */
    int64_t blocks, rows_per_block;
    double estimated_rows;
    Q_VEC(struct postgres_column) columns;
    Q_VEC(struct pg_field) fields; /* the same columns */
    const char *where;             /* " WHERE ..." or "" */
    bool bounded;                  /* an incremental range leaves out the beginning */
    size_t readers;
    const char *detected; /* in a word how it is read */
    struct q_schema with_pos;
    struct db_source source;
    /* While it is read. */
    bool counted; /* among the session's open sources */
    atomic_llong next_block, records, rejected, bytes;
    atomic_int workers;
};

/* Which columns there are, how they are asked for and read. */
Q_MUST_CHECK enum q_code postgres_columns(struct postgres_source *s, struct q_err *err);
/* The WHERE clause of the source's own condition and of the ranges. */
void postgres_where(struct postgres_source *s, const struct plan_reading *reading);
/* SELECT of the wanted columns; NULL: of all. */
const char *postgres_select(struct q_arena *arena, const struct postgres_source *s,
                            const bool *wanted, const char *range);
/* The place of an option in the pipeline; of the source where it is not given. */
struct cfg_pos postgres_option_pos(const struct postgres_source *s, const char *key);

Q_MUST_CHECK enum q_code postgres_open(struct extract_source *source, const struct db_source **out,
                                       struct q_err *err);
/* Rows of a table are in parts of so many blocks. */
enum { POSTGRES_PART_BLOCKS = 4096 };

#endif
