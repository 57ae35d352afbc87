/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "state/internal.h"

enum { POLL_USEC = 50000, CONTENT_MAX = 4096, COMMAND_MAX = 512 };

struct state_lock {
    int fd;
    int64_t fence;
    const char *path;
};

struct holder {
    int64_t fence, pid;
    const char *host, *since, *command;
};

/* What the file says of its (last) holder; zeros when it says nothing. */
static struct holder read_holder(struct q_arena *arena, int fd)
{
    struct holder h = {.host = "?", .since = "?", .command = "?"};
    char text[CONTENT_MAX];
    struct q_json *j = NULL;
    ssize_t n = pread(fd, text, sizeof text, 0);
    if (n <= 0 || q_json_parse(arena, (struct q_str){text, (size_t)n}, "lock file", &j, NULL))
        return h;
    h.fence = q_json_int(q_json_get(j, "fence"), 0);
    h.pid = q_json_int(q_json_get(j, "pid"), 0);
    h.host = q_json_text(q_json_get(j, "host"), "?");
    h.since = q_json_text(q_json_get(j, "since"), "?");
    h.command = q_json_text(q_json_get(j, "command"), "?");
    return h;
}

/* The command line of this process; Linux tells it. */
static const char *own_command(struct q_arena *arena)
{
    char text[COMMAND_MAX];
    int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text);
    if (fd >= 0)
        (void)close(fd);
    if (n <= 1)
        return "?";
    for (ssize_t i = 0; i < n - 1; i++) /* arguments end with NUL */
        if (!text[i])
            text[i] = ' ';
    return q_strndup(arena, text, (size_t)n - (text[n - 1] == 0));
}

/* In place and in one write, filled up with spaces to the old length: cutting the file costs a millisecond, and what a crash
 * leaves is the old text or the new one. */
static bool write_text(int fd, struct q_buf *text)
{
    struct stat now;
    if (fstat(fd, &now) != 0)
        return false;
    while ((off_t)text->n < now.st_size && text->n < CONTENT_MAX)
        q_buf_adds(text, " ");
    return pwrite(fd, text->p, text->n, 0) == (ssize_t)text->n &&
           ((off_t)text->n >= now.st_size || ftruncate(fd, (off_t)text->n) == 0);
}

static bool write_holder(int fd, int64_t fence)
{
    struct q_arena *arena = q_arena_new(NULL, "holder");
    char host[256] = "?", time[Q_TIMESTAMP_TEXT];
    (void)gethostname(host, sizeof host - 1);
    struct q_json *j = q_json_object(arena);
    q_json_set_int(j, "fence", fence);
    q_json_set_int(j, "pid", getpid());
    q_json_set_text(j, "host", host);
    q_json_set_text(j, "command", own_command(arena));
    q_json_set_text(j, "since", q_timestamp_text(q_now(), time));
    struct q_buf text;
    q_buf_init(&text, CONTENT_MAX);
    q_json_write(j, false, &text);
    bool ok = write_text(fd, &text);
    q_buf_release(&text);
    q_arena_free(arena);
    return ok;
}

static bool wait_for(int fd, int64_t seconds)
{
    int64_t until = q_ticks() + seconds * Q_USEC_PER_SEC;
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (q_ticks() >= until)
            return false;
        (void)usleep(POLL_USEC);
    }
    return true;
}

static void unlock_deferred(void *lock)
{
    state_unlock(lock);
}

enum q_code state_lock(struct q_arena *arena, const char *warehouse, int64_t wait,
                       struct state_lock **out, struct q_err *err)
{
    struct state_lock *lock = q_new(arena, struct state_lock);
    lock->path = q_printf(arena, "%s.lock", warehouse);
    lock->fd = open(lock->path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (lock->fd < 0) {
        enum q_code code = q_fail(err, Q_TARGET, "could not open the lock file \"%s\": %s",
                                  lock->path, strerror(errno));
        q_hint(err, "The directory of the warehouse must exist and be writable.");
        return code;
    }
    q_arena_defer(arena, unlock_deferred, lock);
    if (!wait_for(lock->fd, wait)) {
        struct holder h = read_holder(arena, lock->fd);
        enum q_code code = q_fail(
            err, Q_LOCKED, "could not lock \"%s\": process %" PRId64 " on %s holds it since %s UTC",
            warehouse, h.pid, h.host, h.since);
        q_detail(err, "It runs `%s`. Waited %" PRId64 " s.", h.command, wait);
        q_hint(err, "Wait for that run to end, or give it longer with `--wait S`.");
        return code;
    }
    lock->fence = read_holder(arena, lock->fd).fence + 1;
    if (!write_holder(lock->fd, lock->fence))
        return q_fail(err, Q_NOSPACE, "could not write the lock file \"%s\": %s", lock->path,
                      strerror(errno));
    *out = lock;
    return Q_OK;
}

void state_unlock(struct state_lock *lock)
{
    if (lock->fd >= 0)
        (void)close(lock->fd); /* closing gives the lock up */
    lock->fd = -1;
}

bool state_lock_is_ours(const struct state_lock *lock)
{
    struct stat held, there;
    return lock->fd >= 0 && fstat(lock->fd, &held) == 0 && stat(lock->path, &there) == 0 &&
           held.st_dev == there.st_dev && held.st_ino == there.st_ino;
}

enum q_code state_raise_fence(struct state_lock *lock, int64_t above, struct q_err *err)
{
    if (above < lock->fence)
        return Q_OK;
    lock->fence = above + 1;
    if (!write_holder(lock->fd, lock->fence))
        return q_fail(err, Q_NOSPACE, "could not write the lock file \"%s\": %s", lock->path,
                      strerror(errno));
    return Q_OK;
}

int64_t state_fence(const struct state_lock *lock)
{
    return lock ? lock->fence : 0;
}
