/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several sources at once: the extract steps of a pipeline are carried out in parallel, each on a connection of its own to
 * the workspace. Sources of one connection of quern.yaml share its session and are read one after another; each file source
 * stands alone. Small files are left to one thread, which is done before others are awake.
 *
 * The first failure stops the others; it is the one that is reported, in the order of the steps when there are several.
 */
#ifndef Q_RUN_GATHER_H
#define Q_RUN_GATHER_H

#include "run/progress.h"
#include "run/run.h"

/* How many steps from `first` on are to be carried out together; at least 1, which the caller does itself. */
size_t gather_count(const struct run_session *s, const struct plan *plan, size_t first);
/* Carry them out. `ctx` and `progress` are the run's. */
Q_MUST_CHECK enum q_code gather_run(struct run_session *s, struct step_ctx *ctx,
                                    const struct plan *plan, size_t first, size_t n,
                                    struct run_progress *progress, struct q_err *err);

#endif
