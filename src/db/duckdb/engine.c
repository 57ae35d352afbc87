/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "db/duckdb/internal.h"
#include "sql/build.h"

/* The engine's accounting leaves out this much (measured: 200 to 330 MB over its limit). */
enum { OUTSIDE_LIMIT = 350000000, LEAST_LIMIT = 128000000 };

static const struct {
    duckdb_error_type type;
    enum q_code code;
} codes[] = {
    {DUCKDB_ERROR_OUT_OF_MEMORY, Q_NOMEM}, {DUCKDB_ERROR_INTERRUPT, Q_CANCELLED},
    {DUCKDB_ERROR_IO, Q_TARGET},           {DUCKDB_ERROR_PERMISSION, Q_TARGET},
    {DUCKDB_ERROR_INTERNAL, Q_INTERNAL},   {DUCKDB_ERROR_FATAL, Q_TARGET},
};

/* By the type, or by the first words of the message where the engine gives no type. What follows may be any text of a user:
 * only behind the words of an error of files or memory is it the engine's. */
static enum q_code code_of(duckdb_error_type type, const char *message)
{
    static const char *const full[] = {"No space left on device", "Could not write",
                                       "File too large", "max_temp_directory_size"};
    if (q_starts(message, "INTERRUPT"))
        return Q_CANCELLED;
    bool io = q_starts(message, "IO Error"), memory = q_starts(message, "Out of Memory Error");
    bool files = io || memory || q_starts(message, "TransactionContext Error") ||
                 q_starts(message, "FATAL Error");
    if (io && strstr(message, "Could not set lock on file"))
        return Q_LOCKED;
    for (size_t i = 0; files && i < sizeof full / sizeof full[0]; i++)
        if (strstr(message, full[i]))
            return Q_NOSPACE;
    if (files && (strstr(message, "Failed to allocate") || strstr(message, "Allocation failure")))
        return Q_NOMEM; /* at the commit, whose error has another type */
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (codes[i].type == type)
            return codes[i].code;
    return memory ? Q_NOMEM : io ? Q_TARGET : Q_SQL;
}

/* Without the engine's own headings: "Catalog Error: ", and what a commit says in front of its cause. */
static const char *cause_of(const char *message)
{
    static const char *const headings[] = {"Failed to commit: "};
    const char *cause = strstr(message, "Original error: ");
    if (cause && q_starts(message, "TransactionContext Error"))
        message = cause + strlen("Original error: ");
    size_t kind = strcspn(message, ":\n\"'");
    if (kind > strlen(" Error") && strncmp(message + kind - strlen(" Error"), " Error: ", 8) == 0)
        message += kind + strlen(": ");
    for (size_t i = 0; i < sizeof headings / sizeof headings[0]; i++)
        if (q_starts(message, headings[i]))
            message += strlen(headings[i]);
    return message;
}

/* The words in front of the engine's, for whoever has none of their own. */
static const char *what_of(enum q_code code)
{
    return code == Q_SQL       ? "cannot run the SQL"
           : code == Q_NOSPACE ? "could not write"
           : code == Q_NOMEM   ? "out of memory"
                               : "the engine says";
}

/* The lines behind the first, without advice about the engine's own tables. */
static void add_detail(struct q_err *err, const char *rest)
{
    rest += strspn(rest, "\n");
    size_t line = strcspn(rest, "\n");
    bool own = q_starts(rest, "Did you mean \"pg_") || q_starts(rest, "Did you mean \"sqlite_") ||
               q_starts(rest, "Did you mean \"duckdb_");
    if (own)
        rest += line + strspn(rest + line, "\n");
    if (*rest)
        q_detail(err, "%s", rest);
}

static void add_hint(struct q_err *err, enum q_code code, const char *message)
{
    if (code == Q_LOCKED)
        q_hint(err, "Another process has the database open; wait for it to end, or raise --wait.");
    if (code == Q_NOSPACE)
        q_hint(err, "Make room on that disk, and run again.");
    if (strstr(message, "not a valid DuckDB database file"))
        q_hint(err, "Correct the path in quern.yaml, or move the file away.");
    if (strstr(message, "Corrupt database file") || strstr(message, "Could not read enough bytes"))
        q_hint(err, "The database file is damaged; put a copy of it in its place, or move it away "
                    "and load anew.");
}

enum q_code engine_fail(struct q_err *err, duckdb_error_type type, const char *message,
                        const char *what)
{
    if (!message || !*message)
        message = "it gave no reason";
    enum q_code code = code_of(type, message);
    const char *cause = cause_of(message);
    size_t first = strcspn(cause, "\n"), shown = first;
    if (shown > 1 && (cause[shown - 1] == '!' || cause[shown - 1] == '.'))
        shown--;
    q_fail(err, code, "%s: %.*s", what ? what : what_of(code), (int)shown, cause);
    add_detail(err, cause + first);
    add_hint(err, code, message);
    return code;
}

/* Of planning, see db_settings.quick_plans. */
#define LEFT_OUT "common_subplan"

static void set_config(duckdb_config config, const char *name, const char *value)
{
    (void)duckdb_set_config(config, name,
                            value); /* names are fixed; a version without one goes on without it */
}

static duckdb_config make_config(const struct db_settings *s)
{
    duckdb_config config = NULL;
    char number[48];
    if (duckdb_create_config(&config) == DuckDBError)
        q_out_of_memory(sizeof(void *));
    set_config(config, "autoinstall_known_extensions", "false");
    set_config(config, "autoload_known_extensions", "false");
    set_config(config, "preserve_insertion_order", "false");
    set_config(config, "enable_progress_bar", "true");
    set_config(config, "enable_progress_bar_print", "false");
    if (s->quick_plans)
        set_config(config, "disabled_optimizers", LEFT_OUT);
    if (s->path)
        set_config(config, "checkpoint_threshold", "0B"); /* as in db_attach() */
    if (s->read_only)
        set_config(config, "access_mode", "read_only");
    if (s->memory_limit > 0) {
        int64_t limit = s->memory_limit - OUTSIDE_LIMIT;
        (void)snprintf(number, sizeof number, "%" PRId64 "B",
                       limit > LEAST_LIMIT ? limit : (int64_t)LEAST_LIMIT);
        set_config(config, "memory_limit", number);
    }
    if (s->threads > 0) {
        (void)snprintf(number, sizeof number, "%d", s->threads);
        set_config(config, "threads", number);
    }
    set_config(config, "temp_directory", s->spill_dir ? s->spill_dir : "");
    return config;
}

/* Times are UTC inside (SEMANTICS 57). Of itself the engine takes the machine's zone for whatever makes a text or a day of a
 * timestamptz, so that checksums and hashes would differ from one machine to the next. */
static enum q_code set_zone(struct db *db, struct q_err *err)
{
    duckdb_connection conn;
    if (duckdb_connect(db->handle, &conn) == DuckDBError)
        return q_fail(err, Q_TARGET, "could not connect to the embedded engine");
    duckdb_result result;
    duckdb_state state = duckdb_query(conn, "SET GLOBAL TimeZone = 'UTC'", &result);
    enum q_code code = Q_OK;
    if (state == DuckDBError)
        code = engine_fail(err, duckdb_result_error_type(&result), duckdb_result_error(&result),
                           "could not set the embedded engine's time zone");
    duckdb_destroy_result(&result);
    duckdb_disconnect(&conn);
    return code;
}

static void close_db(void *arg)
{
    struct db *db = arg;
    if (db->abandoned && !db->files)
        return;
    duckdb_close(&db->handle);
    pthread_mutex_destroy(&db->lock);
}

enum q_code db_open(struct q_arena *arena, const struct db_settings *settings, struct db **out,
                    struct q_err *err)
{
    struct db *db = q_new(arena, struct db);
    db->arena = arena;
    duckdb_config config = make_config(settings);
    char *why = NULL;
    duckdb_state state = duckdb_open_ext(settings->path, &db->handle, config, &why);
    duckdb_destroy_config(&config);
    if (state == DuckDBError) {
        char what[Q_ERR_CONTEXT];
        (void)snprintf(what, sizeof what, "could not open \"%s\"",
                       settings->path ? settings->path : ":memory:");
        enum q_code code = engine_fail(err, DUCKDB_ERROR_IO, why, what);
        duckdb_free(why);
        return code;
    }
    duckdb_free(why);
    pthread_mutex_init(&db->lock, NULL);
    db->files = settings->path ? 1 : 0;
    db->quick_plans = settings->quick_plans;
    q_arena_defer(arena, close_db, db);
    *out = db;
    return set_zone(db, err);
}

static void close_conn(void *arg)
{
    struct db_conn *conn = arg;
    if (conn->db->abandoned && !conn->db->files)
        return;
    db_close(conn->open);
    duckdb_disconnect(&conn->handle);
}

void db_abandon(struct db *db)
{
#ifdef Q_TEAR_DOWN
    (void)db; /* whoever looks for leaks wants it all back */
#else
    db->abandoned = true;
#endif
}

enum q_code db_connect(struct db *db, struct q_arena *arena, struct db_conn **out,
                       struct q_err *err)
{
    struct db_conn *conn = q_new(arena, struct db_conn);
    conn->db = db;
    if (duckdb_connect(db->handle, &conn->handle) == DuckDBError)
        return q_fail(err, Q_TARGET, "could not connect to the embedded engine");
    q_arena_defer(arena, close_conn, conn);
    *out = conn;
    return Q_OK;
}

/* A statement that takes no parameters and whose text lives only for the call. */
static enum q_code run_made(struct db_conn *conn, struct q_arena *scratch, const char *sql,
                            struct q_err *err)
{
    int64_t start = q_ticks();
    enum q_code code = engine_execute(conn, sql, NULL, err);
    engine_log(sql, start);
    q_arena_free(scratch);
    return code;
}

/* A file that is made now gets the format of DuckDB 1.3: in the default one, of 0.10, each checkpoint takes longer by a
 * third, mostly for sketches of distinct values that it turns back into an old form. A file that is there keeps its own. */
#define NEW_FILE_FORMAT "v1.3.0"
/* Bytes. The default of 256 KB makes a commit clear that much for each column of each table that it touches: a daily run takes a
 * tenth longer. With 16 and 32 KB the file becomes three times as large; with 64 KB it is smaller by a tenth, and a load of
 * millions of rows takes as long as before (2 % more instructions). */
#define NEW_FILE_BLOCK INT64_C(65536)

static const char *attach_sql(struct q_arena *arena, const char *path, const char *name,
                              bool read_only)
{
    if (read_only)
        return sql_make(arena, "ATTACH %L AS %I (READ_ONLY)", path, name);
    if (q_streq(path, ":memory:") || q_file_exists(path))
        return sql_make(arena, "ATTACH %L AS %I (READ_WRITE)", path, name);
    return sql_make(arena, "ATTACH %L AS %I (READ_WRITE, STORAGE_VERSION %L, BLOCK_SIZE %d)", path,
                    name, NEW_FILE_FORMAT, NEW_FILE_BLOCK);
}

enum q_code db_attach(struct db_conn *conn, const char *path, const char *name, bool read_only,
                      struct q_err *err)
{
    struct q_arena *scratch = q_arena_new(NULL, "attach");
    bool writes = !read_only && !q_streq(path, ":memory:");
    const char *attach = attach_sql(scratch, path, name, read_only);
    /* A commit writes the file at once, and not first a log of the same rows. It is a setting of the whole engine: while
     * nothing is written to files, each statement would tidy up the tables in memory as well. */
    enum q_code code = run_made(
        conn, scratch,
        writes ? sql_make(scratch, "%s; SET checkpoint_threshold = '0B'", attach) : attach, err);
    if (code && code != Q_LOCKED && code != Q_NOSPACE && code != Q_NOMEM) {
        if (err)
            err->code = Q_TARGET;
        code = Q_TARGET;
    }
    if (code)
        q_context(err, "opening \"%s\"", path);
    else
        conn->db->files++;
    if (!code && writes)
        conn->db->written = q_strdup(conn->db->arena, name);
    return code;
}

enum q_code db_detach(struct db_conn *conn, const char *name, struct q_err *err)
{
    struct q_arena *scratch = q_arena_new(NULL, "detach");
    bool writes = conn->db->written && q_streq(conn->db->written, name);
    enum q_code code = run_made(
        conn, scratch,
        sql_make(scratch, writes ? "DETACH %I; RESET checkpoint_threshold" : "DETACH %I", name),
        err);
    if (!code && writes)
        code = db_set_merging(conn, true, err);
    if (!code)
        conn->db->files--;
    if (!code && writes)
        conn->db->written = NULL;
    return code;
}

enum q_code db_set_merging(struct db_conn *conn, bool merging, struct q_err *err)
{
    if (merging != conn->db->keeps_small)
        return Q_OK;
    conn->db->keeps_small = !merging;
    return run_made(conn, q_arena_new(NULL, "merging"),
                    merging ? "RESET max_vacuum_tasks" : "SET max_vacuum_tasks = 0", err);
}

enum q_code db_set_choosing(struct db_conn *conn, bool choosing, struct q_err *err)
{
    struct q_arena *scratch = q_arena_new(NULL, "choosing");
    return run_made(conn, scratch,
                    sql_make(scratch, "SET disabled_optimizers = '%s%s'",
                             choosing ? "" : "build_side_probe_side,",
                             conn->db->quick_plans ? LEFT_OUT : ""),
                    err);
}

enum q_code db_set_threads(struct db_conn *conn, int threads, struct q_err *err)
{
    struct q_arena *scratch = q_arena_new(NULL, "threads");
    return run_made(
        conn, scratch,
        threads ? sql_make(scratch, "SET threads = %d", (int64_t)threads) : "RESET threads", err);
}

bool db_has_table(struct db_conn *conn, const char *database, const char *schema, const char *table)
{
    duckdb_table_description found = NULL;
    duckdb_state state =
        duckdb_table_description_create_ext(conn->handle, database, schema, table, &found);
    duckdb_table_description_destroy(&found);
    return state == DuckDBSuccess;
}

/* Exported by the library since 1.5, absent from the header of 1.4. */
extern duckdb_logical_type duckdb_table_description_get_column_type(
    duckdb_table_description description, idx_t index) __attribute__((weak));

static void take_columns(duckdb_table_description table, struct q_arena *arena,
                         struct q_schema *columns)
{
    char *name;
    for (idx_t i = 0; (name = duckdb_table_description_get_column_name(table, i)); i++) {
        duckdb_logical_type type = duckdb_table_description_get_column_type(table, i);
        q_schema_add(arena, columns, q_strdup(arena, name), engine_type(type));
        duckdb_destroy_logical_type(&type);
        duckdb_free(name);
    }
}

enum q_code db_find_table(struct db_conn *conn, const char *database, const char *schema,
                          const char *table, struct q_arena *arena, bool *found,
                          struct q_schema *columns, struct q_err *err)
{
    duckdb_table_description description = NULL;
    *found = duckdb_table_description_create_ext(conn->handle, database, schema, table,
                                                 &description) == DuckDBSuccess;
    bool known = duckdb_table_description_get_column_type != NULL;
    if (*found && known)
        take_columns(description, arena, columns);
    duckdb_table_description_destroy(&description);
    if (!*found || known)
        return Q_OK;
    struct q_arena *scratch = q_arena_new(NULL, "table");
    enum q_code code =
        db_describe(conn, sql_make(scratch, "SELECT * FROM %I.%I.%I", database, schema, table),
                    arena, columns, err);
    q_arena_free(scratch);
    return code;
}

enum q_code db_begin(struct db_conn *conn, struct q_err *err)
{
    enum q_code code = db_exec(conn, "BEGIN TRANSACTION", NULL, 0, NULL, err);
    conn->in_transaction = code == Q_OK;
    return code;
}

enum q_code db_commit(struct db_conn *conn, struct q_err *err)
{
    enum q_code code = db_exec(conn, "COMMIT", NULL, 0, NULL, err);
    conn->in_transaction = false;
    return code;
}

void db_rollback(struct db_conn *conn)
{
    if (!conn->in_transaction)
        return;
    duckdb_result result;
    (void)duckdb_query(conn->handle, "ROLLBACK", &result); /* nothing to undo is fine */
    duckdb_destroy_result(&result);
    conn->in_transaction = false;
}

void engine_settle(struct db_conn *conn)
{
    duckdb_result result;
    (void)duckdb_query(conn->handle, "SELECT 1", &result);
    duckdb_destroy_result(&result);
}

void db_interrupt(struct db_conn *conn)
{
    duckdb_interrupt(conn->handle);
}

double db_progress(struct db_conn *conn)
{
    return duckdb_query_progress(conn->handle).percentage;
}

const char *db_version(void)
{
    return duckdb_library_version();
}
