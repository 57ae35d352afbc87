/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A YAML file as a tree in an arena: maps in the order of the file, lists and scalars, each with its place.
 *
 *     code = cfg_yaml_parse(arena, text, "model/x.yaml", &root, err);
 *
 * The YAML that is accepted is the part that project files need: one document, no tags, no merge keys, keys that are
 * scalars and unique, at most CFG_MAX_DEPTH levels and CFG_MAX_NODES values with aliases counted as often as they are
 * used. In { } and [ ] a comma inside of parentheses does not end a value: { amount: decimal(12,2) } has one key.
 * An aliased node is shared, so the tree is a directed graph without cycles; it shows the place of its anchor.
 */
#ifndef Q_CONFIG_NODE_H
#define Q_CONFIG_NODE_H

#include "base/str.h"
#include "config/config.h"

enum { CFG_MAX_BYTES = 4 << 20, CFG_MAX_DEPTH = 32, CFG_MAX_NODES = 100000 };

enum cfg_node_kind { CFG_NODE_NULL, CFG_NODE_SCALAR, CFG_NODE_LIST, CFG_NODE_MAP };

struct cfg_node;

struct cfg_node_pair {
    struct cfg_node *key; /* a scalar; NULL in a list */
    struct cfg_node *value;
};

struct cfg_node {
    enum cfg_node_kind kind; /* NULL: nothing, ~ or null, without quotes */
    struct cfg_pos pos;      /* of the value: its quote, its `|` */
    struct cfg_pos text_pos; /* of the first character of a scalar's text */
    struct cfg_pos end;      /* behind a scalar */
    const char *text;        /* of a scalar, and as written of a null */
    bool plain;              /* a scalar without quotes */
    bool literal;            /* a `|` block: its lines are lines of the file */
    bool expanded;           /* ${NAME} was looked for */
    bool hidden;             /* made from a secret: never printed */
    bool open;               /* holds a ${NAME} that is not set where that is allowed */
    int height;              /* levels below */
    size_t weight;           /* values in it, itself included */
    Q_VEC(struct cfg_node_pair) items;
};

/* `file` is the name in places; it and `text` are borrowed by the tree. */
Q_MUST_CHECK enum q_code cfg_yaml_parse(struct q_arena *arena, struct q_str text, const char *file,
                                        struct cfg_node **out, struct q_err *err);
/* Value of a key in a map; NULL when absent. */
struct cfg_node *cfg_node_get(const struct cfg_node *map, const char *key);
/* A number made of all keys and values, not of places, comments, quotes or layout. */
uint64_t cfg_node_digest(const struct cfg_node *node);
const struct cfg_node *cfg_node_key(const struct cfg_node *map, const char *key);

#endif
