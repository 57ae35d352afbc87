/* SPDX-License-Identifier: Apache-2.0 */
/* From a row's run and position to the record in its file, and through today's steps back to the values of the row. */
#include "base/file.h"
#include "batch/reject.h"
#include "prove/whyint.h"

struct trace {
    struct why *w;
    const struct why_cells *row;
    const struct cfg_pipeline *pipeline;
    const char *relation; /* source that the record belongs to */
    int64_t pos;          /* of the record on record, then today */
    bool
        by_key; /* of a connection, whose rows have no place that lasts: found again by the row's key */
    struct plan *plan;
    struct why_cells final; /* the row of the relation to load, with all positions */
    struct q_json *source;
};

/* ---- the record ---- */

static const struct cfg_pipeline *pipeline_of(struct why *w, int64_t run, const char **name,
                                              struct q_err *err, enum q_code *code)
{
    why_rows runs = {0};
    *code =
        why_read(w, sql_make(w->arena, "SELECT pipeline FROM wh.quern.runs WHERE run_id = %d", run),
                 1, &runs, err);
    *name = runs.n ? why_cell(runs.v, "pipeline") : NULL;
    return *name ? cfg_find_pipeline(w->s->project, *name) : NULL;
}

/* A negative position is a record of the right side of a join that has no left one. */
static void find_relation(struct trace *t)
{
    const cfg_steps *steps = &t->pipeline->steps;
    t->relation = t->pipeline->sources.v[0].name.s;
    if (t->pos >= 0)
        return;
    t->pos = -1 - t->pos;
    for (size_t i = 0; i < steps->n; i++)
        if (steps->v[i].kind == CFG_JOIN &&
            (steps->v[i].join == CFG_RIGHT || steps->v[i].join == CFG_FULL))
            t->relation = steps->v[i].right.s;
}

static const struct cfg_source *source_of_record(const struct trace *t)
{
    const cfg_sources *sources = &t->pipeline->sources;
    for (size_t i = 0; i < sources->n; i++)
        if (q_streq(sources->v[i].name.s, t->relation))
            return &sources->v[i];
    return NULL;
}

/* Where its pipeline puts the files that were loaded; NULL: nowhere. */
static const char *put_away(const struct trace *t)
{
    const struct cfg_source *source = source_of_record(t);
    for (size_t i = 0; source && i < source->options.n; i++) {
        const struct cfg_pair *o = &source->options.v[i];
        if (q_streq(o->key.s, "after_load.move") || q_streq(o->key.s, "after_load.archive"))
            return o->value.s;
    }
    return NULL;
}

static void compare_file(struct trace *t, const char *path, int64_t size)
{
    struct why *w = t->w;
    struct q_file_info info;
    const char *full = q_path_join(w->arena, w->s->project->dir, path);
    if (!q_file_stat(full, &info)) {
        q_json_set_text(t->source, "state", "gone");
        const char *to = put_away(t);
        q_json_set_text(t->source, "message",
                        to ? q_printf(w->arena,
                                      "the file is not there any more: `after_load` puts the files "
                                      "of this source into %s",
                                      to)
                           : "the file is not there any more");
    } else if (size >= 0 && info.size != size) {
        q_json_set_text(t->source, "state", "changed");
        q_json_set_text(t->source, "message",
                        q_printf(w->arena,
                                 "the file has %lld bytes, it had %lld when the run read it: what "
                                 "stands there now may be another record",
                                 (long long)info.size, (long long)size));
    } else {
        q_json_set_text(t->source, "state", "same size");
    }
}

/* Else it is read from a connection, whose rows may have changed since. */
static bool reads_files(const struct trace *t)
{
    const struct cfg_source *source = source_of_record(t);
    return source && q_streq(source->from.s, "files");
}

static enum q_code find_file(struct trace *t, int64_t run, const char **path, struct q_err *err)
{
    struct why *w = t->w;
    why_rows files = {0};
    enum q_code code = why_read(
        w,
        sql_make(w->arena,
                 "SELECT path, size FROM wh.quern.files WHERE run_id = %d AND relation = %L AND "
                 "file_no = %d",
                 run, t->relation, q_pos_file(t->pos)),
        1, &files, err);
    *path = files.n ? why_cell(files.v, "path") : NULL;
    q_json_set_text(t->source, "relation", t->relation);
    q_json_set_text(t->source, "file", *path);
    t->by_key = !reads_files(t);
    q_json_set_int(t->source, t->by_key ? "row" : "byte_offset", q_pos_offset(t->pos));
    if (code)
        return code;
    if (*path && !t->by_key)
        compare_file(t, *path, why_int(files.v, "size", -1));
    else if (*path)
        q_json_set_text(t->source, "state", "read again");
    else
        q_json_set_text(t->source, "message", "the run has no such file on record");
    return Q_OK;
}

static enum q_code set_raw(struct trace *t, struct q_err *err)
{
    struct q_str raw = {0};
    int64_t ordinal = 0, line = 0;
    enum q_code code = Q_OK;
    for (size_t i = 0; i < t->plan->sources.n && !code; i++) {
        const struct plan_source *source = &t->plan->sources.v[i];
        if (q_streq(source->name, t->relation) && source->read_raw)
            code = source->read_raw(source, t->pos, t->w->arena, &raw, &ordinal, &line, err);
    }
    if (code)
        return code;
    if (!ordinal)
        q_json_set_text(t->source, "message", "no record starts there any more");
    q_json_set_int(t->source, "record_no", ordinal);
    if (line || reads_files(t)) /* Parquet has rows and no lines */
        q_json_set_int(t->source, "line", line);
    if (raw.n)
        q_json_set_text(t->source, "raw", q_strndup(t->w->arena, raw.p, raw.n));
    return Q_OK;
}

/* ---- what the steps make of it ---- */

/* The row's position columns that a relation has, as a condition. */
static enum q_code same_record(struct trace *t, const char *relation, const char *source,
                               const char **out, struct q_err *err)
{
    struct why *w = t->w;
    struct q_schema columns = {0};
    struct sql *q = sql_new(w->arena);
    bool main = q_streq(source, t->plan->sources.v[0].name);
    enum q_code code = db_describe(w->s->db, sql_make(w->arena, "SELECT * FROM %I", relation),
                                   w->arena, &columns, err);
    sql_add(q, "true");
    for (size_t i = 0; i < t->final.names.n; i++) {
        const char *name = t->final.names.v[i], *value = t->final.values.v[i];
        bool own = !main && q_streq(name, q_printf(w->arena, "_q_pos_%s", source));
        const char *column = own ? "_q_pos" : name;
        if (!q_starts(name, "_q_pos") || (!main && !own && q_streq(name, "_q_pos")) ||
            q_schema_find(&columns, column) < 0)
            continue;
        sql_add(q, " AND %I IS NOT DISTINCT FROM CAST(%L AS BIGINT)", column, value);
    }
    *out = sql_text(q);
    return code;
}

static enum q_code read_step_row(struct trace *t, const char *relation, const char *source,
                                 why_rows *out, struct q_err *err)
{
    const char *where;
    enum q_code code = same_record(t, relation, source, &where, err);
    return code ? code
                : why_read(
                      t->w,
                      sql_make(t->w->arena, "SELECT * FROM %I WHERE %s LIMIT 1", relation, where),
                      1, out, err);
}

static const char *source_of(const struct trace *t, const struct cfg_step *step)
{
    const char *name = step->kind == CFG_JOIN ? step->left.s : step->relation.s;
    return name ? name : t->plan->sources.v[0].name;
}

/* The relation of the source before step `number`. */
static const char *relation_before(const struct trace *t, const char *source, size_t number)
{
    for (size_t i = number - 1; i > 0; i--)
        if (q_streq(source_of(t, &t->pipeline->steps.v[i - 1]), source))
            return q_printf(t->w->arena, "t%zu_%s", i, source);
    return q_printf(t->w->arena, "t0_%s", source);
}

static void set_cells(struct q_json *o, const char *name, const q_texts *columns,
                      const why_rows *rows)
{
    struct q_json *values = q_json_set_object(o, name);
    for (size_t i = 0; i < columns->n && rows->n; i++)
        q_json_set_text(values, columns->v[i], why_cell(rows->v, columns->v[i]));
}

static void set_place(const struct lineage_step *s, struct q_json *o)
{
    q_json_set_text(o, "step", s->text);
    q_json_set_text(o, "file", s->pos.file);
    q_json_set_int(o, "line", s->pos.line);
}

static enum q_code set_step(struct trace *t, const struct lineage_step *s, struct q_json *list,
                            struct q_err *err)
{
    why_rows before = {0}, after = {0};
    q_texts made = {0};
    struct q_json *o = q_json_push_object(list);
    set_place(s, o);
    enum q_code code =
        read_step_row(t, relation_before(t, s->source, s->number), s->source, &before, err);
    if (!code)
        code = read_step_row(t, s->relation, s->source, &after, err);
    if (s->column)
        *q_vec_push(t->w->arena, &made) = s->column;
    set_cells(o, "before", &s->reads, &before);
    set_cells(o, "after", &made, &after);
    if (!code && !s->column)
        q_json_set_bool(o, "kept", after.n > 0);
    return code;
}

static bool same_step(const struct lineage_step *a, const struct lineage_step *b)
{
    return a->number == b->number && q_streq(a->text, b->text) &&
           (!a->column || !b->column || q_streq(a->column, b->column));
}

static void take_steps(struct trace *t, lineage_steps *all, const lineage_steps *some)
{
    for (size_t i = 0; i < some->n; i++) {
        size_t at = 0;
        while (at < all->n && !same_step(all->v[at], some->v[i]))
            at++;
        if (at < all->n)
            continue;
        *q_vec_push(t->w->arena, all) = some->v[i];
        for (at = all->n - 1; at > 0 && all->v[at - 1]->number > some->v[i]->number; at--) {
            all->v[at] = all->v[at - 1];
            all->v[at - 1] = some->v[i];
        }
    }
}

/* The values as they stood in the file, of the columns that the question is about. */
static enum q_code set_read(struct trace *t, const q_texts *sources, struct q_err *err)
{
    struct q_json *read = q_json_set_object(t->source, "values");
    enum q_code code = Q_OK;
    for (size_t i = 0; i < t->plan->sources.n && !code; i++) {
        const struct plan_source *source = &t->plan->sources.v[i];
        why_rows rows = {0};
        code = read_step_row(t, q_printf(t->w->arena, "t0_%s", source->name), source->name, &rows,
                             err);
        for (size_t k = 0; k < sources->n && rows.n; k++) {
            const char *dot = strchr(sources->v[k], '.');
            if (strncmp(sources->v[k], source->name, strlen(source->name)) == 0 &&
                sources->v[k] + strlen(source->name) == dot)
                q_json_set_text(read, sources->v[k], why_cell(rows.v, dot + 1));
        }
    }
    return code;
}

/* Whether today's steps give what the row has, for columns that are loaded as they are. */
static enum q_code set_result(struct trace *t, const q_texts *columns, struct q_json *o,
                              struct q_err *err)
{
    struct why *w = t->w;
    struct q_json *list = q_json_set_array(o, "differs");
    enum q_code code = Q_OK;
    for (size_t i = 0; i < columns->n && !code; i++) {
        const struct model_column *c = model_column_find(w->table, columns->v[i]);
        const char *value = c ? why_cell(&t->final, c->name) : NULL;
        const char *stored = c ? why_cell(t->row, c->name) : NULL;
        int64_t same = 1;
        if (!c)
            continue;
        code = db_get_ints(w->s->db,
                           sql_make(w->arena,
                                    "SELECT TRY_CAST(%L AS %T) IS NOT DISTINCT FROM TRY_CAST(%L "
                                    "AS %T)",
                                    value, &c->type, stored, &c->type),
                           NULL, 0, &same, 1, 0, err);
        if (same)
            continue;
        struct q_json *d = q_json_push_object(list);
        q_json_set_text(d, "column", c->name);
        q_json_set_text(d, "today", value);
        q_json_set_text(d, "stored", stored);
    }
    return code;
}

/* Where a row of the relation to load has another key than the row; false when it has the same. */
static void add_other_key(struct trace *t, struct sql *q)
{
    const struct model_table *table = t->w->table;
    sql_add(q, "(false");
    for (size_t i = 0; i < table->n_keys; i++) {
        const struct model_column *key = model_column_find(table, table->keys[i]);
        if (key && q_schema_find(&t->plan->current.columns, key->name) >= 0)
            sql_add(q, " OR TRY_CAST(%I AS %T) IS DISTINCT FROM TRY_CAST(%L AS %T)", key->name,
                    &key->type, why_cell(t->row, key->name), &key->type);
    }
    sql_add(q, ")");
}

/* Of several rows of a key the one whose business time is that of the version. */
static void add_other_time(struct trace *t, struct sql *q)
{
    const char *time = t->pipeline->load.valid_from.s, *seen = why_cell(t->row, "first_seen_at");
    if (!time || q_schema_find(&t->plan->current.columns, time) < 0)
        return;
    if (!seen)
        seen = why_cell(t->row, "valid_from");
    sql_add(q, "TRY_CAST(%I AS TIMESTAMP) IS DISTINCT FROM TRY_CAST(%L AS TIMESTAMP), ", time,
            seen);
}

/* The row of the relation to load that has the key of the row, else, where records have a place, any of the record. */
static enum q_code find_final(struct trace *t, struct q_err *err)
{
    struct why *w = t->w;
    why_rows rows = {0};
    struct sql *q = sql_new(w->arena);
    bool main = q_streq(t->relation, t->plan->sources.v[0].name);
    sql_add(q, "SELECT * FROM %I WHERE ", t->plan->current.name);
    if (t->by_key)
        sql_add(q, "NOT ");
    else
        sql_add(q, "_q_pos = %d ORDER BY ", main ? t->pos : -1 - t->pos);
    add_other_key(t, q);
    sql_add(q, t->by_key ? " ORDER BY " : ", ");
    add_other_time(t, q);
    sql_add(q, "_q_pos LIMIT 1");
    enum q_code code = why_read(w, sql_text(q), 1, &rows, err);
    if (rows.n) {
        t->final = rows.v[0];
        return code;
    }
    *q_vec_push(w->arena, &t->final.names) = "_q_pos";
    *q_vec_push(w->arena, &t->final.values) =
        t->by_key ? NULL : q_printf(w->arena, "%lld", (long long)t->pos);
    q_json_set_text(t->source, "message",
                    t->by_key ? "the source has no row with this key any more, or a step leaves it "
                                "out"
                              : "today's steps do not make a row of this record: a filter leaves "
                                "it out, or it cannot be read");
    return code;
}

/* All steps and source columns of the columns that the question is about. */
static enum q_code collect_steps(struct trace *t, lineage_steps *steps, q_texts *sources,
                                 struct q_err *err)
{
    q_texts columns = {0};
    enum q_code code = Q_OK;
    why_columns(t->w, &columns);
    for (size_t i = 0; i < columns.n && !code; i++) {
        struct lineage l;
        code = lineage_of(t->w->arena, t->plan, columns.v[i], &l, err);
        if (code)
            break;
        take_steps(t, steps, &l.steps);
        take_steps(t, steps, &l.filters);
        for (size_t k = 0; k < l.sources.n; k++)
            *q_vec_push(t->w->arena, sources) = l.sources.v[k];
    }
    return code;
}

static enum q_code set_steps(struct trace *t, struct q_json *o, struct q_err *err)
{
    q_texts columns = {0}, sources = {0};
    lineage_steps steps = {0};
    enum q_code code = find_final(t, err);
    why_columns(t->w, &columns);
    if (!code)
        code = collect_steps(t, &steps, &sources, err);
    bool gone = t->by_key && t->final.names.n < 2;
    if (!code && !gone)
        code = set_read(t, &sources, err);
    struct q_json *list = q_json_set_array(o, "steps");
    for (size_t i = 0; i < steps.n && !code; i++)
        if (gone)
            set_place(steps.v[i], q_json_push_object(list));
        else
            code = set_step(t, steps.v[i], list, err);
    return code || t->final.names.n < 2 ? code : set_result(t, &columns, o, err);
}

/* The source or the declaration is another one now: what is on record is told, and the steps without values. */
static enum q_code cannot_read(struct trace *t, const struct q_err *why, struct q_json *o,
                               struct q_err *err)
{
    const char *state = q_json_text(q_json_get(t->source, "state"), "");
    lineage_steps steps = {0};
    q_texts sources = {0};
    enum q_code code = Q_OK;
    if (why->code == Q_CANCELLED || why->code == Q_NOMEM)
        return q_fail(err, why->code, "%s", why->message);
    if (!q_streq(state, "gone"))
        q_json_set_text(t->source, "message",
                        q_printf(t->w->arena, "the record cannot be read again: %s", why->message));
    if (t->plan)
        code = collect_steps(t, &steps, &sources, err);
    struct q_json *list = q_json_set_array(o, "steps");
    for (size_t i = 0; i < steps.n && !code; i++)
        set_place(steps.v[i], q_json_push_object(list));
    return code;
}

enum q_code why_trace(struct why *w, const struct why_cells *row, int64_t run, int64_t pos,
                      struct q_json *o, struct q_err *err)
{
    struct trace t = {.w = w, .row = row, .pos = pos};
    const char *name, *path;
    enum q_code code;
    struct q_err why = {0};
    t.pipeline = pipeline_of(w, run, &name, err, &code);
    if (code)
        return code;
    t.source = q_json_set_object(o, "source");
    if (!t.pipeline) {
        q_json_set_text(
            t.source, "message",
            name ? q_printf(w->arena, "the project has no pipeline \"%s\" any more", name)
                 : "the run is not on record any more");
        return Q_OK;
    }
    find_relation(&t);
    code = find_file(&t, run, &path, err);
    if (code || !path)
        return code;
    struct run_record record = {t.relation, path, q_pos_offset(t.pos), t.by_key};
    if (run_trace(w->s, t.pipeline, &record, &t.plan, &t.pos, &why))
        return cannot_read(&t, &why, o, err);
    code = set_raw(&t, err);
    return code ? code : set_steps(&t, o, err);
}

/* ---- lineage alone ---- */

static enum q_code lineage_json(struct why *w, const struct plan *plan, const char *column,
                                struct q_json *list, struct q_err *err)
{
    struct lineage l;
    enum q_code code = lineage_of(w->arena, plan, column, &l, err);
    if (code)
        return code;
    struct q_json *o = q_json_push_object(list);
    q_json_set_text(o, "pipeline", plan->pipeline->name.s);
    q_json_set_text(o, "column", column);
    struct q_json *sources = q_json_set_array(o, "sources");
    for (size_t i = 0; i < l.sources.n; i++)
        q_json_push_text(sources, l.sources.v[i]);
    const lineage_steps *parts[] = {&l.steps, &l.filters};
    for (size_t p = 0; p < 2; p++) {
        struct q_json *steps = q_json_set_array(o, p ? "filters" : "steps");
        for (size_t i = 0; i < parts[p]->n; i++)
            set_place(parts[p]->v[i], q_json_push_object(steps));
    }
    q_json_set_text(o, "note", l.note);
    return Q_OK;
}

enum q_code why_lineage(struct why *w, struct q_json *o, struct q_err *err)
{
    const struct cfg_project *p = w->s->project;
    struct q_json *list = q_json_set_array(o, "lineage");
    q_texts columns = {0};
    enum q_code code = Q_OK;
    why_columns(w, &columns);
    for (size_t i = 0; i < p->pipelines.n && !code; i++) {
        struct plan *plan;
        if (!q_strcaseeq(p->pipelines.v[i].load.into.s, w->table->name))
            continue;
        code = run_trace(w->s, &p->pipelines.v[i], NULL, &plan, NULL, err);
        for (size_t c = 0; c < columns.n && !code; c++)
            code = lineage_json(w, plan, columns.v[c], list, err);
    }
    if (!code && w->table->is_date)
        q_json_set_text(
            o, "note",
            q_printf(w->arena, "generated from the range in %s", w->table->cfg->name.pos.file));
    return code;
}
