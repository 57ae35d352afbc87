/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second stage: the declared steps of a pipeline as views over the staged sources, tables after a join.
 *
 * Nothing is calculated before the check stage reads the last view, except joins. Columns that a step cannot make for a
 * row (a cast that fails, an overflow) are NULL, and a hidden column `_q_fail_<n>` keeps the value; such rows pass all
 * later filters and joins, so that check rejects them and nothing is lost. Records that a filter or an inner join leaves
 * out are counted in q_skipped.
 *
 * Within one derive step a column may use those written before it. `select` drops source_file and source_position
 * unless they are named.
 */
#ifndef Q_TRANSFORM_TRANSFORM_H
#define Q_TRANSFORM_TRANSFORM_H

#include "plan/step.h"

extern const struct plan_stage transform_stage;

#endif
