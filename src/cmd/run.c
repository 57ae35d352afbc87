/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/show_result.h"
#include "extract/file/inbox.h"

struct args {
    struct q_opt_time as_of;
    int64_t wait;
    bool accept_shrink, accept_contract;
    int64_t publish;
    struct cmd_interval interval;
};

static const struct q_opt opts[] = {
    {.name = "as-of",
     .arg = "TIME",
     .type = Q_OPT_TIME,
     .offset = offsetof(struct args, as_of),
     .help = "the run's clock, UTC, instead of now"},
    CMD_WAIT_OPT(struct args, "seconds to wait for the lock of the warehouse"),
    {.name = "publish",
     .arg = "RUN",
     .type = Q_OPT_INT,
     .min = 1,
     .max = INT64_MAX,
     .offset = offsetof(struct args, publish),
     .help = "publish a run that is held, instead of running"},
    {.name = "accept-shrink",
     .type = Q_OPT_FLAG,
     .offset = offsetof(struct args, accept_shrink),
     .help = "let a full snapshot take more keys than max_shrink allows"},
    {.name = "accept-contract",
     .type = Q_OPT_FLAG,
     .offset = offsetof(struct args, accept_contract),
     .help = "take sources as they are now, whatever their contract says of changes"},
    CMD_INTERVAL_OPTS(struct args),
    {0},
};

static enum q_code show(struct cmd_ctx *ctx, const struct run_result *result, struct q_err *err)
{
    if (!ctx->global->json) {
        show_result_text(result);
        return Q_OK;
    }
    struct q_json *o = q_json_object(ctx->arena);
    show_result_json(result, o);
    return cmd_print_json(o, false, err);
}

/* Pipelines are independent transactions: one that fails does not stop those that do not need it; the first error
 * decides. */
static enum q_code run_each(struct cmd_ctx *ctx, struct run_session *s,
                            const struct cfg_pipeline **list, size_t n, int *exit,
                            struct q_err *err)
{
    for (size_t i = 0; i < n; i++) {
        struct run_result result;
        enum q_code code = run_pipeline(s, list[i], false, NULL, &result, err);
        if (!code)
            code = show(ctx, &result, err);
        if (code) {
            for (size_t k = i + 1; k < n; k++)
                q_log(Q_LOG_WARN, "pipeline %s was not run, because %s failed before it",
                      list[k]->name.s, list[i]->name.s);
            return code;
        }
        if (result.exit_code > *exit)
            *exit = result.exit_code;
    }
    return Q_OK;
}

/* What is declared for files once they are loaded: at the beginning those of a run that died behind its commit, `at_end` those
 * of this command. */
static enum q_code put_away(struct cmd_ctx *ctx, struct run_session *s, bool at_end,
                            struct q_err *err)
{
    if (!inbox_is_pending(ctx->arena, ctx->project->dir))
        return Q_OK;
    enum q_code code = s->attached ? Q_OK : run_attach(s, err);
    return code ? code
                : inbox_settle(ctx->arena, ctx->project->dir, ctx->project->env->warehouse.path.s,
                               s->db, at_end, err);
}

/* After an error too: other pipelines have published. */
static enum q_code put_away_at_end(struct cmd_ctx *ctx, struct run_session *s, enum q_code code,
                                   struct q_err *err)
{
    struct q_err why = {0};
    if (!code)
        return put_away(ctx, s, true, err);
    if (code != Q_CANCELLED && put_away(ctx, s, true, &why))
        q_log(Q_LOG_WARN, "loaded files stay where they are: %s", why.message);
    return code;
}

static enum q_code publish(struct cmd_ctx *ctx, struct run_session *s, int64_t run_id, int *exit,
                           struct q_err *err)
{
    struct run_result result;
    enum q_code code = run_publish(s, run_id, &result, err);
    if (code)
        return code;
    *exit = result.exit_code;
    return show(ctx, &result, err);
}

static enum q_code no_pipelines(const struct cmd_ctx *ctx, struct q_err *err)
{
    enum q_code code =
        q_fail(err, Q_CONFIG, "there is no pipeline in \"%s/pipelines\"", ctx->project->dir);
    q_hint(err,
           "A pipeline is a YAML file there; `quern init DIR --template retail` makes a project "
           "with some to look at.");
    return code;
}

static enum q_code run(struct cmd_ctx *ctx, int *exit, struct q_err *err)
{
    const struct args *a = ctx->args;
    const struct cfg_pipeline **list;
    size_t n;
    struct run_session session = {0};
    if (a->publish && ctx->rest.n)
        return q_fail(err, Q_USAGE, "`--publish %lld` names the run: leave out \"%s\"",
                      (long long)a->publish, ctx->rest.v[0]);
    enum q_code code = cmd_check_interval(&a->interval, err);
    if (code)
        return code;
    if (a->publish && (a->interval.from || a->interval.full))
        return q_fail(err, Q_USAGE, "`--publish` publishes what was read: leave out %s",
                      a->interval.full ? "`--full`" : "`--from` and `--to`");
    if (a->as_of.set)
        q_clock_set(a->as_of.usec);
    code = plan_order(ctx->arena, ctx->project, ctx->model, &ctx->rest, &list, &n, err);
    if (!code && !n)
        return no_pipelines(ctx, err);
    if (!code)
        code = cmd_open_session(ctx, a->wait, &session, err);
    session.accept_shrink = a->accept_shrink;
    session.accept_contract = a->accept_contract;
    session.from = a->interval.from;
    session.to = a->interval.to;
    session.full = a->interval.full;
    if (!code)
        code = run_lock(&session, err);
    if (!code)
        code = put_away(ctx, &session, false, err);
    session.together = list;
    session.n_together = n;
    if (!code) {
        code = a->publish ? publish(ctx, &session, a->publish, exit, err)
                          : run_each(ctx, &session, list, n, exit, err);
        code = put_away_at_end(ctx, &session, code, err);
    }
    if (session.engine)
        db_abandon(session.engine);
    return code;
}

const struct cmd cmd_run = {
    .name = "run",
    .args = "[PIPELINE...]",
    .summary = "extract, transform, check and load; without names all pipelines",
    .details =
        "A dimension's pipeline runs before those of facts that refer to it. Each run is one transaction: it\n"
        "happened or it did not. Bad records are kept: see `quern rejects list`.\n"
        "A run that is held (`on_fail: hold`, a full snapshot that shrinks) has changed nothing; `--publish RUN` audits\n"
        "what it checked against the target as it is now, and loads it. `quern runs drop RUN` gives it up.\n"
        "Incremental sources are read from their watermark on, holes first; --from and --to read one interval instead\n"
        "and leave the watermark alone. See `quern intervals`.",
    .needs = CMD_PROJECT,
    .opts = opts,
    .args_size = sizeof(struct args),
    .most = -1,
    .run = run,
};
