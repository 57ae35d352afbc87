/* SPDX-License-Identifier: Apache-2.0 */
#include "extract/adhoc.h"

#include <ctype.h>
#include <string.h>

#include "base/embed.h"
#include "base/file.h"
#include "base/suggest.h"
#include "extract/file/file.h"
#include "extract/parts.h"
#include "extract/rejects.h"
#include "sql/build.h"

/* A word of the command line, taken apart. */
struct word {
    const char *type;       /* of the driver; "duckdb"; NULL: a connection of the project */
    const char *connection; /* name of it */
    const char *address_key, *address,
        *rest; /* option of the connection, its value, table or query */
    const char *shown;
};

static const struct cfg_pos word_pos = {.file = "source"}, option_pos = {.file = "--option"},
                            column_pos = {.file = "--column"};

static bool is_address(const char *text, struct word *w)
{
    static const struct {
        const char *scheme, *type;
    } known[] = {{"postgres://", "postgres"},
                 {"postgresql://", "postgres"},
                 {"mysql://", "mysql"},
                 {"mariadb://", "mysql"}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strncmp(text, known[i].scheme, strlen(known[i].scheme)) == 0) {
            w->type = known[i].type;
            return true;
        }
    return false;
}

/* postgres://user:password@host:5432/database:table; the first colon behind the database begins the table. */
static void split_address(struct q_arena *arena, const char *text, struct word *w)
{
    const char *host = strstr(text, "://") + 3;
    const char *path = strchr(host, '/'), *colon = path ? strchr(path, ':') : NULL;
    size_t n = colon ? (size_t)(colon - text) : strlen(text);
    const char *user_end = memchr(host, '@', (size_t)((path ? path : text + n) - host));
    const char *password = user_end ? memchr(host, ':', (size_t)(user_end - host)) : NULL;
    w->address_key = "url";
    w->address = q_strndup(arena, text, n);
    w->rest = colon ? colon + 1 : "";
    const char *query = memchr(text, '?', n);
    size_t end = query ? (size_t)(query - text) : n; /* its parameters may hold a password */
    w->shown = password ? q_printf(arena, "%.*s:***%.*s", (int)(password - text), text,
                                   (int)(text + end - user_end), user_end)
                        : q_strndup(arena, text, end);
    w->shown = q_printf(arena, "%s:%s", w->shown, w->rest);
}

static const char *const sqlite[] = {".db", ".sqlite", ".sqlite3", ".db3", NULL};
static const char *const duckdb[] = {".duckdb", ".ddb", NULL};

static bool has_ending(const char *text, const char *const *endings)
{
    while (*endings && !q_ends(text, *endings))
        endings++;
    return *endings != NULL;
}

/* "shop.db:orders": a file with one of the endings, and what stands behind it. */
static bool split_file(struct q_arena *arena, const char *text, const char *const *endings,
                       const char **path, const char **rest)
{
    for (const char *colon = strchr(text, ':'); colon; colon = strchr(colon + 1, ':')) {
        const char *front = q_strndup(arena, text, (size_t)(colon - text));
        if (has_ending(front, endings)) {
            *path = front;
            *rest = colon + 1;
            return true;
        }
    }
    return false;
}

bool extract_adhoc_duckdb(struct q_arena *arena, const char *text, const char **path,
                          const char **table)
{
    return !strstr(text, "://") && split_file(arena, text, duckdb, path, table);
}

static bool split_connection(struct q_arena *arena, const char *text,
                             const struct cfg_project *project, struct word *w)
{
    const char *colon = strchr(text, ':');
    if (!colon)
        return false;
    const char *name = q_strndup(arena, text, (size_t)(colon - text));
    if (!extract_connection_find(project, name))
        return false;
    w->connection = name;
    w->rest = colon + 1;
    return true;
}

static enum q_code take_apart(struct q_arena *arena, const struct extract_adhoc_input *in,
                              struct word *w, struct q_err *err)
{
    const char *text = in->text;
    *w = (struct word){.shown = text, .rest = ""};
    if (in->database) {
        w->type = "duckdb";
        w->address = in->database;
        w->rest = text;
    } else if (is_address(text, w)) {
        split_address(arena, text, w);
    } else if (split_connection(arena, text, in->project, w)) {
        w->type = extract_connection_find(in->project, w->connection)->type.s;
    } else if (extract_adhoc_duckdb(arena, text, &w->address, &w->rest)) {
        w->type = "duckdb";
    } else if (!strstr(text, "://") && split_file(arena, text, sqlite, &w->address, &w->rest)) {
        w->type = "sqlite";
        w->address_key = "path";
    } else {
        w->type = "files";
        if (!has_ending(text, sqlite) && !has_ending(text, duckdb))
            return Q_OK;
    }
    if (*w->rest || q_streq(w->type, "rest"))
        return Q_OK;
    enum q_code code =
        q_fail(err, Q_USAGE, "cannot read \"%s\": it names a database and no table", w->shown);
    q_hint(err, "Put the table behind a colon: `%s%sTABLE`.", w->shown,
           q_ends(w->shown, ":") ? "" : ":");
    return code;
}

/* ---- a DuckDB file ---- */

enum { SHOWN_TABLES = 10, SHOWN_MAX = 400 };

struct names {
    struct q_arena *arena;
    q_texts list;
};

static enum q_code take_name(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct names *n = arg;
    (void)err;
    *q_vec_push(n->arena, &n->list) = db_cell_text(n->arena, b, 0, row);
    return Q_OK;
}

/* "it has no such table", with the nearest name or the first ones. */
static enum q_code no_table(struct q_arena *arena, struct db_conn *db, const char *database,
                            const struct word *w, struct q_err *err)
{
    struct names names = {.arena = arena};
    struct db_param p[] = {db_text("database", database)};
    enum q_code code =
        db_each(db, q_embed_text("extract/list_tables.sql"), p, 1, take_name, &names, err);
    if (code)
        return code;
    code = q_fail(err, Q_SOURCE, "\"%s\" has no table \"%s\"", w->address, w->rest);
    const char *near = q_suggest(w->rest, names.list.v, names.list.n);
    struct q_buf all;
    q_buf_init(&all, SHOWN_MAX);
    for (size_t i = 0; i < names.list.n && i < SHOWN_TABLES; i++)
        q_buf_printf(&all, "%s%s", i ? ", " : "", names.list.v[i]);
    if (near)
        q_hint(err, "Did you mean `%s`?", near);
    else if (names.list.n)
        q_hint(err, "It has %s%s.", q_buf_text(&all),
               names.list.n > SHOWN_TABLES ? " and more" : "");
    q_buf_release(&all);
    return code;
}

static enum q_code open_duckdb(struct q_arena *arena, const struct extract_adhoc_input *in,
                               const struct word *w, struct extract_adhoc *a, struct q_err *err)
{
    static int number;
    const char *name = q_printf(arena, "source_%d", ++number);
    const char *table = w->rest, *schema = "main";
    const char *dot = strchr(table, '.');
    if (!q_file_exists(w->address))
        return q_fail(err, Q_SOURCE, "could not find the file \"%s\"", w->address);
    if (dot) {
        schema = q_strndup(arena, table, (size_t)(dot - table));
        table = dot + 1;
    }
    bool query = strchr(w->rest, ' ') != NULL;
    enum q_code code = db_attach(in->ctx->db, w->address, name, true, err);
    const char *from = query ? sql_make(arena, "(%s) AS q", w->rest)
                             : sql_make(arena, "%I.%I.%I", name, schema, table);
    const char *all =
        sql_make(arena, "SELECT COLUMNS(c -> NOT starts_with(c, '_q_')) FROM %s", from);
    if (!code && query)
        return q_fail(err, Q_USAGE,
                      "cannot read \"%s\": a DuckDB file is read by table, as in "
                      "`%s:orders`",
                      w->shown, w->address);
    if (!code)
        code = db_describe(in->ctx->db, all, arena, &a->columns, err);
    if (code == Q_SQL)
        code = no_table(arena, in->ctx->db, name, w, err);
    a->select = sql_make(arena, "SELECT *, row_number() OVER () AS _q_pos FROM (%s)", all);
    return code;
}

/* ---- a driver's source ---- */

static void add_pair(struct q_arena *arena, cfg_pairs *pairs, const char *key, const char *value,
                     struct cfg_pos pos)
{
    *q_vec_push(arena, pairs) = (struct cfg_pair){.key = {key, pos}, .value = {value, pos}};
}

/* Options go to the source when it knows them, else to the connection when there is one to be made. */
static enum q_code sort_options(struct q_arena *arena, const struct extract_adhoc_input *in,
                                const struct extract_driver *d, cfg_pairs *of_source,
                                cfg_pairs *of_connection, struct q_err *err)
{
    for (size_t i = 0; in->options && i < in->options->n; i++) {
        const char *text = in->options->v[i], *equals = strchr(text, '=');
        if (!equals)
            return q_fail(err, Q_USAGE, "--option: expected KEY=VALUE, found \"%s\"", text);
        const char *key = q_strndup(arena, text, (size_t)(equals - text));
        bool connections = of_connection && !q_opt_find(d->words.source, key) &&
                           q_opt_find(d->words.connection, key);
        add_pair(arena, connections ? of_connection : of_source, key, equals + 1, option_pos);
    }
    return Q_OK;
}

static enum q_code set_columns(struct q_arena *arena, const q_texts *columns,
                               struct cfg_source *cfg, struct q_err *err)
{
    for (size_t i = 0; columns && i < columns->n; i++) {
        const char *text = columns->v[i], *equals = strrchr(text, '=');
        const char *name = equals ? q_strndup(arena, text, (size_t)(equals - text)) : text;
        if (!*name)
            return q_fail(err, Q_USAGE, "--column: expected NAME or NAME=TYPE, found \"%s\"", text);
        struct cfg_column *c = q_vec_push(arena, &cfg->columns);
        *c = (struct cfg_column){.name = {name, column_pos}};
        if (equals)
            c->type = (struct cfg_text){equals + 1, column_pos};
    }
    return Q_OK;
}

static enum q_code reach(struct q_arena *arena, const struct extract_adhoc_input *in,
                         const struct word *w, const cfg_pairs *options, struct extract_adhoc *a,
                         struct q_err *err)
{
    const struct cfg_connection *cfg = extract_connection_find(in->project, w->connection);
    const char *dir = in->project ? in->project->dir : ".";
    if (!cfg) {
        struct cfg_connection *c = q_new(arena, struct cfg_connection);
        c->name = (struct cfg_text){w->type, word_pos};
        c->type = (struct cfg_text){w->type, word_pos};
        c->options = *options;
        *q_vec_push(arena, &c->options) = (struct cfg_pair){
            .key = {w->address_key, word_pos}, .value = {w->address, word_pos}, .hidden = true};
        cfg = c;
        dir = ".";
    }
    return extract_reach(arena, cfg, dir, in->ctx->clock, &a->driver, &a->in.connection,
                         &a->in.session, err);
}

static enum q_code no_driver(const struct word *w, struct q_err *err)
{
    return q_fail(err, Q_USAGE, "cannot read \"%s\": there are no %s sources in this version",
                  w->shown, w->type);
}

static enum q_code open_source(struct q_arena *arena, const struct extract_adhoc_input *in,
                               const struct word *w, struct extract_adhoc *a, struct q_err *err)
{
    static int number;
    struct cfg_source *cfg = q_new(arena, struct cfg_source);
    struct q_schema *declared = q_new(arena, struct q_schema);
    cfg_pairs of_connection = {0};
    a->driver = extract_driver_find(w->type);
    if (!a->driver)
        return no_driver(w, err);
    bool makes = a->driver->connect && !w->connection;
    cfg->name = (struct cfg_text){in->relation, word_pos};
    cfg->from = (struct cfg_text){w->connection ? w->connection : w->type, word_pos};
    if (!a->driver->connect)
        add_pair(arena, &cfg->options, "path", in->text, word_pos);
    else if (*w->rest)
        add_pair(arena, &cfg->options,
                 q_streq(w->type, "rest")    ? "path"
                 : strpbrk(w->rest, " \t\n") ? "query"
                                             : "table",
                 w->rest, word_pos);
    enum q_code code =
        sort_options(arena, in, a->driver, &cfg->options, makes ? &of_connection : NULL, err);
    if (!code)
        code = set_columns(arena, in->columns, cfg, err);
    if (!code)
        code = extract_declared(arena, cfg, declared, err);
    a->box = reject_box_new(arena, in->relation);
    a->in = (struct extract_input){.name = q_printf(arena, "%s_%d", in->relation, ++number),
                                   .cfg = cfg,
                                   .declared = declared,
                                   .sink = reject_box_sink(a->box),
                                   .db = in->ctx->db,
                                   .workers = in->workers ? in->workers : 1,
                                   .clock = in->ctx->clock};
    if (!code)
        code =
            extract_options(arena, a->driver->words.source, a->driver->source_size, &cfg->options,
                            q_printf(arena, "a %s source", w->type), false, &a->in.options, err);
    if (!code && a->driver->connect)
        code = reach(arena, in, w, &of_connection, a, err);
    if (!code)
        code = a->driver->describe(arena, &a->in, &a->source, err);
    if (!code && a->driver->bind)
        code = a->driver->bind(a->source, NULL, err);
    if (code)
        return code;
    a->columns = a->source->columns;
    a->select = extract_select(arena, a->source, &a->in);
    return Q_OK;
}

enum q_code extract_adhoc_open(struct q_arena *arena, const struct extract_adhoc_input *in,
                               struct extract_adhoc **out, struct q_err *err)
{
    struct extract_adhoc *a = q_new(arena, struct extract_adhoc);
    struct word w;
    enum q_code code = take_apart(arena, in, &w, err);
    a->shown = w.shown;
    if (!code)
        code = q_streq(w.type, "duckdb") ? open_duckdb(arena, in, &w, a, err)
                                         : open_source(arena, in, &w, a, err);
    *out = a;
    return code;
}

/* ---- reading ---- */

static void watch(void *arg, int64_t *rows, int64_t *bytes)
{
    const struct extract_adhoc *a = arg;
    size_t n = a->driver->n_parts(a->source);
    *rows = *bytes = 0;
    for (size_t i = 0; i < n; i++) {
        struct extract_stats s = a->driver->stats(a->source, i);
        *rows += s.records > 0 ? s.records : 0;
        *bytes += s.read;
    }
}

enum q_code extract_adhoc_read(struct extract_adhoc *a, struct step_ctx *ctx,
                               enum q_code (*read)(void *arg, struct q_err *err), void *arg,
                               struct q_err *err)
{
    const struct db_source *source = NULL;
    if (!a->driver)
        return read(arg, err);
    enum q_code code = reject_box_open(a->box, ctx, err);
    if (!code)
        code = a->driver->open(a->source, &source, err);
    if (!code && source)
        code = db_add_source(ctx->db, source, err);
    if (code)
        return code;
    if (ctx->watch)
        ctx->watch(ctx->watch_self, watch, a);
    code = read(arg, err);
    if (ctx->watch)
        ctx->watch(ctx->watch_self, NULL, NULL);
    a->driver->close(a->source);
    if (!code)
        code = reject_box_flush(a->box, err);
    return code || !a->driver->finish ? code : a->driver->finish(a->source, err);
}

struct statement {
    struct db_conn *db;
    const char *sql;
};

static enum q_code exec(void *arg, struct q_err *err)
{
    const struct statement *s = arg;
    return db_exec(s->db, s->sql, NULL, 0, NULL, err);
}

enum q_code extract_adhoc_exec(struct extract_adhoc *a, struct step_ctx *ctx, const char *sql,
                               struct q_err *err)
{
    struct statement s = {ctx->db, sql};
    return extract_adhoc_read(a, ctx, exec, &s, err);
}

static enum q_code locate(const struct plan_source *source, const int64_t *pos, size_t n,
                          int64_t *ordinals, int64_t *lines, struct q_err *err)
{
    const struct extract_adhoc *a = source->driver;
    return extract_places(a->driver, a->source, pos, n, ordinals, lines, err);
}

enum q_code extract_adhoc_note(struct extract_adhoc *a, struct step_ctx *ctx,
                               struct plan_source *out, struct q_err *err)
{
    *out = (struct plan_source){.name = a->in.cfg ? a->in.cfg->name.s : a->shown,
                                .columns = a->columns,
                                .driver = a,
                                .locate = a->driver ? locate : NULL};
    return a->driver
               ? extract_note_parts(ctx->arena, ctx->db, out->name, a->driver, a->source, NULL, err)
               : Q_OK;
}

int64_t extract_adhoc_rejected(const struct extract_adhoc *a)
{
    int64_t n = 0;
    for (size_t i = 0; a->driver && i < a->driver->n_parts(a->source); i++)
        n += a->driver->stats(a->source, i).rejected;
    return n;
}
