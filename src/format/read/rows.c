/* SPDX-License-Identifier: Apache-2.0 */
#include "format/read/rows.h"

#include <string.h>

#include "base/json.h"

enum { ROWS_START = 256, RAW_MAX = 1 << 27 };

void rows_restart(struct rows *rows, bool open)
{
    q_buf_clear(&rows->spare);
    for (size_t c = 0; open && c < rows->n_cols; c++) {
        struct batch_span s = *rows_cell(rows, c);
        if (s.at != ROWS_UNSET) {
            rows->cells[c] = (struct batch_span){(uint32_t)rows->spare.n, s.n};
            q_buf_add(&rows->spare, rows->values.p + s.at, batch_span_length(s));
        } else {
            rows->cells[c] = s;
        }
    }
    if (open)
        rows->places[0] = rows->places[rows->n];
    struct q_buf values = rows->values;
    rows->values = rows->spare;
    rows->spare = values;
    rows->n = rows->at = 0;
}

void rows_add(struct rows *rows, int64_t place)
{
    if (rows->n == rows->cap) {
        size_t cap = rows->cap ? rows->cap * 2 : ROWS_START, n_cols = rows->n_cols;
        struct batch_span *cells = q_alloc_array(rows->arena, cap * (n_cols + 1), sizeof *cells);
        int64_t *places = q_alloc_array(rows->arena, cap, sizeof *places);
        if (rows->n) {
            memcpy(cells, rows->cells, rows->n * n_cols * sizeof *cells);
            memcpy(places, rows->places, rows->n * sizeof *places);
        }
        rows->cells = cells;
        rows->places = places;
        rows->cap = cap;
    }
    rows->places[rows->n] = place;
    q_buf_clear(&rows->more);
    for (size_t c = 0; c < rows->n_cols; c++)
        *rows_cell(rows, c) = (struct batch_span){ROWS_UNSET, 0};
}

void rows_keep(struct rows *rows)
{
    for (size_t c = 0; c < rows->n_cols; c++)
        if (rows_cell(rows, c)->at == ROWS_UNSET)
            *rows_cell(rows, c) = (struct batch_span){0, 0};
    rows->n++;
}

void rows_put(struct rows *rows, size_t c, const char *p, size_t n)
{
    *rows_cell(rows, c) =
        (struct batch_span){(uint32_t)rows->values.n, (uint32_t)n | (n ? 0 : BATCH_QUOTED)};
    q_buf_add(&rows->values, p, n);
}

void rows_put_null(struct rows *rows, size_t c)
{
    *rows_cell(rows, c) = (struct batch_span){(uint32_t)rows->values.n, 0};
}

void rows_append(struct rows *rows, size_t c, struct q_str between, struct q_str text)
{
    struct batch_span old = *rows_cell(rows, c);
    uint32_t n = batch_span_length(old);
    if (old.at + n != rows->values.n) { /* not the last text: it moves */
        uint32_t at = (uint32_t)rows->values.n;
        struct q_buf copy;
        q_buf_init(&copy, n + 1);
        q_buf_add(&copy, rows->values.p + old.at, n);
        q_buf_add(&rows->values, q_buf_text(&copy), n);
        q_buf_release(&copy);
        old.at = at;
    }
    q_buf_add(&rows->values, between.p, between.n);
    q_buf_add(&rows->values, text.p, text.n);
    *rows_cell(rows, c) =
        (struct batch_span){old.at, (uint32_t)(rows->values.n - old.at) | BATCH_QUOTED};
}

/* ---- as JSON ---- */

static bool is_null(const struct batch_cast *cast, struct q_str text, bool quoted)
{
    if (!text.n)
        return !quoted || cast->type.id != Q_T_TEXT;
    for (size_t i = 0; i < cast->n_nulls && !quoted; i++)
        if (q_str_eq(text, q_str(cast->nulls[i])))
            return true;
    return false;
}

static struct q_str as_json(struct rows *rows, const struct read_target *t,
                            const struct batch_span *cells, size_t step, const char *more)
{
    q_buf_clear(&rows->raw);
    for (size_t c = 0; c < rows->n_cols; c++) {
        struct batch_span s = cells[c * step];
        struct q_str text = {"", 0};
        if (s.at != ROWS_UNSET)
            text = (struct q_str){rows->values.p + s.at, batch_span_length(s)};
        q_buf_adds(&rows->raw, c ? "," : "{");
        q_json_quote(&rows->raw, q_str(t->cols[c].name));
        q_buf_addc(&rows->raw, ':');
        if (is_null(&t->cols[c].cast, text, s.n & BATCH_QUOTED))
            q_buf_adds(&rows->raw, "null");
        else
            q_json_quote(&rows->raw, text);
    }
    q_buf_adds(&rows->raw, rows->n_cols ? more : "{");
    q_buf_addc(&rows->raw, '}');
    return (struct q_str){q_buf_text(&rows->raw), rows->raw.n};
}

static struct q_str raw_of(void *self, const struct read_target *t, size_t row)
{
    struct rows *rows = self;
    return as_json(rows, t, rows->slab.spans + row, SLAB_ROWS, "");
}

void rows_more(struct rows *rows, const char *name, struct q_str text)
{
    q_buf_addc(&rows->more, ',');
    q_json_quote(&rows->more, q_str(name));
    q_buf_addc(&rows->more, ':');
    q_json_quote(&rows->more, text);
}

struct q_str rows_raw(struct rows *rows, const struct read_target *t)
{
    return as_json(rows, t, rows->cells + rows->n * rows->n_cols, 1, q_buf_text(&rows->more));
}

enum q_code rows_reject(struct rows *rows, const struct read_target *t, bool first,
                        const char *reason, const char *column, const char *detail,
                        struct q_str value, struct q_err *err)
{
    struct reject r = {
        .pos = read_pos(t, rows->places[rows->n]),
        .reason = reason,
        .column = column,
        .detail = detail,
        .value = value,
        .raw = rows_raw(rows, t),
    };
    return slab_reject(t, first, &r, err);
}

/* ---- into batches ---- */

enum q_code rows_emit(struct rows *rows, const struct read_target *t, const bool *wanted,
                      struct batch *out, struct q_err *err)
{
    static const char pad[BATCH_CAST_PAD];
    struct slab *s = &rows->slab;
    size_t n = rows->n - rows->at, room = BATCH_ROWS - out->rows, used = rows->values.n;
    n = n < SLAB_ROWS ? n : SLAB_ROWS;
    n = n < room ? n : room;
    q_buf_add(&rows->values, pad, sizeof pad);
    enum q_code code = q_buf_check(&rows->values, "the texts of some records", err);
    rows->values.n = used;
    if (code)
        return code;
    s->base = q_buf_text(&rows->values);
    s->raw = s->base;
    s->rows = n;
    const struct batch_span *cells = rows->cells + rows->at * rows->n_cols;
    for (size_t r = 0; r < n; r++)
        for (size_t c = 0; c < rows->n_cols; c++)
            s->spans[c * SLAB_ROWS + r] = cells[r * rows->n_cols + c];
    memcpy(s->offsets, rows->places + rows->at, n * sizeof *s->offsets);
    rows->at += n;
    return slab_emit(s, t, wanted, out, err);
}

void rows_init(struct rows *rows, struct q_arena *arena, size_t n_cols)
{
    *rows = (struct rows){.arena = arena, .n_cols = n_cols};
    q_buf_init_in(&rows->values, arena, (size_t)BATCH_SPAN_MAX);
    q_buf_init_in(&rows->spare, arena, (size_t)BATCH_SPAN_MAX);
    q_buf_init_in(&rows->raw, arena, RAW_MAX);
    q_buf_init_in(&rows->more, arena, RAW_MAX);
    slab_init(&rows->slab, arena, n_cols);
    rows->slab.offsets = q_alloc_array(arena, SLAB_ROWS, sizeof *rows->slab.offsets);
    rows->slab.raw_of = raw_of;
    rows->slab.raw_self = rows;
}
