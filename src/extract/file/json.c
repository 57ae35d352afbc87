/* SPDX-License-Identifier: Apache-2.0 */
/* JSON as a format of files: an array of objects, or one object a line. */
#include "extract/file/internal.h"

static enum q_code detect(struct extract_file *s, struct file_item *f, struct q_err *err)
{
    struct json_dialect *d = q_new(s->arena, struct json_dialect);
    const char *ending = file_ending(s->arena, f->path);
    bool lines = q_streq(s->o->format, "ndjson") ||
                 (!q_streq(s->o->format, "json") &&
                  (q_strcaseeq(ending, "ndjson") || q_strcaseeq(ending, "jsonl")));
    const struct json_settings settings = {
        .records = s->o->records,
        .lines = lines,
        .max_record = s->csv.max_record,
        .block_size = s->csv.block_size,
    };
    enum q_code code = json_detect(s->arena, f->full, &f->decode, &settings, d, err);
    f->dialect = d;
    f->shown = d->shown;
    return code;
}

static enum q_code open_file(struct extract_file *s, struct file_item *f, struct q_arena *arena,
                             const struct read_target *target, void **file, struct q_err *err)
{
    struct json_file *out = NULL;
    (void)s;
    enum q_code code = json_open(arena, f->full, &f->decode, f->dialect, target, &out, err);
    *file = code ? NULL : out;
    return code;
}

static void *worker(struct q_arena *arena)
{
    return json_worker_new(arena);
}

static enum q_code fill(void *w, void *file, const bool *wanted, struct batch *out,
                        struct q_err *err)
{
    return json_fill(w, file, wanted, out, err);
}

static enum q_code look(void *w, void *file, read_see *see, void *self, struct q_err *err)
{
    return json_look(w, file, see, self, err);
}

/* A record that tells all of its row is read again by the columns' paths; of others the row itself is kept, by name. */
static void shape(const struct file_item *f, struct q_json *out)
{
    struct q_arena *scratch = q_arena_new(NULL, "shape");
    const struct json_dialect *d = f->dialect;
    struct json_tree *tree;
    bool whole = !json_tree_make(scratch, &d->records, &f->target, &tree, NULL) && !tree->is_flat;
    q_json_set_bool(out, "paths", whole);
    q_arena_free(scratch);
}

/* Wrong paths are told before anything is read. */
static enum q_code check(struct extract_file *s, const struct file_item *f, struct q_err *err)
{
    struct q_arena *scratch = q_arena_new(NULL, "check");
    const struct json_dialect *d = f->dialect;
    struct json_tree *tree;
    (void)s;
    enum q_code code = json_tree_make(scratch, &d->records, &f->target, &tree, err);
    q_arena_free(scratch);
    return code;
}

const struct file_reader file_json = {
    .format = "json",
    .endings = (const char *const[]){"json", "ndjson", "jsonl", NULL},
    .has_null = true,
    .detect = detect,
    .open = open_file,
    .close = file_block_close,
    .read = file_block_read,
    .worker = worker,
    .fill = fill,
    .look = look,
    .locate = file_block_locate,
    .shape = shape,
    .check = check,
};
