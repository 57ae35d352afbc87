/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The columns of a source that gives rows of named values: which of them are asked for, and what becomes of each.
 *
 * Without declared columns everything is read under its own name. With them only these are: each takes the value of the
 * same name, or of `from`, or what stands at `path` in it (batch/json_path.h). A value that several columns take is asked for
 * once.
 */
#ifndef Q_EXTRACT_FIELDS_H
#define Q_EXTRACT_FIELDS_H

#include "batch/record.h"
#include "extract/driver.h"

struct extract_field {
    const char *name;
    struct q_type type; /* declared; Q_T_NONE: to be found out */
    size_t have;        /* index among what the source has */
    size_t from;        /* index among what is asked for */
    const struct json_path *path;
};

struct extract_fields {
    Q_VEC(struct extract_field) fields;
    Q_VEC(size_t) asked; /* indices among what the source has */
};

/* `have`: names of what the source has. `object` names it in messages. Names are matched exactly, else without regard to
 * case. Q_SOURCE when there is no such column, Q_CONFIG for what does not fit together. */
Q_MUST_CHECK enum q_code extract_fields_settle(struct q_arena *arena,
                                               const struct extract_input *in, const q_texts *have,
                                               const char *object, struct extract_fields *out,
                                               struct q_err *err);
/* A field by its name, without regard to case; NULL when there is none. */
const struct extract_field *extract_fields_find(const struct extract_fields *fields,
                                                const char *name);
/* The fields as a record's, when all types are known. */
struct record_target *extract_fields_target(struct q_arena *arena,
                                            const struct extract_fields *fields,
                                            const struct reject_sink *sink);
/* The type that quern.lock gives a column; Q_T_NONE: none. */
struct q_type extract_pinned_type(const struct extract_input *in, const char *name);

#endif
