/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of cursor columns, and sets of the intervals that were read (SEMANTICS A).
 *
 * A value is a parameter of the column's own type, so that it is bound as such and keeps every digit: microseconds,
 * decimals, all 128 bits. Its text is exact and reads back into the same value. Intervals are half-open: [lo, hi).
 *
 *     struct db_param v;
 *     code = cursor_parse(arena, Q_TYPE(Q_T_TIMESTAMP), "2024-01-01 08:00:00.000001", &v, err);
 *     cursor_text(arena, &v);
 *
 * Pure functions; any thread.
 */
#ifndef Q_STATE_CURSOR_H
#define Q_STATE_CURSOR_H

#include "base/vec.h"
#include "db/db.h"

/* Integers, decimals, dates, timestamps with or without zone, texts: what has one order everywhere. */
bool cursor_type_ok(struct q_type type);
/* Dates and timestamps: what the run's clock bounds. */
bool cursor_type_is_time(struct q_type type);

/* The value that a text spells, by the strict casts of batch/cast.h; a date or a time without zone is UTC where the type is
 * timestamptz. Q_USAGE: it spells none ("..." is no timestamp). `text` must live as long as *out. */
Q_MUST_CHECK enum q_code cursor_parse(struct q_arena *arena, struct q_type type, const char *text,
                                      struct db_param *out, struct q_err *err);
const char *cursor_text(struct q_arena *arena, const struct db_param *value);
/* Below 0, 0, above 0. Both of one type. */
int cursor_compare(const struct db_param *a, const struct db_param *b);
/* The value `distance` below: a duration for times ("1 hour"; whole days for dates), a number of the type for numbers. At
 * most as far as the type goes. Q_USAGE: no such distance, a negative one, or a text cursor. */
Q_MUST_CHECK enum q_code cursor_below(struct q_arena *arena, const struct db_param *value,
                                      const char *distance, struct db_param *out,
                                      struct q_err *err);
/* The smallest value above; false where there is none (texts, the largest value). */
bool cursor_next(const struct db_param *value, struct db_param *out);
/* The value of a time type that says `usec` UTC; a date when the day has begun is the next day: the first value that the
 * clock has not reached. */
struct db_param cursor_at(struct q_type type, int64_t usec);

struct cursor_interval {
    struct db_param lo, hi;
};
typedef Q_VEC(struct cursor_interval) cursor_intervals;

/* Sort, leave out empty ones and join those that touch. */
void cursor_merge(cursor_intervals *list);
/* What a merged list leaves out of [from, to). */
void cursor_holes(struct q_arena *arena, const cursor_intervals *list, const struct db_param *from,
                  const struct db_param *to, cursor_intervals *out);

#endif
