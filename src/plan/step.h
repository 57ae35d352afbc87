/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract of the four stages: extract, transform, check, load.
 *
 * A stage *compiles* its part of a pipeline into steps: immutable, with all the SQL that they will run, which
 * `quern plan` prints. Later run/ *executes* the steps in order. Between steps goes nothing but names of relations in
 * the workspace.
 *
 * Relations. Source `sales` is staged as table `s_sales`: its columns and `_q_pos` (BIGINT, see batch/reject.h). Each
 * transform step gives a view (a table after a join) `t<N>_<name>`. Every relation carries `_q_pos` of the pipeline's
 * main relation (the first source), and after a join `_q_pos_<right source>` (NULL where there was no match). The main
 * relation's record is the unit of all counts: a record is rejected when any of its rows is.
 *
 * Pseudo columns of a relation that comes from files: `source_file` (text, the path as matched) and `source_position`
 * (bigint, byte offset of the record). The first transform view has them.
 *
 * Workspace tables that the stages share (made by run/ before the first step):
 *   q_rejects(relation VARCHAR, pos BIGINT, ord INTEGER, rule VARCHAR, reason VARCHAR, col VARCHAR, value VARCHAR,
 *             detail VARCHAR, raw BLOB, record VARCHAR)      every reason of every rejected record
 *   q_skips(relation VARCHAR, pos BIGINT, reason VARCHAR)    records that are left out on purpose; at most one a record
 *   q_skipped(relation VARCHAR, reason VARCHAR, records BIGINT)  records left out that are only counted (filtered,
 *                                                            unmatched); made by transform where it is absent
 *   q_joins(step VARCHAR, left_rows, right_rows, matched_left, unmatched_left, matched_right, unmatched_right,
 *           multiplied BIGINT)                               one row a join; `multiplied`: rows beyond one a match
 *   q_rules(ord INTEGER, name VARCHAR, rows BIGINT, evaluated BIGINT, failed BIGINT, severity VARCHAR (NULL: passed),
 *           state VARCHAR ('passed','failed','error'), vacuous BOOLEAN, seconds DOUBLE, message VARCHAR, samples VARCHAR,
 *           removes BOOLEAN)                               its failing rows are rejected
 *   q_sources(relation VARCHAR, file_no INTEGER, path VARCHAR, size BIGINT, records BIGINT, rejected BIGINT,
 *             detected VARCHAR)                              what extract read, one row a file
 *   q_shapes(relation VARCHAR, file_no INTEGER, shape VARCHAR)  how a record of a file is read alone, for files with
 *                                                            rejects; see extract/file/file.h
 *   q_counts(name VARCHAR, n BIGINT)                         what load does: inserted, updated, unchanged,
 *                                                            versions_opened, versions_closed, deleted, spliced,
 *                                                            corrected, inferred (members)
 *   q_holds(reason VARCHAR, message VARCHAR)                 why the run must not publish by itself: it is held, exit
 *                                                            code 4. reason 'shrink' is let through by --accept-shrink
 *   q_keys(pos BIGINT, key VARCHAR)                          keys of rejected records of the main relation, as JSON
 *   q_run(run_id BIGINT, clock TIMESTAMP)                    one row: this run
 * Of pipelines with incremental sources alone, made by extract:
 *   q_watermarks(pipeline, source, cursor_column, type, before, value VARCHAR, anew BOOLEAN, nulls BIGINT, late BIGINT,
 *                late_from, late_to VARCHAR)                   one row a source: how far it was read before and now; what
 *                                                            was older and in no file that an earlier run read
 *   q_intervals(source, lo, hi VARCHAR)                      what this run has read
 *   q_reread(pos BIGINT)                                     mode append: records of the main relation that an earlier
 *                                                            run may have loaded
 * A skip with the reason "superseded" counts as loaded, not as skipped.
 * After a right or full join a row without a record of the main relation has _q_pos = -1 - the right record's position;
 * a negative position in q_rejects is that record of the right relation.
 * `ord` orders reasons: STEP_ORD_PARSE, then transform steps, then rules as declared, then load. `reason` is a stable
 * code ("cast", "not_null", "between", "duplicate_key", ...), `rule` the rule's name or the step's.
 * A stage that reads a relation after rejects leaves out what is in q_rejects or q_skips of the main relation.
 */
#ifndef Q_PLAN_STEP_H
#define Q_PLAN_STEP_H

#include "base/arena.h"
#include "base/err.h"
#include "base/file.h"
#include "base/map.h"
#include "base/opt.h"
#include "batch/type.h"
#include "config/config.h"
#include "db/db.h"
#include "model/model.h"

enum {
    STEP_ORD_PARSE = 0,
    STEP_ORD_TRANSFORM = 1000,
    STEP_ORD_RULE = 10000,
    STEP_ORD_LOAD = 100000
};

/* What a step hands over: the name of a table or view in the workspace, and its columns without system columns. */
struct plan_relation {
    const char *name;
    struct q_schema columns;
};

/* A run that is about to be published or held. */
struct plan_publication {
    const char *warehouse; /* as declared: that the run is on record in */
    const char *pipeline;
    int64_t run_id;
    int64_t first_run; /* of this process */
    /* All pipelines of this process, this one among them; none: it is the only one. */
    const struct cfg_pipeline *const *together;
    size_t n_together;
};

struct plan_source {
    const char *name;
    const char *table; /* staged as */
    const struct cfg_source *cfg;
    struct q_schema columns; /* without _q_pos */
    const q_paths *files; /* paths in order of file number, or NULL when it is not made of files */
    int64_t bytes;        /* about how many bytes of text its files hold */
    const struct plan_reading *reading; /* what of it is read (plan/reading.h); NULL: everything */
    const char *after; /* a source whose rows it needs: that is staged before; NULL: none */
    void *driver;      /* the extract driver's own */
    /* One record as it stands in its file, with its ordinal and line as from locate(); empty where it has no text. NULL when
     * the source has no such places. After the scan. */
    enum q_code (*read_raw)(const struct plan_source *source, int64_t pos, struct q_arena *arena,
                            struct q_str *raw, int64_t *ordinal, int64_t *line, struct q_err *err);
    /* Where positions (sorted, n of them) stand: ordinal of the record in its file from 1, physical line from 1. NULL when
     * the source has no such places. After the scan. */
    enum q_code (*locate)(const struct plan_source *source, const int64_t *pos, size_t n,
                          int64_t *ordinals, int64_t *lines, struct q_err *err);
    /* Before the commit of a run that publishes or is held: note what will be done with the source once it is published.
     * That cannot fail the run: what goes wrong is a warning. May be NULL. */
    void (*publishing)(const struct plan_source *source, const struct plan_publication *run);
};

/* What all steps of a run share. Filled by run/; a step may write only what is marked. */
struct step_ctx {
    struct q_arena *arena; /* of the run */
    struct db *engine;     /* to open further connections of the workspace */
    struct db_conn *db;    /* the workspace, with the warehouse attached as "wh" */
    int64_t run_id;
    int64_t clock;           /* microseconds UTC: the run's one clock */
    int64_t started_ticks;   /* q_ticks() at the start */
    const char *only_source; /* NULL, or the source of which one record alone is staged */
    int64_t only_pos;        /* that record */
    /* Set while a step works: somebody asks `fn` now and then how far it is; NULL ends it. May be NULL. Any thread asks. */
    void (*watch)(void *self, void (*fn)(void *arg, int64_t *rows, int64_t *bytes), void *arg);
    void *watch_self;
};

struct plan;
struct plan_pins;

struct plan_step {
    const char *stage;    /* "extract", "transform", "check", "load" */
    const char *name;     /* shown: "sales", "derive total_amount", "sales_fact" */
    const char *relation; /* the relation that it makes or works on */
    bool publishes;       /* runs inside the load transaction */
    bool
        prepares; /* runs in a transaction of its own before that one; it only adds what nothing is in yet */
    q_texts sql; /* what it will run, for `quern plan` */
    q_texts
        only_if; /* beside `sql`: a relation that must have rows, else the statement is left out; or NULL */
    const void *spec; /* the stage's own */
    Q_MUST_CHECK enum q_code (*run)(const struct plan_step *step, struct step_ctx *ctx,
                                    struct q_err *err);
};

/* What a transform step could not do with a row: a hidden column of plan->current that is NULL where all went well,
 * else the value that it could not use ("" when there is none to show). The check stage rejects such rows. */
struct plan_fail {
    const char *column; /* of plan->current: "_q_fail_1" */
    int ord;
    const char *rule, *reason, *col, *detail; /* as in q_rejects */
};

/* An immutable plan of one pipeline; while it is being built, stages append to it. */
struct plan {
    struct q_arena *arena;
    struct db_conn *db; /* while compiling: the workspace, with the warehouse attached as "wh" */
    struct plan_pins *pins; /* quern.lock */
    void *sessions;         /* extract's own: connections that its sources share */
    const struct cfg_project *project;
    const struct cfg_pipeline *pipeline;
    const struct model *model;
    const struct model_table *target;
    int64_t clock;         /* the run's, microseconds UTC */
    const char *from, *to; /* of the run's options: a backfill; or NULL */
    bool full;             /* read everything, whatever the watermark says */
    bool looking;          /* for looking at relations: nothing will be loaded */
    bool accept_contract;  /* sources may have changed their shape (SEMANTICS 35) */
    Q_VEC(struct plan_source) sources;
    struct plan_relation current; /* the main relation after the steps so far */
    bool current_is_table;        /* not a view: scanning it twice costs little */
    const char *keyed; /* `current` with the columns of plan_key_column(); NULL: there are none */
    Q_VEC(struct plan_fail) fails; /* of transform, for check */
    Q_VEC(struct plan_step) steps;
    /* How to name a model's stored table while the warehouse is read: "wh"."main"."x", or a stand-in with the special
     * members when the warehouse does not have it yet. A fragment. */
    const char *(*table_ref)(const struct plan *plan, const struct model_table *table);
    bool replay; /* the main source is rejected records: memory.replay.records, see run/replay.c */
    int64_t
        held_run; /* the held run that is published: its shadow stands for extract to check. 0: none */
    struct q_map *
        existing; /* stored tables that the warehouse has, NULL where it lacks columns; behind table_ref */
};

struct plan_stage {
    const char *name;
    /* Append the steps of this stage; sets `current`. Errors name file and line. */
    Q_MUST_CHECK enum q_code (*compile)(struct plan *plan, struct q_err *err);
};

/* The column of plan->keyed with the surrogate key that a role of the target finds for a row, NULL where it finds none. The
 * dimension is as it was before the run: so the answer is NULL for roles whose dimension the run may fill, and for those
 * whose lookup may fail. Both look the key up themselves. */
const char *plan_key_column(const struct plan *plan, const struct model_role *role);
/* A step that runs its statements one after another: for stages whose steps are only SQL. */
Q_MUST_CHECK enum q_code step_run_sql(const struct plan_step *step, struct step_ctx *ctx,
                                      struct q_err *err);
struct plan_step *plan_add_step(struct plan *plan, const char *stage, const char *name,
                                const char *relation);
void plan_step_sql(struct plan *plan, struct plan_step *step, const char *sql);
/* A statement that has nothing to do while `relation` is empty. */
void plan_step_sql_if(struct plan *plan, struct plan_step *step, const char *relation,
                      const char *sql);

#endif
