/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include "unit.h"

static void known_days_have_known_numbers_and_weekdays(void **state)
{
    (void)state;
    static const struct {
        int year, month, day;
        int32_t days;
        int weekday;
    } cases[] = {
        {1970, 1, 1, 0, 4},         {1969, 12, 31, -1, 3},
        {2000, 1, 1, 10957, 6},     {2000, 2, 29, 11016, 2},
        {2000, 3, 1, 11017, 3},     {1900, 2, 28, -25509, 3},
        {1900, 3, 1, -25508, 4},    {1600, 1, 1, -135140, 6},
        {1600, 2, 29, -135081, 2},  {1, 1, 1, -719162, 1},
        {0, 12, 31, -719163, 7},    {0, 3, 1, -719468, 3},
        {0, 2, 29, -719469, 2},     {-1, 1, 1, -719893, 5},
        {2100, 2, 28, 47540, 7},    {2100, 3, 1, 47541, 1},
        {9999, 12, 31, 2932896, 5}, {2026, 11, 21, 20778, 6},
        {1000, 1, 1, -354285, 3},   {-400, 3, 1, -719468 - 146097, 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int32_t days = q_days_from_civil(cases[i].year, cases[i].month, cases[i].day);
        struct q_civil c = q_civil_from_days(cases[i].days);
        if (days != cases[i].days || c.year != cases[i].year || c.month != cases[i].month ||
            c.day != cases[i].day || q_weekday(days) != cases[i].weekday)
            fail_msg("%d-%d-%d: %d, weekday %d, back %d-%d-%d", cases[i].year, cases[i].month,
                     cases[i].day, days, q_weekday(days), c.year, c.month, c.day);
    }
}

static void every_day_of_four_thousand_years_follows_the_day_before(void **state)
{
    (void)state;
    struct q_civil c = {-1000, 1, 1};
    int32_t days = q_days_from_civil(c.year, c.month, c.day);
    int weekday = q_weekday(days);
    while (c.year < 3000) {
        struct q_civil got = q_civil_from_days(days);
        if (got.year != c.year || got.month != c.month || got.day != c.day ||
            q_days_from_civil(c.year, c.month, c.day) != days || q_weekday(days) != weekday)
            fail_msg("day %d is %d-%d-%d", days, got.year, got.month, got.day);
        days++;
        weekday = weekday % 7 + 1;
        if (q_civil_valid(c.year, c.month, c.day + 1))
            c.day++;
        else if (c.month < 12)
            c = (struct q_civil){c.year, c.month + 1, 1};
        else
            c = (struct q_civil){c.year + 1, 1, 1};
    }
}

static void leap_years_have_a_29th_of_february(void **state)
{
    (void)state;
    static const struct {
        int year, month, day;
        bool valid;
    } cases[] = {
        {1600, 2, 29, true},  {1900, 2, 29, false}, {2000, 2, 29, true},  {2100, 2, 29, false},
        {2024, 2, 29, true},  {2023, 2, 29, false}, {2024, 2, 30, false}, {1, 1, 1, true},
        {2024, 4, 31, false}, {2024, 12, 31, true}, {2024, 13, 1, false}, {2024, 0, 1, false},
        {2024, 1, 0, false},  {2024, 1, -1, false}, {0, 2, 29, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(q_civil_valid(cases[i].year, cases[i].month, cases[i].day),
                         cases[i].valid);
}

static void times_are_shown_with_microseconds_only_when_there_are_some(void **state)
{
    (void)state;
    static const struct {
        int64_t usec;
        const char *text;
    } cases[] = {
        {0, "1970-01-01 00:00:00"},
        {1, "1970-01-01 00:00:00.000001"},
        {-1, "1969-12-31 23:59:59.999999"},
        {-86400000000, "1969-12-31 00:00:00"},
        {INT64_C(1795249560000000), "2026-11-21 08:26:00"},
        {INT64_C(-62135596800000000), "0001-01-01 00:00:00"},
        {INT64_MAX, "294247-01-10 04:00:54.775807"},
        {INT64_MIN, "-290308-12-21 19:59:05.224192"},
    };
    char text[Q_TIMESTAMP_TEXT];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(q_timestamp_text(cases[i].usec, text), cases[i].text);
    assert_string_equal(q_date_text(20778, text), "2026-11-21");
}

static void a_set_clock_stands_still_until_it_is_reset(void **state)
{
    (void)state;
    int64_t before = q_now(), ticks = q_ticks();
    q_clock_set(42);
    assert_int_equal(q_now(), 42);
    assert_int_equal(q_now(), 42);
    assert_true(q_ticks() >= ticks);
    q_clock_reset();
    assert_true(q_now() >= before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_days_have_known_numbers_and_weekdays),
        cmocka_unit_test(every_day_of_four_thousand_years_follows_the_day_before),
        cmocka_unit_test(leap_years_have_a_29th_of_february),
        cmocka_unit_test(times_are_shown_with_microseconds_only_when_there_are_some),
        cmocka_unit_test(a_set_clock_stands_still_until_it_is_reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
