/* SPDX-License-Identifier: Apache-2.0 */
#include "run/preview.h"

#include <ctype.h>

#include "base/embed.h"
#include "base/log.h"
#include "sql/expr/expr.h"

/* Copied rather than looked at: what a load may change. */
static bool is_copied(const struct plan *plan, const struct model_table *t)
{
    return t == plan->target || t->is_date || t->can_infer;
}

static const struct model_table *stored_as(const struct plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->model->n; i++)
        if (q_streq(plan->model->tables[i].stored, name))
            return &plan->model->tables[i];
    return NULL;
}

static bool is_wanted(const struct plan *plan)
{
    return plan->target->cfg->measures.n > 0;
}

struct tables {
    struct q_arena *arena;
    q_texts schemas, names;
};

static enum q_code take_table(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct tables *t = arg;
    (void)err;
    *q_vec_push(t->arena, &t->schemas) = db_cell_text(t->arena, b, 0, row);
    *q_vec_push(t->arena, &t->names) = db_cell_text(t->arena, b, 1, row);
    return Q_OK;
}

static enum q_code stand_in(struct run_session *s, const struct plan *plan, const char *schema,
                            const char *name, struct q_err *err)
{
    bool state = q_streq(schema, "quern");
    const struct model_table *t = state ? NULL : stored_as(plan, name);
    bool small = q_streq(name, "meta") || q_streq(name, "checksums");
    const char *what = state                     ? (small ? "TABLE" : "EMPTY")
                       : t && is_copied(plan, t) ? "TABLE"
                                                 : "VIEW";
    if (!state && !t)
        return Q_OK; /* not of the model: no load reads it */
    return db_exec(s->db,
                   sql_make(s->arena, "CREATE %s wh.%I.%I AS SELECT * FROM whf.%I.%I%s",
                            q_streq(what, "VIEW") ? "VIEW" : "TABLE", schema, name, schema, name,
                            q_streq(what, "EMPTY") ? " WHERE false" : ""),
                   NULL, 0, NULL, err);
}

static enum q_code open_stand_in(struct run_session *s, const struct plan *plan, struct q_err *err)
{
    struct tables t = {.arena = s->arena};
    if (!q_file_exists(s->warehouse)) /* "wh" is empty and in memory already */
        return state_make_tables(s->db, err);
    enum q_code code = run_detach(s, err);
    if (!code)
        code = db_attach(s->db, s->warehouse, "whf", true, err);
    if (!code)
        code = db_attach(s->db, ":memory:", "wh", false, err);
    s->attached = !code;
    if (!code)
        code = db_each(s->db, q_embed_text("run/preview_tables.sql"), NULL, 0, take_table, &t, err);
    if (!code)
        code = db_exec(s->db, q_embed_text("state/create_schema.sql"), NULL, 0, NULL, err);
    for (size_t i = 0; i < t.names.n && !code; i++)
        code = stand_in(s, plan, t.schemas.v[i], t.names.v[i], err);
    return code ? code : state_make_tables(s->db, err);
}

static enum q_code close_stand_in(struct run_session *s, struct q_err *err)
{
    enum q_code code = run_detach(s, err);
    if (!code && q_file_exists(s->warehouse))
        code = db_detach(s->db, "whf", err);
    return code;
}

/* ---- measures ---- */

static const char *skip_blanks(const char *p)
{
    while (isspace((unsigned char)*p))
        p++;
    return p;
}

/* "sum(...)" as a whole: the function, and what is between its parentheses. */
static bool is_aggregate(struct q_arena *arena, const char *text, const char **function,
                         const char **inner)
{
    static const char *const functions[] = {"sum", "count", "min", "max"};
    const char *p = skip_blanks(text), *open = strchr(p, '(');
    size_t n = strlen(p);
    while (n && isspace((unsigned char)p[n - 1]))
        n--;
    if (!open || !n || p[n - 1] != ')')
        return false;
    int depth = 0;
    bool quoted = false;
    for (const char *c = open; c < p + n; c++) {
        quoted = quoted != (*c == '\'');
        depth += quoted ? 0 : *c == '(' ? 1 : *c == ')' ? -1 : 0;
        if (depth == 0 && !quoted && c < p + n - 1)
            return false; /* "sum(a) / sum(b)" */
    }
    size_t name = (size_t)(open - p);
    while (name && isspace((unsigned char)p[name - 1]))
        name--;
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++)
        if (strlen(functions[i]) == name && q_strcaseeq(q_strndup(arena, p, name), functions[i])) {
            *function = functions[i];
            *inner = q_strndup(arena, open + 1, (size_t)(p + n - 1 - (open + 1)));
            return true;
        }
    return false;
}

static enum q_code inner_sql(struct q_arena *arena, const struct cfg_pair *measure,
                             const char *text, const struct q_schema *columns, const char **out,
                             struct q_err *err)
{
    struct expr_place place = {measure->value.pos.file, measure->value.pos.line,
                               measure->value.pos.col};
    struct expr_env env = {.columns = columns};
    struct expr *e;
    struct sql *q = sql_new(arena);
    enum q_code code = expr_parse(arena, text, place, &e, err);
    if (!code)
        code = expr_check(e, &env, err);
    if (!code)
        expr_add_sql(q, e, NULL);
    *out = sql_text(q);
    return code;
}

static enum q_code aggregate_sql(struct q_arena *arena, const struct cfg_pair *measure,
                                 const char *function, const char *inner,
                                 const struct q_schema *columns, const char **out,
                                 struct q_err *err)
{
    const char *distinct = "", *arg;
    inner = skip_blanks(inner);
    if (q_streq(inner, "*")) {
        *out = sql_make(arena, "count(*) AS %I", measure->key.s);
        return Q_OK;
    }
    if (strlen(inner) > 9 && q_strcaseeq(q_strndup(arena, inner, 8), "distinct") &&
        isspace((unsigned char)inner[8])) {
        distinct = "DISTINCT ";
        inner = skip_blanks(inner + 8);
    }
    enum q_code code = inner_sql(arena, measure, inner, columns, &arg, err);
    *out = sql_make(arena, "%s(%s%s) AS %I", function, distinct, arg, measure->key.s);
    return code;
}

struct reading {
    struct run_session *s;
    const struct plan *plan;
    bool after;
    struct run_result *out;
    q_texts names; /* of the columns that are read, in order */
};

/* Measures that are made of others come after them; the rest of a name is what it says. */
static enum q_code totals_sql(struct reading *r, const char **out, struct q_err *err)
{
    struct q_arena *arena = r->s->arena;
    const cfg_pairs *measures = &r->plan->target->cfg->measures;
    struct q_schema columns = {0}, totals = {0};
    struct sql *q = sql_new(arena), *all = sql_new(arena);
    bool first = true;
    const char *from = sql_make(arena, "wh.main.%I", r->plan->target->stored);
    enum q_code code =
        db_describe(r->s->db, sql_make(arena, "SELECT * FROM %s", from), arena, &columns, err);
    sql_add(q, "SELECT ");
    for (size_t i = 0; i < measures->n && !code; i++) {
        const char *function, *inner, *sql;
        if (!is_aggregate(arena, measures->v[i].value.s, &function, &inner))
            continue;
        code = aggregate_sql(arena, &measures->v[i], function, inner, &columns, &sql, err);
        sql_sep(q, &first, ", ");
        sql_add(q, "%s", sql);
    }
    if (code || first)
        return code;
    sql_add(q, " FROM %s", from);
    code = db_describe(r->s->db, sql_text(q), arena, &totals, err);
    sql_add(all, "SELECT ");
    for (size_t i = 0, k = 0; i < measures->n && !code; i++) {
        const char *function, *inner, *sql;
        struct q_err why = {0};
        const struct cfg_pair *m = &measures->v[i];
        if (is_aggregate(arena, m->value.s, &function, &inner))
            sql = sql_make(arena, "%I", m->key.s);
        else if (inner_sql(arena, m, m->value.s, &totals, &sql, &why)) {
            /* neither one aggregate nor made of those that are */
            if (r->after)
                q_log(Q_LOG_WARN, "measure \"%s\" is left out of the preview: %s", m->key.s,
                      why.message);
            continue;
        }
        sql_add(all, k++ ? ", CAST(%s AS VARCHAR)" : "CAST(%s AS VARCHAR)", sql);
        *q_vec_push(arena, &r->names) = m->key.s;
    }
    sql_add(all, " FROM (%s)", sql_text(q));
    *out = sql_text(all);
    return code;
}

static enum q_code take_values(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct reading *r = arg;
    (void)err;
    for (size_t i = 0; i < r->names.n; i++) {
        const char *value = db_cell_text(r->s->arena, b, i, row);
        if (!r->after)
            *q_vec_push(r->s->arena, &r->out->measures) =
                (struct run_measure){.name = r->names.v[i], .before = value};
        else if (i < r->out->measures.n)
            r->out->measures.v[i].after = value;
    }
    return Q_OK;
}

struct change {
    struct run_session *s;
    struct run_measure *m;
};

static enum q_code take_change(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct change *c = arg;
    (void)err;
    c->m->change = db_cell_text(c->s->arena, b, 0, row);
    return Q_OK;
}

/* Exact: values have at most 38 digits, and are subtracted with as many behind the point as they have. */
static enum q_code count_changes(struct reading *r, struct q_err *err)
{
    enum q_code code = Q_OK;
    for (size_t i = 0; i < r->out->measures.n && !code; i++) {
        struct run_measure *m = &r->out->measures.v[i];
        struct change c = {r->s, m};
        const char *point = strchr(m->after ? m->after : m->before ? m->before : "", '.');
        struct q_type type = Q_DECIMAL(38, point ? (uint8_t)strlen(point + 1) : 0);
        code = db_each(
            r->s->db,
            sql_make(
                r->s->arena,
                "SELECT CAST(TRY_CAST(coalesce(%L, '0') AS %T) - TRY_CAST(coalesce(%L, '0') AS %T) AS "
                "VARCHAR)",
                m->after, &type, m->before, &type),
            NULL, 0, take_change, &c, err);
    }
    return code;
}

static enum q_code measure(struct run_session *s, const struct plan *plan, bool after,
                           struct run_result *out, struct q_err *err)
{
    struct reading r = {.s = s, .plan = plan, .after = after, .out = out};
    const char *sql = NULL;
    if (!after && !q_map_has(plan->existing, plan->target->stored))
        return Q_OK; /* there is no such table yet */
    enum q_code code = totals_sql(&r, &sql, err);
    if (code || !sql)
        return code;
    if (after && !out->measures.n)
        for (size_t i = 0; i < r.names.n; i++)
            *q_vec_push(s->arena, &out->measures) = (struct run_measure){.name = r.names.v[i]};
    code = db_each(s->db, sql, NULL, 0, take_values, &r, err);
    return code || !after ? code : count_changes(&r, err);
}

/* ---- the run ---- */

static enum q_code take_sample(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct run *r = arg;
    struct q_arena *arena = r->s->arena;
    (void)err;
    *q_vec_push(arena, &r->out->samples) = (struct run_sample){
        .relation = db_cell_text(arena, b, 0, row),
        .reason = db_cell_text(arena, b, 1, row),
        .key = db_cell_text(arena, b, 2, row),
        .column = db_cell_text(arena, b, 3, row),
        .value = db_cell_text(arena, b, 4, row),
        .path = db_cell_text(arena, b, 5, row),
        .record_no = db_cell_int(b, 6, row, 0),
    };
    return Q_OK;
}

/* The load transaction in a stand-in of the warehouse: what it does to the measures. */
static enum q_code preview_load(struct run *r, struct q_err *err)
{
    struct run_session *s = r->s;
    enum q_code code = open_stand_in(s, r->plan, err);
    if (!code)
        code = measure(s, r->plan, false, r->out, err);
    if (!code)
        code = db_begin(s->db, err);
    if (code)
        return code;
    code = run_steps(r, true, err);
    if (!code)
        code = measure(s, r->plan, true, r->out, err);
    db_rollback(s->db);
    return code ? code : close_stand_in(s, err);
}

enum q_code preview_run(struct run *r, struct q_err *err)
{
    enum q_code code =
        db_each(r->s->db, q_embed_text("run/list_samples.sql"), NULL, 0, take_sample, r, err);
    if (!code && is_wanted(r->plan) && !q_streq(r->out->status, "would abort"))
        code = preview_load(r, err);
    return code;
}
