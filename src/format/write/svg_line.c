/* SPDX-License-Identifier: Apache-2.0 */
/* Lines and areas over labels, numbers or days. */
#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "format/write/svgint.h"

enum { POINTS_SHOWN = 45, MARKS = 8 };

static double x_of(const struct svg_frame *f, size_t i)
{
    const struct svg_chart *c = f->chart;
    double from = f->left + 8, to = f->right - 8;
    if (c->n < 2)
        return (from + to) / 2;
    if (!c->positions)
        return from + (to - from) * (double)i / (double)(c->n - 1);
    double lo = c->positions[0], span = c->positions[c->n - 1] - lo;
    return span > 0 ? from + (to - from) * (c->positions[i] - lo) / span : (from + to) / 2;
}

static void add_mark(const struct svg_frame *f, double x, const char *text, double cut)
{
    double half = fmin(svg_text_width(text), cut) / 2;
    double at = fmin(x, SVG_WIDTH - half - 2); /* the last one stays in the picture */
    q_buf_printf(f->out,
                 "<line class=\"zero\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>"
                 "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">",
                 x, x, f->bottom, f->bottom + 4, at, f->bottom + 19);
    svg_add_cut(f->out, text, cut);
    q_buf_adds(f->out, "</text>\n");
}

/* Labels that are neither numbers nor days: as many as there is room for. */
static void mark_labels(const struct svg_frame *f)
{
    const struct svg_chart *c = f->chart;
    double widest = 20;
    for (size_t i = 0; i < c->n; i++)
        widest = fmax(widest, svg_text_width(c->labels[i]));
    widest = fmin(widest, 140);
    double gap = (f->right - f->left) / (double)c->n;
    size_t every = gap > widest + 8 ? 1 : 1 + (size_t)((widest + 12) / gap);
    for (size_t i = 0; i < c->n; i += every)
        add_mark(f, x_of(f, i), c->labels[i], widest);
}

static double place_of(const struct svg_frame *f, double position)
{
    const struct svg_chart *c = f->chart;
    double lo = c->positions[0], span = c->positions[c->n - 1] - lo;
    return f->left + 8 + (f->right - f->left - 16) * (position - lo) / span;
}

static void mark_numbers(const struct svg_frame *f)
{
    const struct svg_chart *c = f->chart;
    struct svg_scale scale;
    char text[48];
    svg_scale_fit(&scale, c->positions[0], c->positions[c->n - 1], MARKS);
    for (int i = 0; i < scale.marks; i++) {
        double v = scale.lo + scale.step * i;
        if (v >= c->positions[0] - 1e-9 && v <= c->positions[c->n - 1] + 1e-9)
            add_mark(f, place_of(f, v), svg_mark_text(&scale, v, text), 100);
    }
}

static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/* Marks so many days apart, counted back from the last day, so that it has one. */
static void mark_days(const struct svg_frame *f, int32_t lo, int32_t hi, int32_t step)
{
    char text[48];
    for (int32_t day = hi; day >= lo; day -= step) {
        struct q_civil d = q_civil_from_days(day);
        (void)snprintf(text, sizeof text, "%d %s", d.day, months[d.month - 1]);
        add_mark(f, place_of(f, day), text, 100);
    }
}

/* Marks at the first day of every so manyeth month. */
static void mark_months(const struct svg_frame *f, int32_t lo, int32_t hi, int step)
{
    char text[48];
    struct q_civil d = q_civil_from_days(lo);
    int month = (d.year * 12 + d.month - 1 + step - 1) / step * step;
    for (;; month += step) {
        int32_t day = q_days_from_civil(month / 12, month % 12 + 1, 1);
        if (day > hi)
            return;
        if (day < lo)
            continue;
        if (step < 12)
            (void)snprintf(text, sizeof text, "%s %d", months[month % 12], month / 12);
        else
            (void)snprintf(text, sizeof text, "%d", month / 12);
        add_mark(f, place_of(f, day), text, 100);
    }
}

static void mark_dates(const struct svg_frame *f)
{
    static const int day_steps[] = {1, 2, 7, 14};
    static const int month_steps[] = {1, 2, 3, 6, 12, 24, 60, 120, 600, 1200, 6000};
    const struct svg_chart *c = f->chart;
    double first = ceil(c->positions[0]), last = floor(c->positions[c->n - 1]);
    if (!(fabs(first) < 3e8 && fabs(last) < 3e8) || last < first) {
        mark_labels(f);
        return;
    }
    int32_t lo = (int32_t)first, hi = (int32_t)last;
    for (size_t i = 0; i < sizeof day_steps / sizeof day_steps[0]; i++)
        if ((hi - lo) / day_steps[i] < MARKS) {
            mark_days(f, lo, hi, day_steps[i]);
            return;
        }
    size_t i = 0;
    while (i + 1 < sizeof month_steps / sizeof month_steps[0] &&
           (hi - lo) / (month_steps[i] * 30) > MARKS)
        i++;
    mark_months(f, lo, hi, month_steps[i]);
}

static void add_marks(const struct svg_frame *f)
{
    const struct svg_chart *c = f->chart;
    bool spread = c->positions && c->n > 1 && c->positions[c->n - 1] > c->positions[0];
    if (!spread)
        mark_labels(f);
    else if (c->dates)
        mark_dates(f);
    else
        mark_numbers(f);
}

/* One piece of a series without gaps: points from .. to - 1. */
static void add_piece(const struct svg_frame *f, size_t s, size_t from, size_t to)
{
    const double *v = f->chart->series[s].values;
    double zero = svg_place(&f->scale, 0, f->bottom, f->top);
    if (f->chart->kind == SVG_AREA) {
        q_buf_printf(f->out, "<path class=\"a f%zu\" d=\"M%.1f %.1f", s % SVG_COLOURS,
                     x_of(f, from), zero);
        for (size_t i = from; i < to; i++)
            q_buf_printf(f->out, "L%.1f %.1f", x_of(f, i),
                         svg_place(&f->scale, v[i], f->bottom, f->top));
        q_buf_printf(f->out, "L%.1f %.1fZ\"/>\n", x_of(f, to - 1), zero);
    }
    if (to - from > 1) {
        q_buf_printf(f->out, "<path class=\"l s%zu\" d=\"", s % SVG_COLOURS);
        for (size_t i = from; i < to; i++)
            q_buf_printf(f->out, "%c%.1f %.1f", i == from ? 'M' : 'L', x_of(f, i),
                         svg_place(&f->scale, v[i], f->bottom, f->top));
        q_buf_adds(f->out, "\"/>\n");
    }
    if (f->chart->n > POINTS_SHOWN && to - from > 1)
        return;
    for (size_t i = from; i < to; i++) {
        q_buf_printf(f->out, "<circle class=\"f%zu\" cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\">",
                     s % SVG_COLOURS, x_of(f, i), svg_place(&f->scale, v[i], f->bottom, f->top));
        svg_add_title(f, s, i);
        q_buf_adds(f->out, "</circle>\n");
    }
}

void svg_draw_lines(struct svg_frame *f)
{
    const struct svg_chart *c = f->chart;
    svg_add_value_axis(f);
    add_marks(f);
    for (size_t s = 0; s < c->n_series; s++) {
        size_t from = 0;
        for (size_t i = 0; i <= c->n; i++) {
            if (i < c->n && isfinite(c->series[s].values[i]))
                continue;
            if (i > from)
                add_piece(f, s, from, i);
            from = i + 1;
        }
    }
}
