/* SPDX-License-Identifier: Apache-2.0 */
#include "extract/stage.h"

#include <unistd.h>

#include "extract/contract.h"
#include "extract/driver.h"
#include "extract/file/file.h"
#include "extract/incremental.h"
#include "extract/parts.h"
#include "extract/rejects.h"
#include "extract/replay.h"
#include "plan/plan.h"

struct spec {
    const char *relation;
    const char *table;
    const struct extract_driver *driver;
    struct extract_source *source;
    struct extract_input *in;
    struct reject_box *box;
    const char *select;
    struct contract *contract;       /* NULL: none, what is read is ours */
    const struct extract_news *news; /* of an incremental source, or NULL */
};

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

/* A session of a connection, shared by all sources of a pipeline that read from it. */
struct session {
    const char *name;
    const struct extract_driver *driver;
    const struct extract_connection *connection;
    void *session;
};
typedef Q_VEC(struct session) sessions;

static enum q_code reach(struct plan *plan, const char *name, const struct session **out,
                         struct q_err *err)
{
    if (!plan->sessions)
        plan->sessions = q_new(plan->arena, sessions);
    sessions *all = plan->sessions;
    for (size_t i = 0; i < all->n; i++)
        if (q_streq(all->v[i].name, name)) {
            *out = &all->v[i];
            return Q_OK;
        }
    struct session s = {.name = name};
    enum q_code code = extract_reach(
        q_arena_new(plan->arena, "connection"), extract_connection_find(plan->project, name),
        plan->project->dir, plan->clock, &s.driver, &s.connection, &s.session, err);
    if (code)
        return code;
    *q_vec_push(plan->arena, all) = s;
    *out = &all->v[all->n - 1];
    return Q_OK;
}

/* The driver and its options. */
static enum q_code prepare(struct plan *plan, const struct cfg_source *cfg, struct spec *spec,
                           struct q_err *err)
{
    struct extract_input *in = spec->in = q_new(plan->arena, struct extract_input);
    *in = (struct extract_input){.name = unique(plan->arena, cfg->name.s),
                                 .dir = plan->project->dir,
                                 .cfg = cfg,
                                 .optional = cfg->optional,
                                 .db = plan->db,
                                 .workers = workers(plan),
                                 .clock = plan->clock};
    struct q_schema *declared = q_new(plan->arena, struct q_schema);
    in->declared = declared;
    spec->relation = cfg->name.s;
    spec->driver = extract_driver_find("files");
    enum q_code code = Q_OK;
    const struct cfg_connection *connection = extract_connection_find(plan->project, cfg->from.s);
    if (connection)
        spec->driver = extract_driver_find(connection->type.s);
    code = extract_options(plan->arena, spec->driver->words.source, spec->driver->source_size,
                           &cfg->options,
                           q_streq(spec->driver->words.name, "files")
                               ? "a file source"
                               : q_printf(plan->arena, "a %s source", spec->driver->words.name),
                           false, &in->options, err);
    return code ? code : extract_declared(plan->arena, cfg, declared, err);
}

static enum q_code describe(struct plan *plan, struct spec *spec, struct q_err *err)
{
    struct extract_input *in = spec->in;
    enum q_code code = Q_OK;
    struct q_arena *own = q_arena_new(plan->arena, "source"); /* several are read at a time */
    spec->box = reject_box_new(own, spec->relation);
    in->sink = reject_box_sink(spec->box);
    if (spec->driver->connect) {
        const struct session *s;
        code = reach(plan, in->cfg->from.s, &s, err);
        if (!code) {
            in->connection = s->connection;
            in->session = s->session;
        }
    }
    return code ? code : spec->driver->describe(own, in, &spec->source, err);
}

static enum q_code bind(struct plan *plan, struct spec *spec, const struct plan_reading *reading,
                        struct q_err *err)
{
    enum q_code code = spec->driver->bind ? spec->driver->bind(spec->source, reading, err) : Q_OK;
    spec->select = extract_select(plan->arena, spec->source, spec->in);
    if (spec->contract)
        spec->select = contract_select(spec->contract, spec->select);
    return code;
}

/* ---- running ---- */

static void watch(void *arg, int64_t *rows, int64_t *bytes)
{
    const struct spec *spec = arg;
    size_t n = spec->driver->n_parts(spec->source);
    *rows = *bytes = 0;
    for (size_t i = 0; i < n; i++) {
        struct extract_stats s = spec->driver->stats(spec->source, i);
        *rows += s.records > 0 ? s.records : 0;
        *bytes += s.read;
    }
}

static enum q_code scan(const struct spec *spec, struct step_ctx *ctx, struct q_err *err)
{
    const struct db_source *source;
    enum q_code code = reject_box_open(spec->box, ctx, err);
    if (!code && spec->contract)
        code = contract_open(spec->contract, ctx, err);
    if (!code)
        code = spec->driver->open(spec->source, &source, err);
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
    spec->driver->close(spec->source);
    if (!code)
        code = reject_box_flush(spec->box, err);
    return code || !spec->driver->finish ? code : spec->driver->finish(spec->source, err);
}

/* "record 3 (line 4) of inbox/a.csv" */
static enum q_code place_of(const void *self, int64_t pos, struct q_arena *arena, const char **out,
                            struct q_err *err)
{
    const struct spec *spec = self;
    struct extract_place place = {.pos = pos};
    enum q_code code = spec->driver->locate(spec->source, &place, 1, arena, err);
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
        code = extract_note_parts(ctx->arena, ctx->db, spec->relation, spec->driver, spec->source,
                                  spec->table, err);
    if (!code && spec->contract)
        code = contract_run(spec->contract, ctx, err);
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
    return extract_places(spec->driver, spec->source, pos, n, ordinals, lines, err);
}

static enum q_code read_raw(const struct plan_source *source, int64_t pos, struct q_arena *arena,
                            struct q_str *raw, int64_t *ordinal, int64_t *line, struct q_err *err)
{
    const struct spec *spec = source->driver;
    struct extract_place place = {.pos = pos};
    enum q_code code = spec->driver->locate(spec->source, &place, 1, arena, err);
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
                      spec->source->files->v[0], (long long)reject_box_count(spec->box));
        q_hint(err, "Each line is a date like 2026-01-01, a comma, and a name.");
    }
    return code;
}

/* A holiday file is a source like any other that somebody declared. */
static const struct cfg_source *holiday_source(struct plan *plan, const struct model_table *t)
{
    static const char *const columns[][2] = {{"date", "date"}, {"name", "text"}};
    struct cfg_pos at = t->cfg->date.holidays.pos;
    struct cfg_source *cfg = q_new(plan->arena, struct cfg_source);
    cfg->name = (struct cfg_text){q_printf(plan->arena, "q_holidays_%s", t->name), at};
    cfg->from = (struct cfg_text){"files", at};
    *q_vec_push(plan->arena, &cfg->options) =
        (struct cfg_pair){.key = {"path", at}, .value = t->cfg->date.holidays};
    for (size_t i = 0; i < 2; i++)
        *q_vec_push(plan->arena, &cfg->columns) =
            (struct cfg_column){.name = {columns[i][0], at}, .type = {columns[i][1], at}};
    return cfg;
}

static enum q_code compile_holidays(struct plan *plan, const struct model_table *t,
                                    struct q_err *err)
{
    struct spec *spec = q_new(plan->arena, struct spec);
    const struct cfg_source *cfg = holiday_source(plan, t);
    spec->table = cfg->name.s;
    enum q_code code = prepare(plan, cfg, spec, err);
    if (!code)
        code = describe(plan, spec, err);
    if (!code)
        code = bind(plan, spec, NULL, err);
    if (code) {
        struct cfg_pos at = t->cfg->date.holidays.pos;
        q_context(err, "looking at the holidays of \"%s\" (%s:%d)", t->name, at.file, at.line);
        return code;
    }
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

static enum q_code replay(struct plan *plan, const struct spec *spec, const struct q_schema *pinned,
                          const struct q_schema *columns, struct q_err *err)
{
    const struct extract_input *in = spec->in;
    const void *options = in->options;
    if (spec->driver != extract_driver_find("files")) { /* its raw records are JSON */
        const cfg_pairs none = {0};
        enum q_code code =
            extract_options(plan->arena, extract_file_opts, sizeof(struct extract_file_options),
                            &none, "a file source", false, &options, err);
        if (code)
            return code;
    }
    return extract_replay(plan, in->cfg, options, in->declared, pinned, columns, err);
}

static void publishing(const struct plan_source *source, const struct plan_publication *run)
{
    const struct spec *spec = source->driver;
    spec->driver->publishing(spec->source, run);
}

#define MANY_BYTES (INT64_C(1) << 40) /* of a source that cannot say */

static void add_source(struct plan *plan, struct spec *spec, const struct plan_reading *reading)
{
    const struct extract_source *s = spec->source;
    bool told = !plan->replay && !plan->looking; /* it is read as a whole, to be loaded */
    *q_vec_push(plan->arena, &plan->sources) =
        (struct plan_source){.name = spec->relation,
                             .table = spec->table,
                             .cfg = spec->in->cfg,
                             .columns = *contract_columns(spec->contract),
                             .files = s->files,
                             .bytes = s->bytes < 0 ? MANY_BYTES : s->bytes,
                             .reading = reading,
                             .after = s->after,
                             .driver = spec,
                             .locate = locate,
                             .read_raw = read_raw,
                             .publishing = told && spec->driver->publishing ? publishing : NULL};
    struct plan_step *step = plan_add_step(plan, "extract", spec->relation, spec->table);
    step->spec = spec;
    step->run = run_source;
    if (s->shown)
        plan_step_sql(plan, step, s->shown);
    plan_step_sql(plan, step,
                  sql_make(plan->arena, "CREATE TABLE %I AS %s", spec->table, spec->select));
    contract_plan(spec->contract, plan, step);
    if (reading)
        spec->news = extract_news_make(plan, step, &plan->sources.v[plan->sources.n - 1]);
}

/* What of the described source is read. */
static enum q_code settle(struct plan *plan, struct spec *spec, struct q_err *err)
{
    const struct cfg_source *cfg = spec->in->cfg;
    const struct extract_source *s = spec->source;
    const struct plan_reading *reading = NULL;
    struct plan_bounds bounds = {
        .settle = spec->driver->settle, .has_upper = s->has_upper, .upper = s->upper};
    enum q_code code = Q_OK;
    if (cfg->incremental.cursor.s && !plan->looking)
        code = plan_reading_make(plan, cfg, &s->columns, &bounds, &reading, err);
    if (!code)
        code = bind(plan, spec, reading, err);
    if (!code)
        add_source(plan, spec, reading);
    return code;
}

/* What a source needs stands before it. */
static enum q_code check_after(const struct plan *plan, const struct spec *spec, struct q_err *err)
{
    const char *after = spec->source->after;
    for (size_t i = 0; after && i < plan->sources.n; i++)
        if (q_streq(plan->sources.v[i].name, after))
            return Q_OK;
    if (!after)
        return Q_OK;
    enum q_code code = cfg_fail(err, spec->in->cfg->name.pos,
                                "\"%s\" needs the rows of \"%s\", which is no source above it",
                                spec->relation, after);
    q_hint(err, "Declare the source \"%s\" before it, in the same pipeline.", after);
    return code;
}

static enum q_code compile_source(struct plan *plan, const struct cfg_source *cfg,
                                  struct q_err *err)
{
    struct spec *spec = q_new(plan->arena, struct spec);
    struct q_schema *columns = q_new(plan->arena, struct q_schema);
    const char *pin = q_printf(plan->arena, "%s.%s", plan->pipeline->name.s, cfg->name.s);
    const struct q_schema *pinned = plan_pin_find(plan->pins, pin);
    bool replays = plan->replay && !plan->sources.n;
    enum q_code code = prepare(plan, cfg, spec, err);
    if (code)
        return code;
    if (replays && known_columns(plan, spec->in->declared, pin, columns))
        return replay(plan, spec, pinned, columns, err);
    spec->table = q_printf(plan->arena, "s_%s", cfg->name.s);
    spec->in->pinned = pinned;
    spec->in->accept_gone = plan->accept_contract;
    spec->in->may_lack = plan_pin_optional(plan->pins, pin);
    spec->in->contract = plan->accept_contract ? CFG_EVOLVE : cfg->contract;
    code = describe(plan, spec, err);
    if (!code)
        code =
            contract_settle(plan, spec->in, pin, spec->source, spec->table, &spec->contract, err);
    if (code) {
        struct cfg_pos at = cfg->name.pos;
        q_context(err, "looking at the %s of \"%s\" (%s:%d)",
                  spec->driver->connect ? "source" : "files", cfg->name.s, at.file, at.line);
        return code;
    }
    const struct q_schema *found = contract_columns(spec->contract);
    if (replays)
        return replay(plan, spec, found, found, err);
    code = check_after(plan, spec, err);
    return code ? code : settle(plan, spec, err);
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
