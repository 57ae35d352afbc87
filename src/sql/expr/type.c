/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types of results: widths of decimals, common types, casts and what may fail.
 *
 * Bounds are kept as digits before the point, not as types: the sum of two integers (10 digits) has 11 and fits bigint
 * for sure, so it needs no guard.
 */
#include "sql/expr/node.h"

enum { WIDTH_MAX = 38, BIGINT_DIGITS = 19, HUGEINT_DIGITS = 39 };

static int max(int a, int b)
{
    return a > b ? a : b;
}

static int min(int a, int b)
{
    return a < b ? a : b;
}

int type_digits(struct q_type type)
{
    if (type.id == Q_T_INT16)
        return 5;
    if (type.id == Q_T_INT32)
        return 10;
    if (type.id == Q_T_INT64)
        return BIGINT_DIGITS;
    if (type.id == Q_T_INT128)
        return HUGEINT_DIGITS;
    return type.id == Q_T_DECIMAL ? type.width - type.scale : 0;
}

static struct q_type decimal(int digits, int scale)
{
    return Q_DECIMAL((uint8_t)min(WIDTH_MAX, max(1, digits + scale)), (uint8_t)scale);
}

/* As decimal: integers by their digits. */
static struct q_type node_decimal(const struct node *node)
{
    if (node->type.id == Q_T_DECIMAL)
        return node->type;
    return decimal(node->digits ? node->digits : type_digits(node->type), 0);
}

static bool is_time(struct q_type type)
{
    return type.id == Q_T_DATE || type.id == Q_T_TIMESTAMP;
}

static struct q_type common_number(const struct node *node, int digits, struct q_type a)
{
    struct q_type b = node->type;
    if (a.id == Q_T_DOUBLE || b.id == Q_T_DOUBLE)
        return Q_TYPE(Q_T_DOUBLE);
    if (a.id == Q_T_DECIMAL || b.id == Q_T_DECIMAL)
        return decimal(digits, max(a.scale, b.scale));
    return a.id > b.id ? a : b;
}

bool type_common(struct node *const *nodes, size_t n, const char *params, struct q_type *out)
{
    struct q_type type = Q_TYPE(Q_T_NONE);
    int digits = 0;
    for (size_t i = 0; i < n; i++) {
        struct q_type other = nodes[i]->type;
        if ((params && params[i] != 'c') || other.id == Q_T_NONE)
            continue;
        digits = max(digits, nodes[i]->digits);
        if (type.id == Q_T_NONE || q_type_eq(type, other))
            type = other;
        else if (q_type_is_number(type) && q_type_is_number(other))
            type = common_number(nodes[i], digits, type);
        else if (is_time(type) && is_time(other))
            type = Q_TYPE(Q_T_TIMESTAMP);
        else if (q_type_is_textual(type) && q_type_is_textual(other))
            type = Q_TYPE(Q_T_TEXT);
        else
            return false;
    }
    *out = type;
    return true;
}

static bool decimal_cast_rule(int from_digits, int from_scale, struct q_type to, bool *own_fails,
                              bool *lossy)
{
    *lossy = to.scale < from_scale;
    *own_fails = *lossy || from_digits > type_digits(to) - (q_type_is_integer(to) ? 1 : 0);
    return true;
}

bool type_cast_rule(struct q_type from, int digits, struct q_type to, bool *own_fails, bool *lossy)
{
    bool exact_from = q_type_is_integer(from) || from.id == Q_T_DECIMAL;
    bool exact_to = q_type_is_integer(to) || to.id == Q_T_DECIMAL;
    *own_fails = *lossy = false;
    if (from.id == Q_T_NONE || q_type_eq(from, to))
        return true;
    if (to.id == Q_T_TEXT)
        return from.id != Q_T_BLOB && from.id != Q_T_OTHER;
    if (q_type_is_textual(from)) {
        *own_fails = true;
        return to.id != Q_T_OTHER && to.id != Q_T_BLOB && to.id != Q_T_NONE;
    }
    if (q_type_is_integer(from) && q_type_is_integer(to)) {
        *own_fails = to.id < from.id && digits >= type_digits(to);
        return true;
    }
    if (exact_from && exact_to)
        return decimal_cast_rule(digits, from.id == Q_T_DECIMAL ? from.scale : 0, to, own_fails,
                                 lossy);
    if (exact_from && to.id == Q_T_DOUBLE)
        return true;
    if (from.id == Q_T_DOUBLE && exact_to)
        return *own_fails = *lossy = true;
    if (from.id == Q_T_BOOL && q_type_is_integer(to))
        return true;
    *own_fails = *lossy = to.id == Q_T_DATE;
    return (is_time(from) || from.id == Q_T_TIMESTAMPTZ) &&
           (is_time(to) || to.id == Q_T_TIMESTAMPTZ);
}

struct node *node_cast(struct expr *e, struct node *value, struct q_type type)
{
    if (q_type_eq(value->type, type))
        return value;
    bool own_fails, lossy;
    if (!type_cast_rule(value->type, value->digits, type, &own_fails, &lossy))
        return NULL;
    struct node *cast = node_new(e->arena, NODE_CAST, NULL, &value, 1);
    cast->line = value->line;
    cast->col = value->col;
    cast->type = type;
    cast->own_fails = own_fails;
    cast->lossy = lossy;
    cast->pure = true;
    cast->fails = own_fails || value->fails;
    cast->size = 1 + value->size * (lossy ? 2 : 1);
    cast->digits = type_digits(type);
    if (q_type_is_number(value->type) && value->digits && value->digits < cast->digits)
        cast->digits = value->digits;
    return cast;
}

/* Integers calculate as bigint, or hugeint when one is. */
static void integer_result(struct expr *e, struct node *node, int digits)
{
    bool huge = false;
    for (size_t i = 0; i < node->n; i++)
        huge = huge || node->args[i]->type.id == Q_T_INT128;
    struct q_type type = Q_TYPE(huge ? Q_T_INT128 : Q_T_INT64);
    for (size_t i = 0; i < node->n; i++)
        node->args[i] = node_cast(e, node->args[i], type);
    node->type = type;
    node->own_fails = digits >= type_digits(type);
    node->digits = min(digits, type_digits(type));
}

static void decimal_result(struct node *node, int digits, int scale)
{
    node->type = decimal(digits, scale);
    node->own_fails = digits + scale > WIDTH_MAX;
    node->digits = type_digits(node->type);
}

static void as_decimals(struct expr *e, struct node *node)
{
    for (size_t i = 0; i < node->n; i++)
        node->args[i] = node_cast(e, node->args[i], node_decimal(node->args[i]));
}

static bool all_integers(const struct node *node)
{
    for (size_t i = 0; i < node->n; i++)
        if (!q_type_is_integer(node->args[i]->type) && node->args[i]->type.id != Q_T_NONE)
            return false;
    return true;
}

static void add_result(struct expr *e, struct node *node)
{
    int digits = max(node->args[0]->digits, node->args[1]->digits) + 1;
    if (all_integers(node)) {
        integer_result(e, node, digits);
        return;
    }
    as_decimals(e, node);
    decimal_result(node, digits, max(node->args[0]->type.scale, node->args[1]->type.scale));
}

static enum q_code multiply_result(struct expr *e, struct node *node, struct q_err *err)
{
    int digits = node->args[0]->digits + node->args[1]->digits;
    if (all_integers(node)) {
        integer_result(e, node, digits);
        return Q_OK;
    }
    as_decimals(e, node);
    int scale = node->args[0]->type.scale + node->args[1]->type.scale;
    if (scale > WIDTH_MAX)
        return expr_fail_at(e, node, err,
                            "the product has %d digits behind the point; round() a factor", scale);
    decimal_result(node, digits, scale);
    return Q_OK;
}

/* p1 - s1 + s2 digits before the point and six behind it; one more when rounding can carry. The engine's own steps
 * (see emit.c) shift the dividend by 7 - s1 + s2 places and need room for it. */
static void divide_result(struct expr *e, struct node *node)
{
    as_decimals(e, node);
    struct q_type a = node->args[0]->type, b = node->args[1]->type;
    decimal_result(node, a.width - a.scale + b.scale + (a.scale > 6), 6);
    int shift = 7 - a.scale + b.scale;
    node->own_fails = node->own_fails || a.width + a.scale > WIDTH_MAX ||
                      b.width + b.scale > WIDTH_MAX || a.width + max(shift, 0) > WIDTH_MAX ||
                      b.width + max(-shift, 0) > WIDTH_MAX;
}

/* The smallest integer divided by -1 overflows, even for its rest. */
static void mod_result(struct expr *e, struct node *node)
{
    struct q_type type;
    const struct node *divisor = node->args[1];
    if (all_integers(node)) {
        int digits = node->args[0]->digits;
        bool literal = divisor->kind == NODE_LITERAL && divisor->type.id != Q_T_NONE;
        integer_result(e, node, min(digits, BIGINT_DIGITS - 1));
        node->own_fails = !literal && digits >= type_digits(node->type);
    } else if (type_common(node->args, node->n, NULL, &type)) {
        node->args[0] = node_cast(e, node->args[0], type);
        node->args[1] = node_cast(e, node->args[1], type);
        node->type = type;
        node->digits = type_digits(type);
    }
    node->pure = false;
}

static void negate_result(struct expr *e, struct node *node)
{
    if (all_integers(node)) {
        integer_result(e, node, node->args[0]->digits);
        return;
    }
    node->type = node->args[0]->type;
    node->digits = node->args[0]->digits;
}

static void round_result(struct expr *e, struct node *node)
{
    struct node *value = node->args[0];
    int digits = 0;
    if (node->n == 2)
        for (const char *p = node->args[1]->text; *p && digits < WIDTH_MAX; p++)
            digits = digits * 10 + (*p - '0');
    node->type = value->type;
    if (value->type.id == Q_T_DECIMAL && digits < value->type.scale)
        node->type = Q_DECIMAL(value->type.width, (uint8_t)digits);
    node->digits = q_type_is_integer(node->type) ? value->digits : type_digits(node->type);
    (void)e;
}

static void whole_result(struct node *node)
{
    node->type = node->args[0]->type;
    if (node->type.id == Q_T_DECIMAL)
        node->type.scale = 0;
    node->digits = q_type_is_integer(node->type) ? node->args[0]->digits : type_digits(node->type);
}

enum q_code type_arithmetic(struct expr *e, struct node *node, struct q_err *err)
{
    bool any_double = false;
    for (size_t i = 0; i < node->n; i++) {
        if (node->args[i]->type.id == Q_T_NONE)
            node->args[i] = node_cast(e, node->args[i], Q_TYPE(Q_T_INT64));
        any_double = any_double || node->args[i]->type.id == Q_T_DOUBLE;
    }
    node->pure = node->func->result != RESULT_DIVIDE;
    if (any_double) {
        for (size_t i = 0; i < (node->func->result == RESULT_ROUND ? 1 : node->n); i++)
            node->args[i] = node_cast(e, node->args[i], Q_TYPE(Q_T_DOUBLE));
        node->type = Q_TYPE(Q_T_DOUBLE);
        node->pure = node->pure && node->func->result != RESULT_MOD;
        return Q_OK;
    }
    if (node->func->result == RESULT_ADD)
        add_result(e, node);
    else if (node->func->result == RESULT_MULTIPLY)
        return multiply_result(e, node, err);
    else if (node->func->result == RESULT_DIVIDE)
        divide_result(e, node);
    else if (node->func->result == RESULT_MOD)
        mod_result(e, node);
    else if (node->func->result == RESULT_NEGATE)
        negate_result(e, node);
    else if (node->func->result == RESULT_ROUND)
        round_result(e, node);
    else
        whole_result(node);
    return Q_OK;
}
