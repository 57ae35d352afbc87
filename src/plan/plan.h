/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From config, model and the last state to an immutable plan of one pipeline.
 *
 *     struct plan_inputs in = {.project = p, .model = m, .pipeline = pl, .db = conn, .stages = stages, .n_stages = 4};
 *     struct plan *plan;
 *     code = plan_compile(arena, &in, &plan, err);
 *
 * The warehouse is attached as "wh" while compiling. Model tables that it lacks get a stand-in with the special members
 * (and the days of a date dimension) in the workspace schema `absent`, so that every statement finds its tables. The plan
 * borrows what it is made from; `db` is asked while compiling alone.
 */
#ifndef Q_PLAN_PLAN_H
#define Q_PLAN_PLAN_H

#include "plan/step.h"

struct plan_inputs {
    const struct cfg_project *project;
    const struct model *model;
    const struct cfg_pipeline *pipeline;
    struct db_conn *db;
    struct plan_pins *pins;
    const struct plan_stage *const *stages;
    size_t n_stages;
    int64_t held_run; /* this and what follows: see struct plan */
    bool replay, looking, full, accept_contract;
    int64_t clock;
    const char *from, *to;
};

Q_MUST_CHECK enum q_code plan_compile(struct q_arena *arena, const struct plan_inputs *in,
                                      struct plan **out, struct q_err *err);
/* Fingerprint (FNV-1a) of all statements, 16 hex digits: it tells plans apart, and is no proof that two are the same. */
const char *plan_hash(const struct plan *plan);
/* The project's pipelines in an order in which they may run: a dimension's before those of facts that refer to it.
 * `names`: those wanted, or none for all; unknown names are Q_USAGE with the nearest. */
Q_MUST_CHECK enum q_code plan_order(struct q_arena *arena, const struct cfg_project *project,
                                    const struct model *model, const q_texts *names,
                                    const struct cfg_pipeline ***out, size_t *n, struct q_err *err);

/* ---- quern.lock: pinned types of files ---- */

/* A missing file is an empty set. */
Q_MUST_CHECK enum q_code plan_pins_read(struct q_arena *arena, const char *dir,
                                        struct plan_pins **out, struct q_err *err);
/* The pinned schema of "pipeline.relation", or NULL. */
const struct q_schema *plan_pin_find(const struct plan_pins *pins, const char *relation);
/* Pin; the file is written by plan_pins_write() only when something changed. */
void plan_pin_set(struct plan_pins *pins, const char *relation, const struct q_schema *schema);
/* Columns of a pinned schema that a part of the source may lack; NULL: none. */
const q_texts *plan_pin_optional(const struct plan_pins *pins, const char *relation);
void plan_pin_set_optional(struct plan_pins *pins, const char *relation, const q_texts *columns);
Q_MUST_CHECK enum q_code plan_pins_write(struct plan_pins *pins, struct q_err *err);

#endif
