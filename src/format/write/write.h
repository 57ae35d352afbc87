/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results as text, batch by batch: table, csv, json, ndjson, html.
 *
 *   table   for people: aligned, numbers to the right, NULL written as NULL; control characters
 *           escaped; the widths are those of the first WRITE_TABLE_SAMPLE rows
 *   csv     RFC 4180 with LF: a header; NULL is the empty field, an empty text is ""
 *   json    one array of objects; integers and decimals are numbers with all their digits, times are
 *           text, a double that is no number is text
 *   ndjson  one object a line
 *   html    a page on its own: title, description, parameters, chart, table; light, dark, print
 *
 * Memory is bounded in all of them: html with a chart holds the page, at most WRITE_HTML_MAX bytes.
 *
 *     struct write_options o = {.limit = 100};
 *     struct writer *w;
 *     code = write_begin(arena, write_format_find("csv"), &o, write_to_file(stdout), schema, &w, err);
 *     while (... db_next() ...) code = write_batch(w, batch, err);
 *     if (!code) code = write_end(w, err);
 */
#ifndef Q_FORMAT_WRITE_WRITE_H
#define Q_FORMAT_WRITE_WRITE_H

#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "batch/batch.h"
#include "batch/type.h"

enum {
    WRITE_TABLE_SAMPLE = 1000,
    WRITE_HTML_MAX = 256 << 20,
    WRITE_CHART_POINTS = 5000, /* of a chart; the page says so when there are more */
};

/* Names for an option's choices. */
#define WRITE_FORMATS "table|csv|json|ndjson|html"

/* Where the text goes. */
struct write_sink {
    void *self;
    /* MUST. Errors: Q_NOSPACE. */
    enum q_code (*put)(void *self, struct q_str text, struct q_err *err);
    /* MAY be NULL. After the last put(). */
    enum q_code (*flush)(void *self, struct q_err *err);
};

/* `file` stays the caller's; it is flushed, not closed. */
struct write_sink write_to_file(FILE *file);

struct write_value {
    const char *name;
    const char *text; /* NULL: NULL */
};

/* All borrowed until write_end(). */
struct write_options {
    const char *title, *description; /* html; may be NULL */
    const struct write_value *params;
    size_t n_params;
    const char *chart; /* html: bar, hbar, line, area, or NULL */
    const char *chart_x;
    const char *const *chart_y; /* columns that are numbers */
    size_t n_chart_y;
    const char *footer; /* html: one line below the table, e.g. when it was made; may be NULL */
    int64_t limit;      /* table: rows shown, the rest is counted in the last line; 0: all */
    bool bare;          /* table: without the last line that counts the rows */
};

struct writer;

struct write_format {
    const char *name;
    const char *media_type; /* "text/csv; charset=utf-8" */
    /* Each appends to the writer's buffer; called in this order, batch any number of times. */
    enum q_code (*begin)(struct writer *w, struct q_err *err);
    enum q_code (*batch)(struct writer *w, const struct batch *batch, struct q_err *err);
    enum q_code (*end)(struct writer *w, struct q_err *err);
};

/* NULL when there is none of that name. */
const struct write_format *write_format_find(const char *name);

/* `schema` is borrowed until write_end(). A chart of columns that are not there is Q_CONFIG. */
Q_MUST_CHECK enum q_code write_begin(struct q_arena *arena, const struct write_format *format,
                                     const struct write_options *options, struct write_sink sink,
                                     const struct q_schema *schema, struct writer **out,
                                     struct q_err *err);
Q_MUST_CHECK enum q_code write_batch(struct writer *w, const struct batch *batch,
                                     struct q_err *err);
Q_MUST_CHECK enum q_code write_end(struct writer *w, struct q_err *err);
/* Rows given to write_batch() so far. */
int64_t write_rows(const struct writer *w);

#endif
