/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a statement as typed batches: what sqlite.h says about storage classes, cell by cell. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "batch/cell.h"
#include "batch/put.h"
#include "db/sqlite/internal.h"

#define YEAR_ONE (INT64_C(-62135596800) * Q_USEC_PER_SEC) /* 0001-01-01 */
#define YEAR_END (INT64_C(253402300800) * Q_USEC_PER_SEC) /* 10000-01-01 */
#define JULIAN_EPOCH 2440587.5                            /* of 1970-01-01 00:00 */

enum { EXACT_DIGITS = 15, MS_PER_SEC = 1000 };

struct sqlite_scan {
    struct q_arena *arena;
    struct sqlite *session;
    struct sqlite_scan_spec spec;
    sqlite3_stmt *stmt;
    struct record_worker *records;
    int64_t row; /* number in the result */
    bool ended;
    char text[BATCH_REAL_TEXT]; /* of a number, for records */
    struct q_buf hex;
};

enum { HEX_MAX = REJECT_RAW_MAX };

/* ---- dates and times from numbers ---- */

static bool usec_of_integer(enum sqlite_dates dates, int64_t v, int64_t *usec)
{
    int64_t unit = dates == SQLITE_DATES_UNIX ? Q_USEC_PER_SEC : Q_USEC_PER_SEC / MS_PER_SEC;
    return !__builtin_mul_overflow(v, unit, usec);
}

static bool usec_of_real(enum sqlite_dates dates, double v, int64_t *usec)
{
    const double ms_per_day = 86400.0 * MS_PER_SEC, limit = 9e15;
    double x = dates == SQLITE_DATES_JULIAN ? (v - JULIAN_EPOCH) * ms_per_day
               : dates == SQLITE_DATES_UNIX ? v * (double)Q_USEC_PER_SEC
                                            : v * (double)(Q_USEC_PER_SEC / MS_PER_SEC);
    double max = dates == SQLITE_DATES_JULIAN ? limit / MS_PER_SEC : limit * MS_PER_SEC;
    if (!(fabs(x) < max))
        return false;
    *usec = llround(x) * (dates == SQLITE_DATES_JULIAN ? MS_PER_SEC : 1);
    return true;
}

static bool is_date_type(struct q_type type)
{
    return type.id == Q_T_DATE || type.id == Q_T_TIMESTAMP || type.id == Q_T_TIMESTAMPTZ;
}

/* The number at `at` as microseconds, when the declared meaning gives it one within the years 1 to 9999. */
static bool usec_of(const struct sqlite_scan *scan, struct q_type type, int at, int64_t *usec)
{
    enum sqlite_dates dates = scan->spec.dates;
    bool real = sqlite3_column_type(scan->stmt, at) == SQLITE_FLOAT;
    if (dates == SQLITE_DATES_TEXT)
        return false;
    if (real || dates == SQLITE_DATES_JULIAN
            ? !usec_of_real(dates, sqlite3_column_double(scan->stmt, at), usec)
            : !usec_of_integer(dates, sqlite3_column_int64(scan->stmt, at), usec))
        return false;
    return *usec >= YEAR_ONE && *usec < YEAR_END &&
           (type.id != Q_T_DATE || *usec % Q_USEC_PER_DAY == 0);
}

static bool put_date(struct sqlite_scan *scan, struct batch_col *col, size_t row, int at)
{
    int64_t usec;
    if (!usec_of(scan, col->type, at, &usec))
        return false;
    if (col->type.id == Q_T_DATE)
        ((int32_t *)col->data)[row] = (int32_t)(usec / Q_USEC_PER_DAY);
    else
        ((int64_t *)col->data)[row] = usec;
    return true;
}

/* ---- numbers ---- */

static struct q_str integer_text(struct sqlite_scan *scan, int64_t v)
{
    int n = snprintf(scan->text, sizeof scan->text, "%" PRId64, v);
    return (struct q_str){scan->text, (size_t)n};
}

/* What has no way of its own goes through the strict cast of its digits. */
static bool cast_integer(struct sqlite_scan *scan, size_t f, size_t row, int64_t v)
{
    return record_text(scan->records, f, row, integer_text(scan, v));
}

static void from_integer(struct sqlite_scan *scan, size_t f, struct batch_col *col, size_t row,
                         int at)
{
    int64_t v = sqlite3_column_int64(scan->stmt, at);
    if (is_date_type(col->type)) {
        if (!put_date(scan, col, row, at))
            record_fail(scan->records, f, "cast");
        return;
    }
    switch (batch_put_whole(col, row, v)) {
    case BATCH_PUT:
        return;
    case BATCH_NO_FIT:
        record_fail(scan->records, f, "cast");
        return;
    case BATCH_NO_WAY:
        (void)cast_integer(scan, f, row, v);
    }
}

/* A double that is the nearest one to a decimal of at most 15 digits is that decimal: no other of so few digits has the same
 * double, and dividing two exact doubles rounds to the nearest. */
static bool short_decimal(struct batch_col *col, size_t row, double v)
{
    if (col->type.scale > EXACT_DIGITS)
        return false;
    double unit = (double)batch_power10[col->type.scale], unscaled = v * unit;
    if (!(fabs(unscaled) < (double)batch_power10[EXACT_DIGITS]))
        return false;
    int64_t n = llround(unscaled);
    double back = (double)n / unit;
    return memcmp(&back, &v, sizeof v) == 0 && batch_put_unscaled(col, row, n);
}

static void from_real(struct sqlite_scan *scan, size_t f, struct batch_col *col, size_t row, int at)
{
    double v = sqlite3_column_double(scan->stmt, at);
    if (col->type.id == Q_T_DOUBLE) {
        ((double *)col->data)[row] = v;
        return;
    }
    if (col->type.id == Q_T_DECIMAL && short_decimal(col, row, v))
        return;
    if (is_date_type(col->type) || col->type.id == Q_T_BOOL) {
        if (col->type.id == Q_T_BOOL || !put_date(scan, col, row, at))
            record_fail(scan->records, f, "cast");
        return;
    }
    (void)record_text(scan->records, f, row, batch_real_text(v, scan->text));
}

/* ---- texts and bytes ---- */

static struct q_str text_at(const struct sqlite_scan *scan, int at)
{
    const char *p = (const char *)sqlite3_column_text(scan->stmt, at);
    return (struct q_str){p ? p : "", (size_t)sqlite3_column_bytes(scan->stmt, at)};
}

static struct q_str blob_at(const struct sqlite_scan *scan, int at)
{
    const char *p = sqlite3_column_blob(scan->stmt, at);
    return (struct q_str){p ? p : "", (size_t)sqlite3_column_bytes(scan->stmt, at)};
}

static void from_blob(struct sqlite_scan *scan, size_t f, struct batch_col *col, size_t row, int at)
{
    struct q_str bytes = blob_at(scan, at);
    if (col->type.id == Q_T_BLOB) {
        batch_put_text(col, row, bytes.p, bytes.n);
    } else if (col->type.id == Q_T_UUID && bytes.n == BATCH_UUID_BYTES) {
        batch_put_uuid(col, row, bytes.p);
    } else {
        record_fail(scan->records, f, "cast");
    }
}

static struct q_str hex_text(struct sqlite_scan *scan, struct q_str bytes)
{
    static const char digits[] = "0123456789abcdef";
    q_buf_clear(&scan->hex);
    q_buf_adds(&scan->hex, "\\x");
    for (size_t i = 0; i < bytes.n && !scan->hex.full; i++) {
        q_buf_addc(&scan->hex, digits[(unsigned char)bytes.p[i] >> 4]);
        q_buf_addc(&scan->hex, digits[bytes.p[i] & 15]);
    }
    return (struct q_str){q_buf_text(&scan->hex), scan->hex.n};
}

/* The value as a text that the strict casts read back into the same. */
static struct q_str text_of(void *self, size_t field)
{
    struct sqlite_scan *scan = self;
    const struct record_field *f = &scan->spec.target->fields[field];
    int at = (int)f->from;
    int64_t usec;
    switch (sqlite3_column_type(scan->stmt, at)) {
    case SQLITE_NULL:
        return (struct q_str){0};
    case SQLITE_INTEGER:
    case SQLITE_FLOAT:
        if (!f->path && is_date_type(f->cast.type) && usec_of(scan, f->cast.type, at, &usec)) {
            char iso[Q_TIMESTAMP_TEXT];
            if (f->cast.type.id == Q_T_DATE)
                (void)q_date_text((int32_t)(usec / Q_USEC_PER_DAY), iso);
            else
                (void)q_timestamp_text(usec, iso);
            int n = snprintf(scan->text, sizeof scan->text, "%s%s", iso,
                             f->cast.type.id == Q_T_TIMESTAMPTZ ? "+00" : "");
            return (struct q_str){scan->text, (size_t)n};
        }
        if (sqlite3_column_type(scan->stmt, at) == SQLITE_INTEGER)
            return integer_text(scan, sqlite3_column_int64(scan->stmt, at));
        return batch_real_text(sqlite3_column_double(scan->stmt, at), scan->text);
    case SQLITE_BLOB:
        return hex_text(scan, blob_at(scan, at));
    default:
        return text_at(scan, at);
    }
}

/* ---- rows ---- */

static void put(struct sqlite_scan *scan, size_t f, struct batch_col *col, size_t row)
{
    const struct record_field *field = &scan->spec.target->fields[f];
    int at = (int)field->from;
    switch (sqlite3_column_type(scan->stmt, at)) {
    case SQLITE_NULL:
        batch_put_null(col, row);
        return;
    case SQLITE_INTEGER:
        if (field->path)
            (void)cast_integer(scan, f, row, sqlite3_column_int64(scan->stmt, at));
        else
            from_integer(scan, f, col, row, at);
        return;
    case SQLITE_FLOAT:
        if (field->path)
            (void)record_text(scan->records, f, row, text_of(scan, f));
        else
            from_real(scan, f, col, row, at);
        return;
    case SQLITE_BLOB:
        from_blob(scan, f, col, row, at);
        return;
    default:
        (void)record_text(scan->records, f, row, text_at(scan, at));
    }
}

enum q_code sqlite_scan_open(struct sqlite *s, const struct sqlite_scan_spec *spec,
                             const bool *wanted, struct sqlite_scan **out, struct q_err *err)
{
    struct q_arena *arena = q_arena_new(NULL, "sqlite scan");
    struct sqlite_scan *scan = q_new(arena, struct sqlite_scan);
    scan->arena = arena;
    scan->session = s;
    scan->spec = *spec;
    q_buf_init_in(&scan->hex, arena, HEX_MAX);
    scan->records = record_worker_new(arena, spec->target, wanted);
    enum q_code code = sqlite_prepare(s, spec->sql, spec->params, spec->n_params, &scan->stmt, err);
    if (code) {
        q_arena_free(arena);
        return code;
    }
    *out = scan;
    return Q_OK;
}

enum q_code sqlite_scan_fill(struct sqlite_scan *scan, struct batch *out, struct q_err *err)
{
    struct record_target *target = scan->spec.target;
    int64_t before = scan->row;
    enum q_code code = Q_OK;
    bool more = false;
    while (out->rows < BATCH_ROWS && !scan->ended && !code) {
        code = sqlite_step(scan->session, scan->stmt, &more, err);
        scan->ended = !more;
        if (!more)
            break;
        struct batch_col *const *cols = record_begin(scan->records, out);
        for (size_t f = 0; f < target->n; f++)
            put(scan, f, cols[f], out->rows);
        int64_t pos = scan->spec.pos_from < 0
                          ? scan->row
                          : sqlite3_column_int64(scan->stmt, (int)scan->spec.pos_from);
        scan->row++;
        code = record_end(scan->records, out, pos, text_of, scan, err);
    }
    atomic_fetch_add(&target->records, scan->row - before);
    return code;
}

void sqlite_scan_close(struct sqlite_scan *scan)
{
    if (!scan)
        return;
    sqlite3_finalize(scan->stmt);
    q_arena_free(scan->arena);
}
