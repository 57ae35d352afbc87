/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first publishing step: what the model declares and the warehouse lacks. It only adds: tables, views, special
 * members, columns, days. A type that differs is refused.
 */
#include "base/embed.h"
#include "load/internal.h"
#include "model/date.h"
#include "state/state.h"

struct schema_spec {
    struct plan *plan;
};

struct existing_column {
    const char *name, *type;
};
typedef Q_VEC(struct existing_column) existing_columns;

static enum q_code read_columns(struct step_ctx *ctx, const char *table, existing_columns *out,
                                struct q_err *err)
{
    struct db_param p[] = {db_text("table", table)};
    struct db_result *r;
    enum q_code code = db_query(ctx->db, q_embed_text("load/table_columns.sql"), p, 1, &r, err);
    if (code)
        return code;
    const struct batch *b;
    while (!(code = db_next(r, &b, err)) && b)
        for (size_t i = 0; i < b->rows; i++) {
            struct q_str name = batch_text_at(&b->cols[0], i), type = batch_text_at(&b->cols[1], i);
            *q_vec_push(ctx->arena, out) = (struct existing_column){
                q_strndup(ctx->arena, name.p, name.n), q_strndup(ctx->arena, type.p, type.n)};
        }
    db_close(r);
    return code;
}

/* Add the columns that the stored table lacks; refuse a type that differs. */
static enum q_code fit_columns(struct step_ctx *ctx, const struct model_table *t, struct q_err *err)
{
    existing_columns have = {0};
    struct q_schema want = {0};
    enum q_code code = read_columns(ctx, t->stored, &have, err);
    model_stored_columns(ctx->arena, t, &want);
    for (size_t i = 0; i < want.n && !code; i++) {
        const struct existing_column *found = NULL;
        for (size_t k = 0; k < have.n && !found; k++)
            if (q_strcaseeq(have.v[k].name, want.v[i].name))
                found = &have.v[k];
        const char *type = sql_type(ctx->arena, want.v[i].type);
        if (!found) {
            code = db_exec(ctx->db,
                           sql_make(ctx->arena, "ALTER TABLE " LOAD_WH ".%I ADD COLUMN %I %T",
                                    t->stored, want.v[i].name, &want.v[i].type),
                           NULL, 0, NULL, err);
        } else if (!q_strcaseeq(found->type, type) && !q_streq(type, "TIMESTAMPTZ")) {
            code = q_fail(
                err, Q_TARGET,
                "cannot load \"%s\": its column \"%s\" is %s in the warehouse and %s in the model",
                t->stored, want.v[i].name, found->type, type);
            q_hint(err, "Change the model back, or change the column in the warehouse by hand.");
        }
    }
    return code;
}

static enum q_code fill_dates(struct step_ctx *ctx, const struct plan *plan,
                              const struct model_table *t, struct q_err *err)
{
    const char *holidays =
        t->cfg->date.holidays.s ? q_printf(ctx->arena, "q_holidays_%s", t->name) : NULL;
    const char *key = q_printf(ctx->arena, "dates %s", t->name);
    const char *rows = model_date_select(ctx->arena, t, holidays);
    int64_t sum[2] = {0, 0};
    (void)plan;
    enum q_code code = db_get_ints(
        ctx->db,
        sql_make(ctx->arena,
                 "SELECT count(*), coalesce(sum(hash(h)) %% 1000000007, 0) FROM (%s) AS h", rows),
        NULL, 0, sum, 2, 0, err);
    const char *have = NULL;
    const char *want =
        q_printf(ctx->arena, "%s rows %lld sum %lld", model_date_signature(ctx->arena, t),
                 (long long)sum[0], (long long)sum[1]);
    if (!code)
        code = state_meta_get(ctx->db, ctx->arena, key, &have, err);
    if (code || (have && q_streq(have, want)))
        return code;
    code = db_exec(
        ctx->db, sql_make(ctx->arena, "DELETE FROM " LOAD_WH ".%I WHERE %I > 0", t->stored, t->key),
        NULL, 0, NULL, err);
    if (!code)
        code =
            db_exec(ctx->db, sql_make(ctx->arena, "INSERT INTO " LOAD_WH ".%I %s", t->stored, rows),
                    NULL, 0, NULL, err);
    return code ? code : state_meta_set(ctx->db, key, want, err);
}

static enum q_code make_table(struct step_ctx *ctx, const struct plan *plan,
                              const struct model_table *t, struct q_err *err)
{
    bool known = q_map_has(plan->existing, t->stored);
    enum q_code code = Q_OK;
    if (!known)
        code = db_exec(ctx->db, model_create_sql(ctx->arena, t, LOAD_WH), NULL, 0, NULL, err);
    else
        code = fit_columns(ctx, t, err);
    if (!code && !known && !t->is_fact)
        code = db_exec(ctx->db, model_special_sql(ctx->arena, t, LOAD_WH), NULL, 0, NULL, err);
    const char *view = model_view_sql(ctx->arena, t, LOAD_WH);
    if (!code && !known && view)
        code = db_exec(ctx->db, view, NULL, 0, NULL, err);
    if (!code && t->is_date)
        code = fill_dates(ctx, plan, t, err);
    if (code)
        q_context(err, "preparing table \"%s\"", t->stored);
    return code;
}

static enum q_code run_schema(const struct plan_step *step, struct step_ctx *ctx, struct q_err *err)
{
    const struct schema_spec *spec = step->spec;
    enum q_code code = Q_OK;
    for (size_t i = 0; i < spec->plan->model->n && !code; i++)
        code = make_table(ctx, spec->plan, &spec->plan->model->tables[i], err);
    return code;
}

enum q_code load_schema(struct load *l, struct q_err *err)
{
    (void)err;
    struct plan_step *step = plan_add_step(l->plan, "load", "schema", l->target->stored);
    struct schema_spec *spec = q_new(l->arena, struct schema_spec);
    spec->plan = l->plan;
    step->spec = spec;
    step->publishes = true;
    step->run = run_schema;
    for (size_t i = 0; i < l->plan->model->n; i++) {
        const struct model_table *t = &l->plan->model->tables[i];
        if (q_map_has(l->plan->existing, t->stored))
            continue;
        plan_step_sql(l->plan, step, model_create_sql(l->arena, t, LOAD_WH));
        if (!t->is_fact)
            plan_step_sql(l->plan, step, model_special_sql(l->arena, t, LOAD_WH));
        if (model_view_sql(l->arena, t, LOAD_WH))
            plan_step_sql(l->plan, step, model_view_sql(l->arena, t, LOAD_WH));
    }
    return Q_OK;
}
