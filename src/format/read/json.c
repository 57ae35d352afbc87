/* SPDX-License-Identifier: Apache-2.0 */
#include "format/read/json.h"

#include <yajl/yajl_parse.h>

#include "base/json.h"
#include "base/map.h"
#include "base/vec.h"
#include "format/read/utf8.h"

enum { NAME_MAX_BYTES = 1024, VALUES_START = 1 << 16 };

struct json_file {
    struct blocks *blocks;
    const struct json_dialect *dialect;
    const struct read_target *target;
};

struct json_worker {
    struct q_arena *arena;
    struct json_file *file; /* of the block, or NULL */
    struct block block;
    size_t at;
    int64_t records;
    yajl_handle yajl;
    /* The record that is being parsed. */
    unsigned depth;     /* open objects and arrays */
    unsigned nested;    /* depth of the outermost value that is taken as text, or 0 */
    size_t nested_from; /* its first byte in `record` */
    struct q_buf path;  /* names from the record down to the current member, joined by points */
    size_t path_ends[JSON_DEPTH + 1]; /* length of the path at each depth */
    const char *fault;                /* why the record is refused */
    struct q_str record;
    struct q_buf values; /* texts of the slab's fields */
    size_t row;
    struct slab slab;
    size_t slab_cols;
    const struct read_target *target;
    struct q_map columns; /* name -> index + 1 */
    read_see *see;
    void *see_self;
};

/* ---- what a member's value goes to ---- */

static struct batch_span *cell(struct json_worker *w, size_t c)
{
    return &w->slab.spans[c * SLAB_ROWS + w->row];
}

/* Span that no value has been put into yet. */
#define UNSET UINT32_MAX

static void put(struct json_worker *w, struct q_str text, bool is_null, bool is_text)
{
    if (w->see) {
        w->see(w->see_self, (struct q_str){w->path.p, w->path.n},
               is_null ? (struct q_str){"", 0} : text, false);
        return;
    }
    const void *slot = q_map_get(&w->columns, q_buf_text(&w->path));
    if (!slot)
        return;
    size_t c = (size_t)(uintptr_t)slot - 1;
    struct batch_span *s = cell(w, c);
    if (s->at != UNSET) {
        w->fault = "an object without two members of one name";
        return;
    }
    s->at = (uint32_t)w->values.n;
    s->n = is_null ? 0 : (uint32_t)text.n | (is_text ? BATCH_QUOTED : 0);
    if (is_text && w->target->cols[c].cast.type.id == Q_T_JSON) {
        q_json_quote(&w->values, text);
        s->n = (uint32_t)(w->values.n - s->at) | BATCH_QUOTED;
    } else if (!is_null) {
        q_buf_add(&w->values, text.p, text.n);
    }
}

static int on_value(struct json_worker *w, struct q_str text, bool is_null, bool is_text)
{
    if (w->depth == 0) {
        w->fault = "an object";
        return 0;
    }
    if (!w->nested)
        put(w, text, is_null, is_text);
    return w->fault == NULL;
}

static int on_null(void *self)
{
    return on_value(self, (struct q_str){"", 0}, true, false);
}

static int on_boolean(void *self, int value)
{
    return on_value(self, value ? Q_STR("true") : Q_STR("false"), false, false);
}

static int on_number(void *self, const char *text, size_t n)
{
    return on_value(self, (struct q_str){text, n}, false, false);
}

static int on_string(void *self, const unsigned char *text, size_t n)
{
    struct json_worker *w = self;
    if (n && memchr(text, 0, n)) {
        w->fault = "text without NUL characters";
        return 0;
    }
    return on_value(w, (struct q_str){(const char *)text, n}, false, true);
}

static const char *read_path(const struct read_column *col)
{
    return col->path ? col->path : col->name;
}

/* Does a column ask for members of the object at the current path? */
static bool goes_deeper(const struct json_worker *w)
{
    if (w->see)
        return false;
    for (size_t c = 0; c < w->target->n_cols; c++) {
        const char *name = read_path(&w->target->cols[c]);
        if (strncmp(name, q_buf_text(&w->path), w->path.n) == 0 && name[w->path.n] == '.')
            return true;
    }
    return false;
}

static int on_open(struct json_worker *w, bool array)
{
    if (w->depth == 0 && array) {
        w->fault = "an object";
        return 0;
    }
    if (w->depth == JSON_DEPTH) {
        w->fault = "an object of fewer levels";
        return 0;
    }
    w->depth++;
    if (w->nested || w->depth == 1) {
        w->path_ends[w->depth] = w->path.n;
        return 1;
    }
    w->path_ends[w->depth] = w->path.n;
    bool asked = w->see || q_map_has(&w->columns, q_buf_text(&w->path));
    if (array || asked || !goes_deeper(w)) {
        w->nested = w->depth;
        w->nested_from = yajl_get_bytes_consumed(w->yajl);
    }
    return 1;
}

static int on_close(struct json_worker *w)
{
    if (w->nested == w->depth && w->depth > 0 && w->nested) {
        size_t from = w->nested_from, end = yajl_get_bytes_consumed(w->yajl);
        from -= from > 0; /* the bracket itself */
        struct q_str text = {w->record.p + from, end - from};
        w->nested = 0;
        if (w->see)
            w->see(w->see_self, (struct q_str){w->path.p, w->path.n}, text, true);
        else
            put(w, text, false, false);
    }
    w->depth--;
    if (w->depth) {
        w->path.n = w->path_ends[w->depth];
        if (w->path.p)
            w->path.p[w->path.n] = 0;
    }
    return w->fault == NULL;
}

static int on_map_open(void *self)
{
    return on_open(self, false);
}
static int on_array_open(void *self)
{
    return on_open(self, true);
}
static int on_end(void *self)
{
    return on_close(self);
}

static int on_key(void *self, const unsigned char *name, size_t n)
{
    struct json_worker *w = self;
    if (w->nested)
        return 1;
    w->path.n = w->path_ends[w->depth];
    if (w->path.n)
        q_buf_addc(&w->path, '.');
    q_buf_add(&w->path, name, n);
    if (w->path.full || memchr(name, 0, n)) {
        w->fault = "members with shorter names";
        return 0;
    }
    return 1;
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number, /* the text of numbers; the typed ones stay unused */
    .yajl_string = on_string,
    .yajl_start_map = on_map_open,
    .yajl_map_key = on_key,
    .yajl_end_map = on_end,
    .yajl_start_array = on_array_open,
    .yajl_end_array = on_end,
};

/* ---- records ---- */

/* True when the record is an object; else w->fault says what was expected. */
static bool parse(struct json_worker *w, struct q_str record)
{
    w->record = record;
    w->depth = w->nested = 0;
    w->fault = NULL;
    q_buf_clear(&w->path);
    w->yajl = yajl_alloc(&callbacks, NULL, w);
    yajl_status status = yajl_parse(w->yajl, (const unsigned char *)record.p, record.n);
    if (status == yajl_status_ok)
        status = yajl_complete_parse(w->yajl);
    yajl_free(w->yajl);
    if (status != yajl_status_ok && !w->fault)
        w->fault = "valid JSON";
    return w->fault == NULL;
}

static enum q_code next_block(struct json_worker *w, struct json_file *file, struct q_err *err)
{
    if (w->file) {
        blocks_done(w->file->blocks, &w->block, w->records);
        atomic_fetch_add_explicit(&w->file->target->counts->records, w->records,
                                  memory_order_relaxed);
        w->file = NULL;
    }
    enum q_code code = blocks_next(file->blocks, &w->block, err);
    if (code || !w->block.n)
        return code;
    w->file = file;
    w->records = 0;
    w->at = 0;
    return Q_OK;
}

/* The next record of the block without blanks and comma; false at its end. */
static bool next_record(struct json_worker *w, struct q_str *record)
{
    const struct blocks_rules *r = &w->file->dialect->rules;
    const char *p = w->block.p;
    while (w->at < w->block.n) {
        size_t open_quote, from = w->at,
                           end = blocks_record_end(r, p, w->block.n, from, &open_quote);
        if (end == BLOCKS_NO_END || end == from)
            end = w->block.n;
        w->at = end;
        from = blocks_skip_blanks(p, end, from);
        if (from == end)
            continue;
        w->records++;
        end -= r->kind == BLOCKS_ARRAY && p[end - 1] == ',';
        while (end > from && blocks_skip_blanks(p, end, end - 1) == end)
            end--;
        *record = (struct q_str){p + from, end - from};
        return true;
    }
    return false;
}

static enum q_code reject(const struct json_worker *w, struct q_str record, const char *reason,
                          const char *expected, struct q_err *err)
{
    struct reject r = {
        .pos = read_pos(w->file->target, w->block.offset + (record.p - w->block.p)),
        .reason = reason,
        .detail = expected,
        .raw = record,
    };
    return slab_reject(w->file->target, true, &r, err);
}

/* Parse a record into row w->row, or reject it. */
static enum q_code add_record(struct json_worker *w, struct q_str record, struct q_err *err)
{
    if (!utf8_clean(record.p, record.n))
        return memchr(record.p, 0, record.n)
                   ? reject(w, record, "nul_byte", "text without NUL bytes", err)
                   : reject(w, record, "invalid_utf8", "UTF-8", err);
    for (size_t c = 0; c < w->slab_cols; c++)
        *cell(w, c) = (struct batch_span){UNSET, 0};
    if (!parse(w, record))
        return reject(w, record, "bad_json", w->fault, err);
    for (size_t c = 0; c < w->slab_cols; c++)
        if (cell(w, c)->at == UNSET)
            cell(w, c)->at = 0;
    w->slab.records[w->row++] =
        (struct batch_span){(uint32_t)(record.p - w->block.p), (uint32_t)record.n};
    return Q_OK;
}

static void fit(struct json_worker *w, const struct json_file *file)
{
    if (w->target == file->target)
        return;
    w->target = file->target;
    w->slab_cols = file->target->n_cols;
    slab_init(&w->slab, w->arena, w->slab_cols);
    q_map_init(&w->columns, w->arena);
    for (size_t c = 0; c < w->slab_cols; c++)
        (void)q_map_put(&w->columns, read_path(&file->target->cols[c]), (void *)(uintptr_t)(c + 1));
}

static enum q_code next_slab(struct json_worker *w, size_t max_rows, struct q_err *err)
{
    static const char pad[BATCH_CAST_PAD];
    struct q_str record;
    w->row = 0;
    q_buf_clear(&w->values);
    while (w->row < max_rows && w->row < SLAB_ROWS && w->values.n < BLOCK_RECORD_MAX &&
           next_record(w, &record)) {
        enum q_code code = add_record(w, record, err);
        if (code)
            return code;
    }
    q_buf_add(&w->values, pad, sizeof pad);
    enum q_code code = q_buf_check(&w->values, "the fields of some records", err);
    w->slab.rows = w->row;
    w->slab.base = q_buf_text(&w->values);
    w->slab.raw = w->block.p;
    w->slab.raw_offset = w->block.offset;
    return code;
}

enum q_code json_fill(struct json_worker *w, struct json_file *file, const bool *wanted,
                      struct batch *out, struct q_err *err)
{
    fit(w, file);
    w->see = NULL;
    while (out->rows < BATCH_ROWS) {
        if (!w->file || w->at >= w->block.n) {
            enum q_code code = next_block(w, file, err);
            if (code || !w->file)
                return code;
        }
        enum q_code code = next_slab(w, BATCH_ROWS - out->rows, err);
        if (!code)
            code = slab_emit(&w->slab, file->target, wanted, out, err);
        if (code)
            return code;
    }
    return Q_OK;
}

enum q_code json_look(struct json_worker *w, struct json_file *file, read_see *see, void *self,
                      struct q_err *err)
{
    struct q_str record;
    w->see = see;
    w->see_self = self;
    for (;;) {
        enum q_code code = next_block(w, file, err);
        if (code || !w->file)
            return code;
        while (next_record(w, &record))
            if (utf8_clean(record.p, record.n))
                (void)parse(w, record); /* the read proper rejects what is wrong */
    }
}

/* ---- life ---- */

struct json_worker *json_worker_new(struct q_arena *arena)
{
    struct json_worker *w = q_new(arena, struct json_worker);
    w->arena = arena;
    block_init(&w->block, arena);
    q_buf_init_in(&w->path, arena, NAME_MAX_BYTES);
    q_buf_init_in(&w->values, arena, (size_t)BATCH_SPAN_MAX);
    return w;
}

enum q_code json_open(struct q_arena *arena, const char *path, const struct decode_options *decode,
                      const struct json_dialect *dialect, const struct read_target *target,
                      struct json_file **out, struct q_err *err)
{
    struct json_file *f = q_new(arena, struct json_file);
    f->dialect = dialect;
    f->target = target;
    *out = f;
    return blocks_open(arena, path, decode, &dialect->rules, dialect->start, &f->blocks, err);
}

struct blocks *json_blocks(struct json_file *file)
{
    return file->blocks;
}

enum q_code json_detect(struct q_arena *arena, const char *path,
                        const struct decode_options *decode, size_t max_record, size_t block_size,
                        struct json_dialect *out, struct q_err *err)
{
    struct q_arena *scratch = q_arena_new(NULL, "detect");
    enum { LOOK = 1 << 16 };
    char *head = q_alloc(scratch, LOOK);
    size_t n = 0;
    struct decode *d;
    enum q_code code = decode_open(scratch, path, decode, &d, err);
    if (!code)
        code = decode_read(d, head, LOOK, &n, err);
    size_t at = blocks_skip_blanks(head, n, 0);
    if (!code && at == n)
        code = q_fail(err, Q_SOURCE, "could not read \"%s\": the file is empty", path);
    if (!code) {
        bool array = head[at] == '[';
        *out = (struct json_dialect){
            .rules = {.kind = array ? BLOCKS_ARRAY : BLOCKS_LINES,
                      .max_record = max_record,
                      .block_size = block_size},
            .start = array ? (int64_t)at + 1 : 0,
            .shown = q_printf(arena, "%s, %s", array ? "JSON array" : "JSON, one object a line",
                              decode_describe(d)),
        };
    }
    q_arena_free(scratch);
    return code;
}
