/* SPDX-License-Identifier: Apache-2.0 */
#include "base/zone.h"

#include <assert.h>

#include "base/clock.h"
#include "base/str.h"

/* A digit, or something that is none. */
static unsigned digit(char c)
{
    return (unsigned)c - '0';
}

bool q_zone_fixed(struct q_arena *arena, const char *text, struct q_zone *out)
{
    enum { HOURS_MAX = 14, MINUTES = 60 };
    const char *p = text;
    int64_t minutes = 0;
    if (!q_streq(text, "UTC")) {
        if ((*p != '+' && *p != '-') || digit(p[1]) > 9 || digit(p[2]) > 9 || p[3] != ':' ||
            digit(p[4]) > 5 || digit(p[5]) > 9 || p[6])
            return false;
        unsigned hours = digit(p[1]) * 10 + digit(p[2]);
        minutes = (int64_t)hours * MINUTES + digit(p[4]) * 10 + digit(p[5]);
        if (minutes > (int64_t)HOURS_MAX * MINUTES)
            return false;
    }
    struct q_zone_span *span = q_new(arena, struct q_zone_span);
    span->from = INT64_MIN;
    span->offset = (*p == '-' ? -minutes : minutes) * MINUTES * Q_USEC_PER_SEC;
    *out = (struct q_zone){.v = span, .n = 1};
    return true;
}

/* The span of an instant. */
static size_t span_at(const struct q_zone *z, int64_t instant)
{
    size_t lo = 0, hi = z->n;
    while (hi - lo > 1) {
        size_t mid = lo + (hi - lo) / 2;
        if (z->v[mid].from <= instant)
            lo = mid;
        else
            hi = mid;
    }
    return lo;
}

static int64_t year_start(int year)
{
    return q_days_from_civil(year, 1, 1) * Q_USEC_PER_DAY;
}

static bool is_leap(int year)
{
    return q_civil_valid(year, 2, 29);
}

/* How much earlier a year of the same kind is that the spans know; 0: they know this one. */
static int64_t back_to_known(const struct q_zone *z, int64_t time)
{
    if (z->n == 1 || time < year_start(Q_ZONE_LAST_YEAR + 1))
        return 0;
    int year = q_civil_from_days((int32_t)(time / Q_USEC_PER_DAY)).year;
    int32_t day = q_days_from_civil(year, 1, 1);
    for (int known = Q_ZONE_LAST_YEAR - Q_ZONE_YEARS + 1; known <= Q_ZONE_LAST_YEAR; known++)
        if (is_leap(known) == is_leap(year) &&
            q_weekday(q_days_from_civil(known, 1, 1)) == q_weekday(day))
            return year_start(year) - year_start(known);
    assert(!"28 years have every kind of year");
    return 0;
}

enum q_zone_fit q_zone_instants(const struct q_zone *z, int64_t local, int64_t out[static 2])
{
    int64_t back = back_to_known(z, local);
    int64_t at = local - back;
    unsigned found = 0;
    size_t i = span_at(z, at - Q_USEC_PER_DAY);
    for (; i < z->n && z->v[i].from <= at + Q_USEC_PER_DAY; i++) {
        int64_t instant = at - z->v[i].offset;
        bool shown = instant >= z->v[i].from && (i + 1 == z->n || instant < z->v[i + 1].from);
        if (shown && found < 2)
            out[found++] = instant + back;
    }
    if (found) {
        out[1] = out[found - 1];
        return found == 2 ? Q_ZONE_TWICE : Q_ZONE_ONCE;
    }
    /* the first span that would begin behind it */
    for (i = span_at(z, at - Q_USEC_PER_DAY) + 1; at - z->v[i].offset >= z->v[i].from; i++)
        assert(i + 1 < z->n);
    out[0] = local - z->v[i - 1].offset;
    out[1] = local - z->v[i].offset;
    return Q_ZONE_SKIPPED;
}

/* Offsets within two days of an instant: no clock is put by more than one day. */
static int64_t local_by(const struct q_zone *z, int64_t instant, bool least)
{
    int64_t at = instant - back_to_known(z, instant);
    size_t i = span_at(z, at - 2 * Q_USEC_PER_DAY);
    int64_t offset = z->v[i].offset;
    for (; i < z->n && z->v[i].from <= at + 2 * Q_USEC_PER_DAY; i++)
        if (least ? z->v[i].offset < offset : z->v[i].offset > offset)
            offset = z->v[i].offset;
    return instant + offset;
}

int64_t q_zone_least_local(const struct q_zone *z, int64_t instant)
{
    return local_by(z, instant, true);
}

int64_t q_zone_most_local(const struct q_zone *z, int64_t instant)
{
    return local_by(z, instant, false);
}
