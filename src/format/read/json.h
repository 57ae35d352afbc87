/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON objects, one a line (NDJSON) or in an array, as typed batches, by any number of workers.
 *
 * A record is an object; its members are fields, by name. A column named `a.b` takes member b of the object a, unless
 * there is a member "a.b". Numbers keep their text, so decimals are exact; they and strings go through the casts of
 * batch/cast.h. null and a missing member are NULL; an object or array becomes its JSON text (for a column of type json
 * or text; in others the cast fails). In columns that are not text an empty string fails. Of two members of one name the
 * record is rejected.
 *
 * Rejected, with the position of the record's first byte: bad_json (what is no object too), invalid_utf8, cast. A broken
 * line of NDJSON costs that line; an array whose values cannot be told apart, or that is not closed, is an error with
 * its place (blocks.h). An object deeper than JSON_DEPTH is bad_json.
 *
 * Life as in csv.h.
 */
#ifndef Q_FORMAT_READ_JSON_H
#define Q_FORMAT_READ_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "format/decode/decode.h"
#include "format/read/blocks.h"
#include "format/read/slab.h"

enum { JSON_DEPTH = 64 };

struct json_dialect {
    struct blocks_rules rules;
    int64_t start;
    const char *shown;
};

/* An array when the first character is [, else lines. Q_SOURCE when the file is empty. */
Q_MUST_CHECK enum q_code json_detect(struct q_arena *arena, const char *path,
                                     const struct decode_options *decode, size_t max_record,
                                     size_t block_size, struct json_dialect *out,
                                     struct q_err *err);

struct json_file;
struct json_worker;

Q_MUST_CHECK enum q_code json_open(struct q_arena *arena, const char *path,
                                   const struct decode_options *decode,
                                   const struct json_dialect *dialect,
                                   const struct read_target *target, struct json_file **out,
                                   struct q_err *err);
struct blocks *json_blocks(struct json_file *file);
struct json_worker *json_worker_new(struct q_arena *arena);
/* Append rows until the batch has BATCH_ROWS; fewer: the file has no more for this worker. */
Q_MUST_CHECK enum q_code json_fill(struct json_worker *w, struct json_file *file,
                                   const bool *wanted, struct batch *out, struct q_err *err);
/* Show every member of every record of a file; bad records are left out. */
Q_MUST_CHECK enum q_code json_look(struct json_worker *w, struct json_file *file, read_see *see,
                                   void *self, struct q_err *err);

#endif
