/* SPDX-License-Identifier: Apache-2.0 */
#include "format/read/xml_path.h"

#include <string.h>

#include "base/str.h"

static bool is_name(struct q_str s)
{
    if (!s.n || strchr("-.0123456789", s.p[0]))
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (strchr(" \t\r\n/@#*[]()=\"'<>|,:", s.p[i]))
            return false;
    return true;
}

/* Behind a prefix. */
static struct q_str local_name(struct q_str s)
{
    const char *colon = memchr(s.p, ':', s.n);
    if (!colon || colon == s.p)
        return s;
    size_t skip = (size_t)(colon - s.p) + 1;
    return (struct q_str){s.p + skip, s.n - skip};
}

static struct q_str step_at(const char *text)
{
    return (struct q_str){text, strcspn(text, "/")};
}

enum q_code xml_records_parse(struct q_arena *arena, const char *text, struct xml_records *out,
                              struct q_err *err)
{
    const char *p = text;
    *out = (struct xml_records){.anywhere = q_starts(text, "//")};
    bool ok = *p == '/';
    p += out->anywhere ? 2 : 1;
    while (ok) {
        struct q_str step = step_at(p), name = local_name(step);
        bool any = q_str_eq(step, Q_STR("*"));
        ok = out->n < XML_PATH_STEPS && (any || is_name(name));
        if (!ok)
            break;
        out->steps[out->n++] = any ? NULL : q_strndup(arena, name.p, name.n);
        p += step.n;
        if (!*p)
            break;
        p++;
    }
    if (ok && (!out->anywhere || out->steps[out->n - 1]))
        return Q_OK;
    enum q_code code =
        q_fail(err, Q_CONFIG, "cannot use \"%s\" as the path of records of an XML file", text);
    q_hint(err, "It is like `/catalog/product`, `/catalog/*` or `//product`.");
    return code;
}

static bool parse_steps(struct q_arena *arena, const char *p, struct xml_path *out)
{
    for (;;) {
        struct q_str step = step_at(p);
        bool attribute = step.n && *step.p == '@';
        struct q_str name =
            local_name((struct q_str){step.p + attribute, step.n - (attribute ? 1 : 0)});
        bool more = p[step.n] == '/';
        if (!is_name(name) || (attribute && more) || out->n == XML_PATH_STEPS)
            return false;
        if (attribute)
            out->attribute = q_strndup(arena, name.p, name.n);
        else
            out->elements[out->n++] = q_strndup(arena, name.p, name.n);
        if (!more)
            return true;
        p += step.n + 1;
    }
}

enum q_code xml_path_parse(struct q_arena *arena, const char *text, struct xml_path *out,
                           struct q_err *err)
{
    const char *p = text;
    *out = (struct xml_path){.kind = XML_INSIDE};
    if (q_streq(text, ".") || q_streq(text, "#")) {
        out->kind = *text == '.' ? XML_OWN_TEXT : XML_ORDINAL;
        return Q_OK;
    }
    for (; q_starts(p, "../"); p += 3)
        out->up++;
    if (out->up)
        out->kind = XML_ABOVE;
    else if (q_starts(p, "./"))
        p += 2;
    if (parse_steps(arena, p, out))
        return Q_OK;
    enum q_code code = q_fail(err, Q_CONFIG, "cannot use \"%s\" as the path of a column", text);
    q_hint(err, "It is like `name`, `@id`, `price/@currency`, `../@id`, `.` or `#`.");
    return code;
}
