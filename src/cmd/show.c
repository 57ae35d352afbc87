/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/cmd.h"
#include "cmd/output.h"
#include "report/report.h"
#include "run/run.h"

struct args {
    int64_t limit;
    const char *format, *out;
};

static const struct q_opt opts[] = {
    {.name = "limit",
     .arg = "N",
     .type = Q_OPT_INT,
     .min = 0,
     .max = INT64_MAX,
     .fallback = "20",
     .offset = offsetof(struct args, limit),
     .help = "rows shown, 0 for all"},
    CMD_OUTPUT_OPTS(struct args),
    {0},
};

static enum q_code split(struct cmd_ctx *ctx, const struct cfg_pipeline **pipeline,
                         const char **relation, struct q_err *err)
{
    const char *word = ctx->rest.v[0], *dot = strchr(word, '.');
    const char *name = dot ? q_strndup(ctx->arena, word, (size_t)(dot - word)) : word;
    q_texts names = {0};
    *pipeline = cfg_find_pipeline(ctx->project, name);
    *relation = dot ? dot + 1 : NULL;
    if (*pipeline)
        return Q_OK;
    for (size_t i = 0; i < ctx->project->pipelines.n; i++)
        *q_vec_push(ctx->arena, &names) = ctx->project->pipelines.v[i].name.s;
    return cmd_unknown("pipeline", name, &names, "Pipelines are the files in pipelines/.", err);
}

static enum q_code print(struct cmd_ctx *ctx, struct run_session *s, const char *relation,
                         struct q_err *err)
{
    const struct args *a = ctx->args;
    struct cmd_output out;
    enum q_code code = cmd_output_open(ctx, a->out, a->format, &out, err);
    if (code)
        return code;
    struct sql *q = sql_new(ctx->arena);
    sql_add(q, "SELECT * FROM %I ORDER BY _q_pos", relation);
    if (a->limit)
        sql_add(q, " LIMIT %d", a->limit);
    code = report_sql(ctx->arena, s->db, sql_text(q), NULL, out.format, NULL, out.sink, NULL, err);
    return cmd_output_close(&out, code, err);
}

static enum q_code run(struct cmd_ctx *ctx, int *exit, struct q_err *err)
{
    const struct cfg_pipeline *pipeline;
    const char *wanted, *relation;
    struct run_session session;
    (void)exit;
    enum q_code code = split(ctx, &pipeline, &wanted, err);
    if (!code)
        code = cmd_open_session(ctx, 0, &session, err);
    if (!code)
        code = run_up_to(&session, pipeline, wanted, &relation, err);
    return code ? code : print(ctx, &session, relation, err);
}

const struct cmd cmd_show = {
    .name = "show",
    .args = "PIPELINE[.RELATION]",
    .summary = "run a pipeline up to a relation in a scratch workspace and print it",
    .details =
        "Without RELATION the one that is checked and loaded. A source is shown as it was read; names of steps are\n"
        "those of `quern plan`. Writes nothing to the warehouse.",
    .needs = CMD_PROJECT,
    .opts = opts,
    .args_size = sizeof(struct args),
    .least = 1,
    .most = 1,
    .run = run,
};
