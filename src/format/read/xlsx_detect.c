/* SPDX-License-Identifier: Apache-2.0 */
/* Which sheet, where its data begins, and what its columns are called. */
#include "base/map.h"
#include "format/read/xlsx.h"
#include "format/read/xlsx_sheet.h"
#include "format/read/xml_read.h"

enum { HEADER_ROWS_MAX = 20, MERGES_MAX = 10000, NAME_MAX_BYTES = 1024 };

struct head_cell {
    int64_t row, col;
    bool is_text;
    const char *text;
};

/* The first rows that have text, up to the one behind the header. */
struct head {
    struct q_arena *arena;
    const struct xlsx_settings *settings;
    struct xlsx_area area; /* last_col -1: there is no range */
    int64_t header_rows;
    int64_t first;  /* number of the first row with text, or 0 */
    int64_t behind; /* and of the first one behind the header */
    bool row_wanted;
    Q_VEC(struct head_cell) cells;
    Q_VEC(struct xlsx_area) merges;
};

static void on_row(void *self, int64_t row)
{
    struct head *h = self;
    h->row_wanted = row >= h->area.first_row && row > h->settings->skip_rows &&
                    (!h->area.last_row || row <= h->area.last_row) && !h->behind;
}

/* Names have no white space at their ends and no line ends in them. */
static const char *clean(struct q_arena *arena, struct q_str text)
{
    struct q_str trimmed = xml_trim(text);
    char *p = q_strndup(arena, trimmed.p, trimmed.n < NAME_MAX_BYTES ? trimmed.n : NAME_MAX_BYTES);
    size_t n = 0;
    for (char *q = p; *q; q++)
        if (*q == '\n' || *q == '\r' || *q == '\t') {
            if (n && p[n - 1] != ' ')
                p[n++] = ' ';
        } else {
            p[n++] = *q;
        }
    while (!q_utf8_valid(p, n, NULL)) /* cut in a character */
        n--;
    p[n] = 0;
    return p;
}

static void on_cell(void *self, const struct xlsx_cell *cell)
{
    struct head *h = self;
    char buf[XLSX_TEXT];
    struct q_str text = cell->text;
    if (!h->row_wanted ||
        (h->area.last_col >= 0 && (cell->col < h->area.first_col || cell->col > h->area.last_col)))
        return;
    if (cell->kind == XLSX_CELL_NUMBER)
        text = xlsx_number(text, buf);
    else if (cell->kind == XLSX_CELL_MOMENT && cell->format != XLSX_NUMBER &&
             xlsx_moment(cell->days, cell->format, false, true, buf))
        text = q_str(buf);
    const char *name = clean(h->arena, text);
    if (*name)
        *q_vec_push(h->arena, &h->cells) =
            (struct head_cell){cell->row, cell->col, cell->kind == XLSX_CELL_TEXT, name};
}

static void on_row_end(void *self, int64_t row)
{
    struct head *h = self;
    if (!h->row_wanted || !h->cells.n || h->cells.v[h->cells.n - 1].row != row)
        return;
    if (!h->first)
        h->first = row;
    else if (row >= h->first + h->header_rows)
        h->behind = row;
}

static void on_merge(void *self, const struct xlsx_area *area)
{
    struct head *h = self;
    if (h->first && area->first_row >= h->first && area->first_row < h->first + h->header_rows &&
        h->merges.n < MERGES_MAX)
        *q_vec_push(h->arena, &h->merges) = *area;
}

static const struct xlsx_sheet_events events = {on_row, on_cell, on_row_end, on_merge};

/* ---- what the header says ---- */

static const char *text_at(const struct head *h, int64_t row, int64_t col)
{
    for (size_t i = 0; i < h->cells.n; i++)
        if (h->cells.v[i].row == row && h->cells.v[i].col == col)
            return h->cells.v[i].text;
    return NULL;
}

static bool is_header_row(const struct head *h, int64_t row)
{
    return row >= h->first && row < h->first + h->header_rows;
}

/* The first row is one when all its cells are different texts. */
static bool looks_like_header(const struct head *h)
{
    for (size_t i = 0; i < h->cells.n && h->cells.v[i].row == h->first; i++) {
        if (!h->cells.v[i].is_text)
            return false;
        for (size_t k = 0; k < i; k++)
            if (q_strcaseeq(h->cells.v[i].text, h->cells.v[k].text))
                return false;
    }
    return h->behind > 0;
}

/* Columns that the header's texts, or those of the first row, span. */
static void span(const struct head *h, bool header, int64_t *first, int64_t *last)
{
    *first = XLSX_COLUMNS;
    *last = -1;
    for (size_t i = 0; i < h->cells.n; i++) {
        const struct head_cell *c = &h->cells.v[i];
        if (header ? !is_header_row(h, c->row) : c->row != h->first)
            continue;
        *first = c->col < *first ? c->col : *first;
        *last = c->col > *last ? c->col : *last;
    }
}

/* Something is missing in the header that a merged cell may explain. */
static bool has_gap(const struct head *h)
{
    int64_t first, last;
    span(h, true, &first, &last);
    for (int64_t col = first; col <= last; col++)
        if (!text_at(h, h->first, col))
            return true;
    for (size_t i = 0; i < h->cells.n; i++)
        if (h->cells.v[i].row == h->behind && h->cells.v[i].col > last)
            return true;
    return h->header_rows > 1;
}

/* The merged cell that covers a place to the right of its first column, or NULL. */
static const struct xlsx_area *merged_over(const struct head *h, int64_t row, int64_t col)
{
    for (size_t i = 0; i < h->merges.n; i++) {
        const struct xlsx_area *m = &h->merges.v[i];
        if (row == m->first_row && col > m->first_col && col <= m->last_col)
            return m;
    }
    return NULL;
}

/* Texts of a column's header rows joined by blanks; its letters when there is none. */
static const char *name_of(const struct head *h, int64_t col, bool *merged)
{
    struct q_buf name;
    char letters[XLSX_LETTERS];
    q_buf_init(&name, (size_t)NAME_MAX_BYTES * HEADER_ROWS_MAX);
    *merged = false;
    for (int64_t row = h->first; row < h->first + h->header_rows; row++) {
        const char *text = text_at(h, row, col);
        const struct xlsx_area *m = text ? NULL : merged_over(h, row, col);
        if (m) {
            text = text_at(h, row, m->first_col);
            *merged = true;
        }
        if (text)
            q_buf_printf(&name, "%s%s", name.n ? " " : "", text);
    }
    const char *out = q_strdup(h->arena, name.n ? q_buf_text(&name) : xlsx_letters(col, letters));
    q_buf_release(&name);
    return out;
}

static bool is_used(const q_paths *names, const char *name)
{
    for (size_t i = 0; i < names->n; i++)
        if (q_strcaseeq(names->v[i], name))
            return true;
    return false;
}

static enum q_code add_name(struct head *h, const char *path, struct xlsx_dialect *d, int64_t col,
                            bool *any_merged, struct q_err *err)
{
    char letters[XLSX_LETTERS];
    bool merged;
    const char *name = name_of(h, col, &merged), *plain = name;
    for (int n = 2; merged && is_used(&d->names, name); n++)
        name = q_printf(h->arena, "%s_%d", plain, n);
    *any_merged |= merged;
    if (is_used(&d->names, name)) {
        enum q_code code = q_fail(err, Q_SOURCE,
                                  "cannot use the header of \"%s\", sheet \"%s\": \"%s\" stands "
                                  "there twice, again in column %s",
                                  path, d->sheet, name, xlsx_letters(col, letters));
        q_hint(err, "Rename one of them, or set `header: false` and declare the columns in order.");
        return code;
    }
    *q_vec_push(h->arena, &d->names) = name;
    return Q_OK;
}

static enum q_code name_columns(struct head *h, const char *path, struct xlsx_dialect *d,
                                bool *any_merged, struct q_err *err)
{
    int64_t first, last;
    char letters[XLSX_LETTERS];
    span(h, d->header, &first, &last);
    for (size_t i = 0; d->header && i < h->merges.n; i++)
        last = h->merges.v[i].last_col > last ? h->merges.v[i].last_col : last;
    if (h->area.last_col >= 0) {
        first = h->area.first_col;
        last = h->area.last_col;
    } else if (!d->header && d->settings.columns) {
        last = first + (int64_t)d->settings.columns - 1;
    }
    d->first_col = first;
    enum q_code code = Q_OK;
    for (int64_t col = first; col <= last && !code; col++) {
        if (d->header)
            code = add_name(h, path, d, col, any_merged, err);
        else
            *q_vec_push(h->arena, &d->names) = q_strdup(h->arena, xlsx_letters(col, letters));
    }
    return code;
}

/* ---- reading it ---- */

static enum q_code read_head(struct head *h, const char *path, const struct xlsx_dialect *d,
                             struct q_err *err)
{
    struct q_arena *scratch = q_arena_new(NULL, "head");
    struct xlsx_sheet *sheet;
    bool end = false;
    enum q_code code = xlsx_sheet_open(scratch, path, &d->settings.limits, d->book, d->part,
                                       d->settings.dir, &events, h, &sheet, err);
    while (!code && !end && !h->behind)
        code = xlsx_sheet_next(sheet, &end, err);
    bool header = d->settings.header != CSV_HEADER_NO;
    while (!code && !end && header && h->first && has_gap(h)) /* merged cells stand at the end */
        code = xlsx_sheet_next(sheet, &end, err);
    q_arena_free(scratch);
    return code;
}

static enum q_code read_settings(const struct xlsx_settings *s, struct head *h, struct q_err *err)
{
    h->settings = s;
    h->area = (struct xlsx_area){.first_row = 1, .last_col = -1};
    h->header_rows = s->header_rows > 0 ? s->header_rows : 1;
    if (s->header == CSV_HEADER_NO)
        h->header_rows = 1;
    if (h->header_rows > HEADER_ROWS_MAX)
        return q_fail(err, Q_CONFIG, "cannot use more than %d `header_rows`", HEADER_ROWS_MAX);
    if (!s->range || !*s->range || xlsx_area_parse(s->range, &h->area))
        return Q_OK;
    enum q_code code = q_fail(err, Q_CONFIG, "cannot use \"%s\" as a range of cells", s->range);
    q_hint(err, "It is like `range: B3:F200`, `B3:F` (to the end) or `B:F` (all rows).");
    return code;
}

static const char *shown(struct q_arena *arena, const struct xlsx_dialect *d, const struct head *h,
                         bool merged)
{
    char first[XLSX_LETTERS], last[XLSX_LETTERS];
    return q_printf(
        arena, "XLSX, sheet \"%s\", %s%s, columns %s to %s%s%s", d->sheet,
        d->header ? q_printf(arena, "header in row %lld", (long long)h->first) : "no header",
        d->header && h->header_rows > 1
            ? q_printf(arena, " to %lld", (long long)(h->first + h->header_rows - 1))
            : "",
        xlsx_letters(d->first_col, first),
        xlsx_letters(d->first_col + (int64_t)d->names.n - 1, last),
        merged ? ", merged names repeated" : "", d->book->from_1904 ? ", dates from 1904" : "");
}

static enum q_code find_book(struct q_arena *arena, const char *path, struct xlsx_dialect *d,
                             struct q_err *err)
{
    struct q_arena *scratch = q_arena_new(NULL, "book");
    struct xlsx_zip *zip;
    struct xlsx_book *book = NULL;
    size_t sheet = 0;
    enum q_code code = xlsx_zip_open(scratch, path, &d->settings.limits, &zip, err);
    if (!code)
        code = xlsx_book_read(arena, zip, &book, err);
    if (!code)
        code = xlsx_book_find(book, path, d->settings.sheet, &sheet, err);
    if (!code) {
        d->book = book;
        d->sheet = book->sheets.v[sheet].name;
        d->part = book->sheets.v[sheet].part;
    }
    q_arena_free(scratch);
    return code;
}

enum q_code xlsx_detect(struct q_arena *arena, const char *path,
                        const struct xlsx_settings *settings, struct xlsx_dialect *out,
                        struct q_err *err)
{
    struct head h = {.arena = arena};
    bool merged = false;
    *out = (struct xlsx_dialect){.settings = *settings, .last_col_kept = -1};
    enum q_code code = read_settings(settings, &h, err);
    if (!code)
        code = find_book(arena, path, out, err);
    if (!code)
        code = read_head(&h, path, out, err);
    if (!code && !h.first) {
        code = q_fail(err, Q_SOURCE, "could not read \"%s\": sheet \"%s\" is empty%s", path,
                      out->sheet, settings->range || settings->skip_rows ? " there" : "");
        q_hint(err, "Look at `sheet`, `range` and `skip_rows`.");
    }
    if (code)
        return code;
    out->header = settings->header == CSV_HEADER_YES ||
                  (settings->header == CSV_HEADER_DETECT && looks_like_header(&h));
    if (h.area.last_col >= 0)
        out->last_col_kept = h.area.last_col;
    out->first_row = out->header ? h.first + h.header_rows : h.first;
    out->last_row = h.area.last_row;
    code = name_columns(&h, path, out, &merged, err);
    if (!code)
        out->shown = shown(arena, out, &h, merged);
    return code;
}
