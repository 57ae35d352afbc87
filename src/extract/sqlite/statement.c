/* SPDX-License-Identifier: Apache-2.0 */
/* What SQLite is asked. */
#include <inttypes.h>
#include <math.h>

#include "base/clock.h"
#include "extract/sqlite/internal.h"
#include "sql/build.h"

/* How a cursor is compared there. Whatever SQLite would sort otherwise than the column's type must come along: the strict
 * casts reject it, the extract stage leaves out what is beyond the ranges. */
enum compare {
    NOT_THERE,  /* everything is read */
    AS_NUMBERS, /* texts and blobs sort behind all numbers */
    AS_DAYS,    /* texts that begin with a date, by whole days */
    AS_TEXTS,   /* numbers sort before all texts, blobs behind them */
};

static bool is_time_type(struct q_type type)
{
    return type.id == Q_T_DATE || type.id == Q_T_TIMESTAMP || type.id == Q_T_TIMESTAMPTZ;
}

static enum compare compare_of(const struct sqlite_reader *r, const struct extract_field *f)
{
    bool number;
    if (!f || f->path)
        return NOT_THERE;
    const char *declared = r->columns.v[f->have].declared;
    struct q_type there = sqlite_declared_type(declared, &number);
    bool texts = there.id == Q_T_TEXT; /* such a column compares numbers as texts */
    if (is_time_type(f->type))
        return r->spec.dates == SQLITE_DATES_TEXT ? AS_DAYS : texts ? NOT_THERE : AS_NUMBERS;
    if (q_type_is_number(f->type))
        return texts ? NOT_THERE : AS_NUMBERS;
    return f->type.id == Q_T_TEXT && (texts || !declared) ? AS_TEXTS : NOT_THERE;
}

/* ---- bounds as SQLite's values ---- */

static struct db_param number(const char *name, double v)
{
    return (struct db_param){.name = name, .type = Q_TYPE(Q_T_DOUBLE), .d = v};
}

/* An integer or decimal: as it is, else the double beyond it. */
static struct db_param exact_bound(const char *name, struct q_type type, const struct db_param *p,
                                   bool lower)
{
    double v = (double)p->big;
    if (type.id != Q_T_INT128 && type.id != Q_T_DECIMAL)
        return db_int(name, p->i);
    if (type.id == Q_T_DECIMAL)
        v /= pow(10, type.scale);
    v = nextafter(v, lower ? -INFINITY : INFINITY);
    return number(name, nextafter(v, lower ? -INFINITY : INFINITY)); /* two roundings */
}

static int64_t usec_of(struct q_type type, const struct db_param *p)
{
    return type.id == Q_T_DATE ? p->i * Q_USEC_PER_DAY : p->i;
}

/* A number of time, one unit beyond: REAL values are rounded to the microsecond when they are read. */
static struct db_param time_bound(const char *name, enum sqlite_dates dates, int64_t usec,
                                  bool lower)
{
    const double julian_epoch = 2440587.5, second = 1.0 / 86400;
    const int64_t usec_per_ms = 1000;
    int64_t step = lower ? -1 : 1;
    if (dates == SQLITE_DATES_UNIX)
        return db_int(name, usec / Q_USEC_PER_SEC + step);
    if (dates == SQLITE_DATES_UNIX_MS)
        return db_int(name, usec / usec_per_ms + step);
    return number(name, (double)usec / (double)Q_USEC_PER_DAY + julian_epoch +
                            (lower ? -second : second));
}

/* A day as text, a day beyond where a time may stand with an offset. */
static struct db_param day_bound(struct q_arena *arena, const char *name, struct q_type type,
                                 int64_t usec, bool lower)
{
    char text[Q_TIMESTAMP_TEXT];
    int64_t days = usec / Q_USEC_PER_DAY - (usec % Q_USEC_PER_DAY < 0);
    int64_t offset = type.id == Q_T_TIMESTAMPTZ;
    days += lower ? -offset : offset + 1;
    return db_text(name, q_strdup(arena, q_date_text((int32_t)days, text)));
}

static struct db_param bound(struct sqlite_reader *r, enum compare how, struct q_type type,
                             const char *name, const struct db_param *p, bool lower)
{
    if (how == AS_TEXTS)
        return (struct db_param){.name = name, .type = Q_TYPE(Q_T_TEXT), .s = p->s};
    if (how == AS_DAYS)
        return day_bound(r->rel.arena, name, type, usec_of(type, p), lower);
    if (is_time_type(type))
        return time_bound(name, r->spec.dates, usec_of(type, p), lower);
    return type.id == Q_T_DOUBLE ? number(name, p->d) : exact_bound(name, type, p, lower);
}

/* ---- conditions ---- */

/* Beyond year 9999 texts do not sort by time any more, and before year 1 nothing is. */
static bool can_bound(enum compare how, struct q_type type, const struct db_param *p)
{
    const int64_t first = INT64_C(-719162) * Q_USEC_PER_DAY,
                  last = INT64_C(2932895) * Q_USEC_PER_DAY;
    int64_t usec = is_time_type(type) ? usec_of(type, p) : 0;
    return how != AS_DAYS || (usec > first + Q_USEC_PER_DAY && usec < last - Q_USEC_PER_DAY);
}

struct condition {
    struct sqlite_reader *r;
    struct sql *q;
    enum compare how;
    struct q_type type;
    const char *column;
    Q_VEC(struct db_param) params;
};

static void add_range(struct condition *c, const struct plan_range *x, int64_t i)
{
    struct q_arena *arena = c->r->rel.arena;
    const char *collate = c->how == AS_TEXTS ? " COLLATE BINARY" : "";
    bool lo = x->has_lo && can_bound(c->how, c->type, &x->lo);
    bool hi = x->has_hi && can_bound(c->how, c->type, &x->hi);
    if (lo) {
        sql_add(c->q, "%s%s >= $lo_%d", c->column, collate, i);
        *q_vec_push(arena, &c->params) =
            bound(c->r, c->how, c->type, q_printf(arena, "lo_%d", (int)i), &x->lo, true);
    }
    if (hi) {
        const char *and = lo ? " AND " : "";
        if (c->how == AS_NUMBERS)
            sql_add(c->q, "%s(%s < $hi_%d OR typeof(%s) NOT IN ('integer', 'real'))", and,
                    c->column, i, c->column);
        else
            sql_add(c->q, "%s%s%s < $hi_%d", and, c->column, collate, i);
        *q_vec_push(arena, &c->params) =
            bound(c->r, c->how, c->type, q_printf(arena, "hi_%d", (int)i), &x->hi, false);
    }
    if (!lo && !hi)
        sql_add(c->q, "1");
}

/* True of the rows that are read, and of those whose cursor is none. */
static void add_condition(struct condition *c, const struct plan_reading *reading)
{
    sql_add(c->q, "(%s IS NULL", c->column);
    for (size_t i = 0; i < reading->ranges.n; i++) {
        sql_add(c->q, " OR (");
        add_range(c, &reading->ranges.v[i], (int64_t)i);
        sql_add(c->q, ")");
    }
    if (c->how != AS_NUMBERS)
        sql_add(c->q, " OR %s < '' OR %s >= x''", c->column, c->column);
    sql_add(c->q, ")");
}

const char *sqlite_plain_statement(const struct sqlite_reader *r)
{
    struct sql *q = extract_relation_select(&r->rel, NULL);
    (void)extract_relation_filter(&r->rel, q);
    return sql_text(q);
}

void sqlite_statement(struct sqlite_reader *r, const struct plan_reading *reading)
{
    const char *pos = r->rowid ? q_printf(r->rel.arena, "q.%s", r->rowid) : NULL;
    struct sql *q = extract_relation_select(&r->rel, pos);
    bool filtered = extract_relation_filter(&r->rel, q);
    const struct extract_field *f =
        reading ? extract_fields_find(&r->rel.fields, reading->cursor) : NULL;
    struct condition c = {.r = r, .q = q, .how = compare_of(r, f)};
    if (reading && c.how != NOT_THERE) {
        c.type = f->type;
        c.column = r->rel.columns.v[f->have];
        sql_add(q, filtered ? " AND " : " WHERE ");
        add_condition(&c, reading);
    }
    r->spec.pos_from = pos ? (ptrdiff_t)r->rel.fields.asked.n : -1;
    r->spec.sql = sql_text(q);
    r->spec.params = c.params.v;
    r->spec.n_params = c.params.n;
    r->rel.base.shown = r->spec.sql;
}
