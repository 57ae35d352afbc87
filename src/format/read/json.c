/* SPDX-License-Identifier: Apache-2.0 */
#include "format/read/json.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/vec.h"
#include "format/read/json_text.h"
#include "format/read/utf8.h"

enum { RAW_MAX = 1 << 20, NUMBER_BYTES = 20 };
_Static_assert((int)BLOCK_PAD >= (int)JSON_PAD, "text is read ahead");
_Static_assert((int)BLOCK_EXTRA >= (int)SLAB_ROWS * NUMBER_BYTES * JSON_LEVELS,
               "record numbers of a slab have room behind a block");

struct json_file {
    struct block_file base; /* first */
    const struct json_dialect *dialect;
};

/* An array of nested records that is gone through. */
struct frame {
    const char *p, *end; /* what is left of it */
    int64_t number;      /* of the record in it */
};

struct json_worker {
    struct q_arena *arena;
    struct json_file *file; /* of the block, or NULL */
    struct block block;
    bool dirty; /* some byte of the block is no text */
    size_t at;
    int64_t outer;   /* records of the block so far, outermost ones */
    int64_t records; /* rows and rejected ones so far */
    char *annex;     /* behind the block: strings without their escapes */
    size_t annex_n;
    const struct read_target *target;
    struct q_arena *tree_arena;
    struct json_tree *tree;
    struct batch_span *row;           /* a span a column */
    struct frame frames[JSON_LEVELS]; /* [l]: the array of the records of level l */
    size_t open;                      /* frames in use: levels 1 to `open` */
    const char *fault;                /* why the record is refused: what was expected */
    struct slab slab;
    struct q_buf raw; /* of a nested record */
    read_see *see;
    void *see_self;
};

/* Span that no value has been put into yet. */
#define UNSET UINT32_MAX

/* ---- values ---- */

static const char *fail(struct json_worker *w, const char *expected)
{
    if (!w->fault)
        w->fault = expected;
    return NULL;
}

static const char *not_json(struct json_worker *w)
{
    return fail(w, "valid JSON");
}

static const char *value_end(struct json_worker *w, const char *p, const char *end, unsigned depth)
{
    bool deep = false;
    p = json_value_end(p, end, depth, &deep);
    return p ? p : deep ? fail(w, "an object of fewer levels") : not_json(w);
}

static void put(struct json_worker *w, const struct json_node *node, const char *p, size_t n,
                uint32_t quoted)
{
    for (size_t i = 0; i < node->n_cols; i++) {
        struct batch_span *s = &w->row[node->cols[i]];
        if (s->at != UNSET)
            (void)fail(w, "an object without two members of one name");
        *s = (struct batch_span){(uint32_t)(p - w->block.p), (uint32_t)n | quoted};
    }
}

/* The content of a string without its escapes, in the block or behind it; NULL and a fault. */
static const char *content(struct json_worker *w, const char *p, const char *close, bool escaped,
                           size_t *n)
{
    *n = (size_t)(close - p);
    if (!escaped)
        return p;
    char *out =
        w->annex + w->annex_n; /* escapes are longer, so a block's strings fit into a block */
    if (!json_unescape(p, *n, out, n))
        return not_json(w);
    if (memchr(out, 0, *n))
        return fail(w, "text without NUL characters");
    w->annex_n += *n;
    return out;
}

static bool is_json(const struct json_worker *w, size_t col)
{
    return w->target->cols[col].cast.type.id == Q_T_JSON;
}

static const char *take_string(struct json_worker *w, const struct json_node *node, const char *p,
                               const char *end)
{
    bool escaped = false, as_text = false;
    const char *close = json_string_end(p + 1, end, &escaped), *text = NULL;
    size_t n = 0;
    if (!close)
        return not_json(w);
    if (node->is_records)
        return fail(w, "an array of records");
    for (size_t i = 0; i < node->n_cols; i++)
        as_text |= !is_json(w, node->cols[i]);
    if (as_text && !(text = content(w, p + 1, close, escaped, &n)))
        return NULL;
    for (size_t i = 0; i < node->n_cols; i++) {
        const struct json_node one = {.cols = &node->cols[i], .n_cols = 1};
        if (is_json(w, node->cols[i])) /* as it is written */
            put(w, &one, p, (size_t)(close - p) + 1, BATCH_QUOTED);
        else
            put(w, &one, text, n, BATCH_QUOTED);
    }
    return close + 1;
}

static const char *take_value(struct json_worker *w, const struct json_node *node, const char *p,
                              const char *end, unsigned depth, size_t level);

/* The node of a member; `guess` is the one that would be next. */
static const struct json_node *find_name(const struct json_node *node,
                                         const struct json_node *guess, struct q_str name)
{
    if (guess && guess->index < 0 && q_str_eq(guess->name, name))
        return guess;
    for (const struct json_node *c = node->children; c; c = c->next)
        if (c->index < 0 && q_str_eq(c->name, name))
            return c;
    return NULL;
}

/* A member's name; *p goes behind the colon. */
static bool take_name(struct json_worker *w, const char **p, const char *end, struct q_str *name)
{
    bool escaped = false;
    const char *from = json_blanks(*p, end), *close = NULL;
    if (from < end && *from == '"')
        close = json_string_end(from + 1, end, &escaped);
    if (!close)
        return not_json(w) != NULL;
    const char *colon = json_blanks(close + 1, end);
    if (colon == end || *colon != ':')
        return not_json(w) != NULL;
    name->p = content(w, from + 1, close, escaped, &name->n);
    *p = colon + 1;
    return name->p != NULL;
}

/* Whether an object or array goes on at *p, behind a value; else it has ended with `close`. */
static bool goes_on(struct json_worker *w, const char **p, const char *end, char close)
{
    const char *at = json_blanks(*p, end);
    if (at == end || (*at != ',' && *at != close)) {
        *p = not_json(w);
        return false;
    }
    *p = at + 1;
    return *at == ',';
}

/* Behind the object whose brace is at p. */
static const char *take_object(struct json_worker *w, const struct json_node *node, const char *p,
                               const char *end, unsigned depth, size_t level)
{
    const struct json_node *guess = node->children;
    if (depth >= JSON_DEPTH)
        return fail(w, "an object of fewer levels");
    p = json_blanks(p + 1, end);
    if (p < end && *p == '}')
        return p + 1;
    do {
        struct q_str name;
        if (!take_name(w, &p, end, &name))
            return NULL;
        const struct json_node *child = find_name(node, guess, name);
        p = child ? take_value(w, child, p, end, depth + 1, level)
                  : value_end(w, p, end, depth + 1);
        if (!p)
            return NULL;
        guess = child ? child->next : guess;
    } while (goes_on(w, &p, end, '}'));
    return p;
}

/* Behind the array whose bracket is at p; some of its elements are asked for. */
static const char *take_array(struct json_worker *w, const struct json_node *node, const char *p,
                              const char *end, unsigned depth, size_t level)
{
    int64_t index = 0;
    if (depth >= JSON_DEPTH)
        return fail(w, "an object of fewer levels");
    p = json_blanks(p + 1, end);
    if (p < end && *p == ']')
        return p + 1;
    do {
        const struct json_node *child = node->children;
        while (child && child->index != index)
            child = child->next;
        p = child ? take_value(w, child, p, end, depth + 1, level)
                  : value_end(w, p, end, depth + 1);
        if (!p)
            return NULL;
        index++;
    } while (goes_on(w, &p, end, ']'));
    return p;
}

static const char *take_nested(struct json_worker *w, const struct json_node *node, const char *p,
                               const char *end, unsigned depth, size_t level)
{
    bool object = *p == '{';
    const char *behind = object && node->has_names      ? take_object(w, node, p, end, depth, level)
                         : !object && node->has_indices ? take_array(w, node, p, end, depth, level)
                                                        : value_end(w, p, end, depth);
    if (!behind)
        return NULL;
    put(w, node, p, (size_t)(behind - p), 0);
    if (node->is_records && object)
        return fail(w, "an array of records");
    if (node->is_records)
        w->frames[level + 1] = (struct frame){p + 1, behind - 1, 0};
    return behind;
}

/* Behind the value at p, which the node's columns take. */
static const char *take_value(struct json_worker *w, const struct json_node *node, const char *p,
                              const char *end, unsigned depth, size_t level)
{
    p = json_blanks(p, end);
    if (p == end)
        return not_json(w);
    if (*p == '"')
        return take_string(w, node, p, end);
    if (*p == '{' || *p == '[')
        return take_nested(w, node, p, end, depth, level);
    const char *behind = value_end(w, p, end, depth);
    if (behind && *p == 'n')
        put(w, node, p, 0, 0);
    else if (behind && node->is_records)
        return fail(w, "an array of records");
    else if (behind)
        put(w, node, p, (size_t)(behind - p), 0);
    return behind;
}

/* ---- looking ---- */

static void show(struct json_worker *w, struct q_str name, const char *p, const char *behind)
{
    bool escaped = true;
    size_t n;
    p = json_blanks(p, behind);
    if (*p == '{' || *p == '[') {
        w->see(w->see_self, name, (struct q_str){p, (size_t)(behind - p)}, true);
    } else if (*p == 'n') {
        w->see(w->see_self, name, (struct q_str){"", 0}, false);
    } else if (*p == '"') {
        const char *text = content(w, p + 1, behind - 1, escaped, &n);
        if (text)
            w->see(w->see_self, name, (struct q_str){text, n}, false);
    } else {
        w->see(w->see_self, name, (struct q_str){p, (size_t)(behind - p)}, false);
    }
}

/* Show the members of the object at p, which is well-formed. */
static void look_at(struct json_worker *w, const char *p, const char *end)
{
    size_t annex_n = w->annex_n;
    p = json_blanks(p + 1, end);
    if (p < end && *p == '}')
        return;
    do {
        struct q_str name;
        const char *value;
        w->annex_n = annex_n;
        if (!take_name(w, &p, end, &name))
            return;
        value = p;
        p = value_end(w, p, end, 1);
        if (!p)
            return;
        show(w, name, value, p);
    } while (goes_on(w, &p, end, '}'));
}

/* ---- records ---- */

/* Behind the record of a level at p. */
static const char *take_record(struct json_worker *w, const char *p, const char *end, size_t level)
{
    const struct json_node *root = &w->tree->root[level];
    w->fault = NULL;
    for (size_t i = 0; i < w->tree->n_cols[level]; i++)
        w->row[w->tree->cols[level][i]].at = UNSET;
    if (level < w->tree->levels)
        w->frames[level + 1] = (struct frame){0};
    bool is_value = w->see ? false : root->n_cols > 0;
    if (p == end || (*p != '{' && !is_value))
        return fail(w, "an object");
    const char *behind = take_value(w, root, p, end, 0, level);
    if (behind && !w->fault && w->see && level == w->tree->levels)
        look_at(w, p, behind);
    return w->fault ? NULL : behind;
}

static enum q_code reject(struct json_worker *w, struct q_str record, const char *reason,
                          const char *expected, struct q_err *err)
{
    struct reject r = {
        .pos = read_pos(w->file->base.target, w->block.offset + (record.p - w->block.p)),
        .reason = reason,
        .detail = expected,
        .raw = record,
    };
    w->records++;
    if (w->see)
        return Q_OK;
    if (w->tree->is_flat && q_streq(reason, "bad_json") && !q_streq(expected, "valid JSON"))
        r.raw = (struct q_str){NULL, 0}; /* it must not be taken for an object of columns */
    return slab_reject(w->file->base.target, true, &r, err);
}

static void put_numbers(struct json_worker *w, size_t level, int64_t number)
{
    const ptrdiff_t *cols = w->tree->numbers[level];
    if (!cols)
        return;
    char *slot =
        w->block.p + block_extra(&w->block) + (w->slab.rows * JSON_LEVELS + level) * NUMBER_BYTES;
    int n = snprintf(slot, NUMBER_BYTES, "%lld", (long long)number);
    for (; *cols >= 0; cols++)
        w->row[*cols] = (struct batch_span){(uint32_t)(slot - w->block.p), (uint32_t)n};
}

/* The row is complete: it goes into the slab. */
static void add_row(struct json_worker *w, const char *p, size_t n)
{
    const size_t r = w->slab.rows, n_cols = w->target->n_cols;
    w->records++;
    if (w->see)
        return;
    put_numbers(w, 0, w->block.first_record + w->outer);
    for (size_t l = 1; l <= w->tree->levels; l++)
        put_numbers(w, l, w->frames[l].number);
    for (size_t c = 0; c < n_cols; c++) {
        struct batch_span s = w->row[c];
        w->slab.spans[c * SLAB_ROWS + r] = s.at == UNSET ? (struct batch_span){0, 0} : s;
    }
    w->slab.records[r] = (struct batch_span){(uint32_t)(p - w->block.p), (uint32_t)n};
    w->slab.rows++;
}

/* Where the record at `from` ends, without the comma or line end behind it. */
static size_t record_end(const struct json_worker *w, size_t from)
{
    const struct blocks_rules *r = &w->file->dialect->rules;
    const char *p = w->block.p;
    size_t open_quote, end = blocks_record_end(r, p, w->block.n, from, &open_quote);
    if (end == BLOCKS_NO_END || end == from)
        end = w->block.n;
    return end;
}

static size_t without_blanks(const struct blocks_rules *r, const char *p, size_t from, size_t end)
{
    end -= r->kind == BLOCKS_ARRAY && end > from && p[end - 1] == ',';
    while (end > from && blocks_skip_blanks(p, end, end - 1) == end)
        end--;
    return end;
}

/* The next outermost record of the block: parsed, or rejected. False at the block's end. */
static enum q_code next_outer(struct json_worker *w, bool *found, struct q_err *err)
{
    const struct blocks_rules *r = &w->file->dialect->rules;
    const char *p = w->block.p;
    bool lines = r->kind == BLOCKS_LINES;
    size_t from = blocks_skip_blanks(p, w->block.n, w->at), limit = w->block.n;
    *found = from < w->block.n;
    if (!*found) {
        w->at = from;
        return Q_OK;
    }
    w->outer++;
    if (lines)
        limit = without_blanks(r, p, from, record_end(w, from));
    const char *behind = NULL;
    w->fault = NULL;
    bool dirty = w->dirty && !utf8_clean(p + from, (lines ? limit : record_end(w, from)) - from);
    if (!dirty)
        behind = take_record(w, p + from, p + limit, 0);
    if (behind && lines && behind != p + limit)
        behind = not_json(w);
    size_t end = behind ? (size_t)(behind - p) : record_end(w, from);
    w->at = lines ? record_end(w, from) : end;
    if (behind && r->kind == BLOCKS_ARRAY) { /* the comma */
        w->at = blocks_skip_blanks(p, w->block.n, end);
        if (w->at < w->block.n && p[w->at] != ',') {
            behind = not_json(w);
            w->at = record_end(w, from);
        } else {
            w->at += w->at < w->block.n;
        }
    }
    if (!behind)
        end = without_blanks(r, p, from, w->at);
    struct q_str record = {p + from, end - from};
    if (dirty)
        return memchr(record.p, 0, record.n)
                   ? reject(w, record, "nul_byte", "text without NUL bytes", err)
                   : reject(w, record, "invalid_utf8", "UTF-8", err);
    if (!behind)
        return reject(w, record, "bad_json", w->fault, err);
    if (!w->tree->levels)
        add_row(w, record.p, record.n);
    else
        w->open = w->frames[1].p ? 1 : 0;
    return Q_OK;
}

/* The next record of the innermost open array. */
static enum q_code next_inner(struct json_worker *w, struct q_err *err)
{
    struct frame *f = &w->frames[w->open];
    f->p = json_blanks(f->p, f->end);
    f->p += f->p < f->end && *f->p == ',';
    f->p = json_blanks(f->p, f->end);
    if (f->p == f->end) {
        w->open--;
        return Q_OK;
    }
    f->number++;
    const char *p = f->p, *behind = take_record(w, p, f->end, w->open);
    bool deep = false;
    f->p = behind ? behind
                  : json_value_end(p, f->end, 0, &deep); /* it is JSON: so was what is around it */
    if (!f->p)
        f->p = f->end;
    if (!behind)
        return reject(w, (struct q_str){p, (size_t)(f->p - p)}, "bad_json", w->fault, err);
    if (w->open == w->tree->levels)
        add_row(w, p, (size_t)(behind - p));
    else if (w->frames[w->open + 1].p)
        w->open++;
    return Q_OK;
}

/* ---- blocks ---- */

static enum q_code next_block(struct json_worker *w, struct json_file *file, struct q_err *err)
{
    if (w->file) {
        blocks_done(w->file->base.blocks, &w->block, w->outer);
        atomic_fetch_add_explicit(&w->file->base.target->counts->records, w->records,
                                  memory_order_relaxed);
        w->file = NULL;
    }
    enum q_code code = blocks_next(file->base.blocks, &w->block, err);
    if (code || !w->block.n)
        return code;
    w->file = file;
    w->records = w->outer = 0;
    w->at = 0;
    w->open = 0;
    w->annex = w->block.p + w->block.cap + BLOCK_PAD;
    w->annex_n = 0;
    w->dirty = !utf8_clean(w->block.p, w->block.n);
    return Q_OK;
}

/* Trees and room for another file's columns. */
static enum q_code fit(struct json_worker *w, const struct json_file *file, struct q_err *err)
{
    if (w->target == file->base.target && w->tree)
        return Q_OK;
    q_arena_free(w->tree_arena);
    w->tree_arena = q_arena_new(w->arena, "tree");
    w->target = file->base.target;
    w->tree = NULL;
    w->row = q_alloc_array(w->tree_arena, w->target->n_cols + 1, sizeof *w->row);
    slab_init(&w->slab, w->tree_arena, w->target->n_cols);
    return json_tree_make(w->tree_arena, &file->dialect->records, w->target, &w->tree, err);
}

static void add_raw_value(struct q_buf *out, const struct read_column *col, const char *base,
                          struct batch_span s)
{
    size_t n = batch_span_length(s);
    if (!n && !(s.n & BATCH_QUOTED))
        q_buf_adds(out, "null");
    else if (col->cast.type.id == Q_T_JSON)
        q_buf_add(out, base + s.at, n);
    else
        q_json_quote(out, (struct q_str){base + s.at, n});
}

/* A nested record with what it takes from around it, as an object of texts. */
static struct q_str raw_of(void *self, const struct read_target *t, size_t row)
{
    struct json_worker *w = self;
    q_buf_clear(&w->raw);
    for (size_t c = 0; c < t->n_cols; c++) {
        q_buf_addc(&w->raw, c ? ',' : '{');
        q_json_quote(&w->raw, q_str(t->cols[c].name));
        q_buf_addc(&w->raw, ':');
        add_raw_value(&w->raw, &t->cols[c], w->slab.base, w->slab.spans[c * SLAB_ROWS + row]);
    }
    q_buf_addc(&w->raw, '}');
    return w->raw.full ? (struct q_str){NULL, 0} : (struct q_str){w->raw.p, w->raw.n};
}

static enum q_code next_slab(struct json_worker *w, size_t max_rows, struct q_err *err)
{
    bool found = true;
    w->slab.rows = 0;
    while (found && w->slab.rows < max_rows && w->slab.rows < SLAB_ROWS) {
        enum q_code code = w->open ? next_inner(w, err) : next_outer(w, &found, err);
        if (code)
            return code;
    }
    w->slab.base = w->slab.raw = w->block.p;
    w->slab.raw_offset = w->block.offset;
    w->slab.raw_of = w->tree->is_flat ? raw_of : NULL;
    w->slab.raw_self = w;
    return Q_OK;
}

static bool is_used_up(const struct json_worker *w)
{
    return !w->file || (!w->open && w->at >= w->block.n);
}

enum q_code json_fill(struct json_worker *w, struct json_file *file, const bool *wanted,
                      struct batch *out, struct q_err *err)
{
    enum q_code code = fit(w, file, err);
    w->see = NULL;
    while (!code && out->rows < BATCH_ROWS) {
        if (is_used_up(w)) {
            code = next_block(w, file, err);
            if (code || !w->file)
                return code;
        }
        code = next_slab(w, BATCH_ROWS - out->rows, err);
        if (!code)
            code = slab_emit(&w->slab, file->base.target, wanted, out, err);
    }
    return code;
}

enum q_code json_look(struct json_worker *w, struct json_file *file, read_see *see, void *self,
                      struct q_err *err)
{
    enum q_code code = fit(w, file, err);
    w->see = see;
    w->see_self = self;
    while (!code) {
        code = next_block(w, file, err);
        if (code || !w->file)
            return code;
        for (bool found = true; found && !code;)
            code = w->open ? next_inner(w, err) : next_outer(w, &found, err);
    }
    return code;
}

/* ---- life ---- */

struct json_worker *json_worker_new(struct q_arena *arena)
{
    struct json_worker *w = q_new(arena, struct json_worker);
    w->arena = arena;
    block_init(&w->block, arena);
    q_buf_init_in(&w->raw, arena, RAW_MAX);
    return w;
}

enum q_code json_open(struct q_arena *arena, const char *path, const struct decode_options *decode,
                      const struct json_dialect *dialect, const struct read_target *target,
                      struct json_file **out, struct q_err *err)
{
    struct json_file *f = q_new(arena, struct json_file);
    struct json_tree *tree;
    f->dialect = dialect;
    f->base.target = target;
    *out = f;
    enum q_code code = json_tree_make(arena, &dialect->records, target, &tree, err);
    struct blocks_rules rules = dialect->rules;
    if (code)
        return code;
    rules.numbered = tree->numbers[0] != NULL;
    rules.nested = tree->levels > 0;
    return blocks_open(arena, path, decode, &rules, dialect->start, &f->base.blocks, err);
}
