/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The statement builder: the only way to make SQL text at run time.
 *
 * A format string of our own, so that names and literals cannot be pasted unquoted:
 *   %I  const char *           an identifier, quoted when needed
 *   %B  const char *           an identifier in backticks, as MySQL has it
 *   %L  const char *           a text literal, quoted; NULL becomes NULL
 *   %D  int (days)             a DATE literal
 *   %M  int64_t (microseconds) a TIMESTAMP literal
 *   %T  struct q_type *        a type in the engine's spelling
 *   %d  int64_t                an integer
 *   %s  const char *           a fragment of SQL that this builder or sql/expr made, or a fixed word
 *   %%  a percent sign
 *
 *     struct sql *q = sql_new(arena);
 *     sql_add(q, "SELECT %I FROM %I.%I WHERE %I >= %M", col, "wh", table, cursor, lo);
 *     code = db_exec(conn, sql_text(q), NULL, 0, NULL, err);
 */
#ifndef Q_SQL_BUILD_H
#define Q_SQL_BUILD_H

#include "base/arena.h"
#include "base/str.h"
#include "batch/type.h"

struct sql;

struct sql *sql_new(struct q_arena *arena);
void sql_add(struct sql *sql, const char *fmt, ...);
/* The separator before all items but the first: sql_sep(q, &first, ", "). */
void sql_sep(struct sql *sql, bool *first, const char *separator);
/* NUL-terminated, valid until the next sql_add on it or the arena's end. A statement has at most 4 MB (assert). */
const char *sql_text(const struct sql *sql);
/* One fragment in one call, owned by the arena. */
const char *sql_make(struct q_arena *arena, const char *fmt, ...);
/* SQL for a timestamptz as the timestamp of UTC that it is. `value` stands three times in it: name a column. The engine's own
 * cast gives the same and takes twenty times as long; it is left for the two infinities. */
const char *sql_utc(struct q_arena *arena, const char *value);
/* The engine's spelling of a type, e.g. DECIMAL(12,2), VARCHAR. */
const char *sql_type(struct q_arena *arena, struct q_type type);

#endif
