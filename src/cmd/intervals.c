/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/json.h"
#include "cmd/cmd.h"
#include "cmd/output.h"
#include "report/report.h"
#include "run/run.h"
#include "sql/build.h"
#include "state/reads.h"

struct args {
    bool forget;
    const char *source;
    int64_t wait;
    const char *format, *out;
};

static const struct q_opt opts[] = {
    Q_OPT_FLAG_ROW(struct args, forget, "forget",
                   "make a hole from FROM up to TO: the next run reads it again"),
    {.name = "source",
     .arg = "NAME",
     .type = Q_OPT_TEXT,
     .offset = offsetof(struct args, source),
     .help = "one source of the pipeline alone"},
    CMD_WAIT_OPT(struct args, "--forget: seconds to wait for the lock of the warehouse"),
    CMD_OUTPUT_OPTS(struct args),
    {0},
};

/* ---- showing ---- */

struct listing {
    struct cmd_ctx *ctx;
    struct sql *q;
    bool first;
};

static void add_row(struct listing *l, const struct state_read *r, const char *what,
                    const char *from, const char *to, int64_t run_id)
{
    const char *run = run_id ? q_printf(l->ctx->arena, "%lld", (long long)run_id) : NULL;
    sql_sep(l->q, &l->first, ", ");
    sql_add(l->q, "(%L, %L, %L, %L, %L, %L, CAST(%L AS BIGINT))", r->pipeline, r->source, r->cursor,
            what, from, to, run);
}

/* The first value that is wanted, where the project's files still say so and mean this column. */
static bool start_of(const struct cmd_ctx *ctx, const struct state_read *r, struct db_param *out)
{
    const struct cfg_pipeline *p = cfg_find_pipeline(ctx->project, r->pipeline);
    struct q_err ignored = {0};
    for (size_t i = 0; p && i < p->sources.n; i++) {
        const struct cfg_incremental *inc = &p->sources.v[i].incremental;
        if (q_streq(p->sources.v[i].name.s, r->source) && inc->cursor.s && inc->start.s &&
            q_strcaseeq(inc->cursor.s, r->cursor))
            return !cursor_parse(ctx->arena, r->type, inc->start.s, out, &ignored);
    }
    return false;
}

static void add_source(struct listing *l, const struct state_read *r)
{
    struct q_arena *arena = l->ctx->arena;
    cursor_intervals merged, holes = {0};
    struct db_param from;
    state_read_merged(arena, r, &merged);
    bool began = start_of(l->ctx, r, &from) || state_read_begin(r, &from);
    if (began && r->has_watermark)
        cursor_holes(arena, &merged, &from, &r->watermark, &holes);
    for (size_t i = 0; i < merged.n; i++)
        add_row(l, r, "loaded", cursor_text(arena, &merged.v[i].lo),
                cursor_text(arena, &merged.v[i].hi), 0);
    for (size_t i = 0; i < holes.n; i++)
        add_row(l, r, "hole", cursor_text(arena, &holes.v[i].lo),
                cursor_text(arena, &holes.v[i].hi), 0);
    if (r->has_watermark)
        add_row(l, r, "watermark", cursor_text(arena, &r->watermark), NULL, r->run_id);
}

static enum q_code show(struct cmd_ctx *ctx, struct run_session *s, const struct state_reads *reads,
                        struct q_err *err)
{
    const struct args *a = ctx->args;
    struct listing l = {.ctx = ctx, .q = sql_new(ctx->arena), .first = true};
    struct cmd_output out;
    sql_add(l.q, "SELECT * FROM (VALUES ");
    for (size_t i = 0; i < reads->n; i++)
        add_source(&l, &reads->v[i]);
    if (l.first)
        sql_add(l.q, "('', '', '', '', '', '', CAST(NULL AS BIGINT))");
    sql_add(l.q, ") AS t(pipeline, source, cursor, what, from_value, to_value, last_run)%s",
            l.first ? " WHERE false" : "");
    enum q_code code = cmd_output_open(ctx, a->out, a->format, &out, err);
    if (code)
        return code;
    code =
        report_sql(ctx->arena, s->db, sql_text(l.q), NULL, out.format, NULL, out.sink, NULL, err);
    return cmd_output_close(&out, code, err);
}

/* ---- forgetting ---- */

struct forgetting {
    struct cmd_ctx *ctx;
    const struct state_reads *reads;
    int64_t changed;
};

static enum q_code hole_of(struct cmd_ctx *ctx, const struct state_read *r,
                           struct cursor_interval *out, struct q_err *err)
{
    const char *from = ctx->rest.v[1], *to = ctx->rest.v[2];
    struct q_err why = {0};
    if (cursor_parse(ctx->arena, r->type, from, &out->lo, &why) ||
        cursor_parse(ctx->arena, r->type, to, &out->hi, &why))
        return q_fail(err, Q_USAGE, "%s, which the cursor \"%s\" of %s.%s is", why.message,
                      r->cursor, r->pipeline, r->source);
    if (cursor_compare(&out->lo, &out->hi) >= 0)
        return q_fail(err, Q_USAGE, "the interval from %s to %s is empty", from, to);
    return Q_OK;
}

static enum q_code cut(struct run_session *s, void *arg, struct q_err *err)
{
    struct forgetting *f = arg;
    enum q_code code = Q_OK;
    for (size_t i = 0; i < f->reads->n && !code; i++) {
        struct cursor_interval hole;
        int64_t changed = 0;
        code = hole_of(f->ctx, &f->reads->v[i], &hole, err);
        if (!code)
            code = state_intervals_cut(s->db, f->ctx->arena, &f->reads->v[i], &hole, &changed, err);
        f->changed += changed;
    }
    return code;
}

static enum q_code forget(struct cmd_ctx *ctx, struct run_session *s,
                          const struct state_reads *reads, struct q_err *err)
{
    struct forgetting f = {.ctx = ctx, .reads = reads};
    const char *pipeline = ctx->rest.v[0], *from = ctx->rest.v[1], *to = ctx->rest.v[2];
    enum q_code code = run_change(s, cut, &f, err);
    if (code)
        return code;
    if (ctx->global->json) {
        struct q_json *o = q_json_object(ctx->arena);
        q_json_set_text(o, "pipeline", pipeline);
        q_json_set_text(o, "from", from);
        q_json_set_text(o, "to", to);
        q_json_set_int(o, "intervals_cut", f.changed);
        return cmd_print_json(o, false, err);
    }
    if (f.changed)
        (void)printf(
            "%s: %s up to %s counts as not read; the next run reads what of it lies below the "
            "watermark\n",
            pipeline, from, to);
    else
        (void)printf("%s: nothing between %s and %s has been read, so nothing is changed\n",
                     pipeline, from, to);
    return Q_OK;
}

/* ---- the command ---- */

static enum q_code check_usage(struct cmd_ctx *ctx, struct q_err *err)
{
    const struct args *a = ctx->args;
    enum q_code code = Q_OK;
    if (a->forget && ctx->rest.n != 3)
        code = q_fail(err, Q_USAGE, "`--forget` needs a pipeline and two values");
    else if (a->forget && (a->format || a->out))
        code = q_fail(err, Q_USAGE, "`--forget` prints no table: leave out --format and -o");
    else if (!a->forget && ctx->rest.n > 1)
        code = q_fail(err, Q_USAGE, "`quern intervals` takes one pipeline");
    else if (a->source && !ctx->rest.n)
        code = q_fail(err, Q_USAGE, "`--source` needs a pipeline");
    if (code)
        q_hint(err,
               "Usage: quern intervals [PIPELINE] or quern intervals PIPELINE --forget FROM TO");
    return code;
}

static enum q_code find_reads(struct cmd_ctx *ctx, struct run_session *s, struct state_reads *out,
                              struct q_err *err)
{
    const struct args *a = ctx->args;
    const char *pipeline = ctx->rest.n ? ctx->rest.v[0] : NULL;
    q_texts names = {0};
    enum q_code code = state_reads_get(s->db, ctx->arena, pipeline, a->source, out, err);
    if (code || out->n || !pipeline)
        return code;
    for (size_t i = 0; i < ctx->project->pipelines.n; i++)
        *q_vec_push(ctx->arena, &names) = ctx->project->pipelines.v[i].name.s;
    if (!cfg_find_pipeline(ctx->project, pipeline))
        return cmd_unknown("pipeline", pipeline, &names, "See the files in pipelines/.", err);
    if (!a->forget && !a->source)
        return Q_OK;
    code = q_fail(err, Q_USAGE, "no incremental source%s%s of pipeline \"%s\" has been read",
                  a->source ? " " : "", a->source ? a->source : "", pipeline);
    q_hint(err, "See `quern intervals`.");
    return code;
}

static enum q_code run(struct cmd_ctx *ctx, int *exit, struct q_err *err)
{
    const struct args *a = ctx->args;
    struct run_session session = {0};
    struct state_reads reads;
    (void)exit;
    enum q_code code = check_usage(ctx, err);
    if (!code)
        code = cmd_require_warehouse(ctx, err);
    if (!code)
        code = cmd_open_session(ctx, a->wait, &session, err);
    if (!code && a->forget)
        code = run_lock(&session, err);
    if (!code)
        code = run_attach(&session, err);
    if (!code)
        code = find_reads(ctx, &session, &reads, err);
    if (code)
        return code;
    return a->forget ? forget(ctx, &session, &reads, err) : show(ctx, &session, &reads, err);
}

const struct cmd cmd_intervals = {
    .name = "intervals",
    .args = "[PIPELINE [FROM TO]]",
    .summary = "how far incremental sources were read: watermarks, intervals, holes",
    .details =
        "Intervals are half-open. A run fills holes first, oldest first, and then goes on from the watermark.\n"
        "`quern intervals PIPELINE --forget FROM TO` makes a hole on purpose; no row of the target is touched.",
    .needs = CMD_PROJECT,
    .opts = opts,
    .args_size = sizeof(struct args),
    .most = 3,
    .run = run,
};

enum q_code cmd_check_interval(const struct cmd_interval *interval, struct q_err *err)
{
    enum q_code code = Q_OK;
    if (!interval->from != !interval->to)
        code = q_fail(err, Q_USAGE, "`--from` and `--to` belong together: `%s` is missing",
                      interval->from ? "--to" : "--from");
    else if (interval->from && interval->full)
        code =
            q_fail(err, Q_USAGE, "`--full` reads everything: leave it out, or `--from` and `--to`");
    return code;
}
