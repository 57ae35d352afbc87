/* SPDX-License-Identifier: Apache-2.0 */
/* What the server is asked. */
#include "extract/mysql/internal.h"
#include "sql/build.h"

static bool is_moment(struct q_type type)
{
    return type.id == Q_T_TIMESTAMP || type.id == Q_T_TIMESTAMPTZ;
}

/* The server compares the cursor as we do: numbers and times, not texts, whose collation decides there. */
static const struct extract_field *cursor_field(const struct mysql_reader *r, const char *name)
{
    for (size_t i = 0; i < r->fields.fields.n; i++) {
        const struct extract_field *f = &r->fields.fields.v[i];
        struct q_type there = r->columns.v[f->have].type;
        if (!q_strcaseeq(f->name, name))
            continue;
        bool same = (q_type_is_number(f->type) && q_type_is_number(there)) ||
                    (is_moment(f->type) && is_moment(there)) ||
                    (f->type.id == Q_T_DATE && there.id == Q_T_DATE);
        return same && !f->path ? f : NULL;
    }
    return NULL;
}

static const char *column_name(struct mysql_reader *r, size_t have)
{
    return sql_make(r->arena, "q.%B", r->columns.v[have].name);
}

static void add_column(struct mysql_reader *r, struct sql *q, size_t have)
{
    const struct mysqldb_column *c = &r->columns.v[have];
    if (r->table && c->type.id == Q_T_OTHER)
        sql_add(q, "ST_AsText(q.%B) AS %B", c->name, c->name);
    else
        sql_add(q, "q.%B", c->name);
}

static struct sql *select_asked(struct mysql_reader *r)
{
    struct sql *q = sql_new(r->arena);
    bool first = true;
    sql_add(q, "SELECT ");
    for (size_t i = 0; i < r->fields.asked.n; i++) {
        sql_sep(q, &first, ", ");
        add_column(r, q, r->fields.asked.v[i]);
    }
    return q;
}

static void add_from(struct mysql_reader *r, struct sql *q)
{
    if (r->table && r->schema)
        sql_add(q, " FROM %B.%B AS q", r->schema, r->table);
    else if (r->table)
        sql_add(q, " FROM %B AS q", r->table);
    else
        sql_add(q, " FROM (%s\n) AS q", r->o->query);
    sql_add(q, " WHERE ");
    if (r->o->where)
        sql_add(q, "(%s\n)", r->o->where);
    else
        sql_add(q, "true");
}

const char *mysql_plain_statement(struct mysql_reader *r)
{
    struct sql *q = select_asked(r);
    add_from(r, q);
    return sql_text(q);
}

struct condition {
    struct q_arena *arena;
    struct sql *q;
    const char *column;
    Q_VEC(struct db_param) params;
};

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
        const struct plan_range *x = &reading->ranges.v[i];
        sql_add(c->q, " OR (");
        if (x->has_lo)
            add_bound(c, ">=", &x->lo);
        if (x->has_lo && x->has_hi)
            sql_add(c->q, " AND ");
        if (x->has_hi)
            add_bound(c, "<", &x->hi);
        if (!x->has_lo && !x->has_hi)
            sql_add(c->q, "true");
        sql_add(c->q, ")");
    }
    if (!q_type_is_number(reading->type))
        sql_add(c->q, " OR %s < '0001-01-01'", c->column);
    sql_add(c->q, ")");
}

static const char *range_statement(struct mysql_reader *r, const char *sql, size_t i)
{
    const char *key = sql_make(r->arena, "q.%B", r->key.v[0]);
    __int128 width = (__int128)r->key_max - r->key_min + 1, n = (__int128)r->n_ranges;
    int64_t lo = r->key_min + (int64_t)(width * (__int128)i / n);
    int64_t hi = r->key_min + (int64_t)(width * (__int128)(i + 1) / n);
    struct sql *q = sql_new(r->arena);
    sql_add(q, "%s", sql);
    if (i > 0)
        sql_add(q, " AND %s >= %d", key, lo);
    if (i + 1 < r->n_ranges)
        sql_add(q, " AND %s < %d", key, hi);
    return sql_text(q);
}

static void split(struct mysql_reader *r)
{
    r->n_ranges = r->key_is_pos && r->o->readers > 1 ? (size_t)r->o->readers : 1;
    const char *sql = r->spec.sql;
    r->ranges = q_alloc_array(r->arena, r->n_ranges, sizeof *r->ranges);
    for (size_t i = 0; i < r->n_ranges; i++)
        r->ranges[i] = r->n_ranges > 1 ? range_statement(r, sql, i) : sql;
}

void mysql_statement(struct mysql_reader *r, const struct plan_reading *reading)
{
    const struct extract_field *f = reading ? cursor_field(r, reading->cursor) : NULL;
    bool plain = !r->table && !r->o->where && !f && !r->in->cfg->columns.n;
    struct sql *q = select_asked(r);
    struct condition c = {.arena = r->arena, .q = q};
    if (r->key_is_pos)
        sql_add(q, ", q.%B", r->key.v[0]);
    add_from(r, q);
    if (f) {
        c.column = column_name(r, f->have);
        add_condition(&c, reading);
    }
    if (!r->key_is_pos)
        for (size_t i = 0; i < r->key.n; i++)
            sql_add(q, "%s q.%B", i ? "," : " ORDER BY", r->key.v[i]);
    r->spec.sql = plain ? r->o->query : sql_text(q); /* as it is written its order counts */
    r->spec.params = c.params.v;
    r->spec.n_params = c.params.n;
    r->spec.pos_from = r->key_is_pos ? (ptrdiff_t)r->fields.asked.n : -1;
    r->base.shown = r->spec.sql;
    split(r);
}
