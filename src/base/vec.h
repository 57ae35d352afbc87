/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growable arrays in an arena.
 *
 *     Q_VEC(struct column) cols = {0};
 *     struct column *c = q_vec_push(arena, &cols);   // zeroed; valid until the next push
 *     for (size_t i = 0; i < cols.n; i++) use(&cols.v[i]);
 *
 * Growth doubles and leaves the old array to the arena. Indices, not pointers, survive a push.
 */
#ifndef Q_BASE_VEC_H
#define Q_BASE_VEC_H

#include <stddef.h>

#include "base/arena.h"

#define Q_VEC(type)    \
    struct {           \
        type *v;       \
        size_t n, cap; \
    }

#define q_vec_push(arena, vec)                                                          \
    ((vec)->v = q_vec_grow((arena), (vec)->v, (vec)->n, &(vec)->cap, sizeof *(vec)->v), \
     &(vec)->v[(vec)->n++])

/* The array with room for one more element; *cap is updated. */
void *q_vec_grow(struct q_arena *arena, void *items, size_t n, size_t *cap, size_t size);

#endif
