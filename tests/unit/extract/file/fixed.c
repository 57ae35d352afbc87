/* SPDX-License-Identifier: Apache-2.0 */
/* Text of fixed width, through the whole way into the engine. */
#include "unit.h"

#include "support/files.h"

static void fixed_width_is_read_by_places(void **state)
{
    (void)state;
    struct files_reading how = {.path = "f.csv",
                                .columns = "id integer; name text; amount decimal(7,2)",
                                .places = "1:3 5:4 :6",
                                .options = "format=fixed"};
    files_expect(FILES_ONE("001-\xC3\xA4\xC3\xB6 x  1.50and more\n 2 - y  12345.\n\n  3\n"), how,
                 NULL, "1|\xC3\xA4\xC3\xB6 x|1.50\n2|y|12345.00\n",
                 "f.csv #3 line 4: too_few_fields - <> [  3]\n");
    how.options = "format=fixed too_few_fields=null";
    files_expect(FILES_ONE("  3\r\n\r\n4   zz\r\n              \n"), how, NULL,
                 "3|~|~\n4|zz|~\n~|~|~\n", "");
    files_expect_told(FILES_ONE("  3\n  4       1.50\n"), how,
                      "fixed width, 3 fields, utf-8, 1 record with too few");
    how.options = "format=fixed padding=right";
    files_expect(FILES_ONE("1  -   x   1.5\n1  -   x1.5   \n"), how, NULL, "1|   x|1.50\n",
                 "f.csv #1 line 1: cast amount <   1.5> [1  -   x   1.5]\n");
    how.options = "format=fixed unit=bytes";
    files_expect(FILES_ONE("001-\xC3\xA4\xC3\xB6  1.50\n"), how, NULL, "1|\xC3\xA4\xC3\xB6|1.50\n",
                 "");
    how.options = "format=fixed implied_point=true";
    files_expect(FILES_ONE("001-xxxx000150\n002-xxxx  -007\n003-xxxx 12.00\n004-xxxx      \n"), how,
                 NULL, "1|xxxx|1.50\n2|xxxx|-0.07\n4|xxxx|~\n",
                 "f.csv #3 line 3: cast amount <12.00> [003-xxxx 12.00]\n");
    how.options = "format=fixed skip_lines=1 footer=END* comment=#";
    files_expect(FILES_ONE("header\n# x\n001-xxxx000150\n\xFF 1-xxxx000150\nEND 1\n"), how, NULL,
                 "1|xxxx|150.00\n", "f.csv #2 line 4: invalid_utf8 - <> [\xFF 1-xxxx000150]\n");
    how.columns = "id; name";
    how.places = "1:3 4:4";
    how.options = "format=fixed";
    files_expect(FILES_ONE("001 xyz\n012 abc\n"), how, "id text; name text", "001|xyz\n012|abc\n",
                 "");
}

static void records_of_other_types_are_counted_by_type(void **state)
{
    (void)state;
    struct files_reading how = {
        .path = "f.csv", .columns = "id integer; qty integer", .places = "3:3 6:2"};
    const struct files_text *f = FILES_ONE("10  1 5\n20\n10  2 6\n30zzz\n99\n20x\n");
    how.options = "format=fixed record_type.at=1 record_type.width=2 record_type.value=10";
    files_expect(f, how, NULL, "1|5\n2|6\n", "");
    struct q_arena *arena = files_arena();
    files_write(arena, f);
    struct files_result r = files_read(arena, &how);
    assert_string_equal(q_buf_text(&r.skipped),
                        "record_type 20 2\nrecord_type 30 1\nrecord_type 99 1\n");
    files_release(&r);
    how.options = "format=fixed record_type.at=1 record_type.width=2";
    files_expect_error(f, how, Q_CONFIG, "needs \"at\", \"width\" and \"value\"");
    how.places = "3:3 6:0";
    how.options = "format=fixed";
    files_expect_error(f, how, Q_CONFIG, "width");
    how.places = "3:3";
    files_expect_error(f, how, Q_CONFIG, "column \"qty\" has no `width`");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixed_width_is_read_by_places),
        cmocka_unit_test(records_of_other_types_are_counted_by_type),
    };
    return cmocka_run_group_tests(tests, files_setup, files_teardown);
}
