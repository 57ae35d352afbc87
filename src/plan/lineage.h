/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Column lineage: which columns of which sources a column of the target is made of, and by which steps.
 *
 * It is derived from the plan alone: expressions name their columns, renames, casts, cleaning and joins are declared. A
 * filter, and the keys of a join, decide whether there is a row, not what is in it: filters are told apart.
 *
 *     struct lineage l;
 *     if (lineage_of(arena, plan, "total_amount", &l, err) == Q_OK)
 *         for (size_t i = 0; i < l.sources.n; i++) use(l.sources.v[i]);        // "sales.quantity"
 */
#ifndef Q_PLAN_LINEAGE_H
#define Q_PLAN_LINEAGE_H

#include "plan/step.h"

struct lineage_step {
    size_t number;        /* of the step in the pipeline's transform list, from 1 */
    const char *text;     /* "total = quantity * unit_price" */
    struct cfg_pos pos;   /* in the pipeline's file */
    const char *source;   /* whose records it works on: the source that its relation comes from */
    const char *relation; /* what it makes in the workspace: "t2_sales" */
    const char *column;   /* that it makes or changes, as named behind it; NULL for a filter */
    q_texts reads;        /* columns before it that the value depends on */
};
typedef Q_VEC(const struct lineage_step *) lineage_steps;

struct lineage {
    const char *column; /* of the target */
    const char *loaded; /* the column of the relation to load that it is a copy of, or NULL */
    q_texts
        inputs; /* columns of the relation to load that it depends on: `loaded`, or those of a lookup */
    q_texts sources;     /* "sales.quantity", in order of first use */
    lineage_steps steps; /* that its value goes through, in order */
    lineage_steps filters;
    const char *
        note; /* what is done behind the steps: "surrogate key of dim_customers, found by ...", or NULL */
};

/* `column`: any column of the target's stored table. Q_INTERNAL when there is none of that name. */
Q_MUST_CHECK enum q_code lineage_of(struct q_arena *arena, const struct plan *plan,
                                    const char *column, struct lineage *out, struct q_err *err);

#endif
