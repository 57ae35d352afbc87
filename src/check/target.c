/* SPDX-License-Identifier: Apache-2.0 */
/* What nobody declared as a rule: rows that transform could not finish, and what the target's tables demand. */
#include "check/internal.h"

static void add_fails(struct check *c)
{
    for (size_t i = 0; i < c->in.plan->fails.n; i++) {
        const struct plan_fail *f = &c->in.plan->fails.v[i];
        struct check_rule *rule = check_add(c, CHECK_ROWS, f->ord, f->rule, f->reason);
        rule->col = f->col;
        rule->detail = f->detail;
        rule->fails = sql_make(c->arena, "(r.%I IS NOT NULL)", f->column);
        rule->value = sql_make(c->arena, "nullif(r.%I, '')", f->column);
        rule->rejects = rule->silent = true;
    }
}

/* A rule on a column of the target: its rows are rejected under "reason column". */
static struct check_rule *demand(struct check *c, int *ord, const char *reason, const char *column)
{
    struct check_rule *rule =
        check_add(c, CHECK_ROWS, (*ord)++, q_printf(c->arena, "%s %s", reason, column), reason);
    rule->col = column;
    rule->value = sql_make(c->arena, "CAST(r.%I AS VARCHAR)", column);
    rule->rejects = true;
    return rule;
}

/* A value of another type must become the column's exactly. */
static enum q_code add_fit(struct check *c, int *ord, const struct model_column *to,
                           const struct q_column *from, struct q_err *err)
{
    char shown[2][Q_TYPE_TEXT];
    struct sql *q = sql_new(c->arena);
    bool safe = true;
    bool strict = q_type_is_textual(from->type) && !q_type_is_textual(to->type);
    if (strict ||
        !expr_add_cast_sql(q, sql_make(c->arena, "r.%I", from->name), from->type, to->type, &safe))
        return cfg_fail(err, c->in.plan->pipeline->load.into.pos,
                        "column \"%s\" is %s, and %s in \"%s\"; cast it in `transform`", from->name,
                        q_type_text(from->type, shown[0]), q_type_text(to->type, shown[1]),
                        c->in.plan->target->name);
    if (safe)
        return Q_OK;
    struct check_rule *rule = demand(c, ord, "type", from->name);
    rule->fails = sql_make(c->arena, "(r.%I IS NOT NULL AND %s IS NULL)", from->name, sql_text(q));
    rule->detail = q_strdup(c->arena, q_type_text(to->type, shown[1]));
    return Q_OK;
}

static enum q_code add_constraint(struct check *c, int *ord, const struct model_column *to,
                                  struct q_err *err)
{
    const char *good, *fails;
    if (!to->check_sql || !to->cfg || !to->cfg->check.s)
        return Q_OK;
    enum q_code code = check_bool_sql(c, &to->cfg->check, "`check`", &good, &fails, err);
    if (code)
        return code;
    struct check_rule *rule = demand(c, ord, "check", to->name);
    rule->fails = sql_make(c->arena, fails ? "(NOT %s OR %s)" : "(NOT %s)", good, fails);
    rule->detail = to->cfg->check.s;
    return Q_OK;
}

/* A declared not_null says the same, and rejects the rows. */
static bool is_declared(const struct check *c, const char *column)
{
    for (size_t i = 0; i < c->in.rules->n; i++) {
        const struct cfg_rule *rule = &c->in.rules->v[i];
        if (rule->kind != CFG_NOT_NULL || rule->when.s ||
            !(rule->at[CFG_ERROR].set || rule->at[CFG_CRITICAL].set))
            continue;
        for (size_t k = 0; k < rule->columns.n; k++)
            if (q_strcaseeq(rule->columns.v[k].s, column))
                return true;
    }
    return false;
}

static enum q_code add_column(struct check *c, int *ord, const struct model_column *to,
                              struct q_err *err)
{
    const struct q_column *from = check_column(c, to->name);
    if (!from)
        return Q_OK; /* the load stage says so */
    if ((to->is_key || to->not_null) && !is_declared(c, from->name)) {
        struct check_rule *rule = demand(c, ord, to->is_key ? "null_key" : "not_null", from->name);
        rule->fails = sql_make(c->arena, "(r.%I IS NULL)", from->name);
        rule->value = NULL;
    }
    enum q_code code = add_fit(c, ord, to, from, err);
    return code ? code : add_constraint(c, ord, to, err);
}

/* A lookup compares the relation's own columns: their types must be the dimension's. */
static enum q_code check_role_types(struct check *c, const struct model_role *role,
                                    struct q_err *err)
{
    char shown[2][Q_TYPE_TEXT];
    for (size_t i = 0; i < role->dimension->n_keys; i++) {
        const struct q_column *from = check_column(c, role->from[i]);
        const struct model_column *key =
            model_column_find(role->dimension, role->dimension->keys[i]);
        if (from && key && !check_comparable(from->type, key->type))
            return cfg_fail(err, c->in.plan->pipeline->load.into.pos,
                            "column \"%s\" is %s, and %s in %s; cast it in `transform`", from->name,
                            q_type_text(from->type, shown[0]), q_type_text(key->type, shown[1]),
                            role->dimension->name);
    }
    const struct q_column *at = role->at ? check_column(c, role->at) : NULL;
    if (at && at->type.id != role->at_type)
        return cfg_fail(err, c->in.plan->pipeline->load.into.pos,
                        "column \"%s\" is %s, and %s in \"%s\"; cast it in `transform`", at->name,
                        q_type_text(at->type, shown[0]),
                        q_type_text(Q_TYPE(role->at_type), shown[1]), c->in.plan->target->name);
    return Q_OK;
}

static bool has_role_columns(const struct check *c, const struct model_role *role)
{
    for (size_t i = 0; i < role->dimension->n_keys; i++)
        if (!check_column(c, role->from[i]))
            return false;
    return !role->at || check_column(c, role->at);
}

static enum q_code add_role(struct check *c, int *ord, const struct model_role *role,
                            struct q_err *err)
{
    if (!has_role_columns(c, role))
        return Q_OK; /* the load stage says so */
    enum q_code code = check_role_types(c, role, err);
    if (code)
        return code;
    const char *alias = q_printf(c->arena, "j%zu", ++c->lookups);
    const char *key = plan_key_column(c->in.plan, role);
    bool counted = role->missing == CFG_MISSING_UNKNOWN || role->missing == CFG_MISSING_INFER;
    const char *reason = q_printf(c->arena, "missing_%s", role->name);
    struct check_rule *rule =
        check_add(c, CHECK_ROWS, (*ord)++,
                  counted ? q_printf(c->arena, "lookup %s", role->name) : reason, reason);
    struct sql *join = sql_new(c->arena), *missed = sql_new(c->arena), *value = sql_new(c->arena);
    model_add_lookup(join, role, c->in.plan->table_ref(c->in.plan, role->dimension), "r", alias);
    model_add_lookup_missed(missed, role, "r",
                            key ? sql_make(c->arena, "r.%I", key)
                                : model_lookup_found(c->arena, role, alias));
    for (size_t i = 0; i < role->dimension->n_keys; i++)
        sql_add(value, i ? " || ', ' || CAST(r.%I AS VARCHAR)" : "CAST(r.%I AS VARCHAR)",
                role->from[i]);
    rule->join = key ? NULL : sql_text(join);
    rule->fails = sql_make(c->arena, "(%s)", sql_text(missed));
    rule->value = sql_text(value);
    rule->col = role->from[0];
    rule->detail = role->dimension->name;
    rule->rejects = !counted;
    rule->always = counted;
    rule->fatal = role->missing == CFG_MISSING_FAIL;
    return Q_OK;
}

enum q_code check_demands(struct check *c, int ord, struct q_err *err)
{
    if (!c->in.plan)
        return Q_OK;
    add_fails(c);
    const struct model_table *target = c->in.plan->target;
    enum q_code code = Q_OK;
    for (size_t i = 0; !code && i < target->columns.n; i++)
        code = add_column(c, &ord, &target->columns.v[i], err);
    for (size_t i = 0; !code && i < target->roles.n; i++)
        code = add_role(c, &ord, &target->roles.v[i], err);
    return code;
}
