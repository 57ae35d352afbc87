/* SPDX-License-Identifier: Apache-2.0 */
#include "format/read/csv.h"

#include <stdio.h>
#include <string.h>

#include "format/read/csv_scan.h"
#include "format/read/utf8.h"

struct csv_file {
    struct block_file base; /* first */
    const struct csv_dialect *dialect;
};

struct csv_worker {
    struct q_arena *arena;
    struct csv_file *file; /* the one that the block is of, or NULL */
    struct block block;
    bool dirty;      /* the block has bytes that only a look at each record can place */
    int64_t records; /* of the block so far */
    char *annex;     /* behind the block: fields without their escapes */
    size_t annex_n;
    struct csv_scan scan;
    struct slab slab;
    size_t slab_cols;
    uint64_t
        bad[BATCH_FAIL_WORDS(SLAB_ROWS)]; /* rows of the slab that are rejected for their quotes */
    struct ragged {
        size_t row;      /* of the scan */
        size_t fields;   /* that it has, at most those expected */
        uint32_t end;    /* of the record */
    } ragged[SLAB_ROWS]; /* records that were padded or cut, in order of row */
    size_t n_ragged;
};

enum q_code csv_open(struct q_arena *arena, const char *path, const struct decode_options *decode,
                     const struct csv_dialect *dialect, const struct read_target *target,
                     struct csv_file **out, struct q_err *err)
{
    struct csv_file *f = q_new(arena, struct csv_file);
    f->dialect = dialect;
    f->base.target = target;
    *out = f;
    return blocks_open(arena, path, decode, &dialect->rules, dialect->start, &f->base.blocks, err);
}

struct csv_worker *csv_worker_new(struct q_arena *arena)
{
    struct csv_worker *w = q_new(arena, struct csv_worker);
    w->arena = arena;
    block_init(&w->block, arena);
    return w;
}

/* Room for another file's columns. */
static void fit(struct csv_worker *w, const struct csv_file *file)
{
    size_t fields = file->dialect->names.n;
    if (w->slab_cols != file->base.target->n_cols || !w->slab.spans) {
        slab_init(&w->slab, w->arena, file->base.target->n_cols);
        w->slab_cols = file->base.target->n_cols;
    }
    if (csv_ends_size(fields) >
        w->scan.ends_cap) { /* behind them is room for those of ragged records */
        w->scan.ends_cap = csv_ends_size(fields);
        w->scan.ends = q_alloc_array(w->arena, 2 * w->scan.ends_cap, sizeof *w->scan.ends);
    }
    w->scan.rules = &file->dialect->rules;
    w->scan.fields = fields;
}

/* The next block of the file; w->block.n is 0 at its end. */
static enum q_code next_block(struct csv_worker *w, struct csv_file *file, struct q_err *err)
{
    if (w->file) {
        blocks_done(w->file->base.blocks, &w->block, w->records);
        atomic_fetch_add_explicit(&w->file->base.target->counts->records, w->records,
                                  memory_order_relaxed);
        w->file = NULL;
    }
    enum q_code code = blocks_next(file->base.blocks, &w->block, err);
    if (code || !w->block.n)
        return code;
    w->file = file;
    w->records = 0;
    w->dirty = !utf8_clean(w->block.p, w->block.n);
    w->scan.p = w->block.p;
    w->scan.n = w->block.n;
    w->scan.at = 0;
    fit(w, file);
    return Q_OK;
}

static struct reject reject_of(const struct csv_worker *w, size_t start, size_t end,
                               const char *reason)
{
    return (struct reject){
        .pos = q_pos(w->file->base.target->file, w->block.offset + (int64_t)start),
        .reason = reason,
        .raw = {w->block.p + start, end - start},
    };
}

static enum q_code reject_odd(const struct csv_worker *w, const struct csv_odd *odd,
                              struct q_err *err)
{
    char detail[64];
    struct reject r =
        reject_of(w, odd->start, odd->end,
                  odd->fields < w->scan.fields ? "too_few_fields" : "too_many_fields");
    (void)snprintf(detail, sizeof detail, "%zu fields, found %u", w->scan.fields, odd->fields);
    r.detail = detail;
    return slab_reject(w->file->base.target, true, &r, err);
}

/* Make a row of a record with too few or too many fields, where that is declared. */
static bool adopt_odd(struct csv_worker *w, const struct csv_odd *odd)
{
    const struct csv_dialect *d = w->file->dialect;
    struct read_counts *counts = w->file->base.target->counts;
    struct csv_scan *s = &w->scan;
    bool few = odd->fields < s->fields;
    if (few ? !d->pad : !d->cut)
        return false;
    size_t first = s->ends_cap + w->n_ragged * s->fields, at = odd->start, found = 0;
    while (found < s->fields) {
        size_t end = blocks_field_end(s->rules, s->p, odd->end, at);
        s->ends[first + found++] = (uint32_t)end;
        if (end >= odd->end)
            break;
        at = end + blocks_delimiter_n(s->rules);
    }
    for (size_t f = found; f < s->fields; f++)
        s->ends[first + f] = odd->end;
    w->ragged[w->n_ragged++] = (struct ragged){s->n_rows, found, odd->end};
    s->rows[s->n_rows++] = (struct csv_row){odd->start, (uint32_t)first};
    atomic_fetch_add_explicit(few ? &counts->padded : &counts->cut, 1, memory_order_relaxed);
    return true;
}

static size_t row_end(const struct csv_worker *w, const struct csv_row *row)
{
    size_t end = w->scan.ends[row->first + w->scan.fields - 1];
    return end - (end > row->start && !w->scan.rules->cr && w->block.p[end - 1] == '\r');
}

/* Field f of a row, quotes included. */
static struct batch_span field_of(const struct csv_worker *w, const struct csv_row *row, size_t f)
{
    const uint32_t *ends = w->scan.ends + row->first;
    uint32_t at = f ? ends[f - 1] + (uint32_t)blocks_delimiter_n(w->scan.rules) : row->start;
    uint32_t end = f + 1 == w->scan.fields ? (uint32_t)row_end(w, row) : ends[f];
    return (struct batch_span){at,
                               end > at ? end - at : 0}; /* a padded field ends before it begins */
}

static const char *column_name(const struct csv_worker *w, size_t field)
{
    return w->file->dialect->names.v[field];
}

/* Bytes that no text has: which field of the row has them? */
static enum q_code reject_bytes(const struct csv_worker *w, const struct csv_row *row, bool *bad,
                                struct q_err *err)
{
    const char *p = w->block.p;
    size_t end = row_end(w, row), n = end - row->start;
    *bad = !utf8_clean(p + row->start, n);
    if (!*bad)
        return Q_OK;
    bool nul = memchr(p + row->start, 0, n) != NULL;
    struct reject r = reject_of(w, row->start, end, nul ? "nul_byte" : "invalid_utf8");
    r.detail = nul ? "text without NUL bytes" : "UTF-8";
    for (size_t f = 0; f < w->scan.fields && !r.column; f++) {
        struct batch_span s = field_of(w, row, f);
        if (nul ? memchr(p + s.at, 0, s.n) != NULL : !q_utf8_valid(p + s.at, s.n, NULL)) {
            r.column = column_name(w, f);
            r.value = (struct q_str){p + s.at, s.n};
        }
    }
    return slab_reject(w->file->base.target, true, &r, err);
}

static enum q_code reject_dirty(struct csv_worker *w, struct q_err *err)
{
    size_t kept = 0, ragged = 0, next = 0;
    for (size_t r = 0; r < w->scan.n_rows; r++) {
        bool bad, is_ragged = next < w->n_ragged && w->ragged[next].row == r;
        enum q_code code = reject_bytes(w, &w->scan.rows[r], &bad, err);
        if (code)
            return code;
        if (is_ragged && !bad) {
            w->ragged[ragged] = w->ragged[next];
            w->ragged[ragged++].row = kept;
        }
        next += is_ragged;
        if (!bad)
            w->scan.rows[kept++] = w->scan.rows[r];
    }
    w->scan.n_rows = kept;
    w->n_ragged = ragged;
    return Q_OK;
}

bool csv_unquote(const struct blocks_rules *r, const char *p, size_t n, char *out, size_t *m)
{
    *m = 0;
    for (size_t i = 1; i < n; i++) {
        if (p[i] == r->escape && i + 1 < n && (r->escape != r->quote || p[i + 1] == r->quote))
            i++;
        else if (p[i] == r->quote)
            return i + 1 == n;
        out[(*m)++] = p[i];
    }
    return false;
}

/* A field that begins with a quote. False when it is malformed. */
static bool unquote(struct csv_worker *w, struct batch_span *s)
{
    const struct blocks_rules *r = w->scan.rules;
    const char *p = w->block.p + s->at;
    size_t n = s->n, m;
    if (n >= 2 && p[n - 1] == r->quote && !memchr(p + 1, r->escape, n - 2) &&
        (r->escape == r->quote || !memchr(p + 1, r->quote, n - 2))) {
        *s = (struct batch_span){s->at + 1, (uint32_t)(n - 2) | BATCH_QUOTED};
        return true;
    }
    if (!w->annex) { /* escapes make a field shorter, so a block's fields fit into a block */
        w->annex = w->block.p + w->block.cap + BLOCK_PAD;
        w->annex_n = 0;
    }
    if (!csv_unquote(r, p, n, w->annex + w->annex_n, &m))
        return false;
    *s = (struct batch_span){(uint32_t)(w->annex - w->block.p + (ptrdiff_t)w->annex_n),
                             (uint32_t)m | BATCH_QUOTED};
    w->annex_n += m;
    return true;
}

/* Spans of one field over the rows of the slab. */
static void spans_of(const struct csv_worker *w, size_t f, struct batch_span *spans)
{
    const struct csv_scan *s = &w->scan;
    const size_t n = s->n_rows;
    if (f + 1 == s->fields) {
        for (size_t r = 0; r < n; r++)
            spans[r] = field_of(w, &s->rows[r], f);
    } else if (f == 0) {
        for (size_t r = 0; r < n; r++)
            spans[r] =
                (struct batch_span){s->rows[r].start, s->ends[s->rows[r].first] - s->rows[r].start};
    } else {
        const uint32_t *ends = s->ends + f - 1, gap = (uint32_t)blocks_delimiter_n(s->rules);
        for (size_t r = 0; r < n; r++) {
            const uint32_t *e = ends + s->rows[r].first;
            spans[r] = (struct batch_span){e[0] + gap, e[1] - e[0] - gap};
        }
    }
    for (size_t i = 0; i < w->n_ragged; i++)
        if (f >= w->ragged[i].fields) /* NULL */
            spans[w->ragged[i].row] = (struct batch_span){w->ragged[i].end, 0};
}

/* Take the quotes off a field; rows in which they are wrong are rejected once. */
static enum q_code unquote_spans(struct csv_worker *w, size_t f, struct batch_span *spans,
                                 bool *any_bad, struct q_err *err)
{
    const char quote = w->scan.rules->quote;
    for (size_t r = 0; r < w->scan.n_rows; r++) {
        struct batch_span raw = spans[r];
        if (!raw.n || w->block.p[raw.at] != quote || unquote(w, &spans[r]) ||
            (w->bad[r >> 6] >> (r & 63) & 1))
            continue;
        w->bad[r >> 6] |= UINT64_C(1) << (r & 63);
        *any_bad = true;
        spans[r].n = 0;
        const struct csv_row *row = &w->scan.rows[r];
        struct reject reject = reject_of(w, row->start, row_end(w, row), "bad_quote");
        reject.column = column_name(w, f);
        reject.detail = "a delimiter or the line's end behind the closing quote";
        reject.value = (struct q_str){w->block.p + raw.at, raw.n};
        enum q_code code = slab_reject(w->file->base.target, true, &reject, err);
        if (code)
            return code;
    }
    return Q_OK;
}

/* A field that no column takes still has its quotes checked. */
static enum q_code find_spans(struct csv_worker *w, bool *any_bad, struct q_err *err)
{
    const struct read_target *t = w->file->base.target;
    struct batch_span nowhere[SLAB_ROWS];
    bool quotes = w->block.has_quote && w->scan.rules->quote;
    w->annex = NULL;
    if (quotes)
        memset(w->bad, 0, sizeof w->bad);
    for (size_t f = 0; f < w->scan.fields; f++) {
        struct batch_span *spans = NULL;
        for (size_t c = 0; c < t->n_cols && !spans; c++)
            if (t->cols[c].field == (ptrdiff_t)f)
                spans = w->slab.spans + c * SLAB_ROWS;
        if (!spans && !quotes)
            continue;
        spans = spans ? spans : nowhere;
        spans_of(w, f, spans);
        enum q_code code = quotes ? unquote_spans(w, f, spans, any_bad, err) : Q_OK;
        if (code)
            return code;
    }
    return Q_OK;
}

/* Leave the rows out that were rejected for their quotes. */
static void drop_bad(struct csv_worker *w)
{
    struct slab *s = &w->slab;
    size_t kept = 0;
    for (size_t r = 0; r < s->rows; r++) {
        if (w->bad[r >> 6] >> (r & 63) & 1)
            continue;
        for (size_t c = 0; c < s->n_cols; c++)
            s->spans[c * SLAB_ROWS + kept] = s->spans[c * SLAB_ROWS + r];
        s->records[kept++] = s->records[r];
    }
    s->rows = kept;
}

/* The next records of the block, into the slab. */
static enum q_code next_slab(struct csv_worker *w, size_t max_rows, struct q_err *err)
{
    bool any_bad = false;
    w->scan.max_rows = max_rows < SLAB_ROWS ? max_rows : SLAB_ROWS;
    csv_scan(&w->scan, w->block.has_quote);
    w->records += (int64_t)(w->scan.n_rows + w->scan.n_odd);
    enum q_code code = Q_OK;
    w->n_ragged = 0;
    for (size_t i = 0; !code && i < w->scan.n_odd; i++)
        if (!adopt_odd(w, &w->scan.odd[i]))
            code = reject_odd(w, &w->scan.odd[i], err);
    if (w->scan.n_comments)
        atomic_fetch_add_explicit(&w->file->base.target->counts->comments,
                                  (int64_t)w->scan.n_comments, memory_order_relaxed);
    if (!code && w->dirty)
        code = reject_dirty(w, err);
    if (!code)
        code = find_spans(w, &any_bad, err);
    if (code)
        return code;
    struct slab *s = &w->slab;
    s->base = s->raw = w->block.p;
    s->raw_offset = w->block.offset;
    s->rows = w->scan.n_rows;
    for (size_t r = 0; r < s->rows; r++) {
        const struct csv_row *row = &w->scan.rows[r];
        s->records[r] = (struct batch_span){row->start, (uint32_t)row_end(w, row) - row->start};
    }
    for (size_t i = 0; i < w->n_ragged; i++) {
        struct batch_span *record = &s->records[w->ragged[i].row];
        record->n = w->ragged[i].end - record->at;
    }
    if (any_bad)
        drop_bad(w);
    return Q_OK;
}

enum q_code csv_fill(struct csv_worker *w, struct csv_file *file, const bool *wanted,
                     struct batch *out, struct q_err *err)
{
    while (out->rows < BATCH_ROWS) {
        if (!w->file || w->scan.at >= w->scan.n) {
            enum q_code code = next_block(w, file, err);
            if (code || !w->file)
                return code;
        }
        enum q_code code = next_slab(w, BATCH_ROWS - out->rows, err);
        if (!code)
            code = slab_emit(&w->slab, file->base.target, wanted, out, err);
        if (code)
            return code;
    }
    return Q_OK;
}
