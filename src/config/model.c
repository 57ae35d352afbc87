/* SPDX-License-Identifier: Apache-2.0 */
/* model/: dimensions and facts. */
#include "base/parse.h"
#include "config/bind.h"

static const struct cfg_word history_words[] = {
    {.word = "overwrite", .value = CFG_OVERWRITE},
    {.word = "keep", .value = CFG_KEEP},
    {.word = "previous", .value = CFG_PREVIOUS},
    {0},
};

static const struct cfg_word missing_words[] = {
    {.word = "unknown", .value = CFG_MISSING_UNKNOWN},
    {.word = "reject", .value = CFG_MISSING_REJECT},
    {.word = "fail", .value = CFG_MISSING_FAIL},
    {.word = "infer", .value = CFG_MISSING_INFER},
    {0},
};

static const struct cfg_word generate_words[] = {{.word = "date"}, {0}};

static const struct cfg_word weekday_words[] = {
    {.word = "monday", .value = 1},    {.word = "tuesday", .value = 2},
    {.word = "wednesday", .value = 3}, {.word = "thursday", .value = 4},
    {.word = "friday", .value = 5},    {.word = "saturday", .value = 6},
    {.word = "sunday", .value = 7},    {0},
};

/* ---- columns ---- */

static enum q_code bind_history(struct cfg_bind *b, const struct cfg_node *key,
                                const struct cfg_node *value, void *out)
{
    struct cfg_column *column = out;
    int word = 0;
    enum q_code code = cfg_bind_word(b, value, key->text, history_words, &word);
    column->history = (enum cfg_history)word;
    column->history_given = true;
    return code;
}

#define COLUMN_FIELDS                                                                            \
    {.key = "type", .kind = CFG_F_TEXT, .offset = offsetof(struct cfg_column, type)},            \
        {.key = "nullable", .kind = CFG_F_NOT, .offset = offsetof(struct cfg_column, not_null)}, \
        {.key = "check", .kind = CFG_F_EXPR, .offset = offsetof(struct cfg_column, check)},      \
        {.key = "sensitive",                                                                     \
         .kind = CFG_F_IDENT,                                                                    \
         .offset = offsetof(struct cfg_column, sensitive)},                                      \
    {                                                                                            \
        .key = "description", .kind = CFG_F_TEXT,                                                \
        .offset = offsetof(struct cfg_column, description)                                       \
    }

static const struct cfg_field dimension_column_fields[] = {
    COLUMN_FIELDS,
    {.key = "history", .kind = CFG_F_CALL, .call = bind_history},
    {0},
};

static const struct cfg_field fact_column_fields[] = {
    COLUMN_FIELDS,
    {.key = "dimension", .kind = CFG_F_IDENT, .offset = offsetof(struct cfg_column, dimension)},
    {.key = "from", .kind = CFG_F_TEXTS, .offset = offsetof(struct cfg_column, from)},
    {.key = "at", .kind = CFG_F_TEXT, .offset = offsetof(struct cfg_column, at)},
    {.key = "key", .kind = CFG_F_IDENT, .offset = offsetof(struct cfg_column, key)},
    {.key = "at_end_of_day",
     .kind = CFG_F_BOOL,
     .offset = offsetof(struct cfg_column, at_end_of_day)},
    {.key = "optional", .kind = CFG_F_BOOL, .offset = offsetof(struct cfg_column, optional)},
    {.key = "missing",
     .kind = CFG_F_WORD,
     .offset = offsetof(struct cfg_column, missing),
     .words = missing_words},
    {0},
};

/* A role has the keys of a role, another column has none of them. */
static enum q_code check_role(struct cfg_bind *b, const struct cfg_node *map,
                              const struct cfg_column *column)
{
    static const char *const role_keys[] = {"from",          "at",       "key",
                                            "at_end_of_day", "optional", "missing"};
    static const char *const plain_keys[] = {"type", "nullable", "check"};
    bool role = column->dimension.s != NULL;
    for (size_t i = 0; !role && i < sizeof role_keys / sizeof *role_keys; i++) {
        const struct cfg_node *key = cfg_node_key(map, role_keys[i]);
        if (key)
            return cfg_wrong(
                b, key->pos,
                "\"%s\" needs \"dimension\": it belongs to a column that refers to one",
                role_keys[i]);
    }
    for (size_t i = 0; role && i < sizeof plain_keys / sizeof *plain_keys; i++) {
        const struct cfg_node *key = cfg_node_key(map, plain_keys[i]);
        if (key)
            return cfg_wrong(b, key->pos,
                             "column \"%s\" refers to a dimension and so cannot have \"%s\"",
                             column->name.s, plain_keys[i]);
    }
    if (!role && !column->type.s)
        return cfg_wrong(b, map->pos, "column \"%s\" has no \"type\"; for example `type: text`",
                         column->name.s);
    if (column->at_end_of_day && !column->at.s)
        return cfg_wrong(b, cfg_node_key(map, "at_end_of_day")->pos,
                         "\"at_end_of_day\" needs \"at\"");
    return Q_OK;
}

static enum q_code bind_columns(struct cfg_bind *b, const struct cfg_node *key,
                                const struct cfg_node *value, void *out)
{
    struct cfg_table *table = out;
    if (value->kind != CFG_NODE_MAP || !value->items.n)
        return cfg_expected(b, value, key->text, "a map of columns");
    enum q_code code = Q_OK;
    for (size_t i = 0; i < value->items.n; i++) {
        const struct cfg_node_pair *item = &value->items.v[i];
        struct cfg_column *column = q_vec_push(b->arena, &table->columns);
        column->name = cfg_key_text(item->key);
        if (item->value->kind == CFG_NODE_SCALAR) {
            code = cfg_first(
                code, cfg_bind_text(b, item->value, column->name.s, CFG_F_TEXT, &column->type));
            continue;
        }
        const char *what = q_printf(b->arena, "column \"%s\"", column->name.s);
        enum q_code now =
            cfg_bind_map(b, item->value, what,
                         table->is_fact ? fact_column_fields : dimension_column_fields, column);
        code = cfg_first(code, now ? now : check_role(b, item->value, column));
    }
    return code;
}

/* ---- generate: date ---- */

static enum q_code bind_day(struct cfg_bind *b, const struct cfg_node *key,
                            const struct cfg_node *value, void *out)
{
    struct cfg_date_range *range = &((struct cfg_table *)out)->date;
    int32_t *day = q_streq(key->text, "from") ? &range->from : &range->to;
    struct q_err unused = {0};
    if (value->kind != CFG_NODE_SCALAR || q_parse_date(value->text, key->text, day, &unused))
        return cfg_expected(b, value, key->text, "a date like 2026-01-01");
    return Q_OK;
}

static enum q_code bind_fiscal(struct cfg_bind *b, const struct cfg_node *key,
                               const struct cfg_node *value, void *out)
{
    struct cfg_table *table = out;
    int64_t month = 1;
    enum q_code code = cfg_bind_int(b, value, key->text, 1, 12, &month);
    table->date.fiscal_year_start = (int)month;
    return code;
}

static enum q_code bind_weekend(struct cfg_bind *b, const struct cfg_node *key,
                                const struct cfg_node *value, void *out)
{
    struct cfg_table *table = out;
    if (value->kind != CFG_NODE_LIST)
        return cfg_expected(b, value, key->text, "a list like [saturday, sunday]");
    enum q_code code = Q_OK;
    table->date.weekend = 0;
    for (size_t i = 0; i < value->items.n; i++) {
        int day = 0;
        code = cfg_first(code,
                         cfg_bind_word(b, value->items.v[i].value, key->text, weekday_words, &day));
        table->date.weekend |= 1U << day;
    }
    return code;
}

/* ---- tables ---- */

static enum q_code bind_holidays(struct cfg_bind *b, const struct cfg_node *key,
                                 const struct cfg_node *value, void *out)
{
    struct cfg_table *table = out;
    return cfg_bind_text(b, value, key->text, CFG_F_TEXT, &table->date.holidays);
}

static const struct cfg_word overwrite_words[] = {
    {.word = "all", .value = false},
    {.word = "current", .value = true},
    {0},
};

static enum q_code bind_overwrite(struct cfg_bind *b, const struct cfg_node *key,
                                  const struct cfg_node *value, void *out)
{
    int word = 0;
    enum q_code code = cfg_bind_word(b, value, key->text, overwrite_words, &word);
    ((struct cfg_table *)out)->overwrite_current = word != 0;
    return code;
}

#define TABLE_TEXT(k, name, field)                                              \
    {                                                                           \
        .key = (name), .kind = (k), .offset = offsetof(struct cfg_table, field) \
    }

static const struct cfg_field dimension_fields[] = {
    TABLE_TEXT(CFG_F_IDENT, "dimension", name),
    TABLE_TEXT(CFG_F_TEXT, "description", description),
    {.key = "key",
     .kind = CFG_F_IDENT,
     .offset = offsetof(struct cfg_table, key),
     .required = true,
     .example = "key: customer_key"},
    {.key = "business_key",
     .kind = CFG_F_TEXTS,
     .offset = offsetof(struct cfg_table, business_key),
     .required = true,
     .example = "business_key: [customer_id]"},
    {.key = "columns",
     .kind = CFG_F_CALL,
     .call = bind_columns,
     .required = true,
     .example = "columns: { customer_id: text }"},
    {.key = "overwrite", .kind = CFG_F_CALL, .call = bind_overwrite},
    {0},
};

static const struct cfg_field date_fields[] = {
    TABLE_TEXT(CFG_F_IDENT, "dimension", name),
    TABLE_TEXT(CFG_F_TEXT, "description", description),
    {.key = "generate", .kind = CFG_F_WORD, .offset = CFG_NOWHERE, .words = generate_words},
    {.key = "key",
     .kind = CFG_F_IDENT,
     .offset = offsetof(struct cfg_table, key),
     .required = true,
     .example = "key: date_id"},
    {.key = "from",
     .kind = CFG_F_CALL,
     .call = bind_day,
     .required = true,
     .example = "from: 2020-01-01"},
    {.key = "to",
     .kind = CFG_F_CALL,
     .call = bind_day,
     .required = true,
     .example = "to: 2030-12-31"},
    {.key = "fiscal_year_start", .kind = CFG_F_CALL, .call = bind_fiscal},
    {.key = "weekend", .kind = CFG_F_CALL, .call = bind_weekend},
    {.key = "holidays", .kind = CFG_F_CALL, .call = bind_holidays},
    {0},
};

static const struct cfg_field fact_fields[] = {
    TABLE_TEXT(CFG_F_IDENT, "fact", name),
    TABLE_TEXT(CFG_F_TEXT, "description", description),
    {.key = "grain",
     .kind = CFG_F_TEXTS,
     .offset = offsetof(struct cfg_table, grain),
     .required = true,
     .example = "grain: [transaction_id]"},
    {.key = "columns",
     .kind = CFG_F_CALL,
     .call = bind_columns,
     .required = true,
     .example = "columns: { transaction_id: bigint }"},
    TABLE_TEXT(CFG_F_EXPRS, "measures", measures),
    {0},
};

static enum q_code bind_date(struct cfg_bind *b, const struct cfg_node *root, const char *what,
                             struct cfg_table *table)
{
    table->date =
        (struct cfg_date_range){.set = true, .fiscal_year_start = 1, .weekend = 1U << 6 | 1U << 7};
    enum q_code code = cfg_bind_map(b, root, what, date_fields, table);
    if (!code && table->date.from > table->date.to)
        code = cfg_wrong(b, cfg_node_get(root, "to")->pos, "\"to\" lies before \"from\"");
    return code;
}

enum q_code cfg_bind_model(struct cfg_bind *b, const struct cfg_node *root)
{
    struct cfg_table table = {.digest = cfg_node_digest(root),
                              .is_fact = cfg_node_get(root, "fact") != NULL};
    const struct cfg_node *name = cfg_node_get(root, table.is_fact ? "fact" : "dimension");
    const char *what =
        q_printf(b->arena, "%s %s", table.is_fact ? "fact" : "dimension", cfg_shown(b, name));
    enum q_code code;
    if (!table.is_fact && cfg_node_get(root, "generate"))
        code = bind_date(b, root, what, &table);
    else
        code = cfg_bind_map(b, root, what, table.is_fact ? fact_fields : dimension_fields, &table);
    if (!code)
        *q_vec_push(b->arena, &b->project->tables) = table;
    return code;
}
