/* SPDX-License-Identifier: Apache-2.0 */
#include "format/write/chart.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "batch/cell.h"
#include "format/write/svg.h"

enum { BARS_MAX = 80, LYING_BARS_MAX = 40 };

struct point {
    double position;
    size_t order; /* in the result */
    const char *label;
};

struct chart {
    struct writer *w;
    enum svg_kind kind;
    size_t x, n_y, max;
    size_t *y; /* columns */
    bool dates, numbers;
    Q_VEC(struct point) points;
    double **values; /* [series][order] */
    struct q_buf text;
};

static enum q_code find_column(const struct writer *w, const char *name, size_t *out,
                               struct q_err *err)
{
    ptrdiff_t i = q_schema_find(w->schema, name);
    if (i < 0)
        return q_fail(err, Q_CONFIG, "cannot draw the chart: the result has no column \"%s\"",
                      name);
    *out = (size_t)i;
    return Q_OK;
}

enum q_code chart_new(struct writer *w, struct chart **out, struct q_err *err)
{
    const struct write_options *o = &w->options;
    struct chart *c = q_new(w->arena, struct chart);
    *c = (struct chart){.w = w, .n_y = o->n_chart_y};
    c->y = q_alloc_array(w->arena, c->n_y, sizeof *c->y);
    c->values = q_alloc_array(w->arena, c->n_y, sizeof *c->values);
    q_buf_init_in(&c->text, w->arena, 1 << 20);
    if (!svg_kind_find(o->chart, &c->kind))
        return q_fail(err, Q_CONFIG, "unknown chart \"%s\": it is one of bar, hbar, line, area",
                      o->chart);
    c->max = c->kind == SVG_BAR    ? BARS_MAX
             : c->kind == SVG_HBAR ? LYING_BARS_MAX
                                   : WRITE_CHART_POINTS;
    enum q_code code = find_column(w, o->chart_x, &c->x, err);
    for (size_t i = 0; i < c->n_y && !code; i++) {
        code = find_column(w, o->chart_y[i], &c->y[i], err);
        if (!code && !q_type_is_number(w->schema->v[c->y[i]].type))
            code = q_fail(err, Q_CONFIG, "cannot draw the chart: the column \"%s\" has no numbers",
                          o->chart_y[i]);
        c->values[i] = q_alloc_array(w->arena, c->max, sizeof **c->values);
    }
    if (code)
        return code;
    struct q_type x = w->schema->v[c->x].type;
    c->dates = x.id == Q_T_DATE || x.id == Q_T_TIMESTAMP || x.id == Q_T_TIMESTAMPTZ;
    c->numbers = q_type_is_number(x);
    *out = c;
    return Q_OK;
}

/* For a place in a picture only; NAN for NULL. */
static double value_of(const struct batch_col *col, size_t row)
{
    if (batch_is_null(col, row))
        return NAN;
    if (col->type.id == Q_T_DOUBLE)
        return ((const double *)col->data)[row];
    double scale = col->type.id == Q_T_DECIMAL ? pow(10, col->type.scale) : 1;
    __int128 unscaled = batch_cell_integer(col, row);
    return (double)unscaled / scale;
}

static double position_of(const struct batch_col *col, size_t row)
{
    if (batch_is_null(col, row))
        return NAN;
    if (col->type.id == Q_T_DATE)
        return ((const int32_t *)col->data)[row];
    if (col->type.id == Q_T_TIMESTAMP || col->type.id == Q_T_TIMESTAMPTZ)
        return (double)((const int64_t *)col->data)[row] / (double)Q_USEC_PER_DAY;
    return value_of(col, row);
}

void chart_add(struct chart *c, const struct batch *batch)
{
    const struct batch_col *x = &batch->cols[c->x];
    bool spread = (c->kind == SVG_LINE || c->kind == SVG_AREA) && (c->dates || c->numbers);
    for (size_t row = 0; row < batch->rows && c->points.n < c->max; row++) {
        double position = spread ? position_of(x, row) : 0;
        if (!isfinite(position))
            continue; /* has no place on the axis */
        q_buf_clear(&c->text);
        if (batch_is_null(x, row))
            q_buf_adds(&c->text, "NULL");
        else
            batch_cell_text(x, row, &c->text);
        size_t order = c->points.n;
        *q_vec_push(c->w->arena, &c->points) =
            (struct point){position, order, q_strdup(c->w->arena, q_buf_text(&c->text))};
        for (size_t s = 0; s < c->n_y; s++)
            c->values[s][order] = value_of(&batch->cols[c->y[s]], row);
    }
}

static int by_position(const void *a, const void *b)
{
    const struct point *p = a, *q = b;
    if (p->position < q->position || p->position > q->position)
        return p->position < q->position ? -1 : 1;
    return p->order < q->order ? -1 : 1;
}

void chart_write(struct chart *c, struct q_buf *out)
{
    struct q_arena *arena = c->w->arena;
    size_t n = c->points.n;
    if (n)
        qsort(c->points.v, n, sizeof *c->points.v, by_position);
    const char **labels = q_alloc_array(arena, n + 1, sizeof *labels);
    double *positions = q_alloc_array(arena, n + 1, sizeof *positions);
    struct svg_series *series = q_alloc_array(arena, c->n_y, sizeof *series);
    for (size_t i = 0; i < n; i++) {
        labels[i] = c->points.v[i].label;
        positions[i] = c->points.v[i].position;
    }
    for (size_t s = 0; s < c->n_y; s++) {
        double *values = q_alloc_array(arena, n + 1, sizeof *values);
        for (size_t i = 0; i < n; i++)
            values[i] = c->values[s][c->points.v[i].order];
        series[s] = (struct svg_series){c->w->schema->v[c->y[s]].name, values};
    }
    struct svg_chart chart = {.kind = c->kind,
                              .x_name = c->w->schema->v[c->x].name,
                              .labels = labels,
                              .positions = c->dates || c->numbers ? positions : NULL,
                              .dates = c->dates,
                              .n = n,
                              .series = series,
                              .n_series = c->n_y};
    svg_write(out, &chart);
}

size_t chart_points(const struct chart *chart)
{
    return chart->points.n;
}
