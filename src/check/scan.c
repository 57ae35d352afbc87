/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fused scan and what is read behind it.
 *
 * One pass counts rows and, for each rule, rows evaluated; failing rows leave their position and a mask of rules, bit
 * b % 60 of word b / 60, in a list, so that a clean relation costs one pass and nothing more. Counts of failures,
 * samples and rejects come from the table of these few rows.
 */
#include "check/internal.h"

static size_t check_masks(const struct check *c)
{
    return c->rules.n ? (c->rules.n + CHECK_BITS - 1) / CHECK_BITS : 1;
}

static int64_t bit_of(size_t rule)
{
    return INT64_C(1) << (rule % CHECK_BITS);
}

static bool in_scan(const struct check *c, const bool *use, size_t i)
{
    return (!use || use[i]) && c->rules.v[i].form == CHECK_ROWS;
}

/* ", <fails> AS _q_f3": each condition is planned and evaluated once, for the question and for the mask. */
static void add_conditions(struct sql *q, const struct check *c, const bool *use)
{
    for (size_t i = 0; i < c->rules.n; i++)
        if (in_scan(c, use, i))
            sql_add(q, ", %s AS _q_f%d", c->rules.v[i].fails, (int64_t)i);
}

/* CASE WHEN any fails THEN {p: position, m0: mask ...} END */
static void add_failure(struct sql *q, const struct check *c, const bool *use)
{
    bool first = true;
    sql_add(q, "CASE WHEN ");
    for (size_t i = 0; i < c->rules.n; i++) {
        if (!in_scan(c, use, i))
            continue;
        sql_sep(q, &first, " OR ");
        sql_add(q, "r._q_f%d", (int64_t)i);
    }
    sql_add(q, first ? "FALSE THEN {'p': r._q_pos" : " THEN {'p': r._q_pos");
    for (size_t m = 0; m < check_masks(c); m++) {
        sql_add(q, ", 'm%d': CAST(0 AS BIGINT)", (int64_t)m);
        for (size_t i = m * CHECK_BITS; i < (m + 1) * CHECK_BITS && i < c->rules.n; i++)
            if (in_scan(c, use, i))
                sql_add(q, " | CASE WHEN r._q_f%d THEN CAST(%d AS BIGINT) ELSE 0 END", (int64_t)i,
                        bit_of(i));
    }
    sql_add(q, "} END");
}

/* The relation with the columns that rules need; each is made once, however often a rule reads it. */
static void add_relation(struct sql *q, const struct check *c, const bool *use)
{
    const char *keyed = c->in.plan ? c->in.plan->keyed : NULL;
    struct sql *known = sql_new(c->arena);
    for (size_t i = 0; i < c->rules.n; i++)
        if (in_scan(c, use, i) && c->rules.v[i].known)
            sql_add(known, ", %s", c->rules.v[i].known);
    const char *columns = sql_text(known);
    sql_add(q, *columns ? "(SELECT r.*%s FROM %I AS r)" : "%s%I", columns,
            keyed ? keyed : c->in.relation);
}

bool check_counts_apart(const struct check_rule *rule)
{
    return (rule->form == CHECK_ROWS || rule->form == CHECK_SET) && rule->looks_at;
}

const char *check_scan_sql(const struct check *c, const bool *use)
{
    struct sql *q = sql_new(c->arena);
    sql_add(q, "CREATE OR REPLACE TABLE q_scan AS SELECT count(*) AS rows");
    for (size_t i = 0; i < c->rules.n; i++)
        if (check_counts_apart(&c->rules.v[i]))
            sql_add(q, ", count(*) FILTER (%s) AS e%d",
                    !use || use[i] ? c->rules.v[i].looks_at : "FALSE", (int64_t)i);
    sql_add(q, ", list(r._q_failure) FILTER (r._q_failure IS NOT NULL) AS failures FROM (SELECT "
               "r.*, ");
    add_failure(q, c, use);
    sql_add(q, " AS _q_failure FROM (SELECT r.*");
    add_conditions(q, c, use);
    sql_add(q, " FROM ");
    add_relation(q, c, use);
    sql_add(q, " AS r");
    for (size_t i = 0; i < c->rules.n; i++)
        if (in_scan(c, use, i) && c->rules.v[i].join)
            sql_add(q, " %s", c->rules.v[i].join);
    sql_add(q, ") AS r) AS r");
    return sql_text(q);
}

const char *check_failed_table_sql(const struct check *c)
{
    struct sql *q = sql_new(c->arena);
    sql_add(q, "CREATE OR REPLACE TABLE q_failed (pos BIGINT");
    for (size_t m = 0; m < check_masks(c); m++)
        sql_add(q, ", m%d BIGINT", (int64_t)m);
    sql_add(q, ")");
    return sql_text(q);
}

const char *check_collect_sql(const struct check *c)
{
    struct sql *q = sql_new(c->arena);
    sql_add(q, "INSERT INTO q_failed SELECT f.p");
    for (size_t m = 0; m < check_masks(c); m++)
        sql_add(q, ", f.m%d", (int64_t)m);
    sql_add(q, " FROM (SELECT unnest(failures) AS f FROM q_scan)");
    return sql_text(q);
}

const char *check_collect_set_sql(const struct check *c, size_t rule)
{
    struct sql *q = sql_new(c->arena);
    sql_add(q, "INSERT INTO q_failed SELECT pos");
    for (size_t m = 0; m < check_masks(c); m++)
        sql_add(q, ", %d", m == rule / CHECK_BITS ? bit_of(rule) : INT64_C(0));
    sql_add(q, " FROM %I", c->rules.v[rule].set);
    return sql_text(q);
}

const char *check_evaluated_sql(const struct check *c)
{
    struct sql *q = sql_new(c->arena);
    sql_add(q, "SELECT rows");
    for (size_t i = 0; i < c->rules.n; i++)
        if (check_counts_apart(&c->rules.v[i]))
            sql_add(q, ", e%d", (int64_t)i);
    sql_add(q, " FROM q_scan");
    return sql_text(q);
}

static void add_masks(struct sql *q, const struct check *c)
{
    for (size_t m = 0; m < check_masks(c); m++)
        sql_add(q, m ? ", m%d" : "m%d", (int64_t)m);
}

/* What fails usually fails in a few ways: the masks are few, and a sum over them needs no plan of an aggregate a rule. */
const char *check_masks_sql(const struct check *c)
{
    struct sql *q = sql_new(c->arena);
    sql_add(q, "SELECT count(*), ");
    add_masks(q, c);
    sql_add(q, " FROM q_failed GROUP BY ");
    add_masks(q, c);
    return sql_text(q);
}

bool check_mask_has(const struct batch *masks, size_t row, size_t rule)
{
    return (db_cell_int(masks, 1 + rule / CHECK_BITS, row, 0) & bit_of(rule)) != 0;
}

/* Only a join makes several rows of one record; then one of them is enough to tell why it failed. */
static bool is_joined(const struct check *c)
{
    return c->in.plan && c->in.plan->sources.n > 1;
}

static const char *one_a_record(const struct check *c, const char *what)
{
    return is_joined(c)
               ? sql_make(c->arena, " QUALIFY row_number() OVER (PARTITION BY %s) = 1", what)
               : "";
}

static void add_reason(struct sql *q, const struct check_rule *rule, size_t i)
{
    sql_add(
        q,
        "CASE WHEN f.m%d & %d <> 0 THEN {'ord': CAST(%d AS INTEGER), 'rule': %L, 'reason': %L, 'col': CAST(%L AS "
        "VARCHAR), 'value': CAST(%s AS VARCHAR), 'detail': CAST(%L AS VARCHAR)} END",
        (int64_t)(i / CHECK_BITS), bit_of(i), (int64_t)rule->ord, rule->name, rule->reason,
        rule->col, rule->value ? rule->value : "NULL", rule->detail);
}

/* Each record once for each bit: only a join has a record in several rows. */
static void add_failed_records(struct sql *q, const struct check *c)
{
    sql_add(q, "SELECT pos");
    for (size_t m = 0; m < check_masks(c); m++)
        sql_add(q, ", %s(m%d) AS m%d", is_joined(c) ? "bit_or" : "", (int64_t)m, (int64_t)m);
    sql_add(q, " FROM q_failed%s", is_joined(c) ? " GROUP BY pos" : "");
}

const char *check_rejects_sql(const struct check *c, const bool *use)
{
    struct sql *q = sql_new(c->arena);
    bool first = true;
    sql_add(
        q,
        "INSERT INTO q_rejects (relation, pos, ord, rule, reason, col, value, detail) SELECT %L, pos, u.ord, u.rule, "
        "u.reason, u.col, u.value, u.detail FROM (SELECT r._q_pos AS pos, unnest([",
        c->in.source);
    for (size_t i = 0; i < c->rules.n; i++) {
        if (!use[i])
            continue;
        sql_sep(q, &first, ", ");
        add_reason(q, &c->rules.v[i], i);
    }
    sql_add(q, "]) AS u FROM %I AS r JOIN (", c->in.relation);
    add_failed_records(q, c);
    sql_add(q, ") AS f ON f.pos = r._q_pos) WHERE u IS NOT NULL%s",
            one_a_record(c, "pos, u.ord, u.rule"));
    return sql_text(q);
}

/* {'k1': ..., 'k2': ...} of the target's keys, or NULL when the relation has none. */
static const char *key_of_row(const struct check *c)
{
    struct sql *q = sql_new(c->arena);
    bool first = true;
    for (size_t i = 0; c->in.plan && i < c->in.plan->target->n_keys; i++) {
        const struct q_column *key = check_column(c, c->in.plan->target->keys[i]);
        if (!key)
            continue;
        bool exact = key->type.id == Q_T_DECIMAL; /* as text, so that no digit is lost */
        sql_add(q, first ? "{%L: " : ", %L: ", key->name);
        sql_add(q, exact ? "CAST(r.%I AS VARCHAR)" : "r.%I", key->name);
        first = false;
    }
    sql_add(q, "}");
    return first ? NULL : sql_text(q);
}

/* Rules and, for each, the lowest positions that fail it: one aggregation for all of them. */
static void add_chosen(struct sql *q, const struct check *c, const bool *use)
{
    struct sql *firsts = sql_new(c->arena);
    bool first = true;
    sql_add(q, "SELECT rule, unnest(firsts) AS pos FROM (SELECT unnest([");
    for (size_t i = 0; i < c->rules.n; i++) {
        if (!use[i])
            continue;
        sql_add(q, first ? "%d" : ", %d", (int64_t)i);
        sql_add(firsts, "%smin(pos, %d) FILTER (m%d & %d <> 0)", first ? "" : ", ",
                (int64_t)CHECK_SAMPLES, (int64_t)(i / CHECK_BITS), bit_of(i));
        first = false;
    }
    sql_add(q, "]) AS rule, unnest([%s]) AS firsts FROM (", sql_text(firsts));
    add_failed_records(q, c);
    sql_add(q, "))");
}

/* Number of rule, position, {"position": 12, "key": {...}, "value": "x"} of its first failing rows, in no order. */
const char *check_samples_sql(const struct check *c, const bool *use)
{
    struct sql *q = sql_new(c->arena), *values = sql_new(c->arena);
    const char *key = key_of_row(c);
    sql_add(values, "CASE rule");
    for (size_t i = 0; i < c->rules.n; i++)
        if (use[i] && c->rules.v[i].value)
            sql_add(values, " WHEN %d THEN CAST(%s AS VARCHAR)", (int64_t)i, c->rules.v[i].value);
    sql_add(q, "WITH chosen AS (");
    add_chosen(q, c, use);
    sql_add(values, " WHEN -1 THEN '' END");
    sql_add(
        q,
        ") SELECT chosen.rule, r._q_pos, CAST(to_json({'position': r._q_pos%s%s, 'value': %s}) AS "
        "VARCHAR) FROM %I AS r JOIN chosen ON chosen.pos = r._q_pos%s",
        key ? ", 'key': " : "", key ? key : "", sql_text(values), c->in.relation,
        one_a_record(c, "chosen.rule, r._q_pos"));
    return sql_text(q);
}
