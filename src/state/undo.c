/* SPDX-License-Identifier: Apache-2.0 */
/* How long before-images are kept. They go by whole runs, the oldest first, so that one number says which runs cannot be
 * undone any more: meta "undo pruned". */
#include <inttypes.h>

#include "base/clock.h"
#include "base/embed.h"
#include "base/opt.h"
#include "sql/build.h"
#include "state/state.h"

enum { VALUE_BYTES = 16 };

struct images {
    struct q_arena *arena;
    q_texts tables;
    struct sql *sizes; /* bytes of each run and table */
};

static enum q_code take_table(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct images *m = arg;
    (void)err;
    const char *name = db_cell_text(m->arena, b, 0, row);
    sql_add(
        m->sizes,
        "%sSELECT _q_undo_run AS run, count(*) * %d AS bytes FROM wh.quern.%I GROUP BY _q_undo_run",
        m->tables.n ? " UNION ALL " : "", VALUE_BYTES * db_cell_int(b, 1, row, 0), name);
    *q_vec_push(m->arena, &m->tables) = name;
    return Q_OK;
}

/* The newest run whose images, with those of all later runs, take more than `bytes`. */
static enum q_code find_surplus(struct db_conn *conn, const struct images *m, int64_t run_id,
                                int64_t bytes, int64_t *out, struct q_err *err)
{
    return db_get_ints(
        conn,
        sql_make(
            m->arena,
            "SELECT coalesce(max(run), 0) FROM (SELECT run, sum(sum(bytes)) OVER (ORDER BY run DESC) AS total "
            "FROM (%s) GROUP BY run) WHERE total > %d AND run < %d",
            sql_text(m->sizes), bytes, run_id),
        NULL, 0, out, 1, 0, err);
}

static enum q_code prune(struct db_conn *conn, struct images *m, int64_t upto, struct q_err *err)
{
    enum q_code code = Q_OK;
    for (size_t i = 0; i < m->tables.n && !code; i++)
        code = db_exec(conn,
                       sql_make(m->arena, "DELETE FROM wh.quern.%I WHERE _q_undo_run <= %d",
                                m->tables.v[i], upto),
                       NULL, 0, NULL, err);
    return code
               ? code
               : state_meta_set(conn, STATE_UNDO_PRUNED, q_printf(m->arena, "%" PRId64, upto), err);
}

enum q_code state_prune_undo(struct db_conn *conn, int64_t run_id, int64_t clock, int64_t days,
                             int64_t bytes, bool grows, struct q_err *err)
{
    enum { OLD, PRUNED, COUNTS };
    int64_t n[COUNTS], taken = 0, surplus = 0;
    struct db_param p[] = {db_int("run_id", run_id),
                           db_time("before", clock - days * Q_USEC_PER_DAY)};
    enum q_code code =
        db_get_ints(conn, q_embed_text("state/before_runs.sql"), p, 2, n, COUNTS, 0, err);
    if (!code && grows) /* a list of all tables: 3 ms */
        code = db_get_ints(conn, q_embed_text("state/before_size.sql"), NULL, 0, &taken, 1, 0, err);
    if (code || (n[OLD] <= n[PRUNED] && taken <= bytes))
        return code;
    struct images m = {.arena = q_arena_new(NULL, "undo")};
    m.sizes = sql_new(m.arena);
    code = db_each(conn, q_embed_text("state/before_tables.sql"), NULL, 0, take_table, &m, err);
    if (!code && taken > bytes && m.tables.n)
        code = find_surplus(conn, &m, run_id, bytes, &surplus, err);
    int64_t upto = surplus > n[OLD] ? surplus : n[OLD];
    if (!code && upto > n[PRUNED])
        code = prune(conn, &m, upto, err);
    q_arena_free(m.arena);
    return code;
}
