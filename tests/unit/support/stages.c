/* SPDX-License-Identifier: Apache-2.0 */
#include "support/stages.h"

#include <stdlib.h>

#include "unit.h"

#include "base/embed.h"
#include "model/model.h"
#include "sql/build.h"

static struct stages *current; /* of the extract stage in stages_run() */

void stages_file(struct stages *s, const char *path, const char *text)
{
    const char *full = q_path_join(s->arena, s->dir, path);
    if (q_dir_make(q_path_dir(s->arena, full), &s->err) || q_file_write(full, q_str(text), &s->err))
        fail_msg("%s", s->err.message);
}

void stages_open(struct stages *s)
{
    *s = (struct stages){.dir = "/tmp/quern-stages-XXXXXX"};
    assert_non_null(mkdtemp(s->dir));
    s->arena = q_arena_new(NULL, "stages");
    q_map_init(&s->tables, s->arena);
    stages_file(
        s, "quern.yaml",
        "project: test\nenvironments:\n  dev: { warehouse: { type: duckdb, path: w.duckdb } }\n");
    struct db_settings settings = {.threads = 2};
    if (db_open(s->arena, &settings, &s->engine, &s->err) ||
        db_connect(s->engine, s->arena, &s->db, &s->err) ||
        db_attach(s->db, ":memory:", "wh", false, &s->err))
        fail_msg("%s", s->err.message);
    stages_exec(s, q_embed_text("run/begin.sql"));
    stages_exec(s, "INSERT INTO q_run VALUES (1, TIMESTAMP '2026-11-21 08:00:00')");
}

void stages_close(struct stages *s)
{
    q_arena_free(s->arena);
    assert_int_equal(q_dir_remove(s->dir, NULL), Q_OK);
}

void stages_exec(struct stages *s, const char *sql)
{
    if (db_exec(s->db, sql, NULL, 0, NULL, &s->err))
        fail_msg("%s\n%s", s->err.message, sql);
}

void stages_stage(struct stages *s, const char *source, const char *select)
{
    stages_exec(s,
                sql_make(s->arena, "DROP TABLE IF EXISTS %I", q_printf(s->arena, "s_%s", source)));
    stages_exec(s, sql_make(s->arena, "CREATE TABLE %I AS SELECT %s* FROM (%s)",
                            q_printf(s->arena, "s_%s", source),
                            strstr(select, " AS _q_pos")
                                ? ""
                                : "CAST((row_number() OVER () - 1) * 10 AS BIGINT) AS _q_pos, ",
                            select));
    q_map_put(&s->tables, source, q_strdup(s->arena, select));
}

static enum q_code extract(struct plan *plan, struct q_err *err)
{
    enum q_code code = Q_OK;
    for (size_t i = 0; !code && i < plan->pipeline->sources.n; i++) {
        const struct cfg_source *cfg = &plan->pipeline->sources.v[i];
        struct plan_source *source = q_vec_push(plan->arena, &plan->sources);
        *source = (struct plan_source){.name = cfg->name.s, .cfg = cfg};
        source->table = q_printf(plan->arena, "s_%s", cfg->name.s);
        q_paths *files = q_new(plan->arena, q_paths);
        *q_vec_push(plan->arena, files) = q_printf(plan->arena, "in/%s.csv", cfg->name.s);
        source->files = files;
        code = db_describe(plan->db, q_map_get(&current->tables, cfg->name.s), plan->arena,
                           &source->columns, err);
    }
    if (!code)
        plan->current =
            (struct plan_relation){plan->sources.v[0].table, plan->sources.v[0].columns};
    return code;
}

static const struct plan_stage extract_stage = {"extract", extract};

static enum q_code compile(struct stages *s, const char *pipeline,
                           const struct plan_stage *const *list, size_t n)
{
    const struct plan_stage *stages[8] = {&extract_stage};
    struct cfg_options options = {.dir = s->dir};
    struct model *model;
    enum q_code code = cfg_load(s->arena, &options, &s->project, &s->err);
    if (!code)
        code = model_build(s->arena, s->project, &model, &s->err);
    if (code)
        return code;
    for (size_t i = 0; i < n; i++)
        stages[i + 1] = list[i];
    struct plan_inputs in = {
        .project = s->project, .model = model, .db = s->db, .stages = stages, .n_stages = n + 1};
    in.pipeline = cfg_find_pipeline(s->project, pipeline);
    assert_non_null(in.pipeline);
    current = s;
    return plan_compile(s->arena, &in, &s->plan, &s->err);
}

enum q_code stages_run(struct stages *s, const char *pipeline, const struct plan_stage *const *list,
                       size_t n)
{
    enum q_code code = compile(s, pipeline, list, n);
    struct step_ctx ctx = {.arena = s->arena, .engine = s->engine, .db = s->db, .run_id = 1};
    for (size_t i = 0; !code && i < s->plan->steps.n; i++)
        code = s->plan->steps.v[i].run(&s->plan->steps.v[i], &ctx, &s->err);
    return code;
}

struct lines {
    struct q_buf text;
    struct q_arena *arena;
};

static enum q_code add_line(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct lines *lines = arg;
    (void)err;
    q_buf_adds(&lines->text, lines->text.n ? "\n" : "");
    for (size_t i = 0; i < b->n_cols; i++) {
        const char *cell = db_cell_text(lines->arena, b, i, row);
        q_buf_printf(&lines->text, "%s%s", i ? "|" : "", cell ? cell : "null");
    }
    return Q_OK;
}

const char *stages_text(struct stages *s, const char *sql)
{
    struct lines lines = {.arena = s->arena};
    q_buf_init(&lines.text, 1 << 20);
    if (db_each(s->db, sql, NULL, 0, add_line, &lines, &s->err))
        fail_msg("%s\n%s", s->err.message, sql);
    const char *text = q_strdup(s->arena, q_buf_text(&lines.text));
    q_buf_release(&lines.text);
    return text;
}
