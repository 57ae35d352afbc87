/* SPDX-License-Identifier: Apache-2.0 */
/* Files as a driver: a part is a file. */
#include "extract/file/inbox.h"
#include "extract/file/internal.h"

struct source {
    struct extract_source base; /* first */
    struct extract_file *file;
    const char *dir;
    struct q_arena *arena;
};

static struct extract_file *file_of(struct extract_source *s)
{
    return ((struct source *)s)->file;
}

static enum q_code describe(struct q_arena *arena, const struct extract_input *in,
                            struct extract_source **out, struct q_err *err)
{
    struct source *s = q_new(arena, struct source);
    struct extract_file_input *files = q_new(arena, struct extract_file_input);
    *files = (struct extract_file_input){.dir = in->dir,
                                         .name = in->name,
                                         .options = in->options,
                                         .cfg = in->cfg,
                                         .declared = in->declared,
                                         .pinned = in->pinned,
                                         .may_lack = in->may_lack,
                                         .accept_gone = in->accept_gone,
                                         .contract = in->contract,
                                         .optional = in->optional,
                                         .sink = in->sink,
                                         .db = in->db,
                                         .workers = in->workers};
    enum q_code code = extract_file_describe(arena, files, &s->file, err);
    for (size_t i = 0; !code && i < extract_file_paths(s->file)->n; i++) {
        const char *path = extract_file_paths(s->file)->v[i];
        if (!q_utf8_valid(path, strlen(path), NULL))
            code = q_fail(err, Q_SOURCE, "cannot read a file of \"%s\": its name is not UTF-8",
                          files->options->path);
    }
    if (code)
        return code;
    s->arena = arena;
    s->dir = in->dir;
    s->base.columns = *extract_file_columns(s->file);
    s->base.inferred = extract_file_inferred(s->file);
    s->base.may_lack = *extract_file_may_lack(s->file);
    s->base.widened = extract_file_widened(s->file, &s->base.n_widened);
    s->base.bytes = extract_file_bytes(s->file);
    s->base.files = extract_file_paths(s->file);
    s->base.select = extract_file_select(s->file);
    *out = &s->base;
    return Q_OK;
}

static enum q_code open_source(struct extract_source *s, const struct db_source **out,
                               struct q_err *err)
{
    return extract_file_open(file_of(s), out, err);
}

static void close_source(struct extract_source *s)
{
    extract_file_close(file_of(s));
}

/* A file that changed while it was read was not whole: another process is still writing it. */
static enum q_code still_same(const struct source *s, size_t i, struct q_err *err)
{
    const char *path = extract_file_paths(s->file)->v[i];
    int64_t size = extract_file_stats(s->file, i).size;
    struct q_file_info now;
    bool there = q_file_stat(s->dir ? q_path_join(s->arena, s->dir, path) : path, &now);
    if (there && now.size == size)
        return Q_OK;
    enum q_code code =
        there ? q_fail(err, Q_SOURCE,
                       "could not read \"%s\" as a whole: it had %lld bytes before it was read and "
                       "has %lld now",
                       path, (long long)size, (long long)now.size)
              : q_fail(err, Q_SOURCE, "could not read \"%s\" as a whole: it was removed meanwhile",
                       path);
    q_hint(err, "Write files under another name, and rename them when they are complete.");
    return code;
}

static enum q_code finish(struct extract_source *source, struct q_err *err)
{
    const struct source *s = (const struct source *)source;
    enum q_code code = Q_OK;
    if (extract_file_is_remote(s->file))
        return extract_file_remote_same(s->file, err);
    for (size_t i = 0; i < extract_file_paths(s->file)->n && !code; i++)
        code = still_same(s, i, err);
    return code;
}

static void publishing(struct extract_source *s, const struct plan_publication *run)
{
    inbox_publishing(file_of(s), run);
}

static size_t n_parts(struct extract_source *s)
{
    return extract_file_paths(file_of(s))->n;
}

static struct extract_stats stats(struct extract_source *s, size_t part)
{
    return extract_file_stats(file_of(s), part);
}

static const char *shape(struct extract_source *s, size_t part)
{
    return extract_file_shape(file_of(s), part);
}

static enum q_code locate(struct extract_source *s, struct extract_place *places, size_t n,
                          struct q_arena *arena, struct q_err *err)
{
    return extract_file_locate(file_of(s), places, n, arena, err);
}

const struct extract_driver extract_files = {
    .words =
        {.name = "files",
         .summary =
             "CSV, fixed width, JSON, Parquet, XML and XLSX files, one or many, plain or compressed",
         .source = extract_file_opts},
    .source_size = sizeof(struct extract_file_options),
    .describe = describe,
    .open = open_source,
    .close = close_source,
    .finish = finish,
    .publishing = publishing,
    .n_parts = n_parts,
    .stats = stats,
    .shape = shape,
    .locate = locate,
};
