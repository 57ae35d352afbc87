/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/embed.h"
#include "base/json.h"
#include "base/parse.h"
#include "cmd/cmd.h"
#include "cmd/output.h"
#include "report/report.h"
#include "run/run.h"

struct args {
    int64_t limit, wait;
    const char *format, *out;
};

static const struct q_opt opts[] = {
    {.name = "limit",
     .arg = "N",
     .type = Q_OPT_INT,
     .min = 1,
     .max = INT64_MAX,
     .fallback = "20",
     .offset = offsetof(struct args, limit),
     .help = "newest runs shown"},
    CMD_WAIT_OPT(struct args, "drop: seconds to wait for the lock of the warehouse"),
    CMD_OUTPUT_OPTS(struct args),
    {0},
};

static enum q_code print_part(struct cmd_ctx *ctx, struct db_conn *conn, const char *title,
                              const char *sql, struct report_values *values, struct q_err *err)
{
    const struct args *a = ctx->args;
    struct cmd_output out;
    if (!ctx->global->json && title)
        (void)printf("\n%s\n", title);
    enum q_code code = cmd_output_open(ctx, a->out, a->format, &out, err);
    if (code)
        return code;
    code = report_sql(ctx->arena, conn, sql, values, out.format, NULL, out.sink, NULL, err);
    return cmd_output_close(&out, code, err);
}

static enum q_code show_run(struct cmd_ctx *ctx, struct db_conn *conn, const char *id,
                            struct q_err *err)
{
    static const struct {
        const char *title, *key, *file;
        bool reading; /* of tables that only incremental pipelines make */
    } parts[] = {
        {NULL, "run", "state/show_run.sql"},
        {"Relations", "relations", "state/show_run_relations.sql"},
        {"Reasons", "reasons", "state/show_run_reasons.sql"},
        {"Rules", "rules", "state/show_run_rules.sql"},
        {"Files", "files", "state/show_run_files.sql"},
        {"Watermarks", "watermarks", "state/show_run_watermarks.sql", true},
        {"Intervals", "intervals", "state/show_run_intervals.sql", true},
    };
    const struct args *a = ctx->args;
    int64_t run_id = 0, known = 0, readings = 0;
    if (a->format || a->out)
        return q_fail(err, Q_USAGE,
                      "a run is several tables: use --json, or the list with --format and -o");
    enum q_code code = q_parse_int(id, "the run id", 1, INT64_MAX, &run_id, err);
    struct db_param p[] = {db_int("run_id", run_id)};
    struct report_values values = {.params = p, .n = 1};
    if (!code)
        code = db_get_ints(conn, q_embed_text("state/count_run.sql"), p, 1, &known, 1, 0, err);
    if (!code && !known) {
        code = q_fail(err, Q_USAGE, "there is no run %s", id);
        q_hint(err, "See `quern runs`.");
    }
    if (!code)
        code =
            db_get_ints(conn, q_embed_text("cmd/has_readings.sql"), NULL, 0, &readings, 1, 0, err);
    if (!code && ctx->global->json)
        (void)printf("{");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && !code; i++) {
        if (parts[i].reading && !readings)
            continue;
        if (ctx->global->json)
            (void)printf("%s\"%s\":", i ? "," : "", parts[i].key);
        code = print_part(ctx, conn, parts[i].title, q_embed_text(parts[i].file), &values, err);
    }
    if (!code && ctx->global->json)
        (void)printf("}\n");
    return code;
}

/* "drop ID": give up a held run. */
static enum q_code drop(struct cmd_ctx *ctx, struct q_err *err)
{
    const struct args *a = ctx->args;
    struct run_session session;
    int64_t run_id = 0;
    enum q_code code = q_parse_int(ctx->rest.v[1], "the run id", 1, INT64_MAX, &run_id, err);
    if (!code)
        code = cmd_lock_session(ctx, a->wait, &session, err);
    if (!code)
        code = run_drop(&session, run_id, err);
    if (code)
        return code;
    if (ctx->global->json) {
        struct q_json *o = q_json_object(ctx->arena);
        q_json_set_int(o, "run", run_id);
        q_json_set_text(o, "status", "dropped");
        return cmd_print_json(o, false, err);
    }
    (void)printf("run %lld is dropped\n", (long long)run_id);
    return Q_OK;
}

static enum q_code run(struct cmd_ctx *ctx, int *exit, struct q_err *err)
{
    const struct args *a = ctx->args;
    struct db_conn *conn;
    (void)exit;
    if (ctx->rest.n && q_streq(ctx->rest.v[0], "drop") && ctx->rest.n == 2)
        return drop(ctx, err);
    if (ctx->rest.n > 1 || (ctx->rest.n && q_streq(ctx->rest.v[0], "drop"))) {
        enum q_code wrong =
            q_fail(err, Q_USAGE, "cannot do \"runs %s%s%s\"", ctx->rest.v[0],
                   ctx->rest.n > 1 ? " " : "", ctx->rest.n > 1 ? ctx->rest.v[1] : "");
        q_hint(err, "Usage: quern runs %s", ctx->cmd->args);
        return wrong;
    }
    enum q_code code = cmd_open_warehouse(ctx, &conn, err);
    if (code)
        return code;
    if (ctx->rest.n)
        return show_run(ctx, conn, ctx->rest.v[0], err);
    struct db_param p[] = {db_int("limit", a->limit)};
    struct report_values values = {.params = p, .n = 1};
    return print_part(ctx, conn, NULL, q_embed_text("state/list_runs.sql"), &values, err);
}

const struct cmd cmd_runs = {
    .name = "runs",
    .args = "[ID | drop ID]",
    .summary = "the latest runs, or all about one: relations, reasons, rules, files",
    .details =
        "`drop` gives up a run that is held: what it checked is removed, and its rejects count as dropped.",
    .needs = CMD_PROJECT,
    .opts = opts,
    .args_size = sizeof(struct args),
    .most = 2,
    .run = run,
};
