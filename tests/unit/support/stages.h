/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pipeline of one's own for tests of the stages: YAML in, staged tables by SQL, transform and check run in a
 * workspace with an empty warehouse.
 *
 *     struct stages s;
 *     stages_open(&s);
 *     stages_file(&s, "pipelines/p.yaml", "...");          // model/ and quern.yaml have defaults
 *     stages_stage(&s, "sales", "SELECT * FROM (VALUES (1, 'a')) AS t(id, name)");
 *     assert_int_equal(stages_run(&s, "p", list, 2), Q_OK); // s.err otherwise
 *     assert_string_equal(stages_text(&s, "SELECT count(*) FROM q_rejects"), "3");
 *     stages_close(&s);
 */
#ifndef TESTS_UNIT_SUPPORT_STAGES_H
#define TESTS_UNIT_SUPPORT_STAGES_H

#include "plan/plan.h"

struct stages {
    struct q_arena *arena;
    char dir[64];
    struct cfg_project *project;
    struct db *engine;
    struct db_conn *db;
    struct plan *plan;
    struct q_map tables; /* source -> select */
    struct q_err err;
};

void stages_open(struct stages *s);
void stages_close(struct stages *s);
void stages_file(struct stages *s, const char *path, const char *text);
/* The rows of a source get positions in their order: file 0, offsets 0, 10, 20 ... unless there is a column _q_pos. */
void stages_stage(struct stages *s, const char *source, const char *select);
enum q_code stages_run(struct stages *s, const char *pipeline, const struct plan_stage *const *list,
                       size_t n);
void stages_exec(struct stages *s, const char *sql);
/* All rows: columns separated by |, rows by line ends; NULL is "null". */
const char *stages_text(struct stages *s, const char *sql);

#endif
