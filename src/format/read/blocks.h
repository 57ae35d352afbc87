/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A decoded file cut into blocks of whole records, handed to any number of workers.
 *
 * One exact pass in order of the file finds where records end; it runs inside blocks_next(), under the file's lock, and
 * does as little as it can: read, look for a quote, find the last line end. So nothing is guessed, and what is read does
 * not depend on the number of workers or on the size of the blocks. Workers parse their blocks outside the lock.
 *
 * What ends a record:
 *   BLOCKS_LINES   a line feed (with or without a carriage return before it)
 *   BLOCKS_CSV     the same outside quotes, or a lone carriage return when `cr` is set. A quote opens a field only at
 *                  its first byte. In a quoted field the escape character takes the next byte as it is; when it is the
 *                  quote itself, a doubled one is one. A closing quote that is followed by anything but a delimiter or a
 *                  line end is a mistake in the record, and the rest of the field counts as unquoted.
 *   BLOCKS_ARRAY   a value of a JSON array ends with its comma, or the bracket that ends the array; behind that may be the
 *                  rest of the `around` objects that the array is in
 *   BLOCKS_VALUES  JSON objects one after the other: each ends with its own brace
 * A record that begins with the character `comment` is none; it ends with its line, whatever quotes are in it. The last
 * `footer_lines` records of a file, or those at its end that match `footer`, are left out and counted; a file with fewer
 * is Q_SOURCE.
 * A quote that is open at the end of the file, and a record longer than max_record, is Q_SOURCE with line and byte: no
 * one can say what belongs to it, and the rest of the file must not vanish in it.
 *
 * The index of blocks remembers offset, lines and records of each, so that the line and ordinal of a position are found
 * by reading one block again (blocks_locate()).
 *
 * Any thread may call blocks_next() and blocks_done(); the others after all workers are done.
 *
 *     struct block b;
 *     block_init(&b, arena);
 *     while (!(code = blocks_next(blocks, &b, err)) && b.n) {
 *         parse(b.p, b.n, b.offset);
 *         blocks_done(blocks, &b, records);
 *     }
 */
#ifndef Q_FORMAT_READ_BLOCKS_H
#define Q_FORMAT_READ_BLOCKS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "format/decode/decode.h"

enum {
    BLOCK_SIZE = 1 << 19,
    BLOCK_PAD = 64, /* readable bytes behind a block */
    BLOCK_RECORD_MAX = 16 << 20,
    BLOCKS_FOOTER_MAX = 1000,
    BLOCK_EXTRA = 52 << 10,
};

enum blocks_kind { BLOCKS_LINES, BLOCKS_CSV, BLOCKS_ARRAY, BLOCKS_VALUES };

struct blocks_rules {
    enum blocks_kind kind;
    char delimiter, quote, escape; /* BLOCKS_CSV; quote 0: there is none */
    char comment;                  /* not BLOCKS_ARRAY; 0: there are none */
    bool cr;                       /* lines end with a lone carriage return */
    bool keep_blank;               /* BLOCKS_CSV: an empty line is a record (of one column) */
    const char *
        delimiters; /* one of several characters, the first of which is `delimiter`; NULL: it is one character */
    size_t delimiters_n;
    size_t footer_lines; /* at most BLOCKS_FOOTER_MAX; not BLOCKS_ARRAY; 0: there are none */
    const char *
        footer; /* a pattern with * and ?; with footer_lines all of them must match it; NULL: none */
    size_t around;     /* BLOCKS_ARRAY: objects that are open where the array begins */
    bool numbered;     /* blocks know how many records are before them */
    bool nested;       /* places may be inside of a record: they get its ordinal, and no text */
    size_t block_size; /* 0: BLOCK_SIZE */
    size_t max_record; /* 0: BLOCK_RECORD_MAX */
};

struct blocks;
struct read_target;

/* What a reader opens begins with this, so that closing, counting bytes and locating are written once. */
struct block_file {
    struct blocks *blocks;
    const struct read_target *target;
};

struct block {
    struct q_arena *arena;
    char *p;  /* whole records; BLOCK_PAD bytes behind it are readable, and it may be written */
    size_t n; /* 0: the end */
    int64_t offset; /* of p[0] in the decoded stream */
    size_t number;  /* in the index */
    bool has_quote; /* BLOCKS_CSV: some byte is a quote */
    bool last;      /* nothing follows; the final line end may be missing */
    size_t
        cap; /* from p[cap + BLOCK_PAD] on, as many bytes again are the worker's to use; then BLOCK_EXTRA more */
    int64_t first_record; /* with `numbered`: records before the block */
};

static inline size_t block_extra(const struct block *b)
{
    return 2 * (b->cap + BLOCK_PAD);
}

void block_init(struct block *b, struct q_arena *arena);

/* `start`: where the first record begins in the decoded stream. The file is opened again by path. */
Q_MUST_CHECK enum q_code blocks_open(struct q_arena *arena, const char *path,
                                     const struct decode_options *options,
                                     const struct blocks_rules *rules, int64_t start,
                                     struct blocks **out, struct q_err *err);
/* Frees the file's handles; the index stays for blocks_locate(). */
void blocks_close(struct blocks *blocks);
Q_MUST_CHECK enum q_code blocks_next(struct blocks *blocks, struct block *b, struct q_err *err);
/* Note the records of a block that was parsed. */
void blocks_done(struct blocks *blocks, const struct block *b, int64_t records);
/* Bytes of the file (not of the stream) read so far. */
int64_t blocks_file_read(struct blocks *blocks);
/* Records left out at the end of the file, once it was read to there. */
int64_t blocks_footers(struct blocks *blocks);

/* Where a record stands. */
struct blocks_place {
    int64_t offset;   /* in: of the record's first byte */
    int64_t ordinal;  /* record number from 1; 0 when no record starts there */
    int64_t line;     /* of the file, from 1 */
    struct q_str raw; /* of the arena, without its line end, cut at `raw_max` bytes */
};

/* `places` sorted by offset. Reads only the blocks that have one of them (compressed files up to the last). */
Q_MUST_CHECK enum q_code blocks_locate(struct blocks *blocks, struct blocks_place *places, size_t n,
                                       size_t raw_max, struct q_arena *arena, struct q_err *err);

/* No record end was found. */
#define BLOCKS_NO_END SIZE_MAX

/* The offset behind the record that starts at `at` in p[0, n), its line end or comma included; BLOCKS_NO_END when it does
 * not end there (at the end of a file a missing line end is no fault). *open_quote is then the offset of a quote that
 * is still open, or BLOCKS_NO_END. */
size_t blocks_record_end(const struct blocks_rules *rules, const char *p, size_t n, size_t at,
                         size_t *open_quote);
/* The end of the CSV field that starts at `at` in the record p[.., end): its delimiter's offset, or `end`. */
size_t blocks_field_end(const struct blocks_rules *rules, const char *p, size_t end, size_t at);
/* Bytes of the delimiter. */
static inline size_t blocks_delimiter_n(const struct blocks_rules *rules)
{
    return rules->delimiters ? rules->delimiters_n : 1;
}
/* Whether the record p[at, end), without its line end, is a comment. */
static inline bool blocks_is_comment(const struct blocks_rules *rules, const char *p, size_t at,
                                     size_t end)
{
    return rules->comment && at < end && p[at] == rules->comment;
}
/* Whether a text is as a pattern with * and ? says. */
bool blocks_matches(const char *pattern, const char *p, size_t n);
/* Offset of the next byte of a JSON text that is no blank. */
size_t blocks_skip_blanks(const char *p, size_t n, size_t at);
/* Line ends among p[0, n). */
int64_t blocks_count_lines(const struct blocks_rules *rules, const char *p, size_t n);

#endif
