/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns whose past is not kept as versions (SEMANTICS 27): type 1, `overwrite`, and type 3, `previous`.
 *
 * They get the values of the key's latest row, unless a later row was seen already. A column of type 3 also moves its old
 * value to previous_<column>, once per real change: of several changes in a batch the last one counts.
 */
#include "load/history.h"

/* Per row and column of type 3: the value before it, and whether it is a real change. */
static void find_changes(struct load *l)
{
    struct sql *q = sql_new(l->arena), *last = sql_new(l->arena);
    sql_add(q, "CREATE TABLE h_steps AS SELECT %s, r._q_at", history_keys(l, "r"));
    sql_add(last, "CREATE TABLE h_previous AS SELECT %s", history_keys(l, "s"));
    for (size_t i = 0; i < l->target->columns.n; i++) {
        const char *name = l->target->columns.v[i].name;
        if (!history_is_previous(&l->target->columns.v[i]))
            continue;
        const char *before = q_printf(l->arena, "before_%zu", i),
                   *now = q_printf(l->arena, "now_%zu", i);
        const char *old = sql_make(
            l->arena, "CASE WHEN row_number() OVER w = 1 THEN c.%I ELSE lag(r.%I) OVER w END", name,
            name);
        sql_add(
            q,
            ", %s AS %I, (row_number() OVER w > 1 OR c.%I IS NOT NULL) AND r.%I IS DISTINCT FROM %s AS %I",
            old, before, l->target->key, name, old, now);
        sql_add(last, ", arg_max({'value': s.%I, 'at': s._q_at}, s._q_at) FILTER (s.%I) AS %I",
                before, now, now);
    }
    sql_add(
        q,
        " FROM h_rows AS r LEFT JOIN h_cur AS c ON %s WHERE c._q_overwritten_at IS NULL OR r._q_at >= "
        "c._q_overwritten_at WINDOW w AS (PARTITION BY %s ORDER BY r._q_at)",
        history_match(l, "r", "c"), history_keys(l, "r"));
    sql_add(last, " FROM h_steps AS s GROUP BY %s", history_keys(l, "s"));
    load_audit(l, sql_text(q));
    load_audit(l, sql_text(last));
}

/* ", value, ..." of all overwritten columns and their companions, of the row when it is newer, else of the version. */
static const char *final_values(const struct load *l, const char *newer)
{
    struct sql *q = sql_new(l->arena);
    for (size_t i = 0; i < l->target->columns.n; i++) {
        const struct model_column *c = &l->target->columns.v[i];
        if (!history_is_overwritten(c))
            continue;
        sql_add(q, ", CASE WHEN %s THEN r.%I ELSE c.%I END AS %I", newer, c->name, c->name,
                c->name);
        if (!history_is_previous(c))
            continue;
        const char *now = q_printf(l->arena, "now_%zu", i);
        const char *previous = model_previous(l->arena, c->name),
                   *changed = model_changed_at(l->arena, c->name);
        sql_add(q, ", CASE WHEN p.%I IS NOT NULL THEN p.%I.value ELSE c.%I END AS %I", now, now,
                previous, previous);
        sql_add(q, ", CASE WHEN p.%I IS NOT NULL THEN p.%I.at ELSE c.%I END AS %I", now, now,
                changed, changed);
    }
    return sql_text(q);
}

/* Does the latest row change anything? A type 3 column may have changed and come back. */
static const char *final_differs(const struct load *l)
{
    struct sql *q = sql_new(l->arena);
    sql_add(
        q, "%s",
        history_columns(l, history_is_overwritten, "r.%I IS DISTINCT FROM c.%I", " OR ", "false"));
    for (size_t i = 0; i < l->target->columns.n; i++)
        if (history_is_previous(&l->target->columns.v[i]))
            sql_add(q, " OR p.%I IS NOT NULL", q_printf(l->arena, "now_%zu", i));
    return sql_text(q);
}

static const char *join_previous(const struct load *l)
{
    return sql_make(l->arena, " LEFT JOIN h_previous AS p ON %s", history_match(l, "r", "p"));
}

void history_overwrites(struct load *l)
{
    const struct model_table *t = l->target;
    const char *newer = sql_make(
        l->arena, "(c.%I IS NULL OR c._q_overwritten_at IS NULL OR r._q_at >= c._q_overwritten_at)",
        t->key);
    bool previous = history_has(l, history_is_previous);
    if (!history_has(l, history_is_overwritten))
        return;
    if (previous)
        find_changes(l);
    load_audit(
        l,
        sql_make(
            l->arena,
            "CREATE TABLE h_last AS SELECT arg_max(r._q_row, r._q_at) AS _q_row FROM h_rows AS r GROUP BY %s",
            history_keys(l, "r")));
    load_audit(
        l,
        sql_make(
            l->arena,
            "CREATE TABLE h_final AS SELECT r._q_row, %s%s, CASE WHEN %s THEN r._q_at ELSE c._q_overwritten_at END AS _q_over_at, "
            "CASE WHEN %s THEN (SELECT run_id FROM q_run) ELSE c._q_overwritten_run END AS _q_over_run, CASE WHEN %s THEN "
            "r._q_pos ELSE c._q_overwritten_pos END AS _q_over_pos, (c.%I IS NOT NULL AND %s AND (%s)) AS _q_overwrites FROM "
            "h_rows AS r SEMI JOIN h_last AS x ON x._q_row = r._q_row LEFT JOIN h_cur AS c ON %s%s",
            history_keys(l, "r"), final_values(l, newer), newer, newer, newer, t->key, newer,
            final_differs(l), history_match(l, "r", "c"), previous ? join_previous(l) : ""));
    load_audit(l, "CREATE VIEW h_over AS SELECT * FROM h_final WHERE _q_overwrites");
}
