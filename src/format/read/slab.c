/* SPDX-License-Identifier: Apache-2.0 */
#include "format/read/slab.h"

#include <string.h>

enum { WORDS = BATCH_FAIL_WORDS(SLAB_ROWS), WIDEST = 16 };

void slab_init(struct slab *s, struct q_arena *arena, size_t n_cols)
{
    *s = (struct slab){.n_cols = n_cols};
    s->spans = q_alloc_array(arena, (n_cols ? n_cols : 1) * SLAB_ROWS, sizeof *s->spans);
    s->records = q_alloc_array(arena, SLAB_ROWS, sizeof *s->records);
    s->fail = q_alloc_array(arena, (n_cols ? n_cols : 1) * WORDS, sizeof *s->fail);
    s->scratch = q_alloc_array(arena, SLAB_ROWS, WIDEST);
    memset(s->scratch_valid, 0xFF, sizeof s->scratch_valid);
}

enum q_code slab_reject(const struct read_target *t, bool count, const struct reject *r,
                        struct q_err *err)
{
    struct reject cut = *r;
    if (cut.raw.n > REJECT_RAW_MAX)
        cut.raw.n = REJECT_RAW_MAX;
    if (count)
        atomic_fetch_add_explicit(&t->counts->rejected, 1, memory_order_relaxed);
    if (count && t->places)
        t->places->rejected(t->places->self, r->pos);
    return t->sink->put(t->sink->self, &cut, err);
}

static void drop_far(struct batch_col *col, size_t row, const char *p, size_t n)
{
    (void)col;
    (void)row;
    (void)p;
    (void)n;
}

/* Where column c goes: its place in the batch, or nowhere. Rows start at *first. */
static struct batch_col *column_of(const struct slab *s, const bool *wanted, size_t c, size_t k,
                                   struct batch *out, struct batch_col *scratch, struct q_type type,
                                   size_t *first)
{
    if (wanted[c]) {
        *first = out->rows;
        return &out->cols[k];
    }
    *first = 0;
    *scratch = (struct batch_col){.type = type,
                                  .data = s->scratch,
                                  .valid = (uint64_t *)(uintptr_t)s->scratch_valid,
                                  .put_far = drop_far};
    return scratch;
}

/* Casts that cannot fail come last, once it is known which records stay. */
static bool may_fail(const struct read_column *col)
{
    return col->field >= 0 && col->cast.type.id != Q_T_TEXT && col->cast.type.id != Q_T_OTHER;
}

static void put_nulls(struct batch_col *col, size_t first, size_t rows)
{
    for (size_t r = 0; r < rows; r++)
        batch_put_null(col, first + r);
}

/* Cast all columns that may fail, or all that cannot. Returns whether some value failed. */
static bool cast_columns(struct slab *s, const struct read_target *t, const bool *wanted,
                         struct batch *out, bool fallible)
{
    size_t failed = 0;
    for (size_t c = 0, k = 0; c < s->n_cols; k += wanted[c], c++) {
        const struct read_column *column = &t->cols[c];
        if (may_fail(column) != fallible || (!fallible && !wanted[c]))
            continue;
        struct batch_col nowhere;
        size_t first;
        struct batch_col *col =
            column_of(s, wanted, c, k, out, &nowhere, column->cast.type, &first);
        if (column->field < 0)
            put_nulls(col, first, s->rows);
        else
            failed += batch_cast_column(&column->cast, s->base, s->spans + c * SLAB_ROWS, s->rows,
                                        col, first, s->fail + c * WORDS);
    }
    return failed > 0;
}

static bool has_failed(const struct slab *s, size_t c, size_t r)
{
    return s->fail[c * WORDS + (r >> 6)] >> (r & 63) & 1;
}

static int64_t pos_of(const struct slab *s, const struct read_target *t, size_t r)
{
    return read_pos(t, s->offsets ? s->offsets[r] : s->raw_offset + s->records[r].at);
}

static struct q_str raw_of(const struct slab *s, const struct read_target *t, size_t r)
{
    if (s->raw_of)
        return s->raw_of(s->raw_self, t, r);
    return (struct q_str){s->raw + s->records[r].at, batch_span_length(s->records[r])};
}

/* Tell every failing field of a record; true when there was one. */
static enum q_code reject_row(const struct slab *s, const struct read_target *t, size_t r,
                              bool *failed, struct q_err *err)
{
    *failed = false;
    for (size_t c = 0; c < s->n_cols; c++) {
        if (!has_failed(s, c, r))
            continue;
        struct batch_span value = s->spans[c * SLAB_ROWS + r];
        struct reject reject = {
            .pos = pos_of(s, t, r),
            .reason = "cast",
            .column = t->cols[c].name,
            .detail = t->cols[c].expected,
            .value = {s->base + value.at, batch_span_length(value)},
            .raw = raw_of(s, t, r),
        };
        enum q_code code = slab_reject(t, !*failed, &reject, err);
        if (code)
            return code;
        *failed = true;
    }
    return Q_OK;
}

/* Rows from `first` on have values again. */
static void forget_nulls(struct batch *out, size_t rows)
{
    for (size_t k = 0; k < out->n_cols; k++) {
        uint64_t *valid = out->cols[k].valid;
        for (size_t r = out->rows; valid && r < out->rows + rows; r++)
            valid[r >> 6] |= UINT64_C(1) << (r & 63);
    }
}

static enum q_code drop_failed(struct slab *s, const struct read_target *t, struct batch *out,
                               struct q_err *err)
{
    size_t kept = 0;
    for (size_t r = 0; r < s->rows; r++) {
        bool failed;
        enum q_code code = reject_row(s, t, r, &failed, err);
        if (code)
            return code;
        if (failed)
            continue;
        for (size_t c = 0; c < s->n_cols; c++)
            s->spans[c * SLAB_ROWS + kept] = s->spans[c * SLAB_ROWS + r];
        if (s->offsets)
            s->offsets[kept] = s->offsets[r];
        s->records[kept++] = s->records[r];
    }
    forget_nulls(out, s->rows);
    s->rows = kept;
    memset(s->fail, 0, s->n_cols * WORDS * sizeof *s->fail);
    return Q_OK;
}

enum q_code slab_emit(struct slab *s, const struct read_target *t, const bool *wanted,
                      struct batch *out, struct q_err *err)
{
    if (!s->rows)
        return Q_OK;
    if (cast_columns(s, t, wanted, out, true)) {
        enum q_code code = drop_failed(s, t, out, err);
        if (code)
            return code;
        (void)cast_columns(s, t, wanted, out, true); /* what is left has passed once */
    }
    (void)cast_columns(s, t, wanted, out, false);
    if (wanted[s->n_cols]) {
        int64_t *pos = (int64_t *)out->cols[out->n_cols - 1].data + out->rows;
        for (size_t r = 0; r < s->rows; r++)
            pos[r] = pos_of(s, t, r);
    }
    out->rows += s->rows;
    return Q_OK;
}
