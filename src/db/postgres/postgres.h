/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PostgreSQL server as a source: connections, small queries, and COPY ... TO STDOUT as a stream of bytes.
 *
 * libpq is loaded when the first connection is made, not when the program starts: it brings 20 libraries and 4 ms with it.
 *
 * Errors are Q_SOURCE with the server's words and SQLSTATE in `native`, Q_CONFIG for a connection string that is none and
 * for a statement that the server cannot parse, Q_CANCELLED after Ctrl-C. All of them name the connection; none shows the
 * password. Every wait ends within a quarter of a second after Ctrl-C.
 *
 * A connection belongs to its arena and to one thread at a time.
 *
 *     struct pg_conn *c;
 *     code = pg_connect(arena, &params, &c, err);
 *     struct pg_rows rows;
 *     code = pg_query(c, arena, "SELECT relname FROM pg_class WHERE oid = $1", (const char *[]){"1259"}, 1, &rows, err);
 *     puts(pg_cell(&rows, 0, 0));
 *     code = pg_copy_begin(c, &(struct pg_copies){next_range, &ranges}, err);
 *     struct q_str bytes;
 *     while (!code && !(code = pg_copy_next(c, &bytes, &range, err)) && bytes.n) use(range, bytes);
 */
#ifndef Q_DB_POSTGRES_POSTGRES_H
#define Q_DB_POSTGRES_POSTGRES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"

struct pg_conn;

/* How to reach a server. Texts that are NULL are left to libpq: PGHOST and so on, ~/.pgpass, pg_service.conf. */
struct pg_params {
    const char *name; /* of the connection, for messages */
    struct q_secret
        url; /* postgres://user:password@host:port/database?...; what else is given comes before it */
    const char *host;
    const char *port, *database, *user;
    struct q_secret password;
    const char *sslmode, *sslrootcert, *application_name, *options;
    int64_t connect_timeout; /* microseconds; 0: none */
};

/* Closed with the arena. */
Q_MUST_CHECK enum q_code pg_connect(struct q_arena *arena, const struct pg_params *params,
                                    struct pg_conn **out, struct q_err *err);
/* Ends it early; NULL is ignored. */
void pg_close(struct pg_conn *conn);
/* A parameter that the server reports, "server_encoding"; "" when it does not. */
const char *pg_parameter(const struct pg_conn *conn, const char *name);
/* Where it is connected to; without secrets. Good as long as the connection. */
const char *pg_database(const struct pg_conn *conn);
const char *pg_user(const struct pg_conn *conn);
const char *pg_place(const struct pg_conn *conn); /* "127.0.0.1:5432" or the socket's directory */

/* A result, copied. */
struct pg_rows {
    size_t n, columns;
    const char *const *cells; /* NULL: NULL */
};
static inline const char *pg_cell(const struct pg_rows *rows, size_t row, size_t column)
{
    return rows->cells[row * rows->columns + column];
}
/* A query with text parameters; for small results. `sql` is one statement. */
Q_MUST_CHECK enum q_code pg_query(struct pg_conn *conn, struct q_arena *arena, const char *sql,
                                  const char *const *params, size_t n, struct pg_rows *out,
                                  struct q_err *err);
/* Statements without a result. */
Q_MUST_CHECK enum q_code pg_exec(struct pg_conn *conn, const char *sql, struct q_err *err);

/* Columns that a statement would give. */
struct pg_column {
    const char *name;
    uint32_t type; /* oid */
    int modifier;  /* -1: none */
};
struct pg_columns {
    size_t n;
    const struct pg_column *v;
};
/* Have the server parse a statement, without running it. */
Q_MUST_CHECK enum q_code pg_describe(struct pg_conn *conn, struct q_arena *arena, const char *sql,
                                     struct pg_columns *out, struct q_err *err);

/* COPY ... TO STDOUT statements, read one after the other. `next` is called by a thread of the connection's own; false: there are no
 * more. `sql` is good until it is called again. */
struct pg_copies {
    bool (*next)(void *self, const char **sql, int64_t *tag);
    void *self;
};
/* Begin to read ahead, at most 16 MB or one row of each piece; until the end, or pg_copy_end(), nothing else is asked of the connection. */
Q_MUST_CHECK enum q_code pg_copy_begin(struct pg_conn *conn, const struct pg_copies *copies,
                                       struct q_err *err);
/* The next bytes, of one statement, with its tag; good until the next call. n is 0 at the end of the last one. The server sends whole
 * rows, but nothing promises that. */
Q_MUST_CHECK enum q_code pg_copy_next(struct pg_conn *conn, struct q_str *out, int64_t *tag,
                                      struct q_err *err);
/* Give up what is left of it, within a quarter of a second: the connection can only be closed then. Nothing when it has ended. */
void pg_copy_end(struct pg_conn *conn);

#endif
