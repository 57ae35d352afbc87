/* SPDX-License-Identifier: Apache-2.0 */
/* cfg_load(): find the files, read them, bind them, check what they say about each other. */
#include <limits.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/suggest.h"
#include "config/bind.h"

/* A kind of file by its first word, and the folder it belongs into. */
struct file_kind {
    const char *word, *folder;
    enum q_code (*bind)(struct cfg_bind *b, const struct cfg_node *root);
};

static const struct file_kind file_kinds[] = {
    {"dimension", "model", cfg_bind_model},
    {"fact", "model", cfg_bind_model},
    {"pipeline", "pipelines", cfg_bind_pipeline},
    {"report", "reports", cfg_bind_report},
    {"project", ".", NULL},
};
enum { N_KINDS = sizeof file_kinds / sizeof file_kinds[0] };

enum q_code cfg_read_tree(struct cfg_bind *b, const char *path, const char *name,
                          struct cfg_node **out)
{
    struct q_str text;
    struct q_err err = {0};
    enum q_code code = q_file_read(b->arena, path, CFG_MAX_BYTES, &text, &err);
    if (!code)
        code = cfg_yaml_parse(b->arena, text, name, out, &err);
    return code ? cfg_wrong_from(b, &err) : Q_OK;
}

/* The file has no word that says what it is. */
static enum q_code no_kind(struct cfg_bind *b, const struct cfg_node *root, const char *folder)
{
    const char *known[N_KINDS], *list = "";
    size_t n = 0;
    for (size_t i = 0; i < N_KINDS; i++)
        if (q_streq(file_kinds[i].folder, folder)) {
            list =
                q_printf(b->arena, "%s%s\"%s: NAME\"", list, n ? " or " : "", file_kinds[i].word);
            known[n++] = file_kinds[i].word;
        }
    for (size_t i = 0; root->kind == CFG_NODE_MAP && i < root->items.n; i++) {
        const struct cfg_node *key = root->items.v[i].key;
        const char *near = q_suggest(key->text, known, n);
        if (near)
            return cfg_wrong(b, key->pos, "unknown key \"%s\"; did you mean \"%s\"?", key->text,
                             near);
    }
    return cfg_wrong(b, root->pos, "a file in %s/ begins with %s", folder, list);
}

static enum q_code bind_file(struct cfg_bind *b, struct cfg_node *root, const char *folder)
{
    enum q_code code = cfg_expand(b, root, false);
    if (code)
        return code;
    for (size_t i = 0; i < N_KINDS; i++) {
        const struct cfg_node *key = cfg_node_key(root, file_kinds[i].word);
        if (!key)
            continue;
        if (q_streq(file_kinds[i].folder, folder))
            return file_kinds[i].bind(b, root);
        /* A key of that name can stand in the right file, too: only the first key says what the file is. */
        if (key == root->items.v[0].key) {
            const char *place = file_kinds[i].bind
                                    ? q_printf(b->arena, "in %s/", file_kinds[i].folder)
                                    : "in quern.yaml";
            return cfg_wrong(b, key->pos, "\"%s\" belongs %s, not in %s/", key->text, place,
                             folder);
        }
    }
    return no_kind(b, root, folder);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum q_code load_folder(struct cfg_bind *b, const char *folder)
{
    const char *dir = q_path_join(b->arena, b->options->dir, folder);
    q_paths names = {0};
    struct q_err err = {0};
    if (q_dir_list(b->arena, dir, ".yaml", &names, &err) ||
        q_dir_list(b->arena, dir, ".yml", &names, &err))
        return cfg_wrong_from(b, &err);
    if (names.n)
        qsort(names.v, names.n, sizeof *names.v, compare_names);
    enum q_code code = Q_OK;
    for (size_t i = 0; i < names.n; i++) {
        struct cfg_node *root = NULL;
        const char *shown = q_printf(b->arena, "%s/%s", folder, names.v[i]);
        enum q_code now = cfg_read_tree(b, q_path_join(b->arena, dir, names.v[i]), shown, &root);
        code = cfg_first(code, now ? now : bind_file(b, root, folder));
    }
    return code;
}

static enum q_code no_project(struct cfg_bind *b)
{
    char real[PATH_MAX];
    const char *dir = b->options->dir;
    struct q_file_info info;
    b->failures++;
    if (!q_file_stat(dir, &info))
        (void)q_fail(b->err, Q_CONFIG, "no project in \"%s\": there is no such directory", dir);
    else if (!info.is_dir)
        (void)q_fail(b->err, Q_CONFIG, "no project in \"%s\": it is not a directory", dir);
    else
        (void)q_fail(b->err, Q_CONFIG, "no project in \"%s\": there is no quern.yaml",
                     realpath(dir, real) ? real : dir);
    q_hint(
        b->err,
        "Run `quern init DIR --template retail` to make a project, or name one with --project DIR.");
    return Q_CONFIG;
}

static enum q_code load_project_file(struct cfg_bind *b)
{
    const char *name = "quern.yaml";
    const char *path = q_path_join(b->arena, b->options->dir, name);
    if (!q_file_exists(path)) {
        name = "quern.yml";
        path = q_path_join(b->arena, b->options->dir, name);
    }
    if (!q_file_exists(path))
        return no_project(b);
    struct cfg_node *root = NULL;
    enum q_code code = cfg_read_tree(b, path, name, &root);
    if (!code)
        code = cfg_read_vars(b, root);
    return code ? code : cfg_bind_project(b, root);
}

void cfg_bind_init(struct cfg_bind *b, struct q_arena *arena, const struct cfg_options *options,
                   struct q_err *err)
{
    *b = (struct cfg_bind){.arena = arena, .err = err, .options = options};
    b->project = q_new(arena, struct cfg_project);
    b->project->dir = q_strdup(arena, options->dir);
    b->vars.given = &options->vars;
    q_map_init(&b->vars.variables, arena);
    q_map_init(&b->vars.secrets, arena);
}

enum q_code cfg_bind_end(struct cfg_bind *b)
{
    if (b->failures > 1 && !b->err->detail[0] && b->next.file)
        q_detail(b->err, "%d more error%s; the next one is at %s:%d:%d.", b->failures - 1,
                 b->failures > 2 ? "s" : "", b->next.file, b->next.line, b->next.col);
    return b->err->code;
}

enum q_code cfg_load(struct q_arena *arena, const struct cfg_options *options,
                     struct cfg_project **out, struct q_err *err)
{
    struct q_err own = {0};
    struct cfg_bind b;
    cfg_bind_init(&b, arena, options, &own);
    enum q_code code = load_project_file(&b);
    /* Without its variables, other files would only repeat what is wrong. */
    if (!code) {
        code = load_folder(&b, "model");
        code = cfg_first(code, load_folder(&b, "pipelines"));
        code = cfg_first(code, load_folder(&b, "reports"));
    }
    if (!code)
        code = cfg_check_names(&b);
    if (!code)
        code = cfg_check_model(&b);
    if (!code)
        code = cfg_check_pipelines(&b);
    if (!code) {
        *out = b.project;
        return Q_OK;
    }
    code = cfg_bind_end(&b);
    if (err)
        *err = own;
    return code;
}

enum q_code cfg_load_rules(struct q_arena *arena, const char *path, cfg_rules *out,
                           struct q_err *err)
{
    struct q_err own = {0};
    struct cfg_options options = {.dir = "."};
    struct cfg_bind b;
    cfg_bind_init(&b, arena, &options, &own);
    struct cfg_node *root = NULL;
    cfg_rules rules = {0};
    enum q_code code = cfg_read_tree(&b, path, path, &root);
    if (!code)
        code = cfg_expand(&b, root, false);
    if (!code && root->kind == CFG_NODE_MAP) {
        const struct cfg_node *check = cfg_node_get(root, "check");
        code = check ? cfg_bind_rules(&b, check, &rules)
                     : cfg_wrong(&b, root->pos, "expected a list of rules or the key \"check\"");
    } else if (!code) {
        code = cfg_bind_rules(&b, root, &rules);
    }
    if (!code) {
        *out = rules;
        return Q_OK;
    }
    code = cfg_bind_end(&b);
    if (err)
        *err = own;
    return code;
}

/* ---- looking things up ---- */

const struct cfg_table *cfg_find_table(const struct cfg_project *project, const char *name)
{
    for (size_t i = 0; i < project->tables.n; i++)
        if (q_streq(project->tables.v[i].name.s, name))
            return &project->tables.v[i];
    return NULL;
}

const struct cfg_pipeline *cfg_find_pipeline(const struct cfg_project *project, const char *name)
{
    for (size_t i = 0; i < project->pipelines.n; i++)
        if (q_streq(project->pipelines.v[i].name.s, name))
            return &project->pipelines.v[i];
    return NULL;
}

const struct cfg_report *cfg_find_report(const struct cfg_project *project, const char *name)
{
    for (size_t i = 0; i < project->reports.n; i++)
        if (q_streq(project->reports.v[i].name.s, name))
            return &project->reports.v[i];
    return NULL;
}
