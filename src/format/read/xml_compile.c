/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of an XML source to the tree of what is taken from a record. */
#include "format/read/xml_read.h"

enum { SPLITS = 6 }; /* points in a name that may be levels */

struct xml_node *xml_child(struct xml_node *node, const char *name, bool attribute,
                           struct q_arena *make)
{
    for (struct xml_node *c = node->children; c; c = c->next)
        if (c->attribute == attribute && q_streq(c->name, name))
            return c;
    if (!make)
        return NULL;
    struct xml_node *c = q_new(make, struct xml_node);
    c->name = q_strdup(make, name);
    c->attribute = attribute;
    c->parent = node;
    if (node->last)
        node->last->next = c;
    else
        node->children = c;
    node->last = c;
    return c;
}

static bool is_child(struct xml_node *c, const char *name, bool attribute)
{
    if (c->attribute != attribute)
        return false;
    if (c->seen)
        return c->seen == name;
    if (!q_streq(c->name, name))
        return false;
    c->seen = name;
    return true;
}

struct xml_node *xml_child_seen(struct xml_node *node, const char *name, bool attribute)
{
    struct xml_node *from = node->hint ? node->hint->next : node->children;
    for (struct xml_node *c = from; c; c = c->next)
        if (is_child(c, name, attribute))
            return node->hint = c;
    for (struct xml_node *c = node->children; c != from; c = c->next)
        if (is_child(c, name, attribute))
            return node->hint = c;
    return NULL;
}

void xml_forget_seen(struct xml_node *node)
{
    node->seen = NULL;
    for (struct xml_node *c = node->children; c; c = c->next)
        xml_forget_seen(c);
}

static void take(struct xml_file *f, struct xml_node *node, size_t col)
{
    *q_vec_push(f->arena, &node->cols) = col;
}

static void add_path(struct xml_file *f, const struct xml_path *path, size_t col)
{
    struct xml_node *node = &f->root;
    for (size_t i = 0; i < path->n; i++)
        node = xml_child(node, path->elements[i], false, f->arena);
    if (path->attribute)
        node = xml_child(node, path->attribute, true, f->arena);
    node->claimed = true;
    take(f, node, col);
}

/* The column's name from `name` on below a node: as one element or attribute, and with each point as a level. */
static void add_name(struct xml_file *f, struct xml_node *node, const char *name, size_t col,
                     int splits)
{
    struct xml_node *element = xml_child(node, name, false, f->arena);
    struct xml_node *attribute = xml_child(node, name, true, f->arena);
    if (!element->claimed)
        take(f, element, col);
    if (!attribute->claimed)
        take(f, attribute, col);
    for (const char *point = strchr(name, '.'); point && splits; point = strchr(point + 1, '.'))
        if (point != name && point[1])
            add_name(
                f,
                xml_child(node, q_strndup(f->arena, name, (size_t)(point - name)), false, f->arena),
                point + 1, col, splits - 1);
}

/* The path of a column, or NULL when it goes by its name. */
static const char *path_of(const struct xml_file *f, size_t c)
{
    const char *name = f->target->cols[c].name;
    if (f->paths && f->paths[c])
        return f->paths[c];
    return strchr(name, '/') || *name == '@' || q_streq(name, ".") ? name : NULL;
}

static enum q_code add_above(struct xml_file *f, const struct xml_path *path, size_t col,
                             struct q_err *err)
{
    const struct xml_records *records = &f->dialect->records;
    *q_vec_push(f->arena, &f->above) = (struct xml_above){col, *path};
    if (records->anywhere || path->up < records->n)
        return Q_OK;
    return q_fail(err, Q_CONFIG,
                  "cannot read column \"%s\": its path \"%s\" goes above the root of `records: %s`",
                  f->target->cols[col].name, path_of(f, col), f->dialect->settings.records);
}

enum q_code xml_compile(struct xml_file *f, struct q_err *err)
{
    for (size_t c = 0; c < f->target->n_cols; c++) {
        const char *text = path_of(f, c);
        struct xml_path path;
        if (!text)
            continue;
        enum q_code code = xml_path_parse(f->arena, text, &path, err);
        if (!code && path.kind == XML_ABOVE)
            code = add_above(f, &path, c, err);
        if (code) {
            q_context(err, "column \"%s\" of \"%s\"", f->target->cols[c].name, f->path);
            return code;
        }
        if (path.kind == XML_INSIDE)
            add_path(f, &path, c);
        else if (path.kind == XML_OWN_TEXT)
            *q_vec_push(f->arena, &f->own_cols) = c;
        else if (path.kind == XML_ORDINAL)
            *q_vec_push(f->arena, &f->ordinal_cols) = c;
    }
    for (size_t c = 0; c < f->target->n_cols; c++)
        if (!path_of(f, c))
            add_name(f, &f->root, f->target->cols[c].name, c, SPLITS);
    return Q_OK;
}
