/* SPDX-License-Identifier: Apache-2.0 */
/* From the rows of a batch to the versions of their keys; see history.h for the picture. */
#include "load/history.h"

/* Points of a timeline, in the order in which they stand at one time. */
enum { POINT_END = 0, POINT_STORED = 1, POINT_ROW = 2 };

/* Keys with a row that says something new; with a full snapshot in the same pass the current versions that it lacks. A row that agrees with its key's current version, and is not older, is none;
 * it may still matter between others of its key, so that all rows of these keys are taken. */
static void find_keys(struct load *l)
{
    const struct model_table *t = l->target;
    struct sql *q = sql_new(l->arena);
    load_audit(
        l,
        sql_make(
            l->arena,
            "CREATE TABLE h_state AS SELECT NOT EXISTS (SELECT 1 FROM %s WHERE %I > 0) AS was_empty",
            l->target_ref, t->key));
    bool deletes = history_deletes(l);
    sql_add(q,
            deletes ? "CREATE TABLE h_news AS SELECT %s, t.%I AS _q_key, r._q_pos IS NULL AS lost"
                    : "CREATE TABLE h_keys AS SELECT DISTINCT %s",
            history_keys(l, "r"), t->key);
    sql_add(
        q,
        " FROM l_good AS r %s JOIN (SELECT * FROM %s WHERE is_current AND %I > 0) AS t ON %s WHERE %st.%I IS NULL OR "
        "r._q_at < %s OR t.is_deleted",
        deletes ? "FULL" : "LEFT", l->target_ref, t->key, history_match(l, "r", "t"),
        deletes ? "r._q_pos IS NULL OR " : "", t->key, history_start(l, "t"));
    sql_add(
        q, "%s OR %s OR %s", t->can_infer ? " OR t.inferred" : "", history_differ(l, "r", "t"),
        history_columns(l, history_is_overwritten, "r.%I IS DISTINCT FROM t.%I", " OR ", "false"));
    for (size_t i = 0; i < t->columns.n; i++)
        if (l->added[i])
            sql_add(q, " OR (%s AND r.%I IS NOT NULL)", history_unset(l, "t", i),
                    t->columns.v[i].name);
    load_audit(l, sql_text(q));
    if (deletes)
        load_audit(
            l, sql_make(l->arena,
                        "CREATE TABLE h_keys AS SELECT DISTINCT %s FROM h_news AS r WHERE NOT lost",
                        history_keys(l, "r")));
    load_audit(
        l,
        sql_make(
            l->arena,
            "CREATE TABLE h_rows AS SELECT r.*, r._q_at AS _q_seen, %s AS _q_row FROM l_good AS r SEMI "
            "JOIN h_keys AS k ON %s",
            l->joined ? "row_number() OVER ()" : "r._q_pos", /* a number of the row */
            history_match(l, "r", "k")));
}

/* The stored versions that matter: the current one of each key, and all of keys whose past is touched. */
static void find_stored(struct load *l)
{
    const struct model_table *t = l->target;
    const char *start = history_start(l, "t");
    load_audit(
        l,
        sql_make(
            l->arena,
            "CREATE TABLE h_stored AS SELECT t.*, %s AS _q_start FROM %s AS t SEMI JOIN h_keys AS k ON %s "
            "WHERE t.is_current AND t.%I > 0",
            start, l->target_ref, history_match(l, "t", "k"), t->key));
    load_audit(l, "CREATE VIEW h_cur AS SELECT * FROM h_stored WHERE is_current");
    load_audit(
        l,
        sql_make(
            l->arena,
            "CREATE TABLE h_late AS SELECT r._q_row, r._q_pos, %s FROM h_rows AS r JOIN h_cur AS c ON %s "
            "WHERE r._q_at < c._q_start",
            history_keys(l, "r"), history_match(l, "r", "c")));
    load_audit(
        l,
        sql_make(
            l->arena,
            "CREATE TABLE h_deep AS SELECT DISTINCT %s FROM h_late AS x UNION SELECT DISTINCT %s FROM (SELECT "
            "* FROM %s WHERE _q_ended AND %I > 0) AS t SEMI JOIN h_keys AS k ON %s ANTI JOIN h_cur AS c ON %s",
            history_keys(l, "x"), history_keys(l, "t"), l->target_ref, t->key,
            history_match(l, "t", "k"), history_match(l, "t", "c")));
    load_audit_if(
        l, "h_deep",
        sql_make(l->arena,
                 "INSERT INTO h_stored SELECT t.*, %s FROM %s AS t SEMI JOIN h_deep AS k ON "
                 "%s WHERE NOT t.is_current AND t.%I > 0",
                 start, l->target_ref, history_match(l, "t", "k"), t->key));
}

/* A row that made a deleted key start again, later than its own time, is known by that time when it comes again: it is of
 * the version that it began, and not late. */
static void know_returned(struct load *l)
{
    load_audit_if(
        l, "h_deep",
        sql_make(
            l->arena,
            "UPDATE h_rows AS r SET _q_at = v.valid_from FROM h_stored AS v WHERE %s AND "
            "v.first_seen_at = r._q_at AND v.valid_from > r._q_at AND NOT v.is_deleted AND NOT %s",
            history_match(l, "r", "v"), history_differ(l, "r", "v")));
    load_audit_if(
        l, "h_late",
        "DELETE FROM h_late WHERE _q_row IN (SELECT _q_row FROM h_rows WHERE _q_at > _q_seen)");
}

/* A key that was deleted starts again at the later of its row's time and the end (SEMANTICS 25); of several rows that
 * are older than the end the last one counts. */
static void return_keys(struct load *l)
{
    const char *ends =
        sql_make(l->arena,
                 "(SELECT %s, max(s.valid_to) AS _q_end FROM h_stored AS s GROUP BY %s HAVING NOT "
                 "bool_or(s.is_current))",
                 history_keys(l, "s"), history_keys(l, "s"));
    load_audit_if(
        l, "h_deep",
        sql_make(
            l->arena,
            "DELETE FROM h_rows WHERE _q_row IN (SELECT r._q_row FROM h_rows AS r JOIN %s AS e ON %s WHERE r._q_at <= "
            "e._q_end QUALIFY row_number() OVER (PARTITION BY %s ORDER BY r._q_at DESC) > 1)",
            ends, history_match(l, "r", "e"), history_keys(l, "r")));
    load_audit_if(
        l, "h_deep",
        sql_make(
            l->arena,
            "UPDATE h_rows AS r SET _q_at = e._q_end FROM %s AS e WHERE %s AND r._q_at < e._q_end",
            ends, history_match(l, "r", "e")));
}

/* Rows older than the current version, where they are not spliced in: equal ones are unchanged, the others are rejected. */
static void reject_late(struct load *l)
{
    load_audit_if(
        l, "h_late",
        sql_make(
            l->arena,
            "INSERT INTO q_rejects (relation, pos, ord, rule, reason, detail) SELECT %L, r._q_pos, %d, 'history', "
            "'late_row', 'the row is older than the current version and differs from the version valid at its time' FROM "
            "h_rows AS r SEMI JOIN h_late AS x ON x._q_row = r._q_row LEFT JOIN h_stored AS v ON %s AND r._q_at >= "
            "v.valid_from AND r._q_at < coalesce(v.valid_to, TIMESTAMP 'infinity') WHERE v.%I IS NULL OR %s GROUP BY "
            "r._q_pos",
            l->relation, (int64_t)STEP_ORD_LOAD + 1, history_match(l, "r", "v"), l->target->key,
            history_differ(l, "r", "v")));
    load_audit_if(
        l, "h_late",
        "DELETE FROM h_rows WHERE _q_row IN (SELECT _q_row FROM h_late) OR _q_pos IN (SELECT "
        "pos FROM q_rejects)");
    load_audit_if(l, "h_late", "DELETE FROM h_late");
}

/* Without a business time rows have the run's clock, and a row can be late only because the clock went back. */
static void hold_back_clock(struct load *l)
{
    load_audit_if(
        l, "h_late",
        sql_make(
            l->arena,
            "INSERT INTO q_holds SELECT 'clock', concat('the clock of this run (', any_value(r._q_at), ') is before the "
            "start of ', count(*), ' current versions (the last starts at ', max(c._q_start), '): set the clock right, "
            "or give the time with --as-of') FROM h_late AS x JOIN h_rows AS r ON r._q_row = x._q_row JOIN h_cur AS c "
            "ON %s",
            history_match(l, "r", "c")));
}

/* The row that completes an inferred member: the first of its key. Its content is put into the version in place. */
static void find_completions(struct load *l)
{
    if (!l->target->can_infer)
        return;
    load_audit(
        l,
        sql_make(
            l->arena,
            "CREATE TABLE h_complete AS SELECT c.%I AS _q_key, arg_min(r._q_row, r._q_at) AS _q_row FROM "
            "h_cur AS c JOIN h_rows AS r ON %s WHERE c.inferred GROUP BY c.%I",
            l->target->key, history_match(l, "c", "r"), l->target->key));
}

/* The first row of the batch within each version, which may tell the value of a column that came after the version. */
static void find_fillers(struct load *l)
{
    if (!history_has_added(l))
        return;
    load_audit(
        l,
        sql_make(
            l->arena,
            "CREATE TABLE h_within AS SELECT v.%I AS _q_key, arg_min(r._q_row, r._q_at) AS _q_row FROM "
            "h_stored AS v JOIN h_rows AS r ON %s AND r._q_at >= v._q_start AND r._q_at < "
            "coalesce(v.valid_to, TIMESTAMP 'infinity') GROUP BY v.%I",
            l->target->key, history_match(l, "v", "r"), l->target->key));
}

/* ---- points ---- */

/* Content of a stored version as a point: of the row that corrects it, else its own, with what is unset filled. */
static const char *stored_content(const struct load *l)
{
    struct sql *q = sql_new(l->arena);
    for (size_t i = 0; i < l->target->columns.n; i++) {
        const char *name = l->target->columns.v[i].name;
        if (!history_is_kept(&l->target->columns.v[i]))
            continue;
        sql_add(q, ", CASE WHEN b._q_row IS NOT NULL THEN b.%I", name);
        if (l->added[i])
            sql_add(q, " WHEN %s AND NOT %s THEN f.%I", history_unset(l, "v", i),
                    history_differ(l, "f", "v"), name);
        sql_add(q, " ELSE v.%I END AS %I", name, name);
    }
    return sql_text(q);
}

static void add_stored_points(struct sql *q, const struct load *l)
{
    const char *key = l->target->key;
    sql_add(
        q,
        "SELECT %s, v._q_start AS _q_at, %d AS kind, v.%I AS _q_key, b._q_row, v.is_deleted AND b._q_row IS NULL AS "
        "is_deleted%s FROM h_stored AS v",
        history_keys(l, "v"), (int64_t)POINT_STORED, key, stored_content(l));
    if (l->target->can_infer)
        sql_add(q, " LEFT JOIN h_complete AS m ON m._q_key = v.%I", key);
    sql_add(q, " LEFT JOIN h_rows AS b ON %s AND ", history_match(l, "v", "b"));
    sql_add(
        q, l->target->can_infer
               ? "CASE WHEN m._q_row IS NULL THEN b._q_at = v._q_start ELSE b._q_row = m._q_row END"
               : "b._q_at = v._q_start");
    if (history_has_added(l))
        sql_add(
            q,
            " LEFT JOIN h_within AS w ON w._q_key = v.%I LEFT JOIN h_rows AS f ON f._q_row = w._q_row",
            key);
}

static void add_row_points(struct sql *q, const struct load *l)
{
    sql_add(
        q,
        " UNION ALL SELECT %s, r._q_at, %d, NULL, r._q_row, false%s FROM h_rows AS r ANTI JOIN h_stored AS v ON %s AND "
        "v._q_start = r._q_at",
        history_keys(l, "r"), (int64_t)POINT_ROW,
        history_columns(l, history_is_kept, ", r.%I", "", ""), history_match(l, "r", "v"));
    if (l->target->can_infer)
        sql_add(q, " ANTI JOIN h_complete AS m ON m._q_row = r._q_row");
}

static void add_end_points(struct sql *q, const struct load *l)
{
    sql_add(
        q,
        " UNION ALL SELECT %s, v.valid_to, %d, NULL, NULL, false%s FROM h_stored AS v WHERE v._q_ended AND NOT "
        "v.is_current",
        history_keys(l, "v"), (int64_t)POINT_END,
        history_columns(l, history_is_kept, ", NULL", "", ""));
}

/* Neighbours with the same content become one group, but two stored versions never do: facts refer to both. */
static void group_points(struct load *l)
{
    const char *keys = history_keys(l, "p");
    struct sql *q = sql_new(l->arena);
    sql_add(q, "CREATE TABLE h_points AS ");
    add_stored_points(q, l);
    add_row_points(q, l);
    add_end_points(q, l);
    load_audit(l, sql_text(q));
    q = sql_new(l->arena);
    sql_add(
        q,
        "CREATE TABLE h_groups AS WITH edges AS (SELECT p.*, (kind = %d OR coalesce(lag(kind) OVER w, %d) = %d OR "
        "is_deleted IS DISTINCT FROM lag(is_deleted) OVER w OR %s) AS edge FROM h_points AS p WINDOW w AS (PARTITION BY "
        "%s ORDER BY _q_at, kind)), ",
        (int64_t)POINT_END, (int64_t)POINT_END, (int64_t)POINT_END,
        history_columns(l, history_is_kept, "%I IS DISTINCT FROM lag(%I) OVER w", " OR ", "false"),
        keys);
    sql_add(
        q,
        "runs AS (SELECT p.*, count(*) FILTER (edge) OVER (PARTITION BY %s ORDER BY _q_at, kind ROWS BETWEEN UNBOUNDED "
        "PRECEDING AND CURRENT ROW) AS run FROM edges AS p), ",
        keys);
    sql_add(
        q,
        "parts AS (SELECT p.*, greatest(count(*) FILTER (kind = %d) OVER (PARTITION BY %s, run ORDER BY _q_at, kind ROWS "
        "BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - 1, 0) AS part FROM runs AS p), ",
        (int64_t)POINT_STORED, keys);
    sql_add(
        q,
        "made AS (SELECT %s, run, part, min(_q_at) AS _q_start, max(_q_key) AS _q_key, bool_or(kind = %d) AS is_end, "
        "bool_or(is_deleted) AS is_deleted, arg_min(_q_row, _q_at) FILTER (kind = %d) AS _q_first, max(_q_row) FILTER "
        "(kind = %d) AS _q_fix FROM parts AS p GROUP BY %s, run, part) ",
        keys, (int64_t)POINT_END, (int64_t)POINT_ROW, (int64_t)POINT_STORED, keys);
    sql_add(
        q,
        "SELECT p.*, count(*) FILTER (NOT is_end) OVER (v ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS number, "
        "lead(_q_start) OVER v AS _q_until, coalesce(lead(is_end) OVER v, false) AS ended FROM made AS p WINDOW v AS "
        "(PARTITION BY %s ORDER BY run, part)",
        keys);
    load_audit(l, sql_text(q));
}

/* ---- versions ---- */

/* Versions to insert, with their surrogate keys: the run lock keeps others from giving the same ones. The first of a key of
 * a dimension that was empty starts at initial_valid_from (SEMANTICS 20). */
static void new_versions(struct load *l)
{
    const struct model_table *t = l->target;
    int64_t initial = l->plan->project->initial_valid_from;
    struct sql *q = sql_new(l->arena);
    sql_add(
        q,
        "CREATE TABLE h_new AS SELECT (SELECT greatest(coalesce(max(%I), 0), 0) FROM %s) + row_number() OVER (ORDER BY %s, "
        "g._q_start) AS _q_key, r.*, c.%I AS _q_cur, ",
        t->key, l->target_ref, history_keys(l, "r"), t->key);
    sql_add(
        q,
        "CASE WHEN g.number = 1 AND (i.first IS NOT NULL OR (c.%I IS NULL AND d.%I IS NULL AND (SELECT was_empty FROM "
        "h_state))) THEN least(%M, g._q_start) ELSE g._q_start END AS valid_from, g._q_start, g._q_until, g._q_until IS NULL "
        "AS is_current, g.ended, ",
        t->key, t->keys[0], initial);
    sql_add(
        q,
        "CASE WHEN c.%I IS NULL OR d.%I IS NOT NULL THEN 0 ELSE c.version - 1 END + g.number AS version FROM h_groups AS g "
        "JOIN h_rows AS r ON r._q_row = g._q_first LEFT JOIN h_cur AS c ON %s LEFT JOIN h_deep AS d ON %s LEFT JOIN (SELECT "
        "%s, true AS first FROM h_stored AS s WHERE s.valid_from <= %M) AS i ON %s WHERE g._q_key IS NULL AND NOT g.is_end",
        t->key, t->keys[0], history_match(l, "r", "c"), history_match(l, "r", "d"),
        history_keys(l, "s"), initial, history_match(l, "r", "i"));
    load_audit(l, sql_text(q));
}

/* Stored versions as they will be; `_q_row`: the row that is the cause, NULL where only the end moves. */
static void set_versions(struct load *l)
{
    const struct model_table *t = l->target;
    int64_t initial = l->plan->project->initial_valid_from;
    const char *fixed = sql_make(l->arena, "(f._q_row IS NOT NULL AND (%s OR v.is_deleted%s))",
                                 history_differ(l, "f", "v"), t->can_infer ? " OR v.inferred" : "");
    const char *inferred = t->can_infer ? "v.inferred" : "false";
    struct sql *q = sql_new(l->arena);
    sql_add(
        q,
        "CREATE TABLE h_set AS SELECT * FROM (SELECT v.%I AS _q_key, %s, CASE WHEN g.number = 1 AND v.valid_from <= %M "
        "THEN v.valid_from ELSE g._q_start END AS valid_from, g._q_until, g._q_until IS NULL AS is_current, g.ended, "
        "v.is_current AS was_current, ",
        t->key, history_keys(l, "v"), initial);
    sql_add(
        q,
        "CASE WHEN d.%I IS NULL THEN v.version ELSE g.number END AS version, CASE WHEN %s THEN f._q_at WHEN g._q_start < "
        "v._q_start AND NOT (g.number = 1 AND v.valid_from <= %M) THEN g._q_start ELSE v.first_seen_at END AS "
        "first_seen_at, ",
        t->keys[0], inferred, initial);
    sql_add(
        q,
        "CASE WHEN %s THEN f._q_row WHEN g._q_start < v._q_start AND NOT (g.number = 1 AND v.valid_from <= %M) THEN "
        "g._q_first END AS _q_row, %s AS fixed, %s AND NOT (%s) AS corrected, %s AS completed, v.is_deleted AND NOT %s AS "
        "is_deleted, v.valid_from AS old_from, v.valid_to AS old_to, v.version AS old_version, v._q_ended AS old_ended",
        fixed, initial, fixed, fixed, inferred, inferred, fixed);
    for (size_t i = 0; i < t->columns.n; i++)
        if (history_is_kept(&t->columns.v[i]))
            sql_add(q, ", CASE WHEN %s THEN f.%I ELSE v.%I END AS %I", fixed, t->columns.v[i].name,
                    t->columns.v[i].name, t->columns.v[i].name);
    sql_add(
        q,
        " FROM h_groups AS g JOIN h_stored AS v ON v.%I = g._q_key LEFT JOIN h_rows AS f ON f._q_row = g._q_fix LEFT JOIN "
        "h_deep AS d ON %s) WHERE fixed OR valid_from <> old_from OR is_current <> was_current OR (NOT is_current AND "
        "_q_until IS DISTINCT FROM old_to) OR version <> old_version OR ended <> old_ended",
        t->key, history_match(l, "v", "d"));
    load_audit(l, sql_text(q));
    load_audit(
        l,
        "CREATE VIEW h_rewrites AS SELECT * FROM h_set WHERE fixed OR valid_from <> old_from OR NOT "
        "was_current OR version <> old_version OR ended <> old_ended");
}

/* Values for columns of current versions that were there before the column was. */
static void fill_versions(struct load *l)
{
    struct sql *values = sql_new(l->arena), *any = sql_new(l->arena);
    bool first = true;
    if (!history_has_added(l))
        return;
    for (size_t i = 0; i < l->target->columns.n; i++) {
        const char *name = l->target->columns.v[i].name;
        if (!l->added[i])
            continue;
        sql_add(values, ", CASE WHEN %s THEN f.%I ELSE v.%I END AS %I", history_unset(l, "v", i),
                name, name, name);
        sql_sep(any, &first, " OR ");
        sql_add(any, "(%s AND f.%I IS NOT NULL)", history_unset(l, "v", i), name);
    }
    load_audit(
        l,
        sql_make(
            l->arena,
            "CREATE TABLE h_fill AS SELECT f._q_row, v.%I AS _q_key%s FROM h_cur AS v JOIN h_within AS w ON "
            "w._q_key = v.%I JOIN h_rows AS f ON f._q_row = w._q_row WHERE NOT %s AND (%s) AND v.%I NOT IN "
            "(SELECT _q_key FROM h_set WHERE fixed)",
            l->target->key, sql_text(values), l->target->key, history_differ(l, "f", "v"),
            sql_text(any), l->target->key));
}

void history_timeline(struct load *l)
{
    find_keys(l);
    find_stored(l);
    know_returned(l);
    if (l->cfg->late_reject)
        reject_late(l);
    else if (!l->cfg->valid_from.s)
        hold_back_clock(l);
    return_keys(l);
    find_completions(l);
    find_fillers(l);
    group_points(l);
    new_versions(l);
    set_versions(l);
    fill_versions(l);
}
