/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What quern remembers: state tables in the warehouse (schema quern), the run lock and the journal of running runs.
 *
 * The lock is a flocked file beside the warehouse, `<warehouse>.lock`; a process that dies loses it, so there is nothing
 * to take over by hand. Each holder gets a fencing token, one higher than the last, which the load transaction checks
 * again: a holder that was stopped and overtaken cannot write.
 *
 *     free ──acquire──> held(fence n) ──release or death──> free ──acquire──> held(fence n+1)
 *
 * The journal `.quern/runs/<id>.json` is written and fsynced before a run does anything, and removed after its record is
 * in the warehouse. A journal whose run is not in the warehouse belongs to a run that died; the next command that opens
 * the warehouse for writing records it as aborted.
 */
#ifndef Q_STATE_STATE_H
#define Q_STATE_STATE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/map.h"
#include "base/vec.h"
#include "db/db.h"

/* ---- lock ---- */
struct state_lock;

/* Waits up to `wait` seconds; then Q_LOCKED naming the holder. Released with the arena, or earlier by hand. */
Q_MUST_CHECK enum q_code state_lock(struct q_arena *arena, const char *warehouse, int64_t wait,
                                    struct state_lock **out, struct q_err *err);
void state_unlock(struct state_lock *lock);
/* 0 for NULL: a warehouse that nobody else can have. */
int64_t state_fence(const struct state_lock *lock);

/* ---- the life of a run on record ----
 *
 *     (none) ──> published ──undo──> undone
 *       │  ├───> aborted     a verdict, max_rejects, or the process died
 *       │  └───> failed      an error
 *       v
 *      held ──run --publish──> published
 *        └──runs drop──> dropped
 *
 * A replay of rejects is a run of its own.
 */
enum state_status {
    STATE_NONE,
    STATE_PUBLISHED,
    STATE_ABORTED,
    STATE_FAILED,
    STATE_HELD,
    STATE_DROPPED,
    STATE_UNDONE,
    STATE_STATUSES
};

/* As the tables have it; "" for STATE_NONE. */
const char *state_status_name(enum state_status status);
/* STATE_STATUSES when there is no such status. */
enum state_status state_status_of(const char *name);
bool state_status_may(enum state_status from, enum state_status to);

/* ---- journal ---- */
struct state_journal {
    int64_t run_id;
    int64_t started_at; /* microseconds UTC */
    int64_t pid;
    const char *pipeline, *target;
    const char *path; /* of the journal file */
};
typedef Q_VEC(struct state_journal) state_journals;

/* `dir`: the project directory. Fills j->path. */
Q_MUST_CHECK enum q_code state_journal_write(struct q_arena *arena, const char *dir,
                                             struct state_journal *j, struct q_err *err);
void state_journal_remove(const struct state_journal *j);
/* Journals on disk, by run id. To be called while the lock is held: none of them can be running. */
Q_MUST_CHECK enum q_code state_journals_read(struct q_arena *arena, const char *dir,
                                             state_journals *out, struct q_err *err);

/* ---- tables; the warehouse is attached as "wh" ---- */
bool state_exists(struct db_conn *conn);
/* The next run id: above all runs on record. 1 when there is no state. */
Q_MUST_CHECK enum q_code state_next_run(struct db_conn *conn, int64_t *out, struct q_err *err);
Q_MUST_CHECK enum q_code state_has_run(struct db_conn *conn, int64_t run_id, bool *out,
                                       struct q_err *err);
/* NULL text in *out when absent. */
Q_MUST_CHECK enum q_code state_meta_get(struct db_conn *conn, struct q_arena *arena,
                                        const char *key, const char **out, struct q_err *err);

/* Inside the load transaction: */
/* Make the state tables, refuse a newer format (Q_TARGET), check and store the fence (Q_LOCKED when overtaken; raised
 * when the lock file is younger than the warehouse). `lock` NULL: the warehouse is this process' own. */
Q_MUST_CHECK enum q_code state_open_for_write(struct db_conn *conn, struct state_lock *lock,
                                              struct q_err *err);
Q_MUST_CHECK enum q_code state_meta_set(struct db_conn *conn, const char *key, const char *value,
                                        struct q_err *err);

/* The meta key of the newest run whose before-images are gone: it and those before it cannot be undone. */
#define STATE_UNDO_PRUNED "undo pruned"
/* Before-images (tables quern.before_*) of runs that started more than `days` days before `clock` go, and of the oldest
 * runs when they took more than about `bytes` bytes before this transaction; those of `run_id`, the run that goes on, stay. `grows`: it wrote
 * some; else nobody asks how much there is. */
Q_MUST_CHECK enum q_code state_prune_undo(struct db_conn *conn, int64_t run_id, int64_t clock,
                                          int64_t days, int64_t bytes, bool grows,
                                          struct q_err *err);

struct state_run {
    int64_t run_id, started_at, finished_at, clock, fence;
    const char *pipeline, *target, *status, *plan_hash, *message;
    double seconds;
    int64_t read, loaded, inserted, updated, unchanged, superseded, rejected, skipped, opened,
        closed, deleted;
    int exit_code;
};
Q_MUST_CHECK enum q_code state_insert_run(struct db_conn *conn, const struct state_run *run,
                                          struct q_err *err);
/* Take the run off the record, for it to be written anew; its rejects stay. */
Q_MUST_CHECK enum q_code state_take_run(struct db_conn *conn, int64_t run_id, struct q_err *err);
/* From one status to another that may follow (asserted), with the time of the change as the run's end; `message` NULL:
 * it stays. */
Q_MUST_CHECK enum q_code state_change_run(struct db_conn *conn, int64_t run_id,
                                          enum state_status from, enum state_status to,
                                          const char *message, struct q_err *err);

/* A run as it is on record. */
struct state_found {
    int64_t run_id, started_at, clock;
    const char *pipeline, *target, *plan_hash;
    enum state_status status;
    const char *digest; /* of what was declared when the run was held; NULL when it is not held */
};
/* Q_USAGE when there is no such run. Also for a warehouse without state. */
Q_MUST_CHECK enum q_code state_find_run(struct db_conn *conn, struct q_arena *arena, int64_t run_id,
                                        struct state_found *out, struct q_err *err);
/* The newest held run of a pipeline, 0 when there is none. */
Q_MUST_CHECK enum q_code state_held_run(struct db_conn *conn, const char *pipeline, int64_t *out,
                                        struct q_err *err);

/* The state tables of this version are all there; an earlier one made fewer. */
bool state_is_current(struct db_conn *conn);
/* Make those that are missing; inside a transaction, or in a scratch database. */
Q_MUST_CHECK enum q_code state_make_tables(struct db_conn *conn, struct q_err *err);
/* Read-only check of the format before anything else: Q_TARGET when the warehouse is from a newer version. */
Q_MUST_CHECK enum q_code state_check_format(struct db_conn *conn, struct q_err *err);

#endif
