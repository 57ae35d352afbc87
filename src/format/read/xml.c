/* SPDX-License-Identifier: Apache-2.0 */
/* The walk through a document: records, what columns take of them, and what is around them. */
#include "format/read/xml.h"

#include <stdio.h>

#include "format/read/xml_read.h"

enum {
    PIECE = 1 << 14,
    ABOVE_MAX = 1 << 20,
    TEXTS = 4, /* records of a piece together: so many times the longest record, or this: */
    TEXTS_LEAST = 1 << 22,
    OTHERS = 8,
    TOKEN_LEAST = 1 << 20, /* a tag may be as long whatever `max_record` */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct q_str xml_trim(struct q_str s)
{
    while (s.n && is_blank(s.p[s.n - 1]))
        s.n--;
    while (s.n && is_blank(*s.p)) {
        s.p++;
        s.n--;
    }
    return s;
}

static struct xml_level *level(struct xml_file *f, size_t depth)
{
    return &f->levels[depth];
}

/* ---- values ---- */

static void put(struct xml_file *f, size_t c, struct q_str text, bool nil)
{
    const struct xml_settings *s = &f->dialect->settings;
    f->found[c] = true;
    if (s->trim || f->target->cols[c].cast.type.id != Q_T_TEXT)
        text = xml_trim(text);
    if (!rows_is_set(&f->rows, c)) {
        if (nil)
            rows_put_null(&f->rows, c);
        else
            rows_put(&f->rows, c, text.p, text.n);
    } else if (s->repeated == XML_REJECT) {
        f->repeated = c < f->repeated ? c : f->repeated;
        rows_more(&f->rows, f->target->cols[c].name, text);
    } else if (s->repeated == XML_JOIN && !nil) {
        rows_append(&f->rows, c, q_str(s->joint ? s->joint : ","), text);
    }
    if (f->rows.values.n > TEXTS * f->max_record && f->rows.values.n > TEXTS_LEAST) {
        xml_push_fail(f->push, "its records have more than %zu bytes of text", f->max_record);
        xml_push_hint(f->push, "Raise `max_record` if that is meant.");
    }
}

static void put_all(struct xml_file *f, const struct xml_node *node, struct q_str text, bool nil)
{
    for (size_t i = 0; i < node->cols.n; i++)
        put(f, node->cols.v[i], text, nil);
}

static void put_attributes(struct xml_file *f, struct xml_node *node, const struct xml_tag *tag)
{
    for (size_t i = 0; i < tag->n_attrs; i++) {
        const struct xml_node *a = xml_child_seen(node, xml_attr_name(tag, i), true);
        if (a)
            put_all(f, a, xml_attr_value(tag, i), false);
    }
}

static bool is_nil(const struct xml_tag *tag)
{
    for (size_t i = 0; i < tag->n_attrs; i++)
        if (xml_attr_is_xsi(tag, i) && q_streq(xml_attr_name(tag, i), "nil")) {
            struct q_str v = xml_trim(xml_attr_value(tag, i));
            return q_str_eq(v, Q_STR("true")) || q_str_eq(v, Q_STR("1"));
        }
    return false;
}

static void capture(struct xml_file *f, struct xml_level *l)
{
    l->capturing = true;
    l->text_from = f->text.n;
    f->captures++;
}

/* The text of the element that ends. */
static struct q_str captured(const struct xml_file *f, const struct xml_level *l)
{
    return (struct q_str){q_buf_text(&f->text) + l->text_from, f->text.n - l->text_from};
}

static void end_capture(struct xml_file *f)
{
    if (--f->captures == 0)
        q_buf_clear(&f->text);
}

/* ---- around records ---- */

/* Does the element at `depth` stand where the column's path leads to from the element at depth - path->n? */
static bool leads_here(const struct xml_file *f, const struct xml_path *path, size_t depth)
{
    if (depth <= path->n)
        return false;
    for (size_t i = 0; i < path->n; i++)
        if (!q_streq(f->levels[depth - path->n + 1 + i].name, path->elements[i]))
            return false;
    return true;
}

/* An absolute path of records says which level it is; //name does not. */
static bool may_be_around(const struct xml_file *f, const struct xml_above *a, size_t depth)
{
    const struct xml_records *r = &f->dialect->records;
    return r->anywhere || depth + a->path.up == r->n;
}

static void put_above(struct xml_file *f, size_t k, size_t depth, struct q_str text, bool nil)
{
    struct xml_above_value *v = &level(f, depth)->above[k];
    if (v->wanted) {
        xml_push_fail(f->push, "the value of column \"%s\" comes behind records that need it",
                      f->target->cols[f->above.v[k].col].name);
        return;
    }
    if (v->state != XML_NONE) {
        const struct xml_settings *s = &f->dialect->settings;
        if (s->repeated == XML_REJECT)
            v->state = XML_TWICE;
        if (s->repeated != XML_JOIN || nil)
            return;
        q_buf_adds(&v->text, s->joint ? s->joint : ",");
    }
    if (v->state != XML_TEXT)
        v->state = nil ? XML_NIL : XML_TEXT;
    q_buf_add(&v->text, text.p, text.n);
    if (v->text.full)
        xml_push_fail(f->push, "the value of column \"%s\" is longer than %d bytes",
                      f->target->cols[f->above.v[k].col].name, (int)ABOVE_MAX);
}

static void start_around(struct xml_file *f, struct xml_level *l, const struct xml_tag *tag)
{
    if (f->above.n && !l->above) {
        l->above = q_alloc_array(f->arena, f->above.n, sizeof *l->above);
        for (size_t k = 0; k < f->above.n; k++)
            q_buf_init_in(&l->above[k].text, f->arena, ABOVE_MAX);
    }
    for (size_t k = 0; k < f->above.n; k++) {
        q_buf_clear(&l->above[k].text);
        l->above[k].state = XML_NONE;
        l->above[k].wanted = false;
    }
    for (size_t k = 0; k < f->above.n; k++) {
        const struct xml_path *path = &f->above.v[k].path;
        if (!leads_here(f, path, f->depth) || !may_be_around(f, &f->above.v[k], f->depth - path->n))
            continue;
        for (size_t i = 0; path->attribute && i < tag->n_attrs; i++)
            if (q_streq(xml_attr_name(tag, i), path->attribute))
                put_above(f, k, f->depth - path->n, xml_attr_value(tag, i), false);
        if (!path->attribute && !l->capturing)
            capture(f, l);
    }
}

static void end_around(struct xml_file *f, const struct xml_level *l)
{
    if (!l->capturing)
        return;
    for (size_t k = 0; k < f->above.n; k++) {
        const struct xml_path *path = &f->above.v[k].path;
        if (!path->attribute && leads_here(f, path, f->depth) &&
            may_be_around(f, &f->above.v[k], f->depth - path->n))
            put_above(f, k, f->depth - path->n, captured(f, l), l->nil);
    }
    end_capture(f);
}

static void take_above(struct xml_file *f)
{
    for (size_t k = 0; k < f->above.n; k++) {
        size_t up = f->above.v[k].path.up, c = f->above.v[k].col;
        if (up >= f->record_depth)
            continue;
        struct xml_above_value *v = &level(f, f->record_depth - up)->above[k];
        v->wanted |= v->state == XML_NONE;
        if (v->state == XML_TEXT || v->state == XML_NIL)
            put(f, c, (struct q_str){q_buf_text(&v->text), v->text.n}, v->state == XML_NIL);
        f->found[c] |= v->state != XML_NONE;
        if (v->state == XML_TWICE) {
            f->repeated = c < f->repeated ? c : f->repeated;
            rows_more(&f->rows, f->target->cols[c].name,
                      (struct q_str){q_buf_text(&v->text), v->text.n});
        }
    }
}

/* ---- records ---- */

/* An element where a record could be; that is of interest as long as there is none. */
static void note_other(struct xml_file *f, const char *name)
{
    if (f->records || f->more_others)
        return;
    for (size_t i = 0; i < f->others.n; i++)
        if (q_streq(f->others.v[i], name))
            return;
    f->more_others = f->others.n == OTHERS;
    if (!f->more_others)
        *q_vec_push(f->arena, &f->others) = q_strdup(f->arena, name);
}

const char *xml_others(const struct xml_file *f, struct q_arena *arena)
{
    const char *list = "";
    if (f->records || !f->others.n)
        return NULL;
    for (size_t i = 0; i < f->others.n; i++)
        list = q_printf(arena, "%s%s%s", list, i ? ", " : "", f->others.v[i]);
    return f->more_others ? q_printf(arena, "%s and others", list) : list;
}

static bool is_record_anywhere(struct xml_file *f)
{
    const struct xml_records *r = &f->dialect->records;
    for (size_t i = 0; i < r->n; i++) {
        const char *step = r->steps[r->n - 1 - i];
        if (i < f->depth && (!step || q_streq(level(f, f->depth - i)->name, step)))
            continue;
        note_other(f, level(f, f->depth)->name);
        return false;
    }
    return true;
}

/* Is the element that was just opened a record, by its names? */
static bool is_record(struct xml_file *f)
{
    const struct xml_records *r = &f->dialect->records;
    size_t d = f->depth;
    if (r->anywhere)
        return is_record_anywhere(f);
    struct xml_level *l = level(f, d);
    const char *step = d <= r->n ? r->steps[d - 1] : "";
    bool beside = d == 1 || level(f, d - 1)->on_path;
    l->on_path = beside && (!step || q_streq(l->name, step));
    if (beside && !l->on_path && d == r->n)
        note_other(f, l->name);
    if (l->on_path && d > f->deepest)
        f->deepest = d;
    return l->on_path && d == r->n;
}

static void begin_record(struct xml_file *f, struct xml_level *l, const struct xml_tag *tag)
{
    char ordinal[24];
    rows_add(&f->rows, xml_push_tag(f->push, &f->record_line));
    f->record_depth = f->depth;
    f->records++;
    f->repeated = f->target->n_cols;
    q_buf_clear(&f->own);
    l->node = &f->root;
    int64_t number = ++level(f, f->depth - 1)->records;
    int n = snprintf(ordinal, sizeof ordinal, "%lld", (long long)number);
    for (size_t i = 0; i < f->ordinal_cols.n; i++)
        put(f, f->ordinal_cols.v[i], (struct q_str){ordinal, (size_t)n}, false);
    take_above(f);
    if (f->look)
        xml_look_attributes(f, l->node, tag);
    else
        put_attributes(f, l->node, tag);
}

static void note_place(struct xml_file *f)
{
    int64_t offset = f->rows.places[f->rows.n];
    while (f->at_place < f->n_places && f->places[f->at_place].offset <= offset) {
        struct blocks_place *p = &f->places[f->at_place++];
        if (p->offset != offset)
            continue;
        struct q_str raw = rows_raw(&f->rows, f->target);
        raw.n = raw.n < f->raw_max ? raw.n : f->raw_max;
        p->ordinal = f->records;
        p->line = f->record_line;
        p->raw = (struct q_str){q_strndup(f->places_arena, raw.p, raw.n), raw.n};
    }
}

static void reject_repeated(struct xml_file *f)
{
    const char *name = f->target->cols[f->repeated].name;
    struct q_str value = rows_text(&f->rows, f->repeated);
    f->sink_code =
        rows_reject(&f->rows, f->target, true, "repeated", name,
                    "one value in a record, or `repeated: first` or `join`", value, &f->sink_err);
    if (f->sink_code)
        xml_push_fail(f->push, "its rejects could not be kept");
}

static void end_record(struct xml_file *f, const struct xml_level *l)
{
    struct q_str own = {q_buf_text(&f->own), f->own.n};
    f->record_depth = 0;
    if (f->look) {
        xml_look_record(f, own);
        return;
    }
    for (size_t i = 0; i < f->own_cols.n; i++)
        put(f, f->own_cols.v[i], own, l->nil);
    if (f->places) {
        note_place(f);
    } else if (f->repeated < f->target->n_cols) {
        reject_repeated(f);
    } else {
        rows_keep(&f->rows);
    }
}

/* ---- elements ---- */

static void start_inside(struct xml_file *f, struct xml_level *l, const struct xml_tag *tag)
{
    struct xml_level *parent = level(f, f->depth - 1);
    parent->has_elements = true;
    if (f->dialect->records.anywhere && is_record(f)) {
        xml_push_fail(f->push, "records are in each other");
        xml_push_hint(f->push, "Give their whole path, like `records: /list/item`.");
        return;
    }
    if (!parent->node)
        return;
    if (f->look) {
        l->node = xml_look_child(f, parent->node, tag->name, false);
        if (!l->node)
            return;
        xml_look_attributes(f, l->node, tag);
        capture(f, l);
        return;
    }
    l->node = xml_child_seen(parent->node, tag->name, false);
    if (!l->node)
        return;
    if (tag->n_attrs)
        put_attributes(f, l->node, tag);
    if (l->node->cols.n)
        capture(f, l);
}

static void on_start(void *self, const struct xml_tag *tag)
{
    struct xml_file *f = self;
    struct xml_level *l = level(f, ++f->depth);
    struct xml_above_value *above = l->above;
    *l = (struct xml_level){.name = tag->name, .above = above};
    l->nil = tag->n_attrs && is_nil(tag);
    if (f->record_depth)
        start_inside(f, l, tag);
    else if (is_record(f))
        begin_record(f, l, tag);
    else
        start_around(f, l, tag);
}

static void end_inside(struct xml_file *f, const struct xml_level *l)
{
    if (!l->capturing)
        return;
    if (f->look)
        xml_look_element(f, l->node, l, captured(f, l));
    else
        put_all(f, l->node, captured(f, l), l->nil);
    end_capture(f);
}

static void on_end(void *self, const char *name)
{
    struct xml_file *f = self;
    (void)name;
    struct xml_level *l = level(f, f->depth);
    if (!f->record_depth)
        end_around(f, l);
    else if (f->depth == f->record_depth)
        end_record(f, l);
    else
        end_inside(f, l);
    f->depth--;
}

static void on_text(void *self, const char *p, size_t n)
{
    struct xml_file *f = self;
    if (f->captures)
        q_buf_add(&f->text, p, n);
    if (f->look && f->record_depth)
        level(f, f->depth)->has_text |= xml_trim((struct q_str){p, n}).n > 0;
    if (f->record_depth == f->depth && (f->own_cols.n || f->look))
        q_buf_add(&f->own, p, n);
    if (f->text.n + f->own.n > f->max_record || f->text.full || f->own.full) {
        xml_push_fail(f->push, "the record has more than %zu bytes of text", f->max_record);
        xml_push_hint(f->push, "Raise `max_record` if that is meant.");
    }
}

static const struct xml_events events = {on_start, on_end, on_text};

/* ---- a piece further ---- */

enum q_code xml_walk_open(struct xml_file *f, struct q_err *err)
{
    f->max_record = f->dialect->settings.max_record ? f->dialect->settings.max_record
                                                    : (size_t)BLOCK_RECORD_MAX;
    f->piece_size = f->dialect->settings.piece ? f->dialect->settings.piece : (size_t)PIECE;
    f->piece = q_alloc(f->arena, f->piece_size);
    f->found = q_alloc_array(f->arena, f->target->n_cols + 1, sizeof *f->found);
    q_buf_init_in(&f->text, f->arena, (size_t)BATCH_SPAN_MAX);
    q_buf_init_in(&f->own, f->arena, (size_t)BATCH_SPAN_MAX);
    rows_init(&f->rows, f->arena, f->target->n_cols);
    enum q_code code = decode_open(f->arena, f->path, &f->dialect->decode, &f->decode, err);
    size_t token = f->max_record > TOKEN_LEAST ? f->max_record : TOKEN_LEAST;
    return code ? code : xml_push_open(f->arena, f->path, NULL, &events, f, token, &f->push, err);
}

static enum q_code no_parent(const struct xml_file *f, struct q_err *err)
{
    const struct xml_records *r = &f->dialect->records;
    enum q_code code;
    if (f->deepest == 0)
        code = q_fail(err, Q_SOURCE,
                      "could not find records in \"%s\": its root element is not \"%s\"", f->path,
                      r->steps[0]);
    else
        code = q_fail(err, Q_SOURCE,
                      "could not find records in \"%s\": it has no element \"%s\" on the path",
                      f->path, r->steps[f->deepest] ? r->steps[f->deepest] : "*");
    q_hint(err, "Look at `records: %s`; upper and lower case count.", f->dialect->settings.records);
    return code;
}

static enum q_code missing_column(const struct xml_file *f, size_t c, struct q_err *err)
{
    const char *path = f->paths ? f->paths[c] : NULL, *name = f->target->cols[c].name;
    enum q_code code = q_fail(err, Q_SOURCE, "could not find column \"%s\" in any record of \"%s\"",
                              name, f->path);
    if (path && !q_streq(path, name))
        q_detail(err, "Its path is %s.", path);
    q_hint(err, "Look at its path, or declare `missing_columns: null` if files may lack it.");
    return code;
}

/* What can only be told at the end. */
static enum q_code check_end(const struct xml_file *f, struct q_err *err)
{
    const struct xml_records *r = &f->dialect->records;
    if (!f->records && !r->anywhere && f->deepest + 1 < r->n)
        return no_parent(f, err);
    if (!f->records && !r->anywhere && r->n == 1)
        return no_parent(f, err);
    if (!f->records || f->look || f->places || f->dialect->settings.missing_null)
        return Q_OK;
    for (size_t c = 0; c < f->target->n_cols; c++)
        if (!f->found[c])
            return missing_column(f, c, err);
    return Q_OK;
}

enum q_code xml_walk(struct xml_file *f, struct q_err *err)
{
    size_t got = 0;
    rows_restart(&f->rows, f->record_depth > 0);
    enum q_code code = decode_read(f->decode, f->piece, f->piece_size, &got, err);
    if (!code && got)
        code = xml_push_feed(f->push, f->piece, got, err);
    bool end = got < f->piece_size;
    if (!code && end)
        code = xml_push_end(f->push, err);
    if (!code && end)
        code = check_end(f, err);
    f->ended = end;
    atomic_store_explicit(&f->file_read, decode_file_read(f->decode), memory_order_relaxed);
    if (f->sink_code) {
        if (err)
            *err = f->sink_err;
        return f->sink_code;
    }
    return code;
}

/* ---- life ---- */

static struct xml_file *file_new(struct q_arena *arena, const char *path,
                                 const struct xml_dialect *dialect,
                                 const struct read_target *target, const char *const *paths)
{
    struct xml_file *f = q_new(arena, struct xml_file);
    f->arena = arena;
    f->path = path;
    f->dialect = dialect;
    f->target = target;
    f->paths = paths;
    return f;
}

enum q_code xml_open(struct q_arena *arena, const char *path, const struct xml_dialect *dialect,
                     const struct read_target *target, const char *const *paths,
                     struct xml_file **out, struct q_err *err)
{
    struct xml_file *f = file_new(arena, path, dialect, target, paths);
    *out = f;
    enum q_code code = xml_compile(f, err);
    return code ? code : xml_walk_open(f, err);
}

enum q_code xml_fill(struct xml_file *f, const bool *wanted, struct batch *out, struct q_err *err)
{
    enum q_code code = Q_OK;
    while (!code && out->rows < BATCH_ROWS) {
        if (rows_left(&f->rows)) {
            code = rows_emit(&f->rows, f->target, wanted, out, err);
            continue;
        }
        if (f->ended)
            break;
        code = xml_walk(f, err);
        int64_t whole = f->records - (f->record_depth > 0);
        atomic_fetch_add_explicit(&f->target->counts->records, whole - f->counted,
                                  memory_order_relaxed);
        f->counted = whole;
    }
    return code;
}

void xml_close(struct xml_file *f)
{
    xml_push_close(f->push);
    decode_close(f->decode);
}

int64_t xml_file_read(struct xml_file *f)
{
    return atomic_load_explicit(&f->file_read, memory_order_relaxed);
}

enum q_code xml_locate(struct xml_file *file, struct blocks_place *places, size_t n, size_t raw_max,
                       struct q_arena *arena, struct q_err *err)
{
    struct q_arena *scratch = q_arena_new(NULL, "locate");
    struct xml_file *f = file_new(scratch, file->path, file->dialect, file->target, file->paths);
    for (size_t i = 0; i < n; i++)
        places[i] = (struct blocks_place){.offset = places[i].offset, .raw = {"", 0}};
    f->places = places;
    f->n_places = n;
    f->raw_max = raw_max;
    f->places_arena = arena;
    enum q_code code = xml_compile(f, err);
    if (!code)
        code = xml_walk_open(f, err);
    while (!code && !f->ended && f->at_place < n)
        code = xml_walk(f, err);
    q_arena_free(scratch);
    return code;
}
