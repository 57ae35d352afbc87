/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text of fixed width: one record a line, fields by their places, as typed batches, by any number of workers.
 *
 * Places count characters, or bytes of the decoded text. Blanks on the declared sides of a value are padding; what is
 * nothing but padding is NULL. An empty line is no record. A line that ends before its last field is rejected
 * (too_few_fields), or the values that it lacks are NULL and a cut one is what there is. Text between fields and behind the
 * last one is not looked at.
 *
 * Files with records of several types: lines of other types than the wanted ones are counted by type and left out.
 *
 * Rejected, with the position of the line: too_few_fields, invalid_utf8, nul_byte, cast.
 *
 * Life as in csv.h.
 */
#ifndef Q_FORMAT_READ_FIXED_H
#define Q_FORMAT_READ_FIXED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/file.h"
#include "format/decode/decode.h"
#include "format/read/blocks.h"
#include "format/read/slab.h"

struct fixed_place {
    size_t at, width; /* from 0 */
};

/* What is declared; target->cols[].field is an index of `fields`. */
struct fixed_layout {
    const struct fixed_place *fields;
    size_t n_fields;
    bool in_bytes;
    bool pad_left, pad_right; /* the sides on which blanks are padding */
    bool short_is_null;       /* a line may end early */
    struct fixed_place type;  /* width 0: all records have one type */
    q_paths types;            /* those wanted */
};

struct fixed_dialect {
    struct blocks_rules rules;
    struct fixed_layout layout;
    int64_t start;
    const char *shown;
};

/* Look at the beginning. `rules`: of kind BLOCKS_CSV without quotes, for positions count from the line's first byte; how
 * lines end is filled in. Q_SOURCE when the file is empty. */
Q_MUST_CHECK enum q_code fixed_detect(struct q_arena *arena, const char *path,
                                      const struct decode_options *decode,
                                      const struct blocks_rules *rules, int64_t skip_lines,
                                      const struct fixed_layout *layout, struct fixed_dialect *out,
                                      struct q_err *err);

struct fixed_file;
struct fixed_worker;

Q_MUST_CHECK enum q_code fixed_open(struct q_arena *arena, const char *path,
                                    const struct decode_options *decode,
                                    const struct fixed_dialect *dialect,
                                    const struct read_target *target, struct fixed_file **out,
                                    struct q_err *err);

enum { FIXED_TYPES_MAX = 64, FIXED_TYPE_BYTES = 32 };

/* Records of other types, by type; the last entry may be of all further ones, with an empty text. */
struct fixed_types {
    struct fixed_type {
        char text[FIXED_TYPE_BYTES + 1];
        int64_t records;
    } v[FIXED_TYPES_MAX];
    size_t n;
};
/* After its blocks are closed. */
const struct fixed_types *fixed_skipped(const struct fixed_file *file);

struct fixed_worker *fixed_worker_new(struct q_arena *arena);
/* Append rows until the batch has BATCH_ROWS; fewer: the file has no more for this worker. */
Q_MUST_CHECK enum q_code fixed_fill(struct fixed_worker *w, struct fixed_file *file,
                                    const bool *wanted, struct batch *out, struct q_err *err);

#endif
