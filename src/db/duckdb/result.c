/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>

#include "db/duckdb/internal.h"
#include "sql/build.h"

struct db_result {
    struct db_conn *conn;
    struct q_arena *arena;
    duckdb_prepared_statement statement;
    duckdb_result result;
    bool has_result;
    duckdb_data_chunk chunk;
    struct q_schema columns;
    struct batch batch;
};

/* How a type of the engine that has no counterpart is read: as another type, without loss. */
static const char *read_as(duckdb_type id)
{
    switch ((int)id) {
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_UTINYINT:
        return "SMALLINT";
    case DUCKDB_TYPE_USMALLINT:
        return "INTEGER";
    case DUCKDB_TYPE_UINTEGER:
        return "BIGINT";
    case DUCKDB_TYPE_UBIGINT:
        return "HUGEINT";
    case DUCKDB_TYPE_FLOAT:
        return "DOUBLE";
    case DUCKDB_TYPE_TIMESTAMP_S:
    case DUCKDB_TYPE_TIMESTAMP_MS:
        return "TIMESTAMP";
    default:
        return "VARCHAR";
    }
}

/* The statement wrapped so that every column has a type of ours, or NULL when it has already. */
static const char *wrapped(struct q_arena *arena, const char *sql, duckdb_prepared_statement st)
{
    idx_t n = duckdb_prepared_statement_column_count(st);
    bool needed = false, first = true;
    struct sql *list = sql_new(arena), *names = sql_new(arena);
    for (idx_t i = 0; i < n; i++) {
        duckdb_logical_type type = duckdb_prepared_statement_column_logical_type(st, i);
        const char *name = duckdb_prepared_statement_column_name(st, i);
        const char *plain = sql_make(arena, "c%d", (int64_t)i);
        bool other = engine_type(type).id == Q_T_OTHER && duckdb_get_type_id(type) != DUCKDB_TYPE_INVALID;
        bool was_first = first;
        sql_sep(list, &first, ", ");
        sql_add(names, was_first ? "%s" : ", %s", plain);
        if (other)
            sql_add(list, "CAST(%s AS %s) AS %I", plain, read_as(duckdb_get_type_id(type)), name);
        else
            sql_add(list, "%s AS %I", plain, name);
        needed = needed || other;
        duckdb_destroy_logical_type(&type);
        duckdb_free((void *)(uintptr_t)name);
    }
    if (!needed || duckdb_prepared_statement_type(st) != DUCKDB_STATEMENT_TYPE_SELECT)
        return NULL;
    size_t len = strlen(sql);
    while (len && (sql[len - 1] == ';' || sql[len - 1] == '\n' || sql[len - 1] == ' '))
        len--;
    return sql_make(arena, "SELECT %s FROM (%s\n) AS q(%s)", sql_text(list), q_strndup(arena, sql, len),
                    sql_text(names));
}

static enum q_code prepare_readable(struct db_conn *conn, struct q_arena *arena, const char *sql,
                                    const struct db_param *params, size_t n, duckdb_prepared_statement *st,
                                    struct q_err *err)
{
    enum q_code code = engine_prepare(conn, sql, params, n, st, err);
    if (code)
        return code;
    const char *again = wrapped(arena, sql, *st);
    if (!again)
        return Q_OK;
    duckdb_destroy_prepare(st);
    return engine_prepare(conn, again, params, n, st, err);
}

static void read_columns(struct db_result *r)
{
    idx_t n = duckdb_column_count(&r->result);
    for (idx_t i = 0; i < n; i++) {
        duckdb_logical_type type = duckdb_column_logical_type(&r->result, i);
        q_schema_add(r->arena, &r->columns, q_strdup(r->arena, duckdb_column_name(&r->result, i)),
                     engine_type(type));
        duckdb_destroy_logical_type(&type);
    }
    r->batch.n_cols = n;
    r->batch.cols = q_alloc_array(r->arena, n ? n : 1, sizeof *r->batch.cols);
}

enum q_code db_query(struct db_conn *conn, const char *sql, const struct db_param *params, size_t n,
                     struct db_result **out, struct q_err *err)
{
    assert(!conn->open && "one open result a connection");
    struct q_arena *arena = q_arena_new(NULL, "result");
    struct db_result *r = q_new(arena, struct db_result);
    r->arena = arena;
    r->conn = conn;
    enum q_code code = prepare_readable(conn, arena, sql, params, n, &r->statement, err);
    if (!code) {
        duckdb_state state = engine_execute_streaming(r->statement, &r->result);
        r->has_result = true;
        if (state == DuckDBError) {
            code = engine_source_error(conn->db, err);
            if (!code)
                code = engine_fail(err, duckdb_result_error_type(&r->result), duckdb_result_error(&r->result), NULL);
        }
    }
    if (code) {
        db_close(r);
        return code;
    }
    read_columns(r);
    conn->open = r;
    *out = r;
    return Q_OK;
}

const struct q_schema *db_columns(const struct db_result *result)
{
    return &result->columns;
}

enum q_code db_next(struct db_result *r, const struct batch **out, struct q_err *err)
{
    *out = NULL;
    do {
        if (r->chunk)
            duckdb_destroy_data_chunk(&r->chunk);
        r->chunk = duckdb_fetch_chunk(r->result);
    } while (r->chunk && duckdb_data_chunk_get_size(r->chunk) == 0);
    if (!r->chunk) {
        const char *why = duckdb_result_error(&r->result);
        if (!why)
            return Q_OK;
        enum q_code code = engine_source_error(r->conn->db, err);
        return code ? code : engine_fail(err, duckdb_result_error_type(&r->result), why, NULL);
    }
    r->batch.rows = duckdb_data_chunk_get_size(r->chunk);
    for (size_t i = 0; i < r->batch.n_cols; i++)
        engine_column(&r->batch.cols[i], duckdb_data_chunk_get_vector(r->chunk, i), r->columns.v[i].type);
    *out = &r->batch;
    return Q_OK;
}

void db_close(struct db_result *r)
{
    if (!r)
        return;
    if (r->conn->open == r)
        r->conn->open = NULL;
    if (r->chunk)
        duckdb_destroy_data_chunk(&r->chunk);
    if (r->has_result)
        duckdb_destroy_result(&r->result);
    if (r->statement)
        duckdb_destroy_prepare(&r->statement);
    q_arena_free(r->arena);
}

enum q_code db_describe(struct db_conn *conn, const char *sql, struct q_arena *arena, struct q_schema *columns,
                        struct q_err *err)
{
    struct q_arena *scratch = q_arena_new(NULL, "describe");
    duckdb_prepared_statement st = NULL;
    enum q_code code = prepare_readable(conn, scratch, sql, NULL, 0, &st, err);
    for (idx_t i = 0; !code && i < duckdb_prepared_statement_column_count(st); i++) {
        duckdb_logical_type type = duckdb_prepared_statement_column_logical_type(st, i);
        const char *name = duckdb_prepared_statement_column_name(st, i);
        q_schema_add(arena, columns, q_strdup(arena, name), engine_type(type));
        duckdb_free((void *)(uintptr_t)name);
        duckdb_destroy_logical_type(&type);
    }
    duckdb_destroy_prepare(&st);
    q_arena_free(scratch);
    return code;
}
