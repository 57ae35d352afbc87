/* SPDX-License-Identifier: Apache-2.0 */
/* cast: text by the strict casts of the readers, other types exactly or not at all. */
#include "transform/internal.h"

static enum q_code check_leniency(const struct cfg_cast *c, struct q_type from, struct q_type to,
                                  struct q_err *err)
{
    bool text = q_type_is_textual(from);
    bool time = to.id == Q_T_DATE || to.id == Q_T_TIMESTAMP || to.id == Q_T_TIME ||
                to.id == Q_T_TIMESTAMPTZ;
    if (c->formats.n && (!text || !time))
        return cfg_fail(err, c->formats.v[0].pos,
                        "`formats` are for casts from text to dates and times");
    for (size_t i = 0; i < c->formats.n; i++) {
        struct q_err why = {0};
        if (batch_format_check(c->formats.v[i].s, to, &why))
            return cfg_fail_as(err, c->formats.v[i].pos, &why);
    }
    if (c->thousands.s && (!text || !q_type_is_number(to) || strlen(c->thousands.s) != 1))
        return cfg_fail(err, c->thousands.pos,
                        "`thousands` is one character, for casts from text to numbers");
    if (c->round.s && !q_streq(c->round.s, "half_up"))
        return cfg_fail(err, c->round.pos, "`round: %s`: only half_up is known", c->round.s);
    if (c->round.s && (!q_type_is_number(to) || !(text || q_type_is_number(from))))
        return cfg_fail(err, c->round.pos, "`round` is for casts to numbers");
    return Q_OK;
}

static const char *text_cast(struct transform *t, const struct cfg_cast *c, struct q_type to,
                             const char *value)
{
    struct batch_cast how = {.type = to, .round_half_up = c->round.s != NULL};
    const char **formats = q_alloc_array(t->arena, c->formats.n + 1, sizeof *formats);
    for (size_t i = 0; i < c->formats.n; i++)
        formats[i] = c->formats.v[i].s;
    how.formats = c->formats.n ? formats : NULL;
    how.n_formats = c->formats.n;
    if (c->thousands.s)
        how.thousands = c->thousands.s[0];
    bool plain = !c->round.s && !c->formats.n && !c->thousands.s;
    struct db_cast cast = plain ? db_cast_plain(t->arena, to) : db_cast_lenient(t->arena, &how);
    *q_vec_push(t->arena, &t->casts) = cast;
    return sql_make(t->arena, "%I(%s)", cast.name, value);
}

/* Rounded first where that is declared, so that the exact cast behind it loses nothing. */
static bool value_cast(struct transform *t, const struct cfg_cast *c, struct q_type from,
                       struct q_type to, const char *value, const char **out, bool *safe)
{
    struct sql *q = sql_new(t->arena);
    int scale = to.id == Q_T_DECIMAL ? to.scale : 0;
    if (c->round.s && from.id == Q_T_DECIMAL && from.scale > scale) {
        value = sql_make(t->arena, "round(%s, %d)", value, (int64_t)scale);
        from.scale = (uint8_t)scale;
    } else if (c->round.s && from.id == Q_T_DOUBLE) {
        sql_add(q, "TRY_CAST(%s AS %T)", value, &to);
        *out = sql_text(q);
        *safe = false;
        return true;
    }
    bool fine = expr_add_cast_sql(q, value, from, to, safe);
    *out = sql_text(q);
    return fine;
}

static enum q_code cast_one(struct view *v, const struct cfg_cast *c, struct q_err *err)
{
    struct transform *t = v->t;
    struct view_item *item;
    struct q_type to;
    struct q_err why = {0};
    char shown[2][Q_TYPE_TEXT];
    const char *sql;
    bool safe = false;
    enum q_code code = view_require(v, &c->column, &item, err);
    if (code)
        return code;
    if (q_type_parse(c->type.s, &to, &why))
        return cfg_fail_as(err, c->type.pos, &why);
    code = check_leniency(c, item->type, to, err);
    if (code || q_type_eq(item->type, to))
        return code;
    if (q_type_is_textual(item->type) && to.id != Q_T_TEXT)
        sql = text_cast(t, c, to, item->sql);
    else if (!value_cast(t, c, item->type, to, item->sql, &sql, &safe))
        return cfg_fail(err, c->type.pos, "\"%s\" is %s, which cannot be cast to %s", c->column.s,
                        q_type_text(item->type, shown[0]), q_type_text(to, shown[1]));
    if (!safe)
        view_fail(v, sql_make(t->arena, "%s IS NOT NULL AND %s IS NULL", item->sql, sql), item->sql,
                  "cast", item->name, q_strdup(t->arena, q_type_text(to, shown[1])));
    view_set(v, item->name, to, sql);
    return Q_OK;
}

enum q_code transform_cast(struct transform *t, struct chain *chain, struct q_err *err)
{
    struct view v;
    enum q_code code = Q_OK;
    view_open(&v, t, chain);
    for (size_t i = 0; !code && i < t->cfg->casts.n; i++)
        code = cast_one(&v, &t->cfg->casts.v[i], err);
    if (!code)
        view_close(&v);
    return code;
}
