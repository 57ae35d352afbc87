/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "db/sqlite/internal.h"

static struct q_arena *arena;
static char path[] = "/tmp/quern-sqlite-XXXXXX";

static int make(void **state)
{
    (void)state;
    arena = q_arena_new(NULL, "test");
    int fd = mkstemp(path);
    return fd < 0 || close(fd);
}

static int drop(void **state)
{
    static const char *const endings[] = {"", "-wal", "-shm"};
    (void)state;
    q_arena_free(arena);
    for (size_t i = 0; i < 3; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "%s%s", path, endings[i]);
        (void)unlink(name);
    }
    return 0;
}

/* A writer of its own. */
static void write_sql(const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static struct sqlite *reader(void)
{
    struct sqlite *s;
    struct sqlite_settings settings = {.path = path, .shown = "shop.db", .busy_ms = 100};
    assert_int_equal(sqlite_open(arena, &settings, &s, NULL), Q_OK);
    return s;
}

static const char *one(struct sqlite *s, const char *sql)
{
    q_texts out = {0};
    assert_int_equal(sqlite_texts(s, sql, NULL, 0, arena, &out, NULL), Q_OK);
    return out.n ? out.v[0] : "";
}

static void declarations_say_types(void **state)
{
    static const struct {
        const char *declared, *type;
        bool number;
    } cases[] = {
        {"INTEGER", "bigint", false},
        {"TINYINT(1)", "bigint", false},
        {"unsigned big int", "bigint", false},
        {"NVARCHAR(160)", "text", false},
        {"CLOB", "text", false},
        {"BLOB", "blob", false},
        {"DOUBLE  PRECISION", "double", false},
        {"FLOAT(8)", "double", false},
        {"NUMERIC(10,2)", "decimal(10,2)", false},
        {"decimal ( 38 , 38 )", "decimal(38,38)", false},
        {"NUMBER(9)", "decimal(9,0)", false},
        {"DECIMAL(39,2)", NULL, true},
        {"DECIMAL(2,3)", NULL, true},
        {"DECIMAL(10,-2)", NULL, true},
        {"NUMERIC", NULL, true},
        {"Date", "date", false},
        {"DATETIME", "timestamp", false},
        {"timestamp  with time zone", "timestamptz", false},
        {"TIME", "time", false},
        {"BOOLEAN", "boolean", false},
        {"json", "json", false},
        {"uuid", "uuid", false},
        {"POINT", NULL, false},
        {"STRING", NULL, false},
        {"", NULL, false},
        {NULL, NULL, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool number;
        char text[Q_TYPE_TEXT];
        struct q_type type = sqlite_declared_type(cases[i].declared, &number);
        assert_int_equal(number, cases[i].number);
        if (cases[i].type)
            assert_string_equal(q_type_text(type, text), cases[i].type);
        else
            assert_int_equal(type.id, Q_T_NONE);
    }
}

static const char *inferred(const char *values, bool number, const char *json)
{
    char sql[512], text[Q_TYPE_TEXT];
    struct json_path *p = NULL;
    (void)snprintf(sql, sizeof sql, "SELECT column1 FROM (VALUES %s)", values);
    if (json)
        assert_int_equal(json_path_parse(arena, json, &p, NULL), Q_OK);
    struct sqlite_unknown u = {.path = p, .number = number};
    assert_int_equal(sqlite_infer(reader(), sql, &u, 1, NULL), Q_OK);
    return q_strdup(arena, q_type_text(u.type, text));
}

static void types_are_found_from_all_values(void **state)
{
    static const struct {
        const char *values;
        bool number;
        const char *json, *type;
    } cases[] = {
        {"(1),(NULL),(-5)", false, NULL, "bigint"},
        {"(1),(2.5)", false, NULL, "double"},
        {"(1),(2.5),(100)", true, NULL, "decimal(4,1)"},
        {"(1),(1e300)", true, NULL, "double"},
        {"('1'),('2.50')", false, NULL, "decimal(2,1)"},
        {"('1'),(2)", false, NULL, "bigint"},
        {"('1'),(2.5)", false, NULL, "text"},
        {"('2024-01-01')", false, NULL, "date"},
        {"('2024-01-01'),('2024-01-01 10:00:00')", false, NULL, "timestamp"},
        {"('x'),(1)", false, NULL, "text"},
        {"(x'00')", false, NULL, "blob"},
        {"(x'00'),('a')", false, NULL, "text"},
        {"(NULL)", false, NULL, "text"},
        {"('007')", false, NULL, "text"},
        {"('{\"a\":1}'),('{\"a\":1.25}'),('{')", false, "$.a", "decimal(3,2)"},
        {"('{\"a\":[1]}'),('{\"a\":null}')", false, "$.a", "json"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(inferred(cases[i].values, cases[i].number, cases[i].json),
                            cases[i].type);
}

static void a_held_session_sees_one_snapshot(void **state)
{
    (void)state;
    write_sql(
        "PRAGMA journal_mode = WAL; CREATE TABLE a (x); CREATE TABLE b (x); INSERT INTO a VALUES (1)");
    struct sqlite *s = reader();
    assert_int_equal(sqlite_hold(s, NULL), Q_OK);
    assert_int_equal(sqlite_hold(s, NULL), Q_OK);
    write_sql("INSERT INTO a VALUES (2); INSERT INTO b VALUES (1)");
    assert_string_equal(one(s, "SELECT count(*) FROM a"), "1");
    sqlite_release(s);
    assert_string_equal(one(s, "SELECT count(*) FROM b"), "0");
    sqlite_release(s);
    assert_string_equal(one(s, "SELECT count(*) FROM a"), "2");
    assert_int_equal(sqlite_hold(s, NULL), Q_OK);
    assert_string_equal(one(s, "SELECT count(*) FROM b"), "1");
    sqlite_release(s);
}

static void nothing_is_written(void **state)
{
    struct q_err err = {0};
    q_texts out = {0};
    (void)state;
    struct sqlite *s = reader();
    assert_int_equal(
        sqlite_texts(s, "INSERT INTO a VALUES (3) RETURNING x", NULL, 0, arena, &out, &err), Q_SQL);
    assert_non_null(strstr(err.message, "writes"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(declarations_say_types),
        cmocka_unit_test(types_are_found_from_all_values),
        cmocka_unit_test(a_held_session_sees_one_snapshot),
        cmocka_unit_test(nothing_is_written),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
