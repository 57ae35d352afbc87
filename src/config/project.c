/* SPDX-License-Identifier: Apache-2.0 */
/* quern.yaml. */
#include "base/clock.h"
#include "base/parse.h"
#include "config/bind.h"

enum { UNDO_DAYS = 30, UNDO_BYTES = 1000000000 };

/* What quern.yaml says that other files or the choice of an environment need. */
struct project_file {
    struct cfg_project *project;
    struct cfg_text default_env;
};

static const struct cfg_word timezone_words[] = {{.word = "UTC"}, {0}};

static const struct cfg_word warehouse_types[] = {
    {.word = "duckdb"},
    {.word = "sqlite", .later = true},
    {.word = "postgres", .later = true},
    {.word = "mysql", .later = true},
    {.word = "citus", .later = true},
    {0},
};

/* The types that are foreseen; one without a driver is not in this version. */
static const struct cfg_word connection_types[] = {
    {.word = "postgres"}, {.word = "mysql"}, {.word = "sqlite"}, {.word = "rest"}, {0},
};

const struct cfg_word cfg_on_fail_words[] = {
    {.word = "reject", .value = CFG_ON_FAIL_REJECT},
    {.word = "abort", .value = CFG_ON_FAIL_ABORT},
    {.word = "hold", .value = CFG_ON_FAIL_HOLD},
    {0},
};

/* ---- environments ---- */

static enum q_code bind_type(struct cfg_bind *b, const struct cfg_node *value,
                             const struct cfg_word *types, struct cfg_text *out)
{
    int word = 0;
    enum q_code code = cfg_bind_word(b, value, "type", types, &word);
    return code ? code : cfg_bind_text(b, value, "type", CFG_F_TEXT, out);
}

static enum q_code bind_warehouse_type(struct cfg_bind *b, const struct cfg_node *key,
                                       const struct cfg_node *value, void *out)
{
    (void)key;
    struct cfg_warehouse *warehouse = out;
    return bind_type(b, value, warehouse_types, &warehouse->type);
}

static enum q_code bind_memory(struct cfg_bind *b, const struct cfg_node *key,
                               const struct cfg_node *value, void *out)
{
    struct cfg_warehouse *warehouse = out;
    struct q_err unused = {0};
    if (value->open)
        return Q_OK;
    if (value->kind != CFG_NODE_SCALAR ||
        q_parse_size(value->text, key->text, &warehouse->memory_limit, &unused) ||
        warehouse->memory_limit <= 0)
        return cfg_expected(b, value, key->text, "a size like \"2 GB\"");
    return Q_OK;
}

static enum q_code bind_threads(struct cfg_bind *b, const struct cfg_node *key,
                                const struct cfg_node *value, void *out)
{
    struct cfg_warehouse *warehouse = out;
    return cfg_bind_int(b, value, key->text, 1, 1024, &warehouse->threads);
}

static const struct cfg_field warehouse_fields[] = {
    {.key = "type",
     .kind = CFG_F_CALL,
     .call = bind_warehouse_type,
     .required = true,
     .example = "type: duckdb"},
    {.key = "path",
     .kind = CFG_F_TEXT,
     .offset = offsetof(struct cfg_warehouse, path),
     .required = true,
     .example = "path: warehouse.duckdb"},
    {.key = "memory_limit", .kind = CFG_F_CALL, .call = bind_memory},
    {.key = "threads", .kind = CFG_F_CALL, .call = bind_threads},
    {0},
};

static const struct cfg_field environment_fields[] = {
    {.key = "warehouse",
     .kind = CFG_F_MAP,
     .offset = offsetof(struct cfg_environment, warehouse),
     .what = "the warehouse",
     .fields = warehouse_fields,
     .required = true,
     .example = "warehouse: { type: duckdb, path: warehouse.duckdb }"},
    {0},
};

static enum q_code bind_environments(struct cfg_bind *b, const struct cfg_node *key,
                                     const struct cfg_node *value, void *out)
{
    struct project_file *file = out;
    if (value->kind != CFG_NODE_MAP || !value->items.n)
        return cfg_expected(b, value, key->text, "a map of at least one environment");
    enum q_code code = Q_OK;
    for (size_t i = 0; i < value->items.n; i++) {
        const struct cfg_node_pair *item = &value->items.v[i];
        struct cfg_environment *env = q_vec_push(b->arena, &file->project->environments);
        env->name = cfg_key_text(item->key);
        code = cfg_first(code, cfg_check_ident(b, env->name, "an environment", true));
        const char *what = q_printf(b->arena, "environment \"%s\"", env->name.s);
        code = cfg_first(code, cfg_bind_map(b, item->value, what, environment_fields, env));
    }
    return code;
}

/* ---- connections ---- */

/* The driver of a type; NULL when this version has none. */
static const struct cfg_driver *driver_of(const struct cfg_bind *b, const char *type)
{
    for (const struct cfg_driver *const *d = b->options->drivers; d && *d; d++)
        if ((*d)->connection && q_streq((*d)->name, type))
            return *d;
    return NULL;
}

/* The types of the table, those without a driver marked. */
static const struct cfg_word *types_of(const struct cfg_bind *b)
{
    size_t n = sizeof connection_types / sizeof *connection_types;
    struct cfg_word *words = q_alloc_array(b->arena, n, sizeof *words);
    for (size_t i = 0; i < n; i++) {
        words[i] = connection_types[i];
        words[i].later = words[i].word && !driver_of(b, words[i].word);
    }
    return words;
}

static enum q_code unknown_key(struct cfg_bind *b, const struct cfg_node *key,
                               const struct cfg_driver *driver)
{
    q_texts known = {0};
    *q_vec_push(b->arena, &known) = "type";
    for (const struct q_opt *o = driver->connection; o->name; o++)
        *q_vec_push(b->arena, &known) = o->name;
    return cfg_unknown(b, key->pos, "key", key->text, known.v, known.n);
}

/* The other keys are the driver's. */
static enum q_code bind_connection(struct cfg_bind *b, const struct cfg_node_pair *item,
                                   struct cfg_connection *out)
{
    out->name = cfg_key_text(item->key);
    enum q_code code = cfg_check_ident(b, out->name, "a connection", false);
    if (q_streq(out->name.s, "files"))
        code = cfg_wrong(b, out->name.pos,
                         "\"files\" cannot be the name of a connection: `from: files` reads files");
    if (item->value->kind != CFG_NODE_MAP)
        return cfg_first(code, cfg_expected(b, item->value, out->name.s, "a map"));
    const struct cfg_node *type = cfg_node_get(item->value, "type");
    if (!type)
        return cfg_first(
            code, cfg_wrong(b, item->value->pos,
                            "connection \"%s\" has no \"type\"; for example `type: postgres`",
                            out->name.s));
    enum q_code bad = bind_type(b, type, types_of(b), &out->type);
    if (bad)
        return cfg_first(code, bad);
    const struct cfg_driver *driver = driver_of(b, out->type.s);
    for (size_t i = 0; i < item->value->items.n; i++) {
        const struct cfg_node_pair *option = &item->value->items.v[i];
        bool known = true;
        if (q_streq(option->key->text, "type"))
            continue;
        code = cfg_first(code, cfg_bind_option(b, "", option, driver ? driver->connection : NULL,
                                               !driver, &out->options, &known));
        if (!known)
            code = cfg_first(code, unknown_key(b, option->key, driver));
    }
    return code;
}

static enum q_code bind_connections(struct cfg_bind *b, const struct cfg_node *key,
                                    const struct cfg_node *value, void *out)
{
    struct project_file *file = out;
    if (value->kind != CFG_NODE_MAP)
        return cfg_expected(b, value, key->text, "a map of connections");
    enum q_code code = Q_OK;
    for (size_t i = 0; i < value->items.n; i++)
        code = cfg_first(code, bind_connection(b, &value->items.v[i],
                                               q_vec_push(b->arena, &file->project->connections)));
    return code;
}

/* ---- defaults ---- */

static enum q_code bind_max_rejects(struct cfg_bind *b, const struct cfg_node *key,
                                    const struct cfg_node *value, void *out)
{
    (void)out;
    return cfg_bind_limit(b, value, key->text, &b->max_rejects);
}

static enum q_code bind_on_fail(struct cfg_bind *b, const struct cfg_node *key,
                                const struct cfg_node *value, void *out)
{
    (void)out;
    int word = 0;
    enum q_code code = cfg_bind_word(b, value, key->text, cfg_on_fail_words, &word);
    b->on_fail = (enum cfg_on_fail)word;
    return code;
}

static enum q_code bind_initial(struct cfg_bind *b, const struct cfg_node *key,
                                const struct cfg_node *value, void *out)
{
    struct cfg_project *project = out;
    struct q_err unused = {0};
    if (value->kind != CFG_NODE_SCALAR ||
        q_parse_timestamp(value->text, key->text, &project->initial_valid_from, &unused))
        return cfg_expected(b, value, key->text, "a date or time like 1000-01-01");
    return Q_OK;
}

static enum q_code bind_open_end(struct cfg_bind *b, const struct cfg_node *key,
                                 const struct cfg_node *value, void *out)
{
    struct cfg_project *project = out;
    project->open_end_null = value->kind == CFG_NODE_NULL;
    if (!project->open_end_null &&
        (value->kind != CFG_NODE_SCALAR || !q_streq(value->text, "9999-12-31")))
        return cfg_expected(b, value, key->text, "null or 9999-12-31");
    return Q_OK;
}

static enum q_code bind_undo_days(struct cfg_bind *b, const struct cfg_node *key,
                                  const struct cfg_node *value, void *out)
{
    return cfg_bind_int(b, value, key->text, 0, 36500, &((struct cfg_project *)out)->undo_days);
}

static enum q_code bind_undo_size(struct cfg_bind *b, const struct cfg_node *key,
                                  const struct cfg_node *value, void *out)
{
    struct q_err unused = {0};
    if (value->kind != CFG_NODE_SCALAR ||
        q_parse_size(value->text, key->text, &((struct cfg_project *)out)->undo_bytes, &unused))
        return cfg_expected(b, value, key->text, "a size like \"1 GB\"");
    return Q_OK;
}

static const struct cfg_field undo_fields[] = {
    {.key = "days", .kind = CFG_F_CALL, .call = bind_undo_days},
    {.key = "size", .kind = CFG_F_CALL, .call = bind_undo_size},
    {0},
};

static const struct cfg_field default_fields[] = {
    {.key = "on_fail", .kind = CFG_F_CALL, .call = bind_on_fail},
    {.key = "max_rejects", .kind = CFG_F_CALL, .call = bind_max_rejects},
    {.key = "initial_valid_from", .kind = CFG_F_CALL, .call = bind_initial},
    {.key = "open_end", .kind = CFG_F_CALL, .call = bind_open_end},
    {.key = "undo", .kind = CFG_F_MAP, .what = "what undo keeps", .fields = undo_fields},
    {0},
};

static enum q_code bind_defaults(struct cfg_bind *b, const struct cfg_node *key,
                                 const struct cfg_node *value, void *out)
{
    (void)key;
    struct project_file *file = out;
    return cfg_bind_map(b, value, "the defaults", default_fields, file->project);
}

/* ---- the file ---- */

static enum q_code bind_name(struct cfg_bind *b, const struct cfg_node *key,
                             const struct cfg_node *value, void *out)
{
    struct project_file *file = out;
    return cfg_bind_text(b, value, key->text, CFG_F_NAME, &file->project->name);
}

static const struct cfg_field project_fields[] = {
    {.key = "project",
     .kind = CFG_F_CALL,
     .call = bind_name,
     .required = true,
     .example = "project: retail"},
    {.key = "timezone", .kind = CFG_F_WORD, .offset = CFG_NOWHERE, .words = timezone_words},
    {.key = "environments",
     .kind = CFG_F_CALL,
     .call = bind_environments,
     .required = true,
     .example = "environments: { dev: { warehouse: { type: duckdb, path: warehouse.duckdb } } }"},
    {.key = "default_environment",
     .kind = CFG_F_NAME,
     .offset = offsetof(struct project_file, default_env)},
    {.key = "variables", .kind = CFG_F_DONE},
    {.key = "secrets", .kind = CFG_F_DONE},
    {.key = "defaults", .kind = CFG_F_CALL, .call = bind_defaults},
    {.key = "connections", .kind = CFG_F_CALL, .call = bind_connections},
    {0},
};

static const struct cfg_environment *find_environment(const struct cfg_project *project,
                                                      const char *name)
{
    for (size_t i = 0; i < project->environments.n; i++)
        if (q_streq(project->environments.v[i].name.s, name))
            return &project->environments.v[i];
    return NULL;
}

static enum q_code unknown_environment(struct cfg_bind *b, struct cfg_pos pos, const char *name)
{
    q_texts known = {0};
    for (size_t i = 0; i < b->project->environments.n; i++)
        *q_vec_push(b->arena, &known) = b->project->environments.v[i].name.s;
    return cfg_unknown(b, pos, "environment", name, known.v, known.n);
}

static enum q_code choose_environment(struct cfg_bind *b, const struct project_file *file)
{
    struct cfg_project *project = file->project;
    const char *name =
        file->default_env.s ? file->default_env.s : project->environments.v[0].name.s;
    project->env = find_environment(project, name);
    if (!project->env)
        return unknown_environment(b, file->default_env.pos, name);
    if (b->options->env)
        project->env = find_environment(project, b->options->env);
    if (!project->env)
        return unknown_environment(b, project->environments.v[0].name.pos, b->options->env);
    return Q_OK;
}

/* The chosen environment must have its variables; another one may lack them on this machine. */
static enum q_code expand_environments(struct cfg_bind *b, const struct cfg_node *root)
{
    const struct cfg_node *environments = cfg_node_get(root, "environments");
    const struct cfg_node *fallback = cfg_node_get(root, "default_environment");
    if (!environments || environments->kind != CFG_NODE_MAP || !environments->items.n)
        return Q_OK;
    const char *chosen = b->options->env ? b->options->env
                         : fallback && fallback->kind == CFG_NODE_SCALAR
                             ? fallback->text
                             : environments->items.v[0].key->text;
    enum q_code code = Q_OK;
    for (size_t i = 0; i < environments->items.n; i++) {
        const struct cfg_node_pair *item = &environments->items.v[i];
        if (q_streq(item->key->text, chosen))
            code = cfg_expand(b, item->value, false);
    }
    for (size_t i = 0; i < environments->items.n; i++)
        code = cfg_first(code, cfg_expand(b, environments->items.v[i].value, true));
    return code;
}

enum q_code cfg_bind_project(struct cfg_bind *b, const struct cfg_node *root)
{
    struct project_file file = {.project = b->project};
    b->project->open_end_null = true;
    b->project->undo_days = UNDO_DAYS;
    b->project->undo_bytes = UNDO_BYTES;
    b->project->initial_valid_from = (int64_t)q_days_from_civil(1000, 1, 1) * Q_USEC_PER_DAY;
    enum q_code code = expand_environments(b, root);
    struct cfg_node *connections = cfg_node_get(root, "connections");
    if (connections) /* only who reaches one needs its secrets */
        code = cfg_first(code, cfg_expand(b, connections, true));
    for (size_t i = 0; root->kind == CFG_NODE_MAP && i < root->items.n; i++)
        code = cfg_first(code, cfg_expand(b, root->items.v[i].value, false));
    if (!code)
        code = cfg_bind_map(b, root, "the project", project_fields, &file);
    return code ? code : choose_environment(b, &file);
}
