/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One value of a batch as text, exactly: what batch/cast.h reads back into the same value.
 *
 *   boolean       true, false
 *   integers      -12
 *   decimal       12.30 (as many digits behind the point as the scale says)
 *   double        the shortest text that reads back to the same double; nan, inf, -inf
 *   date          2010-12-01; years before 1 and after 9999 are written with their sign
 *   time          08:26:00, with .123456 when there are microseconds
 *   timestamp     2010-12-01 08:26:00[.123456]; timestamptz the same with +00 behind it
 *   uuid          8-4-4-4-12 lower case hexadecimal digits
 *   blob          \x and two hexadecimal digits a byte
 *   text, json    the bytes themselves, without any quoting
 *
 * Any thread; nothing is kept. A NULL writes nothing: ask batch_is_null() first.
 *
 *     if (!batch_is_null(col, row))
 *         batch_cell_text(col, row, &out);
 */
#ifndef Q_BATCH_CELL_H
#define Q_BATCH_CELL_H

#include "base/str.h"
#include "batch/batch.h"

/* Append the text of the value at `row`. */
void batch_cell_text(const struct batch_col *col, size_t row, struct q_buf *out);

/* The unscaled integer of a decimal or integer column. */
__int128 batch_cell_integer(const struct batch_col *col, size_t row);

enum { BATCH_REAL_TEXT = 352 };
/* The shortest plain decimal digits that read back to the same double: 19.99, 3.0, 1000000.0; inf, -inf. */
struct q_str batch_real_text(double v, char out[static BATCH_REAL_TEXT]);

#endif
