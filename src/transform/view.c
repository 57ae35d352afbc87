/* SPDX-License-Identifier: Apache-2.0 */
/* Projections that become views. */
#include "base/suggest.h"
#include "transform/internal.h"

void view_open(struct view *v, struct transform *t, struct chain *chain)
{
    *v = (struct view){.t = t, .chain = chain, .from = sql_make(t->arena, "%I", chain->relation)};
    for (size_t i = 0; i < chain->columns.n; i++)
        view_set(v, chain->columns.v[i].name, chain->columns.v[i].type,
                 sql_make(t->arena, "%I", chain->columns.v[i].name));
}

struct view_item *view_find(const struct view *v, const char *name)
{
    for (size_t i = 0; i < v->items.n; i++)
        if (q_strcaseeq(v->items.v[i].name, name))
            return &v->items.v[i];
    return NULL;
}

void view_set(struct view *v, const char *name, struct q_type type, const char *sql)
{
    struct view_item *item = view_find(v, name);
    if (!item)
        item = q_vec_push(v->t->arena, &v->items);
    *item = (struct view_item){name, sql, type};
}

enum q_code view_require(const struct view *v, const struct cfg_text *name, struct view_item **out,
                         struct q_err *err)
{
    *out = view_find(v, name->s);
    if (*out)
        return Q_OK;
    q_texts names = {0};
    for (size_t i = 0; i < v->items.n; i++)
        *q_vec_push(v->t->arena, &names) = v->items.v[i].name;
    const char *near = q_suggest(name->s, names.v, names.n);
    return cfg_fail(err, name->pos,
                    near ? "unknown column \"%s\"; did you mean \"%s\"?" : "unknown column \"%s\"",
                    name->s, near);
}

void view_fail(struct view *v, const char *fails_sql, const char *value_sql, const char *reason,
               const char *col, const char *detail)
{
    struct transform *t = v->t;
    const char *name = q_printf(t->arena, "_q_fail_%zu", ++t->fail_number);
    const char *value =
        value_sql ? sql_make(t->arena, "coalesce(CAST(%s AS VARCHAR), '')", value_sql) : "''";
    *q_vec_push(t->arena, &v->hidden) =
        (struct view_item){.name = name,
                           .sql = sql_make(t->arena, "CASE WHEN %s THEN %s END", fails_sql, value),
                           .type = Q_TYPE(Q_T_TEXT)};
    *q_vec_push(t->arena, &v->fails) = (struct plan_fail){
        name, STEP_ORD_TRANSFORM + (int)t->number, t->step->name, reason, col, detail};
}

/* SELECT items, hidden columns and positions. */
static const char *view_select(const struct view *v)
{
    struct sql *q = sql_new(v->t->arena);
    sql_add(q, "SELECT ");
    for (size_t i = 0; i < v->chain->positions.n; i++)
        sql_add(q, i ? ", %I" : "%I", v->chain->positions.v[i]);
    for (size_t i = 0; i < v->items.n; i++)
        sql_add(q, ", %s AS %I", v->items.v[i].sql, v->items.v[i].name);
    for (size_t i = 0; i < v->chain->fails.n; i++)
        sql_add(q, ", %I", v->chain->fails.v[i].column);
    for (size_t i = 0; i < v->hidden.n; i++)
        sql_add(q, ", %s AS %I", v->hidden.v[i].sql, v->hidden.v[i].name);
    sql_add(q, " FROM %s", v->from);
    if (v->where)
        sql_add(q, " WHERE %s", v->where);
    return sql_text(q);
}

/* This step's fails join the chain's. */
static void adopt_fails(struct view *v)
{
    for (size_t i = 0; i < v->fails.n; i++)
        *q_vec_push(v->t->arena, &v->chain->fails) = v->fails.v[i];
    v->fails.n = v->hidden.n = 0;
}

void view_nest(struct view *v)
{
    v->from = sql_make(v->t->arena, "(%s) AS p", view_select(v));
    v->where = NULL;
    adopt_fails(v);
    for (size_t i = 0; i < v->items.n; i++)
        v->items.v[i].sql = sql_make(v->t->arena, "%I", v->items.v[i].name);
}

struct q_schema view_schema(const struct view *v)
{
    struct q_schema schema = {0};
    for (size_t i = 0; i < v->items.n; i++)
        q_schema_add(v->t->arena, &schema, v->items.v[i].name, v->items.v[i].type);
    return schema;
}

const char *view_relation_name(const struct transform *t, const struct chain *chain)
{
    return q_printf(t->arena, "t%zu_%s", t->number, chain->source->name);
}

void view_close(struct view *v)
{
    struct transform *t = v->t;
    const char *name = view_relation_name(t, v->chain);
    transform_sql(t, sql_make(t->arena, "CREATE VIEW %I AS %s", name, view_select(v)));
    adopt_fails(v);
    v->chain->relation = name;
    v->chain->columns = view_schema(v);
}
