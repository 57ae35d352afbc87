/* SPDX-License-Identifier: Apache-2.0 */
/* What a test expects, against what a run did. */
#include <inttypes.h>

#include "base/embed.h"
#include "prove/internal.h"
#include "sql/build.h"

/* ---- the run ---- */

static void check_outcome(struct proving *t, const struct cfg_expect *e,
                          const struct run_result *result, const struct q_err *failed)
{
    int exit = failed->code ? q_code_exit(failed->code) : result->exit_code;
    const char *message = failed->code ? failed->message : result->message;
    const char *said = message ? q_printf(t->arena, ": %s", message) : "";
    if (e->status.s && !q_streq(e->status.s, result->status))
        prove_fail(t, e->status.pos, "status: expected %s, found %s%s", e->status.s, result->status,
                   said);
    if (e->exit_pos.file && exit != (int)e->exit)
        prove_fail(t, e->exit_pos, "exit: expected %" PRId64 ", found %d%s", e->exit, exit, said);
    if (e->error.s && !message)
        prove_fail(t, e->error.pos, "error: expected \"%s\", found none", e->error.s);
    else if (e->error.s && !strstr(message, e->error.s))
        prove_fail(t, e->error.pos, "error: expected \"%s\", found \"%s\"", e->error.s, message);
}

static int64_t count_of(const struct run_result *r, const char *name)
{
    const struct {
        const char *name;
        int64_t n;
    } all[] = {
        {"read", r->read},           {"loaded", r->loaded},         {"rejected", r->rejected},
        {"skipped", r->skipped},     {"inserted", r->inserted},     {"updated", r->updated},
        {"unchanged", r->unchanged}, {"superseded", r->superseded}, {"opened", r->opened},
        {"closed", r->closed},       {"deleted", r->deleted},       {"spliced", r->spliced},
        {"corrected", r->corrected}, {"inferred", r->inferred},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (q_streq(all[i].name, name))
            return all[i].n;
    return -1;
}

static void check_counts(struct proving *t, const struct cfg_expect *e,
                         const struct run_result *result)
{
    for (size_t i = 0; i < e->counts.n; i++) {
        const struct cfg_test_number *c = &e->counts.v[i];
        int64_t found = count_of(result, c->name.s);
        if (found != c->n)
            prove_fail(t, c->name.pos, "%s: expected %" PRId64 ", found %" PRId64, c->name.s, c->n,
                       found);
    }
}

/* ---- rejects ---- */

static int64_t rejected(const struct run_result *result, const char *reason)
{
    int64_t n = 0;
    for (size_t i = 0; i < result->reasons.n; i++)
        if (q_streq(result->reasons.v[i].kind, "rejected") &&
            q_streq(result->reasons.v[i].reason, reason))
            n += result->reasons.v[i].records;
    return n;
}

static void check_reasons(struct proving *t, const struct cfg_expect *e,
                          const struct run_result *result)
{
    for (size_t i = 0; i < e->reject_counts.n; i++) {
        const struct cfg_test_number *c = &e->reject_counts.v[i];
        int64_t found = rejected(result, c->name.s);
        if (found != c->n)
            prove_fail(t, c->name.pos, "rejected as %s: expected %" PRId64 ", found %" PRId64,
                       c->name.s, c->n, found);
    }
    for (size_t i = 0; i < result->reasons.n; i++) {
        const struct run_reason *r = &result->reasons.v[i];
        bool named = !q_streq(r->kind, "rejected");
        for (size_t k = 0; k < e->reject_counts.n; k++)
            named = named || q_streq(e->reject_counts.v[k].name.s, r->reason);
        if (!named)
            prove_fail(t, e->rejects_pos, "rejected as %s: expected none, found %" PRId64,
                       r->reason, r->records);
    }
}

/* ---- rows ---- */

static enum q_code compare_rows(struct proving *t, const char *select, const char *what,
                                const struct cfg_cells *cells, const q_texts *keys,
                                struct q_err *err)
{
    struct q_schema have = {0};
    prove_rows expected = {0}, found = {0};
    q_texts columns = {0};
    enum q_code code = db_describe(t->session.db, select, t->arena, &have, err);
    if (!code)
        code = prove_canonical(t, cells, &have, what, &expected, err);
    for (size_t i = 0; i < cells->columns.n; i++)
        *q_vec_push(t->arena, &columns) = cells->columns.v[i].s;
    for (size_t i = 0; !cells->columns.n && i < have.n; i++)
        if (!q_starts(have.v[i].name, "_q_"))
            *q_vec_push(t->arena, &columns) = have.v[i].name;
    if (!code)
        code = prove_read(t, select, &columns, &found, err);
    if (!code)
        prove_compare(t, cells->pos, what, &columns, keys, &expected, &found);
    return code;
}

static enum q_code check_sql(struct proving *t, const struct cfg_test_table *table,
                             struct q_err *err)
{
    struct q_err failed = {0};
    q_texts none = {0};
    enum q_code code =
        db_exec(t->session.db, q_embed_text("prove/use_warehouse.sql"), NULL, 0, NULL, err);
    if (code)
        return code;
    code = compare_rows(t, table->sql.s, table->name.s, &table->cells, &none, &failed);
    if (code && failed.code != Q_CONFIG)
        code = cfg_fail(err, table->sql.pos, "%s", failed.message);
    else if (code && err)
        *err = failed;
    struct q_err *after = code ? NULL : err;
    enum q_code back =
        db_exec(t->session.db, q_embed_text("prove/use_workspace.sql"), NULL, 0, NULL, after);
    return code ? code : back;
}

static enum q_code check_table(struct proving *t, const struct cfg_test_table *table,
                               struct q_err *err)
{
    const struct model *model = t->project->model;
    const struct model_table *m = NULL;
    q_texts keys = {0};
    for (size_t i = 0; i < model->n; i++)
        if (q_streq(model->tables[i].name, table->name.s) ||
            q_streq(model->tables[i].stored, table->name.s))
            m = &model->tables[i];
    if (!m)
        return cfg_fail(err, table->name.pos, "unknown table \"%s\"", table->name.s);
    if (!db_has_table(t->session.db, "wh", "main", m->stored)) { /* a run that failed made none */
        if (table->cells.rows.n)
            prove_fail(t, table->name.pos, "%s: the warehouse has no such table", table->name.s);
        return Q_OK;
    }
    for (size_t i = 0; i < m->n_keys; i++)
        *q_vec_push(t->arena, &keys) = m->keys[i];
    const char *select =
        m->key ? sql_make(t->arena, "SELECT * FROM wh.main.%I WHERE %I > 0", table->name.s, m->key)
               : sql_make(t->arena, "SELECT * FROM wh.main.%I", table->name.s);
    return compare_rows(t, select, table->name.s, &table->cells, &keys, err);
}

static enum q_code check(struct proving *t, const struct cfg_expect *e,
                         const struct run_result *result, const struct q_err *failed,
                         struct q_err *err)
{
    enum q_code code = Q_OK;
    q_texts keys = {0};
    check_outcome(t, e, result, failed);
    check_counts(t, e, result);
    if (e->rejects_pos.file && !e->rejects_are_rows)
        check_reasons(t, e, result);
    if (e->rejects_are_rows && db_has_table(t->session.db, "wh", "quern", "rejects"))
        code = compare_rows(
            t,
            sql_make(t->arena, "SELECT * FROM wh.quern.rejects WHERE run_id = %d", result->run_id),
            "rejects", &e->reject_rows, &keys, err);
    else if (e->rejects_are_rows && e->reject_rows.rows.n)
        prove_fail(t, e->rejects_pos, "rejects: the warehouse has none");
    for (size_t i = 0; i < e->tables.n && !code; i++)
        code = e->tables.v[i].sql.s ? check_sql(t, &e->tables.v[i], err)
                                    : check_table(t, &e->tables.v[i], err);
    return code;
}

static bool says_outcome(const struct cfg_expect *e)
{
    return e->status.s || e->exit_pos.file || e->error.s;
}

enum q_code prove_expect(struct proving *t, const struct run_result *result,
                         const struct q_err *failed, struct q_err *err)
{
    bool last = t->number == t->test->batches.n;
    bool said = says_outcome(&t->batch->expect) || (last && says_outcome(&t->test->expect));
    int exit = failed->code ? q_code_exit(failed->code) : result->exit_code;
    if (!said && exit != 0)
        prove_fail(t, t->batch->pos, "the run is %s with exit code %d: %s", result->status, exit,
                   failed->code      ? failed->message
                   : result->message ? result->message
                                     : "a rule failed");
    enum q_code code = check(t, &t->batch->expect, result, failed, err);
    if (!code && last)
        code = check(t, &t->test->expect, result, failed, err);
    return code;
}
