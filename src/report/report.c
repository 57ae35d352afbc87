/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report.h"

#include "base/clock.h"
#include "base/parse.h"
#include "base/suggest.h"
#include "batch/cast.h"
#include "batch/cell.h"

static const struct cfg_param *find_param(const struct cfg_report *report, const char *name)
{
    for (size_t i = 0; i < report->params.n; i++)
        if (q_streq(report->params.v[i].name.s, name))
            return &report->params.v[i];
    return NULL;
}

static enum q_code unknown_param(struct q_arena *arena, const struct cfg_report *report,
                                 const char *name, struct q_err *err)
{
    q_texts names = {0};
    const char *list = "none";
    for (size_t i = 0; i < report->params.n; i++) {
        *q_vec_push(arena, &names) = report->params.v[i].name.s;
        list = i ? q_printf(arena, "%s, %s", list, names.v[i]) : names.v[i];
    }
    enum q_code code =
        q_fail(err, Q_USAGE, "report \"%s\" has no parameter \"%s\"", report->name.s, name);
    const char *near = q_suggest(name, names.v, names.n);
    if (near)
        q_hint(err, "Did you mean `--param %s=...`?", near);
    else
        q_hint(err, "It has: %s.", list);
    return code;
}

/* The given text of a parameter, the last one when given twice; its default; NULL when there is neither. */
static const char *text_of(const struct cfg_param *param, const q_texts *given)
{
    const char *text = param->fallback.s;
    size_t n = strlen(param->name.s);
    for (size_t i = 0; i < given->n; i++)
        if (strncmp(given->v[i], param->name.s, n) == 0 && given->v[i][n] == '=')
            text = given->v[i] + n + 1;
    return text;
}

static enum q_code check_given(struct q_arena *arena, const struct cfg_report *report,
                               const q_texts *given, struct q_err *err)
{
    for (size_t i = 0; i < given->n; i++) {
        const char *equals = strchr(given->v[i], '=');
        if (!equals)
            return q_fail(err, Q_USAGE, "cannot read --param \"%s\": expected NAME=VALUE",
                          given->v[i]);
        const char *name = q_strndup(arena, given->v[i], (size_t)(equals - given->v[i]));
        if (!find_param(report, name))
            return unknown_param(arena, report, name, err);
    }
    return Q_OK;
}

/* Through the same strict cast as data. */
static enum q_code bind_decimal(struct q_arena *arena, const char *text, const char *what,
                                struct db_param *out, struct q_err *err)
{
    size_t n = strlen(text);
    char *padded = q_alloc(arena, n + BATCH_CAST_PAD);
    struct batch_span span = {.at = 0, .n = (uint32_t)n};
    struct batch_cast cast = {.type = out->type};
    __int128 cell = 0;
    uint64_t valid = 1, fail = 0;
    struct batch_col col = {.type = out->type, .data = &cell, .valid = &valid};
    char type[Q_TYPE_TEXT];
    memcpy(padded, text, n);
    if (n > BATCH_SPAN_MAX || batch_cast_column(&cast, padded, &span, 1, &col, 0, &fail) ||
        !(valid & 1))
        return q_fail(err, Q_USAGE, "cannot read %s: \"%s\" is no %s", what, text,
                      q_type_text(out->type, type));
    out->big = batch_cell_integer(&col, 0);
    return Q_OK;
}

/* One value; wrong text is the user's mistake. */
static enum q_code bind_value(struct q_arena *arena, const struct cfg_param *param,
                              const char *text, struct db_param *out, struct q_err *err)
{
    enum q_code code = q_type_parse(param->type.s, &out->type, err);
    const char *what = q_printf(arena, "parameter \"%s\"", param->name.s);
    out->name = param->name.s;
    if (code)
        return code;
    switch (out->type.id) {
    case Q_T_BOOL: {
        bool value = false;
        code = q_parse_bool(text, what, &value, err);
        out->i = value;
        return code;
    }
    case Q_T_INT32:
        return q_parse_int(text, what, INT32_MIN, INT32_MAX, &out->i, err);
    case Q_T_INT64:
        return q_parse_int(text, what, INT64_MIN, INT64_MAX, &out->i, err);
    case Q_T_DOUBLE:
        return q_parse_double(text, what, -1e308, 1e308, &out->d, err);
    case Q_T_DATE: {
        int32_t days = 0;
        code = q_parse_date(text, what, &days, err);
        out->i = days;
        return code;
    }
    case Q_T_TIMESTAMP:
        return q_parse_timestamp(text, what, &out->i, err);
    case Q_T_DECIMAL:
        return bind_decimal(arena, text, what, out, err);
    default: /* text: cfg_load() lets no other type through */
        out->s = q_str(text);
        return Q_OK;
    }
}

enum q_code report_bind(struct q_arena *arena, const struct cfg_report *report,
                        const q_texts *given, struct report_values *out, struct q_err *err)
{
    size_t n = report->params.n;
    *out = (struct report_values){.n = n};
    out->params = q_alloc_array(arena, n + 1, sizeof *out->params);
    out->shown = q_alloc_array(arena, n + 1, sizeof *out->shown);
    enum q_code code = check_given(arena, report, given, err);
    for (size_t i = 0; i < n && !code; i++) {
        const struct cfg_param *param = &report->params.v[i];
        const char *text = text_of(param, given);
        if (!text) {
            code = q_fail(err, Q_USAGE, "report \"%s\" needs parameter \"%s\"", report->name.s,
                          param->name.s);
            q_hint(err, "Give it as `--param %s=...`.", param->name.s);
            return code;
        }
        out->shown[i] = (struct write_value){param->name.s, text};
        code = bind_value(arena, param, text, &out->params[i], err);
    }
    return code;
}

enum q_code report_sql(struct q_arena *arena, struct db_conn *conn, const char *sql,
                       const struct report_values *values, const char *format,
                       const struct write_options *options, struct write_sink sink, int64_t *rows,
                       struct q_err *err)
{
    static const struct write_options plain;
    const struct write_format *f = write_format_find(format);
    struct db_result *r;
    struct writer *w;
    if (!f)
        return q_fail(err, Q_USAGE, "unknown format \"%s\"", format);
    enum q_code code =
        db_query(conn, sql, values ? values->params : NULL, values ? values->n : 0, &r, err);
    if (code)
        return code;
    const struct batch *b = NULL;
    code = write_begin(arena, f, options ? options : &plain, sink, db_columns(r), &w, err);
    while (!code && !(code = db_next(r, &b, err)) && b)
        code = write_batch(w, b, err);
    if (!code)
        code = write_end(w, err);
    if (!code && rows)
        *rows = write_rows(w);
    db_close(r);
    return code;
}

enum q_code report_run(struct q_arena *arena, struct db_conn *conn, const struct cfg_report *report,
                       const struct report_values *values, const char *format,
                       struct write_sink sink, struct q_err *err)
{
    char time[Q_TIMESTAMP_TEXT];
    const char **y = q_alloc_array(arena, report->chart.y.n + 1, sizeof *y);
    for (size_t i = 0; i < report->chart.y.n; i++)
        y[i] = report->chart.y.v[i].s;
    struct write_options options = {
        .title = report->title.s ? report->title.s : report->name.s,
        .description = report->description.s,
        .params = values->shown,
        .n_params = values->n,
        .chart = report->chart.type.s,
        .chart_x = report->chart.x.s,
        .chart_y = y,
        .n_chart_y = report->chart.y.n,
        .footer = q_printf(arena, "Made by quern at %s UTC",
                           q_timestamp_text(q_now() / Q_USEC_PER_SEC * Q_USEC_PER_SEC, time)),
    };
    enum q_code code =
        report_sql(arena, conn, report->sql.s, values, format, &options, sink, NULL, err);
    if (code)
        q_context(err, "running report \"%s\" (%s:%d)", report->name.s, report->sql.pos.file,
                  report->sql.pos.line);
    return code;
}
