/* SPDX-License-Identifier: Apache-2.0 */
#include "base/zone.h"

#include "base/clock.h"
#include "unit.h"

#define HOUR (INT64_C(3600) * Q_USEC_PER_SEC)

static int64_t at(int year, int month, int day, int hour, int minute)
{
    return q_days_from_civil(year, month, day) * Q_USEC_PER_DAY + hour * HOUR + minute * HOUR / 60;
}

static void a_fixed_zone_is_utc_or_an_offset_of_at_most_14_hours(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
        int minutes;
    } cases[] = {{"UTC", true, 0},       {"+00:00", true, 0},        {"+02:00", true, 120},
                 {"-05:30", true, -330}, {"+14:00", true, 840},      {"-14:00", true, -840},
                 {"+14:01", false, 0},   {"+15:00", false, 0},       {"+2:00", false, 0},
                 {"02:00", false, 0},    {"+02:60", false, 0},       {"+02:0", false, 0},
                 {"+02", false, 0},      {"+02:000", false, 0},      {"", false, 0},
                 {"-", false, 0},        {"Europe/Berlin", false, 0}};
    struct q_arena *arena = q_arena_new(NULL, "test");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct q_zone z;
        bool ok = q_zone_fixed(arena, cases[i].text, &z);
        if (ok != cases[i].ok || (ok && z.v[0].offset != cases[i].minutes * HOUR / 60))
            fail_msg("\"%s\": %d", cases[i].text, ok);
    }
    struct q_zone z;
    int64_t out[2];
    assert_true(q_zone_fixed(arena, "+02:00", &z));
    assert_int_equal(q_zone_instants(&z, at(9999, 12, 31, 1, 0), out), Q_ZONE_ONCE);
    assert_true(out[0] == at(9999, 12, 30, 23, 0) && out[1] == out[0]);
    assert_true(q_zone_least_local(&z, 0) == 2 * HOUR && q_zone_most_local(&z, 0) == 2 * HOUR);
    q_arena_free(arena);
}

/* Clocks of two changes: forward one hour on day 10, back one hour on day 20. */
static const struct q_zone_span spans[] = {
    {INT64_MIN, HOUR}, {10 * Q_USEC_PER_DAY, 2 * HOUR}, {20 * Q_USEC_PER_DAY, HOUR}};
static const struct q_zone zone = {spans, 3};

static void local_times_are_there_once_twice_or_not(void **state)
{
    (void)state;
    const int64_t forward = spans[1].from, back = spans[2].from, usec = 1;
    const struct {
        int64_t local;
        enum q_zone_fit fit;
        int64_t before, after; /* offsets */
    } cases[] = {
        {forward + HOUR - usec, Q_ZONE_ONCE, HOUR, HOUR},
        {forward + HOUR, Q_ZONE_SKIPPED, HOUR, 2 * HOUR},
        {forward + 2 * HOUR - usec, Q_ZONE_SKIPPED, HOUR, 2 * HOUR},
        {forward + 2 * HOUR, Q_ZONE_ONCE, 2 * HOUR, 2 * HOUR},
        {back + HOUR - usec, Q_ZONE_ONCE, 2 * HOUR, 2 * HOUR},
        {back + HOUR, Q_ZONE_TWICE, 2 * HOUR, HOUR},
        {back + 2 * HOUR - usec, Q_ZONE_TWICE, 2 * HOUR, HOUR},
        {back + 2 * HOUR, Q_ZONE_ONCE, HOUR, HOUR},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t out[2];
        enum q_zone_fit fit = q_zone_instants(&zone, cases[i].local, out);
        if (fit != cases[i].fit || out[0] != cases[i].local - cases[i].before ||
            out[1] != cases[i].local - cases[i].after)
            fail_msg("case %zu: %d", i, (int)fit);
    }
}

/* Whatever a rule makes of the local times, a range of local times loses no instant of a range. */
static void bounds_enclose_every_local_time(void **state)
{
    (void)state;
    for (int64_t bound = 8 * Q_USEC_PER_DAY; bound < 22 * Q_USEC_PER_DAY; bound += HOUR / 2)
        for (int64_t local = bound - 30 * HOUR; local < bound + 30 * HOUR; local += HOUR / 2) {
            int64_t out[2];
            (void)q_zone_instants(&zone, local, out);
            for (size_t rule = 0; rule < 2; rule++) {
                assert_true(out[rule] < bound || local >= q_zone_least_local(&zone, bound));
                assert_true(out[rule] > bound || local <= q_zone_most_local(&zone, bound));
            }
        }
    assert_true(q_zone_least_local(&zone, 15 * Q_USEC_PER_DAY) ==
                15 * Q_USEC_PER_DAY + 2 * HOUR); /* and no more than that far from a change */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fixed_zone_is_utc_or_an_offset_of_at_most_14_hours),
        cmocka_unit_test(local_times_are_there_once_twice_or_not),
        cmocka_unit_test(bounds_enclose_every_local_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
