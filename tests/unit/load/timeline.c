/* SPDX-License-Identifier: Apache-2.0 */
/* Late rows, corrections, deletes, and columns with their previous value; rule numbers are those of the semantics. */
#include "unit.h"

#include "support/star.h"

#define PIPELINE(name, load)                                                              \
    {                                                                                     \
        "pipelines/" name ".yaml", "pipeline: " name "\n"                                 \
                                   "extract: { batch: { from: files, path: x.csv } }\n"   \
                                   "load: { into: dim_shops, mode: history, " load " }\n" \
    }

static const struct star_file files[] = {
    {"model/dim_shops.yaml", "dimension: dim_shops\n"
                             "key: shop_key\n"
                             "business_key: [shop]\n"
                             "columns:\n"
                             "  shop: { type: text }\n"
                             "  city: { type: text, history: keep }\n"
                             "  phone: { type: text, history: overwrite }\n"
                             "  tier: { type: text, history: previous }\n"},
    {"model/dim_areas.yaml", "dimension: dim_areas\n"
                             "key: area_key\n"
                             "business_key: [area]\n"
                             "overwrite: current\n"
                             "columns:\n"
                             "  area: { type: text }\n"
                             "  head: { type: text, history: keep }\n"
                             "  phone: { type: text, history: overwrite }\n"},
    {"pipelines/areas.yaml", "pipeline: areas\n"
                             "extract: { batch: { from: files, path: x.csv } }\n"
                             "load: { into: dim_areas, mode: history, valid_from: seen }\n"},
    {"model/dim_people.yaml", "dimension: dim_people\n"
                              "key: person_key\n"
                              "business_key: [person]\n"
                              "columns:\n"
                              "  person: { type: text }\n"
                              "  city: { type: text, history: keep }\n"
                              "  phone: { type: text, history: overwrite }\n"},
    {"model/visits.yaml",
     "fact: visits\n"
     "grain: [id]\n"
     "columns:\n"
     "  id: { type: bigint }\n"
     "  day: { type: date }\n"
     "  who: { dimension: dim_people, from: [person], at: day, missing: infer }\n"},
    {"pipelines/people.yaml", "pipeline: people\n"
                              "extract: { batch: { from: files, path: x.csv } }\n"
                              "load: { into: dim_people, mode: history, valid_from: seen }\n"},
    {"pipelines/visits.yaml", "pipeline: visits\n"
                              "extract: { batch: { from: files, path: x.csv } }\n"
                              "load: { into: visits, mode: append }\n"},
    PIPELINE("shops", "valid_from: seen"),
    PIPELINE("clocked", "order_by: shop"),
    PIPELINE("closing", "valid_from: seen, snapshot: full, deletes: close"),
    PIPELINE("marking", "valid_from: seen, snapshot: full, deletes: tombstone"),
};

static const char versions[] =
    "SELECT shop_key AS k, shop, city, valid_from::DATE AS f, valid_to::DATE AS t, is_current AS c, version AS v, "
    "is_deleted AS d FROM dim_shops_versions WHERE shop_key > 0 ORDER BY shop, valid_from";
#define VERSIONS "k,shop,city,f,t,c,v,d\n"
#define COLUMNS "shop text, city text, phone text, tier text, seen timestamp\n"
#define A(city, day) "a," city ",1,x,2024-01-" day "\n"

static struct star open_star(void)
{
    return star_open(files, sizeof files / sizeof *files);
}

/* Oslo from the 10th (kept as from the year 1000), Bonn from the 20th. */
static struct star two_versions(void)
{
    struct star s = open_star();
    star_load(&s, "shops", "2024-02-01", COLUMNS A("Oslo", "10") A("Bonn", "20"));
    return s;
}

static void a_late_row_is_put_between_the_versions_rule_24(void **state)
{
    (void)state;
    struct star s = two_versions();
    star_load(&s, "shops", "2024-02-02", COLUMNS A("Rome", "15"));
    star_expect(&s, versions,
                VERSIONS "1,a,Oslo,1000-01-01,2024-01-15,false,1,false\n"
                         "3,a,Rome,2024-01-15,2024-01-20,false,2,false\n"
                         "2,a,Bonn,2024-01-20,,true,3,false\n");
    assert_int_equal(s.result.spliced, 1);
    assert_string_equal(star_counts(&s), "inserted 0 updated 1 unchanged 0 superseded 0 opened 1 "
                                         "closed 1 rejected 0 skipped 0");
    star_load(&s, "shops", "2024-02-03", COLUMNS A("Rome", "15"));
    assert_string_equal(star_counts(&s), "inserted 0 updated 0 unchanged 1 superseded 0 opened 0 "
                                         "closed 0 rejected 0 skipped 0");
    star_close(&s);
}

static void a_late_row_like_the_next_version_lets_it_start_earlier_rule_24(void **state)
{
    (void)state;
    struct star s = two_versions();
    star_load(&s, "shops", "2024-02-02", COLUMNS A("Bonn", "15"));
    star_expect(&s, versions,
                VERSIONS "1,a,Oslo,1000-01-01,2024-01-15,false,1,false\n"
                         "2,a,Bonn,2024-01-15,,true,2,false\n");
    star_close(&s);
}

static void a_late_row_before_the_first_version_becomes_the_first_rule_24(void **state)
{
    (void)state;
    struct star s = two_versions();
    star_load(&s, "shops", "2024-02-02", COLUMNS A("Rome", "05") "b,Kiel,1,x,2024-01-12\n");
    star_expect(&s, versions,
                VERSIONS "3,a,Rome,1000-01-01,2024-01-10,false,1,false\n"
                         "1,a,Oslo,2024-01-10,2024-01-20,false,2,false\n"
                         "2,a,Bonn,2024-01-20,,true,3,false\n"
                         "4,b,Kiel,2024-01-12,,true,1,false\n");
    /* b's first version starts at its own time, for the dimension was not empty */
    star_load(&s, "shops", "2024-02-03", COLUMNS "b,Bari,1,x,2024-01-11\n");
    star_expect(
        &s,
        "SELECT city, valid_from::DATE AS f, version AS v FROM dim_shops_versions WHERE shop = 'b' ORDER BY f",
        "city,f,v\nBari,2024-01-11,1\nKiel,2024-01-12,2\n");
    star_close(&s);
}

static void late_rows_in_one_batch_are_applied_in_order_rule_23(void **state)
{
    (void)state;
    struct star s = two_versions();
    star_load(&s, "shops", "2024-02-02",
              COLUMNS A("Oslo", "16") A("Rome", "15") A("Bonn", "18") A("Bonn", "25")
                  A("Kiel", "26"));
    star_expect(&s, versions,
                VERSIONS "1,a,Oslo,1000-01-01,2024-01-15,false,1,false\n"
                         "3,a,Rome,2024-01-15,2024-01-16,false,2,false\n"
                         "4,a,Oslo,2024-01-16,2024-01-18,false,3,false\n"
                         "2,a,Bonn,2024-01-18,2024-01-26,false,4,false\n"
                         "5,a,Kiel,2024-01-26,,true,5,false\n");
    star_close(&s);
}

static void a_closed_version_is_corrected_in_place_rule_24(void **state)
{
    (void)state;
    struct star s = two_versions();
    star_load(&s, "shops", "2024-02-02", COLUMNS A("Rome", "10"));
    star_expect(&s, versions,
                VERSIONS "1,a,Rome,1000-01-01,2024-01-20,false,1,false\n"
                         "2,a,Bonn,2024-01-20,,true,2,false\n");
    assert_int_equal(s.result.corrected, 1);
    star_expect(&s, "SELECT closed_rows FROM quern.checksums", "closed_rows\n1\n");
    star_close(&s);
}

static void a_clock_that_goes_back_holds_the_run(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "clocked", "2024-02-02",
              "shop text, city text, phone text, tier text\na,Oslo,1,x\n");
    assert_int_equal(star_try(&s, "clocked", "2024-02-01",
                              "shop text, city text, phone text, tier text\na,Bonn,1,x\n"),
                     Q_OK);
    assert_string_equal(s.result.status, "held");
    assert_non_null(strstr(s.result.message, "is before the start of 1 current versions"));
    star_expect(&s, "SELECT city FROM dim_shops", "city\nOslo\n");
    star_close(&s);
}

static void a_key_that_a_snapshot_lacks_is_closed_and_may_return_rule_25(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "closing", "2024-02-01",
              COLUMNS A("Oslo", "10") "b,Kiel,1,x,2024-01-10\nc,Rom,1,x,2024-01-10\n");
    star_load(&s, "closing", "2024-02-02", COLUMNS A("Oslo", "10") "b,Kiel,1,x,2024-01-10\n");
    assert_int_equal(s.result.deleted, 1);
    star_load(&s, "closing", "2024-02-03", COLUMNS A("Oslo", "10") "b,Kiel,1,x,2024-01-10\n");
    assert_int_equal(s.result.deleted, 0);
    star_load(&s, "closing", "2024-02-05",
              COLUMNS A("Oslo", "10") "b,Kiel,1,x,2024-01-10\nc,Rom,1,x,2024-01-31\n");
    star_expect(&s, versions,
                VERSIONS "1,a,Oslo,1000-01-01,,true,1,false\n"
                         "2,b,Kiel,1000-01-01,,true,1,false\n"
                         "3,c,Rom,1000-01-01,2024-02-02,false,1,false\n"
                         "4,c,Rom,2024-02-02,,true,2,false\n"); /* its time is before the end */
    star_load(&s, "closing", "2024-02-06",
              COLUMNS A("Oslo", "10") "b,Kiel,1,x,2024-01-10\nc,Rom,1,x,2024-01-31\n");
    assert_string_equal(star_counts(&s), "inserted 0 updated 0 unchanged 3 superseded 0 opened 0 "
                                         "closed 0 rejected 0 skipped 0");
    star_close(&s);
}

static void a_tombstone_stands_for_the_time_in_which_a_key_was_deleted_rule_25(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "marking", "2024-02-01", COLUMNS A("Oslo", "10") "b,Kiel,1,x,2024-01-10\n");
    star_load(&s, "marking", "2024-02-02", COLUMNS A("Oslo", "10"));
    star_expect(&s, "SELECT shop FROM dim_shops", "shop\na\n");
    star_load(&s, "marking", "2024-02-03", COLUMNS A("Oslo", "10"));
    star_load(&s, "marking", "2024-02-05", COLUMNS A("Oslo", "10") "b,Kiel,1,x,2024-02-04\n");
    star_expect(&s, versions,
                VERSIONS "1,a,Oslo,1000-01-01,,true,1,false\n"
                         "2,b,Kiel,1000-01-01,2024-02-02,false,1,false\n"
                         "3,b,Kiel,2024-02-02,2024-02-04,false,2,true\n"
                         "4,b,Kiel,2024-02-04,,true,3,false\n");
    star_close(&s);
}

static void an_empty_snapshot_is_held_until_it_is_accepted_rule_15(void **state)
{
    (void)state;
    struct star s = two_versions();
    assert_int_equal(star_try(&s, "closing", "2024-02-02", COLUMNS), Q_OK);
    assert_string_equal(s.result.status, "held");
    assert_int_equal(s.result.exit_code, 4);
    star_expect(&s, "SELECT shop FROM dim_shops", "shop\na\n");
    s.session.accept_shrink = true;
    star_load(&s, "closing", "2024-02-02", COLUMNS);
    star_expect(&s, "SELECT shop FROM dim_shops", "shop\n");
    star_close(&s);
}

static void a_previous_value_is_kept_once_per_real_change_rule_27(void **state)
{
    (void)state;
    struct star s = open_star();
    const char *tiers =
        "SELECT city, tier, previous_tier AS p, tier_changed_at::DATE AS c FROM dim_shops_versions WHERE "
        "shop_key > 0 ORDER BY valid_from";
    star_load(&s, "shops", "2024-02-01", COLUMNS "a,Oslo,1,iron,2024-01-01\n");
    star_expect(&s, tiers, "city,tier,p,c\nOslo,iron,,\n");
    star_load(&s, "shops", "2024-02-02",
              COLUMNS
              "a,Oslo,1,gold,2024-01-03\na,Bonn,1,gold,2024-01-04\na,Bonn,1,lead,2024-01-05\n");
    star_expect(&s, tiers, "city,tier,p,c\nOslo,lead,gold,2024-01-05\nBonn,lead,gold,2024-01-05\n");
    star_load(&s, "shops", "2024-02-03", COLUMNS "a,Bonn,1,lead,2024-01-06\n");
    star_expect(&s, tiers, "city,tier,p,c\nOslo,lead,gold,2024-01-05\nBonn,lead,gold,2024-01-05\n");
    star_load(&s, "shops", "2024-02-04",
              COLUMNS
              "a,Bonn,1,NULL,2024-01-07\na,Bonn,1,lead,2024-01-08\na,Bonn,1,late,2024-01-02\n");
    star_expect(&s, tiers, "city,tier,p,c\nOslo,lead,,2024-01-08\nBonn,lead,,2024-01-08\n");
    star_close(&s);
}

static void an_overwritten_column_may_change_the_current_version_alone_rule_27(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(
        &s, "areas", "2024-02-01",
        "area text, head text, phone text, seen timestamp\nn,Ann,1,2024-01-01\nn,Bob,1,2024-01-02\n");
    star_load(&s, "areas", "2024-02-02",
              "area text, head text, phone text, seen timestamp\nn,Bob,2,2024-01-03\n");
    star_expect(&s,
                "SELECT head, phone FROM dim_areas_versions WHERE area_key > 0 ORDER BY version",
                "head,phone\nAnn,1\nBob,2\n");
    star_close(&s);
}

static void an_inferred_member_is_completed_by_the_first_row_of_its_key_rule_13(void **state)
{
    (void)state;
    struct star s = open_star();
    const char *people =
        "SELECT person_key AS k, city, phone, valid_from::DATE AS f, valid_to::DATE AS t, version AS v, "
        "inferred AS i, first_seen_at::DATE AS s FROM dim_people_versions WHERE person_key > 0 ORDER BY k";
    star_load(&s, "visits", "2024-02-01",
              "id bigint, day date, person text\n1,2024-01-05,a\n2,2024-01-06,a\n");
    star_expect(&s, people, "k,city,phone,f,t,v,i,s\n1,,,1000-01-01,,1,true,\n");
    star_load(&s, "people", "2024-02-02",
              "person text, city text, phone text, seen timestamp\n"
              "a,Bonn,2,2024-01-20\n"
              "a,Oslo,1,2024-01-10\n");
    star_expect(&s, people,
                "k,city,phone,f,t,v,i,s\n1,Oslo,2,1000-01-01,2024-01-20,1,false,2024-01-10\n"
                "2,Bonn,2,2024-01-20,,2,false,2024-01-20\n");
    assert_string_equal(star_counts(&s), "inserted 0 updated 2 unchanged 0 superseded 0 opened 1 "
                                         "closed 1 rejected 0 skipped 0");
    star_load(&s, "people", "2024-02-03",
              "person text, city text, phone text, seen timestamp\na,Oslo,1,2024-01-10\n");
    assert_string_equal(star_counts(&s), "inserted 0 updated 0 unchanged 1 superseded 0 opened 0 "
                                         "closed 0 rejected 0 skipped 0");
    star_close(&s);
}

/* The engine does not commit two new columns of one table at once. */
static void several_columns_are_added_to_a_table_with_rows(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "areas", "2024-02-01",
              "area text, head text, phone text, seen timestamp\nn,Ann,1,2024-01-01\n");
    place_write(&s.place, "model/dim_areas.yaml",
                "dimension: dim_areas\n"
                "key: area_key\n"
                "business_key: [area]\n"
                "columns:\n"
                "  area: { type: text }\n"
                "  head: { type: text, history: keep }\n"
                "  phone: { type: text, history: overwrite }\n"
                "  size: { type: bigint, history: keep }\n"
                "  zone: { type: text, history: previous }\n");
    star_reopen(&s);
    star_load(&s, "areas", "2024-02-02",
              "area text, head text, phone text, size bigint, zone text, seen timestamp\n"
              "n,Bob,1,7,z,2024-01-02\n");
    star_expect(
        &s,
        "SELECT head, size, zone, previous_zone AS p, version AS v FROM dim_areas_versions WHERE area_key > 0 ORDER BY "
        "version",
        "head,size,zone,p,v\nAnn,,z,,1\nBob,7,z,,2\n");
    star_expect(
        &s,
        "SELECT column_name FROM (DESCRIBE quern.before_dim_areas_versions) WHERE column_name IN ('size', 'zone')",
        "column_name\nsize\nzone\n");
    star_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_late_row_is_put_between_the_versions_rule_24),
        cmocka_unit_test(a_late_row_like_the_next_version_lets_it_start_earlier_rule_24),
        cmocka_unit_test(a_late_row_before_the_first_version_becomes_the_first_rule_24),
        cmocka_unit_test(late_rows_in_one_batch_are_applied_in_order_rule_23),
        cmocka_unit_test(a_closed_version_is_corrected_in_place_rule_24),
        cmocka_unit_test(a_clock_that_goes_back_holds_the_run),
        cmocka_unit_test(a_key_that_a_snapshot_lacks_is_closed_and_may_return_rule_25),
        cmocka_unit_test(a_tombstone_stands_for_the_time_in_which_a_key_was_deleted_rule_25),
        cmocka_unit_test(an_empty_snapshot_is_held_until_it_is_accepted_rule_15),
        cmocka_unit_test(a_previous_value_is_kept_once_per_real_change_rule_27),
        cmocka_unit_test(an_inferred_member_is_completed_by_the_first_row_of_its_key_rule_13),
        cmocka_unit_test(several_columns_are_added_to_a_table_with_rows),
        cmocka_unit_test(an_overwritten_column_may_change_the_current_version_alone_rule_27),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
