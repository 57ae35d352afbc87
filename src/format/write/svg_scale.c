/* SPDX-License-Identifier: Apache-2.0 */
/* Axes of numbers: round marks and short texts. */
#include <math.h>
#include <stdio.h>

#include "format/write/svgint.h"
#include "format/write/writer.h"

/* 1, 2 or 5 times a power of ten, at least v (Heckbert, "Nice numbers for graph labels", Graphics Gems). */
static double round_step(double v)
{
    double power = pow(10, floor(log10(v))), f = v / power;
    if (f <= 1.0000001)
        return power;
    return f <= 2 ? 2 * power : f <= 5 ? 5 * power : 10 * power;
}

void svg_scale_fit(struct svg_scale *scale, double lo, double hi, int about)
{
    static const struct {
        double from;
        const char *unit;
    } units[] = {{1e12, "tn"}, {1e9, "bn"}, {1e6, "M"}, {1e4, "k"}};
    if (!(hi - lo > fabs(hi) * 1e-9)) { /* one value only */
        double pad = fabs(hi) > 0 ? fabs(hi) / 2 : 1;
        hi += pad;
        lo -= lo < 0 || lo > 0 ? pad : 0;
    }
    double step = round_step((hi - lo) / about);
    *scale = (struct svg_scale){.step = step, .unit = "", .divisor = 1};
    scale->lo = floor(lo / step + 1e-9) * step;
    scale->hi = ceil(hi / step - 1e-9) * step;
    scale->marks = (int)lround((scale->hi - scale->lo) / step) + 1;
    double most = fmax(fabs(scale->lo), fabs(scale->hi));
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (most >= units[i].from) {
            scale->unit = units[i].unit;
            scale->divisor = units[i].from > 1e5 ? units[i].from : 1e3;
            break;
        }
    double digits = fmin(-floor(log10(step / scale->divisor) + 1e-9), 9);
    scale->decimals = digits > 0 ? (int)digits : 0;
}

const char *svg_mark_text(const struct svg_scale *scale, double v, char out[static 48])
{
    bool zero = fabs(v) < scale->step / 2;
    (void)snprintf(out, 48, "%.*f%s", scale->decimals, zero ? 0 : v / scale->divisor,
                   zero ? "" : scale->unit);
    return out;
}

double svg_place(const struct svg_scale *scale, double v, double from, double to)
{
    return from + (v - scale->lo) / (scale->hi - scale->lo) * (to - from);
}

const char *svg_value_text(const struct svg_frame *f, double v, char out[static 48])
{
    (void)snprintf(out, 48, fabs(v) < 1e15 ? "%.*f" : "%.*g", fabs(v) < 1e15 ? f->decimals : 6, v);
    return out;
}

/* Of a sans-serif face at 12 pixels: letters 6.3 wide in the mean. */
double svg_text_width(const char *text)
{
    size_t width = writer_width(q_str(text));
    return 6.3 * (double)width;
}

void svg_add_cut(struct q_buf *out, const char *text, double width)
{
    struct q_str all = q_str(text);
    if (svg_text_width(text) <= width) {
        writer_escape(out, all);
        return;
    }
    size_t end = 0, n;
    double used = svg_text_width("x");
    while (end < all.n) {
        (void)writer_rune(all.p + end, all.n - end, &n);
        size_t wide = writer_width((struct q_str){all.p + end, n});
        used += 6.3 * (double)wide;
        if (used > width)
            break;
        end += n;
    }
    while (end && all.p[end - 1] == ' ')
        end--;
    writer_escape(out, (struct q_str){all.p, end});
    q_buf_adds(out, "…");
}

void svg_add_title(const struct svg_frame *f, size_t series, size_t i)
{
    char value[48];
    const struct svg_series *s = &f->chart->series[series];
    q_buf_adds(f->out, "<title>");
    writer_escape(f->out, q_str(f->chart->labels[i]));
    if (f->chart->n_series > 1) {
        q_buf_adds(f->out, ", ");
        writer_escape(f->out, q_str(s->name));
    }
    q_buf_printf(f->out, ": %s</title>", svg_value_text(f, s->values[i], value));
}
