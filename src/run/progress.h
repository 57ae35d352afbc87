/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person sees while a run works: on a terminal a line that is drawn over (step, rows, rows/s, bytes, memory, ETA),
 * otherwise one log line a step.
 */
#ifndef Q_RUN_PROGRESS_H
#define Q_RUN_PROGRESS_H

#include "plan/step.h"

struct run_progress;

/* Starts drawing when stderr is a terminal. Stopped with the arena. */
struct run_progress *progress_start(struct q_arena *arena, struct db_conn *db,
                                    const char *pipeline);
void progress_stop(struct run_progress *p);
void progress_step(struct run_progress *p, const struct plan_step *step);
void progress_step_done(struct run_progress *p, const struct plan_step *step);
/* The line of a step that is done; nothing on a terminal. Any thread. */
void progress_tell(const struct run_progress *p, const struct plan_step *step, int64_t rows,
                   int64_t bytes, int64_t usec);
/* For step_ctx.watch. */
void progress_watch(void *self, void (*fn)(void *arg, int64_t *rows, int64_t *bytes), void *arg);
/* 1234567 as "1,234,567". */
const char *progress_number(char out[static 32], int64_t n);

#endif
