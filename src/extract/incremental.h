/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Incremental sources behind their driver: rows of the staged table that this run does not read are counted as skipped and
 * taken out (SEMANTICS A), whatever the driver could leave out by itself.
 *
 *     outside_interval   read before, or older than all that is read
 *     not_settled        at or above the upper bound: a later run reads it
 *     null_cursor        without a cursor, and `nulls: exclude`, or in a backfill
 *
 * What was read goes to q_watermarks and q_intervals; the load transaction writes it to the warehouse.
 */
#ifndef Q_EXTRACT_INCREMENTAL_H
#define Q_EXTRACT_INCREMENTAL_H

#include "plan/reading.h"

struct extract_news {
    const struct plan_reading *reading;
    const char *pipeline;
    const char *table; /* staged, with _q_pos */
    bool has_files;    /* q_sources tells which file a position is in */
    bool rereads;      /* fill q_reread */
    /* The statements, in order of their use. */
    const char *create, *nulls, *left, *count, *take_out, *reread, *range, *late;
};

/* Make the statements of a staged source and append them to its step. */
const struct extract_news *extract_news_make(struct plan *plan, struct plan_step *step,
                                             const struct plan_source *source);
/* Where a record stands, for a message: file, ordinal and line of a position. */
typedef enum q_code (*extract_news_place)(const void *self, int64_t pos, struct q_arena *arena,
                                          const char **out, struct q_err *err);
/* Run them, after the table was filled. Q_FAILED when there are records without a cursor and `nulls: fail`. */
Q_MUST_CHECK enum q_code extract_news_run(const struct extract_news *news, struct step_ctx *ctx,
                                          extract_news_place place, const void *self,
                                          struct q_err *err);

#endif
