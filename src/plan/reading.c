/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/reading.h"

#include "base/clock.h"
#include "base/embed.h"
#include "base/parse.h"
#include "state/reads.h"

bool plan_is_incremental(const struct cfg_pipeline *pipeline)
{
    for (size_t i = 0; i < pipeline->sources.n; i++)
        if (pipeline->sources.v[i].incremental.cursor.s)
            return true;
    return false;
}

enum q_code plan_check_bounds(const struct plan *plan, struct q_err *err)
{
    const struct cfg_slice *slice = &plan->pipeline->load.slice;
    if (!plan->from || plan_is_incremental(plan->pipeline) || (slice->range.s && !slice->from.s))
        return Q_OK;
    enum q_code code =
        q_fail(err, Q_USAGE,
               "pipeline \"%s\" has no incremental source, so `--from` and `--to` bound nothing",
               plan->pipeline->name.s);
    q_hint(err,
           "Declare `incremental: { cursor: COLUMN }` at a source of pipelines/%s.yaml, or leave "
           "them out.",
           plan->pipeline->name.s);
    return code;
}

/* ---- the cursor ---- */

static enum q_code find_cursor(const struct plan *plan, const struct cfg_source *source,
                               const struct q_schema *columns, const struct q_column **out,
                               struct q_err *err)
{
    const struct cfg_text *cursor = &source->incremental.cursor;
    char shown[Q_TYPE_TEXT];
    ptrdiff_t i = q_schema_find(columns, cursor->s);
    *out = i < 0 ? NULL : &columns->v[i];
    if (*out && cursor_type_ok((*out)->type))
        return Q_OK;
    if (*out)
        return cfg_fail(
            err, cursor->pos,
            "column \"%s\" is %s: a cursor is an integer, a decimal, a date, a timestamp "
            "or a text",
            cursor->s, q_type_text((*out)->type, shown));
    const char *near = q_schema_suggest(plan->arena, columns, cursor->s);
    return cfg_fail(err, cursor->pos,
                    near ? "source \"%s\" has no column \"%s\"; did you mean \"%s\"?"
                         : "source \"%s\" has no column \"%s\"",
                    source->name.s, cursor->s, near);
}

static enum q_code declared(const struct plan *plan, const struct plan_reading *r, const char *key,
                            const struct cfg_text *text, struct db_param *out, struct q_err *err)
{
    struct q_err why = {0};
    if (cursor_parse(plan->arena, r->type, text->s, out, &why))
        return cfg_fail(err, text->pos, "\"%s\": %s, which the cursor \"%s\" is", key, why.message,
                        r->cursor);
    return Q_OK;
}

static enum q_code given(const struct plan *plan, const struct plan_reading *r, const char *option,
                         const char *text, struct db_param *out, struct q_err *err)
{
    struct q_err why = {0};
    if (cursor_parse(plan->arena, r->type, text, out, &why))
        return q_fail(err, Q_USAGE, "cannot read %s: %s, which the cursor \"%s\" of %s.%s is",
                      option, why.message, r->cursor, plan->pipeline->name.s, r->source);
    return Q_OK;
}

/* ---- bounds ---- */

static enum q_code set_upper(const struct plan *plan, const struct cfg_incremental *cfg,
                             const struct plan_bounds *bounds, struct plan_reading *r,
                             struct q_err *err)
{
    int64_t settle = bounds->settle;
    struct q_err why = {0};
    if (cfg->settle.s && !cursor_type_is_time(r->type))
        return cfg_fail(
            err, cfg->settle.pos,
            "\"settle\" needs a cursor of dates or times: \"%s\" is bounded by no clock",
            r->cursor);
    if (cfg->settle.s && q_parse_duration(cfg->settle.s, "\"settle\"", &settle, &why))
        return cfg_fail_as(err, cfg->settle.pos, &why);
    r->has_upper = cursor_type_is_time(r->type);
    int64_t upper = plan->clock - settle;
    if (bounds->has_upper && bounds->upper < upper)
        upper = bounds->upper;
    if (r->has_upper)
        r->upper = cursor_at(r->type, upper);
    return Q_OK;
}

static enum q_code check_state(const struct plan *plan, const struct cfg_incremental *cfg,
                               const struct plan_reading *r, const struct state_read *read,
                               struct q_err *err)
{
    char was[Q_TYPE_TEXT], is[Q_TYPE_TEXT];
    if (r->full || (q_strcaseeq(read->cursor, r->cursor) && q_type_eq(read->type, r->type)))
        return Q_OK;
    enum q_code code = cfg_fail(
        err, cfg->cursor.pos,
        "source \"%s\" was read by \"%s\" (%s) so far, and the cursor is now \"%s\" (%s)",
        r->source, read->cursor, q_type_text(read->type, was), r->cursor, q_type_text(r->type, is));
    q_hint(err, "`quern run %s --full` reads everything once and starts a new watermark.",
           plan->pipeline->name.s);
    return code;
}

static void add_range(const struct plan *plan, struct plan_reading *r, struct plan_range range)
{
    if (r->has_upper && (!range.has_hi || cursor_compare(&range.hi, &r->upper) > 0)) {
        range.hi = r->upper;
        range.has_hi = true;
    }
    if (!range.has_lo || !range.has_hi || cursor_compare(&range.lo, &range.hi) < 0)
        *q_vec_push(plan->arena, &r->ranges) = range;
}

static void add_holes(const struct plan *plan, struct plan_reading *r,
                      const struct state_read *read, const struct db_param *news)
{
    cursor_intervals merged, holes = {0};
    struct db_param from = r->start;
    bool began = r->has_start || state_read_begin(read, &from);
    state_read_merged(plan->arena, read, &merged);
    const struct db_param *to = cursor_compare(news, &r->watermark) < 0 ? news : &r->watermark;
    if (began)
        cursor_holes(plan->arena, &merged, &from, to, &holes);
    for (size_t i = 0; i < holes.n; i++)
        add_range(plan, r,
                  (struct plan_range){.kind = PLAN_RANGE_HOLE,
                                      .has_lo = true,
                                      .lo = holes.v[i].lo,
                                      .has_hi = true,
                                      .hi = holes.v[i].hi});
}

/* Holes, then from the watermark on, less the lag. */
static enum q_code go_on(const struct plan *plan, const struct cfg_incremental *cfg,
                         struct plan_reading *r, const struct state_read *read, struct q_err *err)
{
    struct db_param news = r->watermark;
    struct q_err why = {0};
    if (cfg->lag.s && cursor_below(plan->arena, &r->watermark, cfg->lag.s, &news, &why))
        return cfg_fail(err, cfg->lag.pos, "\"lag\": %s", why.message);
    if (r->has_start && cursor_compare(&news, &r->start) < 0)
        news = r->start;
    add_holes(plan, r, read, &news);
    add_range(plan, r, (struct plan_range){.kind = PLAN_RANGE_NEWS, .has_lo = true, .lo = news});
    return Q_OK;
}

/* A lag that is none is an error from the first run on. */
static enum q_code check_lag(const struct plan *plan, const struct cfg_incremental *cfg,
                             const struct plan_reading *r, struct q_err *err)
{
    struct db_param unused, zero = {.type = r->type};
    struct q_err why = {0};
    if (cfg->lag.s && cursor_below(plan->arena, &zero, cfg->lag.s, &unused, &why))
        return cfg_fail(err, cfg->lag.pos, "\"lag\": %s", why.message);
    return Q_OK;
}

static enum q_code backfill(const struct plan *plan, struct plan_reading *r, struct q_err *err)
{
    struct plan_range range = {.kind = PLAN_RANGE_BACKFILL, .has_lo = true, .has_hi = true};
    enum q_code code = given(plan, r, "--from", plan->from, &range.lo, err);
    if (!code)
        code = given(plan, r, "--to", plan->to, &range.hi, err);
    if (code)
        return code;
    if (cursor_compare(&range.lo, &range.hi) >= 0)
        return q_fail(err, Q_USAGE,
                      "the interval from %s to %s is empty: `--from` must be less than `--to`",
                      plan->from, plan->to);
    r->backfill = true;
    r->wanted = range.hi;
    add_range(plan, r, range);
    return Q_OK;
}

static enum q_code set_ranges(struct plan *plan, const struct cfg_source *source,
                              struct plan_reading *r, struct q_err *err)
{
    const struct cfg_incremental *cfg = &source->incremental;
    struct state_reads reads;
    enum q_code code =
        state_reads_get(plan->db, plan->arena, plan->pipeline->name.s, r->source, &reads, err);
    const struct state_read *read = !code && reads.n ? &reads.v[0] : NULL;
    if (read)
        code = check_state(plan, cfg, r, read, err);
    if (code)
        return code;
    if (read && read->has_watermark && q_type_eq(read->type, r->type)) {
        r->has_watermark = true;
        r->watermark = read->watermark;
    }
    if (plan->from)
        return backfill(plan, r, err);
    if (r->has_watermark && !r->full)
        return go_on(plan, cfg, r, read, err);
    add_range(plan, r,
              (struct plan_range){.kind = r->full ? PLAN_RANGE_ALL : PLAN_RANGE_NEWS,
                                  .has_lo = r->has_start,
                                  .lo = r->start});
    return Q_OK;
}

enum q_code plan_reading_make(struct plan *plan, const struct cfg_source *source,
                              const struct q_schema *columns, const struct plan_bounds *bounds,
                              const struct plan_reading **out, struct q_err *err)
{
    const struct cfg_incremental *cfg = &source->incremental;
    struct plan_reading *r = q_new(plan->arena, struct plan_reading);
    const struct q_column *column;
    enum q_code code = find_cursor(plan, source, columns, &column, err);
    if (code)
        return code;
    r->source = source->name.s;
    r->cursor = column->name;
    r->type = column->type;
    r->nulls = cfg->nulls;
    r->full = plan->full;
    code = set_upper(plan, cfg, bounds, r, err);
    if (!code)
        code = check_lag(plan, cfg, r, err);
    if (!code && cfg->start.s) {
        r->has_start = true;
        code = declared(plan, r, "start", &cfg->start, &r->start, err);
    }
    if (!code)
        code = set_ranges(plan, source, r, err);
    *out = r;
    return code;
}

/* ---- SQL ---- */

const char *plan_reading_where(struct q_arena *arena, const struct plan_reading *r,
                               const char *column)
{
    struct sql *q = sql_new(arena);
    sql_add(q, r->ranges.n ? "(" : "(false");
    for (size_t i = 0; i < r->ranges.n; i++) {
        const struct plan_range *x = &r->ranges.v[i];
        sql_add(q, i ? " OR (" : "(");
        if (x->has_lo)
            sql_add(q, "%s >= $lo_%d", column, (int64_t)i);
        if (x->has_hi)
            sql_add(q, "%s%s < $hi_%d", x->has_lo ? " AND " : "", column, (int64_t)i);
        sql_add(q, x->has_lo || x->has_hi ? ")" : "true)");
    }
    sql_add(q, ")");
    return sql_text(q);
}

struct db_param *plan_reading_params(struct q_arena *arena, const struct plan_reading *r, size_t *n)
{
    struct db_param *p = q_alloc_array(arena, 2 * r->ranges.n + 3, sizeof *p);
    *n = 0;
    for (size_t i = 0; i < r->ranges.n; i++) {
        const struct plan_range *x = &r->ranges.v[i];
        p[*n] = x->lo;
        p[(*n)++].name = q_printf(arena, "lo_%zu", i);
        p[*n] = x->hi;
        p[(*n)++].name = q_printf(arena, "hi_%zu", i);
    }
    p[*n] = r->upper;
    p[(*n)++].name = "upper";
    p[*n] = r->wanted;
    p[(*n)++].name = "wanted";
    p[*n] = r->watermark;
    p[(*n)++].name = "watermark";
    return p;
}

void plan_publish_readings(struct plan *plan)
{
    static const char *const parts[] = {"state/create_watermarks.sql", "state/create_intervals.sql",
                                        "state/replace_intervals.sql", "state/insert_intervals.sql",
                                        "state/insert_watermarks.sql"};
    if (!plan_is_incremental(plan->pipeline))
        return;
    struct plan_step *step = plan_add_step(plan, "load", "watermarks", NULL);
    step->publishes = true;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        plan_step_sql(plan, step, q_embed_text(parts[i]));
}
