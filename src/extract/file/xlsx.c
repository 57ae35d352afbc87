/* SPDX-License-Identifier: Apache-2.0 */
/* Workbooks as a format of files: a record is a row of a sheet. */
#include "format/read/xlsx.h"
#include "extract/file/internal.h"

struct opened {
    struct xlsx_file *file;
    struct file_turn turn;
};

/* Temporary files are best in the project's own directory for them, where there is one. */
static const char *temporary_dir(const struct extract_file *s)
{
    struct q_file_info info;
    const char *dir = s->in->dir ? q_path_join(s->arena, s->in->dir, ".quern/tmp") : ".quern/tmp";
    return q_file_stat(dir, &info) && info.is_dir ? dir : NULL;
}

static struct xlsx_settings settings_of(const struct extract_file *s)
{
    const struct extract_file_options *o = s->o;
    return (struct xlsx_settings){
        .sheet = o->sheet,
        .range = o->range,
        .header = s->csv.header,
        .header_rows = o->header_rows,
        .skip_rows = o->skip_rows,
        .columns = s->in->declared ? s->in->declared->n : 0,
        .errors_null = q_streq(o->errors, "null"),
        .trim = o->trim,
        .limits = {o->max_bytes, o->max_ratio, s->csv.max_record},
        .dir = temporary_dir(s),
    };
}

static enum q_code detect(struct extract_file *s, struct file_item *f, struct q_err *err)
{
    struct xlsx_dialect *d = q_new(s->arena, struct xlsx_dialect);
    struct xlsx_settings settings = settings_of(s);
    enum q_code code = xlsx_detect(s->arena, f->full, &settings, d, err);
    f->dialect = d;
    f->shown = d->shown;
    f->names = d->names;
    f->header = d->header;
    return code;
}

static enum q_code open_file(struct extract_file *s, struct file_item *f, struct q_arena *arena,
                             const struct read_target *target, void **file, struct q_err *err)
{
    struct opened *o = q_new(arena, struct opened);
    (void)s;
    enum q_code code = xlsx_open(arena, f->full, f->dialect, target, &o->file, err);
    *file = code ? NULL : o;
    return code;
}

static void close_file(void *file)
{
    xlsx_close(((struct opened *)file)->file);
}

static int64_t bytes_read(void *file)
{
    return xlsx_file_read(((struct opened *)file)->file);
}

static enum q_code fill(void *w, void *file, const bool *wanted, struct batch *out,
                        struct q_err *err)
{
    struct opened *o = file;
    return file_turn_take(&o->turn, w) ? xlsx_fill(o->file, wanted, out, err) : Q_OK;
}

static enum q_code locate(void *file, struct blocks_place *places, size_t n, size_t raw_max,
                          struct q_arena *arena, struct q_err *err)
{
    return xlsx_locate(((struct opened *)file)->file, places, n, raw_max, arena, err);
}

/* ---- types that are not declared ---- */

static void note_mixed(struct extract_file *s, const char *list)
{
    for (size_t i = 0; *list && i < s->paths.n; i++)
        if (s->items[i].shown)
            s->items[i].shown = q_printf(s->arena, "%s; of several kinds, read as text: %s",
                                         s->items[i].shown, list);
}

static enum q_code infer(struct extract_file *s, struct q_err *err)
{
    struct q_arena *scratch = q_arena_new(NULL, "infer");
    struct xlsx_guess *guess = q_alloc_array(scratch, s->columns.n + 1, sizeof *guess);
    enum q_code code = Q_OK;
    struct q_buf list;
    q_buf_init(&list, Q_ERR_HINT);
    for (size_t i = 0; i < s->paths.n && !code; i++)
        if (!s->items[i].empty)
            code = xlsx_look_at(s->items[i].full, s->items[i].dialect, &s->items[i].target, guess,
                                err);
    for (size_t c = 0; c < s->columns.n && !code; c++) {
        bool mixed;
        struct q_type type = xlsx_guess_type(&guess[c], &mixed);
        if (s->columns.v[c].type.id != Q_T_NONE)
            continue;
        s->columns.v[c].type = type;
        if (mixed)
            q_buf_printf(&list, "%s%s", list.n ? ", " : "", s->columns.v[c].name);
    }
    note_mixed(s, q_buf_text(&list));
    q_buf_release(&list);
    s->inferred = true;
    q_arena_free(scratch);
    return code;
}

const struct file_reader file_xlsx = {
    .format = "xlsx",
    .endings = (const char *const[]){"xlsx", "xlsm", NULL},
    .is_packed = true,
    .detect = detect,
    .infer = infer,
    .open = open_file,
    .close = close_file,
    .read = bytes_read,
    .worker = file_turn_worker,
    .fill = fill,
    .locate = locate,
    .shape = file_shape_json,
};
