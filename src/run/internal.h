/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One run while it lasts, shared by the files of run/ alone: run.c has its life, verdict.c says what follows from the audit,
 * publish.c is the transaction, hold.c what waits for somebody, preview.c what would happen, replay.c and look.c are runs of
 * another kind. session.c and change.c know the workspace and no run.
 */
#ifndef Q_RUN_INTERNAL_H
#define Q_RUN_INTERNAL_H

#include "run/run.h"
#include "state/state.h"

struct run_progress;

struct run {
    struct run_session *s;
    struct plan *plan;
    struct step_ctx ctx;
    struct run_progress *progress;
    struct run_result *out;
    struct state_journal journal;   /* path NULL: it has none */
    state_journals dead;            /* runs that did not end, to be put on record */
    bool shrinks;                   /* the audit holds it, whatever the rules say */
    const struct state_found *held; /* the held run that is published, or NULL */
};

/* What a plan is made for: to load records, to load rejected ones, to look at relations. */
enum run_purpose { RUN_LOADS, RUN_REPLAYS, RUN_LOOKS };

/* ---- run.c ---- */

/* An empty workspace with the warehouse attached, and the plan. `held_run`: of the checked relation that is kept under this
 * id, or 0. */
Q_MUST_CHECK enum q_code run_compile(struct run_session *s, const struct cfg_pipeline *pipeline,
                                     int64_t held_run, enum run_purpose purpose, struct plan **out,
                                     struct q_err *err);
/* What the steps of r->plan are given; times count from here. */
void run_fill_ctx(struct run *r, struct q_arena *arena);
/* The same, and progress is shown until the end. */
void run_begin_work(struct run *r, struct q_arena *arena);
void run_end_work(struct run *r);
/* The steps that publish, or those before them. */
Q_MUST_CHECK enum q_code run_steps(struct run *r, bool publishing, struct q_err *err);
/* All before publishing: steps, accounts, verdict. */
Q_MUST_CHECK enum q_code run_audit(struct run *r, struct q_err *err);
/* A run from compiling to the record. `replayed`: how many rejected records it takes; 0: it is no replay. */
Q_MUST_CHECK enum q_code run_one(struct run_session *s, const struct cfg_pipeline *pipeline,
                                 bool dry, int64_t replayed, struct plan **plan_out,
                                 struct run_result *out, struct q_err *err);

/* ---- verdict.c ---- */

/* What follows from rules, thresholds and what the audit found (SEMANTICS 10, 15): status, exit code, message and next. */
Q_MUST_CHECK enum q_code judge_run(struct run *r, struct q_err *err);

/* ---- publish.c ---- */

/* The load transaction. `with_data` false: the record and the rejects alone. */
Q_MUST_CHECK enum q_code publish_run(struct run *r, bool with_data, struct q_err *err);

/* ---- session.c ---- */

/* Detach, and attach the file for writing; it is made when there is none. */
Q_MUST_CHECK enum q_code run_attach_for_writing(struct run_session *s, struct q_err *err);
/* Ctrl-C stops what the session's connection does. */
void run_watch_cancel(struct run_session *s);
/* Roll back and close the file, after an error: that is the one to tell. */
void run_give_up(struct run_session *s);
/* How many threads the statements of this plan get, by the size of what they read. */
Q_MUST_CHECK enum q_code run_fit_threads(struct run_session *s, const struct plan *plan,
                                         struct q_err *err);
/* After an error at commit or at the checkpoint behind it: the run's own record says whether it happened. `status`: what the
 * transaction wrote there; a held run has been on record before. */
bool run_was_committed(struct run_session *s, int64_t run_id, const char *status);
/* Put runs that died on record; inside the load transaction. */
Q_MUST_CHECK enum q_code run_record_dead(struct run_session *s, const state_journals *dead,
                                         struct q_err *err);

#endif
