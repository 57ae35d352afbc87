/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of `quern why` share. */
#ifndef Q_PROVE_WHYINT_H
#define Q_PROVE_WHYINT_H

#include "plan/lineage.h"
#include "prove/why.h"

/* A row of a result as text. */
struct why_cells {
    q_texts names, values; /* a value that is NULL is NULL */
};
typedef Q_VEC(struct why_cells) why_rows;

struct why {
    const struct why_options *o;
    struct q_arena *arena;
    struct run_session *s;
    const struct model_table *table;
};

/* At most `most` rows of a query. */
Q_MUST_CHECK enum q_code why_read(struct why *w, const char *sql, size_t most, why_rows *out,
                                  struct q_err *err);
/* NULL when it is NULL or absent. */
const char *why_cell(const struct why_cells *row, const char *name);
int64_t why_int(const struct why_cells *row, const char *name, int64_t otherwise);
void why_set(struct q_json *o, const struct why_cells *row, const char *from, const char *to);

/* why_trace.c: "source" and "steps" of the row: the record of a run, and what today's plan makes of it. */
Q_MUST_CHECK enum q_code why_trace(struct why *w, const struct why_cells *row, int64_t run,
                                   int64_t pos, struct q_json *o, struct q_err *err);
/* "lineage" of the table's columns (or the one asked for) in every pipeline that loads it. */
Q_MUST_CHECK enum q_code why_lineage(struct why *w, struct q_json *o, struct q_err *err);
/* why_rejects.c: records with this key that were rejected. */
Q_MUST_CHECK enum q_code why_rejects(struct why *w, const struct why_cells *key, struct q_json *o,
                                     struct q_err *err);
/* Columns that the question is about: the one asked for, or all of the model. */
void why_columns(struct why *w, q_texts *out);

#endif
