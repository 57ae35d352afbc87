/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Append and upsert. The audit matches rows with the target by key: a match is a reject (append), or an update when any
 * column differs, NULL-safe (upsert). Publishing updates the differing rows and inserts the rest.
 */
#include "load/internal.h"

/* A SELECT of good rows with the surrogate keys of their roles. While publishing, dimensions are those of the warehouse. */
static const char *select_rows(const struct load *l, bool publishing)
{
    struct sql *q = sql_new(l->arena);
    const model_roles *roles = &l->target->roles;
    sql_add(q, "SELECT g._q_pos");
    load_add_payload(q, l, "g");
    for (size_t i = 0; i < roles->n; i++) {
        sql_add(q, ", ");
        model_add_lookup_key(q, &roles->v[i], "g", sql_make(l->arena, "d%d", (int64_t)i));
        sql_add(q, " AS %I", roles->v[i].key_column);
    }
    sql_add(q, " FROM l_good AS g");
    for (size_t i = 0; i < roles->n; i++) {
        const struct model_table *dim = roles->v[i].dimension;
        const char *ref = publishing ? sql_make(l->arena, LOAD_WH ".%I", dim->stored)
                                     : l->plan->table_ref(l->plan, dim);
        sql_add(q, " ");
        model_add_lookup(q, &roles->v[i], ref, "g", sql_make(l->arena, "d%d", (int64_t)i));
    }
    return sql_text(q);
}

/* Columns that an update compares and sets: everything but the keys. */
static void each_value_column(struct sql *q, const struct load *l, const char *fmt,
                              const char *separator)
{
    bool first = true;
    for (size_t i = 0; i < l->target->columns.n; i++)
        if (!l->target->columns.v[i].is_key) {
            sql_sep(q, &first, separator);
            sql_add(q, fmt, l->target->columns.v[i].name, l->target->columns.v[i].name);
        }
    for (size_t i = 0; i < l->target->roles.n; i++) {
        sql_sep(q, &first, separator);
        sql_add(q, fmt, l->target->roles.v[i].key_column, l->target->roles.v[i].key_column);
    }
    if (first)
        sql_add(q, separator[0] == ' ' ? "false" : "");
}

static bool has_values(const struct load *l)
{
    for (size_t i = 0; i < l->target->columns.n; i++)
        if (!l->target->columns.v[i].is_key)
            return true;
    return l->target->roles.n > 0;
}

static void match(struct load *l)
{
    struct sql *q = sql_new(l->arena);
    sql_add(q, "CREATE TABLE l_match AS SELECT r._q_pos AS pos, ");
    load_add_keys(q, l, "r");
    sql_add(q, ", (");
    each_value_column(q, l, "r.%I IS DISTINCT FROM t.%I", " OR ");
    sql_add(q, ") AS changed FROM (%s) AS r JOIN %s AS t ON ", select_rows(l, false),
            l->target_ref);
    load_add_key_match(q, l, "r", "t");
    load_audit(l, sql_text(q));
}

static void reject_known(struct load *l)
{
    load_audit(
        l,
        sql_make(
            l->arena,
            "INSERT INTO q_rejects (relation, pos, ord, rule, reason, detail) SELECT %L, pos, %d, 'grain', "
            "'duplicate_key', 'the target has a row with this key' FROM l_match GROUP BY pos",
            l->relation, (int64_t)STEP_ORD_LOAD + 1));
    load_audit(l, "INSERT INTO q_counts SELECT 'inserted', count(*) FROM l_good");
}

static void count_changes(struct load *l)
{
    load_audit(l, "CREATE VIEW l_changed AS SELECT * FROM l_match WHERE changed");
    load_audit(
        l,
        "INSERT INTO q_counts SELECT 'inserted', count(*) - (SELECT count(*) FROM l_match) FROM l_good");
    load_audit(
        l,
        "INSERT INTO q_counts SELECT CASE WHEN changed THEN 'updated' ELSE 'unchanged' END, count(*) FROM l_match "
        "GROUP BY changed");
}

static void publish_updates(struct load *l)
{
    struct sql *q = sql_new(l->arena), *from = sql_new(l->arena);
    sql_add(from, LOAD_WH ".%I AS t SEMI JOIN l_changed AS m ON ", l->target->stored);
    load_add_key_match(from, l, "t", "m");
    load_remember(l, "l_changed", sql_text(from));
    sql_add(q, "UPDATE " LOAD_WH ".%I AS t SET ", l->target->stored);
    each_value_column(q, l, "%I = u.%I", ", ");
    sql_add(
        q,
        ", _q_run = (SELECT run_id FROM q_run), _q_pos = u._q_pos FROM (SELECT r.* FROM (%s) AS r SEMI JOIN "
        "l_changed AS m ON m.pos = r._q_pos AND ",
        select_rows(l, true));
    load_add_key_match(q, l, "m", "r");
    sql_add(q, ") AS u WHERE ");
    load_add_key_match(q, l, "t", "u");
    load_publish_if(l, "l_changed", sql_text(q));
}

static void publish_inserts(struct load *l)
{
    const struct model_table *t = l->target;
    struct sql *into = sql_new(l->arena), *from = sql_new(l->arena);
    sql_add(into, "INSERT INTO " LOAD_WH ".%I (_q_run, _q_pos", t->stored);
    sql_add(from, "SELECT (SELECT run_id FROM q_run), r._q_pos");
    if (!t->is_fact) {
        sql_add(into, ", %I", t->key);
        sql_add(from,
                ", (SELECT greatest(coalesce(max(%I), 0), 0) FROM " LOAD_WH
                ".%I) + row_number() OVER (ORDER BY ",
                t->key, t->stored);
        load_add_keys(from, l, "r");
        sql_add(from, ")");
    }
    for (size_t i = 0; i < t->columns.n; i++) {
        sql_add(into, ", %I", t->columns.v[i].name);
        sql_add(from, ", r.%I", t->columns.v[i].name);
    }
    for (size_t i = 0; i < t->roles.n; i++) {
        sql_add(into, ", %I", t->roles.v[i].key_column);
        sql_add(from, ", r.%I", t->roles.v[i].key_column);
    }
    sql_add(into, ") %s FROM (%s) AS r ANTI JOIN l_match AS m ON m.pos = r._q_pos AND ",
            sql_text(from), select_rows(l, true));
    load_add_key_match(into, l, "m", "r");
    load_publish(l, sql_text(into));
}

enum q_code load_merge(struct load *l, struct q_err *err)
{
    if (!l->target->is_fact && l->target->has_history)
        return cfg_fail(err, l->cfg->pos, "%s has history: load it with `mode: history`",
                        l->target->name);
    match(l);
    if (load_deletes(l))
        load_find_gone(l);
    if (l->cfg->mode == CFG_APPEND) {
        reject_known(l);
    } else {
        count_changes(l);
        if (load_deletes(l))
            load_publish_gone(l);
        if (has_values(l))
            publish_updates(l);
    }
    publish_inserts(l);
    if (load_deletes(l))
        load_prove_gone(l);
    return Q_OK;
}
