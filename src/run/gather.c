/* SPDX-License-Identifier: Apache-2.0 */
#include "run/gather.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "run/internal.h"

enum { MOST_WORKERS = 8 };

struct gather;

/* A thread and the steps that it carries out, in their order. */
struct worker {
    struct gather *g;
    pthread_t thread;
    q_texts connections; /* whose sources it reads */
    Q_VEC(const struct plan_step *) steps;
    struct step_ctx ctx;
    enum q_code code;
    size_t failed; /* index of the step among the plan's */
    struct q_err err;
    pthread_mutex_t lock; /* over what follows */
    int64_t rows, bytes;  /* of the step that is watched, or was */
    void (*watched)(void *arg, int64_t *rows, int64_t *bytes);
    void *watched_arg;
};

struct gather {
    const struct plan *plan;
    struct run_progress *progress;
    atomic_bool stopped;
    struct worker *workers;
    size_t n;
};

/* ---- who reads what ---- */

static const struct plan_source *source_of(const struct plan *plan, const struct plan_step *step)
{
    for (size_t i = 0; i < plan->sources.n; i++)
        if (q_streq(plan->sources.v[i].table, step->relation))
            return &plan->sources.v[i];
    return NULL; /* holidays */
}

/* NULL: files. */
static const char *connection_of(const struct plan *plan, const struct plan_step *step)
{
    const struct plan_source *s = source_of(plan, step);
    return s && s->cfg && !q_streq(s->cfg->from.s, "files") ? s->cfg->from.s : NULL;
}

static bool gathers(const struct plan_step *step)
{
    return q_streq(step->stage, "extract") && !step->publishes && !step->prepares;
}

size_t gather_count(const struct run_session *s, const struct plan *plan, size_t first)
{
    size_t n = 0, own = 0;
    bool remote = false;
    const char *before = NULL;
    if (plan->replay)
        return 1;
    for (; first + n < plan->steps.n && gathers(&plan->steps.v[first + n]); n++) {
        const struct plan_source *source = source_of(plan, &plan->steps.v[first + n]);
        if (n && source && source->after)
            break; /* all before it are staged first */
        const char *connection = connection_of(plan, &plan->steps.v[first + n]);
        own += !connection || !before || !q_streq(connection, before);
        before = connection;
        remote = remote || connection;
    }
    bool several = s->all_cores || s->project->env->warehouse.threads > 1;
    return own > 1 && (remote || several) ? n : 1;
}

static bool reads(const struct worker *w, const char *connection)
{
    for (size_t i = 0; i < w->connections.n; i++)
        if (q_streq(w->connections.v[i], connection))
            return true;
    return false;
}

/* The worker that reads this step's source: that of its connection, else a new one, else one of those there are. */
static struct worker *worker_for(struct gather *g, struct q_arena *arena, const char *connection,
                                 size_t number)
{
    for (size_t i = 0; i < g->n && connection; i++)
        if (reads(&g->workers[i], connection))
            return &g->workers[i];
    struct worker *w = &g->workers[g->n < MOST_WORKERS ? g->n++ : number % MOST_WORKERS];
    w->g = g;
    if (connection)
        *q_vec_push(arena, &w->connections) = connection;
    return w;
}

/* ---- watching ---- */

static void watch(void *self, void (*fn)(void *arg, int64_t *rows, int64_t *bytes), void *arg)
{
    struct worker *w = self;
    pthread_mutex_lock(&w->lock);
    if (!fn && w->watched)
        w->watched(w->watched_arg, &w->rows, &w->bytes);
    w->watched = fn;
    w->watched_arg = arg;
    pthread_mutex_unlock(&w->lock);
}

static void sum(void *arg, int64_t *rows, int64_t *bytes)
{
    struct gather *g = arg;
    *rows = *bytes = 0;
    for (size_t i = 0; i < g->n; i++) {
        struct worker *w = &g->workers[i];
        pthread_mutex_lock(&w->lock);
        if (w->watched)
            w->watched(w->watched_arg, &w->rows, &w->bytes);
        *rows += w->rows;
        *bytes += w->bytes;
        pthread_mutex_unlock(&w->lock);
    }
}

static void interrupt_all(void *arg)
{
    struct gather *g = arg;
    for (size_t i = 0; i < g->n; i++)
        db_interrupt(g->workers[i].ctx.db);
}

/* ---- working ---- */

static void *work(void *arg)
{
    struct worker *w = arg;
    for (size_t i = 0; i < w->steps.n && !w->code && !atomic_load(&w->g->stopped); i++) {
        const struct plan_step *step = w->steps.v[i];
        int64_t started = q_ticks();
        pthread_mutex_lock(&w->lock);
        w->rows = w->bytes = 0;
        pthread_mutex_unlock(&w->lock);
        w->code = step->run(step, &w->ctx, &w->err);
        w->failed = (size_t)(step - w->g->plan->steps.v);
        if (!w->code)
            progress_tell(w->g->progress, step, w->rows, w->bytes, q_ticks() - started);
    }
    if (w->code && !atomic_exchange(&w->g->stopped, true))
        interrupt_all(w->g);
    return NULL;
}

static enum q_code prepare(struct worker *w, const struct step_ctx *ctx, struct q_err *err)
{
    pthread_mutex_init(&w->lock, NULL);
    w->ctx = *ctx;
    w->ctx.arena = q_arena_new(ctx->arena, "gather");
    w->ctx.watch = watch;
    w->ctx.watch_self = w;
    enum q_code code = db_connect(ctx->engine, w->ctx.arena, &w->ctx.db, err);
    return code ? code : db_exec(w->ctx.db, "USE ws", NULL, 0, NULL, err);
}

/* What happened first in the order of the steps; one that was only stopped tells nothing. */
static const struct worker *blamed(const struct gather *g)
{
    const struct worker *found = NULL;
    for (size_t i = 0; i < g->n; i++) {
        const struct worker *w = &g->workers[i];
        if (w->code && (!found || (found->code == Q_CANCELLED && w->code != Q_CANCELLED) ||
                        ((found->code == Q_CANCELLED) == (w->code == Q_CANCELLED) &&
                         w->failed < found->failed)))
            found = w;
    }
    return found;
}

static void run_all(struct run_session *s, struct gather *g)
{
    size_t started = 0;
    q_cancel_watch(interrupt_all, g);
    progress_watch(g->progress, sum, g);
    while (started + 1 < g->n &&
           pthread_create(&g->workers[started].thread, NULL, work, &g->workers[started]) == 0)
        started++;
    for (size_t i = started; i < g->n; i++) /* the last one, and what got no thread */
        (void)work(&g->workers[i]);
    for (size_t i = 0; i < started; i++)
        (void)pthread_join(g->workers[i].thread, NULL);
    progress_watch(g->progress, NULL, NULL);
    run_watch_cancel(s);
}

enum q_code gather_run(struct run_session *s, struct step_ctx *ctx, const struct plan *plan,
                       size_t first, size_t n, struct run_progress *progress, struct q_err *err)
{
    struct gather g = {.plan = plan, .progress = progress};
    enum q_code code = Q_OK;
    g.workers = q_alloc_array(ctx->arena, n, sizeof *g.workers);
    for (size_t i = 0; i < n; i++) {
        const struct plan_step *step = &plan->steps.v[first + i];
        struct worker *w = worker_for(&g, ctx->arena, connection_of(plan, step), i);
        *q_vec_push(ctx->arena, &w->steps) = step;
    }
    for (size_t i = 0; i < g.n && !code; i++)
        code = prepare(&g.workers[i], ctx, err);
    if (code)
        return code;
    run_all(s, &g);
    const struct worker *w = blamed(&g);
    if (w && err)
        *err = w->err;
    code = w ? w->code : q_cancelled() ? q_fail(err, Q_CANCELLED, "cancelled") : Q_OK;
    for (size_t i = 0; i < g.n; i++) {
        pthread_mutex_destroy(&g.workers[i].lock);
        q_arena_free(g.workers[i].ctx.arena);
    }
    return code;
}
