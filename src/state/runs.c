/* SPDX-License-Identifier: Apache-2.0 */
/* Runs on record, and what may become of them. */
#include <assert.h>
#include <inttypes.h>

#include "base/clock.h"
#include "base/embed.h"
#include "state/state.h"

static const char *const names[STATE_STATUSES] = {
    [STATE_NONE] = "",         [STATE_PUBLISHED] = "published", [STATE_ABORTED] = "aborted",
    [STATE_FAILED] = "failed", [STATE_HELD] = "held",           [STATE_DROPPED] = "dropped",
    [STATE_UNDONE] = "undone"};

#define TO(status) (1U << (status))
static const unsigned next[STATE_STATUSES] = {
    [STATE_NONE] = TO(STATE_PUBLISHED) | TO(STATE_ABORTED) | TO(STATE_FAILED) | TO(STATE_HELD),
    [STATE_HELD] = TO(STATE_PUBLISHED) | TO(STATE_DROPPED),
    [STATE_PUBLISHED] = TO(STATE_UNDONE),
};

const char *state_status_name(enum state_status status)
{
    return names[status];
}

enum state_status state_status_of(const char *name)
{
    enum state_status i = STATE_NONE;
    while (i < STATE_STATUSES && !q_streq(names[i], name))
        i++;
    return i;
}

bool state_status_may(enum state_status from, enum state_status to)
{
    return from < STATE_STATUSES && to < STATE_STATUSES && (next[from] & TO(to)) != 0;
}

enum q_code state_take_run(struct db_conn *conn, int64_t run_id, struct q_err *err)
{
    static const char *const deletes[] = {"state/delete_run.sql", "state/delete_relations.sql",
                                          "state/delete_reasons.sql", "state/delete_files.sql",
                                          "state/delete_rules.sql"};
    struct db_param p[] = {db_int("run_id", run_id)};
    enum q_code code = Q_OK;
    for (size_t i = 0; i < sizeof deletes / sizeof deletes[0] && !code; i++)
        code = db_exec(conn, q_embed_text(deletes[i]), p, 1, NULL, err);
    return code;
}

enum q_code state_change_run(struct db_conn *conn, int64_t run_id, enum state_status from,
                             enum state_status to, const char *message, struct q_err *err)
{
    assert(state_status_may(from, to));
    int64_t changed = 0;
    struct db_param p[] = {db_int("run_id", run_id), db_text("status", names[to]),
                           db_time("at", q_now()), db_text("message", message),
                           db_text("was", names[from])};
    enum q_code code = db_exec(conn, q_embed_text("state/change_run.sql"), p, 5, &changed, err);
    if (!code && changed != 1)
        code = q_fail(err, Q_TARGET, "run %" PRId64 " is not %s any more", run_id, names[from]);
    return code;
}

struct finder {
    struct q_arena *arena;
    struct state_found *out;
};

static enum q_code take_run(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct finder *f = arg;
    *f->out = (struct state_found){
        .run_id = db_cell_int(b, 0, row, 0),
        .started_at = db_cell_int(b, 1, row, 0),
        .clock = db_cell_int(b, 2, row, 0),
        .pipeline = db_cell_text(f->arena, b, 3, row),
        .target = db_cell_text(f->arena, b, 4, row),
        .plan_hash = db_cell_text(f->arena, b, 5, row),
        .status = state_status_of(db_cell_text(f->arena, b, 6, row)),
    };
    if (f->out->status == STATE_STATUSES)
        return q_fail(err, Q_TARGET, "run %" PRId64 " has a status that this version does not know",
                      f->out->run_id);
    return Q_OK;
}

static enum q_code take_digest(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct finder *f = arg;
    (void)err;
    f->out->digest = db_cell_text(f->arena, b, 0, row);
    return Q_OK;
}

enum q_code state_find_run(struct db_conn *conn, struct q_arena *arena, int64_t run_id,
                           struct state_found *out, struct q_err *err)
{
    struct finder f = {arena, out};
    struct db_param p[] = {db_int("run_id", run_id)};
    *out = (struct state_found){0};
    enum q_code code = Q_OK;
    if (state_exists(conn))
        code = db_each(conn, q_embed_text("state/find_run.sql"), p, 1, take_run, &f, err);
    if (!code && !out->run_id) {
        code = q_fail(err, Q_USAGE, "there is no run %" PRId64, run_id);
        q_hint(err, "See `quern runs`.");
    }
    if (!code && out->status == STATE_HELD)
        code = db_each(conn, q_embed_text("state/find_hold.sql"), p, 1, take_digest, &f, err);
    return code;
}

enum q_code state_held_run(struct db_conn *conn, const char *pipeline, int64_t *out,
                           struct q_err *err)
{
    struct db_param p[] = {db_text("pipeline", pipeline)};
    *out = 0;
    if (!db_has_table(conn, "wh", "quern", "holds")) /* a warehouse of an earlier version */
        return Q_OK;
    return db_get_ints(conn, q_embed_text("state/held_run.sql"), p, 1, out, 1, 0, err);
}
