/* SPDX-License-Identifier: Apache-2.0 */
/* Text of fixed width as a format of files. */
#include "format/read/fixed.h"

#include "base/parse.h"
#include "extract/file/internal.h"

enum { WIDEST = 1 << 24 };

static enum q_code number(const struct cfg_text *text, const char *what, int64_t *out,
                          struct q_err *err)
{
    struct q_err why = {0};
    if (q_parse_int(text->s, what, 1, WIDEST, out, &why))
        return cfg_fail_as(err, text->pos, &why);
    return Q_OK;
}

/* Where the declared columns are; one without `at` begins behind the one before it. */
static enum q_code place_columns(struct extract_file *s, struct fixed_layout *l, struct q_err *err)
{
    const cfg_columns *columns = s->in->cfg ? &s->in->cfg->columns : NULL;
    if (!columns || !columns->n)
        return q_fail(err, Q_CONFIG,
                      "cannot read \"%s\": `format: fixed` needs `columns` with `at` and `width`",
                      s->o->path);
    struct fixed_place *places = q_alloc_array(s->arena, columns->n, sizeof *places);
    int64_t at = 1, width;
    for (size_t i = 0; i < columns->n; i++) {
        const struct cfg_column *c = &columns->v[i];
        enum q_code code = Q_OK;
        if (!c->width.s)
            return cfg_fail(err, c->name.pos,
                            "column \"%s\" has no `width`; for example `{ type: bigint, at: %lld, "
                            "width: 10 }`",
                            c->name.s, (long long)at);
        if (c->at.s)
            code = number(&c->at, "at", &at, err);
        if (!code)
            code = number(&c->width, "width", &width, err);
        if (code)
            return code;
        places[i] = (struct fixed_place){(size_t)at - 1, (size_t)width};
        at += width;
    }
    l->fields = places;
    l->n_fields = columns->n;
    return Q_OK;
}

static enum q_code layout_of(struct extract_file *s, struct fixed_layout *l, struct q_err *err)
{
    const struct extract_file_options *o = s->o;
    bool both = q_streq(o->padding, "both");
    *l = (struct fixed_layout){
        .in_bytes = q_streq(o->unit, "bytes"),
        .pad_left = both || q_streq(o->padding, "left"),
        .pad_right = both || q_streq(o->padding, "right"),
        .short_is_null = s->csv.pad,
    };
    if ((o->type_at > 0) != (o->type_width > 0) || (o->type_at > 0) != (o->type_value.n > 0))
        return q_fail(
            err, Q_CONFIG,
            "`record_type` needs \"at\", \"width\" and \"value\"; for example `record_type: "
            "{ at: 1, width: 2, value: \"10\" }`");
    if (o->type_at > 0) {
        l->type = (struct fixed_place){(size_t)o->type_at - 1, (size_t)o->type_width};
        for (size_t i = 0; i < o->type_value.n; i++)
            *q_vec_push(s->arena, &l->types) = o->type_value.v[i];
    }
    return place_columns(s, l, err);
}

static enum q_code detect(struct extract_file *s, struct file_item *f, struct q_err *err)
{
    struct fixed_dialect *d = q_new(s->arena, struct fixed_dialect);
    struct fixed_layout layout;
    struct blocks_rules rules = {.kind = BLOCKS_CSV,
                                 .comment = s->csv.comment,
                                 .footer_lines = s->csv.footer_lines,
                                 .footer = s->csv.footer,
                                 .max_record = s->csv.max_record,
                                 .block_size = s->csv.block_size};
    enum q_code code = layout_of(s, &layout, err);
    if (!code)
        code =
            fixed_detect(s->arena, f->full, &f->decode, &rules, s->csv.skip_lines, &layout, d, err);
    if (code)
        return code;
    f->dialect = d;
    f->shown = d->shown;
    for (size_t i = 0; i < s->in->cfg->columns.n; i++)
        *q_vec_push(s->arena, &f->names) = s->in->cfg->columns.v[i].name.s;
    return Q_OK;
}

static enum q_code open_file(struct extract_file *s, struct file_item *f, struct q_arena *arena,
                             const struct read_target *target, void **file, struct q_err *err)
{
    struct fixed_file *out = NULL;
    (void)s;
    enum q_code code = fixed_open(arena, f->full, &f->decode, f->dialect, target, &out, err);
    *file = code ? NULL : out;
    return code;
}

static void *worker(struct q_arena *arena)
{
    return fixed_worker_new(arena);
}

static enum q_code fill(void *w, void *file, const bool *wanted, struct batch *out,
                        struct q_err *err)
{
    return fixed_fill(w, file, wanted, out, err);
}

static size_t skips(void *file, struct q_arena *arena, struct extract_skip *out, size_t max)
{
    const struct fixed_types *types = fixed_skipped(file);
    size_t n = types->n < max ? types->n : max;
    for (size_t i = 0; i < n; i++)
        out[i] = (struct extract_skip){
            q_printf(arena, "record_type %s", types->v[i].text[0] ? types->v[i].text : "other"),
            types->v[i].records};
    return n;
}

static void shape(const struct file_item *f, struct q_json *out)
{
    (void)f;
    q_json_set_bool(out, "paths", true);
}

const struct file_reader file_fixed = {
    .format = "fixed",
    .endings = (const char *const[]){"fixed", NULL},
    .declared_only = true,
    .detect = detect,
    .open = open_file,
    .close = file_block_close,
    .read = file_block_read,
    .worker = worker,
    .fill = fill,
    .locate = file_block_locate,
    .skips = skips,
    .shape = shape,
};
