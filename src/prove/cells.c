/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a test as typed values, and rows of the warehouse as texts. */
#include "base/clock.h"
#include "base/parse.h"
#include "base/suggest.h"
#include "db/cast.h"
#include "prove/internal.h"
#include "sql/build.h"

/* "2024-05-01" is a time, too. */
static const char *spelled(struct q_arena *arena, struct q_type type, const char *text)
{
    char out[Q_TIMESTAMP_TEXT];
    int64_t usec;
    struct q_err unused = {0};
    if (text && type.id == Q_T_TIMESTAMP && !q_parse_timestamp(text, "time", &usec, &unused))
        return q_strdup(arena, q_timestamp_text(usec, out));
    return text;
}

static bool has_cast(struct q_type type)
{
    return type.id != Q_T_TEXT && type.id != Q_T_JSON && type.id != Q_T_OTHER &&
           type.id != Q_T_BLOB;
}

static enum q_code find_types(struct proving *t, const struct cfg_cells *cells,
                              const struct q_schema *columns, const char *what,
                              struct q_type *types, struct q_err *err)
{
    q_texts known = {0};
    for (size_t i = 0; i < columns->n; i++)
        if (!q_starts(columns->v[i].name, "_q_"))
            *q_vec_push(t->arena, &known) = columns->v[i].name;
    for (size_t i = 0; i < cells->columns.n; i++) {
        const struct cfg_text *name = &cells->columns.v[i];
        ptrdiff_t at = q_schema_find(columns, name->s);
        const char *near = q_suggest(name->s, known.v, known.n);
        if (at < 0)
            return near ? cfg_fail(err, name->pos, "%s has no column \"%s\"; did you mean \"%s\"?",
                                   what, name->s, near)
                        : cfg_fail(err, name->pos, "%s has no column \"%s\"", what, name->s);
        types[i] = columns->v[at].type;
    }
    return Q_OK;
}

static enum q_code add_casts(struct proving *t, const struct q_type *types, size_t n,
                             struct q_err *err)
{
    struct db_cast *casts = q_alloc_array(t->arena, n + 1, sizeof *casts);
    size_t found = 0;
    for (size_t i = 0; i < n; i++)
        if (has_cast(types[i]) && !q_map_has(&t->p->casts, db_cast_plain(t->arena, types[i]).name))
            casts[found++] = db_cast_plain(t->arena, types[i]);
    enum q_code code = found ? db_add_casts(t->session.db, casts, found, err) : Q_OK;
    for (size_t i = 0; i < found && !code; i++)
        q_map_put(&t->p->casts, casts[i].name, t->p);
    return code;
}

static const char *cast_sql(struct proving *t, const struct cfg_cells *cells,
                            const struct q_type *types)
{
    struct sql *q = sql_new(t->arena);
    sql_add(q, "SELECT ");
    for (size_t i = 0; i < cells->columns.n; i++) {
        const char *name = q_printf(t->arena, "c%zu", i);
        sql_add(q, i ? ", " : "");
        if (has_cast(types[i]))
            sql_add(q, "CAST(%s(%I) AS VARCHAR)", db_cast_plain(t->arena, types[i]).name, name);
        else
            sql_add(q, "%I", name);
    }
    sql_add(q, " FROM (VALUES ");
    for (size_t r = 0; r < cells->rows.n; r++) {
        sql_add(q, r ? ", (%d" : "(%d", (int64_t)r);
        for (size_t i = 0; i < cells->columns.n; i++) {
            const struct cfg_cell *cell = &cells->rows.v[r].v[i];
            sql_add(q, ", %L", cell->any ? NULL : spelled(t->arena, types[i], cell->text.s));
        }
        sql_add(q, ")");
    }
    sql_add(q, ") AS g(n");
    for (size_t i = 0; i < cells->columns.n; i++)
        sql_add(q, ", c%d", (int64_t)i);
    sql_add(q, ") ORDER BY n");
    return sql_text(q);
}

struct reading {
    struct q_arena *arena;
    size_t columns;
    prove_rows *out;
};

static enum q_code take_row(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct reading *r = arg;
    (void)err;
    struct prove_row *out = q_vec_push(r->arena, r->out);
    out->v = q_alloc_array(r->arena, r->columns + 1, sizeof *out->v);
    for (size_t i = 0; i < r->columns; i++)
        out->v[i] = db_cell_text(r->arena, b, i, row);
    return Q_OK;
}

static enum q_code check_values(struct proving *t, const struct cfg_cells *cells,
                                const struct q_type *types, prove_rows *rows, struct q_err *err)
{
    char type[Q_TYPE_TEXT];
    (void)t;
    for (size_t r = 0; r < rows->n; r++) {
        rows->v[r].pos = cells->rows.v[r].pos;
        rows->v[r].cells = cells->rows.v[r].v;
        for (size_t i = 0; i < cells->columns.n; i++) {
            const struct cfg_cell *cell = &cells->rows.v[r].v[i];
            if (cell->text.s && !cell->any && !rows->v[r].v[i])
                return cfg_fail(err, cell->text.pos, "\"%s\" is no %s, the type of \"%s\"",
                                cell->text.s, q_type_text(types[i], type), cells->columns.v[i].s);
        }
    }
    return Q_OK;
}

enum q_code prove_canonical(struct proving *t, const struct cfg_cells *cells,
                            const struct q_schema *columns, const char *what, prove_rows *out,
                            struct q_err *err)
{
    struct q_type *types = q_alloc_array(t->arena, cells->columns.n + 1, sizeof *types);
    struct reading r = {t->arena, cells->columns.n, out};
    enum q_code code = find_types(t, cells, columns, what, types, err);
    if (code || !cells->rows.n)
        return code;
    code = add_casts(t, types, cells->columns.n, err);
    if (!code)
        code = db_each(t->session.db, cast_sql(t, cells, types), NULL, 0, take_row, &r, err);
    return code ? code : check_values(t, cells, types, out, err);
}

enum q_code prove_read(struct proving *t, const char *select, const q_texts *names, prove_rows *out,
                       struct q_err *err)
{
    struct reading r = {t->arena, names->n, out};
    struct sql *q = sql_new(t->arena);
    sql_add(q, "SELECT ");
    for (size_t i = 0; i < names->n; i++)
        sql_add(q, "%sCAST(%I AS VARCHAR)", i ? ", " : "", names->v[i]);
    sql_add(q, "%s FROM (%s) AS q ORDER BY ALL", names->n ? "" : "1", select);
    return db_each(t->session.db, sql_text(q), NULL, 0, take_row, &r, err);
}
