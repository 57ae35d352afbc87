/* SPDX-License-Identifier: Apache-2.0 */
#include "format/read/xlsx_format.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- formats ---- */

enum xlsx_kind xlsx_builtin_kind(int id)
{
    static const struct {
        int from, to;
        enum xlsx_kind kind;
    } kinds[] = {
        {14, 17, XLSX_DATE}, {18, 21, XLSX_TIME}, {22, 22, XLSX_DATETIME}, {27, 31, XLSX_DATE},
        {32, 35, XLSX_TIME}, {36, 36, XLSX_DATE}, {45, 45, XLSX_TIME},     {46, 46, XLSX_ELAPSED},
        {47, 47, XLSX_TIME}, {50, 54, XLSX_DATE}, {55, 56, XLSX_TIME},     {57, 58, XLSX_DATE},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (id >= kinds[i].from && id <= kinds[i].to)
            return kinds[i].kind;
    return XLSX_NUMBER;
}

/* What a format shows, letter by letter. */
struct parts {
    bool date, time, elapsed;
    bool hour_before; /* the last part was an hour: an m is a minute */
    bool open_m;      /* an m that is a month unless seconds follow */
};

static void add_letter(struct parts *p, char c)
{
    switch (c) {
    case 'y':
    case 'd':
        p->date |= p->open_m;
        p->open_m = p->hour_before = false;
        p->date = true;
        break;
    case 'h':
        p->date |= p->open_m;
        p->open_m = false;
        p->hour_before = p->time = true;
        break;
    case 's':
        p->open_m = p->hour_before = false;
        p->time = true;
        break;
    case 'm':
        if (!p->hour_before)
            p->open_m = true;
        else
            p->time = true;
        break;
    default:
        break;
    }
}

/* [h], [mm], [ss]: elapsed time. Others ([Red], [$-409], [>=100]) say nothing. */
static void add_bracket(struct parts *p, const char *at, size_t n)
{
    size_t same = 0;
    char c = n ? (char)tolower((unsigned char)*at) : 0;
    while (same < n && tolower((unsigned char)at[same]) == c)
        same++;
    if (n && same == n && (c == 'h' || c == 'm' || c == 's')) {
        p->elapsed = p->time = true;
        p->hour_before = c == 'h';
    }
}

/* Length of a mark of the half of the day at p, or 0. */
static size_t half_of_day(const char *p)
{
    if (strncasecmp(p, "am/pm", 5) == 0)
        return 5;
    return strncasecmp(p, "a/p", 3) == 0 ? 3 : 0;
}

enum xlsx_kind xlsx_format_kind(const char *code)
{
    struct parts parts = {0};
    for (const char *p = code; *p && *p != ';'; p++) {
        size_t skip = half_of_day(p);
        if (strncasecmp(p, "general", 7) == 0) {
            p += 6;
        } else if (skip) {
            parts.time = true;
            p += skip - 1;
        } else if (*p == '"') {
            p += strcspn(p + 1, "\"") + (strchr(p + 1, '"') ? 1 : 0);
        } else if (*p == '[') {
            size_t n = strcspn(p + 1, "]");
            add_bracket(&parts, p + 1, n);
            p += n + (p[n + 1] ? 1 : 0);
        } else if (*p == '\\' || *p == '_' || *p == '*') {
            p += p[1] != 0;
        } else if ((*p == 'E' || *p == 'e') && (p[1] == '+' || p[1] == '-')) {
            return XLSX_NUMBER; /* an exponent */
        } else {
            add_letter(&parts, (char)tolower((unsigned char)*p));
        }
    }
    parts.date |= parts.open_m;
    if (parts.elapsed && !parts.date)
        return XLSX_ELAPSED;
    if (parts.date)
        return parts.time ? XLSX_DATETIME : XLSX_DATE;
    return parts.time ? XLSX_TIME : XLSX_NUMBER;
}

/* ---- moments ---- */

enum { DAYS_1904 = 1462, LEAP_DAY_1900 = 60, LAST_DAY = 2958465, EPOCH_1900 = 25569 };
#define DAY_US INT64_C(86400000000)

/* So many digits of a number; behind them. By hand, because sheets have millions. */
static char *digits(char *out, int64_t value, int n)
{
    for (int i = n - 1; i >= 0; i--, value /= 10)
        out[i] = (char)('0' + value % 10);
    return out + n;
}

/* Days since 1970-01-01 to year, month, day (Howard Hinnant, "chrono-compatible low-level date algorithms"). */
static char *print_date(int64_t days, char *out)
{
    int64_t z = days + 719468, era = z / 146097, doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    int64_t month = mp < 10 ? mp + 3 : mp - 9, year = yoe + era * 400 + (month <= 2);
    out = digits(out, year, 4);
    *out++ = '-';
    out = digits(out, month, 2);
    *out++ = '-';
    return digits(out, doy - (153 * mp + 2) / 5 + 1, 2);
}

static void print_time(int64_t hours, int64_t us, char *out)
{
    int64_t seconds = us / 1000000, rest = us % 1000000;
    hours += seconds / 3600;
    int n = 2;
    for (int64_t more = hours / 100; more; more /= 10)
        n++;
    out = digits(out, hours, n);
    *out++ = ':';
    out = digits(out, seconds / 60 % 60, 2);
    *out++ = ':';
    out = digits(out, seconds % 60, 2);
    if (rest)
        *out++ = '.';
    if (rest % 1000)
        out = digits(out, rest, 6);
    else if (rest)
        out = digits(out, rest / 1000, 3);
    *out = 0;
}

bool xlsx_moment(double days, enum xlsx_kind kind, bool from_1904, bool short_date,
                 char out[static XLSX_TEXT])
{
    if (!(days >= 0) || days >= LAST_DAY + 1)
        return false;
    double whole = floor(days);
    int64_t day = (int64_t)whole, us = llround((days - whole) * (double)DAY_US);
    int64_t ms = (us + 500) / 1000 * 1000;
    us = llabs(ms - us) <= 5 ? ms : us;
    day += us / DAY_US;
    us %= DAY_US;
    if (kind == XLSX_ELAPSED) {
        print_time(day * 24, us, out);
        return true;
    }
    if (day == 0 && kind != XLSX_DATE && !(from_1904 && kind == XLSX_DATETIME)) {
        print_time(0, us, out);
        return true;
    }
    day += from_1904 ? DAYS_1904 : 0;
    if (day == 0 || day > LAST_DAY)
        return false;
    char *end;
    if (day == LEAP_DAY_1900) /* as Excel shows it; no cast accepts it */
        end = mempcpy(out, "1900-02-29", 10);
    else
        end = print_date(day - EPOCH_1900 + (day < LEAP_DAY_1900), out);
    *end = 0;
    if (us || (kind != XLSX_DATE && !short_date)) {
        *end++ = ' ';
        print_time(0, us, end);
    }
    return true;
}

/* ---- numbers ---- */

enum { DIGITS_MAX = 40 };

/* A number's sign, digits without leading zeros, and how many of them stand before the point. */
struct digits {
    bool negative, exponent;
    char d[XLSX_TEXT];
    int n, point;
    bool fraction; /* it is written with a point */
};

static bool take_digits(struct q_str text, struct digits *out)
{
    size_t i = 0;
    bool any = false;
    *out = (struct digits){0};
    if (i < text.n && (text.p[i] == '-' || text.p[i] == '+'))
        out->negative = text.p[i++] == '-';
    for (; i < text.n && (isdigit((unsigned char)text.p[i]) || text.p[i] == '.'); i++) {
        if (text.p[i] == '.') {
            if (out->fraction)
                return false;
            out->fraction = true;
            continue;
        }
        any = true;
        if (out->n || text.p[i] != '0') {
            if (out->n == DIGITS_MAX)
                return false;
            out->d[out->n++] = text.p[i];
            out->point += !out->fraction;
        } else if (out->fraction) {
            out->point--;
        }
    }
    if (!any)
        return false;
    if (i < text.n && (text.p[i] == 'e' || text.p[i] == 'E')) {
        int exponent = 0, from = (int)++i;
        bool down = i < text.n && text.p[i] == '-';
        i += i < text.n && (text.p[i] == '-' || text.p[i] == '+');
        for (; i < text.n && isdigit((unsigned char)text.p[i]) && (int)i < from + 6; i++)
            exponent = exponent * 10 + (text.p[i] - '0');
        out->point += down ? -exponent : exponent;
        out->exponent = true;
    }
    return i == text.n;
}

/* Written out; false when that is too long. */
static bool print_digits(struct digits *x, char out[static XLSX_TEXT], size_t *n)
{
    size_t k = 0;
    while (x->n > 0 && x->n > x->point && x->d[x->n - 1] == '0')
        x->n--;
    if (x->n == 0) {
        out[0] = '0';
        *n = 1;
        return true;
    }
    if (x->point > DIGITS_MAX || x->point < -DIGITS_MAX / 2 || x->n - x->point > DIGITS_MAX)
        return false;
    if (x->negative)
        out[k++] = '-';
    if (x->point <= 0)
        out[k++] = '0';
    for (int i = 0; i < x->point; i++)
        out[k++] = i < x->n ? x->d[i] : '0';
    if (x->n > x->point) {
        out[k++] = '.';
        for (int i = x->point; i < 0; i++)
            out[k++] = '0';
        for (int i = x->point > 0 ? x->point : 0; i < x->n; i++)
            out[k++] = x->d[i];
    }
    *n = k;
    return true;
}

static bool same_double(const char *text, double value)
{
    double other = strtod(text, NULL);
    return memcmp(&other, &value, sizeof value) == 0;
}

struct q_str xlsx_number(struct q_str text, char out[static XLSX_TEXT])
{
    struct digits x;
    char copy[XLSX_TEXT], shorter[XLSX_TEXT];
    if (text.n >= sizeof copy || !take_digits(text, &x) || (!x.exponent && x.n <= 15))
        return text;
    if (!x.exponent && !x.fraction)
        return text;
    if (x.n > 15) {
        memcpy(copy, text.p, text.n);
        copy[text.n] = 0;
        double value = strtod(copy, NULL);
        for (int digits = 15; digits <= 16; digits++) {
            int n = snprintf(shorter, sizeof shorter, "%.*g", digits, value);
            if (!same_double(shorter, value))
                continue;
            if (!take_digits((struct q_str){shorter, (size_t)n}, &x))
                return text;
            break;
        }
    }
    size_t n;
    return print_digits(&x, out, &n) ? (struct q_str){out, n} : text;
}
