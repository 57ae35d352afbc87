/* SPDX-License-Identifier: Apache-2.0 */
#include "run/account.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/embed.h"
#include "plan/reading.h"
#include "state/state.h"

enum q_code account_begin(struct step_ctx *ctx, struct q_err *err)
{
    struct db_param p[] = {db_int("run_id", ctx->run_id), db_time("clock", ctx->clock)};
    enum q_code code = db_exec(ctx->db, q_embed_text("run/begin.sql"), NULL, 0, NULL, err);
    return code ? code : db_exec(ctx->db, q_embed_text("run/begin_run.sql"), p, 2, NULL, err);
}

/* The relation whose records a right or full join brings in alone, or NULL. */
static const char *right_relation(const struct plan *plan)
{
    const cfg_steps *steps = &plan->pipeline->steps;
    for (size_t i = 0; i < steps->n; i++)
        if (steps->v[i].kind == CFG_JOIN &&
            (steps->v[i].join == CFG_RIGHT || steps->v[i].join == CFG_FULL))
            return steps->v[i].right.s;
    return NULL;
}

static enum q_code tell_rejects(struct step_ctx *ctx, const struct plan *plan, struct q_err *err)
{
    const char *right = right_relation(plan);
    if (!right)
        return db_exec(ctx->db, q_embed_text("run/told_plain.sql"), NULL, 0, NULL, err);
    enum q_code code =
        db_exec(ctx->db,
                sql_make(ctx->arena, "CREATE OR REPLACE TABLE q_right AS SELECT %L AS name", right),
                NULL, 0, NULL, err);
    return code ? code : db_exec(ctx->db, q_embed_text("run/told.sql"), NULL, 0, NULL, err);
}

/* ---- reading the tables back ---- */

struct reader {
    struct q_arena *arena;
    struct run_result *out;
};

static enum q_code read_reason(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct reader *r = arg;
    (void)err;
    *q_vec_push(r->arena, &r->out->reasons) = (struct run_reason){
        .relation = db_cell_text(r->arena, b, 0, row),
        .kind = db_cell_text(r->arena, b, 1, row),
        .reason = db_cell_text(r->arena, b, 2, row),
        .records = db_cell_int(b, 3, row, 0),
    };
    return Q_OK;
}

static enum q_code read_misfit(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct reader *r = arg;
    (void)err;
    *q_vec_push(r->arena, &r->out->misfits) = (struct run_misfit){
        .relation = db_cell_text(r->arena, b, 0, row),
        .column = db_cell_text(r->arena, b, 1, row),
        .expected = db_cell_text(r->arena, b, 2, row),
        .example = db_cell_text(r->arena, b, 3, row),
        .records = db_cell_int(b, 4, row, 0),
    };
    return Q_OK;
}

static enum q_code read_rule(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct reader *r = arg;
    (void)err;
    *q_vec_push(r->arena, &r->out->rules) = (struct run_rule){
        .name = db_cell_text(r->arena, b, 0, row),
        .severity = db_cell_text(r->arena, b, 1, row),
        .state = db_cell_text(r->arena, b, 2, row),
        .message = db_cell_text(r->arena, b, 3, row),
        .samples = db_cell_text(r->arena, b, 4, row),
        .rows = db_cell_int(b, 5, row, 0),
        .evaluated = db_cell_int(b, 6, row, 0),
        .failed = db_cell_int(b, 7, row, 0),
        .vacuous = db_cell_int(b, 8, row, 0) != 0,
        .removes_rows = db_cell_int(b, 9, row, 0) != 0,
    };
    return Q_OK;
}

static enum q_code read_file(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct reader *r = arg;
    (void)err;
    *q_vec_push(r->arena, &r->out->files) = (struct run_file){
        .relation = db_cell_text(r->arena, b, 0, row),
        .path = db_cell_text(r->arena, b, 1, row),
        .detected = db_cell_text(r->arena, b, 2, row),
        .size = db_cell_int(b, 3, row, 0),
        .records = db_cell_int(b, 4, row, 0),
        .rejected = db_cell_int(b, 5, row, 0),
    };
    return Q_OK;
}

static enum q_code read_tables(struct step_ctx *ctx, struct run_result *out, struct q_err *err)
{
    struct reader r = {ctx->arena, out};
    enum q_code code = db_exec(ctx->db, q_embed_text("run/reasons.sql"), NULL, 0, NULL, err);
    if (!code)
        code =
            db_each(ctx->db, q_embed_text("run/list_reasons.sql"), NULL, 0, read_reason, &r, err);
    if (!code)
        code =
            db_each(ctx->db, q_embed_text("run/list_misfits.sql"), NULL, 0, read_misfit, &r, err);
    if (!code)
        code = db_each(ctx->db, q_embed_text("run/list_rules.sql"), NULL, 0, read_rule, &r, err);
    return code ? code
                : db_each(ctx->db, q_embed_text("run/list_files.sql"), NULL, 0, read_file, &r, err);
}

static enum q_code read_reading(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct reader *r = arg;
    (void)err;
    *q_vec_push(r->arena, &r->out->readings) = (struct run_reading){
        .relation = db_cell_text(r->arena, b, 0, row),
        .cursor = db_cell_text(r->arena, b, 1, row),
        .type = db_cell_text(r->arena, b, 2, row),
        .before = db_cell_text(r->arena, b, 3, row),
        .watermark = db_cell_text(r->arena, b, 4, row),
        .nulls = db_cell_int(b, 5, row, 0),
        .late = db_cell_int(b, 6, row, 0),
        .late_from = db_cell_text(r->arena, b, 7, row),
        .late_to = db_cell_text(r->arena, b, 8, row),
    };
    return Q_OK;
}

static void add_ranges(struct q_arena *arena, const struct plan_reading *from,
                       struct run_reading *to)
{
    static const char *const kinds[] = {[PLAN_RANGE_HOLE] = "hole",
                                        [PLAN_RANGE_NEWS] = "news",
                                        [PLAN_RANGE_BACKFILL] = "backfill",
                                        [PLAN_RANGE_ALL] = "all"};
    for (size_t i = 0; i < from->ranges.n; i++) {
        const struct plan_range *x = &from->ranges.v[i];
        *q_vec_push(arena, &to->ranges) =
            (struct run_range){.from = x->has_lo ? cursor_text(arena, &x->lo) : NULL,
                               .to = x->has_hi ? cursor_text(arena, &x->hi) : NULL,
                               .kind = kinds[x->kind]};
    }
}

static enum q_code read_readings(struct step_ctx *ctx, const struct plan *plan,
                                 struct run_result *out, struct q_err *err)
{
    struct reader r = {ctx->arena, out};
    if (!plan_is_incremental(plan->pipeline))
        return Q_OK;
    enum q_code code =
        db_each(ctx->db, q_embed_text("run/list_watermarks.sql"), NULL, 0, read_reading, &r, err);
    for (size_t i = 0; i < plan->sources.n && !code; i++)
        for (size_t k = 0; k < out->readings.n && plan->sources.v[i].reading; k++)
            if (q_streq(out->readings.v[k].relation, plan->sources.v[i].name))
                add_ranges(ctx->arena, plan->sources.v[i].reading, &out->readings.v[k]);
    return code;
}

enum count {
    INSERTED,
    UPDATED,
    UNCHANGED,
    OPENED,
    CLOSED,
    SUPERSEDED,
    DELETED,
    SPLICED,
    CORRECTED,
    INFERRED,
    COUNTS
};

static enum q_code read_counts(struct step_ctx *ctx, struct run_result *out, struct q_err *err)
{
    int64_t n[COUNTS];
    enum q_code code =
        db_get_ints(ctx->db, q_embed_text("run/counts.sql"), NULL, 0, n, COUNTS, 0, err);
    out->inserted = n[INSERTED];
    out->updated = n[UPDATED];
    out->unchanged = n[UNCHANGED];
    out->opened = n[OPENED];
    out->closed = n[CLOSED];
    out->superseded = n[SUPERSEDED];
    out->deleted = n[DELETED];
    out->spliced = n[SPLICED];
    out->corrected = n[CORRECTED];
    out->inferred = n[INFERRED];
    return code;
}

/* ---- the accounts ---- */

static enum q_code add_reason(struct step_ctx *ctx, struct run_result *out, const char *relation,
                              const char *kind, const char *reason, int64_t records,
                              struct q_err *err)
{
    if (records <= 0)
        return Q_OK;
    *q_vec_push(ctx->arena, &out->reasons) = (struct run_reason){
        .relation = relation, .kind = kind, .reason = reason, .records = records};
    struct db_param p[] = {db_text("relation", relation), db_text("kind", kind),
                           db_text("reason", reason), db_int("records", records)};
    return db_exec(ctx->db, q_embed_text("run/insert_reason.sql"), p, 4, NULL, err);
}

/* What became of the records of a joined relation: they share the fate of the main records they are joined to. */
static enum q_code joined_relation(struct step_ctx *ctx, const struct plan *plan,
                                   struct run_result *out, struct run_relation *r,
                                   struct q_err *err)
{
    const char *pos = q_printf(ctx->arena, "_q_pos_%s", r->name);
    int64_t n[2];
    struct sql *q = sql_new(ctx->arena);
    sql_add(
        q,
        "SELECT count(*) FILTER (NOT out), count(*) FILTER (out) FROM (SELECT bool_and(o.pos IS NOT NULL) AS out FROM "
        "%I AS f LEFT JOIN (SELECT DISTINCT pos FROM q_rejects WHERE relation = %L) AS o ON o.pos = f._q_pos WHERE f.%I "
        "IS NOT NULL GROUP BY f.%I)",
        plan->current.name, plan->sources.v[0].name, pos, pos);
    enum q_code code = db_get_ints(ctx->db, sql_text(q), NULL, 0, n, 2, 0, err);
    int64_t left_out = r->skipped; /* counted under their own reasons */
    r->loaded = n[0];
    r->rejected += n[1];
    r->skipped = r->read - r->loaded - r->rejected;
    if (!code)
        code = add_reason(ctx, out, r->name, "rejected", "joined_rejected", n[1], err);
    return code ? code
                : add_reason(ctx, out, r->name, "skipped", "unmatched", r->skipped - left_out, err);
}

static enum q_code main_relation(struct run_result *out, struct run_relation *r, bool multiplied,
                                 struct q_err *err)
{
    int64_t rows = out->inserted + out->updated + out->unchanged + out->superseded;
    r->loaded = r->read - r->rejected - r->skipped;
    if (multiplied || rows == r->loaded)
        return Q_OK;
    return q_fail(err, Q_INTERNAL,
                  "the counts of \"%s\" do not add up: read %" PRId64 ", rejected %" PRId64
                  ", skipped %" PRId64 ", but %" PRId64 " rows to load",
                  r->name, r->read, r->rejected, r->skipped, rows);
}

/* What was read of a relation and what was left out, from the tables that were read back. */
static struct run_relation count_relation(const struct run_result *out, const char *name)
{
    struct run_relation r = {.name = name};
    for (size_t i = 0; i < out->files.n; i++)
        if (q_streq(out->files.v[i].relation, name))
            r.read += out->files.v[i].records;
    for (size_t i = 0; i < out->reasons.n; i++)
        if (q_streq(out->reasons.v[i].relation, name))
            *(q_streq(out->reasons.v[i].kind, "rejected") ? &r.rejected : &r.skipped) +=
                out->reasons.v[i].records;
    return r;
}

enum q_code account_close(struct step_ctx *ctx, const struct plan *plan, struct run_result *out,
                          struct q_err *err)
{
    enum q_code code = tell_rejects(ctx, plan, err);
    if (!code)
        code = read_tables(ctx, out, err);
    if (!code)
        code = read_counts(ctx, out, err);
    if (!code)
        code = read_readings(ctx, plan, out, err);
    for (size_t i = 0; i < plan->sources.n && !code; i++) {
        struct run_relation *r = q_vec_push(ctx->arena, &out->relations);
        *r = count_relation(out, plan->sources.v[i].name);
        code = i == 0 ? main_relation(out, r, plan->sources.n > 1, err)
                      : joined_relation(ctx, plan, out, r, err);
        struct db_param q[] = {db_text("relation", r->name), db_int("read", r->read),
                               db_int("loaded", r->loaded), db_int("rejected", r->rejected),
                               db_int("skipped", r->skipped)};
        if (!code)
            code = db_exec(ctx->db, q_embed_text("run/insert_relation.sql"), q, 5, NULL, err);
        out->read += r->read;
        out->loaded += r->loaded;
        out->rejected += r->rejected;
        out->skipped += r->skipped;
    }
    return code;
}

/* ---- places ---- */

struct places {
    const char *relation;
    int64_t *pos, *ordinals, *lines;
    size_t n, cap;
    struct q_schema schema;
    size_t next; /* row to give next */
};

static enum q_code take_pos(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct places *p = arg;
    (void)err;
    if (p->n < p->cap)
        p->pos[p->n++] = db_cell_int(b, 0, row, 0);
    return Q_OK;
}

static enum q_code places_open(void *self, const bool *wanted, void **worker, struct q_err *err)
{
    (void)wanted;
    (void)err;
    *worker = self;
    return Q_OK;
}

static enum q_code places_fill(void *worker, struct batch *out, struct q_err *err)
{
    struct places *p = worker;
    (void)err;
    size_t n = p->n - p->next < BATCH_ROWS ? p->n - p->next : BATCH_ROWS;
    const int64_t *values[] = {p->pos + p->next, p->ordinals + p->next, p->lines + p->next};
    for (size_t c = 0; c < out->n_cols && n; c++)
        memcpy(out->cols[c].data, values[c], n * sizeof *values[c]);
    p->next += n;
    out->rows = n;
    return Q_OK;
}

static void places_close(void *worker)
{
    (void)worker;
}

static enum q_code store_places(struct step_ctx *ctx, struct places *p, struct q_err *err)
{
    static int number;
    struct db_source *source = q_new(ctx->arena, struct db_source);
    q_schema_add(ctx->arena, &p->schema, "pos", Q_TYPE(Q_T_INT64));
    q_schema_add(ctx->arena, &p->schema, "record_no", Q_TYPE(Q_T_INT64));
    q_schema_add(ctx->arena, &p->schema, "line", Q_TYPE(Q_T_INT64));
    *source = (struct db_source){.name = q_printf(ctx->arena, "q_places_%d", ++number),
                                 .schema = &p->schema,
                                 .self = p,
                                 .max_workers = 1,
                                 .estimated_rows = (int64_t)p->n,
                                 .open = places_open,
                                 .fill = places_fill,
                                 .close = places_close};
    enum q_code code = db_add_source(ctx->db, source, err);
    if (code)
        return code;
    return db_exec(ctx->db,
                   sql_make(ctx->arena,
                            "INSERT INTO q_places SELECT %L, pos, record_no, line FROM %I()",
                            p->relation, source->name),
                   NULL, 0, NULL, err);
}

/* `rejected`: how many records of the source are, at most. */
static enum q_code places_of(struct step_ctx *ctx, const struct plan_source *source,
                             int64_t rejected, struct q_err *err)
{
    struct db_param param[] = {db_text("relation", source->name)};
    if (!rejected || !source->locate)
        return Q_OK;
    struct places *p = q_new(ctx->arena, struct places);
    p->relation = source->name;
    p->cap = (size_t)rejected;
    p->pos = q_alloc_array(ctx->arena, p->cap, sizeof *p->pos);
    p->ordinals = q_alloc_array(ctx->arena, p->cap, sizeof *p->ordinals);
    p->lines = q_alloc_array(ctx->arena, p->cap, sizeof *p->lines);
    enum q_code code =
        db_each(ctx->db, q_embed_text("run/rejected_positions.sql"), param, 1, take_pos, p, err);
    if (!code && p->n)
        code = source->locate(source, p->pos, p->n, p->ordinals, p->lines, err);
    return code || !p->n ? code : store_places(ctx, p, err);
}

enum q_code account_places(struct step_ctx *ctx, const struct plan *plan,
                           const struct run_result *result, struct q_err *err)
{
    enum q_code code = Q_OK;
    for (size_t i = 0; i < plan->sources.n && !code; i++)
        code = places_of(ctx, &plan->sources.v[i], result->relations.v[i].rejected, err);
    return code;
}

/* ---- the record ---- */

/* The source row of each record that was read and rejected later, as texts: what a replay starts from. */
static enum q_code keep_rows(struct step_ctx *ctx, const struct plan *plan, struct q_err *err)
{
    const struct plan_source *source = &plan->sources.v[0];
    struct sql *q = sql_new(ctx->arena);
    sql_add(q, "INSERT INTO wh.quern.reject_rows SELECT %d, %L, _q_pos, to_json(struct_pack(",
            ctx->run_id, source->name);
    for (size_t i = 0; i < source->columns.n; i++)
        sql_add(q, i ? ", %I := CAST(%I AS VARCHAR)" : "%I := CAST(%I AS VARCHAR)",
                source->columns.v[i].name, source->columns.v[i].name);
    sql_add(q,
            "))::VARCHAR FROM %I WHERE _q_pos IN (SELECT pos FROM q_told WHERE relation = %L AND "
            "raw IS NULL)",
            source->table, source->name);
    enum q_code code = db_exec(ctx->db, sql_text(q), NULL, 0, NULL, err);
    if (code || !plan->replay)
        return code;
    struct db_param p[] = {db_int("run_id", ctx->run_id)};
    return db_exec(ctx->db, q_embed_text("run/replay_rows.sql"), p, 1, NULL, err);
}

static enum q_code write_rejects(struct step_ctx *ctx, const struct plan *plan,
                                 const struct run_result *result, struct q_err *err)
{
    struct db_param p[] = {db_int("run_id", result->run_id), db_text("pipeline", result->pipeline)};
    enum q_code code = db_exec(ctx->db, q_embed_text("state/insert_rejects.sql"), p, 2, NULL, err);
    if (code || !result->rejected || plan->held_run)
        return code;
    code = db_exec(ctx->db, q_embed_text("state/insert_shapes.sql"), p, 1, NULL, err);
    return code ? code : keep_rows(ctx, plan, err);
}

enum q_code account_write(struct step_ctx *ctx, const struct plan *plan,
                          const struct run_result *result, int64_t fence, struct q_err *err)
{
    static const char *const inserts[] = {"state/insert_relations.sql", "state/insert_reasons.sql",
                                          "state/insert_files.sql", "state/insert_rules.sql"};
    struct state_run run = {
        .run_id = result->run_id,
        .started_at = result->started_at,
        .finished_at = q_now(),
        .clock = ctx->clock,
        .fence = fence,
        .pipeline = result->pipeline,
        .target = result->target,
        .status = result->status,
        .plan_hash = result->plan_hash,
        .message = result->message,
        .seconds = (double)(q_ticks() - ctx->started_ticks) / 1e6,
        .read = result->read,
        .loaded = result->loaded,
        .inserted = result->inserted,
        .updated = result->updated,
        .unchanged = result->unchanged,
        .superseded = result->superseded,
        .rejected = result->rejected,
        .skipped = result->skipped,
        .opened = result->opened,
        .closed = result->closed,
        .deleted = result->deleted,
        .exit_code = result->exit_code,
    };
    struct db_param id[] = {db_int("run_id", result->run_id)};
    enum q_code code = state_insert_run(ctx->db, &run, err);
    for (size_t i = 0; i < sizeof inserts / sizeof inserts[0] && !code; i++)
        code = db_exec(ctx->db, q_embed_text(inserts[i]), id, 1, NULL, err);
    /* the records of a replay that published nothing are open where they were */
    if (!code && !(plan->replay && q_streq(result->status, "aborted")))
        code = write_rejects(ctx, plan, result, err);
    return code;
}
