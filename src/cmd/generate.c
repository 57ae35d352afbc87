/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "cmd/cmd.h"
#include "sample/retail.h"

struct args {
    int64_t sales, seed;
    struct q_opt_date until;
    const char *out;
};

static const struct q_opt opts[] = {
    {.name = "sales",
     .arg = "N",
     .type = Q_OPT_INT,
     .min = 1,
     .max = SAMPLE_RETAIL_SALES_MAX,
     .fallback = "100000",
     .offset = offsetof(struct args, sales),
     .help = "records of sales.csv"},
    {.name = "seed",
     .arg = "S",
     .type = Q_OPT_INT,
     .min = 0,
     .max = INT64_MAX,
     .fallback = "1",
     .offset = offsetof(struct args, seed),
     .help = "another seed gives another company"},
    {.name = "until",
     .arg = "DATE",
     .type = Q_OPT_DATE,
     .fallback = "2024-12-31",
     .offset = offsetof(struct args, until),
     .help = "last day of sales"},
    {.name = "output",
     .letter = 'o',
     .arg = "DIR",
     .type = Q_OPT_TEXT,
     .fallback = "inbox",
     .offset = offsetof(struct args, out),
     .help = "where the files go"},
    {0},
};

static enum q_code print_json(struct cmd_ctx *ctx, const struct sample_retail *made,
                              struct q_err *err)
{
    struct q_json *o = q_json_object(ctx->arena);
    struct q_json *files = q_json_set_array(o, "files");
    for (size_t i = 0; i < made->files.n; i++) {
        struct q_json *f = q_json_push_object(files);
        q_json_set_text(f, "name", made->files.v[i].name);
        q_json_set_int(f, "records", made->files.v[i].records);
        q_json_set_int(f, "bytes", made->files.v[i].bytes);
    }
    struct q_json *dirt = q_json_set_array(o, "dirt");
    for (size_t i = 0; i < made->dirt.n; i++) {
        struct q_json *d = q_json_push_object(dirt);
        q_json_set_text(d, "file", made->dirt.v[i].file);
        q_json_set_text(d, "kind", made->dirt.v[i].kind);
        q_json_set_text(d, "outcome", made->dirt.v[i].outcome);
        q_json_set_text(d, "reason", made->dirt.v[i].reason);
        q_json_set_int(d, "records", made->dirt.v[i].records);
    }
    return cmd_print_json(o, true, err);
}

static enum q_code run(struct cmd_ctx *ctx, int *exit, struct q_err *err)
{
    const struct args *a = ctx->args;
    struct sample_retail made = {0};
    (void)exit;
    if (!q_streq(ctx->rest.v[0], "retail"))
        return q_fail(err, Q_USAGE, "cannot generate \"%s\": expected retail", ctx->rest.v[0]);
    struct sample_retail_options o = {.dir = q_path_join(ctx->arena, ctx->global->project, a->out),
                                      .sales = a->sales,
                                      .seed = (uint64_t)a->seed,
                                      .until = a->until.days};
    enum q_code code = sample_retail(ctx->arena, &o, &made, err);
    if (code || ctx->global->json)
        return code ? code : print_json(ctx, &made, err);
    (void)printf("Made in %s:\n", o.dir);
    for (size_t i = 0; i < made.files.n; i++)
        (void)printf("  %-16s %12" PRId64 " records %9.1f MB\n", made.files.v[i].name,
                     made.files.v[i].records, (double)made.files.v[i].bytes / 1e6);
    (void)printf("Planted dirt, and what a run of the retail template makes of it:\n");
    for (size_t i = 0; i < made.dirt.n; i++)
        (void)printf("  %-14s %-22s %8" PRId64 " %-9s %s\n", made.dirt.v[i].file,
                     made.dirt.v[i].kind, made.dirt.v[i].records, made.dirt.v[i].outcome,
                     made.dirt.v[i].reason);
    return Q_OK;
}

const struct cmd cmd_generate = {
    .name = "generate",
    .args = "retail",
    .summary = "make realistic sample data: the same arguments, the same bytes",
    .opts = opts,
    .args_size = sizeof(struct args),
    .least = 1,
    .most = 1,
    .run = run,
};
