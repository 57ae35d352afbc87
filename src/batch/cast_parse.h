/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parsers of single values behind batch/cast.h; only its files include this.
 *
 * All take text [p, p + n) with BATCH_CAST_PAD readable bytes behind it and return whether it is a value of the type;
 * *out is undefined otherwise. The inline ones handle the common shapes without a loop and leave the rest to the
 * exact ones.
 */
#ifndef Q_BATCH_CAST_PARSE_H
#define Q_BATCH_CAST_PARSE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "batch/cast.h"

typedef unsigned __int128 cast_u128;

/* How far a number may go. */
struct cast_limits {
    unsigned scale;    /* digits behind the point that are kept */
    cast_u128 max;     /* of the unscaled value */
    cast_u128 max_neg; /* of the magnitude of a negative one */
    bool round;        /* half up instead of failing */
};

struct cast_limits cast_limits_of(const struct batch_cast *cast);
bool cast_number(const char *p, size_t n, const struct cast_limits *limits, __int128 *out);
bool cast_double(const char *p, size_t n, double *out);

bool cast_date(const char *p, size_t n, int32_t *days);
bool cast_time(const char *p, size_t n, int64_t *usec);
bool cast_timestamp(const char *p, size_t n, bool zone, int64_t *usec);
/* By a declared format. `type` is date, time, timestamp or timestamptz; *out in its unit. */
bool cast_by_format(const char *format, struct q_type type, const char *p, size_t n, int64_t *out);

bool cast_bool(const char *p, size_t n, bool *out);
bool cast_uuid(const char *p, size_t n, __int128 *out);
/* `out` has room for n / 2 bytes; *m is what was written. */
bool cast_blob(const char *p, size_t n, char *out, size_t *m);
bool cast_json(const char *p, size_t n);

/* ---- eight digits at a time ---- */

static inline uint64_t cast_load8(const char *p)
{
    uint64_t x;
    memcpy(&x, p, sizeof x);
    return x; /* little endian: the first character is the lowest byte */
}

/* Bytes of `digits` are 0..9 in order of the text; false when one is not. */
static inline bool cast_all_digits(uint64_t digits)
{
    return (((digits + UINT64_C(0x7676767676767676)) | digits) & UINT64_C(0x8080808080808080)) == 0;
}

/* Value of eight digits, the first in the lowest byte (Johnny Lee, "Fast numeric string to int"). */
static inline uint64_t cast_eight(uint64_t digits)
{
    digits = digits * 10 + (digits >> 8);
    return (((digits & UINT64_C(0x000000FF000000FF)) * UINT64_C(0x000F424000000064)) +
            (((digits >> 16) & UINT64_C(0x000000FF000000FF)) * UINT64_C(0x0000271000000001))) >>
           32;
}

#define CAST_ZEROS UINT64_C(0x3030303030303030)

/* 1 to 16 digits. */
static inline bool cast_digits(const char *p, size_t n, uint64_t *out)
{
    uint64_t a = cast_load8(p) ^ CAST_ZEROS;
    if (n <= 8) {
        a <<= 64 - 8 * n;
        *out = cast_eight(a);
        return cast_all_digits(a);
    }
    uint64_t b = (cast_load8(p + n - 8)) ^ CAST_ZEROS; /* the last eight */
    a <<= 128 - 8 * n;                                 /* the n - 8 before them */
    *out = cast_eight(a) * UINT64_C(100000000) + cast_eight(b);
    return cast_all_digits(a) && cast_all_digits(b);
}

/* Whole numbers of at most 16 digits; what it refuses may still be one. */
static inline bool cast_short_integer(const char *p, size_t n, int64_t *out)
{
    size_t sign = n && *p == '-';
    uint64_t v;
    if (n - sign - 1 > 15 || !cast_digits(p + sign, n - sign, &v))
        return false;
    *out = sign ? -(int64_t)v : (int64_t)v;
    return true;
}

/* Offset of the first '.' in the first n (1..16) bytes, n when there is none. */
static inline size_t cast_point(const char *p, size_t n)
{
    const uint64_t dots = UINT64_C(0x2E2E2E2E2E2E2E2E), ones = UINT64_C(0x0101010101010101);
    uint64_t t = cast_load8(p) ^ dots;
    uint64_t found = (t - ones) & ~t & (ones << 7);
    size_t at = 0;
    if (!found && n > 8) {
        t = cast_load8(p + 8) ^ dots;
        found = (t - ones) & ~t & (ones << 7);
        at = 8;
    }
    if (!found)
        return n;
    at += (size_t)__builtin_ctzll(found) >> 3;
    return at < n ? at : n;
}

extern const uint64_t cast_pow10[19];

/* Decimals of at most 15 digits with scale at most 18 whose fraction fits; what it refuses may still be one. */
static inline bool cast_short_decimal(const char *p, size_t n, unsigned scale, int64_t *out)
{
    size_t sign = n && *p == '-';
    p += sign;
    n -= sign;
    if (n - 1 > 15)
        return false;
    size_t whole = cast_point(p, n), fraction = whole < n ? n - whole - 1 : 0;
    uint64_t v = 0, f = 0;
    if (fraction > scale || whole + scale > 18 || (whole == 0 && fraction == 0))
        return false;
    if (whole && !cast_digits(p, whole, &v))
        return false;
    if (fraction && !cast_digits(p + whole + 1, fraction, &f))
        return false;
    v = v * cast_pow10[scale] + f * cast_pow10[scale - fraction];
    *out = sign ? -(int64_t)v : (int64_t)v;
    return true;
}

/* ---- ISO dates and times ---- */

/* Two digits at p; bits stay in *bad when they are none. */
static inline unsigned cast_two(const char *p, unsigned *bad)
{
    uint16_t x;
    memcpy(&x, p, sizeof x);
    unsigned t = x ^ 0x3030u;
    *bad |= ((t + 0x7676u) | t) & 0x8080u;
    return (t & 0xFF) * 10 + (t >> 8);
}

extern const uint16_t cast_month_days[2]
                                     [14]; /* days before month m; entry 13 is the year's length */

/* Days since 1970-01-01 of YYYY-MM-DD at p (ten bytes). */
static inline bool cast_iso_date(const char *p, int32_t *days)
{
    unsigned bad = 0;
    unsigned year = cast_two(p, &bad) * 100 + cast_two(p + 2, &bad);
    unsigned month = cast_two(p + 5, &bad), day = cast_two(p + 8, &bad);
    if (bad || p[4] != '-' || p[7] != '-' || month - 1 > 11 || day == 0 || year == 0)
        return false;
    const uint16_t *before = cast_month_days[year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)];
    if (day > (unsigned)(before[month + 1] - before[month]))
        return false;
    unsigned y = year - 1;
    *days = (int32_t)(y * 365 + y / 4 - y / 100 + y / 400 + before[month] + day) - 719163;
    return true;
}

/* Microseconds of HH:MM:SS at p (eight bytes). */
static inline bool cast_iso_time(const char *p, int64_t *usec)
{
    unsigned bad = 0;
    unsigned hour = cast_two(p, &bad), minute = cast_two(p + 3, &bad),
             second = cast_two(p + 6, &bad);
    if (bad || p[2] != ':' || p[5] != ':' || hour > 23 || minute > 59 || second > 59)
        return false;
    *usec = (int64_t)(hour * 3600 + minute * 60 + second) * 1000000;
    return true;
}

static inline bool cast_short_timestamp(const char *p, size_t n, int64_t *usec)
{
    int32_t days;
    int64_t time;
    if (n != 19 || (p[10] != ' ' && p[10] != 'T') || !cast_iso_date(p, &days) ||
        !cast_iso_time(p + 11, &time))
        return false;
    *usec = (int64_t)days * 86400000000 + time;
    return true;
}

#endif
