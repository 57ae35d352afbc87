/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include <stdint.h>
#include <string.h>

/* FNV-1a, 64 bit. */
static uint64_t hash(const char *key)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (; *key; key++)
        h = (h ^ (unsigned char)*key) * 0x100000001b3u;
    return h;
}

void q_map_init(struct q_map *map, struct q_arena *arena)
{
    *map = (struct q_map){.arena = arena};
}

/* The slot of the key, or the free slot where it belongs. */
static unsigned *slot_of(const struct q_map *map, const char *key)
{
    size_t mask = map->slot_count - 1;
    for (size_t i = hash(key) & mask;; i = (i + 1) & mask) {
        unsigned *slot = &map->slots[i];
        if (!*slot || strcmp(map->entries[*slot - 1].key, key) == 0)
            return slot;
    }
}

static struct q_map_entry *find(const struct q_map *map, const char *key)
{
    if (!map->n)
        return NULL;
    unsigned slot = *slot_of(map, key);
    return slot ? &map->entries[slot - 1] : NULL;
}

void *q_map_get(const struct q_map *map, const char *key)
{
    struct q_map_entry *e = find(map, key);
    return e ? e->value : NULL;
}

bool q_map_has(const struct q_map *map, const char *key)
{
    return find(map, key) != NULL;
}

static void grow(struct q_map *map)
{
    size_t cap = map->cap ? map->cap * 2 : 8;
    struct q_map_entry *entries = q_alloc_array(map->arena, cap, sizeof *entries);
    if (map->n)
        memcpy(entries, map->entries, map->n * sizeof *entries);
    map->entries = entries;
    map->cap = cap;
    map->slot_count = cap * 2;
    map->slots = q_alloc_array(map->arena, map->slot_count, sizeof *map->slots);
    for (size_t i = 0; i < map->n; i++)
        *slot_of(map, entries[i].key) = (unsigned)i + 1;
}

bool q_map_put(struct q_map *map, const char *key, void *value)
{
    struct q_map_entry *e = find(map, key);
    if (e) {
        e->value = value;
        return false;
    }
    if (map->n == map->cap)
        grow(map);
    *slot_of(map, key) = (unsigned)map->n + 1;
    map->entries[map->n++] = (struct q_map_entry){q_strdup(map->arena, key), value};
    return true;
}
