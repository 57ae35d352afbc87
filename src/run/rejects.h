/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What somebody does with rejected records: correct one, or give some up. Both are remembered with time and user, and what
 * was rejected stays as it was. run_lock() and run_prepare() come before.
 *
 *     open ──edit──> open ──replay──> replayed (a replay of run/replay.c)
 *       └──drop──> dropped
 */
#ifndef Q_RUN_REJECTS_H
#define Q_RUN_REJECTS_H

#include "base/opt.h"
#include "run/run.h"

/* Which records; 0 and NULL: all. */
struct run_choice {
    int64_t run_id, record_no;
    const char *file, *pipeline, *reason;
    /* One record by its address: the relation and _q_pos. */
    const char *relation;
    bool has_pos;
    int64_t pos;
};

/* What becomes of a record: raw text for one that could not be read, else columns ("name=value") of its source row. */
struct run_edit {
    const char *raw;
    const q_texts *set, *null;
};

/* Edit one open record. Q_USAGE when the choice is none or several, when it is not open, or when the edit does not fit it. */
Q_MUST_CHECK enum q_code run_edit_reject(struct run_session *s, const struct run_choice *choice,
                                         const struct run_edit *edit, struct q_err *err);
/* Give open records up. `because` may be NULL. Q_USAGE when a record_no is that of several records. */
Q_MUST_CHECK enum q_code run_drop_rejects(struct run_session *s, const struct run_choice *choice,
                                          const char *because, int64_t *records, struct q_err *err);

#endif
