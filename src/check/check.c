/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"

#include "check/internal.h"

/* The columns of the source as they were read: what "identical in all source columns" means. */
static void set_identity(struct check *c)
{
    c->identity = c->in.relation;
    c->identity_columns = c->in.columns;
    if (c->in.plan && c->in.plan->sources.n) {
        c->identity = c->in.plan->sources.v[0].table;
        c->identity_columns = &c->in.plan->sources.v[0].columns;
    }
}

enum q_code check_compile(struct q_arena *arena, const struct check_input *in, struct check **out,
                          struct q_err *err)
{
    struct check *c = q_new(arena, struct check);
    *c = (struct check){.arena = arena, .in = *in};
    set_identity(c);
    enum q_code code = Q_OK;
    for (size_t i = 0; !code && i < in->rules->n; i++)
        code = check_declared(c, &in->rules->v[i], STEP_ORD_RULE + (int)i, err);
    if (!code)
        code = check_demands(c, STEP_ORD_RULE + (int)in->rules->n, err);
    *out = c;
    return code;
}

static enum q_code run_step(const struct plan_step *step, struct step_ctx *ctx, struct q_err *err)
{
    return check_run(step->spec, ctx->db, err);
}

/* What the step will run, for `quern plan`. */
static void show_statements(struct plan *plan, struct plan_step *step, const struct check *c)
{
    for (size_t i = 0; i < c->rules.n; i++)
        for (size_t k = 0; k < c->rules.v[i].statements.n; k++)
            plan_step_sql(plan, step, c->rules.v[i].statements.v[k]);
    plan_step_sql(plan, step, check_scan_sql(c, NULL));
}

static enum q_code compile(struct plan *plan, struct q_err *err)
{
    struct check_input *in = q_new(plan->arena, struct check_input);
    struct q_schema *columns = q_new(plan->arena, struct q_schema);
    *columns = plan->current.columns;
    *in = (struct check_input){.relation = plan->current.name,
                               .source = plan->sources.v[0].name,
                               .columns = columns,
                               .rules = &plan->pipeline->rules,
                               .plan = plan};
    struct check *c;
    enum q_code code = check_compile(plan->arena, in, &c, err);
    if (code)
        return code;
    struct plan_step *step = plan_add_step(plan, "check", in->source, in->relation);
    step->run = run_step;
    step->spec = c;
    show_statements(plan, step, c);
    return Q_OK;
}

const struct plan_stage check_stage = {"check", compile};
