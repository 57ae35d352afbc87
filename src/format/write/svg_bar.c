/* SPDX-License-Identifier: Apache-2.0 */
/* Bars, upright and lying. */
#include <math.h>

#include "format/write/svgint.h"
#include "format/write/writer.h"

enum { LABEL_MAX = 150, HBAR_LABEL_MAX = 260, SLANTED_GAP = 22 };

/* How the labels of upright bars are laid out below a band of a width. */
struct label_plan {
    bool slanted;
    size_t every; /* one in so many has a label */
    double cut;   /* width of a label */
};

static struct label_plan plan_labels(const struct svg_frame *f, double band)
{
    double widest = 0;
    for (size_t i = 0; i < f->chart->n; i++)
        widest = fmax(widest, svg_text_width(f->chart->labels[i]));
    if (widest <= band - 4)
        return (struct label_plan){.every = 1, .cut = widest};
    /* Slanted lines are 0.57 of their distance apart. */
    size_t every = band >= SLANTED_GAP ? 1 : 1 + (size_t)(SLANTED_GAP / band);
    return (struct label_plan){.slanted = true, .every = every, .cut = fmin(widest, LABEL_MAX)};
}

static void add_label(const struct svg_frame *f, const struct label_plan *plan, size_t i, double x)
{
    if (i % plan->every)
        return;
    double y = f->bottom + 18;
    if (plan->slanted)
        q_buf_printf(f->out,
                     "<text text-anchor=\"end\" transform=\"translate(%.1f %.1f) rotate(-35)\">",
                     x + 4, y - 4);
    else
        q_buf_printf(f->out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">", x, y);
    svg_add_cut(f->out, f->chart->labels[i], plan->cut);
    q_buf_adds(f->out, "</text>");
}

void svg_draw_bars(struct svg_frame *f)
{
    const struct svg_chart *c = f->chart;
    double band = (f->right - f->left) / (double)c->n;
    struct label_plan plan = plan_labels(f, band);
    if (plan.slanted) { /* sine and cosine of 35 degrees */
        f->bottom -= plan.cut * 0.574;
        double room = plan.cut * 0.819 - band / 2 + 4; /* the first label begins left of the plot */
        if (room > f->left) {
            f->left = room;
            band = (f->right - f->left) / (double)c->n;
        }
    }
    svg_add_value_axis(f);
    double zero = svg_place(&f->scale, 0, f->bottom, f->top);
    double group = fmin(band * (band > 6 ? 0.72 : 0.9), 90 * (double)c->n_series);
    double width = group / (double)c->n_series;
    for (size_t i = 0; i < c->n; i++) {
        double middle = f->left + band * ((double)i + 0.5);
        for (size_t s = 0; s < c->n_series; s++) {
            double v = c->series[s].values[i];
            if (!isfinite(v))
                continue;
            double y = svg_place(&f->scale, v, f->bottom, f->top);
            q_buf_printf(f->out,
                         "<rect class=\"f%zu\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
                         "height=\"%.1f\" rx=\"%d\">",
                         s % SVG_COLOURS, middle - group / 2 + width * (double)s, fmin(y, zero),
                         fmax(width - (c->n_series > 1 ? 1 : 0), 0.5), fabs(y - zero),
                         width > 8 && fabs(y - zero) > 4 ? 2 : 0);
            svg_add_title(f, s, i);
            q_buf_adds(f->out, "</rect>\n");
        }
        add_label(f, &plan, i, middle);
    }
}

/* Grid lines with the numbers below. */
static void add_lying_axis(const struct svg_frame *f)
{
    char text[48];
    for (int i = 0; i < f->scale.marks; i++) {
        double v = f->scale.lo + f->scale.step * i;
        double x = svg_place(&f->scale, v, f->left, f->right);
        q_buf_printf(f->out,
                     "<line class=\"%s\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>"
                     "<text class=\"v\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>\n",
                     fabs(v) < f->scale.step / 2 ? "zero" : "grid", x, x, f->top - 4, f->bottom, x,
                     f->bottom + 16, svg_mark_text(&f->scale, v, text));
    }
}

/* The number at the end of a bar, where there is room. */
static void add_end_text(const struct svg_frame *f, double v, double x, double y)
{
    char text[48];
    bool minus = v < 0;
    double width = svg_text_width(svg_value_text(f, v, text));
    bool fits = minus || x + width + 6 < SVG_WIDTH; /* the left has room kept for it */
    if (fits)
        q_buf_printf(f->out, "<text class=\"v\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>",
                     minus ? x - 5 : x + 5, y, minus ? "end" : "start", text);
}

static void add_lying_bar(const struct svg_frame *f, size_t s, size_t i, double y, double thick)
{
    double v = f->chart->series[s].values[i];
    if (!isfinite(v))
        return;
    double zero = svg_place(&f->scale, 0, f->left, f->right);
    double x = svg_place(&f->scale, v, f->left, f->right);
    q_buf_printf(f->out,
                 "<rect class=\"f%zu\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
                 "rx=\"%d\">",
                 s % SVG_COLOURS, fmin(x, zero), y, fabs(x - zero), thick,
                 fabs(x - zero) > 4 ? 2 : 0);
    svg_add_title(f, s, i);
    q_buf_adds(f->out, "</rect>");
    if (f->chart->n_series == 1)
        add_end_text(f, v, x, y + thick / 2 + 4);
    q_buf_addc(f->out, '\n');
}

void svg_draw_hbars(struct svg_frame *f)
{
    const struct svg_chart *c = f->chart;
    char text[48];
    double widest = 24, number = 0;
    for (size_t i = 0; i < c->n; i++) {
        widest = fmax(widest, svg_text_width(c->labels[i]));
        if (c->n_series == 1 && isfinite(c->series[0].values[i]))
            number = fmax(number, svg_text_width(svg_value_text(f, c->series[0].values[i], text)));
    }
    double label = fmin(widest, HBAR_LABEL_MAX);
    f->left = label + 18 + (f->scale.lo < 0 ? number : 0);
    f->right -= number + 2;
    add_lying_axis(f);
    double band = (f->bottom - f->top) / (double)c->n;
    double group = c->n_series > 1 ? band - 8 : band * 0.68, thick = group / (double)c->n_series;
    for (size_t i = 0; i < c->n; i++) {
        double middle = f->top + band * ((double)i + 0.5);
        q_buf_printf(f->out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">", label + 10,
                     middle + 4);
        svg_add_cut(f->out, c->labels[i], label);
        q_buf_adds(f->out, "</text>");
        for (size_t s = 0; s < c->n_series; s++)
            add_lying_bar(f, s, i, middle - group / 2 + thick * (double)s, thick);
    }
}
