/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The baseline: one SQL statement in the bare engine. sqltime DATABASE THREADS MEMORY_MB SQL
 * Prints the seconds of the statement; the process from start to exit is what the benchmarks compare.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/db.h"

int main(int argc, char **argv)
{
    if (argc != 5)
        return 2;
    struct q_arena *arena = q_arena_new(NULL, "bench");
    struct q_err err = {0};
    struct db *db;
    struct db_conn *conn;
    struct db_settings settings = {.path = argv[1],
                                   .threads = atoi(argv[2]),
                                   .memory_limit = atoll(argv[3]) * 1000000,
                                   .spill_dir = "/tmp/quern-bench-spill"};
    if (db_open(arena, &settings, &db, &err) || db_connect(db, arena, &conn, &err)) {
        q_log_error(&err);
        return 1;
    }
    int64_t start = q_ticks();
    if (db_exec(conn, argv[4], NULL, 0, NULL, &err)) {
        q_log_error(&err);
        return 1;
    }
    int64_t took = q_ticks() - start;
    (void)printf("%.3f\n", (double)took / 1e6);
    q_arena_free(arena);
    return 0;
}
