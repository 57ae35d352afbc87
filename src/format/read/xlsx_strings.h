/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shared strings of a workbook, read as far as they are asked for: some megabytes in memory, the others in a
 * temporary file without a name, so that a table of any size can be read.
 *
 * One thread.
 */
#ifndef Q_FORMAT_READ_XLSX_STRINGS_H
#define Q_FORMAT_READ_XLSX_STRINGS_H

#include "format/read/xlsx_zip.h"

struct xlsx_strings;

/* `part`: of the archive; NULL: there are none. `dir`: of the temporary file; NULL: the system's. */
Q_MUST_CHECK enum q_code xlsx_strings_open(struct q_arena *arena, struct xlsx_zip *zip,
                                           const char *part, const char *dir,
                                           struct xlsx_strings **out, struct q_err *err);
/* The text of a number, good until the next call; text->p is NULL when there is no such string. Q_SOURCE when the part is
 * broken, Q_NOSPACE when the temporary file cannot be written. */
Q_MUST_CHECK enum q_code xlsx_strings_get(struct xlsx_strings *strings, int64_t number,
                                          struct q_str *text, struct q_err *err);

/* Closes the part; strings that were read stay. */
void xlsx_strings_close(struct xlsx_strings *strings);

/* What a program wrote as _x000D_ in a text: the character. The text gets shorter; its new length. */
size_t xlsx_unescape(char *p, size_t n);

#endif
