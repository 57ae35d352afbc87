/* SPDX-License-Identifier: Apache-2.0 */
#include <strings.h>

#include "base/clock.h"
#include "batch/cast_parse.h"

const uint16_t cast_month_days[2][14] = {
    {0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365},
    {0, 0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366},
};

enum { DATE_TEXT = 10, TIME_TEXT = 8, MINUTE_TEXT = 5 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool cast_date(const char *p, size_t n, int32_t *days)
{
    return n == DATE_TEXT && cast_iso_date(p, days);
}

/* Digits behind a point as microseconds; a seventh and later ones must be zero. */
static bool parse_fraction(const char *p, const char *end, int64_t *usec)
{
    int64_t v = 0;
    int digits = 0;
    if (p == end)
        return false;
    for (; p < end; p++, digits++) {
        if (!is_digit(*p) || (digits >= 6 && *p != '0'))
            return false;
        if (digits < 6)
            v = v * 10 + (*p - '0');
    }
    for (; digits < 6; digits++)
        v *= 10;
    *usec = v;
    return true;
}

bool cast_time(const char *p, size_t n, int64_t *usec)
{
    char full[TIME_TEXT];
    if (n == MINUTE_TEXT) {
        memcpy(full, p, MINUTE_TEXT);
        memcpy(full + MINUTE_TEXT, ":00", 3);
        return cast_iso_time(full, usec);
    }
    if (n < TIME_TEXT || !cast_iso_time(p, usec))
        return false;
    if (n == TIME_TEXT)
        return true;
    int64_t fraction;
    if (p[TIME_TEXT] != '.' || !parse_fraction(p + TIME_TEXT + 1, p + n, &fraction))
        return false;
    *usec += fraction;
    return true;
}

/* Z, +HH, +HHMM, +HH:MM: what is to be subtracted to get UTC. */
static bool parse_zone(const char *p, size_t n, int64_t *usec)
{
    *usec = 0;
    if (n == 1)
        return *p == 'Z' || *p == 'z';
    if ((*p != '+' && *p != '-') || (n != 3 && n != 5 && (n != 6 || p[3] != ':')))
        return false;
    unsigned bad = 0, minutes = 0, hours = cast_two(p + 1, &bad);
    if (n > 3)
        minutes = cast_two(p + n - 2, &bad);
    if (bad || hours > 15 || minutes > 59)
        return false;
    *usec = (int64_t)(hours * 60 + minutes) * 60 * Q_USEC_PER_SEC;
    if (*p == '-')
        *usec = -*usec;
    return true;
}

/* Length of the text without its zone. */
static size_t zone_start(const char *p, size_t n)
{
    for (size_t i = DATE_TEXT; i < n; i++)
        if (p[i] == 'Z' || p[i] == 'z' || p[i] == '+' || p[i] == '-')
            return i;
    return n;
}

bool cast_timestamp(const char *p, size_t n, bool zone, int64_t *usec)
{
    int32_t days;
    int64_t time = 0, offset = 0;
    if (zone) {
        size_t at = zone_start(p, n);
        if (at == n || at == DATE_TEXT || !parse_zone(p + at, n - at, &offset))
            return false;
        n = at;
    }
    if (n < DATE_TEXT || !cast_iso_date(p, &days))
        return false;
    if (n > DATE_TEXT && ((p[DATE_TEXT] != ' ' && p[DATE_TEXT] != 'T') ||
                          !cast_time(p + DATE_TEXT + 1, n - DATE_TEXT - 1, &time)))
        return false;
    *usec = days * Q_USEC_PER_DAY + time - offset;
    return true;
}

/* ---- declared formats ---- */

struct parts {
    int year, month, day, hour, minute, second;
    bool twelve, pm;
    int64_t micro, offset;
};

struct text {
    const char *p, *end;
};

static bool take_number(struct text *t, int least, int most, int *out)
{
    int v = 0, n = 0;
    for (; n < most && t->p < t->end && is_digit(*t->p); n++)
        v = v * 10 + (*t->p++ - '0');
    *out = v;
    return n >= least;
}

static bool take_month(struct text *t, int *out)
{
    static const char *const months[] = {"january",   "february", "march",    "april",
                                         "may",       "june",     "july",     "august",
                                         "september", "october",  "november", "december"};
    size_t left = (size_t)(t->end - t->p);
    for (int i = 0; i < 12; i++) {
        size_t full = strlen(months[i]);
        size_t n = left >= full && strncasecmp(t->p, months[i], full) == 0 ? full : 3;
        if (left >= n && strncasecmp(t->p, months[i], n) == 0) {
            t->p += n;
            *out = i + 1;
            return true;
        }
    }
    return false;
}

static bool take_half(struct text *t, struct parts *out)
{
    if (t->end - t->p < 2 || (t->p[1] != 'M' && t->p[1] != 'm'))
        return false;
    out->pm = *t->p == 'P' || *t->p == 'p';
    if (!out->pm && *t->p != 'A' && *t->p != 'a')
        return false;
    t->p += 2;
    return true;
}

static bool take_fraction(struct text *t, int64_t *out)
{
    const char *from = t->p;
    while (t->p < t->end && is_digit(*t->p))
        t->p++;
    return parse_fraction(from, t->p, out);
}

static bool take_zone(struct text *t, int64_t *out)
{
    char zone[BATCH_CAST_PAD] = {0};
    size_t n = 0;
    while (t->p + n < t->end && n < 6 && (is_digit(t->p[n]) || strchr("+-:Zz", t->p[n])))
        n++;
    if (!n)
        return false;
    memcpy(zone, t->p, n);
    t->p += n;
    return parse_zone(zone, n, out);
}

static bool take_part(char directive, struct text *t, struct parts *out)
{
    switch (directive) {
    case 'Y':
        return take_number(t, 4, 4, &out->year);
    case 'y':
        if (!take_number(t, 2, 2, &out->year))
            return false;
        out->year += out->year < 69 ? 2000 : 1900; /* POSIX strptime */
        return true;
    case 'm':
        return take_number(t, 1, 2, &out->month);
    case 'b':
        return take_month(t, &out->month);
    case 'd':
    case 'e':
        return take_number(t, 1, 2, &out->day);
    case 'I':
        out->twelve = true;
        return take_number(t, 1, 2, &out->hour) && out->hour >= 1 && out->hour <= 12;
    case 'H':
        return take_number(t, 1, 2, &out->hour);
    case 'M':
        return take_number(t, 2, 2, &out->minute);
    case 'S':
        return take_number(t, 2, 2, &out->second);
    case 'f':
        return take_fraction(t, &out->micro);
    case 'p':
        return take_half(t, out);
    case 'z':
        return take_zone(t, &out->offset);
    default: /* %% */
        return t->p < t->end && *t->p++ == '%';
    }
}

static bool scan_format(const char *format, struct text t, struct parts *out)
{
    for (const char *f = format; *f; f++) {
        if (*f == '%') {
            if (!take_part(*++f, &t, out))
                return false;
        } else if (t.p == t.end || *t.p++ != *f) {
            return false;
        }
    }
    return t.p == t.end;
}

bool cast_by_format(const char *format, struct q_type type, const char *p, size_t n, int64_t *out)
{
    struct parts v = {.year = 1970, .month = 1, .day = 1};
    if (!scan_format(format, (struct text){p, p + n}, &v) || v.year < 1 ||
        !q_civil_valid(v.year, v.month, v.day) || v.hour > 23 || v.minute > 59 || v.second > 59)
        return false;
    if (v.twelve)
        v.hour = v.hour % 12 + (v.pm ? 12 : 0);
    int64_t time = ((int64_t)v.hour * 3600 + v.minute * 60 + v.second) * Q_USEC_PER_SEC + v.micro;
    int32_t days = q_days_from_civil(v.year, v.month, v.day);
    if (type.id == Q_T_DATE)
        *out = days;
    else if (type.id == Q_T_TIME)
        *out = time;
    else
        *out = days * Q_USEC_PER_DAY + time - v.offset;
    return true;
}

enum q_code batch_format_check(const char *format, struct q_type type, struct q_err *err)
{
    const char *known = type.id == Q_T_DATE        ? "Yymbde"
                        : type.id == Q_T_TIME      ? "HIMSfp"
                        : type.id == Q_T_TIMESTAMP ? "YymbdeHIMSfp"
                                                   : "YymbdeHIMSfpz";
    bool seen[128] = {0};
    for (const char *f = format; *f; f++) {
        if (*f != '%')
            continue;
        f++;
        if (!*f || (*f != '%' && !strchr(known, *f))) {
            char name[Q_TYPE_TEXT];
            return q_fail(err, Q_CONFIG,
                          "cannot use the format \"%s\": \"%%%.1s\" is no part of a %s", format, f,
                          q_type_text(type, name));
        }
        seen[(unsigned char)*f & 127] = true;
    }
    bool date = (seen['Y'] || seen['y']) && (seen['m'] || seen['b']) && (seen['d'] || seen['e']);
    bool time = seen['H'] || (seen['I'] && seen['p']);
    if (type.id == Q_T_TIME ? !time : !date)
        return q_fail(err, Q_CONFIG, "cannot use the format \"%s\": it has no %s", format,
                      type.id == Q_T_TIME ? "hour (%H, or %I with %p)"
                                          : "year, month and day (%Y, %m, %d)");
    if (type.id == Q_T_TIMESTAMPTZ && !seen['z'])
        return q_fail(err, Q_CONFIG, "cannot use the format \"%s\": a timestamptz needs %%z",
                      format);
    return Q_OK;
}
