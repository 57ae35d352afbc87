/* SPDX-License-Identifier: Apache-2.0 */
/* Declared rules as conditions on a row. */
#include "base/parse.h"
#include "check/internal.h"

static const char *const reasons[] = {
    [CFG_NOT_NULL] = "not_null",
    [CFG_UNIQUE] = "unique",
    [CFG_DUPLICATE_ROW] = "duplicate_row",
    [CFG_BETWEEN] = "between",
    [CFG_IN_SET] = "in_set",
    [CFG_NOT_IN_SET] = "not_in_set",
    [CFG_MATCHES] = "matches",
    [CFG_REFERENCE] = "reference",
    [CFG_ROW_COUNT] = "row_count",
    [CFG_EXPRESSION] = "expression",
    [CFG_SQL] = "sql",
};

static struct expr_place place_of(struct cfg_pos pos)
{
    return (struct expr_place){pos.file, pos.line, pos.col};
}

struct check_rule *check_add(struct check *c, enum check_form form, int ord, const char *name,
                             const char *reason)
{
    struct check_rule *rule = q_vec_push(c->arena, &c->rules);
    *rule = (struct check_rule){.form = form, .ord = ord, .name = name, .reason = reason};
    return rule;
}

const struct q_column *check_column(const struct check *c, const char *name)
{
    ptrdiff_t i = q_schema_find(c->in.columns, name);
    return i < 0 ? NULL : &c->in.columns->v[i];
}

enum q_code check_require(const struct check *c, const struct cfg_text *name,
                          const struct q_column **out, struct q_err *err)
{
    *out = check_column(c, name->s);
    if (*out)
        return Q_OK;
    const char *near = q_schema_suggest(c->arena, c->in.columns, name->s);
    return cfg_fail(err, name->pos,
                    near ? "unknown column \"%s\"; did you mean \"%s\"?" : "unknown column \"%s\"",
                    name->s, near);
}

bool check_comparable(struct q_type a, struct q_type b)
{
    if (q_type_eq(a, b) || (q_type_is_integer(a) && q_type_is_integer(b)))
        return true;
    return (a.id == Q_T_DECIMAL && b.id == Q_T_DECIMAL && a.scale == b.scale) ||
           (q_type_is_textual(a) && q_type_is_textual(b));
}

static void check_need_casts(struct check *c, const struct expr *e)
{
    size_t n;
    const struct q_type *types = expr_casts(e, &n);
    for (size_t i = 0; i < n; i++)
        *q_vec_push(c->arena, &c->casts) = db_cast_plain(c->arena, types[i]);
}

static const char *sql_of(struct check *c, const struct expr *e)
{
    struct sql *q = sql_new(c->arena);
    expr_add_sql(q, e, "r");
    return sql_text(q);
}

static const char *fails_of(struct check *c, const struct expr *e)
{
    struct sql *q = sql_new(c->arena);
    expr_add_fails_sql(q, e, "r");
    return expr_can_fail(e) ? sql_text(q) : NULL;
}

static enum q_code check_one(struct check *c, struct expr *e, const char *what, const char **sql,
                             const char **fails, struct q_err *err)
{
    struct expr_env env = {.columns = c->in.columns};
    if (c->in.plan)
        env.now_sql = "CAST(getvariable('q_clock') AS TIMESTAMP)";
    enum q_code code = expr_check_bool(e, &env, what, err);
    if (code)
        return code;
    check_need_casts(c, e);
    *sql = sql_of(c, e);
    *fails = fails_of(c, e);
    return Q_OK;
}

enum q_code check_bool_sql(struct check *c, const struct cfg_text *text, const char *what,
                           const char **sql, const char **fails, struct q_err *err)
{
    struct expr *e;
    enum q_code code = expr_parse(c->arena, text->s, place_of(text->pos), &e, err);
    return code ? code : check_one(c, e, what, sql, fails, err);
}

/* "(condition) OR fails": a row on which it cannot be evaluated counts as one where it is true. */
static const char *or_fails(struct check *c, const char *condition, const char *fails)
{
    return fails ? sql_make(c->arena, "((%s) OR %s)", condition, fails) : condition;
}

/* A condition that holds for good rows becomes the rule's `fails`; what cannot be evaluated fails, too. */
static void set_condition(struct check *c, struct check_rule *rule, const char *good,
                          const char *fails, const char *known)
{
    struct sql *q = sql_new(c->arena);
    sql_add(q, "NOT %s", good);
    if (fails)
        sql_add(q, " OR %s", fails);
    if (rule->cfg->nulls_fail)
        sql_add(q, " OR NOT (%s)", known);
    rule->fails = sql_make(c->arena, "(%s)", sql_text(q));
    if (!rule->cfg->nulls_fail)
        rule->looks_at = or_fails(c, known, fails);
}

static void set_column(struct check *c, struct check_rule *rule, const struct q_column *column)
{
    rule->col = column->name;
    rule->value = sql_make(c->arena, "CAST(r.%I AS VARCHAR)", column->name);
}

static bool removes_rows(const struct cfg_rule *cfg)
{
    return cfg->at[CFG_ERROR].set || cfg->at[CFG_CRITICAL].set;
}

static struct check_rule *add_declared(struct check *c, enum check_form form,
                                       const struct cfg_rule *cfg, int ord)
{
    struct check_rule *rule = check_add(c, form, ord, cfg->name.s, reasons[cfg->kind]);
    rule->cfg = cfg;
    rule->rejects = (form == CHECK_ROWS || form == CHECK_SET) && removes_rows(cfg);
    return rule;
}

static enum q_code not_null(struct check *c, const struct cfg_rule *cfg, int ord, struct q_err *err)
{
    struct check_rule *rule = add_declared(c, CHECK_ROWS, cfg, ord);
    struct sql *q = sql_new(c->arena);
    const struct q_column *column = NULL;
    for (size_t i = 0; i < cfg->columns.n; i++) {
        enum q_code code = check_require(c, &cfg->columns.v[i], &column, err);
        if (code)
            return code;
        sql_add(q, i ? " OR r.%I IS NULL" : "(r.%I IS NULL", column->name);
    }
    sql_add(q, ")");
    rule->fails = sql_text(q);
    if (cfg->columns.n == 1)
        rule->col = column->name;
    return Q_OK;
}

/* "col op constants" through the expression language, so that comparisons are exact and checked. */
static enum q_code compared(struct check *c, const struct cfg_rule *cfg, int ord, const char *op,
                            struct expr **args, size_t n, const struct q_column *column,
                            struct q_err *err)
{
    const char *good, *fails;
    struct expr *e = expr_call(c->arena, op, args, n, place_of(cfg->columns.v[0].pos));
    enum q_code code = check_one(c, e, cfg->name.s, &good, &fails, err);
    if (code)
        return code;
    struct check_rule *rule = add_declared(c, CHECK_ROWS, cfg, ord);
    set_condition(c, rule, good, fails, sql_make(c->arena, "r.%I IS NOT NULL", column->name));
    set_column(c, rule, column);
    return Q_OK;
}

static enum q_code between(struct check *c, const struct cfg_rule *cfg, int ord, struct q_err *err)
{
    const struct q_column *column;
    struct expr *args[3];
    size_t n = 1;
    enum q_code code = check_require(c, &cfg->columns.v[0], &column, err);
    if (code)
        return code;
    args[0] = expr_column(c->arena, column->name, place_of(cfg->columns.v[0].pos));
    if (cfg->min.s)
        code = expr_constant(c->arena, cfg->min.s, column->type, place_of(cfg->min.pos), &args[n++],
                             err);
    if (!code && cfg->max.s)
        code = expr_constant(c->arena, cfg->max.s, column->type, place_of(cfg->max.pos), &args[n++],
                             err);
    if (!code && n == 3 && q_type_is_textual(column->type) && strcmp(cfg->min.s, cfg->max.s) > 0)
        return cfg_fail(err, cfg->min.pos, "`min` is above `max`");
    if (code)
        return code;
    return compared(c, cfg, ord,
                    n == 3       ? "between"
                    : cfg->min.s ? ">="
                                 : "<=",
                    args, n, column, err);
}

/* A list of nothing but null: no value is in it. */
static void empty_set(struct check *c, const struct cfg_rule *cfg, int ord,
                      const struct q_column *column)
{
    struct check_rule *rule = add_declared(c, CHECK_ROWS, cfg, ord);
    const char *good = cfg->kind == CFG_IN_SET ? "(r.%I IS NULL)" : "(r.%I IS NULL OR TRUE)";
    set_condition(c, rule, sql_make(c->arena, good, column->name), NULL,
                  sql_make(c->arena, "r.%I IS NOT NULL", column->name));
    set_column(c, rule, column);
}

static enum q_code in_set(struct check *c, const struct cfg_rule *cfg, int ord, struct q_err *err)
{
    const struct q_column *column;
    struct expr **args = q_alloc_array(c->arena, cfg->values.n + 1, sizeof *args);
    size_t n = 1;
    enum q_code code = check_require(c, &cfg->columns.v[0], &column, err);
    if (code)
        return code;
    args[0] = expr_column(c->arena, column->name, place_of(cfg->columns.v[0].pos));
    for (size_t i = 0; !code && i < cfg->values.n; i++)
        if (cfg->values.v[i].s)
            code = expr_constant(c->arena, cfg->values.v[i].s, column->type,
                                 place_of(cfg->values.v[i].pos), &args[n++], err);
    if (code)
        return code;
    if (n == 1) {
        empty_set(c, cfg, ord, column);
        return Q_OK;
    }
    return compared(c, cfg, ord, cfg->kind == CFG_IN_SET ? "in" : "not in", args, n, column, err);
}

static enum q_code matches(struct check *c, const struct cfg_rule *cfg, int ord, struct q_err *err)
{
    const struct q_column *column;
    enum q_code code = check_require(c, &cfg->columns.v[0], &column, err);
    if (code)
        return code;
    if (!q_type_is_textual(column->type))
        return cfg_fail(err, cfg->columns.v[0].pos, "`matches` works on text; \"%s\" is none",
                        column->name);
    struct expr *args[] = {expr_column(c->arena, column->name, place_of(cfg->columns.v[0].pos)),
                           expr_text(c->arena, cfg->pattern.s, place_of(cfg->pattern.pos))};
    return compared(c, cfg, ord, "regex_match", args, 2, column, err);
}

static enum q_code expression(struct check *c, const struct cfg_rule *cfg, int ord,
                              struct q_err *err)
{
    const char *good, *fails;
    enum q_code code = check_bool_sql(c, &cfg->expr, "a rule", &good, &fails, err);
    if (code)
        return code;
    struct check_rule *rule = add_declared(c, CHECK_ROWS, cfg, ord);
    set_condition(c, rule, good, fails, sql_make(c->arena, "%s IS NOT NULL", good));
    rule->detail = cfg->expr.s;
    return Q_OK;
}

static enum q_code reference_target(struct check *c, const struct cfg_rule *cfg,
                                    const struct model_table **table,
                                    const struct model_column **column, struct q_err *err)
{
    if (!c->in.plan)
        return cfg_fail(err, cfg->to_table.pos, "`reference` needs a project's model");
    const struct model_table *found = model_find(c->in.plan->model, cfg->to_table.s);
    *table = found;
    if (!found)
        return cfg_fail(err, cfg->to_table.pos, "\"%s\" is no table of the model", cfg->to_table.s);
    if (!cfg->to_column.s && found->n_keys != 1)
        return cfg_fail(err, cfg->to_table.pos,
                        "the key of \"%s\" has %zu columns; name one: %s.column", found->name,
                        found->n_keys, found->name);
    const char *name = cfg->to_column.s ? cfg->to_column.s : found->keys[0];
    *column = model_column_find(found, name);
    if (!*column)
        return cfg_fail(err, cfg->to_table.pos, "\"%s\" has no column \"%s\"", found->name, name);
    return Q_OK;
}

static enum q_code reference(struct check *c, const struct cfg_rule *cfg, int ord,
                             struct q_err *err)
{
    const struct q_column *column;
    const struct model_table *table = NULL;
    const struct model_column *to = NULL;
    char shown[2][Q_TYPE_TEXT];
    enum q_code code = check_require(c, &cfg->columns.v[0], &column, err);
    if (!code)
        code = reference_target(c, cfg, &table, &to, err);
    if (code || !table || !to)
        return code;
    if (!check_comparable(column->type, to->type))
        return cfg_fail(err, cfg->columns.v[0].pos,
                        "\"%s\" is %s and %s.%s is %s: cast it in `transform`", column->name,
                        q_type_text(column->type, shown[0]), table->name, to->name,
                        q_type_text(to->type, shown[1]));
    struct check_rule *rule = add_declared(c, CHECK_ROWS, cfg, ord);
    const char *known = q_printf(c->arena, "_q_known_%zu", ++c->lookups);
    rule->known =
        sql_make(c->arena, "r.%I IN (SELECT %I FROM %s WHERE %I IS NOT NULL) AS %I", column->name,
                 to->name, c->in.plan->table_ref(c->in.plan, table), to->name, known);
    if (cfg->nulls_fail) {
        rule->fails = sql_make(c->arena, "(r.%I IS NULL OR NOT r.%I)", column->name, known);
    } else {
        rule->looks_at = sql_make(c->arena, "r.%I IS NOT NULL", column->name);
        rule->fails = sql_make(c->arena, "(%s AND NOT r.%I)", rule->looks_at, known);
    }
    set_column(c, rule, column);
    rule->detail = table->name;
    return Q_OK;
}

static enum q_code row_count(struct check *c, const struct cfg_rule *cfg, int ord,
                             struct q_err *err)
{
    struct check_rule *rule = add_declared(c, CHECK_COUNT, cfg, ord);
    rule->max = INT64_MAX;
    enum q_code code = Q_OK;
    if (cfg->min.s)
        code = q_parse_int(cfg->min.s, "min", 0, INT64_MAX, &rule->min, err);
    if (!code && cfg->max.s)
        code = q_parse_int(cfg->max.s, "max", 0, INT64_MAX, &rule->max, err);
    return code;
}

/* {relation} becomes the relation's name. */
static enum q_code custom(struct check *c, const struct cfg_rule *cfg, int ord, struct q_err *err)
{
    static const char mark[] = "{relation}";
    struct sql *q = sql_new(c->arena);
    size_t found = 0;
    const char *p = cfg->expr.s, *next;
    for (; (next = strstr(p, mark)); p = next + strlen(mark), found++) {
        sql_add(q, "%s", q_strndup(c->arena, p, (size_t)(next - p)));
        sql_add(q, "%I", c->in.relation);
    }
    if (!found)
        return cfg_fail(err, cfg->expr.pos, "the query does not read {relation}");
    sql_add(q, "%s", p);
    struct check_rule *rule = add_declared(c, CHECK_SQL, cfg, ord);
    *q_vec_push(c->arena, &rule->statements) =
        sql_make(c->arena, "SELECT count(*) FROM (%s) AS q", sql_text(q));
    return Q_OK;
}

/* Only rows for which `when` is true are evaluated; one for which it cannot be evaluated fails. */
static enum q_code apply_when(struct check *c, const struct cfg_rule *cfg, struct q_err *err)
{
    const char *when, *fails;
    struct check_rule *rule = &c->rules.v[c->rules.n - 1];
    if (!cfg->when.s)
        return Q_OK;
    if (rule->form != CHECK_ROWS)
        return cfg_fail(err, cfg->when.pos, "`when` works with rules on single rows");
    enum q_code code = check_bool_sql(c, &cfg->when, "`when`", &when, &fails, err);
    if (code)
        return code;
    rule->fails = or_fails(c, sql_make(c->arena, "(%s AND %s)", when, rule->fails), fails);
    if (rule->looks_at)
        when = sql_make(c->arena, "((%s) AND (%s))", when, rule->looks_at);
    rule->looks_at = or_fails(c, when, fails);
    return Q_OK;
}

enum q_code check_declared(struct check *c, const struct cfg_rule *cfg, int ord, struct q_err *err)
{
    static enum q_code (*const kinds[])(struct check *, const struct cfg_rule *, int,
                                        struct q_err *) = {
        [CFG_NOT_NULL] = not_null,
        [CFG_UNIQUE] = check_unique,
        [CFG_DUPLICATE_ROW] = check_duplicate_row,
        [CFG_BETWEEN] = between,
        [CFG_IN_SET] = in_set,
        [CFG_NOT_IN_SET] = in_set,
        [CFG_MATCHES] = matches,
        [CFG_REFERENCE] = reference,
        [CFG_ROW_COUNT] = row_count,
        [CFG_EXPRESSION] = expression,
        [CFG_SQL] = custom,
    };
    size_t before = c->rules.n;
    enum q_code code = kinds[cfg->kind](c, cfg, ord, err);
    if (!code && c->rules.n > before)
        code = apply_when(c, cfg, err);
    if (code)
        q_context(err, "in rule \"%s\"", cfg->name.s);
    return code;
}
