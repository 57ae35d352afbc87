/* SPDX-License-Identifier: Apache-2.0 */
/* Loads that take rows away: full snapshots, replaced tables and slices; rule numbers are those of the semantics. */
#include "unit.h"

#include "support/star.h"

#define PIPELINE(name, load)                                                                      \
    {                                                                                             \
        "pipelines/" name ".yaml",                                                                \
            "pipeline: " name "\nextract: { batch: { from: files, path: x.csv } }\nload: { " load \
            " }\n"                                                                                \
    }

static const struct star_file files[] = {
    {"model/dim_shops.yaml", "dimension: dim_shops\nkey: shop_key\nbusiness_key: [shop]\n"
                             "columns: { shop: text, name: text }\n"},
    {"model/stock.yaml",
     "fact: stock\ngrain: [item]\n"
     "columns: { item: bigint, n: bigint, day: date, shop: { dimension: dim_shops, from: [shop] } }\n"},
    {"model/plain.yaml", "fact: plain\ngrain: [item]\ncolumns: { item: bigint, n: bigint }\n"},
    PIPELINE("snapshot", "into: plain, mode: upsert, snapshot: full, deletes: delete"),
    PIPELINE("ignoring", "into: plain, mode: upsert, snapshot: full"),
    PIPELINE("strict", "into: plain, mode: upsert, snapshot: full, deletes: delete, max_shrink: 1"),
    PIPELINE("shops",
             "into: dim_shops, mode: upsert, snapshot: full, deletes: delete, max_shrink: 100%"),
    PIPELINE("replace", "into: plain, mode: replace"),
    PIPELINE("dayslice", "into: stock, mode: replace_slice, slice: { by: [day, shop] }"),
    PIPELINE(
        "january",
        "into: stock, mode: replace_slice, slice: { range: day, from: 2024-01-01, to: 2024-02-01 }"),
    PIPELINE("newshops", "into: dim_shops, mode: replace"),
    PIPELINE("stock", "into: stock, mode: upsert"),
};

static struct star open_star(void)
{
    return star_open(files, sizeof files / sizeof *files);
}

#define ITEMS "item bigint, n bigint\n"
static const char plain[] = "SELECT item, n, _q_run AS run FROM plain ORDER BY 1";

static void a_full_snapshot_deletes_the_keys_that_it_lacks_and_only_if_told_to(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "snapshot", "2024-01-01", ITEMS "1,10\n2,20\n3,30\n4,40\n");
    star_load(&s, "ignoring", "2024-01-02", ITEMS "1,10\n2,21\n");
    star_expect(&s, plain, "item,n,run\n1,10,1\n2,21,2\n3,30,1\n4,40,1\n");
    star_load(&s, "snapshot", "2024-01-03", ITEMS "1,10\n2,22\n3,30\n5,50\n");
    star_expect(&s, plain, "item,n,run\n1,10,1\n2,22,3\n3,30,1\n5,50,3\n");
    assert_string_equal(star_counts(&s), "inserted 1 updated 1 unchanged 2 superseded 0 opened 0 "
                                         "closed 0 rejected 0 skipped 0");
    assert_int_equal(s.result.deleted, 1);
    star_expect(&s, "SELECT _q_undo_run, item, n FROM quern.before_plain ORDER BY 1, 2",
                "_q_undo_run,item,n\n2,2,20\n3,2,21\n3,4,40\n");
    star_load(&s, "snapshot", "2024-01-04", ITEMS "1,10\n2,22\n3,30\n5,50\n");
    assert_int_equal(s.result.deleted, 0);
    assert_int_equal(s.result.unchanged, 4);
    star_close(&s);
}

static void a_snapshot_that_shrinks_too_much_is_held_until_it_is_accepted_rule_15(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "snapshot", "2024-01-01", ITEMS "1,10\n2,20\n3,30\n4,40\n");
    star_load(&s, "snapshot", "2024-01-02", ITEMS "1,10\n2,20\n"); /* a half is allowed */
    star_load(&s, "snapshot", "2024-01-02", ITEMS "1,10\n2,20\n3,30\n4,40\n");
    assert_int_equal(star_try(&s, "snapshot", "2024-01-03", ITEMS "1,11\n"), Q_OK);
    assert_string_equal(s.result.status, "held");
    assert_int_equal(s.result.exit_code, 4);
    assert_string_equal(
        s.result.message,
        "the batch lacks 3 of the 4 keys of plain, and max_shrink is 50%; if they were deleted at "
        "the source, run `quern run snapshot --accept-shrink`");
    star_expect(&s, plain, "item,n,run\n1,10,1\n2,20,1\n3,30,3\n4,40,3\n");
    assert_int_equal(star_try(&s, "strict", "2024-01-04", ITEMS "1,10\n2,20\n"), Q_OK);
    assert_string_equal(
        s.result.message,
        "the batch lacks 2 of the 4 keys of plain, and max_shrink is 1 keys; if they were deleted "
        "at the source, run `quern run strict --accept-shrink`");
    s.session.accept_shrink = true;
    star_load(&s, "snapshot", "2024-01-05", ITEMS "1,11\n");
    star_expect(&s, plain, "item,n,run\n1,11,6\n");
    star_close(&s);
}

static void an_empty_snapshot_is_held_whatever_max_shrink_says_rule_15(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "shops", "2024-01-01", "shop text, name text\na,A\n");
    assert_int_equal(star_try(&s, "shops", "2024-01-02", "shop text, name text\n"), Q_OK);
    assert_string_equal(s.result.status, "held");
    assert_string_equal(
        s.result.message,
        "the batch has no row, and dim_shops has 1 keys, of which 1 would go away; if they were "
        "deleted at the source, run `quern run shops --accept-shrink`");
    s.session.accept_shrink = true;
    star_load(&s, "shops", "2024-01-03", "shop text, name text\n");
    star_expect(&s, "SELECT shop_key FROM dim_shops ORDER BY 1", "shop_key\n-2\n-1\n");
    star_close(&s);
}

static void a_rejected_row_is_not_gone_rule_15(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "snapshot", "2024-01-01", ITEMS "1,10\n2,20\n3,30\n");
    star_load(&s, "snapshot", "2024-01-02", ITEMS "1,11\n1,12\n3,30\n"); /* 1 is ambiguous */
    star_expect(&s, plain, "item,n,run\n1,10,1\n3,30,1\n");
    star_close(&s);
}

static void keys_do_not_go_away_while_records_cannot_be_read(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "snapshot", "2024-01-01", ITEMS "1,10\n2,20\n3,30\n");
    assert_int_equal(star_try(&s, "snapshot", "2024-01-02", "!99\n" ITEMS "1,10\n3,30\n"), Q_OK);
    assert_string_equal(s.result.status, "held");
    assert_string_equal(
        s.result.message,
        "1 records could not be read as far as their key, so the 1 keys that the batch lacks may be "
        "among them; look at them with `quern rejects list`");
    s.session.accept_shrink = true; /* another question */
    assert_int_equal(star_try(&s, "snapshot", "2024-01-03", "!99\n" ITEMS "1,10\n3,30\n"), Q_OK);
    assert_string_equal(s.result.status, "held");
    star_load(&s, "snapshot", "2024-01-04",
              "!99\n" ITEMS "1,10\n2,20\n3,31\n"); /* nothing is gone */
    star_expect(&s, plain, "item,n,run\n1,10,1\n2,20,1\n3,31,4\n");
    star_close(&s);
}

static void members_that_facts_refer_to_are_not_deleted(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "shops", "2024-01-01", "shop text, name text\na,A\nb,B\nc,C\n");
    star_load(&s, "stock", "2024-01-01",
              "item bigint, n bigint, day date, shop text\n1,1,2024-01-01,a\n2,1,2024-01-01,a\n");
    star_load(&s, "shops", "2024-01-02", "shop text, name text\na,A\nb,B\n");
    assert_int_equal(star_try(&s, "shops", "2024-01-03", "shop text, name text\nb,B2\n"), Q_FAILED);
    assert_string_equal(s.err.message,
                        "cannot delete 1 members of \"dim_shops\" that the batch lacks: 2 rows of "
                        "\"stock\" refer to them");
    star_expect(&s, "SELECT shop_key, name FROM dim_shops WHERE shop_key > 0 ORDER BY 1",
                "shop_key,name\n1,A\n2,B\n");
    star_close(&s);
}

static void a_replaced_table_is_the_batch_and_what_stays_is_not_written_again_rules_9_14_16(
    void **state)
{
    (void)state;
    struct star s = open_star();
    const char *batch = ITEMS "1,10\n2,21\n5,50\n";
    star_load(&s, "replace", "2024-01-01", ITEMS "1,10\n2,20\n3,30\n");
    star_load(&s, "replace", "2024-01-02", batch);
    star_expect(&s, plain, "item,n,run\n1,10,1\n2,21,2\n5,50,2\n");
    assert_int_equal(s.result.deleted, 1);
    star_load(&s, "replace", "2024-01-03", batch);
    assert_string_equal(star_counts(&s), "inserted 0 updated 0 unchanged 3 superseded 0 opened 0 "
                                         "closed 0 rejected 0 skipped 0");
    assert_int_equal(s.result.deleted, 0);
    star_expect(&s, plain, "item,n,run\n1,10,1\n2,21,2\n5,50,2\n");
    assert_int_equal(star_try(&s, "replace", "2024-01-04", ITEMS), Q_OK); /* rule 15 */
    assert_string_equal(s.result.status, "held");
    s.session.accept_shrink = true;
    star_load(&s, "replace", "2024-01-05", ITEMS);
    star_expect(&s, plain, "item,n,run\n");
    star_close(&s);
}

static void a_replaced_dimension_keeps_the_keys_that_stay_and_its_special_members_rule_14(
    void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "newshops", "2024-01-01", "shop text, name text\na,A\nb,B\nc,C\n");
    star_load(&s, "newshops", "2024-01-02", "shop text, name text\nc,C\nb,B2\nd,D\n");
    star_expect(&s, "SELECT shop_key, shop, name FROM dim_shops ORDER BY 1",
                "shop_key,shop,name\n-2,,\n-1,,\n2,b,B2\n3,c,C\n4,d,D\n");
    star_close(&s);
}

#define STOCK "item bigint, n bigint, day date, shop text\n"
static const char stock[] = "SELECT item, n, day, shop, _q_run AS run FROM stock ORDER BY 1";

static void the_slices_of_the_batch_are_replaced_and_others_stay_null_safe_rule_9(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "stock", "2024-01-01",
              STOCK "1,1,2024-01-01,a\n2,1,2024-01-01,a\n3,1,2024-01-01,b\n4,1,NULL,a\n5,1,NULL,a\n"
                    "6,1,2024-01-02,NULL\n7,1,NULL,NULL\n");
    const char *batch = STOCK "1,2,2024-01-01,a\n4,1,NULL,a\n8,8,NULL,a\n3,3,NULL,a\n";
    star_load(&s, "dayslice", "2024-01-02", batch);
    star_expect(&s, stock,
                "item,n,day,shop,run\n"
                "1,2,2024-01-01,a,2\n" /* 2 of the same slice is gone */
                "3,3,,a,2\n"           /* moved into the slice */
                "4,1,,a,1\n"           /* 5 is gone */
                "6,1,2024-01-02,,1\n7,1,,,1\n8,8,,a,2\n");
    assert_int_equal(s.result.deleted, 2);
    star_load(&s, "dayslice", "2024-01-03", batch);
    assert_int_equal(s.result.unchanged, 4);
    assert_int_equal(s.result.deleted, 0);
    star_load(&s, "dayslice", "2024-01-04", STOCK); /* no slice at all */
    assert_int_equal(s.result.deleted, 0);
    star_close(&s);
}

static void a_slice_by_range_is_half_open_and_takes_no_other_rows_rules_3_and_9(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(
        &s, "stock", "2024-01-01",
        STOCK
        "1,1,2024-01-01,a\n2,1,2024-01-31,a\n3,1,2024-02-01,a\n4,1,NULL,a\n5,1,2023-12-31,a\n");
    star_load(
        &s, "january", "2024-01-02",
        STOCK
        "1,2,2024-01-01,a\n6,6,2024-02-01,a\n7,7,2024-01-31,a\n8,8,NULL,a\n5,1,2024-01-05,a\n");
    assert_string_equal(star_reasons(&s), "rejected outside_slice 2");
    star_expect(&s, stock,
                "item,n,day,shop,run\n1,2,2024-01-01,a,2\n3,1,2024-02-01,a,1\n4,1,,a,1\n"
                "5,1,2024-01-05,a,2\n7,7,2024-01-31,a,2\n");
    star_load(&s, "january", "2024-01-03", STOCK); /* the slice is that range all the same */
    star_expect(&s, stock, "item,n,day,shop,run\n3,1,2024-02-01,a,1\n4,1,,a,1\n");
    assert_int_equal(s.result.deleted, 3);
    star_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_replaced_table_is_the_batch_and_what_stays_is_not_written_again_rules_9_14_16),
        cmocka_unit_test(
            a_replaced_dimension_keeps_the_keys_that_stay_and_its_special_members_rule_14),
        cmocka_unit_test(the_slices_of_the_batch_are_replaced_and_others_stay_null_safe_rule_9),
        cmocka_unit_test(a_slice_by_range_is_half_open_and_takes_no_other_rows_rules_3_and_9),
        cmocka_unit_test(a_full_snapshot_deletes_the_keys_that_it_lacks_and_only_if_told_to),
        cmocka_unit_test(a_snapshot_that_shrinks_too_much_is_held_until_it_is_accepted_rule_15),
        cmocka_unit_test(an_empty_snapshot_is_held_whatever_max_shrink_says_rule_15),
        cmocka_unit_test(a_rejected_row_is_not_gone_rule_15),
        cmocka_unit_test(keys_do_not_go_away_while_records_cannot_be_read),
        cmocka_unit_test(members_that_facts_refer_to_are_not_deleted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
