/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of extract/sqlite share. */
#ifndef Q_EXTRACT_SQLITE_INTERNAL_H
#define Q_EXTRACT_SQLITE_INTERNAL_H

#include "db/sqlite/sqlite.h"
#include "extract/fields.h"

struct sqlite_options {
    const char *path;
    int64_t busy_timeout; /* microseconds */
};

struct sqlite_source_options {
    const char *table, *query, *where, *dates;
};

struct sqlite_reader {
    struct extract_source base; /* first */
    struct q_arena *arena;
    const struct extract_input *in;
    const struct sqlite_source_options *o;
    struct sqlite *session;
    bool held;
    const char *object; /* table "orders" of connection "shop" */
    const char *path;   /* shop: orders */
    enum sqlite_dates dates;
    sqlite_columns_of columns; /* what the table or query has */
    const char *rowid;         /* a table's name for it, when it can be the position; or NULL */
    struct extract_fields fields;
    struct q_schema with_pos;
    struct sqlite_scan_spec spec;
    struct db_source source;
};

/* The statement of a full or an incremental read, into r->spec and r->base.shown. */
void sqlite_statement(struct sqlite_reader *r, const struct plan_reading *reading);
/* A statement of the source's columns, as they are asked for, and nothing else. */
const char *sqlite_plain_statement(struct sqlite_reader *r);

#endif
