/* SPDX-License-Identifier: Apache-2.0 */
/* What is in a source or a table: one row a column, exact. */
#include <inttypes.h>
#include <stdio.h>

#include "base/embed.h"
#include "base/file.h"
#include "cmd/output.h"
#include "cmd/subject.h"
#include "report/report.h"
#include "run/progress.h"
#include "sql/build.h"

enum { WORKERS = 2 };

struct args {
    const char *format, *out;
    q_texts options, columns;
};

static const struct q_opt opts[] = {
    CMD_SUBJECT_OPTS(struct args),
    CMD_OUTPUT_OPTS(struct args),
    {0},
};

struct profile {
    struct cmd_ctx *ctx;
    struct cmd_subject subject;
    struct q_schema columns;
    int64_t unreadable;
};

/* The subject as table s_profiled. */
static enum q_code stage(struct profile *p, const char *text, struct q_err *err)
{
    const struct args *a = p->ctx->args;
    bool is_source = strpbrk(text, "./:") || q_file_exists(text);
    enum q_code code = is_source ? cmd_subject_source(p->ctx, &p->subject, text, "profiled",
                                                      &a->options, &a->columns, WORKERS, err)
                                 : cmd_subject_table(p->ctx, &p->subject, text, err);
    if (code)
        return code;
    struct extract_adhoc *source = p->subject.source;
    p->columns = source->columns;
    code = extract_adhoc_exec(
        source, &p->subject.step,
        sql_make(p->ctx->arena, "CREATE TABLE s_profiled AS %s", source->select), err);
    p->unreadable = code ? 0 : extract_adhoc_rejected(source);
    return code;
}

/* One statement a column: DISTINCT of one column alone fits where that of all would not. */
static const char *column_sql(struct q_arena *arena, size_t i, const struct q_column *c)
{
    char type[Q_TYPE_TEXT];
    bool number = q_type_is_number(c->type), text = c->type.id == Q_T_TEXT;
    struct sql *q = sql_new(arena);
    sql_add(
        q,
        "INSERT INTO q_profile SELECT %d, %L, %L, count(*), count(*) - count(%I), count(DISTINCT %I), "
        "CAST(min(%I) AS VARCHAR), CAST(max(%I) AS VARCHAR), ",
        (int64_t)i, c->name, q_type_text(c->type, type), c->name, c->name, c->name, c->name);
    if (number)
        sql_add(
            q,
            "avg(%I), stddev_samp(CAST(%I AS DOUBLE)), CAST(quantile_disc(%I, 0.5) AS VARCHAR), ",
            c->name, c->name, c->name);
    else
        sql_add(q, "NULL, NULL, NULL, ");
    if (text)
        sql_add(
            q,
            "min(length(%I)), max(length(%I)), count(*) FILTER (%I = ''), count(*) FILTER (%I <> trim(%I)), ",
            c->name, c->name, c->name, c->name, c->name);
    else
        sql_add(q, "NULL, NULL, NULL, NULL, ");
    sql_add(
        q,
        "(SELECT string_agg(v || ' (' || n || ')', ', ' ORDER BY n DESC, v) FROM (SELECT left(CAST(%I AS VARCHAR), "
        "40) AS v, count(*) AS n FROM s_profiled WHERE %I IS NOT NULL GROUP BY ALL ORDER BY n DESC, v LIMIT 5)), ",
        c->name, c->name);
    if (text)
        sql_add(
            q,
            "(SELECT string_agg(v || ' (' || n || ')', ', ' ORDER BY n DESC, v) FROM (SELECT "
            "left(regexp_replace(regexp_replace(regexp_replace(%I, '[[:lower:]]', 'a', 'g'), '[[:upper:]]', 'A', "
            "'g'), '[0-9]', '9', 'g'), 40) AS v, count(*) AS n FROM s_profiled WHERE %I IS NOT NULL GROUP BY ALL "
            "ORDER BY n DESC, v LIMIT 3))",
            c->name, c->name);
    else
        sql_add(q, "NULL");
    sql_add(q, " FROM s_profiled");
    return sql_text(q);
}

static bool can_be_compared(struct q_type type)
{
    return type.id != Q_T_OTHER;
}

static enum q_code look(struct profile *p, struct q_err *err)
{
    struct db_conn *db = p->subject.step.db;
    enum q_code code = db_exec(db, q_embed_text("cmd/create_profile.sql"), NULL, 0, NULL, err);
    for (size_t i = 0; i < p->columns.n && !code; i++)
        if (can_be_compared(p->columns.v[i].type))
            code = db_exec(db, column_sql(p->ctx->arena, i, &p->columns.v[i]), NULL, 0, NULL, err);
        else
            code = db_exec(
                db,
                sql_make(
                    p->ctx->arena,
                    "INSERT INTO q_profile BY NAME SELECT %d AS ord, %L AS \"column\", 'other' AS "
                    "\"type\", count(*) AS \"rows\", count(*) - count(%I) AS nulls FROM s_profiled",
                    (int64_t)i, p->columns.v[i].name, p->columns.v[i].name),
                NULL, 0, NULL, err);
    return code;
}

/* Rows, equal rows, and columns that alone could be a key. */
static enum q_code print_notes(struct profile *p, struct q_err *err)
{
    int64_t n[2];
    char text[32];
    enum q_code code = db_get_ints(p->subject.step.db, q_embed_text("cmd/profile_duplicates.sql"),
                                   NULL, 0, n, 2, 0, err);
    if (code)
        return code;
    (void)printf("%s row%s", progress_number(text, n[0]), n[0] == 1 ? "" : "s");
    (void)printf(", %s of them the same as another one before\n", progress_number(text, n[1]));
    struct db_result *r;
    code = db_query(p->subject.step.db, q_embed_text("cmd/profile_keys.sql"), NULL, 0, &r, err);
    if (code)
        return code;
    const struct batch *b;
    while (!(code = db_next(r, &b, err)) && b)
        for (size_t i = 0; i < b->rows; i++)
            (void)printf("could be a key: %s\n", db_cell_text(p->ctx->arena, b, 0, i));
    db_close(r);
    if (!code && p->unreadable)
        (void)printf("%s record%s could not be read; `quern copy ... --rejects FILE` shows them\n",
                     progress_number(text, p->unreadable), p->unreadable == 1 ? "" : "s");
    return code;
}

static enum q_code run(struct cmd_ctx *ctx, int *exit, struct q_err *err)
{
    const struct args *a = ctx->args;
    const char *what = ctx->rest.v[0];
    struct profile p = {.ctx = ctx};
    struct cmd_output out;
    enum q_code code = cmd_subject_open(ctx, &p.subject, err);
    if (code)
        return code;
    code = stage(&p, what, err);
    if (!code)
        code = look(&p, err);
    if (!code)
        code = cmd_output_open(ctx, a->out, a->format, &out, err);
    if (code)
        return code;
    bool table = q_streq(out.format, "table");
    struct write_options options = {.title = q_printf(ctx->arena, "What is in %s", what),
                                    .bare = true};
    code = report_sql(ctx->arena, p.subject.step.db,
                      q_embed_text(table ? "cmd/profile_table.sql" : "cmd/profile.sql"), NULL,
                      out.format, &options, out.sink, NULL, err);
    code = cmd_output_close(&out, code, err);
    if (!code && p.unreadable)
        *exit = q_code_exit(Q_FAILED);
    return code || a->out || !table ? code : print_notes(&p, err);
}

const struct cmd cmd_profile = {
    .name = "profile",
    .args = "SOURCE|TABLE",
    .summary = "what is in a source or table, column by column",
    .details =
        "A SOURCE has a dot, a slash or a colon in its name, see `quern help copy`; another name is a table of the\n"
        "warehouse. All figures are exact and of all rows. Patterns write a for small letters, A for capitals, 9 for\n"
        "digits. Exit 1 when records could not be read.",
    .opts = opts,
    .args_size = sizeof(struct args),
    .least = 1,
    .most = 1,
    .run = run,
};
