/* SPDX-License-Identifier: Apache-2.0 */
#include "model/model.h"

#include "model/date.h"
#include "sql/expr/expr.h"

static enum q_code column_type(const struct cfg_text *type, struct q_type *out, struct q_err *err)
{
    struct q_err why = {0};
    if (q_type_parse(type->s, out, &why))
        return cfg_fail_as(err, type->pos, &why);
    return Q_OK;
}

static struct model_column *add_column(struct q_arena *arena, struct model_table *t,
                                       const char *name, struct q_type type,
                                       const struct cfg_column *cfg)
{
    struct model_column *c = q_vec_push(arena, &t->columns);
    *c = (struct model_column){.name = name, .type = type, .cfg = cfg};
    for (size_t i = 0; i < t->n_keys; i++)
        c->is_key = c->is_key || q_strcaseeq(t->keys[i], name);
    return c;
}

static enum q_code add_plain(struct q_arena *arena, struct model_table *t,
                             const struct cfg_column *cfg, struct q_err *err)
{
    struct q_type type;
    enum q_code code = column_type(&cfg->type, &type, err);
    if (code)
        return code;
    struct model_column *c = add_column(arena, t, cfg->name.s, type, cfg);
    c->not_null = cfg->not_null;
    c->history = cfg->history;
    t->has_history = t->has_history || (cfg->history == CFG_KEEP && !t->is_fact);
    return Q_OK;
}

const struct model_column *model_column_find(const struct model_table *table, const char *name)
{
    for (size_t i = 0; i < table->columns.n; i++)
        if (q_strcaseeq(table->columns.v[i].name, name))
            return &table->columns.v[i];
    return NULL;
}

const struct model_table *model_find(const struct model *model, const char *name)
{
    for (size_t i = 0; i < model->n; i++)
        if (q_strcaseeq(model->tables[i].name, name))
            return &model->tables[i];
    return NULL;
}

/* The role's `from` columns: as declared, else the business key, for a date role the role's own name. */
static enum q_code role_from(struct q_arena *arena, struct model_role *r, struct q_err *err)
{
    size_t n = r->dimension->n_keys;
    r->from = q_alloc_array(arena, n, sizeof *r->from);
    if (r->cfg->from.n && r->cfg->from.n != n)
        return cfg_fail(err, r->cfg->name.pos,
                        "role \"%s\" needs %zu columns in `from`: the business key of %s", r->name,
                        n, r->dimension->name);
    for (size_t i = 0; i < n; i++)
        r->from[i] = r->cfg->from.n          ? r->cfg->from.v[i].s
                     : r->dimension->is_date ? r->name
                                             : r->dimension->keys[i];
    return Q_OK;
}

static enum q_code add_role(struct q_arena *arena, const struct model *model, struct model_table *t,
                            const struct cfg_column *cfg, struct q_err *err)
{
    const struct model_table *dim = model_find(model, cfg->dimension.s);
    if (!dim || dim->is_fact)
        return cfg_fail(err, cfg->dimension.pos,
                        "role \"%s\" refers to \"%s\", which is no dimension", cfg->name.s,
                        cfg->dimension.s);
    struct model_role *r = q_vec_push(arena, &t->roles);
    *r = (struct model_role){.name = cfg->name.s,
                             .dimension = dim,
                             .at = dim->has_history ? cfg->at.s : NULL,
                             .at_end_of_day = cfg->at_end_of_day,
                             .optional = cfg->optional,
                             .missing = cfg->missing,
                             .cfg = cfg};
    r->key_column = cfg->key.s ? cfg->key.s : q_printf(arena, "%s_key", cfg->name.s);
    if (dim->has_history && !cfg->at.s) {
        enum q_code code =
            cfg_fail(err, cfg->name.pos, "role \"%s\" needs `at:`, because %s has history", r->name,
                     dim->name);
        q_hint(err, "Name the column with the time of the event, e.g. `at: sale_date`.");
        return code;
    }
    return role_from(arena, r, err);
}

/* The `from` columns of roles that the table does not declare itself, with the dimension's types. */
static void add_role_columns(struct q_arena *arena, struct model_table *t,
                             const struct cfg_column *cfg)
{
    const struct model_role *r = NULL;
    for (size_t i = 0; i < t->roles.n && !r; i++)
        if (t->roles.v[i].cfg == cfg)
            r = &t->roles.v[i];
    for (size_t k = 0; r && k < r->dimension->n_keys; k++) {
        bool declared = model_column_find(t, r->from[k]) != NULL;
        for (size_t i = 0; i < t->cfg->columns.n && !declared; i++)
            declared =
                t->cfg->columns.v[i].type.s && q_strcaseeq(t->cfg->columns.v[i].name.s, r->from[k]);
        const struct model_column *key = model_column_find(r->dimension, r->dimension->keys[k]);
        if (!declared && key)
            add_column(arena, t, r->from[k], key->type, cfg);
    }
}

static enum q_code check_role_times(struct model_table *t, struct q_err *err)
{
    for (size_t i = 0; i < t->roles.n; i++) {
        struct model_role *r = &t->roles.v[i];
        const struct model_column *at = r->at ? model_column_find(t, r->at) : NULL;
        if (!r->at)
            continue;
        bool fits = at && (at->type.id == Q_T_DATE || at->type.id == Q_T_TIMESTAMP ||
                           at->type.id == Q_T_TIMESTAMPTZ);
        if (!fits)
            return cfg_fail(err, r->cfg->at.pos,
                            "`at: %s` of role \"%s\" is not a date or timestamp column of %s",
                            r->at, r->name, t->name);
        r->at_type = at->type.id;
    }
    return Q_OK;
}

/* The column's `check:` as SQL; it may use every column of the table. */
static enum q_code compile_check(struct q_arena *arena, const struct q_schema *columns,
                                 struct model_column *c, struct q_err *err)
{
    const struct cfg_text *text = &c->cfg->check;
    struct expr_place place = {text->pos.file, text->pos.line, text->pos.col};
    struct expr_env env = {.columns = columns};
    struct expr *e;
    enum q_code code = expr_parse(arena, text->s, place, &e, err);
    if (!code)
        code = expr_check_bool(e, &env, "a check", err);
    if (code)
        return code;
    struct sql *q = sql_new(arena);
    size_t casts;
    expr_add_sql(q, e, NULL);
    c->check_sql = sql_text(q);
    (void)expr_casts(e, &casts);
    c->check_stored = !casts;
    return Q_OK;
}

static enum q_code compile_checks(struct q_arena *arena, struct model_table *t, struct q_err *err)
{
    struct q_schema columns = {0};
    enum q_code code = Q_OK;
    for (size_t i = 0; i < t->columns.n; i++)
        q_schema_add(arena, &columns, t->columns.v[i].name, t->columns.v[i].type);
    for (size_t i = 0; i < t->columns.n && !code; i++)
        if (t->columns.v[i].cfg && !t->columns.v[i].cfg->dimension.s &&
            t->columns.v[i].cfg->check.s)
            code = compile_check(arena, &columns, &t->columns.v[i], err);
    return code;
}

static enum q_code build_columns(struct q_arena *arena, const struct model *model,
                                 struct model_table *t, struct q_err *err)
{
    enum q_code code = Q_OK;
    for (size_t i = 0; i < t->cfg->columns.n && !code; i++)
        if (t->cfg->columns.v[i].dimension.s)
            code = add_role(arena, model, t, &t->cfg->columns.v[i], err);
    for (size_t i = 0; i < t->cfg->columns.n && !code; i++) {
        const struct cfg_column *c = &t->cfg->columns.v[i];
        if (c->dimension.s)
            add_role_columns(arena, t, c);
        else
            code = add_plain(arena, t, c, err);
    }
    for (size_t i = 0; i < t->n_keys && !code; i++)
        if (!model_column_find(t, t->keys[i])) {
            const cfg_texts *list = t->is_fact ? &t->cfg->grain : &t->cfg->business_key;
            code = cfg_fail(err, list->v[i].pos, "key column \"%s\" is not a column of %s",
                            t->keys[i], t->name);
        }
    if (!code)
        code = check_role_times(t, err);
    return code ? code : compile_checks(arena, t, err);
}

static void copy_keys(struct q_arena *arena, struct model_table *t, const cfg_texts *from)
{
    t->n_keys = from->n;
    t->keys = q_alloc_array(arena, from->n ? from->n : 1, sizeof *t->keys);
    for (size_t i = 0; i < from->n; i++)
        t->keys[i] = from->v[i].s;
}

static enum q_code build_table(struct q_arena *arena, const struct model *model,
                               const struct cfg_table *cfg, struct model_table *t,
                               struct q_err *err)
{
    *t = (struct model_table){
        .cfg = cfg, .name = cfg->name.s, .is_fact = cfg->is_fact, .key = cfg->key.s};
    t->is_date = cfg->date.set;
    t->stored = t->name;
    if (t->is_date) {
        model_date_columns(arena, t);
        return Q_OK;
    }
    copy_keys(arena, t, t->is_fact ? &cfg->grain : &cfg->business_key);
    enum q_code code = build_columns(arena, model, t, err);
    if (t->has_history)
        t->stored = q_printf(arena, "%s_versions", t->name);
    return code;
}

/* Roles point at finished tables of this very model. */
static void mark_inferred(struct model *m, const struct model_role *role)
{
    for (size_t i = 0; i < m->n; i++)
        if (&m->tables[i] == role->dimension && role->missing == CFG_MISSING_INFER)
            m->tables[i].can_infer = true;
}

enum q_code model_build(struct q_arena *arena, const struct cfg_project *project,
                        struct model **out, struct q_err *err)
{
    struct model *m = q_new(arena, struct model);
    m->project = project;
    m->tables = q_alloc_array(arena, project->tables.n + 1, sizeof *m->tables);
    for (int facts = 0; facts <= 1; facts++)
        for (size_t i = 0; i < project->tables.n; i++) {
            const struct cfg_table *cfg = &project->tables.v[i];
            if (cfg->is_fact != (facts == 1))
                continue;
            enum q_code code = build_table(arena, m, cfg, &m->tables[m->n], err);
            if (code)
                return code;
            m->n++;
        }
    for (size_t i = 0; i < m->n; i++)
        for (size_t k = 0; k < m->tables[i].roles.n; k++)
            mark_inferred(m, &m->tables[i].roles.v[k]);
    *out = m;
    return Q_OK;
}
