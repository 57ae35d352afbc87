/* SPDX-License-Identifier: Apache-2.0 */
/* Mode history inside the load transaction: what the audit decided is carried out, and proven (SEMANTICS 22, 26). */
#include "load/history.h"

static bool overwrites(const struct load *l)
{
    return history_has(l, history_is_overwritten);
}

/* Which versions of a key an overwritten column changes (SEMANTICS 27). */
static const char *overwritten_versions(const struct load *l)
{
    return l->target->cfg->overwrite_current ? " AND t.is_current" : "";
}

/* Stored versions that will be changed, for their before-images. Those that the audit has read are taken from it. */
static void remember(struct load *l)
{
    const struct model_table *t = l->target;
    load_audit(l, sql_make(l->arena, "CREATE TABLE h_touched AS SELECT _q_key FROM h_set%s",
                           history_has_added(l) ? " UNION SELECT _q_key FROM h_fill" : ""));
    if (overwrites(l)) {
        load_audit_if(
            l, "h_over",
            sql_make(
                l->arena,
                "INSERT INTO h_touched SELECT t.%I FROM %s AS t SEMI JOIN h_over AS o ON %s WHERE t.%I > 0%s "
                "EXCEPT SELECT _q_key FROM h_touched",
                t->key, l->target_ref, history_match(l, "t", "o"), t->key,
                overwritten_versions(l)));
        load_remember(
            l, "h_over",
            sql_make(
                l->arena,
                LOAD_WH
                ".%I AS t SEMI JOIN h_touched AS k ON k._q_key = t.%I ANTI JOIN h_stored AS s ON "
                "s.%I = t.%I",
                t->stored, t->key, t->key, t->key));
    }
    load_remember(
        l, "h_touched",
        sql_make(
            l->arena,
            "(SELECT * EXCLUDE (_q_start) FROM h_stored) AS t SEMI JOIN h_touched AS k ON k._q_key = t.%I",
            t->key));
    if (history_deletes(l))
        load_remember(l, "h_gone", "(SELECT * EXCLUDE (_q_key, _q_start) FROM h_gone) AS t");
}

static void close_versions(struct load *l)
{
    const struct model_table *t = l->target;
    load_publish_if(
        l, "h_set",
        sql_make(
            l->arena,
            "UPDATE " LOAD_WH
            ".%I AS t SET valid_to = n._q_until, is_current = false FROM (SELECT _q_key, _q_until FROM h_set "
            "WHERE NOT (fixed OR valid_from <> old_from OR NOT was_current OR version <> old_version OR ended "
            "<> old_ended)) AS n WHERE t.%I = n._q_key",
            t->stored, t->key));
}

/* Versions that a late row or a correction changes; their `_q_run` and `_q_pos` become those of the row. */
static void rewrite_versions(struct load *l)
{
    const struct model_table *t = l->target;
    load_publish_if(
        l, "h_rewrites",
        sql_make(
            l->arena,
            "UPDATE " LOAD_WH
            ".%I AS t SET valid_from = n.valid_from, valid_to = CASE WHEN n.is_current THEN %s ELSE n._q_until END, "
            "is_current = n.is_current, _q_ended = n.ended, version = n.version, first_seen_at = n.first_seen_at, is_deleted = "
            "n.is_deleted%s%s, _q_run = CASE WHEN n._q_row IS NULL THEN t._q_run ELSE (SELECT run_id FROM q_run) END, _q_pos = "
            "coalesce(n._q_from, t._q_pos) FROM (SELECT h.*, r._q_pos AS _q_from FROM h_rewrites AS h LEFT JOIN h_rows AS r ON "
            "r._q_row = h._q_row) AS n WHERE t.%I = n._q_key",
            t->stored, load_open_end(l),
            t->can_infer ? ", inferred = t.inferred AND NOT n.completed" : "",
            history_columns(l, history_is_kept, ", %I = n.%I", "", ""), t->key));
}

static void fill_columns(struct load *l)
{
    struct sql *q = sql_new(l->arena);
    bool first = true;
    if (!history_has_added(l))
        return;
    sql_add(q, "UPDATE " LOAD_WH ".%I AS t SET ", l->target->stored);
    for (size_t i = 0; i < l->target->columns.n; i++)
        if (l->added[i]) {
            sql_sep(q, &first, ", ");
            sql_add(q, "%I = f.%I", l->target->columns.v[i].name, l->target->columns.v[i].name);
        }
    sql_add(q, " FROM h_fill AS f WHERE t.%I = f._q_key", l->target->key);
    load_publish_if(l, "h_fill", sql_text(q));
}

/* The overwritten columns with their companions: "fmt(name, name)" each. */
static const char *overwritten(const struct load *l, const char *fmt)
{
    struct sql *q = sql_new(l->arena);
    for (size_t i = 0; i < l->target->columns.n; i++) {
        const struct model_column *c = &l->target->columns.v[i];
        if (!history_is_overwritten(c))
            continue;
        sql_add(q, fmt, c->name, c->name);
        if (!history_is_previous(c))
            continue;
        const char *previous = model_previous(l->arena, c->name),
                   *changed = model_changed_at(l->arena, c->name);
        sql_add(q, fmt, previous, previous);
        sql_add(q, fmt, changed, changed);
    }
    return sql_text(q);
}

static void overwrite_columns(struct load *l)
{
    if (!overwrites(l))
        return;
    load_publish_if(
        l, "h_over",
        sql_make(
            l->arena,
            "UPDATE " LOAD_WH
            ".%I AS t SET _q_overwritten_at = f._q_over_at, _q_overwritten_run = f._q_over_run, _q_overwritten_pos = "
            "f._q_over_pos%s FROM h_over AS f WHERE %s%s",
            l->target->stored, overwritten(l, ", %I = f.%I"), history_match(l, "t", "f"),
            overwritten_versions(l)));
}

static void insert_versions(struct load *l)
{
    const struct model_table *t = l->target;
    struct sql *q = sql_new(l->arena);
    bool over = overwrites(l);
    sql_add(
        q,
        "INSERT INTO " LOAD_WH
        ".%I (%I, valid_from, valid_to, is_current, is_deleted, version, first_seen_at, _q_ended, _q_overwritten_at, "
        "_q_overwritten_run, _q_overwritten_pos, _q_run, _q_pos%s",
        t->stored, t->key, t->can_infer ? ", inferred" : "");
    for (size_t i = 0; i < t->columns.n; i++)
        if (!history_is_overwritten(&t->columns.v[i]))
            sql_add(q, ", %I", t->columns.v[i].name);
    sql_add(q, "%s", over ? overwritten(l, ", %I") : "");
    sql_add(
        q,
        ") SELECT n._q_key, n.valid_from, coalesce(n._q_until, %s), n.is_current, false, n.version, n._q_seen, n.ended, %s, "
        "(SELECT run_id FROM q_run), n._q_pos%s",
        load_open_end(l), over ? "f._q_over_at, f._q_over_run, f._q_over_pos" : "NULL, NULL, NULL",
        t->can_infer ? ", false" : "");
    for (size_t i = 0; i < t->columns.n; i++)
        if (!history_is_overwritten(&t->columns.v[i]))
            sql_add(q, ", n.%I", t->columns.v[i].name);
    sql_add(q, "%s FROM h_new AS n", over ? overwritten(l, ", f.%I") : "");
    if (over)
        sql_add(q, " JOIN h_final AS f ON %s", history_match(l, "n", "f"));
    load_publish_if(l, "h_new", sql_text(q));
}

/* The versions of keys that a full snapshot lacks end at the run's clock; a tombstone stands for the time behind. */
static void end_gone(struct load *l)
{
    const struct model_table *t = l->target;
    bool tombstone = l->cfg->deletes == CFG_DELETES_TOMBSTONE;
    if (!history_deletes(l))
        return;
    load_publish_if(
        l, "h_gone",
        sql_make(
            l->arena,
            "UPDATE " LOAD_WH
            ".%I AS t SET valid_to = (SELECT clock FROM q_run), is_current = false, _q_ended = %s FROM h_gone "
            "AS g WHERE t.%I = g._q_key",
            t->stored, tombstone ? "false" : "true", t->key));
    if (!tombstone)
        return;
    load_publish_if(
        l, "h_gone",
        sql_make(
            l->arena,
            "INSERT INTO " LOAD_WH
            ".%I BY NAME SELECT t.* REPLACE ((SELECT greatest(coalesce(max(%I), 0), 0) FROM " LOAD_WH
            ".%I) + row_number() OVER (ORDER BY %s) AS %I, (SELECT clock FROM q_run) AS valid_from, %s AS valid_to, true AS "
            "is_current, true AS is_deleted, t.version + 1 AS version, (SELECT clock FROM q_run) AS first_seen_at, (SELECT "
            "run_id FROM q_run) AS _q_run, NULL AS _q_pos) FROM " LOAD_WH
            ".%I AS t SEMI JOIN h_gone AS g ON g._q_key = t.%I",
            t->stored, t->key, t->stored, history_keys(l, "t"), t->key, load_open_end(l), t->stored,
            t->key));
}

/* ---- the proof ---- */

/* Count and sum of hashes of the closed versions of a relation. */
static const char *closed_sum(const struct load *l, const char *from)
{
    return sql_make(
        l->arena,
        "SELECT count(*) AS n, coalesce(sum(%s::HUGEINT), 0) AS checksum FROM %s WHERE NOT is_current",
        model_closed_hash(l->arena, l->target), from);
}

/* All versions of the touched keys whose past was not read so far: to be proven again while that is cheap. */
static void watch_past(struct load *l)
{
    const struct model_table *t = l->target;
    struct sql *q = sql_new(l->arena);
    sql_add(
        q,
        "CREATE TABLE h_watch AS SELECT t.* FROM %s AS t SEMI JOIN (SELECT %s FROM h_new AS n UNION SELECT %s FROM "
        "h_set AS n",
        l->target_ref, history_keys(l, "n"), history_keys(l, "n"));
    if (history_deletes(l))
        sql_add(q, " UNION SELECT %s FROM h_gone AS n", history_keys(l, "n"));
    sql_add(q, ") AS k ON %s ANTI JOIN h_stored AS s ON s.%I = t.%I WHERE NOT t.is_current",
            history_match(l, "t", "k"), t->key, t->key);
    if (l->short_past)
        load_audit(l, sql_text(q));
}

/* Closed versions as they were: those that a splice may change, and those of the same keys that it must not. */
static void sum_before(struct load *l)
{
    const struct model_table *t = l->target;
    load_audit(
        l, sql_make(l->arena, "CREATE TABLE h_before AS %s",
                    closed_sum(l, sql_make(l->arena,
                                           "h_stored SEMI JOIN h_set ON h_set._q_key = h_stored.%I",
                                           t->key))));
    load_audit(
        l,
        sql_make(
            l->arena,
            "CREATE TABLE h_past AS SELECT s.* EXCLUDE (_q_start) FROM h_stored AS s ANTI JOIN h_set ON "
            "h_set._q_key = s.%I WHERE NOT s.is_current%s",
            t->key, l->short_past ? " UNION ALL BY NAME SELECT * FROM h_watch" : ""));
    load_audit(l, sql_make(l->arena, "CREATE TABLE h_kept AS %s", closed_sum(l, "h_past")));
}

/* "..., name" of the columns that rule 22 protects, of `n`; what a later column was filled with comes from `x`. */
static const char *protected_columns(const struct load *l)
{
    struct sql *q = sql_new(l->arena);
    for (size_t i = 0; i < l->target->columns.n; i++) {
        const struct model_column *c = &l->target->columns.v[i];
        if (history_is_overwritten(c))
            continue;
        if (!c->is_key && l->added[i])
            sql_add(q, ", coalesce(n.%I, x.%I) AS %I", c->name, c->name, c->name);
        else
            sql_add(q, ", n.%I", c->name);
    }
    return sql_text(q);
}

/* Versions that this run closes, or leaves closed, as they will be: what they add to the checksum. */
static void sum_after(struct load *l)
{
    const struct model_table *t = l->target;
    const char *columns = protected_columns(l);
    const char *fill = history_has_added(l) ? " LEFT JOIN h_fill AS x ON x._q_key = n._q_key" : "";
    struct sql *q = sql_new(l->arena);
    sql_add(
        q,
        "(SELECT n._q_key AS %I, n.valid_from, n._q_until AS valid_to, n.is_current%s FROM h_set AS n%s UNION ALL BY NAME "
        "SELECT n._q_key AS %I, n.valid_from, n._q_until AS valid_to, n.is_current%s FROM h_new AS n%s",
        t->key, columns, fill, t->key, columns, fill);
    if (history_deletes(l))
        sql_add(
            q,
            " UNION ALL BY NAME SELECT n._q_key AS %I, n.valid_from, (SELECT clock FROM q_run) AS valid_to, false AS "
            "is_current%s FROM h_gone AS n%s",
            t->key, columns, fill);
    sql_add(q, ")");
    load_audit(l, sql_make(l->arena, "CREATE TABLE h_after AS %s", closed_sum(l, sql_text(q))));
}

/* What was written, read back: of the versions that the run inserted or touched the columns that the invariants are about.
 * Two joins rather than an OR: each lets the engine pass over the blocks of the table in which nothing can be. */
static void read_back(struct load *l)
{
    const struct model_table *t = l->target;
    const char *columns = sql_make(
        l->arena, "t.%I, %s, t.valid_from, t.valid_to, t.is_current, t.is_deleted, t._q_ended%s",
        t->key, history_keys(l, "t"), t->can_infer ? ", t.inferred" : "");
    load_publish(
        l,
        sql_make(
            l->arena,
            "CREATE TEMP TABLE h_back AS SELECT %s FROM " LOAD_WH
            ".%I AS t SEMI JOIN h_new AS k ON k._q_key = t.%I UNION ALL SELECT %s FROM " LOAD_WH
            ".%I AS t SEMI JOIN (SELECT %I FROM h_stored UNION SELECT %I FROM h_past%s) AS k ON k.%I = t.%I",
            columns, t->stored, t->key, columns, t->stored, t->key, t->key,
            history_deletes(l) ? " UNION SELECT _q_key FROM h_gone" : "", t->key, t->key));
}

static void carry_checksum(struct load *l)
{
    const struct model_table *t = l->target;
    load_publish(
        l,
        sql_make(
            l->arena,
            "CREATE TEMP TABLE h_carried AS SELECT coalesce(c.closed_rows, 0) + f.n - b.n AS n, coalesce(CAST(c.checksum AS "
            "HUGEINT), 0) + f.checksum - b.checksum AS checksum FROM h_after AS f, h_before AS b LEFT JOIN (SELECT * FROM "
            "wh.quern.checksums WHERE table_name = %L) AS c ON true",
            t->stored));
    load_publish(
        l, sql_make(l->arena, "DELETE FROM wh.quern.checksums WHERE table_name = %L", t->stored));
    load_publish(
        l,
        sql_make(
            l->arena,
            "INSERT INTO wh.quern.checksums SELECT %L, n, CAST(checksum AS VARCHAR), (SELECT run_id FROM "
            "q_run) FROM h_carried",
            t->stored));
    load_publish(l, "DROP TABLE h_carried");
}

/* The states that a version may be in (see history.h); true for one that is in none of them. */
static const char *stateless(const struct load *l)
{
    return sql_make(
        l->arena,
        "NOT CASE WHEN is_current THEN valid_to IS NOT DISTINCT FROM %s AND NOT _q_ended ELSE valid_to IS NOT NULL%s "
        "END",
        load_open_end(l), l->target->can_infer ? " AND NOT inferred" : "");
}

/* The invariants of rule 26, for the touched keys, as one row of counts that must all be zero. */
static const char *invariants_sql(const struct load *l)
{
    const struct model_table *t = l->target;
    return sql_make(
        l->arena,
        "SELECT (SELECT count(*) FROM (SELECT *, lead(valid_from) OVER (PARTITION BY %s ORDER BY valid_from, valid_to) AS "
        "_q_next FROM h_back AS t) WHERE _q_next < coalesce(valid_to, TIMESTAMP 'infinity') OR valid_to <= valid_from), "
        "(SELECT count(*) FROM (SELECT 1 FROM h_back AS t WHERE is_current GROUP BY %s HAVING count(*) > 1)), (SELECT "
        "count(*) - count(DISTINCT %I) FROM h_back), (SELECT count(*) FROM h_back WHERE %s), (SELECT CASE WHEN f.n = k.n AND f.checksum = k.checksum THEN 0 ELSE 1 "
        "END FROM (%s) AS f, h_kept AS k)",
        history_keys(l, "t"), history_keys(l, "t"), t->key, stateless(l),
        closed_sum(l, sql_make(l->arena,
                               "(SELECT t.* FROM " LOAD_WH
                               ".%I AS t SEMI JOIN h_past AS k ON k.%I = t.%I)",
                               t->stored, t->key, t->key)));
}

static enum q_code prove(const struct plan_step *step, struct step_ctx *ctx, struct q_err *err)
{
    static const char *const broken[] = {
        "versions overlap", "a key has several current versions", "a surrogate key is there twice",
        "a version is neither current nor closed", "a closed version changed"};
    enum { BROKEN = sizeof broken / sizeof *broken };
    int64_t counts[BROKEN];
    enum q_code code = db_get_ints(ctx->db, step->sql.v[0], NULL, 0, counts, BROKEN, -1, err);
    for (int i = 0; i < BROKEN && !code; i++)
        if (counts[i] != 0) {
            code = q_fail(err, Q_TARGET, "could not publish \"%s\": %s", step->relation, broken[i]);
            q_detail(
                err,
                "The warehouse is as before. It may have been changed by hand, or this is a defect of quern.");
        }
    return code ? code : db_exec(ctx->db, "DROP TABLE h_back", NULL, 0, NULL, err);
}

void history_publish(struct load *l)
{
    remember(l);
    watch_past(l);
    sum_before(l);
    sum_after(l);
    close_versions(l);
    rewrite_versions(l);
    fill_columns(l);
    overwrite_columns(l);
    insert_versions(l);
    end_gone(l);
    read_back(l);
    carry_checksum(l);
    struct plan_step *step = plan_add_step(
        l->plan, "load", q_printf(l->arena, "prove %s", l->target->stored), l->target->stored);
    step->publishes = true;
    step->run = prove;
    plan_step_sql(l->plan, step, invariants_sql(l));
}
