/* SPDX-License-Identifier: Apache-2.0 */
#include "transform/transform.h"

#include "transform/internal.h"

/* What a step needs before its statements. */
struct spec {
    transform_casts casts;
};

void transform_sql(struct transform *t, const char *sql)
{
    plan_step_sql(t->plan, t->step, sql);
}

struct expr_place transform_place(const struct cfg_text *text)
{
    return (struct expr_place){text->pos.file, text->pos.line, text->pos.col};
}

void transform_need_casts(struct transform *t, const struct expr *e)
{
    size_t n;
    const struct q_type *types = expr_casts(e, &n);
    for (size_t i = 0; i < n; i++)
        *q_vec_push(t->arena, &t->casts) = db_cast_plain(t->arena, types[i]);
}

static enum q_code run_step(const struct plan_step *step, struct step_ctx *ctx, struct q_err *err)
{
    const struct spec *spec = step->spec;
    enum q_code code = db_add_casts(ctx->db, spec->casts.v, spec->casts.n, err);
    return code ? code : step_run_sql(step, ctx, err);
}

static struct chain *find_chain(const struct transform *t, const struct cfg_text *name)
{
    for (size_t i = 0; name->s && i < t->plan->sources.n; i++)
        if (q_streq(t->plan->sources.v[i].name, name->s))
            return &t->chains[i];
    return name->s ? NULL : &t->chains[0];
}

static const char *step_name(struct transform *t, const struct cfg_step *cfg)
{
    static const char *const words[] = {
        [CFG_RENAME] = "rename", [CFG_CAST] = "cast", [CFG_DERIVE] = "derive",
        [CFG_FILTER] = "filter", [CFG_JOIN] = "join", [CFG_CLEAN] = "clean",
        [CFG_SELECT] = "select", [CFG_DROP] = "drop"};
    struct q_buf name;
    q_buf_init(&name, 200);
    q_buf_adds(&name, words[cfg->kind]);
    for (size_t i = 0; i < cfg->pairs.n; i++)
        q_buf_printf(&name, "%s %s", i ? "," : "", cfg->pairs.v[i].key.s);
    for (size_t i = 0; i < cfg->casts.n; i++)
        q_buf_printf(&name, "%s %s", i ? "," : "", cfg->casts.v[i].column.s);
    for (size_t i = 0; i < cfg->columns.n; i++)
        q_buf_printf(&name, "%s %s", i ? "," : "", cfg->columns.v[i].s);
    if (cfg->kind == CFG_JOIN)
        q_buf_printf(&name, " %s", cfg->right.s);
    if (cfg->kind == CFG_FILTER)
        q_buf_printf(&name, " %s", cfg->expr.s);
    const char *text = q_strdup(t->arena, q_buf_text(&name));
    q_buf_release(&name);
    return text;
}

static enum q_code dispatch(struct transform *t, struct chain *chain, struct q_err *err)
{
    switch (t->cfg->kind) {
    case CFG_RENAME:
        return transform_rename(t, chain, err);
    case CFG_CAST:
        return transform_cast(t, chain, err);
    case CFG_DERIVE:
        return transform_derive(t, chain, err);
    case CFG_FILTER:
        return transform_filter(t, chain, err);
    case CFG_JOIN:
        return transform_join(t, chain, find_chain(t, &t->cfg->right), err);
    case CFG_CLEAN:
        return transform_clean(t, chain, err);
    case CFG_SELECT:
    case CFG_DROP:
        return transform_select(t, chain, err);
    }
    return Q_OK;
}

static void open_step(struct transform *t, const char *name)
{
    t->step = plan_add_step(t->plan, "transform", name, NULL);
    t->step->run = run_step;
    t->casts = (transform_casts){0};
}

/* The plan's array of steps may have moved: t->step is the last one. */
static void close_step(struct transform *t, const struct chain *chain)
{
    struct spec *spec = q_new(t->arena, struct spec);
    spec->casts = t->casts;
    t->step->relation = chain->relation;
    t->step->spec = spec;
}

static enum q_code compile_step(struct transform *t, const struct cfg_step *cfg, struct q_err *err)
{
    t->cfg = cfg;
    t->number++;
    struct chain *chain = find_chain(t, cfg->kind == CFG_JOIN ? &cfg->left : &cfg->relation);
    if (!chain || (cfg->kind == CFG_JOIN && !find_chain(t, &cfg->right)))
        return cfg_fail(err, cfg->pos, "the step names a relation that is not extracted");
    open_step(t, step_name(t, cfg));
    enum q_code code = dispatch(t, chain, err);
    close_step(t, chain);
    return code;
}

static enum q_code compile_bases(struct transform *t, struct q_err *err)
{
    enum q_code code = Q_OK;
    for (size_t i = 0; !code && i < t->plan->sources.n; i++) {
        open_step(t, t->plan->sources.v[i].name);
        if (i == 0) {
            transform_sql(t, "SET VARIABLE q_clock = (SELECT clock FROM q_run)");
            transform_sql(
                t,
                "CREATE TABLE IF NOT EXISTS q_skipped (relation VARCHAR, reason VARCHAR, records BIGINT)");
            transform_sql(
                t,
                "CREATE TABLE IF NOT EXISTS q_joins (step VARCHAR, left_rows BIGINT, right_rows BIGINT, "
                "matched_left BIGINT, unmatched_left BIGINT, matched_right BIGINT, unmatched_right BIGINT, "
                "multiplied BIGINT)");
        }
        t->chains[i].source = &t->plan->sources.v[i];
        code = transform_base(t, &t->chains[i], err);
        close_step(t, &t->chains[i]);
    }
    return code;
}

/* The filters behind the last join are counted in a step of their own. */
static void count_last_filters(struct transform *t)
{
    if (!t->chains[0].counted)
        return;
    open_step(t, "count filtered records");
    transform_count_filtered(t, &t->chains[0]);
    close_step(t, &t->chains[0]);
}

static enum q_code compile(struct plan *plan, struct q_err *err)
{
    struct transform t = {.plan = plan, .arena = plan->arena};
    t.chains = q_alloc_array(plan->arena, plan->sources.n + 1, sizeof *t.chains);
    enum q_code code = compile_bases(&t, err);
    for (size_t i = 0; !code && i < plan->pipeline->steps.n; i++)
        code = compile_step(&t, &plan->pipeline->steps.v[i], err);
    if (code)
        return code;
    count_last_filters(&t);
    const struct chain *main = &t.chains[0];
    plan->current = (struct plan_relation){main->relation, main->columns};
    plan->current_is_table = false;
    for (size_t i = 0; i < main->fails.n; i++)
        *q_vec_push(plan->arena, &plan->fails) = main->fails.v[i];
    if (plan->pipeline->steps.n)
        transform_settle(plan);
    return Q_OK;
}

const struct plan_stage transform_stage = {"transform", compile};
