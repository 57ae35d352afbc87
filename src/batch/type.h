/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The types that data has between a source and a target, and schemas of them.
 *
 * Spelled in project files as: boolean, smallint, integer, bigint, hugeint, decimal(p,s), double, text, date, time,
 * timestamp, timestamptz, uuid, blob, json. A type that is none of these (an engine's list, struct ...) is Q_T_OTHER and
 * is shown as text.
 */
#ifndef Q_BATCH_TYPE_H
#define Q_BATCH_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/vec.h"

enum q_tid {
    Q_T_NONE, /* not declared: to be inferred */
    Q_T_BOOL,
    Q_T_INT16,
    Q_T_INT32,
    Q_T_INT64,
    Q_T_INT128,
    Q_T_DECIMAL, /* width 1..38, scale 0..width */
    Q_T_DOUBLE,
    Q_T_TEXT,
    Q_T_DATE,        /* int32 days since 1970-01-01 */
    Q_T_TIME,        /* int64 microseconds of the day */
    Q_T_TIMESTAMP,   /* int64 microseconds since 1970-01-01 00:00:00, no zone */
    Q_T_TIMESTAMPTZ, /* the same, UTC */
    Q_T_UUID,        /* 128 bit, the engine's order (top bit flipped) */
    Q_T_BLOB,
    Q_T_JSON, /* text that is JSON */
    Q_T_OTHER,
};

struct q_type {
    enum q_tid id;
    uint8_t width, scale; /* Q_T_DECIMAL only */
};

#define Q_TYPE(tid) ((struct q_type){.id = (tid)})
#define Q_DECIMAL(w, s) ((struct q_type){.id = Q_T_DECIMAL, .width = (w), .scale = (s)})

enum { Q_TYPE_TEXT = 24 };

bool q_type_eq(struct q_type a, struct q_type b);
/* "decimal(12,2)"; varchar(n), string and int are read as text and integer. Q_CONFIG when it is none. */
Q_MUST_CHECK enum q_code q_type_parse(const char *text, struct q_type *out, struct q_err *err);
/* The spelling of project files. `out` holds Q_TYPE_TEXT bytes. */
const char *q_type_text(struct q_type type, char out[static Q_TYPE_TEXT]);
bool q_type_is_number(struct q_type type);  /* integers, decimal, double */
bool q_type_is_integer(struct q_type type); /* smallint .. hugeint */
bool q_type_is_textual(struct q_type type); /* text, json */
/* Bytes of one value in a batch column: decimals take 2, 4, 8 or 16 by width, texts 16. */
size_t q_type_size(struct q_type type);

struct q_column {
    const char *name;
    struct q_type type;
};

/* Columns in order; names are unique without regard to ASCII case. */
struct q_schema {
    struct q_column *v;
    size_t n, cap;
};

struct q_column *q_schema_add(struct q_arena *arena, struct q_schema *schema, const char *name,
                              struct q_type type);
/* Index of a column without regard to ASCII case, or -1. */
ptrdiff_t q_schema_find(const struct q_schema *schema, const char *name);
/* The column whose name is nearest to a wrong one (base/suggest.h), or NULL. */
const char *q_schema_suggest(struct q_arena *arena, const struct q_schema *schema,
                             const char *name);

#endif
