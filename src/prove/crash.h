/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The crash suite (SEMANTICS 16): loads are run by child processes of this program in a temporary directory and are killed,
 * or run out of disk or memory. Afterwards the target must be exactly as before or exactly as after, the lock free, the run
 * that died on record, and the next run must work.
 *
 *     struct prove_crash_options o = {.kills = 100, .seed = 7, .program = "/proc/self/exe"};
 *     code = prove_crash(arena, &o, &result, err);
 */
#ifndef Q_PROVE_CRASH_H
#define Q_PROVE_CRASH_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/opt.h"

enum prove_crash_kind { PROVE_KILL, PROVE_DISK, PROVE_MEMORY, PROVE_CRASH_KINDS };

struct prove_crash_options {
    int64_t kills;
    uint64_t seed;
    const char *program; /* path of this binary */
};

struct prove_crash_result {
    struct {
        int64_t before, after; /* how the target was found */
    } landed[PROVE_CRASH_KINDS];
    q_texts differences; /* one text each; none: passed */
    double seconds;
};

const char *prove_crash_name(enum prove_crash_kind kind);
/* Differences are no error. Q_INTERNAL when the loads do not work even undisturbed. Texts belong to `arena`. */
Q_MUST_CHECK enum q_code prove_crash(struct q_arena *arena, const struct prove_crash_options *o,
                                     struct prove_crash_result *out, struct q_err *err);

#endif
