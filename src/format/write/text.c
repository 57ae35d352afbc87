/* SPDX-License-Identifier: Apache-2.0 */
/* csv, json and ndjson */
#include <math.h>

#include "batch/cell.h"
#include "format/write/writer.h"

struct text_state {
    const char **keys; /* JSON: "name": with its quotes and colon */
    struct q_buf cell;
};

/* ---- csv ---- */

static void add_field(struct q_buf *out, struct q_str text)
{
    bool quote = text.n == 0 || text.p[0] == ' ' || text.p[text.n - 1] == ' ';
    for (size_t i = 0; i < text.n && !quote; i++)
        quote = strchr(",\"\r\n", text.p[i]) != NULL; /* a NUL byte as well */
    if (!quote) {
        q_buf_add(out, text.p, text.n);
        return;
    }
    q_buf_addc(out, '"');
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '"')
            q_buf_addc(out, '"');
        q_buf_addc(out, text.p[i]);
    }
    q_buf_addc(out, '"');
}

static enum q_code csv_begin(struct writer *w, struct q_err *err)
{
    struct text_state *s = w->state = q_new(w->arena, struct text_state);
    q_buf_init_in(&s->cell, w->arena, WRITE_HTML_MAX);
    for (size_t i = 0; i < w->schema->n; i++) {
        if (i)
            q_buf_addc(&w->out, ',');
        add_field(&w->out, q_str(w->schema->v[i].name));
    }
    q_buf_addc(&w->out, '\n');
    return writer_spill(w, err);
}

static void csv_cell(struct writer *w, const struct batch_col *col, size_t row)
{
    struct text_state *s = w->state;
    if (batch_is_null(col, row))
        return;
    /* Only texts can need quotes; what else is there is written straight. */
    if (q_type_is_textual(col->type)) {
        add_field(&w->out, batch_text_at(col, row));
        return;
    }
    if (col->type.id != Q_T_OTHER) {
        batch_cell_text(col, row, &w->out);
        return;
    }
    q_buf_clear(&s->cell);
    batch_cell_text(col, row, &s->cell);
    add_field(&w->out, (struct q_str){q_buf_text(&s->cell), s->cell.n});
}

static enum q_code csv_batch(struct writer *w, const struct batch *batch, struct q_err *err)
{
    enum q_code code = Q_OK;
    for (size_t row = 0; row < batch->rows && !code; row++) {
        for (size_t i = 0; i < batch->n_cols; i++) {
            if (i)
                q_buf_addc(&w->out, ',');
            csv_cell(w, &batch->cols[i], row);
        }
        q_buf_addc(&w->out, '\n');
        w->rows++;
        code = writer_spill(w, err);
    }
    return code;
}

static enum q_code csv_end(struct writer *w, struct q_err *err)
{
    return writer_flush(w, err);
}

const struct write_format writer_csv = {"csv", "text/csv; charset=utf-8", csv_begin, csv_batch,
                                        csv_end};

/* ---- json, ndjson ---- */

/* A string of JSON. What a batch holds is valid UTF-8, so only ASCII has to be looked at. */
static void json_string(struct q_buf *out, struct q_str text)
{
    size_t plain = 0;
    q_buf_addc(out, '"');
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        q_buf_add(out, text.p + plain, i - plain);
        plain = i + 1;
        if (c == '\n')
            q_buf_adds(out, "\\n");
        else if (c < 0x20)
            q_buf_printf(out, "\\u%04x", c);
        else
            q_buf_printf(out, "\\%c", c);
    }
    q_buf_add(out, text.p + plain, text.n - plain);
    q_buf_addc(out, '"');
}

static enum q_code json_begin(struct writer *w, struct q_err *err)
{
    struct text_state *s = w->state = q_new(w->arena, struct text_state);
    q_buf_init_in(&s->cell, w->arena, WRITE_HTML_MAX);
    s->keys = q_alloc_array(w->arena, w->schema->n, sizeof *s->keys);
    for (size_t i = 0; i < w->schema->n; i++) {
        q_buf_clear(&s->cell);
        json_string(&s->cell, q_str(w->schema->v[i].name));
        q_buf_addc(&s->cell, ':');
        s->keys[i] = q_strdup(w->arena, q_buf_text(&s->cell));
    }
    if (w->format == &writer_json)
        q_buf_addc(&w->out, '[');
    return writer_spill(w, err);
}

/* Bare where JSON has such a value. */
static bool is_bare(const struct batch_col *col, size_t row)
{
    if (col->type.id == Q_T_DOUBLE)
        return isfinite(((const double *)col->data)[row]);
    return col->type.id == Q_T_BOOL || q_type_is_number(col->type);
}

/* Inside of strings JSON has no line ends, so that these can go: an object stays on its line. */
static void json_inline(struct writer *w, struct q_str text)
{
    for (size_t i = 0; i < text.n; i++)
        q_buf_addc(&w->out, text.p[i] == '\n' || text.p[i] == '\r' ? ' ' : text.p[i]);
}

static void json_cell(struct writer *w, const struct batch_col *col, size_t row)
{
    struct text_state *s = w->state;
    if (batch_is_null(col, row)) {
        q_buf_adds(&w->out, "null");
    } else if (col->type.id == Q_T_JSON) {
        json_inline(w, batch_text_at(col, row));
    } else if (is_bare(col, row)) {
        batch_cell_text(col, row, &w->out);
    } else {
        q_buf_clear(&s->cell);
        batch_cell_text(col, row, &s->cell);
        json_string(&w->out, (struct q_str){q_buf_text(&s->cell), s->cell.n});
    }
}

static void json_row(struct writer *w, const struct batch *batch, size_t row)
{
    const struct text_state *s = w->state;
    q_buf_addc(&w->out, '{');
    for (size_t i = 0; i < batch->n_cols; i++) {
        if (i)
            q_buf_addc(&w->out, ',');
        q_buf_adds(&w->out, s->keys[i]);
        json_cell(w, &batch->cols[i], row);
    }
    q_buf_addc(&w->out, '}');
}

static enum q_code json_batch(struct writer *w, const struct batch *batch, struct q_err *err)
{
    bool lines = w->format == &writer_ndjson;
    enum q_code code = Q_OK;
    for (size_t row = 0; row < batch->rows && !code; row++) {
        if (!lines)
            q_buf_adds(&w->out, w->rows ? ",\n" : "\n");
        json_row(w, batch, row);
        if (lines)
            q_buf_addc(&w->out, '\n');
        w->rows++;
        code = writer_spill(w, err);
    }
    return code;
}

static enum q_code json_end(struct writer *w, struct q_err *err)
{
    if (w->format == &writer_json)
        q_buf_adds(&w->out, w->rows ? "\n]\n" : "]\n");
    return writer_flush(w, err);
}

const struct write_format writer_json = {"json", "application/json", json_begin, json_batch,
                                         json_end};
const struct write_format writer_ndjson = {"ndjson", "application/x-ndjson", json_begin, json_batch,
                                           json_end};
