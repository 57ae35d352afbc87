/* SPDX-License-Identifier: Apache-2.0 */
/* A REST API as a driver: its columns, what is read, and the rows of the spool through the reader of JSON files. */
#include "extract/rest/rest.h"

#include <string.h>

#include "base/json.h"
#include "extract/rest/internal.h"
#include "sql/build.h"

static struct rest_source *of(struct extract_source *s)
{
    return (struct rest_source *)s;
}

/* ---- the spool as a file ---- */

static int64_t place_of(void *self, int64_t offset)
{
    const struct rest_spool *spool = &((struct rest_source *)self)->spool;
    size_t page = rest_page_at(spool, offset);
    return q_pos((int64_t)page, offset - spool->pages.v[page]->start);
}

static void note_reject(void *self, int64_t pos)
{
    const struct rest_spool *spool = &((struct rest_source *)self)->spool;
    atomic_fetch_add_explicit(&spool->pages.v[q_pos_file(pos)]->rejected, 1, memory_order_relaxed);
}

/* Look at what was fetched; with `columns` nothing is inferred. */
static enum q_code look_at_spool(struct rest_source *s, const struct q_schema *declared,
                                 const struct q_schema *pinned, struct q_err *err)
{
    enum q_code code = q_opt_defaults(extract_file_opts, s->arena, &s->file_options, err);
    if (code)
        return code;
    s->file_options.path = s->spool.path;
    s->file_options.format = "ndjson";
    s->file_options.encoding = "utf-8";
    s->file_options.compression = "none";
    s->file_options.max_record = s->o->max_record + (1 << 20); /* and what is put in front */
    s->places = (struct read_places){s, place_of, note_reject};
    s->file_input = (struct extract_file_input){.name = s->in->name,
                                                .options = &s->file_options,
                                                .cfg = s->in->cfg,
                                                .declared = declared,
                                                .pinned = pinned,
                                                .optional = true,
                                                .sink = s->in->sink,
                                                .db = s->in->db,
                                                .workers = s->in->workers,
                                                .places = &s->places};
    return extract_file_describe(s->arena, &s->file_input, &s->file, err);
}

/* ---- columns ---- */

static void add_columns(struct rest_source *s, const struct q_schema *from)
{
    for (size_t i = 0; from && i < from->n; i++) {
        const struct q_column *c = &from->v[i];
        ptrdiff_t at = q_schema_find(&s->base.columns, c->name);
        if (at < 0)
            (void)q_schema_add(s->arena, &s->base.columns, c->name, c->type);
        else if (s->base.columns.v[at].type.id == Q_T_NONE)
            s->base.columns.v[at].type = c->type;
    }
}

static bool is_known(const struct rest_source *s)
{
    for (size_t i = 0; i < s->base.columns.n; i++)
        if (s->base.columns.v[i].type.id == Q_T_NONE)
            return false;
    return s->base.columns.n > 0;
}

static const struct cfg_column *declared_as(const struct rest_source *s, const char *name)
{
    for (size_t i = 0; i < s->in->cfg->columns.n; i++)
        if (q_streq(s->in->cfg->columns.v[i].name.s, name))
            return &s->in->cfg->columns.v[i];
    return NULL;
}

/* Columns that reach into a record need a type, because inferring looks at its members as a whole. */
static enum q_code check_paths(const struct rest_source *s, struct q_err *err)
{
    for (size_t i = 0; i < s->in->cfg->columns.n; i++) {
        const struct cfg_column *c = &s->in->cfg->columns.v[i];
        if (!c->type.s && (c->path.s || c->from.n))
            return cfg_fail(err, c->name.pos, "column \"%s\" has a path, so it needs a type",
                            c->name.s);
    }
    return Q_OK;
}

static const char *member_of(const struct rest_source *s, const char *name)
{
    const struct cfg_column *c = declared_as(s, name);
    return c && (c->path.s || c->from.n) ? extract_file_member(s->arena, c) : name;
}

/* A member is taken by one column, as a whole or in parts: the reader would leave the other one empty. */
static enum q_code check_members(const struct rest_source *s, struct q_err *err)
{
    const struct q_schema *columns = &s->base.columns;
    for (size_t i = 0; i < columns->n; i++)
        for (size_t k = 0; k < columns->n; k++) {
            const char *a = member_of(s, columns->v[i].name), *b = member_of(s, columns->v[k].name);
            size_t n = strlen(a);
            if (i == k || strncmp(a, b, n) != 0 || (b[n] && b[n] != '.'))
                continue;
            enum q_code code =
                cfg_fail(err, s->in->cfg->name.pos,
                         "columns \"%s\" and \"%s\" of \"%s\" both take \"%s\" of a record",
                         columns->v[i].name, columns->v[k].name, s->in->cfg->name.s, a);
            q_hint(err, "Declare all columns with their types, and only one of these.");
            return code;
        }
    return Q_OK;
}

/* Fetch, and see what the records have. */
static enum q_code infer(struct rest_source *s, struct q_err *err)
{
    const char *name = s->in->cfg->name.s;
    if (s->o->each_source) {
        enum q_code code = cfg_fail(
            err, s->in->cfg->name.pos,
            "\"%s\" needs its columns with their types: its requests depend on the rows of \"%s\"",
            name, s->o->each_source);
        q_hint(err, "Declare them under `columns`.");
        return code;
    }
    enum q_code code = rest_fetch(s, err);
    if (!code)
        code = look_at_spool(s, s->in->declared, s->in->pinned, err);
    if (code)
        return code;
    if (!s->spool.records || !extract_file_columns(s->file)->n) {
        code = q_fail(err, Q_SOURCE,
                      "could not find out the columns of \"%s\" (%s): \"%s\" has no records", name,
                      s->session->what, rest_request_shown(s));
        q_hint(err, "Declare them with their types under `columns`.");
        return code;
    }
    s->base.columns = *extract_file_columns(s->file);
    s->base.inferred = extract_file_inferred(s->file);
    return Q_OK;
}

static enum q_code describe(struct q_arena *arena, const struct extract_input *in,
                            struct extract_source **out, struct q_err *err)
{
    struct rest_source *s = q_new(arena, struct rest_source);
    s->arena = arena;
    s->in = in;
    s->o = in->options;
    s->session = in->session;
    s->base.bytes = -1;
    s->base.after = s->o->each_source;
    enum q_code code = rest_check_source(s->o, in->cfg->name.pos, err);
    if (!code && s->o->incremental_param && !in->cfg->incremental.cursor.s)
        return cfg_fail(err, in->cfg->name.pos,
                        "`incremental_param` of \"%s\" needs `incremental: { cursor: ... }`",
                        in->cfg->name.s);
    if (!code)
        code = rest_each_names(s, err);
    if (!code)
        code = check_paths(s, err);
    if (code)
        return code;
    add_columns(s, in->declared);
    add_columns(s, in->pinned);
    if (is_known(s)) {
        for (size_t i = 0; i < s->added.n && !in->pinned; i++)
            if (q_schema_find(&s->base.columns, s->added.v[i]) < 0)
                (void)q_schema_add(arena, &s->base.columns, s->added.v[i], Q_TYPE(Q_T_TEXT));
    } else {
        code = infer(s, err);
    }
    if (!code)
        code = check_members(s, err);
    *out = &s->base;
    return code;
}

/* ---- what is read ---- */

/* One listing for all ranges: rows that it gives beyond them are left out behind. */
static enum q_code bounds(struct rest_source *s, const struct plan_reading *reading,
                          struct q_err *err)
{
    const struct plan_range *first = &reading->ranges.v[0],
                            *last = &reading->ranges.v[reading->ranges.n - 1];
    enum q_code code = Q_OK;
    if (first->has_lo && s->o->incremental_param)
        code = rest_cursor_text(s, &first->lo, false, &s->lo, err);
    if (!code && last->has_hi && s->o->incremental_until)
        code = rest_cursor_text(s, &last->hi, true, &s->hi, err);
    return code;
}

static enum q_code bind(struct extract_source *source, const struct plan_reading *reading,
                        struct q_err *err)
{
    struct rest_source *s = of(source);
    enum q_code code = Q_OK;
    if (reading && !reading->ranges.n)
        s->nothing = true;
    else if (reading)
        code = bounds(s, reading, err);
    s->base.shown = rest_request_shown(s);
    return code;
}

/* ---- the scan ---- */

/* "JSON, records in data.items"; of the first page also what was left out. */
static void say_what_was_found(struct rest_source *s)
{
    const char *where = s->o->records ? s->o->records : s->found,
               *of_what = s->o->each_source ? s->o->each_source : s->o->each_path;
    s->detected = where && *where && !q_streq(where, ".")
                      ? q_printf(s->arena, "JSON, records in %s", where)
                      : "JSON";
    s->detected_first = s->detected;
    if (s->absent)
        s->detected_first =
            q_printf(s->arena, "%s; %lld of %lld rows of %s have none (404)", s->detected_first,
                     (long long)s->absent, (long long)s->parents, of_what);
    if (s->keyless)
        s->detected_first = q_printf(s->arena, "%s; %lld rows of %s have no value to ask with",
                                     s->detected_first, (long long)s->keyless, of_what);
}

static enum q_code open_source(struct extract_source *source, const struct db_source **out,
                               struct q_err *err)
{
    struct rest_source *s = of(source);
    enum q_code code = rest_fetch(s, err);
    if (!code && !s->file)
        code = look_at_spool(s, &s->base.columns, NULL, err);
    for (size_t i = 0; i < s->spool.pages.n; i++)
        atomic_store(&s->spool.pages.v[i]->rejected, 0);
    say_what_was_found(s);
    return code ? code : extract_file_open(s->file, out, err);
}

static void close_source(struct extract_source *s)
{
    if (of(s)->file)
        extract_file_close(of(s)->file);
}

static size_t n_parts(struct extract_source *s)
{
    return of(s)->spool.pages.n;
}

static struct extract_stats stats(struct extract_source *source, size_t part)
{
    struct rest_source *s = of(source);
    const struct rest_page *page = s->spool.pages.v[part];
    return (struct extract_stats){.path = page->url,
                                  .detected = part ? s->detected : s->detected_first,
                                  .size = page->bytes,
                                  .read = page->bytes,
                                  .records = page->records,
                                  .rejected = atomic_load(&page->rejected)};
}

static const char *shape(struct extract_source *s, size_t part)
{
    (void)s;
    (void)part;
    return "{\"format\":\"json\",\"paths\":true}";
}

static enum q_code locate(struct extract_source *source, struct extract_place *places, size_t n,
                          struct q_arena *arena, struct q_err *err)
{
    struct rest_source *s = of(source);
    struct extract_place *in_file = q_alloc_array(arena, n + 1, sizeof *in_file);
    for (size_t i = 0; i < n; i++) {
        int64_t part = q_pos_file(places[i].pos);
        if (part < 0 || (size_t)part >= s->spool.pages.n)
            return q_fail(err, Q_INTERNAL, "cannot find page number %lld of \"%s\"",
                          (long long)part, s->in->cfg->name.s);
        in_file[i].pos = s->spool.pages.v[part]->start + q_pos_offset(places[i].pos);
    }
    enum q_code code = extract_file_locate(s->file, in_file, n, arena, err);
    for (size_t i = 0; i < n && !code; i++) {
        const struct rest_page *page = s->spool.pages.v[q_pos_file(places[i].pos)];
        int64_t ordinal = in_file[i].ordinal ? in_file[i].ordinal - page->before : 0;
        places[i] = (struct extract_place){
            .pos = places[i].pos, .path = page->url, .ordinal = ordinal, .raw = in_file[i].raw};
    }
    return code;
}

const struct extract_driver extract_rest = {
    .words = {.name = "rest",
              .summary = "an API that gives JSON over HTTP, page by page",
              .connection = rest_connection_opts,
              .source = rest_source_opts},
    .connection_size = sizeof(struct rest_options),
    .source_size = sizeof(struct rest_source_options),
    .connect = rest_connect,
    .greet = rest_greet,
    .describe = describe,
    .bind = bind,
    .open = open_source,
    .close = close_source,
    .n_parts = n_parts,
    .stats = stats,
    .shape = shape,
    .locate = locate,
};
