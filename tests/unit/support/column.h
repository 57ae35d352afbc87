/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory for a column of a batch, as an engine has it, for tests of readers without one:
 *
 *     cols[i] = (struct batch_col){.vector = &memory[i], .data = memory[i].data, ..., .put_far = put_far, .need_valid = need_valid};
 */
#ifndef Q_TESTS_SUPPORT_COLUMN_H
#define Q_TESTS_SUPPORT_COLUMN_H

#include <string.h>

#include "base/arena.h"
#include "batch/batch.h"

struct column {
    char data[BATCH_ROWS * 16] __attribute__((aligned(16)));
    uint64_t valid[BATCH_ROWS / 64];
    struct q_arena *arena; /* of long texts */
};

static void put_far(struct batch_col *col, size_t row, const char *p, size_t n)
{
    struct column *c = col->vector;
    ((struct batch_text *)col->data)[row] =
        (struct batch_text){.far_n = (uint32_t)n, .far = q_strndup(c->arena, p, n)};
}

static void need_valid(struct batch_col *col)
{
    struct column *c = col->vector;
    memset(c->valid, 0xFF, sizeof c->valid);
    col->valid = c->valid;
}

#endif
