/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/parse.h"
#include "base/suggest.h"
#include "extract/postgres/internal.h"
#include "extract/postgres/postgres.h"
#include "extract/relation.h"
#include "sql/build.h"
#include "state/cursor.h"

static struct postgres_source *of(struct extract_source *s)
{
    return (struct postgres_source *)s;
}

/* ---- which table ---- */

static struct cfg_pos option_pos(const struct postgres_source *s, const char *key)
{
    const struct cfg_source *cfg = s->in->cfg;
    for (size_t i = 0; i < cfg->options.n; i++)
        if (q_streq(cfg->options.v[i].key.s, key))
            return cfg->options.v[i].value.pos;
    return cfg->name.pos;
}

static const char table_sql[] =
    "SELECT c.oid, n.nspname, c.relname, c.relkind, c.reltuples, "
    "CASE WHEN c.relkind IN ('r', 'm', 't') THEN pg_relation_size(c.oid) END, current_setting('block_size'), "
    "c.relkind IN ('r', 'm') AND NOT c.relhassubclass AND a.amname = 'heap' AND "
    "current_setting('server_version_num')::integer >= 140000, "
    "has_any_column_privilege(c.oid, 'SELECT'), row_security_active(c.oid), "
    "format('%I.%I', n.nspname, c.relname), quote_ident(current_user) "
    "FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
    "LEFT JOIN pg_catalog.pg_am AS a ON a.oid = c.relam WHERE c.oid = to_regclass($1)";

static const char names_sql[] =
    "SELECT format('%I.%I', n.nspname, c.relname), quote_ident(c.relname), lower(c.relname) = lower($1), "
    "pg_table_is_visible(c.oid) FROM pg_catalog.pg_class AS c "
    "JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') "
    "AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%' ORDER BY 1 LIMIT 10000";

/* The name behind the last dot, without quotes. */
static const char *last_part(struct q_arena *arena, const char *name)
{
    const char *dot = strrchr(name, '.');
    const char *p = dot ? dot + 1 : name;
    size_t n = strlen(p);
    if (n > 1 && *p == '"' && p[n - 1] == '"')
        return q_strndup(arena, p + 1, n - 2);
    return p;
}

static enum q_code no_table(struct postgres_source *s, struct q_err *err)
{
    struct pg_rows rows;
    struct q_err unused = {0};
    const char *params[] = {last_part(s->arena, s->o->table)};
    const char *near = NULL;
    q_texts names = {0};
    if (!pg_query(s->session->leader, s->arena, names_sql, params, 1, &rows, &unused))
        for (size_t i = 0; i < rows.n; i++) {
            const char *full = pg_cell(&rows, i, 0), *plain = pg_cell(&rows, i, 1);
            *q_vec_push(s->arena, &names) = full;
            if (*pg_cell(&rows, i, 3) == 't')
                *q_vec_push(s->arena, &names) = plain;
            if (*pg_cell(&rows, i, 2) == 't' && !near)
                near = full; /* in another schema, or spelled in capitals */
        }
    if (!near)
        near = q_suggest(s->o->table, names.v, names.n);
    enum q_code code =
        q_fail(err, Q_SOURCE, "could not find the table \"%s\" in database \"%s\" of \"%s\"",
               s->o->table, pg_database(s->session->leader), s->session->connection->name);
    if (near)
        q_hint(err, "Did you mean `%s`?", near);
    else
        q_hint(
            err,
            "`quern connections test %s` shows where it is connected to; a table outside search_path needs its schema: "
            "SCHEMA.TABLE.",
            s->session->connection->name);
    return code;
}

/* `optional: true`, and all types are declared: no table is no rows. */
static bool may_be_absent(const struct postgres_source *s)
{
    const struct q_schema *d = s->in->declared;
    if (!s->in->optional || !d->n)
        return false;
    for (size_t i = 0; i < d->n; i++)
        if (d->v[i].type.id == Q_T_NONE)
            return false;
    return true;
}

static enum q_code look_at_table(struct postgres_source *s, const struct pg_rows *r,
                                 struct q_err *err)
{
    const char *full = pg_cell(r, 0, 10), *kind = pg_cell(r, 0, 3);
    int64_t block = strtoll(pg_cell(r, 0, 6), NULL, 10);
    s->label = q_printf(s->arena, "%s: %s", s->session->connection->name, full);
    s->from = sql_make(s->arena, "%I.%I AS t", pg_cell(r, 0, 1), pg_cell(r, 0, 2));
    if (!strchr("rpvmf", *kind)) {
        enum q_code code =
            q_fail(err, Q_SOURCE, "cannot read %s: it is no table and no view", s->label);
        q_hint(err,
               "Indexes, sequences and types have no rows to load; use `query` for anything else.");
        return code;
    }
    if (*pg_cell(r, 0, 8) != 't') {
        enum q_code code = q_fail(err, Q_SOURCE, "cannot read %s: user %s has no permission",
                                  s->label, pg_cell(r, 0, 11));
        q_hint(err, "Let its owner run: GRANT SELECT ON %s TO %s", full, pg_cell(r, 0, 11));
        return code;
    }
    if (*pg_cell(r, 0, 9) == 't')
        q_log(Q_LOG_WARN,
              "%s has row level security: rows that its policies hide from user %s are not read",
              s->label, pg_cell(r, 0, 11));
    if (pg_cell(r, 0, 5))
        s->base.bytes = strtoll(pg_cell(r, 0, 5), NULL, 10);
    s->estimated_rows = strtod(pg_cell(r, 0, 4), NULL);
    /* A row takes more than 16 bytes of its block. */
    s->rows_per_block = block / 16;
    s->blocks = block && s->base.bytes > 0 ? s->base.bytes / block : 0;
    s->has_blocks = *pg_cell(r, 0, 7) == 't' && s->blocks < Q_POS_OFFSET_MASK / s->rows_per_block;
    return Q_OK;
}

static enum q_code find_table(struct postgres_source *s, struct q_err *err)
{
    struct pg_rows rows;
    const char *params[] = {s->o->table};
    enum q_code code = pg_query(s->session->leader, s->arena, table_sql, params, 1, &rows, err);
    if (code && err && q_starts(err->native, "42602")) {
        code = cfg_fail(err, option_pos(s, "table"), "\"%s\" is no name of a table", s->o->table);
        q_hint(err, "Write it as in SQL: orders, shop.orders, shop.\"Order Lines\".");
    }
    if (code)
        return code;
    if (rows.n)
        return look_at_table(s, &rows, err);
    s->absent = may_be_absent(s);
    return s->absent ? Q_OK : no_table(s, err);
}

/* Without what ends a statement. */
static const char *bare(struct q_arena *arena, const char *query)
{
    struct q_str q = q_str_trim(q_str(query));
    while (q.n && q.p[q.n - 1] == ';')
        q = q_str_trim((struct q_str){q.p, q.n - 1});
    return q_strndup(arena, q.p, q.n);
}

/* A mistake in SQL that stands in the pipeline is one of its file. */
static enum q_code in_pipeline(const struct postgres_source *s, const char *key, enum q_code code,
                               struct q_err *err)
{
    struct q_err why;
    bool theirs = code && err && (q_starts(err->native, "42") || q_starts(err->native, "22")) &&
                  !q_starts(err->native, "42501");
    if (!theirs)
        return code;
    why = *err;
    code = cfg_fail(err, option_pos(s, key), "cannot use \"%s\": %s", key, why.message);
    if (*why.detail)
        q_detail(err, "%s", why.detail);
    if (*why.hint)
        q_hint(err, "%s", why.hint);
    return code;
}

static enum q_code choose(struct postgres_source *s, struct q_err *err)
{
    if (!s->o->table == !s->o->query) {
        enum q_code code = cfg_fail(err, s->in->cfg->name.pos,
                                    s->o->table ? "source \"%s\" has both `table` and `query`"
                                                : "source \"%s\" has neither `table` nor `query`",
                                    s->in->cfg->name.s);
        q_hint(err, "Give one of them: `table: SCHEMA.TABLE`, or `query: SELECT ...`.");
        return code;
    }
    if (s->o->table)
        return find_table(s, err);
    s->label =
        q_printf(s->arena, "%s: query of %s", s->session->connection->name, s->in->cfg->name.s);
    s->from = sql_make(s->arena, "(\n%s\n) AS t", bare(s->arena, s->o->query));
    return Q_OK;
}

/* ---- up to where ---- */

/* A clock without a zone shows the server's time, or UTC where its writers say so: the lesser one is safe. */
static int64_t lesser(bool zoned, int64_t utc, int64_t local)
{
    return zoned || utc < local ? utc : local;
}

static enum q_code set_upper(struct postgres_source *s, struct q_err *err)
{
    const struct cfg_incremental *cfg = &s->in->cfg->incremental;
    const struct postgres_session *x = s->session;
    int64_t settle = extract_postgres.settle;
    ptrdiff_t at = cfg->cursor.s ? q_schema_find(&s->base.columns, cfg->cursor.s) : -1;
    struct q_err why = {0};
    if (at < 0 || !cursor_type_is_time(s->base.columns.v[at].type))
        return Q_OK;
    if (cfg->settle.s && q_parse_duration(cfg->settle.s, "\"settle\"", &settle, &why))
        return cfg_fail(err, cfg->settle.pos, "%s", why.message);
    bool zoned = s->base.columns.v[at].type.id == Q_T_TIMESTAMPTZ;
    int64_t oldest = x->has_oldest ? lesser(zoned, x->oldest, x->oldest_local) : INT64_MAX;
    s->base.has_upper = true;
    s->base.upper = lesser(zoned, x->clock, x->local) - settle;
    if (oldest < s->base.upper)
        s->base.upper = oldest;
    if (x->hidden)
        q_log(Q_LOG_WARN,
              "%s: user %s may not see the transactions of %" PRId64
              " other session(s): rows that they commit late may be "
              "missed; let a superuser run: GRANT pg_read_all_stats TO %s",
              s->label, pg_user(x->leader), x->hidden, pg_user(x->leader));
    return Q_OK;
}

/* ---- the driver ---- */

static void absent_columns(struct postgres_source *s)
{
    const struct q_schema *d = s->in->declared;
    s->label = q_printf(s->arena, "%s: %s", s->session->connection->name, s->o->table);
    s->from = "";
    for (size_t i = 0; i < d->n; i++) {
        q_schema_add(s->arena, &s->base.columns, d->v[i].name, d->v[i].type);
        *q_vec_push(s->arena, &s->columns) = (struct postgres_column){.expr = "NULL"};
        *q_vec_push(s->arena, &s->fields) =
            (struct pg_field){.name = d->v[i].name, .type = d->v[i].type};
    }
}

static enum q_code describe(struct q_arena *arena, const struct extract_input *in,
                            struct extract_source **out, struct q_err *err)
{
    struct postgres_source *s = q_new(arena, struct postgres_source);
    s->base.driver = &extract_postgres;
    s->base.bytes = -1;
    s->arena = arena;
    s->in = in;
    s->o = in->options;
    s->session = in->session;
    s->estimated_rows = -1;
    s->where = "";
    s->readers = 1;
    s->rows_per_block = 1;
    enum q_code code = postgres_begin(s->session, err);
    if (!code)
        code = choose(s, err);
    if (!code && s->absent)
        absent_columns(s);
    else if (!code)
        code = in_pipeline(s, "query", postgres_columns(s, err), err);
    if (!code)
        code = set_upper(s, err);
    if (code)
        return code;
    for (size_t i = 0; i < s->base.columns.n; i++)
        q_schema_add(arena, &s->with_pos, s->base.columns.v[i].name, s->base.columns.v[i].type);
    q_schema_add(arena, &s->with_pos, "_q_pos", Q_TYPE(Q_T_INT64));
    s->session->open++;
    s->counted = true;
    *out = &s->base;
    return Q_OK;
}

enum { LARGE = 64 << 20, READERS = 2 };

static void set_readers(struct postgres_source *s)
{
    int64_t parts = (s->blocks + POSTGRES_PART_BLOCKS - 1) / POSTGRES_PART_BLOCKS;
    int64_t readers = s->o->readers;
    if (!readers) {
        s->has_blocks &=
            s->base.bytes >= LARGE && !s->bounded; /* an index may serve the new rows alone */
        readers = s->in->workers > 1 ? READERS : 1;
    } else if (readers > 1 && !s->has_blocks) {
        q_log(
            Q_LOG_WARN,
            "%s is read by one connection: only plain tables of PostgreSQL 14 and later have ranges that can be "
            "read apart",
            s->label);
    }
    if (!s->has_blocks || readers > parts)
        readers = s->has_blocks && parts ? parts : 1;
    s->readers = (size_t)readers;
}

static void tell_upper(const struct postgres_source *s, const struct plan_reading *r)
{
    const struct postgres_session *x = s->session;
    if (!r->has_upper)
        return;
    struct db_param own = cursor_at(r->type, s->base.upper);
    bool by_oldest = x->has_oldest && s->base.has_upper && cursor_compare(&own, &r->upper) == 0 &&
                     s->base.upper >= x->oldest - Q_USEC_PER_DAY &&
                     (s->base.upper == x->oldest || s->base.upper == x->oldest_local);
    q_log(Q_LOG_INFO, "%s: rows with %s below %s are read (%s)", s->label, r->cursor,
          cursor_text(s->arena, &r->upper),
          by_oldest
              ? q_printf(s->arena, "the start of the oldest open transaction, %s", x->oldest_who)
              : "the clock less the time to settle");
}

static enum q_code bind(struct extract_source *source, const struct plan_reading *reading,
                        struct q_err *err)
{
    struct postgres_source *s = of(source);
    struct pg_columns columns;
    s->detected = "there is no such table";
    if (s->absent)
        return Q_OK;
    postgres_where(s, reading);
    set_readers(s);
    s->detected = s->readers == 1 ? "one reader" : q_printf(s->arena, "%zu readers", s->readers);
    const char *select = postgres_select(s->arena, s, NULL, NULL);
    s->base.shown = sql_make(s->arena, "COPY (%s) TO STDOUT (FORMAT binary)", select);
    if (reading)
        tell_upper(s, reading);
    enum q_code code = pg_describe(s->session->leader, s->arena, select, &columns, err);
    return in_pipeline(s, s->o->where ? "where" : "query", code, err);
}

static void close_source(struct extract_source *source)
{
    struct postgres_source *s = of(source);
    if (s->counted && --s->session->open == 0)
        postgres_end(s->session);
    s->counted = false;
}

static struct extract_stats stats(struct extract_source *source, size_t part)
{
    struct postgres_source *s = of(source);
    (void)part;
    return (struct extract_stats){
        .path = s->label,
        .detected = s->detected,
        .size = -1,
        .read = atomic_load(&s->bytes),
        .records = atomic_load(&s->records),
        .rejected = atomic_load(&s->rejected),
    };
}

static enum q_code locate(struct extract_source *source, struct extract_place *places, size_t n,
                          struct q_arena *arena, struct q_err *err)
{
    (void)arena;
    (void)err;
    for (size_t i = 0; i < n; i++)
        places[i] = (struct extract_place){.pos = places[i].pos,
                                           .path = of(source)->label,
                                           .ordinal = q_pos_offset(places[i].pos) + 1,
                                           .raw = {"", 0}};
    return Q_OK;
}

const struct extract_driver extract_postgres = {
    .words = {.name = "postgres",
              .summary =
                  "tables, views and queries of PostgreSQL, by binary COPY from one snapshot",
              .connection = postgres_connection_opts,
              .source = postgres_source_opts},
    .connection_size = sizeof(struct postgres_options),
    .source_size = sizeof(struct postgres_source_options),
    .settle = 5 * Q_USEC_PER_SEC,
    .connect = postgres_connect,
    .greet = postgres_greet,
    .describe = describe,
    .bind = bind,
    .open = postgres_open,
    .close = close_source,
    .n_parts = extract_relation_n_parts,
    .stats = stats,
    .shape = extract_relation_shape,
    .locate = locate,
};
