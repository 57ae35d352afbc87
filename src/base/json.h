/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON of the control plane: command output, journal, lock file. (Data in JSON is read by
 * format/read.) Backed by jansson, which no other folder includes.
 *
 * A value belongs to the arena it was made in. Writing keeps the order of insertion.
 *
 *     struct q_json *o = q_json_object(arena);
 *     q_json_set_text(o, "status", "done");
 *     q_json_set_int(o, "read", 2000);
 *     struct q_json *list = q_json_set_array(o, "relations");
 *     struct q_json *r = q_json_push_object(list);
 *     q_json_write(o, true, &buf);
 */
#ifndef Q_BASE_JSON_H
#define Q_BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct q_json;

struct q_json *q_json_object(struct q_arena *arena);
struct q_json *q_json_array(struct q_arena *arena);
/* Setters on an object; a NULL text becomes null; bytes that are not UTF-8 become
 * U+FFFD. */
void q_json_set_text(struct q_json *object, const char *key, const char *text);
void q_json_set_int(struct q_json *object, const char *key, int64_t value);
void q_json_set_real(struct q_json *object, const char *key, double value);
void q_json_set_bool(struct q_json *object, const char *key, bool value);
void q_json_set_null(struct q_json *object, const char *key);
struct q_json *q_json_set_object(struct q_json *object, const char *key);
struct q_json *q_json_set_array(struct q_json *object, const char *key);
void q_json_push_text(struct q_json *array, const char *text);
void q_json_push_int(struct q_json *array, int64_t value);
struct q_json *q_json_push_object(struct q_json *array);
struct q_json *q_json_push_array(struct q_json *array);

/* Append the document; `pretty` indents by two. */
void q_json_write(const struct q_json *value, bool pretty, struct q_buf *out);
/* Append a JSON string literal with quotes; bytes that are not UTF-8 become U+FFFD. */
void q_json_quote(struct q_buf *out, struct q_str text);

/* `name` names the document in the message. Duplicate keys are refused. */
Q_MUST_CHECK enum q_code q_json_parse(struct q_arena *arena, struct q_str text, const char *name,
                                      struct q_json **out, struct q_err *err);
bool q_json_is_object(const struct q_json *value);
bool q_json_is_array(const struct q_json *value);
/* Member of an object, NULL when absent; items of an array. The results belong to the same arena. */
struct q_json *q_json_get(const struct q_json *object, const char *key);
size_t q_json_count(const struct q_json *value);
struct q_json *q_json_item(const struct q_json *array, size_t i);
/* Key and value of the i-th member of an object, in order; *value may be NULL. */
const char *q_json_member(const struct q_json *object, size_t i, struct q_json **value);
/* Values with a default for absent or of another kind. */
const char *q_json_text(const struct q_json *value, const char *otherwise);
int64_t q_json_int(const struct q_json *value, int64_t otherwise);
bool q_json_bool(const struct q_json *value, bool otherwise);

#endif
