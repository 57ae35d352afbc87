/* SPDX-License-Identifier: Apache-2.0 */
/* Trees made by a program, for rules whose parts stand in different keys of a file. */
#include "base/clock.h"
#include "base/opt.h"
#include "base/parse.h"
#include "sql/expr/node.h"

static struct expr *wrap(struct q_arena *arena, struct node *root, struct expr_place place)
{
    struct expr *e = q_new(arena, struct expr);
    *e = (struct expr){.arena = arena, .place = place, .root = root};
    root->line = place.line;
    root->col = place.col;
    return e;
}

struct expr *expr_column(struct q_arena *arena, const char *name, struct expr_place place)
{
    return wrap(arena, node_new(arena, NODE_COLUMN, q_strdup(arena, name), NULL, 0), place);
}

struct expr *expr_text(struct q_arena *arena, const char *text, struct expr_place place)
{
    struct node *node = node_new(arena, NODE_LITERAL, q_strdup(arena, text), NULL, 0);
    node->type = Q_TYPE(Q_T_TEXT);
    return wrap(arena, node, place);
}

struct expr *expr_call(struct q_arena *arena, const char *name, struct expr *const *args, size_t n,
                       struct expr_place place)
{
    struct node **nodes = q_alloc_array(arena, n + 1, sizeof *nodes);
    for (size_t i = 0; i < n; i++)
        nodes[i] = args[i]->root;
    return wrap(arena, node_new(arena, NODE_CALL, name, nodes, n), place);
}

static bool number_constant(struct q_arena *arena, const char *text, struct node **out)
{
    bool minus = *text == '-';
    const char *digits = text + (minus || *text == '+');
    size_t whole = strspn(digits, "0123456789");
    size_t rest = digits[whole] == '.' ? 1 + strspn(digits + whole + 1, "0123456789") : 0;
    if (!whole || rest == 1 || digits[whole + rest])
        return false;
    struct node *node = node_new(arena, NODE_LITERAL, q_strdup(arena, digits), NULL, 0);
    if (!node_number(node, node->text))
        return false;
    *out = minus ? node_new(arena, NODE_CALL, "negate", &node, 1) : node;
    return true;
}

/* The literal's own text, normalised; NULL when it does not spell a value of the type. */
static const char *time_constant(struct q_arena *arena, const char *text, struct q_type type)
{
    int32_t days;
    int64_t usec;
    char shown[Q_TIMESTAMP_TEXT];
    if (type.id == Q_T_DATE)
        return q_parse_date(text, "", &days, NULL) ? NULL
                                                   : q_strdup(arena, q_date_text(days, shown));
    return q_parse_timestamp(text, "", &usec, NULL)
               ? NULL
               : q_strdup(arena, q_timestamp_text(usec, shown));
}

static bool other_constant(struct q_arena *arena, const char *text, struct q_type type,
                           struct node **out)
{
    const char *spelled = text;
    if (type.id == Q_T_BOOL && !q_strcaseeq(text, "true") && !q_strcaseeq(text, "false"))
        return false;
    if (type.id == Q_T_BOOL)
        spelled = q_strcaseeq(text, "true") ? "true" : "false";
    if (type.id == Q_T_DATE || type.id == Q_T_TIMESTAMP || type.id == Q_T_TIMESTAMPTZ)
        spelled = time_constant(arena, text, type);
    if (!spelled || type.id == Q_T_BLOB || type.id == Q_T_OTHER)
        return false;
    *out = node_new(arena, NODE_LITERAL, q_strdup(arena, spelled), NULL, 0);
    (*out)->type = type.id == Q_T_JSON ? Q_TYPE(Q_T_TEXT) : type;
    return true;
}

enum q_code expr_constant(struct q_arena *arena, const char *text, struct q_type type,
                          struct expr_place place, struct expr **out, struct q_err *err)
{
    char shown[Q_TYPE_TEXT];
    struct node *node = NULL;
    bool fine = true;
    if (!text) {
        node = node_new(arena, NODE_LITERAL, "null", NULL, 0);
    } else if (q_type_is_number(type)) {
        fine = number_constant(arena, text, &node);
    } else {
        fine = other_constant(arena, text, type, &node);
    }
    if (!fine)
        return q_fail(err, Q_CONFIG, "%s:%d:%d: \"%s\" cannot be compared with %s",
                      place.file ? place.file : "expression", place.line, place.col, text,
                      q_type_text(type, shown));
    *out = wrap(arena, node, place);
    return Q_OK;
}

static void collect_names(struct q_arena *arena, const struct node *node, q_texts *out)
{
    bool known = node->kind != NODE_COLUMN;
    for (size_t i = 0; i < out->n && !known; i++)
        known = q_strcaseeq(out->v[i], node->text);
    if (!known)
        *q_vec_push(arena, out) = node->text;
    for (size_t i = 0; i < node->n; i++)
        collect_names(arena, node->args[i], out);
}

const char *const *expr_names(const struct expr *e, size_t *n)
{
    q_texts names = {0};
    collect_names(e->arena, e->root, &names);
    *n = names.n;
    return names.v;
}
