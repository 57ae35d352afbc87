/* SPDX-License-Identifier: Apache-2.0 */
/* XML as a format of files: a record is an element. */
#include "format/read/xml.h"
#include "extract/file/internal.h"

struct opened {
    struct xml_file *file;
    const char **paths;
    struct file_turn turn;
};

static struct xml_settings settings_of(const struct extract_file *s)
{
    const struct extract_file_options *o = s->o;
    return (struct xml_settings){
        .records = o->records && *o->records ? o->records : NULL,
        .repeated = q_streq(o->repeated, "first")  ? XML_FIRST
                    : q_streq(o->repeated, "join") ? XML_JOIN
                                                   : XML_REJECT,
        .joint = o->joined_by,
        .trim = o->trim,
        .missing_null = o->missing_columns && q_streq(o->missing_columns, "null"),
        .max_record = s->csv.max_record,
        .piece = s->csv.block_size,
    };
}

static enum q_code detect(struct extract_file *s, struct file_item *f, struct q_err *err)
{
    struct xml_dialect *d = q_new(s->arena, struct xml_dialect);
    struct xml_settings settings = settings_of(s);
    enum q_code code = xml_detect(s->arena, f->full, &s->decode, &settings, d, err);
    f->dialect = d;
    f->shown = d->shown;
    return code;
}

static const char *path_of(const struct extract_file *s, const char *column)
{
    for (size_t i = 0; s->in->cfg && i < s->in->cfg->columns.n; i++)
        if (q_strcaseeq(s->in->cfg->columns.v[i].name.s, column))
            return s->in->cfg->columns.v[i].path.s;
    return NULL;
}

static enum q_code open_file(struct extract_file *s, struct file_item *f, struct q_arena *arena,
                             const struct read_target *target, void **file, struct q_err *err)
{
    struct opened *o = q_new(arena, struct opened);
    o->paths = q_alloc_array(arena, target->n_cols + 1, sizeof *o->paths);
    for (size_t c = 0; c < target->n_cols; c++)
        o->paths[c] = path_of(s, target->cols[c].name);
    enum q_code code = xml_open(arena, f->full, f->dialect, target, o->paths, &o->file, err);
    *file = code ? NULL : o;
    return code;
}

static void close_file(void *file)
{
    xml_close(((struct opened *)file)->file);
}

static int64_t bytes_read(void *file)
{
    return xml_file_read(((struct opened *)file)->file);
}

static enum q_code fill(void *w, void *file, const bool *wanted, struct batch *out,
                        struct q_err *err)
{
    struct opened *o = file;
    return file_turn_take(&o->turn, w) ? xml_fill(o->file, wanted, out, err) : Q_OK;
}

static enum q_code locate(void *file, struct blocks_place *places, size_t n, size_t raw_max,
                          struct q_arena *arena, struct q_err *err)
{
    return xml_locate(((struct opened *)file)->file, places, n, raw_max, arena, err);
}

/* A misspelt path gives no record, and so does an empty catalogue: only the one who knows can tell. */
static const char *remark(void *file, struct q_arena *arena)
{
    const char *others = xml_others(((struct opened *)file)->file, arena);
    return others ? q_printf(arena, "no record: the elements there are %s", others) : NULL;
}

/* ---- columns that are not declared ---- */

static enum q_code look_at_all(struct extract_file *s, struct xml_look *look, struct q_err *err)
{
    enum q_code code = Q_OK;
    for (size_t i = 0; i < s->paths.n && !code; i++)
        if (!s->items[i].empty)
            code = xml_look_at(look, s->items[i].full, s->items[i].dialect, err);
    return code;
}

/* Members that are several in one record are told: they want a source of their own. */
static void note_repeated(struct extract_file *s, const struct xml_member *members, size_t n)
{
    struct q_buf list;
    q_buf_init(&list, Q_ERR_HINT);
    for (size_t i = 0; i < n; i++)
        if (members[i].repeated)
            q_buf_printf(&list, "%s%s", list.n ? ", " : "", members[i].name);
    for (size_t i = 0; list.n && i < s->paths.n; i++)
        if (s->items[i].shown)
            s->items[i].shown =
                q_printf(s->arena, "%s; not read, several in a record: %s%s", s->items[i].shown,
                         q_buf_text(&list), list.full ? " ..." : "");
    q_buf_release(&list);
}

static enum q_code infer(struct extract_file *s, struct q_err *err)
{
    if (s->columns.n)
        return file_infer(s, err);
    struct q_arena *scratch = q_arena_new(NULL, "members");
    const struct xml_member *members = NULL;
    struct xml_look *look = xml_look_new(scratch);
    enum q_code code = look_at_all(s, look, err);
    size_t n = code ? 0 : xml_look_members(look, &members);
    for (size_t i = 0; i < n; i++)
        if (!members[i].repeated)
            (void)q_schema_add(s->arena, &s->columns, q_strdup(s->arena, members[i].name),
                               batch_guess_type(&members[i].guess));
    if (!code && s->paths.n && !s->columns.n) {
        code = q_fail(err, Q_SOURCE, "could not find columns in \"%s\": it has no record %s",
                      s->paths.v[0], s->o->records);
        if (xml_look_others(look))
            q_detail(err, "The elements there are %s.", xml_look_others(look));
        q_hint(err, "Look at `records`, or declare the columns.");
    }
    note_repeated(s, members, n);
    s->inferred = true;
    q_arena_free(scratch);
    return code;
}

const struct file_reader file_xml = {
    .format = "xml",
    .endings = (const char *const[]){"xml", NULL},
    .detect = detect,
    .infer = infer,
    .open = open_file,
    .close = close_file,
    .read = bytes_read,
    .worker = file_turn_worker,
    .fill = fill,
    .locate = locate,
    .remark = remark,
    .shape = file_shape_json,
};
