/* SPDX-License-Identifier: Apache-2.0 */
/* The rows as a source of the engine: each worker has a connection and takes one range of blocks after another. */
#include <inttypes.h>

#include "extract/postgres/internal.h"
#include "sql/build.h"

struct worker {
    struct postgres_source *s;
    struct q_arena *arena, *part; /* `part`: of the statement of a range */
    bool *wanted;
    struct pg_conn *conn;
    struct pg_decoder *decoder;
    struct q_str bytes; /* of the stream, not used yet */
    bool copying, done;
    int64_t records, rejected; /* told already */
};

static enum q_code open_worker(void *self, const bool *wanted, void **out, struct q_err *err)
{
    struct postgres_source *s = self;
    struct q_arena *arena = q_arena_new(NULL, "reader");
    struct worker *w = q_new(arena, struct worker);
    size_t n = s->fields.n, kept = 0;
    struct pg_field *fields = q_alloc_array(arena, n + 1, sizeof *fields);
    w->s = s;
    w->arena = arena;
    w->wanted = q_alloc_array(arena, n + 1, sizeof *w->wanted);
    memcpy(w->wanted, wanted, (n + 1) * sizeof *wanted);
    for (size_t i = 0; i < n; i++)
        if (wanted[i])
            fields[kept++] = s->fields.v[i];
    w->decoder = pg_decoder_new(arena, fields, kept, wanted[n], s->in->sink);
    enum q_code code = Q_OK;
    if (s->absent)
        w->done = true;
    else if (s->readers == 1)
        w->conn = s->session->leader;
    else
        code = postgres_join(arena, s->session, &w->conn, err);
    if (code)
        q_arena_free(arena);
    else
        *out = w;
    return code;
}

static void close_worker(void *worker)
{
    struct worker *w = worker;
    q_arena_free(w->part);
    q_arena_free(w->arena);
}

/* The next range; the last one has no upper end: the table may be larger than it was when it was measured. */
static enum q_code begin_part(struct worker *w, struct q_err *err)
{
    struct postgres_source *s = w->s;
    int64_t first = atomic_fetch_add(&s->next_block, POSTGRES_PART_BLOCKS);
    int64_t next = first + POSTGRES_PART_BLOCKS;
    bool whole = !s->has_blocks, last = whole || next >= s->blocks;
    if (first > 0 && (whole || first >= s->blocks)) {
        w->done = true;
        return Q_OK;
    }
    q_arena_free(w->part);
    w->part = q_arena_new(NULL, "range");
    const char *range = NULL;
    if (!whole && (first > 0 || !last))
        range = last ? sql_make(w->part, "t.ctid >= '(%d,0)'::tid", first)
                     : sql_make(w->part, "t.ctid >= '(%d,0)'::tid AND t.ctid < '(%d,0)'::tid",
                                first, next);
    const char *sql = sql_make(w->part, "COPY (%s) TO STDOUT (FORMAT binary)",
                               postgres_select(w->part, s, w->wanted, range));
    enum q_code code = pg_copy_begin(w->conn, sql, err);
    pg_decoder_begin(w->decoder, q_pos(0, first * s->rows_per_block));
    w->copying = !code;
    return code;
}

static enum q_code more(struct worker *w, struct q_err *err)
{
    if (!w->copying)
        return begin_part(w, err);
    enum q_code code = pg_copy_next(w->conn, &w->bytes, err);
    atomic_fetch_add_explicit(&w->s->bytes, (int64_t)w->bytes.n, memory_order_relaxed);
    if (code || w->bytes.n)
        return code;
    w->copying = false;
    return pg_decoder_end(w->decoder, err);
}

static void count(struct worker *w)
{
    int64_t records = pg_decoder_records(w->decoder), rejected = pg_decoder_rejected(w->decoder);
    atomic_fetch_add(&w->s->records, records - w->records);
    atomic_fetch_add(&w->s->rejected, rejected - w->rejected);
    w->records = records;
    w->rejected = rejected;
}

static enum q_code fill(void *worker, struct batch *out, struct q_err *err)
{
    struct worker *w = worker;
    enum q_code code = Q_OK;
    while (!code && !w->done) {
        code = pg_decode(w->decoder, &w->bytes, out, err);
        if (code || out->rows == BATCH_ROWS)
            break;
        code = more(w, err);
    }
    count(w);
    if (code)
        q_context(err, "after %lld rows of %s", (long long)atomic_load(&w->s->records),
                  w->s->label);
    return code;
}

enum q_code postgres_open(struct extract_source *source, const struct db_source **out,
                          struct q_err *err)
{
    struct postgres_source *s = (struct postgres_source *)source;
    if (!s->in->sink)
        return q_fail(err, Q_INTERNAL, "cannot read %s: nobody takes its rejects", s->label);
    atomic_store(&s->next_block, 0);
    atomic_store(&s->records, 0);
    atomic_store(&s->rejected, 0);
    atomic_store(&s->bytes, 0);
    s->source = (struct db_source){
        .name = q_printf(s->arena, "read_%s", s->in->name),
        .schema = &s->with_pos,
        .self = s,
        .max_workers = s->readers,
        .estimated_rows = s->estimated_rows >= 0 ? (int64_t)s->estimated_rows : -1,
        .open = open_worker,
        .fill = fill,
        .close = close_worker,
    };
    *out = &s->source;
    return Q_OK;
}
