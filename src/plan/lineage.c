/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/lineage.h"

#include "sql/expr/expr.h"

/* A column of a relation on its way: what its value comes from so far. */
struct origin {
    const char *name;
    q_texts sources;
    lineage_steps steps;
};
typedef Q_VEC(struct origin) origins;

struct flow { /* one a source */
    const char *source;
    origins columns;
    lineage_steps filters;
};

struct tracer {
    struct q_arena *arena;
    const struct plan *plan;
    struct flow *flows;
    const struct cfg_step *cfg;
    size_t number;
};

static struct origin *find(origins *columns, const char *name)
{
    for (size_t i = 0; i < columns->n; i++)
        if (q_strcaseeq(columns->v[i].name, name))
            return &columns->v[i];
    return NULL;
}

static void add_text(struct q_arena *arena, q_texts *list, const char *text)
{
    for (size_t i = 0; i < list->n; i++)
        if (q_strcaseeq(list->v[i], text))
            return;
    *q_vec_push(arena, list) = text;
}

/* Kept in order of steps. */
static void add_step(struct q_arena *arena, lineage_steps *list, const struct lineage_step *step)
{
    for (size_t i = 0; i < list->n; i++)
        if (list->v[i] == step)
            return;
    *q_vec_push(arena, list) = step;
    for (size_t i = list->n - 1; i > 0 && list->v[i - 1]->number > step->number; i--) {
        list->v[i] = list->v[i - 1];
        list->v[i - 1] = step;
    }
}

static void add_origin(struct q_arena *arena, struct origin *to, const struct origin *from)
{
    for (size_t i = 0; i < from->sources.n; i++)
        add_text(arena, &to->sources, from->sources.v[i]);
    for (size_t i = 0; i < from->steps.n; i++)
        add_step(arena, &to->steps, from->steps.v[i]);
}

static struct lineage_step *new_step(struct tracer *t, const struct flow *flow, const char *column,
                                     const char *text)
{
    struct lineage_step *s = q_new(t->arena, struct lineage_step);
    *s = (struct lineage_step){
        .number = t->number,
        .text = text,
        .pos = t->cfg->pos,
        .source = flow->source,
        .relation = q_printf(t->arena, "t%zu_%s", t->number, flow->source),
        .column = column,
    };
    return s;
}

/* The step changes a column in place. */
static void touch(struct tracer *t, struct flow *flow, const char *name, const char *text)
{
    struct origin *o = find(&flow->columns, name);
    struct lineage_step *s = new_step(t, flow, name, text);
    add_text(t->arena, &s->reads, name);
    if (o)
        add_step(t->arena, &o->steps, s);
}

static void trace_rename(struct tracer *t, struct flow *flow)
{
    for (size_t i = 0; i < t->cfg->pairs.n; i++) {
        const struct cfg_pair *p = &t->cfg->pairs.v[i];
        struct origin *o = find(&flow->columns, p->key.s);
        struct lineage_step *s = new_step(
            t, flow, p->value.s, q_printf(t->arena, "rename %s to %s", p->key.s, p->value.s));
        add_text(t->arena, &s->reads, p->key.s);
        if (o) {
            add_step(t->arena, &o->steps, s);
            o->name = p->value.s;
        }
    }
}

static enum q_code trace_derive(struct tracer *t, struct flow *flow, struct q_err *err)
{
    for (size_t i = 0; i < t->cfg->pairs.n; i++) {
        const struct cfg_pair *p = &t->cfg->pairs.v[i];
        struct expr_place place = {p->value.pos.file, p->value.pos.line, p->value.pos.col};
        struct lineage_step *s =
            new_step(t, flow, p->key.s, q_printf(t->arena, "%s = %s", p->key.s, p->value.s));
        struct origin made = {.name = p->key.s};
        struct expr *e;
        enum q_code code = expr_parse(t->arena, p->value.s, place, &e, err);
        if (code)
            return code;
        size_t n;
        const char *const *names = expr_names(e, &n);
        s->pos = p->key.pos;
        for (size_t k = 0; k < n; k++) {
            const struct origin *from = find(&flow->columns, names[k]);
            add_text(t->arena, &s->reads, names[k]);
            if (from)
                add_origin(t->arena, &made, from);
        }
        add_step(t->arena, &made.steps, s);
        struct origin *there = find(&flow->columns, p->key.s);
        if (!there)
            there = q_vec_push(t->arena, &flow->columns);
        *there = made;
    }
    return Q_OK;
}

static void trace_casts(struct tracer *t, struct flow *flow)
{
    for (size_t i = 0; i < t->cfg->casts.n; i++)
        touch(t, flow, t->cfg->casts.v[i].column.s,
              q_printf(t->arena, "cast %s to %s", t->cfg->casts.v[i].column.s,
                       t->cfg->casts.v[i].type.s));
    for (size_t i = 0; t->cfg->kind == CFG_CLEAN && i < t->cfg->pairs.n; i++)
        touch(t, flow, t->cfg->pairs.v[i].key.s,
              q_printf(t->arena, "clean %s as %s", t->cfg->pairs.v[i].key.s,
                       t->cfg->pairs.v[i].value.s));
}

static void trace_columns(struct tracer *t, struct flow *flow)
{
    origins left = {0};
    for (size_t i = 0; i < flow->columns.n; i++) {
        bool named = false;
        for (size_t k = 0; k < t->cfg->columns.n; k++)
            named = named || q_strcaseeq(t->cfg->columns.v[k].s, flow->columns.v[i].name);
        if (named == (t->cfg->kind == CFG_SELECT))
            *q_vec_push(t->arena, &left) = flow->columns.v[i];
    }
    flow->columns = left;
}

static const char *join_text(struct tracer *t)
{
    struct q_buf b;
    q_buf_init(&b, 4096);
    q_buf_printf(&b, "join %s on ", t->cfg->right.s);
    for (size_t i = 0; i < t->cfg->on.n; i++)
        q_buf_printf(&b, "%s%s = %s", i ? " and " : "", t->cfg->on.v[i].key.s,
                     t->cfg->on.v[i].value.s);
    const char *text = q_strdup(t->arena, q_buf_text(&b));
    q_buf_release(&b);
    return text;
}

/* Compared under one name: the left column stands for both. */
static bool is_shared(const struct cfg_step *cfg, const char *name)
{
    for (size_t i = 0; i < cfg->on.n; i++)
        if (q_strcaseeq(cfg->on.v[i].key.s, name) && q_strcaseeq(cfg->on.v[i].value.s, name))
            return true;
    return false;
}

static void trace_join(struct tracer *t, struct flow *left, struct flow *right)
{
    const char *suffix = t->cfg->suffix.s ? t->cfg->suffix.s : "_right";
    const char *text = join_text(t);
    bool outer = t->cfg->join == CFG_RIGHT || t->cfg->join == CFG_FULL;
    size_t n = left->columns.n;
    for (size_t i = 0; i < right->columns.n; i++) {
        const struct origin *from = &right->columns.v[i];
        const char *name = from->name;
        struct origin *same = find(&left->columns, name);
        if (is_shared(t->cfg, name)) {
            if (outer && same) /* the right value stands where there is no left record */
                add_origin(t->arena, same, from);
            continue;
        }
        if (same && (size_t)(same - left->columns.v) < n)
            name = q_printf(t->arena, "%s%s", name, suffix);
        struct lineage_step *s = new_step(t, left, name, text);
        struct origin made = {.name = name};
        for (size_t k = 0; k < t->cfg->on.n; k++)
            add_text(t->arena, &s->reads, t->cfg->on.v[k].key.s);
        add_origin(t->arena, &made, from);
        add_step(t->arena, &made.steps, s);
        *q_vec_push(t->arena, &left->columns) = made;
    }
    for (size_t i = 0; i < right->filters.n; i++)
        add_step(t->arena, &left->filters, right->filters.v[i]);
}

static enum q_code trace_filter(struct tracer *t, struct flow *flow, struct q_err *err)
{
    const struct cfg_text *text = &t->cfg->expr;
    struct expr_place place = {text->pos.file, text->pos.line, text->pos.col};
    struct lineage_step *s = new_step(t, flow, NULL, q_printf(t->arena, "filter %s", text->s));
    struct expr *e;
    enum q_code code = expr_parse(t->arena, text->s, place, &e, err);
    if (code)
        return code;
    size_t n;
    const char *const *names = expr_names(e, &n);
    for (size_t i = 0; i < n; i++)
        add_text(t->arena, &s->reads, names[i]);
    add_step(t->arena, &flow->filters, s);
    return Q_OK;
}

static struct flow *find_flow(struct tracer *t, const struct cfg_text *name)
{
    for (size_t i = 0; name->s && i < t->plan->sources.n; i++)
        if (q_streq(t->plan->sources.v[i].name, name->s))
            return &t->flows[i];
    return &t->flows[0];
}

static enum q_code trace_step(struct tracer *t, struct q_err *err)
{
    struct flow *flow = find_flow(t, t->cfg->kind == CFG_JOIN ? &t->cfg->left : &t->cfg->relation);
    switch (t->cfg->kind) {
    case CFG_RENAME:
        trace_rename(t, flow);
        break;
    case CFG_DERIVE:
        return trace_derive(t, flow, err);
    case CFG_FILTER:
        return trace_filter(t, flow, err);
    case CFG_JOIN:
        trace_join(t, flow, find_flow(t, &t->cfg->right));
        break;
    case CFG_CAST:
    case CFG_CLEAN:
        trace_casts(t, flow);
        break;
    case CFG_SELECT:
    case CFG_DROP:
        trace_columns(t, flow);
        break;
    }
    return Q_OK;
}

/* The columns as read, and those that every relation of files has. */
static void begin(struct tracer *t, size_t i)
{
    static const char *const pseudo[] = {"source_file", "source_position"};
    const struct plan_source *source = &t->plan->sources.v[i];
    struct flow *flow = &t->flows[i];
    flow->source = source->name;
    for (size_t c = 0; c < source->columns.n + 2; c++) {
        const char *name =
            c < source->columns.n ? source->columns.v[c].name : pseudo[c - source->columns.n];
        if (find(&flow->columns, name))
            continue;
        struct origin *o = q_vec_push(t->arena, &flow->columns);
        o->name = name;
        add_text(t->arena, &o->sources, q_printf(t->arena, "%s.%s", source->name, name));
    }
}

/* ---- columns of the target ---- */

static void use(struct tracer *t, struct lineage *out, const char *column)
{
    const struct origin *o = column ? find(&t->flows[0].columns, column) : NULL;
    if (!o)
        return;
    struct origin all = {.sources = out->sources, .steps = out->steps};
    add_origin(t->arena, &all, o);
    out->sources = all.sources;
    out->steps = all.steps;
    add_text(t->arena, &out->inputs, o->name);
}

static const struct model_role *role_of(const struct model_table *table, const char *column)
{
    for (size_t i = 0; i < table->roles.n; i++)
        if (q_strcaseeq(table->roles.v[i].key_column, column))
            return &table->roles.v[i];
    return NULL;
}

static void use_role(struct tracer *t, struct lineage *out, const struct model_role *role)
{
    struct q_buf by;
    q_buf_init(&by, 4096);
    for (size_t i = 0; i < role->dimension->n_keys; i++) {
        use(t, out, role->from[i]);
        q_buf_printf(&by, "%s%s", i ? ", " : "", role->from[i]);
    }
    use(t, out, role->at);
    out->note =
        role->at ? q_printf(t->arena, "key of the version of %s that was valid at %s, found by %s",
                            role->dimension->name, role->at, q_buf_text(&by))
                 : q_printf(t->arena, "key of the member of %s, found by %s", role->dimension->name,
                            q_buf_text(&by));
    q_buf_release(&by);
}

/* Columns that quern gives. */
static enum q_code use_system(struct tracer *t, struct lineage *out, struct q_err *err)
{
    static const struct {
        const char *column, *note;
    } notes[] = {
        {"valid_to",
         "the start of the next version, or the time of the delete; open in the current one"},
        {"is_current", "true in the newest version of a key"},
        {"is_deleted", "true in a tombstone: the key was deleted at valid_from"},
        {"version", "number of the version in order of time"},
        {"inferred", "true while a fact alone has named the member"},
        {"_q_ended", "a delete ended the version"},
        {"_q_overwritten_at", "the time of the row that gave the overwritten columns"},
        {"_q_overwritten_run", "the run that gave the overwritten columns"},
        {"_q_overwritten_pos", "the record that gave the overwritten columns"},
        {"_q_run", "the run that wrote the row"},
        {"_q_pos", "the record that the row comes from"},
    };
    const struct model_table *target = t->plan->target;
    const char *time = t->plan->pipeline->load.valid_from.s;
    if (target->key && q_strcaseeq(out->column, target->key)) {
        out->note = "surrogate key, given by quern";
        return Q_OK;
    }
    if (q_streq(out->column, "valid_from") || q_streq(out->column, "first_seen_at")) {
        use(t, out, time);
        out->note = time ? "the business time of the row" : "the clock of the run";
        return Q_OK;
    }
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++)
        if (q_streq(out->column, notes[i].column)) {
            out->note = notes[i].note;
            return Q_OK;
        }
    return q_fail(err, Q_INTERNAL, "cannot tell the lineage of \"%s\" of %s", out->column,
                  target->name);
}

static enum q_code use_target(struct tracer *t, struct lineage *out, struct q_err *err)
{
    const struct model_table *target = t->plan->target;
    const struct model_role *role = role_of(target, out->column);
    if (model_column_find(target, out->column)) {
        const struct origin *o = find(&t->flows[0].columns, out->column);
        out->loaded = o ? o->name : NULL;
        use(t, out, out->column);
        return Q_OK;
    }
    if (role) {
        use_role(t, out, role);
        return Q_OK;
    }
    for (size_t i = 0; i < target->columns.n; i++) {
        const char *name = target->columns.v[i].name;
        bool before = q_strcaseeq(out->column, model_previous(t->arena, name));
        if (target->columns.v[i].history != CFG_PREVIOUS ||
            !(before || q_strcaseeq(out->column, model_changed_at(t->arena, name))))
            continue;
        use(t, out, name);
        out->note = before ? "the value before the last change" : "the time of the last change";
        return Q_OK;
    }
    return use_system(t, out, err);
}

enum q_code lineage_of(struct q_arena *arena, const struct plan *plan, const char *column,
                       struct lineage *out, struct q_err *err)
{
    struct tracer t = {.arena = arena, .plan = plan};
    enum q_code code = Q_OK;
    t.flows = q_alloc_array(arena, plan->sources.n + 1, sizeof *t.flows);
    for (size_t i = 0; i < plan->sources.n; i++)
        begin(&t, i);
    for (size_t i = 0; i < plan->pipeline->steps.n && !code; i++) {
        t.cfg = &plan->pipeline->steps.v[i];
        t.number = i + 1;
        code = trace_step(&t, err);
    }
    *out = (struct lineage){.column = column, .filters = t.flows[0].filters};
    return code ? code : use_target(&t, out, err);
}
