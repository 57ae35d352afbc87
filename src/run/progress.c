/* SPDX-License-Identifier: Apache-2.0 */
#include "run/progress.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

enum { DRAW_USEC = 100000, NAME_MAX_LEN = 96 };

struct run_progress {
    struct db_conn *db;
    const char *pipeline;
    pthread_t thread;
    bool drawing;
    atomic_bool stop;
    pthread_mutex_t lock; /* over what follows */
    char name[NAME_MAX_LEN];
    int64_t started, rows, bytes;
    void (*watched)(void *arg, int64_t *rows, int64_t *bytes);
    void *watched_arg;
};

const char *progress_number(char out[static 32], int64_t n)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRId64, n), k = 0;
    for (int i = 0; i < len; i++) {
        out[k++] = digits[i];
        int left = len - 1 - i;
        if (left && left % 3 == 0 && digits[i] != '-')
            out[k++] = ',';
    }
    out[k] = 0;
    return out;
}

/* Peak of resident memory, in MB. */
static double memory_used(void)
{
    struct rusage u;
    return getrusage(RUSAGE_SELF, &u) == 0 ? (double)u.ru_maxrss * 1024 / 1e6 : 0;
}

static void draw(struct run_progress *p)
{
    char line[256], rows[32], rate[32];
    pthread_mutex_lock(&p->lock);
    int64_t elapsed = q_ticks() - p->started;
    if (p->watched)
        p->watched(p->watched_arg, &p->rows, &p->bytes);
    double percent = db_progress(p->db);
    int n = snprintf(line, sizeof line, "%s: %s", p->pipeline, p->name);
    size_t used = n > 0 ? (size_t)n : 0;
    if (p->rows > 0 && used < sizeof line)
        used += (size_t)snprintf(
            line + used, sizeof line - used, "  %s rows  %s rows/s  %.1f MB",
            progress_number(rows, p->rows),
            progress_number(rate, elapsed > 0 ? p->rows * Q_USEC_PER_SEC / elapsed : 0),
            (double)p->bytes / 1e6);
    if (used < sizeof line)
        used +=
            (size_t)snprintf(line + used, sizeof line - used, "  %.0f MB memory", memory_used());
    if (percent > 0 && percent < 100 && used < sizeof line)
        (void)snprintf(line + used, sizeof line - used, "  %.0f%%  ETA %.0f s", percent,
                       (double)elapsed / 1e6 * (100 - percent) / percent);
    pthread_mutex_unlock(&p->lock);
    q_log_transient(line);
}

static void *draw_all(void *arg)
{
    struct run_progress *p = arg;
    while (!atomic_load(&p->stop)) {
        (void)usleep(DRAW_USEC);
        if (!atomic_load(&p->stop))
            draw(p);
    }
    return NULL;
}

static void stop_deferred(void *p)
{
    progress_stop(p);
}

struct run_progress *progress_start(struct q_arena *arena, struct db_conn *db, const char *pipeline)
{
    struct run_progress *p = q_new(arena, struct run_progress);
    p->db = db;
    p->pipeline = pipeline;
    p->started = q_ticks();
    pthread_mutex_init(&p->lock, NULL);
    if (isatty(STDERR_FILENO) && q_log_wants(Q_LOG_INFO))
        p->drawing = pthread_create(&p->thread, NULL, draw_all, p) == 0;
    q_arena_defer(arena, stop_deferred, p);
    return p;
}

void progress_stop(struct run_progress *p)
{
    if (!p->drawing)
        return;
    atomic_store(&p->stop, true);
    (void)pthread_join(p->thread, NULL);
    p->drawing = false;
    q_log_transient(NULL);
}

void progress_step(struct run_progress *p, const struct plan_step *step)
{
    pthread_mutex_lock(&p->lock);
    (void)snprintf(p->name, sizeof p->name, "%s %s", step->stage, step->name);
    p->started = q_ticks();
    p->rows = p->bytes = 0;
    pthread_mutex_unlock(&p->lock);
}

void progress_tell(const struct run_progress *p, const struct plan_step *step, int64_t rows,
                   int64_t bytes, int64_t usec)
{
    char text[32];
    double seconds = (double)usec / 1e6;
    if (p->drawing)
        return;
    if (rows > 0)
        q_log(Q_LOG_INFO, "%s: %s %s: %s rows, %.1f MB in %.2f s", p->pipeline, step->stage,
              step->name, progress_number(text, rows), (double)bytes / 1e6, seconds);
    else
        q_log(Q_LOG_INFO, "%s: %s %s in %.2f s", p->pipeline, step->stage, step->name, seconds);
}

void progress_step_done(struct run_progress *p, const struct plan_step *step)
{
    progress_tell(p, step, p->rows, p->bytes, q_ticks() - p->started);
}

void progress_watch(void *self, void (*fn)(void *arg, int64_t *rows, int64_t *bytes), void *arg)
{
    struct run_progress *p = self;
    pthread_mutex_lock(&p->lock);
    if (!fn && p->watched)
        p->watched(p->watched_arg, &p->rows, &p->bytes);
    p->watched = fn;
    p->watched_arg = arg;
    pthread_mutex_unlock(&p->lock);
}
