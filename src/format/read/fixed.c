/* SPDX-License-Identifier: Apache-2.0 */
#include "format/read/fixed.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "format/read/utf8.h"

struct fixed_file {
    struct block_file base; /* first */
    const struct fixed_dialect *dialect;
    size_t length; /* that a line must have for all fields */
    pthread_mutex_t lock;
    struct fixed_types skipped; /* under the lock */
};

struct fixed_worker {
    struct q_arena *arena;
    struct fixed_file *file; /* of the block, or NULL */
    struct block block;
    bool dirty; /* some line has bytes that are no text */
    bool ascii; /* of the block: a character is a byte */
    size_t at;
    int64_t records, comments, padded; /* of the block so far */
    struct fixed_types skipped;        /* likewise */
    struct slab slab;
    size_t slab_cols;
};

/* ---- record types ---- */

static void count_type(struct fixed_types *types, const char *text, size_t n, int64_t records)
{
    n = n < FIXED_TYPE_BYTES ? n : FIXED_TYPE_BYTES;
    for (size_t i = 0; i < types->n; i++)
        if (strlen(types->v[i].text) == n && memcmp(types->v[i].text, text, n) == 0) {
            types->v[i].records += records;
            return;
        }
    if (types->n == FIXED_TYPES_MAX) { /* all further ones together */
        types->v[FIXED_TYPES_MAX - 1].text[0] = 0;
        types->v[FIXED_TYPES_MAX - 1].records += records;
        return;
    }
    struct fixed_type *t = &types->v[types->n++];
    memcpy(t->text, text, n);
    t->text[n] = 0;
    t->records = records;
}

/* What the worker has counted goes to the file. */
static void merge_counts(struct fixed_worker *w)
{
    struct fixed_file *f = w->file;
    struct read_counts *counts = f->base.target->counts;
    pthread_mutex_lock(&f->lock);
    for (size_t i = 0; i < w->skipped.n; i++) {
        const struct fixed_type *t = &w->skipped.v[i];
        count_type(&f->skipped, t->text, strlen(t->text), t->records);
    }
    pthread_mutex_unlock(&f->lock);
    atomic_fetch_add_explicit(&counts->records, w->records, memory_order_relaxed);
    atomic_fetch_add_explicit(&counts->comments, w->comments, memory_order_relaxed);
    atomic_fetch_add_explicit(&counts->padded, w->padded, memory_order_relaxed);
}

/* ---- lines ---- */

/* Characters of p[0, n), which is UTF-8. */
static size_t count_characters(const char *p, size_t n)
{
    size_t characters = 0;
    for (size_t i = 0; i < n; i++)
        characters += ((unsigned char)p[i] & 0xC0) != 0x80;
    return characters;
}

/* Offset of the character `k` of p[0, n), n when it has fewer. */
static size_t character_at(const char *p, size_t n, size_t k)
{
    size_t i = 0;
    for (; i < n && k; k--)
        for (i++; i < n && ((unsigned char)p[i] & 0xC0) == 0x80;)
            i++;
    return i;
}

/* Where a place is in a line, without padding. */
static struct q_str value_at(const struct fixed_layout *l, bool by_byte, const char *p, size_t n,
                             const struct fixed_place *place)
{
    size_t from = by_byte ? (place->at < n ? place->at : n) : character_at(p, n, place->at);
    size_t left = n - from;
    size_t width = by_byte ? (place->width < left ? place->width : left)
                           : character_at(p + from, left, place->width);
    struct q_str v = {p + from, width};
    while (l->pad_right && v.n && v.p[v.n - 1] == ' ')
        v.n--;
    while (l->pad_left && v.n && *v.p == ' ') {
        v.p++;
        v.n--;
    }
    return v;
}

/* Whether the line is of a wanted type; else it is counted. */
static bool is_wanted(struct fixed_worker *w, bool by_byte, const char *p, size_t n)
{
    const struct fixed_layout *l = &w->file->dialect->layout;
    if (!l->type.width)
        return true;
    struct q_str type = value_at(l, by_byte, p, n, &l->type);
    for (size_t i = 0; i < l->types.n; i++)
        if (strlen(l->types.v[i]) == type.n && memcmp(l->types.v[i], type.p, type.n) == 0)
            return true;
    count_type(&w->skipped, type.p, type.n, 1);
    return false;
}

static enum q_code reject(const struct fixed_worker *w, struct q_str line, const char *reason,
                          const char *expected, struct q_err *err)
{
    struct reject r = {
        .pos = q_pos(w->file->base.target->file, w->block.offset + (line.p - w->block.p)),
        .reason = reason,
        .detail = expected,
        .raw = line,
    };
    return slab_reject(w->file->base.target, true, &r, err);
}

static enum q_code reject_short(const struct fixed_worker *w, struct q_str line, size_t length,
                                struct q_err *err)
{
    char detail[96];
    (void)snprintf(detail, sizeof detail, "%zu %s, found %zu", w->file->length,
                   w->file->dialect->layout.in_bytes ? "bytes" : "characters", length);
    return reject(w, line, "too_few_fields", detail, err);
}

static void put_row(struct fixed_worker *w, struct q_str line, bool by_byte)
{
    const struct read_target *t = w->file->base.target;
    const struct fixed_layout *l = &w->file->dialect->layout;
    struct slab *s = &w->slab;
    for (size_t c = 0; c < t->n_cols; c++) {
        struct q_str v = {line.p, 0};
        if (t->cols[c].field >= 0)
            v = value_at(l, by_byte, line.p, line.n, &l->fields[t->cols[c].field]);
        s->spans[c * SLAB_ROWS + s->rows] =
            (struct batch_span){(uint32_t)(v.p - w->block.p), (uint32_t)v.n};
    }
    s->records[s->rows++] = (struct batch_span){(uint32_t)(line.p - w->block.p), (uint32_t)line.n};
}

static enum q_code add_line(struct fixed_worker *w, struct q_str line, struct q_err *err)
{
    const struct fixed_layout *l = &w->file->dialect->layout;
    bool by_byte = w->ascii || l->in_bytes;
    w->records++;
    if (w->dirty && !utf8_clean(line.p, line.n))
        return memchr(line.p, 0, line.n)
                   ? reject(w, line, "nul_byte", "text without NUL bytes", err)
                   : reject(w, line, "invalid_utf8", "UTF-8", err);
    if (!is_wanted(w, by_byte, line.p, line.n))
        return Q_OK;
    size_t length = by_byte ? line.n : count_characters(line.p, line.n);
    if (length < w->file->length) {
        if (!l->short_is_null)
            return reject_short(w, line, length, err);
        w->padded++;
    }
    put_row(w, line, by_byte);
    return Q_OK;
}

static bool is_ascii(const char *p, size_t n)
{
    unsigned char all = 0;
    for (size_t i = 0; i < n; i++)
        all |= (unsigned char)p[i];
    return all < 0x80;
}

static enum q_code next_block(struct fixed_worker *w, struct fixed_file *file, struct q_err *err)
{
    if (w->file) {
        blocks_done(w->file->base.blocks, &w->block, w->records);
        merge_counts(w);
        w->file = NULL;
    }
    enum q_code code = blocks_next(file->base.blocks, &w->block, err);
    if (code || !w->block.n)
        return code;
    w->file = file;
    w->at = 0;
    w->records = w->comments = w->padded = 0;
    w->skipped.n = 0;
    w->ascii = is_ascii(w->block.p, w->block.n);
    w->dirty = !utf8_clean(w->block.p, w->block.n);
    if (w->slab_cols != file->base.target->n_cols || !w->slab.spans) {
        slab_init(&w->slab, w->arena, file->base.target->n_cols);
        w->slab_cols = file->base.target->n_cols;
    }
    return Q_OK;
}

static enum q_code next_slab(struct fixed_worker *w, size_t max_rows, struct q_err *err)
{
    const struct blocks_rules *r = &w->file->dialect->rules;
    const char *p = w->block.p, eol = r->cr ? '\r' : '\n';
    w->slab.rows = 0;
    while (w->at < w->block.n && w->slab.rows < max_rows && w->slab.rows < SLAB_ROWS) {
        const char *line = p + w->at, *behind = memchr(line, eol, w->block.n - w->at);
        size_t n = behind ? (size_t)(behind - line) : w->block.n - w->at;
        w->at += n + (behind != NULL);
        n -= !r->cr && n && line[n - 1] == '\r';
        if (blocks_is_comment(r, line, 0, n)) {
            w->comments++;
            continue;
        }
        enum q_code code = n ? add_line(w, (struct q_str){line, n}, err) : Q_OK;
        if (code)
            return code;
    }
    w->slab.base = w->slab.raw = p;
    w->slab.raw_offset = w->block.offset;
    return Q_OK;
}

enum q_code fixed_fill(struct fixed_worker *w, struct fixed_file *file, const bool *wanted,
                       struct batch *out, struct q_err *err)
{
    while (out->rows < BATCH_ROWS) {
        if (!w->file || w->at >= w->block.n) {
            enum q_code code = next_block(w, file, err);
            if (code || !w->file)
                return code;
        }
        enum q_code code = next_slab(w, BATCH_ROWS - out->rows, err);
        if (!code)
            code = slab_emit(&w->slab, file->base.target, wanted, out, err);
        if (code)
            return code;
    }
    return Q_OK;
}

/* ---- life ---- */

struct fixed_worker *fixed_worker_new(struct q_arena *arena)
{
    struct fixed_worker *w = q_new(arena, struct fixed_worker);
    w->arena = arena;
    block_init(&w->block, arena);
    return w;
}

static void destroy_lock(void *file)
{
    pthread_mutex_destroy(&((struct fixed_file *)file)->lock);
}

enum q_code fixed_open(struct q_arena *arena, const char *path, const struct decode_options *decode,
                       const struct fixed_dialect *dialect, const struct read_target *target,
                       struct fixed_file **out, struct q_err *err)
{
    struct fixed_file *f = q_new(arena, struct fixed_file);
    f->dialect = dialect;
    f->base.target = target;
    for (size_t c = 0; c < target->n_cols; c++) {
        if (target->cols[c].field < 0)
            continue;
        const struct fixed_place *place = &dialect->layout.fields[target->cols[c].field];
        if (place->at + place->width > f->length)
            f->length = place->at + place->width;
    }
    int rc = pthread_mutex_init(&f->lock, NULL);
    assert(rc == 0);
    (void)rc;
    q_arena_defer(arena, destroy_lock, f);
    *out = f;
    return blocks_open(arena, path, decode, &dialect->rules, dialect->start, &f->base.blocks, err);
}

const struct fixed_types *fixed_skipped(const struct fixed_file *file)
{
    return &file->skipped;
}

/* Behind the lines that are skipped. */
static enum q_code skip_lines(const char *path, const char *p, size_t n, bool cr, int64_t lines,
                              int64_t *start, struct q_err *err)
{
    size_t at = 0;
    for (int64_t i = 0; i < lines; i++) {
        const char *end = memchr(p + at, cr ? '\r' : '\n', n - at);
        if (!end)
            return q_fail(err, Q_SOURCE,
                          "could not read \"%s\": it has fewer than %lld lines to skip", path,
                          (long long)lines);
        at = (size_t)(end - p) + 1;
    }
    *start = (int64_t)at;
    return Q_OK;
}

enum q_code fixed_detect(struct q_arena *arena, const char *path,
                         const struct decode_options *decode, const struct blocks_rules *rules,
                         int64_t skip, const struct fixed_layout *layout, struct fixed_dialect *out,
                         struct q_err *err)
{
    enum { LOOK = 1 << 20 };
    struct q_arena *scratch = q_arena_new(NULL, "detect");
    char *head = q_alloc(scratch, LOOK);
    size_t n = 0;
    struct decode *d;
    struct fixed_dialect f = {.rules = *rules, .layout = *layout};
    enum q_code code = decode_open(scratch, path, decode, &d, err);
    if (!code)
        code = decode_read(d, head, LOOK, &n, err);
    if (!code && !n)
        code = q_fail(err, Q_SOURCE, "could not read \"%s\": the file is empty", path);
    if (!code) {
        f.rules.cr = !memchr(head, '\n', n) && memchr(head, '\r', n);
        code = skip_lines(path, head, n, f.rules.cr, skip, &f.start, err);
    }
    if (!code) {
        f.shown =
            q_printf(arena, "fixed width, %zu fields, %s", layout->n_fields, decode_describe(d));
        *out = f;
    }
    q_arena_free(scratch);
    return code;
}
