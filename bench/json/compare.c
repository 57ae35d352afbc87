/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compare FILE RECORDS THREADS ROUNDS: the file into a table, by the engine's read_json and by our reader, in turn, each in
 * a fresh database in memory. RECORDS: the path of the records, or "" for a file of lines. The engine reads files of
 * lines alone: of a document it is not asked. Prints the medians, how much of the file that is a second, and their ratio; fails
 * when the tables differ, when ours is slower, or slower than 150 MB a second on one thread.
 */
#include "../compare.h"
#include "base/file.h"

static const struct {
    struct q_column column;
    const char *path;
} columns[] = {
    {{"order_id", {Q_T_INT64, 0, 0}}, NULL},
    {{"status", {Q_T_TEXT, 0, 0}}, NULL},
    {{"ordered_at", {Q_T_TIMESTAMP, 0, 0}}, NULL},
    {{"customer_id", {Q_T_INT32, 0, 0}}, "$.customer.id"},
    {{"city", {Q_T_TEXT, 0, 0}}, "$.customer.city"},
    {{"total", {Q_T_DECIMAL, 12, 2}}, NULL},
    {{"note", {Q_T_TEXT, 0, 0}}, NULL},
};
enum { N_COLUMNS = sizeof columns / sizeof columns[0], SUMS = 4, FASTEST_OF = 150 };
static const char theirs[] =
    "CREATE TABLE t AS SELECT order_id, status, ordered_at, customer.id AS customer_id, customer.city AS city, total, note "
    "FROM read_json($$%s$$, format = 'newline_delimited', columns = {order_id: 'BIGINT', status: 'VARCHAR', ordered_at: "
    "'TIMESTAMP', customer: 'STRUCT(id INTEGER, city VARCHAR)', total: 'DECIMAL(12,2)', note: 'VARCHAR'})";
static const char sums[] =
    "SELECT count(*), (sum(total) * 100)::BIGINT, sum(customer_id)::BIGINT, "
    "(sum(hash(order_id, status, ordered_at, city, note)) % 1000000007)::BIGINT FROM t";

static void load_described(struct q_arena *arena, struct db_conn *conn, const char *path,
                           const char *records, int threads)
{
    struct q_err err = {0};
    struct reject_sink sink = {NULL, no_rejects};
    struct q_schema declared = {0};
    struct cfg_source cfg = {0};
    struct extract_file_options options = {0};
    for (size_t i = 0; i < N_COLUMNS; i++) {
        struct cfg_column *c = q_vec_push(arena, &cfg.columns);
        c->name.s = columns[i].column.name;
        c->path.s = columns[i].path;
        (void)q_schema_add(arena, &declared, columns[i].column.name, columns[i].column.type);
    }
    check(q_opt_defaults(extract_file_opts, arena, &options, &err), &err);
    options.path = path;
    options.format = *records ? "json" : "ndjson";
    options.records = *records ? records : NULL;
    struct extract_file_input in = {.name = "f",
                                    .options = &options,
                                    .cfg = &cfg,
                                    .declared = &declared,
                                    .sink = &sink,
                                    .workers = (size_t)threads};
    load_ours(arena, conn, &in);
}

/* Seconds of one load into a fresh database. */
static double load(const char *path, const char *records, int threads, bool ours,
                   int64_t out[static SUMS])
{
    struct q_err err = {0};
    struct q_arena *arena = q_arena_new(NULL, "round");
    const struct db_settings settings = {.threads = threads};
    struct db *db;
    struct db_conn *conn;
    check(db_open(arena, &settings, &db, &err), &err);
    check(db_connect(db, arena, &conn, &err), &err);
    int64_t start = q_ticks();
    if (ours)
        load_described(arena, conn, path, records, threads);
    else
        load_theirs(arena, conn, theirs, path);
    double seconds = (double)(q_ticks() - start) / 1e6;
    check(db_get_ints(conn, sums, NULL, 0, out, SUMS, -1, &err), &err);
    q_arena_free(arena);
    return seconds;
}

int main(int argc, char **argv)
{
    double seconds[2][ROUNDS_MAX] = {0};
    int64_t found[2][SUMS];
    struct q_file_info info;
    int threads = argc == 5 ? atoi(argv[3]) : 0, rounds = argc == 5 ? atoi(argv[4]) : 0;
    if (threads < 1 || rounds < 1 || rounds > ROUNDS_MAX || !q_file_stat(argv[1], &info)) {
        (void)fprintf(stderr, "usage: compare FILE RECORDS THREADS ROUNDS\n");
        return 2;
    }
    bool both = !*argv[2];
    for (int r = 0; r < rounds; r++)
        for (int ours = both ? 0 : 1; ours < 2; ours++) {
            seconds[ours][r] = load(argv[1], argv[2], threads, ours, found[ours]);
            if (ours && both && memcmp(found[0], found[1], sizeof found[0]) != 0) {
                (void)fprintf(stderr, "compare: the two tables differ\n");
                return 1;
            }
        }
    double median = median_of(seconds[1], rounds), other = median_of(seconds[0], rounds);
    double speed = (double)info.size / 1e6 / median, ratio = both ? median / other : 0;
    (void)printf("json %s %d thread%s: ours %.2f s, %.0f MB/s", both ? "lines" : "document",
                 threads, threads > 1 ? "s" : "", median, speed);
    if (both)
        (void)printf(", read_json %.2f s, ratio %.2f (at most 1.00)", other, ratio);
    (void)printf("\n");
    return ratio > 1 || speed < FASTEST_OF;
}
