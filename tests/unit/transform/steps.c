/* SPDX-License-Identifier: Apache-2.0 */
/* Steps on staged rows: what comes out, what is counted, what is rejected later. */
#include "unit.h"

#include "support/stages.h"
#include "transform/transform.h"

static const struct plan_stage *const list[] = {&transform_stage};
static struct stages s;

static int set_up(void **state)
{
    (void)state;
    stages_open(&s);
    stages_file(&s, "model/f.yaml", "fact: f\ngrain: [id]\ncolumns:\n  id: { type: bigint }\n");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    stages_close(&s);
    return 0;
}

static enum q_code run(const char *sources, const char *steps)
{
    stages_file(&s, "pipelines/p.yaml",
                q_printf(s.arena,
                         "pipeline: p\nextract:\n%stransform:\n%sload: { into: f, mode: append }\n",
                         sources, steps));
    return stages_run(&s, "p", list, 1);
}

static void must_run(const char *sources, const char *steps)
{
    if (run(sources, steps))
        fail_msg("%s %s", s.err.message, s.err.detail);
}

#define SALES "  sales: { from: files, path: in/sales.csv }\n"
#define DETAILS "  details: { from: files, path: in/details.csv }\n"

static const char *rows(const char *columns)
{
    return stages_text(&s, sql_make(s.arena, "SELECT %s FROM %I ORDER BY _q_pos, %s", columns,
                                    s.plan->current.name, columns));
}

static void stage_sales(void)
{
    stages_stage(
        &s, "sales",
        "SELECT * FROM (VALUES (1::BIGINT, '7', 2, 1.50::DECIMAL(12,2), ' A  b '), (2, '1.5', 3, 2.00, 'C'), (3, NULL, "
        "NULL, 9.99, NULL)) AS t(id, n, quantity, price, city)");
}

static void rule_29_the_first_view_knows_file_and_position(void **state)
{
    (void)state;
    stage_sales();
    must_run(SALES, "  - rename: { n: number }\n");
    assert_string_equal(
        rows("_q_pos, id, number, source_file, source_position"),
        "0|1|7|in/sales.csv|0\n10|2|1.5|in/sales.csv|10\n20|3|null|in/sales.csv|20");
}

static void rule_28_a_failed_cast_is_kept_for_the_check(void **state)
{
    (void)state;
    stage_sales();
    must_run(SALES, "  - cast: { n: integer }\n  - filter: \"n = 7\"\n");
    assert_int_equal(s.plan->fails.n, 1);
    assert_string_equal(s.plan->fails.v[0].reason, "cast");
    assert_string_equal(s.plan->fails.v[0].col, "n");
    assert_string_equal(rows("id, n, _q_fail_1"), "1|7|null\n2|null|1.5");
    assert_string_equal(stages_text(&s, "SELECT * FROM q_skipped"), "sales|filtered|1");
}

static void rule_31_casts_never_round_unless_told(void **state)
{
    (void)state;
    stages_stage(
        &s, "sales",
        "SELECT 1 AS id, 7.777::DECIMAL(12,3) AS a, '7.777' AS b, '31/01/2024' AS c, '1,234.50' AS d, TIMESTAMP "
        "'2024-01-01 10:00:00' AS e, 7.777::DECIMAL(12,3) AS f");
    must_run(
        SALES,
        "  - cast:\n      a: decimal(12,2)\n      b: { type: decimal(12,2), round: half_up }\n"
        "      c: { type: date, formats: [\"%d/%m/%Y\"] }\n      d: { type: decimal(12,2), thousands: \",\" }\n"
        "      e: date\n      f: { type: decimal(12,2), round: half_up }\n");
    assert_string_equal(rows("a, b, c, d, e, f"), "null|7.78|2024-01-31|1234.50|null|7.78");
    assert_string_equal(rows("_q_fail_1, _q_fail_5"), "7.777|2024-01-01 10:00:00");
}

static void derived_columns_see_those_before_them(void **state)
{
    (void)state;
    stage_sales();
    must_run(
        SALES,
        "  - derive: { total: \"quantity * price\", double: \"total + total\", id: \"id + 1\" }\n");
    assert_string_equal(rows("id, total, double"), "2|3.00|6.00\n3|6.00|12.00\n4|null|null");
}

static void rule_28_an_overflow_passes_the_filter_and_is_kept(void **state)
{
    (void)state;
    stages_stage(&s, "sales", "SELECT 9223372036854775807::BIGINT AS id UNION ALL SELECT 1");
    must_run(SALES, "  - derive: { next: \"id + 1\" }\n  - filter: \"next > 5\"\n");
    assert_string_equal(rows("id, next, _q_fail_1"), "9223372036854775807|null|");
    assert_string_equal(s.plan->fails.v[0].reason, "overflow");
}

static void cleaning_keeps_what_it_must_not_touch(void **state)
{
    (void)state;
    stages_stage(
        &s, "sales",
        "SELECT * FROM (VALUES (1, ' New\t York ', ' Ada.L@Example.ORG ', '(555) 123-4567', 'eBay'), (2, '', 'a@b', "
        "'+1 555 123 4567', NULL), (3, NULL, NULL, '12', 'x')) AS t(id, city, email, phone, name)");
    must_run(SALES, "  - clean: { text: [city, name], email: email, phone: phone }\n");
    assert_string_equal(rows("city, email, email_valid, phone, phone_standardized, name"),
                        "New York|ada.l@example.org|true|(555) 123-4567|(555) 123-4567|eBay\n"
                        "|a@b|false|+1 555 123 4567|(555) 123-4567|null\n"
                        "null|null|null|12|12|x");
}

static void select_and_drop_leave_columns_out(void **state)
{
    (void)state;
    stage_sales();
    must_run(SALES, "  - select: [price, id]\n  - drop: price\n");
    assert_int_equal(s.plan->current.columns.n, 1);
    assert_string_equal(s.plan->current.columns.v[0].name, "id");
}

static void stage_joined(void)
{
    stages_stage(
        &s, "sales",
        "SELECT * FROM (VALUES (1::BIGINT, 'a', 'x'), (2, 'b', NULL), (3, 'c', 'y'), (4, 'b', 'x')) AS "
        "t(id, k, note)");
    stages_stage(
        &s, "details",
        "SELECT * FROM (VALUES ('x', 10, 'n1'), ('x', 11, 'n2'), ('z', 12, 'n3'), (NULL, 13, 'n4')) AS "
        "t(note, amount, k)");
}

static void rule_12_null_keys_match_nothing_and_rule_28_joins_are_counted(void **state)
{
    (void)state;
    stage_joined();
    must_run(SALES DETAILS, "  - join: { left: sales, right: details, on: note, kind: inner }\n");
    assert_string_equal(rows("_q_pos, _q_pos_details, id, k, note, amount, k_right"),
                        "0|0|1|a|x|10|n1\n0|10|1|a|x|11|n2\n30|0|4|b|x|10|n1\n30|10|4|b|x|11|n2");
    assert_string_equal(stages_text(&s, "SELECT * FROM q_joins"), "join details|4|4|2|2|2|2|2");
    assert_string_equal(stages_text(&s, "SELECT * FROM q_skipped"), "sales|unmatched|2");
}

static void an_inner_join_keeps_rows_that_failed_before(void **state)
{
    (void)state;
    stages_stage(&s, "sales", "SELECT * FROM (VALUES (1::BIGINT, 'x'), (2, '7')) AS t(id, n)");
    stages_stage(&s, "details", "SELECT 7 AS n, 'seven' AS name");
    must_run(
        SALES DETAILS,
        "  - cast: { n: integer }\n  - join: { left: sales, right: details, on: n, kind: inner }\n");
    assert_string_equal(rows("id, n, name, _q_fail_1"), "1|null|null|x\n2|7|seven|null");
    assert_string_equal(stages_text(&s, "SELECT count(*) FROM q_skipped"), "0");
}

static void failed_records_of_the_right_relation_are_rejected_at_the_join(void **state)
{
    (void)state;
    stages_stage(&s, "sales", "SELECT 1::BIGINT AS id, 7 AS n");
    stages_stage(&s, "details", "SELECT * FROM (VALUES ('7', 'a'), ('x', 'b')) AS t(n, name)");
    must_run(SALES DETAILS, "  - cast: { n: integer }\n    relation: details\n"
                            "  - join: { left: sales, right: details, on: n, kind: left }\n");
    assert_string_equal(rows("id, name"), "1|a");
    assert_string_equal(
        stages_text(&s, "SELECT relation, pos, rule, reason, col, value, detail FROM q_rejects"),
        "details|10|cast n|cast|n|x|integer");
}

static void a_full_join_gives_rows_of_the_right_their_own_positions(void **state)
{
    (void)state;
    stage_joined();
    must_run(SALES DETAILS, "  - join: { left: sales, right: details, on: note, kind: full }\n");
    assert_string_equal(rows("_q_pos, id, note, amount"),
                        "-31|null|null|13\n-21|null|z|12\n0|1|x|10\n0|1|x|11\n10|2|null|null\n"
                        "20|3|y|null\n30|4|x|10\n30|4|x|11");
}

static void errors_have_places(void **state)
{
    (void)state;
    static const struct {
        const char *steps, *message;
    } cases[] = {
        {"  - rename: { nn: m }\n",
         "pipelines/p.yaml:5:15: unknown column \"nn\"; did you mean \"n\"?"},
        {"  - rename: { n: city }\n", "pipelines/p.yaml:5:18: there is a column \"city\" already"},
        {"  - derive: { x: \"quantty + 1\" }\n",
         "pipelines/p.yaml:5:19: unknown column \"quantty\"; did you mean \"quantity\"?"},
        {"  - filter: \"quantity\"\n",
         "pipelines/p.yaml:5:14: a filter must be a boolean, found integer"},
        {"  - drop: cty\n",
         "pipelines/p.yaml:5:11: unknown column \"cty\"; did you mean \"city\"?"},
        {"  - clean: { text: [price] }\n",
         "pipelines/p.yaml:5:21: `clean` works on text; \"price\" is none"},
        {"  - cast: { price: blob }\n",
         "pipelines/p.yaml:5:20: \"price\" is decimal(12,2), which cannot be cast to blob"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        stage_sales();
        stages_exec(&s, "DROP VIEW IF EXISTS t0_sales");
        s.err = (struct q_err){0};
        assert_int_equal(run(SALES, cases[i].steps), Q_CONFIG);
        assert_string_equal(s.err.message, cases[i].message);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(rule_29_the_first_view_knows_file_and_position),
        TEST(rule_28_a_failed_cast_is_kept_for_the_check),
        TEST(rule_31_casts_never_round_unless_told),
        TEST(derived_columns_see_those_before_them),
        TEST(rule_28_an_overflow_passes_the_filter_and_is_kept),
        TEST(cleaning_keeps_what_it_must_not_touch),
        TEST(select_and_drop_leave_columns_out),
        TEST(rule_12_null_keys_match_nothing_and_rule_28_joins_are_counted),
        TEST(an_inner_join_keeps_rows_that_failed_before),
        TEST(failed_records_of_the_right_relation_are_rejected_at_the_join),
        TEST(a_full_join_gives_rows_of_the_right_their_own_positions),
        TEST(errors_have_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
