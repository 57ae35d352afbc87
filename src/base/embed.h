/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files built into the program: SQL statements, project templates, report assets. Made by tools/embed.
 */
#ifndef Q_BASE_EMBED_H
#define Q_BASE_EMBED_H

#include <stddef.h>

struct q_embed {
    const char *path;          /* relative to src/, e.g. "state/insert_run.sql" */
    const unsigned char *data; /* NUL-terminated beyond `size` */
    size_t size;
};

/* Sorted by path, bytewise. */
extern const struct q_embed q_embed_files[];
extern const size_t q_embed_count;

/* NULL when there is none. */
const struct q_embed *q_embed_find(const char *path);
/* The text of an embedded file; a missing one is our defect and ends the process (assert). */
const char *q_embed_text(const char *path);

#endif
