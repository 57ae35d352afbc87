/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/output.h"
#include "report/report.h"

struct args {
    q_texts params;
    const char *format, *out;
};

static const struct q_opt opts[] = {
    {.name = "param",
     .letter = 'p',
     .arg = "NAME=VALUE",
     .type = Q_OPT_TEXTS,
     .offset = offsetof(struct args, params),
     .help = "value of a parameter; may be repeated"},
    CMD_OUTPUT_OPTS(struct args),
    {0},
};

static enum q_code list_reports(struct cmd_ctx *ctx, struct q_err *err)
{
    const cfg_reports *all = &ctx->project->reports;
    struct q_json *list = q_json_array(ctx->arena);
    for (size_t i = 0; i < all->n; i++) {
        const struct cfg_report *r = &all->v[i];
        struct q_json *o = q_json_push_object(list);
        q_json_set_text(o, "name", r->name.s);
        q_json_set_text(o, "title", r->title.s);
        struct q_json *params = q_json_set_array(o, "parameters");
        if (!ctx->global->json)
            (void)printf("%-20s %s\n", r->name.s, r->title.s ? r->title.s : "");
        for (size_t k = 0; k < r->params.n; k++) {
            const struct cfg_param *p = &r->params.v[k];
            struct q_json *po = q_json_push_object(params);
            q_json_set_text(po, "name", p->name.s);
            q_json_set_text(po, "type", p->type.s);
            q_json_set_text(po, "default", p->fallback.s);
            q_json_set_text(po, "description", p->description.s);
            if (!ctx->global->json)
                (void)printf("  --param %s=%s  %s%s%s\n", p->name.s,
                             p->fallback.s ? p->fallback.s : "...", p->type.s,
                             p->description.s ? ": " : "",
                             p->description.s ? p->description.s : "");
        }
    }
    if (!ctx->project->reports.n)
        q_log(Q_LOG_INFO, "there is no report in \"%s/reports\"", ctx->project->dir);
    return ctx->global->json ? cmd_print_json(list, true, err) : Q_OK;
}

static enum q_code find_report(struct cmd_ctx *ctx, const char *name, const struct cfg_report **out,
                               struct q_err *err)
{
    *out = cfg_find_report(ctx->project, name);
    if (*out)
        return Q_OK;
    q_texts names = {0};
    for (size_t i = 0; i < ctx->project->reports.n; i++)
        *q_vec_push(ctx->arena, &names) = ctx->project->reports.v[i].name.s;
    return cmd_unknown("report", name, &names, "See `quern report list`.", err);
}

static enum q_code run(struct cmd_ctx *ctx, int *exit, struct q_err *err)
{
    const struct args *a = ctx->args;
    const struct cfg_report *report;
    struct report_values values;
    struct db_conn *conn;
    struct cmd_output out;
    (void)exit;
    if (q_streq(ctx->rest.v[0], "list"))
        return list_reports(ctx, err);
    enum q_code code = find_report(ctx, ctx->rest.v[0], &report, err);
    if (!code)
        code = report_bind(ctx->arena, report, &a->params, &values, err);
    if (!code)
        code = cmd_open_warehouse(ctx, &conn, err);
    if (!code)
        code = cmd_output_open(ctx, a->out, a->format, &out, err);
    if (code)
        return code;
    code = report_run(ctx->arena, conn, report, &values, out.format, out.sink, err);
    return cmd_output_close(&out, code, err);
}

const struct cmd cmd_report = {
    .name = "report",
    .args = "NAME | list",
    .summary = "a parameterised report as table, csv, json or html with a chart",
    .needs = CMD_PROJECT,
    .opts = opts,
    .args_size = sizeof(struct args),
    .least = 1,
    .most = 1,
    .run = run,
};
