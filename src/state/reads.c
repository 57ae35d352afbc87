/* SPDX-License-Identifier: Apache-2.0 */
#include "state/reads.h"

#include "base/embed.h"
#include "state/state.h"

struct reader {
    struct q_arena *arena;
    struct state_reads *out;
};

static struct state_read *find(const struct state_reads *reads, const char *pipeline,
                               const char *source)
{
    for (size_t i = 0; i < reads->n; i++)
        if (q_streq(reads->v[i].pipeline, pipeline) && q_streq(reads->v[i].source, source))
            return &reads->v[i];
    return NULL;
}

/* The source of a row: its first four columns are the same in both tables. */
static enum q_code source_of(struct reader *r, const struct batch *b, size_t row, bool newest_wins,
                             struct state_read **out, struct q_err *err)
{
    const char *pipeline = db_cell_text(r->arena, b, 0, row),
               *source = db_cell_text(r->arena, b, 1, row),
               *cursor = db_cell_text(r->arena, b, 2, row);
    struct q_type type;
    enum q_code code = q_type_parse(db_cell_text(r->arena, b, 3, row), &type, err);
    if (code)
        return code;
    *out = find(r->out, pipeline, source);
    if (*out && !newest_wins &&
        !(q_strcaseeq((*out)->cursor, cursor) && q_type_eq((*out)->type, type)))
        return q_fail(err, Q_TARGET,
                      "the intervals of %s.%s are of another column than its watermark", pipeline,
                      source);
    if (!*out) {
        *out = q_vec_push(r->arena, r->out);
        **out = (struct state_read){.pipeline = pipeline, .source = source};
    }
    (*out)->cursor = cursor;
    (*out)->type = type;
    return Q_OK;
}

static enum q_code take_watermark(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct reader *r = arg;
    struct state_read *read;
    enum q_code code = source_of(r, b, row, true, &read, err);
    if (!code)
        code = cursor_parse(r->arena, read->type, db_cell_text(r->arena, b, 4, row),
                            &read->watermark, err);
    if (code)
        return code;
    read->has_watermark = true;
    read->run_id = db_cell_int(b, 5, row, 0);
    return Q_OK;
}

static enum q_code take_interval(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct reader *r = arg;
    struct state_read *read;
    enum q_code code = source_of(r, b, row, false, &read, err);
    if (code)
        return code;
    struct state_interval *x = q_vec_push(r->arena, &read->intervals);
    x->run_id = db_cell_int(b, 6, row, 0);
    read->run_id = x->run_id > read->run_id ? x->run_id : read->run_id;
    code = cursor_parse(r->arena, read->type, db_cell_text(r->arena, b, 4, row), &x->at.lo, err);
    return code ? code
                : cursor_parse(r->arena, read->type, db_cell_text(r->arena, b, 5, row), &x->at.hi,
                               err);
}

static bool has_tables(struct db_conn *conn)
{
    return db_has_table(conn, "wh", "quern", "watermarks");
}

enum q_code state_reads_get(struct db_conn *conn, struct q_arena *arena, const char *pipeline,
                            const char *source, struct state_reads *out, struct q_err *err)
{
    struct reader r = {arena, out};
    struct db_param p[] = {db_text("pipeline", pipeline), db_text("source", source)};
    *out = (struct state_reads){0};
    if (!has_tables(conn))
        return Q_OK;
    enum q_code code =
        db_each(conn, q_embed_text("state/list_watermarks.sql"), p, 2, take_watermark, &r, err);
    return code ? code
                : db_each(conn, q_embed_text("state/list_intervals.sql"), p, 2, take_interval, &r,
                          err);
}

void state_read_merged(struct q_arena *arena, const struct state_read *read, cursor_intervals *out)
{
    *out = (cursor_intervals){0};
    for (size_t i = 0; i < read->intervals.n; i++)
        *q_vec_push(arena, out) = read->intervals.v[i].at;
    cursor_merge(out);
}

bool state_read_begin(const struct state_read *read, struct db_param *out)
{
    for (size_t i = 0; i < read->intervals.n; i++)
        if (!i || cursor_compare(&read->intervals.v[i].at.lo, out) < 0)
            *out = read->intervals.v[i].at.lo;
    return read->intervals.n > 0;
}

static enum q_code put_interval(struct db_conn *conn, struct q_arena *arena,
                                const struct state_read *read, int64_t run_id,
                                const struct db_param *lo, const struct db_param *hi,
                                struct q_err *err)
{
    char type[Q_TYPE_TEXT];
    struct db_param p[] = {db_int("run_id", run_id),
                           db_text("pipeline", read->pipeline),
                           db_text("source", read->source),
                           db_text("cursor_column", read->cursor),
                           db_text("type", q_type_text(read->type, type)),
                           db_text("lo", cursor_text(arena, lo)),
                           db_text("hi", cursor_text(arena, hi))};
    return db_exec(conn, q_embed_text("state/put_interval.sql"), p, sizeof p / sizeof *p, NULL,
                   err);
}

/* The parts before the hole and behind it. The first stays as an empty one when nothing is left of it: it says where
 * reading began. */
static enum q_code cut_one(struct db_conn *conn, struct q_arena *arena,
                           const struct state_read *read, const struct state_interval *x,
                           const struct cursor_interval *hole, struct q_err *err)
{
    const struct db_param *end = cursor_compare(&x->at.lo, &hole->lo) < 0 ? &hole->lo : &x->at.lo;
    struct db_param p[] = {db_text("pipeline", read->pipeline), db_text("source", read->source),
                           db_int("run_id", x->run_id),
                           db_text("lo", cursor_text(arena, &x->at.lo)),
                           db_text("hi", cursor_text(arena, &x->at.hi))};
    enum q_code code = db_exec(conn, q_embed_text("state/cut_interval.sql"), p, 5, NULL, err);
    if (!code)
        code = put_interval(conn, arena, read, x->run_id, &x->at.lo, end, err);
    if (!code && cursor_compare(&hole->hi, &x->at.hi) < 0)
        code = put_interval(conn, arena, read, x->run_id, &hole->hi, &x->at.hi, err);
    return code;
}

enum q_code state_intervals_cut(struct db_conn *conn, struct q_arena *arena,
                                const struct state_read *read, const struct cursor_interval *hole,
                                int64_t *changed, struct q_err *err)
{
    enum q_code code = Q_OK;
    *changed = 0;
    for (size_t i = 0; i < read->intervals.n && !code; i++) {
        const struct state_interval *x = &read->intervals.v[i];
        bool apart =
            cursor_compare(&x->at.lo, &hole->hi) >= 0 || cursor_compare(&x->at.hi, &hole->lo) <= 0;
        if (apart || cursor_compare(&x->at.lo, &x->at.hi) >= 0)
            continue;
        code = cut_one(conn, arena, read, x, hole, err);
        ++*changed;
    }
    return code;
}

/* ---- undo ---- */

struct undone { /* a source that later runs went on with */
    const char *pipeline, *source;
    struct cursor_interval end; /* the value at which the run ended, alone */
};
struct undone_list {
    struct q_arena *arena;
    Q_VEC(struct undone) list;
};

static enum q_code take_undone(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct undone_list *u = arg;
    struct undone *x = q_vec_push(u->arena, &u->list);
    const char *value = db_cell_text(u->arena, b, 3, row);
    struct q_type type;
    x->pipeline = db_cell_text(u->arena, b, 0, row);
    x->source = db_cell_text(u->arena, b, 1, row);
    enum q_code code = q_type_parse(db_cell_text(u->arena, b, 2, row), &type, err);
    if (!code)
        code = cursor_parse(u->arena, type, value, &x->end.lo, err);
    if (!code && !cursor_next(&x->end.lo, &x->end.hi))
        x->end.hi =
            type.id == Q_T_TEXT ? db_text(NULL, q_printf(u->arena, "%s\x01", value)) : x->end.lo;
    return code;
}

/* Rows at the value where the run ended were its own, and the run behind it read them again without effect. */
static enum q_code cut_ends(struct db_conn *conn, const struct undone_list *u, struct q_err *err)
{
    enum q_code code = Q_OK;
    for (size_t i = 0; i < u->list.n && !code; i++) {
        const struct undone *x = &u->list.v[i];
        struct state_reads reads;
        int64_t cut;
        code = state_reads_get(conn, u->arena, x->pipeline, x->source, &reads, err);
        if (!code && reads.n && reads.v[0].type.id == x->end.lo.type.id)
            code = state_intervals_cut(conn, u->arena, &reads.v[0], &x->end, &cut, err);
    }
    return code;
}

enum q_code state_restore_intervals(struct db_conn *conn, int64_t run_id, struct q_err *err)
{
    static const char *const parts[] = {"state/undo_marks.sql", "state/undo_watermarks.sql",
                                        "state/undo_intervals.sql", "state/undo_replaced.sql"};
    struct db_param p[] = {db_int("run_id", run_id)};
    if (!has_tables(conn))
        return Q_OK;
    struct undone_list undone = {.arena = q_arena_new(NULL, "undo")};
    enum q_code code =
        db_each(conn, q_embed_text("state/list_undone.sql"), p, 1, take_undone, &undone, err);
    for (size_t i = 0; i < sizeof parts / sizeof *parts && !code; i++)
        code = db_exec(conn, q_embed_text(parts[i]), p, 1, NULL, err);
    if (!code)
        code = cut_ends(conn, &undone, err);
    q_arena_free(undone.arena);
    return code;
}
