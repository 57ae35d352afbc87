/* SPDX-License-Identifier: Apache-2.0 */
/* What a known key becomes: insert_only, update lists, merges, previous values (SEMANTICS 9, type 3 of section C). */
#include "unit.h"

#include "support/star.h"

#define PIPELINE(name, load)                                                                      \
    {                                                                                             \
        "pipelines/" name ".yaml",                                                                \
            "pipeline: " name "\nextract: { batch: { from: files, path: x.csv } }\nload: { " load \
            " }\n"                                                                                \
    }

static const struct star_file files[] = {
    {"model/dim_shops.yaml",
     "dimension: dim_shops\nkey: shop_key\nbusiness_key: [shop]\n"
     "columns:\n  shop: { type: text }\n  tier: { type: text, history: previous }\n"
     "  name: { type: text }\n"},
    {"model/orders.yaml",
     "fact: orders\ngrain: [id]\ncolumns:\n  id: { type: bigint }\n  shop: { dimension: dim_shops, from: [shop] }\n"
     "  status: { type: text, nullable: false }\n  total: { type: decimal(6,2), check: \"total >= 0\" }\n"
     "  n: { type: smallint }\n  first: { type: date }\n  least: { type: bigint, check: \"least <= n\" }\n"},
    PIPELINE("insert", "into: orders, mode: insert_only"),
    PIPELINE("upsert", "into: orders, mode: upsert"),
    PIPELINE("status", "into: orders, mode: upsert, update: [status]"),
    PIPELINE("shop", "into: orders, mode: upsert, update: [shop]"),
    PIPELINE("least", "into: orders, mode: upsert, update: [least]"),
    PIPELINE(
        "merge",
        "into: orders, mode: upsert, merge: { first: \"least(old.first, new.first)\", total: \"old.total + "
        "new.total\", n: \"old.n + 1\" }"),
    PIPELINE(
        "nulls",
        "into: orders, mode: upsert, merge: { status: \"case when old.n > 5 then new.status end\" }"),
    PIPELINE("shops", "into: dim_shops, mode: upsert"),
};

static struct star open_star(void)
{
    struct star s = star_open(files, sizeof files / sizeof *files);
    star_load(&s, "shops", "2024-01-01", "shop text, tier text, name text\na,gold,A\nb,blue,B\n");
    return s;
}

#define ORDERS \
    "id bigint, shop text, status text, total decimal(6,2), n smallint, first date, least bigint\n"
static const char orders[] =
    "SELECT id, shop, shop_key AS k, status, total, n, first, least, _q_run AS run FROM orders ORDER BY 1";
#define SHOWN "id,shop,k,status,total,n,first,least,run\n"

static void insert_only_skips_what_is_there_rule_9(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "insert", "2024-01-02", ORDERS "1,a,new,1.00,1,2024-01-01,1\n");
    star_load(&s, "insert", "2024-01-03",
              ORDERS "1,b,paid,9.00,9,2024-01-09,1\n2,b,new,2.00,2,2024-01-02,1\n");
    star_expect(&s, orders,
                SHOWN "1,a,1,new,1.00,1,2024-01-01,1,2\n2,b,2,new,2.00,2,2024-01-02,1,3\n");
    assert_string_equal(star_counts(&s), "inserted 1 updated 0 unchanged 0 superseded 0 opened 0 "
                                         "closed 0 rejected 0 skipped 1");
    assert_string_equal(star_reasons(&s), "skipped existing 1");
    star_load(&s, "insert", "2024-01-04", ORDERS "1,b,paid,9.00,9,2024-01-09,1\n");
    assert_string_equal(s.result.status, "published");
    /* rows of one record of a join: it is skipped when none of them is new */
    star_load(
        &s, "insert", "2024-01-05",
        "_q_pos bigint, _q_pos_other bigint, " ORDERS
        "1,1,1,a,x,1.00,1,NULL,1\n1,2,3,a,x,3.00,3,NULL,1\n2,1,1,a,x,1.00,1,NULL,1\n2,2,2,a,x,1.00,1,NULL,1\n");
    assert_string_equal(star_reasons(&s), "skipped existing 1");
    star_expect(&s, "SELECT id, status FROM orders ORDER BY 1", "id,status\n1,new\n2,new\n3,x\n");
    star_close(&s);
}

static void only_listed_columns_are_compared_and_updated_rule_9(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "status", "2024-01-02",
              ORDERS "1,a,new,1.00,1,2024-01-01,1\n2,a,new,1.00,1,2024-01-01,1\n");
    star_load(&s, "status", "2024-01-03",
              ORDERS
              "1,b,paid,9.00,9,2024-01-09,9\n2,b,new,9.00,9,2024-01-09,9\n3,b,new,3.00,3,NULL,3\n");
    assert_string_equal(star_counts(&s), "inserted 1 updated 1 unchanged 1 superseded 0 opened 0 "
                                         "closed 0 rejected 0 skipped 0");
    star_expect(&s, orders,
                SHOWN "1,a,1,paid,1.00,1,2024-01-01,1,3\n2,a,1,new,1.00,1,2024-01-01,1,2\n"
                      "3,b,2,new,3.00,3,,3,3\n");
    star_load(&s, "shop", "2024-01-04",
              ORDERS "1,b,x,9.00,9,2024-01-09,9\n"); /* and the role's key */
    star_expect(&s, "SELECT shop, shop_key, status FROM orders WHERE id = 1",
                "shop,shop_key,status\nb,2,paid\n");
    star_close(&s);
}

static void old_and_new_columns_together_must_fit_the_table_rule_9(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "least", "2024-01-02",
              ORDERS "1,a,new,1.00,1,2024-01-01,1\n2,a,new,1.00,5,2024-01-01,1\n");
    star_load(&s, "least", "2024-01-03",
              ORDERS "1,a,new,1.00,9,2024-01-01,2\n2,a,new,1.00,9,2024-01-01,2\n");
    assert_string_equal(star_reasons(&s),
                        "rejected merge_failed 1"); /* 2 <= 9 holds, 2 <= 1 does not */
    star_expect(&s, "SELECT id, n, least FROM orders ORDER BY 1", "id,n,least\n1,1,1\n2,5,2\n");
    star_close(&s);
}

static void merges_are_made_of_old_and_new_and_what_fails_is_a_reject_rule_9(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(
        &s, "merge", "2024-01-02",
        ORDERS
        "1,a,new,1.00,1,2024-01-05,1\n2,a,new,1.00,32767,2024-01-05,1\n3,a,new,9999.99,1,NULL,1\n"
        "4,a,new,NULL,1,2024-01-05,1\n");
    star_load(
        &s, "merge", "2024-01-03",
        ORDERS
        "1,a,paid,2.50,1,2024-01-03,1\n2,a,new,1.00,1,2024-01-05,1\n3,a,new,0.01,1,2024-01-05,1\n"
        "4,a,new,1.00,1,2024-01-09,1\n5,a,new,5.00,5,2024-01-05,5\n");
    star_expect(&s, orders,
                SHOWN "1,a,1,paid,3.50,2,2024-01-03,1,3\n"
                      "2,a,1,new,1.00,32767,2024-01-05,1,2\n" /* beyond smallint */
                      "3,a,1,new,9999.99,1,,1,2\n"            /* beyond decimal(6,2) */
                      "4,a,1,new,,2,2024-01-05,1,3\n5,a,1,new,5.00,5,2024-01-05,5,3\n");
    assert_string_equal(star_reasons(&s), "rejected merge_failed 2");
    star_expect(
        &s, "SELECT key, col, detail FROM quern.rejects ORDER BY 1",
        "key,col,detail\n\"{\"\"id\"\":2}\",n,old.n + 1\n\"{\"\"id\"\":3}\",total,old.total + new.total\n");
    star_load(&s, "nulls", "2024-01-04", ORDERS "1,a,x,1.00,1,NULL,1\n2,a,x,1.00,1,NULL,1\n");
    assert_string_equal(star_reasons(&s),
                        "rejected merge_failed 1"); /* the column is not nullable */
    star_expect(&s, "SELECT id, status FROM orders WHERE id < 3 ORDER BY 1",
                "id,status\n1,paid\n2,x\n");
    star_close(&s);
}

static void a_merge_that_gives_the_stored_value_changes_nothing_rule_16(void **state)
{
    (void)state;
    struct star s = open_star();
    place_write(
        &s.place, "pipelines/first.yaml",
        "pipeline: first\nextract: { batch: { from: files, path: x.csv } }\n"
        "load: { into: orders, mode: upsert, update: [first], merge: { first: \"least(old.first, new.first)\" } }\n");
    star_reopen(&s);
    star_load(&s, "first", "2024-01-02", ORDERS "1,a,new,1.00,1,2024-01-05,1\n");
    star_load(&s, "first", "2024-01-03", ORDERS "1,a,new,1.00,1,2024-01-06,1\n");
    assert_int_equal(s.result.unchanged, 1);
    star_expect(&s, "SELECT first, _q_run FROM orders", "first,_q_run\n2024-01-05,2\n");
    star_close(&s);
}

static void merges_that_cannot_fit_are_configuration_errors(void **state)
{
    (void)state;
    static const struct {
        const char *merge, *message;
    } cases[] = {
        {"first: \"timestamp '2024-01-01 10:00:00'\"",
         "pipelines/wrong.yaml:3:54: the merge of \"first\" gives timestamp, and the column is date"},
        {"total: \"old.total / 3\"",
         "pipelines/wrong.yaml:3:54: the merge of \"total\" gives decimal(10,6), and the column is decimal(6,2)"},
        {"n: \"old.status\"",
         "pipelines/wrong.yaml:3:50: the merge of \"n\" gives text, and the column is smallint"},
        {"n: \"n + 1\"", "pipelines/wrong.yaml:3:50: unknown column \"n\""},
        {"n: \"old.m + 1\"",
         "pipelines/wrong.yaml:3:50: unknown column \"old.m\"; did you mean \"old.n\"?"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct star s = open_star();
        place_write(&s.place, "pipelines/wrong.yaml",
                    q_printf(s.place.arena,
                             "pipeline: wrong\nextract: { batch: { from: files, path: x.csv } }\n"
                             "load: { into: orders, mode: upsert, merge: { %s } }\n",
                             cases[i].merge));
        star_reopen(&s);
        assert_int_equal(
            star_try(&s, "wrong", "2024-01-02", ORDERS "1,a,new,1.00,1,2024-01-05,1\n"), Q_CONFIG);
        assert_string_equal(s.err.message, cases[i].message);
        star_close(&s);
    }
}

static void the_previous_value_is_kept_once_per_real_change_rule_27(void **state)
{
    (void)state;
    struct star s = open_star();
#define SHOPS "shop text, tier text, name text\n"
    static const char shops[] =
        "SELECT shop, tier, previous_tier AS before, tier_changed_at AS at, name FROM dim_shops WHERE shop_key > 0 ORDER BY 1";
    star_expect(&s, shops, "shop,tier,before,at,name\na,gold,,,A\nb,blue,,,B\n");
    star_load(&s, "shops", "2024-02-01 10:00:00", SHOPS "a,red,A\nb,blue,B2\n");
    star_expect(&s, shops,
                "shop,tier,before,at,name\na,red,gold,2024-02-01 10:00:00,A\nb,blue,,,B2\n");
    star_load(&s, "shops", "2024-03-01 10:00:00", SHOPS "a,red,A2\nb,NULL,B2\n");
    star_expect(
        &s, shops,
        "shop,tier,before,at,name\na,red,gold,2024-02-01 10:00:00,A2\nb,,blue,2024-03-01 10:00:00,B2\n");
    star_load(&s, "shops", "2024-04-01 10:00:00", SHOPS "b,blue,B2\n");
    star_expect(
        &s, shops,
        "shop,tier,before,at,name\na,red,gold,2024-02-01 10:00:00,A2\nb,blue,,2024-04-01 10:00:00,B2\n");
    star_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(insert_only_skips_what_is_there_rule_9),
        cmocka_unit_test(only_listed_columns_are_compared_and_updated_rule_9),
        cmocka_unit_test(old_and_new_columns_together_must_fit_the_table_rule_9),
        cmocka_unit_test(merges_are_made_of_old_and_new_and_what_fails_is_a_reject_rule_9),
        cmocka_unit_test(a_merge_that_gives_the_stored_value_changes_nothing_rule_16),
        cmocka_unit_test(merges_that_cannot_fit_are_configuration_errors),
        cmocka_unit_test(the_previous_value_is_kept_once_per_real_change_rule_27),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
