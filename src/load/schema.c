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

/* The run that added a column is remembered: that older rows lack its value is no change (SEMANTICS 21). */
static enum q_code add_column(struct step_ctx *ctx, const struct model_table *t,
                              const struct q_column *c, bool has_before, struct q_err *err)
{
    enum q_code code =
        db_exec(ctx->db,
                sql_make(ctx->arena, "ALTER TABLE " LOAD_WH ".%I ADD COLUMN %I %T DEFAULT %s",
                         t->stored, c->name, &c->type, model_added_value(t, c->name)),
                NULL, 0, NULL, err);
    if (!code)
        code = state_meta_set(ctx->db, load_added_key(ctx->arena, t, c->name),
                              q_printf(ctx->arena, "%lld", (long long)ctx->run_id), err);
    if (!code && has_before)
        code = db_exec(ctx->db,
                       sql_make(ctx->arena,
                                "ALTER TABLE wh.quern.%I ADD COLUMN IF NOT EXISTS %I %T DEFAULT %s",
                                model_before(ctx->arena, t), c->name, &c->type,
                                model_added_value(t, c->name)),
                       NULL, 0, NULL, err);
    return code;
}

/* The before-images have every column that the table ever had from us: what the table lacks of them was dropped. */
static enum q_code refuse_dropped(struct step_ctx *ctx, const struct model_table *t,
                                  const struct q_column *c, struct q_err *err)
{
    const char *before = model_before(ctx->arena, t);
    struct q_schema had = {0};
    if (!db_has_table(ctx->db, "wh", "quern", before))
        return Q_OK;
    enum q_code code = db_describe(
        ctx->db, sql_make(ctx->arena, "SELECT * FROM wh.quern.%I", before), ctx->arena, &had, err);
    if (code || q_schema_find(&had, c->name) < 0)
        return code;
    code = q_fail(err, Q_TARGET, "cannot load \"%s\": its column \"%s\" was dropped by hand",
                  t->stored, c->name);
    q_hint(err, "Add it again as %s, or restore the table from a backup.",
           sql_type(ctx->arena, c->type));
    return code;
}

/* Where the table should be there is a view. */
static enum q_code refuse_view(struct step_ctx *ctx, const struct model_table *t, struct q_err *err)
{
    int64_t views = 0;
    struct db_param p[] = {db_text("name", t->stored)};
    enum q_code code =
        db_get_ints(ctx->db, q_embed_text("load/count_views.sql"), p, 1, &views, 1, 0, err);
    if (code || !views)
        return code;
    code = q_fail(err, Q_TARGET, "cannot load \"%s\": it is a view in the warehouse, not a table",
                  t->stored);
    q_hint(err, "Somebody made it; rename or drop the view, or put the table back.");
    return code;
}

static enum q_code take_type(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct q_buf *type = arg;
    struct q_str text = batch_text_at(&b->cols[0], row);
    (void)err;
    q_buf_add(type, text.p, text.n);
    return Q_OK;
}

static enum q_code refuse_type(struct step_ctx *ctx, const struct model_table *t,
                               const struct q_column *c, struct q_err *err)
{
    struct q_buf shown;
    q_buf_init(&shown, 1 << 20);
    enum q_code code = db_each(ctx->db,
                               sql_make(ctx->arena,
                                        "SELECT column_type FROM (DESCRIBE " LOAD_WH
                                        ".%I) WHERE lower(column_name) = lower(%L)",
                                        t->stored, c->name),
                               NULL, 0, take_type, &shown, err);
    if (!code) {
        code = q_fail(
            err, Q_TARGET,
            "cannot load \"%s\": its column \"%s\" is %s in the warehouse and %s in the model",
            t->stored, c->name, q_buf_text(&shown), sql_type(ctx->arena, c->type));
        q_hint(err, "Change the model back, or change the column in the warehouse by hand.");
    }
    q_buf_release(&shown);
    return code;
}

/* Add the columns that the stored table lacks; refuse a type that differs. */
static enum q_code fit_columns(struct step_ctx *ctx, const struct model_table *t, bool has_before,
                               struct q_err *err)
{
    struct q_schema want = {0}, have = {0};
    bool found;
    enum q_code code =
        db_find_table(ctx->db, "wh", "main", t->stored, ctx->arena, &found, &have, err);
    if (!code && !found) /* a preview has views of the tables that it does not change */
        code = db_describe(ctx->db, sql_make(ctx->arena, "SELECT * FROM " LOAD_WH ".%I", t->stored),
                           ctx->arena, &have, err);
    model_stored_columns(ctx->arena, t, &want);
    for (size_t i = 0; i < want.n && !code; i++) {
        ptrdiff_t at = q_schema_find(&have, want.v[i].name);
        if (at < 0) {
            code = refuse_dropped(ctx, t, &want.v[i], err);
            if (!code)
                code = add_column(ctx, t, &want.v[i], has_before, err);
        } else if (!q_type_eq(have.v[at].type, want.v[i].type)) {
            code = refuse_type(ctx, t, &want.v[i], err);
        }
    }
    return code;
}

/* The days are made anew when the settings or the holidays are others than those that made them. */
static enum q_code fill_dates(struct step_ctx *ctx, const struct model_table *t, struct q_err *err)
{
    const char *holidays =
        t->cfg->date.holidays.s ? q_printf(ctx->arena, "q_holidays_%s", t->name) : NULL;
    const char *key = q_printf(ctx->arena, "dates %s", t->name);
    int64_t sum[2] = {0, 0};
    enum q_code code = Q_OK;
    if (holidays)
        code = db_get_ints(
            ctx->db,
            sql_make(ctx->arena,
                     "SELECT count(*), coalesce(sum(md5_number_lower(concat(\"date\", ' ', name)) "
                     "%% 1000000007), 0)::BIGINT FROM %I",
                     holidays),
            NULL, 0, sum, 2, 0, err);
    const char *have = NULL;
    const char *want =
        q_printf(ctx->arena, "%s holidays %lld sum %lld", model_date_signature(ctx->arena, t),
                 (long long)sum[0], (long long)sum[1]);
    if (!code)
        code = state_meta_get(ctx->db, ctx->arena, key, &have, err);
    if (code || (have && q_streq(have, want)))
        return code;
    code = db_exec(
        ctx->db, sql_make(ctx->arena, "DELETE FROM " LOAD_WH ".%I WHERE %I > 0", t->stored, t->key),
        NULL, 0, NULL, err);
    if (!code)
        code = db_exec(ctx->db,
                       sql_make(ctx->arena, "INSERT INTO " LOAD_WH ".%I %s", t->stored,
                                model_date_select(ctx->arena, t, holidays)),
                       NULL, 0, NULL, err);
    return code ? code : state_meta_set(ctx->db, key, want, err);
}

static enum q_code make_table(struct step_ctx *ctx, const struct plan *plan,
                              const struct model_table *t, struct q_err *err)
{
    bool known = q_map_has(plan->existing, t->stored);
    bool complete = known && q_map_get(plan->existing, t->stored);
    bool has_before =
        t->is_date || db_has_table(ctx->db, "wh", "quern", model_before(ctx->arena, t));
    enum q_code code = known ? Q_OK : refuse_view(ctx, t, err);
    if (!code && !known)
        code = db_exec(ctx->db, model_create_sql(ctx->arena, t, LOAD_WH), NULL, 0, NULL, err);
    else if (!code)
        code = fit_columns(ctx, t, has_before, err);
    if (!code && !has_before)
        code = db_exec(ctx->db, load_before_sql(ctx->arena, t), NULL, 0, NULL, err);
    if (!code && !known && !t->is_fact)
        code = db_exec(ctx->db, model_special_sql(ctx->arena, t, LOAD_WH), NULL, 0, NULL, err);
    const char *view = model_view_sql(ctx->arena, t, LOAD_WH);
    if (!code && !complete && view)
        code = db_exec(ctx->db, view, NULL, 0, NULL, err);
    if (!code && t->is_date)
        code = fill_dates(ctx, t, err);
    if (code)
        q_context(err, "preparing table \"%s\"", t->stored);
    return code;
}

/* ---- several new columns ---- */

/* A column that is added to a table before the load. */
struct widen_spec {
    const struct model_table *table;
    struct q_column column;
};

static enum q_code run_widen(const struct plan_step *step, struct step_ctx *ctx, struct q_err *err)
{
    const struct widen_spec *w = step->spec;
    bool has_before = db_has_table(ctx->db, "wh", "quern", model_before(ctx->arena, w->table));
    enum q_code code = refuse_dropped(ctx, w->table, &w->column, err);
    if (!code)
        code = add_column(ctx, w->table, &w->column, has_before, err);
    if (code)
        q_context(err, "adding column \"%s\" to table \"%s\"", w->column.name, w->table->stored);
    return code;
}

static void add_widening(struct load *l, const struct model_table *t, const struct q_column *column)
{
    struct widen_spec *spec = q_new(l->arena, struct widen_spec);
    struct plan_step *step = plan_add_step(
        l->plan, "load", q_printf(l->arena, "add %s.%s", t->stored, column->name), t->stored);
    *spec = (struct widen_spec){t, *column};
    step->spec = spec;
    step->prepares = true;
    step->run = run_widen;
}

/* The engine commits no transaction that adds two columns to one table. So several are added beforehand, each in a
 * transaction of its own; they are empty until the load. One alone is added inside the load transaction. */
static enum q_code widen(struct load *l, const struct model_table *t, struct q_err *err)
{
    struct q_schema want = {0}, have = {0};
    if (!q_map_has(l->plan->existing, t->stored) || q_map_get(l->plan->existing, t->stored))
        return Q_OK;
    model_stored_columns(l->arena, t, &want);
    enum q_code code =
        db_describe(l->plan->db, sql_make(l->arena, "SELECT * FROM " LOAD_WH ".%I", t->stored),
                    l->arena, &have, err);
    size_t lacking = 0;
    for (size_t i = 0; i < want.n; i++)
        lacking += q_schema_find(&have, want.v[i].name) < 0;
    for (size_t i = 0; i < want.n && !code && lacking > 1; i++)
        if (q_schema_find(&have, want.v[i].name) < 0)
            add_widening(l, t, &want.v[i]);
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
    struct schema_spec *spec = q_new(l->arena, struct schema_spec);
    spec->plan = l->plan;
    enum q_code code = Q_OK;
    for (size_t i = 0; i < l->plan->model->n && !code; i++)
        code = widen(l, &l->plan->model->tables[i], err);
    struct plan_step *step = plan_add_step(l->plan, "load", "schema", l->target->stored);
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
    return code;
}
