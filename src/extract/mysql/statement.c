/* SPDX-License-Identifier: Apache-2.0 */
/* What the server is asked. */
#include "base/clock.h"
#include "extract/mysql/internal.h"
#include "sql/build.h"

static bool is_moment(struct q_type type)
{
    return type.id == Q_T_TIMESTAMP || type.id == Q_T_TIMESTAMPTZ;
}

/* The server compares the cursor as we do: numbers and times, not texts, whose collation decides there. */
static const struct extract_field *cursor_field(const struct mysql_reader *r, const char *name)
{
    const struct extract_field *f = extract_fields_find(&r->rel.fields, name);
    if (!f || f->path)
        return NULL;
    struct q_type there = r->columns.v[f->have].type;
    bool same = (q_type_is_number(f->type) && q_type_is_number(there)) ||
                (is_moment(f->type) && is_moment(there)) ||
                (f->type.id == Q_T_DATE && there.id == Q_T_DATE);
    return same ? f : NULL;
}

static const char *key_name(const struct mysql_reader *r, size_t i)
{
    return sql_make(r->rel.arena, "q.%B", r->key.v[i]);
}

/* With a condition to which others can be added. */
static struct sql *select_asked(const struct mysql_reader *r, const char *pos)
{
    struct sql *q = extract_relation_select(&r->rel, pos);
    if (!extract_relation_filter(&r->rel, q))
        sql_add(q, " WHERE true");
    return q;
}

const char *mysql_plain_statement(const struct mysql_reader *r)
{
    return sql_text(select_asked(r, NULL));
}

struct condition {
    struct q_arena *arena;
    struct sql *q;
    const struct q_zone *local; /* of the column's times; NULL: they are bound as they are */
    const char *column;
    Q_VEC(struct db_param) params;
};

/* The bounds of a range in the local times of the column: wider near a change of the clocks; what is beyond the range is left
 * out behind the driver. */
static struct plan_range local_range(const struct plan_range *x, const struct q_zone *zone)
{
    struct plan_range local = *x;
    int64_t end = q_days_from_civil(10000, 1, 1) * Q_USEC_PER_DAY; /* of what the server knows */
    if (x->has_lo)
        local.lo.i = q_zone_least_local(zone, x->lo.i);
    if (x->has_hi)
        local.hi.i = q_zone_most_local(zone, x->hi.i);
    local.has_hi = x->has_hi && local.hi.i < end;
    return local;
}

static void add_bound(struct condition *c, const char *comparison, const struct db_param *p)
{
    sql_add(c->q, "%s %s ?", c->column, comparison);
    *q_vec_push(c->arena, &c->params) = *p;
}

/* True of the rows that are read, of those whose cursor is none, and of zero dates, which sort before all others. */
static void add_condition(struct condition *c, const struct plan_reading *reading)
{
    sql_add(c->q, " AND (%s IS NULL", c->column);
    for (size_t i = 0; i < reading->ranges.n; i++) {
        const struct plan_range *asked = &reading->ranges.v[i];
        struct plan_range x = c->local ? local_range(asked, c->local) : *asked;
        sql_add(c->q, " OR (");
        if (x.has_lo)
            add_bound(c, ">=", &x.lo);
        if (x.has_lo && x.has_hi)
            sql_add(c->q, " AND ");
        if (x.has_hi)
            add_bound(c, "<", &x.hi);
        if (!x.has_lo && !x.has_hi)
            sql_add(c->q, "true");
        sql_add(c->q, ")");
    }
    if (!q_type_is_number(reading->type))
        sql_add(c->q, " OR %s < '0001-01-01'", c->column);
    sql_add(c->q, ")");
}

static const char *range_statement(struct mysql_reader *r, const char *sql, size_t i)
{
    const char *key = key_name(r, 0);
    __int128 width = (__int128)r->key_max - r->key_min + 1, n = (__int128)r->n_ranges;
    int64_t lo = r->key_min + (int64_t)(width * (__int128)i / n);
    int64_t hi = r->key_min + (int64_t)(width * (__int128)(i + 1) / n);
    struct sql *q = sql_new(r->rel.arena);
    sql_add(q, "%s", sql);
    if (i > 0)
        sql_add(q, " AND %s >= %d", key, lo);
    if (i + 1 < r->n_ranges)
        sql_add(q, " AND %s < %d", key, hi);
    return sql_text(q);
}

static void split(struct mysql_reader *r)
{
    r->n_ranges = r->rel.pos_is_key && r->o->readers > 1 ? (size_t)r->o->readers : 1;
    const char *sql = r->spec.sql;
    r->ranges = q_alloc_array(r->rel.arena, r->n_ranges, sizeof *r->ranges);
    for (size_t i = 0; i < r->n_ranges; i++)
        r->ranges[i] = r->n_ranges > 1 ? range_statement(r, sql, i) : sql;
}

void mysql_statement(struct mysql_reader *r, const struct plan_reading *reading)
{
    const struct extract_field *f = reading ? cursor_field(r, reading->cursor) : NULL;
    bool plain = !r->table && !r->rel.asked->where && !f && !r->rel.in->cfg->columns.n;
    const char *pos = r->rel.pos_is_key ? key_name(r, 0) : NULL;
    struct sql *q = select_asked(r, pos);
    struct condition c = {.arena = r->rel.arena, .q = q};
    if (f) {
        c.column = r->rel.columns.v[f->have];
        c.local = mysql_is_local(r, f) ? r->spec.zone : NULL;
        add_condition(&c, reading);
    }
    if (!r->rel.pos_is_key)
        for (size_t i = 0; i < r->key.n; i++)
            sql_add(q, "%s %s", i ? "," : " ORDER BY", key_name(r, i));
    r->spec.sql = plain ? r->rel.asked->query : sql_text(q); /* as it is written its order counts */
    r->spec.params = c.params.v;
    r->spec.n_params = c.params.n;
    r->spec.pos_from = pos ? (ptrdiff_t)r->rel.fields.asked.n : -1;
    r->rel.base.shown = r->spec.sql;
    split(r);
}
