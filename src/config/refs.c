/* SPDX-License-Identifier: Apache-2.0 */
/* What files say about each other, and what they imply. */
#include <stdlib.h>
#include <strings.h>

#include "config/bind.h"

/* ---- names ---- */

static const char *place_text(struct cfg_bind *b, struct cfg_pos pos)
{
    return q_printf(b->arena, "%s:%d:%d", pos.file, pos.line, pos.col);
}

/* Case is not what tells two names apart: files and databases disagree about it. */
static enum q_code check_unique(struct cfg_bind *b, struct q_map *seen, const char *kind,
                                struct cfg_text name)
{
    char *folded = q_strdup(b->arena, name.s);
    for (char *p = folded; *p; p++)
        *p = (char)(*p >= 'A' && *p <= 'Z' ? *p + ('a' - 'A') : *p);
    const struct cfg_pos *before = q_map_get(seen, folded);
    if (before)
        return cfg_wrong(b, name.pos, "%s \"%s\" is declared twice; the first is %s", kind, name.s,
                         place_text(b, *before));
    struct cfg_pos *place = q_new(b->arena, struct cfg_pos);
    *place = name.pos;
    q_map_put(seen, folded, place);
    return Q_OK;
}

static int compare_tables(const void *a, const void *b)
{
    const struct cfg_table *x = a, *y = b;
    return x->is_fact != y->is_fact ? (int)x->is_fact - (int)y->is_fact
                                    : strcmp(x->name.s, y->name.s);
}

static int compare_pipelines(const void *a, const void *b)
{
    return strcmp(((const struct cfg_pipeline *)a)->name.s,
                  ((const struct cfg_pipeline *)b)->name.s);
}

static int compare_reports(const void *a, const void *b)
{
    return strcmp(((const struct cfg_report *)a)->name.s, ((const struct cfg_report *)b)->name.s);
}

enum q_code cfg_check_names(struct cfg_bind *b)
{
    struct cfg_project *p = b->project;
    struct q_map tables, pipelines, reports;
    q_map_init(&tables, b->arena);
    q_map_init(&pipelines, b->arena);
    q_map_init(&reports, b->arena);
    enum q_code code = Q_OK;
    for (size_t i = 0; i < p->tables.n; i++)
        code = cfg_first(code, check_unique(b, &tables, "table", p->tables.v[i].name));
    for (size_t i = 0; i < p->pipelines.n; i++)
        code = cfg_first(code, check_unique(b, &pipelines, "pipeline", p->pipelines.v[i].name));
    for (size_t i = 0; i < p->reports.n; i++)
        code = cfg_first(code, check_unique(b, &reports, "report", p->reports.v[i].name));
    if (p->tables.n)
        qsort(p->tables.v, p->tables.n, sizeof *p->tables.v, compare_tables);
    if (p->pipelines.n)
        qsort(p->pipelines.v, p->pipelines.n, sizeof *p->pipelines.v, compare_pipelines);
    if (p->reports.n)
        qsort(p->reports.v, p->reports.n, sizeof *p->reports.v, compare_reports);
    return code;
}

/* ---- model ---- */

static enum q_code unknown_table(struct cfg_bind *b, struct cfg_text name, const char *kind,
                                 bool dimensions_only)
{
    q_texts known = {0};
    for (size_t i = 0; i < b->project->tables.n; i++)
        if (!dimensions_only || !b->project->tables.v[i].is_fact)
            *q_vec_push(b->arena, &known) = b->project->tables.v[i].name.s;
    enum q_code code = cfg_unknown(b, name.pos, kind, name.s, known.v, known.n);
    if (!known.n)
        cfg_wrong_hint(b, "There is none; declare it in model/%s.yaml.", name.s);
    return code;
}

/* Names of the columns a table has: declared ones, and what roles keep. A role itself is one only for dates. */
static void table_columns(struct cfg_bind *b, const struct cfg_table *table, bool keys_too,
                          q_texts *out)
{
    for (size_t i = 0; i < table->columns.n; i++) {
        const struct cfg_column *c = &table->columns.v[i];
        if (!c->dimension.s)
            *q_vec_push(b->arena, out) = c->name.s;
        for (size_t k = 0; k < c->from.n; k++)
            *q_vec_push(b->arena, out) = c->from.v[k].s;
        if (c->dimension.s && keys_too)
            *q_vec_push(b->arena, out) = c->key.s;
    }
    if (keys_too && table->key.s)
        *q_vec_push(b->arena, out) = table->key.s;
}

static enum q_code check_column(struct cfg_bind *b, const struct cfg_table *table,
                                struct cfg_text name, const char *kind, bool keys_too)
{
    q_texts known = {0};
    table_columns(b, table, keys_too, &known);
    for (size_t i = 0; i < known.n; i++)
        if (q_strcaseeq(known.v[i], name.s))
            return Q_OK;
    return cfg_unknown(b, name.pos, kind, name.s, known.v, known.n);
}

/* The dimension of a role; fills `from` and `key` where they are not given. */
static enum q_code resolve_role(struct cfg_bind *b, struct cfg_column *role)
{
    const struct cfg_table *dimension = cfg_find_table(b->project, role->dimension.s);
    if (!dimension)
        return unknown_table(b, role->dimension, "dimension", true);
    if (dimension->is_fact)
        return cfg_wrong(b, role->dimension.pos, "\"%s\" is a fact, not a dimension",
                         role->dimension.s);
    if (dimension->date.set && role->missing == CFG_MISSING_INFER)
        return cfg_wrong(
            b, role->dimension.pos,
            "role \"%s\" cannot infer members of \"%s\": quern generates its days; widen its range, "
            "or use `missing: unknown`",
            role->name.s, role->dimension.s);
    if (!role->key.s)
        role->key = (struct cfg_text){.s = q_printf(b->arena, "%s_key", role->name.s),
                                      .pos = role->name.pos};
    size_t parts = dimension->date.set ? 1 : dimension->business_key.n;
    if (!role->from.n) {
        for (size_t i = 0; i < parts; i++) {
            struct cfg_text *column = q_vec_push(b->arena, &role->from);
            *column = role->name; /* a date role keeps its own name */
            if (!dimension->date.set)
                column->s = dimension->business_key.v[i].s;
        }
        return Q_OK;
    }
    if (role->from.n != parts)
        return cfg_wrong(b, role->from.v[0].pos,
                         "\"from\" has %zu columns and the business key of \"%s\" has %zu",
                         role->from.n, dimension->name.s, parts);
    return Q_OK;
}

static bool dimension_keeps(const struct cfg_table *table)
{
    for (size_t i = 0; i < table->columns.n; i++)
        if (!table->is_fact && table->columns.v[i].history == CFG_KEEP)
            return true;
    return false;
}

static bool may_be_inferred(const struct cfg_project *project, const struct cfg_table *dimension)
{
    for (size_t i = 0; i < project->tables.n; i++) {
        const cfg_columns *columns = &project->tables.v[i].columns;
        for (size_t k = 0; k < columns->n; k++)
            if (columns->v[k].missing == CFG_MISSING_INFER && columns->v[k].dimension.s &&
                q_strcaseeq(columns->v[k].dimension.s, dimension->name.s))
                return true;
    }
    return false;
}

/* Whose column it is when quern adds one of that name to the table, else NULL. */
static const char *taken_by(struct cfg_bind *b, const struct cfg_table *table, const char *name)
{
    static const char *const versions[] = {"valid_from", "valid_to", "is_current",
                                           "is_deleted", "version",  "first_seen_at"};
    if (strlen(name) >= 3 && strncasecmp(name, "_q_", 3) == 0)
        return "itself, as all names that begin with _q_";
    if (table->is_fact)
        return NULL;
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
        if (dimension_keeps(table) && q_strcaseeq(name, versions[i]))
            return "every dimension with history";
    if (q_strcaseeq(name, "inferred") && may_be_inferred(b->project, table))
        return "a dimension with `missing: infer`";
    for (size_t i = 0; i < table->columns.n; i++) {
        const struct cfg_column *c = &table->columns.v[i];
        if (c->history == CFG_PREVIOUS &&
            (q_strcaseeq(name, q_printf(b->arena, "previous_%s", c->name.s)) ||
             q_strcaseeq(name, q_printf(b->arena, "%s_changed_at", c->name.s))))
            return q_printf(b->arena, "`%s` with `history: previous`", c->name.s);
    }
    return NULL;
}

static enum q_code check_own_name(struct cfg_bind *b, const struct cfg_table *table,
                                  struct cfg_text name)
{
    const char *owner = name.s ? taken_by(b, table, name.s) : NULL;
    return owner ? cfg_wrong(b, name.pos,
                             "column \"%s\" cannot have this name: quern keeps it for %s", name.s,
                             owner)
                 : Q_OK;
}

/* Every column that the table will have, by its own name. What roles keep may be shared and declared. */
static enum q_code check_column_names(struct cfg_bind *b, const struct cfg_table *table)
{
    struct q_map seen;
    q_map_init(&seen, b->arena);
    enum q_code code = Q_OK;
    if (table->key.s)
        code = cfg_first(check_unique(b, &seen, "column", table->key),
                         check_own_name(b, table, table->key));
    for (size_t i = 0; i < table->columns.n; i++) {
        const struct cfg_column *c = &table->columns.v[i];
        code = cfg_first(code, check_unique(b, &seen, "column", c->dimension.s ? c->key : c->name));
        code = cfg_first(code, check_own_name(b, table, c->dimension.s ? c->key : c->name));
        for (size_t k = 0; c->dimension.s && k < c->from.n; k++)
            code = cfg_first(code, check_own_name(b, table, c->from.v[k]));
    }
    for (size_t i = 0; i < table->columns.n; i++) {
        const struct cfg_column *c = &table->columns.v[i];
        for (size_t k = 0; c->dimension.s && k < c->from.n; k++)
            if (q_strcaseeq(c->from.v[k].s, c->key.s))
                code = cfg_first(
                    code,
                    cfg_wrong(
                        b, c->from.v[k].pos,
                        "column \"%s\" is both the key of the role and a column that it keeps",
                        c->key.s));
    }
    return code;
}

static enum q_code check_list(struct cfg_bind *b, const struct cfg_table *table,
                              const cfg_texts *list, const char *kind)
{
    enum q_code code = Q_OK;
    struct q_map seen;
    q_map_init(&seen, b->arena);
    for (size_t i = 0; i < list->n; i++) {
        enum q_code now = check_column(b, table, list->v[i], kind, false);
        code = cfg_first(code, now ? now : check_unique(b, &seen, kind, list->v[i]));
    }
    return code;
}

static enum q_code check_table(struct cfg_bind *b, struct cfg_table *table)
{
    enum q_code code = Q_OK;
    for (size_t i = 0; i < table->columns.n; i++)
        if (table->columns.v[i].dimension.s)
            code = cfg_first(code, resolve_role(b, &table->columns.v[i]));
    if (code)
        return code;
    for (size_t i = 0; i < table->columns.n; i++)
        if (table->columns.v[i].at.s)
            code = cfg_first(code, check_column(b, table, table->columns.v[i].at, "column", false));
    code = cfg_first(code, check_column_names(b, table));
    code = cfg_first(code, check_list(b, table, &table->business_key, "business key column"));
    return cfg_first(code, check_list(b, table, &table->grain, "grain column"));
}

enum q_code cfg_check_model(struct cfg_bind *b)
{
    enum q_code code = Q_OK;
    for (size_t i = 0; i < b->project->tables.n; i++)
        code = cfg_first(code, check_table(b, &b->project->tables.v[i]));
    return code;
}

/* ---- pipelines ---- */

static ptrdiff_t find_source(const struct cfg_pipeline *p, const char *name)
{
    for (size_t i = 0; i < p->sources.n; i++)
        if (q_streq(p->sources.v[i].name.s, name))
            return (ptrdiff_t)i;
    return -1;
}

static enum q_code check_relation(struct cfg_bind *b, const struct cfg_pipeline *p,
                                  struct cfg_text name)
{
    if (!name.s || find_source(p, name.s) >= 0)
        return Q_OK;
    q_texts known = {0};
    for (size_t i = 0; i < p->sources.n; i++)
        *q_vec_push(b->arena, &known) = p->sources.v[i].name.s;
    return cfg_unknown(b, name.pos, "relation", name.s, known.v, known.n);
}

/* "a -> b -> c": how `from` gets into `to` by the joins before `upto`; NULL when it does not. */
static const char *path_between(struct cfg_bind *b, const struct cfg_pipeline *p, size_t upto,
                                const char *from, const char *to)
{
    const char **paths = q_alloc_array(b->arena, p->sources.n, sizeof *paths);
    paths[find_source(p, from)] = from;
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < upto; i++) {
            const struct cfg_step *s = &p->steps.v[i];
            if (s->kind != CFG_JOIN)
                continue;
            const char *so_far = paths[find_source(p, s->right.s)];
            const char **next = &paths[find_source(p, s->left.s)];
            if (!so_far || *next)
                continue;
            *next = q_printf(b->arena, "%s -> %s", so_far, s->left.s);
            more = true;
        }
    }
    return paths[find_source(p, to)];
}

static enum q_code check_join(struct cfg_bind *b, const struct cfg_pipeline *p, size_t at)
{
    const struct cfg_step *s = &p->steps.v[at];
    if (q_streq(s->left.s, s->right.s))
        return cfg_wrong(b, s->right.pos, "relation \"%s\" is joined into itself", s->right.s);
    const char *back = path_between(b, p, at, s->left.s, s->right.s);
    if (back)
        return cfg_wrong(b, s->right.pos, "joins in a circle: %s -> %s", back, s->left.s);
    return Q_OK;
}

/* A step that the main relation never sees would be lost. */
static enum q_code check_reached(struct cfg_bind *b, const struct cfg_pipeline *p, size_t at)
{
    const struct cfg_step *s = &p->steps.v[at];
    struct cfg_text name = s->kind == CFG_JOIN ? s->left : s->relation;
    if (!name.s || q_streq(name.s, p->sources.v[0].name.s))
        return Q_OK;
    for (size_t i = at + 1; i < p->steps.n; i++)
        if (p->steps.v[i].kind == CFG_JOIN && q_streq(p->steps.v[i].right.s, name.s))
            return Q_OK;
    return cfg_wrong(
        b, name.pos,
        "nothing uses \"%s\" after this step; join it into \"%s\" behind it, not before", name.s,
        p->sources.v[0].name.s);
}

/* All sources but the first must be joined into another; the first is the result. */
static enum q_code check_result(struct cfg_bind *b, const struct cfg_pipeline *p)
{
    for (size_t i = 0; i < p->sources.n; i++) {
        const struct cfg_text *name = &p->sources.v[i].name;
        const struct cfg_step *into = NULL;
        for (size_t k = 0; k < p->steps.n; k++)
            if (p->steps.v[k].kind == CFG_JOIN && q_streq(p->steps.v[k].right.s, name->s))
                into = &p->steps.v[k];
        if (i == 0 && into)
            return cfg_wrong(
                b, into->right.pos,
                "the main relation \"%s\" is joined into \"%s\"; write \"%s\" first under \"extract\"",
                name->s, into->left.s, into->left.s);
        if (i > 0 && !into)
            return cfg_wrong(
                b, name->pos,
                "more than one main result: \"%s\" and \"%s\"; join \"%s\" into \"%s\"",
                p->sources.v[0].name.s, name->s, name->s, p->sources.v[0].name.s);
    }
    return Q_OK;
}

static enum q_code check_steps(struct cfg_bind *b, const struct cfg_pipeline *p)
{
    enum q_code code = Q_OK;
    for (size_t i = 0; i < p->steps.n; i++) {
        const struct cfg_step *s = &p->steps.v[i];
        code = cfg_first(code, check_relation(b, p, s->relation));
        code = cfg_first(code, check_relation(b, p, s->left));
        code = cfg_first(code, check_relation(b, p, s->right));
    }
    for (size_t i = 0; !code && i < p->steps.n; i++)
        if (p->steps.v[i].kind == CFG_JOIN)
            code = check_join(b, p, i);
    if (!code)
        code = check_result(b, p);
    for (size_t i = 0; !code && i < p->steps.n; i++)
        code = check_reached(b, p, i);
    return code;
}

static enum q_code check_sources(struct cfg_bind *b, const struct cfg_pipeline *p)
{
    enum q_code code = Q_OK;
    struct q_map seen;
    q_map_init(&seen, b->arena);
    q_texts known = {0};
    *q_vec_push(b->arena, &known) = "files";
    for (size_t i = 0; i < b->project->connections.n; i++)
        *q_vec_push(b->arena, &known) = b->project->connections.v[i].name.s;
    for (size_t i = 0; i < p->sources.n; i++) {
        const struct cfg_source *s = &p->sources.v[i];
        bool found = false;
        for (size_t k = 0; k < known.n; k++)
            found = found || q_streq(known.v[k], s->from.s);
        if (!found)
            code = cfg_first(
                code, cfg_unknown(b, s->from.pos, "connection", s->from.s, known.v, known.n));
        code = cfg_first(code, check_unique(b, &seen, "source", s->name));
        struct q_map columns;
        q_map_init(&columns, b->arena);
        for (size_t k = 0; k < s->columns.n; k++)
            code = cfg_first(code, check_unique(b, &columns, "column", s->columns.v[k].name));
    }
    return code;
}

static enum q_code check_rules(struct cfg_bind *b, const struct cfg_pipeline *p)
{
    enum q_code code = Q_OK;
    for (size_t i = 0; i < p->rules.n; i++) {
        const struct cfg_rule *r = &p->rules.v[i];
        if (r->kind != CFG_REFERENCE)
            continue;
        const struct cfg_table *to = cfg_find_table(b->project, r->to_table.s);
        if (!to)
            code = cfg_first(code, unknown_table(b, r->to_table, "table", false));
        else if (r->to_column.s && !to->date.set)
            code = cfg_first(code, check_column(b, to, r->to_column, "column", true));
    }
    return code;
}

static bool is_key(const struct cfg_table *table, const char *column)
{
    const cfg_texts *keys = table->is_fact ? &table->grain : &table->business_key;
    for (size_t i = 0; i < keys->n; i++)
        if (q_strcaseeq(keys->v[i].s, column))
            return true;
    return false;
}

/* A column that an update may set. */
static enum q_code check_updated(struct cfg_bind *b, const struct cfg_table *into,
                                 struct cfg_text name, const char *word)
{
    enum q_code code = check_column(b, into, name, "column", false);
    if (!code && is_key(into, name.s))
        code = cfg_wrong(b, name.pos,
                         "\"%s\" is part of the key of \"%s\", which \"%s\" cannot change", name.s,
                         into->name.s, word);
    return code;
}

static bool is_listed(const cfg_texts *list, const char *name)
{
    for (size_t i = 0; i < list->n; i++)
        if (q_strcaseeq(list->v[i].s, name))
            return true;
    return false;
}

/* Columns that the keys of a load name. */
static enum q_code check_load_columns(struct cfg_bind *b, const struct cfg_table *into,
                                      const struct cfg_load *load)
{
    enum q_code code = Q_OK;
    for (size_t i = 0; i < load->update.n; i++)
        code = cfg_first(code, check_updated(b, into, load->update.v[i], "update"));
    for (size_t i = 0; i < load->merge.n; i++) {
        const struct cfg_text *column = &load->merge.v[i].key;
        code = cfg_first(code, check_updated(b, into, *column, "merge"));
        if (load->update.n && !is_listed(&load->update, column->s))
            code = cfg_first(code,
                             cfg_wrong(b, column->pos,
                                       "\"%s\" is merged, but it is not in the list of \"update\"",
                                       column->s));
    }
    code = cfg_first(code, check_list(b, into, &load->slice.by, "column"));
    if (load->slice.range.s)
        code = cfg_first(code, check_column(b, into, load->slice.range, "column", false));
    return code;
}

static enum q_code check_load(struct cfg_bind *b, const struct cfg_load *load)
{
    const struct cfg_table *into = cfg_find_table(b->project, load->into.s);
    if (!into)
        return unknown_table(b, load->into, "table", false);
    if (into->date.set)
        return cfg_wrong(b, load->into.pos, "cannot load into \"%s\": quern generates it",
                         load->into.s);
    if (load->mode == CFG_HISTORY && into->is_fact)
        return cfg_wrong(b, load->into.pos,
                         "cannot load into \"%s\" with `mode: history`: it is a fact",
                         load->into.s);
    return check_load_columns(b, into, load);
}

enum q_code cfg_check_pipelines(struct cfg_bind *b)
{
    enum q_code code = Q_OK;
    for (size_t i = 0; i < b->project->pipelines.n; i++) {
        const struct cfg_pipeline *p = &b->project->pipelines.v[i];
        code = cfg_first(code, check_sources(b, p));
        code = cfg_first(code, check_steps(b, p));
        code = cfg_first(code, check_rules(b, p));
        code = cfg_first(code, check_load(b, &p->load));
    }
    return code;
}
