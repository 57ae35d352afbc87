/* SPDX-License-Identifier: Apache-2.0 */
/* The strict casts: a table of texts, each with the value it is or with none. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch/cast.h"
#include "batch/cell.h"

struct row {
    const char *type, *text;
    const char *value; /* as batch/cell.h writes it; NULL: refused */
};

static const struct row rows[] = {
    {"bigint", "0", "0"},
    {"bigint", "-1", "-1"},
    {"bigint", "+5", "5"},
    {"bigint", "17850.0", "17850"},
    {"bigint", "1.5", NULL},
    {"bigint", "1e3", NULL},
    {"bigint", "0x1F", NULL},
    {"bigint", " 1", NULL},
    {"bigint", "1 ", NULL},
    {"bigint", "-", NULL},
    {"bigint", "+", NULL},
    {"bigint", ".", NULL},
    {"bigint", "--1", NULL},
    {"bigint", "1,000", NULL},
    {"bigint", "12345678", "12345678"},
    {"bigint", "123456789", "123456789"},
    {"bigint", "1234567890123456", "1234567890123456"},
    {"bigint", "12345678901234567", "12345678901234567"},
    {"bigint", "9223372036854775807", "9223372036854775807"},
    {"bigint", "9223372036854775808", NULL},
    {"bigint", "-9223372036854775808", "-9223372036854775808"},
    {"bigint", "-9223372036854775809", NULL},
    {"bigint", "00000000000000000000000007", "7"},
    {"bigint", "1234:678", NULL},
    {"bigint", "123/5678", NULL},
    {"integer", "2147483647", "2147483647"},
    {"integer", "2147483648", NULL},
    {"integer", "-2147483648", "-2147483648"},
    {"smallint", "-32768", "-32768"},
    {"smallint", "32768", NULL},
    {"hugeint", "170141183460469231731687303715884105727",
     "170141183460469231731687303715884105727"},
    {"hugeint", "170141183460469231731687303715884105728", NULL},
    {"hugeint", "-170141183460469231731687303715884105728",
     "-170141183460469231731687303715884105728"},
    {"decimal(12,2)", "7.77", "7.77"},
    {"decimal(12,2)", "7.777", NULL},
    {"decimal(12,2)", "7.7", "7.70"},
    {"decimal(12,2)", "7.7000", "7.70"},
    {"decimal(12,2)", ".5", "0.50"},
    {"decimal(12,2)", "5.", "5.00"},
    {"decimal(12,2)", "-0.05", "-0.05"},
    {"decimal(12,2)", "1.2.3", NULL},
    {"decimal(12,2)", "1e2", NULL},
    {"decimal(12,2)", "9999999999.99", "9999999999.99"},
    {"decimal(12,2)", "10000000000.00", NULL},
    {"decimal(4,2)", "99.99", "99.99"},
    {"decimal(4,2)", "100", NULL},
    {"decimal(9,0)", "123456789", "123456789"},
    {"decimal(18,18)", "0.123456789012345678", "0.123456789012345678"},
    {"decimal(18,18)", "1", NULL},
    {"decimal(38,2)", "123456789012345678901234567890123456.78",
     "123456789012345678901234567890123456.78"},
    {"decimal(38,2)", "1234567890123456789012345678901234567.8", NULL},
    {"double", "1.5", "1.5"},
    {"double", "-1.5e-3", "-0.0015"},
    {"double", "0.1", "0.1"},
    {"double", "9007199254740993", "9007199254740992"},
    {"double", "1.7976931348623157e308", "1.7976931348623157e+308"},
    {"double", "1e309", NULL},
    {"double", "nan", NULL},
    {"double", "inf", NULL},
    {"double", "0x10", NULL},
    {"double", "1e", NULL},
    {"double", "e5", NULL},
    {"boolean", "true", "true"},
    {"boolean", "F", "false"},
    {"boolean", "1", "true"},
    {"boolean", "No", "false"},
    {"boolean", "2", NULL},
    {"boolean", "on", NULL},
    {"date", "2010-12-01", "2010-12-01"},
    {"date", "2000-02-29", "2000-02-29"},
    {"date", "1900-02-29", NULL},
    {"date", "0001-01-01", "0001-01-01"},
    {"date", "9999-12-31", "9999-12-31"},
    {"date", "0000-01-01", NULL},
    {"date", "2010-13-01", NULL},
    {"date", "2010-00-10", NULL},
    {"date", "2010-04-31", NULL},
    {"date", "2010-12-01 00:00:00", NULL},
    {"date", "2010-1-1", NULL},
    {"date", "01/12/2010", NULL},
    {"time", "08:26", "08:26:00"},
    {"time", "08:26:59.5", "08:26:59.500000"},
    {"time", "24:00:00", NULL},
    {"timestamp", "2010-12-01 08:26:00", "2010-12-01 08:26:00"},
    {"timestamp", "2010-12-01T08:26:00.123456", "2010-12-01 08:26:00.123456"},
    {"timestamp", "2010-12-01 08:26:00.1234560", "2010-12-01 08:26:00.123456"},
    {"timestamp", "2010-12-01 08:26:00.1234567", NULL},
    {"timestamp", "2010-12-01 08:26", "2010-12-01 08:26:00"},
    {"timestamp", "2010-12-01", "2010-12-01 00:00:00"},
    {"timestamp", "1969-12-31 23:59:59.999999", "1969-12-31 23:59:59.999999"},
    {"timestamp", "2010-12-01 08:26:00Z", NULL},
    {"timestamp", "2010-12-01 08:26:00+01", NULL},
    {"timestamp", "2010-12-01 08:26:60", NULL},
    {"timestamp", "2010-12-01x08:26:00", NULL},
    {"timestamp", "2010-12-01 08:26:00.", NULL},
    {"timestamptz", "2010-12-01 08:26:00Z", "2010-12-01 08:26:00+00"},
    {"timestamptz", "2010-12-01T08:26:00.5+05:30", "2010-12-01 02:56:00.500000+00"},
    {"timestamptz", "2010-12-01 08:26:00-0330", "2010-12-01 11:56:00+00"},
    {"timestamptz", "2010-12-01 08:26:00", NULL},
    {"timestamptz", "2010-12-01 08:26:00+16", NULL},
    {"uuid", "6F9619FF-8B86-D011-B42D-00C04FC964FF", "6f9619ff-8b86-d011-b42d-00c04fc964ff"},
    {"uuid", "6f9619ff8b86d011b42d00c04fc964ff", NULL},
    {"blob", "\\x00ffA0", "\\x00ffa0"},
    {"blob", "\\x0", NULL},
    {"blob", "abc", NULL},
    {"json", "{\"a\": [1, 2.5e3, null, true, \"x\\u00e9\"]}",
     "{\"a\": [1, 2.5e3, null, true, \"x\\u00e9\"]}"},
    {"json", "[]", "[]"},
    {"json", "{}", "{}"},
    {"json", "[1,]", NULL},
    {"json", "{\"a\"}", NULL},
    {"json", "[1 2]", NULL},
    {"json", "01", NULL},
    {"json", "abc", NULL},
    {"json", "[", NULL},
    {"json", "1 2", NULL},
    {"text", " any thing, longer than twelve ", " any thing, longer than twelve "},
    {"text", "twelve bytes", "twelve bytes"},
    {"text", "a", "a"},
};

/* One cell outside an engine. */
struct cell {
    struct batch_col col;
    char data[16] __attribute__((aligned(16)));
    uint64_t valid;
    char far[256];
};

static void put_far(struct batch_col *col, size_t row, const char *p, size_t n)
{
    struct cell *cell = col->vector;
    assert_true(n < sizeof cell->far);
    memcpy(cell->far, p, n);
    ((struct batch_text *)col->data)[row] =
        (struct batch_text){.far_n = (uint32_t)n, .far = cell->far};
}

static void need_valid(struct batch_col *col)
{
    struct cell *cell = col->vector;
    cell->valid = UINT64_MAX;
    col->valid = &cell->valid;
}

enum outcome { REFUSED, IS_NULL, VALUE };

static enum outcome cast_one(const struct batch_cast *cast, const char *text, bool quoted,
                             struct q_buf *out)
{
    char padded[256 + BATCH_CAST_PAD];
    struct cell cell = {.col = {.type = cast->type, .put_far = put_far, .need_valid = need_valid}};
    cell.col.data = cell.data;
    cell.col.vector = &cell;
    memset(padded, '7', sizeof padded); /* what stands behind a field does not matter */
    memcpy(padded, text, strlen(text));
    struct batch_span span = {0, (uint32_t)strlen(text) | (quoted ? BATCH_QUOTED : 0)};
    uint64_t fail = 0;
    size_t failed = batch_cast_column(cast, padded, &span, 1, &cell.col, 0, &fail);
    assert_int_equal(failed, fail & 1);
    q_buf_clear(out);
    if (failed)
        return REFUSED;
    if (batch_is_null(&cell.col, 0))
        return IS_NULL;
    batch_cell_text(&cell.col, 0, out);
    return VALUE;
}

static void check(const struct batch_cast *cast, const char *text, const char *value)
{
    struct q_buf out;
    q_buf_init(&out, 1000);
    enum outcome outcome = cast_one(cast, text, false, &out);
    if ((outcome == VALUE) != (value != NULL) || (value && strcmp(q_buf_text(&out), value) != 0))
        fail_msg("\"%s\" became %s \"%s\", expected \"%s\"", text,
                 outcome == VALUE ? "" : "nothing", q_buf_text(&out), value ? value : "nothing");
    q_buf_release(&out);
}

static void only_exact_text_is_a_value(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct batch_cast cast = {0};
        assert_int_equal(q_type_parse(rows[i].type, &cast.type, NULL), Q_OK);
        check(&cast, rows[i].text, rows[i].value);
    }
}

static void every_short_integer_survives(void **state)
{
    (void)state;
    struct batch_cast whole = {.type = Q_TYPE(Q_T_INT64)}, money = {.type = Q_DECIMAL(18, 3)};
    uint64_t x = 1;
    for (int i = 0; i < 20000; i++) {
        char text[64], want[64];
        x = x * UINT64_C(6364136223846793005) + 1442695040888963407u;
        int64_t v = (int64_t)(x >> (x % 60 + 1)) * (i % 2 ? 1 : -1);
        (void)snprintf(text, sizeof text, "%lld", (long long)v);
        check(&whole, text, text);
        int64_t thousandths = v % INT64_C(1000000000000000000);
        (void)snprintf(text, sizeof text, "%s%lld.%03lld", thousandths < 0 ? "-" : "",
                       llabs(thousandths) / 1000, llabs(thousandths) % 1000);
        (void)snprintf(want, sizeof want, "%s", text);
        check(&money, text, want);
    }
}

static void empty_is_null_and_empty_text_is_text(void **state)
{
    (void)state;
    struct q_buf out;
    q_buf_init(&out, 1000);
    struct batch_cast text = {.type = Q_TYPE(Q_T_TEXT)}, whole = {.type = Q_TYPE(Q_T_INT64)};
    assert_int_equal(cast_one(&text, "", false, &out), IS_NULL);
    assert_int_equal(cast_one(&text, "", true, &out), VALUE);
    assert_string_equal(q_buf_text(&out), "");
    assert_int_equal(cast_one(&whole, "", false, &out), IS_NULL);
    assert_int_equal(cast_one(&whole, "", true, &out), IS_NULL);
    whole.empty_fails = true;
    assert_int_equal(cast_one(&whole, "", true, &out), REFUSED);
    q_buf_release(&out);
}

static void leniency_is_declared(void **state)
{
    (void)state;
    const char *const day[] = {"%d/%m/%Y", "%d.%m.%y"}, *const time[] = {"%d %b %Y %I:%M %p"},
                      *const null[] = {"NA"};
    struct batch_cast rounded = {.type = Q_DECIMAL(6, 2), .round_half_up = true};
    check(&rounded, "7.775", "7.78");
    check(&rounded, "-7.775", "-7.78");
    check(&rounded, "7.7749", "7.77");
    check(&rounded, "9999.995", NULL);
    struct batch_cast thousands = {.type = Q_DECIMAL(12, 2), .thousands = ','};
    check(&thousands, "1,234,567.50", "1234567.50");
    check(&thousands, "1234567.50", "1234567.50");
    check(&thousands, "12,34", NULL);
    check(&thousands, "1234,567", NULL);
    check(&thousands, "1,234,56.5", NULL);
    check(&thousands, ",123", NULL);
    struct batch_cast comma = {.type = Q_DECIMAL(12, 2), .decimal_comma = true, .thousands = '.'};
    check(&comma, "1.234,5", "1234.50");
    check(&comma, "1,5", "1.50");
    check(&comma, "1.5", NULL);
    struct batch_cast trim = {.type = Q_TYPE(Q_T_INT32), .trim = true, .nulls = null, .n_nulls = 1};
    check(&trim, "  12\t", "12");
    struct batch_cast dates = {.type = Q_TYPE(Q_T_DATE), .formats = day, .n_formats = 2};
    check(&dates, "1/12/2010", "2010-12-01");
    check(&dates, "01.12.70", "1970-12-01");
    check(&dates, "2010-12-01", NULL);
    check(&dates, "31/02/2010", NULL);
    struct batch_cast times = {.type = Q_TYPE(Q_T_TIMESTAMP), .formats = time, .n_formats = 1};
    check(&times, "01 Dec 2010 12:05 AM", "2010-12-01 00:05:00");
    check(&times, "01 december 2010 12:05 pm", "2010-12-01 12:05:00");
}

static void a_format_that_leaves_something_out_is_refused(void **state)
{
    (void)state;
    assert_int_equal(batch_format_check("%d/%m/%Y", Q_TYPE(Q_T_DATE), NULL), Q_OK);
    assert_int_equal(batch_format_check("%d/%m", Q_TYPE(Q_T_DATE), NULL), Q_CONFIG);
    assert_int_equal(batch_format_check("%Y-%m-%d %H", Q_TYPE(Q_T_DATE), NULL), Q_CONFIG);
    assert_int_equal(batch_format_check("%Y-%m-%d %Q", Q_TYPE(Q_T_TIMESTAMP), NULL), Q_CONFIG);
    assert_int_equal(batch_format_check("%", Q_TYPE(Q_T_DATE), NULL), Q_CONFIG);
}

static void types_are_inferred_from_all_values(void **state)
{
    (void)state;
    static const struct {
        const char *values[4];
        const char *type;
    } cases[] = {
        {{"1", "-2", "3"}, "bigint"},
        {{"1", "2.50", "-1000.125"}, "decimal(7,3)"},
        {{"17850.0", "1"}, "bigint"},
        {{"9223372036854775808"}, "decimal(19,0)"},
        {{"007"}, "text"},
        {{"0.5", "0"}, "decimal(1,1)"},
        {{"+49"}, "text"},
        {{"2010-12-01", ""}, "date"},
        {{"2010-12-01", "2010-12-01 08:00:00"}, "timestamp"},
        {{"1e5"}, "text"},
        {{"1", "x"}, "text"},
        {{"", ""}, "text"},
        {{"2010-12-01 08:00:00Z"}, "text"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct batch_guess guess = {0};
        char text[Q_TYPE_TEXT];
        for (size_t k = 0; k < 4 && cases[i].values[k]; k++) {
            char padded[128] = {0};
            (void)snprintf(padded, 64, "%s", cases[i].values[k]);
            batch_guess_add(&guess, (struct q_str){padded, strlen(padded)});
        }
        assert_string_equal(q_type_text(batch_guess_type(&guess), text), cases[i].type);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_exact_text_is_a_value),
        cmocka_unit_test(every_short_integer_survives),
        cmocka_unit_test(empty_is_null_and_empty_text_is_text),
        cmocka_unit_test(leniency_is_declared),
        cmocka_unit_test(a_format_that_leaves_something_out_is_refused),
        cmocka_unit_test(types_are_inferred_from_all_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
