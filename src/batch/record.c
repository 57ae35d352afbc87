/* SPDX-License-Identifier: Apache-2.0 */
#include "batch/record.h"

#include "base/json.h"

enum { VALUE_MAX = 1 << 30, CELL = 16 };

struct record_worker {
    struct record_target *target;
    const bool *wanted;
    struct batch_col **cols;
    struct batch_col *spare; /* of columns that nobody wants */
    const char **failed;     /* by field: the reason, or NULL */
    bool any_failed;
    struct q_buf value, unescaped, raw;
    uint64_t spare_valid[BATCH_ROWS / 64];
};

static void drop_far(struct batch_col *col, size_t row, const char *p, size_t n)
{
    (void)col;
    (void)row;
    (void)p;
    (void)n;
}

static void spare_valid(struct batch_col *col)
{
    col->valid = col->vector;
}

struct record_worker *record_worker_new(struct q_arena *arena, struct record_target *target,
                                        const bool *wanted)
{
    struct record_worker *w = q_new(arena, struct record_worker);
    bool *copy = q_alloc_array(arena, target->n + 1, sizeof *copy);
    void *cells = q_alloc_array(arena, BATCH_ROWS, CELL);
    memcpy(copy, wanted, (target->n + 1) * sizeof *copy);
    w->target = target;
    w->wanted = copy;
    w->cols = q_alloc_array(arena, target->n + 1, sizeof *w->cols);
    w->spare = q_alloc_array(arena, target->n + 1, sizeof *w->spare);
    w->failed = q_alloc_array(arena, target->n + 1, sizeof *w->failed);
    for (size_t f = 0; f < target->n; f++)
        w->spare[f] = (struct batch_col){.type = target->fields[f].cast.type,
                                         .data = cells,
                                         .vector = w->spare_valid,
                                         .put_far = drop_far,
                                         .need_valid = spare_valid};
    q_buf_init_in(&w->value, arena, VALUE_MAX);
    q_buf_init_in(&w->unescaped, arena, VALUE_MAX);
    q_buf_init_in(&w->raw, arena, REJECT_RAW_MAX);
    return w;
}

struct batch_col *const *record_begin(struct record_worker *w, struct batch *batch)
{
    if (batch->rows == 0) {
        size_t k = 0;
        for (size_t f = 0; f <= w->target->n; f++)
            w->cols[f] = w->wanted[f] ? &batch->cols[k++] : &w->spare[f];
    }
    return w->cols;
}

void record_fail(struct record_worker *w, size_t field, const char *reason)
{
    w->failed[field] = reason;
    w->any_failed = true;
}

/* JSON of a string that a path found: with its quotes. */
static struct q_str quoted(struct record_worker *w, struct q_str text)
{
    struct q_buf *out = &w->raw;
    q_buf_clear(out);
    q_json_quote(out, text);
    return (struct q_str){q_buf_text(out), out->n};
}

static bool cast_one(struct record_worker *w, const struct record_field *f, struct batch_col *col,
                     size_t row, struct q_str text)
{
    static const char pad[BATCH_CAST_PAD];
    struct batch_span span = {0, (uint32_t)text.n | BATCH_QUOTED};
    uint64_t fail = 0;
    if (text.n > BATCH_SPAN_MAX)
        return false;
    q_buf_clear(&w->value);
    q_buf_add(&w->value, text.p, text.n);
    q_buf_add(&w->value, pad, sizeof pad);
    return !w->value.full &&
           batch_cast_column(&f->cast, w->value.p, &span, 1, col, row, &fail) == 0;
}

bool record_text(struct record_worker *w, size_t field, size_t row, struct q_str text)
{
    const struct record_field *f = &w->target->fields[field];
    struct batch_col *col = w->cols[field];
    enum q_tid type = f->cast.type.id;
    if (f->path) {
        enum json_found found = json_path_find(f->path, text, &w->unescaped, &text);
        if (found == JSON_NOTHING) {
            batch_put_null(col, row);
            return true;
        }
        if (found == JSON_BAD) {
            record_fail(w, field, "bad_json");
            return false;
        }
        if (found == JSON_FOUND_STRING && type == Q_T_JSON)
            text = quoted(w, text);
    }
    if (type != Q_T_BLOB && !q_utf8_valid(text.p, text.n, NULL)) {
        record_fail(w, field, "invalid_utf8");
        return false;
    }
    if (type == Q_T_TEXT) {
        batch_put_text(col, row, text.p, text.n);
        return true;
    }
    if (cast_one(w, f, col, row, text))
        return true;
    record_fail(w, field, "cast");
    return false;
}

/* The record as a JSON object of texts, as the JSON reader takes it back. */
static struct q_str raw_record(struct record_worker *w, record_text_of *text_of, void *self)
{
    struct q_buf *out = &w->raw;
    q_buf_clear(out);
    for (size_t f = 0; f < w->target->n; f++) {
        const struct record_field *field = &w->target->fields[f];
        struct q_str text = text_of(self, f);
        q_buf_addc(out, f ? ',' : '{');
        q_json_quote(out, q_str(field->name));
        q_buf_addc(out, ':');
        enum json_found found = JSON_FOUND_STRING;
        if (text.p && field->path)
            found = json_path_find(field->path, text, &w->unescaped, &text);
        if (!text.p || found == JSON_NOTHING)
            q_buf_adds(out, "null");
        else if (found == JSON_FOUND)
            q_buf_add(out, text.p, text.n);
        else
            q_json_quote(out, text);
    }
    q_buf_addc(out, '}');
    return (struct q_str){q_buf_text(out), out->n};
}

static enum q_code reject(struct record_worker *w, int64_t pos, record_text_of *text_of, void *self,
                          struct q_err *err)
{
    struct q_str raw = raw_record(w, text_of, self);
    enum q_code code = Q_OK;
    for (size_t f = 0; f < w->target->n && !code; f++) {
        if (!w->failed[f])
            continue;
        const struct record_field *field = &w->target->fields[f];
        struct q_str value = text_of(self, f);
        if (field->path && value.p)
            (void)json_path_find(field->path, value, &w->unescaped, &value);
        struct reject r = {.pos = pos,
                           .reason = w->failed[f],
                           .column = field->name,
                           .detail = field->expected,
                           .value = value,
                           .raw = raw};
        code = w->target->sink->put(w->target->sink->self, &r, err);
    }
    atomic_fetch_add(&w->target->rejected, 1);
    return code;
}

enum q_code record_end(struct record_worker *w, struct batch *batch, int64_t pos,
                       record_text_of *text_of, void *self, struct q_err *err)
{
    size_t row = batch->rows, n = w->target->n;
    if (!w->any_failed) {
        if (w->wanted[n])
            ((int64_t *)w->cols[n]->data)[row] = pos;
        batch->rows++;
        return Q_OK;
    }
    enum q_code code = reject(w, pos, text_of, self, err);
    for (size_t f = 0; f < n; f++) {
        w->failed[f] = NULL;
        if (w->cols[f]->valid) /* the next row takes this place */
            w->cols[f]->valid[row >> 6] |= UINT64_C(1) << (row & 63);
    }
    w->any_failed = false;
    return code;
}
