/* SPDX-License-Identifier: Apache-2.0 */
#include "batch/cast.h"

#include <assert.h>

#include "batch/cast_parse.h"

/* What all loops over a column share. */
struct job {
    const struct batch_cast *cast;
    const char *base;
    const struct batch_span *spans;
    size_t rows;
    struct batch_col *col;
    size_t first;
    uint64_t *fail;
    size_t failed;
    struct cast_limits limits;
};

static inline void fail_row(struct job *j, size_t r)
{
    j->fail[r >> 6] |= UINT64_C(1) << (r & 63);
    j->failed++;
}

/* An empty field of a column that is not text. */
static void put_empty(struct job *j, size_t r)
{
    if (j->spans[r].n && j->cast->empty_fails)
        fail_row(j, r);
    else
        batch_put_null(j->col, j->first + r);
}

/* One loop a type: PARSE is an expression over p and n that leaves the value in v. */
#define CAST_LOOP(name, ctype, vtype, parse)            \
    static void name(struct job *j)                     \
    {                                                   \
        ctype *data = (ctype *)j->col->data + j->first; \
        for (size_t r = 0; r < j->rows; r++) {          \
            const char *p = j->base + j->spans[r].at;   \
            size_t n = batch_span_length(j->spans[r]);  \
            vtype v;                                    \
            if (n == 0)                                 \
                put_empty(j, r);                        \
            else if (parse)                             \
                data[r] = (ctype)v;                     \
            else                                        \
                fail_row(j, r);                         \
        }                                               \
    }

static bool slow_number(const struct job *j, const char *p, size_t n, int64_t *v)
{
    __int128 wide;
    if (!cast_number(p, n, &j->limits, &wide))
        return false;
    *v = (int64_t)wide;
    return true;
}

static inline bool parse_integer(const struct job *j, const char *p, size_t n, int64_t lo,
                                 int64_t hi, int64_t *v)
{
    return cast_short_integer(p, n, v) ? *v >= lo && *v <= hi : slow_number(j, p, n, v);
}

static inline bool parse_decimal(const struct job *j, const char *p, size_t n, int64_t max,
                                 int64_t *v)
{
    return cast_short_decimal(p, n, j->limits.scale, v) ? *v <= max && *v >= -max
                                                        : slow_number(j, p, n, v);
}

CAST_LOOP(loop_int16, int16_t, int64_t, parse_integer(j, p, n, INT16_MIN, INT16_MAX, &v))
CAST_LOOP(loop_int32, int32_t, int64_t, parse_integer(j, p, n, INT32_MIN, INT32_MAX, &v))
CAST_LOOP(loop_int64, int64_t, int64_t, cast_short_integer(p, n, &v) || slow_number(j, p, n, &v))
CAST_LOOP(loop_int128, __int128, __int128, cast_number(p, n, &j->limits, &v))
CAST_LOOP(loop_decimal16, int16_t, int64_t, parse_decimal(j, p, n, (int64_t)j->limits.max, &v))
CAST_LOOP(loop_decimal32, int32_t, int64_t, parse_decimal(j, p, n, (int64_t)j->limits.max, &v))
CAST_LOOP(loop_decimal64, int64_t, int64_t, parse_decimal(j, p, n, (int64_t)j->limits.max, &v))
CAST_LOOP(loop_double, double, double, cast_double(p, n, &v))
CAST_LOOP(loop_bool, uint8_t, bool, cast_bool(p, n, &v))
CAST_LOOP(loop_date, int32_t, int32_t, n == 10 && cast_iso_date(p, &v))
CAST_LOOP(loop_time, int64_t, int64_t, cast_time(p, n, &v))
CAST_LOOP(loop_timestamp, int64_t, int64_t,
          cast_short_timestamp(p, n, &v) || cast_timestamp(p, n, false, &v))
CAST_LOOP(loop_timestamptz, int64_t, int64_t, cast_timestamp(p, n, true, &v))
CAST_LOOP(loop_uuid, __int128, __int128, cast_uuid(p, n, &v))

static void loop_decimal(struct job *j)
{
    switch (q_type_size(j->cast->type)) {
    case sizeof(int16_t):
        loop_decimal16(j);
        return;
    case sizeof(int32_t):
        loop_decimal32(j);
        return;
    case sizeof(int64_t):
        loop_decimal64(j);
        return;
    default:
        loop_int128(j);
    }
}

/* As batch_put_text(), for text with readable bytes behind it: no loop over the bytes of a short one. */
static inline void put_text(struct batch_col *col, size_t row, const char *p, size_t n)
{
    if (n > BATCH_INLINE) {
        col->put_far(col, row, p, n);
        return;
    }
    uint64_t low = cast_load8(p), high = cast_load8(p + 8);
    high = n > 8 ? high & ((UINT64_C(1) << 8 * (n - 8)) - 1) : 0;
    low = n >= 8 ? low : low & ((UINT64_C(1) << 8 * n) - 1);
    uint64_t cell[2] = {(uint64_t)n | low << 32, low >> 32 | high << 32};
    memcpy(&((struct batch_text *)col->data)[row], cell, sizeof cell);
}

static void loop_text(struct job *j)
{
    for (size_t r = 0; r < j->rows; r++) {
        if (j->spans[r].n == 0)
            batch_put_null(j->col, j->first + r);
        else
            put_text(j->col, j->first + r, j->base + j->spans[r].at,
                     batch_span_length(j->spans[r]));
    }
}

static void loop_json(struct job *j)
{
    for (size_t r = 0; r < j->rows; r++) {
        const char *p = j->base + j->spans[r].at;
        size_t n = batch_span_length(j->spans[r]);
        if (n == 0)
            put_empty(j, r);
        else if (cast_json(p, n))
            put_text(j->col, j->first + r, p, n);
        else
            fail_row(j, r);
    }
}

static void loop_blob(struct job *j)
{
    struct q_buf bytes;
    q_buf_init(&bytes, BATCH_SPAN_MAX);
    for (size_t r = 0; r < j->rows; r++) {
        const char *p = j->base + j->spans[r].at;
        size_t n = batch_span_length(j->spans[r]), m;
        if (n == 0) {
            put_empty(j, r);
            continue;
        }
        q_buf_clear(&bytes);
        q_buf_add(&bytes, p, n);
        if (cast_blob(p, n, bytes.p, &m))
            batch_put_text(j->col, j->first + r, bytes.p, m);
        else
            fail_row(j, r);
    }
    q_buf_release(&bytes);
}

static void run_loop(struct job *j)
{
    switch (j->cast->type.id) {
    case Q_T_BOOL:
        loop_bool(j);
        return;
    case Q_T_INT16:
        loop_int16(j);
        return;
    case Q_T_INT32:
        loop_int32(j);
        return;
    case Q_T_INT64:
        loop_int64(j);
        return;
    case Q_T_INT128:
        loop_int128(j);
        return;
    case Q_T_DECIMAL:
        loop_decimal(j);
        return;
    case Q_T_DOUBLE:
        loop_double(j);
        return;
    case Q_T_TEXT:
    case Q_T_OTHER:
        loop_text(j);
        return;
    case Q_T_DATE:
        loop_date(j);
        return;
    case Q_T_TIME:
        loop_time(j);
        return;
    case Q_T_TIMESTAMP:
        loop_timestamp(j);
        return;
    case Q_T_TIMESTAMPTZ:
        loop_timestamptz(j);
        return;
    case Q_T_UUID:
        loop_uuid(j);
        return;
    case Q_T_BLOB:
        loop_blob(j);
        return;
    case Q_T_JSON:
        loop_json(j);
        return;
    case Q_T_NONE:
        break;
    }
    assert(j->cast->type.id != Q_T_NONE);
}

/* ---- declared leniency: one value at a time ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_declared_null(const struct batch_cast *cast, const char *p, size_t n)
{
    for (size_t i = 0; i < cast->n_nulls; i++)
        if (strlen(cast->nulls[i]) == n && memcmp(cast->nulls[i], p, n) == 0)
            return true;
    return false;
}

/* The value without blanks and declared NULLs. */
static struct batch_span lenient_span(const struct batch_cast *cast, const char *base,
                                      struct batch_span s)
{
    uint32_t quoted = s.n & BATCH_QUOTED, n = batch_span_length(s);
    if (cast->trim && !quoted) {
        while (n && is_blank(base[s.at])) {
            s.at++;
            n--;
        }
        while (n && is_blank(base[s.at + n - 1]))
            n--;
    }
    if (!quoted && is_declared_null(cast, base + s.at, n))
        n = 0;
    return (struct batch_span){s.at, quoted | n};
}

enum { PLAIN_MAX = 256 };

/* A number with the declared separators as one with a point and no separators; its length, 0 when it is malformed. */
static size_t plain_number(const struct batch_cast *cast, const char *p, size_t n,
                           char out[static PLAIN_MAX + BATCH_CAST_PAD])
{
    const char point = cast->decimal_comma ? ',' : '.';
    size_t m = 0, group = 0;
    bool grouped = false, fraction = false;
    if (n > PLAIN_MAX)
        return 0;
    for (size_t i = 0; i < n; i++) {
        char c = p[i];
        if (cast->thousands && c == cast->thousands && !fraction) {
            if (grouped ? group != 3 : group < 1 || group > 3)
                return 0;
            grouped = true;
            group = 0;
            continue;
        }
        if (c == point && !fraction) {
            if (grouped && group != 3)
                return 0;
            fraction = true;
            c = '.';
        } else if (c == '.') {
            return 0;
        } else if (c >= '0' && c <= '9') {
            group++;
        }
        out[m++] = c;
    }
    return grouped && !fraction && group != 3 ? 0 : m;
}

static bool formatted_value(struct job *one)
{
    const struct batch_cast *cast = one->cast;
    const char *p = one->base + one->spans->at;
    size_t n = batch_span_length(*one->spans);
    int64_t v;
    for (size_t i = 0; i < cast->n_formats; i++) {
        if (!cast_by_format(cast->formats[i], cast->type, p, n, &v))
            continue;
        if (cast->type.id == Q_T_DATE)
            ((int32_t *)one->col->data)[one->first] = (int32_t)v;
        else
            ((int64_t *)one->col->data)[one->first] = v;
        return true;
    }
    return false;
}

/* The one span of the job, after its separators or formats are dealt with. */
static bool lenient_value(struct job *one)
{
    const struct batch_cast *cast = one->cast;
    size_t n = batch_span_length(*one->spans);
    char plain[PLAIN_MAX + BATCH_CAST_PAD];
    struct batch_span whole;
    if (n && cast->n_formats)
        return formatted_value(one);
    if (n && q_type_is_number(cast->type) && (cast->thousands || cast->decimal_comma)) {
        n = plain_number(cast, one->base + one->spans->at, n, plain);
        if (!n)
            return false;
        memset(plain + n, 0, BATCH_CAST_PAD);
        whole = (struct batch_span){0, (uint32_t)n};
        one->base = plain;
        one->spans = &whole;
    }
    if (n && cast->implied_point) { /* a whole number in a place of the same size */
        if (memchr(one->base + one->spans->at, '.', n))
            return false;
        one->limits.scale = 0;
    }
    run_loop(one);
    return one->failed == 0;
}

static void loop_lenient(struct job *j)
{
    for (size_t r = 0; r < j->rows; r++) {
        struct batch_span s = lenient_span(j->cast, j->base, j->spans[r]);
        uint64_t ignored = 0;
        struct job one = *j;
        one.spans = &s;
        one.rows = 1;
        one.first = j->first + r;
        one.fail = &ignored;
        one.failed = 0;
        if (!lenient_value(&one))
            fail_row(j, r);
    }
}

size_t batch_cast_column(const struct batch_cast *cast, const char *base,
                         const struct batch_span *spans, size_t rows, struct batch_col *col,
                         size_t first, uint64_t *fail)
{
    struct job j = {cast, base, spans, rows, col, first, fail, 0, cast_limits_of(cast)};
    if (cast->trim || cast->n_nulls || cast->n_formats || cast->thousands || cast->decimal_comma ||
        cast->implied_point)
        loop_lenient(&j);
    else
        run_loop(&j);
    return j.failed;
}
