/* SPDX-License-Identifier: Apache-2.0 */
#include "format/read/json_text.h"

#include <string.h>

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four hexadecimal digits; -1: they are none. */
static int32_t four_digits(const char *p)
{
    int32_t v = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex(p[i]);
        if (digit < 0)
            return -1;
        v = v << 4 | digit;
    }
    return v;
}

const char *json_string_end(const char *p, const char *end, bool *escaped)
{
    for (;;) {
        p = json_special(p, end);
        if (p == end)
            return NULL;
        if (*p == '"')
            return p;
        if (*p != '\\' || end - p < 2)
            return NULL;
        *escaped = true;
        if (p[1] == 'u') {
            if (end - p < 6 || four_digits(p + 2) < 0)
                return NULL;
            p += 6;
        } else if (strchr("\"\\/bfnrt", p[1]) && p[1]) {
            p += 2;
        } else {
            return NULL;
        }
    }
}

static const char *digits(const char *p, const char *end)
{
    while (p < end && *p >= '0' && *p <= '9')
        p++;
    return p;
}

/* Behind the number at p. */
static const char *number_end(const char *p, const char *end)
{
    p += p < end && *p == '-';
    const char *first = p;
    p = digits(p, end);
    if (p == first || (*first == '0' && p > first + 1))
        return NULL;
    if (p < end && *p == '.') {
        first = ++p;
        p = digits(p, end);
        if (p == first)
            return NULL;
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        p += p < end && (*p == '+' || *p == '-');
        first = p;
        p = digits(p, end);
        if (p == first)
            return NULL;
    }
    return p;
}

/* A value that is no object and no array. */
static const char *scalar_end(const char *p, const char *end)
{
    static const struct {
        char first;
        unsigned char n;
        char text[6];
    } words[] = {{'t', 4, "true"}, {'f', 5, "false"}, {'n', 4, "null"}};
    bool escaped;
    if (*p == '"') {
        p = json_string_end(p + 1, end, &escaped);
        return p ? p + 1 : NULL;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (*p == words[i].first)
            return end - p >= words[i].n && memcmp(p, words[i].text, words[i].n) == 0
                       ? p + words[i].n
                       : NULL;
    return number_end(p, end);
}

/* Behind a member's name and colon. */
static const char *name_end(const char *p, const char *end)
{
    bool escaped;
    p = json_blanks(p, end);
    if (p == end || *p != '"')
        return NULL;
    p = json_string_end(p + 1, end, &escaped);
    if (!p)
        return NULL;
    p = json_blanks(p + 1, end);
    return p < end && *p == ':' ? p + 1 : NULL;
}

const char *json_value_end(const char *p, const char *end, unsigned depth, bool *deep)
{
    char open[JSON_DEPTH]; /* what closes them */
    unsigned n = 0;
    for (;;) {
        p = json_blanks(p, end);
        if (p == end)
            return NULL;
        if (*p == '{' || *p == '[') {
            if (depth + n >= JSON_DEPTH) {
                *deep = true;
                return NULL;
            }
            open[n++] = *p == '{' ? '}' : ']';
            p = json_blanks(p + 1, end);
            if (p < end && *p == open[n - 1]) {
                p++;
                n--;
            } else {
                if (open[n - 1] == '}' && !(p = name_end(p, end)))
                    return NULL;
                continue;
            }
        } else if (!(p = scalar_end(p, end))) {
            return NULL;
        }
        for (;;) { /* a value has ended */
            if (!n)
                return p;
            p = json_blanks(p, end);
            if (p == end)
                return NULL;
            if (*p == ',') {
                p++;
                if (open[n - 1] == '}' && !(p = name_end(p, end)))
                    return NULL;
                break;
            }
            if (*p != open[n - 1])
                return NULL;
            p++;
            n--;
        }
    }
}

static size_t put_utf8(uint32_t c, char *out)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

/* The character of \uXXXX at p[0, n), or of two of them; *used bytes. False: half a pair. */
static bool unicode(const char *p, size_t n, uint32_t *out, size_t *used)
{
    uint32_t c = (uint32_t)four_digits(p + 2);
    *used = 6;
    *out = c;
    if (c < 0xD800 || c > 0xDFFF)
        return true;
    if (c > 0xDBFF || n < 12 || p[6] != '\\' || p[7] != 'u')
        return false;
    uint32_t low = (uint32_t)four_digits(p + 8);
    *used = 12;
    *out = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
    return low >= 0xDC00 && low <= 0xDFFF;
}

bool json_unescape(const char *p, size_t n, char *out, size_t *m)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    *m = 0;
    for (size_t i = 0; i < n;) {
        const char *escape = memchr(p + i, '\\', n - i);
        size_t plain = escape ? (size_t)(escape - p) - i : n - i;
        memcpy(out + *m, p + i, plain);
        *m += plain;
        i += plain;
        if (i == n)
            break;
        if (p[i + 1] == 'u') {
            uint32_t c;
            size_t used;
            if (!unicode(p + i, n - i, &c, &used))
                return false;
            *m += put_utf8(c, out + *m);
            i += used;
            continue;
        }
        const char *known = strchr(from, p[i + 1]);
        out[(*m)++] = known ? to[known - from] : p[i + 1];
        i += 2;
    }
    return true;
}
