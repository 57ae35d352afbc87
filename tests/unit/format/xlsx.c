/* SPDX-License-Identifier: Apache-2.0 */
/* What a workbook's numbers, formats and places mean. Whole workbooks are read in tests/cli/input/xlsx-*.test. */
#include "unit.h"

#include <string.h>

#include "format/read/xlsx_format.h"
#include "format/read/xlsx_sheet.h"
#include "format/read/xlsx_strings.h"

static void a_format_says_whether_a_number_is_a_date(void **state)
{
    static const struct {
        const char *code;
        enum xlsx_kind kind;
    } cases[] = {
        {"General", XLSX_NUMBER},
        {"0.00", XLSX_NUMBER},
        {"#,##0.00 \"days\"", XLSX_NUMBER},
        {"0.00E+00", XLSX_NUMBER},
        {"##0.0e-0", XLSX_NUMBER},
        {"0%", XLSX_NUMBER},
        {"[Red]0;[Blue]-0", XLSX_NUMBER},
        {"[$\xE2\x82\xAC-407] #,##0.00", XLSX_NUMBER},
        {"_-* #,##0.00\\ \"d\"_-", XLSX_NUMBER},
        {"@", XLSX_NUMBER},
        {"0\\d", XLSX_NUMBER},
        {"dd/mm/yyyy", XLSX_DATE},
        {"yyyy\\-mm\\-dd;@", XLSX_DATE},
        {"[$-409]mmmm d, yyyy", XLSX_DATE},
        {"mmm-yy", XLSX_DATE},
        {"mm", XLSX_DATE},
        {"[Red]d.m.", XLSX_DATE},
        {"h:mm", XLSX_TIME},
        {"hh:mm:ss.000", XLSX_TIME},
        {"mm:ss", XLSX_TIME},
        {"h AM/PM", XLSX_TIME},
        {"h:mm a/p", XLSX_TIME},
        {"dd/mm/yyyy hh:mm", XLSX_DATETIME},
        {"m/d/yy h:mm", XLSX_DATETIME},
        {"yyyy\"-\"mm\"-\"dd\"T\"hh:mm:ss", XLSX_DATETIME},
        {"[h]:mm", XLSX_ELAPSED},
        {"[mm]:ss", XLSX_ELAPSED},
        {"\"y\"0", XLSX_NUMBER},
        {"\"open", XLSX_NUMBER},
        {"[h", XLSX_ELAPSED},
        {"\\", XLSX_NUMBER},
        {"", XLSX_NUMBER},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum xlsx_kind kind = xlsx_format_kind(cases[i].code);
        if (kind != cases[i].kind)
            fail_msg("%s is %d, not %d", cases[i].code, (int)kind, (int)cases[i].kind);
    }
    static const int dates[] = {14, 15, 16, 17, 27, 36, 57}, times[] = {18, 21, 45, 47},
                     numbers[] = {0, 1, 2, 9, 10, 11, 13, 37, 44, 48, 49, 163};
    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++)
        assert_int_equal(xlsx_builtin_kind(dates[i]), XLSX_DATE);
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        assert_int_equal(xlsx_builtin_kind(times[i]), XLSX_TIME);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        assert_int_equal(xlsx_builtin_kind(numbers[i]), XLSX_NUMBER);
    assert_int_equal(xlsx_builtin_kind(22), XLSX_DATETIME);
    assert_int_equal(xlsx_builtin_kind(46), XLSX_ELAPSED);
}

static void days_are_dates_and_times_of_both_systems(void **state)
{
    static const struct {
        double days;
        enum xlsx_kind kind;
        bool from_1904, short_date;
        const char *text; /* NULL: no date */
    } cases[] = {
        {1, XLSX_DATE, false, false, "1900-01-01"},
        {59, XLSX_DATE, false, false, "1900-02-28"},
        {60, XLSX_DATE, false, false, "1900-02-29"}, /* which no cast accepts */
        {61, XLSX_DATE, false, false, "1900-03-01"},
        {40513, XLSX_DATE, false, false, "2010-12-01"},
        {40513, XLSX_DATETIME, false, false, "2010-12-01 00:00:00"},
        {40513, XLSX_DATETIME, false, true, "2010-12-01"},
        {40513.351388888892, XLSX_DATETIME, false, false, "2010-12-01 08:26:00"},
        {40513.3513888889, XLSX_DATETIME, false, true, "2010-12-01 08:26:00"},
        {40513.351388888892, XLSX_DATE, false, false, "2010-12-01 08:26:00"},
        {45000.999999999, XLSX_DATETIME, false, false, "2023-03-15 23:59:59.999914"},
        {45000.99999999999, XLSX_DATETIME, false, false, "2023-03-16 00:00:00"},
        {0.5000014351851852, XLSX_TIME, false, false, "12:00:00.124"},
        {0.999988425925926, XLSX_TIME, false, false, "23:59:59"},
        {0, XLSX_TIME, false, false, "00:00:00"},
        {0.25, XLSX_DATETIME, false, false, "06:00:00"},
        {1.5, XLSX_TIME, false, false, "1900-01-01 12:00:00"},
        {1.5, XLSX_ELAPSED, false, false, "36:00:00"},
        {0.75, XLSX_ELAPSED, true, false, "18:00:00"},
        {0, XLSX_DATE, false, false, NULL},
        {-1, XLSX_DATE, false, false, NULL},
        {2958465, XLSX_DATE, false, false, "9999-12-31"},
        {2958466, XLSX_DATE, false, false, NULL},
        {1e300, XLSX_DATE, false, false, NULL},
        {0, XLSX_DATE, true, false, "1904-01-01"},
        {39051, XLSX_DATE, true, false, "2010-12-01"},
        {0.25, XLSX_TIME, true, false, "06:00:00"},
        {2957004, XLSX_DATE, true, false, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[XLSX_TEXT];
        bool ok =
            xlsx_moment(cases[i].days, cases[i].kind, cases[i].from_1904, cases[i].short_date, out);
        assert_int_equal(ok, cases[i].text != NULL);
        if (ok)
            assert_string_equal(out, cases[i].text);
    }
}

static void a_number_is_what_is_written_but_for_digits_of_its_double(void **state)
{
    static const char *const cases[][2] = {
        {"5", "5"},
        {"-5.50", "-5.50"},
        {"007", "007"},
        {"12345678901234567", "12345678901234567"},
        {"10000000000000001", "10000000000000001"},
        {"19.989999999999998", "19.99"},
        {"0.10000000000000001", "0.1"},
        {"0.30000000000000004", "0.30000000000000004"},
        {"0.92657348598621043", "0.9265734859862105"},
        {"1E-2", "0.01"},
        {"1.5E+3", "1500"},
        {"-1.2345E+20", "-123450000000000000000"},
        {"1.0000000000000001E-5", "0.00001"},
        {"4.9406564584124654E-324", "4.9406564584124654E-324"},
        {"1E+99", "1E+99"},
        {"0E+5", "0"},
        {"1.", "1."},
        {"", ""},
        {"abc", "abc"},
        {"1.2.3", "1.2.3"},
        {"1e", "1"},
        {"-", "-"},
        {"1E5x", "1E5x"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[XLSX_TEXT], text[XLSX_TEXT];
        struct q_str got = xlsx_number(q_str(cases[i][0]), out);
        memcpy(text, got.p, got.n);
        text[got.n] = 0;
        assert_string_equal(text, cases[i][1]);
    }
}

static void places_are_letters_and_numbers(void **state)
{
    static const struct {
        const char *text;
        bool ok;
        struct xlsx_area area;
    } cases[] = {
        {"B3:F200", true, {3, 200, 1, 5}},
        {"$B$3:$F$200", true, {3, 200, 1, 5}},
        {"b:f", true, {1, 0, 1, 5}},
        {"B3:F", true, {3, 0, 1, 5}},
        {"A1:XFD1048576", true, {1, 1048576, 0, 16383}},
        {"A1:XFE1", false, {0, 0, 0, 0}},
        {"F1:B2", false, {0, 0, 0, 0}},
        {"B5:F3", false, {0, 0, 0, 0}},
        {"B3", false, {0, 0, 0, 0}},
        {"3:5", false, {0, 0, 0, 0}},
        {"B3:F200x", false, {0, 0, 0, 0}},
        {"", false, {0, 0, 0, 0}},
        {":", false, {0, 0, 0, 0}},
    };
    static const struct {
        int64_t col;
        const char *letters;
    } columns[] = {{0, "A"}, {25, "Z"}, {26, "AA"}, {701, "ZZ"}, {702, "AAA"}, {16383, "XFD"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct xlsx_area area = {0};
        assert_int_equal(xlsx_area_parse(cases[i].text, &area), cases[i].ok);
        if (cases[i].ok)
            assert_memory_equal(&area, &cases[i].area, sizeof area);
    }
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        char out[XLSX_LETTERS];
        assert_string_equal(xlsx_letters(columns[i].col, out), columns[i].letters);
    }
}

static void characters_that_xml_cannot_hold_come_back(void **state)
{
    static const char *const cases[][2] = {
        {"a_x000D_b", "a\rb"},       {"_x005F_x000D_", "_x000D_"}, {"_x00e9_", "\xC3\xA9"},
        {"_x20AC_", "\xE2\x82\xAC"}, {"_x0000_", "_x0000_"},       {"_xD800_", "_xD800_"},
        {"_x00g0_", "_x00g0_"},      {"_x000D", "_x000D"},         {"a_b_c", "a_b_c"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[64];
        (void)strcpy(text, cases[i][0]);
        text[xlsx_unescape(text, strlen(text))] = 0;
        assert_string_equal(text, cases[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_format_says_whether_a_number_is_a_date),
        cmocka_unit_test(days_are_dates_and_times_of_both_systems),
        cmocka_unit_test(a_number_is_what_is_written_but_for_digits_of_its_double),
        cmocka_unit_test(places_are_letters_and_numbers),
        cmocka_unit_test(characters_that_xml_cannot_hold_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
