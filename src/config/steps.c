/* SPDX-License-Identifier: Apache-2.0 */
/* The `transform` list of a pipeline. */
#include "config/bind.h"

static const struct cfg_word join_words[] = {
    {.word = "inner", .value = CFG_INNER},
    {.word = "left", .value = CFG_LEFT},
    {.word = "right", .value = CFG_RIGHT},
    {.word = "full", .value = CFG_FULL},
    {0},
};

/* ---- cast ---- */

static const struct cfg_field cast_fields[] = {
    {.key = "type",
     .kind = CFG_F_TEXT,
     .offset = offsetof(struct cfg_cast, type),
     .required = true,
     .example = "type: date"},
    {.key = "formats", .kind = CFG_F_TEXTS, .offset = offsetof(struct cfg_cast, formats)},
    {.key = "round", .kind = CFG_F_TEXT, .offset = offsetof(struct cfg_cast, round)},
    {.key = "thousands", .kind = CFG_F_TEXT, .offset = offsetof(struct cfg_cast, thousands)},
    {0},
};

static enum q_code bind_cast(struct cfg_bind *b, const struct cfg_node *key,
                             const struct cfg_node *value, void *out)
{
    struct cfg_step *step = out;
    if (value->kind != CFG_NODE_MAP || !value->items.n)
        return cfg_expected(b, value, key->text, "a map of columns and types");
    enum q_code code = Q_OK;
    for (size_t i = 0; i < value->items.n; i++) {
        const struct cfg_node_pair *item = &value->items.v[i];
        struct cfg_cast *cast = q_vec_push(b->arena, &step->casts);
        cast->column = cfg_key_text(item->key);
        if (item->value->kind == CFG_NODE_SCALAR) {
            code = cfg_first(
                code, cfg_bind_text(b, item->value, cast->column.s, CFG_F_TEXT, &cast->type));
            continue;
        }
        const char *what = q_printf(b->arena, "the cast of \"%s\"", cast->column.s);
        code = cfg_first(code, cfg_bind_map(b, item->value, what, cast_fields, cast));
    }
    return code;
}

/* ---- join ---- */

/* on: a, [a, b] or { left_column: right_column } */
static enum q_code bind_on(struct cfg_bind *b, const struct cfg_node *key,
                           const struct cfg_node *value, void *out)
{
    struct cfg_step *step = out;
    enum q_code code = Q_OK;
    if (value->kind == CFG_NODE_MAP) {
        for (size_t i = 0; i < value->items.n; i++) {
            struct cfg_pair *pair = q_vec_push(b->arena, &step->on);
            pair->key = cfg_key_text(value->items.v[i].key);
            code = cfg_first(code, cfg_bind_text(b, value->items.v[i].value, pair->key.s,
                                                 CFG_F_TEXT, &pair->value));
        }
        return value->items.n ? code : cfg_expected(b, value, key->text, "at least one column");
    }
    cfg_texts columns = {0};
    code = cfg_bind_texts(b, value, key->text, &columns);
    for (size_t i = 0; !code && i < columns.n; i++)
        *q_vec_push(b->arena, &step->on) =
            (struct cfg_pair){.key = columns.v[i], .value = columns.v[i]};
    return code;
}

static const struct cfg_field join_fields[] = {
    {.key = "left",
     .kind = CFG_F_IDENT,
     .offset = offsetof(struct cfg_step, left),
     .required = true,
     .example = "left: sales"},
    {.key = "right",
     .kind = CFG_F_IDENT,
     .offset = offsetof(struct cfg_step, right),
     .required = true,
     .example = "right: details"},
    {.key = "on",
     .kind = CFG_F_CALL,
     .call = bind_on,
     .required = true,
     .example = "on: transaction_id"},
    {.key = "kind",
     .kind = CFG_F_WORD,
     .offset = offsetof(struct cfg_step, join),
     .words = join_words},
    {.key = "suffix", .kind = CFG_F_TEXT, .offset = offsetof(struct cfg_step, suffix)},
    {0},
};

/* ---- clean ---- */

/* { text: [a, b] } becomes a = text, b = text. */
static enum q_code bind_cleaner(struct cfg_bind *b, const struct cfg_node *key,
                                const struct cfg_node *value, void *out)
{
    struct cfg_step *step = out;
    cfg_texts columns = {0};
    enum q_code code = cfg_bind_texts(b, value, key->text, &columns);
    for (size_t i = 0; !code && i < columns.n; i++)
        *q_vec_push(b->arena, &step->pairs) =
            (struct cfg_pair){.key = columns.v[i], .value = cfg_key_text(key)};
    return code;
}

static const struct cfg_field clean_fields[] = {
    {.key = "text", .kind = CFG_F_CALL, .call = bind_cleaner},
    {.key = "email", .kind = CFG_F_CALL, .call = bind_cleaner},
    {.key = "phone", .kind = CFG_F_CALL, .call = bind_cleaner},
    {0},
};

/* ---- the list ---- */

static const struct cfg_word step_words[] = {
    {.word = "rename", .value = CFG_RENAME},
    {.word = "cast", .value = CFG_CAST},
    {.word = "derive", .value = CFG_DERIVE},
    {.word = "filter", .value = CFG_FILTER},
    {.word = "join", .value = CFG_JOIN},
    {.word = "clean", .value = CFG_CLEAN},
    {.word = "select", .value = CFG_SELECT},
    {.word = "drop", .value = CFG_DROP},
    {0},
};

static const struct cfg_field step_fields[] = {
    {.key = "rename", .kind = CFG_F_PAIRS, .offset = offsetof(struct cfg_step, pairs)},
    {.key = "cast", .kind = CFG_F_CALL, .call = bind_cast},
    {.key = "derive", .kind = CFG_F_EXPRS, .offset = offsetof(struct cfg_step, pairs)},
    {.key = "filter", .kind = CFG_F_EXPR, .offset = offsetof(struct cfg_step, expr)},
    {.key = "join", .kind = CFG_F_MAP, .what = "the join", .fields = join_fields},
    {.key = "clean", .kind = CFG_F_MAP, .what = "the cleaning", .fields = clean_fields},
    {.key = "select", .kind = CFG_F_TEXTS, .offset = offsetof(struct cfg_step, columns)},
    {.key = "drop", .kind = CFG_F_TEXTS, .offset = offsetof(struct cfg_step, columns)},
    {.key = "relation", .kind = CFG_F_IDENT, .offset = offsetof(struct cfg_step, relation)},
    {0},
};

static enum q_code bind_step(struct cfg_bind *b, const struct cfg_node *map, struct cfg_step *step)
{
    const struct cfg_node *key;
    int kind;
    enum q_code code = cfg_bind_map(b, map, "a step", step_fields, step);
    if (!code)
        code = cfg_bind_kind(b, map, step_words, "step",
                             "the step says nothing to do; for example `- rename: { old: new }`",
                             &key, &kind);
    if (code)
        return code;
    step->kind = (enum cfg_step_kind)kind;
    step->pos = key->pos;
    if (step->kind == CFG_JOIN && step->relation.s)
        code = cfg_wrong(b, cfg_node_key(map, "relation")->pos,
                         "a join names its relations by \"left\" and \"right\"");
    return code;
}

enum q_code cfg_bind_steps(struct cfg_bind *b, const struct cfg_node *key,
                           const struct cfg_node *value, void *out)
{
    struct cfg_pipeline *pipeline = out;
    if (value->kind == CFG_NODE_NULL)
        return Q_OK;
    if (value->kind != CFG_NODE_LIST)
        return cfg_expected(b, value, key->text, "a list of steps, each with a \"-\" in front");
    enum q_code code = Q_OK;
    for (size_t i = 0; i < value->items.n; i++)
        code = cfg_first(
            code, bind_step(b, value->items.v[i].value, q_vec_push(b->arena, &pipeline->steps)));
    return code;
}
