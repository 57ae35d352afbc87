/* SPDX-License-Identifier: Apache-2.0 */
/* Types of columns that are not declared: from all values of all rows, by the same casts (SEMANTICS 34). */
#include "base/map.h"
#include "extract/contract.h"
#include "extract/file/internal.h"

static enum q_code ignore_reject(void *self, const struct reject *r, struct q_err *err)
{
    (void)self;
    (void)r;
    (void)err;
    return Q_OK;
}

static const struct reject_sink nowhere = {NULL, ignore_reject};

/* A value too long to be kept in its cell: judged at once, while the reader's text is there. */
static void guess_far(struct batch_col *col, size_t row, const char *p, size_t n)
{
    batch_guess_add(col->vector, (struct q_str){p, n});
    ((struct batch_text *)col->data)[row] = (struct batch_text){0};
}

static void make_valid(struct batch_col *col)
{
    col->valid = (uint64_t *)(void *)((struct batch_text *)col->data + BATCH_ROWS + 4);
    memset(col->valid, 0xFF, BATCH_ROWS / 8);
}

struct guesses {
    struct batch_col *cols;
    bool *wanted;
    struct batch_guess *guess;
    size_t n;
};

/* Text columns in memory of their own; behind the cells is room for reading ahead and for the validity. */
static struct guesses guesses_new(struct q_arena *arena, size_t n)
{
    struct guesses g = {.n = n};
    g.cols = q_alloc_array(arena, n + 1, sizeof *g.cols);
    g.wanted = q_alloc_array(arena, n + 1, sizeof *g.wanted);
    g.guess = q_alloc_array(arena, n + 1, sizeof *g.guess);
    for (size_t c = 0; c < n; c++) {
        g.wanted[c] = true;
        g.cols[c] = (struct batch_col){
            .type = Q_TYPE(Q_T_TEXT),
            .data = q_alloc(arena, (BATCH_ROWS + 4) * sizeof(struct batch_text) + BATCH_ROWS / 8),
            .vector = &g.guess[c],
            .put_far = guess_far,
            .need_valid = make_valid,
        };
    }
    return g;
}

static void guess_batch(struct guesses *g, const struct batch *b)
{
    for (size_t c = 0; c < g->n; c++) {
        for (size_t r = 0; r < b->rows; r++)
            if (!batch_is_null(&g->cols[c], r))
                batch_guess_add(&g->guess[c], batch_text_at(&g->cols[c], r));
        g->cols[c].valid = NULL;
    }
}

/* A copy of the file's columns as text; casts of text cannot fail. */
static struct read_target text_target(struct q_arena *arena, const struct file_item *f,
                                      struct read_counts *counts)
{
    struct read_target t = f->target;
    struct read_column *cols = q_alloc_array(arena, t.n_cols + 1, sizeof *cols);
    for (size_t c = 0; c < t.n_cols; c++) {
        cols[c] = t.cols[c];
        cols[c].cast.type = Q_TYPE(Q_T_TEXT);
    }
    t.cols = cols;
    t.sink = &nowhere;
    t.counts = counts;
    return t;
}

static enum q_code guess_file(struct extract_file *s, struct file_item *f, struct guesses *g,
                              struct q_arena *arena, struct q_err *err)
{
    struct read_counts counts = {0};
    struct read_target target = text_target(arena, f, &counts);
    void *file = NULL, *w = s->reader->worker(arena);
    enum q_code code = s->reader->open(s, f, arena, &target, &file, err);
    for (bool more = true; !code && more;) {
        struct batch b = {.cols = g->cols, .n_cols = g->n};
        code = s->reader->fill(w, file, g->wanted, &b, err);
        guess_batch(g, &b);
        more = b.rows == BATCH_ROWS;
    }
    return code;
}

/* ---- records of members ---- */

struct member {
    const char *name;
    struct batch_guess guess;
    bool nested, mixed; /* some value is an object or array; some is not */
};

struct members {
    struct q_arena *arena;
    struct q_map by_name;
    Q_VEC(struct member *) all;
    struct q_buf padded, key;
};

static void see_member(void *self, struct q_str name, struct q_str text, bool nested)
{
    static const char pad[BATCH_CAST_PAD];
    struct members *m = self;
    q_buf_clear(&m->key);
    q_buf_add(&m->key, name.p, name.n);
    struct member *found = q_map_get(&m->by_name, q_buf_text(&m->key));
    if (!found) {
        found = q_new(m->arena, struct member);
        found->name = q_strndup(m->arena, name.p, name.n);
        (void)q_map_put(&m->by_name, found->name, found);
        *q_vec_push(m->arena, &m->all) = found;
    }
    if (nested) {
        found->nested = true;
        return;
    }
    if (!text.n)
        return;
    found->mixed = true;
    q_buf_clear(&m->padded);
    q_buf_add(&m->padded, text.p, text.n);
    q_buf_add(&m->padded, pad, sizeof pad);
    batch_guess_add(&found->guess, (struct q_str){m->padded.p, text.n});
}

static enum q_code look_at_file(struct extract_file *s, struct file_item *f, struct members *m,
                                struct q_err *err)
{
    struct q_arena *arena = q_arena_new(NULL, "infer");
    struct read_counts counts = {0};
    struct read_target target = f->target;
    void *file = NULL;
    target.counts = &counts;
    target.sink = &nowhere;
    enum q_code code = s->reader->open(s, f, arena, &target, &file, err);
    if (!code)
        code = s->reader->look(s->reader->worker(arena), file, see_member, m, err);
    q_arena_free(arena);
    return code;
}

static struct q_type member_type(const struct member *m)
{
    if (!m->nested)
        return batch_guess_type(&m->guess);
    return Q_TYPE(m->mixed ? Q_T_TEXT : Q_T_JSON);
}

enum q_code file_infer_members(struct extract_file *s, struct q_err *err)
{
    struct q_arena *arena = q_arena_new(NULL, "members");
    struct members m = {.arena = arena};
    enum q_code code = Q_OK;
    q_map_init(&m.by_name, arena);
    q_buf_init_in(&m.padded, arena, (size_t)BATCH_SPAN_MAX);
    q_buf_init_in(&m.key, arena, (size_t)BATCH_SPAN_MAX);
    for (size_t i = 0; !code && i < s->paths.n; i++)
        if (!s->items[i].empty)
            code = look_at_file(s, &s->items[i], &m, err);
    for (size_t i = 0; !code && i < m.all.n; i++) {
        ptrdiff_t at = q_schema_find(&s->columns, m.all.v[i]->name);
        if (at < 0 && file_is_taken(s, m.all.v[i]->name))
            continue;
        if (at < 0)
            (void)q_schema_add(s->arena, &s->columns, m.all.v[i]->name, member_type(m.all.v[i]));
        else if (s->columns.v[at].type.id == Q_T_NONE && !file_member_of(s, m.all.v[i]->name))
            s->columns.v[at].type = member_type(m.all.v[i]);
    }
    s->inferred = true;
    q_arena_free(arena);
    return code;
}

enum q_code file_infer(struct extract_file *s, struct q_err *err)
{
    struct q_arena *arena = q_arena_new(NULL, "infer");
    struct guesses g = guesses_new(arena, s->columns.n);
    enum q_code code = Q_OK;
    for (size_t i = 0; !code && i < s->paths.n; i++) {
        struct q_arena *of_file = q_arena_new(arena, "file");
        if (!s->items[i].empty)
            code = guess_file(s, &s->items[i], &g, of_file, err);
        q_arena_free(of_file);
    }
    for (size_t c = 0; !code && c < s->columns.n; c++)
        if (s->columns.v[c].type.id == Q_T_NONE)
            s->columns.v[c].type = batch_guess_type(&g.guess[c]);
    s->inferred = true;
    q_arena_free(arena);
    return code;
}

/* ---- pinned types ---- */

enum { EXAMPLE_MAX = 60 };

/* Values of a pinned column that do not fit. */
struct misfit {
    bool judged;        /* its type is pinned and not declared */
    struct q_type type; /* that holds those of the type's kind, too */
    int64_t values;     /* that do not fit */
    int64_t strange;    /* of another kind */
    const char *example;
};

struct widening {
    struct extract_file *s;
    struct q_arena *arena;
    struct misfit *columns;
    int64_t records;
};

static struct q_type type_of(struct q_arena *arena, struct q_str text)
{
    static const char pad[BATCH_CAST_PAD];
    struct batch_guess guess = {0};
    char *p = q_alloc(arena, text.n + sizeof pad);
    memcpy(p, text.p, text.n);
    batch_guess_add(&guess, (struct q_str){p, text.n});
    return batch_guess_type(&guess);
}

static enum q_code see_misfit(void *self, const struct reject *r, struct q_err *err)
{
    struct widening *w = self;
    ptrdiff_t at =
        r->column && q_streq(r->reason, "cast") ? q_schema_find(&w->s->columns, r->column) : -1;
    (void)err;
    if (at < 0 || !w->columns[at].judged)
        return Q_OK;
    struct misfit *m = &w->columns[at];
    struct q_arena *scratch = q_arena_new(NULL, "value");
    struct q_type type = contract_widen(m->type, type_of(scratch, r->value));
    q_arena_free(scratch);
    m->values++;
    if (!m->example)
        m->example = q_strndup(w->s->arena, r->value.p,
                               r->value.n < EXAMPLE_MAX ? r->value.n : (size_t)EXAMPLE_MAX);
    if (type.id == Q_T_TEXT)
        m->strange++;
    else
        m->type = type;
    return Q_OK;
}

/* Read a file for its misfits alone. */
static enum q_code check_file(struct widening *w, struct file_item *f, struct guesses *g,
                              struct q_err *err)
{
    struct extract_file *s = w->s;
    struct q_arena *arena = q_arena_new(w->arena, "file");
    struct read_counts counts = {0};
    struct read_target target = f->target;
    const struct reject_sink sink = {w, see_misfit};
    void *file = NULL, *worker = s->reader->worker(arena);
    target.sink = &sink;
    target.counts = &counts;
    enum q_code code = s->reader->open(s, f, arena, &target, &file, err);
    for (bool more = true; !code && more;) {
        struct batch b = {.cols = g->cols, .n_cols = 0};
        code = s->reader->fill(worker, file, g->wanted, &b, err);
        more = b.rows == BATCH_ROWS;
    }
    w->records += atomic_load(&counts.records);
    q_arena_free(arena);
    return code;
}

/* A few values of another kind are wrong values; a column of which more than half are so is a column of text. */
static void widen_columns(struct widening *w)
{
    struct extract_file *s = w->s;
    s->widened = q_alloc_array(s->arena, s->columns.n + 1, sizeof *s->widened);
    for (size_t c = 0; c < s->columns.n; c++) {
        struct misfit *m = &w->columns[c];
        struct q_type type = m->strange * 2 > w->records ? Q_TYPE(Q_T_TEXT) : m->type;
        if (!m->values || q_type_eq(type, s->columns.v[c].type))
            continue;
        s->columns.v[c].type = type;
        s->widened[s->n_widened++] =
            (struct extract_widened){s->columns.v[c].name, m->values, m->example};
        s->inferred = true;
    }
}

enum q_code file_widen(struct extract_file *s, struct q_err *err)
{
    struct q_arena *arena = q_arena_new(NULL, "widen");
    struct widening w = {.s = s, .arena = arena};
    struct guesses g = guesses_new(arena, s->columns.n);
    bool any = false;
    enum q_code code = Q_OK;
    w.columns = q_alloc_array(arena, s->columns.n + 1, sizeof *w.columns);
    memset(g.wanted, 0, (s->columns.n + 1) * sizeof *g.wanted);
    for (size_t c = 0; c < s->columns.n; c++) {
        const struct q_column *column = &s->columns.v[c];
        ptrdiff_t declared = s->in->declared ? q_schema_find(s->in->declared, column->name) : -1;
        bool typed = declared >= 0 && s->in->declared->v[declared].type.id != Q_T_NONE;
        w.columns[c] = (struct misfit){.judged = !typed && column->type.id != Q_T_NONE &&
                                                 column->type.id != Q_T_TEXT,
                                       .type = column->type};
        any |= w.columns[c].judged;
    }
    for (size_t i = 0; any && !code && i < s->paths.n; i++)
        if (!s->items[i].empty)
            code = check_file(&w, &s->items[i], &g, err);
    if (!code)
        widen_columns(&w);
    q_arena_free(arena);
    return code;
}
