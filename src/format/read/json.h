/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON objects as typed batches, by any number of workers: one a line (NDJSON), one after the other, or in an array, which
 * may stand deep inside of a document; also objects in arrays inside of objects, as rows of their own.
 *
 * A record is an object; its members are fields, by name or by path (json_tree.h). Numbers keep their text, so decimals are
 * exact; they and strings go through the casts of batch/cast.h. null and a missing member are NULL; an object or array is its
 * JSON as it is written (for a column of type json or text; in others the cast fails). In columns that are not text an empty
 * string fails. Of two members of one name that a column takes the record is rejected.
 *
 * Rejected, with the position of the record's first byte: bad_json (what is no object too), invalid_utf8, nul_byte, cast. A
 * broken line of NDJSON costs that line; an array whose values cannot be told apart, or that is not closed, is an error
 * with its place (blocks.h). An object deeper than JSON_DEPTH is bad_json.
 *
 * Nested records: the object around them is read first, so the order of its members does not matter; when it is no JSON it
 * is rejected as one record. Their positions are those of their own first bytes. A rejected one is told as an object of
 * its columns' texts, because what is around it is part of it.
 *
 * Memory: a block, and the longest outermost record. Life as in csv.h.
 */
#ifndef Q_FORMAT_READ_JSON_H
#define Q_FORMAT_READ_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "format/decode/decode.h"
#include "format/read/blocks.h"
#include "format/read/json_tree.h"
#include "format/read/slab.h"

struct json_settings {
    const char *records;           /* path; NULL: the document's array, or lines */
    bool lines;                    /* it is one object a line, whatever it looks like */
    size_t max_record, block_size; /* 0: defaults of blocks.h */
};

struct json_dialect {
    struct blocks_rules rules;
    struct json_records records;
    int64_t start;
    const char *shown;
};

/* An array when the first character is [; a document when an object goes on behind its first line, or `records` names an
 * array in it; else lines. Q_SOURCE when the file is empty or lacks the array, Q_CONFIG when `records` is no path. */
Q_MUST_CHECK enum q_code json_detect(struct q_arena *arena, const char *path,
                                     const struct decode_options *decode,
                                     const struct json_settings *settings, struct json_dialect *out,
                                     struct q_err *err);

struct json_file;
struct json_worker;

/* Q_CONFIG when the path of a column is none. */
Q_MUST_CHECK enum q_code json_open(struct q_arena *arena, const char *path,
                                   const struct decode_options *decode,
                                   const struct json_dialect *dialect,
                                   const struct read_target *target, struct json_file **out,
                                   struct q_err *err);
struct json_worker *json_worker_new(struct q_arena *arena);
/* Append rows until the batch has BATCH_ROWS; fewer: the file has no more for this worker. */
Q_MUST_CHECK enum q_code json_fill(struct json_worker *w, struct json_file *file,
                                   const bool *wanted, struct batch *out, struct q_err *err);
/* Show every member of every record of a file; bad records are left out. */
Q_MUST_CHECK enum q_code json_look(struct json_worker *w, struct json_file *file, read_see *see,
                                   void *self, struct q_err *err);

#endif
