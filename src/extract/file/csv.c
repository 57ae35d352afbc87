/* SPDX-License-Identifier: Apache-2.0 */
/* Delimited text as a format of files. */
#include "extract/file/internal.h"

static enum q_code detect(struct extract_file *s, struct file_item *f, struct q_err *err)
{
    struct csv_dialect *d = q_new(s->arena, struct csv_dialect);
    enum q_code code = csv_detect(s->arena, f->full, &f->decode, &s->csv, d, err);
    f->dialect = d;
    f->shown = d->shown;
    f->names = d->names;
    f->header = d->header;
    return code;
}

static enum q_code open_file(struct extract_file *s, struct file_item *f, struct q_arena *arena,
                             const struct read_target *target, void **file, struct q_err *err)
{
    struct csv_file *out = NULL;
    (void)s;
    enum q_code code = csv_open(arena, f->full, &f->decode, f->dialect, target, &out, err);
    *file = code ? NULL : out;
    return code;
}

static void *worker(struct q_arena *arena)
{
    return csv_worker_new(arena);
}

static enum q_code fill(void *w, void *file, const bool *wanted, struct batch *out,
                        struct q_err *err)
{
    return csv_fill(w, file, wanted, out, err);
}

static void shape(const struct file_item *f, struct q_json *out)
{
    const struct csv_dialect *d = f->dialect;
    const char delimiter[] = {d->rules.delimiter, 0};
    struct q_json *names = q_json_set_array(out, "names");
    q_json_set_bool(out, "paths", true);
    q_json_set_text(out, "delimiter", d->rules.delimiters ? d->rules.delimiters : delimiter);
    for (size_t c = 0; c < f->names.n; c++)
        q_json_push_text(names, f->names.v[c]);
}

const struct file_reader file_csv = {
    .format = "csv",
    .endings = (const char *const[]){"csv", "tsv", "txt", NULL},
    .detect = detect,
    .open = open_file,
    .close = file_block_close,
    .read = file_block_read,
    .worker = worker,
    .fill = fill,
    .locate = file_block_locate,
    .shape = shape,
};
