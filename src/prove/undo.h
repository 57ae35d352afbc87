/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking a run back (SEMANTICS 18): rows that it changed or removed are restored from their before-images, rows that it
 * inserted are removed, members that it inferred too, in one transaction under the run lock.
 *
 *     quern.before_<stored> of the run ──> the table, as it was
 *     rows with `_q_run` of the run and no before-image ──> removed
 *     watermarks and intervals of the run ──> as they were without it (state/reads.h)
 *     quern.runs: published ──> undone; a run of its own says so
 *
 * It is refused when a later run touched a key that the run touched, or when rows of facts refer to members that would
 * go. An undo is not undone: run the pipeline again.
 */
#ifndef Q_PROVE_UNDO_H
#define Q_PROVE_UNDO_H

#include "run/run.h"

struct undo_result {
    int64_t run_id; /* of the undo itself */
    int64_t undone;
    const char *pipeline, *target;
    int64_t restored; /* rows that were changed or removed */
    int64_t removed;  /* rows that were inserted */
    int64_t members;  /* inferred members that were removed */
};

/* The session holds the lock. `dry`: everything is tried and rolled back. Q_USAGE when there is no such run, Q_FAILED when
 * it cannot be undone. */
Q_MUST_CHECK enum q_code undo_run(struct run_session *s, int64_t run_id, bool dry,
                                  struct undo_result *out, struct q_err *err);

#endif
