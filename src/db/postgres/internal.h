/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of db/postgres share. */
#ifndef Q_DB_POSTGRES_INTERNAL_H
#define Q_DB_POSTGRES_INTERNAL_H

#include <libpq-fe.h>

#include "db/postgres/postgres.h"

/* The functions of libpq that are used. */
#define PG_FUNCTIONS(X)       \
    X(PQclear)                \
    X(PQconnectPoll)          \
    X(PQconnectStartParams)   \
    X(PQconninfoFree)         \
    X(PQconninfoParse)        \
    X(PQconsumeInput)         \
    X(PQdb)                   \
    X(PQerrorMessage)         \
    X(PQfinish)               \
    X(PQflush)                \
    X(PQfmod)                 \
    X(PQfname)                \
    X(PQfreeCancel)           \
    X(PQfreemem)              \
    X(PQftype)                \
    X(PQcancel)               \
    X(PQgetCancel)            \
    X(PQgetCopyData)          \
    X(PQgetResult)            \
    X(PQgetisnull)            \
    X(PQgetvalue)             \
    X(PQhost)                 \
    X(PQisBusy)               \
    X(PQnfields)              \
    X(PQntuples)              \
    X(PQparameterStatus)      \
    X(PQport)                 \
    X(PQresultErrorField)     \
    X(PQresultStatus)         \
    X(PQsendDescribePrepared) \
    X(PQsendPrepare)          \
    X(PQsendQuery)            \
    X(PQsendQueryParams)      \
    X(PQsetNoticeProcessor)   \
    X(PQsetnonblocking)       \
    X(PQsocket)               \
    X(PQstatus)               \
    X(PQuser)

struct pg_library {
#define X(name) __typeof__(name) *name;
    PG_FUNCTIONS(X)
#undef X
};

struct pg_conn {
    struct q_arena *arena;
    const struct pg_library *pq;
    PGconn *handle; /* NULL: closed */
    const char *name;
    const char *place;
    struct pg_stream *stream; /* of the COPY that is read */
};

/* libpq, loaded. Any thread. */
Q_MUST_CHECK enum q_code pg_library(const struct pg_library **out, struct q_err *err);
/* Wait until the socket can be read (or written to), at most a quarter of a second; Q_CANCELLED after Ctrl-C, which also
 * ends what the server does for us. */
Q_MUST_CHECK enum q_code pg_wait(struct pg_conn *conn, bool write, struct q_err *err);
/* One statement without parameters. */
Q_MUST_CHECK enum q_code pg_send(struct pg_conn *conn, const char *sql, struct q_err *err);
/* The next result of what was sent, NULL at the end; the caller clears it. */
Q_MUST_CHECK enum q_code pg_next_result(struct pg_conn *conn, PGresult **out, struct q_err *err);
/* The last result of what was sent; earlier ones are cleared. An error ends it. */
Q_MUST_CHECK enum q_code pg_last_result(struct pg_conn *conn, PGresult **out, struct q_err *err);
/* Leave out what follows of the statement that was sent. */
void pg_drain(struct pg_conn *conn);
/* What a connection needs to read a COPY; belongs to its arena, which ends a stream before the connection. */
struct pg_stream *pg_stream_new(struct pg_conn *conn);
/* The error of a result, or of the connection (NULL). Clears the result. */
enum q_code pg_fail(struct pg_conn *conn, PGresult *result, struct q_err *err);

#endif
