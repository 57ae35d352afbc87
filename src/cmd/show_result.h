/* SPDX-License-Identifier: Apache-2.0 */
/* How the result of a run is shown, by `quern run` and `quern plan`. */
#ifndef Q_CMD_SHOW_RESULT_H
#define Q_CMD_SHOW_RESULT_H

#include "base/json.h"
#include "run/run.h"

/* For people, on stdout. */
void show_result_text(const struct run_result *r);
/* Into an object that is empty. */
void show_result_json(const struct run_result *r, struct q_json *o);

#endif
