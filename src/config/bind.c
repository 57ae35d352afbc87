/* SPDX-License-Identifier: Apache-2.0 */
#include "config/bind.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/parse.h"
#include "base/secret.h"
#include "base/suggest.h"

enum { SHOWN_MAX = 60, NAME_MAX_BYTES = 63 };

static enum q_code Q_PRINTF(3, 0)
    fail_at_v(struct q_err *err, struct cfg_pos pos, const char *fmt, va_list ap)
{
    char message[Q_ERR_MESSAGE];
    (void)vsnprintf(message, sizeof message, fmt, ap);
    if (!pos.line) /* of a command line */
        return q_fail(err, Q_USAGE, "%s: %s", pos.file, message);
    return q_fail(err, Q_CONFIG, "%s:%d:%d: %s", pos.file, pos.line, pos.col, message);
}

enum q_code cfg_fail(struct q_err *err, struct cfg_pos pos, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    enum q_code code = fail_at_v(err, pos, fmt, ap);
    va_end(ap);
    return code;
}

enum q_code cfg_fail_as(struct q_err *err, struct cfg_pos pos, const struct q_err *why)
{
    enum q_code code = cfg_fail(err, pos, "%s", why->message);
    if (why->detail[0])
        q_detail(err, "%s", why->detail);
    if (why->hint[0])
        q_hint(err, "%s", why->hint);
    return code;
}

enum q_code cfg_wrong(struct cfg_bind *b, struct cfg_pos pos, const char *fmt, ...)
{
    b->failures++;
    if (b->failures == 2)
        b->next = pos;
    if (b->failures > 1)
        return Q_CONFIG;
    va_list ap;
    va_start(ap, fmt);
    enum q_code code = fail_at_v(b->err, pos, fmt, ap);
    va_end(ap);
    return code;
}

void cfg_wrong_hint(struct cfg_bind *b, const char *fmt, ...)
{
    if (b->failures > 1)
        return;
    char hint[Q_ERR_HINT];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(hint, sizeof hint, fmt, ap);
    va_end(ap);
    q_hint(b->err, "%s", hint);
}

enum q_code cfg_wrong_from(struct cfg_bind *b, const struct q_err *err)
{
    b->failures++;
    if (b->failures == 1) {
        *b->err = *err;
        b->err->code = Q_CONFIG;
    }
    return Q_CONFIG;
}

const char *cfg_shown(struct cfg_bind *b, const struct cfg_node *value)
{
    switch (value->kind) {
    case CFG_NODE_NULL:
        return "nothing";
    case CFG_NODE_LIST:
        return "a list";
    case CFG_NODE_MAP:
        return "a map";
    case CFG_NODE_SCALAR:
        break;
    }
    if (value->hidden)
        return Q_SECRET_SHOWN;
    size_t n = strlen(value->text);
    if (n <= SHOWN_MAX)
        return q_printf(b->arena, "\"%s\"", value->text);
    for (n = SHOWN_MAX; n > 0 && ((unsigned char)value->text[n] & 0xC0) == 0x80; n--)
        ; /* not in the middle of a character */
    return q_printf(b->arena, "\"%.*s...\"", (int)n, value->text);
}

enum q_code cfg_expected(struct cfg_bind *b, const struct cfg_node *value, const char *key,
                         const char *wanted)
{
    return cfg_wrong(b, value->pos, "expected %s for \"%s\", found %s", wanted, key,
                     cfg_shown(b, value));
}

enum q_code cfg_unknown(struct cfg_bind *b, struct cfg_pos pos, const char *kind, const char *word,
                        const char *const *known, size_t n)
{
    const char *near = q_suggest(word, known, n);
    if (near)
        return cfg_wrong(b, pos, "unknown %s \"%s\"; did you mean \"%s\"?", kind, word, near);
    enum q_code code = cfg_wrong(b, pos, "unknown %s \"%s\"", kind, word);
    if (n == 0)
        return code;
    struct q_buf list;
    q_buf_init(&list, Q_ERR_HINT);
    for (size_t i = 0; i < n; i++)
        q_buf_printf(&list, "%s%s", i ? ", " : "", known[i]);
    cfg_wrong_hint(b, "There are: %s.", q_buf_text(&list));
    q_buf_release(&list);
    return code;
}

enum q_code cfg_hidden(struct cfg_bind *b, const struct cfg_node *value, const char *key)
{
    enum q_code code = cfg_wrong(b, value->pos, "\"%s\" cannot come from the secrets file", key);
    cfg_wrong_hint(
        b, "Secrets can stand in the options of sources and connections; what else is not secret "
           "belongs under `variables` in quern.yaml.");
    return code;
}

struct cfg_text cfg_key_text(const struct cfg_node *key)
{
    return (struct cfg_text){.s = key->text, .pos = key->pos};
}

enum q_code cfg_check_ident(struct cfg_bind *b, struct cfg_text text, const char *what, bool dash)
{
    bool ok = isalpha((unsigned char)text.s[0]) || text.s[0] == '_';
    for (const char *p = text.s; ok && *p; p++)
        ok = isalnum((unsigned char)*p) || *p == '_' || (dash && *p == '-');
    if (!ok)
        return cfg_wrong(b, text.pos,
                         "\"%.*s\" cannot be the name of %s: it is made of letters, digits and _%s",
                         SHOWN_MAX, text.s, what, dash ? " and -" : "");
    if (strlen(text.s) > NAME_MAX_BYTES)
        return cfg_wrong(b, text.pos, "the name of %s has more than %d characters", what,
                         NAME_MAX_BYTES);
    return Q_OK;
}

enum q_code cfg_bind_text(struct cfg_bind *b, const struct cfg_node *value, const char *key,
                          enum cfg_field_kind kind, struct cfg_text *out)
{
    bool name = kind == CFG_F_IDENT || kind == CFG_F_NAME;
    const char *wanted = name ? "a name" : kind == CFG_F_EXPR ? "an expression" : "a text";
    if (value->kind != CFG_NODE_SCALAR)
        return cfg_expected(b, value, key, wanted);
    if (!value->text[strspn(value->text, " \t\r\n")])
        return cfg_wrong(b, value->pos, "expected %s for \"%s\", found an empty text", wanted, key);
    if (value->hidden)
        return cfg_hidden(b, value, key);
    *out = (struct cfg_text){.s = value->text,
                             .pos = kind == CFG_F_EXPR ? value->text_pos : value->pos};
    if (!name)
        return Q_OK;
    return cfg_check_ident(b, *out, key, kind == CFG_F_NAME);
}

enum q_code cfg_bind_texts(struct cfg_bind *b, const struct cfg_node *value, const char *key,
                           cfg_texts *out)
{
    if (value->kind == CFG_NODE_SCALAR)
        return cfg_bind_text(b, value, key, CFG_F_TEXT, q_vec_push(b->arena, out));
    if (value->kind != CFG_NODE_LIST)
        return cfg_expected(b, value, key, "a text or a list of texts");
    if (!value->items.n)
        return cfg_wrong(b, value->pos,
                         "expected at least one text for \"%s\", found an empty list", key);
    enum q_code code = Q_OK;
    for (size_t i = 0; i < value->items.n; i++)
        code = cfg_first(code, cfg_bind_text(b, value->items.v[i].value, key, CFG_F_TEXT,
                                             q_vec_push(b->arena, out)));
    return code;
}

static enum q_code bind_pairs(struct cfg_bind *b, const struct cfg_node *value, const char *key,
                              enum cfg_field_kind kind, cfg_pairs *out)
{
    if (value->kind != CFG_NODE_MAP)
        return cfg_expected(b, value, key, "a map of names and texts");
    enum q_code code = Q_OK;
    for (size_t i = 0; i < value->items.n; i++) {
        const struct cfg_node_pair *item = &value->items.v[i];
        struct cfg_pair *pair = q_vec_push(b->arena, out);
        pair->key = cfg_key_text(item->key);
        pair->hidden = item->value->hidden;
        code = cfg_first(code, cfg_bind_text(b, item->value, item->key->text, kind, &pair->value));
    }
    return code;
}

static enum q_code bind_bool(struct cfg_bind *b, const struct cfg_node *value, const char *key,
                             bool other, bool *out)
{
    bool on;
    struct q_err unused = {0};
    if (value->kind != CFG_NODE_SCALAR || q_parse_bool(value->text, key, &on, &unused) != Q_OK)
        return cfg_expected(b, value, key, "true or false");
    *out = on != other;
    return Q_OK;
}

/* "a, b, c" of the words of this version, or of all for suggestions. */
static size_t words_of(const struct cfg_word *words, bool later_too, const char *out[static 32])
{
    size_t n = 0;
    for (const struct cfg_word *w = words; w->word && n < 32; w++)
        if (later_too || !w->later)
            out[n++] = w->word;
    return n;
}

static const char *list_words(struct cfg_bind *b, const struct cfg_word *words)
{
    const char *known[32];
    size_t n = words_of(words, false, known);
    if (!n)
        n = words_of(words, true, known);
    const char *list = "";
    for (size_t i = 0; i < n; i++)
        list = q_printf(b->arena, "%s%s%s", list,
                        i == 0       ? ""
                        : i + 1 == n ? " or "
                                     : ", ",
                        known[i]);
    return list;
}

static enum q_code not_yet(struct cfg_bind *b, const struct cfg_node *value, const char *key,
                           const struct cfg_word *words)
{
    const char *known[32];
    bool any = words_of(words, false, known) > 0;
    return cfg_wrong(b, value->pos, "this version does not have \"%s: %s\" yet%s%s", key,
                     value->text, any ? "; it has " : "", any ? list_words(b, words) : "");
}

enum q_code cfg_bind_word(struct cfg_bind *b, const struct cfg_node *value, const char *key,
                          const struct cfg_word *words, int *out)
{
    if (value->kind != CFG_NODE_SCALAR || value->hidden)
        return cfg_expected(b, value, key, list_words(b, words));
    for (const struct cfg_word *w = words; w->word; w++) {
        if (!q_streq(w->word, value->text))
            continue;
        if (w->later)
            return not_yet(b, value, key, words);
        *out = w->value;
        return Q_OK;
    }
    const char *known[32];
    const char *near = q_suggest(value->text, known, words_of(words, true, known));
    if (near)
        return cfg_wrong(b, value->pos, "expected %s for \"%s\", found %s; did you mean \"%s\"?",
                         list_words(b, words), key, cfg_shown(b, value), near);
    return cfg_expected(b, value, key, list_words(b, words));
}

enum q_code cfg_bind_kind(struct cfg_bind *b, const struct cfg_node *map,
                          const struct cfg_word *words, const char *what, const char *lacks,
                          const struct cfg_node **key, int *kind)
{
    *key = NULL;
    for (size_t i = 0; i < map->items.n; i++)
        for (const struct cfg_word *w = words; w->word; w++) {
            const struct cfg_node *found = map->items.v[i].key;
            if (!q_streq(w->word, found->text))
                continue;
            if (*key)
                return cfg_wrong(b, found->pos,
                                 "\"%s\" and \"%s\" stand in one %s; begin each with its own \"-\"",
                                 (*key)->text, found->text, what);
            *key = found;
            *kind = w->value;
        }
    return *key ? Q_OK : cfg_wrong(b, map->pos, "%s", lacks);
}

enum q_code cfg_bind_int(struct cfg_bind *b, const struct cfg_node *value, const char *key,
                         int64_t min, int64_t max, int64_t *out)
{
    if (value->open)
        return Q_OK;
    struct q_err unused = {0};
    if (value->kind == CFG_NODE_SCALAR &&
        q_parse_int(value->text, key, min, max, out, &unused) == Q_OK)
        return Q_OK;
    if (max == INT64_MAX)
        return cfg_expected(b, value, key,
                            q_printf(b->arena, "a whole number%s", min == 0 ? " not below 0" : ""));
    return cfg_expected(
        b, value, key,
        q_printf(b->arena, "a whole number from %lld to %lld", (long long)min, (long long)max));
}

static enum q_code bind_field(struct cfg_bind *b, const struct cfg_field *f,
                              const struct cfg_node_pair *pair, void *out)
{
    const struct cfg_node *value = pair->value;
    int word = 0;
    enum q_code code;
    void *field = f->offset == CFG_NOWHERE ? (void *)&word : (char *)out + f->offset;
    switch (f->kind) {
    case CFG_F_TEXT:
    case CFG_F_IDENT:
    case CFG_F_NAME:
    case CFG_F_EXPR:
        return cfg_bind_text(b, value, f->key, f->kind, field);
    case CFG_F_TEXTS:
        return cfg_bind_texts(b, value, f->key, field);
    case CFG_F_PAIRS:
        return bind_pairs(b, value, f->key, CFG_F_TEXT, field);
    case CFG_F_EXPRS:
        return bind_pairs(b, value, f->key, CFG_F_EXPR, field);
    case CFG_F_BOOL:
    case CFG_F_NOT:
        return bind_bool(b, value, f->key, f->kind == CFG_F_NOT, field);
    case CFG_F_WORD:
        code = cfg_bind_word(b, value, f->key, f->words, &word);
        if (!code && f->offset != CFG_NOWHERE)
            memcpy(field, &word, sizeof word);
        return code;
    case CFG_F_MAP:
        return cfg_bind_map(b, value, f->what ? f->what : f->key, f->fields, field);
    case CFG_F_CALL:
        return f->call(b, pair->key, value, out);
    case CFG_F_DONE:
        return Q_OK;
    }
    return q_fail(b->err, Q_INTERNAL, "cannot bind \"%s\": unknown kind %d", f->key, (int)f->kind);
}

static enum q_code unknown_key(struct cfg_bind *b, const struct cfg_node *key, const char *what,
                               const struct cfg_field *fields)
{
    struct q_arena *scratch = q_arena_new(NULL, "keys");
    q_texts known = {0};
    const char *list = "";
    for (const struct cfg_field *f = fields; f->key; f++) {
        list = q_printf(scratch, "%s%s%s", list, known.n ? ", " : "", f->key);
        *q_vec_push(scratch, &known) = f->key;
    }
    const char *near = q_suggest(key->text, known.v, known.n);
    enum q_code code =
        near ? cfg_wrong(b, key->pos, "unknown key \"%s\"; did you mean \"%s\"?", key->text, near)
             : cfg_wrong(b, key->pos, "unknown key \"%s\" in %s", key->text, what);
    cfg_wrong_hint(b, "The keys of %s are %s.", what, list);
    q_arena_free(scratch);
    return code;
}

enum q_code cfg_bind_map(struct cfg_bind *b, const struct cfg_node *map, const char *what,
                         const struct cfg_field *fields, void *out)
{
    if (map->kind != CFG_NODE_MAP)
        return cfg_wrong(b, map->pos, "expected a map of keys and values for %s, found %s", what,
                         cfg_shown(b, map));
    enum q_code code = Q_OK;
    for (size_t i = 0; i < map->items.n; i++) {
        const struct cfg_node_pair *pair = &map->items.v[i];
        const struct cfg_field *f = fields;
        while (f->key && !q_streq(f->key, pair->key->text))
            f++;
        code = cfg_first(code, f->key ? bind_field(b, f, pair, out)
                                      : unknown_key(b, pair->key, what, fields));
    }
    /* A misspelt key is the likely reason of a missing one: say only that. */
    for (const struct cfg_field *f = fields; f->key && !code; f++)
        if (f->required && !cfg_node_get(map, f->key))
            code = cfg_wrong(b, map->pos, "%s has no \"%s\"; for example `%s`", what, f->key,
                             f->example);
    return code;
}

/* A decimal number with at most `digits` digits behind the point, times 10^digits; false when it is none. */
static bool parse_scaled(struct q_str s, int digits, int64_t *out)
{
    int64_t v = 0;
    int behind = -1;
    size_t seen = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '.' && behind < 0 && seen) {
            behind = 0;
            continue;
        }
        if (!isdigit((unsigned char)s.p[i]) || behind == digits || v > INT64_MAX / 1000000)
            return false;
        v = v * 10 + (s.p[i] - '0');
        seen++;
        behind += behind >= 0;
    }
    if (!seen || behind == 0)
        return false;
    for (int i = behind < 0 ? 0 : behind; i < digits; i++)
        v *= 10;
    *out = v;
    return true;
}

/* "5", "0.5%" */
static bool parse_amount(struct q_str s, struct cfg_threshold *out)
{
    s = q_str_trim(s);
    out->percent = s.n && s.p[s.n - 1] == '%';
    if (!out->percent)
        return parse_scaled(s, 0, &out->bound);
    s.n--;
    /* One percent is 10000 millionths. */
    return parse_scaled(q_str_trim(s), 4, &out->bound) && out->bound <= 1000000;
}

enum q_code cfg_bind_threshold(struct cfg_bind *b, const struct cfg_node *value, const char *key,
                               struct cfg_threshold *out)
{
    static const char wanted[] = "a threshold like \"> 0\", \">= 5\" or \"> 0.5%\"";
    struct cfg_threshold t = {.set = true, .pos = value->pos};
    if (value->kind != CFG_NODE_SCALAR)
        return cfg_expected(b, value, key, wanted);
    struct q_str s = q_str_trim(q_str(value->text));
    if (s.n < 2 || s.p[0] != '>')
        return cfg_expected(b, value, key, wanted);
    t.or_equal = s.p[1] == '=';
    size_t skip = t.or_equal ? 2 : 1;
    if (!parse_amount((struct q_str){s.p + skip, s.n - skip}, &t))
        return cfg_expected(b, value, key, wanted);
    if (out->set)
        return cfg_wrong(b, value->pos, "\"%s\" is given beside the rule and inside it", key);
    *out = t;
    return Q_OK;
}

enum q_code cfg_bind_limit(struct cfg_bind *b, const struct cfg_node *value, const char *key,
                           struct cfg_threshold *out)
{
    struct cfg_threshold t = {.set = true, .pos = value->pos};
    if (value->kind != CFG_NODE_SCALAR || !parse_amount(q_str(value->text), &t))
        return cfg_expected(b, value, key, "a number of rows or a share like 1%");
    *out = t;
    return Q_OK;
}
