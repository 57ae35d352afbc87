/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a load would do to the measures of its target, for `quern plan`: the load transaction runs against a stand-in of
 * the warehouse in memory, and the measures are taken before and after. The warehouse stays attached for reading only.
 *
 * The stand-in has the name "wh" and copies of what a load may change: the target, date dimensions, dimensions that get
 * inferred members; other tables are views of the warehouse, which is "whf" then. Of the state it has what is small.
 */
#ifndef Q_RUN_PREVIEW_H
#define Q_RUN_PREVIEW_H

#include "run/internal.h"

/* There are measures to tell. */
bool preview_wanted(const struct plan *plan);
/* The stand-in takes the place of "wh". */
Q_MUST_CHECK enum q_code preview_open(struct run_session *s, const struct plan *plan,
                                      struct q_err *err);
/* Values of the target's measures now: `after` false fills `before` of out->measures, else `after` and `change`. */
Q_MUST_CHECK enum q_code preview_measure(struct run_session *s, const struct plan *plan, bool after,
                                         struct run_result *out, struct q_err *err);
/* Nothing is attached any more. */
Q_MUST_CHECK enum q_code preview_close(struct run_session *s, struct q_err *err);

#endif
