/* SPDX-License-Identifier: Apache-2.0 */
/* Files as a source: columns, types, what is broken and what may be missing, through the whole way into the engine. */
#include "unit.h"

#include "support/files.h"

static const struct files_reading plain = {.path = "f.csv", .columns = "a text; b text; c text"};
static const struct files_reading typed = {.path = "f.csv",
                                           .columns = "a integer; b decimal(6,2); c date"};

static void columns_are_matched_by_name(void **state)
{
    (void)state;
    const struct files_reading how = {.path = "f*.csv", .columns = "a integer; b text"};
    files_expect(
        (const struct files_text[]){{"f1.csv", "a,b\n1,x\n", 0}, {"f2.csv", "B,A\ny,2\n", 0}, {0}},
        how, "a integer; b text", "1|x\n2|y\n", "");
    files_expect_error(FILES_ONE("a,bb\n1,x\n"), how, Q_SOURCE, "could not find column \"b\"");
    files_expect_error(FILES_ONE("a,b,a\n1,x,2\n"), how, Q_SOURCE, "\"a\" stands there twice");
    struct files_reading strict = how;
    strict.options = "extra_columns=error";
    struct files_reading numbered = {.path = "f.csv",
                                     .options = "duplicate_columns=number header=true"};
    files_expect(FILES_ONE("a,b,A,a_2,a\n1,x,2,3,4\n"), numbered,
                 "a bigint; b text; A_3 bigint; a_2 bigint; a_4 bigint", "1|x|2|3|4\n", "");
    files_expect_error((const struct files_text[]){{"f1.csv", "a,b\n1,x\n", 0},
                                                   {"f2.csv", "a,b,z\n1,x,2\n", 0},
                                                   {0}},
                       strict, Q_SOURCE, "column \"z\" that is not expected");
    files_expect((const struct files_text[]){{"f1.csv", "a,b\n1,x\n", 0},
                                             {"f2.csv", "a,b,z\n1,x,2\n", 0},
                                             {0}},
                 how, "a integer; b text; z bigint", "1|x|~\n1|x|2\n", "");
    struct files_reading lenient = how;
    lenient.options = "missing_columns=null extra_columns=ignore";
    files_expect(
        (const struct files_text[]){{"f1.csv", "a,b\n1,x\n", 0}, {"f2.csv", "z,a\n7,2\n", 0}, {0}},
        lenient, NULL, "1|x\n2|~\n", "");
    struct files_reading headless = how;
    headless.options = "header=false";
    files_expect(FILES_ONE("1,x\n2,y\n"), headless, NULL, "1|x\n2|y\n", "");
    files_expect_error(FILES_ONE("1,x,3\n"), headless, Q_SOURCE, "3 fields, expected 2");
}

static void types_are_inferred_over_all_rows(void **state)
{
    (void)state;
    const struct files_reading how = {.path = "f.csv"};
    files_expect(
        FILES_ONE("id,code,price,day,at,note\n1,007,1.5,2010-12-01,2010-12-01 08:00:00,x\n"
                  "2,008,10.25,2010-12-02,2010-12-01,\n"),
        how, "id bigint; code text; price decimal(4,2); day date; at timestamp; note text",
        "1|007|1.50|2010-12-01|2010-12-01 08:00:00|x\n2|008|10.25|2010-12-02|2010-12-01 00:00:00|~\n",
        "");
    files_expect(FILES_ONE("1;2\n3;4\n"), how, "column1 bigint; column2 bigint", "1|2\n3|4\n", "");
    struct files_reading some = how;
    some.columns = "b text";
    files_expect(FILES_ONE("a,b\n1,2\n"), some, "b text; a bigint", "2|1\n", "");
}

static void the_dialect_is_detected(void **state)
{
    (void)state;
    static const struct {
        const char *text, *shown;
    } cases[] = {
        {"a,b\n1,2\n", "delimiter \",\", quote \", line ends \\n, header, 2 columns, utf-8\n"},
        {"a;b\r\n1,5;2\r\n",
         "delimiter \";\", quote \", line ends \\r\\n, header, 2 columns, utf-8\n"},
        {"a\tb\n1\t2\r\n",
         "delimiter tab, quote \", line ends \\n and \\r\\n mixed, header, 2 columns, utf-8\n"},
        {"\xEF\xBB\xBF"
         "1|2\r3|4\r",
         "delimiter \"|\", quote \", line ends \\r, no header, 2 columns, utf-8 with BOM\n"},
        {"a\n1\n", "delimiter \",\", quote \", line ends \\n, header, 1 columns, utf-8\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct q_arena *arena = files_arena();
        files_write(arena, (const struct files_text[]){{"f.csv", cases[i].text, 0}, {0}});
        struct files_result r = files_read(arena, &(struct files_reading){.path = "f.csv"});
        assert_string_equal(q_buf_text(&r.detected), cases[i].shown);
        files_release(&r);
    }
}

static void broken_files_say_where(void **state)
{
    (void)state;
    files_expect_error(FILES_ONE("a,b,c\n1,2,3\n4,\"open,6\n7,8,9\n"), plain, Q_SOURCE,
                       "the quote opened at line 3, byte 14 is never closed");
    files_expect_error(FILES_ONE(""), plain, Q_SOURCE, "the file is empty");
    struct files_reading how = plain;
    how.options = "max_record=20";
    files_expect_error(FILES_ONE("a,b,c\n1,2,3\n123456789,123456789,123\n"), how, Q_SOURCE,
                       "longer than 20 bytes at line 3, byte 12");
    how = plain;
    how.path = "none.csv";
    files_expect_error(FILES_ONE("a\n"), how, Q_SOURCE, "could not find the file \"none.csv\"");
    how.path = "none*.csv";
    files_expect_error(FILES_ONE("a\n"), how, Q_SOURCE, "could not find a file that matches");
    how.path = ".";
    files_expect_error(FILES_ONE("a\n"), how, Q_SOURCE, "it is a directory");
    how.path = "f.abc";
    files_expect_error(FILES_NAMED("f.abc", "a\n"), how, Q_CONFIG, "cannot tell the format");
    files_expect_error(FILES_ONE("_q_pos,b\n1,2\n"), (struct files_reading){.path = "f.csv"},
                       Q_SOURCE, "reserved name");
}

static void only_a_header_is_no_rows_and_optional_files_may_be_missing(void **state)
{
    (void)state;
    files_expect(FILES_ONE("a,b,c\n"), plain, "a text; b text; c text", "", "");
    struct files_reading how = plain;
    how.optional = true;
    files_expect(FILES_ONE(""), how, "a text; b text; c text", "", "");
    how.path = "none*.csv";
    files_expect(FILES_ONE(""), how, "a text; b text; c text", "", "");
}

static void wrong_options_are_refused(void **state)
{
    (void)state;
    struct files_reading how = typed;
    static const char *const wrong[] = {"delimiter=ä",   "delimiter=|\"",
                                        "comment=\"",    "delimiter=\"",
                                        "formats=%d/%m", "decimal_comma=true thousands=,",
                                        "quote=xx",      "encoding=klingon"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        how.options = wrong[i];
        files_expect_error(FILES_ONE("a,b,c\n1,2,2010-12-01\n"), how, Q_CONFIG, "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_matched_by_name),
        cmocka_unit_test(types_are_inferred_over_all_rows),
        cmocka_unit_test(the_dialect_is_detected),
        cmocka_unit_test(broken_files_say_where),
        cmocka_unit_test(only_a_header_is_no_rows_and_optional_files_may_be_missing),
        cmocka_unit_test(wrong_options_are_refused),
    };
    return cmocka_run_group_tests(tests, files_setup, files_teardown);
}
