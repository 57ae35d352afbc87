/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions: what they give, what they refuse, where they fail. Every value is calculated by the engine. */
#include "unit.h"

#include "batch/cell.h"
#include "db/db.h"
#include "sql/expr/expr.h"

static struct q_arena *arena;
static struct db_conn *conn;
static struct q_schema columns;

/* One row with a column of every kind. */
static const char *const row =
    "SELECT 5::SMALLINT AS s, 7::INTEGER AS i, 9223372036854775807::BIGINT AS big, -3::BIGINT AS b, "
    "12.50::DECIMAL(12,2) AS amount, 0.00::DECIMAL(12,2) AS zero, NULL::DECIMAL(12,2) AS nothing, "
    "99999999999999999999999999999999999.999::DECIMAL(38,3) AS wide, 2.5::DOUBLE AS f, 'Ada Lovelace' AS name, "
    "'' AS empty, NULL::VARCHAR AS no_text, DATE '2024-01-31' AS day, TIMESTAMP '2024-02-29 10:20:30' AS at, TRUE AS "
    "yes";

static int set_up(void **state)
{
    (void)state;
    struct q_err err = {0};
    struct db *db;
    struct db_settings settings = {.threads = 2};
    arena = q_arena_new(NULL, "test");
    assert_int_equal(db_open(arena, &settings, &db, &err), Q_OK);
    assert_int_equal(db_connect(db, arena, &conn, &err), Q_OK);
    assert_int_equal(db_describe(conn, row, arena, &columns, &err), Q_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    q_arena_free(arena);
    return 0;
}

static enum q_code prepare(const char *text, struct expr **out, struct q_err *err)
{
    struct expr_env env = {.columns = &columns};
    enum q_code code = expr_parse(arena, text, (struct expr_place){"p.yaml", 3, 9}, out, err);
    return code ? code : expr_check(*out, &env, err);
}

/* The value as text, "null", and whether the row failed. */
static const char *evaluate(const struct expr *e, bool *fails)
{
    struct sql *q = sql_new(arena);
    struct db_result *result;
    const struct batch *batch = NULL;
    struct q_err err = {0};
    sql_add(q, "SELECT CAST(");
    expr_add_sql(q, e, "r");
    sql_add(q, " AS VARCHAR), typeof(");
    expr_add_sql(q, e, "r");
    sql_add(q, "), ");
    expr_add_fails_sql(q, e, "r");
    sql_add(q, " FROM (%s) AS r", row);
    if (db_query(conn, sql_text(q), NULL, 0, &result, &err) || db_next(result, &batch, &err))
        fail_msg("%s\n%s", err.message, sql_text(q));
    assert_non_null(batch);
    struct q_str value = batch_text_at(&batch->cols[0], 0),
                 type = batch_text_at(&batch->cols[1], 0);
    const char *text =
        batch_is_null(&batch->cols[0], 0) ? "null" : q_strndup(arena, value.p, value.n);
    assert_false(batch_is_null(&batch->cols[2], 0));
    *fails = ((const uint8_t *)batch->cols[2].data)[0];
    struct q_type own = expr_type(e);
    if (own.id != Q_T_NONE)
        assert_string_equal(q_strndup(arena, type.p, type.n), sql_type(arena, own));
    db_close(result);
    return text;
}

struct value_case {
    const char *text, *expected; /* "fails": the row fails */
};

static void check_values(const struct value_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct expr *e;
        struct q_err err = {0};
        bool fails;
        if (prepare(cases[i].text, &e, &err))
            fail_msg("%s: %s", cases[i].text, err.message);
        const char *value = evaluate(e, &fails);
        if (fails) {
            assert_true(expr_can_fail(e));
            value = "fails";
        }
        if (strcmp(value, cases[i].expected) != 0)
            fail_msg("%s: expected %s, found %s", cases[i].text, cases[i].expected, value);
    }
}

#define CHECK_VALUES(cases) check_values(cases, sizeof(cases) / sizeof(cases)[0])

static void rule_31_arithmetic_on_decimals_is_exact(void **state)
{
    (void)state;
    static const struct value_case cases[] = {
        {"1.50", "1.50"},
        {"1 + 2 * 3", "7"},
        {"(1 + 2) * 3", "9"},
        {"- i", "-7"},
        {"amount + 0.005", "12.505"},
        {"amount * 1.1", "13.750"},
        {"amount * i", "87.50"},
        {"amount * big", "115292150460684697587.50"},
        {"amount * amount * amount", "1953.125000"},
        {"0.1 + 0.2 = 0.3", "true"},
        {"1.005 * 100 = 100.5", "true"},
        {"i - 8", "-1"},
        {"s + i", "12"},
        {"i % 4", "3"},
        {"b % 2", "-1"},
        {"amount % 5", "2.50"},
        {"i % 0", "null"},
        {"(-big - 1) % b", "-2"},
        {"(-big - 1) % (b + 2)", "fails"},
        {"(-big - 1) % -1", "fails"},
        {"amount % zero", "null"},
        {"nothing + 1", "null"},
        {"f * 2", "5.0"},
        {"-amount", "-12.50"},
        {"amount * i - 0.50", "87.00"},
    };
    CHECK_VALUES(cases);
}

static void division_is_exact_to_six_digits_and_null_for_zero(void **state)
{
    (void)state;
    static const struct value_case cases[] = {
        {"5 / 2", "2.500000"},
        {"1 / 3", "0.333333"},
        {"2 / 3", "0.666667"},
        {"-2 / 3", "-0.666667"},
        {"1 / 0", "null"},
        {"amount / zero", "null"},
        {"amount / nothing", "null"},
        {"amount / i", "1.785714"},
        {"0.0000005 / 1", "0.000001"},
        {"-0.0000005 / 1", "-0.000001"},
        {"0.00000049 / 1", "0.000000"},
        {"1 / 0.0000001", "10000000.000000"},
        {"big / 1", "9223372036854775807.000000"},
        {"big / 2", "4611686018427387903.500000"},
        {"amount / 0.03", "416.666667"},
        {"i / i / i", "0.142857"},
        {"(amount * i) / 4", "21.875000"},
        {"wide / 3", "fails"},
        {"f / 0", "null"},
        {"f / 2", "1.25"},
    };
    CHECK_VALUES(cases);
}

static void rule_28_an_overflow_fails_the_row_not_the_statement(void **state)
{
    (void)state;
    static const struct value_case cases[] = {
        {"big + 1", "fails"},
        {"big + 1 > 0", "fails"},
        {"big + b", "9223372036854775804"},
        {"big * big", "fails"},
        {"wide * 10", "fails"},
        {"wide + wide", "fails"},
        {"wide - 1", "99999999999999999999999999999999998.999"},
        {"wide + 0.00001", "fails"},
        {"wide * 10 + 1 > wide * 10 + 2", "fails"},
        {"(big + 1) * 2 > (big + 1) * 3", "fails"},
        {"cast(wide as decimal(38,2))", "fails"},
        {"wide * wide", "fails"},
        {"sqrt(-1)", "fails"},
        {"ln(0)", "fails"},
        {"sqrt(nothing)", "null"},
        {"make_date(2024, 2, 30)", "fails"},
        {"add_days(day, 2000000000 * 10)", "fails"},
        {"big + nothing", "null"},
        {"big + 1 + nothing", "null"},
        {"case when i = 7 then 0 else big + 1 end", "0"},
        {"case when i = 8 then 0 else big + 1 end", "fails"},
        {"case when big + 1 > 0 then 0 else 1 end", "fails"},
        {"i = 8 and big + 1 > 0", "false"},
        {"i = 7 and big + 1 > 0", "fails"},
        {"i = 7 or big + 1 > 0", "true"},
        {"i = 8 or big + 1 > 0", "fails"},
        {"coalesce(i, big + 1)", "7"},
        {"coalesce(nothing, big + 1)", "fails"},
        {"coalesce(big + 1, i)", "fails"},
        {"big + 1 is null", "fails"},
        {"concat('a', cast(big + 1 as text))", "fails"},
        {"cast(amount as integer)", "fails"},
        {"cast(big as integer)", "fails"},
        {"cast(amount as decimal(12,1))", "12.5"},
        {"cast(12.55 as decimal(12,1))", "fails"},
        {"cast(zero as integer)", "0"},
        {"cast(at as date)", "fails"},
        {"cast(date '2024-01-01' as timestamp)", "2024-01-01 00:00:00"},
        {"cast(cast(day as timestamp) as date)", "2024-01-31"},
        {"abs(-big - 1)", "fails"},
        {"1 / (big + 1)", "fails"},
        {"(big + 1) / 0", "fails"},
    };
    CHECK_VALUES(cases);
}

static void comparisons_are_exact_and_know_null(void **state)
{
    (void)state;
    static const struct value_case cases[] = {
        {"big = 9223372036854775807", "true"},
        {"big = 9223372036854775807.5", "false"},
        {"amount = 12.5", "true"},
        {"amount <> 12.500", "false"},
        {"amount != 13", "true"},
        {"i between 1 and 7", "true"},
        {"i not between 1 and 7.5", "false"},
        {"i in (1, 7)", "true"},
        {"i not in (1, null)", "true"},
        {"i in (null, 7)", "true"},
        {"nothing = 1", "null"},
        {"nothing is null", "true"},
        {"nothing is not null", "false"},
        {"nothing is distinct from 1", "true"},
        {"nothing is not distinct from null", "true"},
        {"name like 'Ada%'", "true"},
        {"name not like 'ada%'", "true"},
        {"name ilike 'ada%'", "true"},
        {"not yes", "false"},
        {"yes and null", "null"},
        {"not yes or yes and not yes", "false"},
        {"day < at", "true"},
        {"day >= date '2024-01-31'", "true"},
        {"case i when 7 then 'seven' when 8 then 'eight' end", "seven"},
        {"case when i > 7 then 1 else 2.5 end", "2.5"},
        {"case i when 1 then 'one' end", "null"},
        {"(yes and yes) is not null", "true"},
        {"name = 'it''s'", "false"},
        {"\"name\" = 'Ada Lovelace'", "true"},
        {"NAME\n  = 'Ada Lovelace'", "true"},
    };
    CHECK_VALUES(cases);
}

static void functions_of_text(void **state)
{
    (void)state;
    static const struct value_case cases[] = {
        {"lower(name) || '/' || upper('ß')", "ada lovelace/ẞ"},
        {"length('é')", "1"},
        {"substr(name, 5)", "Lovelace"},
        {"substr(name, 1, 3)", "Ada"},
        {"substr(name, i)", "velace"},
        {"substr(name, big)", "fails"},
        {"trim('  a ')", "a"},
        {"trim('xxaxx', 'x')", "a"},
        {"ltrim(' a')", "a"},
        {"rtrim('a ')", "a"},
        {"replace('a-b', '-', '+')", "a+b"},
        {"concat('a', no_text, 'b')", "ab"},
        {"'a' || no_text", "null"},
        {"left('abc', 2)", "ab"},
        {"right('abc', 2)", "bc"},
        {"lpad('7', 3, '0')", "007"},
        {"rpad('7', 3, '.')", "7.."},
        {"starts_with(name, 'Ada')", "true"},
        {"ends_with(name, 'e')", "true"},
        {"contains(name, 'Love')", "true"},
        {"split_part('a,b', ',', 2)", "b"},
        {"position(name, 'L')", "5"},
        {"regex_match(name, 'L.v')", "true"},
        {"regex_full_match(name, 'L.v')", "false"},
        {"regex_replace('a1b22', '[0-9]+', '')", "ab"},
        {"regex_extract('a1b22', '([a-z])(\\d+)', 2)", "1"},
        {"title('ada LOVELACE')", "Ada Lovelace"},
        {"reverse('abc')", "cba"},
        {"repeat('ab', 2)", "abab"},
        {"strip_accents('é')", "e"},
        {"md5('')", "d41d8cd98f00b204e9800998ecf8427e"},
        {"nullif(empty, '')", "null"},
        {"coalesce(no_text, empty, 'x')", ""},
        {"cast(amount as text)", "12.50"},
        {"cast(yes as text)", "true"},
    };
    CHECK_VALUES(cases);
}

static void functions_of_numbers(void **state)
{
    (void)state;
    static const struct value_case cases[] = {
        {"abs(b)", "3"},
        {"abs(-amount)", "12.50"},
        {"round(2.5)", "3"},
        {"round(-2.5)", "-3"},
        {"round(2.345, 2)", "2.35"},
        {"round(-2.345, 2)", "-2.35"},
        {"round(9.99, 1)", "10.0"},
        {"round(i, 2)", "7"},
        {"round(f)", "3.0"},
        {"floor(-2.5)", "-3"},
        {"ceil(-2.5)", "-2"},
        {"trunc(-2.5)", "-2"},
        {"sign(b)", "-1"},
        {"mod(i, 4)", "3"},
        {"mod(i, 0)", "null"},
        {"greatest(1, nothing, 2.5)", "2.50"},
        {"least(1, nothing, 2.5)", "1.00"},
        {"power(2, 10)", "1024.0"},
        {"sqrt(16)", "4.0"},
        {"log10(100)", "2.0"},
        {"ln(1)", "0.0"},
        {"exp(0)", "1.0"},
    };
    CHECK_VALUES(cases);
}

static void functions_of_dates(void **state)
{
    (void)state;
    static const struct value_case cases[] = {
        {"year(day)", "2024"},
        {"quarter(day)", "1"},
        {"month(at)", "2"},
        {"week(date '2024-12-30')", "1"},
        {"day(day)", "31"},
        {"weekday(date '2024-05-05')", "7"},
        {"day_of_year(date '2024-12-31')", "366"},
        {"hour(at)", "10"},
        {"minute(at)", "20"},
        {"second(at)", "30"},
        {"date_trunc('month', day)", "2024-01-01"},
        {"date_trunc('hour', at)", "2024-02-29 10:00:00"},
        {"add_days(day, 1)", "2024-02-01"},
        {"add_days(at, -1)", "2024-02-28 10:20:30"},
        {"add_months(day, 1)", "2024-02-29"},
        {"add_months(at, 12)", "2025-02-28 10:20:30"},
        {"day + 1", "2024-02-01"},
        {"day - 31", "2023-12-31"},
        {"date(at) - day", "29"},
        {"days_between(day, at)", "29"},
        {"months_between(day, date '2024-03-30')", "1"},
        {"seconds_between(at, timestamp '2024-02-29 10:20:31')", "1"},
        {"last_day(date '2024-02-03')", "2024-02-29"},
        {"date(at)", "2024-02-29"},
        {"make_date(2024, 2, 29)", "2024-02-29"},
        {"format_date(day, '%Y-%m')", "2024-01"},
    };
    CHECK_VALUES(cases);
}

static void errors_name_the_place_and_the_nearest_name(void **state)
{
    (void)state;
    static const struct value_case cases[] = {
        {"amont + 1", "p.yaml:3:9: unknown column \"amont\"; did you mean \"amount\"?"},
        {"i +\n  lowr(name)", "p.yaml:4:3: unknown function \"lowr\"; did you mean \"lower\"?"},
        {"i = name", "p.yaml:3:13: integer and text cannot be compared or mixed"},
        {"i = '7'", "p.yaml:3:13: integer and text cannot be compared or mixed"},
        {"day = '2024-01-01'", "p.yaml:3:15: date and text cannot be compared or mixed"},
        {"name + 1", "p.yaml:3:14: + cannot be applied to text and integer"},
        {"lower(i)", "p.yaml:3:15: lower(text) takes text as argument 1, found integer"},
        {"lower(name, name)",
         "p.yaml:3:9: lower(text) cannot be called with 2 arguments of these types"},
        {"i i", "p.yaml:3:11: expected an operator or the end, found \"i\""},
        {"(i", "p.yaml:3:11: the expression ends where \")\" is expected"},
        {"", "p.yaml:3:9: the expression ends where a value is expected"},
        {"i ==", "p.yaml:3:12: expected a value, found \"=\""},
        {"'abc", "p.yaml:3:9: the text that begins here has no end"},
        {"1e5", "p.yaml:3:9: a number is written with digits and at most one point, near 1e"},
        {"date '2024-02-30'", "p.yaml:3:14: \"2024-02-30\" is no date"},
        {"regex_match(name, '(?=a)')",
         "p.yaml:3:27: regular expression, byte 1: look-around is not supported by the engine (RE2)"},
        {"now()", "p.yaml:3:9: now() is not available here"},
        {"cast(name as blob)", "p.yaml:3:9: text cannot be cast to blob"},
        {"case when i then 1 end",
         "p.yaml:3:19: a condition of CASE must be a boolean, found integer"},
        {"i in ()", "p.yaml:3:11: the list of IN has no value"},
        {"lpad(name, i, '0')",
         "p.yaml:3:20: lpad(text, n, 'fill') takes an integer literal from 0 to 10000 as argument 2, "
         "found integer"},
        {"i < 3 < 4", "p.yaml:3:15: expected an operator or the end, found \"<\""},
        {"i ; drop", "p.yaml:3:11: unexpected character \";\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct expr *e;
        struct q_err err = {0};
        assert_int_equal(prepare(cases[i].text, &e, &err), Q_CONFIG);
        assert_string_equal(err.message, cases[i].expected);
    }
}

static void hostile_texts_are_refused_not_followed(void **state)
{
    (void)state;
    struct expr *e;
    struct q_err err = {0};
    char *deep = q_alloc(arena, 60001);
    memset(deep, '(', 60000);
    assert_int_equal(prepare(deep, &e, &err), Q_CONFIG);
    memset(deep, '-', 60000);
    assert_int_equal(prepare(deep, &e, &err), Q_CONFIG);
    for (size_t i = 0; i < 60000; i += 2)
        memcpy(deep + i, i % 4 ? "i " : "+ ", 2);
    memcpy(deep, "i ", 2);
    assert_int_equal(prepare(deep, &e, &err), Q_CONFIG);
    for (size_t i = 0; i + 4 <= 60000; i += 4)
        memcpy(deep + i, "not ", 4);
    assert_int_equal(prepare(deep, &e, &err), Q_CONFIG);
    struct q_buf nested;
    q_buf_init(&nested, 1 << 20);
    for (int i = 0; i < 100; i++)
        q_buf_adds(&nested, "cast(");
    q_buf_adds(&nested, "amount");
    for (int i = 0; i < 100; i++)
        q_buf_printf(&nested, " as decimal(%d,%d))", 38, 37 - i % 37 - 1);
    assert_int_equal(prepare(q_buf_text(&nested), &e, &err), Q_CONFIG);
    q_buf_release(&nested);
    assert_int_equal(prepare(q_printf(arena, "%0*d", EXPR_TEXT_MAX + 1, 1), &e, &err), Q_CONFIG);
}

static void rule_40_a_regex_that_the_engine_refuses_is_a_configuration_error(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "(?=a)", "(?!a)", "(?<=a)", "(?<!a)",  "(a)\\1",    "(a",     "a)",    "[a",
        "*a",    "a**",   "a++",    "a{2}{3}", "a{1001}",   "a{3,2}", "(?P<n", "\\",
        "\\y",   "[z-a]", "(?>a)",  "x{2}*",   "\\p{Greek", "(?#c)"};
    static const char *const good[] = {"",
                                       "^[A-Z]{2}\\d+$",
                                       "(?i)abc",
                                       "(?:a|b)+?",
                                       "[^]a]",
                                       "[[:alpha:]_-]",
                                       "a{,2}",
                                       "\\p{Greek}\\x41\\.",
                                       "(?P<year>\\d{4})",
                                       "a|",
                                       "\\Qa*\\E",
                                       "^[\\w.+-]+@[\\w-]+\\.\\w{2,}$"};
    struct expr_place place = {"p.yaml", 1, 1};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct q_err err = {0};
        if (expr_check_regex(bad[i], place, &err) != Q_CONFIG)
            fail_msg("\"%s\" is taken", bad[i]);
    }
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct q_err err = {0};
        struct db_result *result = NULL;
        const char *sql =
            sql_make(arena, "SELECT regexp_matches(x, %L) FROM (SELECT 'abc' AS x)", good[i]);
        if (expr_check_regex(good[i], place, &err) || db_query(conn, sql, NULL, 0, &result, &err))
            fail_msg("\"%s\": %s", good[i], err.message);
        db_close(result);
    }
}

static void constants_fit_their_column_or_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        struct q_type type;
        bool fits;
    } cases[] = {
        {"1000", {.id = Q_T_INT32}, true},       {"-1.5", {.id = Q_T_INT32}, true},
        {"abc", {.id = Q_T_INT32}, false},       {"1e3", {.id = Q_T_DOUBLE}, false},
        {"", {.id = Q_T_INT32}, false},          {"2024-01-31", {.id = Q_T_DATE}, true},
        {"2024-02-30", {.id = Q_T_DATE}, false}, {"true", {.id = Q_T_BOOL}, true},
        {"1", {.id = Q_T_TEXT}, true},           {"maybe", {.id = Q_T_BOOL}, false},
        {NULL, {.id = Q_T_DATE}, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct expr *e;
        struct q_err err = {0};
        enum q_code code = expr_constant(arena, cases[i].text, cases[i].type,
                                         (struct expr_place){"p.yaml", 1, 1}, &e, &err);
        assert_int_equal(code == Q_OK, cases[i].fits);
    }
}

static void the_columns_of_an_expression_are_known(void **state)
{
    (void)state;
    struct expr *e;
    struct q_err err = {0};
    size_t n;
    assert_int_equal(prepare("case when i > 1 then amount * i else amount end", &e, &err), Q_OK);
    const size_t *used = expr_columns(e, &n);
    assert_int_equal(n, 2);
    assert_string_equal(columns.v[used[0]].name, "i");
    assert_string_equal(columns.v[used[1]].name, "amount");
}

static void a_name_with_a_point_is_a_column_of_that_whole_name(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"old.n + new.n", "3"},
        {"greatest(old.\"a b\", new.\"a b\")", "y"},
        {"old.case", "7"}, /* a word of the language is none behind a point */
        {"old.x", "unknown column \"old.x\"; did you mean \"old.n\"?"},
        {"old.n(1)", "expected an operator or the end, found \"(\""},
        {"old.1", "expected an operator or the end, found \".1\""},
    };
    static const char pair[] = "SELECT 1 AS \"old.n\", 2 AS \"new.n\", 'x' AS \"old.a b\", 'y' AS "
                               "\"new.a b\", 7 AS \"old.case\"";
    struct q_schema both = {0};
    struct q_err err = {0};
    assert_int_equal(db_describe(conn, pair, arena, &both, &err), Q_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct expr_env env = {.columns = &both};
        struct expr *e;
        err = (struct q_err){0};
        if (expr_parse(arena, cases[i].text, (struct expr_place){"p.yaml", 1, 1}, &e, &err) ||
            expr_check(e, &env, &err)) {
            if (!strstr(err.message, cases[i].expected))
                fail_msg("%s", err.message);
            continue;
        }
        struct sql *q = sql_new(arena);
        struct db_result *result;
        const struct batch *batch = NULL;
        sql_add(q, "SELECT CAST(");
        expr_add_sql(q, e, "m");
        sql_add(q, " AS VARCHAR) FROM (%s) AS m", pair);
        assert_int_equal(db_query(conn, sql_text(q), NULL, 0, &result, &err), Q_OK);
        assert_int_equal(db_next(result, &batch, &err), Q_OK);
        struct q_str value = batch_text_at(&batch->cols[0], 0);
        assert_string_equal(q_strndup(arena, value.p, value.n), cases[i].expected);
        db_close(result);
    }
}

static void safe_arithmetic_has_no_guard(void **state)
{
    (void)state;
    static const char *const safe[] = {"amount * 2 - 0.5", "i + s * 3", "amount * i", "amount / i",
                                       "big / 7",          "i % 5",     "big % 7"};
    for (size_t i = 0; i < sizeof safe / sizeof safe[0]; i++) {
        struct expr *e;
        struct q_err err = {0};
        assert_int_equal(prepare(safe[i], &e, &err), Q_OK);
        assert_false(expr_can_fail(e));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_31_arithmetic_on_decimals_is_exact),
        cmocka_unit_test(division_is_exact_to_six_digits_and_null_for_zero),
        cmocka_unit_test(rule_28_an_overflow_fails_the_row_not_the_statement),
        cmocka_unit_test(comparisons_are_exact_and_know_null),
        cmocka_unit_test(functions_of_text),
        cmocka_unit_test(functions_of_numbers),
        cmocka_unit_test(functions_of_dates),
        cmocka_unit_test(errors_name_the_place_and_the_nearest_name),
        cmocka_unit_test(hostile_texts_are_refused_not_followed),
        cmocka_unit_test(rule_40_a_regex_that_the_engine_refuses_is_a_configuration_error),
        cmocka_unit_test(constants_fit_their_column_or_are_refused),
        cmocka_unit_test(the_columns_of_an_expression_are_known),
        cmocka_unit_test(a_name_with_a_point_is_a_column_of_that_whole_name),
        cmocka_unit_test(safe_arithmetic_has_no_guard),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
