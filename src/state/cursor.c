/* SPDX-License-Identifier: Apache-2.0 */
#include "state/cursor.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/parse.h"
#include "batch/cast.h"
#include "batch/cell.h"

bool cursor_type_ok(struct q_type type)
{
    return q_type_is_integer(type) || type.id == Q_T_DECIMAL || type.id == Q_T_TEXT ||
           cursor_type_is_time(type);
}

bool cursor_type_is_time(struct q_type type)
{
    return type.id == Q_T_DATE || type.id == Q_T_TIMESTAMP || type.id == Q_T_TIMESTAMPTZ;
}

/* ---- between values and text ---- */

static bool is_big(struct q_type type)
{
    return type.id == Q_T_INT128 || type.id == Q_T_DECIMAL;
}

static bool cast(struct q_arena *arena, struct q_type type, const char *text, struct db_param *out)
{
    size_t n = strlen(text);
    char *padded = q_alloc(arena, n + BATCH_CAST_PAD);
    __int128 cell = 0;
    uint64_t fail = 0, valid = 1;
    struct batch_cast how = {.type = type};
    struct batch_span span = {.n = (uint32_t)n | BATCH_QUOTED};
    struct batch_col col = {.type = type, .data = &cell, .valid = &valid};
    if (!n || n > BATCH_SPAN_MAX)
        return false;
    memcpy(padded, text, n);
    if (batch_cast_column(&how, padded, &span, 1, &col, 0, &fail) || batch_is_null(&col, 0))
        return false;
    __int128 value = batch_cell_integer(&col, 0);
    *out = (struct db_param){.type = type};
    if (is_big(type))
        out->big = value;
    else
        out->i = (int64_t)value;
    return true;
}

static bool cast_utc(struct q_arena *arena, struct q_type type, const char *text,
                     struct db_param *out)
{
    return cast(arena, type, q_printf(arena, "%sZ", text), out) ||
           cast(arena, type, q_printf(arena, "%s 00:00:00Z", text), out);
}

enum q_code cursor_parse(struct q_arena *arena, struct q_type type, const char *text,
                         struct db_param *out, struct q_err *err)
{
    char shown[Q_TYPE_TEXT];
    if (type.id == Q_T_TEXT) {
        *out = db_text(NULL, text);
        return Q_OK;
    }
    if (cast(arena, type, text, out) ||
        (type.id == Q_T_TIMESTAMPTZ && cast_utc(arena, type, text, out)))
        return Q_OK;
    return q_fail(err, Q_USAGE, "\"%s\" is no %s", text, q_type_text(type, shown));
}

const char *cursor_text(struct q_arena *arena, const struct db_param *value)
{
    __int128 cell = 0;
    struct batch_col col = {.type = value->type, .data = &cell};
    if (value->type.id == Q_T_TEXT)
        return q_strndup(arena, value->s.p, value->s.n);
    /* little endian: the low bytes are the narrower integer */
    cell = is_big(value->type) ? value->big : value->i;
    struct q_buf text;
    q_buf_init(&text, 1 << 10);
    batch_cell_text(&col, 0, &text);
    const char *copy = q_strndup(arena, q_buf_text(&text), text.n);
    q_buf_release(&text);
    return copy;
}

/* ---- order and distance ---- */

int cursor_compare(const struct db_param *a, const struct db_param *b)
{
    if (a->type.id == Q_T_TEXT) {
        size_t n = a->s.n < b->s.n ? a->s.n : b->s.n;
        int order = n ? memcmp(a->s.p, b->s.p, n) : 0;
        return order ? order : (a->s.n > b->s.n) - (a->s.n < b->s.n);
    }
    if (is_big(a->type))
        return (a->big > b->big) - (a->big < b->big);
    return (a->i > b->i) - (a->i < b->i);
}

/* The least value that the type can hold and the engine takes. */
static __int128 least(struct q_type type)
{
    __int128 limit = 1;
    switch (type.id) {
    case Q_T_INT16:
        return INT16_MIN;
    case Q_T_INT32:
    case Q_T_DATE:
        return INT32_MIN + 2; /* below stand the infinities of dates */
    case Q_T_INT64:
    case Q_T_TIMESTAMP:
    case Q_T_TIMESTAMPTZ:
        return INT64_MIN + 2;
    case Q_T_DECIMAL:
        for (int i = 0; i < type.width; i++)
            limit *= 10;
        return 1 - limit;
    default:
        return -(((__int128)1 << 126) - 1) * 2;
    }
}

static __int128 number(const struct db_param *v)
{
    return is_big(v->type) ? v->big : v->i;
}

static struct db_param of_number(struct q_type type, __int128 n)
{
    struct db_param v = {.type = type};
    if (is_big(type))
        v.big = n;
    else
        v.i = (int64_t)n;
    return v;
}

static enum q_code distance_of(struct q_arena *arena, struct q_type type, const char *text,
                               __int128 *out, struct q_err *err)
{
    char shown[Q_TYPE_TEXT];
    struct db_param n;
    int64_t usec = 0;
    if (type.id == Q_T_TEXT)
        return q_fail(err, Q_USAGE, "a text has no distance to another");
    if (cursor_type_is_time(type)) {
        enum q_code code = q_parse_duration(text, "the distance", &usec, err);
        if (!code && type.id == Q_T_DATE && usec % Q_USEC_PER_DAY)
            code =
                q_fail(err, Q_USAGE, "\"%s\" is no number of days, and the column is a date", text);
        *out = type.id == Q_T_DATE ? usec / Q_USEC_PER_DAY : usec;
        return code;
    }
    if (!cast(arena, type, text, &n) || number(&n) < 0)
        return q_fail(err, Q_USAGE, "\"%s\" is no positive %s", text, q_type_text(type, shown));
    *out = number(&n);
    return Q_OK;
}

enum q_code cursor_below(struct q_arena *arena, const struct db_param *value, const char *distance,
                         struct db_param *out, struct q_err *err)
{
    __int128 by = 0, at = number(value), low = least(value->type);
    enum q_code code = distance_of(arena, value->type, distance, &by, err);
    if (!code) /* both sides of the comparison stay inside 128 bits: at >= low, by >= 0 */
        *out = of_number(value->type, at < 0 && by > at - low ? low
                                      : at - by < low         ? low
                                                              : at - by);
    return code;
}

bool cursor_next(const struct db_param *value, struct db_param *out)
{
    __int128 n = number(value);
    if (value->type.id == Q_T_TEXT || n >= -least(value->type))
        return false;
    *out = of_number(value->type, n + 1);
    return true;
}

struct db_param cursor_at(struct q_type type, int64_t usec)
{
    if (type.id != Q_T_DATE)
        return of_number(type, usec);
    int64_t day = usec / Q_USEC_PER_DAY;
    return of_number(type, day * Q_USEC_PER_DAY < usec ? day + 1 : day);
}

/* ---- intervals ---- */

static int by_lo(const void *a, const void *b)
{
    const struct cursor_interval *x = a, *y = b;
    return cursor_compare(&x->lo, &y->lo);
}

void cursor_merge(cursor_intervals *list)
{
    size_t kept = 0;
    if (list->n)
        qsort(list->v, list->n, sizeof *list->v, by_lo);
    for (size_t i = 0; i < list->n; i++) {
        struct cursor_interval *x = &list->v[i], *last = kept ? &list->v[kept - 1] : NULL;
        if (cursor_compare(&x->lo, &x->hi) >= 0)
            continue;
        if (!last || cursor_compare(&last->hi, &x->lo) < 0)
            list->v[kept++] = *x;
        else if (cursor_compare(&last->hi, &x->hi) < 0)
            last->hi = x->hi;
    }
    list->n = kept;
}

void cursor_holes(struct q_arena *arena, const cursor_intervals *list, const struct db_param *from,
                  const struct db_param *to, cursor_intervals *out)
{
    struct db_param at = *from;
    for (size_t i = 0; i < list->n && cursor_compare(&at, to) < 0; i++) {
        const struct cursor_interval *x = &list->v[i];
        const struct db_param *end = cursor_compare(&x->lo, to) < 0 ? &x->lo : to;
        if (cursor_compare(&at, end) < 0)
            *q_vec_push(arena, out) = (struct cursor_interval){at, *end};
        if (cursor_compare(&at, &x->hi) < 0)
            at = x->hi;
    }
    if (cursor_compare(&at, to) < 0)
        *q_vec_push(arena, out) = (struct cursor_interval){at, *to};
}
