/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "batch/json_path.h"

static enum json_found find(const char *path, const char *text, char out[static 64])
{
    struct q_arena *a = q_arena_new(NULL, "test");
    struct json_path *p;
    struct q_buf scratch;
    struct q_str found = {"", 0};
    q_buf_init(&scratch, 1 << 16);
    assert_int_equal(json_path_parse(a, path, &p, NULL), Q_OK);
    enum json_found what = json_path_find(p, q_str(text), &scratch, &found);
    memcpy(out, found.p, found.n);
    out[found.n] = 0;
    q_buf_release(&scratch);
    q_arena_free(a);
    return what;
}

static void what_stands_at_a_path_is_handed_out_as_it_is_written(void **state)
{
    static const struct {
        const char *path, *text;
        enum json_found what;
        const char *out;
    } cases[] = {
        {"$.a", "{\"a\": 1.50}", JSON_FOUND, "1.50"},
        {"a", "{\"a\": true }", JSON_FOUND, "true"},
        {"$.a.b", "{\"a\": {\"x\": [1, {\"b\": 2}], \"b\": -1e5}}", JSON_FOUND, "-1e5"},
        {"$.a[1]", "{\"a\": [[1,2], {\"c\": \"]\"}, 3]}", JSON_FOUND, "{\"c\": \"]\"}"},
        {"$[2]", " [ 0 , \"x,\" , [1, 2] ] ", JSON_FOUND, "[1, 2]"},
        {"$.\"a b\".c", "{\"a b\":{\"c\":\"d\\\"e\\\\\\n\"}}", JSON_FOUND_STRING, "d\"e\\\n"},
        {"$.a", "{\"a\":\"\\u00e9\\ud83d\\ude00\\ud83dx\"}", JSON_FOUND_STRING,
         "\xc3\xa9\xf0\x9f\x98\x80\xef\xbf\xbdx"},
        {"$.\xc3\xa9", "{\"\\u00e9\": 1}", JSON_FOUND, "1"},
        {"$.a", "{\"a\": \"\"}", JSON_FOUND_STRING, ""},
        {"$.a", "{\"a\": 1, \"a\": 2}", JSON_FOUND, "2"},
        {"$.a", "{\"a\": null}", JSON_NOTHING, ""},
        {"$.a", "{\"b\": 1}", JSON_NOTHING, ""},
        {"$.a", "[1]", JSON_NOTHING, ""},
        {"$.a", "{}", JSON_NOTHING, ""},
        {"$[0]", "[]", JSON_NOTHING, ""},
        {"$[1]", "[0]", JSON_NOTHING, ""},
        {"$.a", "7", JSON_NOTHING, ""},
        {"$.a", "{\"a\": 1", JSON_BAD, ""},
        {"$.a", "", JSON_BAD, ""},
        {"$.a", "{\"a\": 1} x", JSON_BAD, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[64];
        assert_int_equal(find(cases[i].path, cases[i].text, out), cases[i].what);
        assert_string_equal(out, cases[i].out);
    }
}

static void what_is_no_path_is_refused(void **state)
{
    static const char *const bad[] = {"",     "$",     "$a",  "$.",    "a.", "a..b", "a[",
                                      "a[x]", "a[-1]", "a[1", "$.\"a", "a]", "[]"};
    struct q_arena *a = q_arena_new(NULL, "test");
    struct json_path *p;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct q_err err = {0};
        assert_int_equal(json_path_parse(a, bad[i], &p, &err), Q_CONFIG);
        assert_non_null(strstr(err.message, "as a path"));
    }
    q_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_stands_at_a_path_is_handed_out_as_it_is_written),
        cmocka_unit_test(what_is_no_path_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
