/* SPDX-License-Identifier: Apache-2.0 */
#include "batch/cell.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

static const char hex_digits[] = "0123456789abcdef";

enum { DECIMAL_TEXT = 48 };

/* An integer times 10^-scale (0..38); its start inside `out`. */
static const char *decimal_text(__int128 unscaled, unsigned scale, char out[static DECIMAL_TEXT])
{
    bool negative = unscaled < 0;
    unsigned __int128 v = negative ? -(unsigned __int128)unscaled : (unsigned __int128)unscaled;
    char *p = out + DECIMAL_TEXT - 1;
    *p = 0;
    unsigned digits = 0;
    while (v > UINT64_MAX || digits < scale) { /* 128 bit division only while it is needed */
        *--p = (char)('0' + (unsigned)(v % 10));
        v /= 10;
        if (++digits == scale && scale)
            *--p = '.';
    }
    uint64_t low = (uint64_t)v;
    do {
        *--p = (char)('0' + (unsigned)(low % 10));
        low /= 10;
        if (++digits == scale)
            *--p = '.';
    } while (low);
    if (*p == '.')
        *--p = '0';
    if (negative)
        *--p = '-';
    return p;
}

__int128 batch_cell_integer(const struct batch_col *col, size_t row)
{
    const char *at = (const char *)col->data + row * q_type_size(col->type);
    int16_t v16;
    int32_t v32;
    int64_t v64;
    __int128 v128;
    switch (q_type_size(col->type)) {
    case sizeof v16:
        memcpy(&v16, at, sizeof v16);
        return v16;
    case sizeof v32:
        memcpy(&v32, at, sizeof v32);
        return v32;
    case sizeof v64:
        memcpy(&v64, at, sizeof v64);
        return v64;
    default:
        memcpy(&v128, at, sizeof v128);
        return v128;
    }
}

static void add_integer(__int128 value, unsigned scale, struct q_buf *out)
{
    char text[DECIMAL_TEXT];
    q_buf_adds(out, decimal_text(value, scale, text));
}

static void add_double(double v, struct q_buf *out)
{
    char text[40];
    if (isnan(v)) {
        q_buf_adds(out, "nan");
        return;
    }
    if (isinf(v)) {
        q_buf_adds(out, v < 0 ? "-inf" : "inf");
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, v);
        double back = strtod(text, NULL);
        if (memcmp(&back, &v, sizeof v) == 0)
            break;
    }
    q_buf_adds(out, text);
}

static char *two_digits(char *p, int64_t v)
{
    p[0] = (char)('0' + v / 10 % 10);
    p[1] = (char)('0' + v % 10);
    return p + 2;
}

static void add_date(int32_t days, struct q_buf *out)
{
    struct q_civil c = q_civil_from_days(days);
    char text[16];
    if (c.year < 0 || c.year > 9999) {
        q_buf_printf(out, "%+05d-%02d-%02d", c.year, c.month, c.day);
        return;
    }
    char *p = two_digits(text, c.year / 100);
    p = two_digits(p, c.year % 100);
    *p++ = '-';
    p = two_digits(p, c.month);
    *p++ = '-';
    p = two_digits(p, c.day);
    q_buf_add(out, text, (size_t)(p - text));
}

static void add_time(int64_t usec, struct q_buf *out)
{
    int64_t seconds = usec / Q_USEC_PER_SEC, micro = usec % Q_USEC_PER_SEC;
    char text[16];
    char *p = two_digits(text, seconds / 3600);
    *p++ = ':';
    p = two_digits(p, seconds / 60 % 60);
    *p++ = ':';
    p = two_digits(p, seconds % 60);
    if (micro) {
        *p++ = '.';
        p = two_digits(p, micro / 10000);
        p = two_digits(p, micro / 100);
        p = two_digits(p, micro);
    }
    q_buf_add(out, text, (size_t)(p - text));
}

static void add_timestamp(int64_t usec, struct q_buf *out)
{
    if (usec == INT64_MAX || usec == -INT64_MAX) { /* how the engine keeps its infinities */
        q_buf_adds(out, usec < 0 ? "-infinity" : "infinity");
        return;
    }
    int64_t days = usec / Q_USEC_PER_DAY, rest = usec % Q_USEC_PER_DAY;
    if (rest < 0) {
        rest += Q_USEC_PER_DAY;
        days--;
    }
    add_date((int32_t)days, out);
    q_buf_addc(out, ' ');
    add_time(rest, out);
}

static void add_uuid(__int128 value, struct q_buf *out)
{
    unsigned __int128 v = (unsigned __int128)value ^ (unsigned __int128)1 << 127;
    char text[36];
    size_t n = 0;
    for (int digit = 0; digit < 32; digit++) {
        if (digit == 8 || digit == 12 || digit == 16 || digit == 20)
            text[n++] = '-';
        text[n++] = hex_digits[(unsigned)(v >> (124 - 4 * digit)) & 15];
    }
    q_buf_add(out, text, n);
}

static void add_blob(struct q_str bytes, struct q_buf *out)
{
    q_buf_adds(out, "\\x");
    for (size_t i = 0; i < bytes.n; i++) {
        unsigned char c = (unsigned char)bytes.p[i];
        char pair[2] = {hex_digits[c >> 4], hex_digits[c & 15]};
        q_buf_add(out, pair, sizeof pair);
    }
}

void batch_cell_text(const struct batch_col *col, size_t row, struct q_buf *out)
{
    struct q_str s;
    if (batch_is_null(col, row))
        return;
    switch (col->type.id) {
    case Q_T_BOOL:
        q_buf_adds(out, ((const uint8_t *)col->data)[row] ? "true" : "false");
        return;
    case Q_T_INT16:
    case Q_T_INT32:
    case Q_T_INT64:
    case Q_T_INT128:
        add_integer(batch_cell_integer(col, row), 0, out);
        return;
    case Q_T_DECIMAL:
        add_integer(batch_cell_integer(col, row), col->type.scale, out);
        return;
    case Q_T_DOUBLE:
        add_double(((const double *)col->data)[row], out);
        return;
    case Q_T_DATE:
        if (((const int32_t *)col->data)[row] == INT32_MAX ||
            ((const int32_t *)col->data)[row] == -INT32_MAX)
            q_buf_adds(out, ((const int32_t *)col->data)[row] < 0 ? "-infinity" : "infinity");
        else
            add_date(((const int32_t *)col->data)[row], out);
        return;
    case Q_T_TIME:
        add_time(((const int64_t *)col->data)[row], out);
        return;
    case Q_T_TIMESTAMP:
        add_timestamp(((const int64_t *)col->data)[row], out);
        return;
    case Q_T_TIMESTAMPTZ:
        add_timestamp(((const int64_t *)col->data)[row], out);
        q_buf_adds(out, "+00");
        return;
    case Q_T_UUID:
        add_uuid(batch_cell_integer(col, row), out);
        return;
    case Q_T_BLOB:
        add_blob(batch_text_at(col, row), out);
        return;
    case Q_T_TEXT:
    case Q_T_JSON:
    case Q_T_OTHER:
        s = batch_text_at(col, row);
        q_buf_add(out, s.p, s.n);
        return;
    case Q_T_NONE:
        return;
    }
}

struct q_str batch_real_text(double v, char out[static BATCH_REAL_TEXT])
{
    char digits[40];
    size_t n = 0;
    if (isinf(v))
        return v < 0 ? Q_STR("-inf") : Q_STR("inf");
    for (int d = 15; d <= 17; d++) { /* d.dddde[+-]xx */
        (void)snprintf(digits, sizeof digits, "%.*e", d - 1, v);
        double back = strtod(digits, NULL);
        if (memcmp(&back, &v, sizeof v) == 0)
            break;
    }
    const char *p = digits + (digits[0] == '-');
    char *e = strchr(digits, 'e');
    int exponent = atoi(e + 1);
    if (digits[0] == '-')
        out[n++] = '-';
    char *last = e - 1; /* surplus zeros of the mantissa */
    while (last > p && *last == '0')
        last--;
    int have = *last == '.' ? 1 : (int)(last - p); /* digits, the point left out */
    for (int at = exponent < 0 ? exponent : 0; at < have || at <= exponent + 1; at++) {
        if (at == exponent + 1)
            out[n++] = '.';
        out[n++] = at < 0 || at >= have ? '0' : at == 0 ? p[0] : p[at + 1];
    }
    return (struct q_str){out, n};
}
