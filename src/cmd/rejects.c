/* SPDX-License-Identifier: Apache-2.0 */
#include "base/embed.h"
#include "base/parse.h"
#include "cmd/cmd.h"
#include "cmd/output.h"
#include "report/report.h"

struct args {
    int64_t run, limit;
    const char *pipeline, *reason;
};

static const struct q_opt opts[] = {
    {.name = "run",
     .arg = "ID",
     .type = Q_OPT_INT,
     .min = 1,
     .max = INT64_MAX,
     .offset = offsetof(struct args, run),
     .help = "of one run"},
    {.name = "pipeline",
     .arg = "NAME",
     .type = Q_OPT_TEXT,
     .offset = offsetof(struct args, pipeline),
     .help = "of one pipeline"},
    {.name = "reason",
     .arg = "CODE",
     .type = Q_OPT_TEXT,
     .offset = offsetof(struct args, reason),
     .help = "with one reason or rule"},
    {.name = "limit",
     .arg = "N",
     .type = Q_OPT_INT,
     .min = 1,
     .max = INT64_MAX,
     .fallback = "50",
     .offset = offsetof(struct args, limit),
     .help = "rows shown"},
    {0},
};

static enum q_code print(struct cmd_ctx *ctx, struct db_conn *conn, const char *sql,
                         struct report_values *values, struct q_err *err)
{
    struct cmd_output out;
    enum q_code code = cmd_output_open(ctx, NULL, NULL, &out, err);
    if (!code)
        code = report_sql(ctx->arena, conn, sql, values, out.format, NULL, out.sink, NULL, err);
    return code ? code : cmd_output_close(&out, code, err);
}

/* "RUN" or "RUN RELATION RECORD": all that is kept of rejected records. */
static enum q_code show(struct cmd_ctx *ctx, struct db_conn *conn, struct q_err *err)
{
    int64_t run = 0, record = 0;
    enum q_code code = q_parse_int(ctx->rest.v[1], "the run id", 1, INT64_MAX, &run, err);
    if (!code && ctx->rest.n > 3)
        code = q_parse_int(ctx->rest.v[3], "the record number", 1, INT64_MAX, &record, err);
    struct db_param record_no = record ? db_int("record_no", record) : db_null("record_no");
    struct db_param p[] = {db_int("run_id", run),
                           db_text("relation", ctx->rest.n > 2 ? ctx->rest.v[2] : NULL), record_no};
    struct report_values values = {.params = p, .n = 3};
    return code ? code : print(ctx, conn, q_embed_text("state/show_reject.sql"), &values, err);
}

static enum q_code list(struct cmd_ctx *ctx, struct db_conn *conn, struct q_err *err)
{
    const struct args *a = ctx->args;
    struct db_param p[] = {a->run ? db_int("run_id", a->run) : db_null("run_id"),
                           db_text("pipeline", a->pipeline), db_text("reason", a->reason),
                           db_int("limit", a->limit)};
    struct report_values values = {.params = p, .n = 4};
    return print(ctx, conn, q_embed_text("state/list_rejects.sql"), &values, err);
}

static enum q_code run(struct cmd_ctx *ctx, int *exit, struct q_err *err)
{
    struct db_conn *conn;
    bool shows = q_streq(ctx->rest.v[0], "show"), lists = q_streq(ctx->rest.v[0], "list");
    (void)exit;
    if ((!shows && !lists) || (shows && ctx->rest.n < 2)) {
        enum q_code code = q_fail(err, Q_USAGE, "cannot do \"rejects %s\"", ctx->rest.v[0]);
        q_hint(err, "Usage: quern rejects %s", ctx->cmd->args);
        return code;
    }
    enum q_code code = cmd_open_warehouse(ctx, &conn, err);
    if (code)
        return code;
    return shows ? show(ctx, conn, err) : list(ctx, conn, err);
}

const struct cmd cmd_rejects = {
    .name = "rejects",
    .args = "list | show RUN [RELATION [RECORD]]",
    .summary = "records that could not be loaded, with place and reason",
    .details = "RECORD is the ordinal of the record in its file, as `rejects list` shows it.",
    .needs = CMD_PROJECT,
    .opts = opts,
    .args_size = sizeof(struct args),
    .least = 1,
    .most = 4,
    .run = run,
};
