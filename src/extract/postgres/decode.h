/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PostgreSQL's binary COPY format, decoded straight into the engine's vectors.
 *
 *     signature "PGCOPY\n\377\r\n\0", int32 flags, int32 length of an extension, the extension;
 *     a row: int16 number of fields, each an int32 length (-1: NULL) and so many bytes; int16 -1 ends the stream.
 *     All integers are big-endian. (PostgreSQL documentation, COPY, "Binary Format"; the fields are what each type's
 *     send function writes.)
 *
 * The stream comes in pieces of any size. A row that cannot be one of the table is a reject; a stream that cannot be one
 * of this format is Q_SOURCE. Nothing is read beyond a piece, whatever the lengths in it say.
 *
 * A decoder belongs to one thread.
 *
 *     struct pg_decoder *d = pg_decoder_new(arena, fields, n, true, sink);
 *     pg_decoder_begin(d, q_pos(0, 0));
 *     while (!code && bytes arrive)
 *         code = pg_decode(d, &bytes, out, err);     // until the batch is full or the bytes are used
 *     code = pg_decoder_end(d, err);
 */
#ifndef Q_EXTRACT_POSTGRES_DECODE_H
#define Q_EXTRACT_POSTGRES_DECODE_H

#include "batch/cast.h"
#include "batch/json_path.h"
#include "batch/reject.h"

/* How a field's bytes are written. */
enum pg_kind {
    PG_BOOL,
    PG_INT2,
    PG_INT4,
    PG_INT8,
    PG_OID,
    PG_FLOAT4,
    PG_FLOAT8,
    PG_NUMERIC,
    PG_DATE,
    PG_TIME,
    PG_TIMESTAMP, /* with or without zone: UTC */
    PG_UUID,
    PG_BYTES,
    PG_TEXT, /* UTF-8, JSON too */
    PG_CHAR, /* char(n): without the blanks that fill it up */
    PG_JSONB,
    PG_PATH, /* text that is JSON, of which one place is the value: text, or cast as below */
    PG_CAST, /* text that our strict casts make the column's type of */
};

struct pg_field {
    const char *name;
    enum pg_kind kind;
    struct q_type type;           /* of the column */
    const char *expected;         /* its spelling, for rejects */
    struct batch_cast how;        /* PG_CAST, PG_PATH */
    const struct json_path *path; /* PG_PATH */
    bool check_utf8;              /* the server does not promise that text is UTF-8 */
};

struct pg_decoder;

/* `fields` outlive the decoder; field i goes to batch column i, and the position to the one behind them. */
struct pg_decoder *pg_decoder_new(struct q_arena *arena, const struct pg_field *fields, size_t n,
                                  bool with_pos, const struct reject_sink *sink);
/* A new stream: its rows have the positions pos, pos + 1 ... */
void pg_decoder_begin(struct pg_decoder *d, int64_t pos);
/* Rows of the bytes are added to the batch until it is full; `bytes` is left with what was not used, which is given again.
 * Rows that are none go to the sink. */
Q_MUST_CHECK enum q_code pg_decode(struct pg_decoder *d, struct q_str *bytes, struct batch *out,
                                   struct q_err *err);
/* The stream has no more bytes. */
Q_MUST_CHECK enum q_code pg_decoder_end(struct pg_decoder *d, struct q_err *err);
/* Rows of all streams so far, rejected ones too. */
int64_t pg_decoder_records(const struct pg_decoder *d);
int64_t pg_decoder_rejected(const struct pg_decoder *d);

/* A numeric as an integer of `scale` digits behind the point. False: not finite, more digits behind the point, or more than 38
 * digits. `bad`: the bytes are no numeric. */
bool pg_numeric(const char *p, size_t n, unsigned scale, __int128 *out, bool *bad);

#endif
