/* SPDX-License-Identifier: Apache-2.0 */
/* How many threads a run gets. */
#include "unit.h"

#include <unistd.h>

#include "run/internal.h"
#include "support/star.h"

static const struct star_file whole_machine[] = {
    {"quern.yaml", "project: test\n"
                   "environments:\n"
                   "  dev: { warehouse: { type: duckdb, path: warehouse.duckdb } }\n"}};

static struct plan *plan_of(struct star *s, int64_t first, int64_t second)
{
    struct plan *plan = q_new(s->place.arena, struct plan);
    plan->arena = s->place.arena;
    *q_vec_push(plan->arena, &plan->sources) = (struct plan_source){.name = "a", .bytes = first};
    *q_vec_push(plan->arena, &plan->sources) = (struct plan_source){.name = "b", .bytes = second};
    return plan;
}

static int64_t threads_for(struct star *s, int64_t first, int64_t second)
{
    struct q_err err = {0};
    int64_t n = 0;
    assert_int_equal(run_fit_threads(&s->session, plan_of(s, first, second), &err), Q_OK);
    assert_int_equal(
        db_get_ints(s->session.db, "SELECT current_setting('threads')", NULL, 0, &n, 1, 0, &err),
        Q_OK);
    return n;
}

static void small_sources_get_one_thread_and_large_ones_all_cores(void **state)
{
    (void)state;
    struct star s = star_open(whole_machine, 1);
    assert_int_equal(threads_for(&s, 1000, 2000), 1);
    assert_false(s.session.all_cores);
    int64_t all = threads_for(&s, 5000000, 5000000); /* together they are large */
    assert_true(s.session.all_cores);
    assert_true(all >= 1);
    assert_int_equal(threads_for(&s, 1000, 0), 1); /* the next pipeline is small again */
    assert_false(s.session.all_cores);
    star_close(&s);
}

static void a_large_warehouse_is_read_by_all_cores_though_the_batch_is_small(void **state)
{
    (void)state;
    struct star s = star_open(whole_machine, 1);
    place_write(&s.place, "warehouse.duckdb", "");
    assert_int_equal(truncate(place_path(&s.place, "warehouse.duckdb"), 600000000), 0); /* sparse */
    (void)threads_for(&s, 1000, 0);
    assert_true(s.session.all_cores);
    star_close(&s);
}

static void threads_of_the_user_stay(void **state)
{
    (void)state;
    struct star s = star_open(NULL, 0); /* threads: 2 */
    assert_int_equal(threads_for(&s, 1000, 0), 2);
    assert_int_equal(threads_for(&s, 100000000, 0), 2);
    star_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_sources_get_one_thread_and_large_ones_all_cores),
        cmocka_unit_test(a_large_warehouse_is_read_by_all_cores_though_the_batch_is_small),
        cmocka_unit_test(threads_of_the_user_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
