/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/parse.h"
#include "run/internal.h"

enum { POLL_USEC = 50000 };
/* Below these one thread does a batch quicker than several, which first have to be woken for every statement. */
enum { SMALL_SOURCES = 8000000, SMALL_WAREHOUSE = 500000000 };

static void interrupt(void *conn)
{
    db_interrupt(conn);
}

void run_watch_cancel(struct run_session *s)
{
    q_cancel_watch(interrupt, s->db);
}

static void unwatch(void *unused)
{
    (void)unused;
    q_cancel_watch(NULL, NULL);
}

static void remove_spill(void *path)
{
    struct q_err err = {0};
    if (q_dir_remove(path, &err))
        q_log(Q_LOG_WARN, "%s", err.message);
}

/* What processes that were killed left in .quern/tmp; those that live keep theirs. */
static void remove_left_behind(struct q_arena *arena, const char *dir)
{
    struct q_err err = {0};
    q_paths names = {0};
    const char *tmp = q_path_join(arena, dir, ".quern/tmp");
    if (q_dir_list(arena, tmp, "", &names, &err))
        return;
    for (size_t i = 0; i < names.n; i++) {
        int64_t pid;
        char *left = q_printf(arena, "%s/%s", tmp, names.v[i]);
        if (!q_parse_int(names.v[i], "a process", 1, INT32_MAX, &pid, &err) &&
            kill((pid_t)pid, 0) != 0 && errno == ESRCH)
            remove_spill(left);
    }
}

enum q_code run_open(struct q_arena *arena, const struct cfg_project *project,
                     const struct model *model, const struct plan_stage *const *stages,
                     size_t n_stages, int64_t wait, struct run_session *out, struct q_err *err)
{
    const struct cfg_warehouse *w = &project->env->warehouse;
    *out = (struct run_session){.arena = arena,
                                .project = project,
                                .model = model,
                                .stages = stages,
                                .n_stages = n_stages,
                                .wait = wait};
    out->warehouse = q_path_join(arena, project->dir, w->path.s);
    char *spill = q_printf(arena, "%s/.quern/tmp/%ld", project->dir, (long)getpid());
    struct db_settings settings = {.memory_limit = w->memory_limit,
                                   .threads = (int)w->threads,
                                   .spill_dir = spill,
                                   .quick_plans = true};
    if (!settings.threads)
        settings.threads = 1; /* until run_fit_threads() */
    q_arena_defer(arena, remove_spill, spill);
    remove_left_behind(arena, project->dir);
    enum q_code code = q_dir_make(spill, err);
    if (!code)
        code = plan_pins_read(arena, project->dir, &out->pins, err);
    if (!code)
        code = db_open(arena, &settings, &out->engine, err);
    if (!code)
        code = db_connect(out->engine, arena, &out->db, err);
    if (code)
        return code;
    run_watch_cancel(out);
    q_arena_defer(arena, unwatch, NULL);
    return Q_OK;
}

enum q_code run_fit_threads(struct run_session *s, const struct plan *plan, struct q_err *err)
{
    int64_t bytes = 0;
    struct q_file_info warehouse = {0};
    if (s->project->env->warehouse.threads)
        return Q_OK; /* as the user says */
    for (size_t i = 0; i < plan->sources.n; i++)
        bytes += plan->sources.v[i].bytes;
    (void)q_file_stat(s->warehouse, &warehouse);
    bool small = bytes < SMALL_SOURCES && warehouse.size < SMALL_WAREHOUSE;
    if (small != s->all_cores)
        return Q_OK;
    s->all_cores = !small;
    return db_set_threads(s->db, small ? 1 : 0, err);
}

/* Another process may have the file open for a moment: try again until the time is up. */
static enum q_code attach_file(struct run_session *s, bool read_only, struct q_err *err)
{
    int64_t until = q_ticks() + s->wait * Q_USEC_PER_SEC;
    for (;;) {
        enum q_code code = db_attach(s->db, s->warehouse, "wh", read_only, err);
        if (code != Q_LOCKED || q_ticks() >= until || q_cancelled())
            return code;
        (void)usleep(POLL_USEC);
    }
}

enum q_code run_attach(struct run_session *s, struct q_err *err)
{
    enum q_code code;
    if (!s->scratch && q_file_exists(s->warehouse))
        code = attach_file(s, true, err);
    else
        code = db_attach(s->db, ":memory:", "wh", false, err);
    s->attached = code == Q_OK;
    return code ? code : state_check_format(s->db, err);
}

enum q_code run_detach(struct run_session *s, struct q_err *err)
{
    if (!s->attached)
        return Q_OK;
    s->attached = false;
    return db_detach(s->db, "wh", err);
}

void run_give_up(struct run_session *s)
{
    db_rollback(s->db);
    enum q_code closed = s->scratch ? Q_OK : run_detach(s, NULL);
    (void)closed;
}

enum q_code run_attach_for_writing(struct run_session *s, struct q_err *err)
{
    if (s->scratch)
        return s->attached ? Q_OK : run_attach(s, err);
    struct q_arena *scratch = q_arena_new(NULL, "path");
    enum q_code code = run_detach(s, err);
    if (!code)
        code = q_dir_make(q_path_dir(scratch, s->warehouse), err);
    if (!code)
        code = attach_file(s, false, err);
    s->attached = code == Q_OK;
    q_arena_free(scratch);
    return code;
}

/* Runs whose process died: on record as aborted, unless their commit went through. */
enum q_code run_record_dead(struct run_session *s, const state_journals *dead, struct q_err *err)
{
    enum q_code code = Q_OK;
    for (size_t i = 0; i < dead->n && !code; i++) {
        bool known;
        code = state_has_run(s->db, dead->v[i].run_id, &known, err);
        if (code || known)
            continue;
        struct state_run run = {
            .run_id = dead->v[i].run_id,
            .pipeline = dead->v[i].pipeline,
            .target = dead->v[i].target,
            .status = "aborted",
            .started_at = dead->v[i].started_at,
            .finished_at = q_now(),
            .clock = dead->v[i].started_at,
            .exit_code = q_code_exit(Q_INTERNAL),
            .message =
                "it did not end: killed or cancelled before it published; nothing was changed"};
        code = state_insert_run(s->db, &run, err);
        q_log(
            Q_LOG_WARN,
            "run %lld of %s did not end; nothing was changed by it, and it is on record as aborted",
            (long long)dead->v[i].run_id, dead->v[i].pipeline);
    }
    return code;
}

enum q_code run_lock(struct run_session *s, struct q_err *err)
{
    struct q_arena *scratch = q_arena_new(NULL, "path");
    enum q_code code = q_dir_make(q_path_dir(scratch, s->warehouse), err);
    q_arena_free(scratch);
    return code ? code : state_lock(s->arena, s->warehouse, s->wait, &s->lock, err);
}

bool run_was_committed(struct run_session *s, int64_t run_id, const char *status)
{
    struct state_found found = {0};
    struct q_err ignored = {0}; /* the error that led here is the one to tell */
    s->attached = false;
    if (db_detach(s->db, "wh", &ignored) || run_attach(s, &ignored) ||
        state_find_run(s->db, s->arena, run_id, &found, &ignored))
        return false;
    return q_streq(state_status_name(found.status), status);
}
