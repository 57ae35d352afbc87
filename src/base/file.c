/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE 1 /* nftw */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

bool q_file_stat(const char *path, struct q_file_info *out)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return false;
    out->size = st.st_size;
    out->changed_at = (int64_t)st.st_mtim.tv_sec * Q_USEC_PER_SEC + st.st_mtim.tv_nsec / 1000;
    out->is_dir = S_ISDIR(st.st_mode);
    return true;
}

bool q_file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

/* A file that grows is not cut, and a pipe, which has no size, is read to its end. */
static enum q_code read_rest(int fd, const char *path, struct q_buf *out, struct q_err *err)
{
    char chunk[65536];
    for (;;) {
        ssize_t got = read(fd, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return q_fail(err, Q_SOURCE, "could not read \"%s\": %s", path, strerror(errno));
        if (got == 0)
            return Q_OK;
        q_buf_add(out, chunk, (size_t)got);
        if (out->full)
            return q_fail(err, Q_SOURCE, "cannot read \"%s\": it has more than %zu bytes", path,
                          out->max);
    }
}

static enum q_code read_fd(int fd, struct q_arena *arena, const char *path, size_t max,
                           struct q_str *out, struct q_err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return q_fail(err, Q_SOURCE, "could not read \"%s\": %s", path, strerror(errno));
    if (S_ISDIR(st.st_mode))
        return q_fail(err, Q_SOURCE, "cannot read \"%s\": it is a directory", path);
    if ((uint64_t)st.st_size > max)
        return q_fail(err, Q_SOURCE, "cannot read \"%s\": it has %" PRId64 " bytes, more than %zu",
                      path, (int64_t)st.st_size, max);
    struct q_buf text;
    q_buf_init(&text, max);
    enum q_code code = read_rest(fd, path, &text, err);
    if (!code)
        *out = (struct q_str){q_strndup(arena, q_buf_text(&text), text.n), text.n};
    q_buf_release(&text);
    return code;
}

enum q_code q_file_read(struct q_arena *arena, const char *path, size_t max, struct q_str *out,
                        struct q_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return q_fail(err, Q_SOURCE, "could not open \"%s\": %s", path, strerror(errno));
    enum q_code code = read_fd(fd, arena, path, max, out, err);
    (void)close(fd);
    return code;
}

static bool write_all(int fd, struct q_str text)
{
    while (text.n) {
        ssize_t put = write(fd, text.p, text.n);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        text.p += put;
        text.n -= (size_t)put;
    }
    return true;
}

void q_file_sync_dir(const char *path)
{
    struct q_arena *scratch = q_arena_new(NULL, "path");
    int fd = open(q_path_dir(scratch, path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd); /* not every file system can; the rename itself is atomic */
        (void)close(fd);
    }
    q_arena_free(scratch);
}

enum q_code q_file_write(const char *path, struct q_str text, struct q_err *err)
{
    struct q_arena *scratch = q_arena_new(NULL, "path");
    const char *temp = q_printf(scratch, "%s.%ld.tmp", path, (long)getpid());
    int fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    bool ok = fd >= 0;
    if (ok)
        ok = write_all(fd, text) && fsync(fd) == 0;
    int why = errno;
    if (fd >= 0 && close(fd) != 0 && ok) {
        ok = false;
        why = errno;
    }
    if (ok && rename(temp, path) != 0) {
        ok = false;
        why = errno;
    }
    if (!ok && fd >= 0)
        (void)unlink(temp);
    if (ok)
        q_file_sync_dir(path);
    q_arena_free(scratch);
    if (!ok)
        return q_fail(err, Q_NOSPACE, "could not write \"%s\": %s", path, strerror(why));
    return Q_OK;
}

enum q_code q_file_place(const char *temp, const char *path, struct q_err *err)
{
    int fd = open(temp, O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    int why = errno;
    if (fd >= 0)
        (void)close(fd);
    if (ok && rename(temp, path) != 0) {
        ok = false;
        why = errno;
    }
    if (!ok)
        return q_fail(err, Q_NOSPACE, "could not write \"%s\": %s", path, strerror(why));
    q_file_sync_dir(path);
    return Q_OK;
}

enum q_code q_dir_make(const char *path, struct q_err *err)
{
    struct q_arena *scratch = q_arena_new(NULL, "path");
    char *p = q_strdup(scratch, path);
    int why = 0;
    for (char *s = p + 1; !why; s++) {
        if (*s != '/' && *s)
            continue;
        char kept = *s;
        *s = 0;
        struct stat st;
        if (mkdir(p, 0777) != 0 && (errno != EEXIST || stat(p, &st) != 0 || !S_ISDIR(st.st_mode)))
            why = errno == EEXIST && kept ? ENOTDIR : errno;
        *s = kept;
        if (!kept)
            break;
    }
    q_arena_free(scratch);
    if (!why)
        return Q_OK;
    enum q_code code =
        q_fail(err, Q_NOSPACE, "could not make directory \"%s\": %s", path, strerror(why));
    if (why == EACCES || why == EROFS || why == EPERM)
        q_hint(err, "The directory above it must be one that this user can write.");
    return code;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

enum q_code q_dir_remove(const char *path, struct q_err *err)
{
    if (!q_file_exists(path))
        return Q_OK;
    if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
        return q_fail(err, Q_NOSPACE, "could not remove \"%s\": %s", path, strerror(errno));
    return Q_OK;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

enum q_code q_dir_list(struct q_arena *arena, const char *path, const char *ending, q_paths *out,
                       struct q_err *err)
{
    DIR *dir = opendir(path);
    if (!dir) {
        if (errno == ENOENT)
            return Q_OK;
        return q_fail(err, Q_SOURCE, "could not open directory \"%s\": %s", path, strerror(errno));
    }
    size_t from = out->n;
    for (struct dirent *e; (e = readdir(dir)) != NULL;)
        if (e->d_name[0] != '.' && q_ends(e->d_name, ending))
            *q_vec_push(arena, out) = q_strdup(arena, e->d_name);
    (void)closedir(dir);
    if (out->n > from)
        qsort(out->v + from, out->n - from, sizeof *out->v, compare_texts);
    return Q_OK;
}

bool q_glob_is_pattern(const char *path)
{
    return strpbrk(path, "*?[") != NULL;
}

enum q_code q_glob(struct q_arena *arena, const char *pattern, q_paths *out, struct q_err *err)
{
    if (!q_glob_is_pattern(pattern)) {
        if (q_file_exists(pattern))
            *q_vec_push(arena, out) = q_strdup(arena, pattern);
        return Q_OK;
    }
    glob_t g;
    int rc = glob(pattern, GLOB_NOSORT | GLOB_ERR, NULL, &g), why = errno;
    if (rc != 0)
        globfree(&g); /* of what was found before it gave up */
    if (rc == GLOB_NOMATCH || (rc == GLOB_ABORTED && why == ENOENT))
        return Q_OK;
    if (rc != 0)
        return q_fail(err, Q_SOURCE, "could not list files of \"%s\": %s", pattern,
                      rc == GLOB_NOSPACE ? "out of memory" : strerror(why));
    size_t from = out->n;
    for (size_t i = 0; i < g.gl_pathc; i++)
        *q_vec_push(arena, out) = q_strdup(arena, g.gl_pathv[i]);
    globfree(&g);
    qsort(out->v + from, out->n - from, sizeof *out->v, compare_texts);
    return Q_OK;
}

const char *q_path_join(struct q_arena *arena, const char *dir, const char *name)
{
    if (name[0] == '/' || !dir[0] || q_streq(dir, "."))
        return q_strdup(arena, name);
    return q_printf(arena, q_ends(dir, "/") ? "%s%s" : "%s/%s", dir, name);
}

const char *q_path_real(struct q_arena *arena, const char *path)
{
    char *found = realpath(path, NULL);
    const char *out = found ? q_strdup(arena, found) : NULL;
    free(found);
    return out;
}

const char *q_path_dir(struct q_arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return ".";
    return slash == path ? "/" : q_strndup(arena, path, (size_t)(slash - path));
}

const char *q_path_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}
