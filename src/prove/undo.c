/* SPDX-License-Identifier: Apache-2.0 */
#include "prove/undo.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/embed.h"
#include "base/parse.h"
#include "state/reads.h"
#include "state/state.h"

#define WH "\"wh\".\"main\""

enum { SHOWN_CONFLICTS = 10 };

struct undo {
    struct run_session *s;
    struct q_arena *arena;
    struct db_conn *db;
    const struct model_table *target;
    const char *before; /* "wh.quern.before_x" */
    int64_t run_id;
    struct state_found found;
    struct q_map columns; /* "table" and "table.column" of the warehouse */
    struct undo_result *out;
};

static enum q_code exec(struct undo *u, const char *sql, int64_t *changed, struct q_err *err)
{
    return db_exec(u->db, sql, NULL, 0, changed, err);
}

/* ---- may it be undone? ---- */

static enum q_code refuse(struct undo *u, struct q_err *err, const char *why)
{
    return q_fail(err, Q_FAILED, "cannot undo run %" PRId64 ": %s", u->run_id, why);
}

static enum q_code check_status(struct undo *u, struct q_err *err)
{
    enum q_code code;
    if (q_streq(u->found.plan_hash ? u->found.plan_hash : "", "undo")) {
        code = refuse(u, err, "it is an undo itself");
        q_hint(err, "Run the pipeline again: it gives the same rows.");
        return code;
    }
    if (u->found.status == STATE_UNDONE)
        return refuse(u, err, "it was undone already");
    if (u->found.status != STATE_PUBLISHED)
        return refuse(u, err,
                      q_printf(u->arena,
                               "it is %s, so it changed nothing and there is nothing to undo",
                               state_status_name(u->found.status)));
    return Q_OK;
}

static enum q_code check_kept(struct undo *u, struct q_err *err)
{
    const char *text = NULL;
    int64_t pruned = 0;
    enum q_code code = state_meta_get(u->db, u->arena, STATE_UNDO_PRUNED, &text, err);
    if (!code && text)
        code = q_parse_int(text, STATE_UNDO_PRUNED, 0, INT64_MAX, &pruned, err);
    if (code || u->run_id > pruned)
        return code;
    code = refuse(u, err, "what it changed is not kept any more");
    q_hint(
        err,
        "`defaults: undo: { days: ..., size: ... }` in quern.yaml says how long and how much is kept.");
    return code;
}

static enum q_code find_target(struct undo *u, struct q_err *err)
{
    u->target = model_find(u->s->model, u->found.target ? u->found.target : "");
    if (!u->target)
        return refuse(u, err,
                      q_printf(u->arena, "its target \"%s\" is not in the model any more",
                               u->found.target ? u->found.target : "?"));
    u->before = sql_make(u->arena, "wh.quern.%I", model_before(u->arena, u->target));
    return Q_OK;
}

static const char *column_key(struct undo *u, const char *table, const char *column)
{
    char *key = q_printf(u->arena, "%s.%s", table, column);
    for (char *p = key; *p; p++)
        *p = (char)(*p >= 'A' && *p <= 'Z' ? *p + ('a' - 'A') : *p);
    return key;
}

/* What the model got since the last run is not in the warehouse yet. */
static bool has_column(struct undo *u, const struct model_table *t, const char *column)
{
    return q_map_has(&u->columns, column_key(u, t->stored, column));
}

static enum q_code take_column(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct undo *u = arg;
    (void)err;
    q_map_put(&u->columns,
              column_key(u, db_cell_text(u->arena, b, 0, row), db_cell_text(u->arena, b, 1, row)),
              u);
    return Q_OK;
}

/* ---- conflicts ---- */

static void add_keys(struct sql *q, const struct model_table *t, const char *alias)
{
    for (size_t i = 0; i < t->n_keys; i++)
        sql_add(q, "%s%I.%I", i ? ", " : "", alias, t->keys[i]);
}

static void add_key_match(struct sql *q, const struct model_table *t, const char *a, const char *b)
{
    for (size_t i = 0; i < t->n_keys; i++)
        sql_add(q, "%s%I.%I IS NOT DISTINCT FROM %I.%I", i ? " AND " : "", a, t->keys[i], b,
                t->keys[i]);
}

/* Keys that the run touched, and what later runs did to them: by their before-images, and by rows that they wrote. */
static const char *conflicts_sql(struct undo *u)
{
    const struct model_table *t = u->target;
    struct sql *q = sql_new(u->arena), *k = sql_new(u->arena);
    add_keys(k, t, "x");
    const char *keys = sql_text(k);
    sql_add(
        q,
        "WITH touched AS (SELECT %s FROM %s AS x WHERE _q_undo_run = %d OR (_q_undo_run > %d AND _q_run = %d) UNION "
        "SELECT %s FROM " WH
        ".%I AS x WHERE _q_run = %d), later AS (SELECT %s, _q_undo_run AS run FROM %s AS x "
        "WHERE _q_undo_run > %d UNION SELECT %s, _q_run FROM " WH
        ".%I AS x WHERE _q_run > %d), both_of AS (SELECT "
        "x.* FROM later AS x SEMI JOIN touched AS y ON ",
        keys, u->before, u->run_id, u->run_id, u->run_id, keys, t->stored, u->run_id, keys,
        u->before, u->run_id, keys, t->stored, u->run_id);
    add_key_match(q, t, "x", "y");
    sql_add(q, "), keyed AS (SELECT to_json(struct_pack(");
    for (size_t i = 0; i < t->n_keys; i++)
        sql_add(q, "%s%I := CAST(x.%I AS VARCHAR)", i ? ", " : "", t->keys[i], t->keys[i]);
    sql_add(
        q,
        "))::VARCHAR AS key, run FROM both_of AS x) SELECT k.key, k.run, coalesce(r.pipeline, '?'), (SELECT "
        "count(DISTINCT key) FROM keyed) FROM keyed AS k LEFT JOIN wh.quern.runs AS r ON r.run_id = k.run ORDER "
        "BY k.run, k.key LIMIT %d",
        (int64_t)SHOWN_CONFLICTS);
    return sql_text(q);
}

struct conflicts {
    struct undo *u;
    struct q_buf text;
    int64_t keys;
};

static enum q_code take_conflict(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct conflicts *c = arg;
    (void)err;
    c->keys = db_cell_int(b, 3, row, 0);
    q_buf_printf(&c->text, "%s%s by run %" PRId64 " (%s)", c->text.n ? ", " : "",
                 db_cell_text(c->u->arena, b, 0, row), db_cell_int(b, 1, row, 0),
                 db_cell_text(c->u->arena, b, 2, row));
    return Q_OK;
}

static enum q_code check_conflicts(struct undo *u, struct q_err *err)
{
    struct conflicts *c = q_new(u->arena, struct conflicts); /* the arena releases the buffer */
    c->u = u;
    q_buf_init_in(&c->text, u->arena, 1 << 20);
    enum q_code code = db_each(u->db, conflicts_sql(u), NULL, 0, take_conflict, c, err);
    if (code || !c->keys)
        return code;
    code =
        refuse(u, err, q_printf(u->arena, "later runs touched %" PRId64 " of its keys", c->keys));
    q_detail(err, "%s%s", q_buf_text(&c->text), c->keys > SHOWN_CONFLICTS ? ", and more" : "");
    q_hint(err, "Undo the later runs first, newest first.");
    return code;
}

/* Rows of facts must not be left with the key of a member that goes. `gone` is a table of keys `k`. */
static enum q_code check_references(struct undo *u, const struct model_table *dim, const char *gone,
                                    struct q_err *err)
{
    const struct model *m = u->s->model;
    enum q_code code = Q_OK;
    for (size_t i = 0; i < m->n && !code; i++)
        for (size_t k = 0; k < m->tables[i].roles.n && !code; k++) {
            const struct model_role *role = &m->tables[i].roles.v[k];
            int64_t n[2] = {0, 0};
            if (role->dimension != dim || !has_column(u, &m->tables[i], role->key_column))
                continue;
            code = db_get_ints(u->db,
                               sql_make(u->arena,
                                        "SELECT count(*), min(f._q_run) FROM " WH
                                        ".%I AS f SEMI JOIN %I AS g ON g.k = f.%I",
                                        m->tables[i].stored, gone, role->key_column),
                               NULL, 0, n, 2, 0, err);
            if (code || !n[0])
                continue;
            code = refuse(u, err,
                          q_printf(u->arena,
                                   "%" PRId64
                                   " rows of \"%s\" refer to members of \"%s\" that would go",
                                   n[0], m->tables[i].name, dim->name));
            q_detail(err, "The first of them were written by run %" PRId64 ".", n[1]);
            q_hint(err, "Undo the runs of \"%s\" first, newest first.", m->tables[i].name);
        }
    return code;
}

/* ---- the rows ---- */

/* What identifies a stored row: the surrogate key, or the grain. */
static void add_identity(struct sql *q, const struct model_table *t, const char *alias)
{
    if (t->is_fact)
        add_keys(q, t, alias);
    else
        sql_add(q, "%I.%I AS k", alias, t->key);
}

static void add_identity_match(struct sql *q, const struct model_table *t, const char *row,
                               const char *own)
{
    if (t->is_fact)
        add_key_match(q, t, row, own);
    else
        sql_add(q, "%I.%I = %I.k", row, t->key, own);
}

/* u_own: rows that the run inserted; u_old: rows that it changed or removed. */
static enum q_code collect(struct undo *u, struct q_err *err)
{
    const struct model_table *t = u->target;
    struct sql *old = sql_new(u->arena), *own = sql_new(u->arena);
    sql_add(old, "CREATE TEMP TABLE u_old AS SELECT ");
    add_identity(old, t, "x");
    sql_add(old, " FROM %s AS x WHERE _q_undo_run = %d", u->before, u->run_id);
    sql_add(own, "CREATE TEMP TABLE u_own AS SELECT ");
    add_identity(own, t, "x");
    sql_add(own, " FROM " WH ".%I AS x ANTI JOIN u_old AS o ON ", t->stored);
    add_identity_match(own, t, "x", "o");
    sql_add(own, " WHERE x._q_run = %d", u->run_id);
    enum q_code code = exec(u, sql_text(old), NULL, err);
    return code ? code : exec(u, sql_text(own), NULL, err);
}

static enum q_code delete_rows(struct undo *u, const char *which, int64_t *n, struct q_err *err)
{
    struct sql *q = sql_new(u->arena);
    sql_add(q, "DELETE FROM " WH ".%I AS t USING %I AS o WHERE ", u->target->stored, which);
    add_identity_match(q, u->target, "t", "o");
    return exec(u, sql_text(q), n, err);
}

static enum q_code restore(struct undo *u, struct q_err *err)
{
    const struct model_table *t = u->target;
    enum q_code code = delete_rows(u, "u_own", &u->out->removed, err);
    if (!code)
        code = delete_rows(u, "u_old", NULL, err);
    if (!code)
        code = exec(
            u,
            sql_make(u->arena,
                     "INSERT INTO " WH
                     ".%I BY NAME SELECT * EXCLUDE (_q_undo_run) FROM %s WHERE _q_undo_run = %d",
                     t->stored, u->before, u->run_id),
            &u->out->restored, err);
    if (!code && !t->is_fact)
        code = check_references(u, t, "u_own", err);
    return code ? code
                : exec(u,
                       sql_make(u->arena, "DELETE FROM %s WHERE _q_undo_run = %d", u->before,
                                u->run_id),
                       NULL, err);
}

/* Members that the run inferred and that are still nothing else. */
static enum q_code remove_members(struct undo *u, const struct model_table *dim, struct q_err *err)
{
    int64_t n = 0;
    enum q_code code =
        exec(u,
             sql_make(u->arena,
                      "CREATE OR REPLACE TEMP TABLE u_members AS SELECT %I AS k FROM " WH
                      ".%I WHERE inferred AND _q_run = %d",
                      dim->key, dim->stored, u->run_id),
             NULL, err);
    if (!code)
        code =
            exec(u,
                 sql_make(u->arena, "DELETE FROM " WH ".%I WHERE %I IN (SELECT k FROM u_members)",
                          dim->stored, dim->key),
                 &n, err);
    u->out->members += n;
    return code || !n ? code : check_references(u, dim, "u_members", err);
}

static enum q_code remove_all_members(struct undo *u, struct q_err *err)
{
    enum q_code code = Q_OK;
    for (size_t i = 0; i < u->s->model->n && !code; i++) {
        const struct model_table *t = &u->s->model->tables[i];
        if (t->can_infer && t != u->target && has_column(u, t, "inferred"))
            code = remove_members(u, t, err);
    }
    return code;
}

/* ---- the checksum of closed versions ---- */

/* The stored table with all columns of the model; the hash leaves NULLs out. */
static const char *whole_table(struct undo *u)
{
    const struct model_table *t = u->target;
    struct sql *q = sql_new(u->arena);
    sql_add(q, "(SELECT *");
    for (size_t i = 0; i < t->columns.n; i++)
        if (!has_column(u, t, t->columns.v[i].name))
            sql_add(q, ", NULL AS %I", t->columns.v[i].name);
    sql_add(q, " FROM " WH ".%I)", t->stored);
    return sql_text(q);
}

/* Adds (`sign` 1) or takes away (-1) the closed versions among the rows of u_old and u_own. */
static enum q_code carry_checksum(struct undo *u, int64_t sign, struct q_err *err)
{
    const struct model_table *t = u->target;
    if (!t->has_history)
        return Q_OK;
    return exec(
        u,
        sql_make(
            u->arena,
            "UPDATE wh.quern.checksums SET closed_rows = closed_rows + %d * s.n, checksum = "
            "CAST(CAST(checksum AS HUGEINT) + %d * s.sum AS VARCHAR) FROM (SELECT count(*) AS n, "
            "coalesce(sum(%s::HUGEINT), 0) AS sum FROM %s AS t WHERE NOT is_current AND %I IN (SELECT k FROM u_old UNION SELECT k FROM u_own)) AS s WHERE "
            "table_name = %L",
            sign, sign, model_closed_hash(u->arena, t), whole_table(u), t->key, t->stored),
        NULL, err);
}

/* ---- the record ---- */

static enum q_code record(struct undo *u, struct q_err *err)
{
    struct db_param p[] = {db_int("run_id", u->run_id)};
    struct state_run run = {
        .run_id = u->out->run_id,
        .started_at = q_now(),
        .finished_at = q_now(),
        .clock = q_now(),
        .fence = state_fence(u->s->lock),
        .pipeline = u->out->pipeline,
        .target = u->out->target,
        .status = state_status_name(STATE_PUBLISHED),
        .plan_hash = "undo",
        .message = q_printf(u->arena, "undid run %" PRId64, u->run_id),
        .updated = u->out->restored,
        .deleted = u->out->removed,
    };
    enum q_code code =
        state_change_run(u->db, u->run_id, STATE_PUBLISHED, STATE_UNDONE,
                         q_printf(u->arena, "undone by run %" PRId64, u->out->run_id), err);
    if (!code)
        code = state_restore_intervals(u->db, u->run_id, err);
    if (!code)
        code = db_exec(u->db, q_embed_text("state/undo_rejects.sql"), p, 1, NULL, err);
    if (!code)
        code = db_exec(u->db, q_embed_text("state/reopen_rejects.sql"), p, 1, NULL, err);
    return code ? code : state_insert_run(u->db, &run, err);
}

static enum q_code drop_temporary(struct undo *u, struct q_err *err)
{
    static const char *const tables[] = {"u_members", "u_own", "u_old"};
    enum q_code code = Q_OK;
    for (size_t i = 0; i < sizeof tables / sizeof *tables && !code; i++)
        code = exec(u, sql_make(u->arena, "DROP TABLE IF EXISTS %I", tables[i]), NULL, err);
    return code;
}

static enum q_code change(void *arg, int64_t run_id, struct q_err *err)
{
    struct undo *u = arg;
    u->out->run_id = run_id;
    enum q_code code = check_conflicts(u, err);
    if (!code)
        code = collect(u, err);
    if (!code)
        code = carry_checksum(u, -1, err);
    if (!code)
        code = restore(u, err);
    if (!code)
        code = carry_checksum(u, 1, err);
    if (!code)
        code = remove_all_members(u, err);
    if (!code)
        code = record(u, err);
    return code ? code : drop_temporary(u, err);
}

enum q_code undo_run(struct run_session *s, int64_t run_id, bool dry, struct undo_result *out,
                     struct q_err *err)
{
    struct undo u = {
        .s = s, .arena = q_arena_new(s->arena, "undo"), .db = s->db, .run_id = run_id, .out = out};
    *out = (struct undo_result){.undone = run_id};
    enum q_code code = s->attached ? Q_OK : run_attach(s, err);
    if (!code)
        code = state_find_run(s->db, u.arena, run_id, &u.found, err);
    if (!code)
        code = check_status(&u, err);
    if (!code)
        code = check_kept(&u, err);
    if (!code)
        code = find_target(&u, err);
    q_map_init(&u.columns, u.arena);
    if (!code)
        code =
            db_each(s->db, q_embed_text("prove/table_columns.sql"), NULL, 0, take_column, &u, err);
    if (code)
        return code;
    out->pipeline = u.found.pipeline;
    out->target = u.found.target;
    return run_transaction(s, !dry, change, &u, err);
}
