/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/clock.h"
#include "cmd/cmd.h"
#include "cmd/show_result.h"

struct args {
    bool sql;
    struct q_opt_time as_of;
    struct cmd_interval interval;
};

static const struct q_opt opts[] = {
    Q_OPT_FLAG_ROW(struct args, sql, "sql", "print the SQL of every step"),
    {.name = "as-of",
     .arg = "TIME",
     .type = Q_OPT_TIME,
     .offset = offsetof(struct args, as_of),
     .help = "the run's clock, UTC, instead of now"},
    CMD_INTERVAL_OPTS(struct args),
    {0},
};

static void print_steps(const struct plan *plan, bool sql)
{
    (void)printf("Steps (plan %s):\n", plan_hash(plan));
    for (size_t i = 0; i < plan->steps.n; i++) {
        const struct plan_step *s = &plan->steps.v[i];
        bool makes = s->relation && !s->publishes && !q_streq(s->stage, "load");
        (void)printf("  %2zu %-9s %s%s%s%s\n", i + 1, s->stage, s->name, makes ? " -> " : "",
                     makes ? s->relation : "", s->publishes ? " (in the load transaction)" : "");
        for (size_t k = 0; sql && k < s->sql.n; k++)
            (void)printf("       %s;\n", s->sql.v[k]);
    }
}

static void steps_json(const struct plan *plan, struct q_json *o)
{
    q_json_set_text(o, "hash", plan_hash(plan));
    struct q_json *steps = q_json_set_array(o, "steps");
    for (size_t i = 0; i < plan->steps.n; i++) {
        const struct plan_step *s = &plan->steps.v[i];
        struct q_json *step = q_json_push_object(steps);
        q_json_set_text(step, "stage", s->stage);
        q_json_set_text(step, "name", s->name);
        q_json_set_text(step, "relation", s->relation);
        q_json_set_bool(step, "publishes", s->publishes);
        struct q_json *sql = q_json_set_array(step, "sql");
        for (size_t k = 0; k < s->sql.n; k++)
            q_json_push_text(sql, s->sql.v[k]);
    }
}

static enum q_code plan_one(struct cmd_ctx *ctx, struct run_session *session,
                            const struct cfg_pipeline *pipeline, struct q_err *err)
{
    const struct args *a = ctx->args;
    struct run_result result;
    struct plan *plan;
    enum q_code code = run_pipeline(session, pipeline, true, &plan, &result, err);
    if (code)
        return code;
    if (ctx->global->json) {
        struct q_json *o = q_json_object(ctx->arena);
        show_result_json(&result, o);
        steps_json(plan, o);
        return cmd_print_json(o, false, err);
    }
    show_result_text(&result);
    print_steps(plan, a->sql);
    return Q_OK;
}

static enum q_code run(struct cmd_ctx *ctx, int *exit, struct q_err *err)
{
    const struct args *a = ctx->args;
    const struct cfg_pipeline **list;
    size_t n;
    struct run_session session;
    (void)exit;
    enum q_code code = cmd_check_interval(&a->interval, err);
    if (code)
        return code;
    if (a->as_of.set)
        q_clock_set(a->as_of.usec);
    code = plan_order(ctx->arena, ctx->project, ctx->model, &ctx->rest, &list, &n, err);
    if (!code)
        code = cmd_open_session(ctx, 0, &session, err);
    session.from = a->interval.from;
    session.to = a->interval.to;
    session.full = a->interval.full;
    for (size_t i = 0; i < n && !code; i++)
        code = plan_one(ctx, &session, list[i], err);
    return code;
}

const struct cmd cmd_plan = {
    .name = "plan",
    .args = "PIPELINE...",
    .summary = "what a run would do to the target, row effects included; writes nothing",
    .details =
        "Runs extract, transform and checks in a scratch workspace. Tables that the warehouse lacks count as empty.",
    .needs = CMD_PROJECT,
    .opts = opts,
    .args_size = sizeof(struct args),
    .least = 1,
    .most = -1,
    .run = run,
};
