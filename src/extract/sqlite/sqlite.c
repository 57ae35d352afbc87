/* SPDX-License-Identifier: Apache-2.0 */
#include "extract/sqlite/sqlite.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/suggest.h"
#include "extract/sqlite/internal.h"
#include "sql/build.h"

#define AT(field) offsetof(struct sqlite_options, field)
#define OF(field) offsetof(struct sqlite_source_options, field)

static const struct q_opt connection_opts[] = {
    {.name = "path",
     .arg = "FILE",
     .type = Q_OPT_TEXT,
     .offset = AT(path),
     .required = true,
     .help = "the database, relative to the project; it is only read, and never created"},
    {.name = "busy_timeout",
     .arg = "TIME",
     .type = Q_OPT_DURATION,
     .offset = AT(busy_timeout),
     .fallback = "5 s",
     .help = "how long a lock of another process is waited for"},
    {0},
};

static const struct q_opt source_opts[] = {
    EXTRACT_RELATION_OPTS("", "SQLite's"),
    {.name = "dates",
     .arg = "HOW",
     .type = Q_OPT_CHOICE,
     .offset = OF(dates),
     .choices = "text|unix|unix_ms|julian",
     .fallback = "text",
     .help =
         "what numbers mean in columns of dates and times: nothing, seconds or milliseconds since "
         "1970, julian days"},
    {0},
};

/* ---- the connection ---- */

static enum q_code with_connection(const struct extract_connection *c, enum q_code code,
                                   struct q_err *err)
{
    if (code)
        q_context(err, "opening connection \"%s\" (%s:%d)", c->name, c->pos.file, c->pos.line);
    return code;
}

static enum q_code connect(struct q_arena *arena, const struct extract_connection *c,
                           void **session, struct q_err *err)
{
    const struct sqlite_options *o = c->options;
    const int64_t usec_per_ms = 1000;
    struct sqlite_settings settings = {.path =
                                           c->dir ? q_path_join(arena, c->dir, o->path) : o->path,
                                       .shown = o->path,
                                       .busy_ms = o->busy_timeout / usec_per_ms};
    struct sqlite *s;
    enum q_code code = sqlite_open(arena, &settings, &s, err);
    if (!code)
        *session = s;
    return with_connection(c, code, err);
}

static enum q_code greet(void *session, struct q_arena *arena, const char **out, struct q_err *err)
{
    q_texts tables = {0};
    enum q_code code =
        sqlite_texts(session,
                     "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT "
                     "LIKE 'sqlite!_%' ESCAPE '!' ORDER BY name",
                     NULL, 0, arena, &tables, err);
    *out = q_printf(arena, "SQLite %s, %zu tables and views", sqlite_version(), tables.n);
    return code;
}

/* ---- describing ---- */

/* "table", "view", ...; NULL when there is none of this name. `rowid`: it has one. */
static enum q_code find_table(struct sqlite_reader *r, bool *rowid, struct q_err *err)
{
    struct db_param p = db_text("name", r->rel.asked->table);
    q_texts kind = {0}, all = {0};
    enum q_code code = sqlite_texts(r->session,
                                    "SELECT iif(type = 'table' AND wr = 0, 'rowid', type) FROM "
                                    "pragma_table_list WHERE schema = 'main' AND name = $name "
                                    "COLLATE NOCASE",
                                    &p, 1, r->rel.arena, &kind, err);
    if (code)
        return code;
    *rowid = kind.n && q_streq(kind.v[0], "rowid");
    if (kind.n)
        return Q_OK;
    code =
        sqlite_texts(r->session,
                     "SELECT name FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE "
                     "'sqlite!_%' ESCAPE '!' ORDER BY name",
                     NULL, 0, r->rel.arena, &all, err);
    if (code)
        return code;
    code = q_fail(err, Q_SOURCE, "could not find %s", r->rel.object);
    q_suggest_hint(err, r->rel.asked->table, all.v, all.n,
                   all.n ? "`sqlite3 FILE .tables` lists what it has."
                         : "The database has no tables.");
    return code;
}

/* A name of the rowid that no column has, when all rowids can be positions. */
static enum q_code find_rowid(struct sqlite_reader *r, struct q_err *err)
{
    static const char *const names[] = {"rowid", "_rowid_", "oid", NULL};
    const char *name = NULL;
    for (size_t k = 0; names[k] && !name; k++) {
        name = names[k];
        for (size_t i = 0; i < r->columns.n; i++)
            if (q_strcaseeq(r->columns.v[i].name, names[k]))
                name = NULL;
    }
    if (!name)
        return Q_OK;
    q_texts fits = {0};
    enum q_code code = sqlite_texts(r->session,
                                    sql_make(r->rel.arena,
                                             "SELECT coalesce((SELECT min(%s) FROM %I) >= 0 AND "
                                             "(SELECT max(%s) FROM %I) <= %d, 1)",
                                             name, r->rel.asked->table, name, r->rel.asked->table,
                                             Q_POS_OFFSET_MASK),
                                    NULL, 0, r->rel.arena, &fits, err);
    r->rel.pos_is_key = !code && fits.n && q_streq(fits.v[0], "1");
    if (r->rel.pos_is_key)
        r->rowid = name;
    return code;
}

/* Types by declaration of the pipeline, else of the table, else of quern.lock, else from all values. */
static enum q_code settle_types(struct sqlite_reader *r, struct q_err *err)
{
    struct sqlite_unknown *unknown =
        q_alloc_array(r->rel.arena, r->rel.fields.fields.n + 1, sizeof *unknown);
    size_t *which = q_alloc_array(r->rel.arena, r->rel.fields.fields.n + 1, sizeof *which), n = 0;
    for (size_t i = 0; i < r->rel.fields.fields.n; i++) {
        struct extract_field *f = &r->rel.fields.fields.v[i];
        bool number = false;
        if (f->type.id == Q_T_NONE && !f->path)
            f->type = sqlite_declared_type(r->columns.v[f->have].declared, &number);
        if (f->type.id != Q_T_NONE)
            continue;
        f->type = extract_pinned_type(r->rel.in, f->name);
        r->rel.base.inferred = true; /* stays pinned */
        if (f->type.id != Q_T_NONE)
            continue;
        which[n] = i;
        unknown[n++] = (struct sqlite_unknown){.from = f->from, .path = f->path, .number = number};
    }
    enum q_code code =
        n ? sqlite_infer(r->session, sqlite_plain_statement(r), unknown, n, err) : Q_OK;
    for (size_t k = 0; k < n && !code; k++)
        r->rel.fields.fields.v[which[k]].type = unknown[k].type;
    return code;
}

static enum q_code describe_columns(struct sqlite_reader *r, struct q_err *err)
{
    bool rowid = false;
    enum q_code code = r->rel.asked->table ? find_table(r, &rowid, err) : Q_OK;
    if (!code)
        code = sqlite_columns(r->session, extract_relation_all(&r->rel), r->rel.arena, &r->columns,
                              err);
    q_texts have = {0};
    for (size_t i = 0; i < r->columns.n; i++) {
        const char *name = r->columns.v[i].name;
        *q_vec_push(r->rel.arena, &have) = name;
        /* with its table's name: SQLite takes an unknown name in quotes for a text, unless it is of a table */
        *q_vec_push(r->rel.arena, &r->rel.columns) = sql_make(r->rel.arena, "q.%I", name);
    }
    if (!code)
        code = extract_fields_settle(r->rel.arena, r->rel.in, &have, r->rel.object, &r->rel.fields,
                                     err);
    if (!code && rowid)
        code = find_rowid(r, err);
    if (!code && r->rel.asked->where) { /* a mistake in it is told apart from one in the query */
        sqlite_columns_of ignored = {0};
        code = sqlite_columns(r->session, sqlite_plain_statement(r), r->rel.arena, &ignored, err);
        if (code == Q_SQL)
            q_context(err, "in `where`");
    }
    return code ? code : settle_types(r, err);
}

/* What SQLite refuses in the pipeline's own words is a mistake of the pipeline. */
static enum q_code as_config(const struct sqlite_reader *r, enum q_code code, struct q_err *err)
{
    if (code == Q_SQL && err)
        err->code = Q_CONFIG;
    if (code)
        q_context(err, "reading %s", r->rel.object);
    return code == Q_SQL ? Q_CONFIG : code;
}

static void let_go(struct sqlite_reader *r)
{
    if (r->held)
        sqlite_release(r->session);
    r->held = false;
}

static void read_settings(struct sqlite_reader *r)
{
    static const char *const words[] = {"text", "unix", "unix_ms", "julian"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (q_streq(r->o->dates, words[i]))
            r->spec.dates = (enum sqlite_dates)i;
    r->rel.item = r->rel.asked->table ? sql_make(r->rel.arena, "%I", r->rel.asked->table)
                                      : sql_make(r->rel.arena, "(%s\n)", r->rel.asked->query);
}

static enum q_code describe(struct q_arena *arena, const struct extract_input *in,
                            struct extract_source **out, struct q_err *err)
{
    struct sqlite_reader *r = q_new(arena, struct sqlite_reader);
    *r = (struct sqlite_reader){.o = in->options, .session = in->session};
    extract_relation_begin(&r->rel, &extract_sqlite, arena, in);
    enum q_code code = extract_relation_check(&r->rel, err);
    if (!code)
        code = sqlite_hold(r->session, err);
    if (code)
        return code;
    read_settings(r);
    r->held = true;
    code = as_config(r, describe_columns(r, err), err);
    if (code) {
        let_go(r);
        return code;
    }
    extract_relation_described(&r->rel);
    r->rel.detected = r->rowid ? "sqlite, rows by rowid" : "sqlite";
    const struct sqlite_options *o = in->connection->options;
    struct q_file_info info;
    r->rel.base.bytes =
        q_file_stat(q_path_join(arena, in->dir ? in->dir : ".", o->path), &info) ? info.size : -1;
    r->spec.target = r->rel.target;
    sqlite_statement(r, NULL);
    *out = &r->rel.base;
    return Q_OK;
}

static enum q_code bind(struct extract_source *s, const struct plan_reading *reading,
                        struct q_err *err)
{
    (void)err;
    sqlite_statement((struct sqlite_reader *)s, reading);
    return Q_OK;
}

/* ---- reading ---- */

static enum q_code open_worker(void *self, const bool *wanted, void **out, struct q_err *err)
{
    struct sqlite_reader *r = self;
    struct sqlite_scan *scan;
    enum q_code code =
        as_config(r, sqlite_scan_open(r->session, &r->spec, wanted, &scan, err), err);
    if (!code)
        *out = scan;
    return code;
}

static enum q_code fill(void *worker, struct batch *out, struct q_err *err)
{
    return sqlite_scan_fill(worker, out, err);
}

static void close_worker(void *worker)
{
    sqlite_scan_close(worker);
}

static enum q_code open(struct extract_source *s, const struct db_source **out, struct q_err *err)
{
    struct sqlite_reader *r = (struct sqlite_reader *)s;
    enum q_code code = r->held ? Q_OK : sqlite_hold(r->session, err);
    if (code)
        return code;
    r->held = true;
    *out = extract_relation_rows(
        &r->rel, (struct db_source){
                     .max_workers = 1, .open = open_worker, .fill = fill, .close = close_worker});
    return Q_OK;
}

static void close(struct extract_source *s)
{
    let_go((struct sqlite_reader *)s);
}

const struct extract_driver extract_sqlite = {
    .words = {.name = "sqlite",
              .summary = "tables and queries of a SQLite database",
              .connection = connection_opts,
              .source = source_opts},
    .connection_size = sizeof(struct sqlite_options),
    .source_size = sizeof(struct sqlite_source_options),
    .settle = 5 * Q_USEC_PER_SEC,
    .connect = connect,
    .greet = greet,
    .describe = describe,
    .bind = bind,
    .open = open,
    .close = close,
    .n_parts = extract_relation_n_parts,
    .stats = extract_relation_stats,
    .shape = extract_relation_shape,
    .locate = extract_relation_locate,
};
