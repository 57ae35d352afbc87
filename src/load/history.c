/* SPDX-License-Identifier: Apache-2.0 */
#include "load/history.h"

#include "base/parse.h"
#include "state/state.h"

enum { SHORT_PAST = 1000000 }; /* closed versions */

bool history_is_kept(const struct model_column *c)
{
    return !c->is_key && c->history == CFG_KEEP;
}

bool history_is_overwritten(const struct model_column *c)
{
    return !c->is_key && c->history != CFG_KEEP;
}

bool history_is_previous(const struct model_column *c)
{
    return !c->is_key && c->history == CFG_PREVIOUS;
}

const char *history_columns(const struct load *l, bool (*kind)(const struct model_column *),
                            const char *fmt, const char *separator, const char *none)
{
    struct sql *q = sql_new(l->arena);
    bool first = true;
    for (size_t i = 0; i < l->target->columns.n; i++) {
        const struct model_column *c = &l->target->columns.v[i];
        if (!kind(c))
            continue;
        sql_sep(q, &first, separator);
        sql_add(q, fmt, c->name, c->name, c->name, c->name);
    }
    return first ? none : sql_text(q);
}

bool history_has(const struct load *l, bool (*kind)(const struct model_column *))
{
    for (size_t i = 0; i < l->target->columns.n; i++)
        if (kind(&l->target->columns.v[i]))
            return true;
    return false;
}

const char *history_unset(const struct load *l, const char *v, size_t i)
{
    return sql_make(l->arena, "(%I.%I IS NULL AND %I._q_run < %d)", v, l->target->columns.v[i].name,
                    v, l->added[i]);
}

const char *history_differ(const struct load *l, const char *r, const char *v)
{
    struct sql *q = sql_new(l->arena);
    bool first = true;
    sql_add(q, "(");
    for (size_t i = 0; i < l->target->columns.n; i++) {
        const char *name = l->target->columns.v[i].name;
        if (!history_is_kept(&l->target->columns.v[i]))
            continue;
        sql_sep(q, &first, " OR ");
        sql_add(q, "%I.%I IS DISTINCT FROM %I.%I", r, name, v, name);
        if (l->added[i])
            sql_add(q, " AND NOT %s", history_unset(l, v, i));
    }
    sql_add(q, ")"); /* a target with history tracks at least one column */
    return sql_text(q);
}

const char *history_keys(const struct load *l, const char *alias)
{
    struct sql *q = sql_new(l->arena);
    load_add_keys(q, l, alias);
    return sql_text(q);
}

const char *history_match(const struct load *l, const char *a, const char *b)
{
    struct sql *q = sql_new(l->arena);
    load_add_key_match(q, l, a, b);
    return sql_text(q);
}

const char *history_start(const struct load *l, const char *t)
{
    return sql_make(
        l->arena,
        "CASE WHEN %I.valid_from <= %M THEN coalesce(%I.first_seen_at, %I.valid_from) ELSE %I.valid_from END",
        t, l->plan->project->initial_valid_from, t, t, t);
}

bool history_has_added(const struct load *l)
{
    for (size_t i = 0; i < l->target->columns.n; i++)
        if (l->added[i])
            return true;
    return false;
}

/* ---- columns that the model got later ---- */

struct added {
    const struct load *l;
    int64_t *runs; /* by column */
};

static enum q_code take_added(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct added *a = arg;
    const struct model_table *t = a->l->target;
    const char *key = db_cell_text(a->l->arena, b, 0, row),
               *run = db_cell_text(a->l->arena, b, 1, row);
    for (size_t i = 0; i < t->columns.n; i++)
        if (history_is_kept(&t->columns.v[i]) &&
            q_streq(key, load_added_key(a->l->arena, t, t->columns.v[i].name)))
            return q_parse_int(run, key, 1, INT64_MAX, &a->runs[i], err);
    return Q_OK;
}

/* Which run added which of the tracked columns; this run adds those that the target lacks. */
static enum q_code find_added(struct load *l, struct q_err *err)
{
    const struct model_table *t = l->target;
    struct added a = {l, q_alloc_array(l->arena, t->columns.n, sizeof *a.runs)};
    struct q_schema have = {0};
    enum q_code code = Q_OK;
    l->added = a.runs;
    if (!q_map_has(l->plan->existing, t->stored) || !state_exists(l->plan->db))
        return Q_OK;
    code = db_each(l->plan->db,
                   sql_make(l->arena,
                            "SELECT key, value FROM wh.quern.meta WHERE starts_with(key, %L)",
                            load_added_key(l->arena, t, "")),
                   NULL, 0, take_added, &a, err);
    if (code || q_map_get(l->plan->existing, t->stored))
        return code;
    code = db_describe(l->plan->db, sql_make(l->arena, "SELECT * FROM " LOAD_WH ".%I", t->stored),
                       l->arena, &have, err);
    for (size_t i = 0; i < t->columns.n && !code; i++)
        if (history_is_kept(&t->columns.v[i]) && q_schema_find(&have, t->columns.v[i].name) < 0)
            a.runs[i] = INT64_MAX;
    return code;
}

/* Is the closed past short enough to be read again by every load? Behind that its cost would grow with it. */
static enum q_code measure_past(struct load *l, struct q_err *err)
{
    int64_t closed = 0;
    l->short_past = true;
    if (!q_map_has(l->plan->existing, l->target->stored) || !state_exists(l->plan->db))
        return Q_OK;
    enum q_code code = db_get_ints(
        l->plan->db,
        sql_make(l->arena, "SELECT closed_rows FROM wh.quern.checksums WHERE table_name = %L",
                 l->target->stored),
        NULL, 0, &closed, 1, 0, err);
    l->short_past = closed <= SHORT_PAST;
    return code;
}

/* ---- counts ---- */

/* Rows of the batch that change something; every other good row is unchanged. */
static void count_changes(struct load *l)
{
    struct sql *q = sql_new(l->arena);
    sql_add(
        q,
        "CREATE TABLE h_changed AS SELECT _q_row FROM h_new UNION SELECT _q_row FROM h_set WHERE _q_row IS NOT NULL");
    if (history_has(l, history_is_overwritten))
        sql_add(q, " UNION SELECT _q_row FROM h_over");
    if (history_has_added(l))
        sql_add(q, " UNION SELECT _q_row FROM h_fill");
    load_audit(l, sql_text(q));
    load_audit(
        l, sql_make(l->arena,
                    "INSERT INTO q_counts SELECT 'inserted', count(*) FROM (SELECT %s FROM h_new "
                    "AS n WHERE n._q_cur IS NULL GROUP BY %s)",
                    history_keys(l, "n"), history_keys(l, "n")));
    load_audit(l, "INSERT INTO q_counts SELECT 'updated', count(*) - (SELECT n FROM q_counts WHERE "
                  "name = 'inserted') FROM h_changed");
    load_audit(l,
               "INSERT INTO q_counts SELECT 'unchanged', (SELECT count(*) FROM l_good) - (SELECT "
               "count(*) FROM h_changed)");
    load_audit(l, "INSERT INTO q_counts SELECT 'versions_opened', count(*) FROM h_new");
    load_audit(
        l, "INSERT INTO q_counts SELECT 'versions_closed', (SELECT count(*) FROM h_set WHERE "
           "was_current AND NOT is_current) + (SELECT count(*) FROM h_new WHERE NOT is_current)");
    load_audit_if(
        l, "h_late",
        "INSERT INTO q_counts SELECT 'spliced', count(*) FROM h_late SEMI JOIN h_changed USING "
        "(_q_row)");
    load_audit_if(
        l, "h_rewrites",
        "INSERT INTO q_counts SELECT 'corrected', count(*) FROM h_rewrites WHERE corrected");
}

enum q_code load_history(struct load *l, struct q_err *err)
{
    if (l->target->is_fact)
        return cfg_fail(err, l->cfg->pos, "%s is a fact: `mode: history` is for dimensions",
                        l->target->name);
    if (!l->target->has_history)
        return cfg_fail(err, l->cfg->pos,
                        "no column of %s has `history: keep`: load it with `mode: upsert`",
                        l->target->name);
    enum q_code code = find_added(l, err);
    if (!code)
        code = measure_past(l, err);
    if (code)
        return code;
    history_timeline(l);
    history_overwrites(l);
    count_changes(l);
    if (history_deletes(l))
        history_snapshot(l);
    history_publish(l);
    return Q_OK;
}
