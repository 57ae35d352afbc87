/* SPDX-License-Identifier: Apache-2.0 */
/* Dimensions with history, batch by batch in the real engine; rule numbers are those of the semantics. */
#include "unit.h"

#include "support/star.h"

static const struct star_file files[] = {
    {"model/dim_customers.yaml", "dimension: dim_customers\n"
                                 "key: customer_key\n"
                                 "business_key: [customer_id]\n"
                                 "columns:\n"
                                 "  customer_id: { type: text }\n"
                                 "  city: { type: text, history: keep }\n"
                                 "  tier: { type: decimal(6,2), history: keep }\n"
                                 "  email: { type: text, history: overwrite }\n"},
    {"model/dim_people.yaml", "dimension: dim_people\n"
                              "key: person_key\n"
                              "business_key: [company, person]\n"
                              "columns:\n"
                              "  company: { type: text }\n"
                              "  person: { type: text }\n"
                              "  city: { type: text, history: keep }\n"},
    {"pipelines/customers.yaml",
     "pipeline: customers\n"
     "extract: { batch: { from: files, path: x.csv } }\n"
     "load: { into: dim_customers, mode: history, valid_from: seen }\n"},
    {"pipelines/strict.yaml",
     "pipeline: strict\n"
     "extract: { batch: { from: files, path: x.csv } }\n"
     "load: { into: dim_customers, mode: history, valid_from: seen, late: reject }\n"},
    {"pipelines/ordered.yaml",
     "pipeline: ordered\n"
     "extract: { batch: { from: files, path: x.csv } }\n"
     "load: { into: dim_customers, mode: history, valid_from: seen, order_by: n }\n"},
    {"pipelines/lasting.yaml",
     "pipeline: lasting\n"
     "extract: { batch: { from: files, path: x.csv } }\n"
     "load: { into: dim_customers, mode: history, valid_from: seen, order_by: n, ties: last }\n"},
    {"pipelines/clocked.yaml", "pipeline: clocked\n"
                               "extract: { batch: { from: files, path: x.csv } }\n"
                               "load: { into: dim_customers, mode: history }\n"},
    {"pipelines/people.yaml", "pipeline: people\n"
                              "extract: { batch: { from: files, path: x.csv } }\n"
                              "load: { into: dim_people, mode: history }\n"},
};

static const char versions[] =
    "SELECT customer_key AS k, customer_id AS id, city, tier, email, valid_from, valid_to, is_current AS cur, version AS "
    "v FROM dim_customers_versions WHERE customer_key > 0 ORDER BY customer_id, version";
#define VERSIONS "k,id,city,tier,email,valid_from,valid_to,cur,v\n"
#define COLUMNS "customer_id text, city text, tier decimal(6,2), email text, seen timestamp\n"

static struct star open_star(void)
{
    return star_open(files, sizeof files / sizeof *files);
}

static void the_first_version_starts_in_the_year_1000_and_keeps_its_true_time_rule_20(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "customers", "2024-02-01",
              COLUMNS "a,Oslo,1.00,a@x,2024-01-05 10:00:00\n"
                      "b,Bonn,NULL,,2024-01-06\n");
    star_expect(&s, versions,
                VERSIONS "1,a,Oslo,1.00,a@x,1000-01-01 00:00:00,,true,1\n"
                         "2,b,Bonn,,\"\",1000-01-01 00:00:00,,true,1\n");
    star_expect(&s,
                "SELECT customer_id, first_seen_at FROM dim_customers_versions WHERE "
                "customer_key > 0 ORDER BY 1",
                "customer_id,first_seen_at\na,2024-01-05 10:00:00\nb,2024-01-06 00:00:00\n");
    assert_string_equal(star_counts(&s), "inserted 2 updated 0 unchanged 0 superseded 0 opened 2 "
                                         "closed 0 rejected 0 skipped 0");
    star_load(&s, "customers", "2024-03-01", COLUMNS "c,Rome,1.00,c@x,2024-02-05\n");
    star_expect(&s, "SELECT valid_from FROM dim_customers_versions WHERE customer_id = 'c'",
                "valid_from\n2024-02-05 00:00:00\n"); /* the dimension was not empty */
    star_close(&s);
}

static void a_new_version_starts_exactly_where_the_old_one_ends_rule_19(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "clocked", "2024-01-01 12:00:00.123456",
              "customer_id text, city text, tier decimal(6,2), email text\n"
              "a,Oslo,1.00,a@x\n");
    star_load(&s, "clocked", "2024-01-02 12:00:00.654321",
              "customer_id text, city text, tier decimal(6,2), email text\n"
              "a,Bonn,1.00,a@x\n");
    star_expect(&s, versions,
                VERSIONS
                "1,a,Oslo,1.00,a@x,1000-01-01 00:00:00,2024-01-02 12:00:00.654321,false,1\n"
                "2,a,Bonn,1.00,a@x,2024-01-02 12:00:00.654321,,true,2\n");
    assert_string_equal(star_counts(&s), "inserted 0 updated 1 unchanged 0 superseded 0 opened 1 "
                                         "closed 1 rejected 0 skipped 0");
    star_expect(&s, "SELECT customer_key, city FROM dim_customers", "customer_key,city\n2,Bonn\n");
    star_close(&s);
}

static void null_and_value_are_a_change_in_both_directions_rule_21(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "customers", "2024-02-01", COLUMNS "a,NULL,NULL,a@x,2024-01-01\n");
    star_load(&s, "customers", "2024-02-02", COLUMNS "a,NULL,NULL,a@x,2024-01-02\n");
    assert_string_equal(star_counts(&s), "inserted 0 updated 0 unchanged 1 superseded 0 opened 0 "
                                         "closed 0 rejected 0 skipped 0");
    star_load(&s, "customers", "2024-02-03", COLUMNS "a,,NULL,a@x,2024-01-03\n");
    star_load(&s, "customers", "2024-02-04", COLUMNS "a,NULL,NULL,a@x,2024-01-04\n");
    star_load(&s, "customers", "2024-02-05", COLUMNS "a,NULL,0.00,a@x,2024-01-05\n");
    star_expect(&s, versions,
                VERSIONS "1,a,,,a@x,1000-01-01 00:00:00,2024-01-03 00:00:00,false,1\n"
                         "2,a,\"\",,a@x,2024-01-03 00:00:00,2024-01-04 00:00:00,false,2\n"
                         "3,a,,,a@x,2024-01-04 00:00:00,2024-01-05 00:00:00,false,3\n"
                         "4,a,,0.00,a@x,2024-01-05 00:00:00,,true,4\n");
    star_close(&s);
}

static void the_same_payload_with_a_newer_time_is_no_change_rule_21(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "customers", "2024-02-01", COLUMNS "a,Oslo,1.00,a@x,2024-01-01\n");
    const char *before = star_query(&s, "SELECT * FROM dim_customers_versions ORDER BY 1");
    star_load(&s, "customers", "2024-02-02",
              COLUMNS "a,Oslo,1.00,a@x,2024-01-02\n"
                      "a,Oslo,1.00,a@x,2024-01-03\n");
    assert_string_equal(star_query(&s, "SELECT * FROM dim_customers_versions ORDER BY 1"), before);
    assert_string_equal(star_counts(&s), "inserted 0 updated 0 unchanged 2 superseded 0 opened 0 "
                                         "closed 0 rejected 0 skipped 0");
    star_close(&s);
}

static void running_a_batch_again_changes_nothing_rule_16(void **state)
{
    (void)state;
    struct star s = open_star();
    const char *batch = COLUMNS "a,Oslo,1.00,a@x,2024-01-01\n"
                                "a,Bonn,1.00,b@x,2024-01-02\n"
                                "a,Oslo,1.00,c@x,2024-01-03\n"
                                "b,Rome,NULL,NULL,2024-01-02\n";
    star_load(&s, "customers", "2024-02-01", batch);
    const char *before = star_query(&s, "SELECT * FROM dim_customers_versions ORDER BY 1");
    star_load(&s, "customers", "2024-02-02", batch);
    assert_string_equal(star_query(&s, "SELECT * FROM dim_customers_versions ORDER BY 1"), before);
    assert_string_equal(star_counts(&s), "inserted 0 updated 0 unchanged 4 superseded 0 opened 0 "
                                         "closed 0 rejected 0 skipped 0");
    star_close(&s);
}

static void versions_of_one_batch_are_applied_in_order_and_a_revert_counts_rule_23(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "customers", "2024-02-01",
              COLUMNS "a,Oslo,1.00,3@x,2024-01-03\n" /* not in order of time */
                      "a,Oslo,1.00,1@x,2024-01-01\n"
                      "a,Bonn,1.00,2@x,2024-01-02\n"
                      "a,Oslo,1.00,4@x,2024-01-04\n");
    star_expect(&s, versions,
                VERSIONS "1,a,Oslo,1.00,4@x,1000-01-01 00:00:00,2024-01-02 00:00:00,false,1\n"
                         "2,a,Bonn,1.00,4@x,2024-01-02 00:00:00,2024-01-03 00:00:00,false,2\n"
                         "3,a,Oslo,1.00,4@x,2024-01-03 00:00:00,,true,3\n");
    assert_string_equal(star_counts(&s), "inserted 1 updated 2 unchanged 1 superseded 0 opened 3 "
                                         "closed 2 rejected 0 skipped 0");
    star_load(&s, "customers", "2024-02-02",
              COLUMNS "a,Oslo,1.00,5@x,2024-01-05\n" /* as before */
                      "a,Rome,1.00,6@x,2024-01-06\n"
                      "a,Oslo,1.00,7@x,2024-01-07\n");
    star_expect(&s, versions,
                VERSIONS "1,a,Oslo,1.00,7@x,1000-01-01 00:00:00,2024-01-02 00:00:00,false,1\n"
                         "2,a,Bonn,1.00,7@x,2024-01-02 00:00:00,2024-01-03 00:00:00,false,2\n"
                         "3,a,Oslo,1.00,7@x,2024-01-03 00:00:00,2024-01-06 00:00:00,false,3\n"
                         "4,a,Rome,1.00,7@x,2024-01-06 00:00:00,2024-01-07 00:00:00,false,4\n"
                         "5,a,Oslo,1.00,7@x,2024-01-07 00:00:00,,true,5\n");
    assert_string_equal(star_counts(&s), "inserted 0 updated 2 unchanged 1 superseded 0 opened 2 "
                                         "closed 2 rejected 0 skipped 0");
    star_close(&s);
}

static void a_closed_version_keeps_its_null_rule_22(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "customers", "2024-02-01", COLUMNS "a,NULL,1.00,a@x,2024-01-01\n");
    star_load(&s, "customers", "2024-02-02", COLUMNS "a,Bonn,2.00,NULL,2024-01-02\n");
    star_load(&s, "customers", "2024-02-03", COLUMNS "a,Bonn,NULL,NULL,2024-01-03\n");
    star_expect(&s, versions,
                VERSIONS "1,a,,1.00,,1000-01-01 00:00:00,2024-01-02 00:00:00,false,1\n"
                         "2,a,Bonn,2.00,,2024-01-02 00:00:00,2024-01-03 00:00:00,false,2\n"
                         "3,a,Bonn,,,2024-01-03 00:00:00,,true,3\n");
    star_expect(&s, "SELECT table_name, closed_rows, run_id FROM quern.checksums",
                "table_name,closed_rows,run_id\ndim_customers_versions,2,3\n");
    star_close(&s);
}

static void a_late_row_is_unchanged_when_it_equals_the_version_of_its_time_rule_24(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "customers", "2024-02-01",
              COLUMNS "a,Oslo,1.00,a@x,2024-01-10\n"
                      "a,Bonn,1.00,a@x,2024-01-20\n");
    const char *before = star_query(&s, versions);
    star_load(&s, "strict", "2024-02-02",
              COLUMNS "a,Oslo,1.00,old@x,2024-01-05\n" /* before the first one was seen: equal */
                      "a,Oslo,1.00,old@x,2024-01-15\n"
                      "a,Bonn,1.00,old@x,2024-01-19\n" /* differs from Oslo */
                      "a,Rome,1.00,old@x,2024-01-15\n");
    assert_string_equal(star_query(&s, versions), before);
    /* rows of one key and time that differ cannot be decided */
    assert_string_equal(star_reasons(&s), "rejected ambiguous_version 2, rejected late_row 1");
    star_load(&s, "strict", "2024-02-03", COLUMNS "a,Oslo,1.00,a@x,2024-01-05\n");
    assert_string_equal(star_counts(&s), "inserted 0 updated 0 unchanged 1 superseded 0 opened 0 "
                                         "closed 0 rejected 0 skipped 0");
    star_close(&s);
}

static void another_content_at_the_start_of_the_current_version_corrects_it_rule_24(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "customers", "2024-02-01",
              COLUMNS "a,Oslo,1.00,a@x,2024-01-10\nb,Bonn,1.00,b@x,2024-01-10\n");
    star_load(&s, "customers", "2024-02-02",
              COLUMNS "a,Rome,1.00,new@x,2024-01-10\nb,Bonn,1.00,new@x,2024-01-10\n");
    star_expect(&s, versions,
                VERSIONS "1,a,Rome,1.00,new@x,1000-01-01 00:00:00,,true,1\n"
                         "2,b,Bonn,1.00,new@x,1000-01-01 00:00:00,,true,1\n");
    assert_int_equal(s.result.corrected, 1);
    assert_string_equal(star_counts(&s), "inserted 0 updated 2 unchanged 0 superseded 0 opened 0 "
                                         "closed 0 rejected 0 skipped 0");
    star_close(&s);
}

static void an_overwrite_column_changes_all_versions_and_opens_none_rule_27(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "customers", "2024-02-01",
              COLUMNS "a,Oslo,1.00,a@x,2024-01-01\n"
                      "a,Bonn,1.00,a@x,2024-01-02\n"
                      "b,Rome,1.00,b@x,2024-01-02\n");
    star_load(&s, "customers", "2024-02-02", COLUMNS "a,Bonn,1.00,new@x,2024-01-03\n");
    star_expect(&s,
                "SELECT customer_id, email, count(*) AS n FROM dim_customers_versions WHERE "
                "customer_key > 0 GROUP BY ALL ORDER BY 1",
                "customer_id,email,n\na,new@x,2\nb,b@x,1\n");
    assert_string_equal(star_counts(&s), "inserted 0 updated 1 unchanged 0 superseded 0 opened 0 "
                                         "closed 0 rejected 0 skipped 0");
    star_load(&s, "customers", "2024-02-03", COLUMNS "a,Bonn,1.00,NULL,2024-01-04\n");
    star_expect(&s, "SELECT DISTINCT email FROM dim_customers_versions WHERE customer_id = 'a'",
                "email\n\n"); /* NULL overwrites */
    star_close(&s);
}

static void an_older_row_does_not_overwrite_what_a_later_one_has_written_rule_27(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "customers", "2024-02-01", COLUMNS "a,Oslo,1.00,1@x,2024-01-01\n");
    star_load(&s, "customers", "2024-02-02", COLUMNS "a,Oslo,1.00,9@x,2024-01-09\n");
    star_load(&s, "customers", "2024-02-03", COLUMNS "a,Oslo,1.00,5@x,2024-01-05\n");
    star_expect(&s, "SELECT email FROM dim_customers", "email\n9@x\n");
    /* a version opened by that older row shows the later e-mail too */
    star_load(&s, "customers", "2024-02-04", COLUMNS "a,Bonn,1.00,7@x,2024-01-07\n");
    star_expect(&s, versions,
                VERSIONS "1,a,Oslo,1.00,9@x,1000-01-01 00:00:00,2024-01-07 00:00:00,false,1\n"
                         "2,a,Bonn,1.00,9@x,2024-01-07 00:00:00,,true,2\n");
    star_close(&s);
}

static void rows_of_one_key_and_time_collapse_or_are_ambiguous_rule_11(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "customers", "2024-02-01",
              COLUMNS "a,Oslo,1.00,a@x,2024-01-01\n"
                      "a,Oslo,1.00,a@x,2024-01-01\n"
                      "b,Oslo,1.00,a@x,2024-01-01\n"
                      "b,Bonn,1.00,a@x,2024-01-01\n"
                      "b,Rome,1.00,a@x,2024-01-02\n"
                      "c,NULL,NULL,NULL,2024-01-01\n"
                      "c,NULL,NULL,NULL,2024-01-01\n");
    star_expect(&s, versions,
                VERSIONS "1,a,Oslo,1.00,a@x,1000-01-01 00:00:00,,true,1\n"
                         "2,b,Rome,1.00,a@x,1000-01-01 00:00:00,,true,1\n"
                         "3,c,,,,1000-01-01 00:00:00,,true,1\n");
    assert_string_equal(star_reasons(&s), "rejected ambiguous_version 2, skipped duplicate 2");
    star_close(&s);
}

static void the_latest_by_order_by_wins_and_a_tie_goes_to_the_last_if_declared_rule_11(void **state)
{
    (void)state;
    struct star s = open_star();
#define ORDERED \
    "customer_id text, city text, tier decimal(6,2), email text, seen timestamp, n bigint\n"
    const char *batch = ORDERED "a,Oslo,1.00,a@x,2024-01-01,1\n"
                                "a,Bonn,1.00,a@x,2024-01-01,3\n"
                                "a,Rome,1.00,a@x,2024-01-01,2\n"
                                "b,Oslo,1.00,a@x,2024-01-01,NULL\n"
                                "b,Bonn,1.00,a@x,2024-01-01,1\n"
                                "c,Oslo,1.00,a@x,2024-01-01,2\n"
                                "c,Bonn,1.00,a@x,2024-01-01,2\n"
                                "c,Rome,1.00,a@x,2024-01-01,1\n";
    star_load(&s, "ordered", "2024-02-01", batch);
    star_expect(&s, "SELECT customer_id, city FROM dim_customers ORDER BY 1",
                "customer_id,city\na,Bonn\nb,Bonn\n");
    assert_string_equal(star_reasons(&s), "rejected ambiguous_version 2");
    assert_string_equal(star_counts(&s), "inserted 2 updated 0 unchanged 0 superseded 4 opened 2 "
                                         "closed 0 rejected 2 skipped 0");
    star_load(&s, "lasting", "2024-02-02", batch);
    star_expect(&s, "SELECT customer_id, city FROM dim_customers ORDER BY 1",
                "customer_id,city\na,Bonn\nb,Bonn\nc,Bonn\n");
    assert_string_equal(star_counts(&s), "inserted 1 updated 0 unchanged 2 superseded 5 opened 1 "
                                         "closed 0 rejected 0 skipped 0");
    star_close(&s);
}

static void a_null_business_time_is_rejected_rule_20(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "customers", "2024-02-01",
              COLUMNS "a,Oslo,1.00,a@x,NULL\nb,Oslo,1.00,a@x,2024-01-01\n");
    assert_string_equal(star_reasons(&s), "rejected null_valid_from 1");
    star_expect(&s, "SELECT customer_id FROM dim_customers", "customer_id\nb\n");
    star_close(&s);
}

static void keys_compare_column_by_column_rule_12(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "people", "2024-02-01",
              "company text, person text, city text\n"
              "ab,c,Oslo\n"
              "a,bc,Bonn\n"
              "a|b,c,Rome\n"
              "a,b|c,Paris\n");
    star_load(&s, "people", "2024-02-02",
              "company text, person text, city text\n"
              "a,bc,Rome\n");
    star_expect(
        &s, "SELECT company, person, city, version FROM dim_people ORDER BY company, person",
        "company,person,city,version\na,bc,Rome,2\na,b|c,Paris,1\nab,c,Oslo,1\na|b,c,Rome,1\n");
    star_close(&s);
}

static void special_members_are_there_and_not_in_the_view_rule_12(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "customers", "2024-02-01", COLUMNS "a,Oslo,1.00,a@x,2024-01-01\n");
    star_expect(
        &s,
        "SELECT customer_key, customer_id, is_current, version FROM dim_customers_versions "
        "ORDER BY 1",
        "customer_key,customer_id,is_current,version\n-2,,true,1\n-1,,true,1\n1,a,true,1\n");
    star_expect(&s, "SELECT count(*) AS n FROM dim_customers", "n\n1\n");
    star_close(&s);
}

static void a_column_added_to_the_model_re_versions_no_row_rule_21(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "customers", "2024-02-01",
              COLUMNS "a,Oslo,1.00,a@x,2024-01-01\n"
                      "a,Bonn,1.00,a@x,2024-01-02\n"
                      "b,Oslo,1.00,b@x,2024-01-02\n"
                      "c,Oslo,1.00,c@x,2024-01-02\n"
                      "d,Oslo,1.00,d@x,2024-01-02\n");
    place_write(&s.place, "model/dim_customers.yaml",
                "dimension: dim_customers\n"
                "key: customer_key\n"
                "business_key: [customer_id]\n"
                "columns:\n"
                "  customer_id: { type: text }\n"
                "  city: { type: text, history: keep }\n"
                "  tier: { type: decimal(6,2), history: keep }\n"
                "  email: { type: text, history: overwrite }\n"
                "  segment: { type: text, history: keep }\n"
                "  phone: { type: text, history: overwrite }\n");
    star_reopen(&s);
#define ADDED                                                                                     \
    "customer_id text, city text, tier decimal(6,2), email text, segment text, phone text, seen " \
    "timestamp\n"
    star_load(&s, "customers", "2024-03-01",
              ADDED "a,Bonn,1.00,a@x,big,11,2024-02-01\n"
                    "b,Oslo,1.00,b@x,big,22,2024-02-01\n"
                    "b,Oslo,1.00,b@x,small,22,2024-02-02\n"
                    "d,Rome,1.00,d@x,big,44,2024-02-01\n");
    const char *wanted =
        "SELECT customer_id AS id, city, segment, phone, valid_to, version AS v FROM "
        "dim_customers_versions WHERE customer_key > 0 ORDER BY 1, v";
    star_expect(&s, wanted,
                "id,city,segment,phone,valid_to,v\n"
                "a,Oslo,,11,2024-01-02 00:00:00,1\n"
                "a,Bonn,big,11,,2\n"
                "b,Oslo,big,22,2024-02-02 00:00:00,1\n"
                "b,Oslo,small,22,,2\n"
                "c,Oslo,,,,1\n"
                "d,Oslo,,44,2024-02-01 00:00:00,1\n"
                "d,Rome,big,44,,2\n");
    /* a key that comes for the first time after the column was added */
    star_load(&s, "customers", "2024-03-02", ADDED "c,Oslo,1.00,c@x,tiny,33,2024-02-01\n");
    /* and from then on it is a column like any other */
    star_load(&s, "customers", "2024-03-03",
              ADDED "a,Bonn,1.00,a@x,NULL,11,2024-02-03\nc,Oslo,1.00,c@x,huge,33,2024-02-03\n");
    star_expect(&s, wanted,
                "id,city,segment,phone,valid_to,v\n"
                "a,Oslo,,11,2024-01-02 00:00:00,1\n"
                "a,Bonn,big,11,2024-02-03 00:00:00,2\n"
                "a,Bonn,,11,,3\n"
                "b,Oslo,big,22,2024-02-02 00:00:00,1\n"
                "b,Oslo,small,22,,2\n"
                "c,Oslo,tiny,33,2024-02-03 00:00:00,1\n"
                "c,Oslo,huge,33,,2\n"
                "d,Oslo,,44,2024-02-01 00:00:00,1\n"
                "d,Rome,big,44,,2\n");
    star_expect(&s, "SELECT customer_id, segment FROM dim_customers ORDER BY 1",
                "customer_id,segment\na,\nb,small\nc,huge\nd,big\n"); /* the view has it */
    star_close(&s);
}

static void rows_of_one_record_are_versions_of_their_own_keys_rule_28(void **state)
{
    (void)state;
    struct star s = open_star();
#define JOINED "_q_pos bigint, _q_pos_other bigint, " COLUMNS
    star_load(&s, "customers", "2024-02-01",
              JOINED "1,1,a,Oslo,1.00,a@x,2024-01-01\n"
                     "1,2,b,Oslo,1.00,a@x,2024-01-01\n"
                     "2,2,b,Oslo,1.00,a@x,2024-01-01\n"
                     "2,2,c,Oslo,1.00,a@x,2024-01-01\n");
    star_load(&s, "customers", "2024-02-02",
              JOINED "1,1,a,Bonn,1.00,a@x,2024-01-02\n"
                     "1,2,a,Rome,1.00,a@x,2024-01-03\n"
                     "1,2,b,Oslo,1.00,b@x,2024-01-03\n"
                     "2,1,c,Oslo,1.00,c@x,2023-01-03\n");
    star_expect(
        &s,
        "SELECT customer_id AS id, city, email, version AS v FROM dim_customers_versions WHERE customer_key > "
        "0 ORDER BY 1, 4",
        "id,city,email,v\na,Oslo,a@x,1\na,Bonn,a@x,2\na,Rome,a@x,3\nb,Oslo,b@x,1\nc,Oslo,a@x,1\n");
    star_close(&s);
}

static void the_open_end_is_the_year_9999_where_that_is_declared_rule_20(void **state)
{
    (void)state;
    struct star s = open_star();
    place_write(&s.place, "quern.yaml",
                "project: test\n"
                "environments:\n"
                "  dev: { warehouse: { type: duckdb, path: warehouse.duckdb } }\n"
                "defaults: { initial_valid_from: 1900-01-01, open_end: 9999-12-31 }\n");
    star_reopen(&s);
    star_load(&s, "customers", "2024-02-01",
              COLUMNS "a,Oslo,1.00,a@x,2024-01-01\nb,Oslo,1.00,a@x,1899-01-01\n");
    star_load(&s, "customers", "2024-02-02", COLUMNS "a,Bonn,1.00,a@x,2024-01-02\n");
    star_expect(&s, versions,
                VERSIONS "1,a,Oslo,1.00,a@x,1900-01-01 00:00:00,2024-01-02 00:00:00,false,1\n"
                         "3,a,Bonn,1.00,a@x,2024-01-02 00:00:00,9999-12-31 00:00:00,true,2\n"
                         "2,b,Oslo,1.00,a@x,1899-01-01 00:00:00,9999-12-31 00:00:00,true,1\n");
    star_close(&s);
}

/* Whoever changes the warehouse by hand must not find it made worse. */
static void a_load_that_finds_the_invariants_broken_publishes_nothing_rule_26(void **state)
{
    (void)state;
    static const struct {
        const char *damage, *message;
    } cases[] = {
        {"UPDATE wh.main.dim_customers_versions SET valid_to = TIMESTAMP '2024-01-25' WHERE "
         "customer_id = 'a' AND version = 1",
         "versions overlap"},
        {"INSERT INTO wh.main.dim_customers_versions SELECT * REPLACE (99 AS customer_key, "
         "TIMESTAMP '2024-01-21' AS valid_from) FROM wh.main.dim_customers_versions WHERE "
         "customer_id = 'a' AND is_current",
         "versions overlap"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct star s = open_star();
        star_load(&s, "customers", "2024-02-01",
                  COLUMNS "a,Oslo,1.00,a@x,2024-01-01\na,Bonn,1.00,a@x,2024-01-20\n");
        struct q_err err = {0};
        assert_int_equal(run_detach(&s.session, &err), Q_OK);
        assert_int_equal(db_attach(s.session.db, s.session.warehouse, "wh", false, &err), Q_OK);
        assert_int_equal(db_exec(s.session.db, cases[i].damage, NULL, 0, NULL, &err), Q_OK);
        assert_int_equal(db_detach(s.session.db, "wh", &err), Q_OK);
        const char *before = star_query(&s, "SELECT * FROM dim_customers_versions ORDER BY 1");
        assert_int_equal(
            star_try(&s, "customers", "2024-02-02", COLUMNS "a,Rome,1.00,a@x,2024-02-01\n"),
            Q_TARGET);
        assert_non_null(strstr(s.err.message, cases[i].message));
        assert_string_equal(star_query(&s, "SELECT * FROM dim_customers_versions ORDER BY 1"),
                            before);
        star_expect(&s, "SELECT status FROM quern.runs ORDER BY run_id",
                    "status\npublished\nfailed\n");
        star_close(&s);
    }
}

static void the_wrong_mode_is_a_configuration_error(void **state)
{
    (void)state;
    static const struct {
        const char *load, *message;
    } cases[] = {
        {"into: dim_customers, mode: upsert",
         "dim_customers has history: load it with `mode: history`"},
        {"into: dim_cities, mode: history", "no column of dim_cities has `history: keep`"},
        {"into: dim_customers, mode: history, valid_from: nowhere",
         "the relation to load has no column \"nowhere\", which `valid_from` names"},
        {"into: dim_customers, mode: history, valid_from: email",
         "`valid_from: email` must be a date or a timestamp"},
        {"into: dim_customers, mode: history, order_by: sen",
         "has no column \"sen\", which `order_by` names"},
        {"into: dim_plain, mode: upsert",
         "the relation to load has no column \"only_here\", which dim_plain needs"},
    };
    struct star s = open_star();
    place_write(&s.place, "model/dim_plain.yaml",
                "dimension: dim_plain\nkey: k\nbusiness_key: [city]\n"
                "columns: { city: text, only_here: text }\n");
    place_write(&s.place, "model/dim_cities.yaml",
                "dimension: dim_cities\nkey: k\nbusiness_key: [city]\n"
                "columns: { city: text, email: text }\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        place_write(&s.place, "pipelines/wrong.yaml",
                    q_printf(s.place.arena,
                             "pipeline: wrong\nextract: { batch: { from: files, path: x.csv } }\n"
                             "load: { %s }\n",
                             cases[i].load));
        star_reopen(&s);
        assert_int_equal(
            star_try(&s, "wrong", "2024-02-01", COLUMNS "a,Oslo,1.00,a@x,2024-01-01\n"), Q_CONFIG);
        assert_non_null(strstr(s.err.message, "pipelines/wrong.yaml:3:"));
        if (!strstr(s.err.message, cases[i].message))
            fail_msg("%s", s.err.message);
    }
    star_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_version_starts_in_the_year_1000_and_keeps_its_true_time_rule_20),
        cmocka_unit_test(a_new_version_starts_exactly_where_the_old_one_ends_rule_19),
        cmocka_unit_test(null_and_value_are_a_change_in_both_directions_rule_21),
        cmocka_unit_test(the_same_payload_with_a_newer_time_is_no_change_rule_21),
        cmocka_unit_test(running_a_batch_again_changes_nothing_rule_16),
        cmocka_unit_test(versions_of_one_batch_are_applied_in_order_and_a_revert_counts_rule_23),
        cmocka_unit_test(a_closed_version_keeps_its_null_rule_22),
        cmocka_unit_test(a_late_row_is_unchanged_when_it_equals_the_version_of_its_time_rule_24),
        cmocka_unit_test(another_content_at_the_start_of_the_current_version_corrects_it_rule_24),
        cmocka_unit_test(an_overwrite_column_changes_all_versions_and_opens_none_rule_27),
        cmocka_unit_test(an_older_row_does_not_overwrite_what_a_later_one_has_written_rule_27),
        cmocka_unit_test(rows_of_one_key_and_time_collapse_or_are_ambiguous_rule_11),
        cmocka_unit_test(
            the_latest_by_order_by_wins_and_a_tie_goes_to_the_last_if_declared_rule_11),
        cmocka_unit_test(a_null_business_time_is_rejected_rule_20),
        cmocka_unit_test(keys_compare_column_by_column_rule_12),
        cmocka_unit_test(special_members_are_there_and_not_in_the_view_rule_12),
        cmocka_unit_test(a_column_added_to_the_model_re_versions_no_row_rule_21),
        cmocka_unit_test(rows_of_one_record_are_versions_of_their_own_keys_rule_28),
        cmocka_unit_test(the_open_end_is_the_year_9999_where_that_is_declared_rule_20),
        cmocka_unit_test(a_load_that_finds_the_invariants_broken_publishes_nothing_rule_26),
        cmocka_unit_test(the_wrong_mode_is_a_configuration_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
