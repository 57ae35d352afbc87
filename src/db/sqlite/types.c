/* SPDX-License-Identifier: Apache-2.0 */
/* Declared types, and types that are found from values. */
#include <ctype.h>

#include "batch/cell.h"
#include "db/sqlite/internal.h"

enum { WORD_MAX = 64, WIDTH_MAX = 38 };

/* The declaration's words in upper case, one blank between them, without what stands in parentheses. */
static void words_of(const char *declared, char out[static WORD_MAX])
{
    size_t n = 0;
    int depth = 0;
    for (const char *p = declared; *p && n + 1 < WORD_MAX; p++) {
        depth += *p == '(';
        if (depth == 0) {
            bool blank = isspace((unsigned char)*p);
            if (!blank)
                out[n++] = (char)toupper((unsigned char)*p);
            else if (n && out[n - 1] != ' ')
                out[n++] = ' ';
        }
        depth -= *p == ')';
    }
    while (n && out[n - 1] == ' ')
        n--;
    out[n] = 0;
}

/* A number of at most two digits and the blanks around it; NULL when there is none. */
static const char *small_number(const char *p, unsigned *out)
{
    p += strspn(p, " \t");
    if (!isdigit((unsigned char)*p))
        return NULL;
    for (*out = 0; isdigit((unsigned char)*p) && *out < 100; p++)
        *out = *out * 10 + (unsigned)(*p - '0');
    return p + strspn(p, " \t");
}

/* (p), (p,s) */
static bool precision_of(const char *declared, struct q_type *out)
{
    unsigned p, s = 0;
    const char *at = strchr(declared, '(');
    at = at ? small_number(at + 1, &p) : NULL;
    if (at && *at == ',')
        at = small_number(at + 1, &s);
    if (!at || *at != ')' || p < 1 || p > WIDTH_MAX || s > p)
        return false;
    *out = Q_DECIMAL((uint8_t)p, (uint8_t)s);
    return true;
}

struct q_type sqlite_declared_type(const char *declared, bool *number)
{
    static const struct {
        const char *word;
        enum q_tid type; /* Q_T_NONE: the values decide; Q_T_DECIMAL: exact numbers */
    } words[] = {
        {"BOOLEAN", Q_T_BOOL},
        {"BOOL", Q_T_BOOL},
        {"DATE", Q_T_DATE},
        {"DATETIME", Q_T_TIMESTAMP},
        {"TIMESTAMP", Q_T_TIMESTAMP},
        {"TIMESTAMP WITHOUT TIME ZONE", Q_T_TIMESTAMP},
        {"TIMESTAMPTZ", Q_T_TIMESTAMPTZ},
        {"TIMESTAMP WITH TIME ZONE", Q_T_TIMESTAMPTZ},
        {"TIME", Q_T_TIME},
        {"DECIMAL", Q_T_DECIMAL},
        {"NUMERIC", Q_T_DECIMAL},
        {"DEC", Q_T_DECIMAL},
        {"NUMBER", Q_T_DECIMAL},
        {"MONEY", Q_T_DECIMAL},
        {"CURRENCY", Q_T_DECIMAL},
        {"UUID", Q_T_UUID},
        {"GUID", Q_T_UUID},
        {"JSON", Q_T_JSON},
        {"POINT", Q_T_NONE}, /* has INT in it */
        {"INTERVAL", Q_T_NONE},
    };
    static const struct {
        const char *part;
        enum q_tid type;
    } parts[] = {/* "Determination Of Column Affinity", sqlite.org/datatype3.html, in its order */
                 {"INT", Q_T_INT64},   {"CHAR", Q_T_TEXT},   {"CLOB", Q_T_TEXT},
                 {"TEXT", Q_T_TEXT},   {"BLOB", Q_T_BLOB},   {"REAL", Q_T_DOUBLE},
                 {"FLOA", Q_T_DOUBLE}, {"DOUB", Q_T_DOUBLE}, {NULL, Q_T_NONE}};
    char text[WORD_MAX];
    struct q_type type = Q_TYPE(Q_T_NONE);
    *number = false;
    if (!declared)
        return type;
    words_of(declared, text);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (!q_streq(words[i].word, text))
            continue;
        if (words[i].type != Q_T_DECIMAL)
            return Q_TYPE(words[i].type);
        *number = !precision_of(declared, &type);
        return type;
    }
    for (size_t i = 0; parts[i].part; i++)
        if (strstr(text, parts[i].part))
            return Q_TYPE(parts[i].type);
    return type;
}

/* ---- from values ---- */

struct seen {
    struct batch_guess guess;
    bool integer, real, text, blob, nested, wide_real;
};

static void guess_text(struct seen *seen, struct q_buf *pad, struct q_str text)
{
    static const char zeros[BATCH_CAST_PAD];
    q_buf_clear(pad);
    q_buf_add(pad, text.p, text.n);
    q_buf_add(pad, zeros, sizeof zeros);
    batch_guess_add(&seen->guess, (struct q_str){pad->p, text.n});
}

static void see_json(const struct sqlite_unknown *u, struct seen *seen, struct q_buf *pad,
                     struct q_buf *scratch, struct q_str text)
{
    switch (json_path_find(u->path, text, scratch, &text)) {
    case JSON_FOUND:
        seen->nested |= text.p[0] == '{' || text.p[0] == '[';
        guess_text(seen, pad, text);
        return;
    case JSON_FOUND_STRING: /* an empty one is a text */
        seen->text |= text.n == 0;
        guess_text(seen, pad, text);
        return;
    case JSON_NOTHING:
    case JSON_BAD: /* the scan rejects it */
        return;
    }
}

static void see(const struct sqlite_unknown *u, sqlite3_stmt *stmt, struct seen *seen,
                struct q_buf *pad, struct q_buf *scratch)
{
    int at = (int)u->from, type = sqlite3_column_type(stmt, at);
    char real[BATCH_REAL_TEXT];
    if (type == SQLITE_NULL)
        return;
    if (type == SQLITE_BLOB) {
        seen->blob = true;
        return;
    }
    if (type == SQLITE_FLOAT && !u->path) {
        seen->real = true;
        if (u->number)
            guess_text(seen, pad, batch_real_text(sqlite3_column_double(stmt, at), real));
        return;
    }
    const char *p = (const char *)sqlite3_column_text(stmt, at);
    struct q_str text = {p ? p : "", (size_t)sqlite3_column_bytes(stmt, at)};
    if (u->path) {
        see_json(u, seen, pad, scratch, text);
        return;
    }
    seen->integer |= type == SQLITE_INTEGER;
    seen->text |= type == SQLITE_TEXT;
    guess_text(seen, pad, text);
}

static struct q_type type_of(const struct sqlite_unknown *u, const struct seen *seen)
{
    if (seen->nested)
        return Q_TYPE(Q_T_JSON);
    if (seen->blob)
        return Q_TYPE(seen->integer || seen->real || seen->text ? Q_T_TEXT : Q_T_BLOB);
    struct q_type guess = batch_guess_type(&seen->guess);
    if (seen->real && !u->number)
        return Q_TYPE(seen->text ? Q_T_TEXT : Q_T_DOUBLE);
    if (seen->real && guess.id == Q_T_TEXT && !seen->text)
        return Q_TYPE(Q_T_DOUBLE); /* no decimal holds them all */
    return guess;
}

enum { TEXT_MAX = 1 << 30 };

enum q_code sqlite_infer(struct sqlite *s, const char *sql, struct sqlite_unknown *columns,
                         size_t n, struct q_err *err)
{
    struct q_arena *arena = q_arena_new(NULL, "infer");
    struct seen *seen = q_alloc_array(arena, n + 1, sizeof *seen);
    struct q_buf pad, scratch;
    sqlite3_stmt *stmt = NULL;
    bool more = false;
    q_buf_init(&pad, TEXT_MAX);
    q_buf_init(&scratch, TEXT_MAX);
    enum q_code code = sqlite_prepare(s, sql, NULL, 0, &stmt, err);
    while (!code && !(code = sqlite_step(s, stmt, &more, err)) && more)
        for (size_t c = 0; c < n; c++)
            see(&columns[c], stmt, &seen[c], &pad, &scratch);
    for (size_t c = 0; c < n && !code; c++)
        columns[c].type = type_of(&columns[c], &seen[c]);
    sqlite3_finalize(stmt);
    q_buf_release(&pad);
    q_buf_release(&scratch);
    q_arena_free(arena);
    return code;
}
