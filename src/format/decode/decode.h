/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file as a stream of UTF-8 bytes: plain, gzip or zstd, in any encoding that iconv knows.
 *
 * Everything is checked: sizes and checksums of gzip members and zstd frames, their end marks, bytes behind the last
 * one, a file that shrinks while it is read. What is broken is Q_SOURCE and says at which byte of the file (and of the
 * decoded stream). A byte order mark is skipped. Bytes that are no UTF-8 pass through: whoever splits records rejects
 * those that contain them. Bytes that another encoding does not have become the byte 0xFF, which is no UTF-8 either, so
 * that they spoil their record and not the file.
 *
 * A stream belongs to one thread at a time and to its arena; it is closed with it or earlier.
 *
 *     struct decode_options o = {.compression = "auto", .encoding = "auto"};
 *     struct decode *d;
 *     code = decode_open(arena, "inbox/sales.csv.gz", &o, &d, err);
 *     while (!code && !(code = decode_read(d, buf, sizeof buf, &got, err)) && got)
 *         use(buf, got);
 *     decode_close(d);
 */
#ifndef Q_FORMAT_DECODE_H
#define Q_FORMAT_DECODE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct decode;

enum {
    /* A decoded stream that is larger than this many times its file is taken for a bomb; zlib's own limit is 1032. */
    DECODE_RATIO = 2000,
};

struct decode_options {
    const char *compression; /* "auto" (by the first bytes), "none", "gzip", "zstd"; NULL: auto */
    const char *
        encoding; /* "auto" (by the byte order mark, or the NUL bytes that UTF-16 and 32 have in their first two
                             characters; else utf-8) or a name iconv knows; NULL: auto */
    const char *note;  /* stands behind the encoding in decode_describe(); or NULL */
    int64_t max_bytes; /* of the decoded stream; 0: 1 TiB, what a position can address */
    int64_t max_ratio; /* decoded bytes a byte of the file, checked above 64 MB; 0: DECODE_RATIO */
};

/* Q_SOURCE when the file is missing, a directory or cannot be read; an unknown encoding is Q_CONFIG. */
Q_MUST_CHECK enum q_code decode_open(struct q_arena *arena, const char *path,
                                     const struct decode_options *options, struct decode **out,
                                     struct q_err *err);
/* Settle the encoding of a file that may be UTF-8 or windows-1252, after a look at all of it: the latter when some line is
 * no UTF-8. Changes `options`, whose note then says so; the note belongs to the arena. */
Q_MUST_CHECK enum q_code decode_guess(struct q_arena *arena, const char *path,
                                      struct decode_options *options, struct q_err *err);
/* The next bytes of the stream. *got < n only at its end. */
Q_MUST_CHECK enum q_code decode_read(struct decode *d, char *buf, size_t n, size_t *got,
                                     struct q_err *err);
/* Go on at byte `offset` of the stream, which is not before the current one. Plain files jump, others decode. */
Q_MUST_CHECK enum q_code decode_skip_to(struct decode *d, int64_t offset, struct q_err *err);
/* NULL is ignored. */
void decode_close(struct decode *d);

/* What was found: "utf-8", "utf-8 with BOM", "gzip, utf-16le with BOM". */
const char *decode_describe(const struct decode *d);
/* Bytes of the file read so far. */
int64_t decode_file_read(const struct decode *d);

#endif
