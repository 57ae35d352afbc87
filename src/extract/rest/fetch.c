/* SPDX-License-Identifier: Apache-2.0 */
/* All pages into the spool: of one listing, or of one for each row of a parent. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "extract/rest/internal.h"
#include "sql/build.h"

enum { KEY_MAX = 1 << 16 };

/* ---- pages ---- */

static enum q_code take_record(void *self, struct q_str record, const char *const *values,
                               struct q_err *err)
{
    (void)values;
    return rest_spool_put(&((struct rest_source *)self)->spool, record, err);
}

/* Behind the last whole page. */
static int64_t whole(const struct rest_spool *s)
{
    const struct rest_page *last = s->pages.n ? s->pages.v[s->pages.n - 1] : NULL;
    return last ? last->start + last->bytes : 0;
}

static enum q_code page_begins(void *self, struct q_err *err)
{
    struct rest_spool *spool = &((struct rest_source *)self)->spool;
    return rest_spool_cut(spool, whole(spool), err);
}

static enum q_code page_ends(void *self, const char *shown, const struct tap_result *result,
                             struct q_err *err)
{
    struct rest_source *s = self;
    struct rest_spool *spool = &s->spool;
    (void)err;
    struct rest_page *page = q_new(s->arena, struct rest_page);
    page->url = q_strdup(s->arena, shown);
    page->start = whole(spool);
    page->bytes = spool->size - page->start;
    page->before = spool->records;
    page->records = result->records;
    spool->records += result->records;
    *q_vec_push(s->arena, &spool->pages) = page;
    if (!s->found && !s->o->records)
        s->found = q_strdup(s->arena, result->found);
    return Q_OK;
}

static struct rest_listing own_listing(struct rest_source *s, struct q_arena *arena)
{
    struct tap_pick *picks = q_alloc_array(arena, TAP_PICKS, sizeof *picks);
    struct tap_settings tap = {.records = s->o->records,
                               .picks = picks,
                               .n_picks = rest_picks(s->o, picks),
                               .max_record = (size_t)s->o->max_record,
                               .take = take_record,
                               .self = s};
    return (struct rest_listing){.session = s->session,
                                 .o = s->o,
                                 .path = s->o->path ? s->o->path : "",
                                 .params = &s->o->params,
                                 .lo = s->lo,
                                 .hi = s->hi,
                                 .tap = json_tap_new(arena, &tap),
                                 .page_begins = page_begins,
                                 .page_ends = page_ends,
                                 .self = s};
}

const char *rest_request_shown(struct rest_source *s)
{
    struct rest_listing l = own_listing(s, s->arena);
    if (s->nothing)
        return "nothing: no interval is to be read";
    const char *first = q_printf(s->arena, "%s %s", s->o->method ? s->o->method : "GET",
                                 rest_first_shown(s->arena, &l));
    const char *of = s->o->each_source ? s->o->each_source : s->o->each_path;
    return of ? q_printf(s->arena, "%s for each of %s", first, of) : first;
}

/* ---- the rows of a parent ---- */

/* Their values, a JSON array a line, in a file of their own: there may be many. */
struct keys {
    struct rest_source *s;
    struct q_arena *arena;
    struct rest_spool file;
    int64_t whole;      /* bytes of whole pages */
    size_t from;        /* first pick that is a value */
    int64_t incomplete; /* rows without one of the values */
};

static enum q_code put_key(struct keys *k, const char *const *values, struct q_err *err)
{
    size_t n = k->s->braces.n;
    struct q_buf line;
    for (size_t i = 0; i < n; i++)
        if (!values[i] || !*values[i]) {
            k->incomplete++;
            return Q_OK;
        }
    q_buf_init(&line, KEY_MAX - 2);
    for (size_t i = 0; i < n; i++) {
        q_buf_addc(&line, i ? ',' : '[');
        q_json_quote(&line, q_str(values[i]));
    }
    q_buf_addc(&line, ']');
    enum q_code code = q_buf_check(&line, "the values of a parent", err);
    if (!code)
        code = rest_spool_put(&k->file, (struct q_str){line.p, line.n}, err);
    q_buf_release(&line);
    k->s->parents += !code;
    return code;
}

static enum q_code take_parent(void *self, struct q_str record, const char *const *values,
                               struct q_err *err)
{
    struct keys *k = self;
    (void)record;
    return put_key(k, values + k->from, err);
}

static enum q_code parent_page_begins(void *self, struct q_err *err)
{
    struct keys *k = self;
    return rest_spool_cut(&k->file, k->whole, err);
}

static enum q_code parent_page_ends(void *self, const char *shown, const struct tap_result *result,
                                    struct q_err *err)
{
    struct keys *k = self;
    (void)shown;
    (void)result;
    (void)err;
    k->whole = k->file.size;
    return Q_OK;
}

/* From a path of the same API. */
static enum q_code ask_parents(struct keys *k, struct q_err *err)
{
    struct rest_source *s = k->s;
    struct tap_pick *picks = q_alloc_array(k->arena, TAP_PICKS, sizeof *picks);
    struct tap_settings tap = {.records = s->o->each_records,
                               .picks = picks,
                               .max_record = (size_t)s->o->max_record,
                               .take = take_parent,
                               .self = k};
    k->from = tap.n_picks = rest_picks(s->o, picks);
    for (size_t i = 0; i < s->braces.n; i++)
        picks[tap.n_picks++] = (struct tap_pick){s->braces.v[i], true};
    struct rest_listing l = {.session = s->session,
                             .o = s->o,
                             .path = s->o->each_path,
                             .params = &s->o->each_params,
                             .tap = json_tap_new(k->arena, &tap),
                             .page_begins = parent_page_begins,
                             .page_ends = parent_page_ends,
                             .self = k};
    return rest_read_pages(&l, err);
}

static enum q_code take_row(void *self, const struct batch *b, size_t row, struct q_err *err)
{
    struct keys *k = self;
    struct q_arena *scratch = q_arena_new(NULL, "row");
    const char *values[TAP_PICKS];
    for (size_t i = 0; i < k->s->braces.n; i++)
        values[i] = db_cell_text(scratch, b, i, row);
    enum q_code code = put_key(k, values, err);
    q_arena_free(scratch);
    return code;
}

/* From the staged rows of another source: each combination of values once, in the order of the source. */
static enum q_code query_parents(struct keys *k, struct q_err *err)
{
    struct rest_source *s = k->s;
    struct cfg_pos at = s->in->cfg->name.pos;
    const char *table = q_printf(k->arena, "s_%s", s->o->each_source);
    struct q_schema columns = {0};
    enum q_code code = db_describe(s->in->db, sql_make(k->arena, "SELECT * FROM %I", table),
                                   k->arena, &columns, err);
    if (code)
        return code;
    struct sql *q = sql_new(k->arena);
    bool first = true;
    sql_add(q, "SELECT ");
    for (size_t i = 0; i < s->braces.n; i++) {
        if (q_schema_find(&columns, s->braces.v[i]) < 0)
            return cfg_fail(err, at,
                            "source \"%s\" has no column \"%s\", which the requests of \"%s\" need",
                            s->o->each_source, s->braces.v[i], s->in->cfg->name.s);
        sql_sep(q, &first, ", ");
        sql_add(q, "CAST(%I AS VARCHAR)", s->braces.v[i]);
    }
    sql_add(q, " FROM %I GROUP BY ALL ORDER BY min(_q_pos)", table);
    return db_each(s->in->db, sql_text(q), NULL, 0, take_row, k, err);
}

static enum q_code read_children(struct keys *k, struct q_err *err)
{
    struct rest_source *s = k->s;
    struct rest_listing l = own_listing(s, k->arena);
    const char *values[TAP_PICKS];
    struct rest_values filled = {s->braces.v, values, s->braces.n};
    FILE *file = fopen(k->file.path, "rbe");
    char *line = q_alloc(k->arena, KEY_MAX);
    enum q_code code = Q_OK;
    if (!file)
        return q_fail(err, Q_NOSPACE, "could not read the temporary file \"%s\": %s", k->file.path,
                      strerror(errno));
    l.values = &filled;
    while (!code && fgets(line, KEY_MAX, file)) {
        struct q_arena *one = q_arena_new(k->arena, "parent");
        struct q_json *array = NULL;
        code = q_json_parse(one, q_str(line), "values of a parent", &array, err);
        for (size_t i = 0; i < s->braces.n && !code; i++)
            values[i] = q_json_text(q_json_item(array, i), "");
        l.status = 0;
        if (!code) {
            struct q_err why = {0};
            json_tap_put_front(l.tap, s->added.v, values, s->braces.n);
            code = rest_read_pages(&l, &why);
            if (code && l.status == 404 && q_streq(s->o->on_404, "skip")) {
                s->absent++;
                code = rest_spool_cut(&s->spool, whole(&s->spool), err);
            } else if (code) {
                if (l.status == 404)
                    q_hint(&why, "If some rows have none, declare `each: { on_404: skip }`.");
                *err = why;
            }
        }
        q_arena_free(one);
    }
    (void)fclose(file);
    return code;
}

static enum q_code read_each(struct rest_source *s, struct q_err *err)
{
    struct q_arena *arena = q_arena_new(NULL, "each");
    struct keys *k = q_new(arena, struct keys);
    k->s = s;
    k->arena = arena;
    enum q_code code = rest_spool_open(arena, s->in->dir, s->o->max_bytes, &k->file, err);
    if (!code)
        code = s->o->each_path ? ask_parents(k, err) : query_parents(k, err);
    if (!code)
        code = rest_spool_flush(&k->file, err);
    if (!code)
        code = read_children(k, err);
    s->keyless = k->incomplete;
    q_arena_free(arena);
    return code;
}

enum q_code rest_fetch(struct rest_source *s, struct q_err *err)
{
    struct q_err why = {0};
    if (s->fetched)
        return Q_OK;
    enum q_code code = rest_spool_open(s->arena, s->in->dir, s->o->max_bytes, &s->spool, &why);
    if (!code && !s->nothing && (s->o->each_source || s->o->each_path)) {
        code = read_each(s, &why);
    } else if (!code && !s->nothing) {
        struct q_arena *arena = q_arena_new(NULL, "fetch");
        struct rest_listing l = own_listing(s, arena);
        code = rest_read_pages(&l, &why);
        q_arena_free(arena);
    }
    if (!code)
        code = rest_spool_flush(&s->spool, &why);
    if (code && err)
        *err = why;
    s->fetched = !code;
    return code;
}

enum q_code rest_each_names(struct rest_source *s, struct q_err *err)
{
    struct cfg_pos at = s->in->cfg->name.pos;
    bool each = s->o->each_source || s->o->each_path;
    struct q_err why = {0};
    enum q_code code = rest_braces(s->arena, s->o->path ? s->o->path : "", &s->braces, &why);
    if (!code && s->braces.n && !each)
        return cfg_fail(err, at, "`path` of \"%s\" has {%s}, but there is no `each` that has it",
                        s->in->cfg->name.s, s->braces.v[0]);
    for (size_t i = 0; i < s->o->params.n && each && !code; i++)
        code = rest_braces(s->arena, s->o->params.v[i], &s->braces, &why);
    if (code)
        return cfg_fail(err, at, "%s", why.message);
    if (each && !s->braces.n)
        return cfg_fail(err, at,
                        "`each` of \"%s\" is not used: neither `path` nor `params` has a {name}",
                        s->in->cfg->name.s);
    for (size_t i = 0; i < s->braces.n; i++) {
        const char *name = s->braces.v[i], *as = q_printf(s->arena, "parent_%s", name), *from, *to;
        for (size_t k = 0; k < s->o->each_as.n; k++) {
            rest_split(s->arena, s->o->each_as.v[k], &from, &to);
            if (q_streq(from, name))
                as = to;
        }
        *q_vec_push(s->arena, &s->added) = as;
    }
    for (size_t k = 0; k < s->o->each_as.n; k++) {
        const char *from, *to;
        bool used = false;
        rest_split(s->arena, s->o->each_as.v[k], &from, &to);
        for (size_t i = 0; i < s->braces.n; i++)
            used |= q_streq(from, s->braces.v[i]);
        if (!used || !*to)
            return cfg_fail(
                err, at, "`each.as` names \"%s\", which no {name} of `path` and `params` is", from);
    }
    return Q_OK;
}

/* ---- the incremental parameters ---- */

static int64_t floor_to(int64_t value, int64_t unit, bool up)
{
    int64_t down = value / unit - (value % unit < 0);
    return down + (up && value % unit != 0);
}

static const char *iso_text(struct q_arena *arena, int64_t usec)
{
    char text[Q_TIMESTAMP_TEXT];
    char *iso = q_printf(arena, "%sZ", q_timestamp_text(usec, text));
    iso[strcspn(iso, " ")] = 'T';
    return iso;
}

enum q_code rest_cursor_text(struct rest_source *s, const struct db_param *value, bool up,
                             const char **out, struct q_err *err)
{
    const char *format = s->o->incremental_format;
    bool less = s->o->incremental_exclusive && !up;
    struct db_param v = *value;
    char text[Q_TIMESTAMP_TEXT];
    if (!cursor_type_is_time(v.type)) {
        if (less && cursor_below(s->arena, value, "1", &v, NULL))
            return cfg_fail(err, s->in->cfg->name.pos,
                            "`incremental_exclusive` cannot be used with a cursor of text");
        *out = cursor_text(s->arena, &v);
        return Q_OK;
    }
    bool day = v.type.id == Q_T_DATE;
    int64_t usec = day ? v.i * Q_USEC_PER_DAY : v.i;
    if (q_streq(format, "date") ||
        (day && !q_streq(format, "unix") && !q_streq(format, "unix_ms"))) {
        *out = q_strdup(s->arena,
                        q_date_text((int32_t)(floor_to(usec, Q_USEC_PER_DAY, up) - less), text));
    } else if (q_streq(format, "unix") || q_streq(format, "unix_ms")) {
        int64_t unit = q_streq(format, "unix") ? Q_USEC_PER_SEC : 1000;
        *out = q_printf(s->arena, "%lld", (long long)(floor_to(usec, unit, up) - less));
    } else if (q_streq(format, "iso")) {
        *out = iso_text(s->arena, usec - less);
    } else {
        *out = q_strdup(s->arena, q_timestamp_text(usec - less, text));
    }
    return Q_OK;
}
