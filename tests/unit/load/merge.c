/* SPDX-License-Identifier: Apache-2.0 */
/* Append and upsert, batch by batch in the real engine; rule numbers are those of the semantics. */
#include "unit.h"

#include "support/star.h"

static const struct star_file files[] = {
    {"model/dim_customers.yaml", "dimension: dim_customers\n"
                                 "key: customer_key\n"
                                 "business_key: [customer_id]\n"
                                 "columns:\n"
                                 "  customer_id: { type: text }\n"
                                 "  city: { type: text, history: keep }\n"},
    {"model/dim_stores.yaml",
     "dimension: dim_stores\n"
     "key: store_key\n"
     "business_key: [region, store]\n"
     "columns: { region: text, store: bigint, name: text, size: double }\n"},
    {"model/dim_tags.yaml",
     "dimension: dim_tags\nkey: tag_key\nbusiness_key: [tag]\ncolumns: { tag: text }\n"},
    {"model/dim_date.yaml",
     "dimension: dim_date\ngenerate: date\nkey: date_id\nfrom: 2024-01-01\nto: 2024-12-31\n"},
    {"model/sales_fact.yaml",
     "fact: sales_fact\n"
     "grain: [sale_id]\n"
     "columns:\n"
     "  sale_id: { type: bigint }\n"
     "  customer: { dimension: dim_customers, at: sold_at, optional: true, key: customer_key }\n"
     "  store: { dimension: dim_stores, key: store_key }\n"
     "  sale_date: { dimension: dim_date }\n"
     "  sold_at: { type: timestamp }\n"
     "  amount: { type: decimal(12,2) }\n"},
    {"model/days_fact.yaml",
     "fact: days_fact\n"
     "grain: [day_id]\n"
     "columns:\n"
     "  day_id: { type: bigint }\n"
     "  start: { dimension: dim_customers, at: on_day }\n"
     "  finish: { dimension: dim_customers, at: on_day, at_end_of_day: true }\n"
     "  on_day: { type: date }\n"},
    {"pipelines/customers.yaml",
     "pipeline: customers\n"
     "extract: { batch: { from: files, path: x.csv } }\n"
     "load: { into: dim_customers, mode: history, valid_from: seen }\n"},
    {"pipelines/stores.yaml", "pipeline: stores\n"
                              "extract: { batch: { from: files, path: x.csv } }\n"
                              "load: { into: dim_stores, mode: upsert }\n"},
    {"pipelines/tags.yaml", "pipeline: tags\n"
                            "extract: { batch: { from: files, path: x.csv } }\n"
                            "load: { into: dim_tags, mode: upsert }\n"},
    {"pipelines/append.yaml", "pipeline: append\n"
                              "extract: { batch: { from: files, path: x.csv } }\n"
                              "load: { into: sales_fact, mode: append }\n"},
    {"pipelines/upsert.yaml", "pipeline: upsert\n"
                              "extract: { batch: { from: files, path: x.csv } }\n"
                              "load: { into: sales_fact, mode: upsert, order_by: n }\n"},
    {"pipelines/days.yaml", "pipeline: days\n"
                            "extract: { batch: { from: files, path: x.csv } }\n"
                            "load: { into: days_fact, mode: append }\n"},
};

static struct star open_star(void)
{
    return star_open(files, sizeof files / sizeof *files);
}

#define SALES                                                                                          \
    "sale_id bigint, customer_id text, region text, store bigint, sale_date date, sold_at timestamp, " \
    "amount decimal(12,2)\n"

static const char sales[] =
    "SELECT sale_id AS id, customer_id AS c, customer_key AS ck, store_key AS sk, "
    "sale_date_key AS dk, amount, _q_run AS run FROM sales_fact ORDER BY 1";
#define SALES_SHOWN "id,c,ck,sk,dk,amount,run\n"

static void load_dimensions(struct star *s)
{
    star_load(s, "customers", "2024-06-01",
              "customer_id text, city text, seen timestamp\n"
              "a,Oslo,2024-01-01\n"
              "a,Bonn,2024-03-01 12:00:00\n"
              "b,Rome,2024-02-01\n");
    star_load(s, "stores", "2024-06-01",
              "region text, store bigint, name text, size double\n"
              "n,1,North One,1.5\n"
              "s,1,South One,NULL\n");
}

static void a_known_key_is_rejected_by_append_so_that_a_second_run_changes_nothing_rule_9(
    void **state)
{
    (void)state;
    struct star s = open_star();
    load_dimensions(&s);
    const char *batch = SALES "1,a,n,1,2024-01-05,2024-01-05 10:00:00,10.00\n"
                              "2,b,s,1,2024-03-05,2024-03-05 10:00:00,20.00\n";
    star_load(&s, "append", "2024-06-02", batch);
    assert_string_equal(star_counts(&s), "inserted 2 updated 0 unchanged 0 superseded 0 opened 0 "
                                         "closed 0 rejected 0 skipped 0");
    const char *before = star_query(&s, "SELECT * FROM sales_fact ORDER BY 1");
    star_load(&s, "append", "2024-06-03",
              SALES "2,b,s,1,2024-03-05,2024-03-05 10:00:00,20.00\n"
                    "3,b,s,1,2024-03-06,2024-03-06 10:00:00,30.00\n");
    assert_string_equal(star_reasons(&s), "rejected duplicate_key 1");
    star_expect(&s, "SELECT * FROM sales_fact WHERE sale_id < 3 ORDER BY 1", before);
    star_expect(&s, "SELECT reason, key, pos FROM quern.rejects",
                "reason,key,pos\nduplicate_key,\"{\"\"sale_id\"\":2}\",1\n");
    assert_int_equal(star_try(&s, "append", "2024-06-04", batch), Q_OK);
    assert_string_equal(s.result.status, "aborted"); /* nothing but rejects */
    star_expect(&s, "SELECT count(*) AS n FROM sales_fact", "n\n3\n");
    star_close(&s);
}

static void upsert_updates_what_differs_and_leaves_the_rest_alone_rule_9(void **state)
{
    (void)state;
    struct star s = open_star();
    load_dimensions(&s);
#define ORDERED                                                                                        \
    "sale_id bigint, customer_id text, region text, store bigint, sale_date date, sold_at timestamp, " \
    "amount decimal(12,2), n bigint\n"
    star_load(&s, "upsert", "2024-06-02",
              ORDERED "1,a,n,1,2024-01-05,2024-01-05 10:00:00,10.00,1\n"
                      "2,b,s,1,2024-03-05,2024-03-05 10:00:00,NULL,1\n"
                      "3,b,s,1,2024-03-05,2024-03-05 10:00:00,30.00,1\n"
                      "4,b,s,1,2024-03-05,2024-03-05 10:00:00,40.00,1\n");
    star_load(&s, "upsert", "2024-06-03",
              ORDERED "1,a,n,1,2024-01-05,2024-01-05 10:00:00,10.00,2\n" /* as it was */
                      "2,b,s,1,2024-03-05,2024-03-05 10:00:00,20.00,2\n" /* NULL to value */
                      "3,b,s,1,2024-03-05,2024-03-05 10:00:00,NULL,2\n"  /* value to NULL */
                      "4,b,n,1,2024-03-05,2024-03-05 10:00:00,40.00,2\n" /* another store */
                      "5,b,n,1,2024-03-05,2024-03-05 10:00:00,50.00,2\n");
    star_expect(&s, sales,
                SALES_SHOWN "1,a,1,1,20240105,10.00,3\n"
                            "2,b,3,2,20240305,20.00,4\n"
                            "3,b,3,2,20240305,,4\n"
                            "4,b,3,1,20240305,40.00,4\n"
                            "5,b,3,1,20240305,50.00,4\n");
    assert_string_equal(star_counts(&s), "inserted 1 updated 3 unchanged 1 superseded 0 opened 0 "
                                         "closed 0 rejected 0 skipped 0");
    star_close(&s);
}

static void the_latest_of_a_key_wins_and_ties_are_ambiguous_rule_11(void **state)
{
    (void)state;
    struct star s = open_star();
    load_dimensions(&s);
    star_load(&s, "upsert", "2024-06-02",
              ORDERED "1,a,n,1,2024-01-05,2024-01-05 10:00:00,1.00,1\n"
                      "1,a,n,1,2024-01-05,2024-01-05 10:00:00,3.00,3\n"
                      "1,a,n,1,2024-01-05,2024-01-05 10:00:00,2.00,2\n"
                      "2,a,n,1,2024-01-05,2024-01-05 10:00:00,2.00,2\n"
                      "2,a,n,1,2024-01-05,2024-01-05 10:00:00,3.00,2\n"
                      "3,a,n,1,2024-01-05,2024-01-05 10:00:00,3.00,2\n"
                      "3,a,n,1,2024-01-05,2024-01-05 10:00:00,3.00,2\n");
    star_expect(&s, "SELECT sale_id, amount FROM sales_fact ORDER BY 1",
                "sale_id,amount\n1,3.00\n3,3.00\n");
    assert_string_equal(star_reasons(&s), "rejected ambiguous_version 2, skipped duplicate 1");
    assert_string_equal(star_counts(&s), "inserted 2 updated 0 unchanged 0 superseded 2 opened 0 "
                                         "closed 0 rejected 2 skipped 1");
    star_load(&s, "append", "2024-06-03",
              SALES "7,a,n,1,2024-01-05,2024-01-05 10:00:00,1.00\n"
                    "7,a,n,1,2024-01-05,2024-01-05 10:00:00,2.00\n"
                    "8,a,n,1,2024-01-05,2024-01-05 10:00:00,NULL\n"
                    "8,a,n,1,2024-01-05,2024-01-05 10:00:00,NULL\n");
    assert_string_equal(star_reasons(&s), "rejected ambiguous_version 2, skipped duplicate 1");
    star_close(&s);
}

static void a_lookup_takes_the_version_of_the_event_time_half_open_rules_3_and_13(void **state)
{
    (void)state;
    struct star s = open_star();
    load_dimensions(&s);
    star_load(&s, "append", "2024-06-02",
              SALES "1,a,n,1,2024-01-05,1500-01-01 00:00:00,1.00\n" /* before anything was seen */
                    "2,a,n,1,2024-01-05,2024-03-01 11:59:59.999999,1.00\n"
                    "3,a,n,1,2024-01-05,2024-03-01 12:00:00,1.00\n"
                    "4,a,n,1,2024-01-05,2999-01-01 00:00:00,1.00\n"
                    "5,a,n,1,2024-01-05,NULL,1.00\n");
    star_expect(&s, "SELECT sale_id, customer_key FROM sales_fact ORDER BY 1",
                "sale_id,customer_key\n1,1\n2,1\n3,2\n4,2\n5,-1\n");
    star_load(&s, "days", "2024-06-03",
              "day_id bigint, customer_id text, on_day date\n"
              "1,a,2024-02-29\n"
              "2,a,2024-03-01\n"
              "3,a,2024-03-02\n"
              "4,a,NULL\n");
    star_expect(&s, "SELECT day_id, start_key, finish_key FROM days_fact ORDER BY 1",
                "day_id,start_key,finish_key\n1,1,1\n2,1,2\n3,2,2\n4,-1,-1\n");
    star_close(&s);
}

static void what_is_not_found_is_minus_1_and_what_does_not_apply_minus_2_rule_12(void **state)
{
    (void)state;
    struct star s = open_star();
    load_dimensions(&s);
    star_load(&s, "append", "2024-06-02",
              SALES "1,zz,n,1,2024-01-05,2024-01-05,1.00\n"
                    "2,NULL,n,1,2024-01-05,2024-01-05,1.00\n" /* optional: true */
                    "3,a,n,2,2024-01-05,2024-01-05,1.00\n"
                    "4,a,NULL,1,2024-01-05,2024-01-05,1.00\n" /* not optional */
                    "5,a,n,1,2030-01-05,2024-01-05,1.00\n"
                    "6,a,n,1,NULL,2024-01-05,1.00\n");
    star_expect(&s, sales,
                SALES_SHOWN "1,zz,-1,1,20240105,1.00,3\n"
                            "2,,-2,1,20240105,1.00,3\n"
                            "3,a,1,-1,20240105,1.00,3\n"
                            "4,a,1,-1,20240105,1.00,3\n"
                            "5,a,1,1,-1,1.00,3\n"
                            "6,a,1,1,-1,1.00,3\n");
    star_close(&s);
}

static void a_fact_finds_its_members_before_the_dimension_was_ever_loaded(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "append", "2024-06-02", SALES "1,a,n,1,2024-01-05,2024-01-05,1.00\n");
    star_expect(&s, sales, SALES_SHOWN "1,a,-1,-1,20240105,1.00,1\n");
    star_expect(
        &s,
        "SELECT (SELECT count(*) FROM dim_date) AS days, (SELECT count(*) FROM dim_customers) AS "
        "members, (SELECT min(store_key) FROM dim_stores) AS least",
        "days,members,least\n368,0,-2\n");
    star_close(&s);
}

static void a_dimension_without_history_is_upserted_and_keeps_its_keys_rule_12(void **state)
{
    (void)state;
    struct star s = open_star();
    load_dimensions(&s);
    star_load(&s, "stores", "2024-06-02",
              "region text, store bigint, name text, size double\n"
              "s,1,South One,2.5\n"
              "n,1,North One,1.5\n"
              "a,1,New,0\n");
    star_expect(&s, "SELECT store_key, region, store, name, size FROM dim_stores ORDER BY 1",
                "store_key,region,store,name,size\n"
                "-2,,,,\n-1,,,,\n1,n,1,North One,1.5\n2,s,1,South One,2.5\n3,a,1,New,0\n");
    assert_string_equal(star_counts(&s), "inserted 1 updated 1 unchanged 1 superseded 0 opened 0 "
                                         "closed 0 rejected 0 skipped 0");
    star_load(&s, "tags", "2024-06-03", "tag text\nx\ny\n"); /* nothing but a key */
    star_load(&s, "tags", "2024-06-03", "tag text\nx\nz\n");
    star_expect(&s, "SELECT tag_key, tag FROM dim_tags WHERE tag_key > 0 ORDER BY 1",
                "tag_key,tag\n1,x\n2,y\n3,z\n");
    assert_string_equal(star_counts(&s), "inserted 1 updated 0 unchanged 1 superseded 0 opened 0 "
                                         "closed 0 rejected 0 skipped 0");
    star_close(&s);
}

static void an_empty_batch_makes_the_tables_and_changes_nothing(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "append", "2024-06-02", SALES);
    star_load(&s, "customers", "2024-06-02", "customer_id text, city text, seen timestamp\n");
    star_expect(&s, "SELECT count(*) AS n FROM sales_fact", "n\n0\n");
    assert_string_equal(star_counts(&s), "inserted 0 updated 0 unchanged 0 superseded 0 opened 0 "
                                         "closed 0 rejected 0 skipped 0");
    star_close(&s);
}

/* A join can make several rows of one record; they have one position. */
static void rows_of_one_record_are_loaded_each_by_its_own_key_rule_28(void **state)
{
    (void)state;
    struct star s = open_star();
    load_dimensions(&s);
#define JOINED "_q_pos bigint, _q_pos_other bigint, " ORDERED
    star_load(&s, "upsert", "2024-06-02", JOINED "1,1,1,a,n,1,2024-01-05,2024-01-05,1.00,1\n");
    star_load(&s, "upsert", "2024-06-03",
              JOINED "1,1,1,a,n,1,2024-01-05,2024-01-05,9.00,1\n" /* known */
                     "1,1,2,a,n,1,2024-01-05,2024-01-05,2.00,1\n" /* new, of the same record */
                     "2,1,3,a,n,1,2024-01-05,2024-01-05,3.00,1\n"
                     "2,1,3,a,n,1,2024-01-05,2024-01-05,3.00,1\n" /* the same row again */
                     "3,1,4,a,n,1,2024-01-05,2024-01-05,4.00,1\n"
                     "4,1,4,a,n,1,2024-01-05,2024-01-05,4.00,1\n" /* a duplicate, but .. */
                     "4,1,5,a,n,1,2024-01-05,2024-01-05,5.00,1\n" /* .. not this one */
                     "5,1,6,a,n,1,2024-01-05,2024-01-05,6.00,1\n"
                     "5,1,6,a,n,1,2024-01-05,2024-01-05,7.00,2\n" /* the later row of one record */
                     "6,1,6,a,n,1,2024-01-05,2024-01-05,6.50,1\n" /* beaten, but .. */
                     "6,1,7,a,n,1,2024-01-05,2024-01-05,7.00,1\n" /* .. not this one */);
    star_expect(&s, "SELECT sale_id, amount FROM sales_fact ORDER BY 1",
                "sale_id,amount\n1,9.00\n2,2.00\n3,3.00\n4,4.00\n5,5.00\n6,7.00\n7,7.00\n");
    assert_string_equal(star_reasons(&s), "");
    star_close(&s);
}

static void every_type_is_loaded_compared_and_kept_in_rejects_rule_29(void **state)
{
    (void)state;
    struct star s = open_star();
    place_write(
        &s.place, "model/all_fact.yaml",
        "fact: all_fact\n"
        "grain: [id]\n"
        "columns:\n"
        "  { id: 'decimal(20,3)', b: boolean, i2: smallint, i4: integer, i8: bigint, i16: hugeint, "
        "d4: 'decimal(4,1)', d38: 'decimal(38,10)', f: double, t: text, d: date, ti: time, ts: timestamp, tz: "
        "timestamptz, u: uuid, x: blob, j: json }\n");
    place_write(&s.place, "pipelines/all.yaml",
                "pipeline: all\n"
                "extract: { batch: { from: files, path: x.csv } }\n"
                "load: { into: all_fact, mode: append }\n");
    place_write(&s.place, "pipelines/up.yaml",
                "pipeline: up\n"
                "extract: { batch: { from: files, path: x.csv } }\n"
                "load: { into: all_fact, mode: upsert }\n");
    star_reopen(&s);
    const char *batch =
        "id decimal(20,3), b boolean, i2 smallint, i4 integer, i8 bigint, i16 hugeint, d4 decimal(4,1), d38 "
        "decimal(38,10), f double, t text, d date, ti time, ts timestamp, tz timestamptz, u uuid, x blob, j json\n"
        "1.500,true,1,2,3,170141183460469231731687303715884105727,1.5,1234567890123456789012345678.0123456789,0.1,é,"
        "2024-01-01,01:02:03.000004,2024-01-01 01:02:03.000004,2024-01-01 01:02:03+00,"
        "00000000-0000-0000-0000-00000000000a,\\xFF,[1]\n"
        "2.500,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL\n";
    star_load(&s, "all", "2024-06-02", batch);
    star_load(&s, "up", "2024-06-03", batch);
    assert_string_equal(star_counts(&s), "inserted 0 updated 0 unchanged 2 superseded 0 opened 0 "
                                         "closed 0 rejected 0 skipped 0");
    assert_int_equal(star_try(&s, "all", "2024-06-04", batch), Q_OK);
    assert_string_equal(star_reasons(&s), "rejected duplicate_key 2");
    star_expect(
        &s,
        "SELECT key, record->>'$.d38' AS d38, record->>'$.i16' AS i16, record->>'$.tz' AS tz FROM "
        "quern.rejects ORDER BY pos LIMIT 1",
        "key,d38,i16,tz\n"
        "\"{\"\"id\"\":\"\"1.500\"\"}\",1234567890123456789012345678.0123456789,"
        "170141183460469231731687303715884105727,2024-01-01 01:02:03+00\n");
    star_close(&s);
}

static void a_role_added_later_is_unknown_in_old_rows_rule_12(void **state)
{
    (void)state;
    struct star s = open_star();
    load_dimensions(&s);
    star_load(&s, "tags", "2024-06-01", "tag text\nx\n");
    star_load(&s, "upsert", "2024-06-02",
              ORDERED
              "1,a,n,1,2024-01-05,2024-01-05,1.00,1\n2,a,n,1,2024-01-05,2024-01-05,1.00,1\n");
    place_write(
        &s.place, "model/sales_fact.yaml",
        "fact: sales_fact\n"
        "grain: [sale_id]\n"
        "columns:\n"
        "  sale_id: { type: bigint }\n"
        "  customer: { dimension: dim_customers, at: sold_at, optional: true, key: customer_key }\n"
        "  store: { dimension: dim_stores, key: store_key }\n"
        "  sale_date: { dimension: dim_date }\n"
        "  sold_at: { type: timestamp }\n"
        "  amount: { type: decimal(12,2) }\n"
        "  note: { type: text }\n"
        "  tagged: { dimension: dim_tags }\n");
    star_reopen(&s);
    star_load(
        &s, "upsert", "2024-06-03",
        "sale_id bigint, customer_id text, region text, store bigint, sale_date date, sold_at timestamp, amount "
        "decimal(12,2), n bigint, note text, tag text\n"
        "2,a,n,1,2024-01-05,2024-01-05,1.00,1,hi,x\n"
        "3,a,n,1,2024-01-05,2024-01-05,1.00,1,NULL,NULL\n");
    star_expect(&s, "SELECT sale_id, note, tag, tagged_key FROM sales_fact ORDER BY 1",
                "sale_id,note,tag,tagged_key\n1,,,-1\n2,hi,x,1\n3,,,-1\n");
    assert_string_equal(star_counts(&s), "inserted 1 updated 1 unchanged 0 superseded 0 opened 0 "
                                         "closed 0 rejected 0 skipped 0");
    star_close(&s);
}

static void a_column_whose_type_differs_from_the_warehouse_is_refused(void **state)
{
    (void)state;
    struct star s = open_star();
    load_dimensions(&s);
    place_write(&s.place, "model/dim_stores.yaml",
                "dimension: dim_stores\n"
                "key: store_key\n"
                "business_key: [region, store]\n"
                "columns: { region: text, store: bigint, name: timestamptz, size: double }\n");
    star_reopen(&s);
    assert_int_equal(star_try(&s, "customers", "2024-06-05",
                              "customer_id text, city text, seen timestamp\na,Oslo,2024-01-01\n"),
                     Q_TARGET);
    assert_string_equal(s.err.message,
                        "cannot load \"dim_stores\": its column \"name\" is VARCHAR in "
                        "the warehouse and TIMESTAMPTZ in the model");
    assert_string_equal(s.err.context[0], "preparing table \"dim_stores\"");
    star_close(&s);
}

static void dates_are_made_again_when_their_range_changes_and_only_then(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "tags", "2024-06-01", "tag text\nx\n");
    const char *meta = "SELECT value FROM quern.meta WHERE key = 'dates dim_date'";
    const char *before = star_query(&s, meta);
    star_load(&s, "tags", "2024-06-02", "tag text\ny\n");
    assert_string_equal(star_query(&s, meta), before);
    place_write(
        &s.place, "model/dim_date.yaml",
        "dimension: dim_date\ngenerate: date\nkey: date_id\nfrom: 2023-12-31\nto: 2024-12-31\n");
    star_reopen(&s);
    star_load(&s, "tags", "2024-06-03", "tag text\nz\n");
    star_expect(&s,
                "SELECT count(*) AS n, min(date_id) FILTER (date_id > 0) AS first FROM dim_date",
                "n,first\n369,20231231\n");
    assert_string_not_equal(star_query(&s, meta), before);
    star_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_known_key_is_rejected_by_append_so_that_a_second_run_changes_nothing_rule_9),
        cmocka_unit_test(upsert_updates_what_differs_and_leaves_the_rest_alone_rule_9),
        cmocka_unit_test(the_latest_of_a_key_wins_and_ties_are_ambiguous_rule_11),
        cmocka_unit_test(a_lookup_takes_the_version_of_the_event_time_half_open_rules_3_and_13),
        cmocka_unit_test(what_is_not_found_is_minus_1_and_what_does_not_apply_minus_2_rule_12),
        cmocka_unit_test(a_fact_finds_its_members_before_the_dimension_was_ever_loaded),
        cmocka_unit_test(a_dimension_without_history_is_upserted_and_keeps_its_keys_rule_12),
        cmocka_unit_test(an_empty_batch_makes_the_tables_and_changes_nothing),
        cmocka_unit_test(rows_of_one_record_are_loaded_each_by_its_own_key_rule_28),
        cmocka_unit_test(every_type_is_loaded_compared_and_kept_in_rejects_rule_29),
        cmocka_unit_test(a_role_added_later_is_unknown_in_old_rows_rule_12),
        cmocka_unit_test(a_column_whose_type_differs_from_the_warehouse_is_refused),
        cmocka_unit_test(dates_are_made_again_when_their_range_changes_and_only_then),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
