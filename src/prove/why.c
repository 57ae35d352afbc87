/* SPDX-License-Identifier: Apache-2.0 */
#include "prove/why.h"

#include "base/parse.h"
#include "prove/whyint.h"

enum { ROWS = 50 };

/* ---- rows as text ---- */

enum q_code why_read(struct why *w, const char *sql, size_t most, why_rows *out, struct q_err *err)
{
    struct db_result *r;
    const struct batch *b = NULL;
    enum q_code code = db_query(w->s->db, sql, NULL, 0, &r, err);
    if (code)
        return code;
    const struct q_schema *columns = db_columns(r);
    while (!(code = db_next(r, &b, err)) && b)
        for (size_t i = 0; i < b->rows && out->n < most; i++) {
            struct why_cells *row = q_vec_push(w->arena, out);
            for (size_t c = 0; c < columns->n; c++) {
                *q_vec_push(w->arena, &row->names) = q_strdup(w->arena, columns->v[c].name);
                *q_vec_push(w->arena, &row->values) = db_cell_text(w->arena, b, c, i);
            }
        }
    db_close(r);
    return code;
}

const char *why_cell(const struct why_cells *row, const char *name)
{
    for (size_t i = 0; i < row->names.n; i++)
        if (q_strcaseeq(row->names.v[i], name))
            return row->values.v[i];
    return NULL;
}

int64_t why_int(const struct why_cells *row, const char *name, int64_t otherwise)
{
    const char *text = why_cell(row, name);
    int64_t value;
    return text && q_parse_int(text, name, INT64_MIN, INT64_MAX, &value, NULL) == Q_OK ? value
                                                                                       : otherwise;
}

void why_set(struct q_json *o, const struct why_cells *row, const char *from, const char *to)
{
    q_json_set_text(o, to, why_cell(row, from));
}

void why_columns(struct why *w, q_texts *out)
{
    if (w->o->column) {
        *q_vec_push(w->arena, out) = w->o->column;
        return;
    }
    for (size_t i = 0; i < w->table->columns.n; i++)
        *q_vec_push(w->arena, out) = w->table->columns.v[i].name;
}

/* ---- the question ---- */

static enum q_code check_column(struct why *w, struct q_err *err)
{
    struct q_schema stored = {0};
    if (!w->o->column)
        return Q_OK;
    model_stored_columns(w->arena, w->table, &stored);
    for (size_t i = 0; i < stored.n; i++)
        if (q_strcaseeq(stored.v[i].name, w->o->column))
            return Q_OK;
    enum q_code code =
        q_fail(err, Q_USAGE, "unknown column \"%s\" of %s", w->o->column, w->table->name);
    const char *near = q_schema_suggest(w->arena, &stored, w->o->column);
    if (near)
        q_hint(err, "Did you mean `%s`?", near);
    return code;
}

static const char *key_names(struct why *w)
{
    struct q_buf b;
    q_buf_init(&b, 4096);
    for (size_t i = 0; i < w->table->n_keys; i++)
        q_buf_printf(&b, " --key %s=VALUE", w->table->keys[i]);
    const char *text = q_strdup(w->arena, q_buf_text(&b));
    q_buf_release(&b);
    return text;
}

static enum q_code wrong_keys(struct why *w, const char *why, struct q_err *err)
{
    enum q_code code = q_fail(err, Q_USAGE, "cannot find a row of %s: %s", w->table->name, why);
    q_hint(err, "Its %s is:%s.", w->table->is_fact ? "grain" : "business key", key_names(w));
    return code;
}

/* "a=1" into name and value; the name must be part of the key, or the surrogate key. */
static enum q_code split_keys(struct why *w, struct why_cells *out, struct q_err *err)
{
    for (size_t i = 0; i < w->o->keys->n; i++) {
        const char *text = w->o->keys->v[i], *equals = strchr(text, '=');
        if (!equals)
            return wrong_keys(w, q_printf(w->arena, "\"%s\" is not NAME=VALUE", text), err);
        const char *name = q_strndup(w->arena, text, (size_t)(equals - text));
        bool known = w->table->key && q_strcaseeq(w->table->key, name);
        for (size_t k = 0; k < w->table->n_keys; k++)
            known = known || q_strcaseeq(w->table->keys[k], name);
        if (!known)
            return wrong_keys(w, q_printf(w->arena, "\"%s\" is not part of its key", name), err);
        *q_vec_push(w->arena, &out->names) = name;
        *q_vec_push(w->arena, &out->values) = equals + 1;
    }
    return Q_OK;
}

static struct q_type type_of(const struct model_table *t, const char *name)
{
    const struct model_column *c = model_column_find(t, name);
    return c ? c->type : Q_TYPE(Q_T_INT64);
}

static enum q_code check_value(struct why *w, const char *name, const char *value,
                               struct q_err *err)
{
    struct q_type type = type_of(w->table, name);
    char shown[Q_TYPE_TEXT];
    int64_t fits = 0;
    enum q_code code = db_get_ints(
        w->s->db, sql_make(w->arena, "SELECT TRY_CAST(%L AS %T) IS NOT NULL", value, &type), NULL,
        0, &fits, 1, 0, err);
    if (!code && !fits)
        code = wrong_keys(
            w, q_printf(w->arena, "\"%s\" of %s is no %s", value, name, q_type_text(type, shown)),
            err);
    return code;
}

/* The rows of the key, and of the version asked for; newest version first. */
static enum q_code select_rows(struct why *w, const struct why_cells *key, const char **out,
                               struct q_err *err)
{
    const struct model_table *t = w->table;
    struct sql *q = sql_new(w->arena);
    sql_add(q, "SELECT * FROM \"wh\".\"main\".%I WHERE true", t->stored);
    for (size_t i = 0; i < key->names.n; i++) {
        struct q_type type = type_of(t, key->names.v[i]);
        enum q_code code = check_value(w, key->names.v[i], key->values.v[i], err);
        if (code)
            return code;
        sql_add(q, " AND %I = CAST(%L AS %T)", key->names.v[i], key->values.v[i], &type);
    }
    if ((w->o->version || w->o->at.set) && !t->has_history)
        return q_fail(err, Q_USAGE, "%s has no history: it has neither versions nor times",
                      t->name);
    if (w->o->version)
        sql_add(q, " AND version = %d", w->o->version);
    if (w->o->at.set)
        sql_add(q, " AND valid_from <= %M AND %M < coalesce(valid_to, TIMESTAMP 'infinity')",
                w->o->at.usec, w->o->at.usec);
    sql_add(q, " ORDER BY ");
    for (size_t i = 0; i < t->n_keys; i++)
        sql_add(q, "%s%I", i ? ", " : "", t->keys[i]);
    if (t->has_history)
        sql_add(q, ", version DESC");
    *out = sql_text(q);
    return Q_OK;
}

/* ---- parts of the answer ---- */

static void set_values(struct q_json *o, const struct why_cells *row)
{
    struct q_json *values = q_json_set_object(o, "values");
    for (size_t i = 0; i < row->names.n; i++)
        q_json_set_text(values, row->names.v[i], row->values.v[i]);
}

static enum q_code set_run(struct why *w, int64_t run, struct q_json *o, const char *name,
                           struct q_err *err)
{
    static const char *const columns[] = {"run_id", "pipeline",  "status",
                                          "clock",  "plan_hash", "message"};
    why_rows runs = {0};
    struct q_json *r = q_json_set_object(o, name);
    enum q_code code = why_read(
        w, sql_make(w->arena, "SELECT * FROM wh.quern.runs WHERE run_id = %d", run), 1, &runs, err);
    if (code)
        return code;
    q_json_set_int(r, "run_id", run);
    for (size_t i = 1; runs.n && i < sizeof columns / sizeof *columns; i++)
        why_set(r, runs.v, columns[i], columns[i]);
    return Q_OK;
}

/* Rules of the run about the columns asked for, by their declaration today; without a column all of them. */
static bool rule_concerns(struct why *w, const char *rule)
{
    const struct cfg_project *p = w->s->project;
    if (!w->o->column)
        return true;
    for (size_t i = 0; i < p->pipelines.n; i++)
        for (size_t k = 0; k < p->pipelines.v[i].rules.n; k++) {
            const struct cfg_rule *r = &p->pipelines.v[i].rules.v[k];
            if (!q_streq(r->name.s, rule))
                continue;
            for (size_t c = 0; c < r->columns.n; c++)
                if (q_strcaseeq(r->columns.v[c].s, w->o->column))
                    return true;
            return r->expr.s && strstr(r->expr.s, w->o->column);
        }
    return false;
}

static enum q_code set_rules(struct why *w, int64_t run, struct q_json *o, struct q_err *err)
{
    static const char *const columns[] = {"rule", "state", "severity", "evaluated", "failed"};
    why_rows rules = {0};
    struct q_json *list = q_json_set_array(o, "rules");
    enum q_code code = why_read(
        w,
        sql_make(w->arena, "SELECT * FROM wh.quern.rule_results WHERE run_id = %d ORDER BY ord",
                 run),
        1000, &rules, err);
    for (size_t i = 0; i < rules.n && !code; i++) {
        if (!rule_concerns(w, why_cell(&rules.v[i], "rule")))
            continue;
        struct q_json *r = q_json_push_object(list);
        for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
            why_set(r, &rules.v[i], columns[c], columns[c]);
    }
    return code;
}

/* Why a role's key is what it is. */
static const char *lookup_note(struct why *w, const struct model_role *role,
                               const struct why_cells *row, int64_t key)
{
    bool null = false;
    struct q_buf b;
    q_buf_init(&b, 4096);
    for (size_t i = 0; i < role->dimension->n_keys; i++) {
        const char *value = why_cell(row, role->from[i]);
        null = null || !value;
        q_buf_printf(&b, "%s%s=%s", i ? ", " : "", role->from[i], value ? value : "NULL");
    }
    const char *by = q_strdup(w->arena, q_buf_text(&b));
    q_buf_release(&b);
    if (key == MODEL_NOT_APPLICABLE)
        return q_printf(w->arena, "not applicable: %s, and the role is optional", by);
    if (key == MODEL_UNKNOWN && null)
        return q_printf(w->arena, "unknown: %s", by);
    if (key == MODEL_UNKNOWN)
        return q_printf(w->arena, "unknown: when it was loaded there was no member with %s%s%s", by,
                        role->at ? " at " : "",
                        role->at && why_cell(row, role->at) ? why_cell(row, role->at) : "");
    return q_printf(w->arena, "found by %s%s%s", by, role->at ? " at " : "",
                    role->at && why_cell(row, role->at) ? why_cell(row, role->at) : "");
}

static enum q_code set_lookups(struct why *w, const struct why_cells *row, struct q_json *o,
                               struct q_err *err)
{
    struct q_json *list = q_json_set_array(o, "lookups");
    enum q_code code = Q_OK;
    for (size_t i = 0; i < w->table->roles.n && !code; i++) {
        const struct model_role *role = &w->table->roles.v[i];
        int64_t key = why_int(row, role->key_column, 0);
        why_rows found = {0};
        if (w->o->column && !q_strcaseeq(w->o->column, role->key_column))
            continue;
        struct q_json *l = q_json_push_object(list);
        q_json_set_text(l, "role", role->name);
        q_json_set_text(l, "key_column", role->key_column);
        q_json_set_int(l, "key", key);
        q_json_set_text(l, "dimension", role->dimension->name);
        q_json_set_text(l, "why", lookup_note(w, role, row, key));
        code = why_read(w,
                        sql_make(w->arena, "SELECT * FROM \"wh\".\"main\".%I WHERE %I = %d",
                                 role->dimension->stored, role->dimension->key, key),
                        1, &found, err);
        if (!found.n) {
            q_json_set_text(l, "missing", "there is no such member any more: see `quern verify`");
            continue;
        }
        if (role->dimension->has_history && key > 0) {
            why_set(l, found.v, "version", "version");
            why_set(l, found.v, "valid_from", "valid_from");
            why_set(l, found.v, "valid_to", "valid_to");
        }
        if (role->dimension->can_infer)
            why_set(l, found.v, "inferred", "inferred");
    }
    return code;
}

/* ---- history by before-images ---- */

static void add_change(struct why *w, const struct why_cells *old, const struct why_cells *new,
                       struct q_json *list)
{
    struct q_json *entry = NULL, *changes = NULL;
    for (size_t i = 0; i < old->names.n; i++) {
        const char *name = old->names.v[i], *a = old->values.v[i], *b = why_cell(new, name);
        bool same = (!a && !b) || (a && b && q_streq(a, b));
        if (same || q_starts(name, "_q_") || (w->o->column && !q_strcaseeq(w->o->column, name)))
            continue;
        if (!entry) {
            entry = q_json_push_object(list);
            q_json_set_int(entry, "run_id", why_int(old, "_q_undo_run", 0));
            changes = q_json_set_array(entry, "changes");
        }
        struct q_json *c = q_json_push_object(changes);
        q_json_set_text(c, "column", name);
        q_json_set_text(c, "old", a);
        q_json_set_text(c, "new", b);
    }
}

static enum q_code set_history(struct why *w, const struct why_cells *row, struct q_json *o,
                               struct q_err *err)
{
    const struct model_table *t = w->table;
    const char *before = q_printf(w->arena, "before_%s", t->stored);
    struct q_json *list = q_json_set_array(o, "history");
    why_rows images = {0};
    if (!db_has_table(w->s->db, "wh", "quern", before))
        return Q_OK;
    struct sql *q = sql_new(w->arena);
    sql_add(q, "SELECT * FROM wh.quern.%I WHERE true", before);
    for (size_t i = 0; i < (t->is_fact ? t->n_keys : 1); i++) {
        const char *name = t->is_fact ? t->keys[i] : t->key;
        struct q_type type = type_of(t, name);
        sql_add(q, " AND %I IS NOT DISTINCT FROM CAST(%L AS %T)", name, why_cell(row, name), &type);
    }
    sql_add(q, " ORDER BY _q_undo_run");
    enum q_code code = why_read(w, sql_text(q), ROWS, &images, err);
    for (size_t i = 0; i < images.n && !code; i++)
        add_change(w, &images.v[i], i + 1 < images.n ? &images.v[i + 1] : row, list);
    return code;
}

/* ---- the chain of one row ---- */

static bool is_overwritten(struct why *w, const char *column)
{
    const struct model_column *c = model_column_find(w->table, column);
    return w->table->has_history && c && !c->is_key && c->history != CFG_KEEP;
}

/* The run and record that the columns asked for come from: those of the row, or of its last overwrite. */
static enum q_code explain(struct why *w, const struct why_cells *row, struct q_json *o,
                           struct q_err *err)
{
    int64_t run = why_int(row, "_q_run", 0), pos = why_int(row, "_q_pos", INT64_MIN);
    int64_t over = why_int(row, "_q_overwritten_run", 0);
    bool special = w->table->key && why_int(row, w->table->key, 1) < 0;
    if (special || w->table->is_date) {
        q_json_set_text(o, "origin", special ? "special" : "generated");
        q_json_set_text(
            o, "note",
            special ? "a special member, made with the table"
                    : q_printf(w->arena, "a day of the range in %s", w->table->cfg->name.pos.file));
        return Q_OK;
    }
    q_json_set_text(o, "origin", "run");
    if (over && w->o->column && is_overwritten(w, w->o->column)) {
        int64_t over_pos = why_int(row, "_q_overwritten_pos", pos);
        if (over != run || over_pos != pos)
            q_json_set_text(o, "note", "overwritten by a later record than the version's own");
        run = over;
        pos = over_pos;
    }
    enum q_code code = set_run(w, run, o, "run", err);
    if (!code && over && !w->o->column && over != run)
        code = set_run(w, over, o, "overwritten", err);
    if (!code && w->table->is_fact)
        code = set_lookups(w, row, o, err);
    if (!code)
        code = set_rules(w, run, o, err);
    if (!code && pos != INT64_MIN)
        code = why_trace(w, row, run, pos, o, err);
    else if (!code)
        q_json_set_text(o, "note",
                        why_cell(row, "inferred") && q_streq(why_cell(row, "inferred"), "true")
                            ? "inferred: a fact names the member, and no record of its own has come"
                            : "no record of a source: quern made the row itself");
    return code ? code : set_history(w, row, o, err);
}

enum q_code why_row(const struct why_options *options, struct q_json **out, bool *found,
                    struct q_err *err)
{
    struct run_session *s = options->session;
    struct why w = {options, s->arena, s, options->table};
    struct why_cells key = {0};
    why_rows rows = {0};
    const char *sql = NULL;
    struct q_json *o = *out = q_json_object(s->arena);
    *found = true;
    q_json_set_text(o, "table", options->table->name);
    q_json_set_text(o, "column", options->column);
    struct q_json *names = q_json_set_array(o, "key");
    for (size_t i = 0; i < options->table->n_keys; i++)
        q_json_push_text(names, options->table->keys[i]);
    enum q_code code = check_column(&w, err);
    if (!code && !options->keys->n)
        return why_lineage(&w, o, err);
    if (!code)
        code = split_keys(&w, &key, err);
    if (!code && !s->attached)
        code = run_attach(s, err);
    if (!code && !db_has_table(s->db, "wh", "main", options->table->stored))
        code =
            q_fail(err, Q_TARGET, "the warehouse does not have \"%s\" yet", options->table->stored);
    if (!code)
        code = select_rows(&w, &key, &sql, err);
    if (!code)
        code = why_read(&w, sql, ROWS, &rows, err);
    if (code)
        return code;
    struct q_json *list = q_json_set_array(o, "rows");
    *found = rows.n > 0;
    for (size_t i = 0; i < rows.n && !code; i++) {
        struct q_json *r = q_json_push_object(list);
        set_values(r, &rows.v[i]);
        if (rows.n == 1)
            code = explain(&w, rows.v, r, err);
    }
    return code || rows.n ? code : why_rejects(&w, &key, o, err);
}
