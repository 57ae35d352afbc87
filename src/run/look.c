/* SPDX-License-Identifier: Apache-2.0 */
#include "base/suggest.h"
#include "batch/reject.h"
#include "run/account.h"
#include "run/internal.h"
#include "run/progress.h"

static bool shapes(const struct plan_step *step)
{
    return !step->publishes &&
           (q_streq(step->stage, "extract") || q_streq(step->stage, "transform"));
}

/* The workspace's name of a relation as a user says it: a source, or what a step of the plan makes. */
static enum q_code workspace_name(const struct plan *plan, const char *relation, const char **out,
                                  struct q_err *err)
{
    q_texts names = {0};
    *out = relation ? relation : plan->current.name;
    if (!relation || q_streq(relation, plan->current.name))
        return Q_OK;
    for (size_t i = 0; i < plan->sources.n; i++) {
        if (q_streq(plan->sources.v[i].name, relation))
            *out = plan->sources.v[i].table;
        *q_vec_push(plan->arena, &names) = plan->sources.v[i].name;
    }
    for (size_t i = 0; i < plan->steps.n; i++)
        if (shapes(&plan->steps.v[i]) && plan->steps.v[i].relation)
            *q_vec_push(plan->arena, &names) = plan->steps.v[i].relation;
    for (size_t i = 0; i < names.n; i++)
        if (q_streq(names.v[i], relation))
            return Q_OK;
    enum q_code code = q_fail(err, Q_USAGE, "unknown relation \"%s\" of pipeline \"%s\"", relation,
                              plan->pipeline->name.s);
    q_suggest_hint(err, relation, names.v, names.n,
                   q_printf(plan->arena,
                            "It has the relations of its sources and steps: see `quern plan %s`.",
                            plan->pipeline->name.s));
    return code;
}

/* Carry out the extract and transform steps. */
static enum q_code shape(struct run *r, struct q_err *err)
{
    r->progress = progress_start(r->s->arena, r->s->db, r->out->pipeline);
    enum q_code code = account_begin(&r->ctx, err);
    for (size_t i = 0; i < r->plan->steps.n && !code; i++) {
        const struct plan_step *step = &r->plan->steps.v[i];
        if (shapes(step))
            code = step->run(step, &r->ctx, err);
    }
    progress_stop(r->progress);
    return code;
}

enum q_code run_up_to(struct run_session *s, const struct cfg_pipeline *pipeline,
                      const char *relation, const char **out, struct q_err *err)
{
    struct run_result result = {.pipeline = pipeline->name.s, .target = pipeline->load.into.s};
    struct run r = {.s = s, .out = &result};
    enum q_code code = run_compile(s, pipeline, 0, RUN_LOOKS, &r.plan, err);
    if (!code)
        code = workspace_name(r.plan, relation, out, err);
    if (code)
        return code;
    run_fill_ctx(&r, s->arena);
    return shape(&r, err);
}

static enum q_code find_record(const struct plan *plan, const struct run_record *record,
                               int64_t *pos, struct q_err *err)
{
    for (size_t i = 0; i < plan->sources.n; i++) {
        const struct plan_source *source = &plan->sources.v[i];
        if (!q_streq(source->name, record->relation))
            continue;
        for (size_t f = 0; source->files && f < source->files->n; f++)
            if (q_streq(source->files->v[f], record->path)) {
                *pos = q_pos((int64_t)f, record->offset);
                return Q_OK;
            }
    }
    return q_fail(err, Q_SOURCE, "\"%s\" of pipeline \"%s\" does not read \"%s\" any more",
                  record->relation, plan->pipeline->name.s, record->path);
}

enum q_code run_trace(struct run_session *s, const struct cfg_pipeline *pipeline,
                      const struct run_record *record, struct plan **plan_out, int64_t *pos,
                      struct q_err *err)
{
    struct run_result result = {.pipeline = pipeline->name.s, .target = pipeline->load.into.s};
    struct run r = {.s = s, .out = &result};
    enum q_code code = run_compile(s, pipeline, 0, RUN_LOOKS, &r.plan, err);
    if (!code)
        *plan_out = r.plan;
    if (code || !record)
        return code;
    run_fill_ctx(&r, s->arena);
    if (record->anywhere)
        return shape(&r, err);
    code = find_record(r.plan, record, pos, err);
    if (code)
        return code;
    r.ctx.only_source = record->relation;
    r.ctx.only_pos = *pos;
    return shape(&r, err);
}
