/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "base/embed.h"
#include "base/parse.h"
#include "state/internal.h"

/* Raised when the state tables change in a way that an older program must not write to. */
enum { FORMAT = 1 };

static const char *const creates[] = {
    "state/create_schema.sql",       "state/create_meta.sql",         "state/create_runs.sql",
    "state/create_relations.sql",    "state/create_reasons.sql",      "state/create_files.sql",
    "state/create_rule_results.sql", "state/create_rejects.sql",      "state/create_checksums.sql",
    "state/create_holds.sql",        "state/create_reject_rows.sql",  "state/create_shapes.sql",
    "state/create_reject_edits.sql", "state/create_reject_drops.sql",
};

bool state_exists(struct db_conn *conn)
{
    return db_has_table(conn, "wh", "quern", "runs");
}

enum q_code state_next_run(struct db_conn *conn, int64_t *out, struct q_err *err)
{
    *out = 1;
    if (!state_exists(conn))
        return Q_OK;
    return db_get_ints(conn, q_embed_text("state/next_run.sql"), NULL, 0, out, 1, 1, err);
}

enum q_code state_has_run(struct db_conn *conn, int64_t run_id, bool *out, struct q_err *err)
{
    int64_t n = 0;
    enum q_code code = Q_OK;
    if (state_exists(conn)) {
        struct db_param p[] = {db_int("run_id", run_id)};
        code = db_get_ints(conn, q_embed_text("state/has_run.sql"), p, 1, &n, 1, 0, err);
    }
    *out = n > 0;
    return code;
}

enum q_code state_meta_get(struct db_conn *conn, struct q_arena *arena, const char *key,
                           const char **out, struct q_err *err)
{
    *out = NULL;
    if (!state_exists(conn))
        return Q_OK;
    struct db_param p[] = {db_text("key", key)};
    struct db_result *r;
    enum q_code code = db_query(conn, q_embed_text("state/get_meta.sql"), p, 1, &r, err);
    if (code)
        return code;
    const struct batch *b;
    code = db_next(r, &b, err);
    if (!code && b) {
        struct q_str value = batch_text_at(&b->cols[0], 0);
        *out = q_strndup(arena, value.p, value.n);
    }
    db_close(r);
    return code;
}

enum q_code state_meta_set(struct db_conn *conn, const char *key, const char *value,
                           struct q_err *err)
{
    struct db_param p[] = {db_text("key", key), db_text("value", value)};
    enum q_code code = db_exec(conn, q_embed_text("state/delete_meta.sql"), p, 1, NULL, err);
    return code ? code : db_exec(conn, q_embed_text("state/insert_meta.sql"), p, 2, NULL, err);
}

static enum q_code meta_int(struct db_conn *conn, const char *key, int64_t *out, struct q_err *err)
{
    struct q_arena *scratch = q_arena_new(NULL, "meta");
    const char *text;
    enum q_code code = state_meta_get(conn, scratch, key, &text, err);
    *out = 0;
    if (!code && text)
        code = q_parse_int(text, key, 0, INT64_MAX, out, err);
    q_arena_free(scratch);
    return code;
}

/* 0: the warehouse has none yet. */
static enum q_code read_format(struct db_conn *conn, int64_t *out, struct q_err *err)
{
    enum q_code code = meta_int(conn, "format", out, err);
    if (!code && *out > FORMAT) {
        code =
            q_fail(err, Q_TARGET,
                   "cannot use this warehouse: its format %" PRId64 " is newer than %d, which this "
                   "version knows",
                   *out, (int)FORMAT);
        q_hint(err, "Use the version of quern that wrote it, or a newer one.");
    }
    return code;
}

enum q_code state_check_format(struct db_conn *conn, struct q_err *err)
{
    int64_t format;
    return read_format(conn, &format, err);
}

static enum q_code set_int(struct db_conn *conn, const char *key, int64_t value, struct q_err *err)
{
    struct q_arena *scratch = q_arena_new(NULL, "meta");
    enum q_code code = state_meta_set(conn, key, q_printf(scratch, "%" PRId64, value), err);
    q_arena_free(scratch);
    return code;
}

/* The token of the warehouse is that of its last writer: higher than ours means that ours was overtaken, unless we hold the
 * lock still and its file is a new one. */
static enum q_code check_fence(struct db_conn *conn, struct state_lock *lock, struct q_err *err)
{
    int64_t fence = 0;
    enum q_code code = meta_int(conn, "fence", &fence, err);
    if (!lock)
        return code;
    if (!code && !state_lock_is_ours(lock)) {
        code = q_fail(err, Q_LOCKED,
                      "could not write: another run took the lock over (the last token is %" PRId64
                      ", ours %" PRId64 ")",
                      fence, state_fence(lock));
        q_detail(err, "The lock file was removed or replaced while this run held it.");
    }
    if (!code && fence > state_fence(lock))
        code = state_raise_fence(lock, fence, err);
    return code;
}

/* Tables are made in one transaction, and new ones are added at the end: an earlier version lacks the last. */
bool state_is_current(struct db_conn *conn)
{
    return db_has_table(conn, "wh", "quern", "reject_drops");
}

enum q_code state_make_tables(struct db_conn *conn, struct q_err *err)
{
    enum q_code code = Q_OK;
    bool known = state_is_current(conn);
    for (size_t i = 0; !known && i < sizeof creates / sizeof creates[0] && !code; i++)
        code = db_exec(conn, q_embed_text(creates[i]), NULL, 0, NULL, err);
    return code;
}

enum q_code state_open_for_write(struct db_conn *conn, struct state_lock *lock, struct q_err *err)
{
    enum q_code code = state_make_tables(conn, err);
    int64_t format = 0;
    if (!code)
        code = read_format(conn, &format, err);
    if (!code)
        code = check_fence(conn, lock, err);
    if (!code && format != FORMAT)
        code = set_int(conn, "format", FORMAT, err);
    return code ? code : set_int(conn, "fence", state_fence(lock), err);
}

enum q_code state_insert_run(struct db_conn *conn, const struct state_run *r, struct q_err *err)
{
    struct db_param seconds = {.name = "seconds", .type = Q_TYPE(Q_T_DOUBLE), .d = r->seconds};
    struct db_param p[] = {
        db_int("run_id", r->run_id),
        db_text("pipeline", r->pipeline),
        db_text("target", r->target),
        db_text("status", r->status),
        db_time("started_at", r->started_at),
        db_time("finished_at", r->finished_at),
        db_time("clock", r->clock),
        seconds,
        db_int("read", r->read),
        db_int("loaded", r->loaded),
        db_int("inserted", r->inserted),
        db_int("updated", r->updated),
        db_int("unchanged", r->unchanged),
        db_int("superseded", r->superseded),
        db_int("rejected", r->rejected),
        db_int("skipped", r->skipped),
        db_int("opened", r->opened),
        db_int("closed", r->closed),
        db_int("deleted", r->deleted),
        db_int("exit_code", r->exit_code),
        db_text("plan_hash", r->plan_hash),
        db_int("fence", r->fence),
        db_text("message", r->message),
    };
    return db_exec(conn, q_embed_text("state/insert_run.sql"), p, sizeof p / sizeof p[0], NULL,
                   err);
}
