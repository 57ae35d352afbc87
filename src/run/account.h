/* SPDX-License-Identifier: Apache-2.0 */
/* The accounts of a run (SEMANTICS 28): every record read ends as exactly one of loaded, rejected, skipped. */
#ifndef Q_RUN_ACCOUNT_H
#define Q_RUN_ACCOUNT_H

#include "run/run.h"

/* The shared workspace tables of plan/step.h, empty, and q_run. */
Q_MUST_CHECK enum q_code account_begin(struct step_ctx *ctx, struct q_err *err);
/* Fill `out` from the workspace after the audit; Q_INTERNAL when the counts do not add up. */
Q_MUST_CHECK enum q_code account_close(struct step_ctx *ctx, const struct plan *plan,
                                       struct run_result *out, struct q_err *err);
/* Ordinals and lines of rejected records into q_places. */
Q_MUST_CHECK enum q_code account_places(struct step_ctx *ctx, const struct plan *plan,
                                        const struct run_result *result, struct q_err *err);
/* Write the run with its reasons, rules, files and rejects into the state tables; inside a transaction. */
Q_MUST_CHECK enum q_code account_write(struct step_ctx *ctx, const struct plan *plan,
                                       const struct run_result *result, int64_t fence,
                                       struct q_err *err);

#endif
