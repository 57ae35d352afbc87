/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of a database, row by row, into a batch: the stretch that drivers share whose client library hands out one
 * row at a time. A driver writes what is exact by itself into the columns, and gives texts to record_text(), which casts
 * them strictly (batch/cast.h), through a JSON path where the column has one. A row with a value that is none goes to the
 * reject channel, once a failed column, with the record as a JSON object of texts, and leaves the batch.
 *
 *     while (batch->rows < BATCH_ROWS && next_row()) {
 *         struct batch_col *const *cols = record_begin(w, batch);
 *         for (f ...) if (!put(cols[f], batch->rows, value)) record_fail(w, f, "cast");
 *         code = record_end(w, batch, pos, text_of, self, err);
 *     }
 *
 * Columns that a query does not want are checked like the others, so that what is rejected does not depend on it.
 * A worker belongs to one thread; targets are shared.
 */
#ifndef Q_BATCH_RECORD_H
#define Q_BATCH_RECORD_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/arena.h"
#include "batch/batch.h"
#include "batch/cast.h"
#include "batch/json_path.h"
#include "batch/reject.h"

struct record_field {
    const char *name;
    const char *expected; /* the type's spelling, for rejects */
    struct batch_cast cast;
    size_t from;                  /* index of the value in the driver's row */
    const struct json_path *path; /* NULL: the value itself */
};

/* Where the records of one source, or of one part of it, go. */
struct record_target {
    const struct record_field *fields;
    size_t n;
    const struct reject_sink *sink;
    _Atomic int64_t records;  /* read, rejected ones too */
    _Atomic int64_t rejected; /* distinct records */
};

struct record_worker;

/* `wanted` has n + 1 entries: the last is _q_pos. */
struct record_worker *record_worker_new(struct q_arena *arena, struct record_target *target,
                                        const bool *wanted);
/* The columns of the next row, by field; the row's index is batch->rows. */
struct batch_col *const *record_begin(struct record_worker *w, struct batch *batch);
/* A text becomes the value of a field at `row`; false when it is none, and the failure is noted. */
bool record_text(struct record_worker *w, size_t field, size_t row, struct q_str text);
/* The value of a field is none, for a reason with a stable code. */
void record_fail(struct record_worker *w, size_t field, const char *reason);
/* The text of a field's value as the driver's row has it, before any path; p NULL: NULL. Good until the next call. */
typedef struct q_str record_text_of(void *self, size_t field);
/* The row is complete: it stays in the batch, or is rejected. Errors are those of the sink. */
Q_MUST_CHECK enum q_code record_end(struct record_worker *w, struct batch *batch, int64_t pos,
                                    record_text_of *text_of, void *self, struct q_err *err);

#endif
