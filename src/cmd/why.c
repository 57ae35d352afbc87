/* SPDX-License-Identifier: Apache-2.0 */
#include "prove/why.h"

#include <stdio.h>

#include "cmd/cmd.h"
#include "cmd/output.h"

struct args {
    q_texts keys;
    const char *column;
    struct q_opt_time at;
    int64_t version, wait;
};

static const struct q_opt opts[] = {
    {.name = "key",
     .letter = 'k',
     .arg = "NAME=VALUE",
     .type = Q_OPT_TEXTS,
     .offset = offsetof(struct args, keys),
     .help = "a column of the business key or grain; may be repeated"},
    {.name = "column",
     .arg = "NAME",
     .type = Q_OPT_TEXT,
     .offset = offsetof(struct args, column),
     .help = "the cell to explain; alone: where the column comes from"},
    {.name = "at",
     .arg = "TIME",
     .type = Q_OPT_TIME,
     .offset = offsetof(struct args, at),
     .help = "the version that was valid then, UTC"},
    {.name = "version",
     .arg = "N",
     .type = Q_OPT_INT,
     .min = 1,
     .max = INT64_MAX,
     .offset = offsetof(struct args, version),
     .help = "the version with this number"},
    CMD_WAIT_OPT(struct args, "seconds to wait for the file of the warehouse"),
    {0},
};

/* ---- text ---- */

static const char *text(const struct q_json *o, const char *name)
{
    return q_json_text(q_json_get(o, name), "NULL");
}

static bool has(const struct q_json *o, const char *name)
{
    return o && q_json_text(q_json_get(o, name), NULL) != NULL;
}

static void line(const char *label, const struct q_json *o, const char *name)
{
    if (!has(o, name))
        return;
    (void)printf("  %-10s ", label);
    cmd_put(text(o, name));
    (void)printf("\n");
}

static void print_pairs(const struct q_json *object)
{
    for (size_t i = 0; i < q_json_count(object); i++) {
        struct q_json *value;
        const char *name = q_json_member(object, i, &value);
        (void)printf("%s%s=", i ? ", " : "", name);
        cmd_put(q_json_text(value, "NULL"));
    }
}

/* Its key, and which version it is. */
static bool names_row(const struct q_json *doc, const char *name)
{
    const struct q_json *key = q_json_get(doc, "key");
    for (size_t i = 0; i < q_json_count(key); i++)
        if (q_strcaseeq(q_json_text(q_json_item(key, i), ""), name))
            return true;
    return q_streq(name, "version") || q_streq(name, "valid_from") || q_streq(name, "valid_to");
}

/* The column asked for, or the row without our own columns. */
static void print_row(const struct q_json *doc, const struct q_json *row)
{
    const struct q_json *values = q_json_get(row, "values");
    const char *column = q_json_text(q_json_get(doc, "column"), NULL);
    bool first = true;
    (void)printf("%s: ", text(doc, "table"));
    for (size_t i = 0; i < q_json_count(values); i++) {
        struct q_json *value;
        const char *name = q_json_member(values, i, &value);
        if (q_starts(name, "_q_") || (column && !names_row(doc, name)))
            continue;
        (void)printf("%s%s=", first ? "" : ", ", name);
        cmd_put(q_json_text(value, "NULL"));
        first = false;
    }
    (void)printf("\n");
    if (!column)
        return;
    (void)printf("  %-10s %s = ", "cell", column);
    cmd_put(text(values, column));
    (void)printf("\n");
}

static void print_run(const char *label, const struct q_json *run)
{
    if (run)
        (void)printf("  %-10s run %lld of pipeline %s, %s, at %s\n", label,
                     (long long)q_json_int(q_json_get(run, "run_id"), 0), text(run, "pipeline"),
                     text(run, "status"), text(run, "clock"));
}

static void print_lookups(const struct q_json *list)
{
    for (size_t i = 0; i < q_json_count(list); i++) {
        const struct q_json *l = q_json_item(list, i);
        (void)printf("  %-10s %s = %lld in %s: %s", "lookup", text(l, "key_column"),
                     (long long)q_json_int(q_json_get(l, "key"), 0), text(l, "dimension"),
                     text(l, "why"));
        if (has(l, "version"))
            (void)printf("; version %s, valid from %s to %s", text(l, "version"),
                         text(l, "valid_from"), has(l, "valid_to") ? text(l, "valid_to") : "now");
        if (has(l, "inferred") && q_streq(text(l, "inferred"), "true"))
            (void)printf("; inferred");
        (void)printf("%s%s\n", has(l, "missing") ? "; " : "",
                     has(l, "missing") ? text(l, "missing") : "");
    }
}

static void print_rules(const struct q_json *list)
{
    for (size_t i = 0; i < q_json_count(list); i++) {
        const struct q_json *r = q_json_item(list, i);
        (void)printf("  %-10s %s: %s, %s of %s failed in that run%s%s\n", "rule", text(r, "rule"),
                     text(r, "state"), text(r, "failed"), text(r, "evaluated"),
                     has(r, "severity") ? ": " : "", has(r, "severity") ? text(r, "severity") : "");
    }
}

static void print_steps(const struct q_json *list)
{
    for (size_t i = 0; i < q_json_count(list); i++) {
        const struct q_json *s = q_json_item(list, i);
        const struct q_json *kept = q_json_get(s, "kept");
        (void)printf("  %-10s %s  (%s:%lld)\n", "step", text(s, "step"), text(s, "file"),
                     (long long)q_json_int(q_json_get(s, "line"), 0));
        if (!q_json_get(s, "before"))
            continue;
        (void)printf("             ");
        print_pairs(q_json_get(s, "before"));
        (void)printf(" -> ");
        if (kept)
            (void)printf("%s", q_json_bool(kept, false) ? "kept" : "left out");
        else
            print_pairs(q_json_get(s, "after"));
        (void)printf("\n");
    }
}

static void print_number(const struct q_json *s, const char *key, const char *name)
{
    if (q_json_get(s, key))
        (void)printf(", %s %lld", name, (long long)q_json_int(q_json_get(s, key), 0));
}

static void print_source(const struct q_json *s)
{
    if (!s)
        return;
    if (has(s, "file")) {
        (void)printf("  %-10s ", "source");
        cmd_put(text(s, "file"));
        print_number(s, "record_no", "record");
        print_number(s, "line", "line");
        print_number(s, "byte_offset", "byte");
        (void)printf("\n");
    }
    line("record", s, "raw");
    if (q_json_count(q_json_get(s, "values"))) {
        bool now = q_streq(q_json_text(q_json_get(s, "state"), ""), "read again");
        (void)printf("  %-10s ", now ? "now has" : "read as");
        print_pairs(q_json_get(s, "values"));
        (void)printf("\n");
    }
    line("but", s, "message");
}

static void print_history(const struct q_json *list)
{
    for (size_t i = 0; i < q_json_count(list); i++) {
        const struct q_json *h = q_json_item(list, i), *changes = q_json_get(h, "changes");
        (void)printf("  %-10s run %lld: ", "changed",
                     (long long)q_json_int(q_json_get(h, "run_id"), 0));
        for (size_t k = 0; k < q_json_count(changes); k++) {
            const struct q_json *c = q_json_item(changes, k);
            (void)printf("%s%s %s -> %s", k ? ", " : "", text(c, "column"), text(c, "old"),
                         text(c, "new"));
        }
        (void)printf("\n");
    }
}

static void print_chain(const struct q_json *doc, const struct q_json *row)
{
    print_row(doc, row);
    line("note", row, "note");
    print_run("loaded by", q_json_get(row, "run"));
    print_run("changed by", q_json_get(row, "overwritten"));
    print_lookups(q_json_get(row, "lookups"));
    print_rules(q_json_get(row, "rules"));
    print_steps(q_json_get(row, "steps"));
    for (size_t i = 0; i < q_json_count(q_json_get(row, "differs")); i++) {
        const struct q_json *d = q_json_item(q_json_get(row, "differs"), i);
        (void)printf("  %-10s today's steps make %s = %s of it; the warehouse has %s\n", "differs",
                     text(d, "column"), text(d, "today"), text(d, "stored"));
    }
    print_source(q_json_get(row, "source"));
    print_history(q_json_get(row, "history"));
}

static void print_rejects(const struct q_json *doc)
{
    const struct q_json *list = q_json_get(doc, "rejects");
    (void)printf("%s has no such row\n", text(doc, "table"));
    if (!q_json_count(list))
        (void)printf(
            "No reject of its pipelines has this key either. Records that a filter or a join leaves out are "
            "counted, not kept: see `quern runs`.\n");
    for (size_t i = 0; i < q_json_count(list); i++) {
        const struct q_json *r = q_json_item(list, i);
        bool read = q_json_bool(q_json_get(r, "key_read"), false);
        (void)printf("%s by run %s of %s: %s%s%s",
                     read ? "it was rejected" : "perhaps it was rejected", text(r, "run_id"),
                     text(r, "pipeline"), text(r, "reason"), has(r, "rule") ? ", rule " : "",
                     has(r, "rule") ? text(r, "rule") : "");
        if (has(r, "col")) {
            (void)printf(", %s = ", text(r, "col"));
            cmd_put(text(r, "value"));
        }
        (void)printf("%s%s%s; status %s\n", has(r, "detail") ? " (" : "",
                     has(r, "detail") ? text(r, "detail") : "", has(r, "detail") ? ")" : "",
                     text(r, "status"));
        (void)printf("  %-10s ", "source");
        cmd_put(text(r, "file"));
        (void)printf(", record %s", text(r, "record_no"));
        if (!q_streq(text(r, "line"), "0")) /* what is no file has no lines */
            (void)printf(", line %s, byte %s", text(r, "line"), text(r, "byte_offset"));
        (void)printf("\n");
        line("record", r, has(r, "raw") ? "raw" : "record");
    }
}

static void print_lineage(const struct q_json *doc)
{
    const struct q_json *list = q_json_get(doc, "lineage");
    for (size_t i = 0; i < q_json_count(list); i++) {
        const struct q_json *l = q_json_item(list, i), *sources = q_json_get(l, "sources");
        (void)printf("%s.%s", text(doc, "table"), text(l, "column"));
        for (size_t k = 0; k < q_json_count(sources); k++)
            (void)printf("%s%s", k ? ", " : " <- ", q_json_text(q_json_item(sources, k), ""));
        (void)printf("  (pipeline %s)\n", text(l, "pipeline"));
        print_steps(q_json_get(l, "steps"));
        print_steps(q_json_get(l, "filters"));
        line("note", l, "note");
    }
    if (has(doc, "note"))
        (void)printf("%s: %s\n", text(doc, "table"), text(doc, "note"));
    else if (!q_json_count(list))
        (void)printf("%s: no pipeline loads it\n", text(doc, "table"));
}

static void print_text(const struct q_json *doc)
{
    const struct q_json *rows = q_json_get(doc, "rows");
    if (q_json_get(doc, "lineage")) {
        print_lineage(doc);
        return;
    }
    if (!q_json_count(rows))
        print_rejects(doc);
    else if (q_json_count(rows) == 1)
        print_chain(doc, q_json_item(rows, 0));
    for (size_t i = 0; q_json_count(rows) > 1 && i < q_json_count(rows); i++)
        print_row(doc, q_json_item(rows, i));
    if (q_json_count(rows) > 1)
        (void)printf(
            "%zu rows: name one of them with --version N, --at TIME or the rest of its key\n",
            q_json_count(rows));
}

/* ---- */

static enum q_code run(struct cmd_ctx *ctx, int *exit, struct q_err *err)
{
    const struct args *a = ctx->args;
    struct run_session session;
    struct q_json *doc;
    bool found;
    struct why_options o = {.session = &session,
                            .column = a->column,
                            .keys = &a->keys,
                            .at = a->at,
                            .version = a->version};
    enum q_code code = cmd_find_table(ctx, ctx->rest.v[0], &o.table, err);
    if (!code && a->keys.n)
        code = cmd_require_warehouse(ctx, err);
    if (!code)
        code = cmd_open_session(ctx, a->wait, &session, err);
    if (!code)
        code = why_row(&o, &doc, &found, err);
    if (code)
        return code;
    if (!found)
        *exit = q_code_exit(Q_FAILED);
    if (ctx->global->json)
        return cmd_print_json(doc, false, err);
    print_text(doc);
    return Q_OK;
}

const struct cmd cmd_why = {
    .name = "why",
    .args = "TABLE",
    .summary = "follow a row, or a cell of it, back to its record in a source file",
    .details =
        "`why TABLE --key NAME=VALUE [--column NAME]` shows the run that wrote the row, the lookups of its keys, the\n"
        "rules of that run, the steps with their values for this row, and the file, line and text of the record. The\n"
        "record is read again, through the steps as they are today. `why TABLE --column NAME` shows where the column\n"
        "comes from. A key that is not there is looked for among the rejects; the exit status is 1 then.",
    .needs = CMD_PROJECT,
    .opts = opts,
    .args_size = sizeof(struct args),
    .least = 1,
    .most = 1,
    .run = run,
};
