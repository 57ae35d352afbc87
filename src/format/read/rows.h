/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records found ahead of the engine's demand: what a push parser leaves behind, row by row, until batches take it.
 *
 * A reader adds a row, puts texts into its cells, and keeps or rejects it. What the reject channel is told of a row is a
 * JSON object of its columns as text, {"id": "7", "name": null}, which the JSON reader reads back.
 *
 * One worker. `values` grows with what is put between two calls of rows_restart(); its ceiling is the cast's.
 *
 *     rows_add(&rows, offset);
 *     rows_put(&rows, c, text, n);
 *     rows_keep(&rows);
 *     while (rows_left(&rows) && out->rows < BATCH_ROWS)
 *         code = rows_emit(&rows, target, wanted, out, err);
 */
#ifndef Q_FORMAT_READ_ROWS_H
#define Q_FORMAT_READ_ROWS_H

#include "base/str.h"
#include "format/read/slab.h"

/* Span of a cell that nothing was put into. */
#define ROWS_UNSET UINT32_MAX

struct rows {
    struct q_arena *arena;
    size_t n_cols;
    struct q_buf values, spare;
    struct batch_span
        *cells; /* row r, column c: cells[r * n_cols + c]; the row that is filled is the last */
    int64_t *places;
    size_t n, at, cap; /* rows kept, of which `at` are emitted */
    struct slab slab;
    struct q_buf raw;
    struct q_buf
        more; /* members of the filled row's JSON besides its columns, each behind a comma */
};

void rows_init(struct rows *rows, struct q_arena *arena, size_t n_cols);
/* Begin the next row; the one before is kept or forgotten. `place`: for its position. */
void rows_add(struct rows *rows, int64_t place);
void rows_keep(struct rows *rows);

/* A cell of the row that is filled. */
static inline struct batch_span *rows_cell(struct rows *rows, size_t c)
{
    return &rows->cells[rows->n * rows->n_cols + c];
}
static inline bool rows_is_set(const struct rows *rows, size_t c)
{
    return rows->cells[rows->n * rows->n_cols + c].at != ROWS_UNSET;
}
/* An empty text is the empty string, not NULL. */
void rows_put(struct rows *rows, size_t c, const char *p, size_t n);
/* NULL, and set. */
void rows_put_null(struct rows *rows, size_t c);
/* `between` and another text behind what is there. */
void rows_append(struct rows *rows, size_t c, struct q_str between, struct q_str text);
static inline struct q_str rows_text(const struct rows *rows, size_t c)
{
    struct batch_span s = rows->cells[rows->n * rows->n_cols + c];
    return s.at == ROWS_UNSET ? (struct q_str){"", 0}
                              : (struct q_str){rows->values.p + s.at, batch_span_length(s)};
}

/* A member for the JSON of the row that is filled: what it has beyond its columns. A second one of a column's name makes
 * the JSON reader refuse the record, until someone has decided. */
void rows_more(struct rows *rows, const char *name, struct q_str text);
/* The row that is filled, as JSON; good until the next call. */
struct q_str rows_raw(struct rows *rows, const struct read_target *t);
/* Reject it; `first`: it is counted. */
Q_MUST_CHECK enum q_code rows_reject(struct rows *rows, const struct read_target *t, bool first,
                                     const char *reason, const char *column, const char *detail,
                                     struct q_str value, struct q_err *err);

static inline bool rows_left(const struct rows *rows)
{
    return rows->at < rows->n;
}
/* Cast and append some of the rows to the batch, which has room. */
Q_MUST_CHECK enum q_code rows_emit(struct rows *rows, const struct read_target *t,
                                   const bool *wanted, struct batch *out, struct q_err *err);
/* Forget all rows but the one that is filled, when there is one. */
void rows_restart(struct rows *rows, bool open);

#endif
