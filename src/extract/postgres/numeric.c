/* SPDX-License-Identifier: Apache-2.0 */
/* PostgreSQL's numeric: groups of four decimal digits. */
#include <inttypes.h>

#include "extract/postgres/wire.h"

/* src/backend/utils/adt/numeric.c of PostgreSQL: four int16 before the groups. */
enum { HEAD = 8, POSITIVE = 0x0000, NEGATIVE = 0x4000, NOT_A_NUMBER = 0xC000 };
enum { INFINITE = 0xD000, MINUS_INFINITE = 0xF000, GROUP = 10000, GROUP_DIGITS = 4 };
enum { MOST_GROUPS = 11 /* that 38 digits can touch */, SHORT_GROUPS = 4, SHORT_SHIFT = 2 };

struct numeric {
    unsigned groups, sign, scale;
    int weight; /* of the first group: it counts 10000 ^ weight */
    const char *digits;
};

static bool read_numeric(const char *p, size_t n, struct numeric *out)
{
    if (n < HEAD)
        return false;
    *out = (struct numeric){.groups = wire_u16(p),
                            .weight = (int16_t)wire_u16(p + 2),
                            .sign = wire_u16(p + 4),
                            .scale = wire_u16(p + 6),
                            .digits = p + HEAD};
    if (n != HEAD + 2 * (size_t)out->groups)
        return false;
    for (unsigned i = 0; i < out->groups; i++)
        if (wire_u16(out->digits + 2 * (size_t)i) >= GROUP)
            return false;
    bool known = out->sign == POSITIVE || out->sign == NEGATIVE || out->sign == NOT_A_NUMBER ||
                 out->sign == INFINITE || out->sign == MINUS_INFINITE;
    return known;
}

static const unsigned tens[] = {1, 10, 100, 1000};

/* 10 ^ n * v, n at most 38; false when it does not fit. */
static bool times_ten(cast_u128 *v, unsigned n)
{
    for (; n; n -= n > 18 ? 18 : n)
        if (__builtin_mul_overflow(*v, (cast_u128)cast_pow10[n > 18 ? 18 : n], v))
            return false;
    return true;
}

/* The general way: whatever fits into 38 digits. */
static bool long_numeric(const struct numeric *x, int shift, unsigned cut, __int128 *out)
{
    unsigned last = wire_u16(x->digits + 2 * (size_t)(x->groups - 1));
    cast_u128 v = 0;
    for (unsigned i = 0; i + 1 < x->groups; i++)
        if (__builtin_mul_overflow(v, (cast_u128)GROUP, &v) ||
            __builtin_add_overflow(v, (cast_u128)wire_u16(x->digits + 2 * (size_t)i), &v))
            return false;
    if (__builtin_mul_overflow(v, (cast_u128)(GROUP / cut), &v) ||
        __builtin_add_overflow(v, (cast_u128)(last / cut), &v) ||
        (shift > 0 && !times_ten(&v, (unsigned)shift)) || v >> 127)
        return false;
    *out = x->sign == NEGATIVE ? -(__int128)v : (__int128)v;
    return true;
}

bool pg_numeric(const char *p, size_t n, unsigned scale, __int128 *out, bool *bad)
{
    struct numeric x;
    *bad = !read_numeric(p, n, &x);
    if (*bad || x.sign > NEGATIVE)
        return false;
    while (x.groups && wire_u16(x.digits + 2 * (size_t)(x.groups - 1)) == 0)
        x.groups--;
    if (!x.groups) {
        *out = 0;
        return true;
    }
    if (x.groups > MOST_GROUPS || x.weight > MOST_GROUPS)
        return false;
    /* Digits of the last group stand `shift` places left of the last digit that is kept; to the right of it when negative. */
    int shift = (x.weight - (int)x.groups + 1) * GROUP_DIGITS + (int)scale;
    if (shift <= -GROUP_DIGITS)
        return false;
    unsigned cut = shift < 0 ? tens[-shift] : 1,
             last = wire_u16(x.digits + 2 * (size_t)(x.groups - 1));
    if (last % cut)
        return false;
    if (x.groups <= SHORT_GROUPS && shift <= SHORT_SHIFT) { /* at most 18 digits */
        uint64_t short_v = 0;
        for (unsigned i = 0; i + 1 < x.groups; i++)
            short_v = short_v * GROUP + wire_u16(x.digits + 2 * (size_t)i);
        short_v = short_v * (GROUP / cut) + last / cut;
        if (shift > 0)
            short_v *= tens[shift];
        *out = x.sign == NEGATIVE ? -(__int128)short_v : (__int128)short_v;
        return true;
    }
    return long_numeric(&x, shift, cut, out);
}

static unsigned group_at(const struct numeric *x, int weight)
{
    int i = x->weight - weight;
    return i < 0 || i >= (int)x->groups ? 0 : wire_u16(x->digits + 2 * (size_t)i);
}

bool wire_numeric_text(const char *p, size_t n, struct q_buf *out)
{
    struct numeric x;
    if (!read_numeric(p, n, &x))
        return false;
    if (x.sign > NEGATIVE) {
        q_buf_adds(out, x.sign == NOT_A_NUMBER ? "NaN"
                        : x.sign == INFINITE   ? "Infinity"
                                               : "-Infinity");
        return true;
    }
    if (x.sign == NEGATIVE)
        q_buf_addc(out, '-');
    if (x.weight < 0)
        q_buf_addc(out, '0');
    for (int w = x.weight; w >= 0; w--)
        q_buf_printf(out, w == x.weight ? "%u" : "%04u", group_at(&x, w));
    if (!x.scale)
        return true;
    q_buf_addc(out, '.');
    for (unsigned i = 0; i < x.scale; i++) {
        unsigned group = group_at(&x, -1 - (int)(i / GROUP_DIGITS));
        q_buf_addc(out, (char)('0' + group / tens[GROUP_DIGITS - 1 - i % GROUP_DIGITS] % 10));
    }
    return true;
}
