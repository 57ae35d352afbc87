/* SPDX-License-Identifier: Apache-2.0 */
#include "format/read/xlsx_book.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/parse.h"
#include "base/suggest.h"

enum { SHEETS_MAX = 10000, STYLES_MAX = 1 << 20, RELATIONS_MAX = 100000 };

/* An attribute by local name; NULL when it is not there. */
static const char *attribute(struct q_arena *arena, const struct xml_tag *tag, const char *name)
{
    for (size_t i = 0; i < tag->n_attrs; i++)
        if (q_streq(xml_attr_name(tag, i), name)) {
            struct q_str v = xml_attr_value(tag, i);
            return q_strndup(arena, v.p, v.n);
        }
    return NULL;
}

static bool is_true(const char *text)
{
    return text && (q_streq(text, "1") || q_strcaseeq(text, "true") || q_strcaseeq(text, "on"));
}

static void no_text(void *self, const char *p, size_t n)
{
    (void)self;
    (void)p;
    (void)n;
}

static void no_end(void *self, const char *name)
{
    (void)self;
    (void)name;
}

/* ---- relationships: what a part refers to ---- */

struct relation {
    const char *id, *type, *target;
};

struct relations {
    struct q_arena *arena;
    const char *dir; /* of the part that they are of: "xl/", or "" */
    Q_VEC(struct relation) all;
};

/* A target as a name in the archive: absolute, or relative to the part's folder. */
static const char *resolve(struct q_arena *arena, const char *dir, const char *target)
{
    if (*target == '/')
        return target + 1;
    while (q_starts(target, "./"))
        target += 2;
    struct q_str base = q_str(dir);
    for (; q_starts(target, "../"); target += 3) {
        base.n -= base.n > 0;
        while (base.n && base.p[base.n - 1] != '/')
            base.n--;
    }
    return q_printf(arena, "%.*s%s", (int)base.n, base.p, target);
}

static void relation_start(void *self, const struct xml_tag *tag)
{
    struct relations *r = self;
    if (!q_streq(tag->name, "Relationship") || r->all.n == RELATIONS_MAX)
        return;
    const char *id = attribute(r->arena, tag, "Id"), *type = attribute(r->arena, tag, "Type");
    const char *target = attribute(r->arena, tag, "Target");
    const char *mode = attribute(r->arena, tag, "TargetMode");
    if (id && type && target && !(mode && q_strcaseeq(mode, "External")))
        *q_vec_push(r->arena, &r->all) =
            (struct relation){id, type, resolve(r->arena, r->dir, target)};
}

/* The first relation whose type ends so. */
static const char *target_of(const struct relations *r, const char *type)
{
    for (size_t i = 0; i < r->all.n; i++)
        if (q_ends(r->all.v[i].type, type))
            return r->all.v[i].target;
    return NULL;
}

static enum q_code read_relations(struct q_arena *arena, struct xlsx_zip *zip, const char *part,
                                  struct relations *out, struct q_err *err)
{
    static const struct xml_events events = {relation_start, no_end, no_text};
    const char *slash = strrchr(part, '/');
    size_t n = slash ? (size_t)(slash - part) + 1 : 0;
    *out = (struct relations){.arena = arena, .dir = q_strndup(arena, part, n)};
    const char *name = q_printf(arena, "%s_rels/%s.rels", out->dir, part + n);
    return xlsx_zip_has(zip, name) ? xlsx_part_parse(zip, name, &events, out, err) : Q_OK;
}

/* ---- the workbook ---- */

struct book_reader {
    struct q_arena *arena;
    struct xlsx_book *book;
    const struct relations *relations;
};

static void book_start(void *self, const struct xml_tag *tag)
{
    struct book_reader *r = self;
    if (q_streq(tag->name, "workbookPr"))
        r->book->from_1904 = is_true(attribute(r->arena, tag, "date1904"));
    if (!q_streq(tag->name, "sheet") || r->book->sheets.n == SHEETS_MAX)
        return;
    struct xlsx_sheet_info *sheet = q_vec_push(r->arena, &r->book->sheets);
    const char *name = attribute(r->arena, tag, "name"), *id = attribute(r->arena, tag, "id");
    sheet->name = name ? name : "";
    for (size_t i = 0; id && i < r->relations->all.n; i++) {
        const struct relation *to = &r->relations->all.v[i];
        if (q_streq(to->id, id) && q_ends(to->type, "/worksheet"))
            sheet->part = to->target;
    }
}

/* ---- styles ---- */

struct style_reader {
    struct q_arena *arena;
    struct xlsx_book *book;
    struct q_map codes; /* number of a format -> its kind */
    bool in_cells;
    Q_VEC(unsigned char) kinds;
};

static void style_start(void *self, const struct xml_tag *tag)
{
    struct style_reader *r = self;
    if (q_streq(tag->name, "cellXfs"))
        r->in_cells = true;
    if (q_streq(tag->name, "cellStyles") || q_streq(tag->name, "dxfs"))
        r->in_cells = false;
    bool format = q_streq(tag->name, "numFmt");
    if (!format && !(r->in_cells && q_streq(tag->name, "xf")))
        return;
    const char *id = attribute(r->arena, tag, "numFmtId");
    if (format) {
        const char *code = attribute(r->arena, tag, "formatCode");
        if (!id || !code)
            return;
        enum xlsx_kind *kind = q_new(r->arena, enum xlsx_kind);
        *kind = xlsx_format_kind(code);
        (void)q_map_put(&r->codes, id, kind);
        return;
    }
    if (r->kinds.n == STYLES_MAX)
        return;
    const enum xlsx_kind *own = id ? q_map_get(&r->codes, id) : NULL;
    *q_vec_push(r->arena, &r->kinds) =
        (unsigned char)(own ? *own : xlsx_builtin_kind(id ? atoi(id) : 0));
}

static enum q_code read_styles(struct q_arena *arena, struct xlsx_zip *zip, const char *part,
                               struct xlsx_book *book, struct q_err *err)
{
    static const struct xml_events events = {style_start, no_end, no_text};
    struct style_reader r = {.arena = arena, .book = book};
    q_map_init(&r.codes, arena);
    enum q_code code = xlsx_part_parse(zip, part, &events, &r, err);
    book->styles = r.kinds.v;
    book->n_styles = r.kinds.n;
    return code;
}

/* ---- all of it ---- */

static enum q_code no_book(struct xlsx_zip *zip, const char *part, struct q_err *err)
{
    const char *path = xlsx_zip_path(zip);
    enum q_code code;
    if (part && q_ends(part, ".bin")) {
        code = q_fail(err, Q_SOURCE, "cannot read \"%s\": it is a binary .xlsb workbook", path);
        q_hint(err, "Save it as .xlsx (\"Excel Workbook\").");
    } else if (xlsx_zip_has(zip, "content.xml")) {
        code = q_fail(err, Q_SOURCE, "cannot read \"%s\": it is an OpenDocument file", path);
        q_hint(err, "Save it as .xlsx.");
    } else {
        code = q_fail(err, Q_SOURCE,
                      "cannot read \"%s\": it is a zip archive, but no .xlsx workbook", path);
        q_hint(err, "Unpack it if the data is inside.");
    }
    return code;
}

enum q_code xlsx_book_read(struct q_arena *arena, struct xlsx_zip *zip, struct xlsx_book **out,
                           struct q_err *err)
{
    static const struct xml_events events = {book_start, no_end, no_text};
    struct xlsx_book *book = q_new(arena, struct xlsx_book);
    struct relations of_package, of_book;
    enum q_code code = read_relations(arena, zip, "", &of_package, err);
    const char *part = code ? NULL : target_of(&of_package, "/officeDocument");
    if (!code && !part && xlsx_zip_has(zip, "xl/workbook.xml"))
        part = "xl/workbook.xml";
    if (!code && (!part || q_ends(part, ".bin")))
        code = no_book(zip, part, err);
    if (!code)
        code = read_relations(arena, zip, part, &of_book, err);
    struct book_reader reader = {arena, book, &of_book};
    if (!code)
        code = xlsx_part_parse(zip, part, &events, &reader, err);
    if (code)
        return code;
    book->strings = target_of(&of_book, "/sharedStrings");
    const char *styles = target_of(&of_book, "/styles");
    if (styles)
        code = read_styles(arena, zip, styles, book, err);
    if (!code && !book->sheets.n)
        code = no_book(zip, NULL, err);
    *out = book;
    return code;
}

static enum q_code no_sheet(const struct xlsx_book *book, const char *path, const char *sheet,
                            struct q_err *err)
{
    struct q_arena *scratch = q_arena_new(NULL, "names");
    struct q_buf list;
    const char **names = q_alloc_array(scratch, book->sheets.n + 1, sizeof *names);
    enum q_code code = q_fail(err, Q_SOURCE, "could not find sheet \"%s\" in \"%s\"", sheet, path);
    q_buf_init(&list, Q_ERR_DETAIL - 64);
    for (size_t i = 0; i < book->sheets.n; i++) {
        names[i] = book->sheets.v[i].name;
        q_buf_printf(&list, "%s\"%s\"", i ? ", " : "", names[i]);
    }
    q_detail(err, "The workbook has: %s.", q_buf_text(&list));
    const char *near = q_suggest(sheet, names, book->sheets.n);
    if (near)
        q_hint(err, "Did you mean `sheet: %s`?", near);
    else
        q_hint(err, "Set `sheet` to one of these names or to a number from 1 to %zu.",
               book->sheets.n);
    q_buf_release(&list);
    q_arena_free(scratch);
    return code;
}

/* Index by name, else by number; n when there is none. */
static size_t find_sheet(const struct xlsx_book *book, const char *sheet)
{
    int64_t number;
    for (size_t i = 0; i < book->sheets.n; i++)
        if (q_streq(book->sheets.v[i].name, sheet))
            return i;
    for (size_t i = 0; i < book->sheets.n; i++)
        if (q_strcaseeq(book->sheets.v[i].name, sheet))
            return i;
    if (!q_parse_int(sheet, "sheet", 1, (int64_t)book->sheets.n, &number, NULL))
        return (size_t)number - 1;
    return book->sheets.n;
}

enum q_code xlsx_book_find(const struct xlsx_book *book, const char *path, const char *sheet,
                           size_t *out, struct q_err *err)
{
    if (sheet && *sheet) {
        *out = find_sheet(book, sheet);
        if (*out == book->sheets.n)
            return no_sheet(book, path, sheet, err);
        if (!book->sheets.v[*out].part)
            return q_fail(err, Q_SOURCE, "cannot read sheet \"%s\" of \"%s\": it holds no cells",
                          book->sheets.v[*out].name, path);
        return Q_OK;
    }
    for (*out = 0; *out < book->sheets.n; ++*out)
        if (book->sheets.v[*out].part)
            return Q_OK;
    return q_fail(err, Q_SOURCE, "cannot read \"%s\": it has no sheet with cells", path);
}
