/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The expression language of project files: parsed with places, typed against the columns of a relation, emitted as SQL.
 *
 *     struct expr *e;
 *     struct expr_env env = {.columns = &relation->columns};
 *     code = expr_parse(arena, text, (struct expr_place){"pipelines/sales.yaml", 7, 14}, &e, err);
 *     if (!code)
 *         code = expr_check(e, &env, err);
 *     sql_add(q, "SELECT ");
 *     expr_add_sql(q, e, "r");
 *
 * Language
 * --------
 * Literals 12, 1.50 (exact: decimal(3,2)), 'text' ('' is a quote), true, false, null, date '2024-01-31',
 * timestamp '2024-01-31 10:00:00'. Columns bare or "quoted"; relation.column where the environment has columns of such
 * names ("old.amount"). + - * / % and unary -, ||, = <> != < <= > >=,
 * IS [NOT] NULL, IS [NOT] DISTINCT FROM, AND, OR, NOT, [NOT] IN (...), [NOT] BETWEEN, [NOT] LIKE and ILIKE, CASE in
 * both forms, cast(x as type), and the functions of expr_functions().
 *
 * Rules that differ from an engine's own:
 *   - integers calculate as bigint (hugeint when one operand is); + - * on decimals widen up to 38 digits, never round;
 *   - x / y of exact numbers is exact, rounded half away from zero to 6 digits; a zero divisor gives NULL, also in %;
 *   - cast() is strict: text must spell the value exactly, and digits are never lost (use round() or date() for that);
 *   - numbers are compared exactly; a number and a text, a date and a text are never compared;
 *   - NULL among the values of IN and NOT IN counts as not written;
 *   - a row for which something overflows *fails*: expr_add_fails_sql() is true, and its value means nothing.
 * Operands of AND, OR, CASE and COALESCE that do not decide the result cannot fail a row; they are taken from left to
 * right.
 *
 * An expression belongs to its arena. It is checked once, against one relation. Emitted SQL never raises an error for
 * a row's value.
 */
#ifndef Q_SQL_EXPR_EXPR_H
#define Q_SQL_EXPR_EXPR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "batch/type.h"
#include "sql/build.h"

struct expr;

/* Where a text stands: the place of its first character. `file` may be NULL: then only line and column are shown. */
struct expr_place {
    const char *file;
    int line, col;
};

struct expr_env {
    const struct q_schema *columns;
    const char *now_sql; /* SQL of the run's clock (a timestamp), or NULL: now() is refused */
};

enum { EXPR_TEXT_MAX = 65536, EXPR_DEPTH_MAX = 200 };

/* Errors are Q_CONFIG and begin with the place inside the text: "pipelines/sales.yaml:7:31: ...". */
Q_MUST_CHECK enum q_code expr_parse(struct q_arena *arena, const char *text,
                                    struct expr_place place, struct expr **out, struct q_err *err);

/* The same trees made by a program. expr_call() takes the name of a function, or an operator as written in capitals'
 * stead: "=", "and", "between", "not in", "is null" ... */
struct expr *expr_column(struct q_arena *arena, const char *name, struct expr_place place);
/* A value written in a project file (a bound, a member of a set) as a constant fit to be compared with a column of
 * `type`: 1 or 1.5 for numbers, 2024-01-31 for dates, true, any text for text. `text` NULL is null. What does not spell
 * such a value is refused. */
Q_MUST_CHECK enum q_code expr_constant(struct q_arena *arena, const char *text, struct q_type type,
                                       struct expr_place place, struct expr **out,
                                       struct q_err *err);
/* A text literal. */
struct expr *expr_text(struct q_arena *arena, const char *text, struct expr_place place);
struct expr *expr_call(struct q_arena *arena, const char *name, struct expr *const *args, size_t n,
                       struct expr_place place);

/* The names of the columns that are used, as written, each once, in order; before or after the check. */
const char *const *expr_names(const struct expr *expr, size_t *n);

/* Find columns and functions, give every part its type. Must be called once before all below. */
Q_MUST_CHECK enum q_code expr_check(struct expr *expr, const struct expr_env *env,
                                    struct q_err *err);
/* expr_check(), and the result must be a boolean; `what` names the expression in the message ("a filter"). */
Q_MUST_CHECK enum q_code expr_check_bool(struct expr *expr, const struct expr_env *env,
                                         const char *what, struct q_err *err);

/* Q_T_NONE for a bare null. */
struct q_type expr_type(const struct expr *expr);
/* Indices into env->columns of the columns used, increasing, in an array of the arena. */
const size_t *expr_columns(const struct expr *expr, size_t *n);

/* DuckDB SQL. `relation` is an alias to put before columns, or NULL. */
void expr_add_sql(struct sql *q, const struct expr *expr, const char *relation);
/* A boolean that is never NULL: true for the rows for which the evaluation fails. */
void expr_add_fails_sql(struct sql *q, const struct expr *expr, const char *relation);
/* False when that is false for every row. */
bool expr_can_fail(const struct expr *expr);
/* The reject's reason for such a row: "cast" when a strict cast of text takes part, else "overflow". */
const char *expr_fail_reason(const struct expr *expr);

/*
 * Strict casts from text are functions of the program, one a target type: NULL where the text does not spell a value
 * exactly. Whoever runs the SQL registers them first: expr_casts() gives the types, expr_cast_name() the name
 * ("q_cast_decimal_12_2").
 */
const struct q_type *expr_casts(const struct expr *expr, size_t *n);
const char *expr_cast_name(struct q_arena *arena, struct q_type type);
/* The cast of a fragment of SQL from one type to another: NULL where it would lose something. False (and nothing
 * added) when there is no such cast. `safe` (may be NULL) is set when it cannot fail. */
bool expr_add_cast_sql(struct sql *q, const char *value_sql, struct q_type from, struct q_type to,
                       bool *safe);

/* What the engine's regular expressions (RE2) refuse: look-around, back references, wrong brackets ... */
Q_MUST_CHECK enum q_code expr_check_regex(const char *pattern, struct expr_place place,
                                          struct q_err *err);

/* The functions, for help and the reference page: in order of group and name. */
struct expr_function {
    const char *group;     /* "text", "number", "date", "any" */
    const char *signature; /* "substr(text, from[, length])" */
    const char *help;      /* one sentence */
};
const struct expr_function *expr_functions(size_t *n);

#endif
