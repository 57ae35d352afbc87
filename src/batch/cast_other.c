/* SPDX-License-Identifier: Apache-2.0 */
#include <strings.h>

#include "batch/cast_parse.h"

bool cast_bool(const char *p, size_t n, bool *out)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {{"true", true}, {"false", false}, {"t", true},   {"f", false}, {"1", true},
                 {"0", false},   {"yes", true},    {"no", false}, {"y", true},  {"n", false}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strlen(words[i].word) == n && strncasecmp(words[i].word, p, n) == 0) {
            *out = words[i].value;
            return true;
        }
    return false;
}

/* 0..15, or -1. */
static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool cast_uuid(const char *p, size_t n, __int128 *out)
{
    if (n != 36)
        return false;
    cast_u128 v = 0;
    for (size_t i = 0; i < n; i++) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (p[i] != '-')
                return false;
            continue;
        }
        int h = hex_value(p[i]);
        if (h < 0)
            return false;
        v = v << 4 | (unsigned)h;
    }
    *out = (__int128)(v ^ (cast_u128)1 << 127); /* the engine's order */
    return true;
}

bool cast_blob(const char *p, size_t n, char *out, size_t *m)
{
    if (n < 2 || n % 2 || p[0] != '\\' || p[1] != 'x')
        return false;
    *m = 0;
    for (size_t i = 2; i < n; i += 2) {
        int high = hex_value(p[i]), low = hex_value(p[i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[(*m)++] = (char)(high << 4 | low);
    }
    return true;
}

/* ---- JSON (RFC 8259), checked without recursion ---- */

struct json_text {
    const char *p, *end;
};

static void skip_blanks(struct json_text *j)
{
    while (j->p < j->end && (*j->p == ' ' || *j->p == '\t' || *j->p == '\n' || *j->p == '\r'))
        j->p++;
}

static bool skip_word(struct json_text *j, const char *word)
{
    size_t n = strlen(word);
    if ((size_t)(j->end - j->p) < n || memcmp(j->p, word, n) != 0)
        return false;
    j->p += n;
    return true;
}

static bool skip_digits(struct json_text *j)
{
    const char *from = j->p;
    while (j->p < j->end && *j->p >= '0' && *j->p <= '9')
        j->p++;
    return j->p > from;
}

static bool skip_number(struct json_text *j)
{
    if (j->p < j->end && *j->p == '-')
        j->p++;
    if (j->p < j->end && *j->p == '0')
        j->p++;
    else if (!skip_digits(j))
        return false;
    if (j->p < j->end && *j->p == '.') {
        j->p++;
        if (!skip_digits(j))
            return false;
    }
    if (j->p < j->end && (*j->p == 'e' || *j->p == 'E')) {
        j->p++;
        if (j->p < j->end && (*j->p == '+' || *j->p == '-'))
            j->p++;
        return skip_digits(j);
    }
    return true;
}

static bool skip_string(struct json_text *j)
{
    if (j->p == j->end || *j->p != '"')
        return false;
    for (j->p++; j->p < j->end; j->p++) {
        if (*j->p == '"') {
            j->p++;
            return true;
        }
        if ((unsigned char)*j->p < 0x20)
            return false;
        if (*j->p != '\\')
            continue;
        if (++j->p == j->end || !strchr("\"\\/bfnrtu", *j->p) || !*j->p)
            return false;
        if (*j->p != 'u')
            continue;
        if (j->end - j->p < 5)
            return false;
        for (int i = 1; i <= 4; i++)
            if (hex_value(j->p[i]) < 0)
                return false;
        j->p += 4;
    }
    return false;
}

static bool skip_scalar(struct json_text *j)
{
    if (j->p == j->end)
        return false;
    switch (*j->p) {
    case '"':
        return skip_string(j);
    case 't':
        return skip_word(j, "true");
    case 'f':
        return skip_word(j, "false");
    case 'n':
        return skip_word(j, "null");
    default:
        return skip_number(j);
    }
}

/* The key of a member and its colon. */
static bool skip_key(struct json_text *j)
{
    skip_blanks(j);
    if (!skip_string(j))
        return false;
    skip_blanks(j);
    return skip_word(j, ":");
}

/* After a value: close what ends here, step over a comma to the next value. True at the end of the outermost. */
static bool close_values(struct json_text *j, const char *open, unsigned *depth, bool *ok)
{
    for (;;) {
        if (*depth == 0)
            return true;
        skip_blanks(j);
        if (j->p == j->end) {
            *ok = false;
            return true;
        }
        char c = *j->p++;
        if (c == ',') {
            *ok = open[*depth - 1] == '[' || skip_key(j);
            return !*ok;
        }
        if (c != (open[*depth - 1] == '[' ? ']' : '}')) {
            *ok = false;
            return true;
        }
        (*depth)--;
    }
}

bool cast_json(const char *p, size_t n)
{
    char open[BATCH_JSON_DEPTH];
    unsigned depth = 0;
    struct json_text j = {p, p + n};
    bool ok = true;
    for (;;) {
        skip_blanks(&j);
        char c = 0;
        if (j.p < j.end)
            c = *j.p;
        if (c == '[' || c == '{') {
            if (depth == BATCH_JSON_DEPTH)
                return false;
            open[depth++] = c;
            j.p++;
            skip_blanks(&j);
            bool empty = j.p < j.end && *j.p == (c == '[' ? ']' : '}');
            if (!empty && c == '{' && !skip_key(&j))
                return false;
            if (!empty)
                continue;
        } else if (!skip_scalar(&j)) {
            return false;
        }
        if (close_values(&j, open, &depth, &ok))
            break;
    }
    skip_blanks(&j);
    return ok && j.p == j.end;
}
