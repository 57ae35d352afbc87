/* SPDX-License-Identifier: Apache-2.0 */
/* From declared tables to DDL that the real engine takes, lookups, and the date dimension. */
#include "model/model.h"

#include "db/db.h"
#include "format/write/write.h"
#include "model/date.h"
#include "support/place.h"
#include "unit.h"

struct bench {
    struct place place;
    struct model *model;
    struct db_conn *conn;
};

static void put_file(struct bench *b, const char *path, const char *text)
{
    place_write(&b->place, path, text);
}

static struct bench bench_open(void)
{
    struct bench b = {.place = place_make()};
    struct db_settings settings = {.threads = 1};
    struct q_err err = {0};
    struct db *db;
    put_file(
        &b, "quern.yaml",
        "project: test\nenvironments: { dev: { warehouse: { type: duckdb, path: w.duckdb } } }\n");
    if (db_open(b.place.arena, &settings, &db, &err) ||
        db_connect(db, q_arena_new(b.place.arena, "conn"), &b.conn, &err))
        fail_msg("%s", err.message);
    return b;
}

static enum q_code build(struct bench *b, struct q_err *err)
{
    struct cfg_project *project;
    struct cfg_options options = {.dir = b->place.dir};
    enum q_code code = cfg_load(b->place.arena, &options, &project, err);
    return code ? code : model_build(b->place.arena, project, &b->model, err);
}

static void must_build(struct bench *b)
{
    struct q_err err = {0};
    if (build(b, &err))
        fail_msg("%s", err.message);
}

static enum q_code try_sql(struct bench *b, const char *sql)
{
    struct q_err err = {0};
    enum q_code code = db_exec(b->conn, sql, NULL, 0, NULL, &err);
    if (code && code != Q_SQL)
        fail_msg("%s", err.message);
    return code;
}

static void run(struct bench *b, const char *sql)
{
    struct q_err err = {0};
    if (db_exec(b->conn, sql, NULL, 0, NULL, &err))
        fail_msg("%s\n%s", err.message, sql);
}

static void create(struct bench *b, const char *name)
{
    const struct model_table *t = model_find(b->model, name);
    struct q_arena *a = b->place.arena;
    assert_non_null(t);
    run(b, model_create_sql(a, t, "main"));
    if (!t->is_fact) {
        run(b, model_special_sql(a, t, "main"));
        run(b, model_special_sql(a, t, "main")); /* twice is as good as once */
    }
    if (model_view_sql(a, t, "main"))
        run(b, model_view_sql(a, t, "main"));
}

static enum q_code put(void *buf, struct q_str text, struct q_err *err)
{
    (void)err;
    q_buf_add(buf, text.p, text.n);
    return Q_OK;
}

static void expect(struct bench *b, const char *sql, const char *csv)
{
    const struct write_options plain = {0};
    struct q_buf out;
    struct q_err err = {0};
    struct db_result *r;
    struct writer *w = NULL;
    const struct batch *rows = NULL;
    struct q_arena *arena = q_arena_new(b->place.arena, "query");
    q_buf_init(&out, 1 << 20);
    if (db_query(b->conn, sql, NULL, 0, &r, &err))
        fail_msg("%s\n%s", err.message, sql);
    enum q_code code =
        write_begin(arena, write_format_find("csv"), &plain,
                    (struct write_sink){.self = &out, .put = put}, db_columns(r), &w, &err);
    while (!code && !(code = db_next(r, &rows, &err)) && rows)
        code = write_batch(w, rows, &err);
    if (!code)
        code = write_end(w, &err);
    if (code)
        fail_msg("%s", err.message);
    db_close(r);
    assert_string_equal(q_buf_text(&out), csv);
    q_buf_release(&out);
    q_arena_free(arena);
}

static const char customers[] =
    "dimension: dim_customers\n"
    "key: customer_key\n"
    "business_key: [customer_id]\n"
    "columns:\n"
    "  customer_id: { type: text }\n"
    "  city: { type: text, history: keep, nullable: false }\n"
    "  email: { type: text }\n"
    "  score: { type: \"decimal(5, 2)\", check: \"score >= 0 and score < 100\" }\n";
static const char dates[] =
    "dimension: dim_date\ngenerate: date\nkey: date_id\nfrom: 2019-12-30\nto: 2024-12-31\n";

static void tables_are_made_with_special_members_and_a_view_of_current_rows(void **state)
{
    (void)state;
    struct bench b = bench_open();
    put_file(&b, "model/dim_customers.yaml", customers);
    put_file(&b, "model/dim_date.yaml", dates);
    put_file(&b, "model/a_fact.yaml",
             "fact: a_fact\ngrain: [id]\ncolumns:\n"
             "  id: { type: bigint }\n"
             "  customer: { dimension: dim_customers, at: day, key: ck }\n"
             "  day: { dimension: dim_date }\n"
             "  amount: { type: \"decimal(12, 2)\", check: \"amount > 0\" }\n"
             "  note: { type: text, nullable: false }\n");
    must_build(&b);
    assert_int_equal(b.model->n, 3);
    assert_string_equal(b.model->tables[2].name, "a_fact"); /* dimensions first */
    create(&b, "dim_customers");
    create(&b, "dim_date");
    create(&b, "a_fact");
    expect(
        &b,
        "SELECT table_name, column_name, data_type, is_nullable FROM duckdb_columns() WHERE schema_name = 'main' AND NOT "
        "internal AND table_name IN ('dim_customers_versions', 'a_fact') ORDER BY table_name, column_index",
        "table_name,column_name,data_type,is_nullable\n"
        "a_fact,id,BIGINT,false\n"
        "a_fact,customer_id,VARCHAR,true\n"
        "a_fact,day,DATE,true\n"
        "a_fact,amount,\"DECIMAL(12,2)\",true\n"
        "a_fact,note,VARCHAR,false\n"
        "a_fact,ck,BIGINT,false\n"
        "a_fact,day_key,INTEGER,false\n"
        "a_fact,_q_run,BIGINT,true\n"
        "a_fact,_q_pos,BIGINT,true\n"
        "dim_customers_versions,customer_key,BIGINT,false\n"
        "dim_customers_versions,customer_id,VARCHAR,true\n"
        "dim_customers_versions,city,VARCHAR,true\n"
        "dim_customers_versions,email,VARCHAR,true\n"
        "dim_customers_versions,score,\"DECIMAL(5,2)\",true\n"
        "dim_customers_versions,valid_from,TIMESTAMP,true\n"
        "dim_customers_versions,valid_to,TIMESTAMP,true\n"
        "dim_customers_versions,is_current,BOOLEAN,false\n"
        "dim_customers_versions,is_deleted,BOOLEAN,true\n"
        "dim_customers_versions,version,INTEGER,false\n"
        "dim_customers_versions,first_seen_at,TIMESTAMP,true\n"
        "dim_customers_versions,_q_ended,BOOLEAN,true\n"
        "dim_customers_versions,_q_overwritten_at,TIMESTAMP,true\n"
        "dim_customers_versions,_q_overwritten_run,BIGINT,true\n"
        "dim_customers_versions,_q_overwritten_pos,BIGINT,true\n"
        "dim_customers_versions,_q_run,BIGINT,true\n"
        "dim_customers_versions,_q_pos,BIGINT,true\n");
    expect(&b, "SELECT customer_key, is_current FROM dim_customers_versions ORDER BY 1",
           "customer_key,is_current\n-2,true\n-1,true\n");
    expect(&b, "SELECT date_id, full_date FROM dim_date ORDER BY 1",
           "date_id,full_date\n-2,\n-1,\n");
    run(&b,
        "INSERT INTO dim_customers_versions (customer_key, customer_id, city, is_current, version) VALUES (1, 'a', 'Oslo', false, "
        "1), (2, 'a', 'Bonn', true, 2)");
    expect(&b, "SELECT customer_key, city FROM dim_customers", "customer_key,city\n2,Bonn\n");
    place_drop(&b.place);
}

static void what_the_model_demands_the_warehouse_demands_of_real_members(void **state)
{
    (void)state;
    static const struct {
        const char *values;
        enum q_code code;
    } cases[] = {
        {"(1, 'a', 'Oslo', 5)", Q_OK},    {"(2, 'a', 'Oslo', NULL)", Q_OK},
        {"(3, NULL, 'Oslo', 5)", Q_SQL},  {"(4, 'a', NULL, 5)", Q_SQL},
        {"(5, 'a', 'Oslo', 100)", Q_SQL}, {"(6, 'a', 'Oslo', -0.01)", Q_SQL},
        {"(-3, NULL, NULL, NULL)", Q_OK},
    };
    struct bench b = bench_open();
    put_file(&b, "model/dim_customers.yaml", customers);
    must_build(&b);
    create(&b, "dim_customers");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(
            try_sql(
                &b,
                sql_make(
                    b.place.arena,
                    "INSERT INTO dim_customers_versions (customer_key, customer_id, city, score, "
                    "is_current, version) SELECT *, true, 1 FROM (VALUES %s)",
                    cases[i].values)),
            cases[i].code);
    place_drop(&b.place);
}

/* Through the engine with its own calendar: what the columns mean stands in the expected rows. */
static void fill_dates(struct bench *b, const char *yaml, const char *holidays)
{
    struct q_arena *a = b->place.arena;
    put_file(b, "model/dim_date.yaml", yaml);
    must_build(b);
    create(b, "dim_date");
    run(b, sql_make(a, "INSERT INTO dim_date %s",
                    model_date_select(a, model_find(b->model, "dim_date"), holidays)));
}

static void the_date_dimension_has_iso_weeks_and_every_day_once_rule_57(void **state)
{
    (void)state;
    struct bench b = bench_open();
    fill_dates(&b, dates, NULL);
    expect(
        &b,
        "SELECT date_id, full_date, year, quarter, month, month_name, week, iso_year, day_of_month AS dom, day_of_year AS doy, "
        "day_of_week AS dow, day_name, is_weekend, is_holiday, holiday_name, fiscal_year AS fy, fiscal_quarter AS fq FROM dim_date "
        "WHERE date_id IN (20191230, 20200101, 20200229, 20201231, 20210103, 20210104, 20241231) ORDER BY 1",
        "date_id,full_date,year,quarter,month,month_name,week,iso_year,dom,doy,dow,day_name,is_weekend,is_holiday,holiday_name,"
        "fy,fq\n"
        "20191230,2019-12-30,2019,4,12,December,1,2020,30,364,1,Monday,false,false,,2019,4\n"
        "20200101,2020-01-01,2020,1,1,January,1,2020,1,1,3,Wednesday,false,false,,2020,1\n"
        "20200229,2020-02-29,2020,1,2,February,9,2020,29,60,6,Saturday,true,false,,2020,1\n"
        "20201231,2020-12-31,2020,4,12,December,53,2020,31,366,4,Thursday,false,false,,2020,4\n"
        "20210103,2021-01-03,2021,1,1,January,53,2020,3,3,7,Sunday,true,false,,2021,1\n"
        "20210104,2021-01-04,2021,1,1,January,1,2021,4,4,1,Monday,false,false,,2021,1\n"
        "20241231,2024-12-31,2024,4,12,December,1,2025,31,366,2,Tuesday,false,false,,2024,4\n");
    expect(
        &b,
        "SELECT count(*) AS n, count(DISTINCT full_date) AS days, max(full_date) - min(full_date) + 1 AS span FROM dim_date "
        "WHERE date_id > 0",
        "n,days,span\n1829,1829,1829\n");
    place_drop(&b.place);
}

static void a_fiscal_year_is_named_by_the_year_in_which_it_ends(void **state)
{
    (void)state;
    static const struct {
        int start;
        const char *rows;
    } cases[] = {
        {1, "2020-03-31,2020,1\n2020-04-01,2020,2\n2020-12-31,2020,4\n"},
        {4, "2020-03-31,2020,4\n2020-04-01,2021,1\n2020-12-31,2021,3\n"},
        {10, "2020-03-31,2020,2\n2020-04-01,2020,3\n2020-12-31,2021,1\n"},
        {12, "2020-03-31,2020,2\n2020-04-01,2020,2\n2020-12-31,2021,1\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench b = bench_open();
        fill_dates(
            &b,
            q_printf(
                b.place.arena,
                "dimension: dim_date\ngenerate: date\nkey: date_id\nfrom: 2020-01-01\nto: 2020-12-31\n"
                "fiscal_year_start: %d\n",
                cases[i].start),
            NULL);
        expect(
            &b,
            "SELECT full_date, fiscal_year, fiscal_quarter FROM dim_date WHERE date_id IN (20200331, 20200401, 20201231) ORDER "
            "BY 1",
            q_printf(b.place.arena, "full_date,fiscal_year,fiscal_quarter\n%s", cases[i].rows));
        place_drop(&b.place);
    }
}

static void weekends_and_holidays_are_declared(void **state)
{
    (void)state;
    struct bench b = bench_open();
    put_file(&b, "reference/h.csv", "date,name\n");
    run(&b,
        "CREATE TABLE hol AS SELECT * FROM (VALUES (DATE '2024-12-25', 'Christmas Day'), (DATE '2024-12-25', 'Another name'), (DATE "
        "'2031-01-01', 'outside')) AS h(date, name)");
    fill_dates(
        &b,
        "dimension: dim_date\ngenerate: date\nkey: date_id\nfrom: 2024-12-20\nto: 2024-12-26\nweekend: [friday, saturday]\n"
        "holidays: reference/h.csv\n",
        "hol");
    expect(
        &b,
        "SELECT full_date, is_weekend AS w, is_holiday AS h, holiday_name FROM dim_date WHERE date_id > 0 ORDER BY 1",
        "full_date,w,h,holiday_name\n"
        "2024-12-20,true,false,\n2024-12-21,true,false,\n2024-12-22,false,false,\n2024-12-23,false,false,\n"
        "2024-12-24,false,false,\n2024-12-25,false,true,Another name\n2024-12-26,false,false,\n");
    const struct model_table *t = model_find(b.model, "dim_date");
    const char *before = model_date_signature(b.place.arena, t);
    put_file(
        &b, "model/dim_date.yaml",
        "dimension: dim_date\ngenerate: date\nkey: date_id\nfrom: 2024-12-20\nto: 2024-12-26\n");
    must_build(&b);
    assert_string_not_equal(model_date_signature(b.place.arena, model_find(b.model, "dim_date")),
                            before);
    place_drop(&b.place);
}

static void a_wrong_model_is_refused_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *fact, *message;
    } cases[] = {
        {"fact: f\ngrain: [id]\ncolumns:\n  id: { type: bigint }\n  c: { dimension: dim_customers }\n",
         "needs `at:`"},
        {"fact: f\ngrain: [id]\ncolumns:\n  id: { type: bigint }\n  c: { dimension: dim_customers, at: id }\n",
         "is not a date or timestamp column of f"},
        {"fact: f\ngrain: [id]\ncolumns:\n  id: { type: bigint }\n  c: { dimension: dim_customers, at: nowhere }\n",
         "nowhere"},
        {"fact: f\ngrain: [id]\ncolumns:\n  id: { type: bigint }\n  c: { dimension: dim_none }\n",
         "dim_none"},
        {"fact: f\ngrain: [id]\ncolumns:\n  id: { type: bigintt }\n", "bigintt"},
        {"fact: f\ngrain: [nope]\ncolumns:\n  id: { type: bigint }\n", "nope"},
        {"fact: f\ngrain: [id]\ncolumns:\n  id: { type: bigint }\n  d: { type: date }\n"
         "  c: { dimension: dim_customers, from: [a, b], at: d }\n",
         "from"},
        {"fact: f\ngrain: [id]\ncolumns:\n  id: { type: bigint, check: \"id > 'x'\" }\n",
         "cannot be compared"},
        {"fact: f\ngrain: [id]\ncolumns:\n  id: { type: bigint, check: \"other > 1\" }\n", "other"},
        {"fact: f\ngrain: [id]\ncolumns:\n  id: { type: bigint, check: \"id + 1\" }\n", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench b = bench_open();
        struct q_err err = {0};
        put_file(&b, "model/dim_customers.yaml", customers);
        put_file(&b, "model/f.yaml", cases[i].fact);
        assert_int_equal(build(&b, &err), Q_CONFIG);
        if (strncmp(err.message, "model/f.yaml:", 13) != 0 ||
            (!strstr(err.message, cases[i].message) && !strstr(err.detail, cases[i].message)))
            fail_msg("case %zu: %s | %s", i, err.message, err.detail);
        place_drop(&b.place);
    }
}

static void names_that_are_words_of_sql_are_quoted(void **state)
{
    (void)state;
    struct bench b = bench_open();
    put_file(
        &b, "model/order.yaml",
        "dimension: order\nkey: key\nbusiness_key: [group]\ncolumns: { group: text, select: { type: text, "
        "history: keep } }\n");
    must_build(&b);
    create(&b, "order");
    expect(&b, "SELECT key, \"group\", \"select\" FROM order_versions ORDER BY 1",
           "key,group,select\n-2,,\n-1,,\n");
    place_drop(&b.place);
}

/* What build.c says about quoting. */
static void the_builder_quotes_names_and_literals(void **state)
{
    (void)state;
    struct q_arena *a = q_arena_new(NULL, "test");
    struct q_type money = Q_DECIMAL(12, 2);
    static const struct {
        enum q_tid id;
        const char *name;
    } types[] = {{Q_T_BOOL, "BOOLEAN"},
                 {Q_T_INT16, "SMALLINT"},
                 {Q_T_INT32, "INTEGER"},
                 {Q_T_INT64, "BIGINT"},
                 {Q_T_INT128, "HUGEINT"},
                 {Q_T_DOUBLE, "DOUBLE"},
                 {Q_T_TEXT, "VARCHAR"},
                 {Q_T_DATE, "DATE"},
                 {Q_T_TIME, "TIME"},
                 {Q_T_TIMESTAMP, "TIMESTAMP"},
                 {Q_T_TIMESTAMPTZ, "TIMESTAMPTZ"},
                 {Q_T_UUID, "UUID"},
                 {Q_T_BLOB, "BLOB"},
                 {Q_T_JSON, "JSON"}};
    assert_string_equal(sql_make(a, "%I.%I = %L", "a\"b", "c", "it's"),
                        "\"a\"\"b\".\"c\" = 'it''s'");
    assert_string_equal(
        sql_make(a, "%L %d %D %M", NULL, INT64_MIN, -1, INT64_C(1)),
        "NULL -9223372036854775808 DATE '1969-12-31' TIMESTAMP '1970-01-01 00:00:00.000001'");
    assert_string_equal(sql_make(a, "CAST(%s AS %T) %% 2", "x", &money),
                        "CAST(x AS DECIMAL(12,2)) % 2");
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        assert_string_equal(sql_type(a, Q_TYPE(types[i].id)), types[i].name);
    struct sql *q = sql_new(a);
    bool first = true;
    assert_string_equal(sql_text(q), "");
    for (int i = 0; i < 3; i++) {
        sql_sep(q, &first, ", ");
        sql_add(q, "%d", (int64_t)i);
    }
    assert_string_equal(sql_text(q), "0, 1, 2");
    q_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_made_with_special_members_and_a_view_of_current_rows),
        cmocka_unit_test(what_the_model_demands_the_warehouse_demands_of_real_members),
        cmocka_unit_test(the_date_dimension_has_iso_weeks_and_every_day_once_rule_57),
        cmocka_unit_test(a_fiscal_year_is_named_by_the_year_in_which_it_ends),
        cmocka_unit_test(weekends_and_holidays_are_declared),
        cmocka_unit_test(a_wrong_model_is_refused_with_its_place),
        cmocka_unit_test(names_that_are_words_of_sql_are_quoted),
        cmocka_unit_test(the_builder_quotes_names_and_literals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
