/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text to tree: precedence climbing. Lowest first: OR, AND, NOT, comparisons (which do not chain), ||, + -, * / %,
 * unary -. Operators become calls under their own names.
 */
#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/parse.h"
#include "sql/expr/lex.h"

typedef Q_VEC(struct node *) nodes;

struct parser {
    struct expr *expr;
    struct lexer lexer;
    struct token token, ahead; /* the current one and the one behind it */
    int depth;
    struct q_err *err;
};

static enum q_code parse_or(struct parser *p, struct node **out);
static enum q_code parse_concat(struct parser *p, struct node **out);

enum q_code expr_fail_at(const struct expr *e, const struct node *node, struct q_err *err,
                         const char *fmt, ...)
{
    char text[Q_ERR_MESSAGE];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return q_fail(err, Q_CONFIG, "%s:%d:%d: %s", e->place.file ? e->place.file : "expression",
                  node->line, node->col, text);
}

static enum q_code fail(struct parser *p, const char *expected)
{
    struct node here = {.line = p->token.line, .col = p->token.col};
    if (p->token.kind == TOKEN_END)
        return expr_fail_at(p->expr, &here, p->err, "the expression ends where %s is expected",
                            expected);
    return expr_fail_at(p->expr, &here, p->err, "expected %s, found \"%s\"", expected,
                        p->token.text);
}

static enum q_code next(struct parser *p)
{
    p->token = p->ahead;
    return lex_next(&p->lexer, &p->ahead, p->err);
}

static bool is_word(const struct token *token, const char *word)
{
    return token->kind == TOKEN_NAME && q_strcaseeq(token->text, word);
}

static bool is_sign(const struct token *token, const char *sign)
{
    return token->kind == TOKEN_SIGN && q_streq(token->text, sign);
}

static enum q_code expect_sign(struct parser *p, const char *sign, const char *shown)
{
    return is_sign(&p->token, sign) ? next(p) : fail(p, shown);
}

static enum q_code expect_word(struct parser *p, const char *word, const char *shown)
{
    return is_word(&p->token, word) ? next(p) : fail(p, shown);
}

static bool is_reserved(const char *word)
{
    static const char *const words[] = {
        "and",  "or",   "not",  "in",  "is",   "null",  "between", "like",     "ilike", "case",
        "when", "then", "else", "end", "true", "false", "as",      "distinct", "from"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (q_strcaseeq(word, words[i]))
            return true;
    return false;
}

struct node *node_new(struct q_arena *arena, enum node_kind kind, const char *text,
                      struct node *const *args, size_t n)
{
    struct node *node = q_new(arena, struct node);
    node->kind = kind;
    node->text = text;
    node->n = n;
    node->args = q_alloc_array(arena, n ? n : 1, sizeof *node->args);
    for (size_t i = 0; i < n; i++) {
        node->args[i] = args[i];
        if (args[i]->depth >= node->depth)
            node->depth = args[i]->depth + 1;
    }
    return node;
}

/* A node at the place of `at`; too deep a tree is refused. */
static enum q_code make(struct parser *p, const struct token *at, enum node_kind kind,
                        const char *text, struct node *const *args, size_t n, struct node **out)
{
    struct node *node = node_new(p->expr->arena, kind, text, args, n);
    node->line = at->line;
    node->col = at->col;
    *out = node;
    if (node->depth > EXPR_DEPTH_MAX)
        return expr_fail_at(p->expr, node, p->err, "the expression is nested deeper than %d",
                            EXPR_DEPTH_MAX);
    return Q_OK;
}

bool node_number(struct node *node, const char *text)
{
    while (*text == '0' && text[1] && text[1] != '.')
        text++;
    size_t whole = strspn(text, "0123456789");
    size_t scale = text[whole] == '.' ? strlen(text + whole + 1) : 0;
    if (whole + scale > 38)
        return false;
    node->digits = text[0] == '0' ? (whole > 1 ? (int)whole : 0) : (int)whole;
    if (scale) {
        int width = node->digits + (int)scale;
        node->type = Q_DECIMAL((uint8_t)width, (uint8_t)scale);
    } else {
        node->digits = (int)whole;
        node->type = Q_TYPE(whole <= 9 ? Q_T_INT32 : whole <= 18 ? Q_T_INT64 : Q_T_INT128);
    }
    return true;
}

static enum q_code take_number(struct parser *p, struct node **out)
{
    enum q_code code = make(p, &p->token, NODE_LITERAL, p->token.text, NULL, 0, out);
    if (!code && !node_number(*out, p->token.text))
        return fail(p, "a number of at most 38 digits");
    return code ? code : next(p);
}

static enum q_code take_word_literal(struct parser *p, struct q_type type, struct node **out)
{
    bool truth = is_word(&p->token, "true");
    const char *text = type.id == Q_T_BOOL ? (truth ? "true" : "false") : p->token.text;
    enum q_code code = make(p, &p->token, NODE_LITERAL, text, NULL, 0, out);
    (*out)->type = type;
    return code ? code : next(p);
}

/* date '...' and timestamp '...'; the current token is the word. */
static enum q_code take_time(struct parser *p, struct node **out)
{
    bool is_date = is_word(&p->token, "date");
    struct token word = p->token;
    enum q_code code = next(p);
    if (code)
        return code;
    int32_t days;
    int64_t usec;
    char shown[Q_TIMESTAMP_TEXT];
    struct node here = {.line = p->token.line, .col = p->token.col};
    if (is_date ? q_parse_date(p->token.text, "date", &days, NULL)
                : q_parse_timestamp(p->token.text, "timestamp", &usec, NULL))
        return expr_fail_at(p->expr, &here, p->err, "\"%s\" is no %s", p->token.text,
                            is_date ? "date" : "timestamp");
    const char *text = is_date ? q_date_text(days, shown) : q_timestamp_text(usec, shown);
    code = make(p, &word, NODE_LITERAL, q_strdup(p->expr->arena, text), NULL, 0, out);
    (*out)->type = Q_TYPE(is_date ? Q_T_DATE : Q_T_TIMESTAMP);
    return code ? code : next(p);
}

/* "decimal(12,2)" up to the bracket that closes the cast. */
static enum q_code take_type(struct parser *p, struct q_type *out)
{
    struct node here = {.line = p->token.line, .col = p->token.col};
    size_t from = p->token.start;
    enum q_code code = Q_OK;
    int open = 0;
    while (!code && p->token.kind != TOKEN_END && (open || !is_sign(&p->token, ")"))) {
        open += is_sign(&p->token, "(") - is_sign(&p->token, ")");
        code = next(p);
    }
    if (code)
        return code;
    struct q_str text = q_str_trim((struct q_str){p->lexer.text + from, p->token.start - from});
    struct q_err why = {0};
    if (q_type_parse(q_strndup(p->expr->arena, text.p, text.n), out, &why))
        return expr_fail_at(p->expr, &here, p->err, "%s", why.message);
    return Q_OK;
}

static enum q_code take_cast(struct parser *p, struct node **out)
{
    struct token word = p->token;
    struct node *value;
    struct q_type type;
    enum q_code code = next(p);
    if (!code)
        code = next(p); /* the bracket */
    if (!code)
        code = parse_or(p, &value);
    if (!code)
        code = expect_word(p, "as", "\"as\"");
    if (!code)
        code = take_type(p, &type);
    if (!code)
        code = expect_sign(p, ")", "\")\"");
    if (code)
        return code;
    code = make(p, &word, NODE_CAST, NULL, &value, 1, out);
    (*out)->type = type;
    return code;
}

/* Expressions separated by commas up to the closing bracket, which is taken; the opening one has been. */
static enum q_code take_list(struct parser *p, nodes *list)
{
    enum q_code code = Q_OK;
    while (!code && !is_sign(&p->token, ")")) {
        if (list->n && (code = expect_sign(p, ",", "\",\" or \")\"")))
            return code;
        struct node *item;
        code = parse_or(p, &item);
        if (!code)
            *q_vec_push(p->expr->arena, list) = item;
    }
    return code ? code : next(p);
}

static enum q_code take_call(struct parser *p, struct node **out)
{
    struct token word = p->token;
    nodes args = {0};
    enum q_code code = next(p);
    if (!code)
        code = next(p);
    if (!code)
        code = take_list(p, &args);
    return code ? code : make(p, &word, NODE_CALL, word.text, args.v, args.n, out);
}

/* CASE; the form with an operand becomes comparisons with it. */
static enum q_code take_case(struct parser *p, struct node **out)
{
    struct token word = p->token;
    struct node *operand = NULL, *part;
    nodes parts = {0};
    enum q_code code = next(p);
    if (!code && !is_word(&p->token, "when"))
        code = parse_or(p, &operand);
    if (!code && !is_word(&p->token, "when"))
        code = fail(p, "\"when\"");
    while (!code && is_word(&p->token, "when")) {
        struct token when = p->token;
        if ((code = next(p)) || (code = parse_or(p, &part)))
            return code;
        if (operand &&
            (code = make(p, &when, NODE_CALL, "=", (struct node *[]){operand, part}, 2, &part)))
            return code;
        *q_vec_push(p->expr->arena, &parts) = part;
        if ((code = expect_word(p, "then", "\"then\"")) || (code = parse_or(p, &part)))
            return code;
        *q_vec_push(p->expr->arena, &parts) = part;
    }
    if (code)
        return code;
    if (is_word(&p->token, "else")) {
        if ((code = next(p)) || (code = parse_or(p, &part)))
            return code;
    } else if ((code = make(p, &p->token, NODE_LITERAL, "null", NULL, 0, &part))) {
        return code;
    }
    *q_vec_push(p->expr->arena, &parts) = part;
    if ((code = expect_word(p, "end", "\"when\", \"else\" or \"end\"")))
        return code;
    return make(p, &word, NODE_CASE, NULL, parts.v, parts.n, out);
}

static enum q_code take_column(struct parser *p, struct node **out)
{
    if (p->token.kind == TOKEN_NAME && is_reserved(p->token.text))
        return fail(p, "a value");
    enum q_code code = make(p, &p->token, NODE_COLUMN, p->token.text, NULL, 0, out);
    return code ? code : next(p);
}

static enum q_code take_name(struct parser *p, struct node **out)
{
    if (is_word(&p->token, "null"))
        return take_word_literal(p, Q_TYPE(Q_T_NONE), out);
    if (is_word(&p->token, "true") || is_word(&p->token, "false"))
        return take_word_literal(p, Q_TYPE(Q_T_BOOL), out);
    if (is_word(&p->token, "case"))
        return take_case(p, out);
    if (is_sign(&p->ahead, "(") && !is_reserved(p->token.text))
        return is_word(&p->token, "cast") ? take_cast(p, out) : take_call(p, out);
    if (p->ahead.kind == TOKEN_TEXT &&
        (is_word(&p->token, "date") || is_word(&p->token, "timestamp")))
        return take_time(p, out);
    return take_column(p, out);
}

static enum q_code parse_primary(struct parser *p, struct node **out)
{
    enum q_code code;
    switch (p->token.kind) {
    case TOKEN_NUMBER:
        return take_number(p, out);
    case TOKEN_TEXT:
        return take_word_literal(p, Q_TYPE(Q_T_TEXT), out);
    case TOKEN_QUOTED:
        return take_column(p, out);
    case TOKEN_NAME:
        return take_name(p, out);
    case TOKEN_SIGN:
        if (!is_sign(&p->token, "("))
            return fail(p, "a value");
        if ((code = next(p)) || (code = parse_or(p, out)))
            return code;
        return expect_sign(p, ")", "\")\"");
    case TOKEN_END:
        break;
    }
    return fail(p, "a value");
}

/* Brackets, CASE and signs nest through here. */
static enum q_code parse_unary(struct parser *p, struct node **out)
{
    struct token sign = p->token;
    bool minus = is_sign(&sign, "-");
    enum q_code code = Q_OK;
    if (++p->depth > EXPR_DEPTH_MAX) {
        struct node here = {.line = sign.line, .col = sign.col};
        return expr_fail_at(p->expr, &here, p->err, "the expression is nested deeper than %d",
                            EXPR_DEPTH_MAX);
    }
    if (minus || is_sign(&sign, "+")) {
        if (!(code = next(p)) && !(code = parse_unary(p, out)) && minus)
            code = make(p, &sign, NODE_CALL, "negate", out, 1, out);
    } else {
        code = parse_primary(p, out);
    }
    p->depth--;
    return code;
}

/* Left-associative operators of one level. */
static enum q_code parse_level(struct parser *p, const char *const *signs,
                               enum q_code (*below)(struct parser *p, struct node **out),
                               struct node **out)
{
    enum q_code code = below(p, out);
    while (!code && p->token.kind == TOKEN_SIGN) {
        size_t i = 0;
        while (signs[i] && !is_sign(&p->token, signs[i]))
            i++;
        if (!signs[i])
            break;
        struct token sign = p->token;
        struct node *right;
        if ((code = next(p)) || (code = below(p, &right)))
            return code;
        code = make(p, &sign, NODE_CALL, signs[i], (struct node *[]){*out, right}, 2, out);
    }
    return code;
}

static enum q_code parse_product(struct parser *p, struct node **out)
{
    static const char *const signs[] = {"*", "/", "%", NULL};
    return parse_level(p, signs, parse_unary, out);
}

static enum q_code parse_sum(struct parser *p, struct node **out)
{
    static const char *const signs[] = {"+", "-", NULL};
    return parse_level(p, signs, parse_product, out);
}

static enum q_code parse_concat(struct parser *p, struct node **out)
{
    static const char *const signs[] = {"||", NULL};
    return parse_level(p, signs, parse_sum, out);
}

/* IS [NOT] NULL, IS [NOT] DISTINCT FROM; the current token is IS. */
static enum q_code parse_is(struct parser *p, struct node **out)
{
    struct token word = p->token;
    enum q_code code = next(p);
    bool negated = !code && is_word(&p->token, "not");
    if (negated)
        code = next(p);
    if (code)
        return code;
    if (is_word(&p->token, "null")) {
        code = make(p, &word, NODE_CALL, negated ? "is not null" : "is null", out, 1, out);
        return code ? code : next(p);
    }
    struct node *right;
    if ((code = expect_word(p, "distinct", "\"null\" or \"distinct from\"")) ||
        (code = expect_word(p, "from", "\"from\"")) || (code = parse_concat(p, &right)))
        return code;
    return make(p, &word, NODE_CALL, negated ? "is not distinct from" : "is distinct from",
                (struct node *[]){*out, right}, 2, out);
}

static enum q_code parse_in(struct parser *p, bool negated, struct node **out)
{
    struct token word = p->token;
    nodes all = {0}, list = {0};
    enum q_code code = next(p);
    if (!code)
        code = expect_sign(p, "(", "\"(\"");
    if (!code)
        code = take_list(p, &list);
    if (code)
        return code;
    *q_vec_push(p->expr->arena, &all) = *out;
    for (size_t i = 0; i < list.n; i++)
        if (list.v[i]->kind != NODE_LITERAL || list.v[i]->type.id != Q_T_NONE)
            *q_vec_push(p->expr->arena, &all) = list.v[i];
    return make(p, &word, NODE_CALL, negated ? "not in" : "in", all.v, all.n, out);
}

static enum q_code parse_between(struct parser *p, bool negated, struct node **out)
{
    struct token word = p->token;
    struct node *low, *high;
    enum q_code code = next(p);
    if (!code)
        code = parse_concat(p, &low);
    if (!code)
        code = expect_word(p, "and", "\"and\"");
    if (!code)
        code = parse_concat(p, &high);
    if (code)
        return code;
    return make(p, &word, NODE_CALL, negated ? "not between" : "between",
                (struct node *[]){*out, low, high}, 3, out);
}

static enum q_code parse_like(struct parser *p, bool negated, struct node **out)
{
    struct token word = p->token;
    bool fold = is_word(&word, "ilike");
    const char *name = fold ? (negated ? "not ilike" : "ilike") : negated ? "not like" : "like";
    struct node *right;
    enum q_code code = next(p);
    if (!code)
        code = parse_concat(p, &right);
    return code ? code : make(p, &word, NODE_CALL, name, (struct node *[]){*out, right}, 2, out);
}

static enum q_code parse_word_comparison(struct parser *p, struct node **out)
{
    bool negated =
        is_word(&p->token, "not") && (is_word(&p->ahead, "in") || is_word(&p->ahead, "between") ||
                                      is_word(&p->ahead, "like") || is_word(&p->ahead, "ilike"));
    enum q_code code = negated ? next(p) : Q_OK;
    if (code)
        return code;
    if (is_word(&p->token, "is"))
        return parse_is(p, out);
    if (is_word(&p->token, "in"))
        return parse_in(p, negated, out);
    if (is_word(&p->token, "between"))
        return parse_between(p, negated, out);
    if (is_word(&p->token, "like") || is_word(&p->token, "ilike"))
        return parse_like(p, negated, out);
    return Q_OK;
}

static enum q_code parse_comparison(struct parser *p, struct node **out)
{
    static const char *const signs[] = {"=", "<>", "<=", ">=", "<", ">"};
    enum q_code code = parse_concat(p, out);
    for (size_t i = 0; !code && i < sizeof signs / sizeof signs[0]; i++) {
        if (!is_sign(&p->token, signs[i]))
            continue;
        struct token sign = p->token;
        struct node *right;
        if ((code = next(p)) || (code = parse_concat(p, &right)))
            return code;
        return make(p, &sign, NODE_CALL, signs[i], (struct node *[]){*out, right}, 2, out);
    }
    while (!code) {
        struct node *before = *out;
        code = parse_word_comparison(p, out);
        if (*out == before)
            break;
    }
    return code;
}

static enum q_code parse_not(struct parser *p, struct node **out)
{
    if (!is_word(&p->token, "not"))
        return parse_comparison(p, out);
    struct token word = p->token;
    enum q_code code = next(p);
    if (++p->depth > EXPR_DEPTH_MAX)
        return fail(p, "a value, not more nesting");
    if (!code)
        code = parse_not(p, out);
    p->depth--;
    return code ? code : make(p, &word, NODE_CALL, "not", out, 1, out);
}

static enum q_code parse_words(struct parser *p, const char *word,
                               enum q_code (*below)(struct parser *p, struct node **out),
                               struct node **out)
{
    enum q_code code = below(p, out);
    while (!code && is_word(&p->token, word)) {
        struct token at = p->token;
        struct node *right;
        if ((code = next(p)) || (code = below(p, &right)))
            return code;
        code = make(p, &at, NODE_CALL, word, (struct node *[]){*out, right}, 2, out);
    }
    return code;
}

static enum q_code parse_and(struct parser *p, struct node **out)
{
    return parse_words(p, "and", parse_not, out);
}

static enum q_code parse_or(struct parser *p, struct node **out)
{
    return parse_words(p, "or", parse_and, out);
}

enum q_code expr_parse(struct q_arena *arena, const char *text, struct expr_place place,
                       struct expr **out, struct q_err *err)
{
    struct expr *e = q_new(arena, struct expr);
    *e = (struct expr){.arena = arena, .place = place};
    struct node here = {.line = place.line, .col = place.col};
    if (strlen(text) > EXPR_TEXT_MAX)
        return expr_fail_at(e, &here, err, "the expression is longer than %d bytes", EXPR_TEXT_MAX);
    if (!q_utf8_valid(text, strlen(text), NULL))
        return expr_fail_at(e, &here, err, "the expression is not UTF-8");
    struct parser p = {.expr = e, .err = err};
    lex_init(&p.lexer, arena, text, place);
    enum q_code code = lex_next(&p.lexer, &p.token, err);
    if (!code)
        code = lex_next(&p.lexer, &p.ahead, err);
    if (!code)
        code = parse_or(&p, &e->root);
    if (!code && p.token.kind != TOKEN_END)
        code = fail(&p, "an operator or the end");
    if (!code)
        *out = e;
    return code;
}
