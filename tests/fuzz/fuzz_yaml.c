/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a file of a project: parsed, expanded, bound as what its keys say it is, and checked. It may be wrong, it
 * never crashes, and what is wrong is said at a place of the file. tests/fuzz/yaml builds and runs it.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/parse.h"
#include "config/bind.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct options {
    const char *path;
    int64_t skip;
    q_texts null_text;
};

static const struct q_opt file_opts[] = {
    {.name = "path",
     .type = Q_OPT_TEXT,
     .offset = offsetof(struct options, path),
     .required = true},
    {.name = "skip", .type = Q_OPT_INT, .offset = offsetof(struct options, skip)},
    {.name = "null_text", .type = Q_OPT_TEXTS, .offset = offsetof(struct options, null_text)},
    {0},
};
static const struct cfg_driver file_driver = {.name = "files", .source = file_opts};
static const struct cfg_driver *const drivers[] = {&file_driver, NULL};

static enum q_code bind_as(struct cfg_bind *b, struct cfg_node *root)
{
    if (cfg_node_get(root, "project")) {
        enum q_code code = cfg_read_vars(b, root);
        return code ? code : cfg_bind_project(b, root);
    }
    enum q_code code = cfg_expand(b, root, false);
    if (code)
        return code;
    if (cfg_node_get(root, "pipeline"))
        return cfg_bind_pipeline(b, root);
    if (cfg_node_get(root, "report"))
        return cfg_bind_report(b, root);
    if (cfg_node_get(root, "fact") || cfg_node_get(root, "dimension"))
        return cfg_bind_model(b, root);
    cfg_rules rules = {0};
    return cfg_bind_rules(b, root, &rules);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct q_arena *arena = q_arena_new(NULL, "fuzz");
    const struct cfg_options options = {.dir = "/nonexistent", .drivers = drivers};
    struct q_err err = {0};
    struct cfg_bind b = {.arena = arena,
                         .err = &err,
                         .options = &options,
                         .project = q_new(arena, struct cfg_project)};
    q_map_init(&b.vars.variables, arena);
    q_map_init(&b.vars.secrets, arena);
    q_map_put(&b.vars.secrets, "S", q_strdup(arena, "\x01hush\x01"));
    struct cfg_node *root = NULL;
    enum q_code code =
        cfg_yaml_parse(arena, (struct q_str){(const char *)data, size}, "f", &root, &err);
    if (!code)
        code = bind_as(&b, root);
    if (!code)
        code = cfg_check_names(&b);
    if (!code)
        code = cfg_check_model(&b);
    if (!code)
        code = cfg_check_pipelines(&b);
    bool placed = strncmp(err.message, "f:", 2) == 0;
    if (code && (code != Q_CONFIG || !placed || strstr(err.message, "\x01hush") ||
                 strstr(err.hint, "\x01hush")))
        abort();
    q_arena_free(arena);
    return 0;
}
