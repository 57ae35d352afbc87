/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules about sets of rows. The keys that occur more than once are found first; everything else looks at their rows
 * only.
 */
#include "check/internal.h"

static struct check_rule *add_set(struct check *c, const struct cfg_rule *cfg, int ord,
                                  const char *reason)
{
    struct check_rule *rule = check_add(c, CHECK_SET, ord, cfg->name.s, reason);
    rule->cfg = cfg;
    rule->rejects = cfg->at[CFG_ERROR].set || cfg->at[CFG_CRITICAL].set;
    rule->set = q_printf(c->arena, "q_set_%d", ord);
    return rule;
}

static void statement(struct check *c, struct check_rule *rule, const char *sql)
{
    *q_vec_push(c->arena, &rule->statements) = sql;
}

/* "x.a, x.b" */
static const char *list_columns(struct check *c, const struct q_schema *columns, const char *alias)
{
    struct sql *q = sql_new(c->arena);
    for (size_t i = 0; i < columns->n; i++)
        sql_add(q, i ? ", %I.%I" : "%I.%I", alias, columns->v[i].name);
    return sql_text(q);
}

static void add_match(struct sql *q, const struct q_schema *columns, const char *a, const char *b)
{
    for (size_t i = 0; i < columns->n; i++)
        sql_add(q, "%s%I.%I IS NOT DISTINCT FROM %I.%I", i ? " AND " : "", a, columns->v[i].name, b,
                columns->v[i].name);
}

static enum q_code key_columns(struct check *c, const struct cfg_rule *cfg, struct q_schema *keys,
                               struct q_err *err)
{
    for (size_t i = 0; i < cfg->columns.n; i++) {
        const struct q_column *column;
        enum q_code code = check_require(c, &cfg->columns.v[i], &column, err);
        if (code)
            return code;
        q_schema_add(c->arena, keys, column->name, column->type);
    }
    return Q_OK;
}

/* "NOT (r.a IS NULL AND r.b IS NULL)" */
static const char *known_key(struct check *c, const struct q_schema *keys, const char *alias)
{
    struct sql *q = sql_new(c->arena);
    sql_add(q, "NOT (");
    for (size_t i = 0; i < keys->n; i++)
        sql_add(q, i ? " AND %I.%I IS NULL" : "%I.%I IS NULL", alias, keys->v[i].name);
    sql_add(q, ")");
    return sql_text(q);
}

/* Rows of keys that occur more than once, numbered within their key, with the number of different source rows. */
static void unique_statements(struct check *c, struct check_rule *rule, const struct q_schema *keys)
{
    struct q_arena *arena = c->arena;
    const char *twice = q_printf(arena, "%s_keys", rule->set),
               *rows = q_printf(arena, "%s_rows", rule->set);
    struct sql *q = sql_new(arena);
    sql_add(q,
            "CREATE TABLE %I AS SELECT %s FROM %I AS r WHERE %s GROUP BY ALL HAVING count(*) > 1",
            twice, list_columns(c, keys, "r"), c->in.relation, known_key(c, keys, "r"));
    statement(c, rule, sql_text(q));
    q = sql_new(arena);
    sql_add(q, "CREATE TABLE %I AS SELECT r._q_pos AS pos, %s FROM %I AS r SEMI JOIN %I AS k ON ",
            rows, list_columns(c, keys, "r"), c->in.relation, twice);
    add_match(q, keys, "r", "k");
    statement(c, rule, sql_text(q));
    const char *key = list_columns(c, keys, "d");
    q = sql_new(arena);
    sql_add(
        q,
        "CREATE TABLE %I AS SELECT pos FROM (SELECT pos, row_number() OVER (PARTITION BY %s ORDER BY pos) AS number, "
        "min(content) OVER (PARTITION BY %s) AS least, max(content) OVER (PARTITION BY %s) AS most FROM (SELECT d.*, "
        "md5(CAST(to_json(struct_pack(",
        rule->set, key, key, key);
    for (size_t i = 0; i < c->identity_columns->n; i++)
        sql_add(q, "%s%I := CAST(i.%I AS VARCHAR)", i ? ", " : "", c->identity_columns->v[i].name,
                c->identity_columns->v[i].name);
    sql_add(
        q,
        ")) AS VARCHAR)) AS content FROM %I AS d LEFT JOIN %I AS i ON i._q_pos = d.pos) AS d) WHERE number > 1 OR "
        "least <> most",
        rows, c->identity);
    statement(c, rule, sql_text(q));
    rule->tell = sql_make(
        arena,
        "SELECT count(*), coalesce(sum(n), 0), coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n "
        "FROM %I AS d GROUP BY %s)",
        rows, key);
    rule->looks_at = known_key(c, keys, "r");
}

enum q_code check_unique(struct check *c, const struct cfg_rule *cfg, int ord, struct q_err *err)
{
    struct q_schema keys = {0};
    enum q_code code = key_columns(c, cfg, &keys, err);
    if (code)
        return code;
    struct check_rule *rule = add_set(c, cfg, ord, "unique");
    if (keys.n == 1) {
        rule->col = keys.v[0].name;
        rule->value = sql_make(c->arena, "CAST(r.%I AS VARCHAR)", rule->col);
    }
    unique_statements(c, rule, &keys);
    return Q_OK;
}

/* The part of a row within which it must be alone: its file, or a column that all of it share. */
static enum q_code within(struct check *c, const struct cfg_rule *cfg, const char **out,
                          struct q_err *err)
{
    const struct q_column *column;
    *out = NULL;
    if (!cfg->within.s)
        return Q_OK;
    if (q_strcaseeq(cfg->within.s, "source_file")) {
        *out = sql_make(c->arena, "(i._q_pos >> %d)", (int64_t)Q_POS_FILE_SHIFT);
        return Q_OK;
    }
    if (q_schema_find(c->identity_columns, cfg->within.s) >= 0)
        return Q_OK; /* equal rows are equal in it */
    enum q_code code = check_require(c, &cfg->within, &column, err);
    return code ? code
                : cfg_fail(err, cfg->within.pos,
                           "`within` is source_file or a column of the source");
}

/* Candidates by hash; then exactly, column by column. Only rows that the relation still has can fail. */
enum q_code check_duplicate_row(struct check *c, const struct cfg_rule *cfg, int ord,
                                struct q_err *err)
{
    const char *part;
    enum q_code code = within(c, cfg, &part, err);
    if (code)
        return code;
    struct check_rule *rule = add_set(c, cfg, ord, "duplicate_row");
    const char *hashes = q_printf(c->arena, "%s_keys", rule->set);
    const char *all = list_columns(c, c->identity_columns, "i");
    const char *hash = sql_make(c->arena, part ? "hash(%s, %s)" : "hash(%s)", all, part);
    statement(
        c, rule,
        sql_make(c->arena,
                 "CREATE TABLE %I AS SELECT %s AS h FROM %I AS i GROUP BY ALL HAVING count(*) > 1",
                 hashes, hash, c->identity));
    statement(
        c, rule,
        sql_make(
            c->arena,
            "CREATE TABLE %I AS SELECT pos FROM (SELECT i._q_pos AS pos, row_number() OVER (PARTITION BY %s%s%s "
            "ORDER BY i._q_pos) AS number FROM %I AS i SEMI JOIN %I AS k ON k.h = %s) AS d SEMI JOIN %I AS r ON "
            "r._q_pos = d.pos WHERE d.number > 1",
            rule->set, all, part ? ", " : "", part ? part : "", c->identity, hashes, hash,
            c->in.relation));
    return Q_OK;
}
