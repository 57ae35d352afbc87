/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of db/sqlite share; they alone include sqlite3.h. */
#ifndef Q_DB_SQLITE_INTERNAL_H
#define Q_DB_SQLITE_INTERNAL_H

#include <sqlite3.h>

#include "db/sqlite/sqlite.h"

struct sqlite {
    sqlite3 *handle;
    const char *shown;
    int64_t busy_ms;
    int holds;
};

/* One statement that reads, with its parameters. Finalised by the caller. */
Q_MUST_CHECK enum q_code sqlite_prepare(struct sqlite *s, const char *sql,
                                        const struct db_param *params, size_t n, sqlite3_stmt **out,
                                        struct q_err *err);
/* The next row; *more is false at the end. */
Q_MUST_CHECK enum q_code sqlite_step(struct sqlite *s, sqlite3_stmt *stmt, bool *more,
                                     struct q_err *err);

#endif
