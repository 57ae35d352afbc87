/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "format/write/svg.h"

static char *drawn(struct q_arena *arena, const struct svg_chart *chart)
{
    struct q_buf out;
    q_buf_init(&out, 1 << 20);
    svg_write(&out, chart);
    assert_false(out.full);
    char *copy = q_strndup(arena, q_buf_text(&out), out.n);
    q_buf_release(&out);
    assert_null(strstr(copy, "nan"));
    assert_null(strstr(copy, "inf"));
    assert_true(q_ends(copy, "</svg>\n"));
    return copy;
}

static size_t count(const char *text, const char *what)
{
    size_t n = 0;
    for (const char *p = text; (p = strstr(p, what)); p += strlen(what))
        n++;
    return n;
}

static const char *const labels[] = {"one", "two <&>", "three", "four"};

static struct svg_chart chart_of(enum svg_kind kind, const struct svg_series *series,
                                 size_t n_series, size_t n)
{
    return (struct svg_chart){.kind = kind,
                              .x_name = "x",
                              .labels = labels,
                              .n = n,
                              .series = series,
                              .n_series = n_series};
}

static void bars_are_one_a_value(void **state)
{
    (void)state;
    struct q_arena *arena = q_arena_new(NULL, "test");
    const double a[] = {1, 2.5, NAN, -4}, b[] = {4, 3, 2, 1};
    const struct svg_series series[] = {{"a", a}, {"b", b}};
    struct svg_chart one = chart_of(SVG_BAR, series, 1, 4), two = chart_of(SVG_HBAR, series, 2, 4);
    const char *got = drawn(arena, &one);
    assert_int_equal(count(got, "<rect"), 3);
    assert_non_null(strstr(got, "<title>two &lt;&amp;&gt;: 2.50</title>"));
    got = drawn(arena, &two);
    assert_int_equal(count(got, "<rect"), 7 + 2); /* and the legend */
    assert_non_null(strstr(got, "<title>four, a: -4.00</title>"));
    q_arena_free(arena);
}

static void a_gap_parts_a_line(void **state)
{
    (void)state;
    struct q_arena *arena = q_arena_new(NULL, "test");
    const double a[] = {1, 2, NAN, 4};
    const struct svg_series series[] = {{"a", a}};
    struct svg_chart line = chart_of(SVG_LINE, series, 1, 4),
                     area = chart_of(SVG_AREA, series, 1, 4);
    const char *got = drawn(arena, &line);
    assert_int_equal(count(got, "<path"), 1);
    assert_int_equal(count(got, "<circle"), 3);
    assert_int_equal(count(drawn(arena, &area), "class=\"a f0\""), 2);
    q_arena_free(arena);
}

static void a_year_of_days_is_marked_by_months(void **state)
{
    (void)state;
    enum { DAYS = 366 };
    struct q_arena *arena = q_arena_new(NULL, "test");
    const char *names[DAYS];
    double values[DAYS], days[DAYS];
    for (int i = 0; i < DAYS; i++) {
        names[i] = "day";
        values[i] = 1e6 + i * 1000.0;
        days[i] = 19723 + i; /* 2024-01-01 */
    }
    const struct svg_series series[] = {{"a", values}};
    struct svg_chart c = chart_of(SVG_LINE, series, 1, DAYS);
    c.labels = names;
    c.positions = days;
    c.dates = true;
    const char *got = drawn(arena, &c);
    assert_non_null(strstr(got, ">Jan 2024<"));
    assert_non_null(strstr(got, ">Nov 2024<"));
    assert_null(strstr(got, ">Feb 2024<"));
    assert_non_null(strstr(got, ">1.2M<"));
    c.n = 7;
    assert_non_null(strstr(drawn(arena, &c), ">7 Jan<"));
    q_arena_free(arena);
}

static void nothing_one_point_and_equal_values_are_drawn(void **state)
{
    (void)state;
    struct q_arena *arena = q_arena_new(NULL, "test");
    const double same[] = {5, 5, 5, 5}, none[] = {NAN, NAN, NAN, NAN}, zero[] = {0, 0, 0, 0};
    const struct svg_series series[] = {{"a", same}, {"b", none}, {"c", zero}};
    for (int kind = SVG_BAR; kind <= SVG_AREA; kind++) {
        for (size_t n = 0; n <= 4; n++) {
            struct svg_chart c = chart_of((enum svg_kind)kind, &series[0], 1, n);
            bool empty = strstr(drawn(arena, &c), "nothing to draw") != NULL;
            assert_int_equal(empty, n == 0);
            c.series = &series[1];
            assert_non_null(strstr(drawn(arena, &c), "nothing to draw"));
            c.series = &series[2];
            (void)drawn(arena, &c);
        }
    }
    q_arena_free(arena);
}

static void long_labels_are_cut(void **state)
{
    (void)state;
    struct q_arena *arena = q_arena_new(NULL, "test");
    const char *names[] = {
        "a label that is far longer than any picture of a chart has room for it",
        "日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語"};
    const double values[] = {1e12, -3};
    const struct svg_series series[] = {{"a", values}};
    for (int kind = SVG_BAR; kind <= SVG_AREA; kind++) {
        struct svg_chart c = chart_of((enum svg_kind)kind, series, 1, 2);
        c.labels = names;
        const char *got = drawn(arena, &c);
        assert_int_equal(count(got, "…"), 2);
        assert_true(q_utf8_valid(got, strlen(got), NULL));
    }
    q_arena_free(arena);
}

static void kinds_have_names(void **state)
{
    (void)state;
    enum svg_kind kind;
    assert_true(svg_kind_find("area", &kind));
    assert_int_equal(kind, SVG_AREA);
    assert_false(svg_kind_find("pie", &kind));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bars_are_one_a_value),
        cmocka_unit_test(a_gap_parts_a_line),
        cmocka_unit_test(a_year_of_days_is_marked_by_months),
        cmocka_unit_test(nothing_one_point_and_equal_values_are_drawn),
        cmocka_unit_test(long_labels_are_cut),
        cmocka_unit_test(kinds_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
