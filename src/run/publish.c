/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <inttypes.h>

#include "base/embed.h"
#include "base/log.h"
#include "run/account.h"
#include "run/hold.h"
#include "run/internal.h"

/* The record of a held run is written anew, as what it has become. */
static enum q_code replace_record(struct run *r, struct q_err *err)
{
    struct db_param p[] = {db_int("run_id", r->out->run_id)};
    enum q_code code = state_take_run(r->s->db, r->out->run_id, err);
    return code ? code
                : db_exec(r->s->db, q_embed_text("state/delete_open_rejects.sql"), p, 1, NULL, err);
}

static enum q_code mark_replayed(struct run *r, struct q_err *err)
{
    struct db_param p[] = {db_int("run_id", r->out->run_id)};
    return db_exec(r->s->db, q_embed_text("state/mark_replayed.sql"), p, 1, NULL, err);
}

static enum q_code prune_undo(struct run *r, struct q_err *err)
{
    const struct run_result *out = r->out;
    bool changes = out->updated || out->deleted || out->closed; /* else it left no images */
    return state_prune_undo(r->s->db, out->run_id, r->ctx.clock, r->s->project->undo_days,
                            r->s->project->undo_bytes, changes, err);
}

static enum q_code in_transaction(struct run *r, bool publish, struct q_err *err)
{
    enum q_code code = state_open_for_write(r->s->db, r->s->lock, err);
    if (!code)
        code = run_record_dead(r->s, &r->dead, err);
    if (!code && q_streq(r->out->status, "held"))
        code = hold_keep(&r->ctx, r->plan, err);
    if (!code && publish)
        code = run_steps(r, true, err);
    if (!code && publish)
        code = prune_undo(r, err);
    if (!code && r->held)
        code = replace_record(r, err);
    assert(state_status_may(r->held ? STATE_HELD : STATE_NONE, state_status_of(r->out->status)));
    if (!code)
        code = account_write(&r->ctx, r->plan, r->out, state_fence(r->s->lock), err);
    if (!code && r->plan->replay && publish)
        code = mark_replayed(r, err);
    return !code && r->held ? hold_forget(r->s->db, r->out->run_id, err) : code;
}

/* What must be committed before the load transaction; see plan_step.prepares. */
static enum q_code prepare(struct run *r, struct q_err *err)
{
    struct run_session *s = r->s;
    enum q_code code = Q_OK;
    for (size_t i = 0; i < r->plan->steps.n && !code; i++) {
        const struct plan_step *step = &r->plan->steps.v[i];
        if (!step->prepares)
            continue;
        code = db_begin(s->db, err);
        if (!code)
            code = state_open_for_write(s->db, s->lock, err);
        if (!code)
            code = step->run(step, &r->ctx, err);
        if (!code)
            code = db_commit(s->db, err);
    }
    return code;
}

static void tell_sources(const struct run *r)
{
    const struct run_session *s = r->s;
    struct plan_publication told = {.warehouse = s->project->env->warehouse.path.s,
                                    .pipeline = r->out->pipeline,
                                    .run_id = r->out->run_id,
                                    .first_run = s->first_run,
                                    .together = s->together,
                                    .n_together = s->n_together};
    for (size_t i = 0; i < r->plan->sources.n; i++)
        if (r->plan->sources.v[i].publishing)
            r->plan->sources.v[i].publishing(&r->plan->sources.v[i], &told);
}

/* Merging what small loads left is a tenth of a daily run. One in eight does it, whichever pipelines run in which order. */
static bool merges(int64_t run_id)
{
    const uint64_t golden = 0x9E3779B97F4A7C15; /* spreads neighbours; Knuth, TAOCP 3, 6.4 */
    return (uint64_t)run_id * golden >> 61 == 0;
}

enum q_code publish_run(struct run *r, bool with_data, struct q_err *err)
{
    struct run_session *s = r->s;
    enum q_code code = run_attach_for_writing(s, err);
    if (!code)
        code = db_set_merging(s->db, merges(r->out->run_id), err);
    if (code)
        return code;
    if (!s->scratch && !q_streq(r->out->status, "aborted"))
        tell_sources(r);
    if (with_data)
        code = prepare(r, err);
    if (!code)
        code = db_begin(s->db, err);
    if (!code)
        code = in_transaction(r, with_data, err);
    if (code) {
        run_give_up(s);
        return code;
    }
    code = db_commit(s->db, err);
    if (s->scratch)
        return code;
    if (!code)
        code = run_detach(s, err);
    if (code && run_was_committed(s, r->out->run_id, r->out->status)) {
        q_log(Q_LOG_WARN, "run %" PRId64 " is published, but its file could not be tidied up: %s",
              r->out->run_id, err->message);
        code = Q_OK;
    }
    if (code)
        return code;
    for (size_t i = 0; i < r->dead.n; i++)
        state_journal_remove(&r->dead.v[i]);
    return Q_OK;
}
