/* SPDX-License-Identifier: Apache-2.0 */
/* How the results of load tests are shown, by `quern test` and `quern selftest history`. */
#ifndef Q_CMD_SHOW_PROOF_H
#define Q_CMD_SHOW_PROOF_H

#include "base/json.h"
#include "prove/loadtest.h"

/* A line, and what failed below it, on stdout. */
void show_proof_text(const struct prove_result *r);
/* Into an object that is empty. */
void show_proof_json(const struct prove_result *r, struct q_json *o);

#endif
