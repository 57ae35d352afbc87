/* SPDX-License-Identifier: Apache-2.0 */
#include "format/read/blocks.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>

#include "base/vec.h"

struct entry {
    int64_t offset;  /* of the block */
    int64_t records; /* in it, rejected ones too; -1: not parsed */
    int64_t lines;   /* line ends in it */
    size_t bytes;
};

struct blocks {
    const char *path;
    struct decode_options options;
    struct blocks_rules rules;
    struct q_arena *arena; /* used under the lock only, after blocks_open() */
    pthread_mutex_t lock;
    struct q_arena *decode_arena;
    struct decode *decode;
    char *carry; /* the beginning of a record whose end was not in the last block */
    size_t carry_n, carry_cap;
    int64_t offset; /* of the next block */
    int64_t start, file_read, footers;
    int64_t numbered; /* records handed out, when they are numbered */
    bool ended;
    enum q_code failed; /* the first failure: every worker gets it */
    struct q_err why;
    Q_VEC(struct entry) index;
};

void block_init(struct block *b, struct q_arena *arena)
{
    *b = (struct block){.arena = arena};
}

static void reserve(struct block *b, size_t need, size_t keep)
{
    if (need <= b->cap)
        return;
    char *p = q_alloc(b->arena, 2 * (need + BLOCK_PAD) + BLOCK_EXTRA);
    if (keep)
        memcpy(p, b->p, keep);
    b->p = p;
    b->cap = need;
}

static void close_deferred(void *blocks)
{
    blocks_close(blocks);
    pthread_mutex_destroy(&((struct blocks *)blocks)->lock);
}

enum q_code blocks_open(struct q_arena *arena, const char *path,
                        const struct decode_options *options, const struct blocks_rules *rules,
                        int64_t start, struct blocks **out, struct q_err *err)
{
    struct blocks *s = q_new(arena, struct blocks);
    s->path = q_strdup(arena, path);
    s->options = *options;
    s->rules = *rules;
    if (!s->rules.max_record)
        s->rules.max_record = BLOCK_RECORD_MAX;
    if (!s->rules.block_size)
        s->rules.block_size = BLOCK_SIZE;
    if (s->rules.block_size > s->rules.max_record)
        s->rules.block_size = s->rules.max_record;
    s->arena = arena;
    s->offset = s->start = start;
    s->decode_arena = q_arena_new(NULL, "decode");
    enum q_code code = decode_open(s->decode_arena, path, options, &s->decode, err);
    if (code) {
        q_arena_free(s->decode_arena);
        return code;
    }
    int rc = pthread_mutex_init(&s->lock, NULL);
    assert(rc == 0);
    (void)rc;
    q_arena_defer(arena, close_deferred, s);
    code = decode_skip_to(s->decode, start, err);
    if (!code)
        *out = s;
    return code;
}

void blocks_close(struct blocks *s)
{
    if (!s->decode)
        return;
    s->file_read = decode_file_read(s->decode);
    q_arena_free(s->decode_arena); /* closes the file */
    s->decode = NULL;
}

int64_t blocks_file_read(struct blocks *s)
{
    pthread_mutex_lock(&s->lock);
    int64_t n = s->decode ? decode_file_read(s->decode) : s->file_read;
    pthread_mutex_unlock(&s->lock);
    return n;
}

/* Line of an offset, by reading the file again: for messages only; 0 when that fails. */
static int64_t line_at(const struct blocks *s, int64_t offset)
{
    struct q_arena *arena = q_arena_new(NULL, "line");
    enum { STEP = 1 << 16 };
    char *buf = q_alloc(arena, STEP);
    struct decode *d;
    int64_t line = 1;
    enum q_code code = decode_open(arena, s->path, &s->options, &d, NULL);
    while (!code && offset > 0) {
        size_t want = offset < STEP ? (size_t)offset : STEP, got;
        code = decode_read(d, buf, want, &got, NULL);
        if (!code && !got)
            break;
        offset -= (int64_t)got;
        line += blocks_count_lines(&s->rules, buf, got);
    }
    q_arena_free(arena);
    return code ? 0 : line;
}

/* "<what> at line L, byte B<more>". */
static enum q_code broken_at(const struct blocks *s, int64_t at, struct q_err *err,
                             const char *what, const char *more)
{
    return q_fail(err, Q_SOURCE, "could not read \"%s\": %s at line %lld, byte %lld%s", s->path,
                  what, (long long)line_at(s, at), (long long)at, more);
}

static enum q_code broken(const struct blocks *s, int64_t at, struct q_err *err, const char *what)
{
    return broken_at(s, at, err, what, "");
}

static enum q_code open_quote_error(const struct blocks *s, int64_t at, struct q_err *err)
{
    enum q_code code =
        broken_at(s, at, err, s->rules.kind == BLOCKS_CSV ? "the quote opened" : "the string begun",
                  " is never closed");
    q_detail(err, "No end of it was found, so it cannot be told which records it covers.");
    if (s->rules.kind == BLOCKS_CSV)
        q_hint(err, "Repair the file, or set `quote: none` if the file has no quoted fields.");
    return code;
}

static enum q_code too_long_error(const struct blocks *s, int64_t at, struct q_err *err)
{
    char what[80];
    (void)snprintf(what, sizeof what, "the record is longer than %zu bytes", s->rules.max_record);
    enum q_code code = broken(s, at, err, what);
    q_hint(err, "A quote that is never closed looks like this; else raise `max_record`.");
    return code;
}

struct cut {
    size_t end;        /* behind the last whole record */
    size_t first_end;  /* behind the first one, when end > 0 */
    size_t open_quote; /* of the rest, or BLOCKS_NO_END */
    bool has_quote;
    bool array_closed; /* the array's bracket stands at `end` */
};

/* Lines without quotes: the last line end is enough. */
static struct cut cut_lines(const struct blocks_rules *r, const char *p, size_t n)
{
    const char eol = r->cr ? '\r' : '\n';
    struct cut c = {.open_quote = BLOCKS_NO_END};
    const char *last = memrchr(p, eol, n);
    if (last) {
        c.end = (size_t)(last - p) + 1;
        c.first_end = (size_t)((const char *)memchr(p, eol, n) - p) + 1;
    }
    return c;
}

static struct cut cut_records(const struct blocks_rules *r, const char *p, size_t n)
{
    struct cut c = {.has_quote = true};
    for (;;) {
        size_t end = blocks_record_end(r, p, n, c.end, &c.open_quote);
        if (end == BLOCKS_NO_END)
            return c;
        if (!c.end)
            c.first_end = end;
        c.end = end;
    }
}

static struct cut cut_values(const struct blocks_rules *r, const char *p, size_t n)
{
    struct cut c = cut_records(r, p, n);
    c.has_quote = false;
    if (blocks_skip_blanks(p, n, c.end) == n)
        c.end = n;
    return c;
}

static struct cut cut_array(const struct blocks_rules *r, const char *p, size_t n)
{
    struct cut c = {.open_quote = BLOCKS_NO_END};
    while (!c.array_closed) {
        size_t end = blocks_record_end(r, p, n, c.end, &c.open_quote);
        if (end == BLOCKS_NO_END)
            break;
        c.array_closed = end == c.end || p[end - 1] != ',';
        if (!c.end)
            c.first_end = end;
        c.end = end;
    }
    return c;
}

static struct cut find_cut(const struct blocks_rules *r, const char *p, size_t n)
{
    if (r->kind == BLOCKS_ARRAY)
        return cut_array(r, p, n);
    if (r->kind == BLOCKS_VALUES)
        return cut_values(r, p, n);
    if (r->kind == BLOCKS_LINES || !r->quote || !memchr(p, r->quote, n))
        return cut_lines(r, p, n);
    return cut_records(r, p, n);
}

/* ---- the footer ---- */

static bool has_footer(const struct blocks_rules *r)
{
    return r->footer_lines || r->footer;
}

/* The end of what a record says, without its line end. */
static size_t content_end(const struct blocks_rules *r, const char *p, size_t at, size_t end)
{
    end -= end > at && p[end - 1] == (r->cr ? '\r' : '\n');
    end -= end > at && !r->cr && p[end - 1] == '\r';
    return end;
}

struct footer {
    size_t at; /* where it begins */
    size_t records;
    bool missing;  /* there are fewer records than it has */
    bool mismatch; /* a line of it is not as declared */
};

/* The footer if p[0, n), whole records, were the end of the file. */
static struct footer find_footer(const struct blocks_rules *r, const char *p, size_t n)
{
    size_t starts[BLOCKS_FOOTER_MAX], seen = 0, open_quote;
    bool matches[BLOCKS_FOOTER_MAX];
    const size_t wanted = r->footer_lines;
    struct footer f = {.at = n};
    for (size_t at = 0, end; at < n; at = end) {
        end = blocks_record_end(r, p, n, at, &open_quote);
        if (end == BLOCKS_NO_END)
            end = n;
        size_t content = content_end(r, p, at, end);
        if (content == at || blocks_is_comment(r, p, at, content))
            continue;
        bool fits = !r->footer || blocks_matches(r->footer, p + at, content - at);
        if (wanted) {
            starts[seen % wanted] = at;
            matches[seen++ % wanted] = fits;
        } else {
            f.at = fits && f.records ? f.at : at;
            f.records = fits ? f.records + 1 : 0;
        }
    }
    if (!wanted) {
        f.at = f.records ? f.at : n;
        return f;
    }
    f.missing = seen < wanted;
    f.at = f.missing ? 0 : starts[seen % wanted];
    f.records = wanted;
    for (size_t i = 0; i < wanted && !f.missing; i++)
        f.mismatch |= !matches[i];
    return f;
}

/* Take the footer off the end of the file. */
static enum q_code drop_footer(struct blocks *s, const struct block *b, size_t *total,
                               struct q_err *err)
{
    enum q_code code = Q_OK;
    struct footer f = find_footer(&s->rules, b->p, *total);
    if (f.missing) {
        code = q_fail(err, Q_SOURCE, "could not read \"%s\": it has fewer than %zu footer lines",
                      s->path, s->rules.footer_lines);
        q_hint(err, "Is the file whole? Its footer is declared by `footer_lines`.");
    } else if (f.mismatch) {
        code = q_fail(err, Q_SOURCE,
                      "could not read \"%s\": its last %zu lines are not as `footer: \"%s\"` says",
                      s->path, s->rules.footer_lines, s->rules.footer);
        q_hint(err, "Is the file whole? Else change `footer` or `footer_lines`.");
    }
    s->footers = (int64_t)f.records;
    *total = f.at;
    return code;
}

int64_t blocks_footers(struct blocks *s)
{
    pthread_mutex_lock(&s->lock);
    int64_t n = s->footers;
    pthread_mutex_unlock(&s->lock);
    return n;
}

/* ---- blocks ---- */

/* The rest of a document behind the array's bracket: what is open is closed, and nothing follows. */
struct rest {
    size_t open; /* objects and arrays */
    bool in_string, escaped;
};

/* The offset of what must not stand there, or n. */
static size_t check_rest(struct rest *rest, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char c = p[i];
        if (rest->in_string) {
            rest->in_string = c != '"' || rest->escaped;
            rest->escaped = c == '\\' && !rest->escaped;
        } else if (!rest->open) {
            return blocks_skip_blanks(p, n, i);
        } else if (c == '"') {
            rest->in_string = true;
        } else if (c == '{' || c == '[') {
            rest->open++;
        } else if (c == '}' || c == ']') {
            rest->open--;
        }
    }
    return n;
}

static enum q_code end_of_array(struct blocks *s, struct block *b, size_t total,
                                const struct cut *c, struct q_err *err)
{
    struct rest rest = {.open = s->rules.around};
    char more[4096];
    if (b->p[c->end] != ']')
        return broken(s, b->offset + (int64_t)c->end, err, "the array is closed by a brace");
    const char *p = b->p + c->end + 1;
    size_t n = total - c->end - 1;
    int64_t from = b->offset + (int64_t)c->end + 1;
    for (;;) {
        size_t at = check_rest(&rest, p, n);
        if (at < n)
            return broken(s, from + (int64_t)at, err,
                          s->rules.around ? "there is text behind the document"
                                          : "there is text behind the array");
        from += (int64_t)n;
        enum q_code code = decode_read(s->decode, more, sizeof more, &n, err);
        if (code)
            return code;
        if (!n)
            break;
        p = more;
    }
    return rest.open ? broken(s, from, err, "the document is not closed; the file ends") : Q_OK;
}

/* Keep p[end, total) for the next block. */
static void keep_rest(struct blocks *s, const struct block *b, size_t end, size_t total)
{
    size_t n = total - end;
    if (n > s->carry_cap) {
        s->carry_cap = n * 2;
        s->carry = q_alloc(s->arena, s->carry_cap);
    }
    if (n)
        memcpy(s->carry, b->p + end, n);
    s->carry_n = n;
}

/* Read until there is a record end or the file's end; *total bytes, cut as *c says. */
static enum q_code read_records(struct blocks *s, struct block *b, size_t *total, struct cut *c,
                                struct q_err *err)
{
    const struct blocks_rules *r = &s->rules;
    size_t n = s->carry_n, got, want = r->block_size;
    reserve(b, n + want, 0);
    if (n)
        memcpy(b->p, s->carry, n);
    s->carry_n = 0;
    for (;;) {
        enum q_code code = decode_read(s->decode, b->p + n, want, &got, err);
        if (code)
            return code;
        n += got;
        s->ended = got < want;
        *c = find_cut(r, b->p, n);
        if (has_footer(r) && !s->ended) /* these records may be it */
            c->end = find_footer(r, b->p, c->end).at;
        size_t first = c->end ? c->first_end : n;
        if (first > r->max_record)
            return c->open_quote == BLOCKS_NO_END || c->end
                       ? too_long_error(s, s->offset, err)
                       : open_quote_error(s, s->offset + (int64_t)c->open_quote, err);
        if (c->end || s->ended || c->array_closed)
            break;
        if (n > want)
            want = n; /* twice as much, so that a long record is not looked at again and again */
        reserve(b, n + want, n);
    }
    *total = n;
    return Q_OK;
}

/* No record, whatever the format. */
static bool is_blank(const struct blocks_rules *r, const char *p, size_t from, size_t end)
{
    if (blocks_is_comment(r, p, from, end))
        return true;
    if (r->kind != BLOCKS_CSV)
        return blocks_skip_blanks(p, end, from) == end;
    size_t n = end - from;
    return !r->keep_blank && (n == 0 || (n == 1 && p[from] == (r->cr ? '\r' : '\n')) ||
                              (n == 2 && !r->cr && p[from] == '\r' && p[from + 1] == '\n'));
}

static int64_t count_records(const struct blocks_rules *r, const char *p, size_t n)
{
    int64_t records = 0;
    for (size_t at = 0, open_quote; at < n;) {
        size_t end = blocks_record_end(r, p, n, at, &open_quote);
        if (end == BLOCKS_NO_END || end == at)
            end = n;
        records += !is_blank(r, p, at, end);
        at = end;
    }
    return records;
}

static enum q_code next_locked(struct blocks *s, struct block *b, struct q_err *err)
{
    size_t total = 0;
    struct cut c = {0};
    b->n = 0;
    if (s->ended && s->carry_n == 0)
        return Q_OK;
    b->offset = s->offset;
    enum q_code code = read_records(s, b, &total, &c, err);
    if (code)
        return code;
    if (c.array_closed) {
        s->ended = true;
        code = end_of_array(s, b, total, &c, err);
        total = c.end;
    } else if (s->ended) {
        if (c.open_quote != BLOCKS_NO_END)
            return open_quote_error(s, s->offset + (int64_t)c.open_quote, err);
        if (s->rules.kind == BLOCKS_ARRAY)
            return broken(s, s->offset + (int64_t)total, err,
                          "the array is not closed; the file ends");
        if (s->rules.kind == BLOCKS_VALUES && c.end < total)
            return broken(s, s->offset + (int64_t)c.end, err,
                          "the value that begins is not closed; the file ends");
        if (has_footer(&s->rules))
            code = drop_footer(s, b, &total, err);
        c.end = total;
    }
    if (code)
        return code;
    keep_rest(s, b, c.end, total);
    b->n = c.end;
    b->has_quote = c.has_quote;
    b->last = s->ended;
    b->number = s->index.n;
    memset(b->p + b->n, 0, BLOCK_PAD);
    s->offset += (int64_t)c.end;
    b->first_record = s->numbered;
    if (s->rules.numbered)
        s->numbered += count_records(&s->rules, b->p, b->n);
    if (b->n)
        *q_vec_push(s->arena, &s->index) = (struct entry){b->offset, -1, 0, b->n};
    return Q_OK;
}

enum q_code blocks_next(struct blocks *s, struct block *b, struct q_err *err)
{
    pthread_mutex_lock(&s->lock);
    enum q_code code = s->failed;
    if (code) {
        b->n = 0;
        if (err)
            *err = s->why;
    } else {
        code = next_locked(s, b, err);
        s->failed = code;
        if (code && err)
            s->why = *err;
    }
    pthread_mutex_unlock(&s->lock);
    return code;
}

void blocks_done(struct blocks *s, const struct block *b, int64_t records)
{
    int64_t lines = blocks_count_lines(&s->rules, b->p, b->n);
    pthread_mutex_lock(&s->lock);
    s->index.v[b->number].records = records;
    s->index.v[b->number].lines = lines;
    pthread_mutex_unlock(&s->lock);
}

/* ---- places ---- */

struct walk {
    struct blocks *s;
    struct blocks_place *places;
    size_t n, next; /* places, and the first one not passed */
    size_t raw_max;
    struct q_arena *arena;
    int64_t line, ordinal; /* of the block's first record */
};

static struct q_str raw_of(const struct walk *w, const char *p, size_t from, size_t end)
{
    const struct blocks_rules *r = &w->s->rules;
    if (r->kind == BLOCKS_ARRAY) {
        while (end > from && (p[end - 1] == ',' || blocks_skip_blanks(p, end, end - 1) == end))
            end--;
    } else {
        end = content_end(r, p, from, end);
    }
    size_t n = end - from < w->raw_max ? end - from : w->raw_max;
    return (struct q_str){q_strndup(w->arena, p + from, n), n};
}

/* Find places in a block; line and ordinal go on to its end when `to_end`. */
static void walk_block(struct walk *w, const struct entry *e, const char *p, bool to_end)
{
    const struct blocks_rules *r = &w->s->rules;
    size_t at = 0, open_quote;
    while (at < e->bytes && (to_end || w->next < w->n)) {
        size_t end = blocks_record_end(r, p, e->bytes, at, &open_quote);
        if (end == BLOCKS_NO_END || end == at)
            end = e->bytes;
        size_t first = r->kind == BLOCKS_CSV ? at : blocks_skip_blanks(p, end, at);
        w->ordinal += !is_blank(r, p, at, end);
        while (w->next < w->n && w->places[w->next].offset < e->offset + (int64_t)end) {
            struct blocks_place *place = &w->places[w->next++];
            size_t here = r->nested ? (size_t)(place->offset - e->offset) : first;
            bool begins = place->offset == e->offset + (int64_t)first;
            place->line = w->line + blocks_count_lines(r, p + at, here - at);
            place->ordinal = begins || r->nested ? w->ordinal : 0;
            place->raw = r->nested ? (struct q_str){"", 0} : raw_of(w, p, first, end);
        }
        w->line += blocks_count_lines(r, p + at, end - at);
        at = end;
    }
}

/* One block: read it only when a place is in it or when it was never parsed. */
static enum q_code visit(struct walk *w, struct decode *d, const struct entry *e, struct block *b,
                         struct q_err *err)
{
    bool unknown = e->records < 0;
    int64_t line = w->line, ordinal = w->ordinal;
    if (unknown || w->places[w->next].offset < e->offset + (int64_t)e->bytes) {
        size_t got;
        reserve(b, e->bytes, 0);
        enum q_code code = decode_skip_to(d, e->offset, err);
        if (!code)
            code = decode_read(d, b->p, e->bytes, &got, err);
        if (code)
            return code;
        if (got < e->bytes)
            return q_fail(err, Q_SOURCE, "could not read \"%s\" again: it ends at byte %lld now",
                          w->s->path, (long long)(e->offset + (int64_t)got));
        walk_block(w, e, b->p, unknown);
    }
    if (!unknown) {
        w->line = line + e->lines;
        w->ordinal = ordinal + e->records;
    }
    return Q_OK;
}

enum q_code blocks_locate(struct blocks *s, struct blocks_place *places, size_t n, size_t raw_max,
                          struct q_arena *arena, struct q_err *err)
{
    struct walk w = {.s = s, .places = places, .n = n, .raw_max = raw_max, .arena = arena};
    if (!n)
        return Q_OK;
    struct q_arena *scratch = q_arena_new(NULL, "locate");
    struct decode *d = NULL;
    struct block b;
    block_init(&b, scratch);
    enum q_code code = decode_open(scratch, s->path, &s->options, &d, err);
    w.line = s->start ? line_at(s, s->start) : 1;
    for (size_t i = 0; !code && i < s->index.n && w.next < n; i++)
        code = visit(&w, d, &s->index.v[i], &b, err);
    q_arena_free(scratch);
    return code;
}
