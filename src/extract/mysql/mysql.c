/* SPDX-License-Identifier: Apache-2.0 */
#include "extract/mysql/mysql.h"

#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/suggest.h"
#include "db/zone.h"
#include "extract/mysql/internal.h"
#include "sql/build.h"

#define AT(field) offsetof(struct mysql_options, field)
#define OF(field) offsetof(struct mysql_source_options, field)

enum { PORT_MAX = 65535, READERS_MAX = 64 };

static const struct q_opt connection_opts[] = {
    {.name = "url",
     .arg = "URL",
     .type = Q_OPT_SECRET,
     .offset = AT(url),
     .help = "mysql://user:password@host:port/database, instead of the keys below"},
    {.name = "host",
     .arg = "NAME",
     .type = Q_OPT_TEXT,
     .offset = AT(host),
     .help = "of the server"},
    {.name = "port",
     .arg = "N",
     .type = Q_OPT_INT,
     .offset = AT(port),
     .max = PORT_MAX,
     .help = "of the server; default 3306"},
    {.name = "socket",
     .arg = "FILE",
     .type = Q_OPT_TEXT,
     .offset = AT(socket),
     .help = "of a server on this machine, instead of host and port"},
    {.name = "database",
     .arg = "NAME",
     .type = Q_OPT_TEXT,
     .offset = AT(database),
     .help = "whose tables are read"},
    {.name = "user", .arg = "NAME", .type = Q_OPT_TEXT, .offset = AT(user), .help = "who reads"},
    {.name = "password",
     .arg = "TEXT",
     .type = Q_OPT_SECRET,
     .offset = AT(password),
     .help = "of the user; from the environment or the secrets file: ${NAME}"},
    {.name = "ssl",
     .arg = "MODE",
     .type = Q_OPT_CHOICE,
     .offset = AT(ssl),
     .choices = "off|prefer|require|verify",
     .fallback = "prefer",
     .help = "encryption: never, when the server has it, always, always with a proven server"},
    {.name = "ssl_ca",
     .arg = "FILE",
     .type = Q_OPT_TEXT,
     .offset = AT(ssl_ca),
     .help =
         "certificates of the authorities that prove the server, with `ssl: verify`; relative to the project"},
    {.name = "connect_timeout",
     .arg = "TIME",
     .type = Q_OPT_DURATION,
     .offset = AT(connect_timeout),
     .fallback = "10 s",
     .help = "how long the server may take to answer"},
    {.name = "time_zone",
     .arg = "ZONE",
     .type = Q_OPT_TEXT,
     .offset = AT(time_zone),
     .fallback = "UTC",
     .help = "whose clocks a DATETIME shows that is declared timestamptz: Europe/Berlin, +02:00"},
    {0},
};

static const struct q_opt source_opts[] = {
    EXTRACT_RELATION_OPTS(", also database.table", "the server's"),
    {.name = "zero_dates",
     .arg = "WHAT",
     .type = Q_OPT_CHOICE,
     .offset = OF(zero_dates),
     .choices = "reject|null|error",
     .fallback = "reject",
     .help = "what a date without a month or day is: the row is rejected, NULL, or the run ends"},
    {.name = "time_zone",
     .arg = "ZONE",
     .type = Q_OPT_TEXT,
     .offset = OF(time_zone),
     .help = "of this source, instead of the connection's"},
    {.name = "clock_changes",
     .arg = "WHAT",
     .type = Q_OPT_CHOICE,
     .offset = OF(clock_changes),
     .choices = "reject|before|after",
     .fallback = "reject",
     .help =
         "what a local time is that a change of the clocks skips or shows twice: the row is rejected, or "
         "the offset before or after the change counts"},
    {.name = "readers",
     .arg = "N",
     .type = Q_OPT_INT,
     .offset = OF(readers),
     .fallback = "1",
     .min = 1,
     .max = READERS_MAX,
     .help =
         "connections that read ranges of the integer primary key; each has a snapshot of its own"},
    {0},
};

/* ---- the connection ---- */

static enum q_code connect(struct q_arena *arena, const struct extract_connection *c,
                           void **session, struct q_err *err)
{
    struct mysql_session *s = q_new(arena, struct mysql_session);
    s->arena = arena;
    enum q_code code = mysql_settings(arena, c, &s->settings, err);
    if (!code)
        code = mysqldb_open(arena, &s->settings, &s->db, err);
    if (!code)
        *session = s;
    else if (code != Q_CONFIG)
        q_context(err, "opening connection \"%s\" (%s:%d)", c->name, c->pos.file, c->pos.line);
    return code;
}

static enum q_code greet(void *session, struct q_arena *arena, const char **out, struct q_err *err)
{
    const struct mysql_session *s = session;
    q_texts who = {0};
    enum q_code code =
        mysqldb_texts(s->db, "SELECT DATABASE(), CURRENT_USER()", NULL, 0, arena, &who, err);
    if (!code)
        *out =
            q_printf(arena, "%s, database %s, user %s", mysqldb_version(s->db), who.v[0], who.v[1]);
    return code;
}

/* ---- describing ---- */

static enum q_code check_options(const struct mysql_reader *r, struct q_err *err)
{
    const struct cfg_source *cfg = r->rel.in->cfg;
    enum q_code code = extract_relation_check(&r->rel, err);
    if (!code && r->o->readers > 1 && !r->rel.asked->table)
        code = cfg_fail(err, cfg->name.pos, "\"readers\" of source \"%s\" need a \"table\"",
                        cfg->name.s);
    return code;
}

/* Parameters of a question about the table. */
static size_t table_params(const struct mysql_reader *r, struct db_param out[static 2])
{
    out[0] = r->schema ? db_text(NULL, r->schema) : db_null(NULL);
    out[1] = db_text(NULL, r->table);
    return 2;
}

static void suggest(struct mysql_reader *r, struct q_err *err)
{
    struct db_param p = r->schema ? db_text(NULL, r->schema) : db_null(NULL);
    q_texts all = {0};
    struct q_err ignored = {0}; /* the error that is told is another one */
    if (mysqldb_texts(r->session->db,
                      "SELECT table_name FROM information_schema.tables WHERE table_schema = "
                      "coalesce(?, DATABASE()) ORDER BY table_name",
                      &p, 1, r->rel.arena, &all, &ignored))
        return;
    q_suggest_hint(err, r->table, all.v, all.n,
                   all.n ? "`SHOW TABLES` lists what it has." : "The user can see no table in it.");
}

enum { NO_SUCH_TABLE = 1146 };

/* What the server refuses in the pipeline's own words is a mistake of the pipeline; a table that is gone is not. */
static enum q_code as_config(struct mysql_reader *r, enum q_code code, struct q_err *err)
{
    if (code == Q_SQL && r->table && atoi(err->native) == NO_SUCH_TABLE) {
        q_fail(err, Q_SOURCE, "could not find %s", r->rel.object);
        suggest(r, err);
        code = Q_SOURCE;
    } else if (code == Q_SQL) {
        err->code = code = Q_CONFIG;
    }
    if (code)
        q_context(err, "reading %s", r->rel.object);
    return code;
}

static bool is_integer_word(const char *type)
{
    static const char *const words[] = {"tinyint", "smallint", "mediumint", "int", "bigint"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (q_streq(type, words[i]))
            return true;
    return false;
}

/* The primary key, and whether its values can be positions. */
static enum q_code find_key(struct mysql_reader *r, struct q_err *err)
{
    struct db_param p[2];
    q_texts key = {0}, range = {0};
    size_t n = table_params(r, p);
    enum q_code code = mysqldb_texts(
        r->session->db,
        "SELECT c.column_name, c.data_type FROM information_schema.columns AS c JOIN "
        "information_schema.statistics AS s ON s.table_schema = c.table_schema AND s.table_name = "
        "c.table_name AND s.column_name = c.column_name AND s.index_name = 'PRIMARY' WHERE "
        "c.table_schema = coalesce(?, DATABASE()) AND c.table_name = ? ORDER BY s.seq_in_index",
        p, n, r->rel.arena, &key, err);
    for (size_t i = 0; i + 1 < key.n; i += 2)
        *q_vec_push(r->rel.arena, &r->key) = key.v[i];
    if (code || r->key.n != 1 || !is_integer_word(key.v[1]))
        return code;
    code = mysqldb_texts(r->session->db,
                         sql_make(r->rel.arena,
                                  "SELECT CAST(min(%B) AS CHAR), CAST(max(%B) AS CHAR), "
                                  "CAST(min(%B) >= 0 AND max(%B) <= %d AS CHAR) FROM %s",
                                  r->key.v[0], r->key.v[0], r->key.v[0], r->key.v[0],
                                  Q_POS_OFFSET_MASK, r->rel.item),
                         NULL, 0, r->rel.arena, &range, err);
    if (code)
        return code;
    r->rel.pos_is_key = !range.v[0] || q_streq(range.v[2], "1");
    r->key_min = r->rel.pos_is_key && range.v[0] ? atoll(range.v[0]) : 0;
    r->key_max = r->rel.pos_is_key && range.v[0] ? atoll(range.v[1]) : 0;
    return Q_OK;
}

/* About how many bytes a table takes; views and what the user may not see have no number. */
static enum q_code find_size(struct mysql_reader *r, struct q_err *err)
{
    struct db_param p[2];
    q_texts size = {0};
    size_t n = table_params(r, p);
    enum q_code code = mysqldb_texts(
        r->session->db,
        "SELECT CAST(data_length AS CHAR) FROM information_schema.tables WHERE table_schema = "
        "coalesce(?, DATABASE()) AND table_name = ?",
        p, n, r->rel.arena, &size, err);
    r->rel.base.bytes = size.n && size.v[0] ? atoll(size.v[0]) : -1;
    return code;
}

/* Types by declaration, else as the server has them; what it cannot give is told. */
static enum q_code settle_types(struct mysql_reader *r, struct q_err *err)
{
    for (size_t i = 0; i < r->rel.fields.fields.n; i++) {
        struct extract_field *f = &r->rel.fields.fields.v[i];
        const struct mysqldb_column *c = &r->columns.v[f->have];
        bool other = c->type.id == Q_T_OTHER;
        if (other && !(r->table && q_streq(c->there, "GEOMETRY"))) {
            q_fail(err, Q_SOURCE, "cannot read column \"%s\" of %s: it is %s", c->name,
                   r->rel.object, c->there);
            q_hint(
                err,
                "Leave it out under `columns`, or make a text of it in the query: ST_AsText(%s).",
                c->name);
            return Q_SOURCE;
        }
        if (f->type.id == Q_T_NONE)
            f->type = f->path || other ? Q_TYPE(Q_T_TEXT) : c->type;
    }
    return Q_OK;
}

/* A geometry of a table is asked for as text. */
static const char *column_asked(const struct mysql_reader *r, const struct mysqldb_column *c)
{
    return r->table && c->type.id == Q_T_OTHER
               ? sql_make(r->rel.arena, "ST_AsText(q.%B) AS %B", c->name, c->name)
               : sql_make(r->rel.arena, "q.%B", c->name);
}

/* A zone by its name, once a connection. */
static enum q_code find_zone(struct mysql_reader *r, const char *name, struct cfg_pos pos,
                             const struct q_zone **out, struct q_err *err)
{
    struct mysql_session *s = r->session;
    for (size_t i = 0; i < s->zones.n; i++)
        if (q_streq(s->zones.v[i].name, name)) {
            *out = s->zones.v[i].zone;
            return Q_OK;
        }
    struct q_zone *zone = q_new(s->arena, struct q_zone);
    struct q_err why = {0};
    enum q_code code = q_zone_fixed(s->arena, name, zone)
                           ? Q_OK
                           : db_zone(r->rel.in->db, s->arena, name, zone, &why);
    if (code == Q_CONFIG) {
        (void)cfg_fail(err, pos, "%s", why.message);
        q_hint(err, "%s", why.hint);
        return code;
    }
    if (code) {
        *err = why;
        return code;
    }
    *q_vec_push(s->arena, &s->zones) =
        (struct mysql_zone){.name = q_strdup(s->arena, name), .zone = zone};
    *out = zone;
    return Q_OK;
}

static enum q_code settle_zone(struct mysql_reader *r, struct q_err *err)
{
    const struct extract_connection *c = r->rel.in->connection;
    const char *name = r->o->time_zone;
    struct cfg_pos pos = name ? extract_relation_option_pos(&r->rel, "time_zone") : c->pos;
    bool local = false;
    if (!name)
        name = ((const struct mysql_options *)c->options)->time_zone;
    for (size_t i = 0; i < r->rel.fields.fields.n; i++)
        local |= mysql_is_local(r, &r->rel.fields.fields.v[i]);
    enum q_code code = find_zone(r, name, pos, &r->spec.zone, err);
    if (!code && local && !q_streq(name, "UTC"))
        r->zone = name;
    return code;
}

static enum q_code describe_columns(struct mysql_reader *r, struct q_err *err)
{
    enum q_code code = mysqldb_columns(r->session->db, extract_relation_all(&r->rel), r->rel.arena,
                                       &r->columns, err);
    q_texts have = {0};
    for (size_t i = 0; i < r->columns.n; i++) {
        *q_vec_push(r->rel.arena, &have) = r->columns.v[i].name;
        *q_vec_push(r->rel.arena, &r->rel.columns) = column_asked(r, &r->columns.v[i]);
    }
    if (!code)
        code = extract_fields_settle(r->rel.arena, r->rel.in, &have, r->rel.object, &r->rel.fields,
                                     err);
    if (!code)
        code = settle_types(r, err);
    if (!code)
        code = settle_zone(r, err);
    if (!code && r->table)
        code = find_key(r, err);
    if (!code && r->table)
        code = find_size(r, err);
    if (!code && r->rel.asked->where) { /* a mistake in it is told apart from one in the query */
        mysqldb_columns_of ignored = {0};
        code =
            mysqldb_columns(r->session->db, mysql_plain_statement(r), r->rel.arena, &ignored, err);
        if (code == Q_SQL)
            q_context(err, "in `where`");
    }
    if (!code && r->o->readers > 1 && !r->rel.pos_is_key)
        code = cfg_fail(err, r->rel.in->cfg->name.pos,
                        "\"readers\" need one integer primary key of 0 to 2^40, which %s has not",
                        r->rel.object);
    return code;
}

static void split_name(struct mysql_reader *r)
{
    const char *dot = r->rel.asked->table ? strchr(r->rel.asked->table, '.') : NULL;
    r->table = dot ? dot + 1 : r->rel.asked->table;
    r->schema =
        dot ? q_strndup(r->rel.arena, r->rel.asked->table, (size_t)(dot - r->rel.asked->table))
            : NULL;
}

static const char *table_name(const struct mysql_reader *r)
{
    return r->schema ? sql_make(r->rel.arena, "%B.%B", r->schema, r->table)
                     : sql_make(r->rel.arena, "%B", r->table);
}

static void read_settings(struct mysql_reader *r)
{
    split_name(r);
    r->rel.item = r->table ? table_name(r) : sql_make(r->rel.arena, "(%s\n)", r->rel.asked->query);
    r->spec.zero = q_streq(r->o->zero_dates, "null")    ? MYSQLDB_ZERO_NULL
                   : q_streq(r->o->zero_dates, "error") ? MYSQLDB_ZERO_ERROR
                                                        : MYSQLDB_ZERO_REJECT;
    r->spec.unclear = q_streq(r->o->clock_changes, "before")  ? MYSQLDB_UNCLEAR_BEFORE
                      : q_streq(r->o->clock_changes, "after") ? MYSQLDB_UNCLEAR_AFTER
                                                              : MYSQLDB_UNCLEAR_REJECT;
    r->spec.object = r->rel.object;
}

static const char *detected(const struct mysql_reader *r)
{
    const char *version = mysqldb_version(r->session->db);
    const char *zone = r->zone ? q_printf(r->rel.arena, ", DATETIME of %s", r->zone) : "";
    if (r->n_ranges > 1)
        return q_printf(r->rel.arena, "%s, %zu readers, each with a snapshot of its own%s", version,
                        r->n_ranges, zone);
    return q_printf(r->rel.arena, "%s, one snapshot%s", version, zone);
}

static void destroy(void *r)
{
    pthread_mutex_destroy(&((struct mysql_reader *)r)->lock);
}

static enum q_code describe(struct q_arena *arena, const struct extract_input *in,
                            struct extract_source **out, struct q_err *err)
{
    struct mysql_reader *r = q_new(arena, struct mysql_reader);
    *r = (struct mysql_reader){.o = in->options, .session = in->session};
    extract_relation_begin(&r->rel, &extract_mysql, arena, in);
    int rc = pthread_mutex_init(&r->lock, NULL);
    assert(rc == 0);
    (void)rc;
    q_arena_defer(arena, destroy, r);
    struct q_err why = {0};
    enum q_code code = check_options(r, err);
    if (code)
        return code;
    read_settings(r);
    code = as_config(r, describe_columns(r, &why), &why);
    if (code) {
        if (err)
            *err = why;
        return code;
    }
    extract_relation_described(&r->rel);
    r->spec.target = r->rel.target;
    mysql_statement(r, NULL);
    r->rel.detected = detected(r);
    *out = &r->rel.base;
    return Q_OK;
}

static enum q_code bind(struct extract_source *s, const struct plan_reading *reading,
                        struct q_err *err)
{
    (void)err;
    mysql_statement((struct mysql_reader *)s, reading);
    return Q_OK;
}

/* ---- reading ---- */

static enum q_code open(struct extract_source *s, const struct db_source **out, struct q_err *err)
{
    (void)err;
    *out = mysql_rows((struct mysql_reader *)s);
    return Q_OK;
}

static void close(struct extract_source *s)
{
    (void)s; /* the session stays for the other sources of the connection */
}

const struct extract_driver extract_mysql = {
    .words = {.name = "mysql",
              .summary = "tables and queries of MySQL and MariaDB",
              .connection = connection_opts,
              .source = source_opts},
    .connection_size = sizeof(struct mysql_options),
    .source_size = sizeof(struct mysql_source_options),
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
