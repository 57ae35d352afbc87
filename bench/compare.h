/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs share that load one file by the engine's reader and by ours, in turn. They are not part of the library: an
 * error ends the program. */
#ifndef Q_BENCH_COMPARE_H
#define Q_BENCH_COMPARE_H

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "db/db.h"
#include "extract/file/file.h"

enum { ROUNDS_MAX = 99 };

static void check(enum q_code code, const struct q_err *err)
{
    if (!code)
        return;
    (void)fprintf(stderr, "compare: %s\n", err->message);
    exit(1);
}

static enum q_code no_rejects(void *self, const struct reject *r, struct q_err *err)
{
    (void)self;
    return q_fail(err, Q_FAILED, "a record was rejected: %s in %.*s", r->reason, (int)r->raw.n,
                  r->raw.p);
}

/* The file into table t by our reader. */
static void load_ours(struct q_arena *arena, struct db_conn *conn,
                      const struct extract_file_input *in)
{
    struct q_err err = {0};
    struct extract_file *files;
    const struct db_source *rows;
    check(extract_file_describe(arena, in, &files, &err), &err);
    check(extract_file_open(files, &rows, &err), &err);
    check(db_add_source(conn, rows, &err), &err);
    check(db_exec(conn, q_printf(arena, "CREATE TABLE t AS %s", extract_file_select(files)), NULL,
                  0, NULL, &err),
          &err);
}

/* The same by the engine's. `sql`: with %s where the path belongs. */
static void load_theirs(struct q_arena *arena, struct db_conn *conn, const char *sql,
                        const char *path)
{
    struct q_err err = {0};
    struct q_buf whole;
    q_buf_init_in(&whole, arena, 1 << 16);
    const char *at = strstr(sql, "%s");
    q_buf_add(&whole, sql, (size_t)(at - sql));
    q_buf_adds(&whole, path);
    q_buf_adds(&whole, at + 2);
    check(db_exec(conn, q_buf_text(&whole), NULL, 0, NULL, &err), &err);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts them. */
static double median_of(double *seconds, int n)
{
    qsort(seconds, (size_t)n, sizeof *seconds, by_value);
    return seconds[n / 2];
}

#endif
