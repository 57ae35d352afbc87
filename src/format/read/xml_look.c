/* SPDX-License-Identifier: Apache-2.0 */
/* What records have in them: the tree grows with what is met, and types are guessed from all values. */
#include "format/read/xml_read.h"

enum { NODES = 10000 };

struct xml_look *xml_look_new(struct q_arena *arena)
{
    struct xml_look *look = q_new(arena, struct xml_look);
    look->arena = arena;
    q_buf_init_in(&look->padded, arena, (size_t)BATCH_SPAN_MAX);
    return look;
}

struct xml_node *xml_look_child(struct xml_file *f, struct xml_node *node, const char *name,
                                bool attribute)
{
    struct xml_look *look = f->look;
    struct xml_node *child = xml_child_seen(node, name, attribute);
    if (!child) {
        if (look->nodes.n == NODES) {
            xml_push_fail(f->push, "its records have more than %d different elements", NODES);
            xml_push_hint(f->push, "Declare the columns with their paths.");
            return NULL;
        }
        child = xml_child(node, name, attribute, look->arena);
        child->seen = name;
        *q_vec_push(look->arena, &look->nodes) = child;
    }
    if (child->record == look->records)
        child->member.repeated = true;
    child->record = look->records;
    return child;
}

/* Guess from a text behind which there is nothing to read. */
static void guess(struct xml_look *look, struct batch_guess *g, struct q_str text)
{
    static const char pad[BATCH_CAST_PAD];
    text = xml_trim(text);
    if (!text.n)
        return;
    q_buf_clear(&look->padded);
    q_buf_add(&look->padded, text.p, text.n);
    q_buf_add(&look->padded, pad, sizeof pad);
    batch_guess_add(g, (struct q_str){look->padded.p, text.n});
}

void xml_look_attributes(struct xml_file *f, struct xml_node *node, const struct xml_tag *tag)
{
    if (node == &f->root) { /* a record begins */
        f->look->records++;
        node = &f->look->root;
        f->levels[f->depth].node = node;
    }
    for (size_t i = 0; i < tag->n_attrs; i++) {
        if (xml_attr_is_xsi(tag, i))
            continue;
        struct xml_node *a = xml_look_child(f, node, xml_attr_name(tag, i), true);
        if (!a)
            return;
        guess(f->look, &a->member.guess, xml_attr_value(tag, i));
    }
}

void xml_look_element(struct xml_file *f, struct xml_node *node, const struct xml_level *level,
                      struct q_str text)
{
    node->has_elements |= level->has_elements;
    node->has_text |= level->has_text;
    if ((!level->has_elements || level->has_text) && !level->nil)
        guess(f->look, &node->member.guess, text);
}

void xml_look_record(struct xml_file *f, struct q_str own)
{
    if (!xml_trim(own).n)
        return;
    f->look->has_own = true;
    guess(f->look, &f->look->own.guess, own);
}

enum q_code xml_look_at(struct xml_look *look, const char *path, const struct xml_dialect *dialect,
                        struct q_err *err)
{
    struct q_arena *arena = q_arena_new(NULL, "look");
    struct read_counts counts = {0};
    const struct read_target nothing = {.counts = &counts};
    struct xml_file *f = q_new(arena, struct xml_file);
    f->arena = arena;
    f->path = path;
    f->dialect = dialect;
    f->target = &nothing;
    f->look = look;
    xml_forget_seen(&look->root);
    enum q_code code = xml_walk_open(f, err);
    while (!code && !f->ended)
        code = xml_walk(f, err);
    if (!look->others)
        look->others = xml_others(f, look->arena);
    q_arena_free(arena);
    return code;
}

/* address.city, or address/@id; the latter is a path of its own. */
static const char *name_of(struct xml_look *look, const struct xml_node *node, bool as_path)
{
    const char *mark = node->attribute && as_path ? "@" : "";
    if (node->parent == &look->root)
        return q_printf(look->arena, "%s%s", mark, node->name);
    return q_printf(look->arena, "%s%s%s%s", name_of(look, node->parent, as_path),
                    as_path ? "/" : ".", mark, node->name);
}

/* It is part of a text already. */
static bool in_text(const struct xml_look *look, const struct xml_node *node)
{
    if (node->attribute)
        return false;
    for (const struct xml_node *p = node->parent; p != &look->root; p = p->parent)
        if (p->has_text)
            return true;
    return false;
}

static bool is_taken(const struct xml_look *look, const char *name)
{
    for (size_t i = 0; i < look->members.n; i++)
        if (q_strcaseeq(look->members.v[i].name, name))
            return true;
    return false;
}

static bool is_column(const struct xml_look *look, const struct xml_node *node)
{
    return node->attribute || ((!node->has_elements || node->has_text) && !in_text(look, node));
}

/* An element of the same name and place keeps the short name. */
static bool has_twin(const struct xml_look *look, const struct xml_node *node)
{
    const struct xml_node *twin =
        node->attribute ? xml_child(node->parent, node->name, false, NULL) : NULL;
    return twin && is_column(look, twin);
}

size_t xml_look_members(struct xml_look *look, const struct xml_member **out)
{
    look->members.n = 0;
    if (look->has_own) {
        struct xml_member *m = q_vec_push(look->arena, &look->members);
        *m = look->own;
        m->name = ".";
    }
    for (size_t i = 0; i < look->nodes.n; i++) {
        struct xml_node *node = look->nodes.v[i];
        if (!is_column(look, node))
            continue;
        const char *name = name_of(look, node, has_twin(look, node));
        if (is_taken(look, name))
            name = name_of(look, node, true);
        if (is_taken(look, name))
            continue; /* but for case it is the same */
        struct xml_member *m = q_vec_push(look->arena, &look->members);
        *m = node->member;
        m->name = name;
    }
    *out = look->members.v;
    return look->members.n;
}

const char *xml_look_others(const struct xml_look *look)
{
    return look->others;
}
