/* SPDX-License-Identifier: Apache-2.0 */
#include "batch/type.h"

#include <stdio.h>

#include "base/parse.h"
#include "base/str.h"
#include "base/suggest.h"

enum { DECIMAL_WIDTH = 18, DECIMAL_SCALE = 3, DECIMAL_WIDTH_MAX = 38 };

/* The first row of an id is its spelling; the others are read as well. */
static const struct {
    const char *name;
    enum q_tid id;
} names[] = {
    {"boolean", Q_T_BOOL},  {"smallint", Q_T_INT16},      {"integer", Q_T_INT32},
    {"bigint", Q_T_INT64},  {"hugeint", Q_T_INT128},      {"decimal", Q_T_DECIMAL},
    {"double", Q_T_DOUBLE}, {"text", Q_T_TEXT},           {"date", Q_T_DATE},
    {"time", Q_T_TIME},     {"timestamp", Q_T_TIMESTAMP}, {"timestamptz", Q_T_TIMESTAMPTZ},
    {"uuid", Q_T_UUID},     {"blob", Q_T_BLOB},           {"json", Q_T_JSON},
    {"other", Q_T_OTHER},   {"varchar", Q_T_TEXT},        {"string", Q_T_TEXT},
    {"int", Q_T_INT32},     {"bool", Q_T_BOOL},           {"numeric", Q_T_DECIMAL},
    {"bytea", Q_T_BLOB},    {"char", Q_T_TEXT},
};
enum { N_NAMES = sizeof names / sizeof names[0], N_SPELLINGS = 15 };

bool q_type_eq(struct q_type a, struct q_type b)
{
    return a.id == b.id && (a.id != Q_T_DECIMAL || (a.width == b.width && a.scale == b.scale));
}

static enum q_code unknown_type(const char *text, const char *word, struct q_err *err)
{
    const char *known[N_SPELLINGS];
    for (size_t i = 0; i < N_SPELLINGS; i++)
        known[i] = names[i].name;
    enum q_code code = q_fail(err, Q_CONFIG, "unknown type \"%s\"", text);
    q_suggest_hint(err, word, known, N_SPELLINGS,
                   "Types are boolean, smallint, integer, bigint, hugeint, decimal(p,s), double, "
                   "text, date, time, timestamp, timestamptz, uuid, blob and json.");
    return code;
}

/* "12,2" or "12" between the parentheses of a decimal. */
static enum q_code parse_decimal(const char *text, char *inside, struct q_type *out,
                                 struct q_err *err)
{
    int64_t width = DECIMAL_WIDTH, scale = DECIMAL_SCALE;
    if (inside) {
        char *comma = strchr(inside, ',');
        const char *after = NULL;
        if (comma) {
            *comma = 0;
            after = comma + 1;
            after += strspn(after, " ");
        }
        enum q_code code =
            q_parse_int(inside, "the decimal's width", 1, DECIMAL_WIDTH_MAX, &width, err);
        scale = 0;
        if (!code && after)
            code = q_parse_int(after, "the decimal's scale", 0, width, &scale, err);
        if (code) {
            q_context(err, "in the type \"%s\"", text);
            return Q_CONFIG;
        }
    }
    *out = Q_DECIMAL((uint8_t)width, (uint8_t)scale);
    return Q_OK;
}

/* A length that nobody keeps would be a promise: texts have none, rules do. */
static enum q_code takes_none(const char *text, const char *word, enum q_tid id, struct q_err *err)
{
    enum q_code code =
        q_fail(err, Q_CONFIG, "cannot read the type \"%s\": %s takes no parameters", text, word);
    if (id == Q_T_TEXT)
        q_hint(err, "Texts have any length: write `text`. Where it matters, a rule under `check:` "
                    "tells or rejects what is longer: - expression: \"length(name) <= 50\"");
    return code;
}

enum q_code q_type_parse(const char *text, struct q_type *out, struct q_err *err)
{
    char word[64];
    struct q_str s = q_str_trim(q_str(text));
    if (s.n == 0 || s.n >= sizeof word)
        return unknown_type(text, "", err);
    memcpy(word, s.p, s.n);
    word[s.n] = 0;
    char *open = strchr(word, '('), *inside = NULL;
    if (open) {
        if (word[s.n - 1] != ')')
            return q_fail(err, Q_CONFIG, "cannot read the type \"%s\": `)` is missing", text);
        word[s.n - 1] = 0;
        *open = 0;
        inside = open + 1;
        while (open > word && open[-1] == ' ')
            *--open = 0;
    }
    for (size_t i = 0; i < N_NAMES; i++) {
        if (names[i].id == Q_T_OTHER || !q_strcaseeq(word, names[i].name))
            continue;
        if (names[i].id == Q_T_DECIMAL)
            return parse_decimal(text, inside, out, err);
        if (inside)
            return takes_none(text, word, names[i].id, err);
        *out = Q_TYPE(names[i].id);
        return Q_OK;
    }
    return unknown_type(text, word, err);
}

const char *q_type_text(struct q_type type, char out[static Q_TYPE_TEXT])
{
    const char *name = "none";
    for (size_t i = N_NAMES; i-- > 0;)
        if (names[i].id == type.id)
            name = names[i].name;
    if (type.id == Q_T_DECIMAL)
        (void)snprintf(out, Q_TYPE_TEXT, "decimal(%u,%u)", (unsigned)type.width,
                       (unsigned)type.scale);
    else
        (void)snprintf(out, Q_TYPE_TEXT, "%s", name);
    return out;
}

bool q_type_is_integer(struct q_type type)
{
    return type.id == Q_T_INT16 || type.id == Q_T_INT32 || type.id == Q_T_INT64 ||
           type.id == Q_T_INT128;
}

bool q_type_is_number(struct q_type type)
{
    return q_type_is_integer(type) || type.id == Q_T_DECIMAL || type.id == Q_T_DOUBLE;
}

bool q_type_is_textual(struct q_type type)
{
    return type.id == Q_T_TEXT || type.id == Q_T_JSON;
}

size_t q_type_size(struct q_type type)
{
    switch (type.id) {
    case Q_T_BOOL:
        return 1;
    case Q_T_INT16:
        return 2;
    case Q_T_INT32:
    case Q_T_DATE:
        return 4;
    case Q_T_INT64:
    case Q_T_DOUBLE:
    case Q_T_TIME:
    case Q_T_TIMESTAMP:
    case Q_T_TIMESTAMPTZ:
        return 8;
    case Q_T_INT128:
    case Q_T_UUID:
    case Q_T_TEXT:
    case Q_T_BLOB:
    case Q_T_JSON:
    case Q_T_OTHER:
        return 16;
    case Q_T_DECIMAL:
        return type.width <= 4 ? 2 : type.width <= 9 ? 4 : type.width <= 18 ? 8 : 16;
    case Q_T_NONE:
        return 0;
    }
    return 0;
}

struct q_column *q_schema_add(struct q_arena *arena, struct q_schema *schema, const char *name,
                              struct q_type type)
{
    struct q_column *c = q_vec_push(arena, schema);
    *c = (struct q_column){.name = q_strdup(arena, name), .type = type};
    return c;
}

ptrdiff_t q_schema_find(const struct q_schema *schema, const char *name)
{
    for (size_t i = 0; i < schema->n; i++)
        if (q_strcaseeq(schema->v[i].name, name))
            return (ptrdiff_t)i;
    return -1;
}

const char *q_schema_suggest(struct q_arena *arena, const struct q_schema *schema, const char *name)
{
    const char **candidates = q_alloc_array(arena, schema->n + 1, sizeof *candidates);
    for (size_t i = 0; i < schema->n; i++)
        candidates[i] = schema->v[i].name;
    return q_suggest(name, candidates, schema->n);
}
