/* SPDX-License-Identifier: Apache-2.0 */
/* pipelines/: the file, its sources and its load. */
#include "config/bind.h"

enum { HALF = 500000 }; /* millionths */

static const struct cfg_word mode_words[] = {
    {.word = "append", .value = CFG_APPEND},
    {.word = "insert_only", .value = CFG_INSERT_ONLY},
    {.word = "upsert", .value = CFG_UPSERT},
    {.word = "replace", .value = CFG_REPLACE},
    {.word = "replace_slice", .value = CFG_REPLACE_SLICE},
    {.word = "history", .value = CFG_HISTORY},
    {0},
};

static const struct cfg_word ties_words[] = {{.word = "last"}, {0}};

static const struct cfg_word late_words[] = {
    {.word = "splice", .value = false},
    {.word = "reject", .value = true},
    {0},
};

static const struct cfg_word snapshot_words[] = {{.word = "full"}, {0}};

static const struct cfg_word deletes_words[] = {
    {.word = "ignore", .value = CFG_DELETES_IGNORE},
    {.word = "close", .value = CFG_DELETES_CLOSE},
    {.word = "tombstone", .value = CFG_DELETES_TOMBSTONE},
    {.word = "delete", .value = CFG_DELETES_DELETE},
    {0},
};

static const struct cfg_word nulls_words[] = {
    {.word = "fail", .value = CFG_NULLS_FAIL},
    {.word = "include", .value = CFG_NULLS_INCLUDE},
    {.word = "exclude", .value = CFG_NULLS_EXCLUDE},
    {0},
};

static const struct cfg_word contract_words[] = {
    {.word = "evolve", .value = CFG_EVOLVE},
    {.word = "freeze", .value = CFG_FREEZE},
    {.word = "discard_column", .value = CFG_DISCARD_COLUMN},
    {.word = "discard_row", .value = CFG_DISCARD_ROW},
    {0},
};

/* ---- extract ---- */

static const struct cfg_field incremental_fields[] = {
    {.key = "cursor",
     .kind = CFG_F_TEXT,
     .offset = offsetof(struct cfg_incremental, cursor),
     .required = true,
     .example = "cursor: updated_at"},
    {.key = "lag", .kind = CFG_F_TEXT, .offset = offsetof(struct cfg_incremental, lag)},
    {.key = "settle", .kind = CFG_F_TEXT, .offset = offsetof(struct cfg_incremental, settle)},
    {.key = "start", .kind = CFG_F_TEXT, .offset = offsetof(struct cfg_incremental, start)},
    {.key = "nulls",
     .kind = CFG_F_WORD,
     .offset = offsetof(struct cfg_incremental, nulls),
     .words = nulls_words},
    {0},
};

static enum q_code bind_incremental(struct cfg_bind *b, const struct cfg_node *key,
                                    const struct cfg_node *value, void *out)
{
    (void)key;
    return cfg_bind_map(b, value, "an incremental source", incremental_fields,
                        &((struct cfg_source *)out)->incremental);
}

static const struct cfg_field source_fields[] = {
    {.key = "from",
     .kind = CFG_F_TEXT,
     .offset = offsetof(struct cfg_source, from),
     .required = true,
     .example = "from: files"},
    {.key = "columns", .kind = CFG_F_CALL},
    {.key = "optional", .kind = CFG_F_BOOL, .offset = offsetof(struct cfg_source, optional)},
    {.key = "contract",
     .kind = CFG_F_WORD,
     .offset = offsetof(struct cfg_source, contract),
     .words = contract_words},
    {.key = "incremental", .kind = CFG_F_CALL, .call = bind_incremental},
    {0},
};

static enum q_code bind_column_from(struct cfg_bind *b, const struct cfg_node *key,
                                    const struct cfg_node *value, void *out)
{
    return cfg_bind_text(b, value, key->text, CFG_F_TEXT,
                         q_vec_push(b->arena, &((struct cfg_column *)out)->from));
}

static const struct cfg_field source_column_fields[] = {
    {.key = "type", .kind = CFG_F_TEXT, .offset = offsetof(struct cfg_column, type)},
    {.key = "from", .kind = CFG_F_CALL, .call = bind_column_from},
    {.key = "path", .kind = CFG_F_TEXT, .offset = offsetof(struct cfg_column, path)},
    {.key = "at", .kind = CFG_F_TEXT, .offset = offsetof(struct cfg_column, at)},
    {.key = "width", .kind = CFG_F_TEXT, .offset = offsetof(struct cfg_column, width)},
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

static enum q_code bind_option(struct cfg_bind *b, const struct cfg_node_pair *item,
                               const struct q_opt *table, struct cfg_source *source)
{
    bool known = false;
    enum q_code code = cfg_bind_option(b, "", item, table, false, &source->options, &known);
    return known ? code : cfg_first(code, unknown_option(b, item->key, table));
}

/* The options of the driver behind `from`; NULL: not checked, or there is no such driver, which is told later. */
static const struct q_opt *driver_table(const struct cfg_bind *b, const char *from)
{
    const char *type = q_streq(from, "files") ? from : NULL;
    for (size_t i = 0; i < b->project->connections.n; i++)
        if (q_streq(b->project->connections.v[i].name.s, from))
            type = b->project->connections.v[i].type.s;
    for (const struct cfg_driver *const *d = b->options->drivers; type && d && *d; d++)
        if (q_streq((*d)->name, type))
            return (*d)->source;
    return NULL;
}

static bool is_source_key(const char *key)
{
    for (const struct cfg_field *f = source_fields; f->key; f++)
        if (q_streq(f->key, key))
            return true;
    return false;
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
    const struct q_opt *table =
        from && from->kind == CFG_NODE_SCALAR ? driver_table(b, from->text) : NULL;
    struct cfg_node own = {.kind = CFG_NODE_MAP, .pos = map->pos};
    for (size_t i = 0; i < map->items.n; i++) {
        const struct cfg_node_pair *pair = &map->items.v[i];
        const char *key = pair->key->text;
        if (q_streq(key, "columns"))
            code = cfg_first(code, bind_source_columns(b, pair->value, source));
        else if (is_source_key(key))
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

static enum q_code bind_late(struct cfg_bind *b, const struct cfg_node *key,
                             const struct cfg_node *value, void *out)
{
    int word = 0;
    enum q_code code = cfg_bind_word(b, value, key->text, late_words, &word);
    ((struct cfg_load *)out)->late_reject = word != 0;
    return code;
}

static enum q_code bind_snapshot(struct cfg_bind *b, const struct cfg_node *key,
                                 const struct cfg_node *value, void *out)
{
    int word = 0;
    ((struct cfg_load *)out)->snapshot = true;
    return cfg_bind_word(b, value, key->text, snapshot_words, &word);
}

static enum q_code bind_max_shrink(struct cfg_bind *b, const struct cfg_node *key,
                                   const struct cfg_node *value, void *out)
{
    return cfg_bind_limit(b, value, key->text, &((struct cfg_load *)out)->max_shrink);
}

static const struct cfg_field slice_fields[] = {
    {.key = "by", .kind = CFG_F_TEXTS, .offset = offsetof(struct cfg_slice, by)},
    {.key = "range", .kind = CFG_F_IDENT, .offset = offsetof(struct cfg_slice, range)},
    {.key = "from", .kind = CFG_F_TEXT, .offset = offsetof(struct cfg_slice, from)},
    {.key = "to", .kind = CFG_F_TEXT, .offset = offsetof(struct cfg_slice, to)},
    {0},
};

static enum q_code bind_slice(struct cfg_bind *b, const struct cfg_node *key,
                              const struct cfg_node *value, void *out)
{
    struct cfg_slice *slice = &((struct cfg_load *)out)->slice;
    slice->set = true;
    enum q_code code = cfg_bind_map(b, value, "the slice", slice_fields, slice);
    if (!code && (slice->by.n > 0) == (slice->range.s != NULL))
        code = cfg_wrong(b, key->pos, "\"slice\" needs one of \"by\" and \"range\"");
    if (!code && (slice->from.s == NULL) != (slice->to.s == NULL))
        code = cfg_wrong(b, key->pos,
                         "a slice by \"range\" needs both of \"from\" and \"to\", or none: then it "
                         "is what `quern run --from T --to T` says");
    if (!code && !slice->range.s && (slice->from.s || slice->to.s))
        code = cfg_wrong(b, key->pos, "\"from\" and \"to\" of a slice need \"range\"");
    return code;
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
    {.key = "late", .kind = CFG_F_CALL, .call = bind_late},
    {.key = "update", .kind = CFG_F_TEXTS, .offset = offsetof(struct cfg_load, update)},
    {.key = "merge", .kind = CFG_F_EXPRS, .offset = offsetof(struct cfg_load, merge)},
    {.key = "slice", .kind = CFG_F_CALL, .call = bind_slice},
    {.key = "snapshot", .kind = CFG_F_CALL, .call = bind_snapshot},
    {.key = "deletes",
     .kind = CFG_F_WORD,
     .offset = offsetof(struct cfg_load, deletes),
     .words = deletes_words},
    {.key = "max_shrink", .kind = CFG_F_CALL, .call = bind_max_shrink},
    {.key = "on_fail",
     .kind = CFG_F_WORD,
     .offset = offsetof(struct cfg_load, on_fail),
     .words = cfg_on_fail_words},
    {.key = "max_rejects", .kind = CFG_F_CALL, .call = bind_max_rejects},
    {0},
};

/* Keys that belong to some modes only. */
static enum q_code check_modes(struct cfg_bind *b, const struct cfg_node *map,
                               const struct cfg_load *load)
{
    static const struct {
        const char *key;
        enum cfg_mode mode;
        const char *word;
    } needs[] = {
        {"valid_from", CFG_HISTORY, "history"},
        {"late", CFG_HISTORY, "history"},
        {"update", CFG_UPSERT, "upsert"},
        {"merge", CFG_UPSERT, "upsert"},
        {"slice", CFG_REPLACE_SLICE, "replace_slice"},
    };
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++) {
        const struct cfg_node *key = cfg_node_key(map, needs[i].key);
        if (key && load->mode != needs[i].mode)
            return cfg_wrong(b, key->pos, "\"%s\" needs `mode: %s`", needs[i].key, needs[i].word);
    }
    const struct cfg_node *snapshot = cfg_node_key(map, "snapshot");
    if (snapshot && load->mode != CFG_HISTORY && load->mode != CFG_UPSERT)
        return cfg_wrong(b, snapshot->pos, "\"snapshot\" needs `mode: history` or `mode: upsert`");
    if (load->mode == CFG_REPLACE_SLICE && !load->slice.set)
        return cfg_wrong(b, load->pos,
                         "`mode: replace_slice` needs \"slice\"; for example `slice: { by: "
                         "[sale_date] }`");
    return Q_OK;
}

static enum q_code check_load(struct cfg_bind *b, const struct cfg_node *map,
                              const struct cfg_load *load)
{
    bool history = load->mode == CFG_HISTORY;
    enum q_code code = check_modes(b, map, load);
    const struct cfg_node *deletes = cfg_node_key(map, "deletes");
    const struct cfg_node *shrink = cfg_node_key(map, "max_shrink");
    if (code)
        return code;
    if (deletes && !load->snapshot)
        return cfg_wrong(b, deletes->pos,
                         "\"deletes\" needs `snapshot: full`: only a batch that is all there is "
                         "tells what was deleted");
    if (shrink && !load->snapshot && load->mode != CFG_REPLACE)
        return cfg_wrong(b, shrink->pos,
                         "\"max_shrink\" needs `snapshot: full` or `mode: replace`");
    if (history && load->deletes == CFG_DELETES_DELETE)
        return cfg_wrong(b, deletes->pos,
                         "history is not deleted: use `deletes: close` or `deletes: tombstone`");
    if (!history && (load->deletes == CFG_DELETES_CLOSE || load->deletes == CFG_DELETES_TOMBSTONE))
        return cfg_wrong(b, deletes->pos,
                         "`deletes: close` needs `mode: history`; this mode has "
                         "ignore or delete");
    return Q_OK;
}

static enum q_code bind_load(struct cfg_bind *b, const struct cfg_node *key,
                             const struct cfg_node *value, void *out)
{
    struct cfg_load *load = &((struct cfg_pipeline *)out)->load;
    *load = (struct cfg_load){.pos = key->pos,
                              .on_fail = b->on_fail,
                              .max_rejects = b->max_rejects,
                              .max_shrink = {.set = true, .percent = true, .bound = HALF}};
    enum q_code code = cfg_bind_map(b, value, "the load", load_fields, load);
    return code ? code : check_load(b, value, load);
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

/* A batch that is only what is new cannot stand for the whole. */
static enum q_code check_incremental(struct cfg_bind *b, const struct cfg_pipeline *p)
{
    const struct cfg_load *load = &p->load;
    bool fixed = load->slice.by.n || load->slice.from.s;
    const char *what = load->mode == CFG_REPLACE                  ? "`mode: replace`"
                       : load->mode == CFG_REPLACE_SLICE && fixed ? "this `slice`"
                       : load->snapshot                           ? "`snapshot: full`"
                                                                  : NULL;
    enum q_code code = Q_OK;
    for (size_t i = 0; what && i < p->sources.n; i++) {
        const struct cfg_text *cursor = &p->sources.v[i].incremental.cursor;
        if (!cursor->s)
            continue;
        code = cfg_wrong(b, cursor->pos,
                         "source \"%s\" is incremental, so a batch lacks what was read before, and "
                         "%s would take that away",
                         p->sources.v[i].name.s, what);
        cfg_wrong_hint(b, "Use `mode: upsert`, `append`, `insert_only` or `history`, or `slice: { "
                          "range: COLUMN }`, which `--from` and `--to` bound.");
    }
    return code;
}

enum q_code cfg_bind_pipeline(struct cfg_bind *b, const struct cfg_node *root)
{
    struct cfg_pipeline pipeline = {.digest = cfg_node_digest(root)};
    const char *what =
        q_printf(b->arena, "pipeline %s", cfg_shown(b, cfg_node_get(root, "pipeline")));
    enum q_code code = cfg_bind_map(b, root, what, pipeline_fields, &pipeline);
    if (!code)
        code = check_incremental(b, &pipeline);
    if (!code)
        *q_vec_push(b->arena, &b->project->pipelines) = pipeline;
    return code;
}
