/* SPDX-License-Identifier: Apache-2.0 */
#include "run/run.h"

#include <assert.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/embed.h"
#include "base/log.h"
#include "base/suggest.h"
#include "batch/reject.h"
#include "run/account.h"
#include "run/gather.h"
#include "run/hold.h"
#include "run/internal.h"
#include "run/preview.h"
#include "run/progress.h"
#include "run/replay.h"

/* One run while it lasts. */
struct run {
    struct run_session *s;
    struct plan *plan;
    struct step_ctx ctx;
    struct run_progress *progress;
    struct run_result *out;
    struct state_journal journal;
    state_journals dead;
    bool shrinks;                   /* the audit holds it, whatever the rules say */
    const struct state_found *held; /* the held run that is published, or NULL */
};

enum purpose { FOR_RUN, FOR_REPLAY, FOR_LOOKING };

static enum q_code reset_workspace(struct run_session *s, struct q_err *err)
{
    return db_exec(s->db, q_embed_text("run/reset.sql"), NULL, 0, NULL, err);
}

static enum q_code compile_plan(struct run_session *s, struct q_arena *arena,
                                const struct cfg_pipeline *pipeline, int64_t held_run,
                                enum purpose purpose, struct plan **out, struct q_err *err)
{
    const struct plan_stage *held[] = {&hold_stage, s->stages[s->n_stages - 1]};
    struct plan_inputs in = {.project = s->project,
                             .model = s->model,
                             .pipeline = pipeline,
                             .db = s->db,
                             .pins = s->pins,
                             .stages = held_run ? held : s->stages,
                             .n_stages = held_run ? 2 : s->n_stages,
                             .replay = purpose == FOR_REPLAY,
                             .looking = purpose == FOR_LOOKING,
                             .held_run = held_run,
                             .clock = q_now(),
                             .from = s->from,
                             .to = s->to,
                             .full = s->full,
                             .accept_contract = s->accept_contract};
    return plan_compile(arena, &in, out, err);
}

static void fill_ctx(struct run *r, struct q_arena *arena)
{
    r->ctx = (struct step_ctx){.arena = arena,
                               .engine = r->s->engine,
                               .db = r->s->db,
                               .run_id = r->out->run_id,
                               .clock = r->held ? r->held->clock : r->plan->clock,
                               .started_ticks = q_ticks()};
    r->out->started_at = r->held ? r->held->started_at : r->ctx.clock;
}

/* The next run id is above all runs on record and all that died. */
static enum q_code choose_id(struct run *r, struct q_err *err)
{
    enum q_code code = state_next_run(r->s->db, &r->out->run_id, err);
    if (!code && r->s->lock)
        code = state_journals_read(r->s->arena, r->s->project->dir, &r->dead, err);
    for (size_t i = 0; i < r->dead.n; i++)
        if (r->dead.v[i].run_id >= r->out->run_id)
            r->out->run_id = r->dead.v[i].run_id + 1;
    return code;
}

static enum q_code write_journal(struct run *r, struct q_err *err)
{
    r->journal = (struct state_journal){.run_id = r->out->run_id,
                                        .started_at = r->ctx.clock,
                                        .pid = getpid(),
                                        .pipeline = r->out->pipeline,
                                        .target = r->out->target};
    return state_journal_write(r->s->arena, r->s->project->dir, &r->journal, err);
}

/* What is published was proven against the target as quern makes it: somebody changed the table by hand. */
static enum q_code refused(const struct plan_step *step, struct q_err *err)
{
    struct q_err why = *err;
    enum q_code code =
        q_fail(err, Q_TARGET, "could not publish \"%s\": the warehouse refused it: %s",
               step->relation ? step->relation : "?", why.message);
    q_detail(err, "The warehouse is as before.");
    q_hint(err, "Look for constraints, indexes or columns that were added to the table by hand.");
    return code;
}

static enum q_code run_steps(struct run *r, bool publishing, struct q_err *err)
{
    bool checked = false;
    for (size_t i = 0; i < r->plan->steps.n; i++) {
        const struct plan_step *step = &r->plan->steps.v[i];
        if (step->prepares || step->publishes != publishing)
            continue;
        progress_step(r->progress, step);
        enum q_code code = Q_OK;
        if (!publishing && !checked && q_streq(step->stage, "load")) {
            checked = true;
            code = db_exec(r->s->db, q_embed_text("run/checked.sql"), NULL, 0, NULL, err);
        }
        size_t together = publishing ? 1 : gather_count(r->s, r->plan, i);
        if (!code && together > 1) {
            code = gather_run(r->s, &r->ctx, r->plan, i, together, r->progress, err);
            if (code)
                return code;
            i += together - 1;
            continue;
        }
        if (!code)
            code = step->run(step, &r->ctx, err);
        if (code == Q_SQL && publishing)
            code = refused(step, err);
        if (code)
            return code;
        progress_step_done(r->progress, step);
    }
    return Q_OK;
}

/* ---- verdict ---- */

static void stop(struct run_result *out, const char *message)
{
    out->status = "aborted";
    out->exit_code = q_code_exit(Q_FAILED);
    out->message = message;
}

static void hold(struct run *r, const char *message)
{
    r->out->status = "held";
    r->out->exit_code = q_code_exit(Q_LOCKED);
    r->out->message = message;
}

static bool over(const struct cfg_threshold *t, int64_t rejected, int64_t read)
{
    __int128 left = rejected, right = t->bound;
    if (t->percent) { /* millionths of the records read */
        left *= 1000000;
        right *= read;
    }
    return t->or_equal ? left >= right : left > right;
}

static bool is_bad(const struct run_rule *rule)
{
    return rule->severity &&
           (q_streq(rule->severity, "error") || q_streq(rule->severity, "critical"));
}

static void judge_rules(struct run *r)
{
    struct run_result *out = r->out;
    bool abort_on_fail = r->plan->pipeline->load.on_fail == CFG_ON_FAIL_ABORT;
    bool hold_on_fail = r->plan->pipeline->load.on_fail == CFG_ON_FAIL_HOLD;
    for (size_t i = 0; i < out->rules.n; i++) {
        const struct run_rule *rule = &out->rules.v[i];
        if (q_streq(rule->state, "error")) {
            stop(out, q_printf(r->ctx.arena, "rule \"%s\" could not be evaluated: %s", rule->name,
                               rule->message ? rule->message : "?"));
            return;
        }
        if (!is_bad(rule) || r->held) /* who publishes a held run knows its verdict */
            continue;
        if (hold_on_fail) {
            hold(r, q_printf(r->ctx.arena, "rule \"%s\" has the verdict %s and on_fail is hold",
                             rule->name, rule->severity));
            continue;
        }
        out->exit_code = q_code_exit(Q_FAILED);
        if (abort_on_fail || !rule->removes_rows) {
            stop(out, q_printf(r->ctx.arena, "rule \"%s\" has the verdict %s%s", rule->name,
                               rule->severity,
                               abort_on_fail ? " and on_fail is abort"
                                             : ", and it has no rows to reject"));
            return;
        }
    }
}

static enum q_code take_hold(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct run *r = arg;
    (void)err;
    hold(r, db_cell_text(r->ctx.arena, b, 1, row));
    r->shrinks = true;
    return Q_OK;
}

/* What the audit found that somebody must look at first; a verdict that stops the run goes before it. */
static enum q_code read_holds(struct run *r, struct q_err *err)
{
    /* a snapshot that could not be read as a whole is accepted when the held run is looked at, not before */
    struct db_param p[] = {db_bool("accept_shrink", r->s->accept_shrink),
                           db_bool("accept_all", r->s->accept_shrink && r->held)};
    if (q_streq(r->out->status, "aborted"))
        return Q_OK;
    return db_each(r->s->db, q_embed_text("run/list_holds.sql"), p, 2, take_hold, r, err);
}

/* How somebody goes on with a run that is held. */
static void tell_next(struct run *r)
{
    if (q_streq(r->out->status, "held"))
        r->out->next =
            q_printf(r->ctx.arena,
                     "publish it with `quern run --publish %" PRId64
                     "%s`, or give it up with `quern runs drop %" PRId64 "`",
                     r->out->run_id, r->shrinks ? " --accept-shrink" : "", r->out->run_id);
}

static void judge(struct run *r)
{
    struct run_result *out = r->out;
    const struct cfg_threshold *most = &r->plan->pipeline->load.max_rejects;
    out->status = "published";
    judge_rules(r);
    if (q_streq(out->status, "aborted"))
        return;
    if (most->set && over(most, out->rejected, out->read))
        stop(out, q_printf(r->ctx.arena,
                           "%" PRId64 " of %" PRId64
                           " records are rejected, more than max_rejects allows",
                           out->rejected, out->read));
    else if (out->read > 0 && out->rejected == out->read && !r->plan->replay)
        stop(out, "all records are rejected");
}

/* ---- publishing ---- */

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

static enum q_code publish(struct run *r, bool with_data, struct q_err *err)
{
    struct run_session *s = r->s;
    enum q_code code = run_attach_for_writing(s, err);
    if (code)
        return code;
    for (size_t i = 0; !s->scratch && i < r->plan->sources.n; i++)
        if (r->plan->sources.v[i].publishing && !q_streq(r->out->status, "aborted"))
            r->plan->sources.v[i].publishing(&r->plan->sources.v[i],
                                             s->project->env->warehouse.path.s, r->out->run_id);
    if (with_data)
        code = prepare(r, err);
    if (!code)
        code = db_begin(s->db, err);
    if (!code)
        code = in_transaction(r, with_data, err);
    if (code) {
        db_rollback(s->db);
        if (s->scratch || run_detach(s, NULL) == Q_OK)
            return code; /* else the same: the first error is the one to tell */
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
    for (size_t i = 0; with_data && i < r->plan->sources.n; i++)
        if (r->plan->sources.v[i].published)
            r->plan->sources.v[i].published(&r->plan->sources.v[i], r->out->run_id);
    return Q_OK;
}

static enum q_code audited(struct run *r, struct q_err *err)
{
    enum q_code code = account_begin(&r->ctx, err);
    if (!code)
        code = run_steps(r, false, err);
    if (!code)
        code = account_close(&r->ctx, r->plan, r->out, err);
    if (!code)
        code = account_places(&r->ctx, r->plan, r->out, err);
    if (!code)
        code = db_exec(r->s->db, q_embed_text(r->held ? "run/keyed_held.sql" : "run/keyed.sql"),
                       NULL, 0, NULL, err);
    if (code)
        return code;
    judge(r);
    code = read_holds(r, err);
    tell_next(r);
    return code;
}

/* A run before this one that waits for somebody. */
static enum q_code tell_held(struct run *r, struct q_err *err)
{
    int64_t held = 0;
    enum q_code code = state_held_run(r->s->db, r->out->pipeline, &held, err);
    if (held)
        q_log(Q_LOG_WARN,
              "run %" PRId64 " of %s is still held: publish it with `quern run --publish %" PRId64
              "`, or give it up with `quern runs drop %" PRId64 "`",
              held, r->out->pipeline, held, held);
    return code;
}

static enum q_code take_sample(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct run *r = arg;
    struct q_arena *arena = r->s->arena;
    (void)err;
    *q_vec_push(arena, &r->out->samples) = (struct run_sample){
        .relation = db_cell_text(arena, b, 0, row),
        .reason = db_cell_text(arena, b, 1, row),
        .key = db_cell_text(arena, b, 2, row),
        .column = db_cell_text(arena, b, 3, row),
        .value = db_cell_text(arena, b, 4, row),
        .path = db_cell_text(arena, b, 5, row),
        .record_no = db_cell_int(b, 6, row, 0),
    };
    return Q_OK;
}

/* The load transaction in a stand-in of the warehouse: what it does to the measures. */
static enum q_code preview_load(struct run *r, struct q_err *err)
{
    struct run_session *s = r->s;
    enum q_code code = preview_open(s, r->plan, err);
    if (!code)
        code = preview_measure(s, r->plan, false, r->out, err);
    if (!code)
        code = db_begin(s->db, err);
    if (code)
        return code;
    code = run_steps(r, true, err);
    if (!code)
        code = preview_measure(s, r->plan, true, r->out, err);
    db_rollback(s->db);
    return code ? code : preview_close(s, err);
}

static enum q_code preview(struct run *r, struct q_err *err)
{
    enum q_code code =
        db_each(r->s->db, q_embed_text("run/list_samples.sql"), NULL, 0, take_sample, r, err);
    if (!code && preview_wanted(r->plan) && !q_streq(r->out->status, "would abort"))
        code = preview_load(r, err);
    return code;
}

static enum q_code run_all(struct run *r, bool dry, struct q_err *err)
{
    enum q_code code = dry || r->s->scratch ? Q_OK : write_journal(r, err);
    if (!code && !r->s->scratch)
        code = tell_held(r, err);
    if (!code)
        code = audited(r, err);
    if (code)
        return code;
    if (dry) {
        r->out->status = q_streq(r->out->status, "aborted") ? "would abort"
                         : q_streq(r->out->status, "held")  ? "would be held"
                                                            : "planned";
        r->out->next = NULL;
        return preview(r, err);
    }
    code = r->s->scratch ? Q_OK : plan_pins_write(r->s->pins, err);
    return code ? code : publish(r, q_streq(r->out->status, "published"), err);
}

static enum q_code compile(struct run_session *s, const struct cfg_pipeline *pipeline,
                           int64_t held_run, enum purpose purpose, struct plan **out,
                           struct q_err *err)
{
    enum q_code code = reset_workspace(s, err);
    if (!code && !s->attached)
        code = run_attach(s, err);
    if (!code)
        code = compile_plan(s, s->arena, pipeline, held_run, purpose, out, err);
    return code ? code : run_fit_threads(s, *out, err);
}

/* A run that failed goes on record with its message, in a transaction of its own. When that is not possible (cancelled, disk
 * full), its journal stays, and the next run puts it on record. */
static void record_failure(struct run *r, const struct q_err *err)
{
    struct run_session *s = r->s;
    struct q_err ignored = {0};
    if (!r->journal.path || err->code == Q_CANCELLED)
        return;
    if (!q_file_exists(s->warehouse)) { /* there is nothing yet to put it into */
        state_journal_remove(&r->journal);
        return;
    }
    struct state_run run = {.run_id = r->out->run_id,
                            .pipeline = r->out->pipeline,
                            .target = r->out->target,
                            .status = "failed",
                            .started_at = r->ctx.clock,
                            .finished_at = q_now(),
                            .clock = r->ctx.clock,
                            .fence = state_fence(s->lock),
                            .exit_code = q_code_exit(err->code),
                            .message = err->message};
    if (run_attach_for_writing(s, &ignored) || db_begin(s->db, &ignored))
        return;
    if (state_open_for_write(s->db, s->lock, &ignored) || run_record_dead(s, &r->dead, &ignored) ||
        state_insert_run(s->db, &run, &ignored) || db_commit(s->db, &ignored)) {
        db_rollback(s->db);
        return;
    }
    state_journal_remove(&r->journal);
    for (size_t i = 0; i < r->dead.n; i++)
        state_journal_remove(&r->dead.v[i]);
    if (run_detach(s, &ignored))
        q_log(Q_LOG_WARN, "%s", ignored.message);
}

static void begin_work(struct run *r, struct q_arena *arena)
{
    fill_ctx(r, arena);
    r->progress = progress_start(arena, r->s->db, r->out->pipeline);
    r->ctx.watch = progress_watch;
    r->ctx.watch_self = r->progress;
}

static void end_work(struct run *r)
{
    progress_stop(r->progress);
    r->out->seconds = (double)(q_ticks() - r->ctx.started_ticks) / 1e6;
}

static enum q_code run_one(struct run_session *s, const struct cfg_pipeline *pipeline, bool dry,
                           int64_t replayed, struct plan **plan_out, struct run_result *out,
                           struct q_err *err)
{
    struct q_arena *arena = q_arena_new(s->arena, "run");
    struct run r = {.s = s, .out = out};
    *out = (struct run_result){
        .pipeline = pipeline->name.s, .target = pipeline->load.into.s, .status = "failed"};
    enum q_code code = compile(s, pipeline, 0, replayed > 0 ? FOR_REPLAY : FOR_RUN, &r.plan, err);
    if (!code)
        code = choose_id(&r, err);
    if (!code) {
        out->plan_hash = plan_hash(r.plan);
        if (replayed)
            out->message = q_printf(arena, "a replay of %" PRId64 " rejected record%s", replayed,
                                    replayed == 1 ? "" : "s");
        begin_work(&r, arena);
        code = run_all(&r, dry, err);
        end_work(&r);
    }
    if (code) {
        q_context(err, "running pipeline \"%s\"", pipeline->name.s);
        record_failure(&r, err);
    } else {
        state_journal_remove(&r.journal);
    }
    if (plan_out)
        *plan_out = r.plan;
    return code;
}

enum q_code run_pipeline(struct run_session *s, const struct cfg_pipeline *pipeline, bool dry,
                         struct plan **plan_out, struct run_result *out, struct q_err *err)
{
    return run_one(s, pipeline, dry, 0, plan_out, out, err);
}

/* ---- rejects ---- */

enum q_code run_prepare(struct run_session *s, struct q_err *err)
{
    if (!q_file_exists(s->warehouse)) {
        enum q_code code = q_fail(err, Q_USAGE, "there is no warehouse \"%s\" yet", s->warehouse);
        q_hint(err, "`quern run` makes it.");
        return code;
    }
    enum q_code code = run_attach(s, err);
    if (code || state_is_current(s->db))
        return code;
    code = run_attach_for_writing(s, err);
    if (!code)
        code = db_begin(s->db, err);
    if (!code)
        code = state_open_for_write(s->db, s->lock, err);
    if (!code)
        code = db_commit(s->db, err);
    else
        db_rollback(s->db);
    if (!code)
        code = run_detach(s, err);
    return code ? code : run_attach(s, err);
}

enum q_code run_replay(struct run_session *s, const struct cfg_pipeline *pipeline,
                       const struct run_replay *what, struct run_replayed *taken,
                       struct run_result *out, struct q_err *err)
{
    *taken = (struct run_replayed){0};
    *out = (struct run_result){.pipeline = pipeline->name.s, .target = pipeline->load.into.s};
    enum q_code code = s->attached ? Q_OK : run_attach(s, err);
    if (!code)
        code = replay_collect(s, pipeline, what, taken, err);
    if (code || !taken->taken)
        return code;
    return run_one(s, replay_pipeline(s->arena, pipeline), false, taken->taken, NULL, out, err);
}

/* ---- held runs ---- */

static enum q_code find_unchanged(struct run_session *s, const struct state_found *held,
                                  const struct cfg_pipeline **out, struct q_err *err)
{
    enum q_code code = Q_OK;
    *out = cfg_find_pipeline(s->project, held->pipeline);
    if (!*out)
        code = q_fail(err, Q_CONFIG,
                      "cannot publish run %" PRId64 ": there is no pipeline \"%s\" any more",
                      held->run_id, held->pipeline);
    else if (!held->digest || !q_streq(held->digest, hold_digest(s->arena, s->model, *out)))
        code = q_fail(err, Q_CONFIG,
                      "cannot publish run %" PRId64
                      ": pipeline \"%s\", or the model of its target, changed since it was held",
                      held->run_id, held->pipeline);
    if (code)
        q_hint(err,
               "Undo the change, or give the run up with `quern runs drop %" PRId64
               "` and run the pipeline again.",
               held->run_id);
    return code;
}

static enum q_code publish_held(struct run *r, struct q_err *err)
{
    enum q_code code = state_journals_read(r->s->arena, r->s->project->dir, &r->dead, err);
    if (!code)
        code = audited(r, err);
    if (code || q_streq(r->out->status, "held"))
        return code;
    if (q_streq(r->out->status, "aborted"))
        return q_fail(err, Q_FAILED, "cannot publish run %" PRId64 ": %s", r->out->run_id,
                      r->out->message);
    return publish(r, true, err);
}

enum q_code run_publish(struct run_session *s, int64_t run_id, struct run_result *out,
                        struct q_err *err)
{
    struct q_arena *arena = q_arena_new(s->arena, "run");
    struct state_found *held = q_new(arena, struct state_found);
    const struct cfg_pipeline *pipeline = NULL;
    struct run r = {.s = s, .out = out, .held = held};
    enum q_code code = hold_find(s, run_id, "publish", held, err);
    if (!code)
        code = find_unchanged(s, held, &pipeline, err);
    if (code)
        return code;
    *out = (struct run_result){.run_id = run_id,
                               .pipeline = pipeline->name.s,
                               .target = pipeline->load.into.s,
                               .status = "held",
                               .plan_hash = held->plan_hash};
    code = compile(s, pipeline, run_id, FOR_RUN, &r.plan, err);
    if (!code) {
        begin_work(&r, arena);
        code = publish_held(&r, err);
        end_work(&r);
    }
    if (code)
        q_context(err, "publishing run %" PRId64 " of pipeline \"%s\"", run_id, pipeline->name.s);
    return code;
}

static enum q_code drop_in_transaction(struct run_session *s, void *arg, struct q_err *err)
{
    int64_t run_id = *(int64_t *)arg;
    struct db_param p[] = {db_int("run_id", run_id)};
    enum q_code code = hold_forget(s->db, run_id, err);
    if (!code)
        code = state_change_run(s->db, run_id, STATE_HELD, STATE_DROPPED, NULL, err);
    return code ? code
                : db_exec(s->db, q_embed_text("state/drop_rejects_of_run.sql"), p, 1, NULL, err);
}

enum q_code run_drop(struct run_session *s, int64_t run_id, struct q_err *err)
{
    struct state_found held;
    enum q_code code = hold_find(s, run_id, "drop", &held, err);
    return code ? code : run_change(s, drop_in_transaction, &run_id, err);
}

/* The tables of the model, and what they need of files: the holidays of a date dimension. */
static enum q_code prepare_steps(struct run *r, bool publishing, struct q_err *err)
{
    enum q_code code = Q_OK;
    for (size_t i = 0; i < r->plan->steps.n && !code; i++) {
        const struct plan_step *step = &r->plan->steps.v[i];
        bool wanted = publishing ? q_streq(step->name, "schema") : q_streq(step->stage, "extract");
        if (wanted && step->publishes == publishing)
            code = step->run(step, &r->ctx, err);
    }
    return code;
}

enum q_code run_make_schema(struct run_session *s, const struct cfg_pipeline *pipeline,
                            struct q_err *err)
{
    struct run_result unused = {.pipeline = pipeline->name.s};
    struct run r = {.s = s, .out = &unused};
    enum q_code code = compile(s, pipeline, 0, false, &r.plan, err);
    if (code)
        return code;
    fill_ctx(&r, s->arena);
    code = account_begin(&r.ctx, err);
    if (!code)
        code = prepare_steps(&r, false, err);
    if (!code)
        code = run_attach_for_writing(s, err);
    if (!code)
        code = db_begin(s->db, err);
    if (code)
        return code;
    code = state_open_for_write(s->db, s->lock, err);
    if (!code)
        code = prepare_steps(&r, true, err);
    if (!code)
        return db_commit(s->db, err);
    db_rollback(s->db);
    return code;
}

static bool shapes(const struct plan_step *step)
{
    return !step->publishes &&
           (q_streq(step->stage, "extract") || q_streq(step->stage, "transform"));
}

/* The workspace's name of a relation as a user says it: a source, or what a step of the plan makes. */
static enum q_code workspace_name(const struct plan *plan, const char *relation, const char **out,
                                  struct q_err *err)
{
    q_texts names = {0};
    *out = relation ? relation : plan->current.name;
    if (!relation || q_streq(relation, plan->current.name))
        return Q_OK;
    for (size_t i = 0; i < plan->sources.n; i++) {
        if (q_streq(plan->sources.v[i].name, relation))
            *out = plan->sources.v[i].table;
        *q_vec_push(plan->arena, &names) = plan->sources.v[i].name;
    }
    for (size_t i = 0; i < plan->steps.n; i++)
        if (shapes(&plan->steps.v[i]) && plan->steps.v[i].relation)
            *q_vec_push(plan->arena, &names) = plan->steps.v[i].relation;
    for (size_t i = 0; i < names.n; i++)
        if (q_streq(names.v[i], relation))
            return Q_OK;
    enum q_code code = q_fail(err, Q_USAGE, "unknown relation \"%s\" of pipeline \"%s\"", relation,
                              plan->pipeline->name.s);
    const char *near = q_suggest(relation, names.v, names.n);
    if (near)
        q_hint(err, "Did you mean `%s`?", near);
    else
        q_hint(err, "It has the relations of its sources and steps: see `quern plan %s`.",
               plan->pipeline->name.s);
    return code;
}

/* Carry out the extract and transform steps. */
static enum q_code shape(struct run *r, struct q_err *err)
{
    r->progress = progress_start(r->s->arena, r->s->db, r->out->pipeline);
    enum q_code code = account_begin(&r->ctx, err);
    for (size_t i = 0; i < r->plan->steps.n && !code; i++) {
        const struct plan_step *step = &r->plan->steps.v[i];
        if (shapes(step))
            code = step->run(step, &r->ctx, err);
    }
    progress_stop(r->progress);
    return code;
}

enum q_code run_up_to(struct run_session *s, const struct cfg_pipeline *pipeline,
                      const char *relation, const char **out, struct q_err *err)
{
    struct run_result result = {.pipeline = pipeline->name.s, .target = pipeline->load.into.s};
    struct run r = {.s = s, .out = &result};
    enum q_code code = compile(s, pipeline, 0, FOR_LOOKING, &r.plan, err);
    if (!code)
        code = workspace_name(r.plan, relation, out, err);
    if (code)
        return code;
    fill_ctx(&r, s->arena);
    return shape(&r, err);
}

static enum q_code find_record(const struct plan *plan, const struct run_record *record,
                               int64_t *pos, struct q_err *err)
{
    for (size_t i = 0; i < plan->sources.n; i++) {
        const struct plan_source *source = &plan->sources.v[i];
        if (!q_streq(source->name, record->relation))
            continue;
        if (!source->files) { /* its parts are numbered as they were */
            *pos = q_pos(record->part, record->offset);
            return Q_OK;
        }
        for (size_t f = 0; f < source->files->n; f++)
            if (q_streq(source->files->v[f], record->path)) {
                *pos = q_pos((int64_t)f, record->offset);
                return Q_OK;
            }
    }
    return q_fail(err, Q_SOURCE, "\"%s\" of pipeline \"%s\" does not read \"%s\" any more",
                  record->relation, plan->pipeline->name.s, record->path);
}

enum q_code run_trace(struct run_session *s, const struct cfg_pipeline *pipeline,
                      const struct run_record *record, struct plan **plan_out, int64_t *pos,
                      struct q_err *err)
{
    struct run_result result = {.pipeline = pipeline->name.s, .target = pipeline->load.into.s};
    struct run r = {.s = s, .out = &result};
    enum q_code code = compile(s, pipeline, 0, FOR_LOOKING, &r.plan, err);
    if (!code)
        *plan_out = r.plan;
    if (code || !record)
        return code;
    code = find_record(r.plan, record, pos, err);
    if (code)
        return code;
    fill_ctx(&r, s->arena);
    r.ctx.only_source = record->relation;
    r.ctx.only_pos = *pos;
    return shape(&r, err);
}
