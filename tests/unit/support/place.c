/* SPDX-License-Identifier: Apache-2.0 */
#include "support/place.h"

#include <stdlib.h>

#include "unit.h"

struct place place_make(void)
{
    struct place p = {.arena = q_arena_new(NULL, "test")};
    const char *tmp = getenv("TMPDIR");
    char *dir = q_printf(p.arena, "%s/quern-unit-XXXXXX", tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(dir));
    p.dir = dir;
    return p;
}

void place_drop(struct place *p)
{
    struct q_err err = {0};
    const char *dir = q_strdup(p->arena, p->dir);
    if (q_dir_remove(dir, &err))
        fail_msg("%s", err.message);
    q_arena_free(p->arena);
}

const char *place_path(const struct place *p, const char *name)
{
    return q_path_join(p->arena, p->dir, name);
}

const char *place_write(const struct place *p, const char *name, const char *text)
{
    struct q_err err = {0};
    const char *path = place_path(p, name);
    if (q_dir_make(q_path_dir(p->arena, path), &err) || q_file_write(path, q_str(text), &err))
        fail_msg("%s", err.message);
    return path;
}

const char *place_read(const struct place *p, const char *name)
{
    struct q_err err = {0};
    struct q_str text = {0};
    if (q_file_read(p->arena, place_path(p, name), 1 << 24, &text, &err))
        fail_msg("%s", err.message);
    return text.p;
}
