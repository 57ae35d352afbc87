/* SPDX-License-Identifier: Apache-2.0 */
#include "extract/incremental.h"

#include <inttypes.h>
#include <pthread.h>

#include "base/embed.h"
#include "batch/reject.h"
#include "state/state.h"

/* ---- statements ---- */

/* Why a row is left out; NULL: it is read. */
static const char *reason_sql(struct q_arena *arena, const struct plan_reading *r,
                              const char *column)
{
    struct sql *q = sql_new(arena);
    sql_add(q, "CASE WHEN %s IS NULL THEN %s WHEN %s THEN NULL ", column,
            r->nulls == CFG_NULLS_INCLUDE && !r->backfill ? "NULL" : "'null_cursor'",
            plan_reading_where(arena, r, column));
    if (r->has_upper)
        sql_add(q, "WHEN %s >= $upper%s THEN 'not_settled' ", column,
                r->backfill ? sql_make(arena, " AND %s < $wanted", column) : "");
    sql_add(q, "ELSE 'outside_interval' END");
    return sql_text(q);
}

/* Records that an earlier run may have loaded: all that is not news, the boundary value among them. */
static const char *reread_sql(struct q_arena *arena, const struct extract_news *n,
                              const char *column)
{
    const struct plan_reading *r = n->reading;
    bool all = r->full || r->backfill || !r->has_watermark;
    return sql_make(arena, "INSERT INTO q_reread SELECT _q_pos FROM %I AS s%s", n->table,
                    all ? ""
                        : sql_make(arena, " WHERE %s <= $watermark OR %s IS NULL", column, column));
}

/* What is older than the watermark and cannot have been read before: in a new file, or behind the old end of one. */
static const char *late_sql(struct q_arena *arena, const struct extract_news *n)
{
    return sql_make(
        arena,
        "SELECT min(l.value), max(l.value), count(*) FROM %I AS l JOIN q_sources AS f ON f.relation = %L AND "
        "f.file_no = l.pos >> %d LEFT JOIN q_seen_files AS o ON o.path = f.path WHERE l.reason = 'outside_interval' "
        "AND l.value < $watermark AND (o.path IS NULL OR (f.size > o.size AND (l.pos & %d) >= o.size))",
        q_printf(arena, "q_left_%s", n->reading->source), n->reading->source,
        (int64_t)Q_POS_FILE_SHIFT, (int64_t)Q_POS_OFFSET_MASK);
}

const struct extract_news *extract_news_make(struct plan *plan, struct plan_step *step,
                                             const struct plan_source *source)
{
    struct q_arena *arena = plan->arena;
    struct extract_news *n = q_new(arena, struct extract_news);
    const struct plan_reading *r = source->reading;
    const char *column = sql_make(arena, "s.%I", r->cursor);
    const char *left = q_printf(arena, "q_left_%s", r->source);
    const char *reason = reason_sql(arena, r, column);
    n->reading = r;
    n->pipeline = plan->pipeline->name.s;
    n->table = source->table;
    n->has_files = source->files != NULL;
    n->rereads = plan->pipeline->load.mode == CFG_APPEND && plan->sources.n == 1;
    n->create = q_embed_text("extract/create_reads.sql");
    n->nulls = sql_make(arena, "SELECT count(*), min(_q_pos) FROM %I AS s WHERE %s IS NULL",
                        n->table, column);
    n->left = sql_make(
        arena,
        "CREATE TABLE %I AS SELECT * FROM (SELECT _q_pos AS pos, %s AS value, %s AS reason FROM %I AS s) WHERE reason "
        "IS NOT NULL",
        left, column, reason, n->table);
    n->count =
        sql_make(arena, "INSERT INTO q_skipped SELECT %L, reason, count(*) FROM %I GROUP BY reason",
                 r->source, left);
    n->take_out = sql_make(arena, "DELETE FROM %I AS s WHERE %s IS NOT NULL", n->table, reason);
    n->reread = n->rereads ? reread_sql(arena, n, column) : NULL;
    n->range = sql_make(arena, "SELECT min(%s), max(%s), count(*) FILTER (%s IS NULL) FROM %I AS s",
                        column, column, column, n->table);
    n->late =
        n->has_files && r->has_watermark && !r->full && !r->backfill ? late_sql(arena, n) : NULL;
    const char *const all[] = {n->create,   r->nulls == CFG_NULLS_FAIL ? n->nulls : NULL,
                               n->left,     n->count,
                               n->take_out, n->reread,
                               n->range,    n->late};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i])
            plan_step_sql(plan, step, all[i]);
    return n;
}

/* ---- running ---- */

struct work {
    const struct extract_news *n;
    struct step_ctx *ctx;
    struct db_param *params;
    size_t n_params;
};

struct extent { /* of values of the cursor */
    struct q_arena *arena;
    const char *least, *most; /* NULL: there is none */
    int64_t count;
};

static enum q_code take_extent(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct extent *x = arg;
    (void)err;
    x->least = db_cell_text(x->arena, b, 0, row);
    x->most = db_cell_text(x->arena, b, 1, row);
    x->count = db_cell_int(b, 2, row, 0);
    return Q_OK;
}

static enum q_code extent_of(struct work *w, const char *sql, struct extent *out, struct q_err *err)
{
    *out = (struct extent){.arena = w->ctx->arena};
    return db_each(w->ctx->db, sql, w->params, w->n_params, take_extent, out, err);
}

static enum q_code refuse_nulls(struct work *w, extract_news_place place, const void *self,
                                struct q_err *err)
{
    const struct plan_reading *r = w->n->reading;
    const char *where = NULL;
    int64_t n[2];
    if (r->nulls != CFG_NULLS_FAIL)
        return Q_OK;
    enum q_code code = db_get_ints(w->ctx->db, w->n->nulls, NULL, 0, n, 2, 0, err);
    if (code || !n[0])
        return code;
    code = place(self, n[1], w->ctx->arena, &where, err);
    if (code)
        return code;
    code =
        q_fail(err, Q_FAILED,
               "%" PRId64 " record%s of \"%s\" ha%s no value in the cursor \"%s\"; the first is %s",
               n[0], n[0] == 1 ? "" : "s", r->source, n[0] == 1 ? "s" : "ve", r->cursor, where);
    q_hint(err,
           "Nothing was loaded. `nulls: include` reads such records in every run, `nulls: exclude` "
           "skips and counts them.");
    return code;
}

static enum q_code exec(struct work *w, const char *sql, struct q_err *err)
{
    return sql ? db_exec(w->ctx->db, sql, w->params, w->n_params, NULL, err) : Q_OK;
}

static enum q_code take_out(struct work *w, struct q_err *err)
{
    enum q_code code = exec(w, w->n->left, err);
    if (!code)
        code = exec(w, w->n->count, err);
    if (!code)
        code = exec(w, w->n->take_out, err);
    return code ? code : exec(w, w->n->reread, err);
}

static enum q_code add_interval(struct work *w, const struct db_param *lo,
                                const struct db_param *hi, struct q_err *err)
{
    struct db_param p[] = {db_text("source", w->n->reading->source),
                           db_text("lo", cursor_text(w->ctx->arena, lo)),
                           db_text("hi", cursor_text(w->ctx->arena, hi))};
    if (cursor_compare(lo, hi) >= 0)
        return Q_OK;
    return db_exec(w->ctx->db, q_embed_text("extract/insert_interval.sql"), p, 3, NULL, err);
}

/* What this run has read: holes and backfills as they were asked for; of the live end only what lies below the new
 * watermark, because more may come above it. */
static enum q_code note_intervals(struct work *w, const struct db_param *least,
                                  const struct db_param *now, struct q_err *err)
{
    const struct plan_reading *r = w->n->reading;
    enum q_code code = Q_OK;
    for (size_t i = 0; i < r->ranges.n && !code; i++) {
        const struct plan_range *x = &r->ranges.v[i];
        if (x->kind == PLAN_RANGE_HOLE || x->kind == PLAN_RANGE_BACKFILL)
            code = add_interval(w, &x->lo, &x->hi, err);
    }
    if (code || r->backfill || !now)
        return code;
    const struct db_param *from = r->has_watermark && !r->full ? &r->watermark
                                  : r->has_start               ? &r->start
                                                               : least;
    return from ? add_interval(w, from, now, err) : Q_OK;
}

struct found {
    struct db_param least, now;
    bool any, moved; /* there are rows with a cursor; there is a watermark now */
};

static enum q_code find_watermark(struct work *w, const struct extent *rows, struct found *f,
                                  struct q_err *err)
{
    const struct plan_reading *r = w->n->reading;
    enum q_code code = Q_OK;
    f->any = rows->most != NULL;
    if (f->any)
        code = cursor_parse(w->ctx->arena, r->type, rows->least, &f->least, err);
    if (!code && f->any)
        code = cursor_parse(w->ctx->arena, r->type, rows->most, &f->now, err);
    bool keeps = r->has_watermark && !r->full;
    if (!code && keeps && (!f->any || cursor_compare(&f->now, &r->watermark) < 0))
        f->now = r->watermark;
    f->moved = !r->backfill && (f->any || keeps);
    return code;
}

static enum q_code note(struct work *w, const struct extent *rows, const struct extent *late,
                        struct q_err *err)
{
    const struct plan_reading *r = w->n->reading;
    struct q_arena *arena = w->ctx->arena;
    struct found f = {0};
    struct db_param newest, next;
    char type[Q_TYPE_TEXT];
    const char *late_to = NULL;
    enum q_code code = find_watermark(w, rows, &f, err);
    if (!code && late->count && late->most) {
        code = cursor_parse(arena, r->type, late->most, &newest, err);
        if (!code && cursor_next(&newest, &next))
            late_to = cursor_text(arena, &next);
    }
    struct db_param p[] = {
        db_text("pipeline", w->n->pipeline),
        db_text("source", r->source),
        db_text("cursor_column", r->cursor),
        db_text("type", q_type_text(r->type, type)),
        db_text("before", r->has_watermark ? cursor_text(arena, &r->watermark) : NULL),
        db_text("value", f.moved ? cursor_text(arena, &f.now) : NULL),
        db_bool("anew", r->full && f.any),
        db_int("nulls", rows->count),
        db_int("late", late->count),
        db_text("late_from", late->least),
        db_text("late_to", late_to)};
    if (!code)
        code = note_intervals(w, f.any ? &f.least : NULL, f.moved ? &f.now : NULL, err);
    return code ? code
                : db_exec(w->ctx->db, q_embed_text("extract/insert_watermark.sql"), p,
                          sizeof p / sizeof *p, NULL, err);
}

static enum q_code find_late(struct work *w, struct extent *out, struct q_err *err)
{
    struct db_param p[] = {db_text("pipeline", w->n->pipeline),
                           db_text("relation", w->n->reading->source)};
    *out = (struct extent){0};
    if (!w->n->late || !state_exists(w->ctx->db))
        return Q_OK;
    enum q_code code = db_exec(w->ctx->db, q_embed_text("extract/seen_files.sql"), p, 2, NULL, err);
    return code ? code : extent_of(w, w->n->late, out, err);
}

static pthread_mutex_t one =
    PTHREAD_MUTEX_INITIALIZER; /* tables are shared by all sources of a pipeline */

static enum q_code run_alone(const struct extract_news *news, struct step_ctx *ctx,
                             extract_news_place place, const void *self, struct q_err *err)
{
    struct work w = {.n = news, .ctx = ctx};
    struct extent rows = {0}, late = {0};
    w.params = plan_reading_params(ctx->arena, news->reading, &w.n_params);
    enum q_code code = db_exec(ctx->db, news->create, NULL, 0, NULL, err);
    if (!code)
        code = refuse_nulls(&w, place, self, err);
    if (!code)
        code = take_out(&w, err);
    if (!code)
        code = extent_of(&w, news->range, &rows, err);
    if (!code)
        code = find_late(&w, &late, err);
    return code ? code : note(&w, &rows, &late, err);
}

enum q_code extract_news_run(const struct extract_news *news, struct step_ctx *ctx,
                             extract_news_place place, const void *self, struct q_err *err)
{
    pthread_mutex_lock(&one);
    enum q_code code = run_alone(news, ctx, place, self, err);
    pthread_mutex_unlock(&one);
    return code;
}
