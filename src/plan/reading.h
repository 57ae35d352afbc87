/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run reads of an incremental source: ranges of its cursor column (SEMANTICS A).
 *
 *          start       holes                       watermark        the clock - settle
 *            |--loaded--|  hole  |------loaded--------|- - - news - - -|  not settled
 *                                                <lag>
 *
 * A run reads the holes, oldest first, and then from the watermark on, boundary value included; a backfill reads one range
 * and nothing else; a run with --full all but what is not settled. A driver that can bound its source itself (a database,
 * an API) asks for plan_reading_where() with its own name of the column, or takes the typed values of `ranges`; what it
 * gives beyond them is left out behind it all the same, and counted.
 */
#ifndef Q_PLAN_READING_H
#define Q_PLAN_READING_H

#include "plan/step.h"
#include "state/cursor.h"

enum plan_range_kind { PLAN_RANGE_HOLE, PLAN_RANGE_NEWS, PLAN_RANGE_BACKFILL, PLAN_RANGE_ALL };

struct plan_range { /* half-open */
    enum plan_range_kind kind;
    bool has_lo, has_hi; /* else without bound on that side */
    struct db_param lo, hi;
};

struct plan_reading {
    const char *source; /* name */
    const char *cursor; /* column */
    struct q_type type;
    enum cfg_nulls nulls;
    bool backfill, full;
    Q_VEC(struct plan_range) ranges; /* disjoint, oldest first; none: nothing is to be read */
    bool has_upper;                  /* rows at or above it are not settled yet */
    struct db_param upper;
    bool has_start;
    struct db_param start;
    bool has_watermark; /* before the run */
    struct db_param watermark;
    struct db_param wanted; /* backfill: the upper bound that was asked for */
};

/* Up to where a source can be read, by itself. */
struct plan_bounds {
    int64_t settle; /* microseconds before the clock, where the pipeline declares none */
    bool has_upper; /* a bound of its own, in microseconds UTC: the lesser one holds */
    int64_t upper;
};

/* The reading of an incremental source with these columns. Errors name file and line (what is declared), or the option
 * (--from, --to); a watermark of another column or type is Q_CONFIG with what to do about it. */
Q_MUST_CHECK enum q_code plan_reading_make(struct plan *plan, const struct cfg_source *source,
                                           const struct q_schema *columns,
                                           const struct plan_bounds *bounds,
                                           const struct plan_reading **out, struct q_err *err);
/* Whether any source of a pipeline is read incrementally. */
bool plan_is_incremental(const struct cfg_pipeline *pipeline);
/* --from and --to need something that they bound. */
Q_MUST_CHECK enum q_code plan_check_bounds(const struct plan *plan, struct q_err *err);

/* A condition that is true of the rows that are read, over `column` (a fragment), with parameters. Never NULL for rows
 * whose cursor is not. */
const char *plan_reading_where(struct q_arena *arena, const struct plan_reading *reading,
                               const char *column);
/* All parameters of a reading's statements: lo_0, hi_0, lo_1 ..., upper, wanted, watermark. */
struct db_param *plan_reading_params(struct q_arena *arena, const struct plan_reading *reading,
                                     size_t *n);

/* The publishing step that writes watermarks and intervals. Nothing for a pipeline without incremental sources. */
void plan_publish_readings(struct plan *plan);

#endif
