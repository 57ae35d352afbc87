/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proofs about the roles of a fact: the member exists, and it is the one that the lookup finds today (SEMANTICS 13).
 *
 * A fact keeps the natural columns beside the surrogate key, so the lookup can be done again. Where it finds another
 * member now, either the dimension was changed after the fact was loaded (a version was spliced in, a member arrived, a
 * key was deleted), which a later run of the fact's pipeline puts right, or the key is wrong.
 */
#include "prove/verifyint.h"

/* The pipelines that can load the fact's rows again, as a sentence. */
static const char *reload(struct verifying *v)
{
    const struct cfg_project *p = v->model->project;
    struct q_buf b;
    q_buf_init(&b, 4096);
    for (size_t i = 0; i < p->pipelines.n; i++) {
        const struct cfg_load *l = &p->pipelines.v[i].load;
        if (q_strcaseeq(l->into.s, v->table->name) && l->mode != CFG_APPEND &&
            l->mode != CFG_INSERT_ONLY)
            q_buf_printf(&b, "%s`quern run %s`", b.n ? " or " : "", p->pipelines.v[i].name.s);
    }
    const char *text =
        b.n ? q_printf(v->arena, "%s over their files looks them up again.", q_buf_text(&b))
            : "A run in mode upsert or replace over their files looks them up again.";
    q_buf_release(&b);
    return text;
}

/* The fact's rows (f) with the member that the key refers to (s), the one that is found today (d) and the run that wrote
 * the row (r). */
static const char *joined(struct verifying *v, const struct model_role *role)
{
    const struct model_table *dim = role->dimension;
    struct sql *q = sql_new(v->arena);
    sql_add(q, "(SELECT ");
    for (size_t i = 0; i < v->table->n_keys; i++)
        sql_add(q, "f.%I, ", v->table->keys[i]);
    sql_add(q, "f.%I AS _q_key, s.%I AS _q_there, ", role->key_column, dim->key);
    model_add_lookup_key(q, role, "f", model_lookup_found(v->arena, role, "d"));
    sql_add(q, " AS _q_found, ");
    for (size_t i = 0; i < dim->n_keys; i++)
        sql_add(q, "%sf.%I IS NOT DISTINCT FROM s.%I", i ? " AND " : "", role->from[i],
                dim->keys[i]);
    sql_add(q, " AS _q_same, coalesce(d._q_run > f._q_run, false)");
    if (dim->is_date) /* generated: the range was extended */
        sql_add(q, " OR (f.%I = %d AND d.%I IS NOT NULL)", role->key_column, (int64_t)MODEL_UNKNOWN,
                dim->key);
    if (dim->has_history) /* a delete ended the version that was open then */
        sql_add(q, " OR coalesce(d.%I IS NULL AND s._q_ended AND s.valid_to > r.clock, false)",
                dim->key);
    sql_add(q, " AS _q_later FROM %s AS f LEFT JOIN %s AS s ON s.%I = f.%I ",
            verify_ref(v, v->table), verify_ref(v, dim), dim->key, role->key_column);
    model_add_lookup(q, role, verify_ref(v, dim), "f", "d");
    if (dim->has_history)
        sql_add(q, " LEFT JOIN wh.quern.runs AS r ON r.run_id = f._q_run");
    sql_add(q, ") AS x");
    return sql_text(q);
}

static enum q_code verify_role(struct verifying *v, const struct model_role *role,
                               struct q_err *err)
{
    const struct model_table *t = v->table;
    const char *sample = sql_make(
        v->arena,
        "concat(%s, %L, coalesce(CAST(_q_key AS VARCHAR), 'NULL'), ', found ', "
        "CAST(_q_found AS VARCHAR))",
        verify_sample(v, t->keys, t->n_keys, NULL), q_printf(v->arena, ": %s=", role->key_column));
    struct verify_scan scan = {.from = joined(v, role), .sample = sample};
    verify_item(v, &scan,
                q_printf(v->arena, "%s is a member of %s", role->key_column, role->dimension->name),
                "_q_there IS NULL");
    verify_item(v, &scan,
                q_printf(v->arena, "%s has the business key of the row", role->key_column),
                "_q_there > 0 AND NOT _q_same");
    verify_item(
        v, &scan,
        role->at ? q_printf(v->arena, "%s is the version valid at %s", role->key_column, role->at)
                 : q_printf(v->arena, "%s is the member of its columns", role->key_column),
        "_q_there IS NOT NULL AND (_q_there < 0 OR _q_same) AND _q_key <> _q_found AND NOT "
        "_q_later");
    struct verify_scan_item *late = verify_item(
        v, &scan, q_printf(v->arena, "%s is what the lookup finds today", role->key_column),
        "_q_there IS NOT NULL AND (_q_there < 0 OR _q_same) AND _q_key <> _q_found AND _q_later");
    late->verdict = VERIFY_WARNING;
    late->detail =
        q_printf(v->arena, "%s was changed after these rows were loaded", role->dimension->name);
    late->hint = reload(v);
    return verify_run(v, &scan, err);
}

enum q_code verify_roles(struct verifying *v, struct q_err *err)
{
    enum q_code code = Q_OK;
    for (size_t i = 0; i < v->table->roles.n && !code; i++) {
        const struct model_role *role = &v->table->roles.v[i];
        if (db_has_table(v->db, "wh", "main", role->dimension->stored))
            code = verify_role(v, role, err);
    }
    return code;
}
