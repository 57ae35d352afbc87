/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of sql/expr: trees and the table of functions. Only files of this folder include it. */
#ifndef Q_SQL_EXPR_NODE_H
#define Q_SQL_EXPR_NODE_H

#include "sql/expr/expr.h"

enum node_kind {
    NODE_LITERAL, /* text as written, without quotes; type by its spelling; Q_T_NONE is null */
    NODE_COLUMN,
    NODE_CALL, /* function or operator */
    NODE_CASE, /* condition, result, condition, result ..., otherwise */
    NODE_CAST, /* one argument; made by cast() and by expr_check() */
};

struct node {
    enum node_kind kind;
    int line, col;
    const char *text;   /* literal, column's name, function's name */
    struct q_type type; /* literals and casts from the start, others after the check */
    const struct func *func;
    struct node **args;
    size_t n;
    size_t column; /* index into env->columns */
    int depth;
    /* Set by the check. */
    int digits;              /* exact numbers: at most so many digits before the point */
    bool own_fails;          /* this operation may fail */
    bool pure;               /* NULL exactly where an argument is NULL or it failed */
    bool lossy;              /* casts: needs a comparison with the original */
    bool fails;              /* something in the tree may fail */
    double size, fails_size; /* what is emitted for it, so that SQL cannot explode */
};

struct expr {
    struct q_arena *arena;
    struct expr_place place;
    struct node *root;
    bool checked;
    struct expr_env env;
};

/* How a function's result gets its type. */
enum func_result {
    RESULT_BOOL,
    RESULT_INT,
    RESULT_TEXT,
    RESULT_DOUBLE,
    RESULT_DATE,
    RESULT_TIMESTAMP,
    RESULT_FIRST,  /* of the first argument */
    RESULT_SECOND, /* of the second argument */
    RESULT_COMMON, /* the type that all "c" arguments were brought to */
    RESULT_ADD,    /* arithmetic: see type.c */
    RESULT_MULTIPLY,
    RESULT_DIVIDE,
    RESULT_MOD,
    RESULT_NEGATE, /* also abs() */
    RESULT_ROUND,
    RESULT_WHOLE, /* floor, ceil, trunc */
};

/*
 * Parameters, a letter each: t text, i integer, j integer that fails beyond 32 bits, n number, f number as double,
 * d date, s timestamp, D date or timestamp, b boolean, a anything, c anything brought to one type with the other c's.
 * Literals only: K integer 0..10000, P text that is not empty, R regular expression, U unit of time, F time format.
 * ? what follows is optional; * the last one repeats.
 */
enum func_flag {
    FUNC_FAILS =
        1, /* may raise an error for a row's value; NULL only for a NULL argument or then */
    FUNC_OPERATOR = 2, /* not callable by name */
    FUNC_CLOCK = 4,
};

struct func {
    const char *name;
    const char *params;
    enum func_result result;
    unsigned flags;
    /* $1 .. $9 arguments, $* all, $+ all but the first, $T result type. A dialect is one more column. */
    const char *duckdb;
    struct expr_function doc; /* .signature NULL: an operator or another form of the row above */
};

extern const struct func func_table[];
extern const size_t func_count;

/* type.c */
struct node *node_cast(struct expr *e, struct node *value, struct q_type type);
/* Digits before the point that a type can hold. */
int type_digits(struct q_type type);
/* False when they have none. */
bool type_common(struct node *const *nodes, size_t n, const char *params, struct q_type *out);
Q_MUST_CHECK enum q_code type_arithmetic(struct expr *e, struct node *node, struct q_err *err);
/* Kind of cast; false when there is none. `digits`: bound for integers. */
bool type_cast_rule(struct q_type from, int digits, struct q_type to, bool *own_fails, bool *lossy);

/* parse.c */
struct node *node_new(struct q_arena *arena, enum node_kind kind, const char *text,
                      struct node *const *args, size_t n);
/* A number's literal; false when it has more than 38 digits. */
bool node_number(struct node *node, const char *text);

/* check.c: "file:line:col: ..." */
enum q_code expr_fail_at(const struct expr *e, const struct node *node, struct q_err *err,
                         const char *fmt, ...) Q_PRINTF(4, 5);

#endif
