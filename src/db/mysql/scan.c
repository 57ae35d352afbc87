/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the binary protocol as typed batches. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "batch/cell.h"
#include "batch/put.h"
#include "db/mysql/internal.h"

enum { HEX_MAX = REJECT_RAW_MAX, HOURS_A_DAY = 24 };

struct mysqldb_scan {
    struct q_arena *arena;
    struct mysqldb_scan_spec spec;
    struct mysqldb_rows rows;
    struct record_worker *records;
    int64_t row;      /* number in the result */
    const char *zero; /* the column in which a zero date ends the read */
    char text[BATCH_REAL_TEXT];
    struct q_buf hex;
};

/* ---- numbers ---- */

static uint64_t load(const struct mysqldb_value *v)
{
    uint64_t x = 0;
    memcpy(&x, v->p, v->n < sizeof x ? v->n : sizeof x); /* little endian, as the protocol */
    return x;
}

static int64_t load_signed(const struct mysqldb_value *v, bool is_unsigned)
{
    uint64_t x = load(v);
    unsigned unused = 64 - 8 * (unsigned)v->n;
    return is_unsigned ? (int64_t)x : (int64_t)(x << unused) >> unused;
}

/* BIT: highest byte first. */
static uint64_t load_bits(const struct mysqldb_value *v)
{
    uint64_t x = 0;
    for (size_t i = 0; i < v->n; i++)
        x = x << 8 | v->p[i];
    return x;
}

static struct q_str print_text(struct mysqldb_scan *scan, const char *format, ...) Q_PRINTF(2, 3);
static struct q_str print_text(struct mysqldb_scan *scan, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    int n = vsnprintf(scan->text, sizeof scan->text, format, ap);
    va_end(ap);
    return (struct q_str){scan->text, (size_t)n};
}

static void put_number(struct mysqldb_scan *scan, size_t f, struct batch_col *col, size_t row,
                       uint64_t v, bool is_unsigned)
{
    enum batch_put put = BATCH_NO_WAY;
    if (!is_unsigned || v <= INT64_MAX)
        put = batch_put_whole(col, row, (int64_t)v);
    if (put == BATCH_PUT)
        return;
    if (put == BATCH_NO_FIT)
        record_fail(scan->records, f, "cast");
    else if (is_unsigned)
        (void)record_text(scan->records, f, row, print_text(scan, "%" PRIu64, v));
    else
        (void)record_text(scan->records, f, row, print_text(scan, "%" PRId64, (int64_t)v));
}

static double load_real(const struct mysqldb_value *v, enum enum_field_types type)
{
    float narrow;
    double wide;
    if (type == MYSQL_TYPE_FLOAT) {
        memcpy(&narrow, v->p, sizeof narrow);
        return (double)narrow;
    }
    memcpy(&wide, v->p, sizeof wide);
    return wide;
}

/* FLOAT by its own shortest digits. */
static struct q_str real_text(struct mysqldb_scan *scan, const struct mysqldb_value *v,
                              enum enum_field_types type)
{
    enum { FLOAT_DIGITS = 6, FLOAT_DIGITS_MAX = 9 };
    double d = load_real(v, type);
    for (int n = FLOAT_DIGITS; type == MYSQL_TYPE_FLOAT && n <= FLOAT_DIGITS_MAX; n++) {
        char text[40];
        (void)snprintf(text, sizeof text, "%.*g", n, d);
        float back = strtof(text, NULL), narrow = (float)d;
        if (memcmp(&back, &narrow, sizeof back) == 0) {
            d = strtod(text, NULL);
            break;
        }
    }
    return batch_real_text(d, scan->text);
}

/* Digits of at most 18 places, straight into the column; false: the strict cast decides. */
static bool put_decimal(struct batch_col *col, size_t row, const struct mysqldb_value *v)
{
    const unsigned char *p = v->p, *end = p + v->n;
    int64_t x = 0;
    unsigned digits = 0, scale = 0;
    bool negative = p < end && *p == '-', point = false;
    if (col->type.id != Q_T_DECIMAL)
        return false;
    for (p += negative; p < end; p++) {
        if (*p == '.' && !point) {
            point = true;
        } else if (*p >= '0' && *p <= '9' && ++digits < BATCH_POWERS) {
            x = x * 10 + (*p - '0');
            scale += point;
        } else {
            return false;
        }
    }
    if (!digits || scale > col->type.scale || digits + col->type.scale - scale >= BATCH_POWERS)
        return false;
    x *= batch_power10[col->type.scale - scale];
    return batch_put_unscaled(col, row, negative ? -x : x);
}

/* ---- dates and times ---- */

struct moment {
    int year;
    unsigned month, day, hour, minute, second;
    uint32_t usec;
};

/* Lengths 0, 4, 7 and 11: what is left out is zero. */
static struct moment load_moment(const struct mysqldb_value *v)
{
    const unsigned char *p = v->p;
    struct moment m = {0};
    if (v->n >= 4) {
        m.year = p[0] | p[1] << 8;
        m.month = p[2];
        m.day = p[3];
    }
    if (v->n >= 7) {
        m.hour = p[4];
        m.minute = p[5];
        m.second = p[6];
    }
    if (v->n >= 11)
        memcpy(&m.usec, p + 7, sizeof m.usec);
    return m;
}

static struct q_str moment_text(struct mysqldb_scan *scan, enum enum_field_types type,
                                const struct moment *m)
{
    if (type == MYSQL_TYPE_DATE)
        return print_text(scan, "%04d-%02u-%02u", m->year, m->month, m->day);
    const char *zone = type == MYSQL_TYPE_TIMESTAMP ? "+00" : "";
    if (m->usec)
        return print_text(scan, "%04d-%02u-%02u %02u:%02u:%02u.%06u%s", m->year, m->month, m->day,
                          m->hour, m->minute, m->second, m->usec, zone);
    return print_text(scan, "%04d-%02u-%02u %02u:%02u:%02u%s", m->year, m->month, m->day, m->hour,
                      m->minute, m->second, zone);
}

/* Microseconds; of TIMESTAMP UTC. */
static int64_t moment_usec(const struct moment *m)
{
    return q_days_from_civil(m->year, (int)m->month, (int)m->day) * Q_USEC_PER_DAY +
           (int64_t)(m->hour * 3600 + m->minute * 60 + m->second) * Q_USEC_PER_SEC + m->usec;
}

static bool is_moment(const struct moment *m)
{
    return q_civil_valid(m->year, (int)m->month, (int)m->day) && m->year != 0;
}

/* The instant of a DATETIME; or the reason for which it has none. */
static const char *instant_of(const struct mysqldb_scan *scan, const struct moment *m, int64_t *out)
{
    int64_t local = moment_usec(m), both[2];
    *out = local;
    if (!scan->spec.zone)
        return NULL;
    enum q_zone_fit fit = q_zone_instants(scan->spec.zone, local, both);
    *out = both[scan->spec.unclear == MYSQLDB_UNCLEAR_AFTER];
    if (fit == Q_ZONE_ONCE || scan->spec.unclear != MYSQLDB_UNCLEAR_REJECT)
        return NULL;
    return fit == Q_ZONE_TWICE ? "ambiguous_time" : "skipped_time";
}

/* A DATETIME of a timestamptz: with its offset, by which it is read again; without one where it has no instant. */
static struct q_str instant_text(struct mysqldb_scan *scan, const struct moment *m)
{
    int64_t usec;
    char text[Q_TIMESTAMP_TEXT];
    if (!is_moment(m) || instant_of(scan, m, &usec))
        return moment_text(scan, MYSQL_TYPE_DATETIME, m);
    return print_text(scan, "%s+00", q_timestamp_text(usec, text));
}

static void put_zero(struct mysqldb_scan *scan, size_t f, struct batch_col *col, size_t row)
{
    switch (scan->spec.zero) {
    case MYSQLDB_ZERO_NULL:
        batch_put_null(col, row);
        return;
    case MYSQLDB_ZERO_ERROR:
        if (!scan->zero)
            scan->zero = scan->spec.target->fields[f].name;
        record_fail(scan->records, f, "zero_date");
        return;
    case MYSQLDB_ZERO_REJECT:
        record_fail(scan->records, f, "zero_date");
    }
}

static void put_moment(struct mysqldb_scan *scan, size_t f, struct batch_col *col, size_t row,
                       const struct mysqldb_value *v, enum enum_field_types type)
{
    struct moment m = load_moment(v);
    bool is_date = type == MYSQL_TYPE_DATE, zoned = col->type.id == Q_T_TIMESTAMPTZ;
    if (!is_moment(&m)) {
        put_zero(scan, f, col, row);
    } else if (is_date && col->type.id == Q_T_DATE) {
        ((int32_t *)col->data)[row] = q_days_from_civil(m.year, (int)m.month, (int)m.day);
    } else if (type == MYSQL_TYPE_DATETIME && zoned) {
        const char *reason = instant_of(scan, &m, &((int64_t *)col->data)[row]);
        if (reason)
            record_fail(scan->records, f, reason);
    } else if (!is_date && (zoned || col->type.id == Q_T_TIMESTAMP)) {
        ((int64_t *)col->data)[row] = moment_usec(&m);
    } else {
        (void)record_text(scan->records, f, row, moment_text(scan, type, &m));
    }
}

struct span_of_time {
    bool negative;
    uint32_t hours;
    unsigned minute, second;
    uint32_t usec;
};

static struct span_of_time load_time(const struct mysqldb_value *v)
{
    struct span_of_time t = {0};
    uint32_t days;
    if (v->n < 8)
        return t;
    t.negative = v->p[0];
    memcpy(&days, v->p + 1, sizeof days);
    t.hours = days * HOURS_A_DAY + v->p[5];
    t.minute = v->p[6];
    t.second = v->p[7];
    if (v->n >= 12)
        memcpy(&t.usec, v->p + 8, sizeof t.usec);
    return t;
}

static struct q_str time_text(struct mysqldb_scan *scan, const struct mysqldb_value *v)
{
    struct span_of_time t = load_time(v);
    const char *sign = t.negative ? "-" : "";
    return t.usec ? print_text(scan, "%s%02u:%02u:%02u.%06u", sign, t.hours, t.minute, t.second,
                               t.usec)
                  : print_text(scan, "%s%02u:%02u:%02u", sign, t.hours, t.minute, t.second);
}

/* ---- values ---- */

static struct q_str hex_text(struct mysqldb_scan *scan, const struct mysqldb_value *v)
{
    static const char digits[] = "0123456789abcdef";
    q_buf_clear(&scan->hex);
    q_buf_adds(&scan->hex, "\\x");
    for (size_t i = 0; i < v->n && !scan->hex.full; i++) {
        q_buf_addc(&scan->hex, digits[v->p[i] >> 4]);
        q_buf_addc(&scan->hex, digits[v->p[i] & 15]);
    }
    return (struct q_str){q_buf_text(&scan->hex), scan->hex.n};
}

static bool is_blob(const struct mysqldb_scan *scan, const MYSQL_FIELD *field)
{
    const char *there;
    return mysqldb_type(scan->rows.session->lib, field, &there).id == Q_T_BLOB;
}

/* How the protocol writes the values of a column. */
enum kind { WHOLE, BITS, REAL, MOMENT, SPAN, DIGITS, STRING };

static enum kind kind_of(const MYSQL_FIELD *field)
{
    switch ((int)field->type) {
    case MYSQL_TYPE_TINY:
    case MYSQL_TYPE_SHORT:
    case MYSQL_TYPE_YEAR:
    case MYSQL_TYPE_INT24:
    case MYSQL_TYPE_LONG:
    case MYSQL_TYPE_LONGLONG:
        return WHOLE;
    case MYSQL_TYPE_BIT:
        return BITS;
    case MYSQL_TYPE_FLOAT:
    case MYSQL_TYPE_DOUBLE:
        return REAL;
    case MYSQL_TYPE_DATE:
    case MYSQL_TYPE_DATETIME:
    case MYSQL_TYPE_TIMESTAMP:
        return MOMENT;
    case MYSQL_TYPE_TIME:
        return SPAN;
    case MYSQL_TYPE_DECIMAL:
    case MYSQL_TYPE_NEWDECIMAL:
        return DIGITS;
    default:
        return STRING;
    }
}

/* The value as a text that the strict casts read back into the same. */
static struct q_str text_of(void *self, size_t f)
{
    struct mysqldb_scan *scan = self;
    const struct record_field *target = &scan->spec.target->fields[f];
    size_t at = target->from;
    const struct mysqldb_value *v = &scan->rows.values[at];
    const MYSQL_FIELD *field = &scan->rows.fields[at];
    if (!v->p)
        return (struct q_str){0};
    switch (kind_of(field)) {
    case WHOLE:
        return field->flags & UNSIGNED_FLAG ? print_text(scan, "%" PRIu64, load(v))
                                            : print_text(scan, "%" PRId64, load_signed(v, false));
    case BITS:
        return print_text(scan, "%" PRIu64, load_bits(v));
    case REAL:
        return real_text(scan, v, field->type);
    case MOMENT: {
        struct moment m = load_moment(v);
        return field->type == MYSQL_TYPE_DATETIME && target->cast.type.id == Q_T_TIMESTAMPTZ
                   ? instant_text(scan, &m)
                   : moment_text(scan, field->type, &m);
    }
    case SPAN:
        return time_text(scan, v);
    case DIGITS:
    case STRING:
        break;
    }
    return is_blob(scan, field) ? hex_text(scan, v) : (struct q_str){(const char *)v->p, v->n};
}

static void put_time(struct mysqldb_scan *scan, size_t f, struct batch_col *col, size_t row,
                     const struct mysqldb_value *v)
{
    struct span_of_time t = load_time(v);
    if (col->type.id != Q_T_TIME)
        (void)record_text(scan->records, f, row, time_text(scan, v));
    else if (t.negative || t.hours >= HOURS_A_DAY)
        record_fail(scan->records, f, "cast");
    else
        ((int64_t *)col->data)[row] =
            (int64_t)(t.hours * 3600 + t.minute * 60 + t.second) * Q_USEC_PER_SEC + t.usec;
}

static void put_string(struct mysqldb_scan *scan, size_t f, struct batch_col *col, size_t row,
                       const struct mysqldb_value *v, bool blob)
{
    if (blob && col->type.id == Q_T_BLOB)
        batch_put_text(col, row, (const char *)v->p, v->n);
    else if (blob && col->type.id == Q_T_UUID && v->n == BATCH_UUID_BYTES)
        batch_put_uuid(col, row, v->p);
    else
        (void)record_text(scan->records, f, row, (struct q_str){(const char *)v->p, v->n});
}

static void put(struct mysqldb_scan *scan, size_t f, struct batch_col *col, size_t row)
{
    const struct record_field *target = &scan->spec.target->fields[f];
    const struct mysqldb_value *v = &scan->rows.values[target->from];
    const MYSQL_FIELD *field = &scan->rows.fields[target->from];
    bool is_unsigned = field->flags & UNSIGNED_FLAG;
    if (!v->p) {
        batch_put_null(col, row);
        return;
    }
    if (target->path) {
        (void)record_text(scan->records, f, row, text_of(scan, f));
        return;
    }
    switch (kind_of(field)) {
    case WHOLE:
        put_number(scan, f, col, row, (uint64_t)load_signed(v, is_unsigned), is_unsigned);
        return;
    case BITS:
        put_number(scan, f, col, row, load_bits(v), true);
        return;
    case REAL:
        if (col->type.id == Q_T_DOUBLE)
            ((double *)col->data)[row] = load_real(v, field->type);
        else
            (void)record_text(scan->records, f, row, real_text(scan, v, field->type));
        return;
    case MOMENT:
        put_moment(scan, f, col, row, v, field->type);
        return;
    case SPAN:
        put_time(scan, f, col, row, v);
        return;
    case DIGITS:
        if (!put_decimal(col, row, v))
            (void)record_text(scan->records, f, row, text_of(scan, f));
        return;
    case STRING:
        put_string(scan, f, col, row, v,
                   (col->type.id == Q_T_BLOB || col->type.id == Q_T_UUID) && is_blob(scan, field));
    }
}

/* ---- rows ---- */

enum q_code mysqldb_scan_open(struct mysqldb *s, const struct mysqldb_scan_spec *spec,
                              const bool *wanted, struct mysqldb_scan **out, struct q_err *err)
{
    struct q_arena *arena = q_arena_new(NULL, "mysql scan");
    struct mysqldb_scan *scan = q_new(arena, struct mysqldb_scan);
    scan->arena = arena;
    scan->spec = *spec;
    q_buf_init_in(&scan->hex, arena, HEX_MAX);
    scan->records = record_worker_new(arena, spec->target, wanted);
    enum q_code code = mysqldb_rows_open(s, spec->sql, spec->params, spec->n_params, false, arena,
                                         &scan->rows, err);
    if (code) {
        q_arena_free(arena);
        return code;
    }
    *out = scan;
    return Q_OK;
}

static enum q_code zero_date(const struct mysqldb_scan *scan, int64_t pos, struct q_err *err)
{
    enum q_code code =
        q_fail(err, Q_SOURCE, "cannot read %s: column \"%s\" has a zero date, in row %" PRId64,
               scan->spec.object, scan->zero, pos);
    q_hint(err,
           "`zero_dates: reject` puts such rows to the rejects, `zero_dates: null` reads NULL.");
    return code;
}

static int64_t position(const struct mysqldb_scan *scan)
{
    ptrdiff_t at = scan->spec.pos_from;
    return at < 0
               ? scan->row
               : load_signed(&scan->rows.values[at], scan->rows.fields[at].flags & UNSIGNED_FLAG);
}

enum q_code mysqldb_scan_fill(struct mysqldb_scan *scan, struct batch *out, struct q_err *err)
{
    struct record_target *target = scan->spec.target;
    int64_t before = scan->row;
    enum q_code code = Q_OK;
    while (out->rows < BATCH_ROWS && !scan->rows.ended && !code) {
        code = mysqldb_rows_next(&scan->rows, scan->spec.object, err);
        if (code || scan->rows.ended)
            break;
        struct batch_col *const *cols = record_begin(scan->records, out);
        for (size_t f = 0; f < target->n; f++)
            put(scan, f, cols[f], out->rows);
        int64_t pos = position(scan);
        if (scan->zero)
            return zero_date(scan, pos, err);
        scan->row++;
        code = record_end(scan->records, out, pos, text_of, scan, err);
    }
    atomic_fetch_add(&target->records, scan->row - before);
    return code;
}

void mysqldb_scan_close(struct mysqldb_scan *scan)
{
    if (!scan)
        return;
    mysqldb_rows_close(&scan->rows);
    q_arena_free(scan->arena);
}
