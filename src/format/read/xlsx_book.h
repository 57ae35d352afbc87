/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a workbook says about itself: its sheets, where its parts are, and what its cell styles mean.
 */
#ifndef Q_FORMAT_READ_XLSX_BOOK_H
#define Q_FORMAT_READ_XLSX_BOOK_H

#include "base/vec.h"
#include "format/read/xlsx_format.h"
#include "format/read/xlsx_zip.h"

struct xlsx_sheet_info {
    const char *name;
    const char *part; /* "xl/worksheets/sheet1.xml"; NULL: it is no work sheet (a chart) */
};

struct xlsx_book {
    Q_VEC(struct xlsx_sheet_info) sheets; /* in the order of their tabs, hidden ones too */
    bool from_1904;
    const char *strings;   /* part of the shared strings, or NULL */
    unsigned char *styles; /* enum xlsx_kind by cell style */
    size_t n_styles;
};

/* Q_SOURCE when the archive is no workbook, or broken. *out belongs to the arena. */
Q_MUST_CHECK enum q_code xlsx_book_read(struct q_arena *arena, struct xlsx_zip *zip,
                                        struct xlsx_book **out, struct q_err *err);
/* The sheet of a name, else of a number from 1; NULL or empty: the first work sheet. Q_SOURCE when there is none, with
 * the names of all. */
Q_MUST_CHECK enum q_code xlsx_book_find(const struct xlsx_book *book, const char *path,
                                        const char *sheet, size_t *out, struct q_err *err);

#endif
