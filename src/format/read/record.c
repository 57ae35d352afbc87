/* SPDX-License-Identifier: Apache-2.0 */
/* Where records end: the rules of blocks.h, byte by byte. */
#include <string.h>

#include "format/read/blocks.h"

static char line_end(const struct blocks_rules *rules)
{
    return rules->cr ? '\r' : '\n';
}

/* Behind the closing quote of the field whose opening quote is at i - 1; BLOCKS_NO_END when it is still open. */
static size_t skip_quoted(const struct blocks_rules *r, const char *p, size_t n, size_t i)
{
    if (r->escape != r->quote) {
        for (; i < n && p[i] != r->quote; i++)
            i += p[i] == r->escape;
        return i < n ? i + 1 : BLOCKS_NO_END;
    }
    for (;;) {
        const char *q = i < n ? memchr(p + i, r->quote, n - i) : NULL;
        if (!q)
            return BLOCKS_NO_END;
        i = (size_t)(q - p) + 1;
        if (i == n || p[i] != r->quote)
            return i;
        i++;
    }
}

static bool is_delimiter(const struct blocks_rules *r, const char *p, size_t n, size_t at)
{
    return p[at] == r->delimiter &&
           (!r->delimiters ||
            (n - at >= r->delimiters_n && memcmp(p + at, r->delimiters, r->delimiters_n) == 0));
}

static size_t csv_end(const struct blocks_rules *r, const char *p, size_t n, size_t at,
                      size_t *open_quote)
{
    const char eol = line_end(r), *line = memchr(p + at, eol, n - at);
    size_t end = line ? (size_t)(line - p) : n, field = at;
    if (!r->quote || blocks_is_comment(r, p, at, end) || !memchr(p + at, r->quote, end - at))
        return line ? end + 1 : BLOCKS_NO_END;
    for (size_t i = at; i < n; i++) {
        if (p[i] == r->quote && i == field) {
            size_t behind = skip_quoted(r, p, n, i + 1);
            if (behind == BLOCKS_NO_END) {
                *open_quote = i;
                return BLOCKS_NO_END;
            }
            i = behind - 1;
            continue;
        }
        if (p[i] == eol)
            return i + 1;
        if (is_delimiter(r, p, n, i)) {
            field = i + blocks_delimiter_n(r);
            i = field - 1;
        }
    }
    return BLOCKS_NO_END;
}

size_t blocks_field_end(const struct blocks_rules *r, const char *p, size_t end, size_t at)
{
    if (r->quote && at < end && p[at] == r->quote) {
        at = skip_quoted(r, p, end, at + 1);
        if (at == BLOCKS_NO_END)
            return end;
    }
    const char *delimiter = NULL;
    if (at < end)
        delimiter = r->delimiters ? memmem(p + at, end - at, r->delimiters, r->delimiters_n)
                                  : memchr(p + at, r->delimiter, end - at);
    return delimiter ? (size_t)(delimiter - p) : end;
}

/* Behind the string whose opening quote is at i; BLOCKS_NO_END when it is still open. */
static size_t skip_string(const char *p, size_t n, size_t i)
{
    for (const char *at = p + i + 1;;) {
        const char *quote = at < p + n ? memchr(at, '"', (size_t)(p + n - at)) : NULL;
        if (!quote)
            return BLOCKS_NO_END;
        const char *first = quote;
        while (first > at && first[-1] == '\\')
            first--;
        at = quote + 1;
        if ((quote - first) % 2 == 0)
            return (size_t)(at - p);
    }
}

/* Characters that matter to the structure of JSON. */
static const unsigned char structural[256] = {
    ['"'] = 1, ['{'] = 2, ['['] = 2, ['}'] = 3, [']'] = 3, [','] = 4};

/* A value of a JSON array: up to the comma behind it, or to the bracket that closes the array (not included). With `alone`
 * an object or array by itself, which ends with its bracket. */
static size_t value_end(const char *p, size_t n, size_t at, bool alone, size_t *open_quote)
{
    size_t depth = 0;
    for (size_t i = at; i < n; i++) {
        switch (structural[(unsigned char)p[i]]) {
        case 1: {
            size_t behind = skip_string(p, n, i);
            if (behind == BLOCKS_NO_END) {
                *open_quote = i;
                return BLOCKS_NO_END;
            }
            i = behind - 1;
            break;
        }
        case 2:
            depth++;
            break;
        case 3:
            if (depth == 0 && !alone)
                return i;
            depth -= depth > 0;
            if (depth == 0 && alone)
                return i + 1;
            break;
        case 4:
            if (depth == 0 && !alone)
                return i + 1;
            break;
        default:
            break;
        }
    }
    return BLOCKS_NO_END;
}

size_t blocks_record_end(const struct blocks_rules *rules, const char *p, size_t n, size_t at,
                         size_t *open_quote)
{
    *open_quote = BLOCKS_NO_END;
    if (at >= n)
        return BLOCKS_NO_END;
    if (rules->kind == BLOCKS_CSV)
        return csv_end(rules, p, n, at, open_quote);
    if (rules->kind == BLOCKS_ARRAY)
        return value_end(p, n, at, false, open_quote);
    if (rules->kind == BLOCKS_VALUES)
        return value_end(p, n, at, true, open_quote);
    const char *line = memchr(p + at, '\n', n - at);
    return line ? (size_t)(line - p) + 1 : BLOCKS_NO_END;
}

size_t blocks_skip_blanks(const char *p, size_t n, size_t at)
{
    while (at < n && (p[at] == ' ' || p[at] == '\t' || p[at] == '\n' || p[at] == '\r'))
        at++;
    return at;
}

bool blocks_matches(const char *pattern, const char *p, size_t n)
{
    const char *star = NULL; /* the last one, and where in the text it stopped taking */
    size_t i = 0, taken = 0;
    while (i < n) {
        if (*pattern == '*') {
            star = pattern++;
            taken = i;
        } else if (*pattern && (*pattern == '?' || *pattern == p[i])) {
            pattern++;
            i++;
        } else if (star) {
            pattern = star + 1;
            i = ++taken;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return !*pattern;
}

typedef signed char lanes __attribute__((vector_size(16)));

int64_t blocks_count_lines(const struct blocks_rules *rules, const char *p, size_t n)
{
    const char eol = line_end(rules);
    enum { WIDTH = sizeof(lanes), LANE_MAX = 127 };
    lanes wanted, v;
    int64_t count = 0;
    size_t i = 0;
    memset(&wanted, eol, sizeof wanted);
    while (n - i >= WIDTH) {
        lanes sums = {0};
        for (int k = 0; k < LANE_MAX && n - i >= WIDTH; k++, i += WIDTH) {
            memcpy(&v, p + i, sizeof v);
            sums -= v == wanted; /* true is -1 */
        }
        for (int k = 0; k < WIDTH; k++)
            count += sums[k];
    }
    for (; i < n; i++)
        count += p[i] == eol;
    return count;
}
