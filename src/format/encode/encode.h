/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text on its way to a file, compressed: a sink in front of a sink. The counterpart of format/decode.
 *
 *     struct write_sink sink = write_to_file(file);
 *     const char *how = encode_by_name("sales.csv.gz");         // "gzip"
 *     if (how) code = encode_sink(arena, how, sink, &sink, err);
 *     ... put() and one flush(), which ends the stream ...
 *
 * The same text gives the same bytes: no time and no name is in them. A checksum is. Belongs to the arena and to one thread at
 * a time; a sink that is never flushed leaves an unfinished stream behind.
 */
#ifndef Q_FORMAT_ENCODE_H
#define Q_FORMAT_ENCODE_H

#include "format/write/write.h"

/* "gzip" of a name that ends in .gz, "zstd" of .zst; NULL. */
const char *encode_by_name(const char *path);
/* `path` without that ending. */
const char *encode_bare_name(struct q_arena *arena, const char *path);
/* `how`: of encode_by_name(). Errors of put() and flush() are those of `to`. */
Q_MUST_CHECK enum q_code encode_sink(struct q_arena *arena, const char *how, struct write_sink to,
                                     struct write_sink *out, struct q_err *err);

#endif
