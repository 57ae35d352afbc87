/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members that a fact names and no dimension has (`missing: infer`, SEMANTICS 13).
 *
 * For each dimension the audit makes l_infer_<N>: the keys that are nowhere in it, each once whatever number of rows and
 * roles name it, with their surrogate keys; and the view l_dim_<N>, the dimension together with them, in which the roles
 * find their members before anything is written. Publishing inserts the members first, with `inferred = true` and NULL in
 * every column but the key. Their own row completes them when it arrives.
 *
 * A key that is there, but has no version valid at the time of the event, is no missing member: its rows get -1.
 */
#include "load/internal.h"

static bool infers(const struct model_role *role)
{
    return role->missing == CFG_MISSING_INFER;
}

/* The number of the dimension's tables: that of the first role that infers its members; -1: none does. */
static int64_t number_of(const struct load *l, const struct model_table *dimension)
{
    for (size_t i = 0; i < l->target->roles.n; i++)
        if (infers(&l->target->roles.v[i]) && l->target->roles.v[i].dimension == dimension)
            return (int64_t)i;
    return -1;
}

const char *load_dimension_ref(const struct load *l, const struct model_table *dimension)
{
    int64_t number = number_of(l, dimension);
    return number < 0 ? l->plan->table_ref(l->plan, dimension)
                      : sql_make(l->arena, "l_dim_%d", number);
}

/* Rows whose keys count: those that will be there after the load. With updates of some columns only, a matched row is what
 * it becomes. */
static const char *rows_of(const struct load *l)
{
    struct sql *q = sql_new(l->arena);
    if (!load_mixes(l))
        return "l_good";
    sql_add(q, "(SELECT _q_pos");
    load_add_payload(q, l, "f");
    sql_add(q, " FROM l_final AS f UNION ALL SELECT _q_pos");
    load_add_payload(q, l, "g");
    sql_add(q, " FROM l_good AS g ANTI JOIN l_final AS f ON ");
    load_add_key_match(q, l, "g", "f");
    sql_add(q, ")");
    return sql_text(q);
}

/* "SELECT customer_id AS customer_id, _q_pos FROM ..." of one role, without keys that have a NULL. */
static void add_named(struct sql *q, const struct load *l, const struct model_role *role)
{
    const struct model_table *dim = role->dimension;
    sql_add(q, "SELECT ");
    for (size_t i = 0; i < dim->n_keys; i++) {
        const struct model_column *key = model_column_find(dim, dim->keys[i]);
        sql_add(q, "TRY_CAST(r.%I AS %T) AS %I, ", role->from[i], &key->type, dim->keys[i]);
    }
    sql_add(q, "r._q_pos FROM %s AS r", rows_of(l));
}

static void find_missing(struct load *l, const struct model_table *dim, int64_t number)
{
    struct sql *q = sql_new(l->arena), *keys = sql_new(l->arena);
    const char *ref = l->plan->table_ref(l->plan, dim);
    bool first = true;
    for (size_t i = 0; i < dim->n_keys; i++)
        sql_add(keys, i ? ", n.%I" : "n.%I", dim->keys[i]);
    sql_add(
        q,
        "CREATE TABLE l_infer_%d AS SELECT (SELECT greatest(coalesce(max(%I), 0), 0) FROM %s) + row_number() OVER "
        "(ORDER BY %s) AS _q_key, %s, min(n._q_pos) AS _q_pos FROM (",
        number, dim->key, ref, sql_text(keys), sql_text(keys));
    for (size_t i = 0; i < l->target->roles.n; i++) {
        const struct model_role *role = &l->target->roles.v[i];
        if (!infers(role) || role->dimension != dim)
            continue;
        sql_sep(q, &first, " UNION ALL ");
        add_named(q, l, role);
    }
    sql_add(q, ") AS n ANTI JOIN %s AS d ON ", ref);
    for (size_t i = 0; i < dim->n_keys; i++)
        sql_add(q, "%sd.%I = n.%I", i ? " AND " : "", dim->keys[i], dim->keys[i]);
    for (size_t i = 0; i < dim->n_keys; i++)
        sql_add(q, "%s n.%I IS NOT NULL", i ? " AND" : " WHERE", dim->keys[i]);
    sql_add(q, " GROUP BY %s", sql_text(keys));
    load_audit(l, sql_text(q));
    load_audit(l, sql_make(l->arena,
                           "INSERT INTO q_counts SELECT 'inferred', count(*) FROM l_infer_%d",
                           number));
}

/* What lookups read of a dimension. */
static void join_missing(struct load *l, const struct model_table *dim, int64_t number)
{
    struct sql *q = sql_new(l->arena), *keys = sql_new(l->arena);
    for (size_t i = 0; i < dim->n_keys; i++)
        sql_add(keys, ", %I", dim->keys[i]);
    sql_add(q, "CREATE VIEW l_dim_%d AS SELECT %I%s%s FROM %s UNION ALL SELECT _q_key%s", number,
            dim->key, sql_text(keys), dim->has_history ? ", valid_from, valid_to" : "",
            l->plan->table_ref(l->plan, dim), sql_text(keys));
    if (dim->has_history)
        sql_add(q, ", %M, %s", l->plan->project->initial_valid_from, load_open_end(l));
    sql_add(q, " FROM l_infer_%d", number);
    load_audit(l, sql_text(q));
}

static void publish_members(struct load *l, const struct model_table *dim, int64_t number)
{
    struct sql *q = sql_new(l->arena), *keys = sql_new(l->arena);
    const char *missing = sql_make(l->arena, "l_infer_%d", number);
    for (size_t i = 0; i < dim->n_keys; i++)
        sql_add(keys, ", %I", dim->keys[i]);
    sql_add(q, "INSERT INTO " LOAD_WH ".%I (%I%s, inferred, _q_run, _q_pos", dim->stored, dim->key,
            sql_text(keys));
    if (dim->has_history)
        sql_add(q, ", valid_from, valid_to, is_current, is_deleted, version");
    sql_add(q, ") SELECT _q_key%s, true, (SELECT run_id FROM q_run), _q_pos", sql_text(keys));
    if (dim->has_history)
        sql_add(q, ", %M, %s, true, false, 1", l->plan->project->initial_valid_from,
                load_open_end(l));
    sql_add(q, " FROM %s", missing);
    load_publish_if(l, missing, sql_text(q));
}

/* Constraints cannot be changed in a table that is there: one that was made before a role inferred would refuse members
 * that have nothing but a key. */
static enum q_code check_constraints(const struct load *l, const struct model_role *role,
                                     struct q_err *err)
{
    const struct model_table *dim = role->dimension;
    bool demands = false;
    int64_t n = 0;
    for (size_t i = 0; i < dim->columns.n; i++)
        demands = demands || (dim->columns.v[i].not_null && !dim->columns.v[i].is_key) ||
                  dim->columns.v[i].check_stored;
    if (!demands || !q_map_has(l->plan->existing, dim->stored))
        return Q_OK;
    enum q_code code = db_get_ints(
        l->plan->db,
        sql_make(
            l->arena,
            "SELECT count(*) FROM duckdb_constraints() WHERE database_name = 'wh' AND schema_name = 'main' AND "
            "table_name = %L AND constraint_type = 'CHECK' AND contains(constraint_text, 'inferred')",
            dim->stored),
        NULL, 0, &n, 1, 0, err);
    if (code || n)
        return code;
    code =
        cfg_fail(err, role->cfg->name.pos,
                 "role \"%s\" cannot infer members of \"%s\": the table was made without `missing: "
                 "infer`, and its constraints refuse members that have only a key",
                 role->name, dim->name);
    q_hint(err,
           "Use `missing: unknown`, or remove `nullable: false` and `check` from the dimension and "
           "make its table again.");
    return code;
}

enum q_code load_infer(struct load *l, struct q_err *err)
{
    for (size_t i = 0; i < l->target->roles.n; i++) {
        const struct model_role *role = &l->target->roles.v[i];
        if (!infers(role) || number_of(l, role->dimension) != (int64_t)i)
            continue;
        enum q_code code = check_constraints(l, role, err);
        if (code)
            return code;
        find_missing(l, role->dimension, (int64_t)i);
        join_missing(l, role->dimension, (int64_t)i);
        publish_members(l, role->dimension, (int64_t)i);
    }
    return Q_OK;
}
