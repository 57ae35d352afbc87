/* SPDX-License-Identifier: Apache-2.0 */
/* The points of a chart, taken from a result while it is written. For this folder. */
#ifndef Q_FORMAT_WRITE_CHART_H
#define Q_FORMAT_WRITE_CHART_H

#include "format/write/writer.h"

struct chart;

/* The writer's options name the columns. Q_CONFIG when one is not there or is no number. */
Q_MUST_CHECK enum q_code chart_new(struct writer *w, struct chart **out, struct q_err *err);
/* The first points are kept, as many as the kind of chart can show. */
void chart_add(struct chart *chart, const struct batch *batch);
/* The picture. */
void chart_write(struct chart *chart, struct q_buf *out);
/* Points that are drawn. */
size_t chart_points(const struct chart *chart);

#endif
