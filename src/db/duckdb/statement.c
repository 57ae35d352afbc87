/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/log.h"
#include "db/duckdb/internal.h"

struct db_param db_int(const char *name, int64_t value)
{
    return (struct db_param){.name = name, .type = Q_TYPE(Q_T_INT64), .i = value};
}

struct db_param db_text(const char *name, const char *value)
{
    return (struct db_param){
        .name = name, .type = Q_TYPE(Q_T_TEXT), .is_null = !value, .s = q_str(value)};
}

struct db_param db_bool(const char *name, bool value)
{
    return (struct db_param){.name = name, .type = Q_TYPE(Q_T_BOOL), .i = value};
}

struct db_param db_time(const char *name, int64_t usec)
{
    return (struct db_param){.name = name, .type = Q_TYPE(Q_T_TIMESTAMP), .i = usec};
}

struct db_param db_null(const char *name)
{
    return (struct db_param){.name = name, .type = Q_TYPE(Q_T_TEXT), .is_null = true};
}

static duckdb_hugeint hugeint(__int128 v)
{
    return (duckdb_hugeint){.lower = (uint64_t)v, .upper = (int64_t)(v >> 64)};
}

static duckdb_state bind(duckdb_prepared_statement st, idx_t i, const struct db_param *p)
{
    if (p->is_null)
        return duckdb_bind_null(st, i);
    switch (p->type.id) {
    case Q_T_BOOL:
        return duckdb_bind_boolean(st, i, p->i != 0);
    case Q_T_INT16:
    case Q_T_INT32:
    case Q_T_INT64:
        return duckdb_bind_int64(st, i, p->i);
    case Q_T_INT128:
        return duckdb_bind_hugeint(st, i, hugeint(p->big));
    case Q_T_DECIMAL:
        return duckdb_bind_decimal(st, i,
                                   (duckdb_decimal){.width = p->type.width,
                                                    .scale = p->type.scale,
                                                    .value = hugeint(p->big)});
    case Q_T_DOUBLE:
        return duckdb_bind_double(st, i, p->d);
    case Q_T_DATE:
        return duckdb_bind_date(st, i, (duckdb_date){.days = (int32_t)p->i});
    case Q_T_TIME:
        return duckdb_bind_time(st, i, (duckdb_time){.micros = p->i});
    case Q_T_TIMESTAMP:
        return duckdb_bind_timestamp(st, i, (duckdb_timestamp){.micros = p->i});
    case Q_T_TIMESTAMPTZ:
        return duckdb_bind_timestamp_tz(st, i, (duckdb_timestamp){.micros = p->i});
    case Q_T_BLOB:
        return duckdb_bind_blob(st, i, p->s.p, p->s.n);
    case Q_T_TEXT:
    case Q_T_JSON:
    case Q_T_UUID:
    case Q_T_NONE:
    case Q_T_OTHER:
        return duckdb_bind_varchar_length(st, i, p->s.p ? p->s.p : "", p->s.n);
    }
    return DuckDBError;
}

/* A named parameter that the statement does not use is ignored, so that reports may share a set. */
static enum q_code bind_all(duckdb_prepared_statement st, const struct db_param *params, size_t n,
                            struct q_err *err)
{
    for (size_t i = 0; i < n; i++) {
        idx_t index = i + 1;
        if (params[i].name &&
            duckdb_bind_parameter_index(st, &index, params[i].name) == DuckDBError)
            continue;
        if (bind(st, index, &params[i]) == DuckDBError)
            return q_fail(err, Q_SQL, "could not bind parameter %s of type %d",
                          params[i].name ? params[i].name : "by position", (int)params[i].type.id);
    }
    return Q_OK;
}

enum q_code engine_prepare(struct db_conn *conn, const char *sql, const struct db_param *params,
                           size_t n, duckdb_prepared_statement *out, struct q_err *err)
{
    duckdb_prepared_statement st = NULL;
    enum q_code code = Q_OK;
    if (duckdb_prepare(conn->handle, sql, &st) == DuckDBError)
        code = engine_fail(err, DUCKDB_ERROR_PARSER, duckdb_prepare_error(st), NULL);
    if (!code)
        code = bind_all(st, params, n, err);
    if (code) {
        duckdb_destroy_prepare(&st);
        return code;
    }
    *out = st;
    return Q_OK;
}

static enum q_code execute(struct db_conn *conn, duckdb_prepared_statement st, int64_t *changed,
                           struct q_err *err)
{
    duckdb_result result;
    enum q_code code = Q_OK;
    if (duckdb_execute_prepared(st, &result) == DuckDBError) {
        code = engine_source_error(conn->db, duckdb_result_error(&result), err);
        if (!code)
            code = engine_fail(err, duckdb_result_error_type(&result), duckdb_result_error(&result),
                               NULL);
    } else if (changed) {
        *changed = (int64_t)duckdb_rows_changed(&result);
    }
    duckdb_destroy_result(&result);
    return code;
}

enum q_code engine_execute(struct db_conn *conn, const char *sql, int64_t *changed,
                           struct q_err *err)
{
    duckdb_extracted_statements all = NULL;
    idx_t count = duckdb_extract_statements(conn->handle, sql, &all);
    enum q_code code = Q_OK;
    const char *why = count ? NULL : duckdb_extract_statements_error(all);
    if (why)
        code = engine_fail(err, DUCKDB_ERROR_PARSER, why, NULL);
    for (idx_t i = 0; i < count && !code; i++) {
        duckdb_prepared_statement st = NULL;
        if (duckdb_prepare_extracted_statement(conn->handle, all, i, &st) == DuckDBError)
            code = engine_fail(err, DUCKDB_ERROR_PARSER, duckdb_prepare_error(st), NULL);
        else
            code = execute(conn, st, changed, err);
        duckdb_destroy_prepare(&st);
    }
    duckdb_destroy_extracted(&all);
    return code;
}

static enum q_code execute_with(struct db_conn *conn, const char *sql,
                                const struct db_param *params, size_t n, int64_t *changed,
                                struct q_err *err)
{
    duckdb_prepared_statement st;
    enum q_code code = engine_prepare(conn, sql, params, n, &st, err);
    if (code)
        return code;
    code = execute(conn, st, changed, err);
    duckdb_destroy_prepare(&st);
    return code;
}

void engine_log(const char *sql, int64_t start)
{
    q_log(Q_LOG_DEBUG, "%.1f ms: %s", (double)(q_ticks() - start) / 1e3, sql);
}

enum q_code db_exec(struct db_conn *conn, const char *sql, const struct db_param *params, size_t n,
                    int64_t *changed, struct q_err *err)
{
    assert(!conn->open && "one open result a connection");
    if (changed)
        *changed = 0;
    if (q_cancelled())
        return q_fail(err, Q_CANCELLED, "cancelled");
    int64_t start = q_ticks();
    enum q_code code = n ? execute_with(conn, sql, params, n, changed, err)
                         : engine_execute(conn, sql, changed, err);
    engine_log(sql, start);
    return code;
}

enum q_code db_get_ints(struct db_conn *conn, const char *sql, const struct db_param *params,
                        size_t n, int64_t *out, size_t n_out, int64_t otherwise, struct q_err *err)
{
    struct db_result *result;
    for (size_t i = 0; i < n_out; i++)
        out[i] = otherwise;
    enum q_code code = db_query(conn, sql, params, n, &result, err);
    if (code)
        return code;
    const struct batch *b;
    code = db_next(result, &b, err);
    if (!code && b && b->rows)
        for (size_t i = 0; i < n_out && i < b->n_cols; i++)
            out[i] = db_cell_int(b, i, 0, otherwise);
    while (!code && b)
        code = db_next(result, &b, err);
    db_close(result);
    return code;
}
