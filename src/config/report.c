/* SPDX-License-Identifier: Apache-2.0 */
/* reports/. */
#include <math.h>

#include "base/parse.h"
#include "config/bind.h"

enum { DECIMAL_WIDTH_MAX = 38 };

static const struct cfg_word chart_words[] = {
    {.word = "bar"}, {.word = "line"}, {.word = "area"}, {.word = "hbar"}, {0},
};

/* ---- parameters ---- */

enum param_type {
    P_BOOLEAN,
    P_INTEGER,
    P_BIGINT,
    P_DECIMAL,
    P_DOUBLE,
    P_TEXT,
    P_DATE,
    P_TIMESTAMP
};

static const struct cfg_word param_words[] = {
    {.word = "boolean", .value = P_BOOLEAN},
    {.word = "integer", .value = P_INTEGER},
    {.word = "bigint", .value = P_BIGINT},
    {.word = "decimal(p,s)", .value = P_DECIMAL},
    {.word = "double", .value = P_DOUBLE},
    {.word = "text", .value = P_TEXT},
    {.word = "date", .value = P_DATE},
    {.word = "timestamp", .value = P_TIMESTAMP},
    {0},
};

/* "decimal(12,2)" */
static bool is_decimal(struct q_arena *arena, const char *text)
{
    const char *comma = strchr(text, ',');
    size_t n = strlen(text);
    if (!q_starts(text, "decimal(") || !comma || text[n - 1] != ')')
        return false;
    const char *width_text = q_strndup(arena, text + 8, (size_t)(comma - text) - 8);
    struct q_str scale_text = q_str_trim((struct q_str){comma + 1, n - (size_t)(comma - text) - 2});
    int64_t width, scale;
    struct q_err unused = {0};
    return !q_parse_int(width_text, "width", 1, DECIMAL_WIDTH_MAX, &width, &unused) &&
           !q_parse_int(q_strndup(arena, scale_text.p, scale_text.n), "scale", 0, width, &scale,
                        &unused);
}

static enum q_code bind_param_type(struct cfg_bind *b, const struct cfg_node *key,
                                   const struct cfg_node *value, void *out)
{
    struct cfg_param *param = out;
    enum q_code code = cfg_bind_text(b, value, key->text, CFG_F_TEXT, &param->type);
    if (code || is_decimal(b->arena, param->type.s))
        return code;
    int type = 0;
    code = cfg_bind_word(b, value, key->text, param_words, &type);
    if (!code && type == P_DECIMAL)
        code = cfg_expected(b, value, key->text, "a decimal with its digits like decimal(12,2)");
    return code;
}

static const struct cfg_field param_fields[] = {
    {.key = "type",
     .kind = CFG_F_CALL,
     .call = bind_param_type,
     .required = true,
     .example = "type: integer"},
    {.key = "default", .kind = CFG_F_TEXT, .offset = offsetof(struct cfg_param, fallback)},
    {.key = "description", .kind = CFG_F_TEXT, .offset = offsetof(struct cfg_param, description)},
    {0},
};

/* The default must be a value of the type. */
static enum q_code check_default(struct cfg_bind *b, const struct cfg_param *param,
                                 const struct cfg_node *value)
{
    const char *text = param->fallback.s;
    if (!text)
        return Q_OK;
    struct q_err err = {0};
    enum q_code code = Q_OK;
    int64_t i;
    int32_t day;
    double d;
    bool on;
    if (q_streq(param->type.s, "boolean"))
        code = q_parse_bool(text, "default", &on, &err);
    else if (q_streq(param->type.s, "integer"))
        code = q_parse_int(text, "default", INT32_MIN, INT32_MAX, &i, &err);
    else if (q_streq(param->type.s, "bigint"))
        code = q_parse_int(text, "default", INT64_MIN, INT64_MAX, &i, &err);
    else if (q_streq(param->type.s, "double") || q_starts(param->type.s, "decimal("))
        code = q_parse_double(text, "default", -HUGE_VAL, HUGE_VAL, &d, &err);
    else if (q_streq(param->type.s, "date"))
        code = q_parse_date(text, "default", &day, &err);
    else if (q_streq(param->type.s, "timestamp"))
        code = q_parse_timestamp(text, "default", &i, &err);
    if (!code)
        return Q_OK;
    return cfg_expected(b, value, "default",
                        q_printf(b->arena, "a value of type %s", param->type.s));
}

static enum q_code bind_param(struct cfg_bind *b, const struct cfg_node_pair *item,
                              struct cfg_param *param)
{
    param->name = cfg_key_text(item->key);
    enum q_code code = cfg_check_ident(b, param->name, "a parameter", false);
    if (code)
        return code;
    if (item->value->kind == CFG_NODE_SCALAR) {
        struct cfg_node type = {.text = "type"};
        return bind_param_type(b, &type, item->value, param);
    }
    const char *what = q_printf(b->arena, "parameter \"%s\"", param->name.s);
    code = cfg_bind_map(b, item->value, what, param_fields, param);
    return code ? code : check_default(b, param, cfg_node_get(item->value, "default"));
}

static enum q_code bind_params(struct cfg_bind *b, const struct cfg_node *key,
                               const struct cfg_node *value, void *out)
{
    struct cfg_report *report = out;
    if (value->kind != CFG_NODE_MAP)
        return cfg_expected(b, value, key->text, "a map of parameters");
    enum q_code code = Q_OK;
    for (size_t i = 0; i < value->items.n; i++)
        code = cfg_first(code,
                         bind_param(b, &value->items.v[i], q_vec_push(b->arena, &report->params)));
    return code;
}

/* ---- chart ---- */

static enum q_code bind_chart_type(struct cfg_bind *b, const struct cfg_node *key,
                                   const struct cfg_node *value, void *out)
{
    struct cfg_chart *chart = out;
    int word = 0;
    enum q_code code = cfg_bind_word(b, value, key->text, chart_words, &word);
    return code ? code : cfg_bind_text(b, value, key->text, CFG_F_TEXT, &chart->type);
}

static const struct cfg_field chart_fields[] = {
    {.key = "type",
     .kind = CFG_F_CALL,
     .call = bind_chart_type,
     .required = true,
     .example = "type: bar"},
    {.key = "x",
     .kind = CFG_F_TEXT,
     .offset = offsetof(struct cfg_chart, x),
     .required = true,
     .example = "x: product_name"},
    {.key = "y",
     .kind = CFG_F_TEXTS,
     .offset = offsetof(struct cfg_chart, y),
     .required = true,
     .example = "y: [total_revenue]"},
    {0},
};

/* ---- the file ---- */

static const struct cfg_field report_fields[] = {
    {.key = "report", .kind = CFG_F_NAME, .offset = offsetof(struct cfg_report, name)},
    {.key = "title", .kind = CFG_F_TEXT, .offset = offsetof(struct cfg_report, title)},
    {.key = "description", .kind = CFG_F_TEXT, .offset = offsetof(struct cfg_report, description)},
    {.key = "parameters", .kind = CFG_F_CALL, .call = bind_params},
    {.key = "sql",
     .kind = CFG_F_EXPR,
     .offset = offsetof(struct cfg_report, sql),
     .required = true,
     .example = "sql: SELECT count(*) FROM sales_fact"},
    {.key = "chart",
     .kind = CFG_F_MAP,
     .offset = offsetof(struct cfg_report, chart),
     .what = "the chart",
     .fields = chart_fields},
    {0},
};

enum q_code cfg_bind_report(struct cfg_bind *b, const struct cfg_node *root)
{
    struct cfg_report report = {0};
    const char *what = q_printf(b->arena, "report %s", cfg_shown(b, cfg_node_get(root, "report")));
    enum q_code code = cfg_bind_map(b, root, what, report_fields, &report);
    if (!code)
        *q_vec_push(b->arena, &b->project->reports) = report;
    return code;
}
