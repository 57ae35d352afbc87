/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The main source of a replay: rejected records instead of files (run/replay.c has their table).
 *
 * Raw records are written to temporary files, one set for each shape of file they came from, and read from there by the
 * same readers under today's declaration; a record whose quotes could swallow the next one has a file of its own. Source
 * rows come back from their texts through the strict casts. Both get the position that the table gives them.
 */
#ifndef Q_EXTRACT_REPLAY_H
#define Q_EXTRACT_REPLAY_H

#include "extract/file/file.h"
#include "extract/rejects.h"
#include "plan/step.h"

/* Append the source and its step. `declared`, `pinned` (may be NULL): as for files; `columns`: those of the source today,
 * which outlive the plan. Temporary files go below the session's directory, which it removes. */
Q_MUST_CHECK enum q_code extract_replay(struct plan *plan, const struct cfg_source *cfg,
                                        const struct extract_file_options *options,
                                        const struct q_schema *declared,
                                        const struct q_schema *pinned,
                                        const struct q_schema *columns, struct q_err *err);

#endif
