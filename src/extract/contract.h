/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens when a source changes its shape (SEMANTICS 34, 35).
 *
 * The shape of a source is what is declared of it and what quern.lock has pinned; where every column is declared with its
 * type, the declaration is all of it. The first run of anything else pins what it finds. Later runs compare:
 *
 *                    evolve                  freeze        discard_column       discard_row
 *   new column       is read, and pinned     stops (4)     is not read          records with a value in it are rejected
 *   wider type       is read, and pinned     stops (4)     what does not fit    what does not fit is rejected
 *                                                          is rejected (cast)   (contract)
 *   column is gone   error; NULL in a source that says `optional: true`, and where another part has it
 *
 * Every change is told. `quern run --accept-contract` takes the source as it is and pins that.
 *
 *     code = contract_settle(plan, in, pin, source, &c, err);      // between describe() and bind()
 *     select = contract_select(c, select);
 *     code = contract_open(c, ctx, err);
 *     code = contract_run(c, ctx, err);                            // behind the scan
 */
#ifndef Q_EXTRACT_CONTRACT_H
#define Q_EXTRACT_CONTRACT_H

#include "extract/driver.h"
#include "plan/plan.h"

struct contract;

/* `pin`: "pipeline.relation". Q_HELD when the contract is freeze and the shape has changed, Q_SOURCE when a column is gone.
 * Pins what is to be pinned. `in` and `source` outlive it. */
Q_MUST_CHECK enum q_code contract_settle(struct plan *plan, const struct extract_input *in,
                                         const char *pin, const struct extract_source *source,
                                         const char *table, struct contract **out,
                                         struct q_err *err);
/* The columns that the relation has, without _q_pos. */
const struct q_schema *contract_columns(const struct contract *c);
/* The statement that reads the source, with what the contract makes of it. */
const char *contract_select(const struct contract *c, const char *select);
/* What contract_run() runs, for `quern plan`. */
void contract_plan(const struct contract *c, struct plan *plan, struct plan_step *step);
/* Before the statement runs. */
Q_MUST_CHECK enum q_code contract_open(const struct contract *c, struct step_ctx *ctx,
                                       struct q_err *err);
/* Once the source is staged, its parts noted: reject what does not fit, or stop with Q_HELD. */
Q_MUST_CHECK enum q_code contract_run(const struct contract *c, struct step_ctx *ctx,
                                      struct q_err *err);

/* The smallest type that holds the values of both; text where there is none. */
struct q_type contract_widen(struct q_type a, struct q_type b);
/* Whether all columns are declared with a type, so that nothing has to be pinned. */
bool contract_is_declared(const struct q_schema *declared);

#endif
