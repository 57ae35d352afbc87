/* SPDX-License-Identifier: Apache-2.0 */
/*
 * join: a table, because it is read several times and what did not match is counted in it.
 *
 * Keys are compared column by column; NULL matches nothing. An inner join is made as a left one with the right record's
 * position as the mark of a match; the view over it leaves out what has none, except rows that failed before.
 */
#include "transform/internal.h"

struct join {
    struct transform *t;
    struct chain *left, *right;
    const char *table; /* what is made */
    const char *right_pos;
    struct q_schema columns;
    struct sql *select; /* column list */
};

static bool comparable(struct q_type a, struct q_type b)
{
    if (q_type_eq(a, b) || (q_type_is_integer(a) && q_type_is_integer(b)))
        return true;
    return (a.id == Q_T_DECIMAL && b.id == Q_T_DECIMAL && a.scale == b.scale) ||
           (q_type_is_textual(a) && q_type_is_textual(b));
}

/* The pair's columns in both relations. */
static enum q_code find_pair(struct join *j, const struct cfg_pair *pair, struct view_item **a,
                             struct view_item **b, struct q_err *err)
{
    struct view left, right;
    char shown[2][Q_TYPE_TEXT];
    view_open(&left, j->t, j->left);
    view_open(&right, j->t, j->right);
    enum q_code code = view_require(&left, &pair->key, a, err);
    if (!code)
        code = view_require(&right, &pair->value, b, err);
    if (!code && !comparable((*a)->type, (*b)->type))
        code = cfg_fail(err, pair->key.pos,
                        "\"%s\" is %s and \"%s\" is %s: cast one of them before the join",
                        pair->key.s, q_type_text((*a)->type, shown[0]), pair->value.s,
                        q_type_text((*b)->type, shown[1]));
    return code;
}

static enum q_code join_condition(struct join *j, const char **out, struct q_err *err)
{
    struct sql *q = sql_new(j->t->arena);
    for (size_t i = 0; i < j->t->cfg->on.n; i++) {
        struct view_item *a, *b;
        enum q_code code = find_pair(j, &j->t->cfg->on.v[i], &a, &b, err);
        if (code)
            return code;
        sql_add(q, "%sl.%I = r.%I", i ? " AND " : "", a->name, b->name);
    }
    *out = sql_text(q);
    return Q_OK;
}

/* The left column that a right column is compared with under the same name, or NULL. */
static bool is_shared_key(const struct join *j, const char *name)
{
    for (size_t i = 0; i < j->t->cfg->on.n; i++)
        if (q_strcaseeq(j->t->cfg->on.v[i].key.s, name) &&
            q_strcaseeq(j->t->cfg->on.v[i].value.s, name))
            return true;
    return false;
}

static bool has_right_only(const struct join *j)
{
    return j->t->cfg->join == CFG_RIGHT || j->t->cfg->join == CFG_FULL;
}

static void add_column(struct join *j, const char *name, struct q_type type, const char *sql)
{
    sql_add(j->select, ", %s AS %I", sql, name);
    q_schema_add(j->t->arena, &j->columns, name, type);
}

static void add_left_columns(struct join *j)
{
    for (size_t i = 0; i < j->left->columns.n; i++) {
        const struct q_column *c = &j->left->columns.v[i];
        const char *format =
            has_right_only(j) && is_shared_key(j, c->name) ? "coalesce(l.%I, r.%I)" : "l.%I";
        add_column(j, c->name, c->type, sql_make(j->t->arena, format, c->name, c->name));
    }
}

/* Where records come from is ours: a third source's does not need a suffix of its own. */
static bool is_pseudo(const char *name)
{
    return q_strcaseeq(name, "source_file") || q_strcaseeq(name, "source_position");
}

static enum q_code add_right_columns(struct join *j, struct q_err *err)
{
    const char *suffix = j->t->cfg->suffix.s ? j->t->cfg->suffix.s : "_right";
    for (size_t i = 0; i < j->right->columns.n; i++) {
        const struct q_column *c = &j->right->columns.v[i];
        const char *name = c->name;
        if (is_shared_key(j, name))
            continue;
        if (q_schema_find(&j->left->columns, name) >= 0)
            name = q_printf(j->t->arena, "%s%s", name, suffix);
        if (q_schema_find(&j->columns, name) >= 0 && is_pseudo(c->name))
            name = q_printf(j->t->arena, "%s_%s", c->name, j->right->source->name);
        if (q_schema_find(&j->columns, name) >= 0)
            return cfg_fail(err, j->t->cfg->pos,
                            "both relations have a column \"%s\"; give another `suffix`", name);
        add_column(j, name, c->type, sql_make(j->t->arena, "r.%I", c->name));
    }
    return Q_OK;
}

/* Failed records of the right relation go to the rejects now: they match nothing. */
static void reject_right(struct join *j)
{
    for (size_t i = 0; i < j->right->fails.n; i++) {
        const struct plan_fail *f = &j->right->fails.v[i];
        transform_sql(
            j->t,
            sql_make(
                j->t->arena,
                "INSERT INTO q_rejects (relation, pos, ord, rule, reason, col, value, detail) SELECT "
                "DISTINCT %L, _q_pos, %d, %L, %L, %L, nullif(%I, ''), %L FROM %I WHERE %I IS NOT NULL",
                j->right->source->name, (int64_t)f->ord, f->rule, f->reason, f->col, f->column,
                f->detail, j->right->relation, f->column));
    }
}

/* _q_pos, the right record's position, and those of earlier joins on both sides. */
static void add_positions(struct join *j)
{
    struct q_arena *arena = j->t->arena;
    sql_add(j->select, has_right_only(j) ? "coalesce(l._q_pos, -1 - r._q_pos) AS _q_pos"
                                         : "l._q_pos AS _q_pos");
    for (size_t i = 1; i < j->left->positions.n; i++)
        sql_add(j->select, ", l.%I AS %I", j->left->positions.v[i], j->left->positions.v[i]);
    sql_add(j->select, ", r._q_pos AS %I", j->right_pos);
    *q_vec_push(arena, &j->left->positions) = j->right_pos;
    for (size_t i = 1; i < j->right->positions.n; i++) {
        sql_add(j->select, ", r.%I AS %I", j->right->positions.v[i], j->right->positions.v[i]);
        *q_vec_push(arena, &j->left->positions) = j->right->positions.v[i];
    }
}

static void make_table(struct join *j, const char *condition)
{
    static const char *const words[] = {[CFG_INNER] = "LEFT JOIN",
                                        [CFG_LEFT] = "LEFT JOIN",
                                        [CFG_RIGHT] = "FULL JOIN",
                                        [CFG_FULL] = "FULL JOIN"};
    struct transform *t = j->t;
    for (size_t i = 0; i < j->left->fails.n; i++)
        sql_add(j->select, ", l.%I AS %I", j->left->fails.v[i].column, j->left->fails.v[i].column);
    transform_sql(
        t,
        sql_make(
            t->arena,
            "CREATE TABLE %I AS SELECT %s FROM %I AS l %s (SELECT * FROM %I AS x WHERE %s) AS r ON %s",
            j->table, sql_text(j->select), j->left->relation, words[t->cfg->join],
            j->right->relation, transform_no_fail(t, j->right, "x"), condition));
}

static void count_matches(struct join *j)
{
    struct transform *t = j->t;
    transform_sql(
        t,
        sql_make(
            t->arena,
            "INSERT INTO q_joins SELECT %L, l, r, l - ul, ul, mr, r - mr, m - (l - ul) FROM (SELECT (SELECT "
            "count(*) FROM %I) AS l, (SELECT count(*) FROM %I AS x WHERE %s) AS r, count(*) FILTER (%I IS "
            "NULL) AS ul, count(DISTINCT %I) FILTER (_q_pos >= 0) AS mr, count(*) FILTER (%I IS NOT NULL "
            "AND _q_pos >= 0) AS m FROM %I)",
            t->step->name, j->left->relation, j->right->relation,
            transform_no_fail(t, j->right, "x"), j->right_pos, j->right_pos, j->right_pos,
            j->table));
}

/* Rows without a match leave an inner join, and a right one when the left side has none; counted by record. */
static void leave_unmatched(struct join *j)
{
    struct transform *t = j->t;
    struct chain *left = j->left;
    const char *none = transform_no_fail(t, left, "j");
    const char *keep = sql_make(t->arena, "(j.%I IS NOT NULL OR NOT (%s))", j->right_pos, none);
    transform_sql(
        t,
        sql_make(
            t->arena,
            "INSERT INTO q_skipped SELECT %L, 'unmatched', n FROM (SELECT count(DISTINCT _q_pos) - "
            "count(DISTINCT _q_pos) FILTER (%s) AS n FROM %I AS j WHERE _q_pos >= 0) WHERE n > 0",
            left->source->name, keep, j->table));
    transform_sql(t, sql_make(t->arena, "CREATE VIEW %I AS SELECT * FROM %I AS j WHERE %s",
                              view_relation_name(t, left), j->table, keep));
}

enum q_code transform_join(struct transform *t, struct chain *left, struct chain *right,
                           struct q_err *err)
{
    struct join j = {.t = t, .left = left, .right = right, .select = sql_new(t->arena)};
    const char *condition;
    if (has_right_only(&j) && left->outer)
        return cfg_fail(err, t->cfg->pos, "a relation can have one right or full join, not more");
    left->outer = left->outer || has_right_only(&j) || right->outer;
    bool leaves = t->cfg->join == CFG_INNER || t->cfg->join == CFG_RIGHT;
    j.right_pos = q_printf(t->arena, "_q_pos_%s", right->source->name);
    j.table = q_printf(t->arena, leaves ? "t%zu_%s_all" : "t%zu_%s", t->number, left->source->name);
    enum q_code code = join_condition(&j, &condition, err);
    if (code)
        return code;
    transform_count_filtered(t, left);
    transform_count_filtered(t, right);
    reject_right(&j);
    add_positions(&j);
    add_left_columns(&j);
    code = add_right_columns(&j, err);
    if (code)
        return code;
    make_table(&j, condition);
    count_matches(&j);
    if (leaves)
        leave_unmatched(&j);
    left->relation = view_relation_name(t, left);
    left->columns = j.columns;
    left->multiplied = true;
    return Q_OK;
}
