/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/embed.h"
#include "base/log.h"
#include "run/account.h"
#include "run/gather.h"
#include "run/hold.h"
#include "run/internal.h"
#include "run/preview.h"
#include "run/progress.h"

static enum q_code reset_workspace(struct run_session *s, struct q_err *err)
{
    return db_exec(s->db, q_embed_text("run/reset.sql"), NULL, 0, NULL, err);
}

static enum q_code compile_plan(struct run_session *s, struct q_arena *arena,
                                const struct cfg_pipeline *pipeline, int64_t held_run,
                                enum run_purpose purpose, struct plan **out, struct q_err *err)
{
    const struct plan_stage *held[] = {&hold_stage, s->stages[s->n_stages - 1]};
    struct plan_inputs in = {.project = s->project,
                             .model = s->model,
                             .pipeline = pipeline,
                             .db = s->db,
                             .pins = s->pins,
                             .stages = held_run ? held : s->stages,
                             .n_stages = held_run ? 2 : s->n_stages,
                             .replay = purpose == RUN_REPLAYS,
                             .looking = purpose == RUN_LOOKS,
                             .held_run = held_run,
                             .clock = q_now(),
                             .from = s->from,
                             .to = s->to,
                             .full = s->full,
                             .accept_contract = s->accept_contract};
    return plan_compile(arena, &in, out, err);
}

void run_fill_ctx(struct run *r, struct q_arena *arena)
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
    if (!code && !r->s->first_run)
        r->s->first_run = r->out->run_id;
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

enum q_code run_steps(struct run *r, bool publishing, struct q_err *err)
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

enum q_code run_audit(struct run *r, struct q_err *err)
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
    return code ? code : judge_run(r, err);
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

static enum q_code run_all(struct run *r, bool dry, struct q_err *err)
{
    enum q_code code = dry || r->s->scratch ? Q_OK : write_journal(r, err);
    if (!code && !r->s->scratch)
        code = tell_held(r, err);
    if (!code)
        code = run_audit(r, err);
    if (code)
        return code;
    if (dry) {
        r->out->status = q_streq(r->out->status, "aborted") ? "would abort"
                         : q_streq(r->out->status, "held")  ? "would be held"
                                                            : "planned";
        r->out->next = NULL;
        return preview_run(r, err);
    }
    code = r->s->scratch ? Q_OK : plan_pins_write(r->s->pins, err);
    return code ? code : publish_run(r, q_streq(r->out->status, "published"), err);
}

enum q_code run_compile(struct run_session *s, const struct cfg_pipeline *pipeline,
                        int64_t held_run, enum run_purpose purpose, struct plan **out,
                        struct q_err *err)
{
    enum q_code code = reset_workspace(s, err);
    if (!code && !s->attached)
        code = run_attach(s, err);
    if (!code)
        code = compile_plan(s, s->arena, pipeline, held_run, purpose, out, err);
    return code ? code : run_fit_threads(s, *out, err);
}

struct failure {
    const state_journals *dead;
    const struct state_run *run;
};

static enum q_code record_in_transaction(struct run_session *s, void *arg, struct q_err *err)
{
    const struct failure *f = arg;
    enum q_code code = run_record_dead(s, f->dead, err);
    return code ? code : state_insert_run(s->db, f->run, err);
}

/* A run that failed goes on record with its message, in a transaction of its own. When that is not possible (cancelled, disk
 * full), its journal stays, and the next run puts it on record. */
static void record_failure(struct run *r, const struct q_err *err)
{
    struct run_session *s = r->s;
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
    struct failure failure = {&r->dead, &run};
    struct q_err ignored = {0}; /* `err` is the one to tell */
    if (run_change(s, record_in_transaction, &failure, &ignored))
        return;
    state_journal_remove(&r->journal);
    for (size_t i = 0; i < r->dead.n; i++)
        state_journal_remove(&r->dead.v[i]);
}

void run_begin_work(struct run *r, struct q_arena *arena)
{
    run_fill_ctx(r, arena);
    r->progress = progress_start(arena, r->s->db, r->out->pipeline);
    r->ctx.watch = progress_watch;
    r->ctx.watch_self = r->progress;
}

void run_end_work(struct run *r)
{
    progress_stop(r->progress);
    r->out->seconds = (double)(q_ticks() - r->ctx.started_ticks) / 1e6;
}

enum q_code run_one(struct run_session *s, const struct cfg_pipeline *pipeline, bool dry,
                    int64_t replayed, struct plan **plan_out, struct run_result *out,
                    struct q_err *err)
{
    struct q_arena *arena = q_arena_new(s->arena, "run");
    struct run r = {.s = s, .out = out};
    *out = (struct run_result){
        .pipeline = pipeline->name.s, .target = pipeline->load.into.s, .status = "failed"};
    enum q_code code =
        run_compile(s, pipeline, 0, replayed > 0 ? RUN_REPLAYS : RUN_LOADS, &r.plan, err);
    if (!code)
        code = choose_id(&r, err);
    if (!code) {
        out->plan_hash = plan_hash(r.plan);
        if (replayed)
            out->message = q_printf(arena, "a replay of %" PRId64 " rejected record%s", replayed,
                                    replayed == 1 ? "" : "s");
        run_begin_work(&r, arena);
        code = run_all(&r, dry, err);
        run_end_work(&r);
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
