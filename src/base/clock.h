/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One clock and the calendar.
 *
 * Times are int64 microseconds since 1970-01-01 00:00:00 UTC; dates are int32 days since 1970-01-01,
 * proleptic Gregorian. Tests and `--as-of` set the clock; QUERN_NOW in the environment does the same
 * for a whole process.
 */
#ifndef Q_BASE_CLOCK_H
#define Q_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

#define Q_USEC_PER_SEC INT64_C(1000000)
#define Q_USEC_PER_DAY (INT64_C(86400) * Q_USEC_PER_SEC)

/* Now, in microseconds UTC: the set time when one is set. */
int64_t q_now(void);
/* From now on q_now() answers `usec`. */
void q_clock_set(int64_t usec);
void q_clock_reset(void);
/* Monotonic microseconds for measuring; never set. */
int64_t q_ticks(void);

struct q_civil {
    int year;  /* astronomical: 0 is 1 BC */
    int month; /* 1..12 */
    int day;   /* 1..31 */
};

/* Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms". */
int32_t q_days_from_civil(int year, int month, int day);
struct q_civil q_civil_from_days(int32_t days);
bool q_civil_valid(int year, int month, int day);
/* ISO weekday, Monday = 1 .. Sunday = 7. */
int q_weekday(int32_t days);

enum { Q_TIMESTAMP_TEXT = 40 };
/* "2026-11-21 08:26:00" or with ".123456" when there are microseconds. `out` holds Q_TIMESTAMP_TEXT. */
const char *q_timestamp_text(int64_t usec, char out[static Q_TIMESTAMP_TEXT]);
/* "2026-11-21". */
const char *q_date_text(int32_t days, char out[static Q_TIMESTAMP_TEXT]);

#endif
