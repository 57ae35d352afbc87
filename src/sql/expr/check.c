/* SPDX-License-Identifier: Apache-2.0 */
/* Types from the leaves up: columns are found, forms of functions chosen, arguments brought to their types. */
#include "base/clock.h"
#include "base/parse.h"
#include "base/suggest.h"
#include "sql/expr/node.h"

enum { SIZE_MAX_PARTS = 8000, LITERAL_INT_MAX = 10000 };

static enum q_code check_node(struct expr *e, struct node *node, struct q_err *err);

static enum q_code check_column(struct expr *e, struct node *node, struct q_err *err)
{
    const struct q_schema *columns = e->env.columns;
    ptrdiff_t i = q_schema_find(columns, node->text);
    if (i < 0) {
        const char *near = q_schema_suggest(e->arena, columns, node->text);
        return expr_fail_at(e, node, err,
                            near ? "unknown column \"%s\"; did you mean \"%s\"?"
                                 : "unknown column \"%s\"",
                            node->text, near);
    }
    node->column = (size_t)i;
    node->type = columns->v[i].type;
    node->digits = type_digits(node->type);
    return Q_OK;
}

static bool is_literal(const struct node *node, enum q_tid id)
{
    return node->kind == NODE_LITERAL && node->type.id == id;
}

static bool literal_int(const struct node *node, int64_t max, int64_t *out)
{
    return node->kind == NODE_LITERAL && q_type_is_integer(node->type) &&
           q_parse_int(node->text, "", 0, max, out, NULL) == Q_OK;
}

static bool is_unit(const char *text)
{
    static const char *const units[] = {"year", "quarter", "month",  "week",
                                        "day",  "hour",    "minute", "second"};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (q_streq(text, units[i]))
            return true;
    return false;
}

/* strftime's letters that the engine knows. */
static bool is_time_format(const char *text)
{
    for (; *text; text++)
        if (*text == '%' && (!*++text || !strchr("aAbBcdfgGHIjmMnpSuUVwWxXyYzZ%", *text)))
            return false;
    return true;
}

static bool literal_fits(const struct node *node, char param)
{
    int64_t number;
    if (param == 'K')
        return literal_int(node, LITERAL_INT_MAX, &number);
    if (!is_literal(node, Q_T_TEXT))
        return false;
    if (param == 'U')
        return is_unit(node->text);
    if (param == 'F')
        return is_time_format(node->text);
    return param == 'R' || *node->text;
}

static bool type_fits(struct q_type type, char param)
{
    switch (param) {
    case 't':
        return q_type_is_textual(type);
    case 'i':
    case 'j':
        return q_type_is_integer(type);
    case 'n':
    case 'f':
        return q_type_is_number(type);
    case 'd':
        return type.id == Q_T_DATE;
    case 's':
        return type.id == Q_T_TIMESTAMP;
    case 'D':
        return type.id == Q_T_DATE || type.id == Q_T_TIMESTAMP;
    case 'b':
        return type.id == Q_T_BOOL;
    case 'a':
    case 'c':
        return type.id != Q_T_OTHER;
    default:
        return false;
    }
}

static bool param_fits(const struct node *node, char param)
{
    if (strchr("KPRUF", param))
        return literal_fits(node, param);
    return node->type.id == Q_T_NONE || type_fits(node->type, param);
}

/* Parameters one by one: `each[i]` is argument i's letter. False when the number of arguments is wrong. */
static bool spread_params(const char *params, size_t n, char *each)
{
    size_t i = 0, need = 0;
    bool optional = false;
    for (const char *p = params; *p; p++) {
        if (*p == '?') {
            optional = true;
            continue;
        }
        if (*p == '*') {
            for (; i < n; i++)
                each[i] = p[-1];
            break;
        }
        need += !optional;
        if (i < n)
            each[i++] = *p;
        else if (!optional)
            return false;
    }
    return i == n && n >= need;
}

static const char *param_shown(char param)
{
    static const char *const names[] = {
        ['t'] = "text",
        ['i'] = "an integer",
        ['j'] = "an integer",
        ['n'] = "a number",
        ['f'] = "a number",
        ['d'] = "a date",
        ['s'] = "a timestamp",
        ['D'] = "a date or timestamp",
        ['b'] = "a boolean",
        ['a'] = "a value",
        ['c'] = "a value",
        ['K'] = "an integer literal from 0 to 10000",
        ['P'] = "a text literal that is not empty",
        ['R'] = "a text literal with a pattern",
        ['U'] = "one of 'year', 'quarter', 'month', 'week', 'day', 'hour', 'minute', 'second'",
        ['F'] = "a text literal in strftime's letters",
    };
    return names[(unsigned char)param];
}

static const char *type_shown(const struct expr *e, struct q_type type)
{
    char text[Q_TYPE_TEXT];
    return type.id == Q_T_NONE ? "null" : q_strdup(e->arena, q_type_text(type, text));
}

/* Why no form of a function fits. */
static enum q_code fail_form(const struct expr *e, const struct node *node,
                             const struct func *first, size_t forms, const char *each,
                             struct q_err *err)
{
    const struct func *f = first;
    bool counted = forms == 1 && each;
    if (f->flags & FUNC_OPERATOR && node->n == 2)
        return expr_fail_at(e, node, err, "%s cannot be applied to %s and %s", f->name,
                            type_shown(e, node->args[0]->type), type_shown(e, node->args[1]->type));
    for (size_t i = 0; counted && i < node->n; i++)
        if (!param_fits(node->args[i], each[i]))
            return expr_fail_at(e, node->args[i], err, "%s takes %s as argument %zu, found %s",
                                f->doc.signature ? f->doc.signature : f->name, param_shown(each[i]),
                                i + 1, type_shown(e, node->args[i]->type));
    return expr_fail_at(e, node, err, "%s cannot be called with %zu argument%s of these types",
                        f->doc.signature ? f->doc.signature : f->name, node->n,
                        node->n == 1 ? "" : "s");
}

static enum q_code fail_unknown(const struct expr *e, const struct node *node, struct q_err *err)
{
    const char **names = q_alloc_array(e->arena, func_count, sizeof *names);
    size_t n = 0;
    for (size_t i = 0; i < func_count; i++)
        if (!(func_table[i].flags & FUNC_OPERATOR))
            names[n++] = func_table[i].name;
    const char *near = q_suggest(node->text, names, n);
    return expr_fail_at(e, node, err,
                        near ? "unknown function \"%s\"; did you mean \"%s\"?"
                             : "unknown function \"%s\"",
                        node->text, near);
}

/* The first form whose parameters fit; `each` gets the letters. */
static enum q_code find_form(struct expr *e, struct node *node, char *each, struct q_err *err)
{
    const struct func *first = NULL;
    size_t forms = 0;
    bool counted = false;
    for (size_t i = 0; i < func_count; i++) {
        const struct func *f = &func_table[i];
        if (!q_strcaseeq(f->name, node->text))
            continue;
        first = first ? first : f;
        forms++;
        counted = spread_params(f->params, node->n, each);
        bool fits = counted;
        for (size_t k = 0; fits && k < node->n; k++)
            fits = param_fits(node->args[k], each[k]);
        if (fits) {
            node->func = f;
            return Q_OK;
        }
    }
    if (!first)
        return fail_unknown(e, node, err);
    return fail_form(e, node, first, forms, counted ? each : NULL, err);
}

static bool fits_int32(const struct node *node)
{
    const struct node *value = node;
    while ((value->kind == NODE_CAST ||
            (value->kind == NODE_CALL && value->func->result == RESULT_NEGATE)) &&
           value->n == 1)
        value = value->args[0];
    return value->digits <= 9 && q_type_is_integer(value->type);
}

static enum q_code coerce(struct expr *e, struct node **arg, struct q_type type, struct q_err *err)
{
    struct node *cast = node_cast(e, *arg, type);
    if (!cast)
        return expr_fail_at(e, *arg, err, "%s cannot become %s", type_shown(e, (*arg)->type),
                            type_shown(e, type));
    *arg = cast;
    return Q_OK;
}

static enum q_code coerce_arg(struct expr *e, struct node **arg, char param, struct q_type common,
                              struct q_err *err)
{
    static const enum q_tid targets[128] = {
        ['i'] = Q_T_INT64, ['j'] = Q_T_INT64,     ['f'] = Q_T_DOUBLE, ['t'] = Q_T_TEXT,
        ['d'] = Q_T_DATE,  ['s'] = Q_T_TIMESTAMP, ['b'] = Q_T_BOOL};
    if (param == 'c')
        return common.id == Q_T_NONE ? Q_OK : coerce(e, arg, common, err);
    if (param == 'R') {
        struct expr_place place = {e->place.file, (*arg)->line, (*arg)->col};
        return expr_check_regex((*arg)->text, place, err);
    }
    if (param == 'D' && (*arg)->type.id == Q_T_NONE)
        return coerce(e, arg, Q_TYPE(Q_T_DATE), err);
    enum q_tid id = targets[(unsigned char)param];
    if (id == Q_T_NONE || (id == Q_T_TEXT && (*arg)->type.id == Q_T_JSON))
        return Q_OK;
    return coerce(e, arg, Q_TYPE(id), err);
}

/* The first argument that does not go with those before it. `each` NULL: all count. */
static enum q_code fail_common(const struct expr *e, const struct node *node, const char *each,
                               struct q_err *err)
{
    struct q_type before = Q_TYPE(Q_T_NONE), type = before;
    size_t i = 0;
    for (; i < node->n && type_common(node->args, i + 1, each, &type); i++)
        before = type;
    enum q_code code = expr_fail_at(e, node->args[i], err, "%s and %s cannot be compared or mixed",
                                    type_shown(e, before), type_shown(e, node->args[i]->type));
    q_hint(
        err,
        "Write cast(x as type) around one of them; text is quoted, a date is written date '2024-01-31'.");
    return code;
}

static enum q_code result_type(struct expr *e, struct node *node, struct q_type common,
                               struct q_err *err)
{
    switch (node->func->result) {
    case RESULT_BOOL:
        node->type = Q_TYPE(Q_T_BOOL);
        return Q_OK;
    case RESULT_INT:
        node->type = Q_TYPE(Q_T_INT64);
        return Q_OK;
    case RESULT_TEXT:
        node->type = Q_TYPE(Q_T_TEXT);
        return Q_OK;
    case RESULT_DOUBLE:
        node->type = Q_TYPE(Q_T_DOUBLE);
        return Q_OK;
    case RESULT_DATE:
        node->type = Q_TYPE(Q_T_DATE);
        return Q_OK;
    case RESULT_TIMESTAMP:
        node->type = Q_TYPE(Q_T_TIMESTAMP);
        return Q_OK;
    case RESULT_FIRST:
        node->type = node->args[0]->type;
        return Q_OK;
    case RESULT_SECOND:
        node->type = node->args[1]->type;
        return Q_OK;
    case RESULT_COMMON:
        node->type = common;
        return Q_OK;
    case RESULT_ADD:
    case RESULT_MULTIPLY:
    case RESULT_DIVIDE:
    case RESULT_MOD:
    case RESULT_NEGATE:
    case RESULT_ROUND:
    case RESULT_WHOLE:
        return type_arithmetic(e, node, err);
    }
    return Q_OK;
}

static enum q_code check_call(struct expr *e, struct node *node, struct q_err *err)
{
    if (node->n < 2 && (q_streq(node->text, "in") || q_streq(node->text, "not in")))
        return expr_fail_at(e, node, err, "the list of IN has no value");
    char *each = q_alloc(e->arena, node->n + 1);
    struct q_type common;
    enum q_code code = find_form(e, node, each, err);
    if (code)
        return code;
    if (node->func->flags & FUNC_CLOCK && !e->env.now_sql)
        return expr_fail_at(e, node, err, "%s() is not available here", node->func->name);
    if (!type_common(node->args, node->n, each, &common))
        return fail_common(e, node, each, err);
    for (size_t i = 0; !code && i < node->n; i++)
        code = coerce_arg(e, &node->args[i], each[i], common, err);
    if (!code)
        code = result_type(e, node, common, err);
    if (!node->digits)
        node->digits = type_digits(node->type);
    if (node->func->flags & FUNC_FAILS) {
        bool literals = true;
        for (size_t i = 0; i < node->n; i++)
            literals = literals && each[i] == 'j' ? fits_int32(node->args[i]) : literals;
        bool only_size = node->type.id == Q_T_TEXT;
        node->own_fails = !(only_size && literals);
        node->pure = true;
    }
    return code;
}

static enum q_code check_case(struct expr *e, struct node *node, struct q_err *err)
{
    struct node **results = q_alloc_array(e->arena, node->n, sizeof *results);
    size_t n = 0;
    enum q_code code = Q_OK;
    for (size_t i = 0; !code && i + 1 < node->n; i += 2) {
        if (node->args[i]->type.id != Q_T_BOOL && node->args[i]->type.id != Q_T_NONE)
            return expr_fail_at(e, node->args[i], err,
                                "a condition of CASE must be a boolean, found %s",
                                type_shown(e, node->args[i]->type));
        code = coerce(e, &node->args[i], Q_TYPE(Q_T_BOOL), err);
        results[n++] = node->args[i + 1];
    }
    results[n++] = node->args[node->n - 1];
    if (code)
        return code;
    struct node all = {.args = results, .n = n, .line = node->line, .col = node->col};
    if (!type_common(results, n, NULL, &node->type))
        return fail_common(e, &all, NULL, err);
    for (size_t i = 0; i < node->n; i++) {
        bool result = i % 2 == 1 || i + 1 == node->n;
        if (!code && result && node->type.id != Q_T_NONE)
            code = coerce(e, &node->args[i], node->type, err);
        if (result && node->args[i]->digits > node->digits)
            node->digits = node->args[i]->digits;
    }
    return code;
}

static enum q_code check_cast(struct expr *e, struct node *node, struct q_err *err)
{
    struct node *made = node_cast(e, node->args[0], node->type);
    if (!made)
        return expr_fail_at(e, node, err, "%s cannot be cast to %s",
                            type_shown(e, node->args[0]->type), type_shown(e, node->type));
    if (made == node->args[0]) { /* already of the type: a cast that does nothing */
        node->pure = true;
        node->digits = made->digits;
        return Q_OK;
    }
    int line = node->line, col = node->col;
    *node = *made;
    node->line = line;
    node->col = col;
    return Q_OK;
}

/* What is emitted for it and for its failing, in parts of some 50 bytes: lossy casts name their operand three times,
 * conditions stand again in what asks for failures. */
static void measure(struct node *node)
{
    double args = 0, fails = 0;
    for (size_t i = 0; i < node->n; i++) {
        args += node->args[i]->size;
        fails += node->args[i]->fails_size;
        node->fails = node->fails || node->args[i]->fails;
    }
    node->fails = node->fails || node->own_fails;
    bool wide = node->kind == NODE_CALL && node->type.id == Q_T_DECIMAL;
    node->size = args * (node->lossy ? 3 : 1) + (wide ? 8 : 1);
    size_t length = node->text ? strlen(node->text) : 0;
    node->size += (double)length / 50;
    node->fails_size = node->fails ? fails + args + node->size : 0;
}

static enum q_code check_node(struct expr *e, struct node *node, struct q_err *err)
{
    enum q_code code = Q_OK;
    for (size_t i = 0; !code && i < node->n; i++)
        code = check_node(e, node->args[i], err);
    if (code)
        return code;
    switch (node->kind) {
    case NODE_LITERAL:
        break;
    case NODE_COLUMN:
        code = check_column(e, node, err);
        break;
    case NODE_CALL:
        code = check_call(e, node, err);
        break;
    case NODE_CASE:
        code = check_case(e, node, err);
        break;
    case NODE_CAST:
        code = check_cast(e, node, err);
        break;
    }
    if (code)
        return code;
    measure(node);
    if (node->size + node->fails_size > SIZE_MAX_PARTS)
        return expr_fail_at(e, node, err,
                            "the expression is too large; split it into several derived columns");
    return Q_OK;
}

enum q_code expr_check(struct expr *expr, const struct expr_env *env, struct q_err *err)
{
    expr->env = *env;
    enum q_code code = check_node(expr, expr->root, err);
    expr->checked = !code;
    return code;
}

enum q_code expr_check_bool(struct expr *expr, const struct expr_env *env, const char *what,
                            struct q_err *err)
{
    enum q_code code = expr_check(expr, env, err);
    if (!code && expr->root->type.id != Q_T_BOOL && expr->root->type.id != Q_T_NONE)
        return expr_fail_at(expr, expr->root, err, "%s must be a boolean, found %s", what,
                            type_shown(expr, expr->root->type));
    return code;
}

struct q_type expr_type(const struct expr *expr)
{
    return expr->root->type;
}

static void mark_columns(const struct node *node, bool *used)
{
    if (node->kind == NODE_COLUMN)
        used[node->column] = true;
    for (size_t i = 0; i < node->n; i++)
        mark_columns(node->args[i], used);
}

const size_t *expr_columns(const struct expr *expr, size_t *n)
{
    size_t count = expr->env.columns->n;
    bool *used = q_alloc_array(expr->arena, count + 1, sizeof *used);
    size_t *out = q_alloc_array(expr->arena, count + 1, sizeof *out);
    mark_columns(expr->root, used);
    *n = 0;
    for (size_t i = 0; i < count; i++)
        if (used[i])
            out[(*n)++] = i;
    return out;
}
