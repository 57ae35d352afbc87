/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The syntax of RE2, as far as a mistake in it would end a statement: https://github.com/google/re2/wiki/Syntax.
 * Walked once, left to right; places are characters of the pattern.
 */
#include <ctype.h>
#include <stdlib.h>

#include "sql/expr/node.h"

enum { REPEAT_MAX = 1000, NEST_MAX = 200 };

struct walker {
    const char *start, *p;
    struct expr_place place;
    int open;  /* groups */
    bool atom; /* something that can be repeated stands before */
    struct q_err *err;
};

static enum q_code fail(const struct walker *w, const char *what)
{
    return q_fail(w->err, Q_CONFIG, "%s:%d:%d: regular expression, byte %zu: %s",
                  w->place.file ? w->place.file : "expression", w->place.line, w->place.col,
                  (size_t)(w->p - w->start) + 1, what);
}

static enum q_code fail_look_around(struct walker *w)
{
    w->p--;
    enum q_code code = fail(w, "look-around is not supported by the engine (RE2)");
    q_hint(w->err,
           "Use two rules, or an expression with regex_match(...) and not regex_match(...).");
    return code;
}

/* "(" and what may follow it. */
static enum q_code walk_group(struct walker *w)
{
    if (++w->open > NEST_MAX)
        return fail(w, "groups are nested too deep");
    w->atom = false;
    w->p++;
    if (*w->p != '?')
        return Q_OK;
    const char *p = w->p + 1;
    bool named = *p == 'P' ? p[1] == '<' : *p == '<' && p[1] != '=' && p[1] != '!';
    if (*p == '=' || *p == '!' || (*p == '<' && !named))
        return fail_look_around(w);
    if (named) {
        p += *p == 'P';
        size_t n = strcspn(p, ">");
        if (!p[n] || n < 2)
            return fail(w, "the group's name has no end");
        w->p = p + n + 1;
        return Q_OK;
    }
    size_t flags = strspn(p, "imsU-");
    if (p[flags] != ':' && p[flags] != ')')
        return fail(w, "unknown kind of group; (?: and (?i) are possible");
    w->p = p + flags + (p[flags] == ':');
    if (p[flags] == ')' && flags == 0)
        return fail(w, "unknown kind of group; (?: and (?i) are possible");
    return Q_OK;
}

/* \p{Greek}, \x41, \d, \. */
static enum q_code walk_escape(struct walker *w)
{
    char c = w->p[1];
    if (!c)
        return fail(w, "a backslash ends it");
    if (c >= '1' && c <= '9')
        return fail(w, "back references are not supported by the engine (RE2)");
    if (isalpha((unsigned char)c) && !strchr("pPxdDwWsSbBAzQEafnrtvC", c))
        return fail(w, "unknown escape");
    w->p += 2;
    w->atom = !strchr("bBAzQE", c);
    if ((c == 'p' || c == 'P' || c == 'x') && *w->p == '{') {
        size_t n = strcspn(w->p, "}");
        if (!w->p[n])
            return fail(w, "a brace has no end");
        w->p += n + 1;
    } else if (c == 'p' || c == 'P') {
        w->p += *w->p != 0;
    } else if (c == 'x') {
        if (!isxdigit((unsigned char)w->p[0]) || !isxdigit((unsigned char)w->p[1]))
            return fail(w, "two hexadecimal digits must follow \\x");
        w->p += 2;
    } else if (c == 'Q') {
        const char *end = strstr(w->p, "\\E");
        w->p = end ? end + 2 : w->p + strlen(w->p);
        w->atom = true;
    }
    return Q_OK;
}

/* [...], [^]...] */
static enum q_code walk_class(struct walker *w)
{
    const char *p = w->p + 1;
    p += *p == '^';
    int before = -1; /* the character that a range can begin with */
    for (bool first = true; *p && (*p != ']' || first); first = false) {
        if (p[0] == '[' && p[1] == ':') {
            const char *end = strstr(p + 2, ":]");
            p = end ? end + 2 : p + 2;
            before = -1;
        } else if (p[0] == '-' && before >= 0 && p[1] && p[1] != ']' && p[1] != '\\') {
            if ((unsigned char)p[1] < before) {
                w->p = p;
                return fail(w, "a range goes backwards");
            }
            p += 2;
            before = -1;
        } else if (p[0] == '\\' && p[1]) {
            if (p[1] >= '1' && p[1] <= '9') {
                w->p = p;
                return fail(w, "unknown escape");
            }
            p += 2;
            before = -1;
        } else {
            before = (unsigned char)*p < 0x80 ? (unsigned char)*p : -1;
            p++;
        }
    }
    if (!*p)
        return fail(w, "a bracket [ has no end");
    w->p = p + 1;
    w->atom = true;
    return Q_OK;
}

/* {2}, {2,}, {2,5}; any other brace stands for itself. */
static size_t repeat_length(const char *p, bool *too_many)
{
    char *end;
    *too_many = false;
    if (!isdigit((unsigned char)p[1]))
        return 0;
    long low = strtol(p + 1, &end, 10), high = low;
    if (*end == ',' && isdigit((unsigned char)end[1]))
        high = strtol(end + 1, &end, 10);
    else if (*end == ',')
        end++;
    *too_many = low > REPEAT_MAX || high > REPEAT_MAX || high < low;
    return *end == '}' ? (size_t)(end - p) + 1 : 0;
}

static enum q_code walk_repeat(struct walker *w, size_t length)
{
    if (!w->atom)
        return fail(w, "there is nothing to repeat");
    w->p += length;
    w->p += *w->p == '?';
    bool bad;
    if (*w->p == '+' || *w->p == '*' || *w->p == '?' || (*w->p == '{' && repeat_length(w->p, &bad)))
        return fail(
            w,
            "a repetition cannot be repeated; possessive forms are not supported by the engine (RE2)");
    return Q_OK;
}

static enum q_code walk_one(struct walker *w)
{
    bool too_many;
    size_t length;
    switch (*w->p) {
    case '(':
        return walk_group(w);
    case ')':
        if (!w->open--)
            return fail(w, "a bracket ) has no begin");
        w->p++;
        w->atom = true;
        return Q_OK;
    case '[':
        return walk_class(w);
    case '\\':
        return walk_escape(w);
    case '*':
    case '+':
    case '?':
        return walk_repeat(w, 1);
    case '{':
        length = repeat_length(w->p, &too_many);
        if (length && too_many)
            return fail(w, "a repetition goes beyond 1000, or backwards");
        if (length)
            return walk_repeat(w, length);
        break;
    default:
        break;
    }
    w->atom = !strchr("|^", *w->p);
    w->p++;
    return Q_OK;
}

enum q_code expr_check_regex(const char *pattern, struct expr_place place, struct q_err *err)
{
    struct walker w = {.start = pattern, .p = pattern, .place = place, .err = err};
    enum q_code code = Q_OK;
    while (!code && *w.p)
        code = walk_one(&w);
    if (!code && w.open)
        code = fail(&w, "a bracket ( has no end");
    return code;
}
