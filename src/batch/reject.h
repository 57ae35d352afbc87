/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reject channel: where a reader puts records that it cannot turn into a row.
 *
 * A reader calls put() from any of its threads, in no order; the receiver locks. The record's place is its `pos`:
 * file number and byte offset in one number, unique and increasing within a source (SEMANTICS 29). Record ordinal
 * and physical line are counted from it later.
 */
#ifndef Q_BATCH_REJECT_H
#define Q_BATCH_REJECT_H

#include <stdint.h>

#include "base/str.h"

/* Position: file number (from 0, in order of path) in the high 23 bits, byte offset in the decoded stream in the low 40. */
enum { Q_POS_FILE_SHIFT = 40 };
#define Q_POS_OFFSET_MASK ((INT64_C(1) << Q_POS_FILE_SHIFT) - 1)

static inline int64_t q_pos(int64_t file, int64_t offset)
{
    return file << Q_POS_FILE_SHIFT | offset;
}
static inline int64_t q_pos_file(int64_t pos)
{
    return pos >> Q_POS_FILE_SHIFT;
}
static inline int64_t q_pos_offset(int64_t pos)
{
    return pos & Q_POS_OFFSET_MASK;
}

/* One reason why one record is rejected. All pointers are borrowed for the call. */
struct reject {
    int64_t pos; /* of the record's first byte */
    const char *
        reason; /* stable code: "cast", "too_few_fields", "too_many_fields", "bad_quote", "invalid_utf8", ... */
    const char *column; /* or NULL when it is about the record */
    const char *detail; /* what was expected: "integer", "12 fields, found 9" */
    struct q_str value; /* the raw field, when there is one; any bytes */
    struct q_str raw;   /* the raw record, cut at REJECT_RAW_MAX; any bytes */
};

enum { REJECT_RAW_MAX = 65536 };

struct reject_sink {
    void *self;
    /* MUST accept calls from several threads. A failure ends the read. */
    enum q_code (*put)(void *self, const struct reject *r, struct q_err *err);
};

#endif
