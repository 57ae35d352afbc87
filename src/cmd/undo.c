/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/json.h"
#include "base/parse.h"
#include "cmd/cmd.h"
#include "prove/undo.h"

struct args {
    int64_t wait;
    bool dry;
};

static const struct q_opt opts[] = {
    {.name = "dry-run",
     .type = Q_OPT_FLAG,
     .offset = offsetof(struct args, dry),
     .help = "say what would be undone, and change nothing"},
    CMD_WAIT_OPT(struct args, "seconds to wait for the lock of the warehouse"),
    {0},
};

static enum q_code show_json(struct cmd_ctx *ctx, const struct undo_result *r, bool dry,
                             struct q_err *err)
{
    struct q_json *o = q_json_object(ctx->arena);
    q_json_set_int(o, "undone", r->undone);
    q_json_set_text(o, "status", dry ? "would be undone" : "undone");
    if (dry)
        q_json_set_null(o, "run");
    else
        q_json_set_int(o, "run", r->run_id);
    q_json_set_text(o, "pipeline", r->pipeline);
    q_json_set_text(o, "target", r->target);
    q_json_set_int(o, "restored", r->restored);
    q_json_set_int(o, "removed", r->removed);
    q_json_set_int(o, "members_removed", r->members);
    return cmd_print_json(o, false, err);
}

static void show(const struct undo_result *r, bool dry)
{
    if (dry)
        (void)printf("run %lld of %s would be undone: ", (long long)r->undone, r->pipeline);
    else
        (void)printf("run %lld of %s is undone by run %lld: ", (long long)r->undone, r->pipeline,
                     (long long)r->run_id);
    (void)printf("%s: %lld rows restored, %lld removed", r->target, (long long)r->restored,
                 (long long)r->removed);
    if (r->members)
        (void)printf("; %lld inferred members removed", (long long)r->members);
    (void)printf("\n");
}

static enum q_code run(struct cmd_ctx *ctx, int *exit, struct q_err *err)
{
    const struct args *a = ctx->args;
    struct run_session session;
    struct undo_result result;
    int64_t run_id = 0;
    (void)exit;
    enum q_code code = q_parse_int(ctx->rest.v[0], "the run id", 1, INT64_MAX, &run_id, err);
    if (!code)
        code = cmd_lock_session(ctx, a->wait, &session, err);
    if (!code)
        code = undo_run(&session, run_id, a->dry, &result, err);
    if (code)
        return code;
    if (ctx->global->json)
        return show_json(ctx, &result, a->dry, err);
    show(&result, a->dry);
    return Q_OK;
}

const struct cmd cmd_undo = {
    .name = "undo",
    .args = "RUN",
    .summary = "take back what a run changed, unless a later run changed it again",
    .details =
        "Rows that the run changed or removed are as before, rows that it inserted are gone, in one transaction. It\n"
        "is refused when a later run touched the same keys, or facts refer to members that would go. How long it\n"
        "is possible: `defaults: undo: { days: 30, size: 1 GB }` in quern.yaml. An undo is not undone: run the\n"
        "pipeline again.",
    .needs = CMD_PROJECT,
    .opts = opts,
    .args_size = sizeof(struct args),
    .least = 1,
    .most = 1,
    .run = run,
};
