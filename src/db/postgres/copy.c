/* SPDX-License-Identifier: Apache-2.0 */
/*
 * COPY ... TO STDOUT as a stream of pieces. A thread of its own takes what the server sends, and asks for the next
 * statement's rows, while the caller works on what came before: a server waits as soon as nobody reads, and the engine works
 * in bursts.
 *
 * Piece i is pieces[i % PIECES]. The thread fills piece `filled`, the caller has piece `taken`; both only count up, below
 * the lock. A piece holds bytes of one statement.
 */
#include <pthread.h>
#include <string.h>

#include "db/postgres/internal.h"

enum { PIECE = 1 << 20, PIECES = 16 };
/* A piece ends with the message that fills it, and libpq takes none of 2 GB. */
static const size_t PIECE_MAX = ((size_t)2 << 30) + PIECE;

struct piece {
    struct q_buf bytes;
    int64_t tag;
};

struct pg_stream {
    struct pg_conn *c;
    struct pg_copies copies;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct piece pieces[PIECES];
    size_t filled, taken;
    bool running;     /* the thread is to be joined */
    bool has;         /* the caller has piece `taken` */
    bool ended, stop; /* no more pieces come; none are wanted */
    enum q_code code; /* why it ended */
    struct q_err err;
};

/* ---- the thread ---- */

/* Hand over a piece and find room for the next one. False: the caller wants no more. */
static bool hand_over(struct pg_stream *s)
{
    pthread_mutex_lock(&s->lock);
    s->filled++;
    pthread_cond_broadcast(&s->changed);
    while (!s->stop && s->filled - s->taken == PIECES)
        pthread_cond_wait(&s->changed, &s->lock);
    bool wanted = !s->stop;
    pthread_mutex_unlock(&s->lock);
    q_buf_clear(&s->pieces[s->filled % PIECES].bytes);
    return wanted;
}

/* Nothing has come: a caller that waits gets what there is of a piece. False: the caller wants no more. */
static bool hand_over_early(struct pg_stream *s)
{
    pthread_mutex_lock(&s->lock);
    bool awaited = s->filled == s->taken, wanted = !s->stop;
    pthread_mutex_unlock(&s->lock);
    return wanted && (!awaited || !s->pieces[s->filled % PIECES].bytes.n || hand_over(s));
}

static enum q_code begin(struct pg_conn *c, const char *sql, struct q_err *err)
{
    PGresult *r = NULL;
    enum q_code code = pg_send(c, sql, err);
    if (!code)
        code = pg_next_result(c, &r, err);
    if (code)
        return code;
    if (!r)
        return pg_fail(c, NULL, err);
    if (c->pq->PQresultStatus(r) != PGRES_COPY_OUT) {
        code = pg_fail(c, r, err);
        pg_drain(c);
        return code;
    }
    c->pq->PQclear(r);
    return Q_OK;
}

/* The result behind the rows says whether they were all. */
static enum q_code end(struct pg_conn *c, struct q_err *err)
{
    PGresult *r = NULL;
    enum q_code code = pg_last_result(c, &r, err);
    if (r)
        c->pq->PQclear(r);
    return code;
}

/* The rows of one statement. */
static enum q_code receive(struct pg_stream *s, int64_t tag, bool *wanted, struct q_err *err)
{
    struct pg_conn *c = s->c;
    bool looked = false;
    while (*wanted) {
        struct piece *piece = &s->pieces[s->filled % PIECES];
        piece->tag = tag;
        char *row;
        int n = c->pq->PQgetCopyData(c->handle, &row, 1);
        if (n < 0) { /* -1: the end; -2: an error, which the result tells as well */
            if (piece->bytes.n)
                *wanted = hand_over(s);
            return end(c, err);
        }
        if (n > 0) {
            q_buf_add(&piece->bytes, row, (size_t)n);
            c->pq->PQfreemem(row);
            looked = false;
            if (piece->bytes.n >= PIECE)
                *wanted = hand_over(s);
            continue;
        }
        *wanted = hand_over_early(s);
        /* What TLS has decrypted already is not seen by poll(): look before waiting. */
        enum q_code code = looked ? pg_wait(c, false, err) : Q_OK;
        if (code)
            return code;
        if (!c->pq->PQconsumeInput(c->handle))
            return pg_fail(c, NULL, err);
        looked = true;
    }
    return Q_OK;
}

static enum q_code receive_all(struct pg_stream *s, struct q_err *err)
{
    enum q_code code = Q_OK;
    const char *sql;
    int64_t tag;
    bool wanted = true;
    while (wanted && !code && s->copies.next(s->copies.self, &sql, &tag)) {
        code = begin(s->c, sql, err);
        if (!code)
            code = receive(s, tag, &wanted, err);
    }
    return code;
}

static void *run(void *stream)
{
    struct pg_stream *s = stream;
    struct q_err err = {0};
    enum q_code code = receive_all(s, &err);
    pthread_mutex_lock(&s->lock);
    s->code = code;
    s->err = err;
    s->ended = true;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* ---- the caller ---- */

static void destroy(void *stream)
{
    struct pg_stream *s = stream;
    pg_copy_end(s->c);
    for (size_t i = 0; i < PIECES; i++)
        q_buf_release(&s->pieces[i].bytes);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
}

struct pg_stream *pg_stream_new(struct pg_conn *c)
{
    struct pg_stream *s = q_new(c->arena, struct pg_stream);
    s->c = c;
    for (size_t i = 0; i < PIECES; i++)
        q_buf_init(&s->pieces[i].bytes, PIECE_MAX);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
    q_arena_defer(c->arena, destroy, s);
    return s;
}

static void join(struct pg_stream *s)
{
    if (s->running)
        (void)pthread_join(s->thread, NULL);
    s->running = false;
}

enum q_code pg_copy_begin(struct pg_conn *c, const struct pg_copies *copies, struct q_err *err)
{
    if (!c->handle)
        return q_fail(err, Q_INTERNAL, "the connection \"%s\" is closed", c->name);
    struct pg_stream *s = c->stream;
    q_buf_clear(&s->pieces[0].bytes);
    s->copies = *copies;
    s->code = Q_OK;
    s->filled = s->taken = 0;
    s->has = s->ended = s->stop = false;
    int rc = pthread_create(&s->thread, NULL, run, s);
    if (rc)
        return q_fail(err, Q_NOMEM, "could not start a thread that reads from \"%s\": %s", c->name,
                      strerror(rc));
    s->running = true;
    return Q_OK;
}

enum q_code pg_copy_next(struct pg_conn *c, struct q_str *out, int64_t *tag, struct q_err *err)
{
    struct pg_stream *s = c->stream;
    *out = (struct q_str){NULL, 0};
    pthread_mutex_lock(&s->lock);
    if (s->has)
        s->taken++;
    pthread_cond_broadcast(&s->changed);
    while (s->filled == s->taken && !s->ended)
        pthread_cond_wait(&s->changed, &s->lock);
    s->has = s->filled > s->taken;
    pthread_mutex_unlock(&s->lock);
    if (s->has) {
        const struct piece *piece = &s->pieces[s->taken % PIECES];
        *out = (struct q_str){piece->bytes.p, piece->bytes.n};
        *tag = piece->tag;
        return Q_OK;
    }
    join(s);
    if (s->code && err)
        *err = s->err;
    return s->code;
}

void pg_copy_end(struct pg_conn *c)
{
    struct pg_stream *s = c->stream;
    if (!s || !s->running)
        return;
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    join(s);
}
