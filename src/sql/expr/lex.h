/* SPDX-License-Identifier: Apache-2.0 */
/* Words of the expression language, with their places. */
#ifndef Q_SQL_EXPR_LEX_H
#define Q_SQL_EXPR_LEX_H

#include "sql/expr/node.h"

enum token_kind {
    TOKEN_END,
    TOKEN_NAME,   /* bare: may be a keyword */
    TOKEN_QUOTED, /* "name" */
    TOKEN_NUMBER,
    TOKEN_TEXT, /* 'text' */
    TOKEN_SIGN, /* operator or bracket */
};

struct token {
    enum token_kind kind;
    const char *text; /* unquoted */
    int line, col;
    size_t start; /* offset in the text */
};

struct lexer {
    struct q_arena *arena;
    const char *text;
    size_t at;
    struct expr_place place; /* of text[at] */
};

void lex_init(struct lexer *lexer, struct q_arena *arena, const char *text,
              struct expr_place place);
Q_MUST_CHECK enum q_code lex_next(struct lexer *lexer, struct token *out, struct q_err *err);

#endif
