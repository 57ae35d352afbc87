/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a row of the target becomes when only some columns are updated (`update`) or a column is made from the old and the
 * new value (`merge`). All of it is calculated in the audit, so that a row for which it fails is a reject and the load
 * transaction only copies values:
 *
 *     l_good + target ─> l_final (the columns of each matched row as they will be) ─> rejects merge_failed
 *          ─> merge.c compares l_final with the target and publishes it
 */
#include "db/cast.h"
#include "load/internal.h"
#include "sql/expr/expr.h"

struct final {
    struct load *l;
    struct q_schema columns; /* "old.x" and "new.x" of each column x */
    Q_VEC(struct db_cast) casts;
    struct sql *failed; /* WHEN ... THEN of the merge that failed */
};

static const struct cfg_pair *merge_of(const struct load *l, const char *column)
{
    for (size_t i = 0; i < l->cfg->merge.n; i++)
        if (q_strcaseeq(l->cfg->merge.v[i].key.s, column))
            return &l->cfg->merge.v[i];
    return NULL;
}

bool load_mixes(const struct load *l)
{
    return l->cfg->update.n > 0 || l->cfg->merge.n > 0;
}

bool load_updates_column(const struct load *l, const char *column)
{
    for (size_t i = 0; i < l->cfg->update.n; i++)
        if (q_strcaseeq(l->cfg->update.v[i].s, column))
            return true;
    return l->cfg->update.n == 0;
}

bool load_updates_role(const struct load *l, const struct model_role *role)
{
    bool any = role->at && load_updates_column(l, role->at);
    for (size_t i = 0; i < role->dimension->n_keys; i++)
        any = any || load_updates_column(l, role->from[i]);
    return any;
}

/* Only a value beyond the column's range may be found out row by row; what loses digits or the time of day by its very
 * type is a mistake in the file. */
static bool fits(struct q_type from, struct q_type to, bool safe)
{
    bool exact = (q_type_is_integer(from) || from.id == Q_T_DECIMAL) &&
                 (q_type_is_integer(to) || to.id == Q_T_DECIMAL);
    return safe || (exact && from.scale <= to.scale);
}

static enum q_code add_merge(struct final *f, const struct model_column *c,
                             const struct cfg_pair *merge, struct sql *out, struct q_err *err)
{
    struct q_arena *arena = f->l->arena;
    const struct expr_place place = {merge->value.pos.file, merge->value.pos.line,
                                     merge->value.pos.col};
    const struct expr_env env = {.columns = &f->columns};
    char shown[2][Q_TYPE_TEXT];
    struct expr *e;
    bool safe = true;
    enum q_code code = expr_parse(arena, merge->value.s, place, &e, err);
    if (!code)
        code = expr_check(e, &env, err);
    if (code) {
        q_hint(
            err,
            "The columns of a merge are old.NAME, what the target has, and new.NAME, what the batch has.");
        return code;
    }
    struct q_type type = expr_type(e);
    struct sql *value = sql_new(arena), *cast = sql_new(arena), *fails = sql_new(arena);
    expr_add_sql(value, e, "m");
    if (type.id == Q_T_NONE || q_type_eq(type, c->type)) {
        sql_add(cast, "%s", sql_text(value));
    } else if ((q_type_is_textual(type) && !q_type_is_textual(c->type)) ||
               !expr_add_cast_sql(cast, sql_text(value), type, c->type, &safe) ||
               !fits(type, c->type, safe)) {
        code = cfg_fail(err, merge->value.pos, "the merge of \"%s\" gives %s, and the column is %s",
                        c->name, q_type_text(type, shown[0]), q_type_text(c->type, shown[1]));
        q_hint(err, "Make it fit with round(), date() or cast() in the expression.");
        return code;
    }
    expr_add_fails_sql(fails, e, "m");
    if (!safe)
        sql_add(fails, " OR (%s) IS NOT NULL AND (%s) IS NULL", sql_text(value), sql_text(cast));
    if (expr_can_fail(e) || !safe)
        sql_add(f->failed, " WHEN %s THEN %L", sql_text(fails), c->name);
    size_t n;
    const struct q_type *types = expr_casts(e, &n);
    for (size_t i = 0; i < n; i++)
        *q_vec_push(arena, &f->casts) = db_cast_plain(arena, types[i]);
    sql_add(out, "%s", sql_text(cast));
    return Q_OK;
}

/* The column as it will be. A member that was inferred is completed: it takes the whole new row. */
static enum q_code add_column(struct final *f, const struct model_column *c, struct sql *q,
                              struct q_err *err)
{
    struct q_arena *arena = f->l->arena;
    const struct cfg_pair *merge = merge_of(f->l, c->name);
    const char *new = q_printf(arena, "new.%s", c->name), *old = q_printf(arena, "old.%s", c->name);
    enum q_code code = Q_OK;
    if (f->l->target->can_infer)
        sql_add(q, ", CASE WHEN m._q_inferred THEN m.%I ELSE ", new);
    else
        sql_add(q, ", ");
    if (merge)
        code = add_merge(f, c, merge, q, err);
    else
        sql_add(q, "m.%I", c->is_key || load_updates_column(f->l, c->name) ? new : old);
    sql_add(q, f->l->target->can_infer ? " END AS %I" : " AS %I", c->name);
    return code;
}

static const char *pairs_sql(struct final *f)
{
    struct load *l = f->l;
    struct sql *q = sql_new(l->arena);
    sql_add(q, "SELECT g._q_pos");
    if (l->target->can_infer)
        sql_add(q, ", t.inferred AS _q_inferred");
    for (size_t i = 0; i < l->target->columns.n; i++) {
        const struct model_column *c = &l->target->columns.v[i];
        const char *new = q_printf(l->arena, "new.%s", c->name);
        const char *old = q_printf(l->arena, "old.%s", c->name);
        q_schema_add(l->arena, &f->columns, old, c->type);
        q_schema_add(l->arena, &f->columns, new, c->type);
        sql_add(q, ", t.%I AS %I, g.%I AS %I", c->name, old, c->name, new);
    }
    sql_add(q, " FROM l_good AS g JOIN %s AS t ON ", l->target_ref);
    load_add_key_match(q, l, "g", "t");
    return sql_text(q);
}

static void reject(struct load *l, const char *col, const char *detail, const char *where)
{
    load_audit_if(
        l, "l_final",
        sql_make(
            l->arena,
            "INSERT INTO q_rejects (relation, pos, ord, rule, reason, col, detail) SELECT %L, _q_pos, %d, 'merge', "
            "'merge_failed', %L, %L FROM l_final WHERE %s GROUP BY _q_pos",
            l->relation, (int64_t)STEP_ORD_LOAD + 1, col, detail, where));
}

/* Old and new columns together may be what the table refuses. */
static void reject_unfit(struct load *l)
{
    for (size_t i = 0; i < l->target->columns.n; i++) {
        const struct model_column *c = &l->target->columns.v[i];
        const struct cfg_pair *merge = merge_of(l, c->name);
        if (merge)
            reject(l, c->name, merge->value.s, sql_make(l->arena, "_q_failed = %L", c->name));
        if (merge && c->not_null)
            reject(l, c->name, "the merge gives NULL, and the column is `nullable: false`",
                   sql_make(l->arena, "%I IS NULL AND _q_failed IS NULL", c->name));
        if (c->check_sql)
            reject(l, c->name, c->cfg->check.s,
                   sql_make(l->arena, "(%s) IS NOT DISTINCT FROM false AND _q_failed IS NULL",
                            c->check_sql));
    }
    load_audit_if(
        l, "q_rejects",
        sql_make(
            l->arena,
            "DELETE FROM l_final WHERE _q_pos IN (SELECT pos FROM q_rejects WHERE relation = %L)",
            l->relation));
}

static enum q_code run_with_casts(const struct plan_step *step, struct step_ctx *ctx,
                                  struct q_err *err)
{
    const struct final *f = step->spec;
    enum q_code code = db_add_casts(ctx->db, f->casts.v, f->casts.n, err);
    return code ? code : step_run_sql(step, ctx, err);
}

enum q_code load_final(struct load *l, struct q_err *err)
{
    struct final *f = q_new(l->arena, struct final);
    struct sql *q = sql_new(l->arena);
    enum q_code code = Q_OK;
    *f = (struct final){.l = l, .failed = sql_new(l->arena)};
    const char *pairs = pairs_sql(f);
    for (size_t i = 0; i < l->target->columns.n && !code; i++)
        code = add_column(f, &l->target->columns.v[i], q, err);
    if (code)
        return code;
    const char *failed = sql_text(f->failed);
    load_audit(
        l,
        sql_make(
            l->arena,
            "CREATE TABLE l_final AS SELECT m._q_pos%s, CAST(%s%s%s AS VARCHAR) AS _q_failed FROM (%s) AS m",
            sql_text(q), failed[0] ? "CASE" : "NULL", failed, failed[0] ? " END" : "", pairs));
    reject_unfit(l);
    struct plan_step *audit = &l->plan->steps.v[l->audit];
    audit->spec = f;
    audit->run = run_with_casts;
    return Q_OK;
}
