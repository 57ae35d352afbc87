/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of load tests share. */
#ifndef Q_PROVE_INTERNAL_H
#define Q_PROVE_INTERNAL_H

#include "prove/loadtest.h"

/* One test while it runs. */
struct proving {
    struct prove *p;
    const struct cfg_test *test;
    struct q_arena *arena;      /* of the test */
    struct q_arena *keep;       /* of its result */
    struct run_session session; /* in the arena of the test */
    const struct prove_project *project;
    const struct cfg_test_batch *batch;
    size_t number; /* of the batch, from 1 */
    struct prove_result *out;
};

struct prove_failure *prove_fail(struct proving *t, struct cfg_pos pos, const char *fmt, ...)
    Q_PRINTF(3, 4);

/* inputs.c: the pipeline with the files of its sources replaced by the rows of the batch. */
Q_MUST_CHECK enum q_code prove_inputs(struct proving *t, const struct cfg_pipeline *pipeline,
                                      struct cfg_pipeline *out, struct q_err *err);

/* cells.c: rows of texts. */
struct prove_row {
    const char **v;
    struct cfg_pos pos;
    const struct cfg_cell *cells; /* of an expected row */
};
typedef Q_VEC(struct prove_row) prove_rows;

/* The cells as the engine would show them as values of the types of `columns` (found by name). Q_CONFIG at the cell that
 * is none, or at an unknown column. */
Q_MUST_CHECK enum q_code prove_canonical(struct proving *t, const struct cfg_cells *cells,
                                         const struct q_schema *columns, const char *what,
                                         prove_rows *out, struct q_err *err);
/* Rows of a query, its columns `names` as text. */
Q_MUST_CHECK enum q_code prove_read(struct proving *t, const char *select, const q_texts *names,
                                    prove_rows *out, struct q_err *err);
/* given.c */
Q_MUST_CHECK enum q_code prove_given(struct proving *t, const struct cfg_pipeline *pipeline,
                                     struct q_err *err);
/* compare.c: `keys`: columns that tell which rows belong together. */
void prove_compare(struct proving *t, struct cfg_pos pos, const char *what, const q_texts *columns,
                   const q_texts *keys, const prove_rows *expected, const prove_rows *found);
/* expect.c: what the batch, and after the last one the test, expects. `failed`: how the run failed, or code Q_OK. */
Q_MUST_CHECK enum q_code prove_expect(struct proving *t, const struct run_result *result,
                                      const struct q_err *failed, struct q_err *err);
/* invariants.c: before and after a batch, for each table with history. */
Q_MUST_CHECK enum q_code prove_before_batch(struct proving *t, struct q_err *err);
Q_MUST_CHECK enum q_code prove_invariants(struct proving *t, struct q_err *err);
/* A number that changes when any row of a model table does. */
Q_MUST_CHECK enum q_code prove_fingerprint(struct db_conn *db, struct q_arena *arena,
                                           const struct model *model, const char **out,
                                           struct q_err *err);

#endif
