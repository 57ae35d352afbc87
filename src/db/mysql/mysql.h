/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MySQL and MariaDB, read only: sessions with one consistent snapshot, statements, and scans that stream rows of the binary
 * protocol into batches, with as much memory as one row takes.
 *
 * The client library is loaded by the first session (dlopen), because it would double the time in which the program starts.
 * Sessions speak utf8mb4 and UTC. A session belongs to its arena and to one thread at a time, and has one open scan.
 *
 * What a column is read as, by its type there (mysqldb_type); other declared types are reached through the strict casts:
 *
 *     TINYINT, SMALLINT, YEAR, TINYINT UNSIGNED          smallint
 *     MEDIUMINT, INT, SMALLINT and MEDIUMINT UNSIGNED     integer
 *     BIGINT, INT UNSIGNED; BIT(2) to BIT(63)            bigint
 *     BIGINT UNSIGNED, BIT(64)                           decimal(20,0)
 *     DECIMAL(p,s)                                       decimal(p,s), at most 38 digits
 *     FLOAT, DOUBLE                                      double, exactly
 *     DATE; DATETIME; TIMESTAMP; TIME                    date; timestamp; timestamptz; time
 *                                                        (a DATETIME as timestamptz by a zone, struct mysqldb_scan_spec)
 *     BIT(1)                                             boolean
 *     CHAR, VARCHAR, TEXT, ENUM, SET, INET6              text
 *     BINARY, VARBINARY, BLOB                            blob
 *     JSON; UUID                                         json; uuid
 *     GEOMETRY                                           none: ST_AsText() gives a text
 */
#ifndef Q_DB_MYSQL_MYSQL_H
#define Q_DB_MYSQL_MYSQL_H

#include "base/opt.h"
#include "base/zone.h"
#include "batch/record.h"
#include "db/db.h"

struct mysqldb;
struct mysqldb_scan;

enum mysqldb_tls { MYSQLDB_TLS_OFF, MYSQLDB_TLS_PREFER, MYSQLDB_TLS_REQUIRE, MYSQLDB_TLS_VERIFY };

struct mysqldb_settings {
    const char *host, *socket, *database, *user; /* NULL: the library's default */
    const char *password;                        /* or NULL; shown nowhere */
    int64_t port;                                /* 0: 3306 */
    enum mysqldb_tls tls;
    const char *tls_ca;      /* file of certificates, or NULL */
    int64_t connect_seconds; /* how long the server may take to answer */
    const char *shown;       /* server and database, in messages */
};

/* Connect and begin a transaction that only reads, with a consistent snapshot. Q_SOURCE when the server cannot be reached, or
 * refuses. Closed with the arena. */
Q_MUST_CHECK enum q_code mysqldb_open(struct q_arena *arena,
                                      const struct mysqldb_settings *settings, struct mysqldb **out,
                                      struct q_err *err);
/* "MariaDB 10.11.6" */
const char *mysqldb_version(const struct mysqldb *s);

struct mysqldb_column {
    const char *name;
    struct q_type type; /* Q_T_OTHER: a type that cannot be read */
    const char *there;  /* "GEOMETRY" */
};
typedef Q_VEC(struct mysqldb_column) mysqldb_columns_of;

/* Columns of a statement. Q_SQL with the server's reason; `native` of the error holds the server's error number. */
Q_MUST_CHECK enum q_code mysqldb_columns(struct mysqldb *s, const char *sql, struct q_arena *arena,
                                         mysqldb_columns_of *out, struct q_err *err);
/* The columns of all rows as texts, row after row. Parameters stand for ? in their order. */
Q_MUST_CHECK enum q_code mysqldb_texts(struct mysqldb *s, const char *sql,
                                       const struct db_param *params, size_t n,
                                       struct q_arena *arena, q_texts *out, struct q_err *err);

/* What a date or time with a zero month or day is. */
enum mysqldb_zero { MYSQLDB_ZERO_REJECT, MYSQLDB_ZERO_NULL, MYSQLDB_ZERO_ERROR };

/* What a local time is that a change of a zone's clocks skips or shows twice. */
enum mysqldb_unclear { MYSQLDB_UNCLEAR_REJECT, MYSQLDB_UNCLEAR_BEFORE, MYSQLDB_UNCLEAR_AFTER };

struct mysqldb_scan_spec {
    const char *sql;
    const struct db_param *params;
    size_t n_params;
    struct record_target *target;
    enum mysqldb_zero zero;
    const struct q_zone *zone;    /* of DATETIME columns that are read as timestamptz; NULL: UTC */
    enum mysqldb_unclear unclear; /* the offset before the change counts, or the one after it */
    ptrdiff_t
        pos_from; /* value of a row that is its position, an integer; -1: its number in the result */
    const char *object; /* in messages */
};

Q_MUST_CHECK enum q_code mysqldb_scan_open(struct mysqldb *s, const struct mysqldb_scan_spec *spec,
                                           const bool *wanted, struct mysqldb_scan **out,
                                           struct q_err *err);
/* Up to BATCH_ROWS rows; none at the end. */
Q_MUST_CHECK enum q_code mysqldb_scan_fill(struct mysqldb_scan *scan, struct batch *out,
                                           struct q_err *err);
/* A scan that was not read to its end closes the session's connection. NULL is ignored. */
void mysqldb_scan_close(struct mysqldb_scan *scan);

#endif
