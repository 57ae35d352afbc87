/* SPDX-License-Identifier: Apache-2.0 */
#include "base/parse.h"

#include "base/clock.h"
#include "base/str.h"
#include "unit.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

static void whole_numbers_are_read_whole_and_in_range(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t min, max, value;
        const char *message; /* NULL: read */
    } cases[] = {
        {"0", 0, 9, 0, NULL},
        {"-5", -5, 5, -5, NULL},
        {"+5", -5, 5, 5, NULL},
        {"9223372036854775807", INT64_MIN, INT64_MAX, INT64_MAX, NULL},
        {"-9223372036854775808", INT64_MIN, INT64_MAX, INT64_MIN, NULL},
        {"9223372036854775808", INT64_MIN, INT64_MAX, 0,
         "cannot use 9223372036854775808 for --n: it must be from -9223372036854775808 to 9223372036854775807"},
        {"10", 1, 9, 0, "cannot use 10 for --n: it must be from 1 to 9"},
        {"0", 1, 9, 0, "cannot use 0 for --n: it must be from 1 to 9"},
        {"", 1, 9, 0, "cannot read --n: \"\" is not a whole number"},
        {" 1", 1, 9, 0, "cannot read --n: \" 1\" is not a whole number"},
        {"1 ", 1, 9, 0, "cannot read --n: \"1 \" is not a whole number"},
        {"1.0", 1, 9, 0, "cannot read --n: \"1.0\" is not a whole number"},
        {"0x1", 0, 9, 0, "cannot read --n: \"0x1\" is not a whole number"},
        {"-", 1, 9, 0, "cannot read --n: \"-\" is not a whole number"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct q_err err = {0};
        int64_t value = 77;
        enum q_code code =
            q_parse_int(cases[i].text, "--n", cases[i].min, cases[i].max, &value, &err);
        assert_int_equal(code, cases[i].message ? Q_USAGE : Q_OK);
        assert_string_equal(err.message, cases[i].message ? cases[i].message : "");
        assert_int_equal(value, code ? 77 : cases[i].value);
    }
}

static void numbers_are_finite_and_in_range(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double value;
        const char *message;
    } cases[] = {
        {"0.5", 0.5, NULL},
        {"-1e2", -100, NULL},
        {"nan", 0, "cannot read x: \"nan\" is not a number"},
        {"inf", 0, "cannot read x: \"inf\" is not a number"},
        {"1e999", 0, "cannot read x: \"1e999\" is not a number"},
        {"", 0, "cannot read x: \"\" is not a number"},
        {" 1", 0, "cannot read x: \" 1\" is not a number"},
        {"1,5", 0, "cannot read x: \"1,5\" is not a number"},
        {"101", 0, "cannot use 101 for x: it must be from -100 to 100"},
        {"-101", 0, "cannot use -101 for x: it must be from -100 to 100"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct q_err err = {0};
        double value = 0;
        assert_int_equal(q_parse_double(cases[i].text, "x", -100, 100, &value, &err),
                         cases[i].message ? Q_USAGE : Q_OK);
        assert_string_equal(err.message, cases[i].message ? cases[i].message : "");
        assert_true(value >= cases[i].value && value <= cases[i].value);
    }
}

static void truth_is_said_in_six_words(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int value; /* -1: refused */
    } cases[] = {{"true", 1}, {"YES", 1}, {"on", 1}, {"False", 0}, {"no", 0},
                 {"off", 0},  {"1", -1},  {"", -1},  {"truee", -1}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct q_err err = {0};
        bool value = false;
        enum q_code code = q_parse_bool(cases[i].text, "flag", &value, &err);
        assert_int_equal(code, cases[i].value < 0 ? Q_USAGE : Q_OK);
        if (!code)
            assert_int_equal(value, cases[i].value);
    }
    struct q_err err = {0};
    bool value;
    assert_int_equal(q_parse_bool("2", "--full", &value, &err), Q_USAGE);
    assert_string_equal(err.message, "cannot read --full: \"2\" is neither true nor false");
}

struct unit_case {
    const char *text;
    int64_t value;
    const char *message;
};

static void check_units(const struct unit_case *cases, size_t n,
                        enum q_code (*parse)(const char *, const char *, int64_t *, struct q_err *))
{
    for (size_t i = 0; i < n; i++) {
        struct q_err err = {0};
        int64_t value = 0;
        enum q_code code = parse(cases[i].text, "it", &value, &err);
        assert_string_equal(err.message, cases[i].message ? cases[i].message : "");
        assert_int_equal(code, cases[i].message ? Q_USAGE : Q_OK);
        if (!code)
            assert_int_equal(value, cases[i].value);
    }
}

static void sizes_have_units_of_ten_and_of_two(void **state)
{
    (void)state;
    static const struct unit_case cases[] = {
        {"100", 100, NULL},
        {"0", 0, NULL},
        {"512 MB", 512000000, NULL},
        {"1GiB", 1073741824, NULL},
        {"2 kb", 2000, NULL},
        {"3 TiB", INT64_C(3) << 40, NULL},
        {"1TB", 1000000000000, NULL},
        {"9223372036854775807 B", INT64_MAX, NULL},
        {"9223372036854775807 kB", 0,
         "cannot use \"9223372036854775807 kB\" for it: it is too large"},
        {"99999999999999999999", 0,
         "cannot read it: \"99999999999999999999\" is not a size like \"512 MB\""},
        {"", 0, "cannot read it: \"\" is not a size like \"512 MB\""},
        {"-1 MB", 0, "cannot read it: \"-1 MB\" is not a size like \"512 MB\""},
        {"MB", 0, "cannot read it: \"MB\" is not a size like \"512 MB\""},
        {"1.5 GB", 0, "cannot read it: \"1.5 GB\" has an unknown unit \".5 GB\""},
        {"5 mb/s", 0, "cannot read it: \"5 mb/s\" has an unknown unit \"mb/s\""},
    };
    check_units(cases, COUNT(cases), q_parse_size);
}

static void durations_are_seconds_unless_a_unit_is_given(void **state)
{
    (void)state;
    static const struct unit_case cases[] = {
        {"90", 90000000, NULL},
        {"90 s", 90000000, NULL},
        {"1 second", 1000000, NULL},
        {"5min", 300000000, NULL},
        {"2 minutes", 120000000, NULL},
        {"1 hour", 3600000000, NULL},
        {"3 h", 10800000000, NULL},
        {"2 days", 172800000000, NULL},
        {"1 week", 604800000000, NULL},
        {"250 ms", 250000, NULL},
        {"7 us", 7, NULL},
        {"1 m", 0, "cannot read it: \"1 m\" has an unknown unit \"m\""},
        {"soon", 0, "cannot read it: \"soon\" is not a duration like \"5 min\""},
        {"99999999999999 weeks", 0, "cannot use \"99999999999999 weeks\" for it: it is too large"},
    };
    check_units(cases, COUNT(cases), q_parse_duration);
}

static void dates_and_times_are_exact(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool date, time;
        const char *shown; /* of the time */
    } cases[] = {
        {"1970-01-01", true, true, "1970-01-01 00:00:00"},
        {"2026-11-21", true, true, "2026-11-21 00:00:00"},
        {"2024-02-29", true, true, "2024-02-29 00:00:00"},
        {"0001-01-01", true, true, "0001-01-01 00:00:00"},
        {"9999-12-31", true, true, "9999-12-31 00:00:00"},
        {"2026-11-21 08:26", false, true, "2026-11-21 08:26:00"},
        {"2026-11-21T08:26:59", false, true, "2026-11-21 08:26:59"},
        {"2026-11-21 08:26:59.5", false, true, "2026-11-21 08:26:59.500000"},
        {"2026-11-21T08:26:59.123456Z", false, true, "2026-11-21 08:26:59.123456"},
        {"1969-12-31 23:59:59.999999", false, true, "1969-12-31 23:59:59.999999"},
        {"2026-11-21Z", false, true, "2026-11-21 00:00:00"},
        {"2023-02-29", false, false, NULL},
        {"1900-02-29", false, false, NULL},
        {"2026-13-01", false, false, NULL},
        {"2026-00-01", false, false, NULL},
        {"2026-01-32", false, false, NULL},
        {"2026-1-1", false, false, NULL},
        {"26-01-01", false, false, NULL},
        {"2026/01/01", false, false, NULL},
        {"2026-01/01", false, false, NULL},
        {"2026-01-0", false, false, NULL},
        {"", false, false, NULL},
        {"2026", false, false, NULL},
        {"2026-01-01x", false, false, NULL},
        {"2026-01-01 24:00", false, false, NULL},
        {"2026-01-01 12:60", false, false, NULL},
        {"2026-01-01 12:59:60", false, false, NULL},
        {"2026-01-01 12", false, false, NULL},
        {"2026-01-01 12-00", false, false, NULL},
        {"2026-01-01 12:5", false, false, NULL},
        {"2026-01-01 12:50:", false, false, NULL},
        {"2026-01-01 12:50:10.", false, false, NULL},
        {"2026-01-01 12:50:10.1234567", false, false, NULL},
        {"2026-01-01 12:50:10+01", false, false, NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct q_err err = {0};
        int32_t days = 0;
        int64_t usec = 0;
        char shown[Q_TIMESTAMP_TEXT];
        if (q_parse_date(cases[i].text, "day", &days, &err) != (cases[i].date ? Q_OK : Q_USAGE) ||
            q_parse_timestamp(cases[i].text, "time", &usec, &err) !=
                (cases[i].time ? Q_OK : Q_USAGE))
            fail_msg("\"%s\": %s", cases[i].text, err.message);
        if (cases[i].time)
            assert_string_equal(q_timestamp_text(usec, shown), cases[i].shown);
        if (cases[i].date)
            assert_string_equal(q_date_text(days, shown), cases[i].text);
    }
    struct q_err err = {0};
    int32_t days;
    int64_t usec;
    assert_int_equal(q_parse_date("today", "--until", &days, &err), Q_USAGE);
    assert_string_equal(err.message,
                        "cannot read --until: \"today\" is not a date like 2026-01-31");
    assert_int_equal(q_parse_timestamp("now", "--as-of", &usec, &err), Q_USAGE);
    assert_string_equal(
        err.message,
        "cannot read --as-of: \"now\" is not a time like \"2026-01-31 08:30:00\" (UTC)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers_are_read_whole_and_in_range),
        cmocka_unit_test(numbers_are_finite_and_in_range),
        cmocka_unit_test(truth_is_said_in_six_words),
        cmocka_unit_test(sizes_have_units_of_ten_and_of_two),
        cmocka_unit_test(durations_are_seconds_unless_a_unit_is_given),
        cmocka_unit_test(dates_and_times_are_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
