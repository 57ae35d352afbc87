/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of extract/sqlite share. */
#ifndef Q_EXTRACT_SQLITE_INTERNAL_H
#define Q_EXTRACT_SQLITE_INTERNAL_H

#include "db/sqlite/sqlite.h"
#include "extract/relation.h"

struct sqlite_options {
    const char *path;
    int64_t busy_timeout; /* microseconds */
};

struct sqlite_source_options {
    struct extract_relation_options rel; /* first */
    const char *dates;
};

struct sqlite_reader {
    struct extract_relation rel; /* first */
    const struct sqlite_source_options *o;
    struct sqlite *session;
    bool held;
    sqlite_columns_of columns; /* what the table or query has */
    const char *rowid;         /* a table's name for it, when it can be the position; or NULL */
    struct sqlite_scan_spec spec;
};

/* The statement of a full or an incremental read, into r->spec and r->rel.base.shown. */
void sqlite_statement(struct sqlite_reader *r, const struct plan_reading *reading);
/* A statement of the source's columns, as they are asked for, and nothing else. */
const char *sqlite_plain_statement(const struct sqlite_reader *r);

#endif
