/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A map from text to pointer in an arena. Keys are copied. Iteration goes in order of insertion, so
 * output built from a map is deterministic.
 */
#ifndef Q_BASE_MAP_H
#define Q_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

struct q_map_entry {
    const char *key;
    void *value;
};

struct q_map {
    struct q_arena *arena;
    struct q_map_entry *entries; /* in order of insertion */
    size_t n, cap;
    unsigned *slots; /* index + 1 into entries, 0 is free */
    size_t slot_count;
};

void q_map_init(struct q_map *map, struct q_arena *arena);
/* NULL when absent. */
void *q_map_get(const struct q_map *map, const char *key);
bool q_map_has(const struct q_map *map, const char *key);
/* Replaces; true when the key was new. */
bool q_map_put(struct q_map *map, const char *key, void *value);

#endif
