/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of a batch as the files that its pipeline reads. */
#include <errno.h>
#include <stdio.h>

#include "base/file.h"
#include "base/json.h"
#include "prove/internal.h"

enum { FILE_MAX = 64 << 20 };

static const char *option(const struct cfg_source *source, const char *name)
{
    for (size_t i = 0; i < source->options.n; i++)
        if (q_streq(source->options.v[i].key.s, name))
            return source->options.v[i].value.s;
    return NULL;
}

/* The ending of the path without that of a compression: ".csv". */
static const char *ending(struct q_arena *arena, const char *path)
{
    static const char *const packed[] = {".gz", ".zst", ".zstd"};
    char *base = q_strdup(arena, q_path_base(path));
    for (size_t i = 0; i < sizeof packed / sizeof packed[0]; i++)
        if (q_ends(base, packed[i]))
            base[strlen(base) - strlen(packed[i])] = '\0';
    const char *dot = strrchr(base, '.');
    return dot ? dot : "";
}

static bool is_json(const char *format, const char *end)
{
    if (format && !q_streq(format, "auto"))
        return !q_streq(format, "csv");
    return q_streq(end, ".json") || q_streq(end, ".ndjson") || q_streq(end, ".jsonl");
}

static bool is_parquet(const char *format, const char *end)
{
    return q_streq(end, ".parquet") || (format && q_streq(format, "parquet"));
}

static void add_csv(struct q_buf *out, const char *text)
{
    if (!text)
        return;
    if (*text && !strpbrk(text, ",\"\r\n") && *text != ' ' && !q_ends(text, " ")) {
        q_buf_adds(out, text);
        return;
    }
    q_buf_addc(out, '"');
    for (; *text; text++) {
        if (*text == '"')
            q_buf_addc(out, '"');
        q_buf_addc(out, *text);
    }
    q_buf_addc(out, '"');
}

static void write_csv(struct q_buf *out, const struct cfg_cells *cells)
{
    for (size_t i = 0; i < cells->columns.n; i++) {
        q_buf_adds(out, i ? "," : "");
        add_csv(out, cells->columns.v[i].s);
    }
    q_buf_addc(out, '\n');
    for (size_t r = 0; r < cells->rows.n; r++)
        for (size_t i = 0; i < cells->columns.n; i++) {
            add_csv(out, cells->rows.v[r].v[i].text.s);
            q_buf_addc(out, i + 1 < cells->columns.n ? ',' : '\n');
        }
}

/* Values are texts: our casts read a number from the text of one. */
static void write_json(struct q_buf *out, const struct cfg_cells *cells)
{
    for (size_t r = 0; r < cells->rows.n; r++) {
        q_buf_addc(out, '{');
        for (size_t i = 0; i < cells->columns.n; i++) {
            const char *text = cells->rows.v[r].v[i].text.s;
            q_buf_adds(out, i ? "," : "");
            q_json_quote(out, q_str(cells->columns.v[i].s));
            q_buf_addc(out, ':');
            if (text)
                q_json_quote(out, q_str(text));
            else
                q_buf_adds(out, "null");
        }
        q_buf_adds(out, "}\n");
    }
}

static const struct cfg_test_rows *find_rows(const struct cfg_test_batch *batch, const char *source)
{
    for (size_t i = 0; i < batch->rows.n; i++)
        if (q_streq(batch->rows.v[i].source.s, source))
            return &batch->rows.v[i];
    return NULL;
}

static bool keeps(const char *key, bool as_text)
{
    static const char *const of_files[] = {"path", "compression", "encoding"};
    static const char *const of_text[] = {"format", "delimiter", "quote",
                                          "escape", "header",    "skip_lines"};
    for (size_t i = 0; i < sizeof of_files / sizeof of_files[0]; i++)
        if (q_streq(key, of_files[i]))
            return false;
    for (size_t i = 0; !as_text && i < sizeof of_text / sizeof of_text[0]; i++)
        if (q_streq(key, of_text[i]))
            return false;
    return true;
}

static void set_options(struct proving *t, struct cfg_source *source, bool as_text,
                        const char *path)
{
    cfg_pairs options = {0};
    for (size_t i = 0; i < source->options.n; i++)
        if (keeps(source->options.v[i].key.s, as_text))
            *q_vec_push(t->arena, &options) = source->options.v[i];
    *q_vec_push(t->arena, &options) =
        (struct cfg_pair){.key = {"path", source->name.pos}, .value = {path, source->name.pos}};
    source->options = options;
}

/* A source without rows in the batch: a file with the names of its declared columns alone. */
static enum q_code no_rows(struct proving *t, const struct cfg_source *source,
                           struct cfg_test_rows *out, struct q_err *err)
{
    if (!source->columns.n) {
        enum q_code code =
            cfg_fail(err, t->batch->pos, "the batch has no rows for source \"%s\"", source->name.s);
        q_hint(err, "Only a source with declared columns can be left out: it is empty then.");
        return code;
    }
    for (size_t i = 0; i < source->columns.n; i++)
        *q_vec_push(t->arena, &out->cells.columns) = source->columns.v[i].name;
    return Q_OK;
}

/* Not synced to the disk: it is needed for a moment only. */
static enum q_code write_file(const char *path, const struct q_buf *text, struct q_err *err)
{
    FILE *f = fopen(path, "we");
    bool ok = f && fwrite(q_buf_text(text), 1, text->n, f) == text->n;
    if (f && fclose(f) != 0)
        ok = false;
    return ok ? Q_OK : q_fail(err, Q_NOSPACE, "could not write \"%s\": %s", path, strerror(errno));
}

/* Rows as maps may leave out declared columns: they are NULL. */
static struct cfg_cells completed(struct proving *t, const struct cfg_source *source,
                                  const struct cfg_cells *cells)
{
    struct cfg_cells out = {.pos = cells->pos};
    for (size_t i = 0; i < cells->columns.n; i++)
        *q_vec_push(t->arena, &out.columns) = cells->columns.v[i];
    for (size_t i = 0; i < source->columns.n; i++) {
        size_t k = 0;
        while (k < cells->columns.n && !q_streq(cells->columns.v[k].s, source->columns.v[i].name.s))
            k++;
        if (k == cells->columns.n)
            *q_vec_push(t->arena, &out.columns) = source->columns.v[i].name;
    }
    for (size_t r = 0; r < cells->rows.n; r++) {
        struct cfg_cell *row = q_alloc_array(t->arena, out.columns.n + 1, sizeof *row);
        memcpy(row, cells->rows.v[r].v, cells->columns.n * sizeof *row);
        *q_vec_push(t->arena, &out.rows) = (struct cfg_cells_row){cells->rows.v[r].pos, row};
    }
    return out;
}

/* A file stands for the connection. Columns without a declared type are inferred from the rows of the batch. */
static void stand_in(struct proving *t, struct cfg_source *source)
{
    cfg_columns columns = {0};
    for (size_t i = 0; i < source->columns.n; i++)
        *q_vec_push(t->arena, &columns) = (struct cfg_column){.name = source->columns.v[i].name,
                                                              .type = source->columns.v[i].type};
    source->from.s = "files";
    source->options = (cfg_pairs){0};
    source->columns = columns;
}

static enum q_code make_file(struct proving *t, struct cfg_source *source, struct q_err *err)
{
    const struct cfg_test_rows *rows = find_rows(t->batch, source->name.s);
    const char *pattern = option(source, "path"), *format = option(source, "format");
    const char *end = pattern ? ending(t->arena, pattern) : "";
    struct cfg_test_rows none = {0};
    bool files = q_streq(source->from.s, "files");
    if (files ? is_parquet(format, end) : rows && rows->text.s)
        return cfg_fail(err, t->batch->pos,
                        files ? "a load test cannot give rows to source \"%s\": it is read from "
                                "Parquet files"
                              : "source \"%s\" is not read from files: give it rows instead of "
                                "a text",
                        source->name.s);
    if (!files)
        stand_in(t, source);
    if (!rows) {
        enum q_code code = no_rows(t, source, &none, err);
        if (code)
            return code;
        rows = &none;
    }
    bool json = is_json(format, end), as_text = rows->text.s != NULL;
    struct cfg_cells cells = completed(t, source, &rows->cells);
    struct q_buf text;
    q_buf_init(&text, FILE_MAX);
    if (as_text)
        q_buf_adds(&text, rows->text.s);
    else if (json)
        write_json(&text, &cells);
    else
        write_csv(&text, &cells);
    const char *path = q_printf(t->arena, "%s/%zu/%s%s", t->p->dir, t->number, source->name.s,
                                as_text ? end
                                : json  ? ".ndjson"
                                        : ".csv");
    enum q_code code = q_buf_check(&text, "the rows of a batch", err);
    if (!code)
        code = q_dir_make(q_path_dir(t->arena, path), err);
    if (!code)
        code = write_file(path, &text, err);
    q_buf_release(&text);
    set_options(t, source, as_text, path);
    return code;
}

enum q_code prove_inputs(struct proving *t, const struct cfg_pipeline *pipeline,
                         struct cfg_pipeline *out, struct q_err *err)
{
    *out = *pipeline;
    out->sources = (cfg_sources){0};
    for (size_t i = 0; i < pipeline->sources.n; i++) {
        struct cfg_source *source = q_vec_push(t->arena, &out->sources);
        *source = pipeline->sources.v[i];
        enum q_code code = make_file(t, source, err);
        if (code)
            return code;
    }
    return Q_OK;
}
