/* SPDX-License-Identifier: Apache-2.0 */
#include "base/parse.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"

enum q_code q_parse_int(const char *text, const char *what, int64_t min, int64_t max, int64_t *out,
                        struct q_err *err)
{
    char *end = NULL;
    errno = 0;
    long long v = isspace((unsigned char)text[0]) ? 0 : strtoll(text, &end, 10);
    if (!end || end == text || *end || errno == EINVAL)
        return q_fail(err, Q_USAGE, "cannot read %s: \"%s\" is not a whole number", what, text);
    if (errno == ERANGE || v < min || v > max)
        return q_fail(err, Q_USAGE, "cannot use %s for %s: it must be from %" PRId64 " to %" PRId64,
                      text, what, min, max);
    *out = v;
    return Q_OK;
}

enum q_code q_parse_double(const char *text, const char *what, double min, double max, double *out,
                           struct q_err *err)
{
    char *end = NULL;
    errno = 0;
    double v = isspace((unsigned char)text[0]) ? 0 : strtod(text, &end);
    if (!end || end == text || *end || !isfinite(v))
        return q_fail(err, Q_USAGE, "cannot read %s: \"%s\" is not a number", what, text);
    if (v < min || v > max)
        return q_fail(err, Q_USAGE, "cannot use %s for %s: it must be from %g to %g", text, what,
                      min, max);
    *out = v;
    return Q_OK;
}

enum q_code q_parse_bool(const char *text, const char *what, bool *out, struct q_err *err)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {{"true", true},   {"yes", true}, {"on", true},
                 {"false", false}, {"no", false}, {"off", false}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcasecmp(text, words[i].word) == 0) {
            *out = words[i].value;
            return Q_OK;
        }
    return q_fail(err, Q_USAGE, "cannot read %s: \"%s\" is neither true nor false", what, text);
}

struct unit {
    const char *name;
    int64_t factor;
};

/* A number, optional blanks, a unit of the table; an empty unit is the first row. */
static enum q_code parse_with_unit(const char *text, const char *what, const struct unit *units,
                                   size_t n, const char *kind, int64_t *out, struct q_err *err)
{
    char *end = NULL;
    errno = 0;
    long long v = isdigit((unsigned char)text[0]) ? strtoll(text, &end, 10) : -1;
    if (!end || errno || v < 0)
        return q_fail(err, Q_USAGE, "cannot read %s: \"%s\" is not a %s", what, text, kind);
    while (*end == ' ')
        end++;
    for (size_t i = 0; i < n; i++)
        if (*end ? strcasecmp(end, units[i].name) == 0 : i == 0) {
            if (__builtin_mul_overflow((int64_t)v, units[i].factor, out))
                return q_fail(err, Q_USAGE, "cannot use \"%s\" for %s: it is too large", text,
                              what);
            return Q_OK;
        }
    return q_fail(err, Q_USAGE, "cannot read %s: \"%s\" has an unknown unit \"%s\"", what, text,
                  end);
}

enum q_code q_parse_size(const char *text, const char *what, int64_t *out, struct q_err *err)
{
    static const struct unit units[] = {
        {"B", 1},           {"kB", 1000},          {"MB", 1000000},
        {"GB", 1000000000}, {"TB", 1000000000000}, {"KiB", 1LL << 10},
        {"MiB", 1LL << 20}, {"GiB", 1LL << 30},    {"TiB", 1LL << 40},
    };
    return parse_with_unit(text, what, units, sizeof units / sizeof units[0],
                           "size like \"512 MB\"", out, err);
}

enum q_code q_parse_duration(const char *text, const char *what, int64_t *out, struct q_err *err)
{
    static const struct unit units[] = {
        {"s", 1000000},
        {"second", 1000000},
        {"seconds", 1000000},
        {"ms", 1000},
        {"us", 1},
        {"min", 60000000},
        {"minute", 60000000},
        {"minutes", 60000000},
        {"h", 3600000000},
        {"hour", 3600000000},
        {"hours", 3600000000},
        {"d", 86400000000},
        {"day", 86400000000},
        {"days", 86400000000},
        {"week", 604800000000},
        {"weeks", 604800000000},
    };
    return parse_with_unit(text, what, units, sizeof units / sizeof units[0],
                           "duration like \"5 min\"", out, err);
}

/* Exactly n digits; -1 otherwise. */
static int digits(const char **p, int n)
{
    int v = 0;
    for (int i = 0; i < n; i++) {
        if (!isdigit((unsigned char)(*p)[i]))
            return -1;
        v = v * 10 + ((*p)[i] - '0');
    }
    *p += n;
    return v;
}

static bool date_at(const char **p, int32_t *out)
{
    int y = digits(p, 4);
    if (y < 0 || *(*p)++ != '-')
        return false;
    int m = digits(p, 2);
    if (m < 0 || *(*p)++ != '-')
        return false;
    int d = digits(p, 2);
    if (!q_civil_valid(y, m, d))
        return false;
    *out = q_days_from_civil(y, m, d);
    return true;
}

enum q_code q_parse_date(const char *text, const char *what, int32_t *out, struct q_err *err)
{
    const char *p = text;
    int32_t days;
    if (!date_at(&p, &days) || *p)
        return q_fail(err, Q_USAGE, "cannot read %s: \"%s\" is not a date like 2026-01-31", what,
                      text);
    *out = days;
    return Q_OK;
}

/* "HH:MM[:SS[.ffffff]]" in microseconds. */
static bool time_at(const char **p, int64_t *out)
{
    int h = digits(p, 2);
    if (h < 0 || h > 23 || *(*p)++ != ':')
        return false;
    int m = digits(p, 2), s = 0;
    if (m < 0 || m > 59)
        return false;
    int64_t micros = 0;
    if (**p == ':') {
        (*p)++;
        s = digits(p, 2);
        if (s < 0 || s > 59)
            return false;
        if (**p == '.') {
            (*p)++;
            int64_t scale = Q_USEC_PER_SEC / 10;
            if (!isdigit((unsigned char)**p))
                return false;
            for (; isdigit((unsigned char)**p); (*p)++, scale /= 10) {
                if (!scale)
                    return false;
                micros += (**p - '0') * scale;
            }
        }
    }
    *out = ((int64_t)h * 3600 + m * 60 + s) * Q_USEC_PER_SEC + micros;
    return true;
}

enum q_code q_parse_timestamp(const char *text, const char *what, int64_t *out, struct q_err *err)
{
    const char *p = text;
    int32_t days;
    int64_t time = 0;
    bool ok = date_at(&p, &days);
    if (ok && (*p == ' ' || *p == 'T')) {
        p++;
        ok = time_at(&p, &time);
    }
    if (ok && *p == 'Z')
        p++;
    if (!ok || *p)
        return q_fail(err, Q_USAGE,
                      "cannot read %s: \"%s\" is not a time like \"2026-01-31 08:30:00\" (UTC)",
                      what, text);
    *out = days * Q_USEC_PER_DAY + time;
    return Q_OK;
}
