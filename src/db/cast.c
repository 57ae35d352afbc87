/* SPDX-License-Identifier: Apache-2.0 */
#include "db/cast.h"

#include <pthread.h>

#include "base/embed.h"
#include "base/map.h"
#include "base/str.h"
#include "sql/expr/expr.h"

enum { TEXTS_MAX = 1 << 30 };

struct db_cast db_cast_plain(struct q_arena *arena, struct q_type type)
{
    return (struct db_cast){expr_cast_name(arena, type), {.type = type, .empty_fails = true}};
}

struct db_cast db_cast_lenient(struct q_arena *arena, const struct batch_cast *how)
{
    struct q_buf name;
    q_buf_init(&name, 1 << 16);
    q_buf_adds(&name, expr_cast_name(arena, how->type));
    q_buf_adds(&name, how->round_half_up ? "_round" : "");
    if (how->thousands)
        q_buf_printf(&name, "_by_%02x", (unsigned char)how->thousands);
    for (size_t i = 0; i < how->n_formats; i++)
        q_buf_printf(&name, "_as_%s", how->formats[i]);
    struct db_cast cast = {q_strdup(arena, q_buf_text(&name)), *how};
    q_buf_release(&name);
    cast.how.empty_fails = true;
    return cast;
}

/* Rows as spans of one buffer. A text that does not fit into it stays NULL. */
static void gather(const struct batch_col *texts, size_t rows, struct q_buf *all,
                   struct batch_span *spans)
{
    static const char pad[BATCH_CAST_PAD];
    for (size_t r = 0; r < rows; r++) {
        spans[r] = (struct batch_span){(uint32_t)all->n, 0};
        if (batch_is_null(texts, r))
            continue;
        struct q_str text = batch_text_at(texts, r);
        q_buf_add(all, text.p, text.n);
        if (!all->full)
            spans[r].n = (uint32_t)text.n | BATCH_QUOTED;
    }
    q_buf_add(all, pad, sizeof pad);
}

static void call(void *self, const struct batch *args, struct batch_col *result)
{
    const struct db_cast *cast = self;
    struct batch_span spans[BATCH_ROWS];
    uint64_t fail[BATCH_FAIL_WORDS(BATCH_ROWS)] = {0};
    struct q_buf all;
    q_buf_init(&all, TEXTS_MAX);
    gather(&args->cols[0], args->rows, &all, spans);
    size_t failed =
        batch_cast_column(&cast->how, q_buf_text(&all), spans, args->rows, result, 0, fail);
    for (size_t r = 0; failed && r < args->rows; r++)
        if (fail[r >> 6] >> (r & 63) & 1)
            batch_put_null(result, r);
    q_buf_release(&all);
}

/* The engine keeps pointers to functions for its life, which may be as long as the process. */
static const struct db_function *keep(const struct db_cast *cast)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct q_arena *arena;
    static struct q_map known;
    static const struct q_type text = {.id = Q_T_TEXT};
    pthread_mutex_lock(&lock);
    if (!arena) {
        arena = q_arena_new(NULL, "casts");
        q_map_init(&known, arena);
    }
    struct db_function *f = q_map_get(&known, cast->name);
    if (!f) {
        struct db_cast *own = q_new(arena, struct db_cast);
        *own = *cast;
        own->name = q_strdup(arena, cast->name);
        const char **formats = q_alloc_array(arena, cast->how.n_formats + 1, sizeof *formats);
        for (size_t i = 0; i < cast->how.n_formats; i++)
            formats[i] = q_strdup(arena, cast->how.formats[i]);
        own->how.formats = cast->how.n_formats ? formats : NULL;
        f = q_new(arena, struct db_function);
        *f = (struct db_function){.name = own->name,
                                  .args = &text,
                                  .n_args = 1,
                                  .result = cast->how.type,
                                  .self = own,
                                  .call = call};
        q_map_put(&known, own->name, f);
    }
    pthread_mutex_unlock(&lock);
    return f;
}

/* In a transaction of its own: behind a stream that was not read to its end the engine would register into that
 * stream's transaction, which is rolled back. */
static enum q_code add_one(struct db_conn *conn, const struct db_cast *cast, struct q_err *err)
{
    enum q_code code = db_begin(conn, err);
    if (code)
        return code;
    code = db_add_function(conn, keep(cast), err);
    if (!code)
        return db_commit(conn, err);
    db_rollback(conn);
    return code;
}

enum q_code db_add_casts(struct db_conn *conn, const struct db_cast *casts, size_t n,
                         struct q_err *err)
{
    enum q_code code = Q_OK;
    for (size_t i = 0; !code && i < n; i++) {
        int64_t there;
        struct db_param name = db_text("name", casts[i].name);
        code = db_get_ints(conn, q_embed_text("db/find_function.sql"), &name, 1, &there, 1, 0, err);
        if (!code && !there)
            code = add_one(conn, &casts[i], err);
    }
    return code;
}
