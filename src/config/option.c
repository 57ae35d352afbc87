/* SPDX-License-Identifier: Apache-2.0 */
/* Options of drivers: keys that the tables of sources and connections know. */
#include "base/secret.h"
#include "config/bind.h"

/* A structure that every option of the table fits in. */
static void *scratch_for(struct q_arena *arena, const struct q_opt *table)
{
    size_t size = 0;
    for (const struct q_opt *o = table; o->name; o++)
        size = o->offset > size ? o->offset : size;
    return q_alloc(arena, size + 64); /* no value has 64 bytes */
}

struct option {
    struct cfg_text key;
    const struct q_opt *opt; /* NULL: not checked */
    const struct q_opt *table;
    bool hidden;
    cfg_pairs *out;
};

/* Does the text parse as the option's type? */
static enum q_code check(struct cfg_bind *b, const struct cfg_node *value, const struct option *o,
                         bool hidden)
{
    struct q_arena *scratch = q_arena_new(NULL, "option");
    struct q_err err = {0};
    enum q_code code =
        q_opt_set(o->opt, scratch, o->opt->name, value->text, scratch_for(scratch, o->table), &err);
    if (code && hidden)
        code = cfg_wrong(b, value->pos, "cannot use %s for \"%s\"", Q_SECRET_SHOWN, o->opt->name);
    else if (code)
        code = cfg_wrong(b, value->pos, "%s", err.message);
    q_arena_free(scratch);
    return code;
}

/* `null` is a word where an option has it among its choices. */
static bool is_null_word(const struct cfg_node *value, const struct q_opt *opt)
{
    const char *at = opt && opt->type == Q_OPT_CHOICE ? strstr(opt->choices, "null") : NULL;
    return value->kind == CFG_NODE_NULL && q_streq(value->text, "null") && at &&
           (at == opt->choices || at[-1] == '|') && (!at[4] || at[4] == '|');
}

/* `name`: of a text in a map; NULL: there is none. */
static enum q_code bind_value(struct cfg_bind *b, const struct option *o, const char *name,
                              const struct cfg_node *value)
{
    if (value->kind != CFG_NODE_SCALAR && !is_null_word(value, o->opt))
        return cfg_expected(b, value, name ? name : o->key.s, "a text");
    struct cfg_pair *pair = q_vec_push(b->arena, o->out);
    pair->key = o->key;
    pair->value =
        (struct cfg_text){.s = name ? q_printf(b->arena, "%s=%s", name, value->text) : value->text,
                          .pos = value->pos};
    bool secret = value->hidden || (o->opt && o->opt->type == Q_OPT_SECRET);
    pair->hidden = secret || o->hidden;
    pair->open = value->open;
    return o->opt && !value->open ? check(b, value, o, secret) : Q_OK;
}

static enum q_code bind_values(struct cfg_bind *b, const struct option *o,
                               const struct cfg_node *value)
{
    enum q_code code = Q_OK;
    if (o->opt && o->opt->type != Q_OPT_TEXTS)
        return cfg_expected(b, value, o->key.s,
                            value->kind == CFG_NODE_MAP ? "a text" : "one value");
    for (size_t i = 0; i < value->items.n; i++) {
        const struct cfg_node_pair *item = &value->items.v[i];
        code = cfg_first(code, bind_value(b, o, item->key ? item->key->text : NULL, item->value));
    }
    return code;
}

static bool has_prefix(const struct q_opt *table, const char *prefix)
{
    for (const struct q_opt *o = table; o && o->name; o++)
        if (strncmp(o->name, prefix, strlen(prefix)) == 0)
            return true;
    return !table;
}

enum q_code cfg_bind_option(struct cfg_bind *b, const char *prefix,
                            const struct cfg_node_pair *item, const struct q_opt *table,
                            bool all_hidden, cfg_pairs *out, bool *known)
{
    struct option o = {.table = table, .hidden = all_hidden, .out = out};
    o.key = cfg_key_text(item->key);
    o.key.s = q_printf(b->arena, "%s%s", prefix, item->key->text);
    o.opt = table ? q_opt_find(table, o.key.s) : NULL;
    const char *inner = q_printf(b->arena, "%s.", o.key.s);
    *known = !table || o.opt;
    bool takes_maps = o.opt && o.opt->type == Q_OPT_TEXTS; /* of its own */
    if (item->value->kind == CFG_NODE_MAP && !takes_maps && has_prefix(table, inner)) {
        enum q_code code = Q_OK;
        for (size_t i = 0; i < item->value->items.n; i++) {
            const struct cfg_node_pair *x = &item->value->items.v[i];
            code = cfg_first(code, cfg_bind_option(b, inner, x, table, all_hidden, out, known));
            if (!*known) {
                q_texts names = {0};
                for (const struct q_opt *t = table; t->name; t++)
                    if (strncmp(t->name, inner, strlen(inner)) == 0)
                        *q_vec_push(b->arena, &names) = t->name + strlen(inner);
                code = cfg_first(
                    code, cfg_unknown(b, x->key->pos, "key", x->key->text, names.v, names.n));
            }
        }
        *known = true;
        return code;
    }
    if (!*known)
        return Q_OK;
    bool several = item->value->kind == CFG_NODE_LIST || item->value->kind == CFG_NODE_MAP;
    return several ? bind_values(b, &o, item->value) : bind_value(b, &o, NULL, item->value);
}
