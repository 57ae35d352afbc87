/* SPDX-License-Identifier: Apache-2.0 */
/* Records of pages in a temporary file. */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "extract/rest/internal.h"

static void remove_spool(void *self)
{
    struct rest_spool *s = self;
    if (s->file)
        (void)fclose(s->file);
    (void)unlink(s->path);
    (void)rmdir(q_path_dir(s->arena, s->path)); /* of the process; others may still use it */
}

static enum q_code write_error(const struct rest_spool *s, struct q_err *err)
{
    return q_fail(err, Q_NOSPACE, "could not write the temporary file \"%s\": %s", s->path,
                  strerror(errno));
}

enum q_code rest_spool_open(struct q_arena *arena, const char *dir, int64_t max,
                            struct rest_spool *out, struct q_err *err)
{
    static atomic_int number; /* several sources are read at a time */
    *out = (struct rest_spool){.arena = arena, .max = max};
    const char *tmp =
        q_path_join(arena, dir ? dir : ".", q_printf(arena, ".quern/tmp/%ld", (long)getpid()));
    enum q_code code = q_dir_make(tmp, err);
    if (code)
        return code;
    out->path =
        q_path_join(arena, tmp, q_printf(arena, "pages_%d.ndjson", atomic_fetch_add(&number, 1)));
    out->file = fopen(out->path, "wbe");
    if (!out->file)
        return write_error(out, err);
    q_arena_defer(arena, remove_spool, out);
    return Q_OK;
}

enum q_code rest_spool_put(struct rest_spool *s, struct q_str line, struct q_err *err)
{
    if (fwrite(line.p, 1, line.n, s->file) != line.n || fputc('\n', s->file) == EOF)
        return write_error(s, err);
    s->size += (int64_t)line.n + 1;
    if (s->size <= s->max)
        return Q_OK;
    enum q_code code =
        q_fail(err, Q_SOURCE, "could not read all records: they are more than %lld bytes",
               (long long)s->max);
    q_hint(err, "If that many are expected, raise `max_bytes`.");
    return code;
}

enum q_code rest_spool_cut(struct rest_spool *s, int64_t size, struct q_err *err)
{
    if (s->size == size)
        return Q_OK;
    if (fflush(s->file) != 0 || ftruncate(fileno(s->file), size) != 0 ||
        fseeko(s->file, size, SEEK_SET) != 0)
        return write_error(s, err);
    s->size = size;
    return Q_OK;
}

enum q_code rest_spool_flush(struct rest_spool *s, struct q_err *err)
{
    FILE *file = s->file;
    s->file = NULL;
    return file && fclose(file) != 0 ? write_error(s, err) : Q_OK;
}

size_t rest_page_at(const struct rest_spool *s, int64_t offset)
{
    size_t lo = 0, hi = s->pages.n; /* the last page that starts at or before it */
    while (hi - lo > 1) {
        size_t middle = lo + (hi - lo) / 2;
        if (s->pages.v[middle]->start <= offset)
            lo = middle;
        else
            hi = middle;
    }
    return lo;
}
