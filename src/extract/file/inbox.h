/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is done with files once the run that read them is published: `after_load`.
 *
 *     read ──> inbox_publishing(): a note on disk ──> commit ──> the other pipelines ──> inbox_settle() reads the notes,
 *                                                       │                                asks the runs' records, and moves
 *                                              crash    v
 *                                     the next run: inbox_settle()
 *
 * A note of a run that is not on record as published is thrown away; of a held one it stays. A file that other pipelines of
 * the same process read as well waits until each of them has a published run that read it: the note names them. A file that is not as it was
 * read stays where it is. Nothing is ever overwritten: a name that is taken gets the run's number. A file that cannot be
 * moved is a warning, and the note stays, so that the next run tries again.
 */
#ifndef Q_EXTRACT_FILE_INBOX_H
#define Q_EXTRACT_FILE_INBOX_H

#include "db/db.h"

struct extract_file;
struct plan_publication;

/* Check what is declared. Q_CONFIG for what does not fit together. */
Q_MUST_CHECK enum q_code inbox_check(const struct extract_file *s, struct q_err *err);
/* Before the commit of the run that read the source. */
void inbox_publishing(const struct extract_file *s, const struct plan_publication *run);
/* Whether there are notes in the project at `dir`. */
bool inbox_is_pending(struct q_arena *arena, const char *dir);
/* Put away what published runs have read, in the project at `dir`. The warehouse is attached as "wh" and locked. `tell`: at
 * the end of a command, which warns of files that have to wait; else at its beginning, which tells what an earlier one left. */
Q_MUST_CHECK enum q_code inbox_settle(struct q_arena *arena, const char *dir, const char *warehouse,
                                      struct db_conn *conn, bool tell, struct q_err *err);

#endif
