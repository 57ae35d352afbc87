/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A JSON document goes in as it arrives; the records in it come out one by one, as they are written.
 *
 * The whole document is parsed, so that one that is cut, no JSON, or without the records is an error and never an empty
 * success. Records are the values of one array: the one at `records` ("data.items"), or when that is not given the document
 * itself or the only array among its members (and in later documents at the same place); "." is the document as one record. A record is handed over as one line:
 * line ends in it become blanks. What stands in a record is not judged here beyond its being JSON.
 *
 * On the way the tap picks values: texts of scalars at a path of the document or of a record.
 *
 * Memory is bounded by the longest record (`max_record`); nesting by TAP_DEPTH. One thread. Errors are Q_SOURCE and begin
 * with "could not read <what>: "; json_tap_head() are the document's first bytes, to be shown beside.
 *
 *     struct json_tap *tap = json_tap_new(arena, &settings);
 *     json_tap_begin(tap, "the answer of ...");
 *     while (more) code = json_tap_feed(tap, p, n, err);
 *     code = json_tap_end(tap, &result, err);
 */
#ifndef Q_FORMAT_READ_JSON_TAP_H
#define Q_FORMAT_READ_JSON_TAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum { TAP_DEPTH = 256, TAP_PICKS = 16 };

/* A value to be picked: of the document, or of each record. */
struct tap_pick {
    const char *path;
    bool of_record;
};

struct tap_settings {
    const char *records; /* NULL: to be found */
    const struct tap_pick *picks;
    size_t n_picks; /* at most TAP_PICKS */
    size_t max_record;
    /* Takes a record, one line without its end. `values` are the picks of the record, NULL where it has none. */
    enum q_code (*take)(void *self, struct q_str record, const char *const *values,
                        struct q_err *err);
    void *self;
};

struct tap_result {
    int64_t records;
    uint64_t hash;     /* of all records */
    const char *found; /* where they were, of the tap: "" is the document */
    const char *const *
        values; /* of the picks (of the last record), NULL where there was none or it was null; good until
                                  json_tap_begin() */
};

struct json_tap;

struct json_tap *json_tap_new(struct q_arena *arena, const struct tap_settings *settings);
/* Members that go in front of every record that is an object, as texts. A record that has one of them itself is an error.
 * Borrowed until the next call. */
void json_tap_put_front(struct json_tap *tap, const char *const *names, const char *const *values,
                        size_t n);
/* A document begins; what a broken one has left is forgotten. `what` names it in messages, borrowed. */
void json_tap_begin(struct json_tap *tap, const char *what);
Q_MUST_CHECK enum q_code json_tap_feed(struct json_tap *tap, const char *p, size_t n,
                                       struct q_err *err);
Q_MUST_CHECK enum q_code json_tap_end(struct json_tap *tap, struct tap_result *out,
                                      struct q_err *err);
/* The first bytes of the document. */
struct q_str json_tap_head(const struct json_tap *tap);

#endif
