/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include "unit.h"

static void a_buffer_holds_what_fits_under_its_ceiling_and_says_what_did_not(void **state)
{
    (void)state;
    struct q_buf b;
    struct q_err err = {0};
    q_buf_init(&b, 10);
    assert_string_equal(q_buf_text(&b), "");
    q_buf_adds(&b, "12345");
    q_buf_addc(&b, '6');
    q_buf_printf(&b, "%d", 789);
    assert_int_equal(q_buf_check(&b, "it", &err), Q_OK);
    q_buf_add(&b, "xx", 2);       /* one too many: nothing of it is stored */
    q_buf_printf(&b, "%s", "yy"); /* nor of this */
    assert_string_equal(q_buf_text(&b), "123456789");
    assert_true(b.full);
    q_buf_addc(&b, '0'); /* what fits is stored still */
    assert_string_equal(q_buf_text(&b), "1234567890");
    assert_int_equal(q_buf_check(&b, "the summary", &err), Q_NOMEM);
    assert_string_equal(err.message, "could not build the summary: more than 10 bytes");
    q_buf_clear(&b);
    assert_string_equal(q_buf_text(&b), "");
    assert_int_equal(q_buf_check(&b, "it", &err), Q_OK);
    q_buf_add(&b, "a\0b", 3);
    assert_memory_equal(b.p, "a\0b", 4);
    q_buf_release(&b);
    assert_null(b.p);
    q_buf_adds(&b, "again"); /* a released buffer has its ceiling still */
    assert_string_equal(q_buf_text(&b), "again");
    q_buf_release(&b);
    q_buf_clear(&b);
    q_buf_add(&b, "", 0);
    assert_string_equal(q_buf_text(&b), "");
    q_buf_release(&b);
}

static void a_buffer_of_an_arena_goes_with_it_and_grows_to_megabytes(void **state)
{
    (void)state;
    struct q_arena *a = q_arena_new(NULL, "test");
    struct q_buf b;
    q_buf_init_in(&b, a, 3000000);
    for (int i = 0; i < 300000; i++)
        q_buf_adds(&b, "0123456789");
    assert_int_equal(b.n, 3000000);
    assert_false(b.full);
    q_buf_add(&b, NULL, SIZE_MAX);
    assert_true(b.full);
    assert_int_equal(strlen(b.p), 3000000);
    q_arena_free(a);
}

static const char *built(struct q_arena *a, int rows)
{
    struct q_buf b;
    q_buf_init_in(&b, a, 1000);
    q_buf_printf(&b, "%d rows", rows);
    return q_buf_text(&b);
}

static void the_text_of_a_buffer_in_an_arena_outlives_the_buffer(void **state)
{
    (void)state;
    struct q_arena *a = q_arena_new(NULL, "test");
    const char *one = built(a, 1), *two = built(a, 2);
    assert_string_equal(one, "1 rows");
    assert_string_equal(two, "2 rows");
    q_arena_free(a);
}

static void a_buffer_in_an_arena_may_be_moved_and_released(void **state)
{
    (void)state;
    struct q_arena *a = q_arena_new(NULL, "test");
    struct q_buf b, moved;
    q_buf_init_in(&b, a, 3000);
    q_buf_adds(&b, "first");
    moved = b;
    for (int i = 0; i < 200; i++)
        q_buf_adds(&moved, ", more");
    assert_int_equal(moved.n, 1205);
    q_buf_release(&moved);
    q_buf_adds(&moved, "again");
    assert_string_equal(q_buf_text(&moved), "again");
    q_arena_free(a);
}

static void utf8_is_valid_as_unicode_says(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t n;
        int bad; /* -1: valid */
    } cases[] = {
        {"", 0, -1},
        {"plain ascii of more than eight bytes", 36, -1},
        {"\x00", 1, -1},
        {"\x7f", 1, -1},
        {"\xC2\x80", 2, -1},
        {"\xDF\xBF", 2, -1},
        {"\xE0\xA0\x80", 3, -1},
        {"\xED\x9F\xBF", 3, -1},
        {"\xEE\x80\x80", 3, -1},
        {"\xEF\xBF\xBF", 3, -1},
        {"\xF0\x90\x80\x80", 4, -1},
        {"\xF4\x8F\xBF\xBF", 4, -1},
        {"\x80", 1, 0}, /* a continuation alone */
        {"a\xBF", 2, 1},
        {"\xC0\x80", 2, 0}, /* overlong */
        {"\xC1\xBF", 2, 0},
        {"\xE0\x9F\xBF", 3, 0},
        {"\xF0\x8F\xBF\xBF", 4, 0},
        {"\xED\xA0\x80", 3, 0}, /* a surrogate */
        {"\xED\xBF\xBF", 3, 0},
        {"\xF4\x90\x80\x80", 4, 0}, /* above 10FFFF */
        {"\xF5\x80\x80\x80", 4, 0},
        {"\xFF", 1, 0},
        {"abc\xC3", 4, 3}, /* cut */
        {"abc\xE2\x82", 5, 3},
        {"abc\xF0\x9F\x98", 6, 3},
        {"\xC3(", 2, 0},
        {"\xE2\x82(", 3, 0},
        {"\xF0\x9F\x98(", 4, 0},
        {"12345678\xFF", 9, 8}, /* behind a word that is looked at at once */
        {"1234567\xC3\xA9"
         "12345678901234567\xFE",
         27, 26},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t bad = 99;
        bool valid = q_utf8_valid(cases[i].text, cases[i].n, &bad);
        if (valid != (cases[i].bad < 0) || (!valid && bad != (size_t)cases[i].bad))
            fail_msg("case %zu: %s at %zu", i, valid ? "valid" : "invalid", bad);
        assert_int_equal(q_utf8_valid(cases[i].text, cases[i].n, NULL), valid);
    }
}

static void texts_are_trimmed_and_compared(void **state)
{
    (void)state;
    static const struct {
        const char *text, *trimmed;
    } cases[] = {
        {"", ""}, {" ", ""}, {" \t\r\n\v\fa b \n", "a b"}, {"a", "a"}, {"\xC2\xA0", "\xC2\xA0"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_true(q_str_eq(q_str_trim(q_str(cases[i].text)), q_str(cases[i].trimmed)));
    assert_true(q_str_eq(q_str(NULL), Q_STR("")));
    assert_false(q_str_eq(Q_STR("a"), Q_STR("b")));
    assert_false(q_str_eq(Q_STR("a"), Q_STR("ab")));
    assert_true(q_strcaseeq("AbC", "aBc"));
    assert_false(q_strcaseeq("abc", "abcd"));
    assert_true(q_starts("abc", "ab") && q_starts("abc", "") && !q_starts("ab", "abc"));
    assert_true(q_ends("abc", "bc") && q_ends("abc", "") && !q_ends("bc", "abc"));
    assert_true(q_streq("a", "a") && !q_streq("a", "A"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_buffer_holds_what_fits_under_its_ceiling_and_says_what_did_not),
        cmocka_unit_test(a_buffer_of_an_arena_goes_with_it_and_grows_to_megabytes),
        cmocka_unit_test(the_text_of_a_buffer_in_an_arena_outlives_the_buffer),
        cmocka_unit_test(a_buffer_in_an_arena_may_be_moved_and_released),
        cmocka_unit_test(utf8_is_valid_as_unicode_says),
        cmocka_unit_test(texts_are_trimmed_and_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
