/* SPDX-License-Identifier: Apache-2.0 */
/* Rules on any file or table, without a pipeline. */
#include "check/check.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/embed.h"
#include "cmd/cmd.h"
#include "cmd/output.h"
#include "extract/file/file.h"
#include "extract/rejects.h"
#include "report/report.h"
#include "run/account.h"
#include "run/run.h"

struct args {
    const char *rules, *format, *out;
};

static const struct q_opt opts[] = {
    {.name = "rules",
     .arg = "FILE",
     .type = Q_OPT_TEXT,
     .offset = offsetof(struct args, rules),
     .help = "YAML list of rules, as under `check:` of a pipeline"},
    CMD_OUTPUT_OPTS(struct args),
    {0},
};

/* What is checked, as a relation of the workspace. */
struct subject {
    struct step_ctx step;
    struct q_schema columns;
    int64_t unreadable; /* records that are no rows */
};

static enum q_code open_workspace(struct cmd_ctx *ctx, struct subject *s, struct q_err *err)
{
    struct db_settings settings = {0};
    s->step.arena = ctx->arena;
    s->step.clock = q_now();
    enum q_code code = db_open(ctx->arena, &settings, &s->step.engine, err);
    if (!code)
        code = db_connect(s->step.engine, ctx->arena, &s->step.db, err);
    return code ? code : account_begin(&s->step, err);
}

static enum q_code stage_file(struct cmd_ctx *ctx, struct subject *s, const char *path,
                              struct q_err *err)
{
    struct extract_file_options *o = q_new(ctx->arena, struct extract_file_options);
    struct reject_box *box = reject_box_new(ctx->arena, "checked");
    struct extract_file_input *in = q_new(ctx->arena, struct extract_file_input);
    struct extract_file *file;
    const struct db_source *source = NULL;
    enum q_code code = q_opt_defaults(extract_file_opts, ctx->arena, o, err);
    o->path = path;
    *in = (struct extract_file_input){.name = "checked",
                                      .options = o,
                                      .sink = reject_box_sink(box),
                                      .db = s->step.db,
                                      .workers = 2};
    if (!code)
        code = extract_file_describe(ctx->arena, in, &file, err);
    if (!code)
        code = reject_box_open(box, &s->step, err);
    if (!code)
        code = extract_file_open(file, &source, err);
    if (!code && source)
        code = db_add_source(s->step.db, source, err);
    if (!code)
        code =
            db_exec(s->step.db,
                    sql_make(ctx->arena, "CREATE TABLE s_checked AS %s", extract_file_select(file)),
                    NULL, 0, NULL, err);
    if (!code)
        code = reject_box_flush(box, err);
    if (code)
        return code;
    s->columns = *extract_file_columns(file);
    return db_get_ints(s->step.db, q_embed_text("cmd/unreadable.sql"), NULL, 0, &s->unreadable, 1,
                       0, err);
}

static enum q_code stage_table(struct cmd_ctx *ctx, struct subject *s, const char *table,
                               struct q_err *err)
{
    struct cfg_options o = {.dir = ctx->global->project,
                            .env = ctx->global->env,
                            .vars = ctx->global->vars,
                            .drivers = extract_drivers};
    enum q_code code = cfg_load(ctx->arena, &o, &ctx->project, err);
    if (!code && !q_file_exists(cmd_warehouse(ctx)))
        code = q_fail(err, Q_TARGET, "there is no file \"%s\", and no warehouse at \"%s\"", table,
                      cmd_warehouse(ctx));
    if (!code)
        code = db_attach(s->step.db, cmd_warehouse(ctx), "wh", true, err);
    int64_t found = 0;
    struct db_param name[] = {db_text("name", table)};
    if (!code)
        code =
            db_get_ints(s->step.db, q_embed_text("cmd/has_table.sql"), name, 1, &found, 1, 0, err);
    if (!code && !found) {
        code = q_fail(err, Q_USAGE, "the warehouse has no table \"%s\"", table);
        q_hint(err, "A file has a dot or a slash in its name; `quern doctor` names the warehouse.");
    }
    const char *all =
        sql_make(ctx->arena, "SELECT COLUMNS(c -> NOT starts_with(c, '_q_')) FROM wh.%I", table);
    if (!code)
        code = db_describe(s->step.db, all, ctx->arena, &s->columns, err);
    if (code)
        return code;
    return db_exec(
        s->step.db,
        sql_make(ctx->arena,
                 "CREATE TABLE s_checked AS SELECT *, row_number() OVER () AS _q_pos FROM (%s)",
                 all),
        NULL, 0, NULL, err);
}

static enum q_code check_all(struct cmd_ctx *ctx, struct subject *s, const char *rules,
                             struct q_err *err)
{
    cfg_rules list = {0};
    struct check *check;
    struct check_input in = {
        .relation = "s_checked", .source = "checked", .columns = &s->columns, .rules = &list};
    enum q_code code = cfg_load_rules(ctx->arena, rules, &list, err);
    if (!code)
        code = check_compile(ctx->arena, &in, &check, err);
    return code ? code : check_run(check, s->step.db, err);
}

static enum q_code print(struct cmd_ctx *ctx, struct subject *s, int *exit, struct q_err *err)
{
    const struct args *a = ctx->args;
    struct cmd_output out;
    int64_t bad[2];
    struct write_options options = {.title = q_printf(ctx->arena, "Rules on %s", ctx->rest.v[0]),
                                    .description = a->rules};
    enum q_code code =
        db_get_ints(s->step.db, q_embed_text("cmd/verdict.sql"), NULL, 0, bad, 2, 0, err);
    if (!code)
        code = cmd_output_open(ctx, a->out, a->format, &out, err);
    if (code)
        return code;
    code = report_sql(ctx->arena, s->step.db, q_embed_text("cmd/rules.sql"), NULL, out.format,
                      &options, out.sink, NULL, err);
    code = cmd_output_close(&out, code, err);
    if (!code && s->unreadable && !a->out && q_streq(out.format, "table"))
        (void)printf("%" PRId64 " record%s could not be read\n", s->unreadable,
                     s->unreadable == 1 ? "" : "s");
    if (bad[0] || bad[1] || s->unreadable)
        *exit = q_code_exit(Q_FAILED);
    return code;
}

static enum q_code run(struct cmd_ctx *ctx, int *exit, struct q_err *err)
{
    const struct args *a = ctx->args;
    const char *what = ctx->rest.v[0];
    struct subject s = {0};
    if (!a->rules) {
        enum q_code code = q_fail(err, Q_USAGE, "`quern check` needs rules");
        q_hint(err, "Usage: quern check FILE|TABLE --rules FILE");
        return code;
    }
    enum q_code code = open_workspace(ctx, &s, err);
    if (code)
        return code;
    bool is_file = strchr(what, '.') || strchr(what, '/') || q_file_exists(what);
    code = is_file ? stage_file(ctx, &s, what, err) : stage_table(ctx, &s, what, err);
    if (!code)
        code = check_all(ctx, &s, a->rules, err);
    return code ? code : print(ctx, &s, exit, err);
}

const struct cmd cmd_check = {
    .name = "check",
    .args = "FILE|TABLE",
    .summary = "rules on any file or table of the warehouse",
    .details =
        "A FILE has a dot or a slash in its name; its types are inferred. Exit 1 when a verdict is error or worse, or\n"
        "records could not be read.",
    .opts = opts,
    .args_size = sizeof(struct args),
    .least = 1,
    .most = 1,
    .run = run,
};
