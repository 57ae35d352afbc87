/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Column batches: up to BATCH_ROWS rows, laid out over the engine's own vectors, so that a source writes typed values
 * straight into the place where the engine reads them, and a writer reads results without a copy.
 *
 * Layout of a column's data, as q_type_size() says:
 *   bool 1 byte; smallint 2; integer, date 4; bigint, time, timestamp 8; double 8; hugeint and uuid 16 (low half first);
 *   decimal(p,s): the unscaled integer in 2 (p<=4), 4 (p<=9), 8 (p<=18) or 16 bytes;
 *   text, blob, json: struct batch_text (16 bytes).
 * Validity: bit r of word r/64 is 1 when row r has a value; a NULL mask means that all have.
 *
 * Ownership: a batch and all it points to belongs to the engine and is good until the callback returns or the next
 * batch is fetched. One thread at a time.
 *
 * Writing, by a source:
 *     ((int64_t *)col->data)[row] = v;
 *     batch_put_text(col, row, p, n);
 *     batch_put_null(col, row);
 *     batch->rows = n;
 */
#ifndef Q_BATCH_BATCH_H
#define Q_BATCH_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"
#include "batch/type.h"

enum { BATCH_ROWS = 2048, BATCH_INLINE = 12 };

/* A text of at most BATCH_INLINE bytes is stored in place (unused bytes zero), a longer one by pointer. */
struct batch_text {
    union {
        struct {
            uint32_t n;
            char inlined[BATCH_INLINE];
        };
        struct {
            uint32_t far_n;
            char prefix[4]; /* the first four bytes again */
            const char *far;
        };
    };
};
_Static_assert(sizeof(struct batch_text) == 16, "a text cell has 16 bytes");

struct batch_col {
    struct q_type type;
    void *data;
    uint64_t *valid; /* NULL: all rows have a value */
    /* Writing only; set by the engine, called through the functions below. */
    void *vector;
    void (*put_far)(struct batch_col *col, size_t row, const char *p, size_t n); /* copies */
    void (*need_valid)(struct batch_col *col); /* makes `valid` writable */
};

struct batch {
    struct batch_col *cols;
    size_t n_cols;
    size_t rows;
};

static inline bool batch_is_null(const struct batch_col *col, size_t row)
{
    return col->valid && !(col->valid[row >> 6] >> (row & 63) & 1);
}

static inline void batch_put_null(struct batch_col *col, size_t row)
{
    if (!col->valid)
        col->need_valid(col);
    col->valid[row >> 6] &= ~(UINT64_C(1) << (row & 63));
}

/* `p` must be valid UTF-8 for text and json. */
static inline void batch_put_text(struct batch_col *col, size_t row, const char *p, size_t n)
{
    struct batch_text *t = &((struct batch_text *)col->data)[row];
    if (n > BATCH_INLINE) {
        col->put_far(col, row, p, n);
        return;
    }
    *t = (struct batch_text){.n = (uint32_t)n};
    memcpy(t->inlined, p, n);
}

static inline struct q_str batch_text_at(const struct batch_col *col, size_t row)
{
    const struct batch_text *t = &((const struct batch_text *)col->data)[row];
    return (struct q_str){t->n <= BATCH_INLINE ? t->inlined : t->far, t->n};
}

#endif
