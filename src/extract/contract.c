/* SPDX-License-Identifier: Apache-2.0 */
#include "extract/contract.h"

#include "base/log.h"
#include "db/cast.h"
#include "sql/build.h"

struct left_out { /* a column of the source that the relation does not get as it is */
    const char *name;
    const char *staged; /* the column that holds its values until they are judged */
    bool is_new;
    struct q_type pinned; /* not new: what its values must fit */
    const char *cast; /* not new: its value as that type, over the source; NULL: it does not fit */
    const char *condition; /* true of a row that does not fit, over the staged relation */
};

struct contract {
    struct plan *plan;
    const struct extract_input *in;
    const struct extract_source *source;
    const struct q_schema *pinned; /* or NULL */
    const char *table;
    enum cfg_contract kind;
    bool shape_known, rewrites;
    struct q_schema columns;
    Q_VEC(struct left_out) left_out;
    Q_VEC(struct db_cast) casts;
    q_texts judged; /* columns whose failed casts are the contract's: pinned, not declared */
    q_texts gone;   /* columns of the relation that the source has no more: NULL */
    struct q_buf changes;
    q_texts statements; /* that reject rows */
};

enum { CHANGES_MAX = 900 };

/* ---- types ---- */

static unsigned whole_digits(struct q_type t)
{
    switch (t.id) {
    case Q_T_INT16:
        return 5;
    case Q_T_INT32:
        return 10;
    case Q_T_INT64:
        return 19;
    case Q_T_INT128:
        return 38;
    case Q_T_DECIMAL:
        return (unsigned)(t.width - t.scale);
    case Q_T_NONE:
    case Q_T_BOOL:
    case Q_T_DOUBLE:
    case Q_T_TEXT:
    case Q_T_DATE:
    case Q_T_TIME:
    case Q_T_TIMESTAMP:
    case Q_T_TIMESTAMPTZ:
    case Q_T_UUID:
    case Q_T_BLOB:
    case Q_T_JSON:
    case Q_T_OTHER:
        break;
    }
    return 0;
}

static struct q_type wider_number(struct q_type a, struct q_type b)
{
    enum { DIGITS_MAX = 38 };
    if (q_type_is_integer(a) && q_type_is_integer(b))
        return q_type_size(a) >= q_type_size(b) ? a : b;
    if (a.id == Q_T_DOUBLE || b.id == Q_T_DOUBLE)
        return Q_TYPE(Q_T_DOUBLE);
    unsigned x = whole_digits(a), y = whole_digits(b),
             scale = a.scale > b.scale ? a.scale : b.scale;
    unsigned width = (x > y ? x : y) + scale;
    return width > DIGITS_MAX ? Q_TYPE(Q_T_TEXT) : Q_DECIMAL((uint8_t)width, (uint8_t)scale);
}

struct q_type contract_widen(struct q_type a, struct q_type b)
{
    if (q_type_eq(a, b) || b.id == Q_T_NONE)
        return a;
    if (a.id == Q_T_NONE)
        return b;
    if (q_type_is_number(a) && q_type_is_number(b))
        return wider_number(a, b);
    if ((a.id == Q_T_DATE && b.id == Q_T_TIMESTAMP) || (a.id == Q_T_TIMESTAMP && b.id == Q_T_DATE))
        return Q_TYPE(Q_T_TIMESTAMP);
    return Q_TYPE(Q_T_TEXT);
}

bool contract_is_declared(const struct q_schema *declared)
{
    for (size_t i = 0; declared && i < declared->n; i++)
        if (declared->v[i].type.id == Q_T_NONE)
            return false;
    return declared && declared->n;
}

/* ---- what has changed ---- */

static ptrdiff_t find(const struct q_schema *schema, const char *name)
{
    return schema ? q_schema_find(schema, name) : -1;
}

static bool has_declared_type(const struct contract *c, const char *name)
{
    ptrdiff_t at = find(c->in->declared, name);
    return at >= 0 && c->in->declared->v[at].type.id != Q_T_NONE;
}

static void change(struct contract *c, const char *text)
{
    q_buf_printf(&c->changes, "%s%s", c->changes.n ? "; " : "", text);
}

static void tell(const struct contract *c, const char *text)
{
    q_log(Q_LOG_WARN, "source \"%s\": %s", c->in->cfg->name.s, text);
}

/* A value as a type, NULL where it is none. */
static const char *strict_cast(struct contract *c, const char *name, struct q_type type)
{
    struct q_arena *arena = c->plan->arena;
    if (type.id == Q_T_UUID || type.id == Q_T_BLOB || type.id == Q_T_JSON || type.id == Q_T_OTHER)
        return sql_make(arena, "TRY_CAST(%I AS %T)", name, &type);
    struct db_cast cast = db_cast_plain(arena, type);
    *q_vec_push(arena, &c->casts) = cast;
    return sql_make(arena, "%s(CAST(%I AS VARCHAR))", cast.name, name);
}

static void leave_out(struct contract *c, const char *name, bool is_new, struct q_type pinned)
{
    c->rewrites = true;
    *q_vec_push(c->plan->arena, &c->left_out) = (struct left_out){
        .name = name,
        .staged = q_printf(c->plan->arena, "_q_left_%zu", c->left_out.n),
        .is_new = is_new,
        .pinned = pinned,
        .cast = is_new ? NULL : strict_cast(c, name, pinned),
    };
}

static void new_column(struct contract *c, const struct q_column *column)
{
    char type[Q_TYPE_TEXT];
    struct q_arena *arena = c->plan->arena;
    q_type_text(column->type, type);
    switch (c->kind) {
    case CFG_EVOLVE:
        q_schema_add(arena, &c->columns, column->name, column->type);
        if (c->pinned)
            tell(c,
                 q_printf(arena, "column \"%s\" (%s) is new; it is read, and pinned in quern.lock",
                          column->name, type));
        return;
    case CFG_FREEZE:
        change(c, q_printf(arena, "column \"%s\" is new", column->name));
        return;
    case CFG_DISCARD_COLUMN:
        tell(c, q_printf(arena,
                         "column \"%s\" is new; its contract is discard_column, so it is not read",
                         column->name));
        leave_out(c, column->name, true, column->type);
        return;
    case CFG_DISCARD_ROW:
        tell(c, q_printf(
                    arena,
                    "column \"%s\" is new; its contract is discard_row, so records with a value in "
                    "it are rejected",
                    column->name));
        leave_out(c, column->name, true, column->type);
        return;
    }
}

static const struct extract_widened *widened(const struct contract *c, const char *name)
{
    for (size_t i = 0; i < c->source->n_widened; i++)
        if (q_streq(c->source->widened[i].column, name))
            return &c->source->widened[i];
    return NULL;
}

static const char *says_change(const struct contract *c, const struct q_column *now,
                               struct q_type before)
{
    char a[Q_TYPE_TEXT], b[Q_TYPE_TEXT];
    const struct extract_widened *w = widened(c, now->name);
    const char *text = q_printf(c->plan->arena, "column \"%s\" is %s now, %s before", now->name,
                                q_type_text(now->type, a), q_type_text(before, b));
    if (!w)
        return text;
    return q_printf(c->plan->arena, "%s: %lld value%s not fit, for example \"%s\"", text,
                    (long long)w->values, w->values == 1 ? " does" : "s do", w->example);
}

/* A column that is pinned, with the type that the source gives it now. */
static void pinned_column(struct contract *c, const struct q_column *now, struct q_type before)
{
    bool wider = !q_type_eq(contract_widen(before, now->type), before);
    struct q_type type = before; /* also of values that take less room now: the relation stays */
    c->rewrites |= !wider && !q_type_eq(now->type, before);
    if (wider)
        switch (c->kind) {
        case CFG_EVOLVE:
            tell(c, says_change(c, now, before));
            type = now->type;
            break;
        case CFG_FREEZE:
            change(c, says_change(c, now, before));
            break;
        case CFG_DISCARD_COLUMN:
        case CFG_DISCARD_ROW:
            leave_out(c, now->name, false, before);
            break;
        }
    q_schema_add(c->plan->arena, &c->columns, now->name, type);
    *q_vec_push(c->plan->arena, &c->judged) = now->name;
}

static enum q_code gone_columns(struct contract *c, struct q_err *err)
{
    bool listed = c->in->declared && c->in->declared->n;
    for (size_t i = 0; c->pinned && !listed && i < c->pinned->n; i++) {
        const struct q_column *p = &c->pinned->v[i];
        if (find(&c->source->columns, p->name) >= 0)
            continue;
        if (c->plan->accept_contract) {
            tell(c, q_printf(c->plan->arena, "column \"%s\" is gone", p->name));
            continue;
        }
        if (!c->in->optional) {
            enum q_code code = q_fail(
                err, Q_SOURCE, "could not find column \"%s\" in the source \"%s\", which had it",
                p->name, c->in->cfg->name.s);
            q_hint(
                err,
                "If it is gone for good: `quern run %s --accept-contract`. If it may be missing, "
                "declare `optional: true`.",
                c->plan->pipeline->name.s);
            return code;
        }
        tell(c, q_printf(c->plan->arena, "column \"%s\" is gone; it is NULL", p->name));
        q_schema_add(c->plan->arena, &c->columns, p->name, p->type);
        *q_vec_push(c->plan->arena, &c->gone) = p->name;
        c->rewrites = true;
    }
    return Q_OK;
}

static enum q_code frozen(const struct contract *c, const char *what, struct q_err *err)
{
    enum q_code code =
        q_fail(err, Q_HELD, "the source \"%s\" has changed, and its contract is freeze",
               c->in->cfg->name.s);
    q_detail(err, "%s.", what);
    q_hint(
        err,
        "Take it as it is with `quern run %s --accept-contract`, or correct the source; nothing was "
        "loaded.",
        c->plan->pipeline->name.s);
    return code;
}

/* What the lock file will say: all columns, with the wider of two types. */
static void pin_columns(struct contract *c, const char *pin)
{
    struct q_schema schema = {0};
    bool open = false;
    for (size_t i = 0; i < c->columns.n; i++) {
        const struct q_column *column = &c->columns.v[i];
        ptrdiff_t at = find(c->plan->accept_contract ? NULL : c->pinned, column->name);
        bool declared = has_declared_type(c, column->name);
        open |= !declared;
        q_schema_add(c->plan->arena, &schema, column->name,
                     at >= 0 && !declared ? contract_widen(c->pinned->v[at].type, column->type)
                                          : column->type);
    }
    if (open) {
        plan_pin_set(c->plan->pins, pin, &schema);
        plan_pin_set_optional(c->plan->pins, pin, &c->source->may_lack);
    }
}

/* ---- rows that do not fit ---- */

/* All values of a row as text, those that are left out among them. */
static const char *record_sql(const struct contract *c)
{
    struct sql *q = sql_new(c->plan->arena);
    bool first = true;
    sql_add(q, "CAST(to_json(struct_pack(");
    for (size_t i = 0; i < c->columns.n; i++) {
        const char *staged = c->columns.v[i].name;
        for (size_t k = 0; k < c->left_out.n; k++)
            if (!c->left_out.v[k].is_new && q_streq(c->left_out.v[k].name, staged))
                staged = c->left_out.v[k].staged;
        sql_sep(q, &first, ", ");
        sql_add(q, "%I := CAST(%I AS VARCHAR)", c->columns.v[i].name, staged);
    }
    for (size_t k = 0; k < c->left_out.n; k++)
        if (c->left_out.v[k].is_new) {
            sql_sep(q, &first, ", ");
            sql_add(q, "%I := CAST(%I AS VARCHAR)", c->left_out.v[k].name, c->left_out.v[k].staged);
        }
    sql_add(q, ")) AS VARCHAR)");
    return sql_text(q);
}

static bool keeps(const struct contract *c, const struct left_out *l)
{
    return !l->is_new || c->kind == CFG_DISCARD_ROW;
}

static void compile_rejects(struct contract *c)
{
    struct q_arena *arena = c->plan->arena;
    const char *record = record_sql(c), *relation = c->in->cfg->name.s;
    struct sql *remove = sql_new(arena);
    bool first = true;
    for (size_t i = 0; i < c->left_out.n; i++) {
        struct left_out *l = &c->left_out.v[i];
        char type[Q_TYPE_TEXT];
        if (!keeps(c, l))
            continue;
        l->condition = l->is_new
                           ? sql_make(arena, "%I IS NOT NULL", l->staged)
                           : sql_make(arena, "%I IS NOT NULL AND %I IS NULL", l->staged, l->name);
        *q_vec_push(arena, &c->statements) = sql_make(
            arena,
            "INSERT INTO q_rejects (relation, pos, ord, reason, col, value, detail, record) SELECT %L, _q_pos, %d, "
            "%L, %L, CAST(%I AS VARCHAR), %L, %s FROM %I WHERE %s",
            relation, (int64_t)STEP_ORD_PARSE, c->kind == CFG_DISCARD_ROW ? "contract" : "cast",
            l->name, l->staged, l->is_new ? "part of the contract" : q_type_text(l->pinned, type),
            record, c->table, l->condition);
        sql_add(remove, first ? "DELETE FROM %I WHERE " : " OR ", c->table);
        sql_add(remove, "(%s)", l->condition);
        first = false;
    }
    if (first)
        return;
    *q_vec_push(arena, &c->statements) = sql_text(remove);
    for (size_t i = 0; i < c->left_out.n; i++)
        if (keeps(c, &c->left_out.v[i]))
            *q_vec_push(arena, &c->statements) =
                sql_make(arena, "ALTER TABLE %I DROP COLUMN %I", c->table, c->left_out.v[i].staged);
}

/* Values of text formats are judged by the reader; their rejects are the contract's. */
static const char *judged_sql(const struct contract *c, const char *head)
{
    struct sql *q = sql_new(c->plan->arena);
    bool first = true;
    sql_add(q, "%s WHERE relation = %L AND reason = 'cast' AND col IN (", head, c->in->cfg->name.s);
    for (size_t i = 0; i < c->judged.n; i++) {
        sql_sep(q, &first, ", ");
        sql_add(q, "%L", c->judged.v[i]);
    }
    sql_add(q, ")");
    return sql_text(q);
}

/* ---- for the stage ---- */

enum q_code contract_settle(struct plan *plan, const struct extract_input *in, const char *pin,
                            const struct extract_source *source, const char *table,
                            struct contract **out, struct q_err *err)
{
    struct contract *c = q_new(plan->arena, struct contract);
    *c = (struct contract){.plan = plan,
                           .in = in,
                           .source = source,
                           .pinned = plan_pin_find(plan->pins, pin),
                           .table = table,
                           .kind = in->contract};
    q_buf_init_in(&c->changes, plan->arena, CHANGES_MAX);
    c->shape_known = c->pinned || (c->kind != CFG_EVOLVE && contract_is_declared(in->declared));
    for (size_t i = 0; i < source->columns.n; i++) {
        const struct q_column *column = &source->columns.v[i];
        ptrdiff_t at = find(c->pinned, column->name);
        if (has_declared_type(c, column->name))
            q_schema_add(plan->arena, &c->columns, column->name, column->type);
        else if (at >= 0)
            pinned_column(c, column, c->pinned->v[at].type);
        else if (c->shape_known && find(in->declared, column->name) < 0)
            new_column(c, column);
        else
            q_schema_add(plan->arena, &c->columns, column->name, column->type);
    }
    enum q_code code = gone_columns(c, err);
    if (code)
        return code;
    if (c->changes.n)
        return frozen(c, q_buf_text(&c->changes), err);
    pin_columns(c, pin);
    compile_rejects(c);
    *out = c;
    return Q_OK;
}

const struct q_schema *contract_columns(const struct contract *c)
{
    return &c->columns;
}

static bool is_gone(const struct contract *c, const char *name)
{
    for (size_t i = 0; i < c->gone.n; i++)
        if (q_streq(c->gone.v[i], name))
            return true;
    return false;
}

/* A column of the relation, over the source. */
static const char *value_sql(const struct contract *c, const struct q_column *column)
{
    struct q_arena *arena = c->plan->arena;
    for (size_t k = 0; k < c->left_out.n; k++)
        if (q_streq(c->left_out.v[k].name, column->name))
            return c->left_out.v[k].cast;
    if (is_gone(c, column->name))
        return sql_make(arena, "CAST(NULL AS %T)", &column->type);
    ptrdiff_t at = find(&c->source->columns, column->name);
    return q_type_eq(c->source->columns.v[at].type, column->type)
               ? sql_make(arena, "%I", column->name)
               : sql_make(arena, "CAST(%I AS %T)", column->name, &column->type);
}

const char *contract_select(const struct contract *c, const char *select)
{
    struct q_arena *arena = c->plan->arena;
    struct sql *q = sql_new(arena);
    if (!c->rewrites)
        return select;
    sql_add(q, "SELECT ");
    for (size_t i = 0; i < c->columns.n; i++)
        sql_add(q, "%s AS %I, ", value_sql(c, &c->columns.v[i]), c->columns.v[i].name);
    for (size_t k = 0; k < c->left_out.n; k++)
        if (keeps(c, &c->left_out.v[k]))
            sql_add(q, "%I AS %I, ", c->left_out.v[k].name, c->left_out.v[k].staged);
    sql_add(q, "_q_pos FROM (%s) AS s", select);
    return sql_text(q);
}

enum q_code contract_open(const struct contract *c, struct step_ctx *ctx, struct q_err *err)
{
    return c->casts.n ? db_add_casts(ctx->db, c->casts.v, c->casts.n, err) : Q_OK;
}

void contract_plan(const struct contract *c, struct plan *plan, struct plan_step *step)
{
    for (size_t i = 0; i < c->statements.n; i++)
        plan_step_sql(plan, step, c->statements.v[i]);
    if (c->kind == CFG_DISCARD_ROW && c->judged.n)
        plan_step_sql(plan, step, judged_sql(c, "UPDATE q_rejects SET reason = 'contract'"));
}

struct misfits {
    struct q_arena *arena;
    struct q_buf *text;
};

static enum q_code take_misfit(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct misfits *m = arg;
    int64_t n = db_cell_int(b, 1, row, 0);
    (void)err;
    q_buf_printf(m->text, "%s%lld value%s of column \"%s\" %s no %s, for example \"%s\"",
                 m->text->n ? "; " : "", (long long)n, n == 1 ? "" : "s",
                 db_cell_text(m->arena, b, 0, row), n == 1 ? "is" : "are",
                 db_cell_text(m->arena, b, 2, row), db_cell_text(m->arena, b, 3, row));
    return Q_OK;
}

/* What is frozen must fit: nothing is loaded when a value does not. */
static enum q_code check_frozen(const struct contract *c, struct step_ctx *ctx, struct q_err *err)
{
    struct q_buf text;
    q_buf_init(&text, CHANGES_MAX);
    struct misfits m = {ctx->arena, &text};
    enum q_code code = db_each(
        ctx->db,
        sql_make(
            ctx->arena, "%s GROUP BY col ORDER BY col",
            judged_sql(
                c,
                "SELECT col, count(DISTINCT pos), any_value(detail), left(arg_min(value, pos), 60) "
                "FROM q_rejects")),
        NULL, 0, take_misfit, &m, err);
    if (!code && text.n)
        code = frozen(c, q_buf_text(&text), err);
    q_buf_release(&text);
    return code;
}

enum q_code contract_run(const struct contract *c, struct step_ctx *ctx, struct q_err *err)
{
    enum q_code code = Q_OK;
    for (size_t i = 0; i < c->statements.n && !code; i++)
        code = db_exec(ctx->db, c->statements.v[i], NULL, 0, NULL, err);
    if (code || !c->judged.n)
        return code;
    if (c->kind == CFG_FREEZE)
        return check_frozen(c, ctx, err);
    return c->kind == CFG_DISCARD_ROW
               ? db_exec(ctx->db, judged_sql(c, "UPDATE q_rejects SET reason = 'contract'"), NULL,
                         0, NULL, err)
               : Q_OK;
}
