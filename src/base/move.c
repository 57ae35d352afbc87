/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE 1 /* renameat2 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"

enum { CHUNK = 1 << 16 };

static enum q_code move_error(const char *from, const char *to, struct q_err *err)
{
    return q_fail(err, Q_NOSPACE, "could not move \"%s\" to \"%s\": %s", from, to, strerror(errno));
}

/* Give a file another name that is not taken. */
static int rename_to_new(const char *from, const char *to)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -1;
    if (link(from, to) != 0) /* a file system that does not know the flag */
        return -1;
    return unlink(from);
}

static bool copy_bytes(int in, int out)
{
    char buf[CHUNK];
    for (;;) {
        ssize_t got = read(in, buf, sizeof buf);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got == 0;
        for (ssize_t at = 0; at < got;) {
            ssize_t put = write(out, buf + at, (size_t)(got - at));
            if (put < 0 && errno == EINTR)
                continue;
            if (put < 0)
                return false;
            at += put;
        }
    }
}

/* A durable copy at `to`, which is made anew, with the mode and times of the original. */
static bool copy_file(const char *from, const char *to)
{
    struct stat st;
    int in = open(from, O_RDONLY | O_CLOEXEC), out = -1;
    bool ok = in >= 0 && fstat(in, &st) == 0;
    if (ok)
        out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, st.st_mode & 0777);
    ok = ok && out >= 0 && copy_bytes(in, out);
    if (ok) {
        const struct timespec times[] = {st.st_atim, st.st_mtim};
        (void)futimens(out, times);
        ok = fsync(out) == 0;
    }
    int reason = errno;
    if (in >= 0)
        (void)close(in);
    if (out >= 0 && close(out) != 0 && ok) {
        ok = false;
        reason = errno;
    }
    errno = reason;
    return ok;
}

enum q_code q_file_move(const char *from, const char *to, bool *exists, struct q_err *err)
{
    struct q_arena *arena = q_arena_new(NULL, "move");
    enum q_code code = Q_OK;
    bool moved = rename_to_new(from, to) == 0;
    *exists = !moved && errno == EEXIST;
    if (!moved && !*exists && errno == EXDEV) {
        const char *part = q_printf(arena, "%s.part", to);
        *exists = q_file_exists(to);
        if (!*exists && (!copy_file(from, part) || rename_to_new(part, to) != 0)) {
            *exists = errno == EEXIST;
            if (!*exists)
                code = move_error(from, to, err);
            (void)unlink(part);
        }
        if (!code && !*exists) {
            q_file_sync_dir(to);
            if (unlink(from) != 0)
                code = move_error(from, to, err);
        }
    } else if (!moved && !*exists) {
        code = move_error(from, to, err);
    }
    if (!code && !*exists) {
        q_file_sync_dir(to);
        q_file_sync_dir(from);
    }
    q_arena_free(arena);
    return code;
}
