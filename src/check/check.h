/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The third stage: rules on a relation, all in one scan where they can be; results in q_rules, rows that a rule removes
 * in q_rejects (SEMANTICS 36-43; plan/step.h has the tables).
 *
 * As a stage it takes the rules of the pipeline, what transform could not do, and what the target demands: keys that are
 * not NULL, NOT NULL and CHECK, values that fit their column exactly, members of dimensions. What the target demands is
 * in q_rules with severity "info" where it was broken: its rows are rejected and no verdict.
 *
 * Alone, for `quern check FILE --rules FILE`, it takes rules and any relation with a _q_pos:
 *
 *     struct check_input in = {.relation = "s_file", .source = "file", .columns = &columns, .rules = &rules};
 *     struct check *check;
 *     code = check_compile(arena, &in, &check, err);
 *     if (!code)
 *         code = check_run(check, conn, err);          // q_rules and q_rejects exist
 *
 * matches: the pattern may match any part of the text; ^ and $ tie it. unique: a row with all key columns NULL is left
 * out; rows of a key that are identical in all source columns are surplus but for the first, rows that differ fail all.
 * duplicate_row: rows identical in all source columns to an earlier one, in the same file with `within: source_file`.
 * row_count and sql are about the whole relation: they remove no rows. Percentages are of all rows.
 */
#ifndef Q_CHECK_CHECK_H
#define Q_CHECK_CHECK_H

#include "plan/step.h"

extern const struct plan_stage check_stage;

struct check;

struct check_input {
    const char *relation; /* of the workspace; has _q_pos */
    const char *source;   /* what q_rejects calls it */
    const struct q_schema *columns;
    const cfg_rules *rules;
    const struct plan *plan; /* NULL: rules alone; `reference` is refused then */
};

Q_MUST_CHECK enum q_code check_compile(struct q_arena *arena, const struct check_input *in,
                                       struct check **out, struct q_err *err);
Q_MUST_CHECK enum q_code check_run(const struct check *check, struct db_conn *conn,
                                   struct q_err *err);

#endif
