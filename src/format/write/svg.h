/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Charts as SVG text: bar, horizontal bar, line, area; one or more series over common labels.
 *
 * The picture stands alone: no script, no font file; its colours follow the reader's light or dark
 * setting. Axes start at zero for bars and areas; ticks are 1, 2 or 5 times a power of ten. Labels
 * that do not fit are cut with an ellipsis, thinned out or slanted. No data gives a picture that says
 * so.
 */
#ifndef Q_FORMAT_WRITE_SVG_H
#define Q_FORMAT_WRITE_SVG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

enum svg_kind { SVG_BAR, SVG_HBAR, SVG_LINE, SVG_AREA };

struct svg_series {
    const char *name;
    const double *values; /* one a label; NAN is a gap */
};

struct svg_chart {
    enum svg_kind kind;
    const char *x_name;
    const char *const *labels; /* "" for NULL */
    /* Where the labels stand on the axis, ascending; NULL: evenly. Only lines and areas use them. */
    const double *positions;
    bool dates; /* positions are days since 1970-01-01 */
    size_t n;
    const struct svg_series *series;
    size_t n_series;
};

/* Append <svg>...</svg>. */
void svg_write(struct q_buf *out, const struct svg_chart *chart);
/* false when there is no such chart. */
bool svg_kind_find(const char *name, enum svg_kind *out);

#endif
