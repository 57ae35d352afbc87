/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `quern plan` shows besides the counts: rejected records, and what a load would do to the measures of its target. The
 * load transaction runs against a stand-in of the warehouse in memory, and the measures are taken before and after; the
 * warehouse stays attached for reading only.
 *
 * The stand-in has the name "wh" and copies of what a load may change: the target, date dimensions, dimensions that get
 * inferred members; other tables are views of the warehouse, which is "whf" then. Of the state it has what is small.
 */
#ifndef Q_RUN_PREVIEW_H
#define Q_RUN_PREVIEW_H

#include "run/internal.h"

/* Of a dry run: up to three rejected records of each reason, and the measures before and after. Nothing is attached any more
 * when there are measures. */
Q_MUST_CHECK enum q_code preview_run(struct run *r, struct q_err *err);

#endif
