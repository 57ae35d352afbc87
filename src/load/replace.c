/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows that a load takes away: those of a full snapshot (`deletes: delete`), of a replaced table or slice that the batch
 * lacks (SEMANTICS 9, 14, 15). Rows that stay as they are are not written again, and readers never see an empty table.
 *
 * A key is gone when no row of the batch has it, rejected rows included: a reject never deletes. Members that were
 * inferred were never in the source, so a batch cannot lack them.
 */
#include "db/cast.h"
#include "load/internal.h"
#include "sql/expr/expr.h"

bool load_deletes(const struct load *l)
{
    return l->cfg->mode == CFG_REPLACE || l->cfg->mode == CFG_REPLACE_SLICE ||
           (l->cfg->mode == CFG_UPSERT && l->cfg->snapshot &&
            l->cfg->deletes == CFG_DELETES_DELETE);
}

/* ---- slices ---- */

/* "CAST('2024-01-01' AS DATE)"; the text has been proven to spell a value. */
static const char *literal(const struct load *l, const struct cfg_text *text, struct q_type type)
{
    return sql_make(l->arena, "CAST(%L AS %T)", text->s, &type);
}

static bool has_order(struct q_type type)
{
    return q_type_is_number(type) || type.id == Q_T_TEXT || type.id == Q_T_DATE ||
           type.id == Q_T_TIME || type.id == Q_T_TIMESTAMP || type.id == Q_T_TIMESTAMPTZ;
}

static enum q_code check_bound(const struct load *l, const struct cfg_text *text,
                               struct q_type type, struct q_err *err)
{
    char shown[Q_TYPE_TEXT];
    int64_t fits = 0;
    if (type.id == Q_T_TEXT)
        return Q_OK;
    const struct db_cast cast = db_cast_plain(l->arena, type);
    enum q_code code = db_add_casts(l->plan->db, &cast, 1, err);
    if (!code)
        code = db_get_ints(l->plan->db,
                           sql_make(l->arena, "SELECT (%I(%L) IS NOT NULL)::INT",
                                    expr_cast_name(l->arena, type), text->s),
                           NULL, 0, &fits, 1, 0, err);
    if (!code && !fits)
        code = cfg_fail(err, text->pos, "\"%s\" is no %s, which \"%s\" is", text->s,
                        q_type_text(type, shown), l->cfg->slice.range.s);
    return code;
}

static enum q_code check_range(const struct load *l, const struct model_column *c,
                               struct q_err *err)
{
    const struct cfg_slice *s = &l->cfg->slice;
    char shown[Q_TYPE_TEXT];
    int64_t rising = 0;
    if (!has_order(c->type))
        return cfg_fail(err, s->range.pos,
                        "a range needs numbers, texts, dates or times, and \"%s\" is %s", c->name,
                        q_type_text(c->type, shown));
    enum q_code code = check_bound(l, &s->from, c->type, err);
    if (!code)
        code = check_bound(l, &s->to, c->type, err);
    if (!code)
        code = db_get_ints(l->plan->db,
                           sql_make(l->arena, "SELECT (%s < %s)::INT",
                                    literal(l, &s->from, c->type), literal(l, &s->to, c->type)),
                           NULL, 0, &rising, 1, 0, err);
    if (!code && !rising)
        code = cfg_fail(err, s->from.pos,
                        "the slice from %s to %s is empty: \"from\" must be less than \"to\"",
                        s->from.s, s->to.s);
    return code;
}

/* True of the rows of the half-open range; NULL where the column is. */
static void add_in_range(struct sql *q, const struct load *l, const char *alias)
{
    const struct cfg_slice *s = &l->cfg->slice;
    const struct model_column *c = model_column_find(l->target, s->range.s);
    sql_add(q, "(%I.%I >= %s AND %I.%I < %s)", alias, c->name, literal(l, &s->from, c->type), alias,
            c->name, literal(l, &s->to, c->type));
}

enum q_code load_reject_outside(struct load *l, const char *relation, struct q_err *err)
{
    const struct cfg_slice *s = &l->cfg->slice;
    if (l->cfg->mode != CFG_REPLACE_SLICE || !s->range.s)
        return Q_OK;
    const struct model_column *c = model_column_find(l->target, s->range.s);
    enum q_code code = check_range(l, c, err);
    if (code)
        return code;
    struct sql *q = sql_new(l->arena);
    sql_add(
        q,
        "INSERT INTO q_rejects (relation, pos, ord, rule, reason, col, value, detail) SELECT %L, r._q_pos, %d, "
        "'slice', 'outside_slice', %L, min(CAST(r.%I AS VARCHAR)), %L FROM %I AS r WHERE ",
        l->relation, (int64_t)STEP_ORD_LOAD, c->name, c->name,
        q_printf(l->arena, "the slice is from %s to %s, which is left out", s->from.s, s->to.s),
        relation);
    add_in_range(q, l, "r");
    sql_add(q, " IS NOT TRUE GROUP BY r._q_pos");
    load_audit(l, sql_text(q));
    return Q_OK;
}

/* The slices of the batch: the distinct values of the columns, NULL among them. */
static void find_slices(struct load *l)
{
    struct sql *q = sql_new(l->arena);
    sql_add(q, "CREATE TABLE l_slices AS SELECT DISTINCT ");
    for (size_t i = 0; i < l->cfg->slice.by.n; i++)
        sql_add(q, i ? ", g.%I" : "g.%I", l->cfg->slice.by.v[i].s);
    sql_add(q, " FROM l_good AS g");
    load_audit(l, sql_text(q));
}

/* ---- what goes away ---- */

/* "t.key > 0 AND NOT t.inferred", what is true of rows that came from a source. */
static void add_real(struct sql *q, const struct model_table *t, const char *alias)
{
    if (t->is_fact) {
        sql_add(q, "true");
        return;
    }
    sql_add(q, "%I.%I > 0", alias, t->key);
    if (t->can_infer)
        sql_add(q, " AND NOT %I.inferred", alias);
}

static void add_slice_join(struct sql *q, const struct load *l)
{
    sql_add(q, "SEMI JOIN l_slices AS s ON ");
    for (size_t i = 0; i < l->cfg->slice.by.n; i++)
        sql_add(q, "%st.%I IS NOT DISTINCT FROM s.%I", i ? " AND " : "", l->cfg->slice.by.v[i].s,
                l->cfg->slice.by.v[i].s);
    sql_add(q, " ");
}

void load_find_gone(struct load *l)
{
    const struct model_table *t = l->target;
    struct sql *q = sql_new(l->arena), *current = sql_new(l->arena);
    bool sliced = l->cfg->mode == CFG_REPLACE_SLICE;
    if (sliced && l->cfg->slice.by.n)
        find_slices(l);
    sql_add(q, "CREATE TABLE l_gone AS SELECT ");
    if (!t->is_fact)
        sql_add(q, "t.%I, ", t->key);
    load_add_keys(q, l, "t");
    sql_add(q, " FROM %s AS t ", l->target_ref);
    if (sliced && l->cfg->slice.by.n)
        add_slice_join(q, l);
    sql_add(q, "ANTI JOIN l_base AS b ON ");
    load_add_key_match(q, l, "t", "b");
    sql_add(q, " WHERE ");
    add_real(q, t, "t");
    if (sliced && l->cfg->slice.range.s) {
        sql_add(q, " AND ");
        add_in_range(q, l, "t");
    }
    load_audit(l, sql_text(q));
    load_audit(l, "INSERT INTO q_counts SELECT 'deleted', count(*) FROM l_gone");
    load_guard_unreadable(l, "SELECT count(*) FROM l_gone");
    if (sliced) /* what else is there does not tell how much of a slice may go */
        return;
    sql_add(current, "SELECT count(*) FROM %s AS t WHERE ", l->target_ref);
    add_real(current, t, "t");
    load_guard_shrink(l, "SELECT count(*) FROM l_gone", sql_text(current));
}

void load_publish_gone(struct load *l)
{
    struct sql *from = sql_new(l->arena), *q = sql_new(l->arena);
    sql_add(from, LOAD_WH ".%I AS t SEMI JOIN l_gone AS g ON ", l->target->stored);
    load_add_key_match(from, l, "t", "g");
    load_remember(l, "l_gone", sql_text(from));
    sql_add(q, "DELETE FROM " LOAD_WH ".%I AS t USING l_gone AS g WHERE ", l->target->stored);
    load_add_key_match(q, l, "t", "g");
    load_publish_if(l, "l_gone", sql_text(q));
}

/* A statement of the step for each role of a fact, in order; the step's spec is the list of their facts' names. */
static enum q_code prove(const struct plan_step *step, struct step_ctx *ctx, struct q_err *err)
{
    const q_texts *facts = step->spec;
    int64_t n[2] = {0, 0};
    enum q_code code = db_get_ints(ctx->db, "SELECT count(*) FROM l_gone", NULL, 0, n, 1, 0, err);
    if (code || !n[0])
        return code;
    for (size_t i = 0; i < step->sql.n; i++) {
        code = db_get_ints(ctx->db, step->sql.v[i], NULL, 0, n, 2, 0, err);
        if (code)
            return code;
        if (!n[0])
            continue;
        code = q_fail(err, Q_FAILED,
                      "cannot delete %lld members of \"%s\" that the batch lacks: %lld rows of "
                      "\"%s\" refer to them",
                      (long long)n[1], step->relation, (long long)n[0], facts->v[i]);
        q_hint(err,
               "Keep them with `deletes: ignore`, or give the dimension history and use `mode: "
               "history` with `deletes: close`.");
        return code;
    }
    return code;
}

void load_prove_gone(struct load *l)
{
    const struct model *m = l->plan->model;
    q_texts *facts = q_new(l->arena, q_texts);
    if (l->target->is_fact)
        return;
    struct plan_step *step = plan_add_step(
        l->plan, "load", q_printf(l->arena, "prove %s", l->target->stored), l->target->stored);
    step->run = prove;
    step->spec = facts;
    for (size_t i = 0; i < m->n; i++)
        for (size_t k = 0; k < m->tables[i].roles.n; k++) {
            const struct model_role *role = &m->tables[i].roles.v[k];
            if (role->dimension != l->target)
                continue;
            *q_vec_push(l->arena, facts) = m->tables[i].name;
            plan_step_sql(
                l->plan, step,
                sql_make(
                    l->arena,
                    "SELECT count(*), count(DISTINCT f.%I) FROM %s AS f SEMI JOIN l_gone AS g ON g.%I = f.%I",
                    role->key_column, l->plan->table_ref(l->plan, &m->tables[i]), l->target->key,
                    role->key_column));
        }
}
