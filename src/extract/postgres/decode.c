/* SPDX-License-Identifier: Apache-2.0 */
#include "extract/postgres/decode.h"

#include <assert.h>

#include "base/json.h"
#include "batch/cell.h"
#include "extract/postgres/wire.h"

static const char signature[11] = "PGCOPY\n\377\r\n";

enum { HEADER = 19 };
#define CRITICAL UINT32_C(0xFFFF0000) /* flags of it that must be understood */
#define CARRY_MAX ((size_t)2 << 30)   /* a row has at most this many bytes */
enum { RAW_MAX = REJECT_RAW_MAX * 4, VALUE_MAX = 1 << 20 };

enum state { HEAD, ROWS, ENDED };

struct pg_decoder {
    const struct pg_field *fields;
    size_t n;
    bool with_pos;
    const struct reject_sink *sink;
    enum state state;
    int64_t pos; /* of the next row */
    int64_t records, rejected;
    struct q_buf carry;        /* the beginning of what is not there in full yet */
    struct q_buf padded, json; /* texts with room behind them: for casts, for JSON paths */
    struct q_buf scratch;      /* of a JSON path */
    bool *failed;              /* fields of the row that are no values */
};

/* What a field's bytes turned out to be. */
enum field { FIELD_OK, FIELD_REJECT, FIELD_BAD };

struct pg_decoder *pg_decoder_new(struct q_arena *arena, const struct pg_field *fields, size_t n,
                                  bool with_pos, const struct reject_sink *sink)
{
    struct pg_decoder *d = q_new(arena, struct pg_decoder);
    d->fields = fields;
    d->n = n;
    d->with_pos = with_pos;
    d->sink = sink;
    d->failed = q_alloc_array(arena, n + 1, sizeof *d->failed);
    q_buf_init_in(&d->carry, arena, CARRY_MAX);
    q_buf_init_in(&d->padded, arena, CARRY_MAX);
    q_buf_init_in(&d->json, arena, CARRY_MAX);
    q_buf_init_in(&d->scratch, arena, CARRY_MAX);
    return d;
}

void pg_decoder_begin(struct pg_decoder *d, int64_t pos)
{
    d->state = HEAD;
    d->pos = pos;
    q_buf_clear(&d->carry);
}

int64_t pg_decoder_records(const struct pg_decoder *d)
{
    return d->records;
}

int64_t pg_decoder_rejected(const struct pg_decoder *d)
{
    return d->rejected;
}

static enum q_code broken(const char *what, struct q_err *err)
{
    return q_fail(err, Q_SOURCE, "cannot read what the server sent: %s", what);
}

/* ---- values ---- */

static enum field put_integer(struct batch_col *col, size_t row, int64_t v)
{
    switch ((int)col->type.id) {
    case Q_T_INT16:
        ((int16_t *)col->data)[row] = (int16_t)v;
        return v == (int16_t)v ? FIELD_OK : FIELD_REJECT;
    case Q_T_INT32:
        ((int32_t *)col->data)[row] = (int32_t)v;
        return v == (int32_t)v ? FIELD_OK : FIELD_REJECT;
    case Q_T_INT64:
        ((int64_t *)col->data)[row] = v;
        return FIELD_OK;
    default:
        assert(col->type.id == Q_T_INT128);
        ((__int128 *)col->data)[row] = v;
        return FIELD_OK;
    }
}

static enum field put_numeric(struct batch_col *col, size_t row, const char *p, size_t n)
{
    __int128 v;
    bool bad, decimal = col->type.id == Q_T_DECIMAL;
    if (!pg_numeric(p, n, decimal ? col->type.scale : 0, &v, &bad))
        return bad ? FIELD_BAD : FIELD_REJECT;
    if (!decimal && col->type.id != Q_T_INT128)
        return v == (int64_t)v ? put_integer(col, row, (int64_t)v) : FIELD_REJECT;
    unsigned width = decimal ? col->type.width : 38;
    __int128 limit = width <= 18 ? (__int128)cast_pow10[width]
                                 : (__int128)cast_pow10[18] *
                                       (__int128)cast_pow10[width - 18 > 18 ? 18 : width - 18] *
                                       (width > 36 ? (__int128)cast_pow10[width - 36] : 1);
    if (v >= limit || v <= -limit)
        return FIELD_REJECT;
    if (width > 18)
        ((__int128 *)col->data)[row] = v;
    else if (width > 9)
        ((int64_t *)col->data)[row] = (int64_t)v;
    else if (width > 4)
        ((int32_t *)col->data)[row] = (int32_t)v;
    else
        ((int16_t *)col->data)[row] = (int16_t)v;
    return FIELD_OK;
}

static enum field put_date(struct batch_col *col, size_t row, const char *p)
{
    int32_t days = (int32_t)wire_u32(p);
    if (days == INT32_MAX || days == INT32_MIN)
        return FIELD_REJECT;
    return __builtin_add_overflow(days, WIRE_EPOCH_DAYS, &((int32_t *)col->data)[row])
               ? FIELD_REJECT
               : FIELD_OK;
}

static enum field put_timestamp(struct batch_col *col, size_t row, const char *p)
{
    int64_t usec = (int64_t)wire_u64(p);
    if (usec == INT64_MAX || usec == INT64_MIN)
        return FIELD_REJECT;
    /* The engine's own infinities are the ends of its range. */
    bool over = __builtin_add_overflow(usec, WIRE_EPOCH_USEC, &usec);
    ((int64_t *)col->data)[row] = usec;
    return over || usec == INT64_MAX || usec == -INT64_MAX ? FIELD_REJECT : FIELD_OK;
}

static void put_uuid(struct batch_col *col, size_t row, const char *p)
{
    unsigned __int128 v =
        (unsigned __int128)(wire_u64(p) ^ UINT64_C(1) << 63) << 64 | wire_u64(p + 8);
    memcpy((char *)col->data + row * sizeof v, &v, sizeof v);
}

static enum field put_text(const struct pg_field *f, struct batch_col *col, size_t row,
                           const char *p, size_t n)
{
    if (f->check_utf8 && !q_utf8_valid(p, n, NULL))
        return FIELD_REJECT;
    batch_put_text(col, row, p, n);
    return FIELD_OK;
}

/* A copy with readable bytes behind it. */
static const char *pad(struct q_buf *b, const char *p, size_t n)
{
    static const char padding[BATCH_CAST_PAD];
    q_buf_clear(b);
    q_buf_add(b, p, n);
    q_buf_add(b, padding, sizeof padding);
    return b->p;
}

static enum field put_cast(struct pg_decoder *d, const struct pg_field *f, struct batch_col *col,
                           size_t row, const char *p, size_t n)
{
    struct batch_span span = {0, (uint32_t)n | BATCH_QUOTED};
    uint64_t fail[BATCH_FAIL_WORDS(1)] = {0};
    if (n > BATCH_SPAN_MAX || (f->check_utf8 && !q_utf8_valid(p, n, NULL)))
        return FIELD_REJECT;
    p = pad(&d->padded, p, n);
    return batch_cast_column(&f->how, p, &span, 1, col, row, fail) ? FIELD_REJECT : FIELD_OK;
}

static enum field put_path(struct pg_decoder *d, const struct pg_field *f, struct batch_col *col,
                           size_t row, const char *p, size_t n)
{
    struct q_str value;
    if (f->check_utf8 && !q_utf8_valid(p, n, NULL))
        return FIELD_REJECT;
    q_buf_clear(&d->scratch);
    enum json_found found =
        json_path_find(f->path, (struct q_str){pad(&d->json, p, n), n}, &d->scratch, &value);
    if (found == JSON_BAD)
        return FIELD_REJECT;
    if (found == JSON_NOTHING) {
        batch_put_null(col, row);
        return FIELD_OK;
    }
    return f->type.id == Q_T_TEXT ? put_text(f, col, row, value.p, value.n)
                                  : put_cast(d, f, col, row, value.p, value.n);
}

static size_t trimmed(const char *p, size_t n)
{
    while (n && p[n - 1] == ' ')
        n--;
    return n;
}

/* The double of a float4 is the same number. */
static double float4(const char *p)
{
    uint32_t bits = wire_u32(p);
    float v;
    memcpy(&v, &bits, sizeof v);
    return (double)v;
}

static double float8(const char *p)
{
    uint64_t bits = wire_u64(p);
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* Bytes of a kind, or -1 where they vary. */
static const int8_t widths[] = {
    [PG_BOOL] = 1,   [PG_INT2] = 2,     [PG_INT4] = 4,   [PG_INT8] = 8,  [PG_OID] = 4,
    [PG_FLOAT4] = 4, [PG_FLOAT8] = 8,   [PG_DATE] = 4,   [PG_TIME] = 8,  [PG_TIMESTAMP] = 8,
    [PG_UUID] = 16,  [PG_NUMERIC] = -1, [PG_BYTES] = -1, [PG_TEXT] = -1, [PG_CHAR] = -1,
    [PG_JSONB] = -1, [PG_CAST] = -1,    [PG_PATH] = -1,
};

static enum field put_field(struct pg_decoder *d, const struct pg_field *f, struct batch_col *col,
                            size_t row, const char *p, size_t n)
{
    if (widths[f->kind] >= 0 && n != (size_t)widths[f->kind])
        return FIELD_BAD;
    switch (f->kind) {
    case PG_BOOL:
        ((uint8_t *)col->data)[row] = *p != 0;
        return FIELD_OK;
    case PG_INT2:
        return put_integer(col, row, (int16_t)wire_u16(p));
    case PG_INT4:
        return put_integer(col, row, (int32_t)wire_u32(p));
    case PG_INT8:
        return put_integer(col, row, (int64_t)wire_u64(p));
    case PG_OID:
        return put_integer(col, row, wire_u32(p));
    case PG_FLOAT4:
        ((double *)col->data)[row] = float4(p);
        return FIELD_OK;
    case PG_FLOAT8:
        ((double *)col->data)[row] = float8(p);
        return FIELD_OK;
    case PG_NUMERIC:
        return put_numeric(col, row, p, n);
    case PG_DATE:
        return put_date(col, row, p);
    case PG_TIME:
        ((int64_t *)col->data)[row] = (int64_t)wire_u64(p);
        return (int64_t)wire_u64(p) < 0 || (int64_t)wire_u64(p) > Q_USEC_PER_DAY ? FIELD_BAD
                                                                                 : FIELD_OK;
    case PG_TIMESTAMP:
        return put_timestamp(col, row, p);
    case PG_UUID:
        put_uuid(col, row, p);
        return FIELD_OK;
    case PG_BYTES:
        batch_put_text(col, row, p, n);
        return FIELD_OK;
    case PG_TEXT:
        return put_text(f, col, row, p, n);
    case PG_CHAR:
        return put_text(f, col, row, p, trimmed(p, n));
    case PG_JSONB:
        if (n < 1 || *p != 1) /* the version of its format */
            return FIELD_BAD;
        return put_text(f, col, row, p + 1, n - 1);
    case PG_PATH:
        return put_path(d, f, col, row, p, n);
    case PG_CAST:
        return put_cast(d, f, col, row, p, n);
    }
    return FIELD_BAD;
}

/* ---- values as text ---- */

static void days_text(int64_t days, bool infinite, struct q_buf *out)
{
    char text[Q_TIMESTAMP_TEXT];
    if (infinite)
        q_buf_adds(out, days > 0 ? "infinity" : "-infinity");
    else
        q_buf_adds(out, q_date_text((int32_t)days, text));
}

static void usec_text(int64_t usec, struct q_buf *out)
{
    char text[Q_TIMESTAMP_TEXT];
    if (usec == INT64_MAX || usec == INT64_MIN)
        q_buf_adds(out, usec > 0 ? "infinity" : "-infinity");
    else if (__builtin_add_overflow(usec, WIRE_EPOCH_USEC, &usec))
        q_buf_adds(out, "after 294247-01-10");
    else
        q_buf_adds(out, q_timestamp_text(usec, text));
}

/* Kinds whose column type writes them: one cell, and its text. */
static void cell_text(enum pg_kind kind, const char *p, struct q_buf *out)
{
    static const enum q_tid types[] = {[PG_BOOL] = Q_T_BOOL,
                                       [PG_FLOAT4] = Q_T_DOUBLE,
                                       [PG_FLOAT8] = Q_T_DOUBLE,
                                       [PG_TIME] = Q_T_TIME,
                                       [PG_UUID] = Q_T_UUID};
    _Alignas(16) char data[16];
    struct batch_col col = {.type = Q_TYPE(types[kind]), .data = data};
    struct pg_field field = {.kind = kind};
    (void)put_field(NULL, &field, &col, 0, p, (size_t)widths[kind]);
    batch_cell_text(&col, 0, out);
}

static void hex_text(const char *p, size_t n, struct q_buf *out)
{
    static const char hex[] = "0123456789abcdef";
    q_buf_adds(out, "\\x");
    for (size_t i = 0; i < n; i++) {
        q_buf_addc(out, hex[(unsigned char)p[i] >> 4]);
        q_buf_addc(out, hex[p[i] & 15]);
    }
}

/* One field as text, as exactly as the server would write it. False when the bytes are no such value. */
static bool field_text(enum pg_kind kind, const char *p, size_t n, struct q_buf *out)
{
    if (widths[kind] >= 0 && n != (size_t)widths[kind])
        return false;
    switch (kind) {
    case PG_BOOL:
    case PG_FLOAT4:
    case PG_FLOAT8:
    case PG_TIME:
    case PG_UUID:
        cell_text(kind, p, out);
        return true;
    case PG_INT2:
        q_buf_printf(out, "%d", (int16_t)wire_u16(p));
        return true;
    case PG_INT4:
        q_buf_printf(out, "%d", (int32_t)wire_u32(p));
        return true;
    case PG_INT8:
        q_buf_printf(out, "%lld", (long long)(int64_t)wire_u64(p));
        return true;
    case PG_OID:
        q_buf_printf(out, "%u", wire_u32(p));
        return true;
    case PG_NUMERIC:
        return wire_numeric_text(p, n, out);
    case PG_DATE: {
        int32_t days = (int32_t)wire_u32(p);
        bool infinite = days == INT32_MAX || days == INT32_MIN;
        days_text(infinite ? days : (int64_t)days + WIRE_EPOCH_DAYS, infinite, out);
        return true;
    }
    case PG_TIMESTAMP:
        usec_text((int64_t)wire_u64(p), out);
        return true;
    case PG_BYTES:
        hex_text(p, n, out);
        return true;
    case PG_CHAR:
        q_buf_add(out, p, trimmed(p, n));
        return true;
    case PG_JSONB:
        q_buf_add(out, n ? p + 1 : p, n ? n - 1 : 0);
        return true;
    case PG_TEXT:
    case PG_PATH:
    case PG_CAST:
        q_buf_add(out, p, n);
        return true;
    }
    return false;
}

/* ---- rejects ---- */

/* The row as a JSON object of texts: what `rejects replay` reads again. */
static void row_json(const struct pg_decoder *d, const char *p, struct q_buf *out)
{
    struct q_buf value;
    q_buf_init(&value, RAW_MAX);
    q_buf_addc(out, '{');
    p += 2;
    for (size_t i = 0; i < d->n; i++) {
        int32_t n = (int32_t)wire_u32(p);
        p += 4;
        if (i)
            q_buf_addc(out, ',');
        q_json_quote(out, q_str(d->fields[i].name));
        q_buf_addc(out, ':');
        if (n < 0) {
            q_buf_adds(out, "null");
            continue;
        }
        q_buf_clear(&value);
        (void)field_text(d->fields[i].kind, p, (size_t)n, &value);
        q_json_quote(out, (struct q_str){q_buf_text(&value), value.n});
        p += n;
    }
    q_buf_addc(out, '}');
    q_buf_release(&value);
}

/* Tell all fields of a row that are no values. */
static enum q_code reject_row(struct pg_decoder *d, const char *row, struct q_err *err)
{
    struct q_buf raw, value;
    enum q_code code = Q_OK;
    const char *p = row + 2;
    q_buf_init(&raw, RAW_MAX);
    q_buf_init(&value, VALUE_MAX);
    row_json(d, row, &raw);
    for (size_t i = 0; i < d->n && !code; i++) {
        const struct pg_field *f = &d->fields[i];
        int32_t n = (int32_t)wire_u32(p);
        p += 4;
        if (d->failed[i]) {
            q_buf_clear(&value);
            (void)field_text(f->kind, p, (size_t)n, &value);
            bool text = q_utf8_valid(q_buf_text(&value), value.n, NULL);
            struct reject r = {
                .pos = d->pos,
                .reason = text ? "cast" : "invalid_utf8",
                .column = f->name,
                .detail = f->expected,
                .value = {q_buf_text(&value), value.n},
                .raw = {q_buf_text(&raw), raw.n < REJECT_RAW_MAX ? raw.n : REJECT_RAW_MAX}};
            code = d->sink->put(d->sink->self, &r, err);
        }
        p += n > 0 ? n : 0;
    }
    q_buf_release(&raw);
    q_buf_release(&value);
    return code;
}

/* ---- rows ---- */

static void forget_nulls(struct batch *out, size_t row)
{
    for (size_t k = 0; k < out->n_cols; k++)
        if (out->cols[k].valid)
            out->cols[k].valid[row >> 6] |= UINT64_C(1) << (row & 63);
}

/* Bytes of the row that begins at p, 0 when it is not all there; `bad` when it cannot be one. */
static size_t row_length(const struct pg_decoder *d, const char *p, size_t left, const char **bad)
{
    size_t at = 2;
    if (left < 2)
        return 0;
    if (wire_u16(p) != d->n) {
        *bad = "a row has another number of fields than was asked for";
        return 0;
    }
    for (size_t i = 0; i < d->n; i++) {
        if (left - at < 4)
            return 0;
        int32_t n = (int32_t)wire_u32(p + at);
        at += 4;
        if (n < -1) {
            *bad = "a field has a negative length";
            return 0;
        }
        if (n > 0 && left - at < (size_t)n)
            return 0;
        at += n > 0 ? (size_t)n : 0;
    }
    return at;
}

/* One row that is all there. */
static enum q_code put_row(struct pg_decoder *d, const char *row, struct batch *out,
                           struct q_err *err)
{
    const char *p = row + 2;
    size_t r = out->rows;
    bool failed = false;
    for (size_t i = 0; i < d->n; i++) {
        const struct pg_field *f = &d->fields[i];
        struct batch_col *col = &out->cols[i];
        int32_t n = (int32_t)wire_u32(p);
        p += 4;
        if (n < 0) {
            batch_put_null(col, r);
            continue;
        }
        enum field is = put_field(d, f, col, r, p, (size_t)n);
        if (is == FIELD_BAD)
            return q_fail(
                err, Q_SOURCE,
                "cannot read what the server sent: %d bytes are no %s, which column \"%s\" is", n,
                f->expected, f->name);
        if (is == FIELD_REJECT)
            failed = d->failed[i] = true;
        p += n;
    }
    d->records++;
    enum q_code code = Q_OK;
    if (failed) {
        code = reject_row(d, row, err);
        forget_nulls(out, r);
        memset(d->failed, 0, d->n * sizeof *d->failed);
        d->rejected++;
    } else {
        if (d->with_pos)
            ((int64_t *)out->cols[d->n].data)[r] = d->pos;
        out->rows++;
    }
    d->pos++;
    return code;
}

/* The header's bytes, 0 when they are not all there. */
static enum q_code read_head(const char *p, size_t left, size_t *used, struct q_err *err)
{
    *used = 0;
    if (left < HEADER)
        return Q_OK;
    if (memcmp(p, signature, sizeof signature) != 0)
        return broken("the stream does not begin as a binary COPY does", err);
    uint32_t flags = wire_u32(p + sizeof signature), more = wire_u32(p + sizeof signature + 4);
    if (flags & CRITICAL)
        return broken("its format has parts that this program does not know", err);
    if (more > INT32_MAX)
        return broken("its header has a negative length", err);
    if (left - HEADER >= more)
        *used = HEADER + (size_t)more;
    return Q_OK;
}

/* Use what there is of [p, p + left), as far as the batch has room. */
static enum q_code use(struct pg_decoder *d, const char *p, size_t left, struct batch *out,
                       size_t *used, struct q_err *err)
{
    const char *bad = NULL;
    *used = 0;
    while (out->rows < BATCH_ROWS && *used < left) {
        size_t n = 0;
        enum q_code code = Q_OK;
        if (d->state == ENDED)
            return broken("there are bytes behind its end", err);
        if (d->state == HEAD) {
            code = read_head(p + *used, left - *used, &n, err);
            d->state = n ? ROWS : HEAD;
        } else if (left - *used >= 2 && wire_u16(p + *used) == UINT16_MAX) {
            n = 2;
            d->state = ENDED;
        } else {
            n = row_length(d, p + *used, left - *used, &bad);
            if (bad)
                return broken(bad, err);
            if (n)
                code = put_row(d, p + *used, out, err);
        }
        if (code)
            return code;
        if (!n)
            break;
        *used += n;
    }
    return Q_OK;
}

enum q_code pg_decode(struct pg_decoder *d, struct q_str *bytes, struct batch *out,
                      struct q_err *err)
{
    size_t used;
    if (!d->carry.n) {
        enum q_code code = use(d, bytes->p, bytes->n, out, &used, err);
        if (code)
            return code;
        bytes->p += used;
        bytes->n -= used;
        if (!bytes->n || out->rows == BATCH_ROWS)
            return Q_OK;
    }
    /* A row in several pieces: it is put together. */
    q_buf_add(&d->carry, bytes->p, bytes->n);
    bytes->n = 0;
    enum q_code code = q_buf_check(&d->carry, "a row of the server", err);
    if (!code)
        code = use(d, d->carry.p, d->carry.n, out, &used, err);
    if (code)
        return code;
    memmove(d->carry.p, d->carry.p + used, d->carry.n - used);
    d->carry.n -= used;
    return Q_OK;
}

enum q_code pg_decoder_end(struct pg_decoder *d, struct q_err *err)
{
    return d->state == ENDED && !d->carry.n ? Q_OK
                                            : broken("the stream ended before its end mark", err);
}
