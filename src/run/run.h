/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Executes plans: opens the workspace, takes the lock, runs the steps, keeps the accounts, publishes in one transaction.
 *
 * Life of one run:
 *
 *     begun ──steps──> audited ──verdict──> publishing ──commit──> published
 *       │                 │                     │
 *       │ error           │ on_fail: abort,     │ error: rolled back
 *       v                 │ max_rejects         v
 *     failed              v                   failed: the warehouse is as before
 *                       aborted, held (record and rejects are written)
 *                                  │
 *                 run_publish() <──┴──> run_drop()
 *                        v                 v
 *     audited ──> publishing ──> published dropped
 *
 * What is on record and what may follow stands in state/state.h. A held run keeps what it checked (run/hold.h).
 *
 * A session is one process' workspace: an in-memory engine with the project's memory limit and spill directory. The
 * warehouse is attached to it as "wh", read-only except while a run publishes. One thread.
 */
#ifndef Q_RUN_RUN_H
#define Q_RUN_RUN_H

#include "plan/plan.h"

struct state_lock;

struct run_session {
    struct q_arena *arena;
    const struct cfg_project *project;
    const struct model *model;
    const struct plan_stage *const *stages;
    size_t n_stages;
    struct db *engine;
    struct db_conn *db;
    const char *warehouse; /* path */
    struct state_lock *lock;
    struct plan_pins *pins;
    int64_t wait; /* seconds to wait for the lock and for the file */
    bool attached;
    const char *from, *to; /* the interval that is read, instead of news; or NULL */
    bool full;             /* everything is read, whatever the watermarks say */
    bool accept_shrink;    /* a full snapshot may take as many keys as it does (SEMANTICS 15) */
    bool accept_contract;  /* sources may have changed their shape (SEMANTICS 35) */
    /* The pipelines that this process runs, which its sources may share; set after run_open(). */
    const struct cfg_pipeline *const *together;
    size_t n_together;
    int64_t first_run; /* id of the first run of this process; 0: none yet */
    bool all_cores;    /* statements use them; else one thread, or as many as the user says */
    /* The warehouse lives in memory, as long as it is attached: nothing is locked, put into the journal or pinned. Set
     * after run_open(). */
    bool scratch;
};

/* Open the workspace. `wait`: seconds. Nothing is locked or attached yet. */
Q_MUST_CHECK enum q_code run_open(struct q_arena *arena, const struct cfg_project *project,
                                  const struct model *model, const struct plan_stage *const *stages,
                                  size_t n_stages, int64_t wait, struct run_session *out,
                                  struct q_err *err);
/* Take the run lock of the warehouse, and put runs that died on record. */
Q_MUST_CHECK enum q_code run_lock(struct run_session *s, struct q_err *err);
/* Attach the warehouse read-only as "wh"; an empty one in memory when there is none yet. */
Q_MUST_CHECK enum q_code run_attach(struct run_session *s, struct q_err *err);
Q_MUST_CHECK enum q_code run_detach(struct run_session *s, struct q_err *err);

/* Change the warehouse outside of a run, in one transaction. The session holds the lock, unless it is a scratch one; the
 * warehouse is attached for writing as "wh" and has the state tables of this version while `change` works, and what it
 * returns ends or undoes the transaction. `change` NULL: the state tables alone. */
typedef enum q_code run_change_fn(struct run_session *s, void *arg, struct q_err *err);
Q_MUST_CHECK enum q_code run_change(struct run_session *s, run_change_fn *change, void *arg,
                                    struct q_err *err);

struct run_reason {
    const char *relation, *kind, *reason; /* kind: "rejected" or "skipped" */
    int64_t records;
};
struct run_misfit { /* values of a column that are not of its type */
    const char *relation, *column, *expected, *example;
    int64_t records;
};
struct run_relation {
    const char *name;
    int64_t read, loaded, rejected, skipped;
};
struct run_rule {
    const char *name, *severity, *state, *message, *samples; /* severity NULL: passed */
    int64_t rows, evaluated, failed;
    bool vacuous;
    bool
        removes_rows; /* the rows that fail it are rejected; false for rules about the whole relation */
};
struct run_sample { /* a rejected record, for looking at */
    const char *relation, *reason, *key, *column, *value, *path;
    int64_t record_no; /* 0: unknown */
};
struct run_measure { /* of the target, as exact text; NULL: there was none */
    const char *name, *before, *after, *change;
};
struct run_file {
    const char *relation, *path, *detected;
    int64_t size, records, rejected;
};

struct run_range { /* values as text; NULL: no bound on that side */
    const char *from, *to;
    const char *kind; /* "news", "hole", "backfill" or "all" */
};
struct run_reading { /* of an incremental source */
    const char *relation, *cursor, *type;
    const char *before, *watermark; /* NULL: none */
    Q_VEC(struct run_range) ranges; /* none: nothing could be new; or the run was held */
    int64_t nulls;                  /* records without cursor that were read */
    int64_t late;                   /* older than the watermark, in files that no run has read */
    const char *late_from, *late_to;
};

struct run_result {
    int64_t run_id;
    const char *pipeline, *target, *status; /* published, aborted, held, planned */
    const char *message;                    /* why it was aborted or held, or NULL */
    const char *next;                       /* held: the commands that go on, or NULL */
    const char *plan_hash;
    int exit_code;
    int64_t started_at;
    double seconds;
    int64_t read, loaded, rejected, skipped;
    int64_t inserted, updated, unchanged, superseded, opened, closed;
    int64_t deleted;   /* keys that a full snapshot lacked */
    int64_t spliced;   /* late rows that corrected the history; among updated */
    int64_t corrected; /* versions whose content was put right in place; among updated */
    int64_t inferred;  /* members that were inserted because a fact names them */
    Q_VEC(struct run_relation) relations;
    Q_VEC(struct run_reason) reasons;
    Q_VEC(struct run_misfit) misfits;
    Q_VEC(struct run_rule) rules;
    Q_VEC(struct run_file) files;
    Q_VEC(struct run_reading) readings;
    /* Of a dry run: */
    Q_VEC(struct run_sample) samples; /* up to three of each reason */
    Q_VEC(struct run_measure) measures;
};

/* Run one pipeline. `dry`: everything but the publishing, no lock and no journal needed; the workspace keeps the relations
 * (tables l_*, h_*, q_*) until the next run. `plan_out` may be NULL. */
Q_MUST_CHECK enum q_code run_pipeline(struct run_session *s, const struct cfg_pipeline *pipeline,
                                      bool dry, struct plan **plan_out, struct run_result *out,
                                      struct q_err *err);
/* Finish a run that is held: what it checked is audited against the target as it is now, and published under its id. It
 * stays held, with exit code 4, when the audit holds it again. Q_USAGE when it is not held, Q_CONFIG when the pipeline or
 * its model changed since, Q_FAILED when too many records are rejected now. The lock is held. */
Q_MUST_CHECK enum q_code run_publish(struct run_session *s, int64_t run_id, struct run_result *out,
                                     struct q_err *err);
/* Give a held run up. The lock is held. Q_USAGE when it is not held. */
Q_MUST_CHECK enum q_code run_drop(struct run_session *s, int64_t run_id, struct q_err *err);
/* Which rejects: of a run (0: all), with a reason or rule (NULL: all). */
struct run_replay {
    int64_t run_id;
    const char *reason;
};
/* Records that fit, by what is done with them. */
struct run_replayed {
    int64_t taken;
    int64_t
        not_kept; /* cannot be replayed: rejected by an older version, or longer than what is kept */
    int64_t joined;      /* records of a joined relation: they have no row of their own */
    int64_t unpublished; /* of runs that did not publish */
};
/* Run a pipeline's rejected records through it, as a run of its own (run/replay.c). Nothing is run, and out->run_id is 0,
 * when no record fits. The lock is held. */
Q_MUST_CHECK enum q_code run_replay(struct run_session *s, const struct cfg_pipeline *pipeline,
                                    const struct run_replay *what, struct run_replayed *taken,
                                    struct run_result *out, struct q_err *err);
/* Bring the state tables of the warehouse to this version and attach it read-only; Q_USAGE when there is no warehouse. The
 * lock is held. */
Q_MUST_CHECK enum q_code run_prepare(struct run_session *s, struct q_err *err);
/* Bring the schema of the warehouse up to date as a run of `pipeline` would, without loading anything: for a scratch session
 * whose tables get their rows by hand. */
Q_MUST_CHECK enum q_code run_make_schema(struct run_session *s, const struct cfg_pipeline *pipeline,
                                         struct q_err *err);
/* One transaction that is no run of a pipeline: `fn` changes the warehouse, and puts a run on record under `run_id`, as
 * published. Runs that died go on record first. The session holds the lock. `keep` false: all is rolled back, whatever
 * `fn` says. */
Q_MUST_CHECK enum q_code run_transaction(struct run_session *s, bool keep,
                                         enum q_code (*fn)(void *arg, int64_t run_id,
                                                           struct q_err *err),
                                         void *arg, struct q_err *err);
/* Run the extract and transform steps in the workspace, for looking at a relation. `relation` NULL: the one that is checked
 * and loaded; else a source (as read), or the name of any relation that a run makes. *out is its name there. */
Q_MUST_CHECK enum q_code run_up_to(struct run_session *s, const struct cfg_pipeline *pipeline,
                                   const char *relation, const char **out, struct q_err *err);

/* Where one record stands: its source, the path of its file as on record, and the byte offset in it (Parquet: the row). */
struct run_record {
    const char *relation, *path;
    int64_t offset;
    /* Rows of a connection have no place that lasts: all of them are read, and *pos is left alone. */
    bool anywhere;
};
/* Today's plan of a pipeline, and its extract and transform steps carried out in the workspace on one record of that source
 * (of the other sources all records, for joins). *pos: its position today. `record` NULL: the plan alone. Q_SOURCE when the
 * pipeline does not read that file any more. */
Q_MUST_CHECK enum q_code run_trace(struct run_session *s, const struct cfg_pipeline *pipeline,
                                   const struct run_record *record, struct plan **plan_out,
                                   int64_t *pos, struct q_err *err);

#endif
