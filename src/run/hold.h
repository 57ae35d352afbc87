/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Held runs (SEMANTICS 10): what was checked is kept in the warehouse, in schema quern_hold, until somebody publishes it
 * or gives it up.
 *
 * The shadow of run 7 is the relation to load as `r7_rows`, with its hidden columns, and the shared workspace tables that
 * the load stage and the accounts need (`r7_rejects`, `r7_sources`, ...), as they were before the audit. To publish it,
 * hold_stage stands in for extract, transform and check: it puts them back, and the load stage audits afresh against the
 * target as it is then.
 */
#ifndef Q_RUN_HOLD_H
#define Q_RUN_HOLD_H

#include "run/internal.h"

extern const struct plan_stage hold_stage;

/* Keep the shadow; inside the transaction that records the run as held. */
Q_MUST_CHECK enum q_code hold_keep(struct step_ctx *ctx, const struct plan *plan,
                                   struct q_err *err);
/* Drop the shadow; inside a transaction. */
Q_MUST_CHECK enum q_code hold_forget(struct db_conn *db, int64_t run_id, struct q_err *err);
#endif
