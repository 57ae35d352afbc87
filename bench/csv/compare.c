/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compare FILE THREADS ROUNDS: the file into a table, by the engine's read_csv and by our reader, in turn, each in a
 * fresh database in memory. Prints the medians and their ratio; fails when the tables differ or the ratio is above 0.9.
 */
#include "../compare.h"

static const struct q_column columns[] = {
    {"transaction_id", {Q_T_INT64, 0, 0}},
    {"line_no", {Q_T_INT32, 0, 0}},
    {"customer_id", {Q_T_INT32, 0, 0}},
    {"product_id", {Q_T_TEXT, 0, 0}},
    {"store_id", {Q_T_INT32, 0, 0}},
    {"employee_id", {Q_T_INT32, 0, 0}},
    {"sale_date", {Q_T_DATE, 0, 0}},
    {"sold_at", {Q_T_TIMESTAMP, 0, 0}},
    {"quantity", {Q_T_INT32, 0, 0}},
    {"unit_price", {Q_T_DECIMAL, 12, 2}},
    {"discount_amount", {Q_T_DECIMAL, 12, 2}},
    {"tax_amount", {Q_T_DECIMAL, 12, 2}},
    {"total_amount", {Q_T_DECIMAL, 12, 2}},
    {"city", {Q_T_TEXT, 0, 0}},
    {"status", {Q_T_TEXT, 0, 0}},
    {"channel", {Q_T_TEXT, 0, 0}},
    {"note", {Q_T_TEXT, 0, 0}},
};
enum { N_COLUMNS = sizeof columns / sizeof columns[0], SUMS = 5 };
static const char theirs[] =
    "CREATE TABLE t AS SELECT * FROM read_csv($$%s$$, header = true, auto_detect = false, delim = ',', quote = '\"', "
    "escape = '\"', columns = {transaction_id: 'BIGINT', line_no: 'INTEGER', customer_id: 'INTEGER', product_id: "
    "'VARCHAR', store_id: 'INTEGER', employee_id: 'INTEGER', sale_date: 'DATE', sold_at: 'TIMESTAMP', quantity: "
    "'INTEGER', unit_price: 'DECIMAL(12,2)', discount_amount: 'DECIMAL(12,2)', tax_amount: 'DECIMAL(12,2)', "
    "total_amount: 'DECIMAL(12,2)', city: 'VARCHAR', status: 'VARCHAR', channel: 'VARCHAR', note: 'VARCHAR'})";
static const char sums[] =
    "SELECT count(*), sum(quantity)::BIGINT, (sum(total_amount) * 100)::BIGINT, count(note), "
    "(sum(hash(sold_at, note, product_id, transaction_id, tax_amount)) % 1000000007)::BIGINT FROM t";

/* Seconds of one load into a fresh database. */
static double load(const char *path, int threads, bool ours, int64_t out[static SUMS])
{
    struct q_err err = {0};
    struct q_arena *arena = q_arena_new(NULL, "round");
    const struct db_settings settings = {.threads = threads};
    struct reject_sink sink = {NULL, no_rejects};
    struct q_schema declared = {0};
    struct extract_file_options options = {0};
    struct db *db;
    struct db_conn *conn;
    check(db_open(arena, &settings, &db, &err), &err);
    check(db_connect(db, arena, &conn, &err), &err);
    for (size_t i = 0; i < N_COLUMNS; i++)
        (void)q_schema_add(arena, &declared, columns[i].name, columns[i].type);
    check(q_opt_defaults(extract_file_opts, arena, &options, &err), &err);
    options.path = path;
    struct extract_file_input in = {.name = "f",
                                    .options = &options,
                                    .declared = &declared,
                                    .sink = &sink,
                                    .workers = (size_t)threads};
    int64_t start = q_ticks();
    if (ours)
        load_ours(arena, conn, &in);
    else
        load_theirs(arena, conn, theirs, path);
    double seconds = (double)(q_ticks() - start) / 1e6;
    check(db_get_ints(conn, sums, NULL, 0, out, SUMS, -1, &err), &err);
    q_arena_free(arena);
    return seconds;
}

int main(int argc, char **argv)
{
    double seconds[2][ROUNDS_MAX];
    int64_t found[2][SUMS];
    int threads = argc == 4 ? atoi(argv[2]) : 0, rounds = argc == 4 ? atoi(argv[3]) : 0;
    if (threads < 1 || rounds < 1 || rounds > ROUNDS_MAX) {
        (void)fprintf(stderr, "usage: compare FILE THREADS ROUNDS\n");
        return 2;
    }
    for (int r = 0; r < rounds; r++)
        for (int ours = 0; ours < 2; ours++) {
            seconds[ours][r] = load(argv[1], threads, ours, found[ours]);
            if (ours && memcmp(found[0], found[1], sizeof found[0]) != 0) {
                (void)fprintf(stderr, "compare: the two tables differ\n");
                return 1;
            }
        }
    double theirs_median = median_of(seconds[0], rounds),
           ours_median = median_of(seconds[1], rounds);
    double ratio = ours_median / theirs_median;
    (void)printf("csv %d thread%s: read_csv %.2f s, ours %.2f s, ratio %.2f (at most 0.90)\n",
                 threads, threads > 1 ? "s" : "", theirs_median, ours_median, ratio);
    return ratio > 0.9;
}
