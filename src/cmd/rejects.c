/* SPDX-License-Identifier: Apache-2.0 */
#include "run/rejects.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/embed.h"
#include "base/parse.h"
#include "batch/reject.h"
#include "cmd/cmd.h"
#include "cmd/output.h"
#include "cmd/show_result.h"
#include "report/report.h"

struct args {
    int64_t run, record, limit, days, wait;
    const char *pipeline, *reason, *status, *column, *file, *raw, *because, *format, *out;
    q_texts set, null;
};

#define INT_ROW(nm, field, ar, mn, fb, hlp)                                          \
    {                                                                                \
        .name = (nm), .arg = (ar), .type = Q_OPT_INT, .min = (mn), .max = INT64_MAX, \
        .fallback = (fb), .offset = offsetof(struct args, field), .help = (hlp)      \
    }
#define TEXT_ROW(nm, field, ar, hlp)                                                           \
    {                                                                                          \
        .name = (nm), .arg = (ar), .type = Q_OPT_TEXT, .offset = offsetof(struct args, field), \
        .help = (hlp)                                                                          \
    }

static const struct q_opt opts[] = {
    INT_ROW("run", run, "ID", 1, NULL, "of one run"),
    TEXT_ROW("pipeline", pipeline, "NAME", "of one pipeline"),
    TEXT_ROW("reason", reason, "CODE", "with one reason or rule"),
    {.name = "status",
     .arg = "STATUS",
     .type = Q_OPT_CHOICE,
     .choices = "open|replayed|dropped",
     .offset = offsetof(struct args, status),
     .help = "list: in one state"},
    TEXT_ROW("column", column, "NAME", "list: of one column"),
    INT_ROW("limit", limit, "N", 1, "50", "list: rows shown"),
    INT_ROW("days", days, "N", 1, NULL, "reasons: of the last days"),
    INT_ROW("record", record, "N", 1, NULL, "edit, drop: the record's number in its file"),
    TEXT_ROW("file", file, "PATH", "edit, drop: the file, when the number is in several"),
    {.name = "set",
     .arg = "COLUMN=VALUE",
     .type = Q_OPT_TEXTS,
     .offset = offsetof(struct args, set),
     .help = "edit: a value of a record that was read; may be repeated"},
    {.name = "null",
     .arg = "COLUMN",
     .type = Q_OPT_TEXTS,
     .offset = offsetof(struct args, null),
     .help = "edit: no value; may be repeated"},
    TEXT_ROW("raw", raw, "TEXT", "edit: the whole text of a record that could not be read"),
    TEXT_ROW("because", because, "TEXT", "drop: why, kept with the record"),
    CMD_WAIT_OPT(struct args, "seconds to wait for the lock of the warehouse"),
    CMD_OUTPUT_OPTS(struct args),
    {0},
};

static enum q_code usage(struct cmd_ctx *ctx, struct q_err *err)
{
    const char *more = ctx->rest.n > 1 ? ctx->rest.v[1] : "";
    enum q_code code = q_fail(err, Q_USAGE, "cannot do \"rejects %s%s%s\"", ctx->rest.v[0],
                              *more ? " " : "", more);
    q_hint(err, "Usage: quern rejects %s", ctx->cmd->args);
    return code;
}

static enum q_code print(struct cmd_ctx *ctx, struct db_conn *conn, const char *sql,
                         struct report_values *values, struct q_err *err)
{
    const struct args *a = ctx->args;
    struct cmd_output out;
    enum q_code code = cmd_output_open(ctx, a->out, a->format, &out, err);
    if (code)
        return code;
    code = report_sql(ctx->arena, conn, sql, values, out.format, NULL, out.sink, NULL, err);
    return cmd_output_close(&out, code, err);
}

/* "PART.OFFSET" behind the relation. */
static enum q_code parse_position(struct q_arena *arena, const char *text, int64_t *pos,
                                  struct q_err *err)
{
    const char *point = strchr(text, '.');
    const char *part = point ? q_strndup(arena, text, (size_t)(point - text)) : text;
    int64_t number = 0, offset = 0;
    enum q_code code = q_parse_int(part, "the part of the address", 0,
                                   INT64_MAX >> Q_POS_FILE_SHIFT, &number, err);
    if (!code)
        code = q_parse_int(point ? point + 1 : "", "the offset of the address", 0,
                           Q_POS_OFFSET_MASK, &offset, err);
    *pos = q_pos(number, offset);
    return code;
}

/* "RUN", "RUN:RECORD", or the address "RUN:RELATION:PART.OFFSET". */
static enum q_code parse_place(struct q_arena *arena, const char *text, struct run_choice *out,
                               struct q_err *err)
{
    const char *colon = strchr(text, ':'), *last = strrchr(text, ':');
    const char *id = colon ? q_strndup(arena, text, (size_t)(colon - text)) : text;
    enum q_code code = q_parse_int(id, "the run id", 1, INT64_MAX, &out->run_id, err);
    if (code || !colon)
        return code;
    if (colon == last)
        return q_parse_int(colon + 1, "the record number", 1, INT64_MAX, &out->record_no, err);
    out->relation = q_strndup(arena, colon + 1, (size_t)(last - colon - 1));
    out->has_pos = true;
    return parse_position(arena, last + 1, &out->pos, err);
}

/* "RUN[:RECORD]" or "RUN RELATION RECORD": all that is kept of rejected records. */
static enum q_code show(struct cmd_ctx *ctx, int *exit, struct q_err *err)
{
    struct db_conn *conn;
    struct run_choice c = {0};
    int64_t edits = 0, known = 0;
    (void)exit;
    if (ctx->rest.n < 2)
        return usage(ctx, err);
    enum q_code code = parse_place(ctx->arena, ctx->rest.v[1], &c, err);
    if (!code && ctx->rest.n > 2)
        c.relation = ctx->rest.v[2];
    if (!code && ctx->rest.n > 3)
        code = q_parse_int(ctx->rest.v[3], "the record number", 1, INT64_MAX, &c.record_no, err);
    if (!code)
        code = cmd_open_warehouse(ctx, &conn, err);
    if (!code)
        code = db_get_ints(conn, q_embed_text("state/has_edits.sql"), NULL, 0, &edits, 1, 0, err);
    struct db_param id = db_int("run_id", c.run_id);
    if (!code)
        code = db_get_ints(conn, q_embed_text("state/count_run.sql"), &id, 1, &known, 1, 0, err);
    if (!code && !known) {
        code = q_fail(err, Q_USAGE, "there is no run %" PRId64, c.run_id);
        q_hint(err, "`quern rejects list` shows the runs that have some.");
    }
    if (code)
        return code;
    struct db_param p[] = {id, db_text("relation", c.relation),
                           c.record_no ? db_int("record_no", c.record_no) : db_null("record_no"),
                           c.has_pos ? db_int("pos", c.pos) : db_null("pos")};
    struct report_values values = {.params = p, .n = 4};
    return print(
        ctx, conn,
        q_embed_text(edits == 2 ? "state/show_reject.sql" : "state/show_reject_before.sql"),
        &values, err);
}

static enum q_code list(struct cmd_ctx *ctx, int *exit, struct q_err *err)
{
    const struct args *a = ctx->args;
    struct db_conn *conn;
    (void)exit;
    struct db_param p[] = {a->run ? db_int("run_id", a->run) : db_null("run_id"),
                           db_text("pipeline", a->pipeline),
                           db_text("reason", a->reason),
                           db_text("status", a->status),
                           db_text("col", a->column),
                           db_int("limit", a->limit)};
    struct report_values values = {.params = p, .n = 6};
    enum q_code code = cmd_open_warehouse(ctx, &conn, err);
    return code ? code : print(ctx, conn, q_embed_text("state/list_rejects.sql"), &values, err);
}

static enum q_code reasons(struct cmd_ctx *ctx, int *exit, struct q_err *err)
{
    const struct args *a = ctx->args;
    struct db_conn *conn;
    (void)exit;
    struct db_param since =
        a->days ? db_time("since", q_now() - a->days * Q_USEC_PER_DAY) : db_null("since");
    struct db_param p[] = {db_text("pipeline", a->pipeline), since};
    struct report_values values = {.params = p, .n = 2};
    enum q_code code = cmd_open_warehouse(ctx, &conn, err);
    return code ? code : print(ctx, conn, q_embed_text("state/reject_reasons.sql"), &values, err);
}

/* ---- changing ---- */

static enum q_code open_session(struct cmd_ctx *ctx, struct run_session *s, struct q_err *err)
{
    const struct args *a = ctx->args;
    enum q_code code = cmd_lock_session(ctx, a->wait, s, err);
    return code ? code : run_prepare(s, err);
}

/* The run (and record) of the command line, by place or by option. */
static enum q_code choose(struct cmd_ctx *ctx, struct run_choice *out, struct q_err *err)
{
    const struct args *a = ctx->args;
    *out = (struct run_choice){.run_id = a->run,
                               .record_no = a->record,
                               .file = a->file,
                               .pipeline = a->pipeline,
                               .reason = a->reason};
    if (ctx->rest.n > 2)
        return usage(ctx, err);
    return ctx->rest.n > 1 ? parse_place(ctx->arena, ctx->rest.v[1], out, err) : Q_OK;
}

static enum q_code tell(struct cmd_ctx *ctx, const char *what, int64_t records, struct q_err *err)
{
    if (!ctx->global->json) {
        (void)printf("%s %lld record%s\n", what, (long long)records, records == 1 ? "" : "s");
        return Q_OK;
    }
    struct q_json *o = q_json_object(ctx->arena);
    q_json_set_int(o, what, records);
    return cmd_print_json(o, false, err);
}

static enum q_code edit(struct cmd_ctx *ctx, int *exit, struct q_err *err)
{
    const struct args *a = ctx->args;
    struct run_session s;
    struct run_choice choice;
    struct run_edit how = {.raw = a->raw, .set = &a->set, .null = &a->null};
    (void)exit;
    enum q_code code = choose(ctx, &choice, err);
    if (code)
        return code;
    if (!choice.run_id || (!choice.record_no && !choice.has_pos) ||
        (a->raw != NULL) == (a->set.n + a->null.n > 0)) {
        code = q_fail(err, Q_USAGE, "an edit needs a record and what it shall be");
        q_hint(err, "Usage: quern rejects edit RUN:RECORD, and --set COLUMN=VALUE or --raw TEXT.");
        return code;
    }
    code = open_session(ctx, &s, err);
    if (!code)
        code = run_edit_reject(&s, &choice, &how, err);
    return code ? code : tell(ctx, "edited", 1, err);
}

static enum q_code drop(struct cmd_ctx *ctx, int *exit, struct q_err *err)
{
    const struct args *a = ctx->args;
    struct run_session s;
    struct run_choice c;
    int64_t records = 0;
    (void)exit;
    enum q_code code = choose(ctx, &c, err);
    if (code)
        return code;
    if (!c.run_id && !c.pipeline && !c.reason) {
        code = q_fail(err, Q_USAGE, "a drop needs to know which records");
        q_hint(err, "Name a run, a record of it (RUN:RECORD), --pipeline or --reason.");
        return code;
    }
    code = open_session(ctx, &s, err);
    if (!code)
        code = run_drop_rejects(&s, &c, a->because, &records, err);
    return code ? code : tell(ctx, "dropped", records, err);
}

static void tell_left(const struct run_replayed *left, const char *pipeline)
{
    if (left->not_kept)
        (void)printf("%s: %lld cannot be replayed, because they are not kept as they were: correct "
                     "the source and run the pipeline\n",
                     pipeline, (long long)left->not_kept);
    if (left->joined)
        (void)printf("%s: %lld are records of a joined relation: correct the source and run the "
                     "pipeline\n",
                     pipeline, (long long)left->joined);
    if (left->unpublished)
        (void)printf("%s: %lld %s that did not publish: run the pipeline instead\n", pipeline,
                     (long long)left->unpublished,
                     left->unpublished == 1 ? "record is of a run" : "records are of runs");
}

static enum q_code show_replay(struct cmd_ctx *ctx, const struct run_result *result,
                               const struct run_replayed *left, struct q_err *err)
{
    if (!ctx->global->json) {
        if (result->run_id)
            show_result_text(result);
        tell_left(left, result->pipeline);
        return Q_OK;
    }
    struct q_json *o = q_json_object(ctx->arena);
    q_json_set_text(o, "kind", "replay");
    q_json_set_int(o, "replayed", left->taken);
    q_json_set_int(o, "not_kept", left->not_kept);
    q_json_set_int(o, "joined", left->joined);
    q_json_set_int(o, "unpublished", left->unpublished);
    if (result->run_id)
        show_result_json(result, o);
    return cmd_print_json(o, false, err);
}

static enum q_code replay(struct cmd_ctx *ctx, int *exit, struct q_err *err)
{
    struct run_session s;
    struct run_choice c;
    const struct cfg_pipeline **pipelines;
    size_t n = 0;
    int64_t taken = 0;
    q_texts names = {0};
    enum q_code code = choose(ctx, &c, err);
    if (!code && (c.record_no || c.has_pos || c.file))
        return usage(ctx, err);
    if (!code && c.pipeline)
        *q_vec_push(ctx->arena, &names) = c.pipeline;
    if (!code)
        code = plan_order(ctx->arena, ctx->project, ctx->model, &names, &pipelines, &n, err);
    if (!code)
        code = open_session(ctx, &s, err);
    for (size_t i = 0; i < n && !code; i++) {
        struct run_replay what = {.run_id = c.run_id, .reason = c.reason};
        struct run_replayed left;
        struct run_result result;
        code = run_replay(&s, pipelines[i], &what, &left, &result, err);
        taken += left.taken;
        if (!code && (left.taken || left.not_kept || left.joined || left.unpublished))
            code = show_replay(ctx, &result, &left, err);
        if (!code && result.exit_code > *exit)
            *exit = result.exit_code;
    }
    if (!code && !taken && !ctx->global->json)
        (void)printf("there is nothing to replay\n");
    return code;
}

static enum q_code run(struct cmd_ctx *ctx, int *exit, struct q_err *err)
{
    static const struct {
        const char *word;
        enum q_code (*run)(struct cmd_ctx *ctx, int *exit, struct q_err *err);
    } words[] = {{"list", list}, {"show", show},     {"reasons", reasons},
                 {"edit", edit}, {"replay", replay}, {"drop", drop}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (q_streq(ctx->rest.v[0], words[i].word))
            return words[i].run(ctx, exit, err);
    return usage(ctx, err);
}

const struct cmd cmd_rejects = {
    .name = "rejects",
    .args =
        "list | show RUN[:RECORD] | reasons | edit RUN:RECORD | replay [RUN] | drop RUN[:RECORD]",
    .summary = "records that could not be loaded: look at them, correct them, run them again",
    .details =
        "RECORD is the ordinal of the record in its file, as `rejects list` shows it. When several files of the run have\n"
        "a rejected record of that number, give the address that `rejects show` shows, RUN:RELATION:PART.OFFSET.\n"
        "`edit` keeps the original beside what it becomes. `replay` runs the open records of published runs, and nothing else, through the pipeline as it\n"
        "is now, as a run of its own; those that fail again are open under that run. `drop` gives records up.",
    .needs = CMD_PROJECT,
    .opts = opts,
    .args_size = sizeof(struct args),
    .least = 1,
    .most = 4,
    .run = run,
};
