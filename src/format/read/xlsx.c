/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a sheet as records. */
#include "format/read/xlsx.h"

#include <stdatomic.h>
#include <stdio.h>

#include "base/vec.h"
#include "format/read/rows.h"
#include "format/read/xlsx_sheet.h"
#include "format/read/xml_read.h"

enum {
    TEXTS = 4, /* rows of a piece together: so many times the longest text, or this: */
    TEXTS_LEAST = 1 << 22,
};

/* An error cell of the row that is read. */
struct cell_error {
    size_t col;
    char text[16];
};

struct xlsx_file {
    struct q_arena *arena;
    const char *path;
    const struct xlsx_dialect *dialect;
    const struct read_target *target;
    struct xlsx_sheet *sheet;
    ptrdiff_t *col_of; /* column of the sheet, from first_col on -> of the target, or -1 */
    struct rows rows;
    bool ended;
    _Atomic int64_t file_read;
    /* The row. */
    bool in_row, has_text;
    int64_t extra; /* a column with a value that has no name, or -1 */
    struct q_buf extra_text;
    Q_VEC(struct cell_error) errors;
    int64_t last;                 /* number of the last record's row */
    int64_t empty, empty_counted; /* rows without text before it */
    int64_t records, counted;
    /* Other uses of the same walk. */
    struct xlsx_guess *guess;
    struct q_buf padded;
    struct blocks_place *places;
    size_t n_places, at_place, raw_max;
    struct q_arena *places_arena;
};

/* ---- cells ---- */

static bool in_range(const struct xlsx_file *f, int64_t row)
{
    const struct xlsx_dialect *d = f->dialect;
    return row >= d->first_row && (!d->last_row || row <= d->last_row);
}

/* 2010-12-01T08:26:00 as dates and times are written elsewhere; midnight is not told to a date. */
static struct q_str iso_text(struct q_str text, bool is_date, char out[static XLSX_TEXT])
{
    static const char midnight[] = " 00:00:00";
    if (text.n >= XLSX_TEXT || text.n < 11 || text.p[10] != 'T')
        return text;
    memcpy(out, text.p, text.n);
    out[10] = ' ';
    bool at_midnight = text.n >= 19 && memcmp(out + 10, midnight, 9) == 0 &&
                       strspn(text.p + 19, ".0") >= text.n - 19;
    return (struct q_str){out, is_date && at_midnight ? 10 : text.n};
}

/* The cell as the text that is cast to a type. */
static struct q_str text_of(const struct xlsx_file *f, const struct xlsx_cell *cell,
                            struct q_type type, char out[static XLSX_TEXT])
{
    if (cell->kind == XLSX_CELL_MOMENT) {
        bool is_date = type.id == Q_T_DATE;
        if (cell->format == XLSX_NUMBER)
            return iso_text(cell->text, is_date, out);
        if (xlsx_moment(cell->days, cell->format, f->dialect->book->from_1904, is_date, out))
            return q_str(out);
    }
    if (cell->kind == XLSX_CELL_MOMENT ||
        cell->kind == XLSX_CELL_NUMBER) /* a double is one already */
        return type.id == Q_T_DOUBLE ? cell->text : xlsx_number(cell->text, out);
    if (cell->kind == XLSX_CELL_TEXT && (f->dialect->settings.trim || type.id != Q_T_TEXT))
        return xml_trim(cell->text);
    return cell->text;
}

static void guess_cell(struct xlsx_file *f, struct xlsx_guess *g, const struct xlsx_cell *cell)
{
    static const char pad[BATCH_CAST_PAD];
    char buf[XLSX_TEXT];
    struct q_str text = text_of(f, cell, Q_TYPE(Q_T_TEXT), buf);
    if (!text.n)
        return;
    switch (cell->kind) {
    case XLSX_CELL_TEXT:
        g->texts++;
        return;
    case XLSX_CELL_BOOLEAN:
        g->booleans++;
        return;
    case XLSX_CELL_ERROR:
        return;
    case XLSX_CELL_MOMENT:
        if (text.n == 8 || text.p[2] == ':')
            g->times++;
        else
            g->moments++;
        break;
    case XLSX_CELL_NUMBER:
        g->numbers++;
        break;
    }
    q_buf_clear(&f->padded);
    q_buf_add(&f->padded, text.p, text.n);
    q_buf_add(&f->padded, pad, sizeof pad);
    batch_guess_add(&g->guess, (struct q_str){f->padded.p, text.n});
}

static void put_error(struct xlsx_file *f, size_t col, const struct xlsx_cell *cell)
{
    if (f->dialect->settings.errors_null) {
        rows_put_null(&f->rows, col);
        return;
    }
    struct cell_error *e = q_vec_push(f->arena, &f->errors);
    e->col = col;
    (void)snprintf(e->text, sizeof e->text, "%.*s", (int)cell->text.n, cell->text.p);
    rows_put(&f->rows, col, cell->text.p, cell->text.n);
}

static void on_cell(void *self, const struct xlsx_cell *cell)
{
    struct xlsx_file *f = self;
    const struct xlsx_dialect *d = f->dialect;
    if (!f->in_row ||
        (d->last_col_kept >= 0 && (cell->col < d->first_col || cell->col > d->last_col_kept)))
        return;
    f->has_text |= cell->text.n > 0;
    if (cell->col < d->first_col || cell->col >= d->first_col + (int64_t)d->names.n) {
        if (cell->text.n && f->extra < 0) {
            f->extra = cell->col;
            q_buf_clear(&f->extra_text);
            q_buf_add(&f->extra_text, cell->text.p, cell->text.n);
        }
        return;
    }
    ptrdiff_t c = f->col_of[cell->col - d->first_col];
    if (c < 0)
        return;
    if (f->guess) {
        guess_cell(f, &f->guess[c], cell);
        return;
    }
    if (cell->kind == XLSX_CELL_ERROR) {
        put_error(f, (size_t)c, cell);
        return;
    }
    char buf[XLSX_TEXT];
    struct q_str text = text_of(f, cell, f->target->cols[c].cast.type, buf);
    rows_put(&f->rows, (size_t)c, text.p, text.n);
    size_t most = d->settings.limits.max_text ? d->settings.limits.max_text : BLOCK_RECORD_MAX;
    if (f->rows.values.n > TEXTS * most && f->rows.values.n > TEXTS_LEAST)
        xml_push_fail(xlsx_sheet_push(f->sheet), "its rows have more than %zu bytes of text", most);
}

/* ---- rows ---- */

static void on_row(void *self, int64_t row)
{
    struct xlsx_file *f = self;
    f->in_row = in_range(f, row);
    f->has_text = false;
    f->extra = -1;
    f->errors.n = 0;
    if (f->in_row && !f->guess)
        rows_add(&f->rows, row);
}

static void note_place(struct xlsx_file *f, int64_t row)
{
    while (f->at_place < f->n_places && f->places[f->at_place].offset <= row) {
        struct blocks_place *p = &f->places[f->at_place++];
        if (p->offset != row)
            continue;
        struct q_str raw = rows_raw(&f->rows, f->target);
        raw.n = raw.n < f->raw_max ? raw.n : f->raw_max;
        p->ordinal = f->records;
        p->line = row;
        p->raw = (struct q_str){q_strndup(f->places_arena, raw.p, raw.n), raw.n};
    }
}

static enum q_code reject_extra(struct xlsx_file *f, struct q_err *err)
{
    const struct xlsx_dialect *d = f->dialect;
    char first[XLSX_LETTERS], last[XLSX_LETTERS], found[XLSX_LETTERS], detail[128];
    struct q_str value = {q_buf_text(&f->extra_text), f->extra_text.n};
    (void)snprintf(detail, sizeof detail, "values in columns %s to %s only, found one in %s",
                   xlsx_letters(d->first_col, first),
                   xlsx_letters(d->first_col + (int64_t)d->names.n - 1, last),
                   xlsx_letters(f->extra, found));
    rows_more(&f->rows, found, value);
    return rows_reject(&f->rows, f->target, true, "too_many_fields", NULL, detail, value, err);
}

static enum q_code reject_errors(struct xlsx_file *f, struct q_err *err)
{
    enum q_code code = Q_OK;
    for (size_t i = 0; i < f->errors.n && !code; i++) {
        const struct cell_error *e = &f->errors.v[i];
        code = rows_reject(&f->rows, f->target, i == 0, "cell_error", f->target->cols[e->col].name,
                           "a value, or `errors: null`", q_str(e->text), err);
    }
    return code;
}

static void on_row_end(void *self, int64_t row)
{
    struct xlsx_file *f = self;
    struct q_err why = {0};
    enum q_code code = Q_OK;
    if (!f->in_row || !f->has_text) {
        f->in_row = false;
        return;
    }
    f->in_row = false;
    f->records++;
    f->empty += row - (f->last ? f->last : f->dialect->first_row - 1) - 1;
    f->last = row;
    if (f->guess)
        return;
    if (f->places)
        note_place(f, row);
    else if (f->extra >= 0)
        code = reject_extra(f, &why);
    else if (f->errors.n)
        code = reject_errors(f, &why);
    else
        rows_keep(&f->rows);
    if (code)
        xlsx_sheet_fail(f->sheet, code, &why);
}

/* ---- life ---- */

static const struct xlsx_sheet_events events = {on_row, on_cell, on_row_end, NULL};

static enum q_code walk(struct xlsx_file *f, struct q_err *err)
{
    rows_restart(&f->rows, f->in_row && !f->guess);
    enum q_code code = xlsx_sheet_next(f->sheet, &f->ended, err);
    atomic_store_explicit(&f->file_read, xlsx_sheet_file_read(f->sheet), memory_order_relaxed);
    return code;
}

enum q_code xlsx_open(struct q_arena *arena, const char *path, const struct xlsx_dialect *dialect,
                      const struct read_target *target, struct xlsx_file **out, struct q_err *err)
{
    struct xlsx_file *f = q_new(arena, struct xlsx_file);
    f->arena = arena;
    f->path = path;
    f->dialect = dialect;
    f->target = target;
    f->col_of = q_alloc_array(arena, dialect->names.n + 1, sizeof *f->col_of);
    for (size_t i = 0; i < dialect->names.n; i++)
        f->col_of[i] = -1;
    for (size_t c = 0; c < target->n_cols; c++)
        if (target->cols[c].field >= 0 && (size_t)target->cols[c].field < dialect->names.n)
            f->col_of[target->cols[c].field] = (ptrdiff_t)c;
    rows_init(&f->rows, arena, target->n_cols);
    q_buf_init_in(&f->padded, arena, (size_t)BATCH_SPAN_MAX);
    q_buf_init_in(&f->extra_text, arena, (size_t)BATCH_SPAN_MAX);
    *out = f;
    const struct xlsx_settings *s = &dialect->settings;
    return xlsx_sheet_open(arena, path, &s->limits, dialect->book, dialect->part, s->dir, &events,
                           f, &f->sheet, err);
}

enum q_code xlsx_fill(struct xlsx_file *f, const bool *wanted, struct batch *out, struct q_err *err)
{
    enum q_code code = Q_OK;
    while (!code && out->rows < BATCH_ROWS) {
        if (rows_left(&f->rows)) {
            code = rows_emit(&f->rows, f->target, wanted, out, err);
            continue;
        }
        if (f->ended)
            break;
        code = walk(f, err);
        atomic_fetch_add_explicit(&f->target->counts->records, f->records - f->counted,
                                  memory_order_relaxed);
        atomic_fetch_add_explicit(&f->target->counts->empty_rows, f->empty - f->empty_counted,
                                  memory_order_relaxed);
        f->counted = f->records;
        f->empty_counted = f->empty;
    }
    return code;
}

void xlsx_close(struct xlsx_file *f)
{
    if (f->sheet)
        xlsx_sheet_close(f->sheet);
}

int64_t xlsx_file_read(struct xlsx_file *f)
{
    return atomic_load_explicit(&f->file_read, memory_order_relaxed);
}

enum q_code xlsx_locate(struct xlsx_file *file, struct blocks_place *places, size_t n,
                        size_t raw_max, struct q_arena *arena, struct q_err *err)
{
    struct q_arena *scratch = q_arena_new(NULL, "locate");
    struct xlsx_file *f;
    for (size_t i = 0; i < n; i++)
        places[i] = (struct blocks_place){.offset = places[i].offset, .raw = {"", 0}};
    enum q_code code = xlsx_open(scratch, file->path, file->dialect, file->target, &f, err);
    f->places = places;
    f->n_places = n;
    f->raw_max = raw_max;
    f->places_arena = arena;
    while (!code && !f->ended && f->at_place < n)
        code = walk(f, err);
    q_arena_free(scratch);
    return code;
}

/* ---- types ---- */

enum q_code xlsx_look_at(const char *path, const struct xlsx_dialect *dialect,
                         const struct read_target *target, struct xlsx_guess *guess,
                         struct q_err *err)
{
    struct q_arena *arena = q_arena_new(NULL, "look");
    struct xlsx_file *f;
    enum q_code code = xlsx_open(arena, path, dialect, target, &f, err);
    f->guess = guess;
    while (!code && !f->ended)
        code = walk(f, err);
    q_arena_free(arena);
    return code;
}

struct q_type xlsx_guess_type(const struct xlsx_guess *g, bool *mixed)
{
    int kinds =
        (g->numbers > 0) + (g->moments > 0) + (g->times > 0) + (g->booleans > 0) + (g->texts > 0);
    *mixed = kinds > 1;
    if (kinds != 1 || g->texts)
        return Q_TYPE(Q_T_TEXT);
    if (g->booleans)
        return Q_TYPE(Q_T_BOOL);
    return g->times ? Q_TYPE(Q_T_TIME) : batch_guess_type(&g->guess);
}
