/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last relation of the stage, `t_ready`: a table while it is small, because every later statement would bind and
 * evaluate the whole chain of views again; a view when a copy of millions of rows would cost more than that.
 */
#include "transform/internal.h"

enum { SMALL_ROWS = 500000 };

struct spec {
    const char *last, *source, *ready;
};

static enum q_code run(const struct plan_step *step, struct step_ctx *ctx, struct q_err *err)
{
    const struct spec *s = step->spec;
    int64_t rows = 0;
    /* the staged table counts at once; filters only make it less */
    enum q_code code =
        db_get_ints(ctx->db, sql_make(ctx->arena, "SELECT count(*) FROM %I", s->source), NULL, 0,
                    &rows, 1, 0, err);
    if (code)
        return code;
    const char *kind = rows <= SMALL_ROWS ? "TABLE" : "VIEW";
    return db_exec(
        ctx->db, sql_make(ctx->arena, "CREATE %s %I AS SELECT * FROM %I", kind, s->ready, s->last),
        NULL, 0, NULL, err);
}

void transform_settle(struct plan *plan)
{
    struct spec *s = q_new(plan->arena, struct spec);
    *s = (struct spec){plan->current.name, plan->sources.v[0].table, "t_ready"};
    struct plan_step *step = plan_add_step(plan, "transform", "ready", s->ready);
    step->spec = s;
    step->run = run;
    plan_step_sql(plan, step,
                  sql_make(plan->arena, "CREATE VIEW %I AS SELECT * FROM %I", s->ready, s->last));
    plan->current.name = s->ready;
}
