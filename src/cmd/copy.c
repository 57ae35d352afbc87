/* SPDX-License-Identifier: Apache-2.0 */
/* One source to one target, without a project. */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/embed.h"
#include "base/file.h"
#include "base/json.h"
#include "cmd/output.h"
#include "cmd/subject.h"
#include "report/report.h"
#include "run/progress.h"
#include "sql/build.h"

enum { ALL_WORKERS = 2 };

struct args {
    q_texts options, columns;
    const char *rejects;
    bool append, replace, any_order;
};

static const struct q_opt opts[] = {
    CMD_SUBJECT_OPTS(struct args),
    Q_OPT_FLAG_ROW(struct args, append, "append", "add to a table that exists"),
    Q_OPT_FLAG_ROW(struct args, replace, "replace",
                   "take the place of a file or table that exists"),
    {.name = "rejects",
     .arg = "FILE",
     .type = Q_OPT_TEXT,
     .offset = offsetof(struct args, rejects),
     .help = "copy what can be read, and write the rest with its reasons to this CSV file"},
    Q_OPT_FLAG_ROW(struct args, any_order, "any-order",
                   "rows may come in another order than in the source: uses all cores"),
    {0},
};

struct target {
    const char *text;
    const char *path, *table; /* of a DuckDB file */
    const char *format;       /* of another file */
    const char *temp;         /* where that is written first */
};

struct copy {
    struct cmd_ctx *ctx;
    const struct args *args;
    struct cmd_subject subject;
    struct target target;
    const char *select; /* the columns, without _q_pos */
    int64_t rows;
    struct cmd_output out; /* of a text format */
};

/* ---- the target ---- */

static enum q_code find_target(struct copy *c, const char *text, struct q_err *err)
{
    struct target *t = &c->target;
    t->text = text;
    if (extract_adhoc_duckdb(c->ctx->arena, text, &t->path, &t->table)) {
        if (*t->table && !strchr(t->table, '.'))
            return Q_OK;
        return q_fail(err, Q_USAGE, "cannot write \"%s\": expected FILE.duckdb:TABLE", text);
    }
    t->format = q_ends(text, ".parquet") ? "parquet" : cmd_output_format(c->ctx->arena, text);
    if (t->format && !strstr(text, "://"))
        return Q_OK;
    enum q_code code = q_fail(err, Q_USAGE, "cannot tell what \"%s\" is to be", text);
    q_hint(
        err,
        "A target is a file that ends in .parquet, .csv, .json, .ndjson, .jsonl or .html, those of text also with "
        ".gz or .zst behind it, or FILE.duckdb:TABLE.");
    return code;
}

static enum q_code exists(const struct copy *c, const char *what, const char *name,
                          const char *choices, struct q_err *err)
{
    enum q_code code = q_fail(err, Q_USAGE, "could not write %s\"%s\": it exists", what, name);
    (void)c;
    q_hint(err, "%s", choices);
    return code;
}

/* ---- files ---- */

/* What a Parquet file holds exactly: it has no integers of 128 bits, and the engine would write doubles. */
static const char *for_parquet(struct copy *c)
{
    const struct q_schema *columns = &c->subject.source->columns;
    struct sql *q = sql_new(c->ctx->arena);
    sql_add(q, "SELECT ");
    for (size_t i = 0; i < columns->n; i++) {
        const char *name = columns->v[i].name;
        sql_add(q, i ? ", " : "");
        if (columns->v[i].type.id == Q_T_INT128)
            sql_add(q, "CAST(%I AS DECIMAL(38,0)) AS %I", name, name);
        else
            sql_add(q, "%I", name);
    }
    sql_add(q, " FROM (%s)", c->subject.source->select);
    return sql_text(q);
}

static enum q_code write_parquet(void *arg, struct q_err *err)
{
    struct copy *c = arg;
    return db_exec(c->subject.step.db,
                   sql_make(c->ctx->arena, "COPY (%s) TO %L (FORMAT parquet, COMPRESSION zstd)",
                            for_parquet(c), c->target.temp),
                   NULL, 0, &c->rows, err);
}

static enum q_code write_text(void *arg, struct q_err *err)
{
    struct copy *c = arg;
    return report_sql(c->ctx->arena, c->subject.step.db, c->select, NULL, c->out.format, NULL,
                      c->out.sink, &c->rows, err);
}

static enum q_code keep_rejects(struct copy *c, struct q_err *err)
{
    struct cmd_output out;
    if (!c->args->rejects || !extract_adhoc_rejected(c->subject.source))
        return Q_OK;
    enum q_code code = cmd_subject_places(c->ctx, &c->subject, err);
    if (!code)
        code = cmd_output_open(c->ctx, c->args->rejects, "csv", &out, err);
    if (code)
        return code;
    code = report_sql(c->ctx->arena, c->subject.notes.db, q_embed_text("cmd/copy_rejects.sql"),
                      NULL, "csv", NULL, out.sink, NULL, err);
    return cmd_output_close(&out, code, err);
}

/* Records that are no rows stop a copy, unless somebody wants to have them. */
static enum q_code judge(struct copy *c, struct q_err *err)
{
    if (!extract_adhoc_rejected(c->subject.source) || c->args->rejects)
        return Q_OK;
    enum q_code code = cmd_subject_refuse(c->ctx, &c->subject, "copy", err);
    if (code == Q_FAILED)
        q_hint(err, "Nothing was written. `--rejects FILE` writes them there and copies the rest; "
                    "`--column NAME=text` reads a column as it stands.");
    return code;
}

static enum q_code copy_to_parquet(struct copy *c, struct q_err *err)
{
    struct target *t = &c->target;
    t->temp = q_printf(c->ctx->arena, "%s.%ld.tmp", t->text, (long)getpid());
    enum q_code code =
        extract_adhoc_read(c->subject.source, &c->subject.step, write_parquet, c, err);
    if (!code)
        code = judge(c, err);
    if (!code)
        code = keep_rejects(c, err);
    if (!code)
        return q_file_place(t->temp, t->text, err);
    (void)unlink(t->temp);
    return code;
}

static enum q_code copy_to_text(struct copy *c, struct q_err *err)
{
    enum q_code code = cmd_output_open(c->ctx, c->target.text, c->target.format, &c->out, err);
    if (code)
        return code;
    code = extract_adhoc_read(c->subject.source, &c->subject.step, write_text, c, err);
    if (!code)
        code = judge(c, err);
    if (!code)
        code = keep_rejects(c, err);
    return cmd_output_close(&c->out, code, err);
}

/* ---- a table of a DuckDB file ---- */

static enum q_code write_table(void *arg, struct q_err *err)
{
    struct copy *c = arg;
    const char *into = sql_make(c->ctx->arena, "target.main.%I", c->target.table);
    if (c->args->append)
        return db_exec(c->subject.step.db,
                       sql_make(c->ctx->arena, "INSERT INTO %s BY NAME %s", into, c->select), NULL,
                       0, &c->rows, err);
    enum q_code code = db_exec(c->subject.step.db,
                               sql_make(c->ctx->arena, "CREATE TABLE %s AS %s", into, c->select),
                               NULL, 0, NULL, err);
    return code ? code
                : db_get_ints(c->subject.step.db,
                              sql_make(c->ctx->arena, "SELECT count(*) FROM %s", into), NULL, 0,
                              &c->rows, 1, 0, err);
}

/* A value of type `from` is one of type `to`, exactly. */
static bool holds(struct q_type to, struct q_type from)
{
    if (q_type_eq(to, from))
        return true;
    if (q_type_is_integer(to) && q_type_is_integer(from))
        return to.id > from.id;
    return to.id == Q_T_DECIMAL && from.id == Q_T_DECIMAL && to.scale >= from.scale &&
           to.width - to.scale >= from.width - from.scale;
}

/* Columns by name; the engine would round and cast what it can. */
static enum q_code fits(struct copy *c, struct q_err *err)
{
    const struct q_schema *columns = &c->subject.source->columns;
    struct q_schema there = {0};
    char is[Q_TYPE_TEXT], was[Q_TYPE_TEXT];
    enum q_code code =
        db_describe(c->subject.step.db,
                    sql_make(c->ctx->arena, "SELECT * FROM target.main.%I", c->target.table),
                    c->ctx->arena, &there, err);
    for (size_t i = 0; i < columns->n && !code; i++) {
        const struct q_column *from = &columns->v[i];
        ptrdiff_t at = q_schema_find(&there, from->name);
        if (at < 0)
            code = q_fail(err, Q_USAGE, "could not append to \"%s\": it has no column \"%s\"",
                          c->target.text, from->name);
        else if (!holds(there.v[at].type, from->type))
            code = q_fail(err, Q_USAGE,
                          "could not append to \"%s\": column \"%s\" is %s there and %s in \"%s\"",
                          c->target.text, from->name, q_type_text(there.v[at].type, was),
                          q_type_text(from->type, is), c->subject.source->shown);
        if (code)
            q_hint(err, "`--column NAME=TYPE` says how a column is read.");
    }
    return code;
}

static enum q_code make_room(struct copy *c, struct q_err *err)
{
    bool there = db_has_table(c->subject.step.db, "target", "main", c->target.table);
    if (c->args->append) {
        if (there)
            return fits(c, err);
        return q_fail(err, Q_USAGE, "could not append to \"%s\": there is no such table",
                      c->target.text);
    }
    if (there && !c->args->replace)
        return exists(c, "the table ", c->target.text,
                      "`--append` adds to it, `--replace` puts a new table in its place.", err);
    return there ? db_exec(c->subject.step.db,
                           sql_make(c->ctx->arena, "DROP TABLE target.main.%I", c->target.table),
                           NULL, 0, NULL, err)
                 : Q_OK;
}

/* One transaction; the file is as it was when anything fails, and gone when it was not there. */
static enum q_code copy_to_table(struct copy *c, struct q_err *err)
{
    struct db_conn *db = c->subject.step.db;
    bool made = !q_file_exists(c->target.path);
    enum q_code code = db_attach(db, c->target.path, "target", false, err);
    if (code)
        return code;
    code = db_begin(db, err);
    if (!code)
        code = make_room(c, err);
    if (!code)
        code = extract_adhoc_read(c->subject.source, &c->subject.step, write_table, c, err);
    if (!code)
        code = judge(c, err);
    if (!code)
        code = keep_rejects(c, err);
    if (!code)
        code = db_commit(db, err);
    if (code)
        db_rollback(db);
    enum q_code closed = db_detach(db, "target", code ? NULL : err);
    if (code && made)
        (void)unlink(c->target.path);
    return code ? code : closed;
}

/* ---- the command ---- */

static enum q_code show(struct copy *c, struct q_err *err)
{
    int64_t rejected = extract_adhoc_rejected(c->subject.source);
    double seconds = (double)(q_ticks() - c->subject.step.started_ticks) / 1e6;
    char rows[32];
    if (c->ctx->global->json) {
        struct q_json *o = q_json_object(c->ctx->arena);
        q_json_set_text(o, "source", c->subject.source->shown);
        q_json_set_text(o, "target", c->target.text);
        q_json_set_int(o, "rows", c->rows);
        q_json_set_int(o, "rejected", rejected);
        q_json_set_real(o, "seconds", seconds);
        return cmd_print_json(o, true, err);
    }
    (void)printf("copied %s row%s to %s in %.2f s\n", progress_number(rows, c->rows),
                 c->rows == 1 ? "" : "s", c->target.text, seconds);
    if (rejected)
        (void)printf("%s record%s could not be read and %s in %s\n",
                     progress_number(rows, rejected), rejected == 1 ? "" : "s",
                     rejected == 1 ? "is" : "are", c->args->rejects);
    return Q_OK;
}

static enum q_code prepare(struct copy *c, struct q_err *err)
{
    const struct args *a = c->args;
    enum q_code code = find_target(c, c->ctx->rest.v[1], err);
    if (!code && a->append && (a->replace || c->target.format))
        return q_fail(err, Q_USAGE,
                      a->replace ? "`--append` and `--replace` exclude each other"
                                 : "`--append` needs a table: FILE.duckdb:TABLE");
    if (!code && c->target.format && !a->replace && q_file_exists(c->target.text))
        return exists(c, "", c->target.text, "`--replace` writes it anew.", err);
    if (!code)
        code = cmd_subject_open(c->ctx, &c->subject, err);
    if (!code)
        code = cmd_subject_source(c->ctx, &c->subject, c->ctx->rest.v[0], "copied", &a->options,
                                  &a->columns, a->any_order ? ALL_WORKERS : 1, err);
    if (!code)
        c->select = sql_make(c->ctx->arena, "SELECT * EXCLUDE (_q_pos) FROM (%s)",
                             c->subject.source->select);
    return code;
}

static enum q_code run(struct cmd_ctx *ctx, int *exit, struct q_err *err)
{
    struct copy *c = q_new(ctx->arena, struct copy);
    (void)exit;
    c->ctx = ctx;
    c->args = ctx->args;
    enum q_code code = prepare(c, err);
    if (code)
        return code;
    struct run_progress *progress = progress_start(ctx->arena, c->subject.step.db, "copy");
    c->subject.step.watch = progress_watch;
    c->subject.step.watch_self = progress;
    code = !c->target.format                      ? copy_to_table(c, err)
           : q_streq(c->target.format, "parquet") ? copy_to_parquet(c, err)
                                                  : copy_to_text(c, err);
    progress_stop(progress);
    return code ? code : show(c, err);
}

const struct cmd cmd_copy = {
    .name = "copy",
    .args = "SOURCE TARGET",
    .summary = "copy any source to a file or a table, as a whole or not at all",
    .details =
        "A SOURCE is a file or a pattern, CONNECTION:TABLE of quern.yaml, an address like\n"
        "postgres://etl@db.example/shop:orders, shop.db:orders (SQLite) or warehouse.duckdb:orders. In place of a table a\n"
        "query may stand: \"erp:SELECT id, total FROM orders\". A TARGET is a file that ends in .parquet, .csv, .json,\n"
        ".ndjson, .jsonl or .html, those of text also with .gz or .zst behind it, or FILE.duckdb:TABLE. Types that nobody\n"
        "declares are found out over all rows; a record that cannot be read exactly stops the copy unless --rejects takes it.",
    .opts = opts,
    .args_size = sizeof(struct args),
    .least = 2,
    .most = 2,
    .run = run,
};
