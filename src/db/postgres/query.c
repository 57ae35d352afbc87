/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>

#include "db/postgres/internal.h"

enum { STATE = 5 }; /* letters of an SQLSTATE */

/* Errors that the statement itself has, whatever the data is. */
static enum q_code code_of(const char *state)
{
    return q_streq(state, "42601") ? Q_CONFIG : Q_SOURCE;
}

static enum q_code lost(struct pg_conn *c, const char *why, struct q_err *err)
{
    size_t first = strcspn(why, "\n");
    enum q_code code = q_fail(err, Q_SOURCE, "the connection to \"%s\" was lost: %.*s", c->name,
                              (int)first, first ? why : "the server closed it");
    q_hint(err, "Run again when the server is there; nothing was loaded.");
    return code;
}

/* What helps, by SQLSTATE or its beginning; NULL: the server may say it. */
static const char *hint_of(const char *state)
{
    static const struct {
        const char *state, *hint;
    } known[] = {
        {"57P0", "Somebody ended the session at the server; run again. Nothing was loaded."},
        {"57014",
         "Give the connection more time, `options: \"-c statement_timeout=0\"`, or read less with `where`."},
        {"55P03", "Another session holds a lock on it; run again when that has ended."},
        {"40001", "On a standby, set hot_standby_feedback there, or read from the primary."},
        {"42501", "Let the owner GRANT SELECT to this user (and USAGE of the schema)."},
        {"25006", "A source is only read: the statement would write."},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (q_starts(state, known[i].state))
            return known[i].hint;
    return NULL;
}

enum q_code pg_fail(struct pg_conn *c, PGresult *r, struct q_err *err)
{
    const char *state = r ? c->pq->PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL;
    const char *message = r ? c->pq->PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    enum q_code code;
    if (message && state) {
        const char *detail = c->pq->PQresultErrorField(r, PG_DIAG_MESSAGE_DETAIL);
        const char *hint = c->pq->PQresultErrorField(r, PG_DIAG_MESSAGE_HINT);
        code = q_fail(err, code_of(state), "\"%s\" says: %s", c->name, message);
        if (err)
            memcpy(err->native, state, strlen(state) < sizeof err->native ? strlen(state) + 1 : 0);
        if (detail)
            q_detail(err, "%s", detail);
        const char *known = hint_of(state);
        if (known || hint)
            q_hint(err, "%s", known ? known : hint);
    } else {
        code = lost(c, c->pq->PQerrorMessage(c->handle), err);
    }
    if (r)
        c->pq->PQclear(r);
    return code;
}

static enum q_code check_open(const struct pg_conn *c, struct q_err *err)
{
    return c->handle ? Q_OK : q_fail(err, Q_INTERNAL, "the connection \"%s\" is closed", c->name);
}

enum q_code pg_send(struct pg_conn *c, const char *sql, struct q_err *err)
{
    enum q_code code = check_open(c, err);
    return code || c->pq->PQsendQuery(c->handle, sql) ? code : pg_fail(c, NULL, err);
}

enum q_code pg_next_result(struct pg_conn *c, PGresult **out, struct q_err *err)
{
    int left;
    *out = NULL;
    while ((left = c->pq->PQflush(c->handle)) > 0) {
        enum q_code code = pg_wait(c, true, err);
        if (code)
            return code;
        if (!c->pq->PQconsumeInput(c->handle))
            return pg_fail(c, NULL, err);
    }
    if (left < 0)
        return pg_fail(c, NULL, err);
    while (c->pq->PQisBusy(c->handle)) {
        enum q_code code = pg_wait(c, false, err);
        if (code)
            return code;
        if (!c->pq->PQconsumeInput(c->handle))
            return pg_fail(c, NULL, err);
    }
    *out = c->pq->PQgetResult(c->handle);
    return Q_OK;
}

void pg_drain(struct pg_conn *c)
{
    PGresult *r = NULL;
    struct q_err unused = {0};
    while (!pg_next_result(c, &r, &unused) && r)
        c->pq->PQclear(r);
}

enum q_code pg_last_result(struct pg_conn *c, PGresult **out, struct q_err *err)
{
    PGresult *r = NULL;
    *out = NULL;
    for (;;) {
        enum q_code code = pg_next_result(c, &r, err);
        if (code || !r) {
            if (code && *out)
                c->pq->PQclear(*out);
            return code;
        }
        if (*out)
            c->pq->PQclear(*out);
        *out = r;
        ExecStatusType status = c->pq->PQresultStatus(r);
        if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE) {
            *out = NULL;
            code = pg_fail(c, r, err);
            pg_drain(c);
            return code;
        }
    }
}

static void copy_rows(struct pg_conn *c, PGresult *r, struct q_arena *arena, struct pg_rows *out)
{
    out->n = (size_t)c->pq->PQntuples(r);
    out->columns = (size_t)c->pq->PQnfields(r);
    const char **cells = q_alloc_array(arena, out->n * out->columns + 1, sizeof *cells);
    for (size_t i = 0; i < out->n; i++)
        for (size_t k = 0; k < out->columns; k++)
            if (!c->pq->PQgetisnull(r, (int)i, (int)k))
                cells[i * out->columns + k] = q_strdup(arena, c->pq->PQgetvalue(r, (int)i, (int)k));
    out->cells = cells;
}

enum q_code pg_query(struct pg_conn *c, struct q_arena *arena, const char *sql,
                     const char *const *params, size_t n, struct pg_rows *out, struct q_err *err)
{
    PGresult *r = NULL;
    enum q_code code = check_open(c, err);
    if (code)
        return code;
    if (!c->pq->PQsendQueryParams(c->handle, sql, (int)n, NULL, params, NULL, NULL, 0))
        return pg_fail(c, NULL, err);
    code = pg_last_result(c, &r, err);
    *out = (struct pg_rows){0};
    if (code || !r)
        return code;
    copy_rows(c, r, arena, out);
    c->pq->PQclear(r);
    return Q_OK;
}

enum q_code pg_exec(struct pg_conn *c, const char *sql, struct q_err *err)
{
    PGresult *r = NULL;
    enum q_code code = pg_send(c, sql, err);
    if (!code)
        code = pg_last_result(c, &r, err);
    if (r)
        c->pq->PQclear(r);
    return code;
}

enum q_code pg_describe(struct pg_conn *c, struct q_arena *arena, const char *sql,
                        struct pg_columns *out, struct q_err *err)
{
    PGresult *r = NULL;
    enum q_code code = check_open(c, err);
    if (code)
        return code;
    if (!c->pq->PQsendPrepare(c->handle, "", sql, 0, NULL))
        return pg_fail(c, NULL, err);
    code = pg_last_result(c, &r, err);
    if (r)
        c->pq->PQclear(r);
    if (code)
        return code;
    if (!c->pq->PQsendDescribePrepared(c->handle, ""))
        return pg_fail(c, NULL, err);
    code = pg_last_result(c, &r, err);
    if (code)
        return code;
    assert(r);
    out->n = (size_t)c->pq->PQnfields(r);
    struct pg_column *v = q_alloc_array(arena, out->n + 1, sizeof *v);
    for (size_t i = 0; i < out->n; i++)
        v[i] = (struct pg_column){.name = q_strdup(arena, c->pq->PQfname(r, (int)i)),
                                  .type = c->pq->PQftype(r, (int)i),
                                  .modifier = c->pq->PQfmod(r, (int)i)};
    out->v = v;
    c->pq->PQclear(r);
    return Q_OK;
}
