/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far the incremental sources were read: the tables quern.watermarks and quern.intervals (SEMANTICS 5, 8).
 *
 * Both only grow: a run adds rows of its own, in the transaction that changes the target. The watermark of a source is the
 * value of the newest run's row; what was read are all intervals that no later run replaced. So a run is taken back by
 * taking its rows away. The tables are made by the first run that has something to put into them.
 *
 *     struct state_reads reads;
 *     code = state_reads_get(conn, arena, "orders", "orders", &reads, err);
 *     if (reads.n && reads.v[0].has_watermark) ...
 *
 * The warehouse is attached as "wh".
 */
#ifndef Q_STATE_READS_H
#define Q_STATE_READS_H

#include "state/cursor.h"

struct state_interval { /* as one run has read it */
    struct cursor_interval at;
    int64_t run_id;
};
struct state_read { /* a source */
    const char *pipeline, *source, *cursor;
    struct q_type type;
    bool has_watermark;
    struct db_param watermark;
    int64_t run_id; /* the newest run that read something new */
    Q_VEC(struct state_interval) intervals;
};
struct state_reads {
    struct state_read *v;
    size_t n, cap;
};

/* Sources that have been read, in order of their first run; of one pipeline, of one source, or of all (NULL). An interval
 * of another column or type than the watermark's is Q_TARGET: nothing writes that. */
Q_MUST_CHECK enum q_code state_reads_get(struct db_conn *conn, struct q_arena *arena,
                                         const char *pipeline, const char *source,
                                         struct state_reads *out, struct q_err *err);
/* The intervals of a source, merged. */
void state_read_merged(struct q_arena *arena, const struct state_read *read, cursor_intervals *out);

/* The least value that reading began with; false when nothing was read. */
bool state_read_begin(const struct state_read *read, struct db_param *out);

/* Inside a transaction that writes: */
/* Take [from, to) out of what was read, and say how many intervals were cut. */
Q_MUST_CHECK enum q_code state_intervals_cut(struct db_conn *conn, struct q_arena *arena,
                                             const struct state_read *read,
                                             const struct cursor_interval *hole, int64_t *changed,
                                             struct q_err *err);
/* Watermarks and intervals as they were without this run, for undo: the newest run gives the watermark back, an older one
 * leaves a hole. */
Q_MUST_CHECK enum q_code state_restore_intervals(struct db_conn *conn, int64_t run_id,
                                                 struct q_err *err);

#endif
