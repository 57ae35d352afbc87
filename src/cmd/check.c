/* SPDX-License-Identifier: Apache-2.0 */
/* Rules on any file or table, without a pipeline. */
#include "check/check.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/embed.h"
#include "cmd/cmd.h"
#include "cmd/output.h"
#include "cmd/subject.h"
#include "report/report.h"

enum { WORKERS = 2 };

struct args {
    const char *rules, *format, *out;
    q_texts options, columns;
};

static const struct q_opt opts[] = {
    {.name = "rules",
     .arg = "FILE",
     .type = Q_OPT_TEXT,
     .offset = offsetof(struct args, rules),
     .help = "YAML list of rules, as under `check:` of a pipeline"},
    CMD_SUBJECT_OPTS(struct args),
    CMD_OUTPUT_OPTS(struct args),
    {0},
};

/* What is checked, as a relation of the workspace. */
struct subject {
    struct cmd_subject opened;
    struct q_schema columns;
    int64_t unreadable; /* records that are no rows */
};

/* The subject as table s_checked. */
static enum q_code stage(struct cmd_ctx *ctx, struct subject *s, const char *text,
                         struct q_err *err)
{
    const struct args *a = ctx->args;
    bool is_source = strpbrk(text, "./:") || q_file_exists(text);
    enum q_code code = is_source ? cmd_subject_source(ctx, &s->opened, text, "checked", &a->options,
                                                      &a->columns, WORKERS, err)
                                 : cmd_subject_table(ctx, &s->opened, text, err);
    if (code)
        return code;
    struct extract_adhoc *source = s->opened.source;
    s->columns = source->columns;
    code = extract_adhoc_exec(source, &s->opened.step,
                              sql_make(ctx->arena, "CREATE TABLE s_checked AS %s", source->select),
                              err);
    s->unreadable = code ? 0 : extract_adhoc_rejected(source);
    return code;
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
    return code ? code : check_run(check, s->opened.step.db, err);
}

static enum q_code print(struct cmd_ctx *ctx, struct subject *s, int *exit, struct q_err *err)
{
    const struct args *a = ctx->args;
    struct cmd_output out;
    int64_t bad[2];
    struct write_options options = {.title = q_printf(ctx->arena, "Rules on %s", ctx->rest.v[0]),
                                    .description = a->rules};
    enum q_code code =
        db_get_ints(s->opened.step.db, q_embed_text("cmd/verdict.sql"), NULL, 0, bad, 2, 0, err);
    if (!code)
        code = cmd_output_open(ctx, a->out, a->format, &out, err);
    if (code)
        return code;
    code = report_sql(ctx->arena, s->opened.step.db, q_embed_text("cmd/rules.sql"), NULL,
                      out.format, &options, out.sink, NULL, err);
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
        q_hint(err, "Usage: quern check SOURCE|TABLE --rules FILE");
        return code;
    }
    enum q_code code = cmd_subject_open(ctx, &s.opened, err);
    if (code)
        return code;
    code = stage(ctx, &s, what, err);
    if (!code)
        code = check_all(ctx, &s, a->rules, err);
    return code ? code : print(ctx, &s, exit, err);
}

const struct cmd cmd_check = {
    .name = "check",
    .args = "SOURCE|TABLE",
    .summary = "rules on any file, source or table of the warehouse",
    .details =
        "A SOURCE has a dot, a slash or a colon in its name: a file, CONNECTION:TABLE, shop.db:TABLE and others, see\n"
        "`quern help copy`; types that nobody declares are inferred. Exit 1 when a verdict is error or worse, or records\n"
        "could not be read.",
    .opts = opts,
    .args_size = sizeof(struct args),
    .least = 1,
    .most = 1,
    .run = run,
};
