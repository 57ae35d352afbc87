/* SPDX-License-Identifier: Apache-2.0 */
/* Connections, the one snapshot of a run, and what was open when it was taken. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/log.h"
#include "extract/postgres/internal.h"
#include "sql/build.h"

/* How the server writes what is read as text, and what it must not do to a session of ours: end it while others read, or begin
 * a scan in the middle of a table. */
static const char settings[] =
    "SET datestyle = 'ISO, YMD'; SET intervalstyle = 'iso_8601'; SET timezone = 'UTC'; SET extra_float_digits = 3; "
    "SET bytea_output = 'hex'; SET standard_conforming_strings = on; SET xmloption = 'content'; "
    "SET synchronize_seqscans = off; SET idle_in_transaction_session_timeout = 0; SET client_min_messages = 'warning'";

/* A database without an encoding hands out bytes as they are, and the decoder looks at them: the server would end the whole
 * COPY at the first text that is not UTF-8. */
static enum q_code set_up(struct pg_conn *conn, struct q_err *err)
{
    enum q_code code = pg_exec(conn, settings, err);
    if (!code && q_streq(pg_parameter(conn, "server_encoding"), "SQL_ASCII"))
        code = pg_exec(conn, "SET client_encoding = 'SQL_ASCII'", err);
    return code;
}

/* Relative to the project; "system" is a word of libpq. */
static const char *root_certificate(struct q_arena *arena, const struct extract_connection *c)
{
    const char *file = ((const struct postgres_options *)c->options)->sslrootcert;
    return !file || !c->dir || q_streq(file, "system") ? file : q_path_join(arena, c->dir, file);
}

/* With these modes libpq goes on in clear text where the certificate proves nothing. A url or the environment may say another
 * one. */
static enum q_code check_tls(const struct extract_connection *c, struct q_err *err)
{
    const struct postgres_options *o = c->options;
    const char *url = q_secret_reveal(o->url);
    bool elsewhere = (url && strstr(url, "sslmode=")) || getenv("PGSSLMODE");
    const char *mode = o->sslmode ? o->sslmode : elsewhere ? "" : "prefer";
    if (!o->sslrootcert ||
        !(q_streq(mode, "disable") || q_streq(mode, "allow") || q_streq(mode, "prefer")))
        return Q_OK;
    enum q_code code = cfg_fail(
        err, c->pos,
        "connection \"%s\" has an `sslrootcert`, which nothing is proven by with `sslmode: %s`",
        c->name, mode);
    q_hint(err, "Add `sslmode: verify-full`.");
    return code;
}

enum q_code postgres_connect(struct q_arena *arena, const struct extract_connection *connection,
                             void **session, struct q_err *err)
{
    const struct postgres_options *o = connection->options;
    struct postgres_session *s = q_new(arena, struct postgres_session);
    s->arena = arena;
    s->connection = connection;
    s->params = (struct pg_params){
        .name = connection->name,
        .url = o->url,
        .host = o->host,
        .port = o->port ? q_printf(arena, "%" PRId64, o->port) : NULL,
        .database = o->database,
        .user = o->user,
        .password = o->password,
        .sslmode = o->sslmode,
        .sslrootcert = root_certificate(arena, connection),
        .application_name = o->application_name,
        .options = o->options,
        .connect_timeout = o->connect_timeout,
    };
    enum q_code code = check_tls(connection, err);
    if (!code)
        code = pg_connect(arena, &s->params, &s->leader, err);
    if (!code)
        *session = s;
    return code;
}

enum q_code postgres_greet(void *session, struct q_arena *arena, const char **out,
                           struct q_err *err)
{
    const struct postgres_session *s = session;
    struct pg_rows rows;
    enum q_code code =
        pg_query(s->leader, arena,
                 "SELECT current_setting('server_version'), current_database(), current_user, "
                 "CASE WHEN pg_is_in_recovery() THEN ', a standby' ELSE '' END",
                 NULL, 0, &rows, err);
    if (!code)
        *out = q_printf(arena, "PostgreSQL %s at %s, database %s, user %s%s", pg_cell(&rows, 0, 0),
                        pg_place(s->leader), pg_cell(&rows, 0, 1), pg_cell(&rows, 0, 2),
                        pg_cell(&rows, 0, 3));
    return code;
}

/* ---- what is open ---- */

/* Times as microseconds: UTC, and as a clock on the wall of the server's zone shows them. A transaction that is prepared has
 * begun before it was prepared; when, the server does not tell. */
static const char clock_sql[] =
    "WITH open AS (SELECT xact_start AS began, 'session ' || pid || coalesce(' of ' || usename, '') AS who "
    "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL "
    "AND coalesce(backend_type, '') NOT IN ('autovacuum worker', 'walsender') "
    "UNION ALL SELECT prepared, 'prepared transaction ' || quote_literal(gid) FROM pg_prepared_xacts "
    "WHERE database = current_database()), "
    "oldest AS (SELECT * FROM open ORDER BY began LIMIT 1), times AS (SELECT clock_timestamp() AS now) "
    "SELECT (extract(epoch FROM now) * 1000000)::bigint, (extract(epoch FROM now::timestamp) * 1000000)::bigint, "
    "(extract(epoch FROM began) * 1000000)::bigint, (extract(epoch FROM began::timestamp) * 1000000)::bigint, who, "
    "(SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state IS NULL AND "
    "query = '<insufficient privilege>'), current_setting('TimeZone'), "
    "(SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database()) "
    "FROM times LEFT JOIN oldest ON true";

static int64_t number(const struct pg_rows *rows, size_t column)
{
    const char *text = pg_cell(rows, 0, column);
    return text ? strtoll(text, NULL, 10) : 0;
}

/* Ask before the snapshot is taken: what commits in between would be neither in the snapshot nor in the list. */
static enum q_code look_at_clock(struct postgres_session *s, struct q_err *err)
{
    struct pg_rows rows;
    enum q_code code = pg_query(s->leader, s->arena, clock_sql, NULL, 0, &rows, err);
    if (code)
        return code;
    s->clock = number(&rows, 0);
    s->local = number(&rows, 1);
    s->has_oldest = pg_cell(&rows, 0, 2) != NULL;
    s->oldest = number(&rows, 2);
    s->oldest_local = number(&rows, 3);
    s->oldest_who = pg_cell(&rows, 0, 4);
    s->hidden = number(&rows, 5);
    s->zone = pg_cell(&rows, 0, 6);
    if (number(&rows, 7))
        q_log(
            Q_LOG_WARN,
            "\"%s\": %" PRId64
            " prepared transaction(s) are open; rows in them that are older than the time at which they "
            "were prepared may be missed: commit or roll them back, or declare a `lag`",
            s->connection->name, number(&rows, 7));
    return Q_OK;
}

enum q_code postgres_begin(struct postgres_session *s, struct q_err *err)
{
    struct pg_rows rows;
    if (s->began)
        return Q_OK;
    enum q_code code = look_at_clock(s, err);
    if (!code)
        code = set_up(s->leader, err);
    if (!code)
        code = pg_exec(s->leader, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", err);
    if (!code)
        code = pg_query(s->leader, s->arena, "SELECT pg_export_snapshot()", NULL, 0, &rows, err);
    if (code) {
        q_context(err, "taking the snapshot of \"%s\"", s->connection->name);
        return code;
    }
    s->snapshot = pg_cell(&rows, 0, 0);
    s->began = true;
    return Q_OK;
}

enum q_code postgres_join(struct q_arena *arena, const struct postgres_session *s,
                          struct pg_conn **out, struct q_err *err)
{
    enum q_code code = pg_connect(arena, &s->params, out, err);
    if (!code)
        code = set_up(*out, err);
    if (!code)
        code = pg_exec(
            *out,
            sql_make(arena,
                     "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT %L",
                     s->snapshot),
            err);
    return code;
}

void postgres_end(struct postgres_session *s)
{
    if (s->began)
        pg_close(s->leader); /* the transaction ends with it, whatever it is in the middle of */
    s->began = false;
}
