/* SPDX-License-Identifier: Apache-2.0 */
#include "batch/cast_parse.h"

enum { WIDTH_MAX = 38 };

/* Digits before the point and behind it, without zeros that do not count. */
static void measure(struct q_str text, unsigned *whole, unsigned *scale)
{
    const char *p = text.p, *end = p + text.n;
    if (*p == '-' || *p == '+')
        p++;
    const char *point = memchr(p, '.', (size_t)(end - p));
    const char *whole_end = point ? point : end;
    while (p < whole_end && *p == '0')
        p++;
    *whole = (unsigned)(whole_end - p);
    *scale = 0;
    if (point) {
        while (end > point + 1 && end[-1] == '0')
            end--;
        *scale = (unsigned)(end - point - 1);
    }
}

/* 007 and -01.5, not 0 and 0.5; a plus sign belongs to telephone numbers as well. */
static bool is_code(struct q_str text)
{
    const char *p = text.p;
    size_t n = text.n, sign = n && (*p == '-' || *p == '+');
    return (n && *p == '+') ||
           (n - sign > 1 && p[sign] == '0' && p[sign + 1] >= '0' && p[sign + 1] <= '9');
}

static void guess_number(struct batch_guess *g, struct q_str text)
{
    static const struct batch_cast bigint = {.type = {.id = Q_T_INT64}};
    const struct cast_limits widest = {
        .scale = WIDTH_MAX, .max = ~(cast_u128)0 >> 1, .max_neg = ~(cast_u128)0 >> 1};
    __int128 v;
    int64_t small;
    if (is_code(text)) {
        g->not_integer = g->not_decimal = true;
        return;
    }
    if (!g->not_integer && !memchr(text.p, '.', text.n) &&
        cast_short_integer(text.p, text.n, &small)) {
        unsigned scale, whole;
        measure(text, &whole, &scale);
        g->whole = whole > g->whole ? whole : g->whole;
        return;
    }
    struct cast_limits whole_number = cast_limits_of(&bigint);
    if (!g->not_integer && !cast_number(text.p, text.n, &whole_number, &v))
        g->not_integer = true;
    unsigned whole, scale;
    measure(text, &whole, &scale);
    struct cast_limits limits = widest;
    limits.scale = scale;
    if (scale > WIDTH_MAX || whole > WIDTH_MAX || !cast_number(text.p, text.n, &limits, &v)) {
        g->not_integer = g->not_decimal = true;
        return;
    }
    g->whole = whole > g->whole ? whole : g->whole;
    g->scale = scale > g->scale ? scale : g->scale;
}

void batch_guess_add(struct batch_guess *g, struct q_str text)
{
    int32_t days;
    int64_t usec;
    if (text.n == 0)
        return;
    g->any = true;
    if (!g->not_decimal)
        guess_number(g, text);
    if (!g->not_date && !cast_date(text.p, text.n, &days))
        g->not_date = true;
    if (!g->not_timestamp && !cast_timestamp(text.p, text.n, false, &usec))
        g->not_timestamp = true;
}

struct q_type batch_guess_type(const struct batch_guess *g)
{
    if (!g->any)
        return Q_TYPE(Q_T_TEXT);
    if (!g->not_integer)
        return Q_TYPE(Q_T_INT64);
    unsigned width = g->whole + g->scale;
    if (!g->not_decimal && width <= WIDTH_MAX)
        return Q_DECIMAL((uint8_t)(width ? width : 1), (uint8_t)g->scale);
    if (!g->not_date)
        return Q_TYPE(Q_T_DATE);
    if (!g->not_timestamp)
        return Q_TYPE(Q_T_TIMESTAMP);
    return Q_TYPE(Q_T_TEXT);
}
