/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report.h"

#include "base/clock.h"
#include "support/place.h"
#include "unit.h"

struct desk {
    struct place place;
    const struct cfg_project *project;
    struct db_conn *conn;
    struct q_buf out;
};

static enum q_code put(void *buf, struct q_str text, struct q_err *err)
{
    (void)err;
    q_buf_add(buf, text.p, text.n);
    return Q_OK;
}

static struct desk *desk_open(void)
{
    static struct desk d;
    d = (struct desk){.place = place_make()};
    struct cfg_project *project;
    struct cfg_options options = {.dir = d.place.dir};
    struct db_settings settings = {.threads = 1};
    struct q_err err = {0};
    struct db *db;
    place_write(
        &d.place, "quern.yaml",
        "project: test\nenvironments: { dev: { warehouse: { type: duckdb, path: w.duckdb } } }\n");
    place_write(
        &d.place, "reports/all.yaml",
        "report: all\n"
        "title: All types\n"
        "parameters:\n"
        "  b: { type: boolean, default: yes }\n"
        "  i4: { type: integer, default: 2 }\n"
        "  i8: { type: bigint, default: 3 }\n"
        "  d4: { type: \"decimal(4, 1)\", default: 1.5 }\n"
        "  d38: { type: \"decimal(38, 2)\", default: 12345678901234567890.12 }\n"
        "  f: { type: double, default: 0.5 }\n"
        "  t: { type: text, default: \"it's; DROP\" }\n"
        "  day: { type: date, default: 2024-01-31 }\n"
        "  ts: { type: timestamp, default: \"2024-01-31 08:30\" }\n"
        "sql: |\n"
        "  SELECT $b AS b, $i4 AS i4, $i8 AS i8, $d4 AS d4, $d38 AS d38, $f AS f, $t AS t,\n"
        "    $day AS day, $ts AS ts\n");
    place_write(
        &d.place, "reports/one.yaml",
        "report: one\nparameters: { year: { type: integer }, yearly: { type: text, default: x } }\n"
        "sql: SELECT $year AS y, $yearly AS x\n");
    place_write(&d.place, "reports/wrong.yaml", "report: wrong\nsql: |\n  SELECT nothing\n");
    struct q_arena *arena = q_arena_new(d.place.arena, "engine");
    if (cfg_load(d.place.arena, &options, &project, &err) || db_open(arena, &settings, &db, &err) ||
        db_connect(db, arena, &d.conn, &err))
        fail_msg("%s", err.message);
    d.project = project;
    q_buf_init_in(&d.out, d.place.arena, 1 << 20);
    return &d;
}

static enum q_code run(struct desk *d, const char *name, const char *given, const char *format,
                       struct q_err *err)
{
    const struct cfg_report *report = cfg_find_report(d->project, name);
    struct report_values values;
    q_texts texts = {0};
    char *at = NULL, *list = q_strdup(d->place.arena, given);
    for (char *w = strtok_r(list, " ", &at); w; w = strtok_r(NULL, " ", &at))
        *q_vec_push(d->place.arena, &texts) = w;
    assert_non_null(report);
    q_buf_clear(&d->out);
    enum q_code code = report_bind(d->place.arena, report, &texts, &values, err);
    struct write_sink sink = {.self = &d->out, .put = put};
    return code ? code : report_run(d->place.arena, d->conn, report, &values, format, sink, err);
}

static void parameters_of_every_type_are_bound_exactly_rule_55(void **state)
{
    (void)state;
    struct desk *d = desk_open();
    struct q_err err = {0};
    if (run(d, "all", "", "csv", &err))
        fail_msg("%s", err.message);
    assert_string_equal(
        q_buf_text(&d->out),
        "b,i4,i8,d4,d38,f,t,day,ts\n"
        "true,2,3,1.5,12345678901234567890.12,0.5,it's; DROP,2024-01-31,2024-01-31 08:30:00\n");
    if (run(d, "all", "b=off i8=-9223372036854775808 d4=-999.9 t=a=b t=last", "csv", &err))
        fail_msg("%s", err.message);
    assert_non_null(strstr(q_buf_text(&d->out), "false,2,-9223372036854775808,"));
    assert_non_null(strstr(q_buf_text(&d->out), ",-999.9,"));
    assert_non_null(strstr(q_buf_text(&d->out), ",last,"));
    place_drop(&d->place);
}

static void a_wrong_parameter_is_the_users_mistake_and_names_what_is_right(void **state)
{
    (void)state;
    static const struct {
        const char *report, *given, *message, *hint;
    } cases[] = {
        {"one", "", "report \"one\" needs parameter \"year\"", "Give it as `--param year=...`."},
        {"one", "yaer=2024", "report \"one\" has no parameter \"yaer\"",
         "Did you mean `--param year=...`?"},
        {"one", "nothing_like_it=2024", "report \"one\" has no parameter \"nothing_like_it\"",
         "It has: year, yearly."},
        {"wrong", "x=1", "report \"wrong\" has no parameter \"x\"", "It has: none."},
        {"one", "year", "cannot read --param \"year\": expected NAME=VALUE", ""},
        {"one", "year=MMXX", "cannot read parameter \"year\": \"MMXX\" is not a whole number", ""},
        {"one", "year=3000000000",
         "cannot use 3000000000 for parameter \"year\": it must be from -2147483648 to 2147483647",
         ""},
        {"all", "d4=1.55", "cannot read parameter \"d4\": \"1.55\" is no decimal(4,1)", ""},
        {"all", "d4=", "cannot read parameter \"d4\": \"\" is no decimal(4,1)", ""},
        {"all", "b=2", "cannot read parameter \"b\": \"2\" is neither true nor false", ""},
        {"all", "f=abc", "cannot read parameter \"f\": \"abc\" is not a number", ""},
        {"all", "day=31.1.2024",
         "cannot read parameter \"day\": \"31.1.2024\" is not a date like 2026-01-31", ""},
        {"all", "ts=noon",
         "cannot read parameter \"ts\": \"noon\" is not a time like \"2026-01-31 08:30:00\" (UTC)",
         ""},
    };
    struct desk *d = desk_open();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct q_err err = {0};
        assert_int_equal(run(d, cases[i].report, cases[i].given, "csv", &err), Q_USAGE);
        assert_string_equal(err.message, cases[i].message);
        assert_string_equal(err.hint, cases[i].hint);
    }
    place_drop(&d->place);
}

static void a_report_is_written_in_any_format_and_a_wrong_one_says_where_it_stands(void **state)
{
    (void)state;
    struct desk *d = desk_open();
    struct q_err err = {0};
    q_clock_set(0);
    assert_int_equal(run(d, "one", "year=7", "json", &err), Q_OK);
    assert_non_null(
        strstr(q_buf_text(&d->out), "\"y\": 7") ? "" : strstr(q_buf_text(&d->out), "\"y\":7"));
    assert_int_equal(run(d, "all", "", "html", &err), Q_OK);
    assert_non_null(strstr(q_buf_text(&d->out), "<title>All types</title>"));
    assert_non_null(strstr(q_buf_text(&d->out), "Made by quern at 1970-01-01 00:00:00 UTC"));
    q_clock_reset();
    assert_int_equal(run(d, "one", "year=7", "xml", &err), Q_USAGE);
    assert_string_equal(err.message, "unknown format \"xml\"");
    assert_int_equal(run(d, "wrong", "", "csv", &err), Q_SQL);
    assert_string_equal(err.context[0], "running report \"wrong\" (reports/wrong.yaml:3)");
    int64_t rows = 0;
    struct write_sink sink = {.self = &d->out, .put = put};
    assert_int_equal(report_sql(d->place.arena, d->conn, "SELECT range FROM range(5000)", NULL,
                                "csv", NULL, sink, &rows, &err),
                     Q_OK);
    assert_int_equal(rows, 5000);
    assert_int_equal(
        report_sql(
            d->place.arena, d->conn,
            "SELECT CASE WHEN range = 4000 THEN error('late') ELSE range END FROM range(5000)",
            NULL, "csv", NULL, sink, &rows, &err),
        Q_SQL);
    place_drop(&d->place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_of_every_type_are_bound_exactly_rule_55),
        cmocka_unit_test(a_wrong_parameter_is_the_users_mistake_and_names_what_is_right),
        cmocka_unit_test(a_report_is_written_in_any_format_and_a_wrong_one_says_where_it_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
