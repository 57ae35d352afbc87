/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files and paths: read whole, write atomically, make directories, match globs, lock.
 *
 * Errors are Q_SOURCE for what is read and Q_NOSPACE for what is written, with the path and the
 * system's reason.
 */
#ifndef Q_BASE_FILE_H
#define Q_BASE_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "base/vec.h"

typedef Q_VEC(const char *) q_paths;

struct q_file_info {
    int64_t size;       /* bytes */
    int64_t changed_at; /* mtime, microseconds UTC */
    bool is_dir;
};

/* false when it does not exist or cannot be looked at. */
bool q_file_stat(const char *path, struct q_file_info *out);
bool q_file_exists(const char *path);
/* Whole file, at most `max` bytes (more is an error). NUL-terminated behind its length. A directory is refused. */
Q_MUST_CHECK enum q_code q_file_read(struct q_arena *arena, const char *path, size_t max,
                                     struct q_str *out, struct q_err *err);
/* Temporary file beside it, fsync, rename, fsync of the directory. */
Q_MUST_CHECK enum q_code q_file_write(const char *path, struct q_str text, struct q_err *err);
/* Put a file that is written and closed, `temp`, in the place of `path`, durably. On failure `temp` stays. */
Q_MUST_CHECK enum q_code q_file_place(const char *temp, const char *path, struct q_err *err);
/* A directory's entries survive a crash: fsync of the directory `path` lies in. One that cannot be synced is no worse than
 * before, so this tells nothing. */
void q_file_sync_dir(const char *path);
/* Move a file to a path that is not taken, durably; to another file system by a copy. *exists: it is taken, and nothing was
 * done. */
Q_MUST_CHECK enum q_code q_file_move(const char *from, const char *to, bool *exists,
                                     struct q_err *err);
/* mkdir -p. */
Q_MUST_CHECK enum q_code q_dir_make(const char *path, struct q_err *err);
/* rm -r; what does not exist is fine. */
Q_MUST_CHECK enum q_code q_dir_remove(const char *path, struct q_err *err);
/* Names in a directory with this ending ("" for all), sorted bytewise, without dot files. A missing
 * directory gives none. */
Q_MUST_CHECK enum q_code q_dir_list(struct q_arena *arena, const char *path, const char *ending,
                                    q_paths *out, struct q_err *err);
/* Paths matching a shell pattern (*, ?, [..]; not across /), sorted bytewise. A pattern without
 * wildcards gives itself when it exists. A missing directory gives none. */
Q_MUST_CHECK enum q_code q_glob(struct q_arena *arena, const char *pattern, q_paths *out,
                                struct q_err *err);
bool q_glob_is_pattern(const char *path);

/* dir/name; an absolute name stays as it is. */
const char *q_path_join(struct q_arena *arena, const char *dir, const char *name);
const char *q_path_dir(struct q_arena *arena, const char *path);
const char *q_path_base(const char *path);
/* The one path of what is there, without links, "." and ".."; NULL when there is nothing. */
const char *q_path_real(struct q_arena *arena, const char *path);

#endif
