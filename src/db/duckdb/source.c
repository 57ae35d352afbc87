/* SPDX-License-Identifier: Apache-2.0 */
/* Sources as table functions of the engine. */

#include "db/duckdb/internal.h"

struct source_slot {
    struct source_slot *next;
    struct db *db;
    const struct db_source *source;
    struct q_err err; /* the first failure of a worker, under db->lock */
};

/* One worker of one scan. */
struct worker {
    struct source_slot *slot;
    void *self;
    struct q_arena *arena;
    idx_t *vectors; /* batch column k is filled into this vector of the output */
    struct q_type *types;
    struct batch batch;
};

static void keep_error(struct source_slot *slot, const struct q_err *err)
{
    pthread_mutex_lock(&slot->db->lock);
    if (!slot->err.code)
        slot->err = *err;
    pthread_mutex_unlock(&slot->db->lock);
}

enum q_code engine_source_error(struct db *db, const char *message, struct q_err *err)
{
    enum q_code code = Q_OK;
    pthread_mutex_lock(&db->lock);
    for (struct source_slot *s = db->sources; s && !code; s = s->next) {
        if (!s->err.code || !message || !strstr(message, s->err.message))
            continue;
        code = s->err.code;
        if (err)
            *err = s->err;
        s->err.code = Q_OK;
    }
    pthread_mutex_unlock(&db->lock);
    return code;
}

static void bind_source(duckdb_bind_info info)
{
    struct source_slot *slot = duckdb_bind_get_extra_info(info);
    const struct q_schema *schema = slot->source->schema;
    for (size_t i = 0; i < schema->n; i++) {
        duckdb_logical_type type = engine_logical(schema->v[i].type);
        duckdb_bind_add_result_column(info, schema->v[i].name, type);
        duckdb_destroy_logical_type(&type);
    }
    if (slot->source->estimated_rows >= 0)
        duckdb_bind_set_cardinality(info, (idx_t)slot->source->estimated_rows, false);
}

static void init_scan(duckdb_init_info info)
{
    struct source_slot *slot = duckdb_init_get_extra_info(info);
    pthread_mutex_lock(&slot->db->lock);
    slot->err.code = Q_OK; /* of a scan that nobody asked about */
    pthread_mutex_unlock(&slot->db->lock);
    duckdb_init_set_max_threads(info, slot->source->max_workers);
}

static void close_worker(void *arg)
{
    struct worker *w = arg;
    if (w->self)
        w->slot->source->close(w->self);
    q_arena_free(w->arena);
}

/* Which schema columns the query wants, and where each goes in the output. */
static const bool *map_columns(duckdb_init_info info, struct worker *w)
{
    const struct q_schema *schema = w->slot->source->schema;
    idx_t n = duckdb_init_get_column_count(info);
    bool *wanted = q_alloc_array(w->arena, schema->n + 1, sizeof *wanted);
    idx_t *place = q_alloc_array(w->arena, schema->n + 1, sizeof *place);
    for (idx_t i = 0; i < n; i++) {
        idx_t column = duckdb_init_get_column_index(info, i);
        if (column < schema->n) { /* beyond: the engine's own row marker for count(*) */
            wanted[column] = true;
            place[column] = i;
        }
    }
    w->vectors = q_alloc_array(w->arena, schema->n + 1, sizeof *w->vectors);
    w->types = q_alloc_array(w->arena, schema->n + 1, sizeof *w->types);
    w->batch.cols = q_alloc_array(w->arena, schema->n + 1, sizeof *w->batch.cols);
    for (size_t c = 0; c < schema->n; c++)
        if (wanted[c]) {
            w->vectors[w->batch.n_cols] = place[c];
            w->types[w->batch.n_cols++] = schema->v[c].type;
        }
    return wanted;
}

static void init_worker(duckdb_init_info info)
{
    struct source_slot *slot = duckdb_init_get_extra_info(info);
    struct q_arena *arena = q_arena_new(NULL, "worker");
    struct worker *w = q_new(arena, struct worker);
    w->slot = slot;
    w->arena = arena;
    const bool *wanted = map_columns(info, w);
    struct q_err err = {0};
    if (slot->source->open(slot->source->self, wanted, &w->self, &err)) {
        keep_error(slot, &err);
        duckdb_init_set_error(info, err.message);
        w->self = NULL;
        close_worker(w);
        return;
    }
    duckdb_init_set_init_data(info, w, close_worker);
}

static void fill(duckdb_function_info info, duckdb_data_chunk output)
{
    struct worker *w = duckdb_function_get_local_init_data(info);
    struct q_err err = {0};
    w->batch.rows = 0;
    for (size_t k = 0; k < w->batch.n_cols; k++)
        engine_column(&w->batch.cols[k], duckdb_data_chunk_get_vector(output, w->vectors[k]),
                      w->types[k]);
    if (w->slot->source->fill(w->self, &w->batch, &err)) {
        keep_error(w->slot, &err);
        duckdb_function_set_error(info, err.message);
        return;
    }
    duckdb_data_chunk_set_size(output, w->batch.rows);
}

enum q_code db_add_source(struct db_conn *conn, const struct db_source *source, struct q_err *err)
{
    struct db *db = conn->db;
    pthread_mutex_lock(&db->lock); /* connections of several threads share the arena */
    struct source_slot *slot = q_new(db->arena, struct source_slot);
    pthread_mutex_unlock(&db->lock);
    slot->db = db;
    slot->source = source;
    engine_settle(conn);
    duckdb_table_function f = duckdb_create_table_function();
    duckdb_table_function_set_name(f, source->name);
    duckdb_table_function_set_extra_info(f, slot, NULL);
    duckdb_table_function_set_bind(f, bind_source);
    duckdb_table_function_set_init(f, init_scan);
    duckdb_table_function_set_local_init(f, init_worker);
    duckdb_table_function_set_function(f, fill);
    duckdb_table_function_supports_projection_pushdown(f, true);
    duckdb_state state = duckdb_register_table_function(conn->handle, f);
    duckdb_destroy_table_function(&f);
    if (state == DuckDBError)
        return q_fail(err, Q_INTERNAL, "could not register the source \"%s\"", source->name);
    pthread_mutex_lock(&db->lock);
    slot->next = db->sources;
    db->sources = slot;
    pthread_mutex_unlock(&db->lock);
    return Q_OK;
}
