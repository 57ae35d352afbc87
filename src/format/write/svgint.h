/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of a chart share; for this folder. Lengths are in pixels of the view box. */
#ifndef Q_FORMAT_WRITE_SVGINT_H
#define Q_FORMAT_WRITE_SVGINT_H

#include "format/write/svg.h"

enum {
    SVG_WIDTH = 860,
    SVG_HEIGHT = 380,
    SVG_COLOURS = 6,
};

/* An axis of numbers: marks at lo, lo + step ... hi. */
struct svg_scale {
    double lo, hi, step;
    int marks;
    const char *unit; /* "", "k", "M", "bn" behind the numbers of the marks */
    double divisor;
    int decimals;
};

struct svg_frame {
    struct q_buf *out;
    const struct svg_chart *chart;
    struct svg_scale scale;
    double left, top, right, bottom; /* of the plot */
    int decimals;                    /* of values: 2 when one of them is no whole number */
};

/* Marks at round numbers that cover lo .. hi. */
void svg_scale_fit(struct svg_scale *scale, double lo, double hi, int about);
/* The number of a mark, "1.5M". `out` holds 48 bytes. */
const char *svg_mark_text(const struct svg_scale *scale, double v, char out[static 48]);
/* Where a value stands between two pixels. */
double svg_place(const struct svg_scale *scale, double v, double from, double to);
/* A value as it is read: 0 or 2 digits behind the point, alike in a chart. `out` holds 48 bytes. */
const char *svg_value_text(const struct svg_frame *f, double v, char out[static 48]);

/* About how wide a text is. */
double svg_text_width(const char *text);
/* A text cut to a width, with an ellipsis, escaped. */
void svg_add_cut(struct q_buf *out, const char *text, double width);
/* <title> of a mark: label, series and value, shown when it is pointed at. */
void svg_add_title(const struct svg_frame *f, size_t series, size_t i);

/* Grid lines with the numbers to their left; the bottom of the plot is known by then. */
void svg_add_value_axis(const struct svg_frame *f);

void svg_draw_bars(struct svg_frame *f);
void svg_draw_hbars(struct svg_frame *f);
void svg_draw_lines(struct svg_frame *f);

#endif
