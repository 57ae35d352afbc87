/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs about dimensions: keys, special members, history, days. */
#include "base/clock.h"
#include "prove/verifyint.h"

static const char *count_real(struct verifying *v)
{
    return sql_make(v->arena, "SELECT count(*) FROM %s WHERE %I > 0", verify_ref(v, v->table),
                    v->table->key);
}

static void add_keys(struct sql *q, const struct model_table *t)
{
    for (size_t i = 0; i < t->n_keys; i++)
        sql_add(q, "%s%I", i ? ", " : "", t->keys[i]);
}

static enum q_code surrogate_keys(struct verifying *v, struct q_err *err)
{
    const struct model_table *t = v->table;
    const char *ref = verify_ref(v, t);
    return verify_count(
        v, "surrogate key is unique", sql_make(v->arena, "SELECT count(*) FROM %s", ref),
        sql_make(v->arena,
                 "SELECT %s AS sample FROM %s GROUP BY %I HAVING count(*) > 1 OR %I IS NULL OR %I "
                 "= 0 OR %I < %d",
                 verify_sample(v, (const char *const *)&t->key, 1, NULL), ref, t->key, t->key,
                 t->key, t->key, (int64_t)MODEL_NOT_APPLICABLE),
        err);
}

/* A version has its business key in common with the others of its member: there the current one is unique. */
static enum q_code business_key(struct verifying *v, struct q_err *err)
{
    const struct model_table *t = v->table;
    struct sql *q = sql_new(v->arena);
    sql_add(q, "SELECT %s AS sample FROM %s WHERE %I > 0%s GROUP BY ",
            verify_sample(v, t->keys, t->n_keys, NULL), verify_ref(v, t), t->key,
            t->has_history ? " AND is_current" : "");
    add_keys(q, t);
    sql_add(q, " HAVING count(*) > 1");
    return verify_count(
        v, t->has_history ? "a key has one current version at most" : "business key is unique",
        count_real(v), sql_text(q), err);
}

/* -1 and -2 are there once, and without a business key (SEMANTICS 12). */
static enum q_code special_members(struct verifying *v, struct q_err *err)
{
    const struct model_table *t = v->table;
    struct sql *q = sql_new(v->arena);
    sql_add(q,
            "SELECT %L || s.k || ' is there ' || coalesce(m.n, 0) || ' times' || CASE WHEN m.named "
            "THEN ', with a business key' ELSE '' END AS sample FROM (VALUES (%d), (%d)) AS s(k) "
            "LEFT JOIN (SELECT %I AS k, count(*) AS n, bool_or(",
            q_printf(v->arena, "%s=", t->key), (int64_t)MODEL_UNKNOWN,
            (int64_t)MODEL_NOT_APPLICABLE, t->key);
    for (size_t i = 0; i < t->n_keys; i++)
        sql_add(q, "%s%I IS NOT NULL", i ? " OR " : "", t->keys[i]);
    sql_add(q,
            ") AS named FROM %s WHERE %I < 0 GROUP BY %I) AS m ON m.k = s.k WHERE m.n IS "
            "DISTINCT FROM 1 OR m.named",
            verify_ref(v, t), t->key, t->key);
    return verify_count(
        v, "the special members -1 and -2 are there once",
        sql_make(v->arena, "SELECT count(*) FROM %s WHERE %I < 0", verify_ref(v, t), t->key),
        sql_text(q), err);
}

/* ---- history ---- */

/* All versions with their neighbours in time. */
static const char *timeline(struct verifying *v)
{
    const struct model_table *t = v->table;
    struct sql *q = sql_new(v->arena);
    sql_add(q, "(SELECT ");
    add_keys(q, t);
    sql_add(q,
            ", %I, valid_from, valid_to, is_current, version, lead(valid_from) OVER w AS _q_next, "
            "row_number() OVER w AS _q_number FROM %s WHERE %I > 0 WINDOW w AS (PARTITION BY ",
            t->key, verify_ref(v, t), t->key);
    add_keys(q, t);
    sql_add(q, " ORDER BY valid_from, coalesce(valid_to, TIMESTAMP 'infinity'), %I)) AS t", t->key);
    return sql_text(q);
}

static enum q_code versions(struct verifying *v, struct q_err *err)
{
    const struct model_table *t = v->table;
    bool null = v->model->project->open_end_null;
    size_t n = 0;
    const char **shown = q_alloc_array(v->arena, t->n_keys + 4, sizeof *shown);
    for (; n < t->n_keys; n++)
        shown[n] = t->keys[n];
    shown[n++] = "version";
    shown[n++] = "valid_from";
    shown[n++] = "valid_to";
    struct verify_scan scan = {.from = timeline(v), .sample = verify_sample(v, shown, n, NULL)};
    verify_item(v, &scan, "versions do not overlap",
                "_q_next < coalesce(valid_to, TIMESTAMP 'infinity')");
    verify_item(v, &scan, "valid_to is after valid_from",
                "valid_from IS NULL OR valid_to <= valid_from");
    verify_item(v, &scan, "is_current agrees with the open end",
                null ? "is_current IS DISTINCT FROM (valid_to IS NULL)"
                     : "is_current IS DISTINCT FROM (coalesce(valid_to = TIMESTAMP '9999-12-31 "
                       "00:00:00', false))")
        ->detail = null ? "the open end is NULL (`open_end` in quern.yaml)"
                        : "the open end is 9999-12-31 (`open_end` in quern.yaml)";
    verify_item(v, &scan, "versions are numbered in order of time",
                "version IS DISTINCT FROM _q_number");
    return verify_run(v, &scan, err);
}

struct sums {
    struct q_arena *arena;
    int64_t n;
    const char *sum;
    int64_t run_id;
    bool found;
};

static enum q_code take_sums(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct sums *s = arg;
    (void)err;
    s->found = true;
    s->n = db_cell_int(b, 0, row, 0);
    s->sum = db_cell_text(s->arena, b, 1, row);
    s->run_id = db_cell_int(b, 2, row, 0);
    return Q_OK;
}

/* What 22 protects has the sum that the loads carried forward. It says that something changed, not which row. */
static enum q_code closed_versions(struct verifying *v, struct q_err *err)
{
    const struct model_table *t = v->table;
    struct sums now = {.arena = v->arena}, then = {.arena = v->arena};
    struct verify_proof p = {.table = t->name, .name = "closed versions are as they were closed"};
    int64_t began = q_ticks();
    enum q_code code = db_each(
        v->db,
        sql_make(v->arena,
                 "SELECT count(*), CAST(coalesce(sum(%s::HUGEINT), 0) AS VARCHAR), 0::BIGINT FROM "
                 "%s WHERE NOT is_current",
                 model_closed_hash(v->arena, t), verify_ref(v, t)),
        NULL, 0, take_sums, &now, err);
    if (!code && db_has_table(v->db, "wh", "quern", "checksums"))
        code = db_each(v->db,
                       sql_make(v->arena,
                                "SELECT closed_rows, checksum, run_id FROM wh.quern.checksums "
                                "WHERE table_name = %L",
                                t->stored),
                       NULL, 0, take_sums, &then, err);
    if (code)
        return code;
    p.rows = now.n;
    p.seconds = (double)(q_ticks() - began) / 1e6;
    if (now.n != then.n) {
        p.failures = now.n > then.n ? now.n - then.n : then.n - now.n;
        p.detail =
            q_printf(v->arena, "%lld closed versions are on record (run %lld), %lld are there",
                     (long long)then.n, (long long)then.run_id, (long long)now.n);
    } else if (then.found && !q_streq(now.sum, then.sum)) {
        p.failures = 1;
        p.detail = q_printf(v->arena,
                            "their checksum is not the one on record (run %lld): at least one was "
                            "changed outside of quern",
                            (long long)then.run_id);
    }
    p.verdict = p.failures ? VERIFY_FAILED : VERIFY_PROVEN;
    return verify_tell(v, &p, err);
}

/* ---- days ---- */

static enum q_code days(struct verifying *v, struct q_err *err)
{
    const struct model_table *t = v->table;
    const struct cfg_date_range *range = &t->cfg->date;
    const char *ref = verify_ref(v, t);
    return verify_count(
        v, "every day is there under its key",
        sql_make(v->arena, "SELECT %d", (int64_t)range->to - range->from + 1),
        sql_make(v->arena,
                 "SELECT CAST(d.day AS VARCHAR) AS sample FROM (SELECT CAST(range AS DATE) AS day "
                 "FROM range(%D, CAST(%D AS DATE) + INTERVAL 1 DAY, INTERVAL 1 DAY)) AS d LEFT "
                 "JOIN %s AS t ON t.full_date = d.day AND t.%I = year(d.day) * 10000 + "
                 "month(d.day) * 100 + day(d.day) WHERE t.%I IS NULL",
                 range->from, range->to, ref, t->key, t->key),
        err);
}

enum q_code verify_dimension(struct verifying *v, struct q_err *err)
{
    const struct model_table *t = v->table;
    enum q_code code = surrogate_keys(v, err);
    if (!code)
        code = business_key(v, err);
    if (!code)
        code = special_members(v, err);
    if (!code && t->is_date)
        code = days(v, err);
    if (!code && t->has_history)
        code = versions(v, err);
    return code || !t->has_history ? code : closed_versions(v, err);
}
