/* SPDX-License-Identifier: Apache-2.0 */
#include "format/write/write.h"

#include <errno.h>

#include "format/write/writer.h"

static const struct write_format *const formats[] = {&writer_table, &writer_csv, &writer_json,
                                                     &writer_ndjson, &writer_html};

const struct write_format *write_format_find(const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (q_streq(formats[i]->name, name))
            return formats[i];
    return NULL;
}

static enum q_code put_file(void *self, struct q_str text, struct q_err *err)
{
    errno = 0;
    if (text.n && fwrite(text.p, 1, text.n, self) != text.n)
        return q_fail(err, Q_NOSPACE, "could not write the output: %s", strerror(errno));
    return Q_OK;
}

static enum q_code flush_file(void *self, struct q_err *err)
{
    errno = 0;
    if (fflush(self) != 0 || ferror((FILE *)self))
        return q_fail(err, Q_NOSPACE, "could not write the output: %s", strerror(errno));
    return Q_OK;
}

struct write_sink write_to_file(FILE *file)
{
    return (struct write_sink){.self = file, .put = put_file, .flush = flush_file};
}

enum q_code writer_flush(struct writer *w, struct q_err *err)
{
    enum q_code code = q_buf_check(&w->out, "a result", err);
    if (code) {
        q_hint(err, "Write it with --format csv, which has no limit.");
        return code;
    }
    if (w->out.n)
        code = w->sink.put(w->sink.self, (struct q_str){w->out.p, w->out.n}, err);
    q_buf_clear(&w->out);
    return code;
}

enum q_code writer_spill(struct writer *w, struct q_err *err)
{
    if (!w->out.full && (w->hold || w->out.n < WRITER_FLUSH))
        return Q_OK;
    return writer_flush(w, err);
}

enum q_code write_begin(struct q_arena *arena, const struct write_format *format,
                        const struct write_options *options, struct write_sink sink,
                        const struct q_schema *schema, struct writer **out, struct q_err *err)
{
    struct writer *w = q_new(arena, struct writer);
    *w = (struct writer){.arena = arena, .format = format, .options = *options, .sink = sink};
    w->schema = schema;
    q_buf_init_in(&w->out, arena, WRITE_HTML_MAX);
    *out = w;
    return format->begin(w, err);
}

enum q_code write_batch(struct writer *w, const struct batch *batch, struct q_err *err)
{
    return w->format->batch(w, batch, err);
}

enum q_code write_end(struct writer *w, struct q_err *err)
{
    enum q_code code = w->format->end(w, err);
    if (!code)
        code = writer_flush(w, err);
    if (!code && w->sink.flush)
        code = w->sink.flush(w->sink.self, err);
    return code;
}

int64_t write_rows(const struct writer *w)
{
    return w->rows;
}
