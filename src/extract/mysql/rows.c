/* SPDX-License-Identifier: Apache-2.0 */
/* The rows as a source of the engine: one worker on the run's connection, or several on connections of their own. */
#include "extract/mysql/internal.h"

struct worker {
    struct mysql_reader *r;
    struct q_arena *arena;
    const bool *wanted;
    struct mysqldb *db; /* NULL: not connected yet */
    bool has_session;   /* it is the run's */
    struct mysqldb_scan *scan;
    bool ended;
};

/* What is wrong in the pipeline's own words is a mistake of the pipeline. */
static enum q_code named(const struct mysql_reader *r, enum q_code code, struct q_err *err)
{
    if (code)
        q_context(err, "reading %s", r->rel.object);
    return code;
}

static enum q_code open_worker(void *self, const bool *wanted, void **out, struct q_err *err)
{
    struct mysql_reader *r = self;
    struct q_arena *arena = q_arena_new(NULL, "mysql worker");
    struct worker *w = q_new(arena, struct worker);
    bool *copy = q_alloc_array(arena, r->rel.with_pos.n, sizeof *copy);
    (void)err;
    memcpy(copy, wanted, r->rel.with_pos.n * sizeof *copy);
    *w = (struct worker){.r = r, .arena = arena, .wanted = copy};
    *out = w;
    return Q_OK;
}

/* The run's connection for the first that asks, another one for the others. */
static enum q_code reach(struct worker *w, bool first, struct q_err *err)
{
    struct mysql_reader *r = w->r;
    if (w->db)
        return Q_OK;
    w->has_session = first;
    if (first) {
        w->db = r->session->db;
        return Q_OK;
    }
    return mysqldb_open(w->arena, &r->session->settings, &w->db, err);
}

/* Begin the next range that nobody reads. */
static enum q_code next_range(struct worker *w, struct q_err *err)
{
    struct mysql_reader *r = w->r;
    pthread_mutex_lock(&r->lock);
    size_t i = r->next < r->n_ranges ? r->next++ : r->n_ranges;
    bool first = i < r->n_ranges && !w->db && !r->session_taken;
    r->session_taken |= first;
    pthread_mutex_unlock(&r->lock);
    w->ended = i == r->n_ranges;
    if (w->ended)
        return Q_OK;
    enum q_code code = reach(w, first, err);
    struct mysqldb_scan_spec spec = r->spec;
    spec.sql = r->ranges[i];
    return code ? code : mysqldb_scan_open(w->db, &spec, w->wanted, &w->scan, err);
}

static enum q_code fill(void *worker, struct batch *out, struct q_err *err)
{
    struct worker *w = worker;
    enum q_code code = Q_OK;
    while (!code && !out->rows && !w->ended) {
        if (!w->scan)
            code = next_range(w, err);
        if (!code && w->scan)
            code = mysqldb_scan_fill(w->scan, out, err);
        if (!code && !out->rows) {
            mysqldb_scan_close(w->scan);
            w->scan = NULL;
        }
    }
    return named(w->r, code, err);
}

static void close_worker(void *worker)
{
    struct worker *w = worker;
    mysqldb_scan_close(w->scan);
    if (w->has_session) {
        pthread_mutex_lock(&w->r->lock);
        w->r->session_taken = false;
        pthread_mutex_unlock(&w->r->lock);
    }
    q_arena_free(w->arena);
}

const struct db_source *mysql_rows(struct mysql_reader *r)
{
    r->next = 0;
    return extract_relation_rows(&r->rel, (struct db_source){.max_workers = r->n_ranges,
                                                             .open = open_worker,
                                                             .fill = fill,
                                                             .close = close_worker});
}
