/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include "unit.h"

static void a_document_is_written_in_the_order_of_insertion(void **state)
{
    (void)state;
    struct q_arena *a = q_arena_new(NULL, "test");
    struct q_json *o = q_json_object(a);
    q_json_set_text(o, "z", "é\"\n");
    q_json_set_text(o, "a", NULL);
    q_json_set_int(o, "n", INT64_MIN);
    q_json_set_real(o, "r", 0.1);
    q_json_set_bool(o, "b", true);
    q_json_set_null(o, "nil");
    struct q_json *list = q_json_set_array(o, "list");
    q_json_push_int(list, 1);
    q_json_push_text(list, "x");
    q_json_push_text(list, NULL);
    q_json_set_int(q_json_push_object(list), "k", 2);
    q_json_push_int(q_json_push_array(list), 3);
    q_json_set_int(q_json_set_object(o, "o"), "k", 4);
    struct q_buf b;
    q_buf_init_in(&b, a, 4096);
    q_json_write(o, false, &b);
    assert_string_equal(
        q_buf_text(&b),
        "{\"z\":\"é\\\"\\n\",\"a\":null,\"n\":-9223372036854775808,\"r\":0.1,\"b\":true,"
        "\"nil\":null,\"list\":[1,\"x\",null,{\"k\":2},[3]],\"o\":{\"k\":4}}");
    q_buf_clear(&b);
    struct q_json *pretty = q_json_array(a);
    q_json_push_int(pretty, 1);
    q_json_write(pretty, true, &b);
    assert_string_equal(q_buf_text(&b), "[\n  1\n]");
    q_arena_free(a);
}

static void a_text_is_quoted_and_bytes_that_are_no_utf8_are_replaced(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t n;
        const char *quoted;
    } cases[] = {
        {"", 0, "\"\""},
        {"plain", 5, "\"plain\""},
        {"a\"b\\c", 5, "\"a\\\"b\\\\c\""},
        {"\n\t\r\0", 4, "\"\\n\\u0009\\u000d\\u0000\""},
        {"\x1f\x7f", 2, "\"\\u001f\x7f\""},
        {"é", 2, "\"é\""},
        {"é\"", 3, "\"é\\\"\""}, /* broke: what stood behind a letter was copied as it was */
        {"é\n😀\\é", 10, "\"é\\n😀\\\\é\""},
        {"\xFF", 1, "\"\uFFFD\""},
        {"a\xC3", 2, "\"a\uFFFD\""},
        {"\xE2\x82"
         "x",
         3, "\"\uFFFD\uFFFDx\""},
        {"\xED\xA0\x80", 3, "\"\uFFFD\uFFFD\uFFFD\""},
    };
    struct q_arena *a = q_arena_new(NULL, "test");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct q_buf b;
        struct q_json *j;
        q_buf_init(&b, 4096);
        q_json_quote(&b, (struct q_str){cases[i].text, cases[i].n});
        assert_string_equal(q_buf_text(&b), cases[i].quoted);
        const char *doc = q_printf(a, "[%s]", q_buf_text(&b));
        if (!memchr(cases[i].text, 0, cases[i].n)) /* which our reader refuses */
            assert_int_equal(q_json_parse(a, q_str(doc), "it", &j, NULL), Q_OK);
        q_buf_release(&b);
    }
    q_arena_free(a);
}

static void a_document_is_read_with_defaults_for_what_is_absent_or_of_another_kind(void **state)
{
    (void)state;
    struct q_arena *a = q_arena_new(NULL, "test");
    struct q_json *o = NULL, *value = NULL;
    struct q_err err = {0};
    struct q_str text = Q_STR("{\"t\": \"x\", \"i\": 7, \"b\": true, \"l\": [1, 2], \"n\": null}");
    assert_int_equal(q_json_parse(a, text, "it", &o, &err), Q_OK);
    assert_true(q_json_is_object(o) && !q_json_is_array(o));
    assert_int_equal(q_json_count(o), 5);
    assert_string_equal(q_json_text(q_json_get(o, "t"), "?"), "x");
    assert_string_equal(q_json_text(q_json_get(o, "i"), "?"), "?");
    assert_string_equal(q_json_text(q_json_get(o, "none"), "?"), "?");
    assert_int_equal(q_json_int(q_json_get(o, "i"), 1), 7);
    assert_int_equal(q_json_int(q_json_get(o, "t"), 1), 1);
    assert_true(q_json_bool(q_json_get(o, "b"), false));
    assert_true(q_json_bool(q_json_get(o, "n"), true));
    const struct q_json *list = q_json_get(o, "l");
    assert_true(q_json_is_array(list));
    assert_int_equal(q_json_count(list), 2);
    assert_int_equal(q_json_int(q_json_item(list, 1), 0), 2);
    assert_null(q_json_item(list, 2));
    assert_string_equal(q_json_member(o, 1, &value), "i");
    assert_int_equal(q_json_int(value, 0), 7);
    assert_string_equal(q_json_member(o, 4, NULL), "n");
    assert_null(q_json_get(NULL, "x"));
    assert_null(q_json_item(NULL, 0));
    assert_int_equal(q_json_count(NULL), 0);
    assert_false(q_json_is_object(NULL) || q_json_is_array(NULL));
    q_arena_free(a);
}

static void a_wrong_document_is_refused_with_its_place(void **state)
{
    (void)state;
    static const char *const texts[] = {"",     "{",          "[1,]", "{\"a\":1,\"a\":2}",
                                        "{} x", "[\"\xFF\"]", "nul"};
    struct q_arena *a = q_arena_new(NULL, "test");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct q_json *o = NULL;
        struct q_err err = {0};
        assert_int_equal(q_json_parse(a, q_str(texts[i]), "quern.lock", &o, &err), Q_CONFIG);
        assert_true(q_starts(err.message, "quern.lock:"));
        assert_non_null(strstr(err.message, ": cannot read JSON: "));
    }
    q_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_is_written_in_the_order_of_insertion),
        cmocka_unit_test(a_text_is_quoted_and_bytes_that_are_no_utf8_are_replaced),
        cmocka_unit_test(a_document_is_read_with_defaults_for_what_is_absent_or_of_another_kind),
        cmocka_unit_test(a_wrong_document_is_refused_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
