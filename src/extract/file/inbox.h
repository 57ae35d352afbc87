/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is done with files once the run that read them is published: `after_load`.
 *
 *     read ──> inbox_publishing(): a note on disk ──> commit ──> inbox_published(): files moved, note removed
 *                                                       │
 *                                              crash    v
 *                                     the next run: inbox_settle() reads the note, asks the run's record, and moves
 *
 * A note of a run that is not on record as published is thrown away; of a held one it stays. A file that is not as it was
 * read stays where it is. Nothing is ever overwritten: a name that is taken gets the run's number. A file that cannot be
 * moved is a warning, and the note stays, so that the next run tries again.
 */
#ifndef Q_EXTRACT_FILE_INBOX_H
#define Q_EXTRACT_FILE_INBOX_H

#include "db/db.h"

struct extract_file;
struct plan;

/* Check what is declared. Q_CONFIG for what does not fit together. */
Q_MUST_CHECK enum q_code inbox_check(const struct extract_file *s, struct q_err *err);
/* Before and after the commit of the run that read the source. `warehouse`: that it is on record in. */
void inbox_publishing(const struct extract_file *s, const char *warehouse, int64_t run_id);
void inbox_published(const struct extract_file *s, int64_t run_id);
/* Whether earlier runs have left something in the project at `dir`. */
bool inbox_is_pending(struct q_arena *arena, const char *dir);
/* Finish what earlier runs have left, in the project at `dir`. The warehouse is attached as "wh" and locked. */
Q_MUST_CHECK enum q_code inbox_settle(struct q_arena *arena, const char *dir, const char *warehouse,
                                      struct db_conn *conn, struct q_err *err);

#endif
