/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A zone of civil time: how far its clocks are from UTC, and since when. What a clock on the wall shows is a *local* time,
 * microseconds since 1970-01-01 00:00:00 of the zone, as a timestamp without a zone has them.
 *
 * Clocks that are put back show local times twice, clocks that are put forward skip some:
 *
 *     Europe/Berlin   31 March 2024, 01:00 UTC    02:00 to 03:00 are skipped
 *                     27 October 2024, 01:00 UTC  02:00 to 03:00 are shown twice
 *
 *     struct q_zone zone;
 *     if (!q_zone_fixed(arena, name, &zone))
 *         code = db_zone(db, arena, name, &zone, err);     db/zone.h
 *     int64_t instant[2];
 *     if (q_zone_instants(&zone, local, instant) == Q_ZONE_ONCE) use(instant[0]);
 *
 * Immutable once it is made; any thread.
 */
#ifndef Q_BASE_ZONE_H
#define Q_BASE_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct q_zone_span {
    int64_t from;   /* instant, microseconds UTC; until the next span */
    int64_t offset; /* local time minus UTC, microseconds; less than a day, either way */
};

/* From year 2129 on the rules of the years 2101 to 2128 hold for ever: among these there is one of every kind of year. */
enum { Q_ZONE_LAST_YEAR = 2128, Q_ZONE_YEARS = 28 };

struct q_zone {
    const struct q_zone_span
        *v;   /* ascending; the first begins at INT64_MIN; up to Q_ZONE_LAST_YEAR */
    size_t n; /* at least 1 */
};

/* "UTC", "+02:00", "-05:30": at most 14 hours. False when `text` is none of these. */
bool q_zone_fixed(struct q_arena *arena, const char *text, struct q_zone *out);

enum q_zone_fit { Q_ZONE_ONCE, Q_ZONE_TWICE, Q_ZONE_SKIPPED };

/* The instant of a local time: with the offset before a change of the clocks, and with the one after it. */
enum q_zone_fit q_zone_instants(const struct q_zone *z, int64_t local, int64_t out[static 2]);
/* Local times that enclose instants: whatever q_zone_instants() puts at or after `instant` has a local time of at least
 * the first, whatever it puts at or before `instant` one of at most the second. */
int64_t q_zone_least_local(const struct q_zone *z, int64_t instant);
int64_t q_zone_most_local(const struct q_zone *z, int64_t instant);

#endif
