/* SPDX-License-Identifier: Apache-2.0 */
/* The frame of a chart: size, colours, legend, value axis. */
#include "format/write/svg.h"

#include <math.h>

#include "format/write/svgint.h"
#include "format/write/writer.h"

bool svg_kind_find(const char *name, enum svg_kind *out)
{
    static const char *const names[] = {
        [SVG_BAR] = "bar", [SVG_HBAR] = "hbar", [SVG_LINE] = "line", [SVG_AREA] = "area"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (q_streq(names[i], name)) {
            *out = (enum svg_kind)i;
            return true;
        }
    return false;
}

static const char style[] =
    "<style>"
    ".qc{font:12px system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;"
    "--c0:#3566ad;--c1:#d57b21;--c2:#2b8f6d;--c3:#a8417f;--c4:#6f5fc6;--c5:#7d858f}"
    ".qc text{fill:#4a5058}.qc .grid{stroke:#e3e6ea;stroke-width:1}.qc .zero{stroke:#8b929b;"
    "stroke-width:1}.qc .v{fill:#6b727b;font-size:11px}.qc .l{fill:none;stroke-width:2;"
    "stroke-linejoin:round;stroke-linecap:round}.qc .a{opacity:.16}.qc rect:hover,.qc circle:hover"
    "{opacity:.75}"
    ".qc .f0{fill:#3566ad;fill:var(--c0)}.qc .f1{fill:#d57b21;fill:var(--c1)}"
    ".qc .f2{fill:#2b8f6d;fill:var(--c2)}.qc .f3{fill:#a8417f;fill:var(--c3)}"
    ".qc .f4{fill:#6f5fc6;fill:var(--c4)}.qc .f5{fill:#7d858f;fill:var(--c5)}"
    ".qc .s0{stroke:#3566ad;stroke:var(--c0)}.qc .s1{stroke:#d57b21;stroke:var(--c1)}"
    ".qc .s2{stroke:#2b8f6d;stroke:var(--c2)}.qc .s3{stroke:#a8417f;stroke:var(--c3)}"
    ".qc .s4{stroke:#6f5fc6;stroke:var(--c4)}.qc .s5{stroke:#7d858f;stroke:var(--c5)}"
    "@media (prefers-color-scheme:dark){.qc{--c0:#7fade9;--c1:#f0a862;--c2:#62c7a2;--c3:#dd88c0;"
    "--c4:#a99df0;--c5:#b3b9c2}.qc text{fill:#c3c9d1}.qc .grid{stroke:#343a42}.qc .zero"
    "{stroke:#79818b}.qc .v{fill:#9aa2ad}}"
    "</style>";

/* The range of all values, and whether they are whole numbers; false when there are none. */
static bool value_range(const struct svg_chart *c, double *lo, double *hi, bool *whole)
{
    bool any = false;
    *whole = true;
    for (size_t s = 0; s < c->n_series; s++)
        for (size_t i = 0; i < c->n; i++) {
            double v = c->series[s].values[i];
            if (!isfinite(v))
                continue;
            *lo = any ? fmin(*lo, v) : v;
            *hi = any ? fmax(*hi, v) : v;
            any = true;
            if (fabs(v - nearbyint(v)) > 1e-9)
                *whole = false;
        }
    return any;
}

static void add_legend(const struct svg_frame *f)
{
    double x = f->left;
    if (f->chart->n_series < 2)
        return;
    for (size_t s = 0; s < f->chart->n_series; s++) {
        const char *name = f->chart->series[s].name;
        double width = fmin(svg_text_width(name), 160);
        if (x + width + 18 > SVG_WIDTH)
            break;
        q_buf_printf(f->out,
                     "<rect class=\"f%zu\" x=\"%.1f\" y=\"6\" width=\"10\" height=\"10\" "
                     "rx=\"2\"/><text x=\"%.1f\" y=\"15\">",
                     s % SVG_COLOURS, x, x + 15);
        svg_add_cut(f->out, name, 160);
        q_buf_adds(f->out, "</text>");
        x += width + 34;
    }
}

/* Grid lines with numbers to their left. */
void svg_add_value_axis(const struct svg_frame *f)
{
    char text[48];
    for (int i = 0; i < f->scale.marks; i++) {
        double v = f->scale.lo + f->scale.step * i;
        double y = svg_place(&f->scale, v, f->bottom, f->top);
        bool zero = fabs(v) < f->scale.step / 2;
        q_buf_printf(f->out,
                     "<line class=\"%s\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>"
                     "<text class=\"v\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
                     zero ? "zero" : "grid", f->left, f->right, y, y, f->left - 8, y + 4,
                     svg_mark_text(&f->scale, v, text));
    }
}

static double widest_mark(const struct svg_scale *scale)
{
    char text[48];
    double most = 0;
    for (int i = 0; i < scale->marks; i++)
        most = fmax(most, svg_text_width(svg_mark_text(scale, scale->lo + scale->step * i, text)));
    return most;
}

/* Bars and areas begin at zero; lines do when they come near it. */
static void choose_scale(struct svg_frame *f, double lo, double hi)
{
    bool base = f->chart->kind != SVG_LINE || !(hi > lo) || (lo > 0 && lo < hi * 0.6) ||
                (hi < 0 && hi > lo * 0.6);
    if (base) {
        lo = fmin(lo, 0);
        hi = fmax(hi, 0);
    }
    svg_scale_fit(&f->scale, lo, hi, f->chart->kind == SVG_HBAR ? 6 : 5);
}

static double height_of(const struct svg_chart *c)
{
    if (c->kind != SVG_HBAR)
        return SVG_HEIGHT;
    double bars = (double)(c->n * (c->n_series > 1 ? c->n_series : 1));
    return 56 + bars * (c->n_series > 1 ? 16 : 26) + (c->n_series > 1 ? (double)c->n * 8 : 0);
}

static void add_head(struct q_buf *out, const struct svg_chart *c, double height)
{
    q_buf_printf(out,
                 "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"qc\" role=\"img\" "
                 "viewBox=\"0 0 %d %.0f\" width=\"%d\" height=\"%.0f\"><title>",
                 SVG_WIDTH, height, SVG_WIDTH, height);
    for (size_t s = 0; s < c->n_series; s++) {
        q_buf_adds(out, s ? ", " : "");
        writer_escape(out, q_str(c->series[s].name));
    }
    q_buf_adds(out, " by ");
    writer_escape(out, q_str(c->x_name));
    q_buf_printf(out, "</title>%s\n", style);
}

void svg_write(struct q_buf *out, const struct svg_chart *chart)
{
    double lo = 0, hi = 0;
    bool whole, any = value_range(chart, &lo, &hi, &whole);
    double height = any ? height_of(chart) : 120;
    struct svg_frame f = {.out = out, .chart = chart, .top = chart->n_series > 1 ? 32 : 14};
    f.decimals = whole ? 0 : 2;
    add_head(out, chart, height);
    if (!any) {
        q_buf_printf(out,
                     "<text x=\"%d\" y=\"64\" text-anchor=\"middle\">There is nothing to draw."
                     "</text></svg>\n",
                     SVG_WIDTH / 2);
        return;
    }
    choose_scale(&f, lo, hi);
    f.right = SVG_WIDTH - 16;
    if (chart->kind == SVG_HBAR) {
        f.bottom = height - 30;
        svg_draw_hbars(&f);
    } else {
        f.left = widest_mark(&f.scale) + 18;
        f.bottom = height - 34;
        if (chart->kind == SVG_BAR) {
            svg_draw_bars(&f);
        } else {
            svg_draw_lines(&f);
        }
    }
    add_legend(&f);
    q_buf_adds(out, "</svg>\n");
}
