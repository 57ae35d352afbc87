/* SPDX-License-Identifier: Apache-2.0 */
#include "load/internal.h"

void load_audit(struct load *l, const char *sql)
{
    plan_step_sql(l->plan, &l->plan->steps.v[l->audit], sql);
}

void load_publish(struct load *l, const char *sql)
{
    plan_step_sql(l->plan, &l->plan->steps.v[l->publish], sql);
}

void load_audit_if(struct load *l, const char *relation, const char *sql)
{
    plan_step_sql_if(l->plan, &l->plan->steps.v[l->audit], relation, sql);
}

void load_publish_if(struct load *l, const char *relation, const char *sql)
{
    plan_step_sql_if(l->plan, &l->plan->steps.v[l->publish], relation, sql);
}

void load_add_key_match(struct sql *q, const struct load *l, const char *a, const char *b)
{
    for (size_t i = 0; i < l->target->n_keys; i++)
        sql_add(q, "%s%I.%I = %I.%I", i ? " AND " : "", a, l->target->keys[i], b,
                l->target->keys[i]);
}

void load_add_keys(struct sql *q, const struct load *l, const char *alias)
{
    for (size_t i = 0; i < l->target->n_keys; i++)
        sql_add(q, "%s%I.%I", i ? ", " : "", alias, l->target->keys[i]);
}

void load_add_payload(struct sql *q, const struct load *l, const char *alias)
{
    for (size_t i = 0; i < l->target->columns.n; i++)
        sql_add(q, ", %I.%I", alias, l->target->columns.v[i].name);
}

const char *load_open_end(const struct load *l)
{
    return l->plan->project->open_end_null ? "NULL" : "TIMESTAMP '9999-12-31 00:00:00'";
}

const char *load_added_key(struct q_arena *arena, const struct model_table *table,
                           const char *column)
{
    return q_printf(arena, "added %s.%s", table->stored, column);
}

/* "to_json(...)" of columns; decimals as text, so that no digit is lost (SEMANTICS 29). */
static void add_json(struct sql *q, const struct load *l, bool keys_only)
{
    const struct q_schema *s = &l->plan->current.columns;
    bool first = true;
    sql_add(q, "to_json(struct_pack(");
    for (size_t i = 0; i < s->n; i++) {
        const struct model_column *c = model_column_find(l->target, s->v[i].name);
        if (keys_only && !(c && c->is_key))
            continue;
        sql_sep(q, &first, ", ");
        sql_add(q, s->v[i].type.id == Q_T_DECIMAL ? "%I := CAST(%I AS VARCHAR)" : "%I := %I",
                s->v[i].name, s->v[i].name);
    }
    sql_add(q, "))::VARCHAR");
}

/* Rejected records as typed rows, and the key of each. */
static void keep_records(struct load *l)
{
    struct sql *q = sql_new(l->arena), *k = sql_new(l->arena);
    sql_add(q, "UPDATE q_rejects SET record = r.record FROM (SELECT _q_pos, ");
    add_json(q, l, false);
    sql_add(
        q,
        " AS record FROM %I WHERE _q_pos IN (SELECT pos FROM q_rejects WHERE raw IS NULL AND record IS "
        "NULL AND relation = %L)) AS r WHERE q_rejects.relation = %L AND q_rejects.pos = r._q_pos AND "
        "q_rejects.record IS NULL",
        l->plan->current.name, l->relation, l->relation);
    load_audit_if(l, "q_rejects", sql_text(q));
    sql_add(k, "INSERT INTO q_keys SELECT _q_pos, ");
    add_json(k, l, true);
    sql_add(k, " FROM %I WHERE _q_pos IN (SELECT pos FROM q_rejects WHERE relation = %L)",
            l->plan->current.name, l->relation);
    load_audit_if(l, "q_rejects", sql_text(k));
}

/* A slice whose range the run gives takes its bounds from --from and --to. */
static enum q_code bound_slice(struct load *l, struct q_err *err)
{
    const struct plan *plan = l->plan;
    const struct cfg_slice *slice = &l->cfg->slice;
    if (l->cfg->mode != CFG_REPLACE_SLICE || !slice->range.s || slice->from.s)
        return Q_OK;
    if (plan->held_run) {
        enum q_code code =
            q_fail(err, Q_USAGE,
                   "cannot publish run %lld: its slice was bounded by --from and --to, "
                   "which are not kept",
                   (long long)plan->held_run);
        q_hint(err, "Give it up with `quern runs drop %lld`, and run the pipeline again.",
               (long long)plan->held_run);
        return code;
    }
    if (!plan->from) {
        enum q_code code =
            q_fail(err, Q_USAGE,
                   "pipeline \"%s\" replaces a slice by the range of \"%s\": which one, "
                   "the run must say",
                   plan->pipeline->name.s, slice->range.s);
        q_hint(err, "Run it with `quern run %s --from VALUE --to VALUE`.", plan->pipeline->name.s);
        return code;
    }
    struct cfg_load *bounded = q_new(l->arena, struct cfg_load);
    *bounded = *l->cfg;
    bounded->slice.from = (struct cfg_text){.s = plan->from, .pos = slice->range.pos};
    bounded->slice.to = (struct cfg_text){.s = plan->to, .pos = slice->range.pos};
    l->cfg = bounded;
    return Q_OK;
}

static enum q_code compile(struct plan *plan, struct q_err *err)
{
    const struct cfg_slice *slice = &plan->pipeline->load.slice;
    if (plan->looking && slice->range.s && !slice->from.s)
        return Q_OK; /* nothing to bound */
    struct load l = {
        .plan = plan,
        .arena = plan->arena,
        .target = plan->target,
        .cfg = &plan->pipeline->load,
        .relation = plan->sources.v[0].name,
        .joined = plan->sources.n > 1,
        .target_ref = plan->table_ref(plan, plan->target),
    };
    enum q_code code = bound_slice(&l, err);
    if (!code)
        code = load_schema(&l, err);
    if (code)
        return code;
    l.seen = load_seen(&l);
    struct load on_rows = l;
    plan_add_step(plan, "load", q_printf(plan->arena, "audit %s", plan->target->stored),
                  plan->target->stored);
    on_rows.audit = plan->steps.n - 1;
    plan_add_step(plan, "load", q_printf(plan->arena, "publish %s", plan->target->stored),
                  plan->target->stored)
        ->publishes = true;
    on_rows.publish = plan->steps.n - 1;
    code = load_rows(&on_rows, err);
    if (!code)
        code = l.cfg->mode == CFG_HISTORY ? load_history(&on_rows, err) : load_merge(&on_rows, err);
    if (!code)
        keep_records(&on_rows);
    return code;
}

const struct plan_stage load_stage = {.name = "load", .compile = compile};
