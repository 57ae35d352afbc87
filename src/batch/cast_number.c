/* SPDX-License-Identifier: Apache-2.0 */
#include <locale.h>
#include <math.h>
#include <stdlib.h>

#include "batch/cast_parse.h"

const uint64_t cast_pow10[19] = {
    1,
    10,
    100,
    1000,
    10000,
    100000,
    1000000,
    10000000,
    100000000,
    1000000000,
    10000000000,
    100000000000,
    1000000000000,
    10000000000000,
    100000000000000,
    1000000000000000,
    10000000000000000,
    100000000000000000,
    1000000000000000000,
};

static cast_u128 power_of_ten(unsigned n)
{
    return n <= 18 ? cast_pow10[n] : (cast_u128)cast_pow10[18] * power_of_ten(n - 18);
}

struct cast_limits cast_limits_of(const struct batch_cast *cast)
{
    struct cast_limits l = {.round = cast->round_half_up};
    if (cast->type.id == Q_T_DECIMAL) {
        l.scale = cast->type.scale;
        l.max = l.max_neg = power_of_ten(cast->type.width) - 1;
        return l;
    }
    size_t bits = 8 * q_type_size(cast->type);
    l.max_neg = bits ? (cast_u128)1 << (bits - 1) : 0;
    l.max = bits ? l.max_neg - 1 : 0;
    return l;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* v * 10 + digit, or false when it leaves 128 bits. */
static bool push_digit(cast_u128 *v, unsigned digit)
{
    return !__builtin_mul_overflow(*v, (cast_u128)10, v) && !__builtin_add_overflow(*v, digit, v);
}

bool cast_number(const char *p, size_t n, const struct cast_limits *limits, __int128 *out)
{
    const char *end = p + n;
    bool negative = n && *p == '-';
    if (n && (*p == '-' || *p == '+'))
        p++;
    cast_u128 v = 0;
    bool any = p < end && is_digit(*p), up = false;
    for (; p < end && is_digit(*p); p++)
        if (!push_digit(&v, (unsigned)(*p - '0')))
            return false;
    unsigned fraction = 0;
    if (p < end && *p == '.') {
        const char *first = ++p;
        for (; p < end && is_digit(*p); p++) {
            if (fraction < limits->scale) {
                fraction++;
                if (!push_digit(&v, (unsigned)(*p - '0')))
                    return false;
            } else if (limits->round) {
                up |= (size_t)(p - first) == limits->scale && *p >= '5';
            } else if (*p != '0') {
                return false;
            }
        }
        any |= p > first;
    }
    if (p != end || !any)
        return false;
    for (; fraction < limits->scale && v; fraction++)
        if (!push_digit(&v, 0))
            return false;
    v += up;
    if (v > (negative ? limits->max_neg : limits->max))
        return false;
    *out = negative ? (__int128)-v : (__int128)v;
    return true;
}

/* Sign, digits with at most one point, optional exponent; the digits and the exponent when they are few. */
struct double_text {
    uint64_t mantissa;
    int digits, exponent;
    bool negative;
};

static bool scan_exponent(const char **at, const char *end, int *exponent)
{
    const char *p = *at + 1;
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    if (p == end || !is_digit(*p))
        return false;
    int e = 0;
    for (; p < end && is_digit(*p); p++)
        if (e < 100000)
            e = e * 10 + (*p - '0');
    *exponent += negative ? -e : e;
    *at = p;
    return true;
}

static bool scan_double(const char *p, const char *end, struct double_text *d)
{
    bool any = false, point = false;
    d->negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    for (; p < end; p++) {
        if (*p == '.' && !point) {
            point = true;
            continue;
        }
        if (!is_digit(*p))
            break;
        any = true;
        d->exponent -= point;
        if (d->mantissa || *p != '0')
            d->digits++;
        if (d->digits <= 18)
            d->mantissa = d->mantissa * 10 + (uint64_t)(*p - '0');
    }
    if (!any)
        return false;
    if (p < end && (*p == 'e' || *p == 'E') && !scan_exponent(&p, end, &d->exponent))
        return false;
    return p == end;
}

/* The library's conversion, in the C locale whatever the process has set. */
static bool convert_double(const char *p, size_t n, double *out)
{
    enum { LONGEST = 1100 }; /* more digits than any double needs to be told from its neighbours */
    char text[LONGEST + 1];
    if (n > LONGEST)
        return false;
    memcpy(text, p, n);
    text[n] = 0;
    static locale_t c_locale;
    locale_t c = __atomic_load_n(&c_locale, __ATOMIC_ACQUIRE);
    if (!c) {
        locale_t made = newlocale(LC_ALL_MASK, "C", (locale_t)0);
        if (__atomic_compare_exchange_n(&c_locale, &c, made, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE))
            c = made;
        else
            freelocale(made);
    }
    *out = strtod_l(text, NULL, c);
    return isfinite(*out);
}

bool cast_double(const char *p, size_t n, double *out)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    struct double_text d = {0};
    if (!scan_double(p, p + n, &d))
        return false;
    /* Both exact, so the one operation rounds correctly (Clinger 1990). */
    if (d.digits <= 18 && d.mantissa <= UINT64_C(1) << 53 && d.exponent >= -22 &&
        d.exponent <= 22) {
        double v = (double)d.mantissa;
        v = d.exponent < 0 ? v / powers[-d.exponent] : v * powers[d.exponent];
        *out = d.negative ? -v : v;
        return true;
    }
    return convert_double(p, n, out);
}
