/* SPDX-License-Identifier: Apache-2.0 */
/* What the writers share; for this folder. */
#ifndef Q_FORMAT_WRITE_WRITER_H
#define Q_FORMAT_WRITE_WRITER_H

#include "format/write/write.h"

enum { WRITER_FLUSH = 256 << 10 };

struct writer {
    struct q_arena *arena;
    const struct write_format *format;
    struct write_options options;
    struct write_sink sink;
    const struct q_schema *schema;
    struct q_buf out;
    bool hold; /* keep the text in `out` until the format calls writer_flush() */
    int64_t rows;
    void *state; /* the format's own */
};

extern const struct write_format writer_table, writer_csv, writer_json, writer_ndjson, writer_html;

/* Hand the text to the sink. */
Q_MUST_CHECK enum q_code writer_flush(struct writer *w, struct q_err *err);
/* The same when there is much of it; called once a row. */
Q_MUST_CHECK enum q_code writer_spill(struct writer *w, struct q_err *err);
/* A cell as text that is shown: control characters and changes of direction are escaped. */
void writer_shown(struct q_buf *out, struct q_str text);
/* The next character of valid UTF-8, and its bytes in *n. */
unsigned writer_rune(const char *p, size_t left, size_t *n);
/* Columns that a text takes on a terminal: 2 for East Asian wide characters, 0 for combining ones. */
size_t writer_width(struct q_str text);
/* Text in HTML and SVG, also in attributes. */
void writer_escape(struct q_buf *out, struct q_str text);

#endif
