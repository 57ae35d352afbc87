/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last relations of the stage. `t_ready` is a table while it is small, because every later statement would bind and
 * evaluate the whole chain of views again; a view when a copy of millions of rows would cost more than that. `t_keyed` is
 * t_ready with the surrogate keys of the target's roles: found once and kept in the table, or a view with the lookups, for
 * the two statements that need them.
 *
 * The rows look their keys up in hash tables of the dimensions, not dimensions in one of the rows, while no dimension is
 * ten times larger than what was staged: measured, 10,000 rows and 71,000 versions take 11 ms instead of 20, and both ways
 * are equal at fourteen times.
 */
#include "transform/internal.h"

enum { SMALL_ROWS = 500000, TIMES_LARGER = 10 };

struct spec {
    const char
        *counts; /* query: staged rows, rows of the largest dimension that keys are looked up in */
    const char *table, *view; /* statements */
};

static enum q_code make_table(const struct spec *s, struct step_ctx *ctx, bool by_rows,
                              struct q_err *err)
{
    enum q_code code = by_rows ? db_set_choosing(ctx->db, false, err) : Q_OK;
    if (code)
        return code;
    code = db_exec(ctx->db, s->table, NULL, 0, NULL, err);
    enum q_code again = by_rows ? db_set_choosing(ctx->db, true, code ? NULL : err) : Q_OK;
    return code ? code : again;
}

static enum q_code run(const struct plan_step *step, struct step_ctx *ctx, struct q_err *err)
{
    const struct spec *s = step->spec;
    int64_t rows[2] = {0};
    /* the staged table counts at once; filters only make it less */
    enum q_code code = db_get_ints(ctx->db, s->counts, NULL, 0, rows, 2, 0, err);
    if (code)
        return code;
    if (rows[0] > SMALL_ROWS)
        return db_exec(ctx->db, s->view, NULL, 0, NULL, err);
    return make_table(s, ctx, rows[1] && rows[1] <= rows[0] * TIMES_LARGER, err);
}

/* "SELECT r.*, k0.store_key AS _q_key_store_key FROM <relation> AS r LEFT JOIN ..."; NULL when no role is looked up here. */
static const char *select_keys(const struct plan *plan, const char *relation)
{
    struct sql *q = sql_new(plan->arena), *joins = sql_new(plan->arena);
    bool any = false;
    sql_add(q, "SELECT r.*");
    for (size_t i = 0; i < plan->target->roles.n; i++) {
        const struct model_role *role = &plan->target->roles.v[i];
        const char *key = plan_key_column(plan, role);
        const char *alias = q_printf(plan->arena, "k%zu", i);
        if (!key)
            continue;
        any = true;
        sql_add(q, ", %s AS %I", model_lookup_found(plan->arena, role, alias), key);
        sql_add(joins, " ");
        model_add_lookup(joins, role, plan->table_ref(plan, role->dimension), "r", alias);
    }
    sql_add(q, " FROM %I AS r%s", relation, sql_text(joins));
    return any ? sql_text(q) : NULL;
}

static const char *count_all(const struct plan *plan, const char *source)
{
    struct sql *q = sql_new(plan->arena);
    bool first = true;
    sql_add(q, "SELECT (SELECT count(*) FROM %I), ", source);
    for (size_t i = 0; i < plan->target->roles.n; i++) {
        const struct model_role *role = &plan->target->roles.v[i];
        if (!plan_key_column(plan, role))
            continue;
        sql_add(q, first ? "max(n) FROM (" : " UNION ALL ");
        sql_add(q, "SELECT count(*) AS n FROM %s", plan->table_ref(plan, role->dimension));
        first = false;
    }
    sql_add(q, first ? "0" : ")");
    return sql_text(q);
}

void transform_settle(struct plan *plan)
{
    static const char ready[] = "t_ready", keyed[] = "t_keyed";
    struct q_arena *arena = plan->arena;
    struct spec *s = q_new(arena, struct spec);
    const char *plain = sql_make(arena, "SELECT * FROM %I", plan->current.name);
    plan->keyed = plan->looking ? NULL : keyed;
    const char *keys = select_keys(plan, plan->current.name);
    s->counts = count_all(plan, plan->sources.v[0].table);
    if (keys) {
        s->table = sql_make(arena, "CREATE TABLE %I AS %s; CREATE VIEW %I AS SELECT * FROM %I",
                            ready, keys, keyed, ready);
        s->view = sql_make(arena, "CREATE VIEW %I AS %s; CREATE VIEW %I AS %s", ready, plain, keyed,
                           select_keys(plan, ready));
    } else {
        plan->keyed = NULL;
        s->table = sql_make(arena, "CREATE TABLE %I AS %s", ready, plain);
        s->view = sql_make(arena, "CREATE VIEW %I AS %s", ready, plain);
    }
    struct plan_step *step = plan_add_step(plan, "transform", "ready", ready);
    step->spec = s;
    step->run = run;
    plan_step_sql(plan, step, s->view);
    plan->current.name = ready;
}
