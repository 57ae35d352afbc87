/* SPDX-License-Identifier: Apache-2.0 */
#include "run/hold.h"

#include <inttypes.h>

#include "base/embed.h"
#include "plan/reading.h"

/* Workspace tables that are kept, with the rows that were there before the audit. */
static const struct kept {
    const char *name, *table, *from;
} kept[] = {
    {"rejects", "q_rejects", "q_rejects WHERE ord < 100000"}, /* STEP_ORD_LOAD */
    {"skips", "q_skips", "q_skips_checked"},
    {"skipped", "q_skipped", "q_skipped_checked"},
    {"joins", "q_joins", "q_joins"},
    {"rules", "q_rules", "q_rules"},
    {"sources", "q_sources", "q_sources"},
    {"places", "q_places", "q_places"},
};
enum { N_KEPT = sizeof kept / sizeof kept[0] };

/* Of pipelines with incremental sources: what the run has read. */
static const struct kept kept_readings[] = {
    {"watermarks", "q_watermarks", "q_watermarks"},
    {"intervals", "q_intervals", "q_intervals"},
    {"reread", "q_reread", "q_reread"},
};
enum { N_READINGS = sizeof kept_readings / sizeof kept_readings[0] };

static const char *shadow_name(struct q_arena *arena, int64_t run_id, const char *what)
{
    return q_printf(arena, "r%" PRId64 "_%s", run_id, what);
}

/* Tables of a run's shadow besides `kept`: of holidays that a date dimension is made with. */
static const char *holidays_name(struct q_arena *arena, const struct model_table *t)
{
    return q_printf(arena, "holidays_%s", t->name);
}

static bool has_holidays(const struct model_table *t)
{
    return t->is_date && t->cfg->date.holidays.s;
}

static uint64_t mix(uint64_t h, uint64_t x)
{
    return ((h ^ x) * 0x100000001b3u) ^ (h >> 29);
}

/* A number made of what is declared: the pipeline, its target and the dimensions that the target refers to. */
static const char *digest_of(struct q_arena *arena, const struct model *model,
                             const struct cfg_pipeline *pipeline)
{
    uint64_t h = mix(0xcbf29ce484222325u, pipeline->digest);
    const struct model_table *t = model_find(model, pipeline->load.into.s);
    if (t) {
        h = mix(h, t->cfg->digest);
        for (size_t i = 0; i < t->roles.n; i++)
            h = mix(h, t->roles.v[i].dimension->cfg->digest);
    }
    return q_printf(arena, "%016" PRIx64, h);
}

/* ---- keeping ---- */

static enum q_code keep(struct step_ctx *ctx, const char *name, const char *from, struct q_err *err)
{
    return db_exec(ctx->db,
                   sql_make(ctx->arena, "CREATE TABLE wh.quern_hold.%I AS SELECT * FROM %s",
                            shadow_name(ctx->arena, ctx->run_id, name), from),
                   NULL, 0, NULL, err);
}

enum q_code hold_keep(struct step_ctx *ctx, const struct plan *plan, struct q_err *err)
{
    struct db_param p[] = {db_int("run_id", ctx->run_id),
                           db_text("pipeline", plan->pipeline->name.s),
                           db_text("digest", digest_of(ctx->arena, plan->model, plan->pipeline))};
    enum q_code code = db_exec(ctx->db, q_embed_text("run/hold_schema.sql"), NULL, 0, NULL, err);
    if (!code)
        code = keep(ctx, "rows", sql_make(ctx->arena, "%I", plan->current.name), err);
    for (size_t i = 0; i < N_KEPT && !code; i++)
        code = keep(ctx, kept[i].name, kept[i].from, err);
    for (size_t i = 0; plan_is_incremental(plan->pipeline) && i < N_READINGS && !code; i++)
        code = keep(ctx, kept_readings[i].name, kept_readings[i].from, err);
    for (size_t i = 0; i < plan->model->n && !code; i++)
        if (has_holidays(&plan->model->tables[i])) {
            const char *name = holidays_name(ctx->arena, &plan->model->tables[i]);
            code = keep(ctx, name, sql_make(ctx->arena, "%I", q_printf(ctx->arena, "q_%s", name)),
                        err);
        }
    if (!code)
        code = db_exec(ctx->db, q_embed_text("state/insert_hold.sql"), p, 3, NULL, err);
    if (code)
        q_context(err, "keeping what run %" PRId64 " has checked", ctx->run_id);
    return code;
}

struct names {
    struct q_arena *arena;
    q_texts list;
};

static enum q_code take_name(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct names *n = arg;
    (void)err;
    *q_vec_push(n->arena, &n->list) = db_cell_text(n->arena, b, 0, row);
    return Q_OK;
}

enum q_code hold_forget(struct db_conn *db, int64_t run_id, struct q_err *err)
{
    struct q_arena *scratch = q_arena_new(NULL, "shadow");
    struct names n = {.arena = scratch};
    struct db_param p[] = {db_text("prefix", shadow_name(scratch, run_id, ""))};
    struct db_param id[] = {db_int("run_id", run_id)};
    enum q_code code = db_each(db, q_embed_text("run/list_shadow.sql"), p, 1, take_name, &n, err);
    for (size_t i = 0; i < n.list.n && !code; i++)
        code = db_exec(db, sql_make(scratch, "DROP TABLE wh.quern_hold.%I", n.list.v[i]), NULL, 0,
                       NULL, err);
    if (!code)
        code = db_exec(db, q_embed_text("state/delete_hold.sql"), id, 1, NULL, err);
    q_arena_free(scratch);
    return code;
}

/* ---- putting back ---- */

static void put_sources(struct plan *plan)
{
    for (size_t i = 0; i < plan->pipeline->sources.n; i++) {
        const struct cfg_source *cfg = &plan->pipeline->sources.v[i];
        *q_vec_push(plan->arena, &plan->sources) = (struct plan_source){
            .name = cfg->name.s, .table = q_printf(plan->arena, "s_%s", cfg->name.s), .cfg = cfg};
    }
}

static enum q_code compile(struct plan *plan, struct q_err *err)
{
    static const char rows[] = "held_rows";
    struct q_arena *arena = plan->arena;
    struct q_schema all = {0};
    const char *from =
        sql_make(arena, "wh.quern_hold.%I", shadow_name(arena, plan->held_run, "rows"));
    enum q_code code =
        db_describe(plan->db, sql_make(arena, "SELECT * FROM %s", from), arena, &all, err);
    if (code)
        return code;
    struct plan_step *step = plan_add_step(plan, "hold", "put back", rows);
    plan_step_sql(plan, step, sql_make(arena, "CREATE VIEW %I AS SELECT * FROM %s", rows, from));
    for (size_t i = 0; i < N_KEPT; i++)
        plan_step_sql(plan, step,
                      sql_make(arena, "INSERT INTO %I BY NAME SELECT * FROM wh.quern_hold.%I",
                               kept[i].table, shadow_name(arena, plan->held_run, kept[i].name)));
    for (size_t i = 0; plan_is_incremental(plan->pipeline) && i < N_READINGS; i++)
        plan_step_sql(plan, step,
                      sql_make(arena, "CREATE TABLE %I AS SELECT * FROM wh.quern_hold.%I",
                               kept_readings[i].table,
                               shadow_name(arena, plan->held_run, kept_readings[i].name)));
    for (size_t i = 0; i < plan->model->n; i++)
        if (has_holidays(&plan->model->tables[i])) {
            const char *name = holidays_name(arena, &plan->model->tables[i]);
            plan_step_sql(plan, step,
                          sql_make(arena, "CREATE TABLE %I AS SELECT * FROM wh.quern_hold.%I",
                                   q_printf(arena, "q_%s", name),
                                   shadow_name(arena, plan->held_run, name)));
        }
    plan->current.name = rows;
    plan->current_is_table = true;
    for (size_t i = 0; i < all.n; i++)
        if (!q_starts(all.v[i].name, "_q_"))
            q_schema_add(arena, &plan->current.columns, all.v[i].name, all.v[i].type);
    put_sources(plan);
    return Q_OK;
}

const struct plan_stage hold_stage = {"hold", compile};

/* ---- publishing, giving up ---- */

/* The run that is to be published or dropped: on record and held. Q_USAGE otherwise. */
static enum q_code find_held(struct run_session *s, int64_t run_id, const char *what,
                             struct state_found *out, struct q_err *err)
{
    enum q_code code = s->attached ? Q_OK : run_attach(s, err);
    if (!code)
        code = state_find_run(s->db, s->arena, run_id, out, err);
    if (code || out->status == STATE_HELD)
        return code;
    code = q_fail(err, Q_USAGE, "cannot %s run %" PRId64 ": it is %s, not held", what, run_id,
                  state_status_name(out->status));
    q_hint(err, "See `quern runs %" PRId64 "`.", run_id);
    return code;
}

static enum q_code find_unchanged(struct run_session *s, const struct state_found *held,
                                  const struct cfg_pipeline **out, struct q_err *err)
{
    enum q_code code = Q_OK;
    *out = cfg_find_pipeline(s->project, held->pipeline);
    if (!*out)
        code = q_fail(err, Q_CONFIG,
                      "cannot publish run %" PRId64 ": there is no pipeline \"%s\" any more",
                      held->run_id, held->pipeline);
    else if (!held->digest || !q_streq(held->digest, digest_of(s->arena, s->model, *out)))
        code = q_fail(err, Q_CONFIG,
                      "cannot publish run %" PRId64
                      ": pipeline \"%s\", or the model of its target, changed since it was held",
                      held->run_id, held->pipeline);
    if (code)
        q_hint(err,
               "Undo the change, or give the run up with `quern runs drop %" PRId64
               "` and run the pipeline again.",
               held->run_id);
    return code;
}

static enum q_code publish_held(struct run *r, struct q_err *err)
{
    enum q_code code = state_journals_read(r->s->arena, r->s->project->dir, &r->dead, err);
    if (!code)
        code = run_audit(r, err);
    if (code || q_streq(r->out->status, "held"))
        return code;
    if (q_streq(r->out->status, "aborted"))
        return q_fail(err, Q_FAILED, "cannot publish run %" PRId64 ": %s", r->out->run_id,
                      r->out->message);
    return publish_run(r, true, err);
}

enum q_code run_publish(struct run_session *s, int64_t run_id, struct run_result *out,
                        struct q_err *err)
{
    struct q_arena *arena = q_arena_new(s->arena, "run");
    struct state_found *held = q_new(arena, struct state_found);
    const struct cfg_pipeline *pipeline = NULL;
    struct run r = {.s = s, .out = out, .held = held};
    enum q_code code = find_held(s, run_id, "publish", held, err);
    if (!code)
        code = find_unchanged(s, held, &pipeline, err);
    if (code)
        return code;
    *out = (struct run_result){.run_id = run_id,
                               .pipeline = pipeline->name.s,
                               .target = pipeline->load.into.s,
                               .status = "held",
                               .plan_hash = held->plan_hash};
    code = run_compile(s, pipeline, run_id, RUN_LOADS, &r.plan, err);
    if (!code) {
        run_begin_work(&r, arena);
        code = publish_held(&r, err);
        run_end_work(&r);
    }
    if (code)
        q_context(err, "publishing run %" PRId64 " of pipeline \"%s\"", run_id, pipeline->name.s);
    return code;
}

static enum q_code drop_in_transaction(struct run_session *s, void *arg, struct q_err *err)
{
    int64_t run_id = *(int64_t *)arg;
    struct db_param p[] = {db_int("run_id", run_id)};
    enum q_code code = hold_forget(s->db, run_id, err);
    if (!code)
        code = state_change_run(s->db, run_id, STATE_HELD, STATE_DROPPED, NULL, err);
    return code ? code
                : db_exec(s->db, q_embed_text("state/drop_rejects_of_run.sql"), p, 1, NULL, err);
}

enum q_code run_drop(struct run_session *s, int64_t run_id, struct q_err *err)
{
    struct state_found held;
    enum q_code code = find_held(s, run_id, "drop", &held, err);
    return code ? code : run_change(s, drop_in_transaction, &run_id, err);
}
