/* SPDX-License-Identifier: Apache-2.0 */
/* Values of cursors, and sets of intervals. */
#include "state/cursor.h"

#include <stdio.h>

#include "base/clock.h"
#include "unit.h"

static const struct {
    struct q_type type;
    const char *text, *next; /* NULL: there is none */
} values[] = {
    {{.id = Q_T_INT16}, "-32768", "-32767"},
    {{.id = Q_T_INT32}, "7", "8"},
    {{.id = Q_T_INT64}, "9007199254740993", "9007199254740994"},
    {{.id = Q_T_INT128},
     "-170141183460469231731687303715884105727",
     "-170141183460469231731687303715884105726"},
    {{.id = Q_T_DECIMAL, .width = 4, .scale = 2}, "-0.01", "0.00"},
    {{.id = Q_T_DECIMAL, .width = 18, .scale = 6}, "1.000001", "1.000002"},
    {{.id = Q_T_DECIMAL, .width = 38, .scale = 6},
     "12345678901234567890123456789012.000003",
     "12345678901234567890123456789012.000004"},
    {{.id = Q_T_DECIMAL, .width = 3, .scale = 1}, "99.9", NULL},
    {{.id = Q_T_DATE}, "2024-02-28", "2024-02-29"},
    {{.id = Q_T_TIMESTAMP}, "2024-02-28 23:59:59.999999", "2024-02-29 00:00:00"},
    {{.id = Q_T_TIMESTAMP}, "1969-12-31 23:59:59.999999", "1970-01-01 00:00:00"},
    {{.id = Q_T_TIMESTAMPTZ}, "2024-02-28 08:00:00.000001+00", "2024-02-28 08:00:00.000002+00"},
    {{.id = Q_T_TEXT}, "a long text that fits nowhere in place", NULL},
};

static void a_value_and_its_text_are_the_same_to_the_last_digit_rule_4(void **state)
{
    (void)state;
    struct q_arena *arena = q_arena_new(NULL, "test");
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct db_param v, next;
        struct q_err err = {0};
        assert_int_equal(cursor_parse(arena, values[i].type, values[i].text, &v, &err), Q_OK);
        assert_true(q_type_eq(v.type, values[i].type));
        assert_string_equal(cursor_text(arena, &v), values[i].text);
        assert_int_equal(cursor_next(&v, &next), values[i].next != NULL);
        if (!values[i].next)
            continue;
        assert_string_equal(cursor_text(arena, &next), values[i].next);
        assert_true(cursor_compare(&v, &next) < 0);
        assert_true(cursor_compare(&next, &v) > 0);
        assert_int_equal(cursor_compare(&v, &v), 0);
    }
    q_arena_free(arena);
}

static struct db_param value(struct q_arena *arena, struct q_type type, const char *text)
{
    struct db_param v;
    struct q_err err = {0};
    assert_int_equal(cursor_parse(arena, type, text, &v, &err), Q_OK);
    return v;
}

static void a_text_of_another_type_is_none(void **state)
{
    (void)state;
    struct q_arena *arena = q_arena_new(NULL, "test");
    struct db_param v;
    struct q_err err = {0};
    assert_int_equal(cursor_parse(arena, Q_TYPE(Q_T_DATE), "2024-02-30", &v, &err), Q_USAGE);
    assert_string_equal(err.message, "\"2024-02-30\" is no date");
    assert_int_equal(cursor_parse(arena, Q_TYPE(Q_T_INT64), "", &v, &err), Q_USAGE);
    assert_int_equal(cursor_parse(arena, Q_DECIMAL(4, 1), "1.25", &v, &err), Q_USAGE);
    /* without a zone it is UTC */
    v = value(arena, Q_TYPE(Q_T_TIMESTAMPTZ), "2024-01-02");
    assert_string_equal(cursor_text(arena, &v), "2024-01-02 00:00:00+00");
    v = value(arena, Q_TYPE(Q_T_TIMESTAMPTZ), "2024-01-02 03:04:05+02:00");
    assert_string_equal(cursor_text(arena, &v), "2024-01-02 01:04:05+00");
    assert_true(cursor_type_ok(Q_TYPE(Q_T_TEXT)));
    assert_false(cursor_type_ok(Q_TYPE(Q_T_DOUBLE)));
    assert_false(cursor_type_ok(Q_TYPE(Q_T_TIME)));
    q_arena_free(arena);
}

static void texts_are_in_the_order_of_their_bytes(void **state)
{
    (void)state;
    struct db_param a = db_text(NULL, "a"), ab = db_text(NULL, "ab"), b = db_text(NULL, "b"),
                    none = db_text(NULL, "");
    assert_true(cursor_compare(&a, &ab) < 0);
    assert_true(cursor_compare(&ab, &b) < 0);
    assert_true(cursor_compare(&none, &a) < 0);
    assert_true(cursor_compare(&b, &ab) > 0);
}

static void a_lag_goes_down_as_far_as_the_type_goes_rule_6(void **state)
{
    (void)state;
    static const struct {
        struct q_type type;
        const char *from, *distance, *to; /* NULL: refused */
    } rows[] = {
        {{.id = Q_T_TIMESTAMP}, "2024-01-01 00:30:00", "1 hour", "2023-12-31 23:30:00"},
        {{.id = Q_T_DATE}, "2024-03-01", "2 days", "2024-02-28"},
        {{.id = Q_T_DATE}, "2024-03-01", "1 hour", NULL},
        {{.id = Q_T_INT64}, "5", "7", "-2"},
        {{.id = Q_T_INT16}, "-32767", "7", "-32768"},
        {{.id = Q_T_INT64}, "5", "-7", NULL},
        {{.id = Q_T_INT64}, "5", "1 hour", NULL},
        {{.id = Q_T_DECIMAL, .width = 4, .scale = 2}, "1.00", "1.01", "-0.01"},
        {{.id = Q_T_DECIMAL, .width = 38, .scale = 0},
         "-99999999999999999999999999999999999999",
         "99999999999999999999999999999999999999",
         "-99999999999999999999999999999999999999"},
        {{.id = Q_T_TEXT}, "b", "1", NULL},
    };
    struct q_arena *arena = q_arena_new(NULL, "test");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct db_param from = value(arena, rows[i].type, rows[i].from), to;
        struct q_err err = {0};
        enum q_code code = cursor_below(arena, &from, rows[i].distance, &to, &err);
        assert_int_equal(code, rows[i].to ? Q_OK : Q_USAGE);
        if (rows[i].to)
            assert_string_equal(cursor_text(arena, &to), rows[i].to);
    }
    q_arena_free(arena);
}

static void the_clock_as_a_value_is_the_first_that_is_not_reached_rule_2(void **state)
{
    (void)state;
    struct q_arena *arena = q_arena_new(NULL, "test");
    int64_t day = q_days_from_civil(2024, 1, 2) * Q_USEC_PER_DAY;
    struct db_param v = cursor_at(Q_TYPE(Q_T_TIMESTAMP), day + 1);
    assert_string_equal(cursor_text(arena, &v), "2024-01-02 00:00:00.000001");
    v = cursor_at(Q_TYPE(Q_T_DATE), day);
    assert_string_equal(cursor_text(arena, &v), "2024-01-02");
    v = cursor_at(Q_TYPE(Q_T_DATE), day + 1);
    assert_string_equal(cursor_text(arena, &v), "2024-01-03");
    v = cursor_at(Q_TYPE(Q_T_DATE), -1); /* the last microsecond of 1969 */
    assert_string_equal(cursor_text(arena, &v), "1970-01-01");
    q_arena_free(arena);
}

/* "1-3 5-7": intervals of integers. */
static void read_list(struct q_arena *arena, const char *text, cursor_intervals *out)
{
    int lo, hi, n;
    *out = (cursor_intervals){0};
    while (sscanf(text, "%d-%d%n", &lo, &hi, &n) == 2) {
        *q_vec_push(arena, out) = (struct cursor_interval){{.type = Q_TYPE(Q_T_INT64), .i = lo},
                                                           {.type = Q_TYPE(Q_T_INT64), .i = hi}};
        text += n;
        while (*text == ' ')
            text++;
    }
}

static const char *list_text(struct q_arena *arena, const cursor_intervals *list)
{
    const char *text = "";
    for (size_t i = 0; i < list->n; i++)
        text = q_printf(arena, "%s%s%lld-%lld", text, i ? " " : "", (long long)list->v[i].lo.i,
                        (long long)list->v[i].hi.i);
    return text;
}

static void intervals_are_joined_and_their_holes_found_rule_5(void **state)
{
    (void)state;
    static const struct {
        const char *in, *merged, *holes; /* of 0-10 */
    } rows[] = {
        {"", "", "0-10"},
        {"5-7 1-3", "1-3 5-7", "0-1 3-5 7-10"},
        {"1-3 3-5", "1-5", "0-1 5-10"},
        {"1-9 2-3 4-4", "1-9", "0-1 9-10"},
        {"0-10", "0-10", ""},
        {"0-4 2-12", "0-12", ""},
        {"12-14", "12-14", "0-10"},
        {"3-3 2-1", "", "0-10"},
        {"0-2 8-20", "0-2 8-20", "2-8"},
    };
    struct q_arena *arena = q_arena_new(NULL, "test");
    struct db_param from = {.type = Q_TYPE(Q_T_INT64), .i = 0},
                    to = {.type = Q_TYPE(Q_T_INT64), .i = 10};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cursor_intervals list, holes = {0};
        read_list(arena, rows[i].in, &list);
        cursor_merge(&list);
        assert_string_equal(list_text(arena, &list), rows[i].merged);
        cursor_holes(arena, &list, &from, &to, &holes);
        assert_string_equal(list_text(arena, &holes), rows[i].holes);
    }
    q_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_and_its_text_are_the_same_to_the_last_digit_rule_4),
        cmocka_unit_test(a_text_of_another_type_is_none),
        cmocka_unit_test(texts_are_in_the_order_of_their_bytes),
        cmocka_unit_test(a_lag_goes_down_as_far_as_the_type_goes_rule_6),
        cmocka_unit_test(the_clock_as_a_value_is_the_first_that_is_not_reached_rule_2),
        cmocka_unit_test(intervals_are_joined_and_their_holes_found_rule_5),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
