/* SPDX-License-Identifier: Apache-2.0 */
#include "batch/json_path.h"

#include "base/parse.h"
#include "base/vec.h"
#include "batch/cast_parse.h"

struct step {
    struct q_str key; /* p NULL: an index */
    int64_t index;
};

struct json_path {
    Q_VEC(struct step) steps;
};

/* ---- parsing ---- */

static enum q_code bad_path(const char *text, const char *why, struct q_err *err)
{
    enum q_code code = q_fail(err, Q_CONFIG, "cannot use \"%s\" as a path: %s", text, why);
    q_hint(err, "A path looks like $.customer.city or $.items[0].\"unit price\".");
    return code;
}

static bool is_plain(char c)
{
    return c && c != '.' && c != '[' && c != ']' && c != '"';
}

static const char *parse_key(struct q_arena *arena, struct json_path *path, const char *p)
{
    bool quoted = *p == '"';
    const char *from = p += quoted;
    while (quoted ? *p && *p != '"' : is_plain(*p))
        p++;
    if ((quoted && *p != '"') || (!quoted && p == from))
        return NULL;
    size_t n = (size_t)(p - from);
    *q_vec_push(arena, &path->steps) = (struct step){.key = {q_strndup(arena, from, n), n}};
    return p + quoted;
}

static const char *parse_index(struct q_arena *arena, struct json_path *path, const char *p)
{
    enum { INDEX_DIGITS = 9 };
    int64_t v = 0;
    const char *from = ++p;
    for (; *p >= '0' && *p <= '9' && p - from < INDEX_DIGITS; p++)
        v = v * 10 + (*p - '0');
    if (p == from || *p != ']')
        return NULL;
    *q_vec_push(arena, &path->steps) = (struct step){.index = v};
    return p + 1;
}

enum q_code json_path_parse(struct q_arena *arena, const char *text, struct json_path **out,
                            struct q_err *err)
{
    struct json_path *path = q_new(arena, struct json_path);
    const char *p = text;
    bool first = true;
    if (*p == '$') {
        p++;
        first = false;
    }
    while (*p) {
        if (*p == '[') {
            p = parse_index(arena, path, p);
        } else {
            if (!first && *p++ != '.')
                return bad_path(text, "a dot or a bracket is expected behind a name", err);
            p = parse_key(arena, path, p);
        }
        if (!p)
            return bad_path(text, "a name or an index is missing", err);
        first = false;
    }
    if (!path->steps.n)
        return bad_path(text, "it names nothing", err);
    *out = path;
    return Q_OK;
}

bool json_path_step(const struct json_path *path, size_t i, struct q_str *key, int64_t *index)
{
    if (i >= path->steps.n)
        return false;
    *key = path->steps.v[i].key;
    *index = path->steps.v[i].index;
    return true;
}

/* ---- finding, in a text that is known to be JSON ---- */

static const char *skip_blanks(const char *p)
{
    while (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r')
        p++;
    return p;
}

/* Behind a string whose first quote is at p. */
static const char *skip_string(const char *p)
{
    for (p++; *p != '"'; p++)
        p += *p == '\\';
    return p + 1;
}

/* Behind the value at p. */
static const char *skip_value(const char *p, const char *end)
{
    int depth = 0;
    do {
        if (*p == '"') {
            p = skip_string(p);
        } else if (*p == '{' || *p == '[') {
            depth++;
            p++;
        } else if (*p == '}' || *p == ']') {
            depth--;
            p++;
        } else if (depth) {
            p++;
        } else {
            while (p < end && !strchr(",]} \t\r\n", *p))
                p++;
        }
    } while (depth);
    return p;
}

static unsigned four_hex(const char *p)
{
    unsigned v = 0;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        v = v << 4 | (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return v;
}

static void add_utf8(struct q_buf *out, unsigned c)
{
    if (c < 0x80) {
        q_buf_addc(out, (char)c);
        return;
    }
    if (c < 0x800) {
        q_buf_addc(out, (char)(0xC0 | c >> 6));
    } else if (c < 0x10000) {
        q_buf_addc(out, (char)(0xE0 | c >> 12));
        q_buf_addc(out, (char)(0x80 | (c >> 6 & 0x3F)));
    } else {
        q_buf_addc(out, (char)(0xF0 | c >> 18));
        q_buf_addc(out, (char)(0x80 | (c >> 12 & 0x3F)));
        q_buf_addc(out, (char)(0x80 | (c >> 6 & 0x3F)));
    }
    q_buf_addc(out, (char)(0x80 | (c & 0x3F)));
}

/* The character of the \uXXXX at p, with its second half; *n gets how many bytes it takes. Half a pair is U+FFFD. */
static unsigned unicode_escape(const char *p, const char *end, size_t *n)
{
    unsigned c = four_hex(p + 2);
    *n = 6;
    if (c < 0xD800 || c > 0xDFFF)
        return c;
    if (c <= 0xDBFF && end - p >= 12 && p[6] == '\\' && p[7] == 'u') {
        unsigned low = four_hex(p + 8);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            *n = 12;
            return 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
        }
    }
    return 0xFFFD;
}

/* What stands between the quotes of the string at p. */
static struct q_str string_text(const char *p, struct q_buf *scratch)
{
    static const char names[] = "bfnrt", values[] = "\b\f\n\r\t";
    const char *end = skip_string(p) - 1;
    p++;
    if (!memchr(p, '\\', (size_t)(end - p)))
        return (struct q_str){p, (size_t)(end - p)};
    q_buf_clear(scratch);
    while (p < end) {
        size_t n = 1;
        if (*p != '\\') {
            q_buf_addc(scratch, *p);
        } else if (p[1] == 'u') {
            add_utf8(scratch, unicode_escape(p, end, &n));
        } else {
            const char *at = strchr(names, p[1]);
            q_buf_addc(scratch, at ? values[at - names] : p[1]);
            n = 2;
        }
        p += n;
    }
    return (struct q_str){q_buf_text(scratch), scratch->n};
}

/* The value of the last member of this name in the object at p; NULL when there is none. */
static const char *find_member(const char *p, const char *end, struct q_str key,
                               struct q_buf *scratch)
{
    const char *found = NULL;
    p = skip_blanks(p + 1);
    while (*p == '"') {
        bool same = q_str_eq(string_text(p, scratch), key);
        p = skip_blanks(skip_blanks(skip_string(p)) + 1);
        if (same)
            found = p;
        p = skip_blanks(skip_value(p, end));
        if (*p == ',')
            p = skip_blanks(p + 1);
    }
    return found;
}

static const char *find_item(const char *p, const char *end, int64_t index)
{
    p = skip_blanks(p + 1);
    for (; *p != ']'; index--) {
        if (index == 0)
            return p;
        p = skip_blanks(skip_value(p, end));
        if (*p == ',')
            p = skip_blanks(p + 1);
    }
    return NULL;
}

enum json_found json_path_find(const struct json_path *path, struct q_str text,
                               struct q_buf *scratch, struct q_str *out)
{
    if (!cast_json(text.p, text.n))
        return JSON_BAD;
    const char *end = text.p + text.n, *p = skip_blanks(text.p);
    for (size_t i = 0; i < path->steps.n && p; i++) {
        const struct step *s = &path->steps.v[i];
        if (*p != (s->key.p ? '{' : '['))
            return JSON_NOTHING;
        p = s->key.p ? find_member(p, end, s->key, scratch) : find_item(p, end, s->index);
    }
    if (!p || *p == 'n')
        return JSON_NOTHING;
    if (*p == '"') {
        *out = string_text(p, scratch);
        return JSON_FOUND_STRING;
    }
    *out = (struct q_str){p, (size_t)(skip_value(p, end) - p)};
    return JSON_FOUND;
}
