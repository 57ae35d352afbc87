/* SPDX-License-Identifier: Apache-2.0 */
/* quern.lock, the order of pipelines, plans and their fingerprint. */
#include "plan/plan.h"

#include <unistd.h>

#include "base/log.h"
#include "load/load.h"
#include "support/place.h"
#include "unit.h"

static void pins_are_written_once_and_read_back_rule_34(void **state)
{
    (void)state;
    struct place p = place_make();
    struct q_err err = {0};
    struct plan_pins *pins, *again;
    struct q_schema schema = {0};
    assert_int_equal(plan_pins_read(p.arena, p.dir, &pins, &err), Q_OK);
    assert_null(plan_pin_find(pins, "sales.sales"));
    assert_null(plan_pin_find(NULL, "sales.sales"));
    assert_int_equal(plan_pins_write(pins, &err), Q_OK); /* nothing changed: no file */
    assert_false(q_file_exists(place_path(&p, "quern.lock")));
    q_schema_add(p.arena, &schema, "id", Q_TYPE(Q_T_INT64));
    q_schema_add(p.arena, &schema, "préis \"x\"", Q_DECIMAL(12, 2));
    plan_pin_set(pins, "sales.sales", &schema);
    assert_int_equal(plan_pins_write(pins, &err), Q_OK);
    assert_string_equal(place_read(&p, "quern.lock"), "{\n"
                                                      "  \"version\": 1,\n"
                                                      "  \"relations\": {\n"
                                                      "    \"sales.sales\": [\n"
                                                      "      {\n"
                                                      "        \"name\": \"id\",\n"
                                                      "        \"type\": \"bigint\"\n"
                                                      "      },\n"
                                                      "      {\n"
                                                      "        \"name\": \"préis \\\"x\\\"\",\n"
                                                      "        \"type\": \"decimal(12,2)\"\n"
                                                      "      }\n"
                                                      "    ]\n"
                                                      "  }\n"
                                                      "}\n");
    assert_int_equal(plan_pins_read(p.arena, p.dir, &again, &err), Q_OK);
    const struct q_schema *read = plan_pin_find(again, "sales.sales");
    assert_int_equal(read->n, 2);
    assert_string_equal(read->v[1].name, "préis \"x\"");
    assert_true(q_type_eq(read->v[1].type, Q_DECIMAL(12, 2)));
    assert_int_equal(unlink(place_path(&p, "quern.lock")), 0);
    plan_pin_set(again, "sales.sales", &schema); /* the same: nothing to write */
    assert_int_equal(plan_pins_write(again, &err), Q_OK);
    assert_false(q_file_exists(place_path(&p, "quern.lock")));
    schema.v[0].type = Q_TYPE(Q_T_TEXT);
    plan_pin_set(again, "sales.sales", &schema);
    assert_int_equal(plan_pins_write(again, &err), Q_OK);
    assert_non_null(strstr(place_read(&p, "quern.lock"), "\"type\": \"text\""));
    place_drop(&p);
}

static void pins_that_cannot_be_written_stay_to_be_written(void **state)
{
    (void)state;
    struct place p = place_make();
    struct q_err err = {0};
    struct plan_pins *pins;
    struct q_schema schema = {0};
    assert_int_equal(plan_pins_read(p.arena, p.dir, &pins, &err), Q_OK);
    q_schema_add(p.arena, &schema, "id", Q_TYPE(Q_T_INT64));
    plan_pin_set(pins, "a.b", &schema);
    assert_int_equal(q_dir_make(place_path(&p, "quern.lock/in the way"), &err), Q_OK);
    assert_int_equal(plan_pins_write(pins, &err), Q_NOSPACE);
    assert_int_equal(q_dir_remove(place_path(&p, "quern.lock"), &err), Q_OK);
    assert_int_equal(plan_pins_write(pins, &err), Q_OK);
    assert_true(q_file_exists(place_path(&p, "quern.lock")));
    place_drop(&p);
}

static void a_wrong_lock_file_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"{", "cannot read JSON"},
        {"{}", "its version is not 1"},
        {"{\"version\": 2}", "its version is not 1"},
        {"[1]", "its version is not 1"},
        {"{\"version\": 1, \"relations\": {\"a\": [{\"name\": \"x\"}]}}",
         "a column needs \"name\" and \"type\""},
        {"{\"version\": 1, \"relations\": {\"a\": [{\"name\": \"x\", \"type\": \"lorem\"}]}}",
         "lorem"},
    };
    struct place p = place_make();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct q_err err = {0};
        struct plan_pins *pins;
        place_write(&p, "quern.lock", cases[i].text);
        assert_int_equal(plan_pins_read(p.arena, p.dir, &pins, &err), Q_CONFIG);
        if (!strstr(err.message, cases[i].message))
            fail_msg("%s", err.message);
    }
    place_drop(&p);
}

static void write_project(const struct place *p)
{
    place_write(
        p, "quern.yaml",
        "project: test\nenvironments: { dev: { warehouse: { type: duckdb, path: w.duckdb } } }\n");
    place_write(p, "model/dim_b.yaml",
                "dimension: dim_b\nkey: k\nbusiness_key: [id]\ncolumns: { id: bigint }\n");
    place_write(
        p, "model/dim_date.yaml",
        "dimension: dim_date\ngenerate: date\nkey: date_id\nfrom: 2024-01-01\nto: 2024-01-31\n");
    place_write(
        p, "model/a_fact.yaml",
        "fact: a_fact\ngrain: [n]\ncolumns: { n: bigint, b: { dimension: dim_b }, day: { dimension: dim_date } }\n");
    place_write(
        p, "pipelines/a_sales.yaml",
        "pipeline: a_sales\nextract: { x: { from: files, path: x } }\nload: { into: a_fact, mode: append }\n");
    place_write(
        p, "pipelines/stores.yaml",
        "pipeline: stores\nextract: { x: { from: files, path: x } }\nload: { into: dim_b, mode: upsert }\n");
}

struct project {
    struct cfg_project *cfg;
    struct model *model;
};

static struct project read_project(const struct place *p)
{
    struct project r;
    struct cfg_options options = {.dir = p->dir};
    struct q_err err = {0};
    if (cfg_load(p->arena, &options, &r.cfg, &err) || model_build(p->arena, r.cfg, &r.model, &err))
        fail_msg("%s", err.message);
    return r;
}

static void dimensions_run_before_the_facts_that_need_them(void **state)
{
    (void)state;
    struct place p = place_make();
    struct q_err err = {0};
    const struct cfg_pipeline **order;
    size_t n;
    q_texts none = {0}, both = {0}, one = {0}, wrong = {0}, far = {0};
    write_project(&p);
    struct project r = read_project(&p);
    assert_int_equal(plan_order(p.arena, r.cfg, r.model, &none, &order, &n, &err), Q_OK);
    assert_int_equal(n, 2);
    assert_string_equal(order[0]->name.s, "stores");
    assert_string_equal(order[1]->name.s, "a_sales");
    *q_vec_push(p.arena, &both) = "a_sales";
    *q_vec_push(p.arena, &both) = "stores";
    assert_int_equal(plan_order(p.arena, r.cfg, r.model, &both, &order, &n, &err), Q_OK);
    assert_string_equal(order[0]->name.s, "stores");
    *q_vec_push(p.arena, &one) = "a_sales";
    assert_int_equal(plan_order(p.arena, r.cfg, r.model, &one, &order, &n, &err), Q_OK);
    assert_int_equal(n, 1);
    *q_vec_push(p.arena, &wrong) = "store";
    assert_int_equal(plan_order(p.arena, r.cfg, r.model, &wrong, &order, &n, &err), Q_USAGE);
    assert_string_equal(err.message, "unknown pipeline \"store\"");
    assert_string_equal(err.hint, "Did you mean `stores`?");
    *q_vec_push(p.arena, &far) = "nothing like it";
    assert_int_equal(plan_order(p.arena, r.cfg, r.model, &far, &order, &n, &err), Q_USAGE);
    assert_non_null(strstr(err.hint, "Pipelines are the files in pipelines/"));
    assert_int_equal(unlink(place_path(&p, "pipelines/stores.yaml")), 0);
    assert_int_equal(unlink(place_path(&p, "pipelines/a_sales.yaml")), 0);
    r = read_project(&p); /* no pipelines at all */
    assert_int_equal(plan_order(p.arena, r.cfg, r.model, &none, &order, &n, &err), Q_OK);
    assert_int_equal(n, 0);
    assert_int_equal(plan_order(p.arena, r.cfg, r.model, &one, &order, &n, &err), Q_USAGE);
    place_drop(&p);
}

/* ---- compiling ---- */

static const char *read_from = "b"; /* a column's table, to make another statement */

static enum q_code give_relation(struct plan *plan, struct q_err *err)
{
    (void)err;
    *q_vec_push(plan->arena, &plan->sources) = (struct plan_source){.name = "x", .table = "s_x"};
    struct plan_step *step = plan_add_step(plan, "extract", "x", "x");
    plan_step_sql(
        plan, step,
        sql_make(
            plan->arena,
            "CREATE TABLE s_x AS SELECT 1 AS n, 1 AS id, DATE '2024-01-05' AS day, 0::BIGINT AS "
            "_q_pos, %L AS %I",
            "x", read_from));
    plan->current.name = "s_x";
    q_schema_add(plan->arena, &plan->current.columns, "n", Q_TYPE(Q_T_INT64));
    q_schema_add(plan->arena, &plan->current.columns, "id", Q_TYPE(Q_T_INT64));
    q_schema_add(plan->arena, &plan->current.columns, "day", Q_TYPE(Q_T_DATE));
    return Q_OK;
}

static enum q_code refuse(struct plan *plan, struct q_err *err)
{
    (void)plan;
    return q_fail(err, Q_CONFIG, "no");
}

static const struct plan_stage give = {.name = "extract", .compile = give_relation};
static const struct plan_stage refusing = {.name = "check", .compile = refuse};

static struct plan *compile(const struct place *p, struct db_conn *conn, const char *pipeline,
                            size_t n_stages, struct q_err *err)
{
    static const struct plan_stage *const stages[] = {&give, &load_stage, &refusing};
    struct project r = read_project(p);
    struct plan *plan = NULL;
    struct plan_inputs in = {.project = r.cfg,
                             .model = r.model,
                             .pipeline = cfg_find_pipeline(r.cfg, pipeline),
                             .db = conn,
                             .stages = stages,
                             .n_stages = n_stages};
    assert_non_null(in.pipeline);
    if (db_exec(conn, "DROP SCHEMA IF EXISTS absent CASCADE", NULL, 0, NULL, err))
        fail_msg("%s", err->message);
    return plan_compile(p->arena, &in, &plan, err) ? NULL : plan;
}

static struct db_conn *engine(const struct place *p)
{
    struct db_settings settings = {.threads = 1};
    struct q_arena *arena = q_arena_new(p->arena, "engine");
    struct q_err err = {0};
    struct db *db;
    struct db_conn *conn = NULL;
    if (db_open(arena, &settings, &db, &err) || db_connect(db, arena, &conn, &err) ||
        db_attach(conn, ":memory:", "wh", false, &err))
        fail_msg("%s", err.message);
    return conn;
}

static void what_the_warehouse_lacks_has_a_stand_in(void **state)
{
    (void)state;
    struct place p = place_make();
    struct q_err err = {0};
    int64_t n[3];
    write_project(&p);
    struct db_conn *conn = engine(&p);
    struct plan *plan = compile(&p, conn, "a_sales", 2, &err);
    if (!plan)
        fail_msg("%s", err.message);
    assert_string_equal(plan->table_ref(plan, model_find(plan->model, "dim_b")),
                        "absent.\"dim_b\"");
    assert_int_equal(
        db_get_ints(
            conn,
            "SELECT (SELECT count(*) FROM absent.dim_b), (SELECT count(*) FROM absent.dim_date), (SELECT "
            "count(*) FROM absent.a_fact)",
            NULL, 0, n, 3, -1, &err),
        Q_OK);
    assert_int_equal(n[0] * 10000 + n[1] * 100 + n[2], 23300);
    /* an older table of another shape is shown with the columns that it will have */
    assert_int_equal(
        db_exec(
            conn,
            "CREATE TABLE wh.main.dim_b (k BIGINT, id BIGINT); CREATE TABLE wh.main.a_fact AS SELECT 7::BIGINT AS n; "
            "CREATE TABLE wh.main.dim_date AS FROM absent.dim_date",
            NULL, 0, NULL, &err),
        Q_OK);
    plan = compile(&p, conn, "a_sales", 2, &err);
    if (!plan)
        fail_msg("%s", err.message);
    assert_string_equal(plan->table_ref(plan, model_find(plan->model, "a_fact")),
                        "absent.\"a_fact\"");
    assert_string_equal(plan->table_ref(plan, model_find(plan->model, "dim_date")),
                        "\"wh\".\"main\".\"dim_date\"");
    assert_int_equal(db_get_ints(conn, "SELECT n, b_key, (day IS NULL)::INT FROM absent.a_fact",
                                 NULL, 0, n, 3, 0, &err),
                     Q_OK);
    assert_int_equal(n[0], 7);
    assert_int_equal(n[1], -1);
    assert_int_equal(n[2], 1);
    place_drop(&p);
}

static void two_plans_of_the_same_statements_have_the_same_fingerprint(void **state)
{
    (void)state;
    struct place p = place_make();
    struct q_err err = {0};
    write_project(&p);
    struct db_conn *conn = engine(&p);
    const char *first = plan_hash(compile(&p, conn, "a_sales", 2, &err)),
               *again = plan_hash(compile(&p, conn, "a_sales", 2, &err));
    assert_int_equal(strlen(first), 16);
    assert_string_equal(first, again);
    read_from = "other";
    assert_string_not_equal(plan_hash(compile(&p, conn, "a_sales", 2, &err)), first);
    read_from = "b";
    assert_string_not_equal(plan_hash(compile(&p, conn, "stores", 2, &err)), first);
    place_drop(&p);
}

static void a_target_that_no_pipeline_can_load_is_refused(void **state)
{
    (void)state;
    struct place p = place_make();
    struct q_err err = {0};
    write_project(&p);
    struct db_conn *conn = engine(&p);
    place_write(
        &p, "pipelines/days.yaml",
        "pipeline: days\nextract: { x: { from: files, path: x } }\nload: { into: dim_date, mode: upsert }\n");
    struct project r;
    struct cfg_options options = {.dir = p.dir};
    if (cfg_load(p.arena, &options, &r.cfg, &err) == Q_OK) { /* else the files say so already */
        assert_null(compile(&p, conn, "days", 2, &err));
        assert_string_equal(
            err.message,
            "pipelines/days.yaml:3:15: \"dim_date\" is generated: no pipeline loads it");
    }
    assert_int_equal(unlink(place_path(&p, "pipelines/days.yaml")), 0);
    assert_null(compile(&p, conn, "stores", 3, &err)); /* a stage's own error */
    assert_string_equal(err.message, "no");
    place_drop(&p);
}

static void a_step_runs_its_statements_and_names_the_one_that_failed(void **state)
{
    (void)state;
    struct place p = place_make();
    struct q_err err = {0};
    write_project(&p);
    struct db_conn *conn = engine(&p);
    struct plan *plan = compile(&p, conn, "stores", 1, &err);
    assert_non_null(plan);
    struct step_ctx ctx = {.arena = p.arena, .db = conn};
    struct plan_step *step = plan_add_step(plan, "transform", "mine", "t");
    plan_step_sql(plan, step, "CREATE TABLE t AS SELECT 1 AS i WHERE false");
    plan_step_sql_if(plan, step, "t", "SELECT error('it has no rows')");
    plan_step_sql(plan, step, "INSERT INTO t VALUES (1)");
    plan_step_sql_if(plan, step, "t", "UPDATE t SET i = 2");
    assert_int_equal(step->run(step, &ctx, &err), Q_OK);
    int64_t i = 0;
    assert_int_equal(db_get_ints(conn, "SELECT i FROM t", NULL, 0, &i, 1, -1, &err), Q_OK);
    assert_int_equal(i, 2);
    assert_int_equal(step->run(step, &ctx, &err), Q_SQL); /* the table is there */
    assert_string_equal(err.context[0], "running statement 1 of step \"transform mine\"");
    place_drop(&p);
}

int main(void)
{
    q_log_setup(Q_LOG_ERROR, false);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pins_are_written_once_and_read_back_rule_34),
        cmocka_unit_test(pins_that_cannot_be_written_stay_to_be_written),
        cmocka_unit_test(a_wrong_lock_file_is_refused),
        cmocka_unit_test(dimensions_run_before_the_facts_that_need_them),
        cmocka_unit_test(what_the_warehouse_lacks_has_a_stand_in),
        cmocka_unit_test(two_plans_of_the_same_statements_have_the_same_fingerprint),
        cmocka_unit_test(a_target_that_no_pipeline_can_load_is_refused),
        cmocka_unit_test(a_step_runs_its_statements_and_names_the_one_that_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
