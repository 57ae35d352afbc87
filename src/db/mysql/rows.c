/* SPDX-License-Identifier: Apache-2.0 */
/* Statements, and their rows as the binary protocol has them ("Binary Protocol Resultset Row" of MySQL's internals). */
#include <stdio.h>

#include "base/clock.h"
#include "batch/cell.h"
#include "db/mysql/internal.h"

/* ---- values ---- */

/* A length of 1, 3, 4 or 9 bytes; *row moves behind it. */
static size_t field_length(unsigned char **row)
{
    enum { TWO = 0xFC, THREE = 0xFD, EIGHT = 0xFE };
    unsigned char *p = *row;
    size_t bytes = *p < TWO ? 0 : *p == TWO ? 2 : *p == THREE ? 3 : 8, n = 0;
    if (!bytes) {
        *row = p + 1;
        return *p;
    }
    for (size_t i = bytes; i > 0; i--)
        n = n << 8 | p[i];
    *row = p + 1 + bytes;
    (void)EIGHT;
    return n;
}

/* Bytes of a value without a length of its own; 0: it has one. */
static size_t fixed_size(enum enum_field_types type)
{
    switch ((int)type) {
    case MYSQL_TYPE_TINY:
        return 1;
    case MYSQL_TYPE_SHORT:
    case MYSQL_TYPE_YEAR:
        return 2;
    case MYSQL_TYPE_LONG:
    case MYSQL_TYPE_INT24:
    case MYSQL_TYPE_FLOAT:
        return 4;
    case MYSQL_TYPE_LONGLONG:
    case MYSQL_TYPE_DOUBLE:
        return 8;
    default:
        return 0;
    }
}

/* The library calls this for every value of a row; *row is where the value begins, and must be moved behind it. */
static void take_value(void *self, unsigned column, unsigned char **row)
{
    struct mysqldb_rows *rows = self;
    struct mysqldb_value *v = &rows->values[column];
    if (!row) {
        *v = (struct mysqldb_value){0};
        return;
    }
    v->n = fixed_size(rows->fields[column].type);
    if (!v->n)
        v->n = field_length(row);
    v->p = *row;
    *row += v->n;
}

/* ---- parameters ---- */

struct bound {
    MYSQL_BIND bind;
    MYSQL_TIME time;
    struct db_param param;
    unsigned long length;
    struct q_buf text;
};

static void bind_time(struct bound *b, enum enum_field_types type, int64_t usec)
{
    int64_t days = usec / Q_USEC_PER_DAY - (usec % Q_USEC_PER_DAY < 0);
    int64_t rest = usec - days * Q_USEC_PER_DAY, seconds = rest / Q_USEC_PER_SEC;
    struct q_civil c = q_civil_from_days((int32_t)days);
    b->time = (MYSQL_TIME){.year = (unsigned)c.year,
                           .month = (unsigned)c.month,
                           .day = (unsigned)c.day,
                           .hour = (unsigned)(seconds / 3600),
                           .minute = (unsigned)(seconds / 60 % 60),
                           .second = (unsigned)(seconds % 60),
                           .second_part = (unsigned long)(rest % Q_USEC_PER_SEC),
                           .time_type = type == MYSQL_TYPE_DATE ? MYSQL_TIMESTAMP_DATE
                                                                : MYSQL_TIMESTAMP_DATETIME};
    b->bind.buffer_type = type;
    b->bind.buffer = &b->time;
}

static void bind_text(struct bound *b, struct q_arena *arena, enum enum_field_types type,
                      struct q_str text)
{
    b->length = text.n;
    b->bind.buffer_type = type;
    b->bind.buffer = q_strndup(arena, text.p, text.n);
    b->bind.buffer_length = text.n;
    b->bind.length = &b->length;
}

/* An unscaled 128 bit integer with its scale, as text. */
static void bind_exact(struct bound *b, struct q_arena *arena)
{
    enum { MOST = 64 };
    __int128 big = b->param.big;
    struct q_type type = Q_DECIMAL(38, b->param.type.id == Q_T_DECIMAL ? b->param.type.scale : 0);
    struct batch_col col = {.type = type, .data = &big};
    q_buf_init(&b->text, MOST);
    batch_cell_text(&col, 0, &b->text);
    bind_text(b, arena, MYSQL_TYPE_NEWDECIMAL, (struct q_str){q_buf_text(&b->text), b->text.n});
    q_buf_release(&b->text);
}

static void bind(struct bound *b, struct q_arena *arena)
{
    const struct db_param *p = &b->param;
    if (p->is_null) {
        b->bind.buffer_type = MYSQL_TYPE_NULL;
        return;
    }
    switch (p->type.id) {
    case Q_T_TEXT:
        bind_text(b, arena, MYSQL_TYPE_STRING, p->s);
        return;
    case Q_T_DATE:
        bind_time(b, MYSQL_TYPE_DATE, p->i * Q_USEC_PER_DAY);
        return;
    case Q_T_TIMESTAMP:
    case Q_T_TIMESTAMPTZ:
        bind_time(b, MYSQL_TYPE_DATETIME, p->i);
        return;
    case Q_T_DECIMAL:
    case Q_T_INT128:
        bind_exact(b, arena);
        return;
    case Q_T_DOUBLE:
        b->bind.buffer_type = MYSQL_TYPE_DOUBLE;
        b->bind.buffer = &b->param.d;
        return;
    default:
        b->bind.buffer_type = MYSQL_TYPE_LONGLONG;
        b->bind.buffer = &b->param.i;
    }
}

static enum q_code bind_all(struct mysqldb_rows *rows, const struct db_param *params, size_t n,
                            struct q_arena *arena, struct q_err *err)
{
    struct mysqldb *s = rows->session;
    size_t wants = s->lib->stmt_param_count(rows->stmt);
    if (wants != n)
        return q_fail(err, Q_SQL, "cannot read %s: the statement has %zu parameters (?)", s->shown,
                      wants - n);
    struct bound *bound = q_alloc_array(arena, n + 1, sizeof *bound);
    MYSQL_BIND *binds = q_alloc_array(arena, n + 1, sizeof *binds);
    for (size_t i = 0; i < n; i++) {
        bound[i].param = params[i];
        bind(&bound[i], arena);
        binds[i] = bound[i].bind;
    }
    return n && s->lib->stmt_bind_param(rows->stmt, binds)
               ? mysqldb_error(s, rows->stmt, "read", err)
               : Q_OK;
}

/* ---- statements ---- */

static enum q_code take_metadata(struct mysqldb_rows *rows, struct q_arena *arena,
                                 struct q_err *err)
{
    struct mysqldb *s = rows->session;
    rows->meta = s->lib->stmt_result_metadata(rows->stmt);
    if (!rows->meta)
        return q_fail(err, Q_SQL, "cannot read %s: the statement gives no rows", s->shown);
    rows->n_fields = s->lib->num_fields(rows->meta);
    rows->fields = s->lib->fetch_fields(rows->meta);
    rows->values = q_alloc_array(arena, rows->n_fields + 1, sizeof *rows->values);
    return Q_OK;
}

enum q_code mysqldb_rows_open(struct mysqldb *s, const char *sql, const struct db_param *params,
                              size_t n, bool describe_only, struct q_arena *arena,
                              struct mysqldb_rows *out, struct q_err *err)
{
    struct mysqldb_rows *rows = out;
    *rows = (struct mysqldb_rows){.session = s, .ended = true};
    if (!s->handle) {
        q_fail(err, Q_SOURCE, "could not read %s: the connection was closed", s->shown);
        q_hint(err, "An earlier read of it ended early. Run it again.");
        return Q_SOURCE;
    }
    rows->stmt = s->lib->stmt_init(s->handle);
    if (!rows->stmt)
        return q_fail(err, Q_NOMEM, "could not read %s: out of memory", s->shown);
    enum q_code code = Q_OK;
    if (s->lib->stmt_prepare(rows->stmt, sql, strlen(sql)))
        code = mysqldb_error(s, rows->stmt, "read", err);
    if (!code)
        code = take_metadata(rows, arena, err);
    if (!code && !describe_only) {
        (void)s->lib->stmt_attr_set(rows->stmt, STMT_ATTR_CB_USER_DATA, rows);
        (void)s->lib->stmt_attr_set(rows->stmt, STMT_ATTR_CB_RESULT, (const void *)take_value);
        code = bind_all(rows, params, n, arena, err);
        if (!code && s->lib->stmt_execute(rows->stmt))
            code = mysqldb_error(s, rows->stmt, "read", err);
        rows->ended = code != Q_OK;
    }
    if (code)
        mysqldb_rows_close(rows);
    return code;
}

enum q_code mysqldb_rows_next(struct mysqldb_rows *rows, const char *object, struct q_err *err)
{
    struct mysqldb *s = rows->session;
    int rc = s->lib->stmt_fetch(rows->stmt);
    if (rc == 0 || rc == MYSQL_DATA_TRUNCATED)
        return Q_OK;
    rows->ended = true;
    if (rc == MYSQL_NO_DATA)
        return Q_OK;
    enum q_code code = mysqldb_error(s, rows->stmt, "read", err);
    if (object)
        q_context(err, "streaming %s", object);
    return code;
}

void mysqldb_rows_close(struct mysqldb_rows *rows)
{
    struct mysqldb *s = rows->session;
    if (rows->meta)
        s->lib->free_result(rows->meta);
    if (!rows->ended && s->handle) { /* rows that nobody wants would all have to be fetched */
        s->lib->close(s->handle);
        s->handle = NULL;
    }
    if (rows->stmt)
        (void)s->lib->stmt_close(rows->stmt);
    rows->stmt = NULL;
    rows->meta = NULL;
}

enum q_code mysqldb_columns(struct mysqldb *s, const char *sql, struct q_arena *arena,
                            mysqldb_columns_of *out, struct q_err *err)
{
    struct mysqldb_rows rows;
    enum q_code code = mysqldb_rows_open(s, sql, NULL, 0, true, arena, &rows, err);
    if (code)
        return code;
    for (size_t i = 0; i < rows.n_fields; i++) {
        struct mysqldb_column *c = q_vec_push(arena, out);
        c->name = q_strndup(arena, rows.fields[i].name, rows.fields[i].name_length);
        c->type = mysqldb_type(s->lib, &rows.fields[i], &c->there);
    }
    mysqldb_rows_close(&rows);
    return Q_OK;
}

enum q_code mysqldb_texts(struct mysqldb *s, const char *sql, const struct db_param *params,
                          size_t n, struct q_arena *arena, q_texts *out, struct q_err *err)
{
    struct mysqldb_rows rows;
    enum q_code code = mysqldb_rows_open(s, sql, params, n, false, arena, &rows, err);
    if (code)
        return code;
    while (!(code = mysqldb_rows_next(&rows, NULL, err)) && !rows.ended)
        for (size_t i = 0; i < rows.n_fields; i++) {
            const struct mysqldb_value *v = &rows.values[i];
            *q_vec_push(arena, out) = v->p ? q_strndup(arena, (const char *)v->p, v->n) : NULL;
        }
    mysqldb_rows_close(&rows);
    return code;
}
