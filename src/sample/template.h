/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Project templates that are built into the program (src/sample/templates/<name>/).
 *
 *     code = sample_template_write(arena, "retail", dir, &files, err);
 */
#ifndef Q_SAMPLE_TEMPLATE_H
#define Q_SAMPLE_TEMPLATE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/file.h"

/* Names for an option's choices. */
#define SAMPLE_TEMPLATES "retail|empty"

/* Write all files of a template below `dir`, which is made; a directory that has files (hidden ones
 * but .git included) is refused with Q_USAGE. `written` (may be NULL) gets their paths inside `dir`. */
Q_MUST_CHECK enum q_code sample_template_write(struct q_arena *arena, const char *name,
                                               const char *dir, q_paths *written,
                                               struct q_err *err);

#endif
