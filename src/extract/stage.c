/* SPDX-License-Identifier: Apache-2.0 */
#include "extract/stage.h"

#include <unistd.h>

#include "base/embed.h"
#include "extract/file/file.h"
#include "extract/incremental.h"
#include "extract/rejects.h"
#include "extract/replay.h"
#include "plan/plan.h"

struct spec {
    const char *relation;
    const char *table;
    struct extract_file *file;
    struct reject_box *box;
    const char *select;
    const char *dir;                 /* that the paths are relative to */
    const struct extract_news *news; /* of an incremental source, or NULL */
};

static enum q_code set_options(struct plan *plan, const struct cfg_source *cfg,
                               struct extract_file_options *out, struct q_err *err)
{
    enum q_code code = q_opt_defaults(extract_file_opts, plan->arena, out, err);
    for (size_t i = 0; i < cfg->options.n && !code; i++) {
        const struct cfg_pair *p = &cfg->options.v[i];
        const struct q_opt *opt = q_opt_find(extract_file_opts, p->key.s);
        if (!opt)
            return cfg_fail(err, p->key.pos, "unknown option \"%s\" of a file source", p->key.s);
        if (p->hidden) { /* it would stand in messages, plans and the record of the run */
            code =
                cfg_fail(err, p->value.pos, "\"%s\" cannot come from the secrets file", p->key.s);
            q_hint(err, "Nothing about a file is secret; put it into `variables` of quern.yaml.");
            return code;
        }
        code = q_opt_set(opt, plan->arena, p->key.s, p->value.s, out, err);
    }
    return code;
}

static enum q_code declared_columns(struct plan *plan, const struct cfg_source *cfg,
                                    struct q_schema *out, struct q_err *err)
{
    for (size_t i = 0; i < cfg->columns.n; i++) {
        const struct cfg_column *c = &cfg->columns.v[i];
        struct q_type type = Q_TYPE(Q_T_NONE);
        struct q_err why = {0};
        if (c->type.s && q_type_parse(c->type.s, &type, &why))
            return cfg_fail(err, c->type.pos, "%s", why.message);
        if (q_schema_find(out, c->name.s) >= 0)
            return cfg_fail(err, c->name.pos, "column \"%s\" is declared twice", c->name.s);
        q_schema_add(plan->arena, out, c->name.s, type);
    }
    return Q_OK;
}

static size_t workers(const struct plan *plan)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (plan->project->env->warehouse.threads > 0)
        return (size_t)plan->project->env->warehouse.threads;
    return cores > 0 ? (size_t)cores : 1;
}

/* A name that no other source of this process has: the engine cannot forget one. */
static const char *unique(struct q_arena *arena, const char *name)
{
    static int number;
    return q_printf(arena, "%s_%d", name, ++number);
}

static enum q_code describe(struct plan *plan, const char *relation,
                            const struct extract_file_options *options,
                            const struct q_schema *declared, const struct q_schema *pinned,
                            bool optional, struct spec *spec, struct q_err *err)
{
    struct extract_file_input *in = q_new(plan->arena, struct extract_file_input);
    spec->relation = relation;
    spec->dir = plan->project->dir;
    spec->box = reject_box_new(plan->arena, relation);
    *in = (struct extract_file_input){.dir = plan->project->dir,
                                      .name = unique(plan->arena, relation),
                                      .options = options,
                                      .declared = declared,
                                      .pinned = pinned,
                                      .optional = optional,
                                      .sink = reject_box_sink(spec->box),
                                      .db = plan->db,
                                      .workers = workers(plan)};
    enum q_code code = extract_file_describe(plan->arena, in, &spec->file, err);
    for (size_t i = 0; !code && i < extract_file_paths(spec->file)->n; i++) {
        const char *path = extract_file_paths(spec->file)->v[i];
        if (!q_utf8_valid(path, strlen(path), NULL))
            code = q_fail(err, Q_SOURCE, "cannot read a file of \"%s\": its name is not UTF-8",
                          options->path);
    }
    return code;
}

/* ---- running ---- */

static void watch(void *arg, int64_t *rows, int64_t *bytes)
{
    const struct spec *spec = arg;
    size_t n = extract_file_paths(spec->file)->n;
    *rows = *bytes = 0;
    for (size_t i = 0; i < n; i++) {
        struct extract_file_stats s = extract_file_stats(spec->file, i);
        *rows += s.records > 0 ? s.records : 0;
        *bytes += s.read;
    }
}

static enum q_code scan(const struct spec *spec, struct step_ctx *ctx, struct q_err *err)
{
    const struct db_source *source;
    enum q_code code = reject_box_open(spec->box, ctx, err);
    if (!code)
        code = extract_file_open(spec->file, &source, err);
    if (!code && source)
        code = db_add_source(ctx->db, source, err);
    if (code)
        return code;
    if (ctx->watch)
        ctx->watch(ctx->watch_self, watch, (void *)(uintptr_t)spec);
    const char *sql = sql_make(ctx->arena, "CREATE TABLE %I AS %s", spec->table, spec->select);
    if (ctx->only_source && q_streq(ctx->only_source, spec->relation))
        sql = sql_make(ctx->arena, "CREATE TABLE %I AS SELECT * FROM (%s) AS r WHERE _q_pos = %d",
                       spec->table, spec->select, ctx->only_pos);
    code = db_exec(ctx->db, sql, NULL, 0, NULL, err);
    if (ctx->watch)
        ctx->watch(ctx->watch_self, NULL, NULL);
    extract_file_close(spec->file);
    return code ? code : reject_box_flush(spec->box, err);
}

/* Parquet's records are counted behind the scan: each is a row. */
static enum q_code count_rows(const struct spec *spec, struct step_ctx *ctx, size_t file,
                              int64_t *out, struct q_err *err)
{
    return db_get_ints(ctx->db,
                       sql_make(ctx->arena,
                                "SELECT count(*) FROM %I WHERE _q_pos >= %d AND _q_pos < %d",
                                spec->table, q_pos((int64_t)file, 0), q_pos((int64_t)file + 1, 0)),
                       NULL, 0, out, 1, 0, err);
}

/* A file that changed while it was read was not whole: another process is still writing it. */
static enum q_code still_same(const struct spec *spec, const char *dir, size_t i, int64_t size,
                              struct q_arena *arena, struct q_err *err)
{
    const char *path = extract_file_paths(spec->file)->v[i];
    struct q_file_info now;
    bool there = q_file_stat(q_path_join(arena, dir, path), &now);
    if (there && now.size == size)
        return Q_OK;
    enum q_code code =
        there ? q_fail(err, Q_SOURCE,
                       "could not read \"%s\" as a whole: it had %lld bytes before it was read and "
                       "has %lld now",
                       path, (long long)size, (long long)now.size)
              : q_fail(err, Q_SOURCE, "could not read \"%s\" as a whole: it was removed meanwhile",
                       path);
    q_hint(err, "Write files under another name, and rename them when they are complete.");
    return code;
}

static enum q_code note_files(const struct spec *spec, struct step_ctx *ctx, struct q_err *err)
{
    const q_paths *paths = extract_file_paths(spec->file);
    enum q_code code = Q_OK;
    for (size_t i = 0; i < paths->n && !code; i++) {
        struct extract_file_stats s = extract_file_stats(spec->file, i);
        code = still_same(spec, spec->dir, i, s.size, ctx->arena, err);
        if (!code && s.records < 0)
            code = count_rows(spec, ctx, i, &s.records, err);
        struct db_param p[] = {db_text("relation", spec->relation), db_int("file_no", (int64_t)i),
                               db_text("path", paths->v[i]),        db_int("size", s.size),
                               db_int("records", s.records),        db_int("rejected", s.rejected),
                               db_text("detected", s.detected)};
        struct db_param shape[] = {db_text("relation", spec->relation),
                                   db_int("file_no", (int64_t)i),
                                   db_text("shape", extract_file_shape(spec->file, i))};
        if (!code)
            code = db_exec(ctx->db, q_embed_text("extract/insert_source.sql"), p, 7, NULL, err);
        if (!code && s.rejected)
            code = db_exec(ctx->db, q_embed_text("extract/insert_shape.sql"), shape, 3, NULL, err);
    }
    return code;
}

/* "record 3 (line 4) of inbox/a.csv" */
static enum q_code place_of(const void *self, int64_t pos, struct q_arena *arena, const char **out,
                            struct q_err *err)
{
    const struct spec *spec = self;
    struct extract_place place = {.pos = pos};
    enum q_code code = extract_file_locate(spec->file, &place, 1, arena, err);
    if (code)
        return code;
    *out = place.line ? q_printf(arena, "record %lld (line %lld) of %s", (long long)place.ordinal,
                                 (long long)place.line, place.path)
                      : q_printf(arena, "record %lld of %s", (long long)place.ordinal, place.path);
    return Q_OK;
}

static enum q_code run_source(const struct plan_step *step, struct step_ctx *ctx, struct q_err *err)
{
    const struct spec *spec = step->spec;
    enum q_code code = scan(spec, ctx, err);
    if (!code)
        code = note_files(spec, ctx, err);
    if (!code && spec->news)
        code = extract_news_run(spec->news, ctx, place_of, spec, err);
    if (code)
        q_context(err, "reading \"%s\"", spec->relation);
    return code;
}

static enum q_code locate(const struct plan_source *source, const int64_t *pos, size_t n,
                          int64_t *ordinals, int64_t *lines, struct q_err *err)
{
    const struct spec *spec = source->driver;
    struct q_arena *scratch = q_arena_new(NULL, "places");
    struct extract_place *places = q_alloc_array(scratch, n + 1, sizeof *places);
    for (size_t i = 0; i < n; i++)
        places[i].pos = pos[i];
    enum q_code code = extract_file_locate(spec->file, places, n, scratch, err);
    for (size_t i = 0; i < n && !code; i++) {
        ordinals[i] = places[i].ordinal;
        lines[i] = places[i].line;
    }
    q_arena_free(scratch);
    return code;
}

static enum q_code read_raw(const struct plan_source *source, int64_t pos, struct q_arena *arena,
                            struct q_str *raw, int64_t *ordinal, int64_t *line, struct q_err *err)
{
    const struct spec *spec = source->driver;
    struct extract_place place = {.pos = pos};
    enum q_code code = extract_file_locate(spec->file, &place, 1, arena, err);
    *raw = place.raw;
    *ordinal = place.ordinal;
    *line = place.line;
    return code;
}

/* ---- holidays ---- */

static enum q_code run_holidays(const struct plan_step *step, struct step_ctx *ctx,
                                struct q_err *err)
{
    const struct spec *spec = step->spec;
    enum q_code code = scan(spec, ctx, err);
    if (!code && reject_box_count(spec->box) > 0) {
        code = q_fail(err, Q_SOURCE, "cannot read the holidays in \"%s\": %lld fields are wrong",
                      extract_file_paths(spec->file)->v[0], (long long)reject_box_count(spec->box));
        q_hint(err, "Each line is a date like 2026-01-01, a comma, and a name.");
    }
    return code;
}

static enum q_code compile_holidays(struct plan *plan, const struct model_table *t,
                                    struct q_err *err)
{
    struct spec *spec = q_new(plan->arena, struct spec);
    struct extract_file_options *options = q_new(plan->arena, struct extract_file_options);
    struct q_schema *columns = q_new(plan->arena, struct q_schema);
    q_schema_add(plan->arena, columns, "date", Q_TYPE(Q_T_DATE));
    q_schema_add(plan->arena, columns, "name", Q_TYPE(Q_T_TEXT));
    enum q_code code = q_opt_defaults(extract_file_opts, plan->arena, options, err);
    if (code)
        return code;
    options->path = t->cfg->date.holidays.s;
    spec->table = q_printf(plan->arena, "q_holidays_%s", t->name);
    code = describe(plan, spec->table, options, columns, NULL, false, spec, err);
    if (code) {
        struct cfg_pos at = t->cfg->date.holidays.pos;
        q_context(err, "looking at the holidays of \"%s\" (%s:%d)", t->name, at.file, at.line);
        return code;
    }
    spec->select = extract_file_select(spec->file);
    struct plan_step *step = plan_add_step(
        plan, "extract", q_printf(plan->arena, "holidays of %s", t->name), spec->table);
    step->spec = spec;
    step->run = run_holidays;
    plan_step_sql(plan, step,
                  sql_make(plan->arena, "CREATE TABLE %I AS %s", spec->table, spec->select));
    return Q_OK;
}

/* ---- compiling ---- */

/* The columns by declaration and lock file alone; false when they leave something open. */
static bool known_columns(const struct plan *plan, const struct q_schema *declared, const char *pin,
                          struct q_schema *out)
{
    const struct q_schema *pinned = plan_pin_find(plan->pins, pin);
    const struct q_schema *from[] = {declared, pinned};
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; from[k] && i < from[k]->n; i++) {
            const struct q_column *c = &from[k]->v[i];
            ptrdiff_t at = pinned ? q_schema_find(pinned, c->name) : -1;
            struct q_type type = c->type.id == Q_T_NONE && at >= 0 ? pinned->v[at].type : c->type;
            if (type.id == Q_T_NONE)
                return false;
            if (q_schema_find(out, c->name) < 0)
                q_schema_add(plan->arena, out, c->name, type);
        }
    return out->n > 0;
}

static enum q_code compile_source(struct plan *plan, const struct cfg_source *cfg,
                                  struct q_err *err)
{
    struct spec *spec = q_new(plan->arena, struct spec);
    struct extract_file_options *options = q_new(plan->arena, struct extract_file_options);
    struct q_schema *declared = q_new(plan->arena, struct q_schema);
    struct q_schema *columns = q_new(plan->arena, struct q_schema);
    const char *pin = q_printf(plan->arena, "%s.%s", plan->pipeline->name.s, cfg->name.s);
    enum q_code code = set_options(plan, cfg, options, err);
    if (!code)
        code = declared_columns(plan, cfg, declared, err);
    if (!code && plan->replay && !plan->sources.n && known_columns(plan, declared, pin, columns))
        return extract_replay(plan, cfg, options, declared, plan_pin_find(plan->pins, pin), columns,
                              err);
    if (code)
        return code;
    code = describe(plan, cfg->name.s, options, declared, plan_pin_find(plan->pins, pin),
                    cfg->optional, spec, err);
    if (code) {
        struct cfg_pos at = cfg->name.pos;
        q_context(err, "looking at the files of \"%s\" (%s:%d)", cfg->name.s, at.file, at.line);
        return code;
    }
    spec->table = q_printf(plan->arena, "s_%s", cfg->name.s);
    spec->select = extract_file_select(spec->file);
    *columns = *extract_file_columns(spec->file);
    if (extract_file_inferred(spec->file))
        plan_pin_set(plan->pins, pin, columns);
    if (plan->replay && !plan->sources.n)
        return extract_replay(plan, cfg, options, declared, columns, columns, err);
    struct plan_source *source = q_vec_push(plan->arena, &plan->sources);
    *source = (struct plan_source){.name = cfg->name.s,
                                   .table = spec->table,
                                   .cfg = cfg,
                                   .columns = *columns,
                                   .files = extract_file_paths(spec->file),
                                   .bytes = extract_file_bytes(spec->file),
                                   .driver = spec,
                                   .locate = locate,
                                   .read_raw = read_raw};
    struct plan_step *step = plan_add_step(plan, "extract", cfg->name.s, spec->table);
    step->spec = spec;
    step->run = run_source;
    plan_step_sql(plan, step,
                  sql_make(plan->arena, "CREATE TABLE %I AS %s", spec->table, spec->select));
    if (!cfg->incremental.cursor.s || plan->looking)
        return Q_OK;
    code = plan_reading_make(plan, cfg, columns, &source->reading, err);
    if (!code)
        spec->news = extract_news_make(plan, step, source);
    return code;
}

static enum q_code compile(struct plan *plan, struct q_err *err)
{
    enum q_code code = Q_OK;
    for (size_t i = 0; i < plan->model->n && !code; i++)
        if (plan->model->tables[i].is_date && plan->model->tables[i].cfg->date.holidays.s)
            code = compile_holidays(plan, &plan->model->tables[i], err);
    for (size_t i = 0; i < plan->pipeline->sources.n && !code; i++)
        code = compile_source(plan, &plan->pipeline->sources.v[i], err);
    if (!code) {
        plan->current.name = plan->sources.v[0].table;
        plan->current.columns = plan->sources.v[0].columns;
        plan->current_is_table = true;
    }
    return code;
}

const struct plan_stage extract_stage = {.name = "extract", .compile = compile};
