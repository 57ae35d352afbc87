/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sheets of a workbook (.xlsx) as records: a row of cells each, as typed batches.
 *
 * A file is read by one worker, row by row; files in parallel. The rules:
 *   - Columns by the header row, or by position; what the header does not name goes by its letters ("C"). A name that is
 *     merged over several columns is repeated: Sales, Sales_2; header rows below each other are joined by a blank. A
 *     value to the right of all columns rejects its row (`too_many_fields`).
 *   - A cell is a text (shared, inline or of a formula), a number, a boolean (true, false), a date or time by its number
 *     format (xlsx_format.h), or an error; formulas count by the value that was saved with them. A missing cell is NULL,
 *     an empty text the empty string in text columns and NULL in others.
 *   - An error cell (#N/A ...) rejects its row (`cell_error`), or is NULL if that is declared.
 *   - Rows without any text between others are skipped and counted (`empty_rows`); hidden rows and columns are read.
 *
 * Rejected: cell_error, too_many_fields, cast; the position is the number of the row, what is told is JSON (rows.h).
 *
 *     code = xlsx_detect(arena, path, &settings, &dialect, err);
 *     code = xlsx_open(arena, path, &dialect, &target, &file, err);
 *     while (!(code = xlsx_fill(file, wanted, &batch, err)) && batch.rows) use(&batch);
 */
#ifndef Q_FORMAT_READ_XLSX_H
#define Q_FORMAT_READ_XLSX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/file.h"
#include "batch/cast.h"
#include "format/read/blocks.h"
#include "format/read/csv.h"
#include "format/read/slab.h"
#include "format/read/xlsx_zip.h"

struct xlsx_book;

struct xlsx_settings {
    const char *sheet; /* name, or number from 1; NULL: the first */
    const char *range; /* "B3:F200", "B:F", "B3:F"; NULL: all */
    enum csv_header
        header;          /* detect: the first row is one when all its cells are different texts */
    int64_t header_rows; /* 0: one */
    int64_t skip_rows;   /* rows at the top of the sheet that are no data */
    size_t columns;      /* without header: how many there are; 0: as many as the first row has */
    bool errors_null;
    bool trim; /* white space around texts does not count */
    struct xlsx_limits limits;
    const char *dir; /* of temporary files; NULL: the system's */
};

struct xlsx_dialect {
    struct xlsx_settings settings;
    const struct xlsx_book *book;
    const char *sheet; /* its name */
    const char *part;
    bool header;
    q_paths names;         /* of the columns */
    int64_t first_col;     /* of names.v[0], from 0 */
    int64_t last_col_kept; /* columns behind it are outside the range; -1: there is no range */
    int64_t first_row, last_row; /* of the data, from 1; last_row 0: to the end */
    const char *shown;
};

/* Q_SOURCE when it is no workbook, has no such sheet, is empty, or a header twice the same name; Q_CONFIG for settings. */
Q_MUST_CHECK enum q_code xlsx_detect(struct q_arena *arena, const char *path,
                                     const struct xlsx_settings *settings, struct xlsx_dialect *out,
                                     struct q_err *err);

struct xlsx_file;

/* In target->cols[].field stands the index of the column among dialect->names. */
Q_MUST_CHECK enum q_code xlsx_open(struct q_arena *arena, const char *path,
                                   const struct xlsx_dialect *dialect,
                                   const struct read_target *target, struct xlsx_file **out,
                                   struct q_err *err);
/* Append rows until the batch has BATCH_ROWS; fewer: the sheet has no more. */
Q_MUST_CHECK enum q_code xlsx_fill(struct xlsx_file *file, const bool *wanted, struct batch *out,
                                   struct q_err *err);
void xlsx_close(struct xlsx_file *file);
/* Bytes of the file read so far. Any thread. */
int64_t xlsx_file_read(struct xlsx_file *file);
/* As blocks_locate(): `offset` is a row's number, and so is `line`; raw is JSON. */
Q_MUST_CHECK enum q_code xlsx_locate(struct xlsx_file *file, struct blocks_place *places, size_t n,
                                     size_t raw_max, struct q_arena *arena, struct q_err *err);

/* What a column has in all rows, for types that nobody declared. */
struct xlsx_guess {
    struct batch_guess guess; /* of numbers, dates and times */
    int64_t numbers, moments, times, booleans, texts;
};

/* Read a whole sheet and add what its columns have; guess[c] is of target->cols[c]. */
Q_MUST_CHECK enum q_code xlsx_look_at(const char *path, const struct xlsx_dialect *dialect,
                                      const struct read_target *target, struct xlsx_guess *guess,
                                      struct q_err *err);
/* Texts are text whatever they look like, and so is what is of several kinds: *mixed. */
struct q_type xlsx_guess_type(const struct xlsx_guess *guess, bool *mixed);

#endif
