/* SPDX-License-Identifier: Apache-2.0 */
/* Delimited text, through the whole way into the engine. */
#include "unit.h"

#include "support/files.h"

static const struct files_reading plain = {.path = "f.csv", .columns = "a text; b text; c text"};
static const struct files_reading typed = {.path = "f.csv",
                                           .columns = "a integer; b decimal(6,2); c date"};

static void quotes_are_read_as_they_are_written(void **state)
{
    (void)state;
    files_expect(FILES_ONE("a,b,c\n\"x, y\",\"he said \"\"so\"\"\",\"two\nlines\"\n"), plain, NULL,
                 "x, y|he said \"so\"|two\nlines\n", "");
    files_expect(FILES_ONE("a,b,c\n5\" disk,x\"y\",\"\"\"\"\n"), plain, NULL,
                 "5\" disk|x\"y\"|\"\n", "");
    files_expect(FILES_ONE("a,b,c\n1,,\"\"\n,,\n"), plain, NULL, "1|~|\n~|~|~\n", "");
    files_expect(FILES_ONE("a,b,c\n\"1\",\"2.5\",\"2010-12-01\"\n\"\",\"\",\"\"\n"), typed, NULL,
                 "1|2.50|2010-12-01\n~|~|~\n", "");
    struct files_reading how = plain;
    how.options = "quote=none";
    files_expect(FILES_ONE("a,b,c\n\"x,y,z\n"), how, NULL, "\"x|y|z\n", "");
    how.options = "escape=\\";
    files_expect(FILES_ONE("a,b,c\n\"x\\\"y\",\"\\\\\",\"two\nlines\"\n"), how, NULL,
                 "x\"y|\\|two\nlines\n", "");
    how.options = "quote='";
    files_expect(FILES_ONE("a,b,c\n'x,y',\",z\n"), how, NULL, "x,y|\"|z\n", "");
}

static void line_ends_may_be_mixed_or_missing(void **state)
{
    (void)state;
    files_expect(FILES_ONE("a,b,c\r\n1,2,3\r\n4,5,6"), plain, NULL, "1|2|3\n4|5|6\n", "");
    files_expect(FILES_ONE("a,b,c\n1,2,3\r\n\r\n\n4,5,6\n\n"), plain, NULL, "1|2|3\n4|5|6\n", "");
    files_expect(FILES_ONE("a,b,c\r1,2,3\r4,5,6\r"), plain, NULL, "1|2|3\n4|5|6\n", "");
    files_expect(FILES_ONE("a\n1\n\n2\n"),
                 (struct files_reading){.path = "f.csv", .columns = "a text"}, NULL, "1\n~\n2\n",
                 "");
}

static void a_bad_record_is_rejected_with_its_place_and_the_others_load(void **state)
{
    (void)state;
    files_expect(FILES_ONE("a,b,c\n1,2\n1,2,3\n1,2,3,4\n1,2,3,\n"), plain, NULL, "1|2|3\n",
                 "f.csv #1 line 2: too_few_fields - <> [1,2]\n"
                 "f.csv #3 line 4: too_many_fields - <> [1,2,3,4]\n"
                 "f.csv #4 line 5: too_many_fields - <> [1,2,3,]\n");
    files_expect(FILES_ONE("a,b,c\n\"x\"y,2,3\n1,\"two\nlines\",3\n1,\"2\" ,3\n"), plain, NULL,
                 "1|two\nlines|3\n",
                 "f.csv #1 line 2: bad_quote a <\"x\"y> [\"x\"y,2,3]\n"
                 "f.csv #3 line 5: bad_quote b <\"2\" > [1,\"2\" ,3]\n");
    files_expect(FILES_ONE("a,b,c\n1,\xFF\xFE,3\nx\0,2,3\n\xC3\xA4,2,3\n"), plain, NULL,
                 "\xC3\xA4|2|3\n",
                 "f.csv #1 line 2: invalid_utf8 b <\xFF\xFE> [1,\xFF\xFE,3]\n"
                 "f.csv #2 line 3: nul_byte a <x> [x]\n");
    files_expect(
        FILES_ONE(
            "a,b,c\n1.5,7.777,2010-12-01\n2,7.70,2010-12-01\n3,1,2010-12-01 10:00:00\n9999999999,1e2,\n"),
        typed, NULL, "2|7.70|2010-12-01\n",
        "f.csv #1 line 2: cast a <1.5> [1.5,7.777,2010-12-01]\n"
        "f.csv #1 line 2: cast b <7.777> [1.5,7.777,2010-12-01]\n"
        "f.csv #3 line 4: cast c <2010-12-01 10:00:00> [3,1,2010-12-01 10:00:00]\n"
        "f.csv #4 line 5: cast a <9999999999> [9999999999,1e2,]\n"
        "f.csv #4 line 5: cast b <1e2> [9999999999,1e2,]\n");
}

static void a_footer_is_left_out_and_counted(void **state)
{
    (void)state;
    struct files_reading how = plain;
    how.options = "footer_lines=2";
    files_expect(FILES_ONE("a,b,c\n1,2,3\n4,5,6\nTOTAL,2\nend"), how, NULL, "1|2|3\n4|5|6\n", "");
    files_expect(FILES_ONE("a,b,c\n1,\"two\nlines\",3\n\"TO\nTAL\",2\nend\n\n\n"), how, NULL,
                 "1|two\nlines|3\n", "");
    files_expect(FILES_ONE("a,b,c\nTOTAL,2\nend\n"), how, NULL, "", "");
    files_expect_error(FILES_ONE("a,b,c\nend\n"), how, Q_SOURCE, "fewer than 2 footer lines");
    files_expect_told(FILES_ONE("a,b,c\n1,2,3\nTOTAL,2\nend"), how, "utf-8, 2 footer lines");
    how.options = "footer=T*L,?";
    files_expect(FILES_ONE("a,b,c\nTOTAL,1\n1,2,3\nTOTAL,1\nTAL,2\n"), how, NULL, "1|2|3\n",
                 "f.csv #1 line 2: too_few_fields - <> [TOTAL,1]\n");
    files_expect(FILES_ONE("a,b,c\n1,2,3\n"), how, NULL, "1|2|3\n", "");
    files_expect(FILES_ONE("a,b,c\nTOTAL,1\nTOTAL,2"), how, NULL, "", "");
    how.options = "footer_lines=1 footer=TOTAL*";
    files_expect(FILES_ONE("a,b,c\n1,2,3\nTOTAL,1\n"), how, NULL, "1|2|3\n", "");
    files_expect_error(FILES_ONE("a,b,c\n1,2,3\nTOTAL,1\n4,5,6\n"), how, Q_SOURCE,
                       "its last 1 lines are not as `footer: \"TOTAL*\"` says");
}

static void comments_are_no_records(void **state)
{
    (void)state;
    struct files_reading how = plain;
    how.options = "comment=#";
    files_expect(
        FILES_ONE("# made, by\n\n#x\na,b,c\n#1,\"2,3\n1,2,3\n# it's \"so\n4,#5,6\n#\n7,8\n"), how,
        NULL, "1|2|3\n4|#5|6\n", "f.csv #3 line 10: too_few_fields - <> [7,8]\n");
    files_expect(FILES_ONE("a,b,c\n\"#1\",\"two\nlines\n#\",3\n# \"\n"), how, NULL,
                 "#1|two\nlines\n#|3\n", "");
    files_expect_told(FILES_ONE("a,b,c\n#\n1,2,3\n#\n"), how, "utf-8, 2 comment lines");
}

static void the_header_is_searched_for(void **state)
{
    (void)state;
    struct files_reading how = plain;
    how.options = "header=find";
    files_expect(FILES_ONE("Report of, sales\n\nmade;by;us\nc; A ;b\n3;1;2\n"), how, NULL,
                 "1|2|3\n", "");
    files_expect_told(FILES_ONE("Report\n\na,b,c\n1,2,3\n"), how, "header behind 2 lines");
    files_expect_error(FILES_ONE("x\na,b\n1,2\n"), how, Q_SOURCE,
                       "none of its first 3 lines has all declared");
    files_expect_error(FILES_ONE("x\na,b\n"),
                       (struct files_reading){.path = "f.csv", .options = "header=find"}, Q_CONFIG,
                       "without `columns`");
    how.options = "header=find skip_lines=1";
    files_expect(FILES_ONE("a,b,c\nx\na,b,c\n1,2,3\n"), how, NULL, "1|2|3\n", "");
}

static void a_delimiter_may_have_several_characters(void **state)
{
    (void)state;
    struct files_reading how = plain;
    how.options = "delimiter=~|~";
    files_expect(FILES_ONE("a~|~b~|~c\n1~|~2~~|~~|\n\"x~|~y\"~|~|~|~\"\"\n1~|~2\n"), how, NULL,
                 "1|2~|~|\nx~|~y|||\n", "f.csv #3 line 4: too_few_fields - <> [1~|~2]\n");
    how.options = "delimiter=||";
    files_expect(FILES_ONE("a||b||c\r\n1||2|||3\r\n\"two\nlines\"||\"q\"\"q\"||||\n"), how, NULL,
                 "1|2||3\n",
                 "f.csv #2 line 3: too_many_fields - <> [\"two\nlines\"||\"q\"\"q\"||||]\n");
}

static void ragged_records_are_mended_where_that_is_declared(void **state)
{
    (void)state;
    struct files_reading how = plain;
    const char *both = "1|2|~\n4|5|6\n~|~|~\n7|8|9\n";
    how.options = "too_few_fields=null too_many_fields=cut";
    files_expect(FILES_ONE("a,b,c\n1,2\n4,5,6\n\"\"\n7,8,9,10\n"), how, NULL,
                 "1|2|~\n4|5|6\n|~|~\n7|8|9\n", "");
    files_expect(FILES_ONE("a,b,c\r\n1,2\r\n4,5,6\r\n,\r\n7,8,9,\r\n"), how, NULL, both, "");
    files_expect_told(FILES_ONE("a,b,c\n1,2\n4,5,6\n,\n7,8,9,10\n"), how,
                      "2 records with too few fields, 1 record cut");
    how.options = "too_few_fields=null";
    files_expect(FILES_ONE("a,b,c\n1\n7,8,9,10\n\xFF,1\n1,\"x\"y\n"), how, NULL, "1|~|~\n",
                 "f.csv #2 line 3: too_many_fields - <> [7,8,9,10]\n"
                 "f.csv #3 line 4: invalid_utf8 a <\xFF> [\xFF,1]\n"
                 "f.csv #4 line 5: bad_quote b <\"x\"y> [1,\"x\"y]\n");
    how = typed;
    how.options = "too_many_fields=cut";
    files_expect(FILES_ONE("a,b,c\nx,1,2010-12-01,z,y\"\n1,2,2010-12-01,\n"), how, NULL,
                 "1|2.00|2010-12-01\n", "f.csv #1 line 2: cast a <x> [x,1,2010-12-01,z,y\"]\n");
}

static void an_encoding_is_guessed_where_that_is_declared(void **state)
{
    (void)state;
    struct files_reading how = plain;
    files_expect(FILES_ONE("a\0,\0b\0,\0c\0\n\0"
                           "1\0,\0\xE4\0,\0"
                           "3\0\n\0"),
                 how, NULL, "1|\xC3\xA4|3\n", "");
    files_expect_told(FILES_ONE("a\0,\0b\0,\0c\0\n\0"
                                "1\0,\0"
                                "2\0,\0"
                                "3\0"),
                      how, "utf-16le (by its NUL bytes)");
    how.options = "encoding=guess";
    files_expect(FILES_ONE("a,b,c\n1,\xE4,\x80\n\xC3\xA4,2,3\n"), how, NULL,
                 "1|\xC3\xA4|\xE2\x82\xAC\n\xC3\x83\xC2\xA4|2|3\n", "");
    files_expect_told(FILES_ONE("a,b,c\n1,\xE4,\x80\n\xC3\xA4,2,3\n"), how,
                      "windows-1252 (guessed: 1 line is not UTF-8)");
    files_expect(FILES_ONE("a,b,c\n\xC3\xA4,2,3\n"), how, NULL, "\xC3\xA4|2|3\n", "");
    files_expect_told(FILES_ONE("a,b,c\n\xC3\xA4,2,3\n"), how, "3 columns, utf-8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotes_are_read_as_they_are_written),
        cmocka_unit_test(line_ends_may_be_mixed_or_missing),
        cmocka_unit_test(a_bad_record_is_rejected_with_its_place_and_the_others_load),
        cmocka_unit_test(a_footer_is_left_out_and_counted),
        cmocka_unit_test(comments_are_no_records),
        cmocka_unit_test(the_header_is_searched_for),
        cmocka_unit_test(a_delimiter_may_have_several_characters),
        cmocka_unit_test(ragged_records_are_mended_where_that_is_declared),
        cmocka_unit_test(an_encoding_is_guessed_where_that_is_declared),
    };
    return cmocka_run_group_tests(tests, files_setup, files_teardown);
}
