/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tree to DuckDB SQL.
 *
 * The engine's own rules that are worked around here (libduckdb 1.5.6):
 *   - a decimal result of up to 18 digits' operands is kept at 18 digits and overflows: one operand is widened to 19;
 *   - decimal / decimal is double: dividend and divisor are taken as integers, divided with //, which truncates, to
 *     seven digits, and rounded to six (truncation towards zero cannot change the side of a half);
 *   - a cast to fewer digits rounds: it is compared with the original.
 * Whatever may raise an error stands in its own TRY() or TRY_CAST(), however deep it is: the engine takes a part that
 * occurs twice out of its place (common subexpressions), out of a TRY around it, too. TRY costs nothing while nothing
 * fails. Where both operands of a wide product or quotient are plain columns, 64-bit arithmetic is tried first: 128-bit
 * is three times slower, division thirty times.
 */
#include "sql/expr/node.h"

struct emitter {
    struct sql *q;
    const struct expr *e;
    const char *relation;
};

enum { NARROW = 18 };

static void emit(struct emitter *m, const struct node *node);

/* Operations below a pure one make it NULL, so that one question serves them all. */
static bool region_fails(const struct node *node)
{
    if (node->own_fails)
        return true;
    for (size_t i = 0; node->pure && i < node->n; i++)
        if (region_fails(node->args[i]))
            return true;
    return false;
}

static bool is_leaf(const struct node *node)
{
    while (node->kind == NODE_CAST && !node->lossy)
        node = node->args[0];
    return node->kind == NODE_COLUMN || node->kind == NODE_LITERAL;
}

static void emit_arg(struct emitter *m, const struct node *node, size_t i)
{
    emit(m, node->args[i]);
}

static void emit_literal(struct emitter *m, const struct node *node, struct q_type type)
{
    if (node->type.id == Q_T_NONE && type.id == Q_T_NONE)
        sql_add(m->q, "NULL");
    else if (node->type.id == Q_T_NONE)
        sql_add(m->q, "CAST(NULL AS %T)", &type);
    else if (type.id == Q_T_TEXT)
        sql_add(m->q, "%L", node->text);
    else if (type.id == Q_T_BOOL)
        sql_add(m->q, "%s", node->text);
    else
        sql_add(m->q, "CAST(%L AS %T)", node->text, &type);
}

static void emit_column(struct emitter *m, const struct node *node)
{
    const char *name = m->e->env.columns->v[node->column].name;
    if (m->relation)
        sql_add(m->q, "%I.%I", m->relation, name);
    else
        sql_add(m->q, "%I", name);
}

/* A cast that may fail. Fewer digits round: the way back must give the original. */
static void emit_lossy_cast(struct emitter *m, const struct node *node)
{
    sql_add(m->q, "CASE WHEN TRY_CAST(TRY_CAST(");
    emit_arg(m, node, 0);
    sql_add(m->q, " AS %T) AS %T) = ", &node->type, &node->args[0]->type);
    emit_arg(m, node, 0);
    sql_add(m->q, " THEN TRY_CAST(");
    emit_arg(m, node, 0);
    sql_add(m->q, " AS %T) END", &node->type);
}

static void emit_cast(struct emitter *m, const struct node *node)
{
    const struct node *value = node->args[0];
    if (q_type_eq(value->type, node->type)) {
        emit_arg(m, node, 0);
    } else if (q_type_is_textual(value->type) && node->type.id != Q_T_TEXT) {
        sql_add(m->q, "%s(", expr_cast_name(m->e->arena, node->type));
        emit_arg(m, node, 0);
        sql_add(m->q, ")");
    } else if (node->lossy) {
        emit_lossy_cast(m, node);
    } else if (value->kind == NODE_LITERAL &&
               (value->type.id == Q_T_NONE || q_type_is_number(node->type)) &&
               value->type.id != Q_T_BOOL && !node->own_fails) {
        emit_literal(m, value, node->type);
    } else {
        sql_add(m->q, node->own_fails ? "TRY_CAST(" : "CAST(");
        emit_arg(m, node, 0);
        sql_add(m->q, " AS %T)", &node->type);
    }
}

/* A decimal operand, in 128 bits when `wide`. */
static void emit_decimal(struct emitter *m, const struct node *node, size_t i, bool wide)
{
    struct q_type type = node->args[i]->type;
    if (!wide || type.width > NARROW) {
        emit_arg(m, node, i);
        return;
    }
    type.width = NARROW + 1;
    sql_add(m->q, "CAST(");
    emit_arg(m, node, i);
    sql_add(m->q, " AS %T)", &type);
}

/* + and - on decimals; * likewise when it must be calculated in 128 bits. */
static void emit_decimal_sign(struct emitter *m, const struct node *node, bool wide)
{
    bool both_narrow = node->args[0]->type.width <= NARROW && node->args[1]->type.width <= NARROW;
    if (wide)
        sql_add(m->q, "CAST(");
    sql_add(m->q, "(");
    emit_decimal(m, node, 0, wide && both_narrow);
    sql_add(m->q, " %s ", node->func->name);
    emit_decimal(m, node, 1, false);
    sql_add(m->q, ")");
    if (wide)
        sql_add(m->q, " AS %T)", &node->type);
}

/* Where the result may be too wide both operands get its scale by themselves: the engine's own casts would fail. */
static void emit_sum(struct emitter *m, const struct node *node)
{
    if (node->own_fails) {
        sql_add(m->q, "TRY(TRY_CAST(");
        emit_arg(m, node, 0);
        sql_add(m->q, " AS %T) %s TRY_CAST(", &node->type, node->func->name);
        emit_arg(m, node, 1);
        sql_add(m->q, " AS %T))", &node->type);
        return;
    }
    emit_decimal_sign(m, node, node->type.width > NARROW);
}

static void emit_product(struct emitter *m, const struct node *node)
{
    const struct node *a = node->args[0], *b = node->args[1];
    bool wide = node->type.width > NARROW;
    bool narrow_first =
        wide && a->type.width <= NARROW && b->type.width <= NARROW && is_leaf(a) && is_leaf(b);
    if (narrow_first) {
        sql_add(m->q, "coalesce(CAST(TRY(");
        emit_decimal_sign(m, node, false);
        sql_add(m->q, ") AS %T), ", &node->type);
    }
    sql_add(m->q, node->own_fails ? "TRY(" : "");
    emit_decimal_sign(m, node, wide);
    sql_add(m->q, node->own_fails ? ")" : "");
    if (narrow_first)
        sql_add(m->q, ")");
}

static const char *power_of_ten(struct q_arena *arena, int n)
{
    char *text = q_alloc(arena, (size_t)n + 2);
    memset(text, '0', (size_t)n + 1);
    text[0] = '1';
    return text;
}

/* How a quotient is calculated. */
struct quotient {
    bool wide;  /* in 128 bits */
    bool guard; /* any of its operations may fail */
};

/* An operand of a division as an integer: times 10^scale, then 10^shift. */
static void emit_unscaled(struct emitter *m, const struct node *node, size_t i, int shift,
                          struct quotient how)
{
    struct q_arena *arena = m->e->arena;
    struct q_type type = node->args[i]->type;
    const char *integer = how.wide ? "HUGEINT" : "BIGINT";
    const char *open = how.guard ? "TRY(" : "(";
    if (shift > 0)
        sql_add(m->q, "%s", open);
    sql_add(m->q, how.guard ? "TRY_CAST(" : "CAST(");
    if (type.scale) {
        struct q_type factor = Q_DECIMAL((uint8_t)(type.scale + 1), 0),
                      room = Q_DECIMAL(38, type.scale);
        sql_add(m->q, how.wide ? "%sCAST(" : "%s", open);
        emit_arg(m, node, i);
        if (how.wide)
            sql_add(m->q, " AS %T)", &room);
        sql_add(m->q, " * CAST(%s AS %T))", power_of_ten(arena, type.scale), &factor);
    } else {
        emit_arg(m, node, i);
    }
    sql_add(m->q, " AS %s)", integer);
    if (shift > 0)
        sql_add(m->q, " * CAST(%s AS %s))", power_of_ten(arena, shift), integer);
}

static void emit_quotient(struct emitter *m, const struct node *node, struct quotient how)
{
    int shift = 7 - node->args[0]->type.scale + node->args[1]->type.scale;
    const char *cast = how.guard ? "TRY_CAST(" : "CAST(";
    struct q_type whole = Q_DECIMAL(how.wide ? 38 : NARROW, 0);
    sql_add(m->q, "%sround(%s%s", cast, cast, how.guard ? "TRY(" : "(");
    emit_unscaled(m, node, 0, shift, how);
    sql_add(m->q, " // ");
    emit_unscaled(m, node, 1, -shift, how);
    sql_add(m->q, ") AS %T) * CAST(0.0000001 AS DECIMAL(8,7)), 6) AS %T)", &whole, &node->type);
}

static bool fits_narrow(struct q_type type, int shift)
{
    return type.width + (shift > 0 ? shift : 0) <= NARROW && type.width + type.scale <= NARROW;
}

static void emit_division(struct emitter *m, const struct node *node)
{
    const struct node *a = node->args[0], *b = node->args[1];
    if (node->type.id == Q_T_DOUBLE) {
        sql_add(m->q, "(");
        emit_arg(m, node, 0);
        sql_add(m->q, " / nullif(");
        emit_arg(m, node, 1);
        sql_add(m->q, ", 0))");
        return;
    }
    int shift = 7 - a->type.scale + b->type.scale;
    bool wide = !fits_narrow(a->type, shift) || !fits_narrow(b->type, -shift);
    bool narrow_first = wide && is_leaf(a) && is_leaf(b);
    if (narrow_first) {
        sql_add(m->q, "coalesce(");
        emit_quotient(m, node, (struct quotient){.guard = true});
        sql_add(m->q, ", ");
    }
    emit_quotient(m, node, (struct quotient){.wide = wide, .guard = node->own_fails});
    if (narrow_first)
        sql_add(m->q, ")");
}

/* round(), floor() ...: nothing to do for whole numbers. */
static void emit_whole(struct emitter *m, const struct node *node)
{
    const struct node *value = node->args[0];
    if (node->type.id != Q_T_DOUBLE && q_type_eq(value->type, node->type)) {
        emit_arg(m, node, 0);
        return;
    }
    sql_add(m->q, "%s(", node->func->name);
    emit_arg(m, node, 0);
    if (node->func->result == RESULT_ROUND)
        sql_add(m->q, ", %s", node->n == 2 ? node->args[1]->text : "0");
    sql_add(m->q, ")");
}

static void emit_template(struct emitter *m, const struct node *node)
{
    sql_add(m->q, node->own_fails ? "TRY(" : "");
    for (const char *p = node->func->duckdb; *p; p++) {
        if (*p != '$') {
            sql_add(m->q, "%s", (char[]){*p, 0});
            continue;
        }
        p++;
        if (*p == 'T') {
            sql_add(m->q, "%T", &node->type);
        } else if (*p == '*' || *p == '+') {
            for (size_t i = *p == '+'; i < node->n; i++) {
                sql_add(m->q, i > (size_t)(*p == '+') ? ", " : "");
                emit_arg(m, node, i);
            }
        } else {
            emit_arg(m, node, (size_t)(*p - '1'));
        }
    }
    sql_add(m->q, node->own_fails ? ")" : "");
}

static void emit_call(struct emitter *m, const struct node *node)
{
    enum func_result result = node->func->result;
    bool decimal = node->type.id == Q_T_DECIMAL;
    if (node->func->flags & FUNC_CLOCK)
        sql_add(m->q, "%s", m->e->env.now_sql);
    else if (result == RESULT_ADD && decimal)
        emit_sum(m, node);
    else if (result == RESULT_MULTIPLY && decimal)
        emit_product(m, node);
    else if (result == RESULT_DIVIDE)
        emit_division(m, node);
    else if (result == RESULT_ROUND || result == RESULT_WHOLE)
        emit_whole(m, node);
    else
        emit_template(m, node);
}

static void emit_case(struct emitter *m, const struct node *node)
{
    sql_add(m->q, "CASE");
    for (size_t i = 0; i + 1 < node->n; i += 2) {
        sql_add(m->q, " WHEN ");
        emit(m, node->args[i]);
        sql_add(m->q, " THEN ");
        emit(m, node->args[i + 1]);
    }
    sql_add(m->q, " ELSE ");
    emit(m, node->args[node->n - 1]);
    sql_add(m->q, " END");
}

static void emit(struct emitter *m, const struct node *node)
{
    switch (node->kind) {
    case NODE_LITERAL:
        emit_literal(m, node, node->type);
        break;
    case NODE_COLUMN:
        emit_column(m, node);
        break;
    case NODE_CALL:
        emit_call(m, node);
        break;
    case NODE_CASE:
        emit_case(m, node);
        break;
    case NODE_CAST:
        emit_cast(m, node);
        break;
    }
}

void expr_add_sql(struct sql *q, const struct expr *expr, const char *relation)
{
    struct emitter m = {q, expr, relation};
    emit(&m, expr->root);
}

/* ---- where it fails ---- */

static void emit_fails(struct emitter *m, const struct node *node);

/* " OR <child fails>" for every child below the pure region that may fail. */
static void emit_region_fails(struct emitter *m, const struct node *node)
{
    for (size_t i = 0; i < node->n; i++) {
        const struct node *arg = node->args[i];
        if (node->pure && arg->pure) {
            emit_region_fails(m, arg);
        } else if (arg->fails) {
            emit_fails(m, arg);
            sql_add(m->q, " OR ");
        }
    }
}

static void emit_region_known(struct emitter *m, const struct node *node)
{
    for (size_t i = 0; i < node->n; i++) {
        const struct node *arg = node->args[i];
        if (node->pure && arg->pure) {
            emit_region_known(m, arg);
        } else if (arg->kind != NODE_LITERAL || arg->type.id == Q_T_NONE) {
            emit(m, arg);
            sql_add(m->q, " IS NOT NULL AND ");
        }
    }
}

/* An operation failed: nothing that it takes is NULL, and it is. */
static void emit_operation_fails(struct emitter *m, const struct node *node)
{
    sql_add(m->q, "(");
    emit_region_fails(m, node);
    sql_add(m->q, "(");
    emit_region_known(m, node);
    if (!node->pure && node->n == 2) { /* division, rest: a zero divisor gives NULL */
        emit(m, node->args[1]);
        sql_add(m->q, " <> 0 AND ");
    }
    emit(m, node);
    sql_add(m->q, " IS NULL))");
}

/* The second operand counts where the first does not decide. */
static void emit_second_fails(struct emitter *m, const struct node *node, const char *undecided)
{
    sql_add(m->q, "(");
    emit_fails(m, node->args[0]);
    if (node->args[1]->fails) {
        sql_add(m->q, " OR (");
        emit(m, node->args[0]);
        sql_add(m->q, " %s AND ", undecided);
        emit_fails(m, node->args[1]);
        sql_add(m->q, ")");
    }
    sql_add(m->q, ")");
}

static void emit_coalesce_fails(struct emitter *m, const struct node *node)
{
    sql_add(m->q, "CASE");
    for (size_t i = 0; i < node->n; i++) {
        if (node->args[i]->fails) {
            sql_add(m->q, " WHEN ");
            emit_fails(m, node->args[i]);
            sql_add(m->q, " THEN TRUE");
        }
        sql_add(m->q, " WHEN ");
        emit(m, node->args[i]);
        sql_add(m->q, " IS NOT NULL THEN FALSE");
    }
    sql_add(m->q, " ELSE FALSE END");
}

static void emit_case_fails(struct emitter *m, const struct node *node)
{
    sql_add(m->q, "CASE");
    for (size_t i = 0; i + 1 < node->n; i += 2) {
        if (node->args[i]->fails) {
            sql_add(m->q, " WHEN ");
            emit_fails(m, node->args[i]);
            sql_add(m->q, " THEN TRUE");
        }
        sql_add(m->q, " WHEN ");
        emit(m, node->args[i]);
        sql_add(m->q, " THEN ");
        emit_fails(m, node->args[i + 1]);
    }
    sql_add(m->q, " ELSE ");
    emit_fails(m, node->args[node->n - 1]);
    sql_add(m->q, " END");
}

static void emit_any_fails(struct emitter *m, const struct node *node)
{
    bool first = true;
    sql_add(m->q, "(");
    for (size_t i = 0; i < node->n; i++) {
        if (!node->args[i]->fails)
            continue;
        sql_sep(m->q, &first, " OR ");
        emit_fails(m, node->args[i]);
    }
    sql_add(m->q, ")");
}

static void emit_fails(struct emitter *m, const struct node *node)
{
    const char *name = node->kind == NODE_CALL ? node->func->name : "";
    if (!node->fails)
        sql_add(m->q, "FALSE");
    else if (region_fails(node))
        emit_operation_fails(m, node);
    else if (node->kind == NODE_CASE)
        emit_case_fails(m, node);
    else if (q_streq(name, "and"))
        emit_second_fails(m, node, "IS DISTINCT FROM FALSE");
    else if (q_streq(name, "or"))
        emit_second_fails(m, node, "IS DISTINCT FROM TRUE");
    else if (q_streq(name, "coalesce"))
        emit_coalesce_fails(m, node);
    else
        emit_any_fails(m, node);
}

void expr_add_fails_sql(struct sql *q, const struct expr *expr, const char *relation)
{
    struct emitter m = {q, expr, relation};
    emit_fails(&m, expr->root);
}

bool expr_can_fail(const struct expr *expr)
{
    return expr->root->fails;
}

/* ---- casts ---- */

const char *expr_cast_name(struct q_arena *arena, struct q_type type)
{
    char text[Q_TYPE_TEXT];
    if (type.id == Q_T_DECIMAL)
        return q_printf(arena, "q_cast_decimal_%d_%d", type.width, type.scale);
    return q_printf(arena, "q_cast_%s", q_type_text(type, text));
}

typedef Q_VEC(struct q_type) types;

static bool is_text_cast(const struct node *node)
{
    return node->kind == NODE_CAST && q_type_is_textual(node->args[0]->type) &&
           !q_type_is_textual(node->type);
}

static void collect_casts(struct q_arena *arena, const struct node *node, types *out)
{
    bool have = !is_text_cast(node) &&
                !(node->kind == NODE_CAST && node->type.id == Q_T_JSON && node->own_fails);
    for (size_t i = 0; !have && i < out->n; i++)
        have = q_type_eq(out->v[i], node->type);
    if (!have)
        *q_vec_push(arena, out) = node->type;
    for (size_t i = 0; i < node->n; i++)
        collect_casts(arena, node->args[i], out);
}

const struct q_type *expr_casts(const struct expr *expr, size_t *n)
{
    types found = {0};
    collect_casts(expr->arena, expr->root, &found);
    *n = found.n;
    return found.v;
}

const char *expr_fail_reason(const struct expr *expr)
{
    size_t n;
    expr_casts(expr, &n);
    return n ? "cast" : "overflow";
}

bool expr_add_cast_sql(struct sql *q, const char *value_sql, struct q_type from, struct q_type to,
                       bool *safe)
{
    bool own_fails, lossy;
    if (!type_cast_rule(from, type_digits(from), to, &own_fails, &lossy))
        return false;
    if (safe)
        *safe = !own_fails;
    char name[Q_TYPE_TEXT];
    if (q_type_eq(from, to))
        sql_add(q, "%s", value_sql);
    else if (q_type_is_textual(from) && to.id == Q_T_DECIMAL)
        sql_add(q, "q_cast_decimal_%d_%d(%s)", (int64_t)to.width, (int64_t)to.scale, value_sql);
    else if (q_type_is_textual(from) && to.id != Q_T_TEXT)
        sql_add(q, "q_cast_%s(%s)", q_type_text(to, name), value_sql);
    else if (lossy)
        sql_add(q, "CASE WHEN TRY_CAST(TRY_CAST(%s AS %T) AS %T) = %s THEN TRY_CAST(%s AS %T) END",
                value_sql, &to, &from, value_sql, value_sql, &to);
    else if (own_fails)
        sql_add(q, "TRY_CAST(%s AS %T)", value_sql, &to);
    else
        sql_add(q, "CAST(%s AS %T)", value_sql, &to);
    return true;
}
