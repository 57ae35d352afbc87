/* SPDX-License-Identifier: Apache-2.0 */
/* Zones from the engine's data. */
#include "db/zone.h"

#include "base/clock.h"
#include "support/place.h"
#include "unit.h"

#define MINUTE (INT64_C(60) * Q_USEC_PER_SEC)

struct fixture {
    struct place place;
    struct db_conn *conn;
};

static struct fixture make(void)
{
    struct fixture f = {.place = place_make()};
    struct db_settings settings = {.threads = 2};
    struct q_err err = {0};
    struct db *db;
    if (db_open(f.place.arena, &settings, &db, &err) ||
        db_connect(db, f.place.arena, &f.conn, &err))
        fail_msg("%s", err.message);
    return f;
}

static struct q_zone zone_of(struct fixture *f, const char *name)
{
    struct q_zone z;
    struct q_err err = {0};
    if (db_zone(f->conn, f->place.arena, name, &z, &err))
        fail_msg("%s", err.message);
    return z;
}

struct local {
    int year, month, day, hour, minute;
    enum q_zone_fit fit;
    int before, after; /* minutes */
};

static void expect(const struct q_zone *z, const char *name, const struct local *l)
{
    int64_t out[2];
    int64_t time = q_days_from_civil(l->year, l->month, l->day) * Q_USEC_PER_DAY +
                   (l->hour * 60 + l->minute) * MINUTE;
    enum q_zone_fit fit = q_zone_instants(z, time, out);
    if (fit != l->fit || time - out[0] != l->before * MINUTE || time - out[1] != l->after * MINUTE)
        fail_msg("%s %d-%d-%d %d:%d: fit %d, offsets %d and %d min", name, l->year, l->month,
                 l->day, l->hour, l->minute, (int)fit, (int)((time - out[0]) / MINUTE),
                 (int)((time - out[1]) / MINUTE));
}

static void berlin_skips_an_hour_in_spring_and_has_one_twice_in_autumn_for_ever(void **state)
{
    (void)state;
    static const struct local cases[] = {
        {2024, 1, 1, 0, 0, Q_ZONE_ONCE, 60, 60},
        {2024, 7, 1, 12, 0, Q_ZONE_ONCE, 120, 120},
        {2024, 3, 31, 1, 59, Q_ZONE_ONCE, 60, 60},
        {2024, 3, 31, 2, 0, Q_ZONE_SKIPPED, 60, 120},
        {2024, 3, 31, 2, 59, Q_ZONE_SKIPPED, 60, 120},
        {2024, 3, 31, 3, 0, Q_ZONE_ONCE, 120, 120},
        {2024, 10, 27, 1, 59, Q_ZONE_ONCE, 120, 120},
        {2024, 10, 27, 2, 0, Q_ZONE_TWICE, 120, 60},
        {2024, 10, 27, 2, 59, Q_ZONE_TWICE, 120, 60},
        {2024, 10, 27, 3, 0, Q_ZONE_ONCE, 60, 60},
        {1970, 7, 1, 0, 0, Q_ZONE_ONCE, 60, 60},
        {1945, 6, 1, 0, 0, Q_ZONE_ONCE, 180, 180},
        {2128, 10, 31, 2, 30, Q_ZONE_TWICE, 120, 60},
        {2129, 3, 27, 2, 30, Q_ZONE_SKIPPED, 60, 120},
        {2400, 3, 26, 2, 30, Q_ZONE_SKIPPED, 60, 120},
        {2500, 7, 1, 0, 0, Q_ZONE_ONCE, 120, 120},
        {9999, 12, 31, 23, 59, Q_ZONE_ONCE, 60, 60},
        {9999, 10, 31, 2, 30, Q_ZONE_TWICE, 120, 60},
    };
    struct fixture f = make();
    struct q_zone z = zone_of(&f, "Europe/Berlin");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect(&z, "Berlin", &cases[i]);
    place_drop(&f.place);
}

static void zones_of_all_kinds_have_their_offsets(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct local local;
    } cases[] = {
        {"Asia/Kolkata", {2024, 7, 1, 0, 0, Q_ZONE_ONCE, 330, 330}},
        {"Asia/Kathmandu", {2024, 7, 1, 0, 0, Q_ZONE_ONCE, 345, 345}},
        {"America/New_York", {2024, 11, 3, 1, 30, Q_ZONE_TWICE, -240, -300}},
        {"America/New_York", {2024, 3, 10, 2, 30, Q_ZONE_SKIPPED, -300, -240}},
        {"Australia/Lord_Howe", {2024, 4, 7, 1, 45, Q_ZONE_TWICE, 660, 630}},
        {"Australia/Sydney", {2400, 1, 1, 0, 0, Q_ZONE_ONCE, 660, 660}},
        {"Pacific/Apia", {2011, 12, 30, 12, 0, Q_ZONE_SKIPPED, -600, 840}}, /* a day */
        {"Africa/Cairo", {2014, 6, 28, 12, 0, Q_ZONE_ONCE, 120, 120}}, /* four changes a year */
    };
    struct fixture f = make();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct q_zone z = zone_of(&f, cases[i].name);
        expect(&z, cases[i].name, &cases[i].local);
    }
    place_drop(&f.place);
}

static void an_unknown_zone_is_told_with_the_nearest(void **state)
{
    (void)state;
    struct fixture f = make();
    struct q_zone z;
    struct q_err err = {0};
    assert_int_equal(db_zone(f.conn, f.place.arena, "Europe/Berlim", &z, &err), Q_CONFIG);
    assert_string_equal(err.message, "there is no time zone \"Europe/Berlim\"");
    assert_string_equal(err.hint, "Did you mean `Europe/Berlin`?");
    place_drop(&f.place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(berlin_skips_an_hour_in_spring_and_has_one_twice_in_autumn_for_ever),
        cmocka_unit_test(zones_of_all_kinds_have_their_offsets),
        cmocka_unit_test(an_unknown_zone_is_told_with_the_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
