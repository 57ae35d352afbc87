/* SPDX-License-Identifier: Apache-2.0 */
/* Statements, errors, limits, files, sources and cancelling, in the real engine. */
#include "unit.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/db.h"
#include "sql/build.h"
#include "support/place.h"

struct engine {
    struct place place;
    struct db *db;
    struct db_conn *conn;
};

static struct engine engine_with(const struct db_settings *settings)
{
    struct engine e = {.place = place_make()};
    struct db_settings plain = {.threads = 2};
    struct q_err err = {0};
    struct q_arena *arena = q_arena_new(e.place.arena, "engine");
    if (db_open(arena, settings ? settings : &plain, &e.db, &err) ||
        db_connect(e.db, arena, &e.conn, &err))
        fail_msg("%s", err.message);
    return e;
}

static void engine_close(struct engine *e)
{
    place_drop(&e->place);
}

static void run(struct engine *e, const char *sql)
{
    struct q_err err = {0};
    if (db_exec(e->conn, sql, NULL, 0, NULL, &err))
        fail_msg("%s", err.message);
}

static int64_t number(struct engine *e, const char *sql)
{
    struct q_err err = {0};
    int64_t n = -1;
    if (db_get_ints(e->conn, sql, NULL, 0, &n, 1, -1, &err))
        fail_msg("%s", err.message);
    return n;
}

static void parameters_go_by_name_or_by_position_and_unused_names_are_ignored(void **state)
{
    (void)state;
    struct engine e = engine_with(NULL);
    struct q_err err = {0};
    int64_t n[2];
    struct db_param named[] = {db_int("b", 2), db_int("unused", 9), db_int("a", 1)};
    assert_int_equal(db_get_ints(e.conn, "SELECT $a, $b", named, 3, n, 2, -1, &err), Q_OK);
    assert_int_equal(n[0] * 10 + n[1], 12);
    struct db_param placed[] = {db_int(NULL, 3), db_int(NULL, 4)};
    assert_int_equal(db_get_ints(e.conn, "SELECT $2, $1", placed, 2, n, 2, -1, &err), Q_OK);
    assert_int_equal(n[0] * 10 + n[1], 43);
    assert_int_equal(db_get_ints(e.conn, "SELECT $1", placed, 2, n, 1, -1, &err), Q_SQL);
    assert_int_equal(db_get_ints(e.conn, "SELECT $a, $missing", named, 3, n, 2, -1, &err), Q_SQL);
    assert_non_null(strstr(err.message, "missing"));
    engine_close(&e);
}

static void several_statements_run_one_after_another_and_the_last_one_counts(void **state)
{
    (void)state;
    struct engine e = engine_with(NULL);
    struct q_err err = {0};
    int64_t changed = -1;
    const char *sql =
        "CREATE TABLE t AS SELECT range AS i FROM range(10); DELETE FROM t WHERE i < 3;\n"
        "UPDATE t SET i = i + 1 WHERE i > 7;";
    assert_int_equal(db_exec(e.conn, sql, NULL, 0, &changed, &err), Q_OK);
    assert_int_equal(changed, 2);
    assert_int_equal(number(&e, "SELECT count(*) FROM t"), 7);
    struct db_param p = db_int("i", 9);
    assert_int_equal(db_exec(e.conn, "DELETE FROM t WHERE i = $i", &p, 1, &changed, &err), Q_OK);
    assert_int_equal(changed, 1);
    /* what stands before the wrong one is done */
    assert_int_equal(
        db_exec(e.conn, "DELETE FROM t; SELECT wrong; DROP TABLE t", NULL, 0, &changed, &err),
        Q_SQL);
    assert_int_equal(number(&e, "SELECT count(*) FROM t"), 0);
    assert_int_equal(db_exec(e.conn, "", NULL, 0, &changed, &err), Q_OK);
    assert_int_equal(changed, 0);
    engine_close(&e);
}

static void an_error_has_a_code_a_first_line_and_a_detail(void **state)
{
    (void)state;
    static const struct {
        const char *sql;
        enum q_code code;
        const char *message, *detail;
    } cases[] = {
        {"SELEC 1", Q_SQL, "cannot run the SQL: syntax error at or near \"SELEC\"",
         "LINE 1: SELEC 1"},
        {"SELECT * FROM nowhere", Q_SQL,
         "cannot run the SQL: Table with name nowhere does not exist", "LINE 1:"},
        {"SELECT 1 +", Q_SQL, "cannot run the SQL: syntax error at end of input", ""},
        {"SELECT 'x'::INTEGER", Q_SQL, "cannot run the SQL: Could not convert string 'x' to INT32",
         "LINE 1:"},
        /* words of other errors in what a user wrote */
        {"SELECT * FROM INTERRUPTIONS", Q_SQL,
         "cannot run the SQL: Table with name INTERRUPTIONS does not exist", ""},
        {"SELECT error('No space left on device')", Q_SQL,
         "cannot run the SQL: No space left on device", ""},
        {"SELECT error('Out of Memory Error')", Q_SQL, "cannot run the SQL: Out of Memory Error",
         ""},
        {"SELECT 'Could not set lock on file'::INTEGER", Q_SQL,
         "cannot run the SQL: Could not convert string 'Could not set lock on file' to INT32", ""},
        {"SELECT * FROM read_csv('/nowhere/x.csv')", Q_TARGET,
         "the engine says: No files found that match the pattern \"/nowhere/x.csv\"", ""},
        {"ATTACH '/nowhere/x.db' AS x", Q_TARGET,
         "the engine says: Cannot open file \"/nowhere/x.db\"", ""},
    };
    struct engine e = engine_with(NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct q_err err = {0};
        struct db_result *r;
        enum q_code code = db_exec(e.conn, cases[i].sql, NULL, 0, NULL, &err);
        if (code != cases[i].code ||
            strncmp(err.message, cases[i].message, strlen(cases[i].message)) != 0 ||
            !strstr(err.detail, cases[i].detail))
            fail_msg("case %zu: %s: %s\n%s", i, q_code_name(code), err.message, err.detail);
        assert_null(strchr(err.message, '\n'));
        code = db_query(e.conn, cases[i].sql, NULL, 0, &r, &err);
        if (!code) { /* the first rows are already streaming */
            const struct batch *b;
            code = db_next(r, &b, &err);
            db_close(r);
        }
        assert_int_equal(code, cases[i].code);
    }
    assert_int_equal(number(&e, "SELECT 1"), 1); /* the connection is good still */
    engine_close(&e);
}

static void an_error_in_the_middle_of_a_stream_comes_with_the_batch(void **state)
{
    (void)state;
    struct engine e = engine_with(NULL);
    struct q_err err = {0};
    struct db_result *r;
    const struct batch *b;
    const char *sql =
        "SELECT CASE WHEN range = 900000 THEN error('at 900000') ELSE range END FROM range(1000000)";
    enum q_code code = db_query(e.conn, sql, NULL, 0, &r, &err);
    while (!code && !(code = db_next(r, &b, &err)) && b)
        ;
    assert_int_equal(code, Q_SQL);
    assert_string_equal(err.message, "cannot run the SQL: at 900000");
    db_close(r);
    engine_close(&e);
}

static void a_transaction_is_committed_or_leaves_nothing(void **state)
{
    (void)state;
    struct engine e = engine_with(NULL);
    struct q_err err = {0};
    run(&e, "CREATE TABLE t (i BIGINT)");
    assert_int_equal(db_begin(e.conn, &err), Q_OK);
    run(&e, "INSERT INTO t VALUES (1)");
    db_rollback(e.conn);
    db_rollback(e.conn); /* nothing to undo */
    assert_int_equal(number(&e, "SELECT count(*) FROM t"), 0);
    assert_int_equal(db_begin(e.conn, &err), Q_OK);
    run(&e, "INSERT INTO t VALUES (1)");
    assert_int_equal(db_commit(e.conn, &err), Q_OK);
    assert_int_equal(number(&e, "SELECT count(*) FROM t"), 1);
    assert_int_equal(db_commit(e.conn, &err), Q_SQL); /* there is none */
    engine_close(&e);
}

static void a_file_is_attached_for_reading_or_writing_and_detached(void **state)
{
    (void)state;
    struct engine e = engine_with(NULL);
    struct q_err err = {0};
    const char *path = place_path(&e.place, "it's a \"file\".duckdb");
    assert_int_equal(db_attach(e.conn, path, "wh", true, &err), Q_TARGET); /* there is none */
    assert_int_equal(db_attach(e.conn, path, "wh", false, &err), Q_OK);
    run(&e, "CREATE TABLE wh.t AS SELECT 7 AS i");
    assert_int_equal(db_detach(e.conn, "wh", &err), Q_OK);
    assert_int_equal(db_attach(e.conn, path, "wh", true, &err), Q_OK);
    assert_int_equal(number(&e, "SELECT i FROM wh.t"), 7);
    assert_int_equal(db_exec(e.conn, "DELETE FROM wh.t", NULL, 0, NULL, &err), Q_SQL);
    assert_int_equal(db_attach(e.conn, path, "wh", true, &err), Q_TARGET); /* the name is taken */
    assert_string_equal(err.context[0], q_printf(e.place.arena, "opening \"%s\"", path));
    assert_int_equal(db_detach(e.conn, "wh", &err), Q_OK);
    assert_int_equal(db_detach(e.conn, "wh", &err), Q_SQL);
    const char *text = place_write(&e.place, "text.duckdb", "this is no database, but a text\n");
    assert_int_equal(db_attach(e.conn, text, "x", true, &err), Q_TARGET);
    assert_int_equal(db_attach(e.conn, e.place.dir, "x", false, &err), Q_TARGET);
    assert_int_equal(db_attach(e.conn, q_printf(e.place.arena, "%s/below", text), "x", false, &err),
                     Q_TARGET);
    engine_close(&e);
}

/* The engine does not attach a file under a format that is older than the file's own. */
static bool attaches_as(struct engine *e, const char *path, const char *format)
{
    struct q_err ignored = {0};
    const char *sql = sql_make(e->place.arena, "ATTACH %L AS probe (READ_ONLY, STORAGE_VERSION %L)",
                               path, format);
    if (db_exec(e->conn, sql, NULL, 0, NULL, &ignored))
        return false;
    run(e, "DETACH probe");
    return true;
}

static void a_new_file_gets_a_newer_format_and_an_old_one_keeps_its_own(void **state)
{
    (void)state;
    struct engine e = engine_with(NULL);
    struct q_err err = {0};
    const char *made = place_path(&e.place, "made.duckdb"), *old = place_path(&e.place, "o.duckdb");
    assert_int_equal(db_attach(e.conn, made, "wh", false, &err), Q_OK);
    run(&e, "CREATE TABLE wh.t AS SELECT 7 AS i");
    assert_int_equal(db_detach(e.conn, "wh", &err), Q_OK);
    assert_true(attaches_as(&e, made, "v1.3.0"));
    assert_false(attaches_as(&e, made, "v1.2.0"));
    run(&e, sql_make(e.place.arena, "ATTACH %L AS wh (STORAGE_VERSION 'v1.0.0')", old));
    run(&e, "CREATE TABLE wh.t AS SELECT 7 AS i");
    run(&e, "DETACH wh");
    assert_int_equal(db_attach(e.conn, old, "wh", false, &err), Q_OK);
    run(&e, "INSERT INTO wh.t VALUES (8)");
    assert_int_equal(db_detach(e.conn, "wh", &err), Q_OK);
    assert_true(attaches_as(&e, old, "v1.0.0"));
    engine_close(&e);
}

/* A commit clears a block for each column that it touches: with blocks of 256 KB that was a tenth of a daily run. */
static void a_new_file_has_small_blocks_and_an_old_one_keeps_its_own(void **state)
{
    (void)state;
    static const char block[] =
        "SELECT block_size FROM pragma_database_size() WHERE database_name = 'wh'";
    struct engine e = engine_with(NULL);
    struct q_err err = {0};
    const char *made = place_path(&e.place, "made.duckdb"), *old = place_path(&e.place, "o.duckdb");
    assert_int_equal(db_attach(e.conn, made, "wh", false, &err), Q_OK);
    assert_int_equal(number(&e, block), 65536);
    run(&e, "CREATE TABLE wh.t AS SELECT 7 AS i");
    assert_int_equal(db_detach(e.conn, "wh", &err), Q_OK);
    run(&e, sql_make(e.place.arena, "ATTACH %L AS wh (BLOCK_SIZE 262144)", old));
    run(&e, "CREATE TABLE wh.t AS SELECT 7 AS i");
    run(&e, "DETACH wh");
    assert_int_equal(db_attach(e.conn, old, "wh", false, &err), Q_OK);
    assert_int_equal(number(&e, block), 262144);
    run(&e, "INSERT INTO wh.t VALUES (8)");
    assert_int_equal(db_detach(e.conn, "wh", &err), Q_OK);
    engine_close(&e);
}

static enum q_code note_right(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    bool *right = arg;
    struct q_arena *scratch = q_arena_new(NULL, "plan");
    (void)err;
    *right = strstr(db_cell_text(scratch, b, 1, row), "\"RIGHT\"") != NULL;
    q_arena_free(scratch);
    return Q_OK;
}

/* Whether the plan makes a hash table of the left side, so that it becomes a right join. */
static bool hashes_left(struct engine *e)
{
    struct q_err err = {0};
    bool right = false;
    if (db_each(e->conn,
                "EXPLAIN (FORMAT json) SELECT many.i FROM few LEFT JOIN many ON few.i = many.i",
                NULL, 0, note_right, &right, &err))
        fail_msg("%s", err.message);
    return right;
}

static void joins_hash_the_side_named_second_when_the_engine_does_not_choose(void **state)
{
    (void)state;
    for (int quick = 0; quick < 2; quick++) {
        struct db_settings settings = {.threads = 1, .quick_plans = quick};
        struct engine e = engine_with(&settings);
        struct q_err err = {0};
        run(&e,
            "CREATE TABLE few AS SELECT i FROM range(10) AS r(i); CREATE TABLE many AS SELECT i FROM "
            "range(100000) AS r(i)");
        assert_true(hashes_left(&e));
        assert_int_equal(db_set_choosing(e.conn, false, &err), Q_OK);
        assert_false(hashes_left(&e));
        assert_int_equal(db_set_choosing(e.conn, true, &err), Q_OK);
        assert_true(hashes_left(&e));
        engine_close(&e);
    }
}

/* The row groups of the file's table after so many commits of a row each. */
static int64_t groups_after(struct engine *e, const char *path, int commits, bool merging)
{
    struct q_err err = {0};
    int64_t groups;
    for (int i = 0; i < commits; i++) {
        assert_int_equal(db_attach(e->conn, path, "wh", false, &err), Q_OK);
        assert_int_equal(db_set_merging(e->conn, merging, &err), Q_OK);
        run(e, "CREATE TABLE IF NOT EXISTS wh.t (i INT); INSERT INTO wh.t VALUES (7)");
        assert_int_equal(db_detach(e->conn, "wh", &err), Q_OK);
    }
    assert_int_equal(db_attach(e->conn, path, "wh", true, &err), Q_OK);
    assert_int_equal(
        db_get_ints(e->conn, "SELECT count(DISTINCT row_group_id) FROM pragma_storage_info('wh.t')",
                    NULL, 0, &groups, 1, 0, &err),
        Q_OK);
    assert_int_equal(db_detach(e->conn, "wh", &err), Q_OK);
    return groups;
}

static void small_row_groups_are_merged_when_it_is_wanted(void **state)
{
    (void)state;
    struct engine e = engine_with(NULL);
    const char *path = place_path(&e.place, "grown.duckdb");
    assert_int_equal(groups_after(&e, path, 4, false), 4);
    assert_int_equal(groups_after(&e, path, 1, true), 1);
    engine_close(&e);
}

static void a_table_is_found_by_its_name_and_a_view_is_none(void **state)
{
    (void)state;
    struct engine e = engine_with(NULL);
    run(&e, "CREATE SCHEMA s; CREATE TABLE s.\"it's\" (i INT); CREATE VIEW s.v AS SELECT 1 AS i");
    assert_true(db_has_table(e.conn, "memory", "s", "it's"));
    assert_false(db_has_table(e.conn, "memory", "s", "v"));
    assert_false(db_has_table(e.conn, "memory", "s", "none"));
    assert_false(db_has_table(e.conn, "memory", "none", "it's"));
    assert_false(db_has_table(e.conn, "none", "s", "it's"));
    struct q_err err = {0};
    struct q_schema columns = {0};
    bool found;
    assert_int_equal(
        db_find_table(e.conn, "memory", "s", "v", e.place.arena, &found, &columns, &err), Q_OK);
    assert_false(found);
    run(&e, "CREATE TABLE s.types (a DECIMAL(12,2), \"B c\" JSON, c TIMESTAMPTZ, d INT[])");
    assert_int_equal(
        db_find_table(e.conn, "memory", "s", "types", e.place.arena, &found, &columns, &err), Q_OK);
    assert_true(found);
    assert_int_equal(columns.n, 4);
    assert_true(q_type_eq(columns.v[0].type, Q_DECIMAL(12, 2)));
    assert_string_equal(columns.v[1].name, "B c");
    assert_int_equal(columns.v[1].type.id, Q_T_JSON);
    assert_int_equal(columns.v[2].type.id, Q_T_TIMESTAMPTZ);
    assert_int_equal(columns.v[3].type.id, Q_T_OTHER);
    assert_int_equal(db_begin(e.conn, &err), Q_OK); /* asking does not end a transaction */
    run(&e, "CREATE TABLE s.inside (i INT)");
    assert_true(db_has_table(e.conn, "memory", "s", "inside"));
    assert_false(db_has_table(e.conn, "memory", "s", "outside"));
    db_rollback(e.conn);
    assert_false(db_has_table(e.conn, "memory", "s", "inside"));
    engine_close(&e);
}

static void threads_are_set_while_the_engine_runs(void **state)
{
    (void)state;
    struct engine e = engine_with(NULL);
    struct q_err err = {0};
    const char *threads = "SELECT current_setting('threads')";
    int64_t all = number(&e, threads);
    assert_int_equal(db_set_threads(e.conn, 1, &err), Q_OK);
    assert_int_equal(number(&e, threads), 1);
    assert_int_equal(db_set_threads(e.conn, 3, &err), Q_OK);
    assert_int_equal(number(&e, threads), 3);
    assert_int_equal(db_set_threads(e.conn, 0, &err), Q_OK);
    assert_int_equal(number(&e, threads), all);
    engine_close(&e);
}

/* Opens an engine, commits a table to the file, and abandons the engine with the file open or detached. */
static void write_and_abandon(const char *path, bool detach)
{
    struct q_arena *arena = q_arena_new(NULL, "abandoned");
    struct engine e = {0};
    struct db_settings settings = {.threads = 1};
    struct q_err err = {0};
    assert_int_equal(db_open(arena, &settings, &e.db, &err), Q_OK);
    assert_int_equal(db_connect(e.db, arena, &e.conn, &err), Q_OK);
    assert_int_equal(db_attach(e.conn, path, "wh", false, &err), Q_OK);
    assert_int_equal(db_begin(e.conn, &err), Q_OK);
    run(&e, "CREATE TABLE wh.t AS SELECT 7 AS i");
    assert_int_equal(db_commit(e.conn, &err), Q_OK);
    assert_false(q_file_exists(q_printf(arena, "%s.wal", path))); /* nothing is left in a log */
    if (detach)
        assert_int_equal(db_detach(e.conn, "wh", &err), Q_OK);
    db_abandon(e.db);
    q_arena_free(arena);
}

static void what_was_committed_is_in_the_file_though_the_engine_is_abandoned(void **state)
{
    (void)state;
    struct engine e = engine_with(NULL);
    struct q_err err = {0};
    for (int detach = 0; detach <= 1; detach++) {
        const char *path = place_path(&e.place, detach ? "detached.duckdb" : "open.duckdb");
        write_and_abandon(path, detach == 1);
        assert_int_equal(db_attach(e.conn, path, "wh", true, &err), Q_OK); /* nobody has it open */
        assert_int_equal(number(&e, "SELECT i FROM wh.t"), 7);
        assert_int_equal(db_detach(e.conn, "wh", &err), Q_OK);
    }
    engine_close(&e);
}

static void a_database_file_opens_itself_too(void **state)
{
    (void)state;
    struct place p = place_make();
    struct q_err err = {0};
    struct db_settings settings = {.path = place_path(&p, "a.duckdb"), .read_only = true};
    struct db *db;
    struct db_conn *conn;
    struct q_arena *arena = q_arena_new(p.arena, "engine");
    assert_int_equal(db_open(arena, &settings, &db, &err), Q_TARGET);
    assert_non_null(strstr(err.message, q_printf(p.arena, "could not open \"%s\"", settings.path)));
    settings.read_only = false;
    assert_int_equal(db_open(arena, &settings, &db, &err), Q_OK);
    assert_int_equal(db_connect(db, arena, &conn, &err), Q_OK);
    assert_int_equal(db_exec(conn, "CREATE TABLE t AS SELECT 1 AS i", NULL, 0, NULL, &err), Q_OK);
    assert_string_equal(db_version(), "v1.5.6");
    place_drop(&p);
}

/* A process that has the file open until it is killed. */
static pid_t hold(const char *path)
{
    int pipes[2];
    char c;
    assert_int_equal(pipe(pipes), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct db_settings settings = {.path = path, .threads = 1};
        struct db *db;
        bool ok = !db_open(q_arena_new(NULL, "child"), &settings, &db, NULL);
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

static void a_file_that_another_process_has_open_is_locked(void **state)
{
    (void)state;
    struct place p = place_make();
    const char *path = place_path(&p, "held.duckdb");
    pid_t pid = hold(path); /* before this process has an engine with threads */
    struct engine e = engine_with(NULL);
    struct q_err err = {0};
    struct db *db;
    assert_int_equal(db_attach(e.conn, path, "wh", false, &err), Q_LOCKED);
    assert_int_equal(err.code, Q_LOCKED);
    assert_true(err.hint[0] != 0);
    assert_int_equal(db_attach(e.conn, path, "wh", true, &err), Q_LOCKED);
    struct db_settings settings = {.path = path};
    assert_int_equal(db_open(q_arena_new(p.arena, "x"), &settings, &db, &err), Q_LOCKED);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(db_attach(e.conn, path, "wh", false, &err), Q_OK);
    engine_close(&e);
    place_drop(&p);
}

static void more_memory_than_the_limit_is_an_ordinary_error(void **state)
{
    (void)state;
    struct db_settings settings = {.memory_limit = 400000000, .threads = 2};
    struct engine e = engine_with(&settings);
    struct q_err err = {0};
    enum q_code code = db_exec(
        e.conn, "CREATE TABLE t AS SELECT md5(range::VARCHAR) || range AS t FROM range(20000000)",
        NULL, 0, NULL, &err);
    assert_int_equal(code, Q_NOMEM);
    assert_int_equal(number(&e, "SELECT 1"), 1);
    engine_close(&e);
}

static int64_t peak_kb(void)
{
    FILE *f = fopen("/proc/self/status", "r");
    char line[256];
    int64_t kb = 0;
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "VmRSS: %" SCNd64, &kb) == 1)
            break;
    if (f)
        (void)fclose(f);
    return kb;
}

static void a_large_result_streams_in_bounded_memory(void **state)
{
    (void)state;
    struct engine e = engine_with(NULL);
    struct q_err err = {0};
    struct db_result *r;
    const struct batch *b;
    int64_t rows = 0, bytes = 0, most = 0, before = peak_kb();
    const char *sql =
        "SELECT repeat('x', 100) || range AS t, range AS n FROM range(5000000)"; /* 0.6 GB */
    assert_int_equal(db_query(e.conn, sql, NULL, 0, &r, &err), Q_OK);
    while (!db_next(r, &b, &err) && b) {
        rows += (int64_t)b->rows;
        bytes += (int64_t)(batch_text_at(&b->cols[0], 0).n * b->rows);
        if (rows % (BATCH_ROWS * 200) == 0 && peak_kb() > most)
            most = peak_kb();
    }
    assert_int_equal(rows, 5000000);
    assert_true(bytes > 500000000);
    db_close(r);
    if (most - before > 150000)
        fail_msg("grew by %" PRId64 " kB", most - before);
    engine_close(&e);
}

static void *interrupt_soon(void *conn)
{
    (void)usleep(200000);
    for (int i = 0; i < 100; i++) { /* the statement may not have begun */
        db_interrupt(conn);
        (void)usleep(20000);
    }
    return NULL;
}

static void a_statement_is_interrupted_from_another_thread(void **state)
{
    (void)state;
    struct engine e = engine_with(NULL);
    struct q_err err = {0};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, interrupt_soon, e.conn), 0);
    const char *sql =
        "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE hash(a.range + b.range) = 1";
    int64_t n;
    assert_int_equal(db_get_ints(e.conn, sql, NULL, 0, &n, 1, 0, &err), Q_CANCELLED);
    assert_int_equal(err.code, Q_CANCELLED);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(number(&e, "SELECT 1"), 1); /* and the connection works again */
    (void)db_progress(e.conn);
    engine_close(&e);
}

/* ---- sources ---- */

struct numbers {
    int64_t rows; /* 0 .. rows - 1 are given */
    atomic_llong next;
    atomic_int opened, closed, columns; /* of the last scan */
    bool wanted[3];
    int64_t fail_at; /* or -1 */
    bool fail_open;
    const char *reason;
    pthread_barrier_t *meet; /* workers wait for each other once */
};

struct worker {
    struct q_arena *arena;
    struct numbers *n;
    bool met;
};

static enum q_code numbers_open(void *self, const bool *wanted, void **worker, struct q_err *err)
{
    struct numbers *n = self;
    if (n->fail_open)
        return q_fail(err, Q_SOURCE, "could not open the numbers");
    if (atomic_fetch_add(&n->opened, 1) == 0)
        memcpy(n->wanted, wanted, sizeof n->wanted);
    struct q_arena *arena =
        q_arena_new(NULL, "worker"); /* of its own: a worker that is not closed is a leak */
    struct worker *w = q_new(arena, struct worker);
    w->arena = arena;
    w->n = n;
    *worker = w;
    return Q_OK;
}

static void fill_column(struct batch_col *col, int64_t from, size_t rows)
{
    for (size_t i = 0; i < rows; i++) {
        int64_t v = from + (int64_t)i;
        if (col->type.id == Q_T_INT64) {
            ((int64_t *)col->data)[i] = v;
        } else if (col->type.id == Q_T_TEXT) {
            char text[40];
            int n = snprintf(text, sizeof text, "number %" PRId64, v);
            batch_put_text(col, i, text, (size_t)n);
        } else if (v % 2) {
            batch_put_null(col, i);
        } else {
            ((double *)col->data)[i] = (double)v;
        }
    }
}

static enum q_code numbers_fill(void *worker, struct batch *out, struct q_err *err)
{
    struct worker *w = worker;
    struct numbers *n = w->n;
    if (n->meet && !w->met)
        (void)pthread_barrier_wait(n->meet);
    w->met = true;
    int64_t from = atomic_fetch_add(&n->next, BATCH_ROWS), left = n->rows - from;
    if (left <= 0)
        return Q_OK;
    if (n->fail_at >= from && n->fail_at < from + BATCH_ROWS) {
        q_fail(err, Q_SOURCE, "%s", n->reason);
        q_detail(err, "At number %" PRId64 ".", n->fail_at);
        return Q_SOURCE;
    }
    atomic_store(&n->columns, (int)out->n_cols);
    out->rows = left < BATCH_ROWS ? (size_t)left : BATCH_ROWS;
    for (size_t c = 0; c < out->n_cols; c++)
        fill_column(&out->cols[c], from, out->rows);
    return Q_OK;
}

static void numbers_close(void *worker)
{
    struct worker *w = worker;
    atomic_fetch_add(&w->n->closed, 1);
    q_arena_free(w->arena);
}

static struct numbers *add_numbers(struct engine *e, const char *name, int64_t rows, size_t workers)
{
    struct q_arena *arena = e->place.arena;
    struct numbers *n = q_new(arena, struct numbers);
    struct q_schema *schema = q_new(arena, struct q_schema);
    struct db_source *source = q_new(arena, struct db_source);
    struct q_err err = {0};
    n->rows = rows;
    n->fail_at = -1;
    n->reason = "could not read the numbers: they are gone";
    q_schema_add(arena, schema, "n", Q_TYPE(Q_T_INT64));
    q_schema_add(arena, schema, "t", Q_TYPE(Q_T_TEXT));
    q_schema_add(arena, schema, "half", Q_TYPE(Q_T_DOUBLE));
    *source = (struct db_source){.name = name,
                                 .schema = schema,
                                 .self = n,
                                 .max_workers = workers,
                                 .estimated_rows = rows,
                                 .open = numbers_open,
                                 .fill = numbers_fill,
                                 .close = numbers_close};
    if (db_add_source(e->conn, source, &err))
        fail_msg("%s", err.message);
    return n;
}

static void begin_scan(struct numbers *n)
{
    atomic_store(&n->next, 0);
    atomic_store(&n->opened, 0);
    atomic_store(&n->closed, 0);
    atomic_store(&n->columns, -1);
    memset(n->wanted, 0, sizeof n->wanted);
}

static void a_source_is_read_by_parallel_workers_each_row_once(void **state)
{
    (void)state;
    struct engine e = engine_with(NULL);
    pthread_barrier_t meet;
    assert_int_equal(pthread_barrier_init(&meet, NULL, 2), 0);
    struct numbers *n = add_numbers(&e, "numbers", 1000003, 2);
    n->meet = &meet; /* would wait for ever if there were one worker only */
    begin_scan(n);
    assert_int_equal(
        number(&e, "SELECT sum(n)::BIGINT + count(DISTINCT t) + count(half) FROM numbers()"),
        INT64_C(1000003) * 1000002 / 2 + 1000003 + 500002);
    assert_int_equal(atomic_load(&n->opened), 2);
    assert_int_equal(atomic_load(&n->closed), 2);
    n->meet = NULL;
    /* a result that was not read to its end does not take the next source with it */
    struct numbers *one = add_numbers(&e, "one_worker", 100000, 1);
    begin_scan(one);
    assert_int_equal(number(&e, "SELECT count(*) FROM one_worker() WHERE t = 'number ' || n"),
                     100000);
    assert_int_equal(atomic_load(&one->opened), 1);
    assert_int_equal(pthread_barrier_destroy(&meet), 0);
    engine_close(&e);
}

static void only_the_wanted_columns_are_filled(void **state)
{
    (void)state;
    static const struct {
        const char *sql;
        int64_t result;
        bool wanted[3];
    } cases[] = {
        {"SELECT count(*) FROM numbers()", 5000, {true, false, false}}, /* at least one */
        {"SELECT max(n) FROM numbers()", 4999, {true, false, false}},
        {"SELECT max(length(t)) FROM numbers()", 11, {false, true, false}},
        {"SELECT count(half) FROM numbers() WHERE t <> 'number 0'", 2499, {false, true, true}},
        {"SELECT max(half)::BIGINT + max(n) FROM numbers()", 9997, {true, false, true}},
        {"SELECT count(*) FROM (SELECT half, t, n FROM numbers())", 5000, {true, false, false}},
    };
    struct engine e = engine_with(NULL);
    struct numbers *n = add_numbers(&e, "numbers", 5000, 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin_scan(n);
        assert_int_equal(number(&e, cases[i].sql), cases[i].result);
        if (memcmp(n->wanted, cases[i].wanted, sizeof n->wanted) != 0)
            fail_msg("case %zu: %d %d %d", i, n->wanted[0], n->wanted[1], n->wanted[2]);
        assert_int_equal(atomic_load(&n->columns),
                         cases[i].wanted[0] + cases[i].wanted[1] + cases[i].wanted[2]);
    }
    engine_close(&e);
}

static void an_error_of_a_worker_comes_back_as_it_is(void **state)
{
    (void)state;
    struct engine e = engine_with(NULL);
    struct q_err err = {0};
    struct numbers *n = add_numbers(&e, "numbers", 100000, 2);
    n->fail_at = 70000;
    begin_scan(n);
    assert_int_equal(
        db_exec(e.conn, "CREATE TABLE t AS SELECT * FROM numbers()", NULL, 0, NULL, &err),
        Q_SOURCE);
    assert_string_equal(err.message, "could not read the numbers: they are gone");
    assert_string_equal(err.detail, "At number 70000.");
    assert_int_equal(atomic_load(&n->opened), atomic_load(&n->closed));
    struct db_result *r;
    const struct batch *b;
    begin_scan(n);
    err = (struct q_err){0};
    enum q_code code = db_query(e.conn, "SELECT * FROM numbers()", NULL, 0, &r, &err);
    bool opened = !code;
    while (!code && !(code = db_next(r, &b, &err)) && b)
        ;
    assert_int_equal(code, Q_SOURCE);
    assert_string_equal(err.message, "could not read the numbers: they are gone");
    if (opened)
        db_close(r);
    n->fail_open = true;
    begin_scan(n);
    assert_int_equal(
        db_exec(e.conn, "CREATE TABLE t AS SELECT * FROM numbers()", NULL, 0, NULL, &err),
        Q_SOURCE);
    assert_string_equal(err.message, "could not open the numbers");
    engine_close(&e);
}

/* Broke: the error of a scan that nobody needed to the end was reported for the next wrong statement. */
static void an_error_that_no_statement_saw_is_not_reported_for_another(void **state)
{
    (void)state;
    struct engine e = engine_with(NULL);
    struct q_err err = {0};
    struct numbers *n = add_numbers(&e, "numbers", 100000, 1);
    n->fail_at = 99999;
    begin_scan(n);
    struct db_result *r;
    const struct batch *b;
    (void)!db_exec(e.conn, "CREATE TABLE t AS SELECT * FROM numbers()", NULL, 0, NULL, NULL);
    begin_scan(n);
    if (!db_query(e.conn, "SELECT n FROM numbers()", NULL, 0, &r, &err)) {
        (void)!db_next(r, &b, &err);
        db_close(r); /* in the middle */
    }
    assert_int_equal(db_exec(e.conn, "SELECT nothing", NULL, 0, NULL, &err), Q_SQL);
    assert_true(strncmp(err.message, "cannot run the SQL: ", 20) == 0);
    n->fail_at = 0;
    n->reason = "could not read: another reason";
    begin_scan(n);
    assert_int_equal(db_exec(e.conn, "SELECT sum(n) FROM numbers()", NULL, 0, NULL, &err),
                     Q_SOURCE);
    assert_string_equal(err.message, "could not read: another reason");
    engine_close(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_that_another_process_has_open_is_locked), /* forks: first */
        cmocka_unit_test(parameters_go_by_name_or_by_position_and_unused_names_are_ignored),
        cmocka_unit_test(several_statements_run_one_after_another_and_the_last_one_counts),
        cmocka_unit_test(an_error_has_a_code_a_first_line_and_a_detail),
        cmocka_unit_test(an_error_in_the_middle_of_a_stream_comes_with_the_batch),
        cmocka_unit_test(a_transaction_is_committed_or_leaves_nothing),
        cmocka_unit_test(a_file_is_attached_for_reading_or_writing_and_detached),
        cmocka_unit_test(a_new_file_gets_a_newer_format_and_an_old_one_keeps_its_own),
        cmocka_unit_test(a_new_file_has_small_blocks_and_an_old_one_keeps_its_own),
        cmocka_unit_test(joins_hash_the_side_named_second_when_the_engine_does_not_choose),
        cmocka_unit_test(small_row_groups_are_merged_when_it_is_wanted),
        cmocka_unit_test(a_table_is_found_by_its_name_and_a_view_is_none),
        cmocka_unit_test(threads_are_set_while_the_engine_runs),
        cmocka_unit_test(what_was_committed_is_in_the_file_though_the_engine_is_abandoned),
        cmocka_unit_test(a_database_file_opens_itself_too),
        cmocka_unit_test(more_memory_than_the_limit_is_an_ordinary_error),
        cmocka_unit_test(a_large_result_streams_in_bounded_memory),
        cmocka_unit_test(a_statement_is_interrupted_from_another_thread),
        cmocka_unit_test(a_source_is_read_by_parallel_workers_each_row_once),
        cmocka_unit_test(only_the_wanted_columns_are_filled),
        cmocka_unit_test(an_error_of_a_worker_comes_back_as_it_is),
        cmocka_unit_test(an_error_that_no_statement_saw_is_not_reported_for_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
