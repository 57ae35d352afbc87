/* SPDX-License-Identifier: Apache-2.0 */
#include "batch/cell.h"
#include "db/db.h"

enum { CELL_MAX = 64 << 20 };

enum q_code db_each(struct db_conn *conn, const char *sql, const struct db_param *params, size_t n,
                    enum q_code (*fn)(void *arg, const struct batch *batch, size_t row,
                                      struct q_err *err),
                    void *arg, struct q_err *err)
{
    struct db_result *r;
    const struct batch *b = NULL;
    enum q_code code = db_query(conn, sql, params, n, &r, err);
    if (code)
        return code;
    while (!code && !(code = db_next(r, &b, err)) && b)
        for (size_t i = 0; i < b->rows && !code; i++)
            code = fn(arg, b, i, err);
    db_close(r);
    return code;
}

const char *db_cell_text(struct q_arena *arena, const struct batch *batch, size_t col, size_t row)
{
    const struct batch_col *c = &batch->cols[col];
    if (batch_is_null(c, row))
        return NULL;
    if (q_type_is_textual(c->type)) {
        struct q_str s = batch_text_at(c, row);
        return q_strndup(arena, s.p, s.n);
    }
    struct q_buf text;
    q_buf_init(&text, CELL_MAX);
    batch_cell_text(c, row, &text);
    const char *copy = q_strndup(arena, q_buf_text(&text), text.n);
    q_buf_release(&text);
    return copy;
}

int64_t db_cell_int(const struct batch *batch, size_t col, size_t row, int64_t otherwise)
{
    const struct batch_col *c = &batch->cols[col];
    if (batch_is_null(c, row))
        return otherwise;
    switch (q_type_size(c->type)) {
    case 1:
        return ((const int8_t *)c->data)[row];
    case 2:
        return ((const int16_t *)c->data)[row];
    case 4:
        return ((const int32_t *)c->data)[row];
    case 8:
        return ((const int64_t *)c->data)[row];
    default:
        return (int64_t)((const __int128 *)c->data)[row];
    }
}

double db_cell_double(const struct batch *batch, size_t col, size_t row, double otherwise)
{
    const struct batch_col *c = &batch->cols[col];
    return batch_is_null(c, row) ? otherwise : ((const double *)c->data)[row];
}
