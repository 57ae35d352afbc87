/* SPDX-License-Identifier: Apache-2.0 */
/* The tap: what it takes out of documents, and that it does not depend on the pieces in which they arrive. */
#include "unit.h"

#include <string.h>

#include "format/read/json_tap.h"

struct taken {
    struct q_buf text; /* lines, each with its picks */
    size_t n_picks;
};

static enum q_code take(void *self, struct q_str record, const char *const *values,
                        struct q_err *err)
{
    struct taken *t = self;
    (void)err;
    q_buf_add(&t->text, record.p, record.n);
    for (size_t i = 0; i < t->n_picks; i++)
        q_buf_printf(&t->text, " <%s>", values[i] ? values[i] : "none");
    q_buf_addc(&t->text, '\n');
    return Q_OK;
}

static const struct tap_pick picks[] = {{"meta.next", false}, {"who.id", true}};

/* Lines of the document fed in pieces of `step` bytes, or "code: message". */
static char *tapped(struct q_arena *arena, const char *document, const char *records, size_t step)
{
    struct taken taken = {.n_picks = 2};
    struct tap_settings settings = {.records = records,
                                    .picks = picks,
                                    .n_picks = 2,
                                    .max_record = 200,
                                    .take = take,
                                    .self = &taken};
    struct tap_result result;
    struct q_err err = {0};
    q_buf_init(&taken.text, 1 << 20);
    struct json_tap *tap = json_tap_new(arena, &settings);
    json_tap_begin(tap, "X");
    enum q_code code =
        json_tap_feed(tap, "[1, {", 5, &err); /* a broken try leaves nothing behind */
    assert_int_equal(code, Q_OK);
    q_buf_clear(&taken.text);
    json_tap_begin(tap, "X");
    size_t n = strlen(document);
    for (size_t at = 0; at < n && !code; at += step)
        code = json_tap_feed(tap, document + at, at + step < n ? step : n - at, &err);
    if (!code)
        code = json_tap_end(tap, &result, &err);
    if (!code)
        q_buf_printf(&taken.text, "%d in \"%s\", next %s", (int)result.records, result.found,
                     result.values[0] ? result.values[0] : "none");
    char *text = code ? q_printf(arena, "%s; %s", err.message, err.hint)
                      : q_strdup(arena, q_buf_text(&taken.text));
    q_buf_release(&taken.text);
    return text;
}

static const struct {
    const char *document, *records, *expected;
} cases[] = {
    {"[]", NULL, "0 in \"\", next none"},
    {" [ {\"a\":1} ,\n {\"who\": {\"id\": 7}, \"b\": [\n1 ] } ] ", NULL,
     "{\"a\":1} <none> <none>\n{\"who\": {\"id\": 7}, \"b\": [ 1 ] } <none> <7>\n2 in \"\", next none"},
    {"\xEF\xBB\xBF[{}]", NULL, "{} <none> <none>\n1 in \"\", next none"},
    {"{\"meta\": {\"next\": \"a\\u00e9\"}, \"items\": [{\"who\": {\"id\": \"x\"}}]}", NULL,
     "{\"who\": {\"id\": \"x\"}} <a\xC3\xA9> <x>\n1 in \"items\", next a\xC3\xA9"},
    {"{\"items\": [{\"meta\": {\"next\": 3}}], \"meta\": {\"next\": null}}", "items",
     "{\"meta\": {\"next\": 3}} <none> <none>\n1 in \"items\", next none"},
    {"{\"x\": [{\"items\": [1]}], \"data\": {\"items\": [{\"a\": \"]}\"}]}}", "data.items",
     "{\"a\": \"]}\"} <none> <none>\n1 in \"data.items\", next none"},
    {"[1, -2.50, \"t\\\"\", null, true, [3, [4]], {}]", NULL,
     "1 <none> <none>\n-2.50 <none> <none>\n\"t\\\"\" <none> <none>\nnull <none> <none>\ntrue <none> <none>\n"
     "[3, [4]] <none> <none>\n{} <none> <none>\n7 in \"\", next none"},
    {"{\"who\": {\"id\": 1},\n\"meta\": {\"next\": 2}}", ".",
     "{\"who\": {\"id\": 1}, \"meta\": {\"next\": 2}} <none> <1>\n1 in \"\", next none"},
    {"", NULL, "could not read X: it is empty; "},
    {"  ", NULL, "could not read X: it is empty; "},
    {"[{\"a\": 1}, {\"a\"", NULL,
     "could not read X: it is cut: it ends within a value, behind 15 bytes; "},
    {"[{\"a\": 1}", NULL, "could not read X: it is cut: it ends within a value, behind 9 bytes; "},
    {"{\"a\": {\"b\": []}}", NULL,
     "could not read X: it has no array of records; There is an array further down: declare `records: a.b`."},
    {"{\"a\": 1}", NULL,
     "could not read X: it has no array of records; If the answer is one record, declare `records: .`."},
    {"7", NULL,
     "could not read X: it has no array of records; If the answer is one record, declare `records: .`."},
    {"{\"a\": [], \"b\": []}", NULL,
     "could not read X: \"a\" and \"b\" are both arrays; Say which one holds the records: `records: a`."},
    {"{\"a\": null}", "a", "could not read X: \"a\" is null, not an array of records; "},
    {"{\"a\": {}}", "a", "could not read X: \"a\" is an object, not an array of records; "},
    {"{\"b\": []}", "a", "could not read X: it has no \"a\"; There is an array at `b`."},
    {"[[]]", "a",
     "could not read X: it has no \"a\"; `records` is the path of the array of records, like data.items."},
};

static void a_document_gives_the_same_in_any_pieces(void **state)
{
    (void)state;
    static const size_t steps[] = {1, 2, 3, 5, 7, 1000};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t k = 0; k < sizeof steps / sizeof *steps; k++) {
            struct q_arena *arena = q_arena_new(NULL, "test");
            if (i == 2 && steps[k] < 3) { /* a byte order mark comes in one piece */
                q_arena_free(arena);
                continue;
            }
            assert_string_equal(tapped(arena, cases[i].document, cases[i].records, steps[k]),
                                cases[i].expected);
            q_arena_free(arena);
        }
}

static void broken_json_is_refused_at_its_byte(void **state)
{
    (void)state;
    static const char *const broken[] = {"[{\"a\": }]", "[1] x",  "[\"a\nb\"]", "{\"a\": [1,]}",
                                         "nul",         "<html>", "[01]",       "[{1: 2}]"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        for (size_t step = 1; step < 9; step += 7) {
            struct q_arena *arena = q_arena_new(NULL, "test");
            const char *text = tapped(arena, broken[i], NULL, step);
            if (!strstr(text, "no valid JSON at byte") && !strstr(text, "it is cut"))
                fail_msg("%s: %s", broken[i], text);
            q_arena_free(arena);
        }
}

static void depth_and_length_have_ends(void **state)
{
    (void)state;
    struct q_arena *arena = q_arena_new(NULL, "test");
    char deep[1501] = "";
    for (int i = 0; i < 300; i++)
        memcpy(deep + i * 5, "{\"a\":", 5);
    assert_non_null(strstr(tapped(arena, deep, NULL, 10), "it is nested deeper than 256 levels"));
    const char *large = q_printf(arena, "[{}, {\"a\": \"%0250d\"}]", 7);
    for (size_t step = 1; step < 400; step += 99)
        assert_non_null(
            strstr(tapped(arena, large, NULL, step), "its record 2 is longer than 200"));
    q_arena_free(arena);
}

static void members_go_in_front_of_records(void **state)
{
    (void)state;
    struct q_arena *arena = q_arena_new(NULL, "test");
    struct taken taken = {0};
    struct tap_settings settings = {.max_record = 1000, .take = take, .self = &taken};
    struct json_tap *tap = json_tap_new(arena, &settings);
    const char *names[] = {"p", "q"}, *values[] = {"1", "a\"b"};
    struct tap_result result;
    struct q_err err = {0};
    const char *document = "[{}, {\"a\": 1}, 3]",
               *clash = "[{\"a\": {\"p\": 1}}, {\"a\": 1, \"p\": 2}]";
    q_buf_init_in(&taken.text, arena, 1000);
    json_tap_put_front(tap, names, values, 2);
    json_tap_begin(tap, "X");
    assert_int_equal(json_tap_feed(tap, document, strlen(document), &err), Q_OK);
    assert_int_equal(json_tap_end(tap, &result, &err), Q_OK);
    assert_string_equal(q_buf_text(&taken.text), "{\"p\":\"1\",\"q\":\"a\\\"b\"}\n"
                                                 "{\"p\":\"1\",\"q\":\"a\\\"b\",\"a\": 1}\n3\n");
    json_tap_begin(tap, "X");
    assert_int_equal(json_tap_feed(tap, clash, strlen(clash), &err), Q_SOURCE);
    assert_string_equal(err.message, "could not read X: its record 2 has a member \"p\" itself");
    q_arena_free(arena);
}

/* Where the first document had them, later ones must have them too. */
static void the_place_of_the_records_is_settled_once(void **state)
{
    (void)state;
    struct q_arena *arena = q_arena_new(NULL, "test");
    struct taken taken = {0};
    struct tap_settings settings = {.max_record = 1000, .take = take, .self = &taken};
    struct json_tap *tap = json_tap_new(arena, &settings);
    struct tap_result result;
    struct q_err err = {0};
    q_buf_init_in(&taken.text, arena, 1000);
    for (int i = 0; i < 2; i++) {
        const char *document = i ? "{\"b\": []}" : "{\"a\": [], \"c\": 1}";
        json_tap_begin(tap, "X");
        assert_int_equal(json_tap_feed(tap, document, strlen(document), &err), Q_OK);
        assert_int_equal(json_tap_end(tap, &result, &err), i ? Q_SOURCE : Q_OK);
    }
    assert_string_equal(err.message, "could not read X: it has no \"a\"");
    q_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_gives_the_same_in_any_pieces),
        cmocka_unit_test(broken_json_is_refused_at_its_byte),
        cmocka_unit_test(depth_and_length_have_ends),
        cmocka_unit_test(members_go_in_front_of_records),
        cmocka_unit_test(the_place_of_the_records_is_settled_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
