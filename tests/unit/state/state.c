/* SPDX-License-Identifier: Apache-2.0 */
/* The run lock, journals and the state tables. */
#include "state/state.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "support/place.h"
#include "unit.h"

/* A process that holds the lock until it is killed. */
static pid_t hold(const char *warehouse)
{
    int pipes[2];
    char c = 0;
    assert_int_equal(pipe(pipes), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct state_lock *lock;
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* when a test fails, nobody ends it */
        bool ok = !state_lock(q_arena_new(NULL, "child"), warehouse, 0, &lock, NULL);
        (void)!write(pipes[1], ok ? "y" : "n", 1);
        for (;;)
            (void)pause();
    }
    assert_int_equal(read(pipes[0], &c, 1), 1);
    assert_int_equal(c, 'y');
    (void)close(pipes[0]);
    (void)close(pipes[1]);
    return pid;
}

static void end(pid_t pid)
{
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void the_lock_names_its_holder_and_is_free_when_that_dies_rule_17(void **state)
{
    (void)state;
    struct place p = place_make();
    struct q_err err = {0};
    struct state_lock *lock;
    const char *warehouse = place_path(&p, "w.duckdb");
    assert_int_equal(state_lock(p.arena, warehouse, 0, &lock, &err), Q_OK);
    assert_int_equal(state_fence(lock), 1);
    state_unlock(lock);
    state_unlock(lock); /* once more is fine */
    pid_t pid = hold(warehouse);
    int64_t before = q_ticks();
    assert_int_equal(state_lock(p.arena, warehouse, 0, &lock, &err), Q_LOCKED);
    char who[64];
    (void)snprintf(who, sizeof who, "process %ld on ", (long)pid);
    assert_non_null(strstr(err.message, who));
    assert_non_null(strstr(err.message, warehouse));
    assert_non_null(strstr(err.detail, "It runs `"));
    assert_non_null(strstr(err.detail, "unit-state-state"));
    assert_non_null(strstr(err.detail, "Waited 0 s."));
    assert_int_equal(state_lock(p.arena, warehouse, 1, &lock, &err), Q_LOCKED);
    assert_true(q_ticks() - before >= Q_USEC_PER_SEC);
    end(pid);
    assert_int_equal(state_lock(p.arena, warehouse, 0, &lock, &err), Q_OK);
    assert_int_equal(state_fence(lock), 3); /* ours, the dead one's, ours */
    place_drop(&p);
}

static void a_lock_is_given_back_with_its_arena(void **state)
{
    (void)state;
    struct place p = place_make();
    struct q_err err = {0};
    struct state_lock *lock;
    const char *warehouse = place_path(&p, "w.duckdb");
    struct q_arena *run = q_arena_new(p.arena, "run");
    assert_int_equal(state_lock(run, warehouse, 0, &lock, &err), Q_OK);
    assert_int_equal(state_lock(p.arena, warehouse, 0, &lock, &err), Q_LOCKED);
    q_arena_free(run);
    assert_int_equal(state_lock(p.arena, warehouse, 0, &lock, &err), Q_OK);
    place_drop(&p);
}

static void a_lock_that_cannot_be_made_says_why(void **state)
{
    (void)state;
    struct place p = place_make();
    struct q_err err = {0};
    struct state_lock *lock;
    assert_int_equal(state_lock(p.arena, place_path(&p, "none/w.duckdb"), 0, &lock, &err),
                     Q_TARGET);
    assert_non_null(strstr(err.message, "none/w.duckdb.lock\": No such file or directory"));
    place_write(&p, "w.duckdb.lock", "this is not what we wrote"); /* then it is the first one */
    assert_int_equal(state_lock(p.arena, place_path(&p, "w.duckdb"), 0, &lock, &err), Q_OK);
    assert_int_equal(state_fence(lock), 1);
    place_drop(&p);
}

/* In place and never shorter: there is no moment in which a crash loses the fence. */
static void a_lock_is_written_over_what_the_last_holder_wrote(void **state)
{
    (void)state;
    struct place p = place_make();
    struct q_err err = {0};
    struct state_lock *lock;
    struct q_json *j;
    const char *before =
        q_printf(p.arena, "{\"fence\":41,\"pid\":1,\"host\":\"h\",\"command\":\"%0700d\"}", 7);
    place_write(&p, "w.duckdb.lock", before);
    assert_int_equal(state_lock(p.arena, place_path(&p, "w.duckdb"), 0, &lock, &err), Q_OK);
    assert_int_equal(state_fence(lock), 42);
    const char *after = place_read(&p, "w.duckdb.lock");
    assert_int_equal(strlen(after), strlen(before));
    assert_int_equal(q_json_parse(p.arena, q_str(after), "lock", &j, &err), Q_OK);
    assert_int_equal(q_json_int(q_json_get(j, "fence"), 0), 42);
    assert_int_equal(q_json_int(q_json_get(j, "pid"), 0), getpid());
    place_drop(&p);
}

static void journals_are_read_back_by_run_and_removed(void **state)
{
    (void)state;
    struct place p = place_make();
    struct q_err err = {0};
    state_journals found = {0};
    assert_int_equal(state_journals_read(p.arena, p.dir, &found, &err), Q_OK);
    assert_int_equal(found.n, 0);
    struct state_journal j[] = {
        {.run_id = 10, .started_at = 5, .pid = 77, .pipeline = "sales", .target = "sales_fact"},
        {.run_id = 9, .started_at = 4, .pid = 77, .pipeline = "stores"}};
    assert_int_equal(state_journal_write(p.arena, p.dir, &j[0], &err), Q_OK);
    assert_int_equal(state_journal_write(p.arena, p.dir, &j[1], &err), Q_OK);
    assert_string_equal(j[0].path, place_path(&p, ".quern/runs/10.json"));
    place_write(&p, ".quern/runs/8.json", "{ cut"); /* not ours, or cut: left alone */
    assert_int_equal(state_journals_read(p.arena, p.dir, &found, &err), Q_OK);
    assert_int_equal(found.n, 2);
    assert_int_equal(found.v[0].run_id, 9); /* by number, not by name */
    assert_null(found.v[0].target);
    assert_int_equal(found.v[1].started_at, 5);
    assert_int_equal(found.v[1].pid, 77);
    assert_string_equal(found.v[1].pipeline, "sales");
    assert_string_equal(found.v[1].target, "sales_fact");
    state_journal_remove(&found.v[1]);
    assert_false(q_file_exists(j[0].path));
    state_journal_remove(&found.v[1]);
    struct state_journal never = {.run_id = 1};
    state_journal_remove(&never);
    place_write(&p, "file", "x");
    assert_int_equal(state_journal_write(p.arena, place_path(&p, "file"), &j[0], &err), Q_NOSPACE);
    place_drop(&p);
}

struct warehouse {
    struct place place;
    struct db_conn *conn;
    struct state_lock *lock;
    const char *path;
};

static struct warehouse warehouse_open(void)
{
    struct warehouse w = {.place = place_make()};
    struct db_settings settings = {.threads = 1};
    struct q_err err = {0};
    struct q_arena *arena = q_arena_new(w.place.arena, "engine");
    struct db *db;
    w.path = place_path(&w.place, "w.duckdb");
    if (db_open(arena, &settings, &db, &err) || db_connect(db, arena, &w.conn, &err) ||
        db_attach(w.conn, w.path, "wh", false, &err) || state_lock(arena, w.path, 0, &w.lock, &err))
        fail_msg("%s", err.message);
    return w;
}

static void write_meta(struct warehouse *w, const char *key, const char *value)
{
    struct q_err err = {0};
    if (state_meta_set(w->conn, key, value, &err))
        fail_msg("%s", err.message);
}

static void an_empty_warehouse_has_no_state_and_run_1_is_next(void **state)
{
    (void)state;
    struct warehouse w = warehouse_open();
    struct q_err err = {0};
    const char *value = "?";
    int64_t next = 0;
    bool known = true;
    assert_false(state_exists(w.conn));
    assert_int_equal(state_next_run(w.conn, &next, &err), Q_OK);
    assert_int_equal(next, 1);
    assert_int_equal(state_has_run(w.conn, 1, &known, &err), Q_OK);
    assert_false(known);
    assert_int_equal(state_meta_get(w.conn, w.place.arena, "format", &value, &err), Q_OK);
    assert_null(value);
    assert_int_equal(state_check_format(w.conn, &err), Q_OK);
    place_drop(&w.place);
}

static void runs_and_meta_are_kept(void **state)
{
    (void)state;
    struct warehouse w = warehouse_open();
    struct q_err err = {0};
    const char *value = NULL;
    int64_t next = 0, n[4];
    bool known = false;
    assert_int_equal(state_open_for_write(w.conn, w.lock, &err), Q_OK);
    assert_int_equal(state_open_for_write(w.conn, w.lock, &err), Q_OK); /* again changes nothing */
    assert_true(state_exists(w.conn));
    struct state_run run = {.run_id = 7,
                            .pipeline = "sales",
                            .status = "published",
                            .seconds = 1.5,
                            .read = 10,
                            .loaded = 6,
                            .inserted = 1,
                            .updated = 2,
                            .unchanged = 3,
                            .rejected = 4,
                            .started_at = 1,
                            .finished_at = 2,
                            .clock = 3};
    if (state_insert_run(w.conn, &run, &err))
        fail_msg("%s", err.message);
    assert_int_equal(state_next_run(w.conn, &next, &err), Q_OK);
    assert_int_equal(next, 8);
    assert_int_equal(state_has_run(w.conn, 7, &known, &err), Q_OK);
    assert_true(known);
    assert_int_equal(state_has_run(w.conn, 8, &known, &err), Q_OK);
    assert_false(known);
    assert_int_equal(
        db_get_ints(w.conn,
                    "SELECT read, loaded, rejected, (target IS NULL)::INT FROM wh.quern.runs", NULL,
                    0, n, 4, -1, &err),
        Q_OK);
    assert_int_equal(n[0] * 1000 + n[1] * 100 + n[2] * 10 + n[3], 10641);
    write_meta(&w, "key", "it's one");
    write_meta(&w, "key", "it's another");
    assert_int_equal(state_meta_get(w.conn, w.place.arena, "key", &value, &err), Q_OK);
    assert_string_equal(value, "it's another");
    place_drop(&w.place);
}

static void a_warehouse_of_a_newer_format_is_refused(void **state)
{
    (void)state;
    struct warehouse w = warehouse_open();
    struct q_err err = {0};
    assert_int_equal(state_open_for_write(w.conn, w.lock, &err), Q_OK);
    write_meta(&w, "format", "2");
    assert_int_equal(state_check_format(w.conn, &err), Q_TARGET);
    assert_string_equal(
        err.message,
        "cannot use this warehouse: its format 2 is newer than 1, which this version knows");
    assert_int_equal(state_open_for_write(w.conn, w.lock, &err), Q_TARGET);
    place_drop(&w.place);
}

static void a_holder_that_was_overtaken_cannot_write(void **state)
{
    (void)state;
    struct warehouse w = warehouse_open();
    struct q_err err = {0};
    struct state_lock *other;
    assert_int_equal(state_open_for_write(w.conn, w.lock, &err), Q_OK);
    /* somebody removed the lock file by hand, and another run took a new one */
    assert_int_equal(unlink(q_printf(w.place.arena, "%s.lock", w.path)), 0);
    assert_int_equal(state_open_for_write(w.conn, w.lock, &err), Q_LOCKED);
    assert_int_equal(state_lock(w.place.arena, w.path, 0, &other, &err), Q_OK);
    assert_int_equal(state_open_for_write(w.conn, w.lock, &err), Q_LOCKED);
    assert_non_null(strstr(err.message, "could not write: another run took the lock over"));
    assert_int_equal(state_open_for_write(w.conn, other, &err), Q_OK);
    place_drop(&w.place);
}

/* Broke: a warehouse that was copied without its lock file refused every run. */
static void a_lost_lock_file_does_not_lock_the_warehouse_out(void **state)
{
    (void)state;
    struct warehouse w = warehouse_open();
    struct q_err err = {0};
    struct state_lock *lock;
    const char *fence = NULL;
    assert_int_equal(state_open_for_write(w.conn, w.lock, &err), Q_OK);
    write_meta(&w, "fence", "57");
    state_unlock(w.lock);
    assert_int_equal(unlink(q_printf(w.place.arena, "%s.lock", w.path)), 0);
    assert_int_equal(state_lock(w.place.arena, w.path, 0, &lock, &err), Q_OK);
    assert_int_equal(state_fence(lock), 1);
    if (state_open_for_write(w.conn, lock, &err))
        fail_msg("%s", err.message);
    assert_int_equal(state_fence(lock), 58); /* above all before it */
    assert_int_equal(state_meta_get(w.conn, w.place.arena, "fence", &fence, &err), Q_OK);
    assert_string_equal(fence, "58");
    state_unlock(lock);
    assert_int_equal(state_lock(w.place.arena, w.path, 0, &lock, &err), Q_OK);
    assert_int_equal(state_fence(lock), 59);
    place_drop(&w.place);
}

static void a_run_goes_from_status_to_status_as_the_picture_in_the_header_says(void **state)
{
    static const struct {
        enum state_status from, to;
    } allowed[] = {{STATE_NONE, STATE_PUBLISHED},  {STATE_NONE, STATE_ABORTED},
                   {STATE_NONE, STATE_FAILED},     {STATE_NONE, STATE_HELD},
                   {STATE_HELD, STATE_PUBLISHED},  {STATE_HELD, STATE_DROPPED},
                   {STATE_PUBLISHED, STATE_UNDONE}};
    (void)state;
    for (int from = 0; from <= STATE_STATUSES; from++)
        for (int to = 0; to <= STATE_STATUSES; to++) {
            bool may = false;
            for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
                may = may || ((int)allowed[i].from == from && (int)allowed[i].to == to);
            assert_int_equal(state_status_may((enum state_status)from, (enum state_status)to), may);
        }
    for (int s = 0; s < STATE_STATUSES; s++)
        assert_int_equal(state_status_of(state_status_name((enum state_status)s)), s);
    assert_int_equal(state_status_of("unheard of"), STATE_STATUSES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_lock_names_its_holder_and_is_free_when_that_dies_rule_17),
        cmocka_unit_test(a_lock_is_given_back_with_its_arena),
        cmocka_unit_test(a_lock_is_written_over_what_the_last_holder_wrote),
        cmocka_unit_test(a_lock_that_cannot_be_made_says_why),
        cmocka_unit_test(journals_are_read_back_by_run_and_removed),
        cmocka_unit_test(an_empty_warehouse_has_no_state_and_run_1_is_next),
        cmocka_unit_test(runs_and_meta_are_kept),
        cmocka_unit_test(a_warehouse_of_a_newer_format_is_refused),
        cmocka_unit_test(a_holder_that_was_overtaken_cannot_write),
        cmocka_unit_test(a_run_goes_from_status_to_status_as_the_picture_in_the_header_says),
        cmocka_unit_test(a_lost_lock_file_does_not_lock_the_warehouse_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
