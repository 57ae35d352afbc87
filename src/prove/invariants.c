/* SPDX-License-Identifier: Apache-2.0 */
/* What holds for every dimension with history after every batch (SEMANTICS 19, 24, 26). */
#include <inttypes.h>

#include "prove/internal.h"
#include "sql/build.h"

static const char *key_list(struct q_arena *arena, const struct model_table *table)
{
    struct sql *q = sql_new(arena);
    for (size_t i = 0; i < table->n_keys; i++)
        sql_add(q, "%s%I", i ? ", " : "", table->keys[i]);
    return sql_text(q);
}

static bool has_table(struct db_conn *db, const struct model_table *table)
{
    return db_has_table(db, "wh", "main", table->stored);
}

/* The surrogate keys that are there: facts may refer to them. */
enum q_code prove_before_batch(struct proving *t, struct q_err *err)
{
    enum q_code code = Q_OK;
    for (size_t i = 0; i < t->project->model->n && !code; i++) {
        const struct model_table *table = &t->project->model->tables[i];
        const char *name = q_printf(t->arena, "keys_%s", table->name);
        if (!table->has_history)
            continue;
        code = db_exec(
            t->session.db,
            has_table(t->session.db, table)
                ? sql_make(
                      t->arena,
                      "CREATE OR REPLACE TABLE memory.main.%I AS SELECT %I AS k FROM wh.main.%I",
                      name, table->key, table->stored)
                : sql_make(
                      t->arena,
                      "CREATE OR REPLACE TABLE memory.main.%I AS SELECT 0::BIGINT AS k WHERE false",
                      name),
            NULL, 0, NULL, err);
    }
    return code;
}

/* A key that returns starts at the end of its last version at the earliest, whatever its content. */
static bool has_deletes(const struct proving *t, const struct model_table *table)
{
    const cfg_pipelines *all = &t->project->project->pipelines;
    for (size_t i = 0; i < all->n; i++)
        if (q_streq(all->v[i].load.into.s, table->name) &&
            all->v[i].load.deletes != CFG_DELETES_IGNORE)
            return true;
    return false;
}

static enum q_code check_versions(struct proving *t, const struct model_table *table,
                                  struct q_err *err)
{
    static const char *const broken[] = {
        "versions overlap",
        "versions do not end after their start",
        "keys have several current versions",
        "version numbers are not 1 to n by time",
        "versions are current and have an end, or neither",
        "surrogate keys are there twice",
        "surrogate keys of before are gone",
        "adjacent versions have the same tracked columns",
    };
    enum { N = sizeof broken / sizeof broken[0] };
    int64_t n[N];
    struct sql *same = sql_new(t->arena);
    sql_add(same, has_deletes(t, table) ? " AND false" : "");
    const char *keys = key_list(t->arena, table);
    for (size_t i = 0; i < table->columns.n; i++)
        if (table->columns.v[i].history == CFG_KEEP && !table->columns.v[i].is_key)
            sql_add(same, " AND %I IS NOT DISTINCT FROM lead(%I) OVER w", table->columns.v[i].name,
                    table->columns.v[i].name);
    const char *open_end = t->project->project->open_end_null
                               ? "valid_to IS NULL"
                               : "valid_to = TIMESTAMP '9999-12-31 00:00:00'";
    const char *sql = sql_make(
        t->arena,
        "WITH v AS (SELECT *, lead(valid_from) OVER w AS next, row_number() OVER w AS number, "
        "(lead(valid_from) OVER w = valid_to AND is_deleted = lead(is_deleted) OVER w%s) AS same FROM "
        "wh.main.%I WHERE %I > 0 WINDOW w AS (PARTITION BY %s ORDER BY valid_from)) SELECT "
        "count(*) FILTER (next < coalesce(valid_to, TIMESTAMP 'infinity')), count(*) FILTER (valid_to <= valid_from), "
        "(SELECT count(*) FROM (SELECT 1 FROM v WHERE is_current GROUP BY %s HAVING count(*) > 1)), "
        "count(*) FILTER (version <> number), count(*) FILTER (is_current <> (%s)), "
        "count(*) - count(DISTINCT %I), (SELECT count(*) FROM memory.main.%I AS b WHERE b.k NOT IN (SELECT %I FROM "
        "wh.main.%I)), count(*) FILTER (same) FROM v",
        sql_text(same), table->stored, table->key, keys, keys, open_end, table->key,
        q_printf(t->arena, "keys_%s", table->name), table->key, table->stored);
    enum q_code code = db_get_ints(t->session.db, sql, NULL, 0, n, N, 0, err);
    for (size_t i = 0; i < N && !code; i++)
        if (n[i])
            prove_fail(t, t->batch->pos, "%s: %s (%" PRId64 ")", table->stored, broken[i], n[i]);
    return code;
}

enum q_code prove_invariants(struct proving *t, struct q_err *err)
{
    enum q_code code = Q_OK;
    for (size_t i = 0; i < t->project->model->n && !code; i++) {
        const struct model_table *table = &t->project->model->tables[i];
        if (table->has_history && has_table(t->session.db, table))
            code = check_versions(t, table, err);
    }
    return code;
}

static enum q_code take_text(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct sql *q = arg;
    struct q_arena *scratch = q_arena_new(NULL, "text");
    (void)err;
    sql_add(q, " %L", db_cell_text(scratch, b, 0, row));
    q_arena_free(scratch);
    return Q_OK;
}

/* The columns that do not depend on the number of a run. */
static const char *content(struct q_arena *arena, const struct model_table *table)
{
    struct q_schema columns = {0};
    struct sql *q = sql_new(arena);
    bool first = true;
    model_stored_columns(arena, table, &columns);
    for (size_t i = 0; i < columns.n; i++)
        if (!q_streq(columns.v[i].name, "_q_run") &&
            !q_streq(columns.v[i].name, "_q_overwritten_run")) {
            sql_sep(q, &first, ", ");
            sql_add(q, "%I", columns.v[i].name);
        }
    return sql_text(q);
}

enum q_code prove_fingerprint(struct db_conn *db, struct q_arena *arena, const struct model *model,
                              const char **out, struct q_err *err)
{
    struct sql *all = sql_new(arena);
    enum q_code code = Q_OK;
    for (size_t i = 0; i < model->n && !code; i++) {
        const struct model_table *table = &model->tables[i];
        sql_add(all, "%s%s", i ? "; " : "", table->stored);
        if (has_table(db, table))
            code = db_each(
                db,
                sql_make(
                    arena,
                    "SELECT concat(count(*), ' ', coalesce(sum(hash(t)::HUGEINT), 0)) FROM (SELECT %s FROM "
                    "wh.main.%I) AS t",
                    content(arena, table), table->stored),
                NULL, 0, take_text, all, err);
    }
    *out = sql_text(all);
    return code;
}
