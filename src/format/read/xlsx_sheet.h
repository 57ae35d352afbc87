/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sheet as cells, in order of rows and columns. Inside the XLSX reader.
 */
#ifndef Q_FORMAT_READ_XLSX_SHEET_H
#define Q_FORMAT_READ_XLSX_SHEET_H

#include "format/read/xlsx_book.h"
#include "format/read/xlsx_zip.h"

enum {
    XLSX_COLUMNS = 16384,
    XLSX_LETTERS = 8, /* a column's name: "XFD" */
};

enum xlsx_cell_kind {
    XLSX_CELL_NUMBER,
    XLSX_CELL_MOMENT,
    XLSX_CELL_BOOLEAN,
    XLSX_CELL_TEXT,
    XLSX_CELL_ERROR
};

struct xlsx_cell {
    int64_t row; /* from 1 */
    int64_t col; /* from 0 */
    enum xlsx_cell_kind kind;
    enum xlsx_kind
        format; /* of a moment; XLSX_NUMBER: it is written as text, 2010-12-01T08:26:00 */
    double days;
    struct q_str
        text; /* good for the call; true and false of booleans, digits of numbers and moments */
};

/* Cells [first_row, last_row] by [first_col, last_col]. */
struct xlsx_area {
    int64_t first_row, last_row, first_col, last_col;
};

struct xlsx_sheet_events {
    void (*row)(void *self, int64_t row);
    void (*cell)(void *self, const struct xlsx_cell *cell); /* those that have a value */
    void (*row_end)(void *self, int64_t row);
    void (*merge)(void *self, const struct xlsx_area *area); /* behind all rows; may be NULL */
};

struct xlsx_sheet;

/* Q_SOURCE when the workbook is broken. `dir` as in xlsx_strings.h. Closed with the arena. */
Q_MUST_CHECK enum q_code xlsx_sheet_open(struct q_arena *arena, const char *path,
                                         const struct xlsx_limits *limits,
                                         const struct xlsx_book *book, const char *part,
                                         const char *dir, const struct xlsx_sheet_events *events,
                                         void *self, struct xlsx_sheet **out, struct q_err *err);
/* A piece further; *end at the end. */
Q_MUST_CHECK enum q_code xlsx_sheet_next(struct xlsx_sheet *sheet, bool *end, struct q_err *err);
/* From a callback: stop with this error, which is copied. */
void xlsx_sheet_fail(struct xlsx_sheet *sheet, enum q_code code, const struct q_err *err);
struct xml_push *xlsx_sheet_push(const struct xlsx_sheet *sheet);
int64_t xlsx_sheet_file_read(const struct xlsx_sheet *sheet);
void xlsx_sheet_close(struct xlsx_sheet *sheet);

/* "A", "AB" of a column from 0. */
const char *xlsx_letters(int64_t col, char out[static XLSX_LETTERS]);
/* "B3:F200", "B:F", "B3:F", "$B$3:$F$200": what is not said is 0 (last_row) or 1 (first_row). False when it is none. */
bool xlsx_area_parse(const char *text, struct xlsx_area *out);

#endif
