/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `given:` rows of the target before the first batch. What a row leaves out gets what a load would have given it: surrogate
 * keys, versions by time, the members that a fact refers to.
 */
#include "db/cast.h"
#include "prove/internal.h"
#include "sql/build.h"

static const struct model_table *find_table(const struct model *model, const char *name)
{
    for (size_t i = 0; i < model->n; i++)
        if (q_streq(model->tables[i].name, name) || q_streq(model->tables[i].stored, name))
            return &model->tables[i];
    return NULL;
}

/* The rows as typed columns of the stored table; `n` is their order. */
static void add_rows(struct sql *q, const struct cfg_cells *cells, const struct q_schema *columns,
                     const prove_rows *rows)
{
    sql_add(q, "(SELECT n");
    for (size_t i = 0; i < columns->n; i++) {
        size_t k = 0;
        while (k < cells->columns.n && !q_strcaseeq(cells->columns.v[k].s, columns->v[i].name))
            k++;
        if (k < cells->columns.n)
            sql_add(q, ", CAST(c%d AS %T) AS %I", (int64_t)k, &columns->v[i].type,
                    columns->v[i].name);
        else
            sql_add(q, ", CAST(NULL AS %T) AS %I", &columns->v[i].type, columns->v[i].name);
    }
    sql_add(q, " FROM (VALUES ");
    for (size_t r = 0; r < rows->n; r++) {
        sql_add(q, r ? ", (%d" : "(%d", (int64_t)r);
        for (size_t i = 0; i < cells->columns.n; i++)
            sql_add(q, ", %L", rows->v[r].v[i]);
        sql_add(q, ")");
    }
    sql_add(q, ") AS v(n");
    for (size_t i = 0; i < cells->columns.n; i++)
        sql_add(q, ", c%d", (int64_t)i);
    sql_add(q, "))");
}

static const struct model_role *role_of(const struct model_table *table, const char *column)
{
    for (size_t i = 0; i < table->roles.n; i++)
        if (q_streq(table->roles.v[i].key_column, column))
            return &table->roles.v[i];
    return NULL;
}

static const char *key_list(struct proving *t, const struct model_table *table)
{
    struct sql *q = sql_new(t->arena);
    for (size_t i = 0; i < table->n_keys; i++)
        sql_add(q, "%sg.%I", i ? ", " : "", table->keys[i]);
    return sql_text(q);
}

/* A version that does not say when it starts follows the one above it of the same key. */
static void add_versions(struct proving *t, struct sql *q, const struct cfg_test_table *given,
                         const struct model_table *table, const struct q_schema *columns,
                         const prove_rows *rows)
{
    if (table->has_history)
        sql_add(
            q,
            "(SELECT g.* REPLACE (coalesce(g.valid_from, lag(g.valid_to) OVER (PARTITION BY %s ORDER BY n), %M) AS "
            "valid_from) FROM ",
            key_list(t, table), t->project->project->initial_valid_from);
    add_rows(q, &given->cells, columns, rows);
    sql_add(q, table->has_history ? " AS g) AS g" : " AS g");
}

/* What a column of a version is when the row leaves it out; NULL: nothing of its own. */
static const char *version_value(struct proving *t, const struct model_table *table,
                                 const char *column)
{
    const struct cfg_project *project = t->project->project;
    if (q_streq(column, "valid_to") && !project->open_end_null)
        return "coalesce(g.valid_to, TIMESTAMP '9999-12-31 00:00:00')";
    if (q_streq(column, "is_current"))
        return "coalesce(g.is_current, g.valid_to IS NULL OR g.valid_to = TIMESTAMP '9999-12-31 00:00:00')";
    if (q_streq(column, "version"))
        return sql_make(
            t->arena,
            "coalesce(g.version, row_number() OVER (PARTITION BY %s ORDER BY g.valid_from))",
            key_list(t, table));
    if (q_streq(column, "first_seen_at"))
        return "coalesce(g.first_seen_at, g.valid_from)";
    return NULL;
}

static const char *value_of(struct proving *t, const struct model_table *table, const char *column)
{
    const struct model_role *role = role_of(table, column);
    const char *own = table->has_history ? version_value(t, table, column) : NULL;
    if (own)
        return own;
    if (table->key && q_streq(column, table->key))
        return sql_make(t->arena,
                        "coalesce(g.%I, (SELECT greatest(max(%I), 0) FROM wh.main.%I) + 1 + g.n)",
                        column, column, table->stored);
    if (role) {
        struct sql *q = sql_new(t->arena);
        sql_add(q, "coalesce(g.%I, ", column);
        const char *alias = q_printf(t->arena, "d_%s", role->name);
        model_add_lookup_key(q, role, "g", model_lookup_found(t->arena, role, alias));
        sql_add(q, ")");
        return sql_text(q);
    }
    if (q_streq(column, "_q_run"))
        return "0";
    const char *added = model_added_value(table, column);
    return sql_make(t->arena, "coalesce(g.%I, %s)", column, added);
}

static enum q_code insert_rows(struct proving *t, const struct cfg_test_table *given,
                               const struct model_table *table, struct q_err *err)
{
    struct q_schema columns = {0};
    prove_rows rows = {0};
    model_stored_columns(t->arena, table, &columns);
    if (table->is_date)
        return cfg_fail(err, given->name.pos, "the days of \"%s\" are generated", table->name);
    enum q_code code = prove_canonical(t, &given->cells, &columns,
                                       q_printf(t->arena, "\"%s\"", given->name.s), &rows, err);
    if (code || !rows.n)
        return code;
    struct sql *q = sql_new(t->arena);
    sql_add(q, "INSERT INTO wh.main.%I SELECT ", table->stored);
    for (size_t i = 0; i < columns.n; i++)
        sql_add(q, "%s%s", i ? ", " : "", value_of(t, table, columns.v[i].name));
    sql_add(q, " FROM ");
    add_versions(t, q, given, table, &columns, &rows);
    for (size_t i = 0; i < table->roles.n; i++) {
        const struct model_role *role = &table->roles.v[i];
        sql_add(q, " ");
        model_add_lookup(q, role, sql_make(t->arena, "wh.main.%I", role->dimension->stored), "g",
                         q_printf(t->arena, "d_%s", role->name));
    }
    struct q_err failed = {0};
    code = db_exec(t->session.db, sql_text(q), NULL, 0, NULL, &failed);
    if (code)
        return cfg_fail(err, given->name.pos, "cannot give rows to \"%s\": %s", given->name.s,
                        failed.message);
    return Q_OK;
}

enum q_code prove_given(struct proving *t, const struct cfg_pipeline *pipeline, struct q_err *err)
{
    if (!t->test->given.n)
        return Q_OK;
    enum q_code code = run_make_schema(&t->session, pipeline, err);
    /* Dimensions first: facts refer to them. */
    for (int facts = 0; facts < 2; facts++)
        for (size_t i = 0; i < t->test->given.n && !code; i++) {
            const struct cfg_test_table *given = &t->test->given.v[i];
            const struct model_table *table = find_table(t->project->model, given->name.s);
            if (table && table->is_fact == (facts == 1))
                code = insert_rows(t, given, table, err);
        }
    return code;
}
