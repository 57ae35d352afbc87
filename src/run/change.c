/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "run/account.h"
#include "run/internal.h"

enum q_code run_change(struct run_session *s,
                       enum q_code (*change)(struct run_session *s, void *arg, struct q_err *err),
                       void *arg, struct q_err *err)
{
    enum q_code code = run_attach_for_writing(s, err);
    if (!code)
        code = db_begin(s->db, err);
    if (code)
        return code;
    code = state_open_for_write(s->db, s->lock, err);
    if (!code)
        code = change(s, arg, err);
    if (!code)
        code = db_commit(s->db, err);
    if (code) {
        db_rollback(s->db);
        return code;
    }
    return run_detach(s, err);
}

enum q_code run_transaction(struct run_session *s, bool keep,
                            enum q_code (*fn)(void *arg, int64_t run_id, struct q_err *err),
                            void *arg, struct q_err *err)
{
    state_journals dead = {0};
    struct q_err ignored = {0};
    int64_t run_id = 0;
    enum q_code code = state_journals_read(s->arena, s->project->dir, &dead, err);
    if (!code)
        code = run_attach_for_writing(s, err);
    if (!code)
        code = db_begin(s->db, err);
    if (code)
        return code;
    code = state_open_for_write(s->db, s->lock, err);
    if (!code)
        code = run_record_dead(s, &dead, err);
    if (!code)
        code = state_next_run(s->db, &run_id, err);
    if (!code)
        code = fn(arg, run_id, err);
    if (code || !keep) {
        db_rollback(s->db);
        enum q_code left =
            run_detach(s, code ? &ignored : err); /* the first error is the one to tell */
        return code ? code : left;
    }
    code = db_commit(s->db, err);
    if (!code)
        code = run_detach(s, err);
    if (code && run_was_committed(s, run_id, state_status_name(STATE_PUBLISHED))) {
        q_log(Q_LOG_WARN, "run %lld is done, but its file could not be tidied up: %s",
              (long long)run_id, err->message);
        code = Q_OK;
    }
    for (size_t i = 0; i < dead.n && !code; i++)
        state_journal_remove(&dead.v[i]);
    return code;
}

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
    enum q_code code = run_compile(s, pipeline, 0, RUN_LOADS, &r.plan, err);
    if (code)
        return code;
    run_fill_ctx(&r, s->arena);
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
