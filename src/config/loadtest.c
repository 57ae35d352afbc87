/* SPDX-License-Identifier: Apache-2.0 */
#include "config/loadtest.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/parse.h"
#include "config/bind.h"

/* ---- tables: text or a list of maps ---- */

/* Reads a table's text, character by character, and knows the place of each. */
struct text_reader {
    struct cfg_bind *b;
    const char *p;
    struct cfg_pos pos;
    int first_col;
    bool literal; /* its lines are lines of the file */
};

static void step(struct text_reader *r)
{
    r->pos.col++;
    if (*r->p == '\n' && r->literal) {
        r->pos.line++;
        r->pos.col = r->first_col;
    }
    r->p++;
}

static void skip_blanks(struct text_reader *r)
{
    while (*r->p == ' ' || *r->p == '\t')
        step(r);
}

static enum q_code read_quoted(struct text_reader *r, struct cfg_cell *out)
{
    struct cfg_pos start = r->pos;
    char *text = q_alloc(r->b->arena, strlen(r->p) + 1);
    size_t n = 0;
    step(r);
    for (; *r->p && (*r->p != '"' || r->p[1] == '"'); step(r)) {
        if (*r->p == '"')
            step(r);
        text[n++] = *r->p;
    }
    if (!*r->p)
        return cfg_wrong(r->b, start, "a quoted value has no end");
    step(r);
    skip_blanks(r);
    if (*r->p && *r->p != ',' && *r->p != '\n')
        return cfg_wrong(r->b, r->pos, "expected a comma or the end of the line behind a quote");
    out->text = (struct cfg_text){.s = text, .pos = start};
    return Q_OK;
}

static enum q_code read_cell(struct text_reader *r, struct cfg_cell *out)
{
    *out = (struct cfg_cell){0};
    skip_blanks(r);
    out->text.pos = r->pos;
    if (*r->p == '"')
        return read_quoted(r, out);
    const char *start = r->p;
    while (*r->p && *r->p != ',' && *r->p != '\n')
        step(r);
    struct q_str s = q_str_trim((struct q_str){start, (size_t)(r->p - start)});
    out->any = s.n == 1 && s.p[0] == '*';
    if (s.n)
        out->text.s = q_strndup(r->b->arena, s.p, s.n);
    return Q_OK;
}

typedef Q_VEC(struct cfg_cell) cells;

static enum q_code read_line(struct text_reader *r, cells *out)
{
    for (;;) {
        struct cfg_cell cell;
        enum q_code code = read_cell(r, &cell);
        if (code)
            return code;
        *q_vec_push(r->b->arena, out) = cell;
        bool more = *r->p == ',';
        if (*r->p)
            step(r);
        if (!more)
            return Q_OK;
    }
}

static bool at_blank_line(const struct text_reader *r)
{
    const char *p = r->p + strspn(r->p, " \t\r");
    return *p == '\n' || !*p;
}

static enum q_code add_column(struct cfg_bind *b, struct cfg_text name, struct cfg_cells *out)
{
    for (size_t i = 0; i < out->columns.n; i++)
        if (q_strcaseeq(out->columns.v[i].s, name.s))
            return cfg_wrong(b, name.pos, "column \"%s\" is there twice", name.s);
    *q_vec_push(b->arena, &out->columns) = name;
    return Q_OK;
}

static enum q_code bind_header(struct text_reader *r, struct cfg_cells *out)
{
    cells names = {0};
    enum q_code code = read_line(r, &names);
    for (size_t i = 0; i < names.n && !code; i++)
        code = names.v[i].text.s ? add_column(r->b, names.v[i].text, out)
                                 : cfg_wrong(r->b, names.v[i].text.pos,
                                             "expected the name of a column, found nothing");
    return code;
}

static enum q_code bind_cells_text(struct cfg_bind *b, const struct cfg_node *value,
                                   struct cfg_cells *out)
{
    struct cfg_pos pos = value->literal ? value->text_pos : value->pos;
    struct text_reader r = {b, value->text, pos, pos.col, value->literal};
    while (*r.p && at_blank_line(&r))
        step(&r);
    enum q_code code = bind_header(&r, out);
    while (!code && *r.p) {
        if (at_blank_line(&r)) {
            step(&r);
            continue;
        }
        cells row = {0};
        skip_blanks(&r);
        pos = r.pos;
        code = read_line(&r, &row);
        if (!code && row.n != out->columns.n)
            code = cfg_wrong(b, pos, "the row has %zu fields and the table %zu columns", row.n,
                             out->columns.n);
        *q_vec_push(b->arena, &out->rows) = (struct cfg_cells_row){pos, row.v};
    }
    return code;
}

static enum q_code map_cell(struct cfg_bind *b, const struct cfg_node_pair *item,
                            struct cfg_cell *out)
{
    const struct cfg_node *value = item->value;
    out->text.pos = value->pos;
    if (value->kind == CFG_NODE_NULL)
        return Q_OK;
    if (value->kind != CFG_NODE_SCALAR)
        return cfg_expected(b, value, item->key->text, "a value");
    out->text.s = value->text;
    out->any = value->plain && q_streq(value->text, "*");
    return Q_OK;
}

/* The columns are those of the first map; the others must have the same. */
static enum q_code bind_cells_map(struct cfg_bind *b, const struct cfg_node *map,
                                  struct cfg_cells *out)
{
    if (map->kind != CFG_NODE_MAP || !map->items.n)
        return cfg_wrong(b, map->pos, "expected a row as a map of columns and values, found %s",
                         cfg_shown(b, map));
    enum q_code code = Q_OK;
    bool first = !out->columns.n;
    for (size_t i = 0; first && i < map->items.n; i++)
        code = cfg_first(code, add_column(b, cfg_key_text(map->items.v[i].key), out));
    struct cfg_cell *row = q_alloc_array(b->arena, out->columns.n + 1, sizeof *row);
    size_t found = 0;
    for (size_t i = 0; i < map->items.n && !code; i++) {
        size_t k = 0;
        while (k < out->columns.n && !q_streq(out->columns.v[k].s, map->items.v[i].key->text))
            k++;
        if (k == out->columns.n)
            return cfg_wrong(b, map->items.v[i].key->pos,
                             "the rows above have no column \"%s\": all rows have the same ones",
                             map->items.v[i].key->text);
        found++;
        code = map_cell(b, &map->items.v[i], &row[k]);
    }
    if (!code && found < out->columns.n)
        code = cfg_wrong(b, map->pos, "the row has %zu columns and those above %zu", found,
                         out->columns.n);
    *q_vec_push(b->arena, &out->rows) = (struct cfg_cells_row){map->pos, row};
    return code;
}

static enum q_code bind_cells(struct cfg_bind *b, const struct cfg_node *value, const char *key,
                              struct cfg_cells *out)
{
    out->pos = value->pos;
    if (value->kind == CFG_NODE_SCALAR)
        return bind_cells_text(b, value, out);
    if (value->kind != CFG_NODE_LIST)
        return cfg_expected(b, value, key, "rows: a text like a CSV file, or a list of maps");
    enum q_code code = Q_OK;
    for (size_t i = 0; i < value->items.n; i++)
        code = cfg_first(code, bind_cells_map(b, value->items.v[i].value, out));
    return code;
}

/* ---- tables by name ---- */

static enum q_code check_table(struct cfg_bind *b, struct cfg_text name)
{
    q_texts known = {0};
    for (size_t i = 0; i < b->project->tables.n; i++) {
        const struct cfg_table *t = &b->project->tables.v[i];
        *q_vec_push(b->arena, &known) = t->name.s;
        for (size_t k = 0; k < t->columns.n; k++)
            if (t->columns.v[k].history == CFG_KEEP && !t->is_fact) {
                *q_vec_push(b->arena, &known) = q_printf(b->arena, "%s_versions", t->name.s);
                break;
            }
    }
    for (size_t i = 0; i < known.n; i++)
        if (q_streq(known.v[i], name.s))
            return Q_OK;
    return cfg_unknown(b, name.pos, "table", name.s, known.v, known.n);
}

struct sql_rows {
    struct cfg_text sql;
    struct cfg_cells cells;
};

static enum q_code bind_sql_rows(struct cfg_bind *b, const struct cfg_node *key,
                                 const struct cfg_node *value, void *out)
{
    return bind_cells(b, value, key->text, &((struct sql_rows *)out)->cells);
}

static const struct cfg_field sql_fields[] = {
    {.key = "sql",
     .kind = CFG_F_EXPR,
     .offset = offsetof(struct sql_rows, sql),
     .required = true,
     .example = "sql: SELECT count(*) AS n FROM sales_fact"},
    {.key = "rows",
     .kind = CFG_F_CALL,
     .call = bind_sql_rows,
     .required = true,
     .example = "rows: [{ n: 1 }]"},
    {0},
};

/* `of_model`: tables of the model alone; else a map with `sql` and `rows` may have any name. */
static enum q_code bind_tables(struct cfg_bind *b, const struct cfg_node *key,
                               const struct cfg_node *value, bool of_model, cfg_test_tables *out)
{
    if (value->kind != CFG_NODE_MAP)
        return cfg_expected(b, value, key->text, "a map of tables and rows");
    enum q_code code = Q_OK;
    for (size_t i = 0; i < value->items.n; i++) {
        const struct cfg_node_pair *item = &value->items.v[i];
        struct cfg_test_table *t = q_vec_push(b->arena, out);
        struct sql_rows rows = {0};
        t->name = cfg_key_text(item->key);
        if (!of_model && item->value->kind == CFG_NODE_MAP) {
            code = cfg_first(code, cfg_bind_map(b, item->value, "a question", sql_fields, &rows));
            t->sql = rows.sql;
            t->cells = rows.cells;
            continue;
        }
        code = cfg_first(code, check_table(b, t->name));
        code = cfg_first(code, bind_cells(b, item->value, item->key->text, &t->cells));
        if (of_model && !t->cells.columns.n)
            t->cells.rows.n = 0;
    }
    return code;
}

/* ---- what is expected ---- */

static const struct cfg_word status_words[] = {
    {.word = "published"}, {.word = "aborted"}, {.word = "held"}, {.word = "failed"}, {0},
};

static const struct cfg_word count_words[] = {
    {.word = "read"},      {.word = "loaded"},     {.word = "rejected"},
    {.word = "skipped"},   {.word = "inserted"},   {.word = "updated"},
    {.word = "unchanged"}, {.word = "superseded"}, {.word = "opened"},
    {.word = "closed"},    {.word = "deleted"},    {.word = "spliced"},
    {.word = "corrected"}, {.word = "inferred"},   {0},
};

static enum q_code bind_status(struct cfg_bind *b, const struct cfg_node *key,
                               const struct cfg_node *value, void *out)
{
    int word;
    enum q_code code = cfg_bind_word(b, value, key->text, status_words, &word);
    return code ? code
                : cfg_bind_text(b, value, key->text, CFG_F_TEXT,
                                &((struct cfg_expect *)out)->status);
}

static enum q_code bind_exit(struct cfg_bind *b, const struct cfg_node *key,
                             const struct cfg_node *value, void *out)
{
    struct cfg_expect *e = out;
    e->exit_pos = value->pos;
    return cfg_bind_int(b, value, key->text, 0, 255, &e->exit);
}

static enum q_code bind_numbers(struct cfg_bind *b, const struct cfg_node *value, const char *key,
                                const struct cfg_word *words, cfg_test_numbers *out)
{
    if (value->kind != CFG_NODE_MAP)
        return cfg_expected(b, value, key, "a map of names and numbers");
    enum q_code code = Q_OK;
    for (size_t i = 0; i < value->items.n; i++) {
        const struct cfg_node_pair *item = &value->items.v[i];
        struct cfg_test_number *n = q_vec_push(b->arena, out);
        int word;
        n->name = cfg_key_text(item->key);
        if (words)
            code = cfg_first(code, cfg_bind_word(b, item->key, key, words, &word));
        code = cfg_first(code, cfg_bind_int(b, item->value, n->name.s, 0, INT64_MAX, &n->n));
        n->name.pos = item->value->pos;
    }
    return code;
}

static enum q_code bind_counts(struct cfg_bind *b, const struct cfg_node *key,
                               const struct cfg_node *value, void *out)
{
    return bind_numbers(b, value, key->text, count_words, &((struct cfg_expect *)out)->counts);
}

static enum q_code bind_rejects(struct cfg_bind *b, const struct cfg_node *key,
                                const struct cfg_node *value, void *out)
{
    struct cfg_expect *e = out;
    e->rejects_pos = value->pos;
    if (value->kind == CFG_NODE_MAP)
        return bind_numbers(b, value, key->text, NULL, &e->reject_counts);
    e->rejects_are_rows = true;
    return bind_cells(b, value, key->text, &e->reject_rows);
}

static enum q_code bind_expect_tables(struct cfg_bind *b, const struct cfg_node *key,
                                      const struct cfg_node *value, void *out)
{
    return bind_tables(b, key, value, false, &((struct cfg_expect *)out)->tables);
}

static const struct cfg_field expect_fields[] = {
    {.key = "status", .kind = CFG_F_CALL, .call = bind_status},
    {.key = "exit", .kind = CFG_F_CALL, .call = bind_exit},
    {.key = "error", .kind = CFG_F_TEXT, .offset = offsetof(struct cfg_expect, error)},
    {.key = "counts", .kind = CFG_F_CALL, .call = bind_counts},
    {.key = "rejects", .kind = CFG_F_CALL, .call = bind_rejects},
    {.key = "tables", .kind = CFG_F_CALL, .call = bind_expect_tables},
    {0},
};

/* ---- batches ---- */

static enum q_code bind_at(struct cfg_bind *b, const struct cfg_node *key,
                           const struct cfg_node *value, void *out)
{
    struct cfg_test_batch *batch = out;
    struct q_err unused = {0};
    batch->at_given = true;
    if (value->kind == CFG_NODE_SCALAR &&
        !q_parse_timestamp(value->text, key->text, &batch->at, &unused))
        return Q_OK;
    return cfg_expected(b, value, key->text, "a time like 2026-11-21 or 2026-11-21 08:26:00");
}

static enum q_code bind_rows(struct cfg_bind *b, const struct cfg_node *key,
                             const struct cfg_node *value, void *out)
{
    struct cfg_test_batch *batch = out;
    if (value->kind != CFG_NODE_MAP)
        return cfg_expected(b, value, key->text, "a map of sources and their rows");
    enum q_code code = Q_OK;
    for (size_t i = 0; i < value->items.n; i++) {
        const struct cfg_node_pair *item = &value->items.v[i];
        struct cfg_test_rows *rows = q_vec_push(b->arena, &batch->rows);
        rows->source = cfg_key_text(item->key);
        if (item->value->kind == CFG_NODE_SCALAR)
            rows->text = (struct cfg_text){item->value->text, item->value->pos};
        else
            code = cfg_first(code, bind_cells(b, item->value, item->key->text, &rows->cells));
    }
    return code;
}

static const struct cfg_word flag_words[] = {{.word = "accept-shrink"}, {0}};

static enum q_code bind_flags(struct cfg_bind *b, const struct cfg_node *key,
                              const struct cfg_node *value, void *out)
{
    if (value->kind != CFG_NODE_LIST)
        return cfg_expected(b, value, key->text, "a list of flags like [accept-shrink]");
    enum q_code code = Q_OK;
    int word;
    for (size_t i = 0; i < value->items.n; i++)
        code = cfg_first(code,
                         cfg_bind_word(b, value->items.v[i].value, key->text, flag_words, &word));
    ((struct cfg_test_batch *)out)->accept_shrink = value->items.n > 0;
    return code;
}

static enum q_code bind_batch_expect(struct cfg_bind *b, const struct cfg_node *key,
                                     const struct cfg_node *value, void *out)
{
    struct cfg_test_batch *batch = out;
    (void)key;
    batch->expect.pos = value->pos;
    return cfg_bind_map(b, value, "\"expect\"", expect_fields, &batch->expect);
}

static const struct cfg_field batch_fields[] = {
    {.key = "at", .kind = CFG_F_CALL, .call = bind_at},
    {.key = "project", .kind = CFG_F_NAME, .offset = offsetof(struct cfg_test_batch, project)},
    {.key = "pipeline", .kind = CFG_F_NAME, .offset = offsetof(struct cfg_test_batch, pipeline)},
    {.key = "rows",
     .kind = CFG_F_CALL,
     .call = bind_rows,
     .required = true,
     .example = "rows: { sales: [{ id: 1 }] }"},
    {.key = "flags", .kind = CFG_F_CALL, .call = bind_flags},
    {.key = "expect", .kind = CFG_F_CALL, .call = bind_batch_expect},
    {0},
};

/* ---- the test ---- */

static enum q_code bind_given(struct cfg_bind *b, const struct cfg_node *key,
                              const struct cfg_node *value, void *out)
{
    return bind_tables(b, key, value, true, &((struct cfg_test *)out)->given);
}

static enum q_code bind_batches(struct cfg_bind *b, const struct cfg_node *key,
                                const struct cfg_node *value, void *out)
{
    struct cfg_test *test = out;
    if (value->kind != CFG_NODE_LIST || !value->items.n)
        return cfg_expected(b, value, key->text, "a list of batches");
    enum q_code code = Q_OK;
    for (size_t i = 0; i < value->items.n; i++) {
        struct cfg_test_batch *batch = q_vec_push(b->arena, &test->batches);
        batch->pos = value->items.v[i].value->pos;
        code = cfg_first(
            code, cfg_bind_map(b, value->items.v[i].value, "the batch", batch_fields, batch));
    }
    return code;
}

static enum q_code bind_expect(struct cfg_bind *b, const struct cfg_node *key,
                               const struct cfg_node *value, void *out)
{
    struct cfg_test *test = out;
    (void)key;
    test->expect.pos = value->pos;
    return cfg_bind_map(b, value, "\"expect\"", expect_fields, &test->expect);
}

/* The name of a test in a suite is a sentence. */
static const struct cfg_field test_fields[] = {
    {.key = "test", .kind = CFG_F_TEXT, .offset = offsetof(struct cfg_test, name)},
    {.key = "description", .kind = CFG_F_TEXT, .offset = offsetof(struct cfg_test, description)},
    {.key = "rules", .kind = CFG_F_TEXTS, .offset = offsetof(struct cfg_test, rules)},
    {.key = "project", .kind = CFG_F_NAME, .offset = offsetof(struct cfg_test, project)},
    {.key = "pipeline",
     .kind = CFG_F_NAME,
     .offset = offsetof(struct cfg_test, pipeline),
     .required = true,
     .example = "pipeline: sales"},
    {.key = "given", .kind = CFG_F_CALL, .call = bind_given},
    {.key = "batches",
     .kind = CFG_F_CALL,
     .call = bind_batches,
     .required = true,
     .example = "batches: [{ rows: { sales: [{ id: 1 }] } }]"},
    {.key = "expect", .kind = CFG_F_CALL, .call = bind_expect},
    {0},
};

/* ---- what tests say about the project ---- */

static enum q_code check_sources(struct cfg_bind *b, const struct cfg_pipeline *pipeline,
                                 const struct cfg_test_batch *batch)
{
    q_texts known = {0};
    enum q_code code = Q_OK;
    for (size_t i = 0; i < pipeline->sources.n; i++)
        *q_vec_push(b->arena, &known) = pipeline->sources.v[i].name.s;
    for (size_t i = 0; i < batch->rows.n; i++) {
        const struct cfg_text *name = &batch->rows.v[i].source;
        bool found = false;
        for (size_t k = 0; k < known.n; k++)
            found = found || q_streq(known.v[k], name->s);
        if (!found)
            code = cfg_first(code, cfg_unknown(b, name->pos, "source", name->s, known.v, known.n));
    }
    return code;
}

static enum q_code check_pipeline(struct cfg_bind *b, const struct cfg_project *project,
                                  struct cfg_text name, const struct cfg_pipeline **out)
{
    q_texts known = {0};
    *out = cfg_find_pipeline(project, name.s);
    if (*out)
        return Q_OK;
    for (size_t i = 0; i < project->pipelines.n; i++)
        *q_vec_push(b->arena, &known) = project->pipelines.v[i].name.s;
    return cfg_unknown(b, name.pos, "pipeline", name.s, known.v, known.n);
}

static const struct cfg_project *suite_project(const struct cfg_suite *suite, const char *name)
{
    for (size_t i = 0; i < suite->projects.n; i++)
        if (q_streq(suite->projects.v[i].name.s, name))
            return suite->projects.v[i].project;
    return NULL;
}

static enum q_code no_project(struct cfg_bind *b, const struct cfg_suite *suite,
                              struct cfg_text name)
{
    q_texts known = {0};
    for (size_t i = 0; i < suite->projects.n; i++)
        *q_vec_push(b->arena, &known) = suite->projects.v[i].name.s;
    return cfg_unknown(b, name.pos, "project", name.s, known.v, known.n);
}

static enum q_code check_batch(struct cfg_bind *b, const struct cfg_test *test,
                               const struct cfg_test_batch *batch, const struct cfg_suite *suite)
{
    const struct cfg_project *project = b->project;
    const struct cfg_pipeline *pipeline;
    if (batch->project.s) {
        if (!suite)
            return cfg_wrong(b, batch->project.pos, "unknown key \"project\"");
        project = suite_project(suite, batch->project.s);
        if (!project)
            return no_project(b, suite, batch->project);
    }
    enum q_code code =
        check_pipeline(b, project, batch->pipeline.s ? batch->pipeline : test->pipeline, &pipeline);
    return code ? code : check_sources(b, pipeline, batch);
}

/* `suite` NULL: a test of the project in b. */
static enum q_code bind_test(struct cfg_bind *b, const struct cfg_node *root,
                             const struct cfg_suite *suite, struct cfg_test *test)
{
    struct cfg_project *before = b->project;
    const struct cfg_node *name = cfg_node_get(root, "project");
    enum q_code code = Q_OK;
    test->pos = root->pos;
    if (suite && name && name->kind == CFG_NODE_SCALAR) {
        struct cfg_project *project = NULL;
        const struct cfg_project *found = suite_project(suite, name->text);
        for (size_t i = 0; i < suite->projects.n; i++)
            if (suite->projects.v[i].project == found)
                project = suite->projects.v[i].project;
        if (!project)
            return no_project(b, suite, (struct cfg_text){name->text, name->pos});
        b->project = project;
    } else if (suite) {
        return cfg_wrong(b, root->pos, "a test of a suite has a \"project\"");
    } else if (name) {
        return cfg_wrong(b, cfg_node_key(root, "project")->pos, "unknown key \"project\"");
    }
    code = cfg_bind_map(b, root, "the test", test_fields, test);
    for (size_t i = 0; i < test->batches.n && !code; i++)
        code = check_batch(b, test, &test->batches.v[i], suite);
    b->project = before;
    return code;
}

/* ---- files ---- */

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *stem(struct q_arena *arena, const char *file)
{
    const char *dot = strrchr(file, '.');
    return dot ? q_strndup(arena, file, (size_t)(dot - file)) : file;
}

static enum q_code load_test(struct cfg_bind *b, const char *dir, const char *name,
                             struct cfg_test *test)
{
    struct cfg_node *root = NULL;
    enum q_code code = cfg_read_tree(b, q_path_join(b->arena, dir, name),
                                     q_printf(b->arena, "tests/%s", name), &root);
    if (!code)
        code = bind_test(b, root, NULL, test);
    if (!test->name.s)
        test->name = (struct cfg_text){stem(b->arena, name), test->pos};
    return code;
}

enum q_code cfg_load_tests(struct q_arena *arena, const struct cfg_project *project, cfg_tests *out,
                           struct q_err *err)
{
    struct q_err own = {0};
    struct cfg_options options = {.dir = project->dir};
    struct cfg_bind b;
    q_paths names = {0};
    const char *dir = q_path_join(arena, project->dir, "tests");
    cfg_bind_init(&b, arena, &options, &own);
    *b.project = *project;
    enum q_code code = q_dir_list(arena, dir, ".yaml", &names, err);
    if (!code)
        code = q_dir_list(arena, dir, ".yml", &names, err);
    if (code)
        return code;
    if (names.n)
        qsort(names.v, names.n, sizeof *names.v, compare_names);
    for (size_t i = 0; i < names.n; i++)
        code = cfg_first(code, load_test(&b, dir, names.v[i], q_vec_push(arena, out)));
    for (size_t i = 1; i < out->n && !code; i++)
        for (size_t k = 0; k < i && !code; k++)
            if (q_streq(out->v[i].name.s, out->v[k].name.s))
                code = cfg_wrong(&b, out->v[i].name.pos, "there are two tests \"%s\"; one is %s",
                                 out->v[i].name.s, out->v[k].pos.file);
    if (!code)
        return Q_OK;
    code = cfg_bind_end(&b);
    if (err)
        *err = own;
    return code;
}

/* ---- suites ---- */

static const char default_project[] =
    "project: suite\n"
    "environments: { suite: { warehouse: { type: duckdb, path: suite.duckdb } } }\n";

static enum q_code bind_each(struct cfg_bind *b, const struct cfg_node *list, const char *key,
                             enum q_code (*bind)(struct cfg_bind *b, const struct cfg_node *root))
{
    if (!list || list->kind != CFG_NODE_LIST)
        return cfg_wrong(b, list ? list->pos : (struct cfg_pos){"?", 0, 0},
                         "a project of a suite has a list \"%s\"", key);
    enum q_code code = Q_OK;
    for (size_t i = 0; i < list->items.n; i++)
        code = cfg_first(code, bind(b, list->items.v[i].value));
    return code;
}

static enum q_code bind_suite_project(struct cfg_bind *b, const struct cfg_node *node)
{
    struct cfg_node *root = cfg_node_get(node, "quern");
    struct q_err err = {0};
    if (!root && cfg_yaml_parse(b->arena, q_str(default_project), "quern.yaml", &root, &err))
        return cfg_wrong_from(b, &err);
    enum q_code code = cfg_bind_project(b, root);
    if (!code)
        code = bind_each(b, cfg_node_get(node, "model"), "model", cfg_bind_model);
    if (!code)
        code = bind_each(b, cfg_node_get(node, "pipelines"), "pipelines", cfg_bind_pipeline);
    if (!code)
        code = cfg_check_names(b);
    if (!code)
        code = cfg_check_model(b);
    return code ? code : cfg_check_pipelines(b);
}

static enum q_code bind_projects(struct cfg_bind *b, const struct cfg_node *map,
                                 struct cfg_suite *suite)
{
    if (!map || map->kind != CFG_NODE_MAP)
        return q_fail(b->err, Q_CONFIG, "a suite has a map of \"projects\"");
    enum q_code code = Q_OK;
    for (size_t i = 0; i < map->items.n; i++) {
        struct cfg_suite_project *p = q_vec_push(b->arena, &suite->projects);
        p->name = cfg_key_text(map->items.v[i].key);
        p->project = b->project = q_new(b->arena, struct cfg_project);
        p->project->dir = b->options->dir;
        code = cfg_first(code, bind_suite_project(b, map->items.v[i].value));
    }
    return code;
}

static enum q_code bind_suite(struct cfg_bind *b, struct q_str text, const char *file,
                              struct cfg_suite *suite)
{
    struct cfg_node *root = NULL;
    struct q_err err = {0};
    if (cfg_yaml_parse(b->arena, text, file, &root, &err))
        return cfg_wrong_from(b, &err);
    enum q_code code = bind_projects(b, cfg_node_get(root, "projects"), suite);
    const struct cfg_node *tests = cfg_node_get(root, "tests");
    if (!code && (!tests || tests->kind != CFG_NODE_LIST))
        code = cfg_wrong(b, root->pos, "a suite has a list of \"tests\"");
    for (size_t i = 0; !code && i < tests->items.n; i++) {
        struct cfg_test *test = q_vec_push(b->arena, &suite->tests);
        code = bind_test(b, tests->items.v[i].value, suite, test);
        if (!code && !test->name.s)
            code = cfg_wrong(b, test->pos, "a test of a suite has a name");
    }
    return code;
}

enum q_code cfg_load_suite(struct q_arena *arena, struct q_str text, const char *file,
                           const struct cfg_options *options, struct cfg_suite *out,
                           struct q_err *err)
{
    struct q_err own = {0};
    struct cfg_bind b;
    cfg_bind_init(&b, arena, options, &own);
    enum q_code code = bind_suite(&b, text, file, out);
    if (!code)
        return Q_OK;
    code = cfg_bind_end(&b);
    if (err)
        *err = own;
    return code;
}
