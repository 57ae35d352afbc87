/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clean: what can be set right without knowing more.
 *   text   white space at the ends removed, runs of it inside made one space; letters are left as they are
 *   email  ends trimmed, lower case; <column>_valid says whether it is an address
 *   phone  <column>_standardized: (ddd) ddd-dddd for ten digits, or eleven that begin with 1, else the digits
 *
 * An address is local@domain as mail servers take it: a local part of at most 64 characters without quotes, dots not
 * at its ends nor doubled, a domain of labels of at most 63 with a last one of two letters or more (RFC 5321 without
 * quoted local parts and address literals).
 */
#include "transform/internal.h"

#define SPACE "[\\s\\p{Z}]"
/* What is beyond ASCII and neither a space nor a replacement character. Ranges, because the engine takes 100 ms to compile
 * the classes of all letters, and no bounded repetition of them. */
#define BEYOND                                                                                      \
    "\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}\\x{2010}-\\x{2027}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}" \
    "\\x{3001}-\\x{fefe}\\x{ff00}-\\x{fffc}\\x{10000}-\\x{10ffff}"
#define LOCAL "[a-z0-9!#$%&'*+/=?^_`{|}~" BEYOND "-]+"
#define LABEL "[a-z0-9" BEYOND "](?:[a-z0-9" BEYOND "-]*[a-z0-9" BEYOND "])?"
#define TLD "(?:[a-z" BEYOND "]{2,}|xn--[a-z0-9-]{2,})"
#define EMAIL LOCAL "(?:\\." LOCAL ")*@(?:" LABEL "\\.)+" TLD
#define LONG_LABEL "@.*[^.@]{64}"

static void clean_text(struct view *v, struct view_item *item)
{
    item->sql = sql_make(
        v->t->arena,
        "CASE WHEN regexp_matches(%s, %L) THEN trim(regexp_replace(%s, %L, ' ', 'g')) ELSE %s END",
        item->sql, "^" SPACE "|" SPACE "$|" SPACE SPACE "|[^\\S ]|\\p{Zs}", item->sql, SPACE "+",
        item->sql);
}

static void clean_email(struct view *v, struct view_item *item)
{
    struct q_arena *arena = v->t->arena;
    const char *name = q_printf(arena, "%s_valid", item->name);
    const char *value = sql_make(arena, "lower(regexp_replace(%s, %L, '', 'g'))", item->sql,
                                 "^" SPACE "+|" SPACE "+$");
    item->sql = value;
    view_set(v, name, Q_TYPE(Q_T_BOOL),
             sql_make(arena,
                      "(length(%s) <= 254 AND instr(%s, '@') <= 65 AND NOT regexp_matches(%s, %L) "
                      "AND regexp_full_match(%s, %L))",
                      value, value, value, LONG_LABEL, value, EMAIL));
}

static void clean_phone(struct view *v, const struct view_item *item)
{
    struct q_arena *arena = v->t->arena;
    const char *name = q_printf(arena, "%s_standardized", item->name);
    const char *digits = sql_make(arena, "regexp_replace(%s, '[^0-9]', '', 'g')", item->sql);
    view_set(v, name, Q_TYPE(Q_T_TEXT),
             sql_make(arena, "nullif(regexp_replace(%s, %L, %L), '')", digits,
                      "^1?(\\d{3})(\\d{3})(\\d{4})$", "(\\1) \\2-\\3"));
}

enum q_code transform_clean(struct transform *t, struct chain *chain, struct q_err *err)
{
    struct view v;
    view_open(&v, t, chain);
    for (size_t i = 0; i < t->cfg->pairs.n; i++) {
        const struct cfg_pair *pair = &t->cfg->pairs.v[i];
        struct view_item *item;
        enum q_code code = view_require(&v, &pair->key, &item, err);
        if (code)
            return code;
        if (!q_type_is_textual(item->type))
            return cfg_fail(err, pair->key.pos, "`clean` works on text; \"%s\" is none",
                            pair->key.s);
        if (q_streq(pair->value.s, "text"))
            clean_text(&v, item);
        else if (q_streq(pair->value.s, "email"))
            clean_email(&v, item);
        else
            clean_phone(&v, item);
    }
    view_close(&v);
    return Q_OK;
}
