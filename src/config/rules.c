/* SPDX-License-Identifier: Apache-2.0 */
/* The `check` list of a pipeline, or of a file of rules alone. */
#include "base/clock.h"
#include "base/parse.h"
#include "config/bind.h"

enum { MAX_RULES = 1000 };

static const struct cfg_word nulls_words[] = {
    {.word = "pass", .value = 0}, {.word = "fail", .value = 1}, {0}};

/* ---- what every rule may have, beside it or inside it ---- */

static enum q_code bind_threshold(struct cfg_bind *b, const struct cfg_node *key,
                                  const struct cfg_node *value, void *out)
{
    static const struct cfg_word severities[] = {{.word = "info", .value = CFG_INFO},
                                                 {.word = "warn", .value = CFG_WARN},
                                                 {.word = "error", .value = CFG_ERROR},
                                                 {.word = "critical", .value = CFG_CRITICAL},
                                                 {0}};
    struct cfg_rule *rule = out;
    const struct cfg_word *w = severities;
    while (!q_streq(w->word, key->text))
        w++;
    return cfg_bind_threshold(b, value, key->text, &rule->at[w->value]);
}

static enum q_code bind_nulls(struct cfg_bind *b, const struct cfg_node *key,
                              const struct cfg_node *value, void *out)
{
    struct cfg_rule *rule = out;
    int word = 0;
    enum q_code code = cfg_bind_word(b, value, key->text, nulls_words, &word);
    rule->nulls_fail = word;
    return code;
}

static enum q_code bind_on_empty(struct cfg_bind *b, const struct cfg_node *key,
                                 const struct cfg_node *value, void *out)
{
    struct cfg_rule *rule = out;
    int word = 0;
    enum q_code code = cfg_bind_word(b, value, key->text, nulls_words, &word);
    rule->on_empty_given = true;
    rule->on_empty_fail = word;
    return code;
}

#define RULE_FIELDS                                                                     \
    {.key = "name", .kind = CFG_F_TEXT, .offset = offsetof(struct cfg_rule, name)},     \
        {.key = "info", .kind = CFG_F_CALL, .call = bind_threshold},                    \
        {.key = "warn", .kind = CFG_F_CALL, .call = bind_threshold},                    \
        {.key = "error", .kind = CFG_F_CALL, .call = bind_threshold},                   \
        {.key = "critical", .kind = CFG_F_CALL, .call = bind_threshold},                \
        {.key = "nulls", .kind = CFG_F_CALL, .call = bind_nulls},                       \
        {.key = "on_empty", .kind = CFG_F_CALL, .call = bind_on_empty},                 \
        {.key = "when", .kind = CFG_F_EXPR, .offset = offsetof(struct cfg_rule, when)}, \
    {                                                                                   \
        0                                                                               \
    }

/* ---- the kinds ---- */

static enum q_code bind_column(struct cfg_bind *b, const struct cfg_node *key,
                               const struct cfg_node *value, void *out)
{
    struct cfg_rule *rule = out;
    return cfg_bind_text(b, value, key->text, CFG_F_TEXT, q_vec_push(b->arena, &rule->columns));
}

#define COLUMN_FIELD                                                                \
    {                                                                               \
        .key = "column", .kind = CFG_F_CALL, .call = bind_column, .required = true, \
        .example = "column: quantity"                                               \
    }

static const struct cfg_field columns_fields[] = {
    {.key = "columns",
     .kind = CFG_F_TEXTS,
     .offset = offsetof(struct cfg_rule, columns),
     .required = true,
     .example = "columns: [transaction_id]"},
    RULE_FIELDS,
};

/* A name, a list of names, or a map. */
static enum q_code bind_columns(struct cfg_bind *b, const struct cfg_node *key,
                                const struct cfg_node *value, void *out)
{
    struct cfg_rule *rule = out;
    if (value->kind == CFG_NODE_MAP)
        return cfg_bind_map(b, value, key->text, columns_fields, rule);
    return cfg_bind_texts(b, value, key->text, &rule->columns);
}

static const struct cfg_field duplicate_fields[] = {
    {.key = "within", .kind = CFG_F_TEXT, .offset = offsetof(struct cfg_rule, within)},
    RULE_FIELDS,
};

static enum q_code bind_duplicate(struct cfg_bind *b, const struct cfg_node *key,
                                  const struct cfg_node *value, void *out)
{
    if (value->kind == CFG_NODE_NULL)
        return Q_OK;
    return cfg_bind_map(b, value, key->text, duplicate_fields, out);
}

/* A bound may be any text, "" too. */
static enum q_code bind_bound(struct cfg_bind *b, const struct cfg_node *key,
                              const struct cfg_node *value, void *out)
{
    struct cfg_rule *rule = out;
    if (value->kind != CFG_NODE_SCALAR)
        return cfg_expected(b, value, key->text, "a number, date or text");
    if (value->hidden)
        return cfg_hidden(b, value, key->text);
    *(q_streq(key->text, "min") ? &rule->min : &rule->max) =
        (struct cfg_text){.s = value->text, .pos = value->pos};
    return Q_OK;
}

static const struct cfg_field between_fields[] = {
    COLUMN_FIELD,
    {.key = "min", .kind = CFG_F_CALL, .call = bind_bound},
    {.key = "max", .kind = CFG_F_CALL, .call = bind_bound},
    RULE_FIELDS,
};

/* Numbers and times can be compared here; texts only with the column's type. */
static bool is_above(const char *min, const char *max)
{
    struct q_err unused = {0};
    int64_t from, to;
    if (!q_parse_int(min, "", INT64_MIN, INT64_MAX, &from, &unused) &&
        !q_parse_int(max, "", INT64_MIN, INT64_MAX, &to, &unused))
        return from > to;
    double low, high;
    if (!q_parse_double(min, "", -1e300, 1e300, &low, &unused) &&
        !q_parse_double(max, "", -1e300, 1e300, &high, &unused))
        return low > high;
    if (!q_parse_timestamp(min, "", &from, &unused) && !q_parse_timestamp(max, "", &to, &unused))
        return from > to;
    return false;
}

static enum q_code check_bounds(struct cfg_bind *b, const struct cfg_node *key,
                                const struct cfg_rule *rule)
{
    if (!rule->min.s && !rule->max.s)
        return cfg_wrong(b, key->pos, "\"%s\" has neither \"min\" nor \"max\"", key->text);
    if (rule->min.s && rule->max.s && is_above(rule->min.s, rule->max.s))
        return cfg_wrong(b, rule->min.pos, "\"min\" is above \"max\"");
    return Q_OK;
}

static enum q_code bind_between(struct cfg_bind *b, const struct cfg_node *key,
                                const struct cfg_node *value, void *out)
{
    enum q_code code = cfg_bind_map(b, value, key->text, between_fields, out);
    return code ? code : check_bounds(b, key, out);
}

static const struct cfg_field row_count_fields[] = {
    {.key = "min", .kind = CFG_F_CALL, .call = bind_bound},
    {.key = "max", .kind = CFG_F_CALL, .call = bind_bound},
    RULE_FIELDS,
};

static enum q_code bind_row_count(struct cfg_bind *b, const struct cfg_node *key,
                                  const struct cfg_node *value, void *out)
{
    enum q_code code = cfg_bind_map(b, value, key->text, row_count_fields, out);
    static const char *const bounds[] = {"min", "max"};
    for (size_t i = 0; !code && i < 2; i++) {
        const struct cfg_node *bound = cfg_node_get(value, bounds[i]);
        int64_t unused;
        if (bound)
            code = cfg_bind_int(b, bound, bounds[i], 0, INT64_MAX, &unused);
    }
    return code ? code : check_bounds(b, key, out);
}

/* A null stays one: its text is NULL. */
static enum q_code bind_values(struct cfg_bind *b, const struct cfg_node *key,
                               const struct cfg_node *value, void *out)
{
    struct cfg_rule *rule = out;
    if (value->kind != CFG_NODE_LIST)
        return cfg_expected(b, value, key->text, "a list of values");
    if (!value->items.n)
        return cfg_wrong(b, value->pos, "\"%s\" is an empty list", key->text);
    enum q_code code = Q_OK;
    for (size_t i = 0; i < value->items.n; i++) {
        const struct cfg_node *item = value->items.v[i].value;
        struct cfg_text *text = q_vec_push(b->arena, &rule->values);
        text->pos = item->pos;
        if (item->hidden)
            code = cfg_first(code, cfg_hidden(b, item, key->text));
        else if (item->kind == CFG_NODE_SCALAR)
            text->s = item->text;
        else if (item->kind != CFG_NODE_NULL)
            code = cfg_first(code, cfg_expected(b, item, key->text, "values"));
    }
    return code;
}

static const struct cfg_field set_fields[] = {
    COLUMN_FIELD,
    {.key = "values",
     .kind = CFG_F_CALL,
     .call = bind_values,
     .required = true,
     .example = "values: [a, b]"},
    RULE_FIELDS,
};

static const struct cfg_field matches_fields[] = {
    COLUMN_FIELD,
    {.key = "pattern",
     .kind = CFG_F_TEXT,
     .offset = offsetof(struct cfg_rule, pattern),
     .required = true,
     .example = "pattern: \"[0-9]+\""},
    RULE_FIELDS,
};

/* table or table.column */
static enum q_code bind_to(struct cfg_bind *b, const struct cfg_node *key,
                           const struct cfg_node *value, void *out)
{
    struct cfg_rule *rule = out;
    struct cfg_text to = {0};
    enum q_code code = cfg_bind_text(b, value, key->text, CFG_F_TEXT, &to);
    if (code)
        return code;
    const char *dot = strchr(to.s, '.');
    rule->to_table = to;
    if (!dot)
        return Q_OK;
    rule->to_table.s = q_strndup(b->arena, to.s, (size_t)(dot - to.s));
    rule->to_column = (struct cfg_text){.s = dot + 1, .pos = to.pos};
    return dot == to.s || !dot[1] ? cfg_expected(b, value, key->text, "a table or table.column")
                                  : Q_OK;
}

static const struct cfg_field reference_fields[] = {
    COLUMN_FIELD,
    {.key = "to",
     .kind = CFG_F_CALL,
     .call = bind_to,
     .required = true,
     .example = "to: dim_stores"},
    RULE_FIELDS,
};

/* ---- one rule ---- */

static const struct cfg_word rule_words[] = {
    {.word = "not_null", .value = CFG_NOT_NULL},
    {.word = "unique", .value = CFG_UNIQUE},
    {.word = "duplicate_row", .value = CFG_DUPLICATE_ROW},
    {.word = "between", .value = CFG_BETWEEN},
    {.word = "in_set", .value = CFG_IN_SET},
    {.word = "not_in_set", .value = CFG_NOT_IN_SET},
    {.word = "matches", .value = CFG_MATCHES},
    {.word = "reference", .value = CFG_REFERENCE},
    {.word = "row_count", .value = CFG_ROW_COUNT},
    {.word = "expression", .value = CFG_EXPRESSION},
    {.word = "sql", .value = CFG_SQL},
    {0},
};

static const struct cfg_field rule_fields[] = {
    {.key = "not_null", .kind = CFG_F_CALL, .call = bind_columns},
    {.key = "unique", .kind = CFG_F_CALL, .call = bind_columns},
    {.key = "duplicate_row", .kind = CFG_F_CALL, .call = bind_duplicate},
    {.key = "between", .kind = CFG_F_CALL, .call = bind_between},
    {.key = "in_set", .kind = CFG_F_MAP, .fields = set_fields},
    {.key = "not_in_set", .kind = CFG_F_MAP, .fields = set_fields},
    {.key = "matches", .kind = CFG_F_MAP, .fields = matches_fields},
    {.key = "reference", .kind = CFG_F_MAP, .fields = reference_fields},
    {.key = "row_count", .kind = CFG_F_CALL, .call = bind_row_count},
    {.key = "expression", .kind = CFG_F_EXPR, .offset = offsetof(struct cfg_rule, expr)},
    {.key = "sql", .kind = CFG_F_EXPR, .offset = offsetof(struct cfg_rule, expr)},
    RULE_FIELDS,
};

/* "not_null a, b"; the second of that name gets " (2)". */
static void name_rule(struct cfg_bind *b, struct q_map *names, struct cfg_rule *rule)
{
    const char *name = rule_words[rule->kind].word, *base;
    for (size_t i = 0; i < rule->columns.n; i++)
        name = q_printf(b->arena, "%s%s%s", name, i ? ", " : " ", rule->columns.v[i].s);
    if (rule->kind == CFG_EXPRESSION)
        name = q_printf(b->arena, "%s %s", name, rule->expr.s);
    base = name;
    for (int n = 2; q_map_has(names, name); n++)
        name = q_printf(b->arena, "%s (%d)", base, n);
    rule->name = (struct cfg_text){.s = name, .pos = rule->pos};
}

static enum q_code check_rule_name(struct cfg_bind *b, const struct q_map *names,
                                   const struct cfg_rule *rule)
{
    const struct cfg_pos *before = q_map_get(names, rule->name.s);
    if (!before)
        return Q_OK;
    return cfg_wrong(b, rule->name.pos, "rule \"%s\" is given twice; the first is in line %d",
                     rule->name.s, before->line);
}

static enum q_code bind_rule(struct cfg_bind *b, const struct cfg_node *map, struct q_map *names,
                             cfg_rules *out)
{
    struct cfg_rule rule = {0};
    const struct cfg_node *key;
    int kind;
    enum q_code code = cfg_bind_map(b, map, "a rule", rule_fields, &rule);
    if (!code)
        code = cfg_bind_kind(
            b, map, rule_words, "rule",
            "the rule says nothing to check; for example `- not_null: [customer_id]`", &key, &kind);
    if (code)
        return code;
    rule.kind = (enum cfg_rule_kind)kind;
    rule.pos = key->pos;
    rule.named = rule.name.s != NULL;
    if (rule.named)
        code = check_rule_name(b, names, &rule);
    if (code)
        return code;
    if (!rule.named)
        name_rule(b, names, &rule);
    struct cfg_pos *place = q_new(b->arena, struct cfg_pos);
    *place = rule.pos;
    q_map_put(names, rule.name.s, place);
    bool any = false;
    for (int i = 0; i < CFG_SEVERITIES; i++)
        any |= rule.at[i].set;
    if (!any)
        rule.at[CFG_ERROR] = (struct cfg_threshold){.set = true, .pos = rule.pos};
    *q_vec_push(b->arena, out) = rule;
    return Q_OK;
}

enum q_code cfg_bind_rules(struct cfg_bind *b, const struct cfg_node *list, cfg_rules *out)
{
    if (list->kind == CFG_NODE_NULL)
        return Q_OK;
    if (list->kind != CFG_NODE_LIST)
        return cfg_expected(b, list, "check", "a list of rules, each with a \"-\" in front");
    if (list->items.n > MAX_RULES)
        return cfg_wrong(b, list->pos, "more than %d rules", MAX_RULES);
    enum q_code code = Q_OK;
    struct q_map names;
    q_map_init(&names, b->arena);
    for (size_t i = 0; i < list->items.n; i++)
        code = cfg_first(code, bind_rule(b, list->items.v[i].value, &names, out));
    return code;
}
