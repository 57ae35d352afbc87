/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last relations of the stage. `t_ready` is a table while it is small, because every later statement would bind and
 * evaluate the whole chain of views again; a view when a copy of millions of rows would cost more than that. `t_keyed` is
 * t_ready with the surrogate keys of the target's roles: found once and kept in the table, or a view with the lookups, for
 * the two statements that need them.
 *
 * The table's rows look their keys up in hash tables of the dimensions, never dimensions in one of the rows, and of a
 * dimension that is larger than the rows only the versions of their keys go into it. Measured on 10,000 rows: with 71,000,
 * 700,000 and 2,800,000 versions 19, 23 and 47 ms; as the engine chooses by itself 26, 37 and 69.
 */
#include "transform/internal.h"

enum { SMALL_ROWS = 500000, TIMES_LARGER = 2 };

/* A role whose key is looked up here. */
struct lookup {
    const struct model_role *role;
    const char *key;   /* column of the answer */
    const char *alias; /* of the dimension in the join */
    const char *ref;   /* how to name the dimension */
};

struct spec {
    Q_VEC(struct lookup) lookups;
    const char *relation; /* that becomes t_ready */
    const char *
        counts; /* query: -1 and how many rows are staged; number of a lookup and how many its dimension has */
    const char *view; /* statements for many rows */
};

static const char ready[] = "t_ready", keyed[] = "t_keyed";

/* What the counts were. */
struct counts {
    int64_t rows;
    int64_t *members; /* as the lookups */
};

static enum q_code take_count(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct counts *c = arg;
    int64_t i = db_cell_int(b, 0, row, 0);
    (void)err;
    *(i < 0 ? &c->rows : &c->members[i]) = db_cell_int(b, 1, row, 0);
    return Q_OK;
}

/* "SELECT r.*, k0.store_key AS _q_key_store_key FROM <relation> AS r LEFT JOIN ...". `counts`: to leave out of large
 * dimensions what the rows do not ask for; NULL: not. */
static const char *select_keys(struct q_arena *arena, const struct spec *s, const char *relation,
                               const struct counts *counts)
{
    struct sql *q = sql_new(arena), *joins = sql_new(arena);
    sql_add(q, "SELECT r.*");
    for (size_t i = 0; i < s->lookups.n; i++) {
        const struct lookup *l = &s->lookups.v[i];
        bool larger = counts && counts->members[i] / TIMES_LARGER > counts->rows;
        const char *ref = larger ? model_asked_ref(arena, l->role, l->ref, relation) : l->ref;
        sql_add(q, ", %s AS %I", model_lookup_found(arena, l->role, l->alias), l->key);
        sql_add(joins, " ");
        model_add_lookup(joins, l->role, ref, "r", l->alias);
    }
    sql_add(q, " FROM %I AS r%s", relation, sql_text(joins));
    return sql_text(q);
}

static enum q_code make_table(const struct spec *s, struct step_ctx *ctx,
                              const struct counts *counts, struct q_err *err)
{
    struct sql *q = sql_new(ctx->arena);
    sql_add(q, "CREATE TABLE %I AS %s", ready, select_keys(ctx->arena, s, s->relation, counts));
    if (!s->lookups.n)
        return db_exec(ctx->db, sql_text(q), NULL, 0, NULL, err);
    sql_add(q, "; CREATE VIEW %I AS SELECT * FROM %I", keyed, ready);
    enum q_code code = db_set_choosing(ctx->db, false, err);
    if (code)
        return code;
    code = db_exec(ctx->db, sql_text(q), NULL, 0, NULL, err);
    enum q_code again = db_set_choosing(ctx->db, true, code ? NULL : err);
    return code ? code : again;
}

static enum q_code run(const struct plan_step *step, struct step_ctx *ctx, struct q_err *err)
{
    const struct spec *s = step->spec;
    struct counts counts = {
        .members = q_alloc_array(ctx->arena, s->lookups.n + 1, sizeof *counts.members)};
    /* the staged table counts at once; filters only make it less */
    enum q_code code = db_each(ctx->db, s->counts, NULL, 0, take_count, &counts, err);
    if (code)
        return code;
    if (counts.rows > SMALL_ROWS)
        return db_exec(ctx->db, s->view, NULL, 0, NULL, err);
    return make_table(s, ctx, &counts, err);
}

static void find_lookups(const struct plan *plan, struct spec *s)
{
    for (size_t i = 0; i < plan->target->roles.n; i++) {
        const struct model_role *role = &plan->target->roles.v[i];
        const char *key = plan_key_column(plan, role);
        if (key)
            *q_vec_push(plan->arena, &s->lookups) =
                (struct lookup){.role = role,
                                .key = key,
                                .alias = q_printf(plan->arena, "k%zu", i),
                                .ref = plan->table_ref(plan, role->dimension)};
    }
}

static const char *count_all(const struct plan *plan, const struct spec *s)
{
    struct sql *q = sql_new(plan->arena);
    sql_add(q, "SELECT -1, count(*) FROM %I", plan->sources.v[0].table);
    for (size_t i = 0; i < s->lookups.n; i++)
        sql_add(q, " UNION ALL SELECT %d, count(*) FROM %s", (int64_t)i, s->lookups.v[i].ref);
    return sql_text(q);
}

void transform_settle(struct plan *plan)
{
    struct q_arena *arena = plan->arena;
    struct spec *s = q_new(arena, struct spec);
    struct sql *view = sql_new(arena);
    s->relation = plan->current.name;
    plan->keyed = plan->looking ? NULL : keyed;
    find_lookups(plan, s);
    s->counts = count_all(plan, s);
    sql_add(view, "CREATE VIEW %I AS SELECT * FROM %I", ready, s->relation);
    if (s->lookups.n)
        sql_add(view, "; CREATE VIEW %I AS %s", keyed, select_keys(arena, s, ready, NULL));
    else
        plan->keyed = NULL;
    s->view = sql_text(view);
    struct plan_step *step = plan_add_step(plan, "transform", "ready", ready);
    step->spec = s;
    step->run = run;
    plan_step_sql(plan, step, s->view);
    plan->current.name = ready;
}
