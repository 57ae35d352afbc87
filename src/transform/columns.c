/* SPDX-License-Identifier: Apache-2.0 */
/* Steps on columns and rows: the first view, rename, select, drop, derive, filter. */
#include "transform/internal.h"

enum { LITERAL_FILES = 1000 };

/* The path of a record by its file number. */
static const char *file_sql(struct transform *t, const struct chain *chain)
{
    const q_paths *files = chain->source->files;
    struct sql *q = sql_new(t->arena);
    if (files->n > LITERAL_FILES) {
        const char *table = q_printf(t->arena, "q_files_%s", chain->source->name);
        sql_add(q, "CREATE TABLE %I AS SELECT unnest([", table);
        for (size_t i = 0; i < files->n; i++)
            sql_add(q, i ? ", %L" : "%L", files->v[i]);
        sql_add(q, "]) AS path");
        transform_sql(t, sql_text(q));
        return sql_make(t->arena, "(SELECT list(path) FROM %I)[(_q_pos >> %d) + 1]", table,
                        (int64_t)Q_POS_FILE_SHIFT);
    }
    if (files->n == 1)
        return sql_make(t->arena, "%L", files->v[0]);
    sql_add(q, "[");
    for (size_t i = 0; i < files->n; i++)
        sql_add(q, i ? ", %L" : "%L", files->v[i]);
    sql_add(q, "][(_q_pos >> %d) + 1]", (int64_t)Q_POS_FILE_SHIFT);
    return sql_text(q);
}

enum q_code transform_base(struct transform *t, struct chain *chain, struct q_err *err)
{
    struct view v;
    (void)err;
    chain->relation = chain->source->table;
    chain->columns = chain->source->columns;
    *q_vec_push(t->arena, &chain->positions) = "_q_pos";
    view_open(&v, t, chain);
    if (chain->source->files && chain->source->files->n && !view_find(&v, "source_file"))
        view_set(&v, "source_file", Q_TYPE(Q_T_TEXT), file_sql(t, chain));
    if (chain->source->files && !view_find(&v, "source_position"))
        view_set(&v, "source_position", Q_TYPE(Q_T_INT64),
                 sql_make(t->arena, "(_q_pos & %d)", (int64_t)Q_POS_OFFSET_MASK));
    view_close(&v);
    return Q_OK;
}

enum q_code transform_rename(struct transform *t, struct chain *chain, struct q_err *err)
{
    struct view v;
    view_open(&v, t, chain);
    for (size_t i = 0; i < t->cfg->pairs.n; i++) {
        const struct cfg_pair *pair = &t->cfg->pairs.v[i];
        struct view_item *item;
        enum q_code code = view_require(&v, &pair->key, &item, err);
        if (code)
            return code;
        const struct view_item *taken = view_find(&v, pair->value.s);
        if (taken && taken != item)
            return cfg_fail(err, pair->value.pos, "there is a column \"%s\" already", taken->name);
        item->name = pair->value.s;
    }
    view_close(&v);
    return Q_OK;
}

static bool is_named(const cfg_texts *names, const char *name)
{
    for (size_t i = 0; i < names->n; i++)
        if (q_strcaseeq(names->v[i].s, name))
            return true;
    return false;
}

/* select keeps the named columns in their order, drop the others. */
enum q_code transform_select(struct transform *t, struct chain *chain, struct q_err *err)
{
    struct view v, out;
    const cfg_texts *names = &t->cfg->columns;
    view_open(&v, t, chain);
    out = v;
    out.items.n = out.items.cap = 0;
    out.items.v = NULL;
    for (size_t i = 0; i < names->n; i++) {
        struct view_item *item;
        enum q_code code = view_require(&v, &names->v[i], &item, err);
        if (code)
            return code;
        if (t->cfg->kind == CFG_SELECT)
            view_set(&out, item->name, item->type, item->sql);
    }
    for (size_t i = 0; t->cfg->kind == CFG_DROP && i < v.items.n; i++)
        if (!is_named(names, v.items.v[i].name))
            view_set(&out, v.items.v[i].name, v.items.v[i].type, v.items.v[i].sql);
    if (!out.items.n)
        return cfg_fail(err, t->cfg->pos, "no column is left");
    view_close(&out);
    return Q_OK;
}

static const char *expr_sql(struct transform *t, const struct expr *e)
{
    struct sql *q = sql_new(t->arena);
    expr_add_sql(q, e, NULL);
    return sql_text(q);
}

static const char *expr_fails(struct transform *t, const struct expr *e)
{
    struct sql *q = sql_new(t->arena);
    expr_add_fails_sql(q, e, NULL);
    return sql_text(q);
}

enum q_code transform_derive(struct transform *t, struct chain *chain, struct q_err *err)
{
    struct view v;
    view_open(&v, t, chain);
    for (size_t i = 0; i < t->cfg->pairs.n; i++) {
        const struct cfg_pair *pair = &t->cfg->pairs.v[i];
        struct q_schema columns = view_schema(&v);
        struct expr_env env = {.columns = &columns, .now_sql = TRANSFORM_CLOCK};
        struct expr *e;
        enum q_code code =
            expr_parse(t->arena, pair->value.s, transform_place(&pair->value), &e, err);
        if (!code)
            code = expr_check(e, &env, err);
        if (!code && expr_type(e).id == Q_T_NONE)
            code = cfg_fail(err, pair->value.pos, "\"%s\" has no type; write cast(null as text)",
                            pair->key.s);
        if (code) {
            q_context(err, "deriving column \"%s\"", pair->key.s);
            return code;
        }
        transform_need_casts(t, e);
        if (i)
            view_nest(&v);
        if (expr_can_fail(e))
            view_fail(&v, expr_fails(t, e), NULL, expr_fail_reason(e), pair->key.s, pair->value.s);
        view_set(&v, pair->key.s, expr_type(e), expr_sql(t, e));
    }
    view_close(&v);
    return Q_OK;
}

const char *transform_no_fail(struct transform *t, const struct chain *chain, const char *alias)
{
    struct sql *q = sql_new(t->arena);
    for (size_t i = 0; i < chain->fails.n; i++)
        sql_add(q, i ? " AND %I.%I IS NULL" : "%I.%I IS NULL", alias, chain->fails.v[i].column);
    return chain->fails.n ? sql_text(q) : "TRUE";
}

/* Rows for which it is true stay, and those that already failed. */
enum q_code transform_filter(struct transform *t, struct chain *chain, struct q_err *err)
{
    struct view v;
    struct expr *e;
    view_open(&v, t, chain);
    struct q_schema columns = view_schema(&v);
    struct expr_env env = {.columns = &columns, .now_sql = TRANSFORM_CLOCK};
    enum q_code code =
        expr_parse(t->arena, t->cfg->expr.s, transform_place(&t->cfg->expr), &e, err);
    if (!code)
        code = expr_check_bool(e, &env, "a filter", err);
    if (code)
        return code;
    transform_need_casts(t, e);
    struct sql *q = sql_new(t->arena);
    expr_add_sql(q, e, NULL);
    for (size_t i = 0; i < chain->fails.n; i++)
        sql_add(q, " OR %I IS NOT NULL", chain->fails.v[i].column);
    if (expr_can_fail(e)) {
        sql_add(q, " OR %s", expr_fails(t, e));
        view_fail(&v, expr_fails(t, e), NULL, expr_fail_reason(e), NULL, t->cfg->expr.s);
    }
    v.where = sql_text(q);
    if (!chain->counted)
        chain->counted = chain->relation;
    view_close(&v);
    return Q_OK;
}

void transform_count_filtered(struct transform *t, struct chain *chain)
{
    if (!chain->counted)
        return;
    const char *unit = chain->multiplied ? "DISTINCT _q_pos" : "*";
    transform_sql(
        t,
        sql_make(
            t->arena,
            "INSERT INTO q_skipped SELECT %L, 'filtered', n FROM (SELECT (SELECT count(%s) FROM %I) - "
            "(SELECT count(%s) FROM %I) AS n) WHERE n > 0",
            chain->source->name, unit, chain->counted, unit, chain->relation));
    chain->counted = NULL;
}
