/* SPDX-License-Identifier: Apache-2.0 */
#include "prove/loadtest.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "prove/internal.h"

enum { MESSAGE_MAX = 2048 };

/* ---- the session of all tests ---- */

static void remove_dir(void *path)
{
    struct q_err err = {0};
    if (q_dir_remove(path, &err))
        q_log(Q_LOG_WARN, "%s", err.message);
}

static enum q_code make_scratch(struct prove *p, struct q_err *err)
{
    const char *root = getenv("TMPDIR");
    char *path = q_printf(p->arena, "%s/quern-test-XXXXXX", root && *root ? root : "/tmp");
    if (!mkdtemp(path)) {
        enum q_code code =
            q_fail(err, Q_NOSPACE, "could not make \"%s\": %s", path, strerror(errno));
        q_hint(err, "Name a directory for temporary files in TMPDIR.");
        return code;
    }
    p->dir = path;
    q_arena_defer(p->arena, remove_dir, path);
    return Q_OK;
}

enum q_code prove_open(struct q_arena *arena, const struct cfg_project *project,
                       const struct model *model, const struct plan_stage *const *stages,
                       size_t n_stages, struct prove *out, struct q_err *err)
{
    *out = (struct prove){.arena = arena};
    q_map_init(&out->casts, arena);
    enum q_code code = make_scratch(out, err);
    /* What the engine spills goes there, too. */
    struct cfg_project *own = q_new(arena, struct cfg_project);
    *own = *project;
    own->dir = out->dir;
    if (!code)
        code = run_open(arena, own, model, stages, n_stages, 0, &out->session, err);
    out->session.scratch = true;
    return code;
}

void prove_add_project(struct prove *p, const char *name, const struct cfg_project *project,
                       const struct model *model)
{
    *q_vec_push(p->arena, &p->projects) =
        (struct prove_project){.name = name, .project = project, .model = model};
}

static const struct prove_project *find_project(const struct prove *p, const char *name)
{
    for (size_t i = 0; i < p->projects.n; i++)
        if (!name || !p->projects.v[i].name || q_streq(p->projects.v[i].name, name))
            return &p->projects.v[i];
    return NULL;
}

/* ---- one test ---- */

struct prove_failure *prove_fail(struct proving *t, struct cfg_pos pos, const char *fmt, ...)
{
    char message[MESSAGE_MAX];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(message, sizeof message, fmt, ap);
    va_end(ap);
    struct prove_failure *f = q_vec_push(t->keep, &t->out->failures);
    f->batch = t->number;
    f->pos = pos;
    f->message = q_strdup(t->keep, message);
    return f;
}

/* The session for the batch's project: the model may have changed since the batch before. */
static enum q_code choose_project(struct proving *t, const char *name, struct q_err *err)
{
    const struct prove_project *found = find_project(t->p, name);
    if (!found)
        return q_fail(err, Q_INTERNAL, "unknown project \"%s\"", name ? name : "");
    if (found == t->project)
        return Q_OK;
    t->project = found;
    t->session.project = found->project;
    t->session.model = found->model;
    return plan_pins_read(t->arena, found->project->dir, &t->session.pins, err);
}

static enum q_code fresh_warehouse(struct proving *t, struct q_err *err)
{
    t->session = t->p->session;
    t->session.arena = t->arena;
    t->session.attached = false;
    return run_attach(&t->session, err);
}

static const struct cfg_pipeline *pipeline_of(const struct proving *t)
{
    const char *name = t->batch->pipeline.s ? t->batch->pipeline.s : t->test->pipeline.s;
    return cfg_find_pipeline(t->project->project, name);
}

/* The run's own error is what a test may expect; *failed has it, and Q_OK is returned. */
static enum q_code run_batch(struct proving *t, const struct cfg_pipeline *pipeline, int64_t clock,
                             struct run_result *result, struct q_err *failed, struct q_err *err)
{
    *failed = (struct q_err){0};
    q_clock_set(clock);
    t->session.accept_shrink = t->batch->accept_shrink;
    enum q_code code = run_pipeline(&t->session, pipeline, false, NULL, result, failed);
    if (code == Q_CANCELLED || code == Q_INTERNAL || code == Q_NOMEM || code == Q_NOSPACE) {
        if (err)
            *err = *failed;
        return code;
    }
    return Q_OK;
}

/* SEMANTICS 16: the same batch once more changes nothing. */
static enum q_code run_again(struct proving *t, const struct cfg_pipeline *pipeline, int64_t clock,
                             struct q_err *err)
{
    struct run_result r;
    struct q_err failed;
    const char *before, *after;
    enum q_code code = prove_fingerprint(t->session.db, t->arena, t->project->model, &before, err);
    if (!code)
        code = run_batch(t, pipeline, clock + Q_USEC_PER_SEC, &r, &failed, err);
    if (!code)
        code = prove_fingerprint(t->session.db, t->arena, t->project->model, &after, err);
    if (code || failed.code)
        return code;
    if (!q_streq(before, after))
        prove_fail(t, t->batch->pos, "the batch run again changes the target");
    if (!q_streq(r.status, "published"))
        return Q_OK; /* held: its counts are what it would do */
    if (r.inserted || r.updated || r.opened || r.closed || r.deleted)
        prove_fail(t, t->batch->pos,
                   "the batch run again counts inserted %lld, updated %lld, opened %lld, closed "
                   "%lld, deleted %lld",
                   (long long)r.inserted, (long long)r.updated, (long long)r.opened,
                   (long long)r.closed, (long long)r.deleted);
    return Q_OK;
}

static enum q_code test_batch(struct proving *t, int64_t clock, bool strict, struct q_err *err)
{
    struct cfg_pipeline pipeline;
    struct run_result result;
    struct q_err failed;
    bool last = t->number == t->test->batches.n;
    enum q_code code =
        choose_project(t, t->batch->project.s ? t->batch->project.s : t->test->project.s, err);
    if (!code)
        code = prove_inputs(t, pipeline_of(t), &pipeline, err);
    if (!code && t->number == 1)
        code = prove_given(t, &pipeline, err);
    if (!code && strict)
        code = prove_before_batch(t, err);
    if (!code)
        code = run_batch(t, &pipeline, clock, &result, &failed, err);
    if (!code)
        code = prove_expect(t, &result, &failed, err);
    if (!code && strict)
        code = prove_invariants(t, err);
    if (!code && strict && last)
        code = run_again(t, &pipeline, clock, err);
    return code;
}

static enum q_code test_all(struct proving *t, bool strict, struct q_err *err)
{
    int64_t clock = (int64_t)q_days_from_civil(2000, 1, 1) * Q_USEC_PER_DAY;
    enum q_code code = Q_OK;
    for (size_t i = 0; i < t->test->batches.n && !code; i++) {
        t->batch = &t->test->batches.v[i];
        t->number = i + 1;
        clock = t->batch->at_given ? t->batch->at : clock + (i ? Q_USEC_PER_DAY : 0);
        code = test_batch(t, clock, strict, err);
    }
    return code;
}

enum q_code prove_test(struct prove *p, const struct cfg_test *test, bool strict,
                       struct q_arena *arena, struct prove_result *out, struct q_err *err)
{
    int64_t start = q_ticks();
    struct proving t = {.p = p,
                        .test = test,
                        .arena = q_arena_new(p->arena, "load test"),
                        .keep = arena,
                        .out = out};
    *out = (struct prove_result){.test = test};
    enum q_code code = fresh_warehouse(&t, err);
    if (!code)
        code = test_all(&t, strict, err);
    if (t.session.attached) {
        enum q_code closed = run_detach(&t.session, code ? NULL : err);
        code = code ? code : closed;
    }
    q_arena_free(t.arena);
    out->seconds = (double)(q_ticks() - start) / 1e6;
    if (code && code != Q_CONFIG)
        q_context(err, "test \"%s\" (%s:%d)", test->name.s, test->pos.file, test->pos.line);
    return code;
}
