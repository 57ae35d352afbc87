/* SPDX-License-Identifier: Apache-2.0 */
/* JSON, through the whole way into the engine. */
#include "unit.h"

#include <string.h>

#include "support/files.h"

static void json_is_read_by_lines_and_from_arrays(void **state)
{
    (void)state;
    const struct files_reading lines = {.path = "f.ndjson",
                                        .columns = "a bigint; b.c text; d decimal(9,2)"};
    files_expect(
        FILES_NAMED(
            "f.ndjson",
            "{\"a\":1,\"b\":{\"c\":\"x\"},\"d\":1.50}\n{\"a\":2\n\n[3]\n{\"d\":1e2}\n{\"a\":\"4\",\"b\":null}\n"
            "{\"a\":5,\"a\":6}\n{\"a\":\"\"}\n"),
        lines, NULL, "1|x|1.50\n4|~|~\n",
        "f.ndjson #2 line 2: bad_json - <> [{\"a\":2]\n"
        "f.ndjson #3 line 4: bad_json - <> [[3]]\n"
        "f.ndjson #4 line 5: cast d <1e2> [{\"d\":1e2}]\n"
        "f.ndjson #6 line 7: bad_json - <> [{\"a\":5,\"a\":6}]\n"
        "f.ndjson #7 line 8: cast a <> [{\"a\":\"\"}]\n");
    const struct files_reading array = {.path = "f.json"};
    files_expect(FILES_NAMED("f.json",
                             "[ {\"a\":1,\"s\":\"],}\"},\n {\"a\":2.5,\"o\":{\"k\":[1, 2]}} ,7]\n"),
                 array, "a decimal(2,1); s text; o json", "1.0|],}|~\n2.5|~|{\"k\":[1, 2]}\n",
                 "f.json #3 line 2: bad_json - <> [7]\n");
    files_expect(FILES_NAMED("f.json", " [ ]\n"), array, "", "", "");
    files_expect_error(FILES_NAMED("f.json", "[{\"a\":1},{\"a\":2}\n"), array, Q_SOURCE,
                       "the array is not closed");
    files_expect_error(FILES_NAMED("f.json", "[{\"a\":1}] x"), array, Q_SOURCE,
                       "text behind the array at line 1, byte 10");
    files_expect_error(FILES_NAMED("f.json", "[{\"a\":\"x}]"), array, Q_SOURCE,
                       "the string begun at line 1, byte 6 is never closed");
}

static void json_values_are_exact(void **state)
{
    (void)state;
    const struct files_reading how = {.path = "f.ndjson",
                                      .columns = "t text; j json; n decimal(20,3); b boolean"};
    files_expect(
        FILES_NAMED(
            "f.ndjson",
            "{\"t\":\"a\\t\\u00e4\\ud83d\\ude00\\/\\\"\",\"j\":\"x\\ty\",\"n\":12345678901234567.125,\"b\":true}\n"
            "{\"t\":{\"k\" : [1, \"\\u0041\"]},\"j\":[ 1 ],\"n\":-0.5,\"b\":null}\n"
            "{\"\\u0074\":\"\",\"j\":-1.5e3,\"x\":{\"t\":1}}\n"),
        how, NULL,
        "a\t\xC3\xA4\xF0\x9F\x98\x80/\"|\"x\\ty\"|12345678901234567.125|true\n"
        "{\"k\" : [1, \"\\u0041\"]}|[ 1 ]|-0.500|~\n|-1.5e3|~|~\n",
        "");
    files_expect(
        FILES_NAMED(
            "f.ndjson",
            "{\"t\":\"\\ud83d\"}\n{\"t\":\"\\u0000\"}\n{\"t\":\"a\tb\"}\n{\"n\":01}\n{\"n\":1.}\n{\"t\":1,}\n"
            "{\"t\":tru}\n{\"t\":\"\\x\"}\n{\"t\":1} x\n{\"t\":1\n{\"b\":true}\n"),
        how, NULL, "~|~|~|true\n",
        "f.ndjson #1 line 1: bad_json - <> [{\"t\":\"\\ud83d\"}]\nf.ndjson #2 line 2: bad_json - <> [{\"t\":\"\\u0000\"}]\n"
        "f.ndjson #3 line 3: bad_json - <> [{\"t\":\"a\tb\"}]\nf.ndjson #4 line 4: bad_json - <> [{\"n\":01}]\n"
        "f.ndjson #5 line 5: bad_json - <> [{\"n\":1.}]\nf.ndjson #6 line 6: bad_json - <> [{\"t\":1,}]\n"
        "f.ndjson #7 line 7: bad_json - <> [{\"t\":tru}]\nf.ndjson #8 line 8: bad_json - <> [{\"t\":\"\\x\"}]\n"
        "f.ndjson #9 line 9: bad_json - <> [{\"t\":1} x]\nf.ndjson #10 line 10: bad_json - <> [{\"t\":1]\n");
}

/* `n` times "[", and as many brackets that close them. */
static const char *deep(struct q_arena *arena, size_t n)
{
    char *text = q_alloc(arena, 2 * n + 1);
    memset(text, '[', n);
    memset(text + n, ']', n);
    return text;
}

static void json_that_is_too_deep_is_rejected_with_its_place(void **state)
{
    (void)state;
    struct q_arena *arena = files_arena();
    const struct files_reading how = {.path = "f.ndjson", .columns = "a bigint"};
    const char *fits = q_printf(arena, "{\"x\":%s,\"a\":1}", deep(arena, 127)),
               *not = q_printf(arena, "{\"x\":%s,\"a\":1}", deep(arena, 128)),
               *far = q_printf(arena, "{\"a\":1,\"x\":%s}", deep(arena, 1000));
    const char *text = q_printf(arena, "%s\n%s\n%s\n{\"a\":2}\n", fits, not, far);
    const struct files_text files[] = {{"f.ndjson", text, 0}, {0}};
    files_expect(
        files, how, NULL, "1\n2\n",
        q_printf(arena,
                 "f.ndjson #2 line 2: bad_json - <> [%s]\nf.ndjson #3 line 3: bad_json - <> [%s]\n",
                 not, far));
}

static void json_columns_take_paths(void **state)
{
    (void)state;
    struct files_reading how = {
        .path = "f.json",
        .columns = "city text; first text; all json; n integer; odd text; c json",
        .places = "$.customer.city $.customer.tags[0] $.customer.tags # $.\"a.b\" customer"};
    const struct files_text *f = FILES_NAMED(
        "f.json",
        "[{\"customer\":{\"tags\":[\"x\",\"y\"],\"city\":\"K\"},\"a.b\":7},\n {\"customer\":{\"tags\":[]}},"
        "{\"customer\":null}]");
    files_expect(
        f, how, NULL,
        "K|x|[\"x\",\"y\"]|1|7|{\"tags\":[\"x\",\"y\"],\"city\":\"K\"}\n~|~|[]|2|~|{\"tags\":[]}\n~|~|~|3|~|~\n",
        "");
    how.columns = "city; n; c";
    how.places = "$.customer.city # $.customer.tags";
    files_expect(f, how, "city text; n bigint; c text; a.b bigint",
                 "K|1|[\"x\",\"y\"]|7\n~|2|[]|~\n~|3|~|~\n", "");
    static const char *const wrong[] = {"$.a[", "$..a", "$.a[*]", "../a", "$.a[x]"};
    how.columns = "a text";
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        how.places = wrong[i];
        files_expect_error(f, how, Q_CONFIG, "path");
    }
}

static void json_records_stand_inside_of_a_document(void **state)
{
    (void)state;
    struct files_reading how = {
        .path = "f.json", .columns = "a integer", .options = "records=data.orders"};
    const char rows[] = "1\n2\n3\n";
    files_expect(
        FILES_NAMED(
            "f.json",
            "{\"x\":[{\"orders\":1}],\n\"data\":{\"orders\":[{\"a\":1}, {\"a\":2},\n{\"a\":3}], \"n\":\"]}\"}}\n"),
        how, NULL, rows, "");
    files_expect(FILES_NAMED("f.json", "{\"data\":{\"orders\":[{\"a\":1},{\"a\":2},{\"a\":3}]}}"),
                 how, NULL, rows, "");
    files_expect(
        FILES_NAMED(
            "f.json",
            "{\"data\":{\"orders\":[{\"a\":1},{\"a\":2}]}}\n{\"data\":{\"orders\":[]}}\n{\"data\":{\"orders\":[{\"a\":3}]}}\n"),
        how, NULL, rows, "");
    files_expect(
        FILES_NAMED("f.json", "{\n\"data\":{\"orders\":[{\"a\":1}, {\"a\":\"x\"},7]}}\n"), how,
        NULL, "1\n",
        "f.json #2 line 2: cast a <x> [{\"a\":\"x\"}]\nf.json #3 line 2: bad_json - <> [7]\n");
    files_expect_told(FILES_NAMED("f.json", "{\n\"data\":{\"orders\":[]}}"), how,
                      "JSON document, records data.orders, utf-8");
    files_expect_error(FILES_NAMED("f.json", "{\n\"date\":{\"orders\":[]}}"), how, Q_SOURCE,
                       "there is no member \"data\"");
    files_expect_error(FILES_NAMED("f.json", "{\n\"data\":{\"orders\":7}}"), how, Q_SOURCE,
                       "there is no array");
    files_expect_error(FILES_NAMED("f.json", "{\n\"data\":[]}"), how, Q_SOURCE,
                       "data is no object");
    files_expect_error(FILES_NAMED("f.json", "{\n\"data\":{\"orders\":[{\"a\":1}]}"), how, Q_SOURCE,
                       "the document is not closed");
    files_expect_error(FILES_NAMED("f.json", "{\n\"data\":{\"orders\":[{\"a\":1}]}} x"), how,
                       Q_SOURCE, "text behind the document");
    files_expect_error(FILES_NAMED("f.json", "{\n\"data\":{\"orders\":[{\"a\":1}"), how, Q_SOURCE,
                       "the array is not closed");
    how.options = "records=$";
    files_expect(FILES_NAMED("f.json", "{\n\"a\":\n1}\n"), how, NULL, "1\n", "");
    how.options = NULL;
    files_expect(FILES_NAMED("f.json", "{\n\"a\":\n1}\n{\"a\":2} {\"a\":3}"), how, NULL, rows, "");
    files_expect_error(FILES_NAMED("f.json", "{\n\"a\":\n1}\n{\"a\":2"), how, Q_SOURCE,
                       "the value that begins is not closed; the file ends at line 3");
}

static void json_records_inside_of_records_are_rows(void **state)
{
    (void)state;
    struct files_reading how = {.path = "f.json",
                                .columns = "o integer; on integer; n integer; sku text; q integer",
                                .places = "../id ../# # sku $.q",
                                .options = "records=$.orders[*].lines[*]"};
    const char rows[] = "1|1|1|a|1\n1|1|2|b|2\n3|3|1|c|~\n";
    const char document[] =
        "{\"orders\":[\n{\"lines\":[{\"sku\":\"a\",\"q\":1},\n{\"sku\":\"b\",\"q\":2}],\"id\":1},\n{\"id\":2,\"lines\":[]},"
        "{\"id\":3,\"lines\":[{\"sku\":\"c\"}]},{\"id\":4}]}\n";
    files_expect(FILES_NAMED("f.json", document), how, NULL, rows, "");
    how.options = "records=$[*].lines[*]";
    const char array[] =
        "[{\"id\":1,\"lines\":[{\"sku\":\"a\",\"q\":1},{\"sku\":\"b\",\"q\":2}]},{\"id\":2,\"lines\":null},{\"lines\":[{\"sku\":\"c\"}],\"id\":3}]";
    files_expect(FILES_NAMED("f.json", array), how, NULL, rows, "");
    how.options = "records=lines format=ndjson";
    files_expect(
        FILES_NAMED(
            "f.json",
            "{\"id\":1,\"lines\":[{\"sku\":\"a\",\"q\":1},{\"sku\":\"b\",\"q\":2}]}\n\n{\"id\":2}\n{\"lines\":[{\"sku\":\"c\"}],\"id\":3}"),
        how, NULL, rows, "");
    files_expect(FILES_NAMED("f.json", "{\"id\":1,\"lines\":[{\"sku\":\"a\",\"q\":\"x\"},7,\n"),
                 how, NULL, "", "f.json #1 line 1: bad_json - <> []\n");
    files_expect(
        FILES_NAMED(
            "f.json",
            "{\"id\":1,\"lines\":[{\"sku\":\"a\",\"q\":\"x\"},7]}\n{\"id\":2,\"lines\":{}}\n"),
        how, NULL, "",
        "f.json #1 line 1: cast q <x> []\nf.json #1 line 1: bad_json - <> []\nf.json #2 line 2: bad_json - <> []\n");
    how = (struct files_reading){.path = "f.json",
                                 .columns = "id integer; n integer; tag text",
                                 .places = "../../id ../# $",
                                 .options = "records=$[*].lines[*].tags[*]"};
    files_expect(
        FILES_NAMED(
            "f.json",
            "[{\"id\":1,\"lines\":[{\"tags\":[\"x\",\"y\"]},{\"tags\":[]},{\"tags\":[\"z\"]}]}]"),
        how, NULL, "1|1|x\n1|1|y\n1|3|z\n", "");
    how = (struct files_reading){.path = "f.json", .options = "records=$[*].lines[*]"};
    files_expect(FILES_NAMED("f.json", array), how, "sku text; q bigint", "a|1\nb|2\nc|~\n", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_read_by_lines_and_from_arrays),
        cmocka_unit_test(json_values_are_exact),
        cmocka_unit_test(json_that_is_too_deep_is_rejected_with_its_place),
        cmocka_unit_test(json_columns_take_paths),
        cmocka_unit_test(json_records_stand_inside_of_a_document),
        cmocka_unit_test(json_records_inside_of_records_are_rows),
    };
    return cmocka_run_group_tests(tests, files_setup, files_teardown);
}
