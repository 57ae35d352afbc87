/* SPDX-License-Identifier: Apache-2.0 */
/* A table for people. The first rows are held until the widths are known. */
#include <inttypes.h>

#include "batch/cell.h"
#include "format/write/writer.h"

enum { HELD_MAX = 16 << 20 };

struct cell {
    size_t end; /* in `held` */
    size_t width;
};

struct table_state {
    size_t *widths;
    bool *right;
    struct q_buf held, raw;
    struct cell *cells; /* of the rows held */
    size_t n_held;      /* rows */
    bool started;       /* the header is written, nothing is held any more */
};

static enum q_code table_begin(struct writer *w, struct q_err *err)
{
    (void)err;
    struct table_state *s = w->state = q_new(w->arena, struct table_state);
    size_t n = w->schema->n;
    q_buf_init_in(&s->held, w->arena, WRITE_HTML_MAX);
    q_buf_init_in(&s->raw, w->arena, WRITE_HTML_MAX);
    s->widths = q_alloc_array(w->arena, n, sizeof *s->widths);
    s->right = q_alloc_array(w->arena, n, sizeof *s->right);
    s->cells = q_alloc_array(w->arena, n * WRITE_TABLE_SAMPLE, sizeof *s->cells);
    for (size_t i = 0; i < n; i++) {
        s->right[i] = q_type_is_number(w->schema->v[i].type);
        s->widths[i] = writer_width(q_str(w->schema->v[i].name));
    }
    return Q_OK;
}

static void add_spaces(struct q_buf *out, size_t n)
{
    while (n--)
        q_buf_addc(out, ' ');
}

/* The last column has no spaces behind it. */
static void add_padded(struct writer *w, size_t i, struct q_str text, size_t width)
{
    const struct table_state *s = w->state;
    size_t pad = s->widths[i] > width ? s->widths[i] - width : 0;
    if (i)
        add_spaces(&w->out, 2);
    if (s->right[i])
        add_spaces(&w->out, pad);
    q_buf_add(&w->out, text.p, text.n);
    if (!s->right[i] && i + 1 < w->schema->n)
        add_spaces(&w->out, pad);
}

static enum q_code write_held(struct writer *w, struct q_err *err)
{
    struct table_state *s = w->state;
    enum q_code code = q_buf_check(&s->held, "a result", err);
    size_t from = 0;
    for (size_t row = 0; row < s->n_held && !code; row++) {
        for (size_t i = 0; i < w->schema->n; i++) {
            const struct cell *c = &s->cells[row * w->schema->n + i];
            add_padded(w, i, (struct q_str){s->held.p + from, c->end - from}, c->width);
            from = c->end;
        }
        q_buf_addc(&w->out, '\n');
        code = writer_spill(w, err);
    }
    s->n_held = 0;
    q_buf_clear(&s->held);
    return code;
}

/* The header and what was held. */
static enum q_code start(struct writer *w, struct q_err *err)
{
    struct table_state *s = w->state;
    s->started = true;
    for (size_t i = 0; i < w->schema->n; i++) {
        struct q_str name = q_str(w->schema->v[i].name);
        add_padded(w, i, name, writer_width(name));
    }
    q_buf_addc(&w->out, '\n');
    for (size_t i = 0; i < w->schema->n; i++) {
        if (i)
            add_spaces(&w->out, 2);
        for (size_t k = 0; k < s->widths[i]; k++)
            q_buf_addc(&w->out, '-');
    }
    q_buf_addc(&w->out, '\n');
    return write_held(w, err);
}

static void hold_row(struct writer *w, const struct batch *batch, size_t row)
{
    struct table_state *s = w->state;
    for (size_t i = 0; i < batch->n_cols; i++) {
        struct cell *c = &s->cells[s->n_held * batch->n_cols + i];
        size_t from = s->held.n;
        if (batch_is_null(&batch->cols[i], row)) {
            q_buf_adds(&s->held, "NULL");
        } else {
            q_buf_clear(&s->raw);
            batch_cell_text(&batch->cols[i], row, &s->raw);
            writer_shown(&s->held, (struct q_str){q_buf_text(&s->raw), s->raw.n});
        }
        c->end = s->held.n;
        c->width = writer_width((struct q_str){q_buf_text(&s->held) + from, s->held.n - from});
        if (c->width > s->widths[i] && !s->started)
            s->widths[i] = c->width;
    }
    s->n_held++;
}

static enum q_code table_batch(struct writer *w, const struct batch *batch, struct q_err *err)
{
    struct table_state *s = w->state;
    enum q_code code = Q_OK;
    for (size_t row = 0; row < batch->rows && !code; row++) {
        w->rows++;
        if (w->options.limit && w->rows > w->options.limit)
            continue;
        hold_row(w, batch, row);
        if (!s->started && (s->n_held == WRITE_TABLE_SAMPLE || s->held.n > HELD_MAX))
            code = start(w, err);
        else if (s->started)
            code = write_held(w, err);
    }
    return code;
}

static enum q_code table_end(struct writer *w, struct q_err *err)
{
    struct table_state *s = w->state;
    enum q_code code = s->started ? Q_OK : start(w, err);
    int64_t limit = w->options.limit;
    if (code)
        return code;
    if (limit && w->rows > limit)
        q_buf_printf(&w->out, "... %" PRId64 " more %s (%" PRId64 " rows in all)\n",
                     w->rows - limit, w->rows - limit == 1 ? "row" : "rows", w->rows);
    else if (!w->options.bare)
        q_buf_printf(&w->out, "(%" PRId64 " %s)\n", w->rows, w->rows == 1 ? "row" : "rows");
    return writer_flush(w, err);
}

const struct write_format writer_table = {"table", "text/plain; charset=utf-8", table_begin,
                                          table_batch, table_end};
