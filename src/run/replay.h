/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replay of rejects (SEMANTICS 29): records that were rejected go through today's pipeline, and nothing else does.
 *
 * What is taken stands in memory.replay.records: `old_pos` in the run `run_id` that rejected it, `pos` in this run (files
 * are numbered anew, by run and file), and either `fields`, the source row as an object of texts, or the raw record
 * (`raw`, or `raw_bytes` when it is no UTF-8) with the `shape` of its file. The extract stage reads the main source from
 * there (extract/replay.h); the other sources are as they are today.
 *
 * The run is one of its own. The records that it took are marked as replayed by it; those that it rejects again are open
 * under it, so that a record is open once. The batch is no snapshot of anything: `snapshot: full` does not count,
 * replaced tables are merged into, and rules about the whole relation (row_count, sql) and max_rejects are left out.
 */
#ifndef Q_RUN_REPLAY_H
#define Q_RUN_REPLAY_H

#include "run/internal.h"

/* The pipeline as a replay runs it. */
const struct cfg_pipeline *replay_pipeline(struct q_arena *arena,
                                           const struct cfg_pipeline *pipeline);
/* Fill memory.replay.records; the warehouse is attached and has the state tables of this version. */
Q_MUST_CHECK enum q_code replay_collect(struct run_session *s, const struct cfg_pipeline *pipeline,
                                        const struct run_replay *what, struct run_replayed *out,
                                        struct q_err *err);

#endif
