/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "base/cancel.h"
#include "base/file.h"
#include "db/sqlite/internal.h"

enum { CANCEL_STEPS = 20000 }; /* of SQLite's machine between two looks at Ctrl-C */

/* The handle's last error: `doing` is what could not be done ("open", "read"); what SQLite says about a statement is
 * `otherwise`. */
static enum q_code sqlite_error(struct sqlite *s, enum q_code otherwise, const char *doing,
                                struct q_err *err)
{
    int rc = sqlite3_extended_errcode(s->handle);
    const char *why = sqlite3_errmsg(s->handle);
    switch (rc & 0xFF) {
    case SQLITE_INTERRUPT:
        return q_fail(err, Q_CANCELLED, "cancelled");
    case SQLITE_NOMEM:
        return q_fail(err, Q_NOMEM, "could not %s \"%s\": out of memory", doing, s->shown);
    case SQLITE_NOTADB:
        q_fail(err, Q_SOURCE, "cannot %s \"%s\": it is no SQLite database", doing, s->shown);
        q_detail(err, "The file begins otherwise, or it is encrypted.");
        break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        q_fail(err, Q_SOURCE, "could not %s \"%s\": another process has it locked", doing,
               s->shown);
        q_detail(err, "It was waited for %" PRId64 " ms.", s->busy_ms);
        q_hint(err, "Try again later, or let the connection wait longer with `busy_timeout`.");
        break;
    case SQLITE_CORRUPT:
        q_fail(err, Q_SOURCE, "cannot %s \"%s\": the file is damaged: %s", doing, s->shown, why);
        q_hint(err, "Run `sqlite3 %s \"PRAGMA integrity_check\"` to see what is wrong.", s->shown);
        break;
    case SQLITE_CANTOPEN:
        q_fail(err, Q_SOURCE, "could not %s \"%s\": %s", doing, s->shown, why);
        q_hint(err, "Look at the rights of the file and of its folder: a database in WAL mode is "
                    "read through files beside it.");
        break;
    default:
        return q_fail(err, rc == SQLITE_ERROR ? otherwise : Q_SOURCE, "could not %s \"%s\": %s",
                      doing, s->shown, why);
    }
    return Q_SOURCE;
}

static int look_for_cancel(void *unused)
{
    (void)unused;
    return q_cancelled();
}

static void close_handle(void *s)
{
    sqlite3_close_v2(((struct sqlite *)s)->handle);
}

static enum q_code check_file(const struct sqlite_settings *settings, struct q_err *err)
{
    struct q_file_info info;
    if (!q_file_stat(settings->path, &info)) {
        q_fail(err, Q_SOURCE, "could not find the database \"%s\"", settings->shown);
        q_hint(err, "The path is relative to the project; a database is never created.");
        return Q_SOURCE;
    }
    if (info.is_dir)
        return q_fail(err, Q_SOURCE, "could not open \"%s\": it is a directory", settings->shown);
    return Q_OK;
}

enum q_code sqlite_open(struct q_arena *arena, const struct sqlite_settings *settings,
                        struct sqlite **out, struct q_err *err)
{
    enum q_code code = check_file(settings, err);
    if (code)
        return code;
    struct sqlite *s = q_new(arena, struct sqlite);
    s->shown = settings->shown;
    s->busy_ms = settings->busy_ms;
    int rc = sqlite3_open_v2(settings->path, &s->handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX,
                             NULL);
    q_arena_defer(arena, close_handle, s);
    if (!s->handle)
        return q_fail(err, Q_NOMEM, "could not open \"%s\": out of memory", s->shown);
    if (rc)
        return sqlite_error(s, Q_SOURCE, "open", err);
    sqlite3_extended_result_codes(s->handle, 1);
    sqlite3_busy_timeout(s->handle,
                         settings->busy_ms > INT32_MAX ? INT32_MAX : (int)settings->busy_ms);
    sqlite3_progress_handler(s->handle, CANCEL_STEPS, look_for_cancel, NULL);
    q_texts one = {0};
    code = sqlite_texts(s, "PRAGMA schema_version", NULL, 0, arena, &one, err);
    if (code)
        return code;
    *out = s;
    return Q_OK;
}

const char *sqlite_version(void)
{
    return sqlite3_libversion();
}

static enum q_code run(struct sqlite *s, const char *sql, struct q_err *err)
{
    return sqlite3_exec(s->handle, sql, NULL, NULL, NULL) ? sqlite_error(s, Q_SOURCE, "read", err)
                                                          : Q_OK;
}

enum q_code sqlite_hold(struct sqlite *s, struct q_err *err)
{
    if (s->holds++)
        return Q_OK;
    enum q_code code = run(s, "BEGIN", err);
    if (!code) /* the snapshot is taken by the first read */
        code = run(s, "PRAGMA schema_version", err);
    if (code)
        sqlite_release(s);
    return code;
}

void sqlite_release(struct sqlite *s)
{
    if (s->holds && --s->holds == 0 && !sqlite3_get_autocommit(s->handle))
        (void)sqlite3_exec(s->handle, "ROLLBACK", NULL, NULL, NULL); /* nothing was written */
}

/* ---- statements ---- */

static int bind(sqlite3_stmt *stmt, int at, const struct db_param *p)
{
    if (p->is_null)
        return sqlite3_bind_null(stmt, at);
    switch (p->type.id) {
    case Q_T_TEXT:
        return sqlite3_bind_text(stmt, at, p->s.p, (int)p->s.n, SQLITE_TRANSIENT);
    case Q_T_DOUBLE:
        return sqlite3_bind_double(stmt, at, p->d);
    default:
        return sqlite3_bind_int64(stmt, at, p->i);
    }
}

static enum q_code bind_all(struct sqlite *s, sqlite3_stmt *stmt, const struct db_param *params,
                            size_t n, struct q_err *err)
{
    char name[64];
    for (size_t i = 0; i < n; i++) {
        (void)snprintf(name, sizeof name, "$%s", params[i].name);
        int at = sqlite3_bind_parameter_index(stmt, name);
        if (at && bind(stmt, at, &params[i]))
            return sqlite_error(s, Q_SOURCE, "read", err);
    }
    return Q_OK;
}

enum q_code sqlite_prepare(struct sqlite *s, const char *sql, const struct db_param *params,
                           size_t n, sqlite3_stmt **out, struct q_err *err)
{
    sqlite3_stmt *stmt;
    const char *tail;
    if (sqlite3_prepare_v2(s->handle, sql, -1, &stmt, &tail))
        return sqlite_error(s, Q_SQL, "read", err);
    enum q_code code = Q_OK;
    while (*tail && strchr(" \t\r\n;", *tail))
        tail++;
    if (!stmt || !sqlite3_column_count(stmt))
        code = q_fail(err, Q_SQL, "cannot read \"%s\": the statement gives no rows", s->shown);
    else if (*tail && !q_starts(tail, "--"))
        code = q_fail(err, Q_SQL, "cannot read \"%s\": there is more than one statement", s->shown);
    else if (!sqlite3_stmt_readonly(stmt))
        code = q_fail(err, Q_SQL, "cannot read \"%s\": the statement writes", s->shown);
    if (!code)
        code = bind_all(s, stmt, params, n, err);
    if (code) {
        sqlite3_finalize(stmt);
        return code;
    }
    *out = stmt;
    return Q_OK;
}

enum q_code sqlite_step(struct sqlite *s, sqlite3_stmt *stmt, bool *more, struct q_err *err)
{
    int rc = sqlite3_step(stmt);
    *more = rc == SQLITE_ROW;
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? Q_OK : sqlite_error(s, Q_SOURCE, "read", err);
}

enum q_code sqlite_columns(struct sqlite *s, const char *sql, struct q_arena *arena,
                           sqlite_columns_of *out, struct q_err *err)
{
    sqlite3_stmt *stmt;
    enum q_code code = sqlite_prepare(s, sql, NULL, 0, &stmt, err);
    if (code)
        return code;
    for (int i = 0; i < sqlite3_column_count(stmt); i++) {
        const char *declared = sqlite3_column_decltype(stmt, i);
        *q_vec_push(arena, out) = (struct sqlite_column){
            .name = q_strdup(arena, sqlite3_column_name(stmt, i)),
            .declared = declared && *declared ? q_strdup(arena, declared) : NULL};
    }
    sqlite3_finalize(stmt);
    return Q_OK;
}

enum q_code sqlite_texts(struct sqlite *s, const char *sql, const struct db_param *params, size_t n,
                         struct q_arena *arena, q_texts *out, struct q_err *err)
{
    sqlite3_stmt *stmt;
    bool more = false;
    enum q_code code = sqlite_prepare(s, sql, params, n, &stmt, err);
    if (code)
        return code;
    while (!(code = sqlite_step(s, stmt, &more, err)) && more) {
        const char *text = (const char *)sqlite3_column_text(stmt, 0);
        *q_vec_push(arena, out) = text ? q_strdup(arena, text) : NULL;
    }
    sqlite3_finalize(stmt);
    return code;
}
