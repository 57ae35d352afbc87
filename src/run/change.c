/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "run/account.h"
#include "run/internal.h"

/* Begin a transaction and change something in it. It is open afterwards, unless there was an error: then nothing has happened
 * and the file is detached. */
static enum q_code begin(struct run_session *s, run_change_fn *change, void *arg, struct q_err *err)
{
    enum q_code code = run_attach_for_writing(s, err);
    if (!code)
        code = db_begin(s->db, err);
    if (!code)
        code = state_open_for_write(s->db, s->lock, err);
    if (!code && change)
        code = change(s, arg, err);
    if (code)
        run_give_up(s);
    return code;
}

static enum q_code end(struct run_session *s, struct q_err *err)
{
    enum q_code code = db_commit(s->db, err);
    return code || s->scratch ? code : run_detach(s, err);
}

enum q_code run_change(struct run_session *s, run_change_fn *change, void *arg, struct q_err *err)
{
    enum q_code code = begin(s, change, arg, err);
    return code ? code : end(s, err);
}

/* What run_transaction() does inside of the transaction. */
struct recorded {
    state_journals dead;
    int64_t run_id;
    enum q_code (*fn)(void *arg, int64_t run_id, struct q_err *err);
    void *arg;
};

static enum q_code change_as_run(struct run_session *s, void *arg, struct q_err *err)
{
    struct recorded *r = arg;
    enum q_code code = run_record_dead(s, &r->dead, err);
    if (!code)
        code = state_next_run(s->db, &r->run_id, err);
    return code ? code : r->fn(r->arg, r->run_id, err);
}

enum q_code run_transaction(struct run_session *s, bool keep,
                            enum q_code (*fn)(void *arg, int64_t run_id, struct q_err *err),
                            void *arg, struct q_err *err)
{
    struct recorded r = {.fn = fn, .arg = arg};
    enum q_code code = state_journals_read(s->arena, s->project->dir, &r.dead, err);
    if (!code)
        code = begin(s, change_as_run, &r, err);
    if (code)
        return code;
    if (!keep) {
        db_rollback(s->db);
        return run_detach(s, err);
    }
    code = end(s, err);
    if (code && run_was_committed(s, r.run_id, state_status_name(STATE_PUBLISHED))) {
        q_log(Q_LOG_WARN, "run %lld is done, but its file could not be tidied up: %s",
              (long long)r.run_id, err->message);
        code = Q_OK;
    }
    for (size_t i = 0; i < r.dead.n && !code; i++)
        state_journal_remove(&r.dead.v[i]);
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
    code = run_change(s, NULL, NULL, err);
    return code ? code : run_attach(s, err);
}

static enum q_code make_tables(struct run_session *s, void *arg, struct q_err *err)
{
    struct run *r = arg;
    enum q_code code = Q_OK;
    (void)s;
    for (size_t i = 0; i < r->plan->steps.n && !code; i++)
        if (r->plan->steps.v[i].publishes && q_streq(r->plan->steps.v[i].name, "schema"))
            code = r->plan->steps.v[i].run(&r->plan->steps.v[i], &r->ctx, err);
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
    for (size_t i = 0; i < r.plan->steps.n && !code; i++) /* the holidays of a date dimension */
        if (!r.plan->steps.v[i].publishes && q_streq(r.plan->steps.v[i].stage, "extract"))
            code = r.plan->steps.v[i].run(&r.plan->steps.v[i], &r.ctx, err);
    return code ? code : run_change(s, make_tables, &r, err);
}
