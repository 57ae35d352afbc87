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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_snapshot_deletes_the_keys_that_it_lacks_and_only_if_told_to),
        cmocka_unit_test(a_snapshot_that_shrinks_too_much_is_held_until_it_is_accepted_rule_15),
        cmocka_unit_test(an_empty_snapshot_is_held_whatever_max_shrink_says_rule_15),
        cmocka_unit_test(a_rejected_row_is_not_gone_rule_15),
        cmocka_unit_test(keys_do_not_go_away_while_records_cannot_be_read),
        cmocka_unit_test(members_that_facts_refer_to_are_not_deleted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
