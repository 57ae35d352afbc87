/* SPDX-License-Identifier: Apache-2.0 */
/* The statements that are sent to the server. */
#include "extract/postgres/internal.h"
#include "sql/build.h"
#include "state/cursor.h"

/* A literal of the cursor's own type. */
static const char *literal(struct q_arena *arena, const struct db_param *value)
{
    static const char *const types[] = {
        [Q_T_INT16] = "bigint",        [Q_T_INT32] = "bigint",
        [Q_T_INT64] = "bigint",        [Q_T_INT128] = "numeric",
        [Q_T_DECIMAL] = "numeric",     [Q_T_DATE] = "date",
        [Q_T_TIMESTAMP] = "timestamp", [Q_T_TIMESTAMPTZ] = "timestamptz",
        [Q_T_TEXT] = "text",
    };
    const char *type = types[value->type.id], *text = cursor_text(arena, value);
    /* A zone's text has its offset, dates are ISO: the session's settings do not matter. */
    return sql_make(arena, "%L::%s", text, type);
}

/* Texts are ordered by their bytes, as the cursor is. */
static const char *cursor_of(struct q_arena *arena, const char *own, struct q_type type)
{
    return type.id == Q_T_TEXT ? sql_make(arena, "(%s)::text COLLATE \"C\"", own) : own;
}

static void add_ranges(struct postgres_source *s, struct sql *q, const struct plan_reading *r,
                       const char *cursor)
{
    sql_add(q, "(");
    for (size_t i = 0; i < r->ranges.n; i++) {
        const struct plan_range *x = &r->ranges.v[i];
        sql_add(q, i ? " OR (" : "(");
        if (x->has_lo)
            sql_add(q, "%s >= %s", cursor, literal(s->arena, &x->lo));
        if (x->has_hi)
            sql_add(q, "%s%s < %s", x->has_lo ? " AND " : "", cursor, literal(s->arena, &x->hi));
        if (!x->has_lo && !x->has_hi)
            sql_add(q, "true");
        sql_add(q, ")");
        s->bounded |= x->has_lo;
    }
    if (!r->ranges.n) {
        sql_add(q, "false");
        s->bounded = true;
    }
    sql_add(q, " OR %s IS NULL)",
            cursor); /* counted, refused or read behind the driver, as `nulls` says */
}

void postgres_where(struct postgres_source *s, const struct plan_reading *r)
{
    struct sql *q = sql_new(s->arena);
    ptrdiff_t at = r ? q_schema_find(&s->base.columns, r->cursor) : -1;
    bool first = true;
    if (s->o->where) {
        sql_add(q, " WHERE (%s\n)", s->o->where);
        first = false;
    }
    if (at >= 0 && s->columns.v[at].own) {
        sql_add(q, first ? " WHERE " : " AND ");
        add_ranges(s, q, r, cursor_of(s->arena, s->columns.v[at].own, r->type));
    }
    s->where = sql_text(q);
}

const char *postgres_select(struct q_arena *arena, const struct postgres_source *s,
                            const bool *wanted, const char *range)
{
    struct sql *q = sql_new(arena);
    bool first = true;
    sql_add(q, "SELECT ");
    for (size_t i = 0; i < s->columns.n; i++) {
        if (wanted && !wanted[i])
            continue;
        sql_sep(q, &first, ", ");
        sql_add(q, "%s", s->columns.v[i].expr);
    }
    sql_add(q, " FROM %s%s", s->from, s->where);
    if (range)
        sql_add(q, "%s%s", *s->where ? " AND " : " WHERE ", range);
    return sql_text(q);
}
