/* SPDX-License-Identifier: Apache-2.0 */
#include "extract/rejects.h"

#include <pthread.h>
#include <stdatomic.h>

enum { BOX_BYTES = 16 << 20, COLUMNS = 6 };

struct boxed {
    int64_t pos;
    struct q_str texts[COLUMNS - 1]; /* reason, column, value, detail, raw; p NULL: NULL */
};

struct reject_box {
    struct q_arena *arena;   /* of the box */
    struct q_arena *content; /* of what is in it; thrown away when it is emptied */
    const char *relation;
    struct reject_sink sink;
    pthread_mutex_t lock;
    Q_VEC(struct boxed) rows;
    size_t next; /* row that is read next while it is emptied */
    int64_t count;
    struct db_conn *db;
    struct db_source source;
    struct q_schema schema;
    const char *insert;
};

static struct q_str copy(struct q_arena *arena, struct q_str s)
{
    return s.p ? (struct q_str){q_strndup(arena, s.p, s.n), s.n} : s;
}

/* Any bytes as UTF-8: what is none is written as \xHH. */
static struct q_str copy_text(struct q_arena *arena, struct q_str s)
{
    static const char hex[] = "0123456789abcdef";
    size_t bad;
    if (!s.p || q_utf8_valid(s.p, s.n, &bad))
        return copy(arena, s);
    char *out = q_alloc(arena, s.n * 4 + 1);
    size_t n = 0;
    while (s.n) {
        bool ok = q_utf8_valid(s.p, s.n, &bad);
        size_t good = ok ? s.n : bad;
        memcpy(out + n, s.p, good);
        n += good;
        s.p += good;
        s.n -= good;
        if (ok)
            break;
        unsigned char c = (unsigned char)*s.p++;
        s.n--;
        out[n++] = '\\';
        out[n++] = 'x';
        out[n++] = hex[c >> 4];
        out[n++] = hex[c & 15];
    }
    return (struct q_str){out, n};
}

static enum q_code open_reader(void *self, const bool *wanted, void **worker, struct q_err *err)
{
    (void)wanted;
    (void)err;
    *worker = self;
    return Q_OK;
}

static enum q_code fill(void *worker, struct batch *out, struct q_err *err)
{
    struct reject_box *box = worker;
    size_t n = box->rows.n - box->next < BATCH_ROWS ? box->rows.n - box->next : BATCH_ROWS;
    (void)err;
    for (size_t i = 0; i < n; i++) {
        const struct boxed *r = &box->rows.v[box->next + i];
        ((int64_t *)out->cols[0].data)[i] = r->pos;
        for (size_t c = 1; c < COLUMNS; c++) {
            if (r->texts[c - 1].p)
                batch_put_text(&out->cols[c], i, r->texts[c - 1].p, r->texts[c - 1].n);
            else
                batch_put_null(&out->cols[c], i);
        }
    }
    box->next += n;
    out->rows = n;
    return Q_OK;
}

static void close_reader(void *worker)
{
    (void)worker;
}

/* The lock is held. */
static enum q_code empty(struct reject_box *box, struct q_err *err)
{
    if (!box->rows.n)
        return Q_OK;
    box->next = 0;
    enum q_code code = db_exec(box->db, box->insert, NULL, 0, NULL, err);
    box->rows.v = NULL;
    box->rows.n = box->rows.cap = 0;
    q_arena_free(box->content);
    box->content = q_arena_new(box->arena, "rejects");
    return code;
}

static enum q_code put(void *self, const struct reject *r, struct q_err *err)
{
    struct reject_box *box = self;
    enum q_code code = Q_OK;
    pthread_mutex_lock(&box->lock);
    struct boxed *b = q_vec_push(box->content, &box->rows);
    b->pos = r->pos;
    b->texts[0] = copy(box->content, q_str(r->reason));
    b->texts[1] = copy_text(box->content, q_str(r->column));
    b->texts[2] = copy_text(box->content, r->value);
    b->texts[3] = copy_text(box->content, q_str(r->detail));
    b->texts[4] = copy(box->content, r->raw);
    box->count++;
    if (q_arena_used(box->content) > BOX_BYTES)
        code = empty(box, err);
    pthread_mutex_unlock(&box->lock);
    return code;
}

static void destroy(void *self)
{
    pthread_mutex_destroy(&((struct reject_box *)self)->lock);
}

struct reject_box *reject_box_new(struct q_arena *arena, const char *relation)
{
    struct reject_box *box = q_new(arena, struct reject_box);
    box->arena = arena;
    box->content = q_arena_new(arena, "rejects");
    box->relation = relation;
    box->sink = (struct reject_sink){.self = box, .put = put};
    pthread_mutex_init(&box->lock, NULL);
    q_arena_defer(arena, destroy, box);
    return box;
}

const struct reject_sink *reject_box_sink(struct reject_box *box)
{
    return &box->sink;
}

enum q_code reject_box_open(struct reject_box *box, struct step_ctx *ctx, struct q_err *err)
{
    static _Atomic int number;
    static const char *const names[] = {"reason", "col", "value", "detail"};
    q_schema_add(box->arena, &box->schema, "pos", Q_TYPE(Q_T_INT64));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        q_schema_add(box->arena, &box->schema, names[i], Q_TYPE(Q_T_TEXT));
    q_schema_add(box->arena, &box->schema, "raw", Q_TYPE(Q_T_BLOB));
    box->source =
        (struct db_source){.name = q_printf(box->arena, "q_box_%d", atomic_fetch_add(&number, 1)),
                           .schema = &box->schema,
                           .self = box,
                           .max_workers = 1,
                           .estimated_rows = -1,
                           .open = open_reader,
                           .fill = fill,
                           .close = close_reader};
    box->insert =
        sql_make(box->arena,
                 "INSERT INTO ws.q_rejects (relation, pos, ord, reason, col, value, detail, raw) "
                 "SELECT %L, pos, %d, reason, col, value, detail, raw FROM %I()",
                 box->relation, (int64_t)STEP_ORD_PARSE, box->source.name);
    enum q_code code = db_connect(ctx->engine, ctx->arena, &box->db, err);
    return code ? code : db_add_source(box->db, &box->source, err);
}

enum q_code reject_box_flush(struct reject_box *box, struct q_err *err)
{
    pthread_mutex_lock(&box->lock);
    enum q_code code = empty(box, err);
    pthread_mutex_unlock(&box->lock);
    return code;
}

int64_t reject_box_count(struct reject_box *box)
{
    pthread_mutex_lock(&box->lock);
    int64_t n = box->count;
    pthread_mutex_unlock(&box->lock);
    return n;
}
