/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The load stage: from the checked relation to the target.
 *
 * It compiles to an *audit* (what the load would do, found out against the untouched target) and a *publish* part that
 * runs inside the load transaction and only carries out what the audit decided. Nothing in the publish part can fail on a
 * row's value.
 *
 *     current relation ─> l_base (typed as the target) ─> l_good (without rejected and skipped records)
 *          ─> duplicates of a key settled (SEMANTICS 11) ─> l_rows (with surrogate keys) ─> strategy ─> target
 *
 * Strategies: merge.c with what it is made of (final.c the columns of a matched row, replace.c the rows that go away), and
 * history.c with timeline.c, overwrite.c, snapshot.c and versions.c. infer.c makes members that only facts know, shrink.c
 * holds what takes too much, before.c keeps what changes for `quern undo`. The audit writes the workspace tables q_counts
 * and q_holds.
 */
#ifndef Q_LOAD_LOAD_H
#define Q_LOAD_LOAD_H

#include "plan/step.h"

extern const struct plan_stage load_stage;

#endif
