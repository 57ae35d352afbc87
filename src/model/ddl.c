/* SPDX-License-Identifier: Apache-2.0 */
#include "model/model.h"

/* The surrogate key of a date dimension is yyyymmdd. */
static struct q_type key_type(const struct model_table *t)
{
    return Q_TYPE(t->is_date ? Q_T_INT32 : Q_T_INT64);
}

void model_stored_columns(struct q_arena *arena, const struct model_table *t, struct q_schema *out)
{
    if (!t->is_fact)
        q_schema_add(arena, out, t->key, key_type(t));
    for (size_t i = 0; i < t->columns.n; i++)
        q_schema_add(arena, out, t->columns.v[i].name, t->columns.v[i].type);
    for (size_t i = 0; !t->is_fact && i < t->columns.n; i++)
        if (t->columns.v[i].history == CFG_PREVIOUS) {
            q_schema_add(arena, out, model_previous(arena, t->columns.v[i].name),
                         t->columns.v[i].type);
            q_schema_add(arena, out, model_changed_at(arena, t->columns.v[i].name),
                         Q_TYPE(Q_T_TIMESTAMP));
        }
    for (size_t i = 0; i < t->roles.n; i++)
        q_schema_add(arena, out, t->roles.v[i].key_column, key_type(t->roles.v[i].dimension));
    if (t->has_history) {
        q_schema_add(arena, out, "valid_from", Q_TYPE(Q_T_TIMESTAMP));
        q_schema_add(arena, out, "valid_to", Q_TYPE(Q_T_TIMESTAMP));
        q_schema_add(arena, out, "is_current", Q_TYPE(Q_T_BOOL));
        q_schema_add(arena, out, "is_deleted", Q_TYPE(Q_T_BOOL));
        q_schema_add(arena, out, "version", Q_TYPE(Q_T_INT32));
        q_schema_add(arena, out, "first_seen_at", Q_TYPE(Q_T_TIMESTAMP));
        q_schema_add(arena, out, "_q_ended", Q_TYPE(Q_T_BOOL));
        q_schema_add(arena, out, "_q_overwritten_at", Q_TYPE(Q_T_TIMESTAMP));
        q_schema_add(arena, out, "_q_overwritten_run", Q_TYPE(Q_T_INT64));
        q_schema_add(arena, out, "_q_overwritten_pos", Q_TYPE(Q_T_INT64));
    }
    if (t->can_infer)
        q_schema_add(arena, out, "inferred", Q_TYPE(Q_T_BOOL));
    q_schema_add(arena, out, "_q_run", Q_TYPE(Q_T_INT64));
    q_schema_add(arena, out, "_q_pos", Q_TYPE(Q_T_INT64));
}

const char *model_before(struct q_arena *arena, const struct model_table *t)
{
    return q_printf(arena, "before_%s", t->stored);
}

const char *model_previous(struct q_arena *arena, const char *column)
{
    return q_printf(arena, "previous_%s", column);
}

const char *model_changed_at(struct q_arena *arena, const char *column)
{
    return q_printf(arena, "%s_changed_at", column);
}

static bool is_role_key(const struct model_table *t, const char *column)
{
    for (size_t i = 0; i < t->roles.n; i++)
        if (q_strcaseeq(t->roles.v[i].key_column, column))
            return true;
    return false;
}

static bool is_required(const struct model_table *t, const char *column)
{
    const struct model_column *c = model_column_find(t, column);
    if (c)
        return t->is_fact && (c->not_null || c->is_key);
    return q_streq(column, t->key ? t->key : "") || q_streq(column, "is_current") ||
           q_streq(column, "version") || is_role_key(t, column);
}

static bool is_flag(const char *column)
{
    return q_streq(column, "is_deleted") || q_streq(column, "_q_ended") ||
           q_streq(column, "inferred");
}

/* In a dimension the special members have NULL in every column, and those that are inferred in all but the key, so that
 * what is required is required of real ones. */
static void add_dimension_checks(struct sql *q, const struct model_table *t)
{
    const char *known = t->can_infer ? " OR inferred" : "";
    for (size_t i = 0; i < t->columns.n; i++) {
        const struct model_column *c = &t->columns.v[i];
        if (c->not_null || c->is_key)
            sql_add(q, ", CHECK (%I < 0%s OR %I IS NOT NULL)", t->key, c->is_key ? "" : known,
                    c->name);
        if (c->check_stored)
            sql_add(q, ", CHECK (%I < 0%s OR (%s))", t->key, known, c->check_sql);
    }
}

const char *model_added_value(const struct model_table *t, const char *column)
{
    if (is_role_key(t, column))
        return "-1";
    return is_flag(column) && !model_column_find(t, column) ? "false" : "NULL";
}

const char *model_create_sql(struct q_arena *arena, const struct model_table *t,
                             const char *schema_ref)
{
    struct q_schema columns = {0};
    model_stored_columns(arena, t, &columns);
    struct sql *q = sql_new(arena);
    bool first = true;
    sql_add(q, "CREATE TABLE IF NOT EXISTS %s.%I (", schema_ref, t->stored);
    for (size_t i = 0; i < columns.n; i++) {
        sql_sep(q, &first, ", ");
        sql_add(q, "%I %T%s%s", columns.v[i].name, &columns.v[i].type,
                is_required(t, columns.v[i].name) ? " NOT NULL" : "",
                q_streq(model_added_value(t, columns.v[i].name), "false") ? " DEFAULT false" : "");
    }
    if (!t->is_fact)
        add_dimension_checks(q, t);
    for (size_t i = 0; t->is_fact && i < t->columns.n; i++)
        if (t->columns.v[i].check_stored)
            sql_add(q, ", CHECK (%s)", t->columns.v[i].check_sql);
    sql_add(q, ")");
    return sql_text(q);
}

const char *model_special_sql(struct q_arena *arena, const struct model_table *t,
                              const char *schema_ref)
{
    struct sql *q = sql_new(arena);
    sql_add(q, "INSERT INTO %s.%I (%I%s) ", schema_ref, t->stored, t->key,
            t->has_history ? ", is_current, version" : "");
    sql_add(
        q,
        "SELECT k%s FROM (VALUES (%d), (%d)) AS special(k) WHERE k NOT IN (SELECT %I FROM %s.%I WHERE %I < 0)",
        t->has_history ? ", true, 1" : "", (int64_t)MODEL_UNKNOWN, (int64_t)MODEL_NOT_APPLICABLE,
        t->key, schema_ref, t->stored, t->key);
    return sql_text(q);
}

const char *model_view_sql(struct q_arena *arena, const struct model_table *t,
                           const char *schema_ref)
{
    if (!t->has_history)
        return NULL;
    struct sql *q = sql_new(arena);
    /* without the catalog's name, which differs from process to process */
    sql_add(q, "CREATE OR REPLACE VIEW %s.%I AS SELECT ", schema_ref, t->name);
    struct q_schema columns = {0};
    bool first = true;
    model_stored_columns(arena, t, &columns);
    for (size_t i = 0; i < columns.n; i++) {
        if (q_starts(columns.v[i].name, "_q_") || q_streq(columns.v[i].name, "is_deleted"))
            continue;
        sql_sep(q, &first, ", ");
        sql_add(q, "%I", columns.v[i].name);
    }
    sql_add(q, " FROM main.%I WHERE is_current AND NOT is_deleted AND %I > 0", t->stored, t->key);
    return sql_text(q);
}

const char *model_closed_hash(struct q_arena *arena, const struct model_table *t)
{
    struct sql *q = sql_new(arena);
    sql_add(
        q,
        "md5_number_lower(concat_ws(',', CAST(%I AS VARCHAR), CAST(valid_from AS VARCHAR), CAST(valid_to AS VARCHAR)",
        t->key);
    for (size_t i = 0; i < t->columns.n; i++) {
        const struct model_column *c = &t->columns.v[i];
        if (c->is_key || c->history == CFG_KEEP)
            sql_add(q, ", %L || to_json(CAST(%I AS VARCHAR))::VARCHAR",
                    q_printf(arena, "%s:", c->name), c->name);
    }
    sql_add(q, "))");
    return sql_text(q);
}

static void add_same_key(struct sql *q, const struct model_role *role, const char *relation,
                         const char *alias)
{
    for (size_t i = 0; i < role->dimension->n_keys; i++)
        sql_add(q, "%s%I.%I = %I.%I", i ? " AND " : "", relation, role->from[i], alias,
                role->dimension->keys[i]);
}

const char *model_asked_ref(struct q_arena *arena, const struct model_role *role,
                            const char *dimension_ref, const char *relation)
{
    struct sql *q = sql_new(arena);
    sql_add(q, "(SELECT d.* FROM %s AS d SEMI JOIN %I AS r ON ", dimension_ref, relation);
    add_same_key(q, role, "r", "d");
    sql_add(q, ")");
    return sql_text(q);
}

void model_add_lookup(struct sql *q, const struct model_role *role, const char *dimension_ref,
                      const char *relation, const char *alias)
{
    sql_add(q, "LEFT JOIN %s AS %I ON ", dimension_ref, alias);
    add_same_key(q, role, relation, alias);
    if (!role->dimension->has_history)
        return;
    struct q_arena *scratch = q_arena_new(NULL, "lookup");
    const char *at = sql_make(scratch, "%I.%I", relation, role->at);
    if (role->at_type == Q_T_DATE)
        at = sql_make(scratch, "TRY_CAST(%s AS TIMESTAMP)", at);
    else if (role->at_type == Q_T_TIMESTAMPTZ)
        at = sql_utc(scratch, at);
    if (role->at_type == Q_T_DATE && role->at_end_of_day)
        at = sql_make(scratch, "(%s + INTERVAL '86399999999 microseconds')", at);
    sql_add(q, " AND %s >= %I.valid_from AND %s < coalesce(%I.valid_to, TIMESTAMP 'infinity')", at,
            alias, at, alias);
    q_arena_free(scratch);
}

static void add_any_null(struct sql *q, const struct model_role *role, const char *relation)
{
    for (size_t i = 0; i < role->dimension->n_keys; i++)
        sql_add(q, "%s%I.%I IS NULL", i ? " OR " : "", relation, role->from[i]);
}

const char *model_lookup_found(struct q_arena *arena, const struct model_role *role,
                               const char *alias)
{
    return sql_make(arena, "%I.%I", alias, role->dimension->key);
}

void model_add_lookup_key(struct sql *q, const struct model_role *role, const char *relation,
                          const char *found)
{
    sql_add(q, "coalesce(%s, ", found);
    if (role->optional) {
        sql_add(q, "CASE WHEN ");
        add_any_null(q, role, relation);
        sql_add(q, " THEN %d ELSE %d END)", (int64_t)MODEL_NOT_APPLICABLE, (int64_t)MODEL_UNKNOWN);
    } else {
        sql_add(q, "%d)", (int64_t)MODEL_UNKNOWN);
    }
}

void model_add_lookup_missed(struct sql *q, const struct model_role *role, const char *relation,
                             const char *found)
{
    sql_add(q, "(%s IS NULL AND NOT (", found);
    add_any_null(q, role, relation);
    sql_add(q, "))");
}
