/* SPDX-License-Identifier: Apache-2.0 */
/* Whole tables are proven; a warehouse that was changed by hand is found out, each kind of damage by its own proof. */
#include "prove/verify.h"

#include "support/star.h"
#include "unit.h"

static const struct star_file files[] = {
    {"model/dim_customers.yaml", "dimension: dim_customers\n"
                                 "key: customer_key\n"
                                 "business_key: [country, customer_id]\n"
                                 "columns:\n"
                                 "  country: { type: text }\n"
                                 "  customer_id: { type: text }\n"
                                 "  city: { type: text, history: keep }\n"
                                 "  email: { type: text, history: overwrite }\n"},
    {"model/dim_stores.yaml", "dimension: dim_stores\n"
                              "key: store_key\n"
                              "business_key: [store_id]\n"
                              "columns:\n"
                              "  store_id: { type: text }\n"
                              "  size: { type: integer, nullable: false, check: \"size > 0\" }\n"},
    {"model/dim_date.yaml", "dimension: dim_date\n"
                            "generate: date\n"
                            "key: date_id\n"
                            "from: 2024-01-01\n"
                            "to: 2024-12-31\n"},
    {"model/sales.yaml",
     "fact: sales\n"
     "grain: [sale_id]\n"
     "columns:\n"
     "  sale_id: { type: bigint }\n"
     "  customer: { dimension: dim_customers, from: [country, customer_id], at: day }\n"
     "  store: { dimension: dim_stores, from: [store_id], optional: true }\n"
     "  day: { dimension: dim_date }\n"
     "  amount: { type: \"decimal(12,2)\" }\n"},
    {"pipelines/customers.yaml",
     "pipeline: customers\n"
     "extract: { batch: { from: files, path: x.csv } }\n"
     "load: { into: dim_customers, mode: history, valid_from: seen }\n"},
    {"pipelines/stores.yaml", "pipeline: stores\n"
                              "extract: { batch: { from: files, path: x.csv } }\n"
                              "load: { into: dim_stores, mode: upsert }\n"},
    {"pipelines/sales.yaml", "pipeline: sales\n"
                             "extract: { batch: { from: files, path: x.csv } }\n"
                             "load: { into: sales, mode: upsert }\n"},
};

#define CUSTOMERS "country text, customer_id text, city text, email text, seen timestamp\n"
#define SALES \
    "sale_id bigint, country text, customer_id text, store_id text, day date, amount decimal(12,2)\n"

/* Customer no/a has three versions, se/a one; three sales. */
static struct star open_star(void)
{
    struct star s = star_open(files, sizeof files / sizeof *files);
    star_load(&s, "customers", "2024-02-01",
              CUSTOMERS "no,a,Oslo,a@x,2024-01-05\nse,a,Lund,b@x,2024-01-05\n");
    star_load(&s, "customers", "2024-03-01", CUSTOMERS "no,a,Bergen,a@x,2024-02-10\n");
    star_load(&s, "customers", "2024-04-01", CUSTOMERS "no,a,Bodo,a@x,2024-03-10\n");
    star_load(&s, "stores", "2024-04-01", "store_id text, size integer\nx,5\n");
    star_load(&s, "sales", "2024-04-02",
              SALES
              "1,no,a,x,2024-02-15,1.00\n2,se,a,NULL,2024-02-15,2.00\n3,no,b,x,2024-02-15,3.00\n");
    return s;
}

struct told {
    struct star *s;
    struct q_buf text;
    size_t proofs;
};

static enum q_code tell(void *self, const struct verify_proof *p, struct q_err *err)
{
    struct told *t = self;
    (void)err;
    t->proofs++;
    if (p->verdict == VERIFY_PROVEN)
        return Q_OK;
    q_buf_printf(&t->text, "%s %s: %s: %lld of %lld", verify_verdict_name(p->verdict), p->table,
                 p->name, (long long)p->failures, (long long)p->rows);
    for (size_t i = 0; i < p->samples.n; i++)
        q_buf_printf(&t->text, " [%s]", p->samples.v[i]);
    q_buf_addc(&t->text, '\n');
    return Q_OK;
}

/* What is not proven of all tables must be `expected`. */
static void expect(struct star *s, const char *expected)
{
    struct told t = {.s = s};
    struct q_err err = {0};
    const struct model_table *tables[8];
    size_t n = 0;
    for (size_t i = 0; i < s->model->n; i++)
        tables[n++] = &s->model->tables[i];
    struct verify_options o = {
        .session = &s->session, .tables = tables, .n_tables = n, .told = tell, .self = &t};
    q_buf_init(&t.text, 1 << 20);
    if (verify_tables(&o, &err))
        fail_msg("%s", err.message);
    assert_string_equal(q_buf_text(&t.text), expected);
    assert_true(t.proofs > 20);
    q_buf_release(&t.text);
}

/* Change the warehouse by hand. */
static void damage(struct star *s, const char *sql)
{
    struct q_err err = {0};
    enum q_code code = run_detach(&s->session, &err);
    if (!code)
        code = db_attach(s->session.db, s->session.warehouse, "wh", false, &err);
    if (!code)
        code = db_exec(s->session.db, sql, NULL, 0, NULL, &err);
    if (!code)
        code = db_detach(s->session.db, "wh", &err);
    if (code)
        fail_msg("%s", err.message);
}

static void expect_damage(const char *sql, const char *expected)
{
    struct star s = open_star();
    damage(&s, sql);
    expect(&s, expected);
    star_close(&s);
}

static void a_sound_warehouse_is_proven(void **state)
{
    (void)state;
    struct star s = open_star();
    expect(&s, "");
    star_close(&s);
}

static void overlapping_versions_are_found_rule_26(void **state)
{
    (void)state;
    expect_damage(
        "UPDATE wh.main.dim_customers_versions SET valid_to = '2024-02-20' WHERE customer_key = 1",
        "failed dim_customers: versions do not overlap: 1 of 4 [country=no, customer_id=a, version=1, "
        "valid_from=1000-01-01 00:00:00, valid_to=2024-02-20 00:00:00]\n"
        "failed dim_customers: closed versions are as they were closed: 1 of 2\n"
        "failed sales: customer_key is the version valid at day: 1 of 4 [sale_id=1: customer_key=3, found 1]\n");
}

static void two_current_versions_are_found_rule_26(void **state)
{
    (void)state;
    expect_damage(
        "UPDATE wh.main.dim_customers_versions SET is_current = true WHERE customer_key = 3",
        "failed dim_customers: a key has one current version at most: 1 of 4 [country=no, customer_id=a]\n"
        "failed dim_customers: is_current agrees with the open end: 1 of 4 [country=no, customer_id=a, version=2, "
        "valid_from=2024-02-10 00:00:00, valid_to=2024-03-10 00:00:00]\n"
        "failed dim_customers: closed versions are as they were closed: 1 of 1\n");
}

static void a_changed_closed_version_is_found_rule_22(void **state)
{
    (void)state;
    expect_damage("UPDATE wh.main.dim_customers_versions SET city = 'Paris' WHERE customer_key = 1",
                  "failed dim_customers: closed versions are as they were closed: 1 of 2\n");
    expect_damage("UPDATE wh.main.dim_customers_versions SET city = NULL WHERE customer_key = 1",
                  "failed dim_customers: closed versions are as they were closed: 1 of 2\n");
    expect_damage("UPDATE wh.main.dim_customers_versions SET email = 'new' WHERE customer_key = 1",
                  ""); /* rule 27: it is overwritten in closed versions too */
}

static void a_removed_closed_version_is_found_rule_22(void **state)
{
    (void)state;
    expect_damage(
        "DELETE FROM wh.main.dim_customers_versions WHERE customer_key = 1",
        "failed dim_customers: versions are numbered in order of time: 2 of 3 [country=no, customer_id=a, version=2, "
        "valid_from=2024-02-10 00:00:00, valid_to=2024-03-10 00:00:00] [country=no, customer_id=a, version=3, "
        "valid_from=2024-03-10 00:00:00, valid_to=NULL]\n"
        "failed dim_customers: closed versions are as they were closed: 1 of 1\n");
}

static void an_empty_period_is_found_rule_26(void **state)
{
    (void)state;
    expect_damage(
        "UPDATE wh.main.dim_customers_versions SET valid_to = valid_from WHERE customer_key = 3",
        "failed dim_customers: valid_to is after valid_from: 1 of 4 [country=no, customer_id=a, version=2, "
        "valid_from=2024-02-10 00:00:00, valid_to=2024-02-10 00:00:00]\n"
        "failed dim_customers: closed versions are as they were closed: 1 of 2\n"
        "failed sales: customer_key is the version valid at day: 1 of 3 [sale_id=1: customer_key=3, found -1]\n");
}

static void a_missing_special_member_is_found_rule_12(void **state)
{
    (void)state;
    expect_damage(
        "DELETE FROM wh.main.dim_stores WHERE store_key = -2",
        "failed dim_stores: the special members -1 and -2 are there once: 1 of 1 [store_key=-2 is there 0 times]\n"
        "failed sales: store_key is a member of dim_stores: 1 of 3 [sale_id=2: store_key=-2, found -2]\n");
    expect_damage(
        "INSERT INTO wh.main.dim_stores (store_key) VALUES (-1)",
        "failed dim_stores: surrogate key is unique: 1 of 4 [store_key=-1]\n"
        "failed dim_stores: the special members -1 and -2 are there once: 1 of 3 [store_key=-1 is there 2 times]\n");
}

static void keys_that_are_there_twice_are_found_rule_12(void **state)
{
    (void)state;
    expect_damage(
        "INSERT INTO wh.main.dim_stores SELECT 9 AS store_key, * EXCLUDE (store_key) FROM wh.main.dim_stores "
        "WHERE store_key = 1",
        "failed dim_stores: business key is unique: 1 of 2 [store_id=x]\n"
        "failed sales: store_key is the member of its columns: 2 of 5 [sale_id=1: store_key=1, found 9] [sale_id=3: "
        "store_key=1, found 9]\n");
    expect_damage("INSERT INTO wh.main.sales SELECT * FROM wh.main.sales WHERE sale_id = 2",
                  "failed sales: grain is unique: 1 of 4 [sale_id=2]\n");
}

static void an_orphan_is_found(void **state)
{
    (void)state;
    expect_damage(
        "UPDATE wh.main.sales SET customer_key = 77 WHERE sale_id = 1",
        "failed sales: customer_key is a member of dim_customers: 1 of 3 [sale_id=1: customer_key=77, found 3]\n");
}

static void a_key_of_another_member_is_found_rule_13(void **state)
{
    (void)state;
    expect_damage(
        "UPDATE wh.main.sales SET customer_key = 2 WHERE sale_id = 1",
        "failed sales: customer_key has the business key of the row: 1 of 3 [sale_id=1: customer_key=2, found 3]\n");
}

static void a_key_of_another_version_is_found_rule_13(void **state)
{
    (void)state;
    expect_damage(
        "UPDATE wh.main.sales SET customer_key = 1 WHERE sale_id = 1",
        "failed sales: customer_key is the version valid at day: 1 of 3 [sale_id=1: customer_key=1, found 3]\n");
    expect_damage(
        "UPDATE wh.main.sales SET store_key = -1 WHERE sale_id = 2",
        "failed sales: store_key is the member of its columns: 1 of 3 [sale_id=2: store_key=-1, found -2]\n");
}

static void a_missing_day_is_found(void **state)
{
    (void)state;
    expect_damage("DELETE FROM wh.main.dim_date WHERE date_id = 20240229",
                  "failed dim_date: every day is there under its key: 1 of 366 [2024-02-29]\n");
}

static void what_the_model_demands_of_rows_is_proven(void **state)
{
    (void)state;
    struct star s = open_star();
    place_write(&s.place, "model/sales.yaml",
                "fact: sales\n"
                "grain: [sale_id]\n"
                "columns:\n"
                "  sale_id: { type: bigint }\n"
                "  customer: { dimension: dim_customers, from: [country, customer_id], at: day }\n"
                "  store: { dimension: dim_stores, from: [store_id], optional: true }\n"
                "  day: { dimension: dim_date }\n"
                "  amount: { type: \"decimal(12,2)\", nullable: false, check: \"amount < 3\" }\n"
                "  note: { type: text }\n");
    damage(&s, "UPDATE wh.main.sales SET amount = NULL WHERE sale_id = 1");
    star_reopen(&s);
    expect(&s, "absent sales: the warehouse does not have column \"note\" yet: 0 of 0\n"
               "failed sales: amount is not null: 1 of 3 [sale_id=1]\n"
               "failed sales: check amount < 3: 1 of 3 [sale_id=3]\n");
    star_close(&s);
}

static void a_version_that_was_spliced_in_later_is_a_warning_rule_24(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "customers", "2024-05-01", CUSTOMERS "no,a,Hamar,a@x,2024-02-14\n");
    expect(&s, "warning sales: customer_key is what the lookup finds today: 1 of 3 [sale_id=1: "
               "customer_key=3, found 5]\n");
    star_load(&s, "sales", "2024-05-02", SALES "1,no,a,x,2024-02-15,1.00\n");
    expect(&s, "");
    star_close(&s);
}

static void a_member_that_arrived_later_is_a_warning_rule_13(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "customers", "2024-05-01", CUSTOMERS "no,b,Moss,b@x,2024-01-01\n");
    expect(&s, "warning sales: customer_key is what the lookup finds today: 1 of 3 [sale_id=3: "
               "customer_key=-1, found 5]\n");
    star_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_warehouse_is_proven),
        cmocka_unit_test(overlapping_versions_are_found_rule_26),
        cmocka_unit_test(two_current_versions_are_found_rule_26),
        cmocka_unit_test(a_changed_closed_version_is_found_rule_22),
        cmocka_unit_test(a_removed_closed_version_is_found_rule_22),
        cmocka_unit_test(an_empty_period_is_found_rule_26),
        cmocka_unit_test(a_missing_special_member_is_found_rule_12),
        cmocka_unit_test(keys_that_are_there_twice_are_found_rule_12),
        cmocka_unit_test(an_orphan_is_found),
        cmocka_unit_test(a_key_of_another_member_is_found_rule_13),
        cmocka_unit_test(a_key_of_another_version_is_found_rule_13),
        cmocka_unit_test(a_missing_day_is_found),
        cmocka_unit_test(what_the_model_demands_of_rows_is_proven),
        cmocka_unit_test(a_version_that_was_spliced_in_later_is_a_warning_rule_24),
        cmocka_unit_test(a_member_that_arrived_later_is_a_warning_rule_13),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
