/* SPDX-License-Identifier: Apache-2.0 */
/* Rules on staged rows: results, rejects, samples, and what the target demands. */
#include "unit.h"

#include "check/check.h"
#include "support/stages.h"
#include "transform/transform.h"

static const struct plan_stage *const list[] = {&transform_stage, &check_stage};
static struct stages s;

#define RESULTS \
    "SELECT name, rows, evaluated, failed, severity, state, vacuous FROM q_rules ORDER BY ord"
#define REJECTS "SELECT pos, ord, rule, reason, col, value FROM q_rejects ORDER BY ALL"

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

static enum q_code run(const char *steps, const char *rules)
{
    stages_file(
        &s, "pipelines/p.yaml",
        q_printf(
            s.arena,
            "pipeline: p\nextract:\n  sales: { from: files, path: in/sales.csv }\n%s%scheck:\n%s"
            "load: { into: f, mode: append }\n",
            *steps ? "transform:\n" : "", steps, rules));
    return stages_run(&s, "p", list, 2);
}

static void must_run(const char *rules)
{
    if (run("", rules))
        fail_msg("%s %s", s.err.message, s.err.detail);
}

static void expect(const char *sql, const char *expected)
{
    assert_string_equal(stages_text(&s, sql), expected);
}

static void stage_numbers(void)
{
    stages_stage(
        &s, "sales",
        "SELECT * FROM (VALUES (1::BIGINT, 5, 1.50::DECIMAL(12,2), 'a'), (2, NULL, 2.00, 'b'), (3, 2000, NULL, "
        "NULL), (4, 0, 9.99, 'z')) AS t(id, quantity, price, status)");
}

static void rule_36_results_are_integers_with_samples_and_keys(void **state)
{
    (void)state;
    stage_numbers();
    must_run("  - between: { column: quantity, min: 1, max: 1000 }\n");
    expect(RESULTS, "between quantity|4|3|2|error|failed|false");
    expect("SELECT samples FROM q_rules",
           "[{\"position\":20,\"key\":{\"id\":3},\"value\":\"2000\"},{\"position\":30,"
           "\"key\":{\"id\":4},\"value\":\"0\"}]");
    expect(
        REJECTS,
        "20|10000|between quantity|between|quantity|2000\n30|10000|between quantity|between|quantity|0");
}

static void rule_36_samples_are_the_first_rows_in_order(void **state)
{
    (void)state;
    stages_stage(
        &s, "sales",
        "SELECT (1000 - 10 * i)::BIGINT AS _q_pos, i AS id, i % 5 AS g, 0 AS q FROM range(1, 9) AS t(i)");
    must_run("  - unique: [g]\n  - between: { column: q, min: 1, max: 1 }\n");
    expect("SELECT failed FROM q_rules ORDER BY ord", "6\n8");
    expect(
        "SELECT samples FROM q_rules WHERE name LIKE 'between%'",
        "[{\"position\":920,\"key\":{\"id\":8},\"value\":\"0\"},{\"position\":930,\"key\":{\"id\":7},"
        "\"value\":\"0\"},{\"position\":940,\"key\":{\"id\":6},\"value\":\"0\"},{\"position\":950,\"key\":{"
        "\"id\":5},\"value\":\"0\"},{\"position\":960,\"key\":{\"id\":4},\"value\":\"0\"}]");
    expect("SELECT count(*), count(DISTINCT pos) FROM q_rejects", "14|8"); /* each reason once */
}

static void rule_36_thresholds_compare_integers(void **state)
{
    (void)state;
    stages_stage(&s, "sales",
                 "SELECT i AS id, CASE WHEN i = 7 THEN 0 ELSE 1 END AS q FROM range(1000) AS t(i)");
    must_run(
        "  - between: { column: q, min: 1, max: 1, error: \"> 0.1%\" }\n"
        "  - between: { column: q, min: 1, max: 1, name: equal, error: \">= 0.1%\" }\n"
        "  - between: { column: q, min: 1, max: 1, name: rows, warn: \"> 0\", error: \"> 1\" }\n");
    expect("SELECT name, failed, severity, state FROM q_rules ORDER BY ord",
           "between q|1|null|passed\nequal|1|error|failed\nrows|1|warn|failed");
}

static void rule_37_null_leaves_evaluated_unless_nulls_fail(void **state)
{
    (void)state;
    stage_numbers();
    must_run("  - in_set: { column: status, values: [a, b, z] }\n"
             "  - in_set: { column: status, values: [a, b, z], name: strict, nulls: fail }\n"
             "  - not_null: [status]\n"
             "  - not_in_set: { column: status, values: [z, null] }\n"
             "  - expression: \"price < 5\"\n"
             "  - expression: \"price < 5\"\n    name: known\n    nulls: fail\n");
    expect(RESULTS,
           "in_set status|4|3|0|null|passed|false\nstrict|4|4|1|error|failed|false\n"
           "not_null status|4|4|1|error|failed|false\nnot_in_set status|4|3|1|error|failed|false\n"
           "expression price < 5|4|3|1|error|failed|false\nknown|4|4|2|error|failed|false");
}

static void rule_38_only_error_and_critical_remove_rows(void **state)
{
    (void)state;
    stage_numbers();
    must_run(
        "  - between: { column: quantity, min: 1, name: told, warn: \"> 0\" }\n"
        "  - between: { column: quantity, max: 1000, name: removed, warn: \"> 0\", error: \"> 50%\" }\n");
    expect("SELECT name, failed, severity FROM q_rules ORDER BY ord",
           "told|1|warn\nremoved|1|warn");
    expect(REJECTS, "20|10001|removed|between|quantity|2000");
}

static void rule_38_a_rule_without_thresholds_is_an_error_above_zero(void **state)
{
    (void)state;
    stage_numbers();
    must_run("  - not_null: [id]\n  - not_null: [price]\n");
    expect("SELECT name, severity FROM q_rules ORDER BY ord",
           "not_null id|null\nnot_null price|error");
}

static void rule_39_an_empty_relation_is_vacuous_and_fails_aggregates(void **state)
{
    (void)state;
    stages_stage(&s, "sales", "SELECT 1::BIGINT AS id WHERE FALSE");
    must_run(
        "  - not_null: [id]\n  - not_null: { columns: [id], name: strict, on_empty: fail }\n"
        "  - row_count: { min: 0, max: 10, name: rows }\n  - row_count: { min: 1, name: fine, on_empty: pass }\n");
    expect(
        "SELECT name, severity, state, vacuous FROM q_rules ORDER BY ord",
        "not_null id|null|passed|true\nstrict|error|failed|true\nrows|error|failed|false\nfine|null|passed|false");
}

static void rule_40_a_rule_that_crashes_is_in_state_error_and_alone(void **state)
{
    (void)state;
    stage_numbers();
    must_run("  - sql: \"select nothing from {relation}\"\n    name: wrong\n"
             "  - sql: \"select id from {relation} where quantity = 0\"\n    name: right\n"
             "  - not_null: [price]\n");
    expect("SELECT name, failed, severity, state FROM q_rules ORDER BY ord",
           "wrong|0|null|error\nright|1|error|failed\nnot_null price|1|error|failed");
    expect("SELECT message LIKE '%nothing%' FROM q_rules WHERE name = 'wrong'", "true");
}

static void rule_40_a_crash_in_the_scan_leaves_the_other_rules(void **state)
{
    (void)state;
    stage_numbers();
    stages_file(&s, "model/d.yaml",
                "dimension: d\nkey: k\nbusiness_key: [c]\ncolumns: { c: text }\n");
    must_run("  - reference: { column: status, to: d, warn: \"> 0\" }\n  - not_null: [price]\n");
    expect("SELECT name, failed, severity, state FROM q_rules ORDER BY ord",
           "reference status|3|warn|failed\nnot_null price|1|error|failed");
    stages_exec(&s, "DROP TABLE absent.d; DELETE FROM q_rules; DELETE FROM q_rejects");
    struct step_ctx ctx = {.arena = s.arena, .engine = s.engine, .db = s.db};
    struct plan_step *step = &s.plan->steps.v[s.plan->steps.n - 1];
    assert_int_equal(step->run(step, &ctx, &s.err), Q_OK);
    expect("SELECT name, failed, severity, state FROM q_rules ORDER BY ord",
           "reference status|0|null|error\nnot_null price|1|error|failed");
    expect(REJECTS, "20|10001|not_null price|not_null|price|null");
}

static void rule_37_a_reference_is_known_unknown_or_null(void **state)
{
    (void)state;
    stage_numbers();
    stages_file(&s, "model/d.yaml",
                "dimension: d\nkey: k\nbusiness_key: [c]\ncolumns: { c: text }\n");
    must_run("  - reference: { column: status, to: d }\n"
             "  - reference: { column: status, to: d, name: strict, nulls: fail }\n");
    stages_exec(
        &s,
        "INSERT INTO absent.d (k, c) VALUES (1, 'a'); DELETE FROM q_rules; DELETE FROM q_rejects");
    struct step_ctx ctx = {.arena = s.arena, .engine = s.engine, .db = s.db};
    struct plan_step *step = &s.plan->steps.v[s.plan->steps.n - 1];
    assert_int_equal(step->run(step, &ctx, &s.err), Q_OK);
    expect("SELECT name, evaluated, failed FROM q_rules ORDER BY ord",
           "reference status|3|2\nstrict|4|3");
    expect(
        "SELECT pos, rule, value FROM q_rejects ORDER BY ALL",
        "10|reference status|b\n10|strict|b\n20|strict|null\n30|reference status|z\n30|strict|z");
}

static void rule_37_what_cannot_be_evaluated_is_looked_at_and_fails(void **state)
{
    (void)state;
    stages_stage(
        &s, "sales",
        "SELECT * FROM (VALUES (1::BIGINT, '5', 10), (2, 'x', 10), (3, NULL, 10), (4, '0', 99), (5, '7', "
        "99), (6, '8', NULL)) AS t(id, text, q)");
    must_run("  - between: { column: q, max: 50, when: \"cast(text as integer) > 1\" }\n"
             "  - expression: \"cast(text as integer) > 1\"\n    name: plain\n"
             "  - not_null: { columns: [q], when: \"cast(text as integer) > 1\" }\n"
             "  - in_set: { column: q, values: [null] }\n");
    expect("SELECT name, evaluated, failed FROM q_rules ORDER BY ord",
           "between q|3|2\nplain|5|2\nnot_null q|4|2\nin_set q|5|5");
    expect("SELECT pos, rule FROM q_rejects WHERE ord < 10003 ORDER BY ALL",
           "10|between q\n10|not_null q\n10|plain\n30|plain\n40|between q\n50|not_null q");
}

static void a_columns_check_that_cannot_be_evaluated_rejects(void **state)
{
    (void)state;
    stages_file(&s, "model/f.yaml",
                "fact: f\ngrain: [id]\ncolumns:\n  id: { type: bigint }\n"
                "  text: { type: text, check: \"cast(text as integer) > 1\" }\n");
    stages_stage(
        &s, "sales",
        "SELECT * FROM (VALUES (1::BIGINT, '5'), (2, 'x'), (3, '0'), (4, NULL)) AS t(id, text)");
    must_run("  - not_null: [id]\n");
    expect("SELECT pos, reason, value FROM q_rejects ORDER BY ALL", "10|check|x\n20|check|0");
}

static void rule_40_wrong_rules_are_configuration_errors_with_a_place(void **state)
{
    (void)state;
    static const struct {
        const char *rule, *message;
    } cases[] = {
        {"  - between: { column: quantity, min: a }\n",
         "pipelines/p.yaml:5:39: \"a\" cannot be compared with integer"},
        {"  - between: { column: status, min: z, max: a }\n",
         "pipelines/p.yaml:5:37: `min` is above `max`"},
        {"  - between: { column: quantity, min: 5, max: 1 }\n", "min"},
        {"  - between: { column: quantity }\n", "min"},
        {"  - matches: { column: status, pattern: \"(?!x)\" }\n",
         "pipelines/p.yaml:5:41: regular expression, byte 1: look-around "
         "is not supported by the engine (RE2)"},
        {"  - matches: { column: quantity, pattern: x }\n",
         "pipelines/p.yaml:5:24: `matches` works on text; \"quantity\" is none"},
        {"  - not_null: [quantty]\n",
         "pipelines/p.yaml:5:16: unknown column \"quantty\"; did you mean \"quantity\"?"},
        {"  - in_set: { column: quantity, values: [x] }\n",
         "pipelines/p.yaml:5:42: \"x\" cannot be compared with integer"},
        {"  - expression: \"quantity + 1\"\n",
         "pipelines/p.yaml:5:27: a rule must be a boolean, found bigint"},
        {"  - sql: \"select 1\"\n", "pipelines/p.yaml:5:11: the query does not read {relation}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        stage_numbers();
        s.err = (struct q_err){0};
        assert_int_equal(run("", cases[i].rule), Q_CONFIG);
        if (!strstr(s.err.message, cases[i].message))
            assert_string_equal(s.err.message, cases[i].message);
    }
}

static void rule_41_unique_keeps_the_first_of_identical_rows_and_rejects_all_that_differ(
    void **state)
{
    (void)state;
    stages_stage(
        &s, "sales",
        "SELECT * FROM (VALUES (1::BIGINT, 'a'), (2, 'x'), (1, 'a'), (2, 'y'), (NULL, 'n'), (NULL, 'n'), (1, 'a'), "
        "(3, 'z')) AS t(id, note)");
    stages_file(&s, "model/f.yaml", "fact: f\ngrain: [note]\ncolumns:\n  note: { type: text }\n");
    must_run("  - unique: [id]\n");
    expect(RESULTS, "unique id|8|6|4|error|failed|false");
    expect(
        REJECTS,
        "10|10000|unique id|unique|id|2\n20|10000|unique id|unique|id|1\n30|10000|unique id|unique|id|2\n"
        "60|10000|unique id|unique|id|1");
    expect("SELECT message FROM q_rules", "2 duplicate keys, 5 rows, 3 surplus");
}

static void rule_41_a_compound_key_is_ignored_only_when_all_of_it_is_null(void **state)
{
    (void)state;
    stages_stage(
        &s, "sales",
        "SELECT * FROM (VALUES (1::BIGINT, NULL, 1), (1, NULL, 2), (NULL, NULL, 3), (NULL, NULL, 4), (NULL, 'x', 5)) "
        "AS t(a, b, id)");
    must_run("  - unique: [a, b]\n");
    expect(RESULTS, "unique a, b|5|3|2|error|failed|false");
}

static void a_duplicate_row_is_one_within_its_file(void **state)
{
    (void)state;
    stages_exec(&s, "DROP TABLE IF EXISTS s_sales");
    stages_stage(
        &s, "sales",
        "SELECT * FROM (VALUES (1::BIGINT, 'a'), (1, 'a'), (2, 'a'), (1, 'a')) AS t(id, note)");
    stages_exec(&s, "UPDATE s_sales SET _q_pos = (1::BIGINT << 40) + 5 WHERE _q_pos = 30");
    must_run(
        "  - duplicate_row: { within: source_file, name: twice }\n  - duplicate_row: { name: anywhere }\n");
    expect("SELECT name, failed FROM q_rules ORDER BY ord", "twice|1\nanywhere|2");
    expect("SELECT pos, rule FROM q_rejects ORDER BY ALL",
           "10|anywhere\n10|twice\n1099511627781|anywhere");
}

static void a_condition_limits_what_is_evaluated(void **state)
{
    (void)state;
    stage_numbers();
    must_run("  - between: { column: quantity, min: 1, when: \"status is not null\" }\n"
             "  - not_null: { columns: [price], when: \"id > 2\" }\n");
    expect(RESULTS,
           "between quantity|4|2|1|error|failed|false\nnot_null price|4|2|1|error|failed|false");
}

static void rule_28_an_expression_that_overflows_fails_its_row(void **state)
{
    (void)state;
    stages_stage(
        &s, "sales",
        "SELECT * FROM (VALUES (1::BIGINT, 9223372036854775807::BIGINT), (2, 5)) AS t(id, n)");
    must_run("  - expression: \"n + 1 > 0\"\n");
    expect(RESULTS, "expression n + 1 > 0|2|2|1|error|failed|false");
    expect(REJECTS, "0|10000|expression n + 1 > 0|expression|null|null");
}

static void rule_29_reasons_keep_their_order_and_all_of_them(void **state)
{
    (void)state;
    stages_stage(&s, "sales",
                 "SELECT * FROM (VALUES (1::BIGINT, 'x', 0), (2, '7', 0)) AS t(id, n, q)");
    if (run("  - cast: { n: integer }\n", "  - between: { column: q, min: 1 }\n"))
        fail_msg("%s", s.err.message);
    expect(REJECTS,
           "0|1001|cast n|cast|n|x\n0|10000|between q|between|q|0\n10|10000|between q|between|q|0");
}

static void rule_12_the_target_demands_keys_and_values_that_fit(void **state)
{
    (void)state;
    stages_file(&s, "model/f.yaml",
                "fact: f\ngrain: [id]\ncolumns:\n  id: { type: bigint }\n"
                "  amount: { type: decimal(6,2), check: \"amount > 0\" }\n"
                "  note: { type: text, nullable: false }\n");
    stages_stage(
        &s, "sales",
        "SELECT * FROM (VALUES (1::BIGINT, 5.000::DECIMAL(12,3), 'a'), (NULL, 1, 'b'), (3, 1.234, 'c'), (4, 12345.00, "
        "'d'), (5, -1, NULL)) AS t(id, amount, note)");
    must_run("  - not_null: [amount]\n");
    expect(
        "SELECT pos, rule, reason, value FROM q_rejects ORDER BY pos, ord",
        "10|null_key id|null_key|null\n20|type amount|type|1.234\n30|type amount|type|12345.000\n"
        "40|check amount|check|-1.000\n40|not_null note|not_null|null");
    expect("SELECT count(*) FROM q_rules WHERE severity = 'error'", "0");
}

static void rule_13_missing_members_are_rejected_or_counted(void **state)
{
    (void)state;
    stages_file(&s, "model/d.yaml",
                "dimension: d\nkey: k\nbusiness_key: [c]\ncolumns: { c: text }\n");
    stages_file(&s, "model/f.yaml",
                "fact: f\ngrain: [id]\ncolumns:\n  id: { type: bigint }\n"
                "  buyer: { dimension: d, from: [b], missing: unknown }\n"
                "  seller: { dimension: d, from: [s], missing: reject }\n");
    stages_stage(
        &s, "sales",
        "SELECT * FROM (VALUES (1::BIGINT, 'x', NULL), (2, NULL, 'y'), (3, NULL, NULL)) AS t(id, b, s)");
    must_run("  - not_null: [id]\n");
    expect("SELECT name, failed, severity FROM q_rules ORDER BY ord",
           "not_null id|0|null\nlookup buyer|1|info\nmissing_seller|1|info");
    expect("SELECT pos, rule, reason, col, value FROM q_rejects",
           "10|missing_seller|missing_seller|s|y");
}

static void rule_42_many_rules_are_one_scan(void **state)
{
    (void)state;
    stage_numbers();
    struct q_buf rules;
    q_buf_init(&rules, 1 << 16);
    for (int i = 0; i < 130; i++)
        q_buf_printf(&rules, "  - between: { column: quantity, min: %d, name: r%d }\n", i % 3, i);
    must_run(q_buf_text(&rules));
    q_buf_release(&rules);
    assert_int_equal(s.plan->steps.v[s.plan->steps.n - 1].sql.n, 1);
    expect("SELECT failed, count(*), min(ord), max(ord) FROM q_rules GROUP BY ALL ORDER BY 1",
           "0|44|10000|10129\n1|86|10001|10128");
    expect("SELECT pos, count(*) FROM q_rejects GROUP BY ALL", "30|86");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(rule_36_results_are_integers_with_samples_and_keys),
        TEST(rule_36_samples_are_the_first_rows_in_order),
        TEST(rule_36_thresholds_compare_integers),
        TEST(rule_37_null_leaves_evaluated_unless_nulls_fail),
        TEST(rule_38_only_error_and_critical_remove_rows),
        TEST(rule_38_a_rule_without_thresholds_is_an_error_above_zero),
        TEST(rule_39_an_empty_relation_is_vacuous_and_fails_aggregates),
        TEST(rule_40_a_rule_that_crashes_is_in_state_error_and_alone),
        TEST(rule_40_a_crash_in_the_scan_leaves_the_other_rules),
        TEST(rule_37_a_reference_is_known_unknown_or_null),
        TEST(rule_37_what_cannot_be_evaluated_is_looked_at_and_fails),
        TEST(a_columns_check_that_cannot_be_evaluated_rejects),
        TEST(rule_40_wrong_rules_are_configuration_errors_with_a_place),
        TEST(rule_41_unique_keeps_the_first_of_identical_rows_and_rejects_all_that_differ),
        TEST(rule_41_a_compound_key_is_ignored_only_when_all_of_it_is_null),
        TEST(a_duplicate_row_is_one_within_its_file),
        TEST(a_condition_limits_what_is_evaluated),
        TEST(rule_28_an_expression_that_overflows_fails_its_row),
        TEST(rule_29_reasons_keep_their_order_and_all_of_them),
        TEST(rule_12_the_target_demands_keys_and_values_that_fit),
        TEST(rule_13_missing_members_are_rejected_or_counted),
        TEST(rule_42_many_rules_are_one_scan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
