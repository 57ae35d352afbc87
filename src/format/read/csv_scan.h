/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside a block: where fields end. Behind csv.c only.
 *
 * A scan goes over whole records until a slab is full. It notes the offset of every delimiter and line end that counts
 * in `ends`, for each record with the right number of fields a row in `rows`, and the others in `odd`. The fast scans
 * look at 64 bytes at a time; the exact one does the same byte by byte for any rules.
 */
#ifndef Q_FORMAT_READ_CSV_SCAN_H
#define Q_FORMAT_READ_CSV_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/read/blocks.h"
#include "format/read/slab.h"

/* A record with the expected fields: field k ends at ends[first + k], the one after begins behind it. */
struct csv_row {
    uint32_t start, first;
};

/* A record with another number of fields. */
struct csv_odd {
    uint32_t start, end; /* without its line end */
    uint32_t fields;
};

struct csv_scan {
    const struct blocks_rules *rules;
    const char *p; /* the block; BLOCK_PAD readable bytes behind it */
    size_t n;
    size_t at;       /* next record */
    size_t fields;   /* expected */
    size_t max_rows; /* rows and odd ones together, at most SLAB_ROWS */
    uint32_t *ends;  /* csv_ends_size() entries */
    size_t ends_cap;
    struct csv_row rows[SLAB_ROWS];
    size_t n_rows;
    struct csv_odd odd[SLAB_ROWS];
    size_t n_odd;
    size_t n_comments;
};

/* Entries that `ends` must have for records of so many fields. */
static inline size_t csv_ends_size(size_t fields)
{
    return SLAB_ROWS * fields + 128;
}

/* The fastest scan for a block; `has_quote` as the block says. */
void csv_scan(struct csv_scan *s, bool has_quote);

/* One record is complete: [start, end), end being its line end or the block's. False: the slab is full. */
static inline bool csv_scan_record(struct csv_scan *s, size_t start, size_t end, size_t first,
                                   size_t fields)
{
    if (__builtin_expect(s->rules->comment != 0, 0) &&
        blocks_is_comment(s->rules, s->p, start, end)) {
        s->n_comments++;
        return true;
    }
    if (__builtin_expect(fields == s->fields, 1) && !(fields == 1 && end - start <= 1)) {
        s->rows[s->n_rows++] = (struct csv_row){(uint32_t)start, (uint32_t)first};
        return s->n_rows + s->n_odd < s->max_rows;
    }
    end -= end > start && !s->rules->cr && s->p[end - 1] == '\r';
    if (start == end && !s->rules->keep_blank)
        return true;
    if (fields == s->fields)
        s->rows[s->n_rows++] = (struct csv_row){(uint32_t)start, (uint32_t)first};
    else
        s->odd[s->n_odd++] = (struct csv_odd){(uint32_t)start, (uint32_t)end, (uint32_t)fields};
    return s->n_rows + s->n_odd < s->max_rows;
}

#endif
