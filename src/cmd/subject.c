/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/subject.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/embed.h"
#include "base/file.h"
#include "run/account.h"

enum { SHOWN_MAX = 700 };

static void remove_spilled(void *dir)
{
    struct q_err unused = {0};
    if (q_dir_remove(dir, &unused)) { /* its files are temporary, and were the engine's */
    }
}

enum q_code cmd_subject_open(struct cmd_ctx *ctx, struct cmd_subject *s, struct q_err *err)
{
    const char *tmp = getenv("TMPDIR");
    const char *spill =
        q_printf(ctx->arena, "%s/quern-%ld", tmp && *tmp ? tmp : "/tmp", (long)getpid());
    struct db_settings settings = {.spill_dir = spill};
    q_arena_defer(ctx->arena, remove_spilled, (void *)(uintptr_t)spill);
    s->step = (struct step_ctx){.arena = ctx->arena, .clock = q_now(), .started_ticks = q_ticks()};
    enum q_code code = db_open(ctx->arena, &settings, &s->step.engine, err);
    if (!code)
        code = db_connect(s->step.engine, ctx->arena, &s->step.db, err);
    if (!code)
        code = account_begin(&s->step, err);
    s->notes = s->step;
    if (!code)
        code = db_connect(s->step.engine, ctx->arena, &s->notes.db, err);
    return code ? code : db_exec(s->notes.db, "USE ws", NULL, 0, NULL, err);
}

static enum q_code load_project(struct cmd_ctx *ctx, struct q_err *err)
{
    struct cfg_options o = {.dir = ctx->global->project,
                            .env = ctx->global->env,
                            .vars = ctx->global->vars,
                            .drivers = extract_drivers};
    return ctx->project ? Q_OK : cfg_load(ctx->arena, &o, &ctx->project, err);
}

/* "erp:orders": letters, digits and _ before a colon that begins no address. */
static bool may_name_connection(const char *text)
{
    size_t n = 0;
    while (isalnum((unsigned char)text[n]) || text[n] == '_')
        n++;
    return n > 0 && text[n] == ':' && strncmp(text + n, "://", 3) != 0;
}

enum q_code cmd_subject_source(struct cmd_ctx *ctx, struct cmd_subject *s, const char *text,
                               const char *relation, const q_texts *options, const q_texts *columns,
                               size_t workers, struct q_err *err)
{
    enum q_code code = Q_OK;
    if (!ctx->project && may_name_connection(text) && !q_file_exists(text)) {
        code = load_project(ctx, err);
        if (!code &&
            !extract_connection_find(
                ctx->project, q_strndup(ctx->arena, text, (size_t)(strchr(text, ':') - text)))) {
            code = q_fail(err, Q_USAGE, "there is no connection for \"%s\" in quern.yaml", text);
            q_hint(err, "`quern connections` lists them.");
        }
    }
    struct extract_adhoc_input in = {.text = text,
                                     .relation = relation,
                                     .options = options,
                                     .columns = columns,
                                     .project = ctx->project,
                                     .ctx = &s->step,
                                     .workers = workers};
    return code ? code : extract_adhoc_open(ctx->arena, &in, &s->source, err);
}

enum q_code cmd_subject_table(struct cmd_ctx *ctx, struct cmd_subject *s, const char *table,
                              struct q_err *err)
{
    enum q_code code = load_project(ctx, err);
    if (!code && !q_file_exists(cmd_warehouse(ctx)))
        code = q_fail(err, Q_TARGET, "there is no file \"%s\", and no warehouse at \"%s\"", table,
                      cmd_warehouse(ctx));
    if (code)
        return code;
    struct extract_adhoc_input in = {
        .text = table, .database = cmd_warehouse(ctx), .relation = table, .ctx = &s->step};
    return extract_adhoc_open(ctx->arena, &in, &s->source, err);
}

enum q_code cmd_subject_places(struct cmd_ctx *ctx, struct cmd_subject *s, struct q_err *err)
{
    struct plan plan = {.arena = ctx->arena};
    struct run_result result = {0};
    struct plan_source source;
    enum q_code code = extract_adhoc_note(s->source, &s->notes, &source, err);
    *q_vec_push(ctx->arena, &plan.sources) = source;
    *q_vec_push(ctx->arena, &result.relations) =
        (struct run_relation){.name = source.name, .rejected = extract_adhoc_rejected(s->source)};
    if (!code)
        code = db_exec(s->notes.db, q_embed_text("cmd/told.sql"), NULL, 0, NULL, err);
    return code ? code : account_places(&s->notes, &plan, &result, err);
}

struct told {
    struct q_arena *arena;
    struct q_buf text;
};

/* "line 4 of a.csv, amount: "x" is no decimal(12,2)" */
static enum q_code tell(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct told *t = arg;
    const char *col = db_cell_text(t->arena, b, 0, row), *value = db_cell_text(t->arena, b, 1, row),
               *reason = db_cell_text(t->arena, b, 2, row),
               *detail = db_cell_text(t->arena, b, 3, row),
               *path = db_cell_text(t->arena, b, 4, row);
    int64_t record = db_cell_int(b, 5, row, 0), line = db_cell_int(b, 6, row, 0);
    (void)err;
    if (t->text.n)
        q_buf_adds(&t->text, "\n  ");
    if (line)
        q_buf_printf(&t->text, "line %" PRId64 " of %s", line, path ? path : "?");
    else
        q_buf_printf(&t->text, "record %" PRId64 " of %s", record, path ? path : "?");
    if (col)
        q_buf_printf(&t->text, ", %s", col);
    if (q_streq(reason, "cast") && value && detail)
        q_buf_printf(&t->text, ": \"%s\" is no %s", value, detail);
    else
        q_buf_printf(&t->text, detail ? ": %s, %s" : ": %s", reason, detail);
    return Q_OK;
}

enum q_code cmd_subject_refuse(struct cmd_ctx *ctx, struct cmd_subject *s, const char *doing,
                               struct q_err *err)
{
    struct told t = {.arena = ctx->arena};
    int64_t n = extract_adhoc_rejected(s->source);
    q_buf_init(&t.text, SHOWN_MAX);
    enum q_code code = cmd_subject_places(ctx, s, err);
    if (!code)
        code = db_each(s->notes.db, q_embed_text("cmd/first_rejects.sql"), NULL, 0, tell, &t, err);
    if (!code) {
        code = q_fail(err, Q_FAILED, "could not %s \"%s\": %" PRId64 " record%s cannot be read",
                      doing, s->source->shown, n, n == 1 ? "" : "s");
        q_detail(err, "%s", q_buf_text(&t.text));
    }
    q_buf_release(&t.text);
    return code;
}
