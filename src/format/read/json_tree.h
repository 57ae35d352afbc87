/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is taken of a JSON record, as trees of member names, and where in a document its records are. Behind the JSON
 * reader and those who check paths.
 *
 * Paths of records     data.orders, $.data.orders[*], $.orders[*].lines[*], $[*].lines, $ (the document itself)
 * Paths of columns     $.customer.city, customer.city, tags[0], ."a name.with points", $ (the record itself),
 *                      ../order_id (of the record around), # and ../# (the record's number in its array, from 1)
 *
 * The records of a path with several [*] are nested: level 0 is the outermost, the last one gives rows.
 */
#ifndef Q_FORMAT_READ_JSON_TREE_H
#define Q_FORMAT_READ_JSON_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/file.h"
#include "base/str.h"
#include "format/read/slab.h"

enum { JSON_LEVELS = 5 };

struct json_node {
    struct q_str name; /* of the member */
    int64_t index;     /* in an array; -1: it is a member */
    struct json_node *children, *next;
    size_t *cols; /* that take the value */
    size_t n_cols;
    bool has_names, has_indices; /* among the children */
    bool is_records;             /* the value is the array of the next level */
};

struct json_records {
    q_paths
        document; /* names from the document down to the outermost array; none: it is the document, or lines */
    bool whole; /* $: the document is the record */
    q_paths inner
        [JSON_LEVELS]; /* [l]: names from a record of level l down to the array of level l + 1 */
    size_t levels;     /* arrays inside of a record of level 0 */
};

struct json_tree {
    size_t levels;
    bool
        is_flat; /* a row takes something from around its record, so the record does not tell all of it */
    struct json_node root[JSON_LEVELS];
    ptrdiff_t *numbers[JSON_LEVELS]; /* columns that take the record's number, -1 at the end */
    size_t *cols[JSON_LEVELS];       /* all columns of the level */
    size_t n_cols[JSON_LEVELS];
};

/* `text` NULL: the document's own array, or lines. `lines`: every line is a document. Q_CONFIG when it is no path. */
Q_MUST_CHECK enum q_code json_records_parse(struct q_arena *arena, const char *text, bool lines,
                                            struct json_records *out, struct q_err *err);
/* Q_CONFIG when the path of a column is none. */
Q_MUST_CHECK enum q_code json_tree_make(struct q_arena *arena, const struct json_records *records,
                                        const struct read_target *target, struct json_tree **out,
                                        struct q_err *err);

#endif
