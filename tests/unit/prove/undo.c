/* SPDX-License-Identifier: Apache-2.0 */
/* Runs are taken back, or not when something stands on them (SEMANTICS 18). */
#include "prove/undo.h"

#include "support/star.h"
#include "unit.h"

#define PIPELINE(name, load)                                                                      \
    {                                                                                             \
        "pipelines/" name ".yaml",                                                                \
            "pipeline: " name "\nextract: { batch: { from: files, path: x.csv } }\nload: { " load \
            " }\n"                                                                                \
    }

static const struct star_file files[] = {
    {"model/dim_shops.yaml",
     "dimension: dim_shops\nkey: shop_key\nbusiness_key: [shop]\ncolumns:\n  shop: { type: text }\n"
     "  name: { type: text }\n  tier: { type: text, history: previous }\n"},
    {"model/dim_people.yaml",
     "dimension: dim_people\nkey: person_key\nbusiness_key: [person]\ncolumns:\n  person: { type: text }\n"
     "  city: { type: text, history: keep }\n  mail: { type: text }\n"},
    {"model/orders.yaml",
     "fact: orders\ngrain: [id, part]\ncolumns:\n  id: { type: bigint }\n  part: { type: text }\n"
     "  shop: { dimension: dim_shops, missing: infer }\n  buyer: { dimension: dim_people, from: [person], at: day }\n"
     "  day: { type: date }\n"},
    PIPELINE("shops", "into: dim_shops, mode: upsert"),
    PIPELINE("allshops", "into: dim_shops, mode: replace"),
    PIPELINE(
        "people",
        "into: dim_people, mode: history, valid_from: seen, snapshot: full, deletes: close, max_shrink: 100%"),
    PIPELINE("append", "into: orders, mode: append"),
    PIPELINE("upsert", "into: orders, mode: upsert"),
    PIPELINE("replace", "into: orders, mode: replace"),
};

static struct star open_star(void)
{
    return star_open(files, sizeof files / sizeof *files);
}

#define SHOPS "shop text, name text, tier text\n"
#define PEOPLE "person text, city text, mail text, seen timestamp\n"
#define ORDERS "id bigint, part text, shop text, person text, day date\n"

/* Everything that a load changes. */
static const char *picture(struct star *s)
{
    return q_printf(
        s->place.arena, "%s\n%s\n%s\n%s", star_query(s, "SELECT * FROM dim_shops ORDER BY ALL"),
        star_query(s, "SELECT * FROM dim_people_versions ORDER BY ALL"),
        star_query(s, "SELECT * FROM orders ORDER BY ALL"),
        star_query(
            s,
            "SELECT table_name, closed_rows, checksum FROM quern.checksums WHERE closed_rows > 0 ORDER BY ALL"));
}

static struct undo_result undone;

static enum q_code try_undo(struct star *s, int64_t run_id, bool dry)
{
    s->err = (struct q_err){0};
    return undo_run(&s->session, run_id, dry, &undone, &s->err);
}

static void undo(struct star *s, int64_t run_id)
{
    if (try_undo(s, run_id, false))
        fail_msg("%s (%s)", s->err.message, s->err.detail);
}

/* The load is undone and loaded again: before and after are the same pictures but for the run's number. */
static void there_and_back(struct star *s, const char *pipeline, const char *clock,
                           const char *batch)
{
    const char *before = picture(s);
    star_load(s, pipeline, clock, batch);
    int64_t run_id = s->result.run_id;
    const char *counts = star_counts(s);
    assert_string_not_equal(picture(s), before);
    assert_int_equal(try_undo(s, run_id, true), Q_OK); /* dry: nothing happens */
    assert_string_not_equal(picture(s), before);
    undo(s, run_id);
    assert_string_equal(picture(s), before);
    star_expect(s,
                q_printf(s->place.arena, "SELECT status FROM quern.runs WHERE run_id = %lld",
                         (long long)run_id),
                "status\nundone\n");
    star_load(s, pipeline, clock, batch);
    assert_string_equal(star_counts(s), counts);
}

static void what_a_run_changed_is_as_before_and_can_be_loaded_again_rule_18(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "shops", "2024-01-01", SHOPS "a,A,x\nb,B,x\n");
    star_load(&s, "people", "2024-01-01",
              PEOPLE "eva,Oslo,e@x,2024-01-01\nbob,Rome,b@x,2024-01-01\nzoe,Bonn,z@x,2024-01-01\n");
    star_load(&s, "append", "2024-01-02", ORDERS "1,x,a,eva,2024-01-02\n1,y,b,bob,2024-01-02\n");
    there_and_back(&s, "shops", "2024-02-01", SHOPS "a,A2,y\nc,C,x\n");
    there_and_back(
        &s, "people", "2024-02-02",
        PEOPLE
        "eva,Bonn,e2@x,2024-02-01\nbob,Rome,b2@x,2024-02-01\nnew,Rome,n@x,2024-02-01\n"); /* zoe is gone */
    there_and_back(
        &s, "people", "2024-02-03",
        PEOPLE
        "eva,Rome,e3@x,2024-01-15\nbob,Rome,b2@x,2024-02-01\nzoe,Oslo,z@x,2024-02-03\nnew,Rome,n@x,2024-02-01\n");
    there_and_back(&s, "append", "2024-02-04",
                   ORDERS "2,x,late,eva,2024-01-02\n2,y,later,eva,2024-01-02\n");
    there_and_back(&s, "upsert", "2024-02-05",
                   ORDERS "1,x,b,bob,2024-01-02\n3,x,new,eva,2024-01-02\n");
    there_and_back(
        &s, "replace", "2024-02-06",
        ORDERS
        "1,x,b,bob,2024-01-03\n1,y,b,bob,2024-01-02\n4,x,a,eva,2024-01-02\n3,x,new,eva,2024-01-02\n");
    star_close(&s);
}

static void a_first_load_is_undone_to_an_empty_table(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "people", "2024-01-01",
              PEOPLE "eva,Oslo,e@x,2024-01-01\neva,Rome,e@x,2024-02-01\n");
    undo(&s, 1);
    assert_int_equal(undone.removed, 2);
    assert_int_equal(undone.run_id, 2);
    star_expect(&s, "SELECT person_key FROM dim_people_versions ORDER BY 1",
                "person_key\n-2\n-1\n");
    star_expect(
        &s,
        "SELECT closed_rows, checksum FROM quern.checksums WHERE table_name = 'dim_people_versions'",
        "closed_rows,checksum\n0,0\n");
    star_expect(
        &s, "SELECT run_id, pipeline, status, message FROM quern.runs ORDER BY 1",
        "run_id,pipeline,status,message\n1,people,undone,undone by run 2\n2,people,published,undid run 1\n");
    star_close(&s);
}

static void a_key_that_a_later_run_touched_is_a_conflict_rule_18(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "append", "2024-01-01",
              ORDERS "1,x,a,eva,2024-01-02\n1,y,a,eva,2024-01-02\n2,x,a,eva,2024-01-02\n");
    star_load(&s, "upsert", "2024-01-02", ORDERS "1,x,b,eva,2024-01-02\n");
    assert_int_equal(try_undo(&s, 1, false), Q_FAILED);
    assert_string_equal(s.err.message, "cannot undo run 1: later runs touched 1 of its keys");
    assert_string_equal(s.err.detail, "{\"id\":\"1\",\"part\":\"x\"} by run 2 (upsert)");
    const char *before = picture(&s);
    star_load(&s, "replace", "2024-01-03",
              ORDERS "1,x,b,eva,2024-01-02\n2,x,a,eva,2024-01-02\n");       /* deletes 1, y */
    star_load(&s, "append", "2024-01-04", ORDERS "1,y,a,eva,2024-01-05\n"); /* and it is back */
    assert_int_equal(try_undo(&s, 3, false), Q_FAILED);
    assert_string_equal(s.err.detail, "{\"id\":\"1\",\"part\":\"y\"} by run 4 (append)");
    assert_int_equal(try_undo(&s, 1, false), Q_FAILED);
    assert_string_equal(s.err.message, "cannot undo run 1: later runs touched 2 of its keys");
    undo(&s, 4); /* newest first */
    undo(&s, 3);
    assert_string_equal(picture(&s), before);
    undo(&s, 2);
    undo(&s, 1);
    star_expect(&s, "SELECT count(*) AS n FROM orders", "n\n0\n");
    star_close(&s);
}

static void versions_that_a_later_run_closed_or_opened_are_a_conflict_rule_18(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "people", "2024-01-01",
              PEOPLE "eva,Oslo,e@x,2024-01-01\nbob,Rome,b@x,2024-01-01\n");
    star_load(&s, "people", "2024-02-01", PEOPLE "eva,Oslo,e@x,2024-01-01\n"); /* bob ends */
    star_load(&s, "people", "2024-03-01",
              PEOPLE "eva,Oslo,e@x,2024-01-01\nbob,Rome,b@x,2024-03-01\n"); /* and returns */
    assert_int_equal(try_undo(&s, 2, false), Q_FAILED);
    assert_string_equal(s.err.detail, "{\"person\":\"bob\"} by run 3 (people)");
    star_close(&s);
}

static void a_member_that_facts_refer_to_does_not_go_rule_18(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "shops", "2024-01-01", SHOPS "a,A,x\n");
    star_load(&s, "append", "2024-01-02", ORDERS "1,x,a,eva,2024-01-02\n2,x,late,eva,2024-01-02\n");
    star_load(&s, "upsert", "2024-01-03", ORDERS "3,x,late,eva,2024-01-02\n");
    const char *before = picture(&s);
    assert_int_equal(try_undo(&s, 1, false), Q_FAILED);
    assert_string_equal(
        s.err.message,
        "cannot undo run 1: 1 rows of \"orders\" refer to members of \"dim_shops\" that would go");
    assert_string_equal(s.err.detail, "The first of them were written by run 2.");
    assert_int_equal(try_undo(&s, 2, false), Q_FAILED); /* the member that it inferred */
    assert_string_equal(
        s.err.message,
        "cannot undo run 2: 1 rows of \"orders\" refer to members of \"dim_shops\" that would go");
    assert_string_equal(s.err.detail, "The first of them were written by run 3.");
    assert_string_equal(picture(&s), before);
    undo(&s, 3);
    undo(&s, 2);
    assert_int_equal(undone.members, 1);
    undo(&s, 1);
    star_expect(&s, "SELECT count(*) AS n FROM dim_shops", "n\n2\n");
    star_close(&s);
}

static void an_inferred_member_that_was_completed_stays(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "append", "2024-01-02", ORDERS "2,x,late,eva,2024-01-02\n");
    star_load(&s, "shops", "2024-01-03", SHOPS "late,L,x\n");
    undo(&s, 1);
    assert_int_equal(undone.members, 0);
    star_expect(&s, "SELECT shop, name FROM dim_shops WHERE shop_key > 0", "shop,name\nlate,L\n");
    star_close(&s);
}

static void what_cannot_be_undone_is_said(void **state)
{
    (void)state;
    struct star s = open_star();
    star_load(&s, "allshops", "2024-01-01", SHOPS "a,A,x\n");
    assert_int_equal(star_try(&s, "allshops", "2024-01-02", SHOPS), Q_OK); /* held */
    static const struct {
        int64_t run_id;
        enum q_code code;
        const char *message;
    } cases[] = {
        {2, Q_FAILED,
         "cannot undo run 2: it is held, so it changed nothing and there is nothing to undo"},
        {1, Q_OK, ""},
        {1, Q_FAILED, "cannot undo run 1: it was undone already"},
        {3, Q_FAILED, "cannot undo run 3: it is an undo itself"},
        {9, Q_USAGE, "there is no run 9"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(try_undo(&s, cases[i].run_id, false), cases[i].code);
        assert_string_equal(s.err.message, cases[i].message);
    }
    star_close(&s);
}

static void set_kept(struct star *s, const char *undo_text)
{
    place_write(
        &s->place, "quern.yaml",
        q_printf(
            s->place.arena,
            "project: test\nenvironments:\n  dev: { warehouse: { type: duckdb, path: warehouse.duckdb, "
            "threads: 2 } }\ndefaults: { undo: %s }\n",
            undo_text));
    star_reopen(s);
}

static const char images[] =
    "SELECT _q_undo_run AS run, count(*) AS n FROM quern.before_dim_shops GROUP BY 1 ORDER BY 1";

static void what_a_run_changed_is_kept_for_some_days_rule_18(void **state)
{
    (void)state;
    struct star s = open_star();
    set_kept(&s, "{ days: 10 }");
    star_load(&s, "shops", "2024-01-01", SHOPS "a,A,x\n");
    star_load(&s, "shops", "2024-01-02", SHOPS "a,B,x\n");
    star_load(&s, "shops", "2024-01-12", SHOPS "a,C,x\n");
    star_expect(&s, images, "run,n\n2,1\n3,1\n"); /* not older than ten days */
    star_load(&s, "shops", "2024-01-12 00:00:01", SHOPS "a,D,x\n");
    star_expect(&s, images, "run,n\n3,1\n4,1\n");
    undo(&s, 4);
    undo(&s, 3);
    assert_int_equal(try_undo(&s, 2, false), Q_FAILED);
    assert_string_equal(s.err.message, "cannot undo run 2: what it changed is not kept any more");
    star_close(&s);
}

static void the_oldest_go_first_when_they_take_too_much_rule_18(void **state)
{
    (void)state;
    struct star s = open_star();
    set_kept(&s, "{ size: 400 }"); /* a row takes 10 columns of 16 bytes */
    star_load(&s, "shops", "2024-01-01", SHOPS "a,A,x\nb,A,x\nc,A,x\n");
    star_load(&s, "shops", "2024-01-02", SHOPS "a,B,x\n");
    star_load(&s, "shops", "2024-01-03", SHOPS "a,C,x\n");
    star_expect(&s, images, "run,n\n2,1\n3,1\n");
    star_load(&s, "shops", "2024-01-04", SHOPS "a,D,x\n");
    star_expect(&s, images, "run,n\n2,1\n3,1\n4,1\n"); /* what a run adds counts in the next one */
    star_load(&s, "shops", "2024-01-05", SHOPS "a,E,x\nb,E,x\nc,E,x\n");
    star_expect(&s, images, "run,n\n5,3\n"); /* the last run can always be undone */
    undo(&s, 5);
    star_expect(&s, "SELECT shop, name FROM dim_shops WHERE shop_key > 0 ORDER BY 1",
                "shop,name\na,D\nb,A\nc,A\n");
    star_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_run_changed_is_kept_for_some_days_rule_18),
        cmocka_unit_test(the_oldest_go_first_when_they_take_too_much_rule_18),
        cmocka_unit_test(what_a_run_changed_is_as_before_and_can_be_loaded_again_rule_18),
        cmocka_unit_test(a_first_load_is_undone_to_an_empty_table),
        cmocka_unit_test(a_key_that_a_later_run_touched_is_a_conflict_rule_18),
        cmocka_unit_test(versions_that_a_later_run_closed_or_opened_are_a_conflict_rule_18),
        cmocka_unit_test(a_member_that_facts_refer_to_does_not_go_rule_18),
        cmocka_unit_test(an_inferred_member_that_was_completed_stays),
        cmocka_unit_test(what_cannot_be_undone_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
