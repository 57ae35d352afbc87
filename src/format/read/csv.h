/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delimited text: what a file looks like, and its records as typed batches, by any number of workers.
 *
 * The rules of records and quotes are those of blocks.h, of values those of batch/cast.h: an unquoted empty field is
 * NULL, a quoted one the empty string (SEMANTICS 33). A quote in an unquoted field is data. An empty line is no record,
 * except in a file of one column, where it is a NULL. What is found does not depend on the number of workers.
 *
 * Rejected, with the position of the record's first byte:
 *   too_few_fields, too_many_fields   also for one delimiter too many at the end of a line; unless they are to be
 *                  padded or cut, which is counted
 *   bad_quote      something else than a delimiter or a line end stands behind a closing quote
 *   invalid_utf8   also where another encoding had no character
 *   nul_byte
 *   cast           one reject for each field that is no value of its column's type
 *
 * Life: csv_detect() once a file; csv_open() once a file; a csv_worker for each thread, which may go from file to file.
 *
 *     struct csv_dialect d;
 *     code = csv_detect(arena, path, &decode, &settings, &d, err);
 *     code = csv_open(arena, path, &decode, &d, &target, &file, err);
 *     struct csv_worker *w = csv_worker_new(arena, n_cols);
 *     while (!(code = csv_fill(w, file, wanted, &batch, err)) && batch.rows) use(&batch);
 */
#ifndef Q_FORMAT_READ_CSV_H
#define Q_FORMAT_READ_CSV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/file.h"
#include "base/vec.h"
#include "format/decode/decode.h"
#include "format/read/blocks.h"
#include "format/read/slab.h"

enum csv_header { CSV_HEADER_DETECT, CSV_HEADER_YES, CSV_HEADER_NO, CSV_HEADER_FIND };

/* What is declared. */
struct csv_settings {
    const char *delimiter; /* one or more characters; NULL: detect among , ; tab and | */
    bool no_quote;
    char quote;   /* 0: " */
    char escape;  /* 0: the quote itself */
    char comment; /* lines that begin with it are none; 0: none */
    /* Detect: the first record is one when all its fields are different texts that are no numbers, dates or times. Find:
     * it is the first of the first CSV_FIND_LINES lines that has all names in `expected`. */
    enum csv_header header;
    q_paths expected;
    int64_t skip_lines; /* at the top, before the header */
    size_t footer_lines;
    const char *footer;     /* as in blocks.h */
    bool number_duplicates; /* of two columns of one name the second is "name_2" */
    bool pad, cut;          /* too few fields: the others are NULL; too many: they are left out */
    size_t max_record, block_size; /* 0: defaults of blocks.h */
};

enum { CSV_FIND_LINES = 1000 };

struct csv_dialect {
    struct blocks_rules rules;
    bool header, pad, cut;
    int64_t start;     /* of the first record in the decoded stream */
    q_paths names;     /* of the header, or column1, column2 ... */
    const char *shown; /* "delimiter ",", quote ", line ends \n, header, utf-8": one line */
};

/*
 * Look at the file's beginning. Q_SOURCE when it is empty, or its header is: twice the same name, or not UTF-8.
 */
Q_MUST_CHECK enum q_code csv_detect(struct q_arena *arena, const char *path,
                                    const struct decode_options *decode,
                                    const struct csv_settings *settings, struct csv_dialect *out,
                                    struct q_err *err);

struct csv_file;
struct csv_worker;

/* `target` and `dialect` outlive the file. In target->cols[].field stands the index of the file's field. */
Q_MUST_CHECK enum q_code csv_open(struct q_arena *arena, const char *path,
                                  const struct decode_options *decode,
                                  const struct csv_dialect *dialect,
                                  const struct read_target *target, struct csv_file **out,
                                  struct q_err *err);

/* `arena` belongs to the worker's thread. */
struct csv_worker *csv_worker_new(struct q_arena *arena);
/* Append rows to the batch until it has BATCH_ROWS; fewer: the file has no more for this worker. */
Q_MUST_CHECK enum q_code csv_fill(struct csv_worker *w, struct csv_file *file, const bool *wanted,
                                  struct batch *out, struct q_err *err);

/* The text of a quoted field p[0, n), quotes included, without its quotes and escapes; *m bytes to `out`, which has room
 * for n. False when something stands behind the closing quote. */
bool csv_unquote(const struct blocks_rules *rules, const char *p, size_t n, char *out, size_t *m);

#endif
