/* SPDX-License-Identifier: Apache-2.0 */
/* Late-arriving members: inferred by facts, completed by their own row (SEMANTICS 13). */
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
     "dimension: dim_shops\nkey: shop_key\nbusiness_key: [region, shop]\ncolumns:\n"
     "  region: { type: text }\n  shop: { type: bigint }\n  name: { type: text, nullable: false, check: \"name <> ''\" }\n"
     "  tier: { type: text, history: previous }\n"},
    {"model/dim_people.yaml",
     "dimension: dim_people\nkey: person_key\nbusiness_key: [person]\ncolumns:\n"
     "  person: { type: text }\n  city: { type: text, history: keep }\n"},
    {"model/orders.yaml",
     "fact: orders\ngrain: [id]\ncolumns:\n  id: { type: bigint }\n"
     "  sold: { dimension: dim_shops, from: [region, shop], missing: infer }\n"
     "  sent: { dimension: dim_shops, from: [region, other], missing: infer, optional: true }\n"
     "  other: { type: bigint }\n"
     "  buyer: { dimension: dim_people, from: [person], at: day, missing: infer }\n  day: { type: date }\n"
     "  n: { type: bigint }\n"},
    PIPELINE("shops", "into: dim_shops, mode: upsert"),
    PIPELINE("names", "into: dim_shops, mode: upsert, update: [tier]"),
    PIPELINE("people", "into: dim_people, mode: history, valid_from: seen"),
    PIPELINE("append", "into: orders, mode: append"),
    PIPELINE("upsert", "into: orders, mode: upsert"),
    PIPELINE("counts", "into: orders, mode: upsert, update: [n]"),
};

static struct star open_star(void)
{
    return star_open(files, sizeof files / sizeof *files);
}

#define ORDERS \
    "id bigint, region text, shop bigint, other bigint, person text, day date, n bigint\n"
static const char orders[] =
    "SELECT id, sold_key AS sold, sent_key AS sent, buyer_key AS buyer, _q_run AS run FROM orders ORDER BY 1";
static const char shops[] =
    "SELECT shop_key AS k, region, shop, name, tier, previous_tier AS before, inferred, _q_run AS run FROM dim_shops WHERE shop_key > 0 ORDER BY 1";

static void a_missing_member_is_inferred_once_for_all_roles_and_rows_rule_13(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "shops", "2024-01-01",
              "region text, shop bigint, name text, tier text\nn,1,One,gold\n");
    star_load(&s, "append", "2024-01-02",
              ORDERS
              "1,n,1,2,eva,2024-01-01,1\n2,n,2,3,eva,2024-01-01,1\n3,n,2,NULL,NULL,2024-01-01,1\n"
              "4,NULL,7,8,bob,NULL,1\n");
    star_expect(&s, orders,
                "id,sold,sent,buyer,run\n1,1,2,2,2\n2,2,3,2,2\n3,2,-2,-1,2\n4,-1,-2,-1,2\n");
    star_expect(&s, shops,
                "k,region,shop,name,tier,before,inferred,run\n1,n,1,One,gold,,false,1\n"
                "2,n,2,,,,true,2\n3,n,3,,,,true,2\n");
    star_expect(
        &s,
        "SELECT person_key AS k, person, city, valid_from, valid_to, is_current, version, first_seen_at, "
        "is_deleted, inferred FROM dim_people_versions WHERE person_key > 0 ORDER BY 1",
        "k,person,city,valid_from,valid_to,is_current,version,first_seen_at,is_deleted,inferred\n"
        "1,bob,,1000-01-01 00:00:00,,true,1,,false,true\n2,eva,,1000-01-01 00:00:00,,true,1,,false,true\n");
    assert_int_equal(s.result.inferred, 4);
    star_load(&s, "append", "2024-01-03", ORDERS "5,n,3,3,eva,2024-01-01,1\n");
    assert_int_equal(s.result.inferred, 0);
    star_expect(&s, "SELECT sold_key, buyer_key FROM orders WHERE id = 5",
                "sold_key,buyer_key\n3,2\n");
    star_close(&s);
}

static void its_own_row_completes_a_member_in_place_rule_13(void **state)
{
    (void)state;
    struct star s = open_star();
#define SHOPS "region text, shop bigint, name text, tier text\n"
    star_load(&s, "append", "2024-01-02", ORDERS "1,n,1,2,eva,2024-01-01,1\n");
    star_load(&s, "names", "2024-01-03 10:00:00", SHOPS "n,1,One,gold\n"); /* all its columns */
    assert_string_equal(star_counts(&s), "inserted 0 updated 1 unchanged 0 superseded 0 opened 0 "
                                         "closed 0 rejected 0 skipped 0");
    star_expect(
        &s, shops,
        "k,region,shop,name,tier,before,inferred,run\n1,n,1,One,gold,,false,2\n2,n,2,,,,true,1\n");
    star_load(&s, "names", "2024-01-03", SHOPS "n,1,Two,gold\n");
    assert_int_equal(s.result.unchanged, 1);
    star_load(&s, "names", "2024-01-03", SHOPS "n,1,Two,red\nn,2,Two,NULL\n");
    star_expect(
        &s, shops,
        "k,region,shop,name,tier,before,inferred,run\n1,n,1,One,red,gold,false,4\n2,n,2,Two,,,false,4\n");
    star_expect(&s, "SELECT sold_key, sent_key FROM orders", "sold_key,sent_key\n1,2\n");
    star_expect(&s,
                "SELECT _q_undo_run AS r, shop, inferred FROM quern.before_dim_shops ORDER BY 1, 2",
                "r,shop,inferred\n2,1,true\n4,1,false\n4,2,true\n");
    star_close(&s);
}

static void a_member_without_a_version_at_the_time_is_unknown_and_not_inferred_rule_13(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "people", "2024-01-01",
              "person text, city text, seen timestamp\neva,Oslo,2024-01-01\n");
    star_load(&s, "people", "2024-06-01",
              "person text, city text, seen timestamp\nbob,Rome,2024-05-01\n");
    star_load(&s, "append", "2024-06-02",
              ORDERS "1,n,1,1,bob,2024-04-01,1\n2,n,1,1,bob,2024-05-01,1\n");
    star_expect(&s, "SELECT id, buyer_key FROM orders ORDER BY 1", "id,buyer_key\n1,-1\n2,2\n");
    star_expect(&s, "SELECT count(*) AS n FROM dim_people_versions WHERE person = 'bob'", "n\n1\n");
    star_close(&s);
}

static void a_row_that_is_not_loaded_infers_nothing_rule_13(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "upsert", "2024-01-02", ORDERS "1,n,1,1,eva,2024-01-01,1\n");
    star_load(&s, "append", "2024-01-03",
              ORDERS "1,n,9,9,zoe,2024-01-01,1\n2,n,1,1,eva,2024-01-01,1\n");
    assert_int_equal(s.result.inferred, 0); /* 1 is a duplicate key */
    star_load(&s, "counts", "2024-01-04",
              ORDERS "1,n,9,9,zoe,2024-01-01,2\n3,n,3,1,eva,2024-01-01,1\n");
    assert_int_equal(s.result.inferred, 1); /* the shop of order 1 stays what it was */
    star_load(&s, "upsert", "2024-01-05", ORDERS "1,n,9,1,eva,2024-01-01,2\n");
    assert_string_equal(star_counts(&s), "inserted 0 updated 1 unchanged 0 superseded 0 opened 0 "
                                         "closed 0 rejected 0 skipped 0");
    star_expect(&s, orders, "id,sold,sent,buyer,run\n1,3,1,1,4\n2,1,1,1,2\n3,2,1,1,3\n");
    star_load(&s, "upsert", "2024-01-06", ORDERS "1,n,9,1,eva,2024-01-01,2\n"); /* rule 16 */
    assert_int_equal(s.result.unchanged, 1);
    star_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_member_is_inferred_once_for_all_roles_and_rows_rule_13),
        cmocka_unit_test(its_own_row_completes_a_member_in_place_rule_13),
        cmocka_unit_test(
            a_member_without_a_version_at_the_time_is_unknown_and_not_inferred_rule_13),
        cmocka_unit_test(a_row_that_is_not_loaded_infers_nothing_rule_13),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
