/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows that a load takes away: those of a full snapshot (`deletes: delete`), of a replaced table or slice that the batch
 * lacks (SEMANTICS 9, 14, 15). Rows that stay as they are are not written again, and readers never see an empty table.
 *
 * A key is gone when no row of the batch has it, rejected rows included: a reject never deletes. Members that were
 * inferred were never in the source, so a batch cannot lack them.
 */
#include "load/internal.h"

bool load_deletes(const struct load *l)
{
    return l->cfg->mode == CFG_UPSERT && l->cfg->snapshot && l->cfg->deletes == CFG_DELETES_DELETE;
}

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

void load_find_gone(struct load *l)
{
    const struct model_table *t = l->target;
    struct sql *q = sql_new(l->arena), *current = sql_new(l->arena);
    sql_add(q, "CREATE TABLE l_gone AS SELECT ");
    if (!t->is_fact)
        sql_add(q, "t.%I, ", t->key);
    load_add_keys(q, l, "t");
    sql_add(q, " FROM %s AS t ANTI JOIN l_base AS b ON ", l->target_ref);
    load_add_key_match(q, l, "t", "b");
    sql_add(q, " WHERE ");
    add_real(q, t, "t");
    load_audit(l, sql_text(q));
    load_audit(l, "INSERT INTO q_counts SELECT 'deleted', count(*) FROM l_gone");
    sql_add(current, "SELECT count(*) FROM %s AS t WHERE ", l->target_ref);
    add_real(current, t, "t");
    load_guard_unreadable(l, "SELECT count(*) FROM l_gone");
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
