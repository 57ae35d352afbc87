/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dimensions with history (SEMANTICS 19 to 27, types 1 and 2).
 *
 * Each row of the batch is classed against the current version of its key (h_class):
 *     new         the key has no current version
 *     after       later than the start of the current version
 *     same        at its start, with the same tracked columns
 *     correction  at its start, with other tracked columns       -> rejected for now
 *     late        before its start: unchanged when it equals the version valid then, else rejected for now
 * `new` and `after` rows of a key are put in order of time; a row whose tracked (`keep`) columns differ, NULL-safe, from
 * the one before it opens a version (h_new). The `overwrite` columns of all versions get the values of the key's latest
 * row, unless a later one overwrote them already (h_final).
 *
 * A version that starts at initial_valid_from counts as starting at its first_seen_at.
 *
 * A column that the model got later is NULL in the versions that were there. That is no change: the first row of a key that
 * agrees with the current version in all other tracked columns puts its value into it (h_fill).
 */
#include "base/parse.h"
#include "load/internal.h"
#include "state/state.h"

static bool is_kept(const struct model_column *c)
{
    return !c->is_key && c->history == CFG_KEEP;
}

static bool is_overwritten(const struct model_column *c)
{
    return !c->is_key && c->history != CFG_KEEP;
}

/* "fmt(name, name)" of the columns of one kind, or `none`. */
static void each_column(struct sql *q, const struct load *l,
                        bool (*kind)(const struct model_column *), const char *fmt,
                        const char *separator, const char *none)
{
    bool first = true;
    for (size_t i = 0; i < l->target->columns.n; i++) {
        const struct model_column *c = &l->target->columns.v[i];
        if (!kind(c))
            continue;
        sql_sep(q, &first, separator);
        sql_add(q, fmt, c->name, c->name, c->name, c->name);
    }
    if (first)
        sql_add(q, "%s", none);
}

static const char *differ(const struct load *l, bool (*kind)(const struct model_column *),
                          const char *fmt)
{
    struct sql *q = sql_new(l->arena);
    sql_add(q, "(");
    each_column(q, l, kind, fmt, " OR ", "false");
    sql_add(q, ")");
    return sql_text(q);
}

/* Tracked columns of row r that differ from those of the stored version `v`. */
static const char *differ_from(const struct load *l, const char *v)
{
    struct sql *q = sql_new(l->arena);
    bool first = true;
    sql_add(q, "(");
    for (size_t i = 0; i < l->target->columns.n; i++) {
        const char *name = l->target->columns.v[i].name;
        if (!is_kept(&l->target->columns.v[i]))
            continue;
        sql_sep(q, &first, " OR ");
        sql_add(q, "r.%I IS DISTINCT FROM %I.%I", name, v, name);
        if (l->added[i])
            sql_add(q, " AND NOT (%I.%I IS NULL AND %I._q_run < %d)", v, name, v, l->added[i]);
    }
    sql_add(q, ")"); /* a target with history tracks at least one column */
    return sql_text(q);
}

static const char *keys_of(const struct load *l, const char *alias)
{
    struct sql *q = sql_new(l->arena);
    load_add_keys(q, l, alias);
    return sql_text(q);
}

static const char *match_of(const struct load *l, const char *a, const char *b)
{
    struct sql *q = sql_new(l->arena);
    load_add_key_match(q, l, a, b);
    return sql_text(q);
}

static void collect(struct load *l)
{
    const struct model_table *t = l->target;
    load_audit(
        l,
        "CREATE TABLE h_rows AS SELECT *, row_number() OVER (ORDER BY _q_pos) AS _q_row FROM l_good");
    load_audit(
        l,
        sql_make(
            l->arena,
            "CREATE TABLE h_state AS SELECT NOT EXISTS (SELECT 1 FROM %s WHERE %I > 0) AS was_empty",
            l->target_ref, t->key));
    load_audit(
        l,
        sql_make(
            l->arena,
            "CREATE TABLE h_cur AS SELECT t.*, CASE WHEN t.valid_from <= %M THEN coalesce(t.first_seen_at, "
            "t.valid_from) ELSE t.valid_from END AS _q_start FROM %s AS t SEMI JOIN h_rows AS r ON %s WHERE "
            "t.is_current AND t.%I > 0",
            l->plan->project->initial_valid_from, l->target_ref, match_of(l, "t", "r"), t->key));
    load_audit(
        l,
        sql_make(
            l->arena,
            "CREATE TABLE h_class AS SELECT r._q_row, r._q_pos, CASE WHEN c.%I IS NULL THEN 'new' WHEN r._q_at > "
            "c._q_start THEN 'after' WHEN r._q_at < c._q_start THEN 'late' WHEN %s THEN 'correction' ELSE "
            "'same' END AS class FROM h_rows AS r LEFT JOIN h_cur AS c ON %s",
            t->key, differ_from(l, "c"), match_of(l, "r", "c")));
}

static void reject_late(struct load *l)
{
    const char *insert = "INSERT INTO q_rejects (relation, pos, ord, rule, reason, detail) ";
    load_audit(
        l,
        sql_make(
            l->arena,
            "%sSELECT %L, r._q_pos, %d, 'history', 'late_row', 'the row is older than the current version and "
            "differs from the version valid at its time' FROM h_rows AS r JOIN h_class AS x ON x._q_row = "
            "r._q_row AND x.class = 'late' LEFT JOIN %s AS v ON %s AND r._q_at >= v.valid_from AND r._q_at < "
            "coalesce(v.valid_to, TIMESTAMP 'infinity') WHERE v.%I IS NULL OR %s",
            insert, l->relation, (int64_t)STEP_ORD_LOAD + 1, l->target_ref, match_of(l, "r", "v"),
            l->target->key, differ_from(l, "v")));
    load_audit(
        l,
        sql_make(
            l->arena,
            "%sSELECT %L, _q_pos, %d, 'history', 'same_time_correction', 'the current version starts at the "
            "same time with other content' FROM h_class WHERE class = 'correction'",
            insert, l->relation, (int64_t)STEP_ORD_LOAD + 1));
}

static void sequence(struct load *l)
{
    const struct model_table *t = l->target;
    struct sql *payload = sql_new(l->arena);
    load_add_payload(payload, l, "r");
    load_audit(
        l,
        sql_make(
            l->arena,
            "CREATE TABLE h_seq AS SELECT r._q_row, r._q_pos, r._q_at%s, c.%I AS _q_cur, c.version AS _q_version, CASE "
            "WHEN row_number() OVER w > 1 THEN %s WHEN c.%I IS NOT NULL THEN %s ELSE true END AS _q_opens FROM "
            "h_rows AS r JOIN h_class AS x ON x._q_row = r._q_row AND x.class IN ('new', 'after', 'same') LEFT JOIN "
            "h_cur AS c ON %s WINDOW w AS (PARTITION BY %s ORDER BY r._q_at)",
            sql_text(payload), t->key, differ(l, is_kept, "r.%I IS DISTINCT FROM lag(r.%I) OVER w"),
            t->key, differ_from(l, "c"), match_of(l, "r", "c"), keys_of(l, "r")));
    load_audit(
        l,
        sql_make(
            l->arena,
            "CREATE TABLE h_new AS SELECT s.*, lead(_q_at) OVER v AS _q_until, row_number() OVER v AS _q_number "
            "FROM h_seq AS s WHERE _q_opens WINDOW v AS (PARTITION BY %s ORDER BY _q_at)",
            keys_of(l, "s")));
}

static bool has_added(const struct load *l)
{
    for (size_t i = 0; i < l->target->columns.n; i++)
        if (l->added[i])
            return true;
    return false;
}

/* Values for columns of current versions that were there before the column was. */
static void fills(struct load *l)
{
    struct sql *values = sql_new(l->arena), *any = sql_new(l->arena);
    bool first = true;
    for (size_t i = 0; i < l->target->columns.n; i++) {
        const char *name = l->target->columns.v[i].name;
        if (!l->added[i])
            continue;
        sql_add(values, ", CASE WHEN c.%I IS NULL AND c._q_run < %d THEN s.%I ELSE c.%I END AS %I",
                name, l->added[i], name, name, name);
        sql_sep(any, &first, " OR ");
        sql_add(any, "(c.%I IS NULL AND c._q_run < %d AND s.%I IS NOT NULL)", name, l->added[i],
                name);
    }
    load_audit(
        l,
        sql_make(
            l->arena,
            "CREATE TABLE h_fill AS SELECT s._q_row, s._q_cur%s FROM (SELECT * FROM h_seq AS s QUALIFY "
            "row_number() OVER (PARTITION BY %s ORDER BY s._q_at) = 1) AS s JOIN h_cur AS c ON c.%I = s._q_cur "
            "WHERE NOT s._q_opens AND (%s)",
            sql_text(values), keys_of(l, "s"), l->target->key, first ? "false" : sql_text(any)));
}

static void overwrites(struct load *l)
{
    const struct model_table *t = l->target;
    struct sql *last = sql_new(l->arena);
    each_column(last, l, is_overwritten, ", r.%I", "", "");
    load_audit(
        l,
        sql_make(
            l->arena,
            "CREATE TABLE h_last AS SELECT r._q_row, r._q_at, %s%s FROM h_rows AS r JOIN h_class AS x ON "
            "x._q_row = r._q_row AND x.class IN ('new', 'after', 'same') QUALIFY row_number() OVER (PARTITION "
            "BY %s ORDER BY r._q_at DESC) = 1",
            keys_of(l, "r"), sql_text(last), keys_of(l, "r")));
    struct sql *q = sql_new(l->arena);
    const char *newer = sql_make(
        l->arena, "(c.%I IS NULL OR c._q_overwritten_at IS NULL OR p._q_at >= c._q_overwritten_at)",
        t->key);
    const char *differs = differ(l, is_overwritten, "p.%I IS DISTINCT FROM c.%I");
    sql_add(q, "CREATE TABLE h_final AS SELECT p._q_row, %s", keys_of(l, "p"));
    for (size_t i = 0; i < t->columns.n; i++) {
        const char *name = t->columns.v[i].name;
        if (is_overwritten(&t->columns.v[i]))
            sql_add(q, ", CASE WHEN %s THEN p.%I ELSE c.%I END AS %I", newer, name, name, name);
    }
    sql_add(
        q,
        ", CASE WHEN c.%I IS NULL OR (%s AND %s) THEN p._q_at ELSE c._q_overwritten_at END AS _q_over_at, (c.%I IS NOT "
        "NULL AND %s AND %s) AS _q_overwrites FROM h_last AS p LEFT JOIN h_cur AS c ON %s",
        t->key, newer, differs, t->key, newer, differs, match_of(l, "p", "c"));
    load_audit(l, sql_text(q));
}

static void count_changes(struct load *l)
{
    load_audit(
        l,
        "INSERT INTO q_counts SELECT 'inserted', count(*) FROM h_new WHERE _q_cur IS NULL AND _q_number = 1");
    load_audit(
        l,
        "INSERT INTO q_counts SELECT 'updated', (SELECT count(*) FROM h_new WHERE _q_cur IS NOT NULL OR _q_number > "
        "1) + (SELECT count(*) FROM (SELECT _q_row FROM h_final WHERE _q_overwrites UNION SELECT _q_row FROM h_fill) AS f "
        "ANTI JOIN h_new AS n ON n._q_row = f._q_row)");
    load_audit(
        l,
        "INSERT INTO q_counts SELECT 'unchanged', (SELECT count(*) FROM l_good) - (SELECT sum(n) FROM q_counts WHERE "
        "name IN ('inserted', 'updated'))");
    load_audit(l, "INSERT INTO q_counts SELECT 'versions_opened', count(*) FROM h_new");
    load_audit(
        l,
        "INSERT INTO q_counts SELECT 'versions_closed', count(*) FILTER (_q_until IS NOT NULL) + count(*) FILTER "
        "(_q_number = 1 AND _q_cur IS NOT NULL) FROM h_new");
}

static const char *open_end(const struct load *l)
{
    return l->plan->project->open_end_null ? "NULL" : "TIMESTAMP '9999-12-31 00:00:00'";
}

static void publish_closings(struct load *l)
{
    const struct model_table *t = l->target;
    load_publish(
        l, sql_make(
               l->arena,
               "UPDATE " LOAD_WH
               ".%I AS t SET valid_to = n._q_at, is_current = false FROM (SELECT _q_cur, _q_at "
               "FROM h_new WHERE _q_number = 1 AND _q_cur IS NOT NULL) AS n WHERE t.%I = n._q_cur",
               t->stored, t->key));
}

static void publish_fills(struct load *l)
{
    struct sql *q = sql_new(l->arena);
    bool first = true;
    sql_add(q, "UPDATE " LOAD_WH ".%I AS t SET ", l->target->stored);
    for (size_t i = 0; i < l->target->columns.n; i++)
        if (l->added[i]) {
            sql_sep(q, &first, ", ");
            sql_add(q, "%I = f.%I", l->target->columns.v[i].name, l->target->columns.v[i].name);
        }
    sql_add(q, " FROM h_fill AS f WHERE t.%I = f._q_cur", l->target->key);
    load_publish(l, sql_text(q));
}

static void publish_overwrites(struct load *l)
{
    struct sql *q = sql_new(l->arena);
    sql_add(q, "UPDATE " LOAD_WH ".%I AS t SET _q_overwritten_at = f._q_over_at",
            l->target->stored);
    each_column(q, l, is_overwritten, ", %I = f.%I", "", "");
    sql_add(q, " FROM (SELECT * FROM h_final WHERE _q_overwrites) AS f WHERE %s",
            match_of(l, "t", "f"));
    load_publish(l, sql_text(q));
}

static void publish_versions(struct load *l)
{
    const struct model_table *t = l->target;
    struct sql *q = sql_new(l->arena);
    int64_t initial = l->plan->project->initial_valid_from;
    sql_add(q,
            "INSERT INTO " LOAD_WH
            ".%I (%I, valid_from, valid_to, is_current, version, first_seen_at, _q_overwritten_at, "
            "_q_run, _q_pos",
            t->stored, t->key);
    for (size_t i = 0; i < t->columns.n; i++)
        sql_add(q, ", %I", t->columns.v[i].name);
    sql_add(q,
            ") SELECT (SELECT greatest(coalesce(max(%I), 0), 0) FROM " LOAD_WH
            ".%I) + row_number() OVER (ORDER BY %s, "
            "n._q_at)",
            t->key, t->stored, keys_of(l, "n"));
    sql_add(
        q,
        ", CASE WHEN n._q_cur IS NULL AND n._q_number = 1 AND (SELECT was_empty FROM h_state) THEN least(%M, n._q_at) "
        "ELSE n._q_at END, coalesce(n._q_until, %s), n._q_until IS NULL, coalesce(n._q_version, 0) + n._q_number, "
        "n._q_at, f._q_over_at, (SELECT run_id FROM q_run), n._q_pos",
        initial, open_end(l));
    for (size_t i = 0; i < t->columns.n; i++)
        sql_add(q, ", %s.%I", is_overwritten(&t->columns.v[i]) ? "f" : "n", t->columns.v[i].name);
    sql_add(q, " FROM h_new AS n JOIN h_final AS f ON %s", match_of(l, "n", "f"));
    load_publish(l, sql_text(q));
}

/* What rule 22 protects of a closed version, as a number. NULLs are left out, so that a new column does not change it. */
static const char *closed_hash(const struct load *l)
{
    struct sql *q = sql_new(l->arena);
    sql_add(q,
            "md5_number_lower(concat_ws(',', CAST(%I AS VARCHAR), CAST(valid_from AS VARCHAR), "
            "CAST(valid_to AS VARCHAR)",
            l->target->key);
    for (size_t i = 0; i < l->target->columns.n; i++)
        if (!is_overwritten(&l->target->columns.v[i]))
            sql_add(q, ", %L || to_json(CAST(%I AS VARCHAR))::VARCHAR",
                    q_printf(l->arena, "%s:", l->target->columns.v[i].name),
                    l->target->columns.v[i].name);
    sql_add(q, "))");
    return sql_text(q);
}

/* Closed versions of the touched keys before the load; the load must leave them as they are. */
static void remember_closed(struct load *l)
{
    load_audit(l, sql_make(l->arena, "CREATE TABLE h_touched AS SELECT DISTINCT %s FROM h_new AS n",
                           keys_of(l, "n")));
    load_audit(
        l,
        sql_make(
            l->arena,
            "CREATE TABLE h_closed AS SELECT count(*) AS n, coalesce(sum(%s::HUGEINT), 0) AS checksum FROM %s AS "
            "t SEMI JOIN h_touched AS k ON %s WHERE NOT t.is_current",
            closed_hash(l), l->target_ref, match_of(l, "t", "k")));
}

/* The invariants of rule 26, for the touched keys, as one row of counts that must all be zero. */
static const char *invariants_sql(const struct load *l)
{
    const struct model_table *t = l->target;
    return sql_make(
        l->arena,
        "WITH touched AS (SELECT t.*, lead(t.valid_from) OVER (PARTITION BY %s ORDER BY t.valid_from) AS _q_next FROM " LOAD_WH
        ".%I AS t SEMI JOIN h_touched AS k ON %s), fresh AS (SELECT %I FROM touched AS t WHERE NOT "
        "t.is_current AND (_q_run = (SELECT run_id FROM q_run) OR %I IN (SELECT _q_cur FROM h_new))) SELECT (SELECT "
        "count(*) FROM touched WHERE _q_next < coalesce(valid_to, TIMESTAMP 'infinity') OR valid_to <= valid_from), "
        "(SELECT count(*) FROM (SELECT 1 FROM touched AS t WHERE is_current GROUP BY %s HAVING count(*) > 1)), "
        "(SELECT CASE WHEN count(*) = (SELECT n FROM h_closed) AND coalesce(sum(%s::HUGEINT), 0) = (SELECT checksum "
        "FROM h_closed) THEN 0 ELSE 1 END FROM touched WHERE NOT is_current AND %I NOT IN (SELECT %I FROM fresh))",
        keys_of(l, "t"), t->stored, match_of(l, "t", "k"), t->key, t->key, keys_of(l, "t"),
        closed_hash(l), t->key, t->key);
}

static void carry_checksum(struct load *l)
{
    const struct model_table *t = l->target;
    const char *fresh = sql_make(
        l->arena,
        "(SELECT count(*) AS n, coalesce(sum(%s::HUGEINT), 0) AS checksum FROM " LOAD_WH
        ".%I WHERE NOT is_current AND (_q_run = (SELECT run_id FROM q_run) OR %I IN (SELECT _q_cur FROM "
        "h_new)))",
        closed_hash(l), t->stored, t->key);
    load_publish(
        l,
        sql_make(
            l->arena,
            "CREATE TEMP TABLE h_carried AS SELECT f.n + coalesce(c.closed_rows, 0) AS n, f.checksum + "
            "coalesce(CAST(c.checksum AS HUGEINT), 0) AS checksum FROM %s AS f LEFT JOIN (SELECT * FROM "
            "wh.quern.checksums WHERE table_name = %L) AS c ON true",
            fresh, t->stored));
    load_publish(
        l, sql_make(l->arena, "DELETE FROM wh.quern.checksums WHERE table_name = %L", t->stored));
    load_publish(
        l,
        sql_make(
            l->arena,
            "INSERT INTO wh.quern.checksums SELECT %L, n, CAST(checksum AS VARCHAR), (SELECT run_id FROM q_run) "
            "FROM h_carried",
            t->stored));
    load_publish(l, "DROP TABLE h_carried");
}

static enum q_code prove(const struct plan_step *step, struct step_ctx *ctx, struct q_err *err)
{
    static const char *const broken[] = {"versions overlap", "a key has several current versions",
                                         "a closed version changed"};
    int64_t counts[3];
    enum q_code code = db_get_ints(ctx->db, step->sql.v[0], NULL, 0, counts, 3, -1, err);
    for (int i = 0; i < 3 && !code; i++)
        if (counts[i] != 0) {
            code = q_fail(err, Q_TARGET, "could not publish \"%s\": %s", step->relation, broken[i]);
            q_detail(
                err,
                "The warehouse is as before. It may have been changed by hand, or this is a defect of quern.");
        }
    return code;
}

struct added {
    const struct load *l;
    int64_t *runs; /* by column */
};

static enum q_code take_added(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct added *a = arg;
    const struct model_table *t = a->l->target;
    const char *key = db_cell_text(a->l->arena, b, 0, row),
               *run = db_cell_text(a->l->arena, b, 1, row);
    for (size_t i = 0; i < t->columns.n; i++)
        if (is_kept(&t->columns.v[i]) &&
            q_streq(key, load_added_key(a->l->arena, t, t->columns.v[i].name)))
            return q_parse_int(run, key, 1, INT64_MAX, &a->runs[i], err);
    return Q_OK;
}

/* Which run added which of the tracked columns; this run adds those that the target lacks. */
static enum q_code find_added(struct load *l, struct q_err *err)
{
    const struct model_table *t = l->target;
    struct added a = {l, q_alloc_array(l->arena, t->columns.n, sizeof *a.runs)};
    struct q_schema have = {0};
    enum q_code code = Q_OK;
    l->added = a.runs;
    if (!q_map_has(l->plan->existing, t->stored) || !state_exists(l->plan->db))
        return Q_OK;
    code = db_each(l->plan->db,
                   sql_make(l->arena,
                            "SELECT key, value FROM wh.quern.meta WHERE starts_with(key, %L)",
                            load_added_key(l->arena, t, "")),
                   NULL, 0, take_added, &a, err);
    if (code || q_map_get(l->plan->existing, t->stored))
        return code;
    code = db_describe(l->plan->db, sql_make(l->arena, "SELECT * FROM " LOAD_WH ".%I", t->stored),
                       l->arena, &have, err);
    for (size_t i = 0; i < t->columns.n && !code; i++)
        if (is_kept(&t->columns.v[i]) && q_schema_find(&have, t->columns.v[i].name) < 0)
            a.runs[i] = INT64_MAX;
    return code;
}

enum q_code load_history(struct load *l, struct q_err *err)
{
    if (l->target->is_fact)
        return cfg_fail(err, l->cfg->pos, "%s is a fact: `mode: history` is for dimensions",
                        l->target->name);
    if (!l->target->has_history)
        return cfg_fail(err, l->cfg->pos,
                        "no column of %s has `history: keep`: load it with `mode: upsert`",
                        l->target->name);
    enum q_code code = find_added(l, err);
    if (code)
        return code;
    collect(l);
    reject_late(l);
    sequence(l);
    fills(l);
    overwrites(l);
    count_changes(l);
    remember_closed(l);
    publish_closings(l);
    if (has_added(l))
        publish_fills(l);
    publish_overwrites(l);
    publish_versions(l);
    carry_checksum(l);
    struct plan_step *step = plan_add_step(
        l->plan, "load", q_printf(l->arena, "prove %s", l->target->stored), l->target->stored);
    step->publishes = true;
    step->run = prove;
    plan_step_sql(l->plan, step, invariants_sql(l));
    return Q_OK;
}
