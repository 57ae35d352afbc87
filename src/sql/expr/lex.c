/* SPDX-License-Identifier: Apache-2.0 */
#include "sql/expr/lex.h"

#include <ctype.h>

static enum q_code fail(const struct lexer *lexer, struct q_err *err, const char *message,
                        const char *detail)
{
    return q_fail(err, Q_CONFIG, "%s:%d:%d: %s%s",
                  lexer->place.file ? lexer->place.file : "expression", lexer->place.line,
                  lexer->place.col, message, detail);
}

void lex_init(struct lexer *lexer, struct q_arena *arena, const char *text, struct expr_place place)
{
    *lexer = (struct lexer){.arena = arena, .text = text, .place = place};
}

static void advance(struct lexer *lexer, size_t n)
{
    for (; n; n--) {
        unsigned char c = (unsigned char)lexer->text[lexer->at++];
        if (c == '\n') {
            lexer->place.line++;
            lexer->place.col = 1;
        } else if ((c & 0xC0) != 0x80) { /* a column is a character */
            lexer->place.col++;
        }
    }
}

static bool starts_name(char c)
{
    return isalpha((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static size_t name_length(const char *p)
{
    size_t n = 0;
    while (starts_name(p[n]) || isdigit((unsigned char)p[n]))
        n++;
    return n;
}

static enum q_code take_quoted(struct lexer *lexer, struct token *out, struct q_err *err);

/* name, or name.name and name."name", which is a column of one of several relations and never a word of the language. */
static enum q_code take_name(struct lexer *lexer, struct token *out, struct q_err *err)
{
    const char *p = lexer->text + lexer->at;
    size_t n = name_length(p);
    out->kind = TOKEN_NAME;
    out->text = q_strndup(lexer->arena, p, n);
    advance(lexer, n);
    if (p[n] != '.' || !(starts_name(p[n + 1]) || p[n + 1] == '"'))
        return Q_OK;
    struct token column = {.text = ""};
    enum q_code code = Q_OK;
    advance(lexer, 1);
    if (p[n + 1] == '"') {
        code = take_quoted(lexer, &column, err);
    } else {
        size_t more = name_length(p + n + 1);
        column.text = q_strndup(lexer->arena, p + n + 1, more);
        advance(lexer, more);
    }
    out->kind = TOKEN_QUOTED;
    out->text = q_printf(lexer->arena, "%s.%s", out->text, column.text);
    return code;
}

static enum q_code take_number(struct lexer *lexer, struct token *out, struct q_err *err)
{
    const char *p = lexer->text + lexer->at;
    size_t n = strspn(p, "0123456789");
    if (p[n] == '.' && isdigit((unsigned char)p[n + 1]))
        n += 1 + strspn(p + n + 1, "0123456789");
    if (starts_name(p[n]) || p[n] == '.')
        return fail(lexer, err, "a number is written with digits and at most one point, near ",
                    q_strndup(lexer->arena, p, n + 1));
    out->kind = TOKEN_NUMBER;
    out->text = q_strndup(lexer->arena, p, n);
    advance(lexer, n);
    return Q_OK;
}

/* `n` characters of which each quote is written twice. */
static char *undouble(struct q_arena *arena, const char *p, size_t n, char quote)
{
    char *text = q_alloc(arena, n + 1);
    for (size_t i = 0; i < n; i++) {
        text[i] = *p;
        p += *p == quote ? 2 : 1;
    }
    return text;
}

/* 'text' or "name"; the quote is doubled inside. */
static enum q_code take_quoted(struct lexer *lexer, struct token *out, struct q_err *err)
{
    const char *p = lexer->text + lexer->at;
    char quote = *p;
    size_t n = 1, length = 0;
    for (; p[n]; n++) {
        if (p[n] == quote && p[n + 1] != quote)
            break;
        n += p[n] == quote;
        length++;
    }
    if (!p[n])
        return fail(lexer, err, quote == '"' ? "the quoted name" : "the text",
                    " that begins here has no end");
    if (quote == '"' && !length)
        return fail(lexer, err, "a quoted name is empty", "");
    out->kind = quote == '"' ? TOKEN_QUOTED : TOKEN_TEXT;
    out->text = undouble(lexer->arena, p + 1, length, quote);
    advance(lexer, n + 1);
    return Q_OK;
}

enum q_code lex_next(struct lexer *lexer, struct token *out, struct q_err *err)
{
    static const char *const signs[] = {"<>", "!=", "<=", ">=", "||", "<", ">", "=",
                                        "+",  "-",  "*",  "/",  "%",  "(", ")", ","};
    advance(lexer, strspn(lexer->text + lexer->at, " \t\r\n"));
    *out = (struct token){
        .text = "", .line = lexer->place.line, .col = lexer->place.col, .start = lexer->at};
    const char *p = lexer->text + lexer->at;
    if (!*p)
        return Q_OK;
    if (isdigit((unsigned char)*p) || (*p == '.' && isdigit((unsigned char)p[1])))
        return take_number(lexer, out, err);
    if (*p == '\'' || *p == '"')
        return take_quoted(lexer, out, err);
    if (starts_name(*p))
        return take_name(lexer, out, err);
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        if (q_starts(p, signs[i])) {
            out->kind = TOKEN_SIGN;
            out->text = q_streq(signs[i], "!=") ? "<>" : signs[i];
            advance(lexer, strlen(signs[i]));
            return Q_OK;
        }
    }
    return fail(lexer, err, "unexpected character ", q_printf(lexer->arena, "\"%c\"", *p));
}
