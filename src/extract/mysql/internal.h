/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of extract/mysql share. */
#ifndef Q_EXTRACT_MYSQL_INTERNAL_H
#define Q_EXTRACT_MYSQL_INTERNAL_H

#include <pthread.h>

#include "base/secret.h"
#include "db/mysql/mysql.h"
#include "extract/relation.h"

struct mysql_options {
    struct q_secret url, password;
    const char *host, *socket, *database, *user, *ssl, *ssl_ca, *time_zone;
    int64_t port, connect_timeout; /* microseconds */
};

struct mysql_source_options {
    struct extract_relation_options rel; /* first */
    const char *zero_dates, *time_zone, *clock_changes;
    int64_t readers;
};

struct mysql_zone {
    const char *name;
    const struct q_zone *zone;
};

/* The connection of a run. */
struct mysql_session {
    struct mysqldb *db;
    struct mysqldb_settings settings; /* for further connections */
    struct q_arena *arena;
    Q_VEC(struct mysql_zone) zones; /* that were asked for */
};

struct mysql_reader {
    struct extract_relation rel; /* first */
    const struct mysql_source_options *o;
    struct mysql_session *session;
    const char *schema, *table; /* of `table`: schema NULL: the connection's database */
    mysqldb_columns_of columns;
    q_texts key; /* columns of the primary key; rel.pos_is_key: it is one integer */
    int64_t key_min, key_max;
    const char *zone; /* of which some column has local times; NULL: none, or it is UTC */
    struct mysqldb_scan_spec spec; /* of everything, or of the first range */
    const char **ranges;           /* statements, one a range of the key; NULL: one */
    size_t n_ranges;
    pthread_mutex_t lock;
    size_t next;        /* range that is read next */
    bool session_taken; /* some worker uses the run's connection */
};

/* A column of times without a zone that is declared to have one. */
static inline bool mysql_is_local(const struct mysql_reader *r, const struct extract_field *f)
{
    return f->type.id == Q_T_TIMESTAMPTZ && r->columns.v[f->have].type.id == Q_T_TIMESTAMP;
}

/* Settings of a connection; those of a url are parsed. */
Q_MUST_CHECK enum q_code mysql_settings(struct q_arena *arena, const struct extract_connection *c,
                                        struct mysqldb_settings *out, struct q_err *err);
/* The statements of a full or an incremental read, into r->spec, r->ranges and r->rel.base.shown. */
void mysql_statement(struct mysql_reader *r, const struct plan_reading *reading);
/* FROM and WHERE (of the pipeline's own) with the columns that are asked for. */
const char *mysql_plain_statement(const struct mysql_reader *r);
/* Rows of r as a source of the engine. */
const struct db_source *mysql_rows(struct mysql_reader *r);

#endif
