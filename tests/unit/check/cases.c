/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rule cases of another project (Great Expectations, Apache-2.0), run through the check stage. Their rules that have a
 * counterpart are mapped; `other_verdict` lists the cases in which our semantics decide otherwise.
 * The file is not part of this repository: QUERN_CASES names its directory.
 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "check/check.h"
#include "support/stages.h"
#include "transform/transform.h"

static const struct plan_stage *const list[] = {&transform_stage, &check_stage};
static struct stages s;

/* Cases in which our verdict differs on purpose. */
static const struct {
    const char *id, *why;
} other_verdict[] = {
    {"expect_column_values_to_be_between_tz_naive.1.18",
     "a bound is read by the column's type: 1 and 10 are texts beside a text column, not an error"},
    {"expect_column_values_to_match_like_pattern.1.15",
     "SEMANTICS 36: percentages are of all rows; theirs are of rows that are not NULL"},
};

struct kase {
    struct q_json *json, *args;
    const char *rule;
    struct q_buf yaml; /* of our rule */
};

static const char *text(struct kase *k, const char *key)
{
    return q_json_text(q_json_get(k->args, key), NULL);
}

/* A JSON value is a YAML one. NULL when absent or null. */
static const char *value(struct q_json *v)
{
    struct q_buf out;
    if (!v)
        return NULL;
    q_buf_init(&out, 1 << 16);
    q_json_write(v, false, &out);
    const char *copy = q_strdup(s.arena, q_buf_text(&out));
    q_buf_release(&out);
    return q_streq(copy, "null") ? NULL : copy;
}

static const char *arg(struct kase *k, const char *key)
{
    return value(q_json_get(k->args, key));
}

/* "mostly" is the share of good rows. */
static void add_threshold(struct kase *k)
{
    const char *mostly = arg(k, "mostly");
    if (mostly)
        q_buf_printf(&k->yaml, ", error: \"> %.6g%%\"", (1.0 - strtod(mostly, NULL)) * 100.0);
    q_buf_adds(&k->yaml, " }\n");
}

static bool map_between(struct kase *k)
{
    const char *min = arg(k, "min_value"), *max = arg(k, "max_value");
    bool strict_min = arg(k, "strict_min") && q_streq(arg(k, "strict_min"), "true");
    bool strict_max = arg(k, "strict_max") && q_streq(arg(k, "strict_max"), "true");
    if (strict_min || strict_max) {
        q_buf_printf(&k->yaml, "  - expression: \"%s %s %s and %s %s %s\"\n", text(k, "column"),
                     strict_min ? ">" : ">=", min, text(k, "column"), strict_max ? "<" : "<=", max);
        return true;
    }
    q_buf_printf(&k->yaml, "  - between: { column: %s", text(k, "column"));
    if (min)
        q_buf_printf(&k->yaml, ", min: %s", min);
    if (max)
        q_buf_printf(&k->yaml, ", max: %s", max);
    add_threshold(k);
    return true;
}

static bool map_lengths(struct kase *k)
{
    const char *min = arg(k, "min_value"), *max = arg(k, "max_value"), *equal = arg(k, "value");
    const char *column = text(k, "column");
    if (!column)
        return false;
    q_buf_printf(&k->yaml, "  - { expression: 'length(%s) >= %s and length(%s) <= %s'", column,
                 equal ? equal
                 : min ? min
                       : "x",
                 column,
                 equal ? equal
                 : max ? max
                       : "x");
    add_threshold(k);
    return true;
}

static bool map_in_set(struct kase *k)
{
    const char *set = arg(k, "value_set");
    bool negated = strstr(k->rule, "not_be_in_set") != NULL;
    q_buf_printf(&k->yaml, "  - %s: { column: %s, values: %s", negated ? "not_in_set" : "in_set",
                 text(k, "column"), set ? set : "null");
    add_threshold(k);
    return true;
}

static bool map_null(struct kase *k)
{
    if (strstr(k->rule, "not_be_null"))
        q_buf_printf(&k->yaml, "  - not_null: { columns: [%s]", text(k, "column"));
    else
        q_buf_printf(&k->yaml, "  - { expression: \"%s is null\"", text(k, "column"));
    add_threshold(k);
    return true;
}

static bool map_regex(struct kase *k)
{
    if (strstr(k->rule, "not_match"))
        q_buf_printf(&k->yaml, "  - { expression: \"not regex_match(%s, '%s')\"", text(k, "column"),
                     text(k, "regex"));
    else
        q_buf_printf(&k->yaml, "  - matches: { column: %s, pattern: %s", text(k, "column"),
                     arg(k, "regex"));
    add_threshold(k);
    return true;
}

static bool map_regex_list(struct kase *k)
{
    struct q_json *patterns = q_json_get(k->args, "regex_list");
    bool negated = strstr(k->rule, "not_match") != NULL;
    q_buf_printf(&k->yaml, "  - { expression: '%s(", negated ? "not " : "");
    for (size_t i = 0; i < q_json_count(patterns); i++)
        q_buf_printf(&k->yaml, "%sregex_match(%s, ''%s'')", i ? " or " : "", text(k, "column"),
                     q_json_text(q_json_item(patterns, i), ""));
    q_buf_adds(&k->yaml, ")'");
    add_threshold(k);
    return true;
}

static bool map_like(struct kase *k)
{
    struct q_json *patterns = q_json_get(k->args, "like_pattern_list");
    bool negated = strstr(k->rule, "not_match") != NULL;
    q_buf_printf(&k->yaml, "  - { expression: \"%s(", negated ? "not " : "");
    if (!patterns)
        q_buf_printf(&k->yaml, "%s like '%s'", text(k, "column"), text(k, "like_pattern"));
    for (size_t i = 0; patterns && i < q_json_count(patterns); i++)
        q_buf_printf(&k->yaml, "%s%s like '%s'", i ? " or " : "", text(k, "column"),
                     q_json_text(q_json_item(patterns, i), ""));
    q_buf_adds(&k->yaml, ")\"");
    add_threshold(k);
    return true;
}

static bool map_pair(struct kase *k)
{
    const char *a = text(k, "column_A"), *b = text(k, "column_B"),
               *ignore = text(k, "ignore_row_if");
    bool equal = strstr(k->rule, "equal") != NULL;
    if (!equal)
        q_buf_printf(&k->yaml, "  - { expression: \"%s > %s\"", a, b);
    else if (ignore && q_streq(ignore, "either_value_is_missing"))
        q_buf_printf(&k->yaml, "  - { expression: \"%s = %s\"", a, b);
    else
        q_buf_printf(&k->yaml, "  - { expression: \"%s is not distinct from %s\"", a, b);
    add_threshold(k);
    return true;
}

static bool map_unique(struct kase *k)
{
    q_buf_printf(&k->yaml, "  - unique: { columns: %s", arg(k, "column_list"));
    add_threshold(k);
    return true;
}

static bool map_within_record(struct kase *k)
{
    struct q_json *columns = q_json_get(k->args, "column_list");
    if (q_json_count(columns) != 2)
        return false;
    q_buf_printf(&k->yaml, "  - { expression: \"%s <> %s\"",
                 q_json_text(q_json_item(columns, 0), ""),
                 q_json_text(q_json_item(columns, 1), ""));
    add_threshold(k);
    return true;
}

static bool map_row_count(struct kase *k)
{
    const char *equal = arg(k, "value"), *min = equal ? equal : arg(k, "min_value"),
               *max = equal ? equal : arg(k, "max_value");
    q_buf_adds(&k->yaml, "  - row_count: { name: rows");
    if (min)
        q_buf_printf(&k->yaml, ", min: %s", min);
    if (max)
        q_buf_printf(&k->yaml, ", max: %s", max);
    add_threshold(k);
    return true;
}

static bool map_query(struct kase *k)
{
    const char *query = text(k, "unexpected_rows_query"), *mark = strstr(query, "{batch}");
    if (!mark)
        return false;
    q_buf_printf(&k->yaml, "  - sql: \"%.*s{relation}%s\"\n", (int)(mark - query), query,
                 mark + strlen("{batch}"));
    return true;
}

static const struct {
    const char *rule;
    bool (*map)(struct kase *k);
} maps[] = {
    {"expect_column_values_to_be_between", map_between},
    {"expect_column_value_lengths_to_be_between", map_lengths},
    {"expect_column_value_lengths_to_equal", map_lengths},
    {"expect_column_values_to_be_in_set", map_in_set},
    {"expect_column_distinct_values_to_be_in_set", map_in_set},
    {"expect_column_values_to_not_be_in_set", map_in_set},
    {"expect_column_values_to_be_null", map_null},
    {"expect_column_values_to_not_be_null", map_null},
    {"expect_column_values_to_match_regex", map_regex},
    {"expect_column_values_to_not_match_regex", map_regex},
    {"expect_column_values_to_match_regex_list", map_regex_list},
    {"expect_column_values_to_not_match_regex_list", map_regex_list},
    {"expect_column_values_to_match_like_pattern", map_like},
    {"expect_column_values_to_not_match_like_pattern", map_like},
    {"expect_column_values_to_match_like_pattern_list", map_like},
    {"expect_column_pair_values_to_be_equal", map_pair},
    {"expect_column_pair_values_a_to_be_greater_than_b", map_pair},
    {"expect_compound_columns_to_be_unique", map_unique},
    {"expect_select_column_values_to_be_unique_within_record", map_within_record},
    {"expect_table_row_count_to_be_between", map_row_count},
    {"expect_table_row_count_to_equal", map_row_count},
    {"unexpected_rows_expectation", map_query},
};

static bool map_rule(struct kase *k)
{
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++)
        if (q_streq(maps[i].rule, k->rule))
            return maps[i].map(k);
    return false;
}

/* The case's CSV as a query with its types. */
static const char *data_sql(struct kase *k)
{
    const char *path = q_path_join(s.arena, s.dir, "data.csv");
    stages_file(&s, "data.csv", q_json_text(q_json_get(k->json, "data_csv"), ""));
    struct sql *q = sql_new(s.arena);
    struct q_json *types = q_json_get(k->json, "types");
    sql_add(
        q,
        "SELECT * FROM read_csv(%L, header = true, nullstr = '\\N', auto_detect = false, quote = '\"', columns = {",
        path);
    for (size_t i = 0; i < q_json_count(types); i++) {
        struct q_json *type;
        const char *name = q_json_member(types, i, &type);
        sql_add(q, i ? ", %L: %L" : "%L: %L", name, q_json_text(type, "VARCHAR"));
    }
    sql_add(q, "})");
    return sql_text(q);
}

static const char *why_other(const char *id)
{
    for (size_t i = 0; i < sizeof other_verdict / sizeof other_verdict[0]; i++)
        if (q_streq(other_verdict[i].id, id))
            return other_verdict[i].why;
    return NULL;
}

/* 1 right, 0 wrong, -1 not mapped. */
static int run_case(struct kase *k, const char *id)
{
    stages_open(&s);
    q_buf_init(&k->yaml, 1 << 16);
    int verdict = -1;
    if (map_rule(k)) {
        bool error_wanted = q_json_is_object(q_json_get(k->json, "error"));
        struct q_json *expect = q_json_get(k->json, "expect"),
                      *unexpected = q_json_get(expect, "unexpected_list");
        stages_stage(&s, "data", data_sql(k));
        stages_file(&s, "model/f.yaml",
                    q_printf(s.arena, "fact: f\ngrain: [zzz]\ncolumns:\n  zzz: text\n"));
        stages_file(
            &s, "pipelines/p.yaml",
            q_printf(
                s.arena,
                "pipeline: p\nextract:\n  data: { from: files, path: x }\ncheck:\n%sload: { into: f, mode: "
                "append }\n",
                q_buf_text(&k->yaml)));
        enum q_code code = stages_run(&s, "p", list, 2);
        bool success = false;
        int64_t failed = -1;
        if (!code) {
            const char *got = stages_text(
                &s, "SELECT severity IS NULL AND state = 'passed', failed FROM q_rules");
            success = q_starts(got, "true");
            failed = strtoll(strchr(got, '|') + 1, NULL, 10);
        }
        bool rows = q_json_is_array(unexpected) && !strstr(k->rule, "unique");
        verdict = error_wanted
                      ? code == Q_CONFIG
                      : !code && success == q_json_bool(q_json_get(expect, "success"), false) &&
                            (!rows || failed == (int64_t)q_json_count(unexpected));
        if (!verdict && why_other(id))
            print_message("%s: ours differs: %s\n", id, why_other(id));
        else if (!verdict)
            print_message("%s: expected %s, found %s, %lld rows: %s%s", id, value(expect),
                          success ? "success" : "failure", (long long)failed, q_buf_text(&k->yaml),
                          code ? s.err.message : "");
    }
    q_buf_release(&k->yaml);
    stages_close(&s);
    return verdict;
}

static void cases_of_others_have_the_verdict_that_our_semantics_give(void **state)
{
    (void)state;
    const char *shared = getenv("SHARED");
    struct q_arena *arena = q_arena_new(NULL, "cases");
    const char *path =
        q_printf(arena, "%s/cases/%s", shared ? shared : "../shared", "quality_rules.jsonl");
    struct q_str all;
    struct q_err err = {0};
    int mapped = 0, wrong = 0, total = 0;
    if (!q_file_exists(path)) {
        print_message("SKIPPED: there is no %s (SHARED names the directory above it)\n", path);
        q_arena_free(arena);
        skip();
    }
    assert_int_equal(q_file_read(arena, path, 1 << 24, &all, &err), Q_OK);
    for (const char *line = all.p; *line; total++) {
        size_t n = strcspn(line, "\n");
        struct kase k = {0};
        assert_int_equal(q_json_parse(arena, (struct q_str){line, n}, path, &k.json, &err), Q_OK);
        line += n + (line[n] != 0);
        k.args = q_json_get(k.json, "args");
        k.rule = q_json_text(q_json_get(k.json, "rule"), "");
        const char *id = q_json_text(q_json_get(k.json, "id"), "");
        int verdict = run_case(&k, id);
        mapped += verdict >= 0;
        wrong += verdict == 0 && !why_other(id);
    }
    print_message("%d of %d cases have a rule of ours, %d of them a wrong verdict\n", mapped, total,
                  wrong);
    q_arena_free(arena);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cases_of_others_have_the_verdict_that_our_semantics_give)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
