/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs load tests (config/loadtest.h): each in a warehouse of its own, in memory, with the steps of production.
 *
 * What is replaced: the warehouse, the clock, and the files of the sources, which are written to a scratch directory from
 * the test's rows. One engine serves all tests.
 *
 *     struct prove p;
 *     code = prove_open(arena, project, model, cmd_stages, cmd_n_stages, &p, err);
 *     prove_add_project(&p, NULL, project, model);
 *     code = prove_test(&p, &test, false, arena, &result, err);
 *
 * The clock of the process is that of the tests from the first one on.
 */
#ifndef Q_PROVE_LOADTEST_H
#define Q_PROVE_LOADTEST_H

#include "base/map.h"
#include "config/loadtest.h"
#include "run/run.h"

struct prove_project {
    const char *name; /* NULL: the one of all tests */
    const struct cfg_project *project;
    const struct model *model;
};

struct prove {
    struct q_arena *arena;
    struct run_session session;
    const char *dir;    /* scratch; removed with the arena */
    struct q_map casts; /* functions that the engine has already */
    Q_VEC(struct prove_project) projects;
};

enum prove_kind { PROVE_DIFFERS, PROVE_MISSING, PROVE_SURPLUS };

/* An expected row that was not found as it is, a found one that was not expected, or two that belong together. Cells are
 * texts, NULL is NULL. */
struct prove_difference {
    enum prove_kind kind;
    struct cfg_pos pos;             /* of the expected row */
    const char **expected, **found; /* NULL: none */
    const bool *differs;            /* by column; a pair's */
};

struct prove_failure {
    size_t batch; /* from 1 */
    struct cfg_pos pos;
    const char *message;
    q_texts columns; /* of the differences */
    Q_VEC(struct prove_difference) differences;
};

struct prove_result {
    const struct cfg_test *test;
    double seconds;
    Q_VEC(struct prove_failure) failures; /* none: passed */
};

/* Open the engine. `project`: settings of the engine. The scratch directory is made in $TMPDIR or /tmp. */
Q_MUST_CHECK enum q_code prove_open(struct q_arena *arena, const struct cfg_project *project,
                                    const struct model *model,
                                    const struct plan_stage *const *stages, size_t n_stages,
                                    struct prove *out, struct q_err *err);
void prove_add_project(struct prove *p, const char *name, const struct cfg_project *project,
                       const struct model *model);
/* Run one test. `strict`: also prove the invariants of history after every batch, and that the last batch, run again a
 * second later, changes nothing. A failed test is no error; Q_CONFIG with file and line is: the test cannot be understood.
 * The result belongs to `arena`. */
Q_MUST_CHECK enum q_code prove_test(struct prove *p, const struct cfg_test *test, bool strict,
                                    struct q_arena *arena, struct prove_result *out,
                                    struct q_err *err);

#endif
