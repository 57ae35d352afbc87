/* SPDX-License-Identifier: Apache-2.0 */
/* Between the lock and the tables. */
#ifndef Q_STATE_INTERNAL_H
#define Q_STATE_INTERNAL_H

#include "state/state.h"

/* False when the lock file was removed or replaced under its holder. */
bool state_lock_is_ours(const struct state_lock *lock);
/* The lock file may be younger than the warehouse (a copy, a new file): a token above all that wrote to the warehouse. */
enum q_code state_raise_fence(struct state_lock *lock, int64_t above, struct q_err *err);

#endif
