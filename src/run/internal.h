/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of run/ alone. */
#ifndef Q_RUN_INTERNAL_H
#define Q_RUN_INTERNAL_H

#include "run/run.h"
#include "state/state.h"

/* Detach, and attach the file for writing; it is made when there is none. */
enum q_code run_attach_for_writing(struct run_session *s, struct q_err *err);
/* Ctrl-C stops what the session's connection does. */
void run_watch_cancel(struct run_session *s);
/* How many threads the statements of this plan get, by the size of what they read. */
enum q_code run_fit_threads(struct run_session *s, const struct plan *plan, struct q_err *err);
/* After an error at commit or at the checkpoint behind it: the run's own record says whether it happened. `status`: what the
 * transaction wrote there; a held run has been on record before. */
bool run_was_committed(struct run_session *s, int64_t run_id, const char *status);
/* Put runs that died on record; inside the load transaction. */
enum q_code run_record_dead(struct run_session *s, const state_journals *dead, struct q_err *err);

#endif
