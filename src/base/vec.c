/* SPDX-License-Identifier: Apache-2.0 */
#include "base/vec.h"

#include <string.h>

void *q_vec_grow(struct q_arena *arena, void *items, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return items;
    size_t want = *cap ? *cap * 2 : 8;
    void *grown = q_alloc_array(arena, want, size);
    if (n)
        memcpy(grown, items, n * size);
    *cap = want;
    return grown;
}
