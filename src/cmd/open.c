/* SPDX-License-Identifier: Apache-2.0 */
/* What commands open: the warehouse for questions, a session for runs. */
#include "cmd/cmd.h"
#include "db/db.h"
#include "run/run.h"

const char *cmd_warehouse(const struct cmd_ctx *ctx)
{
    return q_path_join(ctx->arena, ctx->project->dir, ctx->project->env->warehouse.path.s);
}

enum q_code cmd_require_warehouse(const struct cmd_ctx *ctx, struct q_err *err)
{
    if (q_file_exists(cmd_warehouse(ctx)))
        return Q_OK;
    enum q_code code =
        q_fail(err, Q_TARGET, "there is no warehouse at \"%s\" yet", cmd_warehouse(ctx));
    q_hint(err, "Load it with `quern run`.");
    return code;
}

enum q_code cmd_open_warehouse(struct cmd_ctx *ctx, struct db_conn **out, struct q_err *err)
{
    const struct cfg_warehouse *w = &ctx->project->env->warehouse;
    const char *path = cmd_warehouse(ctx);
    struct db *db;
    enum q_code code = cmd_require_warehouse(ctx, err);
    if (code)
        return code;
    struct db_settings settings = {.path = path,
                                   .read_only = true,
                                   .memory_limit = w->memory_limit,
                                   .threads = (int)w->threads};
    code = db_open(ctx->arena, &settings, &db, err);
    return code ? code : db_connect(db, ctx->arena, out, err);
}

enum q_code cmd_open_session(struct cmd_ctx *ctx, int64_t wait, struct run_session *out,
                             struct q_err *err)
{
    return run_open(ctx->arena, ctx->project, ctx->model, cmd_stages, cmd_n_stages, wait, out, err);
}

enum q_code cmd_lock_session(struct cmd_ctx *ctx, int64_t wait, struct run_session *out,
                             struct q_err *err)
{
    enum q_code code = cmd_open_session(ctx, wait, out, err);
    return code ? code : run_lock(out, err);
}
