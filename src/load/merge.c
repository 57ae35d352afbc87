/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows are matched with the target by key: append, insert_only, upsert, replace, replace_slice. The audit finds the
 * matches (l_match); one is a reject (append), a skip (insert_only), or an update when any column differs, NULL-safe.
 * Publishing deletes what the batch takes away (replace.c), updates the differing rows and inserts the rest.
 *
 * With an update list or merges, l_final (final.c) stands for the matched rows of l_good.
 */
#include "load/internal.h"

/* A SELECT of the rows of `from` with the surrogate keys of their roles: those that the check has found, else they are looked
 * up. While publishing, dimensions are those of the warehouse. */
static const char *select_rows(const struct load *l, const char *from, bool publishing)
{
    struct sql *q = sql_new(l->arena), *joins = sql_new(l->arena);
    const char *keyed = q_streq(from, "l_good") ? load_keyed_rows(l) : NULL;
    sql_add(q, "SELECT g._q_pos");
    load_add_payload(q, l, "g");
    for (size_t i = 0; i < l->target->roles.n; i++) {
        const struct model_role *role = &l->target->roles.v[i];
        const char *key = keyed ? plan_key_column(l->plan, role) : NULL;
        const char *alias = sql_make(l->arena, "d%d", (int64_t)i);
        const char *ref = publishing ? sql_make(l->arena, LOAD_WH ".%I", role->dimension->stored)
                                     : load_dimension_ref(l, role->dimension);
        sql_add(q, ", ");
        model_add_lookup_key(q, role, "g",
                             key ? sql_make(l->arena, "g.%I", key)
                                 : model_lookup_found(l->arena, role, alias));
        sql_add(q, " AS %I", role->key_column);
        if (key)
            continue;
        sql_add(joins, " ");
        model_add_lookup(joins, role, ref, "g", alias);
    }
    sql_add(q, " FROM %s AS g%s", keyed ? keyed : sql_make(l->arena, "%I", from), sql_text(joins));
    return sql_text(q);
}

static const char *matched_rows(const struct load *l)
{
    return load_mixes(l) ? "l_final" : "l_good";
}

/* An inferred member takes all columns of its row, whatever `update` says. */
static bool is_compared(const struct load *l, const struct model_column *c)
{
    return !c->is_key && (l->target->can_infer || load_updates_column(l, c->name));
}

/* Columns that an update compares and sets. False when there are none. */
static bool each_value_column(struct sql *q, const struct load *l, const char *fmt,
                              const char *separator)
{
    bool first = true;
    for (size_t i = 0; i < l->target->columns.n; i++)
        if (is_compared(l, &l->target->columns.v[i])) {
            sql_sep(q, &first, separator);
            sql_add(q, fmt, l->target->columns.v[i].name, l->target->columns.v[i].name);
        }
    for (size_t i = 0; i < l->target->roles.n; i++)
        if (load_updates_role(l, &l->target->roles.v[i])) {
            sql_sep(q, &first, separator);
            sql_add(q, fmt, l->target->roles.v[i].key_column, l->target->roles.v[i].key_column);
        }
    return !first;
}

/* An incremental source gives records again: those at the watermark, in a lag, a backfill. Appended twice they are known
 * by their content; a surrogate key is none, because a member may have arrived since. */
static bool rereads(const struct load *l)
{
    return l->cfg->mode == CFG_APPEND && l->plan->pipeline->sources.v[0].incremental.cursor.s;
}

static bool each_payload_difference(struct sql *q, const struct load *l)
{
    bool first = true;
    for (size_t i = 0; i < l->target->columns.n; i++) {
        const struct model_column *c = &l->target->columns.v[i];
        if (c->is_key)
            continue;
        sql_sep(q, &first, " OR ");
        sql_add(q, "r.%I IS DISTINCT FROM t.%I", c->name, c->name);
    }
    return !first;
}

static void match(struct load *l)
{
    struct sql *q = sql_new(l->arena), *changed = sql_new(l->arena);
    bool updates = l->cfg->mode != CFG_APPEND && l->cfg->mode != CFG_INSERT_ONLY;
    bool any = updates      ? each_value_column(changed, l, "r.%I IS DISTINCT FROM t.%I", " OR ")
               : rereads(l) ? each_payload_difference(changed, l)
                            : false;
    sql_add(q, "CREATE TABLE l_match AS SELECT r._q_pos AS pos, ");
    load_add_keys(q, l, "r");
    sql_add(
        q, ", (%s%s) AS changed FROM (%s) AS r JOIN %s AS t ON ", any ? sql_text(changed) : "false",
        updates && l->target->can_infer ? " OR t.inferred" : "",
        updates ? select_rows(l, matched_rows(l), false) : "SELECT * FROM l_good", l->target_ref);
    load_add_key_match(q, l, "r", "t");
    load_audit(l, sql_text(q));
}

static void count_inserted(struct load *l)
{
    load_audit(
        l,
        "INSERT INTO q_counts SELECT 'inserted', count(*) - (SELECT count(*) FROM l_match) FROM l_good");
}

/* A record that is read again is skipped when the target has all of its rows as they are (SEMANTICS 1). */
static void skip_reread(struct load *l)
{
    struct sql *q = sql_new(l->arena);
    sql_add(
        q,
        "INSERT INTO q_skips SELECT %L, m.pos, 'duplicate' FROM l_match AS m SEMI JOIN q_reread AS r ON r.pos = "
        "m.pos",
        l->relation);
    if (l->joined) {
        sql_add(q,
                " WHERE m.pos NOT IN (SELECT g._q_pos FROM l_good AS g ANTI JOIN l_match AS k ON "
                "k.pos = g._q_pos AND ");
        load_add_key_match(q, l, "k", "g");
        sql_add(q, ")");
    }
    sql_add(q, " GROUP BY m.pos HAVING NOT bool_or(m.changed)");
    load_audit_if(l, "l_match", sql_text(q));
}

static void reject_known(struct load *l)
{
    struct sql *q = sql_new(l->arena);
    if (rereads(l))
        skip_reread(l);
    sql_add(
        q,
        "INSERT INTO q_rejects (relation, pos, ord, rule, reason, detail) SELECT %L, m.pos, %d, 'grain', "
        "'duplicate_key', 'the target has a row with this key' FROM l_match AS m",
        l->relation, (int64_t)STEP_ORD_LOAD + 1);
    if (rereads(l))
        sql_add(q, " ANTI JOIN (SELECT pos FROM q_skips WHERE relation = %L) AS s ON s.pos = m.pos",
                l->relation);
    sql_add(q, " GROUP BY m.pos");
    load_audit(l, sql_text(q));
    load_audit(l, "INSERT INTO q_counts SELECT 'inserted', count(*) FROM l_good");
}

/* A record of several rows is skipped when none of them is new. */
static void skip_known(struct load *l)
{
    struct sql *q = sql_new(l->arena);
    count_inserted(l);
    sql_add(q, "INSERT INTO q_skips SELECT %L, pos, 'existing' FROM l_match", l->relation);
    if (l->joined) {
        sql_add(
            q,
            " WHERE pos NOT IN (SELECT g._q_pos FROM l_good AS g ANTI JOIN l_match AS m ON m.pos "
            "= g._q_pos AND ");
        load_add_key_match(q, l, "m", "g");
        sql_add(q, ")");
    }
    sql_add(q, " GROUP BY pos");
    load_audit_if(l, "l_match", sql_text(q));
}

static void count_changes(struct load *l)
{
    load_audit(l, "CREATE VIEW l_changed AS SELECT * FROM l_match WHERE changed");
    count_inserted(l);
    load_audit(
        l,
        "INSERT INTO q_counts SELECT CASE WHEN changed THEN 'updated' ELSE 'unchanged' END, count(*) FROM l_match "
        "GROUP BY changed");
}

/* The value before the last change, and its time; completing an inferred member is no change (SCD type 3). */
static void set_previous(struct sql *q, const struct load *l)
{
    const struct model_table *t = l->target;
    for (size_t i = 0; !t->is_fact && i < t->columns.n; i++) {
        const struct model_column *c = &t->columns.v[i];
        const char *previous = model_previous(l->arena, c->name),
                   *at = model_changed_at(l->arena, c->name);
        if (c->is_key || c->history != CFG_PREVIOUS || !is_compared(l, c))
            continue;
        const char *changes =
            sql_make(l->arena,
                     t->can_infer ? "t.%I IS DISTINCT FROM u.%I AND NOT t.inferred"
                                  : "t.%I IS DISTINCT FROM u.%I",
                     c->name, c->name);
        sql_add(q, "%I = CASE WHEN %s THEN t.%I ELSE t.%I END, ", previous, changes, c->name,
                previous);
        sql_add(q, "%I = CASE WHEN %s THEN (SELECT clock FROM q_run) ELSE t.%I END, ", at, changes,
                at);
    }
    if (t->can_infer)
        sql_add(q, "inferred = false, ");
}

static void publish_updates(struct load *l)
{
    struct sql *q = sql_new(l->arena), *from = sql_new(l->arena), *set = sql_new(l->arena);
    if (!each_value_column(set, l, "%I = u.%I", ", ") && !l->target->can_infer)
        return;
    sql_add(from, LOAD_WH ".%I AS t SEMI JOIN l_changed AS m ON ", l->target->stored);
    load_add_key_match(from, l, "t", "m");
    load_remember(l, "l_changed", sql_text(from));
    sql_add(q, "UPDATE " LOAD_WH ".%I AS t SET ", l->target->stored);
    set_previous(q, l);
    sql_add(q, "%s%s", sql_text(set), sql_text(set)[0] ? ", " : "");
    sql_add(
        q,
        "_q_run = (SELECT run_id FROM q_run), _q_pos = u._q_pos FROM (SELECT r.* FROM (%s) AS r SEMI JOIN "
        "l_changed AS m ON m.pos = r._q_pos AND ",
        select_rows(l, matched_rows(l), true));
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
            sql_text(from), select_rows(l, "l_good", true));
    load_add_key_match(into, l, "m", "r");
    load_publish(l, sql_text(into));
}

/* What the load changes must be one row a key; else the engine would take one of them in silence. */
static enum q_code prove(const struct plan_step *step, struct step_ctx *ctx, struct q_err *err)
{
    int64_t n = 0;
    enum q_code code = db_get_ints(ctx->db, step->sql.v[0], NULL, 0, &n, 1, 0, err);
    if (code || !n)
        return code;
    code = q_fail(err, Q_TARGET, "could not update \"%s\": %lld keys stand in it more than once",
                  step->relation, (long long)n);
    q_detail(
        err,
        "It, or a dimension that it refers to, was changed by hand. Nothing was changed by this run.");
    return code;
}

static void prove_updates(struct load *l)
{
    struct sql *q = sql_new(l->arena);
    struct plan_step *step = plan_add_step(
        l->plan, "load", q_printf(l->arena, "prove %s", l->target->stored), l->target->stored);
    step->run = prove;
    sql_add(q, "SELECT count(*) FROM (SELECT 1 FROM l_changed AS c GROUP BY ");
    load_add_keys(q, l, "c");
    sql_add(q, " HAVING count(*) > 1)");
    plan_step_sql(l->plan, step, sql_text(q));
}

static void upsert(struct load *l)
{
    match(l);
    if (load_deletes(l))
        load_find_gone(l);
    count_changes(l);
    if (load_deletes(l))
        load_publish_gone(l);
    publish_updates(l);
    prove_updates(l);
    if (load_deletes(l))
        load_prove_gone(l);
}

enum q_code load_merge(struct load *l, struct q_err *err)
{
    enum q_code code = Q_OK;
    if (!l->target->is_fact && l->target->has_history)
        return cfg_fail(err, l->cfg->pos, "%s has history: load it with `mode: history`",
                        l->target->name);
    if (load_mixes(l))
        code = load_final(l, err);
    if (code)
        return code;
    if (l->cfg->mode == CFG_APPEND || l->cfg->mode == CFG_INSERT_ONLY) {
        match(l);
        if (l->cfg->mode == CFG_APPEND)
            reject_known(l);
        else
            skip_known(l);
        code = load_infer(l, err);
    } else {
        code = load_infer(l, err);
        if (!code)
            upsert(l);
    }
    if (code)
        return code;
    publish_inserts(l);
    return Q_OK;
}
