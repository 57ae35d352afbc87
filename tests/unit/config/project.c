/* SPDX-License-Identifier: Apache-2.0 */
/* A whole project is read, and what is read is what was written. */
#include "unit.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "config/config.h"

struct file {
    const char *path, *text;
};

static const struct file project_files[] = {
    {"quern.yaml",
     "project: retail\n"
     "timezone: UTC\n"
     "environments:\n"
     "  dev:  { warehouse: { type: duckdb, path: \"${home}/w.duckdb\", memory_limit: 2 GB, threads: 2 } }\n"
     "  prod: { warehouse: { type: duckdb, path: \"${NOT_SET_ANYWHERE}\" } }\n"
     "variables: { home: /data, inbox: \"${home}/inbox\", digit: 7 }\n"
     "secrets: secrets.env\n"
     "defaults: { max_rejects: 5%, initial_valid_from: 1900-01-01, open_end: 9999-12-31 }\n"
     "connections: {}\n"},
    {"secrets.env", "# a comment\nexport TOKEN='s3cr3t'\n\nOTHER = x\n"},
    {"model/dim_customers.yaml", "dimension: dim_customers\n"
                                 "description: who buys\n"
                                 "key: customer_key\n"
                                 "business_key: [customer_id]\n"
                                 "columns:\n"
                                 "  customer_id: { type: text, nullable: false }\n"
                                 "  email: { type: text, history: overwrite, sensitive: email }\n"
                                 "  city:  { type: text, history: keep }\n"
                                 "  name:  text\n"},
    {"model/dim_date.yml", "dimension: dim_date\n"
                           "generate: date\n"
                           "key: date_id\n"
                           "from: 1970-01-02\n"
                           "to: 1970-01-31\n"
                           "fiscal_year_start: 4\n"
                           "weekend: [friday, saturday]\n"
                           "holidays: reference/holidays.csv\n"},
    {"model/a_sales_fact.yaml",
     "fact: sales_fact\n"
     "grain: [transaction_id, customer_id, sale_date]\n"
     "columns:\n"
     "  transaction_id: { type: bigint }\n"
     "  customer: { dimension: dim_customers, at: sale_date, missing: reject, optional: true, at_end_of_day: yes }\n"
     "  payer: { dimension: dim_customers, from: payer_id, key: paid_by, missing: fail }\n"
     "  sale_date: { dimension: dim_date }\n"
     "  quantity: { type: integer, check: \"quantity > 0\" }\n"
     "measures:\n"
     "  revenue: sum(total_amount)\n"
     "  aov: revenue / orders\n"},
    {"pipelines/sales.yaml",
     "pipeline: sales\n"
     "extract:\n"
     "  sales:\n"
     "    from: files\n"
     "    path: \"${inbox}/sales*.csv\"\n"
     "    columns: { transaction_id: bigint, day: , quantity: { type: integer } }\n"
     "    null_text: [\"\", NA]\n"
     "    token: ${TOKEN}\n"
     "  details: { from: files, path: \"$${x}\", optional: true, columns: [a, b] }\n"
     "transform:\n"
     "  - rename: { old: new }\n"
     "    relation: details\n"
     "  - join: { left: sales, right: details, on: { a: b }, kind: left, suffix: _d }\n"
     "  - cast: { amount: decimal(12,2), day: { type: date, formats: [\"%d/%m/%Y\"], round: half_up } }\n"
     "  - derive: { total: \"quantity * price\" }\n"
     "  - filter: \"total > 0\"\n"
     "  - clean: { phone: tel, text: [city, name] }\n"
     "  - select: [a, b]\n"
     "  - drop: c\n"
     "check:\n"
     "  - not_null: [transaction_id]\n"
     "    error: \"> 1%\"\n"
     "  - unique: { columns: [a, b], warn: \"> 0\", critical: \">= 0.0001%\" }\n"
     "  - between: { column: quantity, min: 1, max: 1e3, nulls: fail, on_empty: fail }\n"
     "  - in_set: { column: status, values: [a, null, \"null\", ~, ''] }\n"
     "  - not_in_set: { column: status, values: [x], name: no x }\n"
     "  - matches: { column: email, pattern: \"^.+@.+$\" }\n"
     "  - reference: { column: customer_id, to: dim_customers.customer_id }\n"
     "  - row_count: { min: 1 }\n"
     "  - expression: quantity > 0\n"
     "    when: quantity is not null\n"
     "  - sql: select 1 from {relation}\n"
     "  - duplicate_row: { within: source_file }\n"
     "  - not_null: transaction_id\n"
     "load:\n"
     "  into: sales_fact\n"
     "  mode: upsert\n"
     "  order_by: updated_at\n"
     "  ties: last\n"
     "  on_fail: abort\n"},
    {"reports/top.yaml",
     "report: top\n"
     "title: Top\n"
     "parameters: { year: { type: integer, default: 2024 }, share: \"decimal(5, 2)\" }\n"
     "sql: |\n"
     "  SELECT *\n"
     "  FROM t\n"
     "chart: { type: bar, x: name, y: [revenue] }\n"},
};

struct place {
    struct q_arena *arena;
    const char *dir;
};

static int make_place(void **state)
{
    char dir[] = "/tmp/quern-config-XXXXXX";
    struct q_arena *arena = q_arena_new(NULL, "test");
    struct place *p = q_new(arena, struct place);
    p->arena = arena;
    assert_non_null(mkdtemp(dir));
    p->dir = q_strdup(arena, dir);
    for (size_t i = 0; i < sizeof project_files / sizeof *project_files; i++) {
        const char *path = q_path_join(arena, dir, project_files[i].path);
        assert_int_equal(q_dir_make(q_path_dir(arena, path), NULL), Q_OK);
        assert_int_equal(q_file_write(path, q_str(project_files[i].text), NULL), Q_OK);
    }
    *state = p;
    return 0;
}

static int remove_place(void **state)
{
    struct place *p = *state;
    assert_int_equal(q_dir_remove(p->dir, NULL), Q_OK);
    q_arena_free(p->arena);
    return 0;
}

static const struct cfg_project *load(const struct place *p)
{
    struct cfg_options options = {.dir = p->dir};
    struct cfg_project *project = NULL;
    struct q_err err = {0};
    if (cfg_load(p->arena, &options, &project, &err) != Q_OK)
        fail_msg("%s (%s)", err.message, err.hint);
    return project;
}

static void check_place(struct cfg_pos pos, const char *file, int line, int col)
{
    assert_string_equal(pos.file, file);
    assert_int_equal(pos.line, line);
    assert_int_equal(pos.col, col);
}

static void the_project_file_is_read(void **state)
{
    const struct place *place = *state;
    const struct cfg_project *p = load(place);
    assert_string_equal(p->dir, place->dir);
    assert_string_equal(p->name.s, "retail");
    check_place(p->name.pos, "quern.yaml", 1, 10);
    assert_int_equal(p->environments.n, 2);
    assert_ptr_equal(p->env, &p->environments.v[0]);
    assert_string_equal(p->env->warehouse.type.s, "duckdb");
    assert_string_equal(p->env->warehouse.path.s, "/data/w.duckdb");
    assert_int_equal(p->env->warehouse.memory_limit, 2000000000);
    assert_int_equal(p->env->warehouse.threads, 2);
    assert_false(p->open_end_null);
    assert_int_equal(p->initial_valid_from, INT64_C(-25567) * 86400 * 1000000);
}

static void the_model_is_sorted_dimensions_first(void **state)
{
    const struct cfg_project *p = load(*state);
    assert_int_equal(p->tables.n, 3);
    assert_string_equal(p->tables.v[0].name.s, "dim_customers");
    assert_string_equal(p->tables.v[1].name.s, "dim_date");
    assert_string_equal(p->tables.v[2].name.s, "sales_fact");
    assert_null(cfg_find_table(p, "sales"));
}

static void a_dimension_is_read(void **state)
{
    const struct cfg_table *t = cfg_find_table(load(*state), "dim_customers");
    assert_string_equal(t->key.s, "customer_key");
    assert_string_equal(t->description.s, "who buys");
    assert_int_equal(t->business_key.n, 1);
    assert_int_equal(t->columns.n, 4);
    assert_true(t->columns.v[0].not_null);
    assert_int_equal(t->columns.v[1].history, CFG_OVERWRITE);
    assert_true(t->columns.v[1].history_given);
    assert_string_equal(t->columns.v[1].sensitive.s, "email");
    assert_int_equal(t->columns.v[2].history, CFG_KEEP);
    check_place(t->columns.v[2].name.pos, "model/dim_customers.yaml", 8, 3);
    assert_string_equal(t->columns.v[3].type.s, "text");
    assert_false(t->columns.v[3].history_given);
    assert_false(t->date.set);
}

static void a_date_dimension_is_read(void **state)
{
    const struct cfg_date_range *d = &cfg_find_table(load(*state), "dim_date")->date;
    assert_true(d->set);
    assert_int_equal(d->from, 1);
    assert_int_equal(d->to, 30);
    assert_int_equal(d->fiscal_year_start, 4);
    assert_int_equal(d->weekend, 1U << 5 | 1U << 6);
    assert_string_equal(d->holidays.s, "reference/holidays.csv");
}

static void roles_get_their_columns_and_keys(void **state)
{
    const struct cfg_table *t = cfg_find_table(load(*state), "sales_fact");
    const struct cfg_column *customer = &t->columns.v[1], *payer = &t->columns.v[2],
                            *day = &t->columns.v[3];
    assert_true(t->is_fact);
    assert_null(customer->type.s);
    assert_string_equal(customer->from.v[0].s, "customer_id");
    assert_string_equal(customer->key.s, "customer_key");
    assert_string_equal(customer->at.s, "sale_date");
    assert_true(customer->at_end_of_day);
    assert_true(customer->optional);
    assert_int_equal(customer->missing, CFG_MISSING_REJECT);
    assert_string_equal(payer->from.v[0].s, "payer_id");
    assert_string_equal(payer->key.s, "paid_by");
    assert_int_equal(payer->missing, CFG_MISSING_FAIL);
    assert_string_equal(day->from.v[0].s, "sale_date");
    assert_string_equal(day->key.s, "sale_date_key");
    assert_int_equal(day->missing, CFG_MISSING_UNKNOWN);
    check_place(t->columns.v[4].check.pos, "model/a_sales_fact.yaml", 8, 38);
    assert_int_equal(t->measures.n, 2);
    assert_string_equal(t->measures.v[1].key.s, "aov");
    assert_string_equal(t->measures.v[1].value.s, "revenue / orders");
}

static void sources_keep_their_options_in_order(void **state)
{
    const struct cfg_pipeline *p = cfg_find_pipeline(load(*state), "sales");
    assert_int_equal(p->sources.n, 2);
    const struct cfg_source *s = &p->sources.v[0];
    assert_int_equal(s->columns.n, 3);
    assert_string_equal(s->columns.v[0].type.s, "bigint");
    assert_null(s->columns.v[1].type.s);
    assert_string_equal(s->columns.v[2].type.s, "integer");
    assert_int_equal(s->options.n, 4);
    assert_string_equal(s->options.v[0].value.s, "/data/inbox/sales*.csv");
    assert_string_equal(s->options.v[1].key.s, "null_text");
    assert_string_equal(s->options.v[1].value.s, "");
    assert_string_equal(s->options.v[2].value.s, "NA");
    assert_string_equal(s->options.v[3].value.s, "s3cr3t");
    assert_true(s->options.v[3].hidden);
    assert_false(s->options.v[0].hidden);
    assert_true(p->sources.v[1].optional);
    assert_string_equal(p->sources.v[1].options.v[0].value.s, "${x}");
    assert_int_equal(p->sources.v[1].columns.n, 2);
}

static void steps_keep_their_order(void **state)
{
    const cfg_steps *s = &cfg_find_pipeline(load(*state), "sales")->steps;
    static const enum cfg_step_kind kinds[] = {CFG_RENAME, CFG_JOIN,  CFG_CAST,   CFG_DERIVE,
                                               CFG_FILTER, CFG_CLEAN, CFG_SELECT, CFG_DROP};
    assert_int_equal(s->n, 8);
    for (size_t i = 0; i < s->n; i++)
        assert_int_equal(s->v[i].kind, kinds[i]);
    assert_string_equal(s->v[0].relation.s, "details");
    check_place(s->v[0].pos, "pipelines/sales.yaml", 11, 5);
    assert_int_equal(s->v[1].join, CFG_LEFT);
    assert_string_equal(s->v[1].on.v[0].key.s, "a");
    assert_string_equal(s->v[1].on.v[0].value.s, "b");
    assert_string_equal(s->v[1].suffix.s, "_d");
    assert_string_equal(s->v[2].casts.v[0].type.s, "decimal(12,2)");
    assert_string_equal(s->v[2].casts.v[1].formats.v[0].s, "%d/%m/%Y");
    check_place(s->v[3].pairs.v[0].value.pos, "pipelines/sales.yaml", 15, 23);
    check_place(s->v[4].expr.pos, "pipelines/sales.yaml", 16, 14);
    assert_int_equal(s->v[5].pairs.n, 3);
    assert_string_equal(s->v[5].pairs.v[0].key.s, "tel");
    assert_string_equal(s->v[5].pairs.v[0].value.s, "phone");
    assert_string_equal(s->v[5].pairs.v[2].key.s, "name");
    assert_string_equal(s->v[7].columns.v[0].s, "c");
}

static void rules_have_names_and_thresholds(void **state)
{
    const cfg_rules *r = &cfg_find_pipeline(load(*state), "sales")->rules;
    static const char *const names[] = {"not_null transaction_id",
                                        "unique a, b",
                                        "between quantity",
                                        "in_set status",
                                        "no x",
                                        "matches email",
                                        "reference customer_id",
                                        "row_count",
                                        "expression quantity > 0",
                                        "sql",
                                        "duplicate_row",
                                        "not_null transaction_id (2)"};
    assert_int_equal(r->n, 12);
    for (size_t i = 0; i < r->n; i++)
        assert_string_equal(r->v[i].name.s, names[i]);
    assert_true(r->v[4].named);
    const struct cfg_threshold *t = &r->v[0].at[CFG_ERROR];
    assert_true(t->set && t->percent && !t->or_equal && t->bound == 10000);
    t = &r->v[1].at[CFG_CRITICAL];
    assert_true(t->set && t->percent && t->or_equal && t->bound == 1);
    assert_true(r->v[1].at[CFG_WARN].set && !r->v[1].at[CFG_ERROR].set);
    t = &r->v[2].at[CFG_ERROR];
    assert_true(t->set && !t->percent && !t->or_equal && t->bound == 0);
}

static void rules_keep_their_values(void **state)
{
    const cfg_rules *r = &cfg_find_pipeline(load(*state), "sales")->rules;
    assert_string_equal(r->v[2].min.s, "1");
    assert_string_equal(r->v[2].max.s, "1e3");
    assert_true(r->v[2].nulls_fail && r->v[2].on_empty_given && r->v[2].on_empty_fail);
    assert_int_equal(r->v[3].values.n, 5);
    assert_null(r->v[3].values.v[1].s);
    assert_string_equal(r->v[3].values.v[2].s, "null");
    assert_null(r->v[3].values.v[3].s);
    assert_string_equal(r->v[3].values.v[4].s, "");
    assert_string_equal(r->v[6].to_table.s, "dim_customers");
    assert_string_equal(r->v[6].to_column.s, "customer_id");
    assert_null(r->v[7].max.s);
    assert_string_equal(r->v[8].when.s, "quantity is not null");
    assert_string_equal(r->v[10].within.s, "source_file");
}

static void a_load_takes_defaults_of_the_project(void **state)
{
    const struct cfg_load *l = &cfg_find_pipeline(load(*state), "sales")->load;
    assert_string_equal(l->into.s, "sales_fact");
    assert_int_equal(l->mode, CFG_UPSERT);
    assert_int_equal(l->on_fail, CFG_ON_FAIL_ABORT);
    assert_true(l->ties_last);
    assert_true(l->max_rejects.set && l->max_rejects.percent && l->max_rejects.bound == 50000);
}

static void a_report_is_read(void **state)
{
    const struct cfg_report *r = cfg_find_report(load(*state), "top");
    assert_string_equal(r->sql.s, "SELECT *\nFROM t\n");
    check_place(r->sql.pos, "reports/top.yaml", 5, 3);
    assert_string_equal(r->params.v[0].fallback.s, "2024");
    assert_string_equal(r->params.v[1].type.s, "decimal(5, 2)");
    assert_null(r->params.v[1].fallback.s);
    assert_string_equal(r->chart.type.s, "bar");
    assert_string_equal(r->chart.y.v[0].s, "revenue");
}

static void a_variable_of_the_command_line_comes_first(void **state)
{
    const struct place *place = *state;
    struct cfg_options options = {.dir = place->dir};
    struct cfg_project *project = NULL;
    assert_int_equal(setenv("inbox", "env", 1), 0);
    assert_int_equal(cfg_load(place->arena, &options, &project, NULL), Q_OK);
    assert_string_equal(project->pipelines.v[0].sources.v[0].options.v[0].value.s,
                        "env/sales*.csv");
    *q_vec_push(place->arena, &options.vars) = "inbox=first";
    *q_vec_push(place->arena, &options.vars) = "inbox=given";
    assert_int_equal(cfg_load(place->arena, &options, &project, NULL), Q_OK);
    assert_string_equal(project->pipelines.v[0].sources.v[0].options.v[0].value.s,
                        "given/sales*.csv");
    assert_int_equal(unsetenv("inbox"), 0);
}

static void rules_are_read_from_a_file_alone(void **state)
{
    const struct place *p = *state;
    static const char *const texts[] = {"- not_null: a\n- unique: [a]\n",
                                        "check:\n  - not_null: a\n  - unique: [a]\n"};
    const char *path = q_path_join(p->arena, p->dir, "rules.yaml");
    for (size_t i = 0; i < 2; i++) {
        cfg_rules rules = {0};
        assert_int_equal(q_file_write(path, q_str(texts[i]), NULL), Q_OK);
        assert_int_equal(cfg_load_rules(p->arena, path, &rules, NULL), Q_OK);
        assert_int_equal(rules.n, 2);
        assert_string_equal(rules.v[0].name.s, "not_null a");
    }
    cfg_rules rules = {0};
    struct q_err err = {0};
    assert_int_equal(q_file_write(path, Q_STR("chekc: []\n"), NULL), Q_OK);
    assert_int_equal(cfg_load_rules(p->arena, path, &rules, &err), Q_CONFIG);
    assert_non_null(
        strstr(err.message, "rules.yaml:1:1: expected a list of rules or the key \"check\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_project_file_is_read),
        cmocka_unit_test(the_model_is_sorted_dimensions_first),
        cmocka_unit_test(a_dimension_is_read),
        cmocka_unit_test(a_date_dimension_is_read),
        cmocka_unit_test(roles_get_their_columns_and_keys),
        cmocka_unit_test(sources_keep_their_options_in_order),
        cmocka_unit_test(steps_keep_their_order),
        cmocka_unit_test(rules_have_names_and_thresholds),
        cmocka_unit_test(rules_keep_their_values),
        cmocka_unit_test(a_load_takes_defaults_of_the_project),
        cmocka_unit_test(a_report_is_read),
        cmocka_unit_test(a_variable_of_the_command_line_comes_first),
        cmocka_unit_test(rules_are_read_from_a_file_alone),
    };
    return cmocka_run_group_tests(tests, make_place, remove_place);
}
