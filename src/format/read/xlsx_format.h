/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers of a workbook: which of them are dates and times, by their number format, and what they are as text.
 *
 * A workbook stores a date as a number of days, its fraction being the time. Day 1 is 1900-01-01; day 60 is 1900-02-29,
 * which never was, because Lotus 1-2-3 thought so; in the 1904 system day 0 is 1904-01-01 (ECMA-376 part 1, 18.17.4.1).
 */
#ifndef Q_FORMAT_READ_XLSX_FORMAT_H
#define Q_FORMAT_READ_XLSX_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

enum xlsx_kind { XLSX_NUMBER, XLSX_DATE, XLSX_TIME, XLSX_DATETIME, XLSX_ELAPSED };

enum { XLSX_TEXT = 64 };

/* By the number of a built-in format: 14 to 22, 45 to 47, and the East Asian ones. */
enum xlsx_kind xlsx_builtin_kind(int id);
/* By the code of a custom format, like `dd/mm/yyyy hh:mm` or `[h]:mm`; its first section counts. */
enum xlsx_kind xlsx_format_kind(const char *code);

/*
 * Days as text: 2010-12-01, 08:26:00, 2010-12-01 08:26:00[.123[456]]; elapsed time as 36:00:00. `short_date`: no midnight
 * behind a date. What is within five microseconds of a whole millisecond is that millisecond: a day's fraction is a double.
 * False when the number is no date: negative, beyond the year 9999, or day 0 as a date.
 */
bool xlsx_moment(double days, enum xlsx_kind kind, bool from_1904, bool short_date,
                 char out[static XLSX_TEXT]);

/*
 * A number as it is written, in digits: an exponent is written out. Programs write doubles with 17 digits, 19.99 as
 * 19.989999999999998; where 15 or 16 digits name the same double they are taken. Whole numbers without an exponent stay
 * as they are, and so does what would be too long. `out` is used where the text changes.
 */
struct q_str xlsx_number(struct q_str text, char out[static XLSX_TEXT]);

#endif
