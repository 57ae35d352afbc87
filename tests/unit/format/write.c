/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "format/write/write.h"

/* A result of four rows with one column of each important kind. */
struct result {
    struct q_arena *arena;
    struct q_schema schema;
    struct batch batch;
};

enum { ROWS = 4 };

static struct batch_col *add_column(struct result *r, const char *name, struct q_type type,
                                    void *data, uint64_t *valid)
{
    static struct batch_col cols[16];
    if (!r->batch.cols)
        r->batch.cols = cols;
    (void)q_schema_add(r->arena, &r->schema, name, type);
    struct batch_col *col = &cols[r->batch.n_cols++];
    *col = (struct batch_col){.type = type, .data = data, .valid = valid};
    return col;
}

static struct batch_text cell(const char *s)
{
    struct batch_text t = {.n = (uint32_t)strlen(s)};
    if (t.n <= BATCH_INLINE) {
        memcpy(t.inlined, s, t.n);
    } else {
        memcpy(t.prefix, s, 4);
        t.far = s;
    }
    return t;
}

static void make(struct result *r)
{
    static int64_t ids[ROWS] = {1, 22, -333, 9007199254740993};
    static int64_t amounts[ROWS] = {1250, -5, 0, 99999999};
    static int32_t days[ROWS] = {19723, 0, 19782, 20088};
    static bool flags[ROWS] = {true, false, true, false};
    static double doubles[ROWS] = {0.1, 0, 1e300, 0};
    static struct batch_text names[ROWS];
    static uint64_t some_days = 0xD; /* the second is NULL */
    static uint64_t some_names = 0x7;
    *r = (struct result){.arena = q_arena_new(NULL, "test")};
    doubles[1] = NAN;
    names[0] = cell("plain");
    names[1] = cell("");
    names[2] = cell("a \"quoted\", 日本\nline <b>");
    add_column(r, "id", Q_TYPE(Q_T_INT64), ids, NULL);
    add_column(r, "name", Q_TYPE(Q_T_TEXT), names, &some_names);
    add_column(r, "amount", Q_DECIMAL(12, 2), amounts, NULL);
    add_column(r, "day", Q_TYPE(Q_T_DATE), days, &some_days);
    add_column(r, "ok", Q_TYPE(Q_T_BOOL), flags, NULL);
    add_column(r, "x", Q_TYPE(Q_T_DOUBLE), doubles, NULL);
    r->batch.rows = ROWS;
}

static struct write_options plain;

static enum q_code put_buf(void *self, struct q_str text, struct q_err *err)
{
    struct q_buf *b = self;
    q_buf_add(b, text.p, text.n);
    return q_buf_check(b, "the output", err);
}

static struct write_sink write_to_buf(struct q_buf *buf)
{
    return (struct write_sink){.self = buf, .put = put_buf};
}

/* The text of `times` batches. */
static char *written(const struct result *r, const char *format,
                     const struct write_options *options, int times)
{
    struct q_err err = {0};
    struct writer *w;
    struct q_buf out;
    q_buf_init(&out, 64 << 20);
    assert_int_equal(write_begin(r->arena, write_format_find(format), options, write_to_buf(&out),
                                 &r->schema, &w, &err),
                     Q_OK);
    for (int i = 0; i < times; i++)
        assert_int_equal(write_batch(w, &r->batch, &err), Q_OK);
    assert_int_equal(write_end(w, &err), Q_OK);
    assert_int_equal(write_rows(w), (int64_t)times * (int64_t)r->batch.rows);
    char *copy = q_strndup(r->arena, q_buf_text(&out), out.n);
    q_buf_release(&out);
    return copy;
}

static void a_table_is_aligned_and_tells_null_from_empty(void **state)
{
    (void)state;
    struct result r;
    make(&r);
    assert_string_equal(
        written(&r, "table", &plain, 1),
        "              id  name                           amount  day         ok          x\n"
        "----------------  --------------------------  ---------  ----------  -----  ------\n"
        "               1  plain                           12.50  2024-01-01  true      0.1\n"
        "              22                                  -0.05  NULL        false     nan\n"
        "            -333  a \"quoted\", 日本\\nline <b>       0.00  2024-02-29  true   1e+300\n"
        "9007199254740993  NULL                        999999.99  2024-12-31  false       0\n"
        "(4 rows)\n");
    q_arena_free(r.arena);
}

static void a_limited_table_says_what_is_left_out(void **state)
{
    (void)state;
    struct result r;
    make(&r);
    struct write_options o = {.limit = 2};
    const char *got = written(&r, "table", &o, 3);
    assert_non_null(strstr(got, "... 10 more rows (12 rows in all)\n"));
    assert_null(strstr(got, "-333"));
    q_arena_free(r.arena);
}

static void a_long_table_keeps_all_rows(void **state)
{
    (void)state;
    struct result r;
    make(&r);
    const char *got = written(&r, "table", &plain, 2000);
    size_t lines = 0;
    for (const char *p = got; (p = strchr(p, '\n')); p++)
        lines++;
    assert_int_equal(lines, 2 + 8000 + 1);
    assert_non_null(strstr(got, "(8000 rows)\n"));
    q_arena_free(r.arena);
}

static void csv_quotes_what_must_be_and_tells_null_from_empty(void **state)
{
    (void)state;
    struct result r;
    make(&r);
    assert_string_equal(written(&r, "csv", &plain, 1),
                        "id,name,amount,day,ok,x\n"
                        "1,plain,12.50,2024-01-01,true,0.1\n"
                        "22,\"\",-0.05,,false,nan\n"
                        "-333,\"a \"\"quoted\"\", 日本\nline <b>\",0.00,2024-02-29,true,1e+300\n"
                        "9007199254740993,,999999.99,2024-12-31,false,0\n");
    q_arena_free(r.arena);
}

static void json_keeps_all_digits(void **state)
{
    (void)state;
    struct result r;
    make(&r);
    const char *rows[] = {
        "{\"id\":1,\"name\":\"plain\",\"amount\":12.50,\"day\":\"2024-01-01\",\"ok\":true,\"x\":0.1}",
        "{\"id\":22,\"name\":\"\",\"amount\":-0.05,\"day\":null,\"ok\":false,\"x\":\"nan\"}",
        "{\"id\":-333,\"name\":\"a \\\"quoted\\\", 日本\\nline "
        "<b>\",\"amount\":0.00,\"day\":\"2024-02-29\",\"ok\":true,\"x\":1e+300}",
        "{\"id\":9007199254740993,\"name\":null,\"amount\":999999.99,\"day\":\"2024-12-31\",\"ok\":"
        "false,\"x\":0}"};
    assert_string_equal(
        written(&r, "json", &plain, 1),
        q_printf(r.arena, "[\n%s,\n%s,\n%s,\n%s\n]\n", rows[0], rows[1], rows[2], rows[3]));
    assert_string_equal(written(&r, "ndjson", &plain, 1),
                        q_printf(r.arena, "%s\n%s\n%s\n%s\n", rows[0], rows[1], rows[2], rows[3]));
    q_arena_free(r.arena);
}

static void no_rows_are_still_a_document(void **state)
{
    (void)state;
    struct result r;
    make(&r);
    r.batch.rows = 0;
    assert_string_equal(written(&r, "csv", &plain, 1), "id,name,amount,day,ok,x\n");
    assert_string_equal(written(&r, "json", &plain, 0), "[]\n");
    assert_string_equal(written(&r, "ndjson", &plain, 1), "");
    struct write_options bare = {.bare = true};
    assert_string_equal(written(&r, "table", &bare, 1),
                        "id  name  amount  day  ok  x\n--  ----  ------  ---  --  -\n");
    q_arena_free(r.arena);
}

static void a_json_value_stays_on_its_line(void **state)
{
    (void)state;
    static struct batch_text docs[1];
    struct result r = {.arena = q_arena_new(NULL, "test")};
    docs[0] = cell("{\"a\":\n[1]}");
    add_column(&r, "doc", Q_TYPE(Q_T_JSON), docs, NULL);
    r.batch.rows = 1;
    assert_string_equal(written(&r, "ndjson", &plain, 1), "{\"doc\":{\"a\": [1]}}\n");
    q_arena_free(r.arena);
}

static void control_characters_do_not_reach_the_terminal(void **state)
{
    (void)state;
    static struct batch_text cells[1];
    struct result r = {.arena = q_arena_new(NULL, "test")};
    cells[0] = cell("\033[31m\t\xE2\x80\xAE!");
    add_column(&r, "c", Q_TYPE(Q_T_TEXT), cells, NULL);
    r.batch.rows = 1;
    assert_non_null(strstr(written(&r, "table", &plain, 1), "\\u001b[31m\\t\\u202e!\n"));
    q_arena_free(r.arena);
}

static void html_escapes_everything(void **state)
{
    (void)state;
    struct result r;
    make(&r);
    const struct write_value params[] = {{"a<b", "\"1\" & 2"}, {"none", NULL}};
    const char *y[] = {"amount"};
    struct write_options o = {.title = "T <script>",
                              .description = "D & d",
                              .params = params,
                              .n_params = 2,
                              .footer = "<f>",
                              .chart = "hbar",
                              .chart_x = "name",
                              .chart_y = y,
                              .n_chart_y = 1};
    const char *got = written(&r, "html", &o, 1);
    assert_non_null(strstr(got, "<h1>T &lt;script&gt;</h1>"));
    assert_non_null(strstr(got, "D &amp; d"));
    assert_non_null(strstr(got, "<b>a&lt;b</b>&quot;1&quot; &amp; 2"));
    assert_non_null(strstr(got, "<td>a &quot;quoted&quot;, 日本\nline &lt;b&gt;</td>"));
    assert_non_null(strstr(got, "<td class=\"n\">999999.99</td>"));
    assert_non_null(strstr(got, "<td class=\"null\">NULL</td>"));
    assert_non_null(strstr(got, "4 rows · &lt;f&gt;"));
    assert_null(strstr(got, "<script"));
    assert_null(strstr(got, "http://") == strstr(got, "http://www.w3.org/2000/svg")
                    ? NULL
                    : strstr(got, "http://"));
    assert_true(strstr(got, "<svg") < strstr(got, "<table"));
    q_arena_free(r.arena);
}

static void a_chart_that_shows_a_part_says_so(void **state)
{
    (void)state;
    struct result r;
    make(&r);
    const char *y[] = {"amount", "x"};
    struct write_options o = {.chart = "bar", .chart_x = "ID", .chart_y = y, .n_chart_y = 2};
    assert_non_null(strstr(written(&r, "html", &o, 100), "The chart shows 80 of 400 rows."));
    assert_null(strstr(written(&r, "html", &o, 2), "The chart shows"));
    q_arena_free(r.arena);
}

static void a_chart_of_wrong_columns_is_refused(void **state)
{
    (void)state;
    struct result r;
    struct writer *w;
    struct q_err err = {0};
    struct q_buf out;
    make(&r);
    q_buf_init(&out, 1 << 20);
    static const struct {
        const char *chart, *x, *y, *message;
    } cases[] = {{"bar", "nix", "amount", "no column \"nix\""},
                 {"bar", "id", "nix", "no column \"nix\""},
                 {"bar", "id", "name", "\"name\" has no numbers"},
                 {"pie", "id", "amount", "unknown chart \"pie\""}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct write_options o = {.chart = cases[i].chart, .chart_x = cases[i].x, .n_chart_y = 1};
        o.chart_y = (const char *const *)&cases[i].y;
        assert_int_equal(write_begin(r.arena, write_format_find("html"), &o, write_to_buf(&out),
                                     &r.schema, &w, &err),
                         Q_CONFIG);
        assert_non_null(strstr(err.message, cases[i].message));
    }
    q_buf_release(&out);
    q_arena_free(r.arena);
}

static void a_full_disk_is_an_error(void **state)
{
    (void)state;
    struct result r;
    struct writer *w;
    struct q_err err = {0};
    make(&r);
    FILE *full = fopen("/dev/full", "w");
    if (!full)
        skip();
    enum q_code code = write_begin(r.arena, write_format_find("csv"), &plain, write_to_file(full),
                                   &r.schema, &w, &err);
    if (!code)
        code = write_batch(w, &r.batch, &err);
    if (!code)
        code = write_end(w, &err);
    assert_int_equal(code, Q_NOSPACE);
    assert_non_null(strstr(err.message, "No space left"));
    (void)fclose(full);
    q_arena_free(r.arena);
}

static void a_buffer_that_is_too_small_is_an_error(void **state)
{
    (void)state;
    struct result r;
    struct writer *w;
    struct q_err err = {0};
    struct q_buf out;
    make(&r);
    q_buf_init(&out, 20);
    enum q_code code = write_begin(r.arena, write_format_find("json"), &plain, write_to_buf(&out),
                                   &r.schema, &w, &err);
    if (!code)
        code = write_batch(w, &r.batch, &err);
    if (!code)
        code = write_end(w, &err);
    assert_int_equal(code, Q_NOMEM);
    q_buf_release(&out);
    q_arena_free(r.arena);
}

static void unknown_formats_are_not_found(void **state)
{
    (void)state;
    assert_null(write_format_find("yaml"));
    assert_string_equal(write_format_find("ndjson")->name, "ndjson");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_is_aligned_and_tells_null_from_empty),
        cmocka_unit_test(a_limited_table_says_what_is_left_out),
        cmocka_unit_test(a_long_table_keeps_all_rows),
        cmocka_unit_test(csv_quotes_what_must_be_and_tells_null_from_empty),
        cmocka_unit_test(json_keeps_all_digits),
        cmocka_unit_test(no_rows_are_still_a_document),
        cmocka_unit_test(a_json_value_stays_on_its_line),
        cmocka_unit_test(control_characters_do_not_reach_the_terminal),
        cmocka_unit_test(html_escapes_everything),
        cmocka_unit_test(a_chart_that_shows_a_part_says_so),
        cmocka_unit_test(a_chart_of_wrong_columns_is_refused),
        cmocka_unit_test(a_full_disk_is_an_error),
        cmocka_unit_test(a_buffer_that_is_too_small_is_an_error),
        cmocka_unit_test(unknown_formats_are_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
