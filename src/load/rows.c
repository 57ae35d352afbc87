/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows to load: typed as the target, one row a key.
 *
 * Rows that share their key with others (l_dups, few) get a fate: kept, duplicate, superseded, ambiguous. A join can make
 * several rows of one record, which have one position: a record is skipped when none of its rows is left, and the rows to
 * load are those of keys that are there once, and the kept ones.
 */
#include "load/internal.h"

static const struct q_column *relation_column(const struct load *l, const char *name)
{
    ptrdiff_t i = q_schema_find(&l->plan->current.columns, name);
    return i < 0 ? NULL : &l->plan->current.columns.v[i];
}

static enum q_code missing_column(const struct load *l, struct cfg_pos pos, const char *name,
                                  const char *why, struct q_err *err)
{
    enum q_code code =
        cfg_fail(err, pos, "the relation to load has no column \"%s\", %s", name, why);
    const char *near = q_schema_suggest(l->arena, &l->plan->current.columns, name);
    if (near)
        q_hint(
            err,
            "Did you mean \"%s\"? Columns come from `extract` and `transform`; see `quern show %s.%s`.",
            near, l->plan->pipeline->name.s, l->relation);
    else
        q_hint(err, "Columns come from `extract` and `transform`; see `quern show %s.%s`.",
               l->plan->pipeline->name.s, l->relation);
    return code;
}

static void add_typed(struct sql *q, const struct q_column *from, struct q_type type,
                      const char *as)
{
    /* the check stage has proven that every row that is not rejected fits exactly */
    if (q_type_eq(from->type, type))
        sql_add(q, ", r.%I AS %I", from->name, as);
    else
        sql_add(q, ", TRY_CAST(r.%I AS %T) AS %I", from->name, &type, as);
}

static enum q_code add_order(const struct load *l, struct sql *q, struct q_err *err)
{
    if (!l->cfg->order_by.s)
        return Q_OK;
    const struct q_column *c = relation_column(l, l->cfg->order_by.s);
    if (!c)
        return missing_column(l, l->cfg->order_by.pos, l->cfg->order_by.s, "which `order_by` names",
                              err);
    sql_add(q, ", r.%I AS _q_order", c->name);
    return Q_OK;
}

/* The business time of a row, for dimensions with history; the run clock is put in when the step runs. */
static enum q_code add_time(const struct load *l, struct sql *q, struct q_err *err)
{
    if (l->cfg->mode != CFG_HISTORY)
        return Q_OK;
    if (!l->cfg->valid_from.s) {
        sql_add(q, ", (SELECT clock FROM q_run) AS _q_at");
        return Q_OK;
    }
    const struct q_column *c = relation_column(l, l->cfg->valid_from.s);
    if (!c)
        return missing_column(l, l->cfg->valid_from.pos, l->cfg->valid_from.s,
                              "which `valid_from` names", err);
    if (c->type.id != Q_T_TIMESTAMP && c->type.id != Q_T_TIMESTAMPTZ && c->type.id != Q_T_DATE)
        return cfg_fail(err, l->cfg->valid_from.pos,
                        "`valid_from: %s` must be a date or a timestamp", c->name);
    if (c->type.id == Q_T_DATE)
        sql_add(q, ", TRY_CAST(r.%I AS TIMESTAMP) AS _q_at", c->name);
    else if (c->type.id == Q_T_TIMESTAMPTZ)
        sql_add(q, ", %s AS _q_at", sql_utc(l->arena, sql_make(l->arena, "r.%I", c->name)));
    else
        sql_add(q, ", r.%I AS _q_at", c->name);
    return Q_OK;
}

static enum q_code base_view(struct load *l, struct q_err *err)
{
    struct sql *q = sql_new(l->arena);
    sql_add(q, "CREATE VIEW l_base AS SELECT r._q_pos");
    for (size_t i = 0; i < l->target->columns.n; i++) {
        const struct model_column *c = &l->target->columns.v[i];
        const struct q_column *from = relation_column(l, c->name);
        if (!from)
            return missing_column(l, l->cfg->into.pos, c->name,
                                  q_printf(l->arena, "which %s needs", l->target->name), err);
        add_typed(q, from, c->type, c->name);
    }
    enum q_code code = add_order(l, q, err);
    if (!code)
        code = add_time(l, q, err);
    sql_add(q, " FROM %I AS r", l->plan->current.name);
    if (!code)
        load_audit(l, sql_text(q));
    return code;
}

/* Key columns, with the time of the version in mode history. */
static void add_identity(struct sql *q, const struct load *l, const char *alias)
{
    load_add_keys(q, l, alias);
    if (l->cfg->mode == CFG_HISTORY)
        sql_add(q, ", %I._q_at", alias);
}

static void reject_sql(struct load *l, struct sql *q, const char *rule, const char *reason,
                       const char *col, const char *detail)
{
    sql_add(
        q,
        "INSERT INTO q_rejects (relation, pos, ord, rule, reason, col, value, detail) SELECT %L, _q_pos, %d, %L, %L, "
        "%L, NULL, %L ",
        l->relation, (int64_t)STEP_ORD_LOAD, rule, reason, col, detail);
}

/* The relation before the duplicates of keys are settled. */
static const char *clean_rows(const struct load *l)
{
    return l->joined ? "l_clean" : "l_good";
}

static void reject_null_times(struct load *l)
{
    if (l->cfg->mode != CFG_HISTORY || !l->cfg->valid_from.s)
        return;
    struct sql *q = sql_new(l->arena);
    reject_sql(l, q, "valid_from", "null_valid_from", l->cfg->valid_from.s,
               "the business time of a version");
    sql_add(q, "FROM %I WHERE _q_at IS NULL GROUP BY _q_pos", clean_rows(l));
    load_audit(l, sql_text(q));
}

static void add_identity_match(struct sql *q, const struct load *l, const char *a, const char *b)
{
    load_add_key_match(q, l, a, b);
    if (l->cfg->mode == CFG_HISTORY)
        sql_add(q, " AND %I._q_at = %I._q_at", a, b);
}

/* Nothing to settle in most batches; l_good needs the tables all the same where it reads them. */
static void audit_duplicates(struct load *l, const char *sql)
{
    if (l->joined)
        load_audit(l, sql);
    else
        load_audit_if(l, "l_dupkeys", sql);
}

static void collect_duplicates(struct load *l)
{
    struct sql *suspects = sql_new(l->arena), *keys = sql_new(l->arena), *dups = sql_new(l->arena);
    sql_add(suspects, "CREATE TABLE l_suspects AS SELECT ");
    add_identity(suspects, l, "g");
    sql_add(suspects, " FROM %I AS g WHERE %I((hash(", clean_rows(l), l->seen);
    add_identity(suspects, l, "g");
    sql_add(suspects, ") >> 1)::BIGINT)");
    load_audit(l, sql_text(suspects));
    sql_add(keys, "CREATE TABLE l_dupkeys AS SELECT ");
    add_identity(keys, l, "g");
    sql_add(keys, " FROM %I AS g SEMI JOIN l_suspects AS s ON ", clean_rows(l));
    add_identity_match(keys, l, "g", "s");
    sql_add(keys, " GROUP BY ");
    add_identity(keys, l, "g");
    sql_add(keys, " HAVING count(*) > 1");
    load_audit(l, sql_text(keys));
    sql_add(
        dups,
        "CREATE TABLE l_dups AS SELECT g.*, %s AS _q_row FROM %I AS g SEMI JOIN l_dupkeys AS k ON ",
        l->joined ? "row_number() OVER (ORDER BY g._q_pos)" : "g._q_pos", clean_rows(l));
    add_identity_match(dups, l, "g", "k");
    audit_duplicates(l, sql_text(dups));
}

/* Identical rows collapse to the first. Of rows that differ the latest by order_by wins, then by position when
 * `ties: last`; what cannot be decided is ambiguous (SEMANTICS 11). Rows are grouped, and not numbered in windows over all
 * of their columns: that is much quicker. */
static void decide_fates(struct load *l)
{
    bool ordered = l->cfg->order_by.s != NULL, last = l->cfg->ties_last;
    const char *order = ordered ? ", _q_order" : "";
    struct sql *q = sql_new(l->arena);
    sql_add(q, "CREATE TABLE l_fates AS WITH firsts AS (SELECT ");
    add_identity(q, l, "d");
    sql_add(q, "%s, min(_q_row) AS _q_row, min(_q_pos) AS _q_pos FROM l_dups AS d GROUP BY ",
            order);
    add_identity(q, l, "d");
    load_add_payload(q, l, "d");
    sql_add(q, "%s), ranked AS (SELECT _q_row", order);
    if (ordered || last) {
        sql_add(q, ", rank() OVER (PARTITION BY ");
        add_identity(q, l, "s");
        sql_add(q, " ORDER BY %s%s) AS place", ordered ? "_q_order DESC NULLS LAST" : "1",
                last ? ", _q_pos DESC" : "");
    } else {
        sql_add(q, ", 1 AS place");
    }
    sql_add(q, ", count(*) OVER (PARTITION BY ");
    add_identity(q, l, "s");
    sql_add(
        q,
        "%s%s) AS ties FROM firsts AS s) SELECT d._q_row, d._q_pos, CASE WHEN r._q_row IS NULL THEN 'duplicate' WHEN "
        "place > 1 THEN 'superseded' WHEN ties > 1 THEN 'ambiguous' ELSE 'kept' END AS fate FROM l_dups AS d LEFT JOIN "
        "ranked AS r ON r._q_row = d._q_row",
        order, last ? ", _q_pos" : "");
    audit_duplicates(l, sql_text(q));
}

static void reject_ambiguous(struct load *l)
{
    struct sql *r = sql_new(l->arena);
    reject_sql(l, r, l->target->is_fact ? "grain" : "business_key", "ambiguous_version", NULL,
               l->cfg->order_by.s
                   ? "another row of this key has the same order_by value and other content"
                   : "another row of this key has other content, and no order_by is declared");
    sql_add(r, "FROM l_fates WHERE fate = 'ambiguous' GROUP BY _q_pos");
    audit_duplicates(l, sql_text(r));
}

/* The rows that are left, where a record may have several. */
static void good_joined(struct load *l)
{
    struct sql *q = sql_new(l->arena);
    sql_add(q, "CREATE VIEW l_good AS SELECT g.* FROM l_clean AS g ANTI JOIN l_dupkeys AS k ON ");
    add_identity_match(q, l, "g", "k");
    sql_add(
        q,
        " UNION ALL SELECT d.* EXCLUDE (_q_row) FROM l_dups AS d SEMI JOIN (SELECT _q_row FROM l_fates WHERE fate = "
        "'kept') AS f ON f._q_row = d._q_row ANTI JOIN (SELECT pos FROM q_rejects WHERE relation = %L) AS o ON o.pos = "
        "d._q_pos",
        l->relation);
    load_audit(l, sql_text(q));
}

static void skip_beaten(struct load *l)
{
    struct sql *q = sql_new(l->arena);
    sql_add(
        q,
        "INSERT INTO q_skips SELECT %L, _q_pos, max(fate) FROM l_fates AS f WHERE fate IN ('duplicate', "
        "'superseded')",
        l->relation);
    if (l->joined)
        sql_add(
            q,
            " AND _q_pos NOT IN (SELECT pos FROM q_rejects WHERE relation = %L) AND _q_pos NOT IN (SELECT _q_pos FROM "
            "l_good WHERE _q_pos IN (SELECT _q_pos FROM l_dups))",
            l->relation);
    sql_add(q, " GROUP BY _q_pos");
    audit_duplicates(l, sql_text(q));
}

/* Positions of the records that are out. */
static const char *out_sql(const struct load *l)
{
    return sql_make(l->arena,
                    "(SELECT pos FROM q_rejects WHERE relation = %L UNION ALL SELECT pos FROM "
                    "q_skips WHERE relation = %L)",
                    l->relation, l->relation);
}

const char *load_keyed_rows(const struct load *l)
{
    struct sql *q = sql_new(l->arena);
    bool any = false;
    if (l->joined || !l->plan->keyed)
        return NULL;
    sql_add(q, "(SELECT r._q_pos");
    for (size_t i = 0; i < l->target->columns.n; i++) {
        const struct model_column *c = &l->target->columns.v[i];
        const struct q_column *from = relation_column(l, c->name);
        if (!from)
            return NULL; /* load_rows() has said so */
        add_typed(q, from, c->type, c->name);
    }
    for (size_t i = 0; i < l->target->roles.n; i++) {
        const char *key = plan_key_column(l->plan, &l->target->roles.v[i]);
        if (key)
            sql_add(q, ", r.%I", key);
        any = any || key;
    }
    sql_add(q, " FROM %I AS r ANTI JOIN %s AS o ON o.pos = r._q_pos)", l->plan->keyed, out_sql(l));
    return any ? sql_text(q) : NULL;
}

enum q_code load_rows(struct load *l, struct q_err *err)
{
    enum q_code code = base_view(l, err);
    if (code)
        return code;
    load_audit(l, sql_make(l->arena,
                           "CREATE VIEW %I AS SELECT b.* FROM l_base AS b ANTI JOIN %s AS o ON "
                           "o.pos = b._q_pos",
                           clean_rows(l), out_sql(l)));
    reject_null_times(l);
    code = load_reject_outside(l, clean_rows(l), err);
    if (code)
        return code;
    collect_duplicates(l);
    decide_fates(l);
    reject_ambiguous(l);
    if (l->joined)
        good_joined(l);
    skip_beaten(l);
    return Q_OK;
}
