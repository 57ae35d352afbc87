/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths into JSON texts: $.customer.city, $.items[0]."unit price". The leading "$." may be left out.
 *
 * What stands there is handed out exactly as it is written: a string without its quotes and escapes, a number, true or
 * false by its text, an object or array as JSON. Of several members of one name the last counts.
 *
 *     code = json_path_parse(arena, "$.customer.city", &path, err);
 *     switch (json_path_find(path, text, &scratch, &found)) ...
 */
#ifndef Q_BATCH_JSON_PATH_H
#define Q_BATCH_JSON_PATH_H

#include <stdint.h>

#include "base/str.h"

struct json_path;

enum json_found {
    JSON_FOUND,
    JSON_FOUND_STRING, /* found, and it is a string */
    JSON_NOTHING,      /* no such place, or null there */
    JSON_BAD,          /* the text is not JSON */
};

/* Q_CONFIG when it is no path. */
Q_MUST_CHECK enum q_code json_path_parse(struct q_arena *arena, const char *text,
                                         struct json_path **out, struct q_err *err);
/* The i-th step, for a server that follows paths itself: a key, or an index where key->p is NULL. False behind the last. */
bool json_path_step(const struct json_path *path, size_t i, struct q_str *key, int64_t *index);
/* *out points into `text` or into `scratch`, which is overwritten where escapes must be resolved. */
enum json_found json_path_find(const struct json_path *path, struct q_str text,
                               struct q_buf *scratch, struct q_str *out);

#endif
