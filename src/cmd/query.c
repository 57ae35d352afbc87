/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/cmd.h"
#include "cmd/output.h"
#include "report/report.h"

struct args {
    const char *format, *out;
};

static const struct q_opt opts[] = {
    CMD_OUTPUT_OPTS(struct args),
    {0},
};

static enum q_code run(struct cmd_ctx *ctx, int *exit, struct q_err *err)
{
    const struct args *a = ctx->args;
    struct db_conn *conn;
    struct cmd_output out;
    (void)exit;
    enum q_code code = cmd_open_warehouse(ctx, &conn, err);
    if (!code)
        code = cmd_output_open(ctx, a->out, a->format, &out, err);
    if (code)
        return code;
    code =
        report_sql(ctx->arena, conn, ctx->rest.v[0], NULL, out.format, NULL, out.sink, NULL, err);
    return cmd_output_close(&out, code, err);
}

const struct cmd cmd_query = {
    .name = "query",
    .args = "SQL",
    .summary = "run SQL on the warehouse, read-only",
    .needs = CMD_PROJECT,
    .opts = opts,
    .args_size = sizeof(struct args),
    .least = 1,
    .most = 1,
    .run = run,
};
