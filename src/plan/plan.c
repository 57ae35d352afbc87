/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/plan.h"

#include "base/embed.h"
#include "base/suggest.h"
#include "model/date.h"
#include "plan/reading.h"
#include "state/state.h"

struct plan_step *plan_add_step(struct plan *plan, const char *stage, const char *name,
                                const char *relation)
{
    struct plan_step *step = q_vec_push(plan->arena, &plan->steps);
    *step =
        (struct plan_step){.stage = stage, .name = name, .relation = relation, .run = step_run_sql};
    return step;
}

void plan_step_sql_if(struct plan *plan, struct plan_step *step, const char *relation,
                      const char *sql)
{
    *q_vec_push(plan->arena, &step->sql) = sql;
    *q_vec_push(plan->arena, &step->only_if) = relation;
}

void plan_step_sql(struct plan *plan, struct plan_step *step, const char *sql)
{
    plan_step_sql_if(plan, step, NULL, sql);
}

static enum q_code has_rows(struct step_ctx *ctx, const char *relation, bool *out,
                            struct q_err *err)
{
    int64_t found = 0;
    enum q_code code =
        db_get_ints(ctx->db, sql_make(ctx->arena, "SELECT 1 FROM %I LIMIT 1", relation), NULL, 0,
                    &found, 1, 0, err);
    *out = found == 1;
    return code;
}

enum q_code step_run_sql(const struct plan_step *step, struct step_ctx *ctx, struct q_err *err)
{
    const char *asked = NULL; /* the last relation that was looked at, and what was found */
    bool needed = true;
    for (size_t i = 0; i < step->sql.n; i++) {
        const char *relation = step->only_if.v[i];
        enum q_code code = Q_OK;
        if (relation && (!asked || !q_streq(asked, relation)))
            code = has_rows(ctx, relation, &needed, err);
        asked = relation;
        if (!code && (!relation || needed))
            code = db_exec(ctx->db, step->sql.v[i], NULL, 0, NULL, err);
        if (code) {
            q_context(err, "running statement %zu of step \"%s %s\"", i + 1, step->stage,
                      step->name);
            return code;
        }
    }
    return Q_OK;
}

static const char *table_ref(const struct plan *plan, const struct model_table *table)
{
    const char *schema = q_map_get(plan->existing, table->stored) ? "\"wh\".\"main\"" : "absent";
    return sql_make(plan->arena, "%s.%I", schema, table->stored);
}

static enum q_code make_table(const struct plan *plan, const struct model_table *t,
                              struct q_err *err)
{
    enum q_code code =
        db_exec(plan->db, model_create_sql(plan->arena, t, "absent"), NULL, 0, NULL, err);
    if (!code && !t->is_fact)
        code = db_exec(plan->db, model_special_sql(plan->arena, t, "absent"), NULL, 0, NULL, err);
    if (!code && t->is_date)
        code = db_exec(plan->db,
                       sql_make(plan->arena, "INSERT INTO absent.%I %s", t->stored,
                                model_date_select(plan->arena, t, NULL)),
                       NULL, 0, NULL, err);
    return code;
}

struct columns {
    struct q_arena *arena;
    struct q_map names; /* "table.column" in lower case */
};

static const char *column_key(struct q_arena *arena, const char *table, const char *column)
{
    char *key = q_printf(arena, "%s.%s", table, column);
    for (char *p = key; *p; p++)
        *p = (char)(*p >= 'A' && *p <= 'Z' ? *p + ('a' - 'A') : *p);
    return key;
}

/* A view with the columns that the model has got since, as they will be after the schema step. */
static enum q_code make_view(const struct plan *plan, const struct model_table *t,
                             const struct columns *have, struct q_err *err)
{
    struct q_schema want = {0};
    struct sql *q = sql_new(plan->arena);
    bool lacks = false;
    model_stored_columns(plan->arena, t, &want);
    sql_add(q, "CREATE VIEW absent.%I AS SELECT *", t->stored);
    for (size_t i = 0; i < want.n; i++) {
        if (q_map_has(&have->names, column_key(plan->arena, t->stored, want.v[i].name)))
            continue;
        lacks = true;
        sql_add(q, ", CAST(%s AS %T) AS %I", model_added_value(t, want.v[i].name), &want.v[i].type,
                want.v[i].name);
    }
    if (!lacks)
        return Q_OK;
    sql_add(q, " FROM \"wh\".\"main\".%I", t->stored);
    q_map_put(plan->existing, t->stored, NULL);
    return db_exec(plan->db, sql_text(q), NULL, 0, NULL, err);
}

static enum q_code find_tables(const struct plan *plan, struct columns *have, struct q_err *err)
{
    enum q_code code = Q_OK;
    for (size_t i = 0; i < plan->model->n && !code; i++) {
        const char *stored = plan->model->tables[i].stored;
        struct q_schema columns = {0};
        bool found;
        code = db_find_table(plan->db, "wh", "main", stored, have->arena, &found, &columns, err);
        if (!code && found)
            q_map_put(plan->existing, stored, plan->existing);
        for (size_t k = 0; k < columns.n; k++)
            q_map_put(&have->names, column_key(have->arena, stored, columns.v[k].name), have);
    }
    return code;
}

static bool has_column(const struct plan *plan, const char *name)
{
    return q_schema_find(&plan->current.columns, name) >= 0;
}

const char *plan_key_column(const struct plan *plan, const struct model_role *role)
{
    bool settled = role->missing != CFG_MISSING_INFER && !role->dimension->is_date;
    bool has_all = !role->at || has_column(plan, role->at);
    for (size_t i = 0; i < role->dimension->n_keys; i++)
        has_all = has_all && has_column(plan, role->from[i]);
    if (!plan->keyed || !settled || !has_all || role->at_end_of_day)
        return NULL;
    return q_printf(plan->arena, "_q_key_%s", role->key_column);
}

/* Stand-ins for the model's tables that the warehouse lacks, or that lack columns. */
static enum q_code make_stand_ins(const struct plan *plan, struct q_err *err)
{
    enum q_code code =
        db_exec(plan->db, q_embed_text("plan/create_absent.sql"), NULL, 0, NULL, err);
    struct columns have = {.arena = plan->arena};
    q_map_init(&have.names, plan->arena);
    if (!code)
        code = find_tables(plan, &have, err);
    for (size_t i = 0; i < plan->model->n && !code; i++) {
        const struct model_table *t = &plan->model->tables[i];
        code = q_map_has(plan->existing, t->stored) ? make_view(plan, t, &have, err)
                                                    : make_table(plan, t, err);
    }
    return code;
}

static enum q_code set_target(struct plan *plan, struct q_err *err)
{
    const struct cfg_text *into = &plan->pipeline->load.into;
    plan->target = model_find(plan->model, into->s);
    if (!plan->target)
        return cfg_fail(err, into->pos, "\"%s\" is no table of the model", into->s);
    if (plan->target->is_date)
        return cfg_fail(err, into->pos, "\"%s\" is generated: no pipeline loads it", into->s);
    return Q_OK;
}

enum q_code plan_compile(struct q_arena *arena, const struct plan_inputs *in, struct plan **out,
                         struct q_err *err)
{
    struct plan *plan = q_new(arena, struct plan);
    plan->arena = arena;
    plan->db = in->db;
    plan->pins = in->pins;
    plan->project = in->project;
    plan->pipeline = in->pipeline;
    plan->model = in->model;
    plan->replay = in->replay;
    plan->held_run = in->held_run;
    plan->clock = in->clock;
    plan->from = in->from;
    plan->to = in->to;
    plan->full = in->full || in->looking;
    plan->looking = in->looking;
    plan->accept_contract = in->accept_contract;
    plan->table_ref = table_ref;
    plan->existing = q_new(arena, struct q_map);
    q_map_init(plan->existing, arena);
    enum q_code code = set_target(plan, err);
    if (!code)
        code = plan_check_bounds(plan, err);
    if (!code)
        code = make_stand_ins(plan, err);
    for (size_t i = 0; i < in->n_stages && !code; i++)
        code = in->stages[i]->compile(plan, err);
    if (!code)
        plan_publish_readings(plan);
    *out = plan;
    return code;
}

const char *plan_hash(const struct plan *plan)
{
    uint64_t h = 0xcbf29ce484222325u; /* FNV-1a */
    for (size_t i = 0; i < plan->steps.n; i++)
        for (size_t k = 0; k < plan->steps.v[i].sql.n; k++)
            for (const char *p = plan->steps.v[i].sql.v[k]; *p; p++)
                h = (h ^ (unsigned char)*p) * 0x100000001b3u;
    return q_printf(plan->arena, "%016llx", (unsigned long long)h);
}

static enum q_code find_wanted(struct q_arena *arena, const struct cfg_project *project,
                               const char *name, const struct cfg_pipeline **out, struct q_err *err)
{
    *out = cfg_find_pipeline(project, name);
    if (*out)
        return Q_OK;
    q_texts names = {0};
    for (size_t i = 0; i < project->pipelines.n; i++)
        *q_vec_push(arena, &names) = project->pipelines.v[i].name.s;
    enum q_code code = q_fail(err, Q_USAGE, "unknown pipeline \"%s\"", name);
    q_suggest_hint(
        err, name, names.v, names.n,
        "Pipelines are the files in pipelines/; `quern run` without names runs all of them.");
    return code;
}

static bool loads_fact(const struct model *model, const struct cfg_pipeline *p)
{
    const struct model_table *t = model_find(model, p->load.into.s);
    return t && t->is_fact;
}

enum q_code plan_order(struct q_arena *arena, const struct cfg_project *project,
                       const struct model *model, const q_texts *names,
                       const struct cfg_pipeline ***out, size_t *n, struct q_err *err)
{
    size_t wanted = names->n ? names->n : project->pipelines.n;
    const struct cfg_pipeline **list = q_alloc_array(arena, wanted + 1, sizeof *list);
    const struct cfg_pipeline **sorted = q_alloc_array(arena, wanted + 1, sizeof *sorted);
    for (size_t i = 0; i < wanted; i++) {
        enum q_code code = Q_OK;
        if (names->n)
            code = find_wanted(arena, project, names->v[i], &list[i], err);
        else
            list[i] = &project->pipelines.v[i];
        if (code)
            return code;
    }
    *n = 0;
    for (int facts = 0; facts <= 1; facts++)
        for (size_t i = 0; i < wanted; i++)
            if (loads_fact(model, list[i]) == (facts == 1))
                sorted[(*n)++] = list[i];
    *out = sorted;
    return Q_OK;
}
