/* SPDX-License-Identifier: Apache-2.0 */
/* pipelines/: the file, its sources and its load. */
#include "base/parse.h"
#include "base/secret.h"
#include "config/bind.h"

static const struct cfg_word mode_words[] = {
    {.word = "append", .value = CFG_APPEND},   {.word = "upsert", .value = CFG_UPSERT},
    {.word = "history", .value = CFG_HISTORY}, {.word = "insert_only", .later = true},
    {.word = "replace", .later = true},        {.word = "replace_slice", .later = true},
    {.word = "snapshot", .later = true},       {0},
};

static const struct cfg_word ties_words[] = {{.word = "last"}, {0}};

static const struct cfg_word late_words[] = {
    {.word = "reject"},
    {.word = "splice", .later = true},
    {0},
};

/* ---- extract ---- */

static const struct cfg_field source_fields[] = {
    {.key = "from",
     .kind = CFG_F_TEXT,
     .offset = offsetof(struct cfg_source, from),
     .required = true,
     .example = "from: files"},
    {.key = "columns", .kind = CFG_F_CALL},
    {.key = "optional", .kind = CFG_F_BOOL, .offset = offsetof(struct cfg_source, optional)},
    {0},
};

static const struct cfg_field source_column_fields[] = {
    {.key = "type", .kind = CFG_F_TEXT, .offset = offsetof(struct cfg_column, type)},
    {0},
};

static enum q_code bind_source_column(struct cfg_bind *b, const struct cfg_node_pair *item,
                                      struct cfg_column *column)
{
    column->name = cfg_key_text(item->key);
    if (item->value->kind == CFG_NODE_NULL)
        return Q_OK;
    if (item->value->kind == CFG_NODE_SCALAR)
        return cfg_bind_text(b, item->value, column->name.s, CFG_F_TEXT, &column->type);
    return cfg_bind_map(b, item->value, q_printf(b->arena, "column \"%s\"", column->name.s),
                        source_column_fields, column);
}

/* A map of names and types, or a list of names. */
static enum q_code bind_source_columns(struct cfg_bind *b, const struct cfg_node *value,
                                       struct cfg_source *source)
{
    enum q_code code = Q_OK;
    if (value->kind == CFG_NODE_LIST) {
        cfg_texts names = {0};
        code = cfg_bind_texts(b, value, "columns", &names);
        for (size_t i = 0; !code && i < names.n; i++)
            ((struct cfg_column *)q_vec_push(b->arena, &source->columns))->name = names.v[i];
        return code;
    }
    if (value->kind != CFG_NODE_MAP)
        return cfg_expected(b, value, "columns", "a map of columns and types");
    for (size_t i = 0; i < value->items.n; i++)
        code = cfg_first(code, bind_source_column(b, &value->items.v[i],
                                                  q_vec_push(b->arena, &source->columns)));
    return code;
}

/* A structure that every option of the table fits in. */
static void *scratch_for(struct q_arena *arena, const struct q_opt *table)
{
    size_t size = 0;
    for (const struct q_opt *o = table; o->name; o++)
        size = o->offset > size ? o->offset : size;
    return q_alloc(arena, size + 64); /* no value has 64 bytes */
}

/* Does the text parse as the option's type? */
static enum q_code check_option(struct cfg_bind *b, const struct cfg_node *value,
                                const struct q_opt *opt, const char *text)
{
    struct q_arena *scratch = q_arena_new(NULL, "option");
    struct q_err err = {0};
    enum q_code code =
        q_opt_set(opt, scratch, opt->name, text, scratch_for(scratch, b->options->file_opts), &err);
    if (code && (value->hidden || opt->type == Q_OPT_SECRET))
        code = cfg_wrong(b, value->pos, "cannot use %s for \"%s\"", Q_SECRET_SHOWN, opt->name);
    else if (code)
        code = cfg_wrong(b, value->pos, "%s", err.message);
    q_arena_free(scratch);
    return code;
}

static enum q_code bind_option_value(struct cfg_bind *b, const struct cfg_node *key,
                                     const struct cfg_node *value, const struct q_opt *opt,
                                     struct cfg_source *source)
{
    if (value->kind != CFG_NODE_SCALAR)
        return cfg_expected(b, value, key->text, "a text");
    struct cfg_pair *pair = q_vec_push(b->arena, &source->options);
    pair->key = cfg_key_text(key);
    pair->value = (struct cfg_text){.s = value->text, .pos = value->pos};
    pair->hidden = value->hidden || (opt && opt->type == Q_OPT_SECRET);
    return opt ? check_option(b, value, opt, value->text) : Q_OK;
}

static enum q_code unknown_option(struct cfg_bind *b, const struct cfg_node *key,
                                  const struct q_opt *table)
{
    q_texts known = {0};
    for (const struct cfg_field *f = source_fields; f->key; f++)
        *q_vec_push(b->arena, &known) = f->key;
    for (const struct q_opt *o = table; o->name; o++)
        *q_vec_push(b->arena, &known) = o->name;
    return cfg_unknown(b, key->pos, "key", key->text, known.v, known.n);
}

static enum q_code bind_option(struct cfg_bind *b, const struct cfg_node_pair *item,
                               const struct q_opt *table, struct cfg_source *source)
{
    const struct q_opt *opt = table ? q_opt_find(table, item->key->text) : NULL;
    if (table && !opt)
        return unknown_option(b, item->key, table);
    if (item->value->kind != CFG_NODE_LIST)
        return bind_option_value(b, item->key, item->value, opt, source);
    if (opt && opt->type != Q_OPT_TEXTS)
        return cfg_expected(b, item->value, item->key->text, "one value");
    enum q_code code = Q_OK;
    for (size_t i = 0; i < item->value->items.n; i++)
        code = cfg_first(
            code, bind_option_value(b, item->key, item->value->items.v[i].value, opt, source));
    return code;
}

static enum q_code check_required_options(struct cfg_bind *b, const struct cfg_node *map,
                                          const struct q_opt *table,
                                          const struct cfg_source *source)
{
    for (const struct q_opt *o = table; o && o->name; o++)
        if (o->required && !cfg_node_get(map, o->name))
            return cfg_wrong(b, map->pos, "source \"%s\" has no \"%s\"; for example `%s: %s`",
                             source->name.s, o->name, o->name,
                             q_streq(o->name, "path") ? "\"inbox/*.csv\""
                             : o->arg                 ? o->arg
                                                      : "true");
    return Q_OK;
}

/* The keys of every source, and beside them those of its driver. */
static enum q_code bind_source(struct cfg_bind *b, const struct cfg_node_pair *item,
                               struct cfg_source *source)
{
    const struct cfg_node *map = item->value;
    source->name = cfg_key_text(item->key);
    enum q_code code = cfg_check_ident(b, source->name, "a source", false);
    const char *what = q_printf(b->arena, "source \"%s\"", source->name.s);
    if (map->kind != CFG_NODE_MAP)
        return cfg_first(code, cfg_bind_map(b, map, what, source_fields, source));
    const struct cfg_node *from = cfg_node_get(map, "from");
    bool files = from && from->kind == CFG_NODE_SCALAR && q_streq(from->text, "files");
    const struct q_opt *table = files ? b->options->file_opts : NULL;
    struct cfg_node own = {.kind = CFG_NODE_MAP, .pos = map->pos};
    for (size_t i = 0; i < map->items.n; i++) {
        const struct cfg_node_pair *pair = &map->items.v[i];
        const char *key = pair->key->text;
        if (q_streq(key, "columns"))
            code = cfg_first(code, bind_source_columns(b, pair->value, source));
        else if (q_streq(key, "from") || q_streq(key, "optional"))
            *q_vec_push(b->arena, &own.items) = *pair;
        else
            code = cfg_first(code, bind_option(b, pair, table, source));
    }
    if (code)
        return code;
    code = cfg_bind_map(b, &own, what, source_fields, source);
    return code ? code : check_required_options(b, map, table, source);
}

static enum q_code bind_extract(struct cfg_bind *b, const struct cfg_node *key,
                                const struct cfg_node *value, void *out)
{
    struct cfg_pipeline *pipeline = out;
    if (value->kind != CFG_NODE_MAP || !value->items.n)
        return cfg_expected(b, value, key->text, "a map of at least one source");
    enum q_code code = Q_OK;
    for (size_t i = 0; i < value->items.n; i++)
        code = cfg_first(
            code, bind_source(b, &value->items.v[i], q_vec_push(b->arena, &pipeline->sources)));
    return code;
}

/* ---- load ---- */

static enum q_code bind_max_rejects(struct cfg_bind *b, const struct cfg_node *key,
                                    const struct cfg_node *value, void *out)
{
    struct cfg_load *load = out;
    return cfg_bind_limit(b, value, key->text, &load->max_rejects);
}

static enum q_code bind_ties(struct cfg_bind *b, const struct cfg_node *key,
                             const struct cfg_node *value, void *out)
{
    struct cfg_load *load = out;
    int word = 0;
    load->ties_last = true;
    return cfg_bind_word(b, value, key->text, ties_words, &word);
}

static const struct cfg_field load_fields[] = {
    {.key = "into",
     .kind = CFG_F_IDENT,
     .offset = offsetof(struct cfg_load, into),
     .required = true,
     .example = "into: sales_fact"},
    {.key = "mode",
     .kind = CFG_F_WORD,
     .offset = offsetof(struct cfg_load, mode),
     .words = mode_words,
     .required = true,
     .example = "mode: upsert"},
    {.key = "order_by", .kind = CFG_F_TEXT, .offset = offsetof(struct cfg_load, order_by)},
    {.key = "ties", .kind = CFG_F_CALL, .call = bind_ties},
    {.key = "valid_from", .kind = CFG_F_TEXT, .offset = offsetof(struct cfg_load, valid_from)},
    {.key = "late", .kind = CFG_F_WORD, .offset = CFG_NOWHERE, .words = late_words},
    {.key = "on_fail",
     .kind = CFG_F_WORD,
     .offset = offsetof(struct cfg_load, on_fail),
     .words = cfg_on_fail_words},
    {.key = "max_rejects", .kind = CFG_F_CALL, .call = bind_max_rejects},
    {0},
};

static enum q_code bind_load(struct cfg_bind *b, const struct cfg_node *key,
                             const struct cfg_node *value, void *out)
{
    struct cfg_load *load = &((struct cfg_pipeline *)out)->load;
    *load =
        (struct cfg_load){.pos = key->pos, .on_fail = b->on_fail, .max_rejects = b->max_rejects};
    enum q_code code = cfg_bind_map(b, value, "the load", load_fields, load);
    if (!code && load->valid_from.s && load->mode != CFG_HISTORY)
        code = cfg_wrong(b, cfg_node_key(value, "valid_from")->pos,
                         "\"valid_from\" needs `mode: history`");
    return code;
}

/* ---- the file ---- */

static enum q_code bind_check(struct cfg_bind *b, const struct cfg_node *key,
                              const struct cfg_node *value, void *out)
{
    (void)key;
    return cfg_bind_rules(b, value, &((struct cfg_pipeline *)out)->rules);
}

static const struct cfg_field pipeline_fields[] = {
    {.key = "pipeline", .kind = CFG_F_NAME, .offset = offsetof(struct cfg_pipeline, name)},
    {.key = "description",
     .kind = CFG_F_TEXT,
     .offset = offsetof(struct cfg_pipeline, description)},
    {.key = "extract",
     .kind = CFG_F_CALL,
     .call = bind_extract,
     .required = true,
     .example = "extract: { sales: { from: files, path: \"inbox/*.csv\" } }"},
    {.key = "transform", .kind = CFG_F_CALL, .call = cfg_bind_steps},
    {.key = "check", .kind = CFG_F_CALL, .call = bind_check},
    {.key = "load",
     .kind = CFG_F_CALL,
     .call = bind_load,
     .required = true,
     .example = "load: { into: sales_fact, mode: upsert }"},
    {0},
};

enum q_code cfg_bind_pipeline(struct cfg_bind *b, const struct cfg_node *root)
{
    struct cfg_pipeline pipeline = {0};
    const char *what =
        q_printf(b->arena, "pipeline %s", cfg_shown(b, cfg_node_get(root, "pipeline")));
    enum q_code code = cfg_bind_map(b, root, what, pipeline_fields, &pipeline);
    if (!code)
        *q_vec_push(b->arena, &b->project->pipelines) = pipeline;
    return code;
}
