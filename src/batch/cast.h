/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one set of strict casts from text to typed columns (SEMANTICS 31, 33).
 *
 * Only exact text is a value; nothing is rounded, cut or guessed unless the caller declares it:
 *   integers     [+-] digits, with a fraction only if it is zero: 17850.0 is one, 1.5 and 1e3 are not
 *   decimal(p,s) the same with a fraction; digits behind the scale must be zero: 7.70 and 7.7000 are a
 *                decimal(12,2), 7.777 is not
 *   double       decimal digits with optional exponent; no nan, inf, hexadecimal; an overflow fails
 *   boolean      true false t f yes no y n 1 0, any case
 *   date         2010-12-01, nothing behind it; years 0001 to 9999
 *   time         08:26[:00[.123456]]
 *   timestamp    a date, or date, space or T, time; no zone. A date alone is its first instant
 *   timestamptz  the same with Z, +HH, +HHMM or +HH:MM behind the time (required); kept in UTC
 *   uuid         8-4-4-4-12 hexadecimal digits, any case
 *   blob         \x and pairs of hexadecimal digits
 *   json         one JSON value, depth at most BATCH_JSON_DEPTH; kept as it is written
 *   text         anything (the caller has validated UTF-8)
 * Blanks around a value fail. An empty unquoted field is NULL; an empty quoted one is the empty string in text
 * columns and NULL in all others (or fails, see empty_fails).
 *
 * Input is a column of a slab of records: spans of one buffer. BATCH_CAST_PAD bytes behind the buffer's last field
 * must be readable (their values do not matter): numbers are read eight bytes at a time.
 *
 * Any thread; a struct batch_cast is read only.
 *
 *     struct batch_cast cast = {.type = Q_DECIMAL(12, 2)};
 *     uint64_t fail[BATCH_FAIL_WORDS(ROWS)] = {0};
 *     if (batch_cast_column(&cast, base, spans, rows, col, first, fail))
 *         for (r = 0; r < rows; r++)
 *             if (fail[r >> 6] >> (r & 63) & 1) reject(r);
 */
#ifndef Q_BATCH_CAST_H
#define Q_BATCH_CAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "batch/batch.h"

enum { BATCH_CAST_PAD = 64, BATCH_JSON_DEPTH = 128 };

/* Bytes [at, at + length) of a buffer. BATCH_QUOTED: an empty one is a value, not NULL. */
struct batch_span {
    uint32_t at, n;
};
#define BATCH_QUOTED UINT32_C(0x80000000)
#define BATCH_SPAN_MAX UINT32_C(0x3fffffff)

static inline uint32_t batch_span_length(struct batch_span s)
{
    return s.n & BATCH_SPAN_MAX;
}

#define BATCH_FAIL_WORDS(rows) (((rows) + 63) / 64)

struct batch_cast {
    struct q_type type;
    bool
        empty_fails; /* an empty quoted field in a column that is not text fails instead of being NULL */
    /* Declared leniency. */
    bool trim;                  /* blanks around an unquoted value are not part of it */
    bool round_half_up;         /* surplus decimal digits are rounded, halves away from zero */
    bool decimal_comma;         /* the decimal point is a comma */
    bool implied_point;         /* decimals: the text is the unscaled integer, and a point fails */
    char thousands;             /* between groups of exactly three digits; 0: none */
    const char *const *formats; /* of dates and times, the first that fits; NULL: ISO as above */
    size_t n_formats;
    const char *const *nulls; /* unquoted texts that mean NULL, besides the empty one */
    size_t n_nulls;
};

/*
 * Cast `rows` spans into rows [first, first + rows) of `col`, whose type is the cast's. Returns how many failed and
 * sets their bits in `fail` (bit r for the r-th span; not cleared before); the column's rows of those are undefined.
 */
size_t batch_cast_column(const struct batch_cast *cast, const char *base,
                         const struct batch_span *spans, size_t rows, struct batch_col *col,
                         size_t first, uint64_t *fail);

/* Check a declared format of a date, time or timestamp: %Y %y %m %d %e %b %H %I %M %S %f %p %z %% and literal
 * characters. Q_CONFIG otherwise. */
Q_MUST_CHECK enum q_code batch_format_check(const char *format, struct q_type type,
                                            struct q_err *err);

/* What a text could be, for inference (SEMANTICS 34): one call a value. */
struct batch_guess {
    bool not_integer, not_decimal, not_date, not_timestamp; /* some value is no such thing */
    bool any;                                               /* some value is not NULL */
    unsigned whole,
        scale; /* digits before the point, and behind it without trailing zeros, that hold all values */
};
/* Zero-initialise *guess before the first value. `text` has BATCH_CAST_PAD readable bytes behind it. A number with a
 * leading zero before another digit is a code, not a number. */
void batch_guess_add(struct batch_guess *guess, struct q_str text);
/* bigint, else the smallest decimal, else date, timestamp, text. No value at all: text. */
struct q_type batch_guess_type(const struct batch_guess *guess);

#endif
