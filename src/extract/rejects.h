/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A box for the rejects of one source: any thread puts them in, and when it is full they go to q_rejects on a connection of
 * its own, so that memory stays bounded while a scan runs.
 */
#ifndef Q_EXTRACT_REJECTS_H
#define Q_EXTRACT_REJECTS_H

#include "batch/reject.h"
#include "plan/step.h"

struct reject_box;

struct reject_box *reject_box_new(struct q_arena *arena, const char *relation);
/* To be given to the reader; good as long as the box. */
const struct reject_sink *reject_box_sink(struct reject_box *box);
/* Before the scan. */
Q_MUST_CHECK enum q_code reject_box_open(struct reject_box *box, struct step_ctx *ctx,
                                         struct q_err *err);
/* After the scan: the rest goes to q_rejects. */
Q_MUST_CHECK enum q_code reject_box_flush(struct reject_box *box, struct q_err *err);
/* Rejects put in so far, reasons and not records. */
int64_t reject_box_count(struct reject_box *box);

#endif
