/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A slab: some hundred records whose fields are found, on their way into a batch. The last stretch that all text
 * formats share: casts column by column, rejects with every reason, positions.
 *
 * A reader fills spans, records and `rows`; slab_emit() casts all columns, wanted or not, so that what is rejected does
 * not depend on the query. A record with a failing field goes to the sink, once a field, and leaves the batch.
 *
 * A slab belongs to one worker.
 */
#ifndef Q_FORMAT_READ_SLAB_H
#define Q_FORMAT_READ_SLAB_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "batch/batch.h"
#include "batch/cast.h"
#include "batch/reject.h"

enum { SLAB_ROWS = 512 };

/* A column that a reader fills. */
struct read_column {
    const char *name;
    const char *path;     /* JSON: the member that it takes, "a.b"; NULL: the one of its name */
    const char *expected; /* the type's spelling, for rejects */
    struct batch_cast cast;
    ptrdiff_t
        field; /* CSV: index in the file's records; JSON: index of the path; -1: not in this file, all NULL */
};

struct read_counts {
    _Atomic int64_t records;  /* found, rejected ones too */
    _Atomic int64_t rejected; /* distinct records */
    /* What was left out or mended because it is declared; told with the file. */
    _Atomic int64_t comments;   /* lines; no records */
    _Atomic int64_t footers;    /* records at the end, beside `records` */
    _Atomic int64_t padded;     /* records with too few fields that are rows all the same */
    _Atomic int64_t cut;        /* records with too many fields that are rows all the same */
    _Atomic int64_t empty_rows; /* of a sheet, between others */
};

/* How positions are made where a stream is put together from several parts. */
struct read_places {
    void *self;
    /* The position of the record that begins at an offset of the stream. */
    int64_t (*pos)(void *self, int64_t offset);
    /* A record is rejected: once a record, any thread. */
    void (*rejected)(void *self, int64_t pos);
};

/* What a file is read into; shared by its workers, constant but for the counts. */
struct read_target {
    const struct read_column *cols; /* the schema without _q_pos */
    size_t n_cols;
    int64_t file; /* number, for positions */
    const struct reject_sink *sink;
    struct read_counts *counts;
    const struct read_places *places; /* NULL: q_pos(file, offset) */
};

/* Called for a member of a record: its name, and the text of its value (empty: null); nested objects and arrays are one
 * member. */
typedef void read_see(void *self, struct q_str name, struct q_str text, bool nested);

static inline int64_t read_pos(const struct read_target *t, int64_t offset)
{
    return t->places ? t->places->pos(t->places->self, offset) : q_pos(t->file, offset);
}

struct slab {
    size_t n_cols;
    size_t rows;
    const char *base;           /* of the spans */
    struct batch_span *spans;   /* column c, row r: spans[c * SLAB_ROWS + r] */
    const char *raw;            /* of the records */
    int64_t raw_offset;         /* of raw[0] in the stream */
    struct batch_span *records; /* [SLAB_ROWS] without their line ends */
    /* Formats whose records are no stretch of text: where each stands, and what is told of it when it is rejected. */
    int64_t *offsets; /* [SLAB_ROWS]; NULL: raw_offset + records[].at */
    struct q_str (*raw_of)(void *self, const struct read_target *t, size_t row);
    void *raw_self;
    uint64_t *fail; /* column c: words from c * BATCH_FAIL_WORDS(SLAB_ROWS) */
    char *scratch;  /* values of columns that are not wanted */
    uint64_t scratch_valid[BATCH_FAIL_WORDS(SLAB_ROWS)];
};

void slab_init(struct slab *s, struct q_arena *arena, size_t n_cols);
/* Append the rows to the batch, which has room for them. wanted[n_cols] is _q_pos. */
Q_MUST_CHECK enum q_code slab_emit(struct slab *s, const struct read_target *t, const bool *wanted,
                                   struct batch *out, struct q_err *err);
/* Reject a record for a reason of its own; counts it when `count`. */
Q_MUST_CHECK enum q_code slab_reject(const struct read_target *t, bool count,
                                     const struct reject *r, struct q_err *err);

#endif
