/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A directory of its own for a test, and an arena; both are gone after place_drop().
 *
 *     struct place p = place_make();
 *     place_write(&p, "model/dim.yaml", "dimension: dim\n");
 *     ...
 *     place_drop(&p);
 */
#ifndef SUPPORT_PLACE_H
#define SUPPORT_PLACE_H

#include "base/arena.h"
#include "base/file.h"

struct place {
    struct q_arena *arena;
    const char *dir;
};

struct place place_make(void);
void place_drop(struct place *p);
const char *place_path(const struct place *p, const char *name);
/* Directories are made. Returns the path. */
const char *place_write(const struct place *p, const char *name, const char *text);
const char *place_read(const struct place *p, const char *name);

#endif
