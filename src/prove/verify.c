/* SPDX-License-Identifier: Apache-2.0 */
#include "prove/verify.h"

#include "base/clock.h"
#include "base/json.h"
#include "prove/verifyint.h"

enum { SAMPLES = 5 };

const char *verify_verdict_name(enum verify_verdict verdict)
{
    static const char *const names[] = {[VERIFY_PROVEN] = "ok",
                                        [VERIFY_WARNING] = "warning",
                                        [VERIFY_ABSENT] = "absent",
                                        [VERIFY_FAILED] = "failed"};
    return names[verdict];
}

enum q_code verify_tell(struct verifying *v, const struct verify_proof *proof, struct q_err *err)
{
    return v->options->told(v->options->self, proof, err);
}

const char *verify_ref(struct verifying *v, const struct model_table *table)
{
    return sql_make(v->arena, "%I", q_printf(v->arena, "v_%s", table->stored));
}

const char *verify_sample(struct verifying *v, const char *const *columns, size_t n,
                          const char *alias)
{
    struct sql *q = sql_new(v->arena);
    sql_add(q, "concat_ws(', '");
    for (size_t i = 0; i < n; i++) {
        const char *ref = alias ? sql_make(v->arena, "%I.%I", alias, columns[i])
                                : sql_make(v->arena, "%I", columns[i]);
        sql_add(q, ", %L || coalesce(CAST(%s AS VARCHAR), 'NULL')",
                q_printf(v->arena, "%s=", columns[i]), ref);
    }
    sql_add(q, ")");
    return sql_text(q);
}

/* ---- scans ---- */

struct verify_scan_item *verify_item(struct verifying *v, struct verify_scan *scan,
                                     const char *name, const char *broken)
{
    struct verify_scan_item *item = q_vec_push(v->arena, &scan->items);
    *item = (struct verify_scan_item){.name = name, .broken = broken, .verdict = VERIFY_FAILED};
    return item;
}

static enum q_code take_samples(struct verifying *v, const char *json, q_texts *out,
                                struct q_err *err)
{
    struct q_json *list;
    if (!json)
        return Q_OK;
    enum q_code code = q_json_parse(v->arena, q_str(json), "samples", &list, err);
    for (size_t i = 0; !code && i < q_json_count(list); i++)
        *q_vec_push(v->arena, out) = q_json_text(q_json_item(list, i), "");
    return code;
}

/* Three columns an item: rows, failures, the first samples in their own order, so that they are the same every time. */
static const char *scan_sql(struct verifying *v, const struct verify_scan *scan)
{
    struct sql *q = sql_new(v->arena);
    sql_add(q, "SELECT ");
    for (size_t i = 0; i < scan->items.n; i++) {
        const struct verify_scan_item *item = &scan->items.v[i];
        /* CASE, because a FILTER would have the text made of every row */
        sql_add(q,
                "%scount(*) FILTER (%s), count(*) FILTER (%s), to_json(min(CASE WHEN %s THEN %s "
                "END, %d))::VARCHAR",
                i ? ", " : "", item->rows ? item->rows : "true", item->broken, item->broken,
                scan->sample, (int64_t)SAMPLES);
    }
    sql_add(q, " FROM %s", scan->from);
    return sql_text(q);
}

struct scanning {
    struct verifying *v;
    const struct verify_scan *scan;
    struct verify_proof *proofs;
};

static enum q_code take_scan(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct scanning *s = arg;
    enum q_code code = Q_OK;
    for (size_t i = 0; i < s->scan->items.n && !code; i++) {
        const struct verify_scan_item *item = &s->scan->items.v[i];
        struct verify_proof *p = &s->proofs[i];
        *p = (struct verify_proof){.table = s->v->table->name, .name = item->name};
        p->rows = db_cell_int(b, i * 3, row, 0);
        p->failures = db_cell_int(b, i * 3 + 1, row, 0);
        p->verdict = p->failures ? item->verdict : VERIFY_PROVEN;
        p->detail = p->failures ? item->detail : NULL;
        p->hint = p->failures ? item->hint : NULL;
        code = take_samples(s->v, db_cell_text(s->v->arena, b, i * 3 + 2, row), &p->samples, err);
    }
    return code;
}

enum q_code verify_run(struct verifying *v, struct verify_scan *scan, struct q_err *err)
{
    if (!scan->items.n)
        return Q_OK;
    struct scanning s = {v, scan, q_alloc_array(v->arena, scan->items.n, sizeof *s.proofs)};
    int64_t began = q_ticks();
    enum q_code code = db_each(v->db, scan_sql(v, scan), NULL, 0, take_scan, &s, err);
    double seconds = (double)(q_ticks() - began) / 1e6;
    for (size_t i = 0; i < scan->items.n && !code; i++) {
        s.proofs[i].seconds = seconds;
        code = verify_tell(v, &s.proofs[i], err);
    }
    return code;
}

enum q_code verify_count(struct verifying *v, const char *name, const char *rows,
                         const char *broken, struct q_err *err)
{
    struct verify_scan scan = {0};
    verify_item(v, &scan, name, "true");
    scan.sample = "sample";
    scan.from = sql_make(v->arena, "(%s) AS broken", broken);
    struct scanning s = {v, &scan, q_new(v->arena, struct verify_proof)};
    int64_t began = q_ticks();
    enum q_code code = db_each(v->db, scan_sql(v, &scan), NULL, 0, take_scan, &s, err);
    if (!code)
        code = db_get_ints(v->db, rows, NULL, 0, &s.proofs->rows, 1, 0, err);
    s.proofs->seconds = (double)(q_ticks() - began) / 1e6;
    return code ? code : verify_tell(v, s.proofs, err);
}

/* ---- tables ---- */

struct reading {
    struct verifying *v;
    q_texts names;
};

static enum q_code take_name(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct reading *r = arg;
    (void)err;
    *q_vec_push(r->v->arena, &r->names) = db_cell_text(r->v->arena, b, 0, row);
    return Q_OK;
}

static bool has_name(const q_texts *names, const char *name)
{
    for (size_t i = 0; i < names->n; i++)
        if (q_strcaseeq(names->v[i], name))
            return true;
    return false;
}

/* A view that has the columns of the model, those that the warehouse lacks with what a run will put there. */
static enum q_code make_view(struct verifying *v, const struct model_table *t, q_texts *missing,
                             struct q_err *err)
{
    struct reading r = {.v = v};
    struct q_schema want = {0};
    enum q_code code = db_each(
        v->db,
        sql_make(v->arena, "SELECT column_name FROM (DESCRIBE \"wh\".\"main\".%I)", t->stored),
        NULL, 0, take_name, &r, err);
    struct sql *q = sql_new(v->arena);
    model_stored_columns(v->arena, t, &want);
    sql_add(q, "CREATE OR REPLACE VIEW %s AS SELECT *", verify_ref(v, t));
    for (size_t i = 0; i < want.n; i++) {
        if (has_name(&r.names, want.v[i].name))
            continue;
        sql_add(q, ", CAST(%s AS %T) AS %I", model_added_value(t, want.v[i].name), &want.v[i].type,
                want.v[i].name);
        *q_vec_push(v->arena, missing) = want.v[i].name;
    }
    sql_add(q, " FROM \"wh\".\"main\".%I", t->stored);
    return code ? code : db_exec(v->db, sql_text(q), NULL, 0, NULL, err);
}

static bool is_stored(struct verifying *v, const struct model_table *t)
{
    return db_has_table(v->db, "wh", "main", t->stored);
}

static enum q_code make_views(struct verifying *v, struct q_err *err)
{
    enum q_code code = Q_OK;
    for (size_t i = 0; i < v->model->n && !code; i++) {
        q_texts missing = {0};
        if (is_stored(v, &v->model->tables[i]))
            code = make_view(v, &v->model->tables[i], &missing, err);
    }
    return code;
}

static enum q_code tell_absent(struct verifying *v, const char *what, struct q_err *err)
{
    struct verify_proof p = {.table = v->table->name,
                             .name = what,
                             .verdict = VERIFY_ABSENT,
                             .detail = "the next run adds it"};
    return verify_tell(v, &p, err);
}

/* What the model demands of single rows; the special members have no values. */
static enum q_code verify_columns(struct verifying *v, struct q_err *err)
{
    const struct model_table *t = v->table;
    const char *real = t->is_fact ? NULL : sql_make(v->arena, "%I > 0", t->key);
    const char *const *keys = t->is_fact ? t->keys : (const char *const *)&t->key;
    struct verify_scan scan = {.from = verify_ref(v, t),
                               .sample = verify_sample(v, keys, t->is_fact ? t->n_keys : 1, NULL)};
    for (size_t i = 0; i < t->columns.n; i++) {
        const struct model_column *c = &t->columns.v[i];
        const char *both = real ? sql_make(v->arena, "%s AND ", real) : "";
        if (c->not_null || c->is_key)
            verify_item(v, &scan, q_printf(v->arena, "%s is not null", c->name),
                        sql_make(v->arena, "%s%I IS NULL", both, c->name))
                ->rows = real;
        if (c->check_sql)
            verify_item(v, &scan, q_printf(v->arena, "check %s", c->cfg->check.s),
                        sql_make(v->arena, "%s(%s) = false", both, c->check_sql))
                ->rows = real;
    }
    return verify_run(v, &scan, err);
}

static enum q_code verify_grain(struct verifying *v, struct q_err *err)
{
    const struct model_table *t = v->table;
    struct sql *q = sql_new(v->arena);
    sql_add(q, "SELECT %s AS sample FROM %s GROUP BY ", verify_sample(v, t->keys, t->n_keys, NULL),
            verify_ref(v, t));
    for (size_t i = 0; i < t->n_keys; i++)
        sql_add(q, "%s%I", i ? ", " : "", t->keys[i]);
    sql_add(q, " HAVING count(*) > 1");
    return verify_count(v, "grain is unique",
                        sql_make(v->arena, "SELECT count(*) FROM %s", verify_ref(v, t)),
                        sql_text(q), err);
}

static enum q_code verify_table(struct verifying *v, struct q_err *err)
{
    const struct model_table *t = v->table;
    q_texts missing = {0};
    if (!is_stored(v, t))
        return tell_absent(v, "the warehouse does not have this table yet", err);
    enum q_code code = make_view(v, t, &missing, err);
    for (size_t i = 0; i < missing.n && !code; i++)
        code = tell_absent(
            v, q_printf(v->arena, "the warehouse does not have column \"%s\" yet", missing.v[i]),
            err);
    if (!code)
        code = t->is_fact ? verify_grain(v, err) : verify_dimension(v, err);
    if (!code)
        code = verify_columns(v, err);
    return code || !t->is_fact ? code : verify_roles(v, err);
}

enum q_code verify_tables(const struct verify_options *options, struct q_err *err)
{
    struct run_session *s = options->session;
    struct verifying v = {.options = options, .arena = s->arena, .db = s->db, .model = s->model};
    enum q_code code = s->attached ? Q_OK : run_attach(s, err);
    if (!code) /* whole tables: as many threads as the project allows */
        code = db_set_threads(s->db, (int)s->project->env->warehouse.threads, err);
    if (!code)
        code = make_views(&v, err);
    for (size_t i = 0; i < options->n_tables && !code; i++) {
        v.table = options->tables[i];
        code = verify_table(&v, err);
        if (code)
            q_context(err, "verifying \"%s\"", v.table->name);
    }
    return code;
}
