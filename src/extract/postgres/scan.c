/* SPDX-License-Identifier: Apache-2.0 */
/* The rows as a source of the engine: each worker has a connection, whose thread asks for one range of blocks after another. */
#include <inttypes.h>

#include "extract/postgres/internal.h"
#include "sql/build.h"

struct worker {
    struct postgres_source *s;
    struct q_arena *arena;
    struct q_arena *part; /* of the statement of a range; the connection's thread has it */
    bool *wanted;
    struct pg_conn *conn;
    struct pg_decoder *decoder;
    struct q_str bytes; /* of the range, not used yet */
    int64_t range;      /* its first position; -1: none yet */
    bool begun, done;
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
    w->range = -1;
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
    if (w->begun)
        pg_copy_end(w->conn);
    q_arena_free(w->part);
    q_arena_free(w->arena);
}

/* The last range has no upper end: the table may be larger than it was when it was measured. */
static bool next_range(void *self, const char **sql, int64_t *position)
{
    struct worker *w = self;
    struct postgres_source *s = w->s;
    int64_t first = atomic_fetch_add(&s->next_block, POSTGRES_PART_BLOCKS);
    int64_t next = first + POSTGRES_PART_BLOCKS;
    bool whole = !s->has_blocks, last = whole || next >= s->blocks;
    if (first > 0 && (whole || first >= s->blocks))
        return false;
    q_arena_free(w->part);
    w->part = q_arena_new(NULL, "range");
    const char *range = NULL;
    if (!whole && (first > 0 || !last))
        range = last ? sql_make(w->part, "t.ctid >= '(%d,0)'::tid", first)
                     : sql_make(w->part, "t.ctid >= '(%d,0)'::tid AND t.ctid < '(%d,0)'::tid",
                                first, next);
    *sql = sql_make(w->part, "COPY (%s) TO STDOUT (FORMAT binary)",
                    postgres_select(w->part, s, w->wanted, range));
    *position = q_pos(0, first * s->rows_per_block);
    return true;
}

static enum q_code more(struct worker *w, struct q_err *err)
{
    int64_t range;
    enum q_code code = Q_OK;
    if (!w->begun)
        code = pg_copy_begin(w->conn, &(struct pg_copies){next_range, w}, err);
    if (code)
        return code;
    w->begun = true;
    code = pg_copy_next(w->conn, &w->bytes, &range, err);
    if (code)
        return code;
    w->done = w->bytes.n == 0;
    if (w->range >= 0 && (w->done || range != w->range))
        code = pg_decoder_end(w->decoder, err);
    if (!code && !w->done && range != w->range)
        pg_decoder_begin(w->decoder, w->range = range);
    atomic_fetch_add_explicit(&w->s->bytes, (int64_t)w->bytes.n, memory_order_relaxed);
    return code;
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
