/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "base/embed.h"
#include "run/internal.h"

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
        stop(out, !out->run_id ? "all records are rejected"
                               : q_printf(r->ctx.arena,
                                          "all records are rejected; see `quern rejects list --run "
                                          "%" PRId64 "`",
                                          out->run_id));
}

enum q_code judge_run(struct run *r, struct q_err *err)
{
    judge(r);
    enum q_code code = read_holds(r, err);
    tell_next(r);
    return code;
}
