/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "plan/plan.h"

enum { LOCK_FILE_MAX = 16 << 20, LOCK_VERSION = 1 };

struct plan_pins {
    struct q_arena *arena;
    const char *path;
    struct q_map schemas;  /* "pipeline.relation" -> struct q_schema */
    struct q_map optional; /* the same -> q_texts */
    bool changed;
};

static enum q_code read_columns(struct plan_pins *pins, const struct q_json *columns,
                                struct q_schema *out, q_texts *optional, struct q_err *err)
{
    for (size_t i = 0; i < q_json_count(columns); i++) {
        const struct q_json *c = q_json_item(columns, i);
        const char *name = q_json_text(q_json_get(c, "name"), NULL),
                   *type = q_json_text(q_json_get(c, "type"), NULL);
        struct q_type t;
        if (!name || !type)
            return q_fail(err, Q_CONFIG, "%s: a column needs \"name\" and \"type\"", pins->path);
        enum q_code code = q_type_parse(type, &t, err);
        if (code) {
            q_context(err, "reading column \"%s\" of %s", name, pins->path);
            return code;
        }
        q_schema_add(pins->arena, out, q_strdup(pins->arena, name), t);
        if (q_json_bool(q_json_get(c, "optional"), false))
            *q_vec_push(pins->arena, optional) = q_strdup(pins->arena, name);
    }
    return Q_OK;
}

enum q_code plan_pins_read(struct q_arena *arena, const char *dir, struct plan_pins **out,
                           struct q_err *err)
{
    struct plan_pins *pins = q_new(arena, struct plan_pins);
    pins->arena = arena;
    pins->path = q_path_join(arena, dir, "quern.lock");
    q_map_init(&pins->schemas, arena);
    q_map_init(&pins->optional, arena);
    *out = pins;
    if (!q_file_exists(pins->path))
        return Q_OK;
    struct q_str text;
    struct q_json *root = NULL;
    enum q_code code = q_file_read(arena, pins->path, LOCK_FILE_MAX, &text, err);
    if (!code)
        code = q_json_parse(arena, text, pins->path, &root, err);
    if (!code && q_json_int(q_json_get(root, "version"), 0) != LOCK_VERSION)
        code = q_fail(err, Q_CONFIG, "cannot read %s: its version is not %d", pins->path,
                      (int)LOCK_VERSION);
    const struct q_json *relations = q_json_get(root, "relations");
    for (size_t i = 0; !code && i < q_json_count(relations); i++) {
        struct q_json *columns;
        const char *name = q_json_member(relations, i, &columns);
        struct q_schema *schema = q_new(arena, struct q_schema);
        q_texts *optional = q_new(arena, q_texts);
        code = read_columns(pins, columns, schema, optional, err);
        q_map_put(&pins->schemas, name, schema);
        q_map_put(&pins->optional, name, optional);
    }
    return code;
}

const struct q_schema *plan_pin_find(const struct plan_pins *pins, const char *relation)
{
    return pins ? q_map_get(&pins->schemas, relation) : NULL;
}

static bool same_schema(const struct q_schema *a, const struct q_schema *b)
{
    if (!a || a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (!q_streq(a->v[i].name, b->v[i].name) || !q_type_eq(a->v[i].type, b->v[i].type))
            return false;
    return true;
}

void plan_pin_set(struct plan_pins *pins, const char *relation, const struct q_schema *schema)
{
    if (same_schema(plan_pin_find(pins, relation), schema))
        return;
    struct q_schema *copy = q_new(pins->arena, struct q_schema);
    for (size_t i = 0; i < schema->n; i++)
        q_schema_add(pins->arena, copy, q_strdup(pins->arena, schema->v[i].name),
                     schema->v[i].type);
    q_map_put(&pins->schemas, relation, copy);
    pins->changed = true;
}

static bool contains(const q_texts *texts, const char *text)
{
    for (size_t i = 0; texts && i < texts->n; i++)
        if (q_streq(texts->v[i], text))
            return true;
    return false;
}

const q_texts *plan_pin_optional(const struct plan_pins *pins, const char *relation)
{
    return pins ? q_map_get(&pins->optional, relation) : NULL;
}

void plan_pin_set_optional(struct plan_pins *pins, const char *relation, const q_texts *columns)
{
    const q_texts *before = plan_pin_optional(pins, relation);
    bool same = columns->n == (before ? before->n : 0);
    for (size_t i = 0; i < columns->n && same; i++)
        same = contains(before, columns->v[i]);
    if (same)
        return;
    q_texts *copy = q_new(pins->arena, q_texts);
    for (size_t i = 0; i < columns->n; i++)
        *q_vec_push(pins->arena, copy) = q_strdup(pins->arena, columns->v[i]);
    q_map_put(&pins->optional, relation, copy);
    pins->changed = true;
}

enum q_code plan_pins_write(struct plan_pins *pins, struct q_err *err)
{
    if (!pins->changed)
        return Q_OK;
    struct q_arena *scratch = q_arena_new(NULL, "pins");
    struct q_json *root = q_json_object(scratch);
    q_json_set_int(root, "version", LOCK_VERSION);
    struct q_json *relations = q_json_set_object(root, "relations");
    for (size_t i = 0; i < pins->schemas.n; i++) {
        const struct q_schema *schema = pins->schemas.entries[i].value;
        struct q_json *columns = q_json_set_array(relations, pins->schemas.entries[i].key);
        for (size_t k = 0; k < schema->n; k++) {
            char type[Q_TYPE_TEXT];
            struct q_json *c = q_json_push_object(columns);
            q_json_set_text(c, "name", schema->v[k].name);
            q_json_set_text(c, "type", q_type_text(schema->v[k].type, type));
            if (contains(plan_pin_optional(pins, pins->schemas.entries[i].key), schema->v[k].name))
                q_json_set_bool(c, "optional", true);
        }
    }
    struct q_buf text;
    q_buf_init_in(&text, scratch, LOCK_FILE_MAX);
    q_json_write(root, true, &text);
    q_buf_addc(&text, '\n');
    enum q_code code = q_buf_check(&text, "quern.lock", err);
    if (!code)
        code = q_file_write(pins->path, (struct q_str){text.p, text.n}, err);
    q_arena_free(scratch);
    pins->changed = pins->changed && code;
    return code;
}
