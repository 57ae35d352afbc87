/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>

#include "base/clock.h"
#include "db/duckdb/internal.h"
#include "sql/build.h"

struct db_result {
    struct db_conn *conn;
    struct q_arena *arena;
    duckdb_prepared_statement statement;
    duckdb_result result;
    bool has_result;
    bool ended; /* read to its end */
    duckdb_data_chunk chunk;
    struct q_schema columns;
    struct batch batch;
    const char *sql; /* for the log, with the time until the result is closed */
    int64_t start;
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

/* Behind a quoted text, a comment or one other character. */
static const char *skip_token(const char *p)
{
    const char *end = NULL;
    if (p[0] == '\'' || p[0] == '"')
        end = strchr(p + 1, p[0]);
    else if (p[0] == '-' && p[1] == '-')
        end = strchr(p, '\n');
    else if (p[0] == '/' && p[1] == '*')
        end = (end = strstr(p + 2, "*/")) ? end + 1 : NULL;
    else
        return p + 1;
    return end ? end + 1 : p + strlen(p);
}

/* Length of the statement without a semicolon behind it, which a subquery cannot have. */
static size_t length_of_query(const char *sql)
{
    size_t length = 0;
    for (const char *p = sql, *next; *p; p = next) {
        next = skip_token(p);
        bool comment = (p[0] == '-' && p[1] == '-') || (p[0] == '/' && p[1] == '*');
        if (!comment && !strchr("; \t\r\n", *p))
            length = (size_t)(next - sql);
    }
    return length;
}

/* The statement wrapped so that every column of its result has a type of ours, or NULL when it has already. The
 * result tells more than the prepared statement, whose types are open while it has parameters. */
static const char *wrapped(struct q_arena *arena, const char *sql, duckdb_result *result)
{
    if (duckdb_result_statement_type(*result) != DUCKDB_STATEMENT_TYPE_SELECT)
        return NULL;
    idx_t n = duckdb_column_count(result);
    bool needed = false;
    struct sql *list = sql_new(arena), *names = sql_new(arena);
    for (idx_t i = 0; i < n; i++) {
        duckdb_logical_type type = duckdb_column_logical_type(result, i);
        const char *name = duckdb_column_name(result, i), *comma = i ? ", " : "";
        const char *plain = sql_make(arena, "c%d", (int64_t)i);
        sql_add(names, "%s%s", comma, plain);
        if (engine_type(type).id == Q_T_OTHER) {
            sql_add(list, "%sCAST(%s AS %s) AS %I", comma, plain, read_as(duckdb_get_type_id(type)),
                    name);
            needed = true;
        } else {
            sql_add(list, "%s%s AS %I", comma, plain, name);
        }
        duckdb_destroy_logical_type(&type);
    }
    if (!needed)
        return NULL;
    return sql_make(arena, "SELECT %s FROM (%s\n) AS q(%s)", sql_text(list),
                    q_strndup(arena, sql, length_of_query(sql)), sql_text(names));
}

static enum q_code start(struct db_result *r, const char *sql, const struct db_param *params,
                         size_t n, struct q_err *err)
{
    enum q_code code = engine_prepare(r->conn, sql, params, n, &r->statement, err);
    if (code)
        return code;
    r->has_result = true;
    if (engine_execute_streaming(r->statement, &r->result) != DuckDBError)
        return Q_OK;
    code = engine_source_error(r->conn->db, duckdb_result_error(&r->result), err);
    if (!code)
        code = engine_fail(err, duckdb_result_error_type(&r->result),
                           duckdb_result_error(&r->result), NULL);
    return code;
}

static void stop(struct db_result *r)
{
    if (r->has_result)
        duckdb_destroy_result(&r->result);
    if (r->statement)
        duckdb_destroy_prepare(&r->statement);
    r->has_result = false;
    r->statement = NULL;
}

static enum q_code start_readable(struct db_result *r, const char *sql,
                                  const struct db_param *params, size_t n, struct q_err *err)
{
    enum q_code code = start(r, sql, params, n, err);
    const char *again = code ? NULL : wrapped(r->arena, sql, &r->result);
    if (!again)
        return code;
    stop(r);
    return start(r, again, params, n, err);
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
    r->sql = q_strdup(arena, sql);
    r->start = q_ticks();
    enum q_code code = start_readable(r, sql, params, n, err);
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
        r->ended = true;
        const char *why = duckdb_result_error(&r->result);
        if (!why)
            return Q_OK;
        enum q_code code = engine_source_error(r->conn->db, why, err);
        return code ? code : engine_fail(err, duckdb_result_error_type(&r->result), why, NULL);
    }
    r->batch.rows = duckdb_data_chunk_get_size(r->chunk);
    for (size_t i = 0; i < r->batch.n_cols; i++)
        engine_column(&r->batch.cols[i], duckdb_data_chunk_get_vector(r->chunk, i),
                      r->columns.v[i].type);
    *out = &r->batch;
    return Q_OK;
}

/* A stream that was left before its end keeps its transaction until the next statement, which undoes what was
 * registered on the connection in between. This is that statement. */
static void settle(struct db_conn *conn)
{
    duckdb_result result;
    (void)duckdb_query(conn->handle, "SELECT 1", &result); /* only to be done with the other */
    duckdb_destroy_result(&result);
}

void db_close(struct db_result *r)
{
    if (!r)
        return;
    if (r->conn->open == r)
        r->conn->open = NULL;
    if (r->chunk)
        duckdb_destroy_data_chunk(&r->chunk);
    bool abandoned = r->has_result && !r->ended;
    struct db_conn *conn = r->conn;
    stop(r);
    engine_log(r->sql, r->start);
    q_arena_free(r->arena);
    if (abandoned)
        settle(conn);
}

enum q_code db_describe(struct db_conn *conn, const char *sql, struct q_arena *arena,
                        struct q_schema *columns, struct q_err *err)
{
    struct q_arena *scratch = q_arena_new(NULL, "describe");
    struct db_result *r;
    const char *query = q_strndup(scratch, sql, length_of_query(sql));
    enum q_code code = db_query(conn, sql_make(scratch, "SELECT * FROM (%s\n) AS q LIMIT 0", query),
                                NULL, 0, &r, err);
    if (!code) {
        for (size_t i = 0; i < r->columns.n; i++)
            q_schema_add(arena, columns, q_strdup(arena, r->columns.v[i].name),
                         r->columns.v[i].type);
        db_close(r);
    }
    q_arena_free(scratch);
    return code;
}
