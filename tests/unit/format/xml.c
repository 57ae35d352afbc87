/* SPDX-License-Identifier: Apache-2.0 */
/* XML documents as records, in pieces of any size: what is read, rejected, refused. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "batch/cell.h"
#include "format/read/xml.h"
#include "support/column.h"

enum { COLUMNS = 12 };

struct reading {
    const char *records;
    const char *columns; /* "name type path", separated by "; "; no type: text */
    enum xml_repeat repeated;
    bool missing_null, trim;
    size_t max_record;
};

static char dir[] = "/tmp/quern-xml-XXXXXX";
static struct q_buf out; /* what came */
static struct q_err why;

static struct column memory[COLUMNS + 1];

static enum q_code put_reject(void *self, const struct reject *r, struct q_err *err)
{
    (void)err;
    q_buf_printf(self, "%s %s <%.*s> %.*s\n", r->reason, r->column, (int)r->value.n, r->value.p,
                 (int)r->raw.n, r->raw.p);
    return Q_OK;
}

static size_t declare(struct q_arena *arena, const char *text, struct read_column *cols,
                      const char **paths)
{
    size_t n = 0;
    for (char *word = q_strdup(arena, text), *next; *word; word = next, n++) {
        next = strstr(word, "; ");
        next = next ? next : word + strlen(word);
        if (*next) {
            *next = 0;
            next += 2;
        }
        char *type = strchr(word, ' '), *path = type ? strchr(type + 1, ' ') : NULL;
        if (type)
            *type++ = 0;
        if (path)
            *path++ = 0;
        cols[n].name = word;
        cols[n].expected = type;
        cols[n].cast.type = Q_TYPE(Q_T_TEXT);
        paths[n] = path;
        if (type)
            assert_int_equal(q_type_parse(type, &cols[n].cast.type, NULL), Q_OK);
    }
    return n;
}

static enum q_code fill_all(struct q_arena *arena, struct xml_file *f, const struct read_target *t)
{
    bool wanted[COLUMNS + 1];
    struct batch_col cols[COLUMNS + 1];
    memset(wanted, true, sizeof wanted);
    for (enum q_code code = Q_OK;;) {
        for (size_t c = 0; c <= t->n_cols; c++) {
            memory[c].arena = arena;
            cols[c] =
                (struct batch_col){.type = c < t->n_cols ? t->cols[c].cast.type : Q_TYPE(Q_T_INT64),
                                   .data = memory[c].data,
                                   .vector = &memory[c],
                                   .put_far = put_far,
                                   .need_valid = need_valid};
        }
        struct batch b = {cols, t->n_cols + 1, 0};
        code = xml_fill(f, wanted, &b, &why);
        if (code || !b.rows)
            return code;
        for (size_t r = 0; r < b.rows; r++)
            for (size_t c = 0; c <= t->n_cols; c++) {
                if (batch_is_null(&cols[c], r))
                    q_buf_adds(&out, "~");
                else
                    batch_cell_text(&cols[c], r, &out);
                q_buf_addc(&out, c < t->n_cols ? '|' : '\n');
            }
    }
}

static enum q_code read_piecewise(struct q_arena *arena, const char *path,
                                  const struct reading *how, size_t piece)
{
    struct xml_settings settings = {.records = how->records,
                                    .repeated = how->repeated,
                                    .missing_null = how->missing_null,
                                    .trim = how->trim,
                                    .max_record = how->max_record,
                                    .piece = piece};
    struct xml_dialect *dialect = q_new(arena, struct xml_dialect);
    struct decode_options decode = {0};
    struct reject_sink sink = {&out, put_reject};
    struct read_counts counts = {0};
    struct read_column *cols = q_alloc_array(arena, COLUMNS, sizeof *cols);
    const char **paths = q_alloc_array(arena, COLUMNS, sizeof *paths);
    struct read_target target = {cols, 0, 0, &sink, &counts};
    struct xml_file *file;
    target.n_cols = declare(arena, how->columns, cols, paths);
    enum q_code code = xml_detect(arena, path, &decode, &settings, dialect, &why);
    if (!code)
        code = xml_open(arena, path, dialect, &target, paths, &file, &why);
    if (!code)
        code = fill_all(arena, file, &target);
    return code;
}

static const char *write_file(struct q_arena *arena, const char *text, size_t n)
{
    const char *path = q_path_join(arena, dir, "f.xml");
    assert_int_equal(q_file_write(path, (struct q_str){text, n}, NULL), Q_OK);
    return path;
}

static void expect_text(const char *text, size_t n, struct reading how, const char *expected)
{
    static const size_t pieces[] = {0, 1, 2, 7, 64};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        struct q_arena *arena = q_arena_new(NULL, "test");
        const char *path = write_file(arena, text, n);
        q_buf_clear(&out);
        why = (struct q_err){0};
        enum q_code code = read_piecewise(arena, path, &how, pieces[i]);
        assert_string_equal(why.message, "");
        assert_int_equal(code, Q_OK);
        assert_string_equal(q_buf_text(&out), expected);
        q_arena_free(arena);
    }
}

static void refuse_text(const char *text, size_t n, struct reading how, enum q_code expected,
                        const char *part)
{
    static const size_t pieces[] = {0, 1, 16};
    size_t n_pieces = n > 100000 ? 1 : sizeof pieces / sizeof pieces[0];
    for (size_t i = 0; i < n_pieces; i++) {
        struct q_arena *arena = q_arena_new(NULL, "test");
        const char *path = write_file(arena, text, n);
        why = (struct q_err){0};
        enum q_code code = read_piecewise(arena, path, &how, pieces[i]);
        if (!strstr(why.message, part))
            fail_msg("\"%s\" does not contain \"%s\"", why.message, part);
        assert_int_equal(code, expected);
        q_arena_free(arena);
    }
}

#define expect(text, how, expected) expect_text((text), sizeof(text) - 1, (how), (expected))
#define refuse(text, how, part) refuse_text((text), sizeof(text) - 1, (how), Q_SOURCE, (part))

static void columns_take_elements_attributes_and_what_is_around(void **state)
{
    (void)state;
    struct reading how = {
        .records = "/o/order/lines/line",
        .columns =
            "id bigint ../../@id; who text ../../customer/name; region text ../../../@region; "
            "sku text @sku; qty integer; unit text qty/@unit; n integer #; own text ."};
    expect("<o region='EU'><order id='7'><customer><name>Ann</name></customer><lines>"
           "<line sku='a'><qty unit='kg'>3</qty>some <b>bold</b>text</line><line/></lines></order>"
           "<order id='8'><lines><line sku='c'><qty>1</qty></line></lines></order></o>",
           how, "7|Ann|EU|a|3|kg|1|some text|73\n7|Ann|EU|~|~|~|2||136\n8|~|EU|c|1|~|1||180\n");
    how = (struct reading){.records = "//b", .columns = "x text ../@x; y text ../../@x"};
    expect("<r x='1'><a x='2'><b/></a><b/><c><d><b/></d></c></r>", how, "2|1|18\n1|~|26\n~|~|36\n");
    how = (struct reading){.records = "/r/*", .columns = "v text ."};
    expect("<r><a>1</a><b>2</b></r>", how, "1|3\n2|11\n");
}

static void names_without_a_path_are_elements_or_attributes(void **state)
{
    (void)state;
    struct reading how = {.records = "/r/i", .columns = "id; address.city; a.b; @x; p/@q"};
    expect("<r><i id='1' x='2'><address><city>C</city></address><a.b>ab</a.b><p q='z'/></i>"
           "<i><id>3</id><address city='D'/><a><b>E</b></a></i></r>",
           how, "1|C|ab|2|z|3\n3|D|E|~|~|79\n");
    how.columns = "id; @id";
    expect("<r><i id='1'><id>2</id></i></r>", how, "2|1|3\n");
    how.records = "/s:r/i";
    how.columns = "id text x:id";
    expect("<s:r xmlns:s='urn:s' xmlns:y='urn:y'><y:i><y:id>2</y:id></y:i></s:r>", how, "2|37\n");
}

static void nothing_and_empty_are_different(void **state)
{
    (void)state;
    struct reading how = {.records = "/r/i", .columns = "t; n integer; d date"};
    expect("<r xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'><i><t/><n/><d/></i><i/>"
           "<i><t></t><n> 5\n</n><d xsi:nil='true'/></i><i><t xsi:nil='1'>x</t><n>6</n></i>"
           "<i><t> a </t><d>\t2024-01-31 </d></i></r>",
           how, "|~|~|57\n~|~|~|76\n|5|~|80\n~|6|~|123\n a |~|2024-01-31|158\n");
    how.trim = true;
    expect("<r><i><t> a </t><n>1</n><d/></i></r>", how, "a|1|~|3\n");
}

static void text_is_what_is_written(void **state)
{
    (void)state;
    const struct reading how = {.records = "/r/i", .columns = "t"};
    expect("<r><i><t>a<!-- no -->b<?no no?>c</t></i></r>", how, "abc|3\n");
    expect("<r><i><t><![CDATA[<b>&amp;]]>]]&gt;</t></i></r>", how, "<b>&amp;]]>|3\n");
    expect("<r><i><t>&lt;&gt;&amp;&quot;&apos;&#233;&#x20AC;</t></i></r>", how,
           "<>&\"'\xC3\xA9\xE2\x82\xAC|3\n");
    expect("<r><i><t>one <b>two <i>three</i></b></t></i></r>", how, "one two three|3\n");
    expect("<r><i t='a&#10;b&gt;>c'/></r>", how, "a\nb>>c|3\n");
    expect("<r>\r\n<i><t>a\r\nb</t></i></r>", how, "a\nb|5\n");
}

static void one_value_is_expected_or_a_rule_declared(void **state)
{
    (void)state;
    struct reading how = {.records = "/r/i", .columns = "k integer @k; t; u"};
    static const char text[] =
        "<r><i k='1'><t>a</t><u>x</u><t>b</t><t>c</t></i><i k='2'><t>d</t><u/></i></r>";
    expect(text, how,
           "repeated t <a> {\"k\":\"1\",\"t\":\"a\",\"u\":\"x\",\"t\":\"b\",\"t\":\"c\"}\n"
           "2|d||48\n");
    how.repeated = XML_FIRST;
    expect(text, how, "1|a|x|3\n2|d||48\n");
    how.repeated = XML_JOIN;
    expect(text, how, "1|a,b,c|x|3\n2|d||48\n");
    how = (struct reading){.records = "/r/i", .columns = "n text ../n"};
    expect("<r><n>a</n><n>b</n><i/></r>", how, "repeated n <> {\"n\":null,\"n\":\"a\"}\n");
}

static void a_wrong_value_rejects_its_record_alone(void **state)
{
    (void)state;
    const struct reading how = {.records = "/r/i", .columns = "n integer; t"};
    expect("<r><i><n>1.5</n><t>a\"b</t></i><i><n>2</n></i><i><n>x</n><t/></i></r>", how,
           "cast n <1.5> {\"n\":\"1.5\",\"t\":\"a\\\"b\"}\ncast n <x> {\"n\":\"x\",\"t\":\"\"}\n"
           "2|~|30\n");
}

static void broken_documents_say_where_and_what_was_open(void **state)
{
    (void)state;
    const struct reading how = {.records = "/r/i", .columns = "t", .missing_null = true};
    refuse("<r>\n<i><t>1</t></i>\n<i><t>2</i></r>", how, "mismatch");
    assert_non_null(strstr(why.message, "line 3"));
    assert_string_equal(why.detail, "Open is /r/i/t (from line 3).");
    refuse("<r>\n<i><t>1</t></i>\n<i><t>2", how, "the file ends and the element \"t\" of line 3");
    refuse("<r><i/></r><r/>", how, "extra content");
    refuse("<r><i a='1' a='2'/></r>", how, "redefined");
    refuse("<r><i>\xFF</i></r>", how, "not valid UTF-8");
    refuse("<r><i>\x01</i></r>", how, "invalid");
    refuse("hello", how, "it is no XML, it begins with \"hello\"");
    refuse("", how, "is empty");
    refuse("<?xml version='1.0' encoding='utf-16'?><r/>", how, "written in single bytes");
    refuse("<?xml version='1.0' encoding='klingon'?><r/>", how, "klingon, which is not known");
}

static void entities_are_refused(void **state)
{
    (void)state;
    const struct reading how = {.records = "/r/i", .columns = "t", .missing_null = true};
    refuse("<!DOCTYPE r [<!ENTITY a \"x\"><!ENTITY b \"&a;&a;\">]><r><i><t>&b;</t></i></r>", how,
           "it declares the entity \"a\"");
    refuse("<!DOCTYPE r [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><r><i><t>&a;</t></i></r>", how,
           "it declares the entity \"a\"");
    refuse("<!DOCTYPE r [<!ENTITY % a SYSTEM \"http://127.0.0.1/\"> %a;]><r/>", how,
           "it declares the entity \"a\"");
    refuse("<!DOCTYPE r SYSTEM \"http://127.0.0.1/r.dtd\"><r><i><t>&b;</t></i></r>", how,
           "it uses the entity \"b\"");
    refuse("<!DOCTYPE r SYSTEM \"r.dtd\"><r><i t='&b;'/></r>", how, "it uses the entity \"b\"");
    refuse("<r><i>&nbsp;</i></r>", how, "it uses the entity \"nbsp\"");
    expect("<!DOCTYPE r SYSTEM \"r.dtd\" [<!ELEMENT i ANY><!ATTLIST i t CDATA \"d\">]><r><i/></r>",
           how, "d|73\n");
}

static void limits_hold(void **state)
{
    (void)state;
    struct reading how = {.records = "/r/i", .columns = "t", .missing_null = true};
    struct q_buf text;
    q_buf_init(&text, 1 << 21);
    for (int i = 0; i < 250; i++)
        q_buf_adds(&text, "<r>");
    refuse_text(q_buf_text(&text), text.n, how, Q_SOURCE, "nested deeper than 200");
    how.max_record = 2000;
    q_buf_clear(&text);
    q_buf_adds(&text, "<r><i><t>");
    for (int i = 0; i < 1000; i++)
        q_buf_adds(&text, "some text ");
    q_buf_adds(&text, "</t></i></r>");
    refuse_text(q_buf_text(&text), text.n, how, Q_SOURCE, "more than 2000 bytes of text");
    q_buf_clear(&text);
    q_buf_adds(&text, "<r><!-- ");
    for (int i = 0; i < 150000; i++)
        q_buf_adds(&text, "some text ");
    q_buf_adds(&text, "--></r>");
    refuse_text(q_buf_text(&text), text.n, how, Q_SOURCE, "longer than 1048576 bytes");
    q_buf_release(&text);
}

static void what_cannot_be_meant_is_refused(void **state)
{
    (void)state;
    struct reading how = {.records = "/r/i", .columns = "t"};
    refuse("<x><i/></x>", how, "its root element is not \"r\"");
    refuse("<r><i/></r>", how, "could not find column \"t\" in any record");
    expect("<r></r>", how, "");
    how.records = "/r/l/i";
    refuse("<r><i/></r>", how, "it has no element \"l\"");
    how.records = "//i";
    refuse("<r><i><i/></i></r>", how, "records are in each other");
    how = (struct reading){.records = "/r/i", .columns = "n text ../n"};
    refuse("<r><i/><n>late</n></r>", how, "comes behind records that need it");
    static const char *const paths[] = {"t text ../../x", "t text a[1]", "t text @a/b",
                                        "t text ..",      "t text /a",   "t text a//b"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        how.columns = paths[i];
        refuse_text("<r><i/></r>", 11, how, Q_CONFIG, "");
    }
    static const char *const records[] = {"r/i",   "/",   "//",    "/r/",
                                          "/r//i", "//*", "/r/@i", "/r/i[1]"};
    how.columns = "t";
    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
        how.records = records[i];
        refuse_text("<r><i/></r>", 11, how, Q_CONFIG, "path of records");
    }
    how.records = NULL;
    refuse_text("<r><i/></r>", 11, how, Q_CONFIG, "not declared which elements are records");
    assert_string_equal(why.hint, "Set `records`, perhaps `records: /r/i`.");
}

static void encodings_are_those_of_the_prolog_or_the_mark(void **state)
{
    (void)state;
    const struct reading how = {.records = "/r/i", .columns = "t"};
    expect("<?xml version='1.0' encoding='ISO-8859-1'?><r><i t='\xE9'/></r>", how, "\xC3\xA9|46\n");
    expect("<?xml version='1.0' encoding=\"windows-1252\" ?><r><i t='\x80'/></r>", how,
           "\xE2\x82\xAC|49\n");
    expect("\xEF\xBB\xBF<r><i t='\xC3\xA9'/></r>", how, "\xC3\xA9|3\n");
    expect("\xFF\xFE<\0r\0>\0<\0i\0 \0t\0=\0'\0\xE9\0'\0/\0>\0<\0/\0r\0>\0", how, "\xC3\xA9|3\n");
    expect("\0<\0r\0>\0<\0i\0 \0t\0=\0'\0\xE9\0'\0/\0>\0<\0/\0r\0>", how, "\xC3\xA9|3\n");
    refuse("<?xml version='1.0' encoding='us-ascii'?><r><i t='\xE9'/></r>", how, "not valid UTF-8");
}

static void undeclared_columns_are_what_all_records_have(void **state)
{
    (void)state;
    static const char text[] =
        "<r xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'><x>no</x>"
        "<i id='1' xsi:type='t'><id>9</id><name> Ann </name><at><day>2024-01-31</day></at><l><p>1</p></l></i>"
        "<i id='2'><price cur='EUR'>1.25</price><at/><l><p>1</p><p>2</p></l><note>a <b>b</b></note></i>"
        "<i><price>10</price><zip>01234</zip><big>x</big></i></r>";
    struct q_arena *arena = q_arena_new(NULL, "test");
    const char *path = write_file(arena, text, sizeof text - 1);
    const struct xml_settings settings = {.records = "/r/i", .piece = 3};
    const struct decode_options decode = {0};
    struct xml_dialect dialect;
    const struct xml_member *members;
    assert_int_equal(xml_detect(arena, path, &decode, &settings, &dialect, &why), Q_OK);
    struct xml_look *look = xml_look_new(arena);
    assert_int_equal(xml_look_at(look, path, &dialect, &why), Q_OK);
    assert_int_equal(xml_look_at(look, path, &dialect, &why), Q_OK); /* another file */
    size_t n = xml_look_members(look, &members);
    q_buf_clear(&out);
    for (size_t i = 0; i < n; i++) {
        char type[Q_TYPE_TEXT];
        q_buf_printf(&out, "%s %s%s\n", members[i].name,
                     q_type_text(batch_guess_type(&members[i].guess), type),
                     members[i].repeated ? " repeated" : "");
    }
    assert_string_equal(q_buf_text(&out),
                        "@id bigint\nid bigint\nname text\nat.day date\nl.p bigint repeated\n"
                        "price decimal(4,2)\nprice.cur text\nnote text\nzip text\nbig text\n");
    q_arena_free(arena);
}

static void places_are_found_again(void **state)
{
    (void)state;
    static const char text[] = "<r n='x'>\n<i><t>1</t></i>\n<i\n a='b'><t>2</t></i><i/>\n</r>";
    struct q_arena *arena = q_arena_new(NULL, "test");
    const char *path = write_file(arena, text, sizeof text - 1);
    const struct xml_settings settings = {.records = "/r/i", .piece = 5};
    const struct decode_options decode = {0};
    struct xml_dialect dialect;
    struct read_counts counts = {0};
    struct read_column cols[COLUMNS] = {0};
    const char *paths[COLUMNS] = {0};
    struct read_target target = {cols, declare(arena, "t; n text ../@n", cols, paths), 0, NULL,
                                 &counts};
    struct xml_file *file;
    assert_int_equal(xml_detect(arena, path, &decode, &settings, &dialect, &why), Q_OK);
    assert_int_equal(xml_open(arena, path, &dialect, &target, paths, &file, &why), Q_OK);
    struct blocks_place places[] = {{.offset = 10}, {.offset = 12}, {.offset = 26}, {.offset = 48}};
    assert_int_equal(xml_locate(file, places, 4, 1000, arena, &why), Q_OK);
    static const struct {
        int64_t ordinal, line;
        const char *raw;
    } expected[] = {{1, 2, "{\"t\":\"1\",\"n\":\"x\"}"},
                    {0, 0, ""},
                    {2, 3, "{\"t\":\"2\",\"n\":\"x\"}"},
                    {3, 4, "{\"t\":null,\"n\":\"x\"}"}};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(places[i].ordinal, expected[i].ordinal);
        assert_int_equal(places[i].line, expected[i].line);
        assert_int_equal(places[i].raw.n, strlen(expected[i].raw));
        assert_memory_equal(places[i].raw.p, expected[i].raw, places[i].raw.n);
    }
    q_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_take_elements_attributes_and_what_is_around),
        cmocka_unit_test(names_without_a_path_are_elements_or_attributes),
        cmocka_unit_test(nothing_and_empty_are_different),
        cmocka_unit_test(text_is_what_is_written),
        cmocka_unit_test(one_value_is_expected_or_a_rule_declared),
        cmocka_unit_test(a_wrong_value_rejects_its_record_alone),
        cmocka_unit_test(broken_documents_say_where_and_what_was_open),
        cmocka_unit_test(entities_are_refused),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(what_cannot_be_meant_is_refused),
        cmocka_unit_test(encodings_are_those_of_the_prolog_or_the_mark),
        cmocka_unit_test(undeclared_columns_are_what_all_records_have),
        cmocka_unit_test(places_are_found_again),
    };
    if (!mkdtemp(dir))
        return 1;
    q_buf_init(&out, 1 << 20);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    q_buf_release(&out);
    return q_dir_remove(dir, NULL) ? 1 : failed;
}
