/* SPDX-License-Identifier: Apache-2.0 */
/* Which columns there are, what they are asked for as, and how they are read. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/suggest.h"
#include "extract/postgres/internal.h"
#include "sql/build.h"

/* A column as the server describes it. */
struct found {
    const char *name;
    const char *shown; /* its type as the server spells it */
    uint32_t base;     /* oid of the type below all domains */
    int modifier;
    char kind, category; /* typtype and typcategory of that */
};

/* What becomes of it. */
struct made {
    enum pg_kind kind;
    struct q_type type;
    const char *expr;
    const struct json_path *path; /* PG_PATH */
    bool own;                     /* the server's value is the column's: it can be compared there */
};

enum {
    NUMERIC = 1700,
    BPCHAR = 1042,
    MONEY = 790,
    JSON = 114,
    JSONB = 3802,
    RECORD = 2249,
    MODIFIER_HEAD = 4
};

/* Types that are read as they are; all others come as text or JSON. */
static const struct known {
    uint32_t oid;
    enum pg_kind kind;
    enum q_tid type;
} known[] = {
    {16, PG_BOOL, Q_T_BOOL},
    {21, PG_INT2, Q_T_INT16},
    {23, PG_INT4, Q_T_INT32},
    {20, PG_INT8, Q_T_INT64},
    {26, PG_OID, Q_T_INT64},
    {700, PG_FLOAT4, Q_T_DOUBLE},
    {701, PG_FLOAT8, Q_T_DOUBLE},
    {NUMERIC, PG_NUMERIC, Q_T_DECIMAL},
    {1082, PG_DATE, Q_T_DATE},
    {1083, PG_TIME, Q_T_TIME},
    {1114, PG_TIMESTAMP, Q_T_TIMESTAMP},
    {1184, PG_TIMESTAMP, Q_T_TIMESTAMPTZ},
    {2950, PG_UUID, Q_T_UUID},
    {17, PG_BYTES, Q_T_BLOB},
    {25, PG_TEXT, Q_T_TEXT},
    {1043, PG_TEXT, Q_T_TEXT},
    {19, PG_TEXT, Q_T_TEXT},
    {BPCHAR, PG_CHAR, Q_T_TEXT},
    {JSON, PG_TEXT, Q_T_JSON},
    {JSONB, PG_JSONB, Q_T_JSON},
};

static const struct known *find_known(const struct found *f)
{
    static const struct known label = {0, PG_TEXT, Q_T_TEXT}; /* of an enum */
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].oid == f->base)
            return &known[i];
    return f->kind == 'e' ? &label : NULL;
}

/* ---- what the server says ---- */

static const char types_sql[] =
    "WITH RECURSIVE t AS (SELECT oid AS root, oid, typtype, typcategory, typbasetype, typtypmod, -1 AS modifier "
    "FROM pg_catalog.pg_type WHERE oid = ANY ($1::oid[]) UNION ALL "
    "SELECT t.root, b.oid, b.typtype, b.typcategory, b.typbasetype, b.typtypmod, t.typtypmod "
    "FROM t JOIN pg_catalog.pg_type AS b ON t.typtype = 'd' AND b.oid = t.typbasetype) "
    "SELECT root, oid, typtype, typcategory, modifier, format_type(root, NULL) FROM t WHERE typtype <> 'd'";

static enum q_code find_types(struct postgres_source *s, const struct pg_columns *columns,
                              struct found *found, struct q_err *err)
{
    struct q_buf list;
    struct pg_rows rows;
    q_buf_init(&list, 1 << 20);
    for (size_t i = 0; i < columns->n; i++)
        q_buf_printf(&list, "%s%u", i ? "," : "{", columns->v[i].type);
    q_buf_adds(&list, columns->n ? "}" : "{}");
    const char *params[] = {q_buf_text(&list)};
    enum q_code code = pg_query(s->session->leader, s->arena, types_sql, params, 1, &rows, err);
    q_buf_release(&list);
    for (size_t i = 0; !code && i < columns->n; i++) {
        const struct pg_column *c = &columns->v[i];
        found[i] = (struct found){
            .name = c->name, .shown = "?", .base = c->type, .modifier = c->modifier, .kind = 'p'};
        for (size_t r = 0; r < rows.n; r++) {
            if (strtoul(pg_cell(&rows, r, 0), NULL, 10) != c->type)
                continue;
            found[i].base = (uint32_t)strtoul(pg_cell(&rows, r, 1), NULL, 10);
            found[i].kind = *pg_cell(&rows, r, 2);
            found[i].category = *pg_cell(&rows, r, 3);
            found[i].shown = pg_cell(&rows, r, 5);
            if (found[i].base != c->type)
                found[i].modifier = (int)strtol(pg_cell(&rows, r, 4), NULL, 10);
        }
    }
    return code;
}

/* ---- numbers without a declared size ---- */

/* numeric(p,s) as a decimal; scales below 0 and above p are allowed there. */
static bool declared_decimal(int modifier, struct q_type *out)
{
    if (modifier < MODIFIER_HEAD)
        return false;
    int width = (modifier - MODIFIER_HEAD) >> 16 & 0xFFFF;
    int scale = (int)(((unsigned)(modifier - MODIFIER_HEAD) & 0x7FF) ^ 1024) - 1024;
    if (scale < 0) {
        width -= scale;
        scale = 0;
    }
    width = width < scale ? scale : width;
    *out = Q_DECIMAL((uint8_t)width, (uint8_t)scale);
    return width <= 38;
}

enum { ROOM = 3, COMMON = 18, MOST = 38 };

/* A decimal of the digits that are there, with room for larger numbers; text when 38 digits are too few. */
static struct q_type decimal_for(int64_t whole, int64_t scale)
{
    if (whole + scale > MOST)
        return Q_TYPE(Q_T_TEXT);
    return Q_DECIMAL(whole + scale + ROOM <= COMMON ? COMMON : MOST, (uint8_t)scale);
}

/* Looks at all values, in the snapshot: no other way tells how many digits they have. */
static enum q_code measure(struct postgres_source *s, const char *expr, struct q_type *out,
                           struct q_err *err)
{
    struct pg_rows rows;
    enum q_code code = pg_query(
        s->session->leader, s->arena,
        sql_make(
            s->arena,
            "SELECT coalesce(max(scale(n)), 0), coalesce(length(trunc(max(abs(n)))::text), 1) FROM "
            "(SELECT %s AS n FROM %s) AS x WHERE n::text NOT IN ('NaN', 'Infinity', '-Infinity')",
            expr, s->from),
        NULL, 0, &rows, err);
    if (!code)
        *out = decimal_for(strtoll(pg_cell(&rows, 0, 1), NULL, 10),
                           strtoll(pg_cell(&rows, 0, 0), NULL, 10));
    return code;
}

static enum q_code undeclared_numeric(struct postgres_source *s, const char *name, const char *expr,
                                      struct q_type *out, struct q_err *err)
{
    const struct q_schema *pinned = s->in->pinned;
    ptrdiff_t at = pinned ? q_schema_find(pinned, name) : -1;
    s->base.inferred = true;
    if (at >= 0 && (pinned->v[at].type.id == Q_T_DECIMAL || pinned->v[at].type.id == Q_T_TEXT)) {
        *out = pinned->v[at].type;
        return Q_OK;
    }
    return measure(s, expr, out, err);
}

/* money has as many digits behind the point as the server's locale says. */
static enum q_code money(struct postgres_source *s, struct q_type *out, struct q_err *err)
{
    struct pg_rows rows;
    enum q_code code = pg_query(s->session->leader, s->arena, "SELECT scale(0::money::numeric)",
                                NULL, 0, &rows, err);
    if (!code)
        *out = Q_DECIMAL(19, (uint8_t)strtol(pg_cell(&rows, 0, 0), NULL, 10));
    return code;
}

/* ---- what becomes of a column ---- */

static bool is_json(const struct found *f)
{
    return f->category == 'A' || f->kind == 'c' || f->base == RECORD;
}

/* By the server's type alone. */
static enum q_code natural(struct postgres_source *s, const struct found *f, const char *name,
                           const char *expr, struct made *out, struct q_err *err)
{
    const struct known *k = find_known(f);
    *out = (struct made){.kind = PG_TEXT, .type = Q_TYPE(Q_T_TEXT)};
    if (f->base == MONEY) {
        out->kind = PG_NUMERIC;
        out->expr = sql_make(s->arena, "%s::numeric", expr);
        return money(s, &out->type, err);
    }
    if (!k && is_json(f)) {
        out->type = Q_TYPE(Q_T_JSON);
        out->expr = sql_make(s->arena, "to_json(%s)", expr);
        return Q_OK;
    }
    if (!k && f->kind == 'p') {
        enum q_code code = q_fail(
            err, Q_SOURCE, "cannot read column \"%s\" of %s: there are no values of its type %s",
            f->name, s->label, f->shown);
        q_hint(err, "Use `query` and cast it to another type, or leave it out.");
        return code;
    }
    if (!k) {
        out->expr = sql_make(s->arena, "%s::text", expr);
        return Q_OK;
    }
    out->kind = k->kind;
    out->type = Q_TYPE(k->type);
    out->expr = expr;
    out->own = f->kind != 'e' && f->base != BPCHAR;
    if (f->base != NUMERIC || declared_decimal(f->modifier, &out->type))
        return Q_OK;
    enum q_code code = undeclared_numeric(s, name, expr, &out->type, err);
    if (!code && out->type.id == Q_T_TEXT)
        *out = (struct made){
            .kind = PG_TEXT, .type = out->type, .expr = sql_make(s->arena, "%s::text", expr)};
    return code;
}

static bool is_textual(uint32_t base)
{
    return base == 25 || base == 1043 || base == 19 || base == BPCHAR || base == 114 ||
           base == 3802;
}

/* The declared type, where the bytes of the server's are read as it. */
static bool reads_as(const struct found *f, const struct known *k, struct q_type type)
{
    if (!k)
        return false;
    if (k->type == type.id && type.id != Q_T_NONE)
        return true;
    bool integer =
        k->kind == PG_INT2 || k->kind == PG_INT4 || k->kind == PG_INT8 || k->kind == PG_OID;
    if ((integer || k->kind == PG_NUMERIC) && q_type_is_integer(type))
        return true;
    return type.id == Q_T_TEXT && (is_textual(f->base) || f->kind == 'e');
}

/* A declared type decides; what it cannot take is a reject. */
static enum q_code declared(struct postgres_source *s, const struct cfg_column *c,
                            const struct found *f, const char *expr, struct q_type type,
                            struct made *out, struct q_err *err)
{
    const struct known *k = find_known(f);
    *out = (struct made){.type = type};
    bool zones = k && ((k->type == Q_T_TIMESTAMP && type.id == Q_T_TIMESTAMPTZ) ||
                       (k->type == Q_T_TIMESTAMPTZ && type.id == Q_T_TIMESTAMP));
    if (zones) {
        enum q_code code =
            cfg_fail(err, c->type.pos, "column \"%s\" of %s is %s: it cannot be read as %s",
                     f->name, s->label, f->shown, c->type.s);
        q_hint(err, "Say which zone is meant in a `query`: `%s AT TIME ZONE 'Europe/Berlin'`.",
               f->name);
        return code;
    }
    if (reads_as(f, k, type)) {
        out->kind = k->kind;
        out->expr = expr;
        out->own = f->kind != 'e' && f->base != BPCHAR && f->base != JSON && f->base != JSONB;
        return Q_OK;
    }
    out->kind = PG_CAST;
    if (type.id == Q_T_TEXT)
        out->kind = PG_TEXT;
    if (f->base == MONEY)
        out->expr = sql_make(s->arena, "%s::numeric::text", expr);
    else
        out->expr = is_json(f) ? sql_make(s->arena, "to_json(%s)", expr)
                               : sql_make(s->arena, "%s::text", expr);
    return Q_OK;
}

/* ---- JSON paths ---- */

/* A path as an array of the server: {"customer","city"}. */
static const char *path_steps(struct q_arena *arena, const struct json_path *path)
{
    struct q_buf out;
    struct q_str key;
    int64_t index;
    q_buf_init(&out, 1 << 20);
    for (size_t i = 0; json_path_step(path, i, &key, &index); i++) {
        q_buf_adds(&out, i ? "," : "{");
        if (!key.p) {
            q_buf_printf(&out, "%" PRId64, index);
            continue;
        }
        q_buf_addc(&out, '"');
        for (size_t k = 0; k < key.n; k++) {
            if (key.p[k] == '"' || key.p[k] == '\\')
                q_buf_addc(&out, '\\');
            q_buf_addc(&out, key.p[k]);
        }
        q_buf_addc(&out, '"');
    }
    q_buf_addc(&out, '}');
    const char *text = q_strdup(arena, q_buf_text(&out));
    q_buf_release(&out);
    return text;
}

/* json and jsonb are followed by the server; a text that holds JSON is followed here, where one that does not is a reject. */
static enum q_code by_path(struct postgres_source *s, const struct cfg_column *c,
                           const struct found *f, struct q_type type, struct made *out,
                           struct q_err *err)
{
    struct json_path *path;
    struct q_err why = {0};
    if (type.id == Q_T_NONE)
        type = Q_TYPE(Q_T_TEXT);
    if (json_path_parse(s->arena, c->path.s, &path, &why)) {
        enum q_code code = cfg_fail(err, c->path.pos, "%s", why.message);
        q_hint(err, "%s", why.hint);
        return code;
    }
    *out = (struct made){.kind = type.id == Q_T_TEXT ? PG_TEXT : PG_CAST, .type = type};
    if (f->base == JSON || f->base == JSONB) {
        out->expr = sql_make(s->arena, "(t.%I #>> %L)", f->name, path_steps(s->arena, path));
        return Q_OK;
    }
    if (!is_textual(f->base)) {
        enum q_code code =
            cfg_fail(err, c->path.pos, "column \"%s\" of %s is %s: there are no paths in it",
                     f->name, s->label, f->shown);
        q_hint(
            err,
            "Paths lead into json, jsonb and text; `to_jsonb(%s)` in a `query` makes anything JSON.",
            f->name);
        return code;
    }
    out->kind = PG_PATH;
    out->path = path;
    out->expr = sql_make(s->arena, "t.%I", f->name);
    return Q_OK;
}

/* ---- all of them ---- */

static enum q_code add(struct postgres_source *s, const char *name, const struct found *f,
                       const struct made *m, struct q_err *err)
{
    char shown[Q_TYPE_TEXT];
    if (q_schema_find(&s->base.columns, name) >= 0 || q_strcaseeq(name, "_q_pos")) {
        bool ours = q_strcaseeq(name, "_q_pos");
        enum q_code code = q_fail(err, Q_SOURCE,
                                  ours ? "cannot read %s: its column \"%s\" has a reserved name"
                                       : "cannot read %s: it has two columns \"%s\" but for case",
                                  s->label, name);
        q_hint(err, "Declare `columns`, and name it otherwise: `other_name: { from: \"%s\" }`.",
               f->name);
        return code;
    }
    q_schema_add(s->arena, &s->base.columns, name, m->type);
    *q_vec_push(s->arena, &s->columns) =
        (struct postgres_column){.expr = m->expr, .own = m->own ? m->expr : NULL};
    *q_vec_push(s->arena, &s->fields) = (struct pg_field){
        .name = s->base.columns.v[s->base.columns.n - 1].name,
        .kind = m->kind,
        .type = m->type,
        .expected = q_strdup(s->arena, q_type_text(m->type, shown)),
        .how = {.type = m->type, .empty_fails = true},
        .path = m->path,
        .check_utf8 = q_streq(pg_parameter(s->session->leader, "server_encoding"), "SQL_ASCII")};
    return Q_OK;
}

static enum q_code no_column(struct postgres_source *s, const struct cfg_column *c,
                             const char *name, const struct pg_columns *columns, struct q_err *err)
{
    q_texts names = {0};
    for (size_t i = 0; i < columns->n; i++)
        *q_vec_push(s->arena, &names) = columns->v[i].name;
    const char *near = q_suggest(name, names.v, names.n);
    enum q_code code = q_fail(err, Q_SOURCE, "could not find column \"%s\" in %s", name, s->label);
    if (near)
        q_hint(err, "Did you mean `%s`? %s:%d declares it.", near, c->name.pos.file,
               c->name.pos.line);
    else
        q_hint(err, "Correct or remove it at %s:%d.", c->name.pos.file, c->name.pos.line);
    return code;
}

static const struct found *find_column(const struct found *found, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (q_streq(found[i].name, name))
            return &found[i];
    for (size_t i = 0; i < n; i++)
        if (q_strcaseeq(found[i].name, name))
            return &found[i];
    return NULL;
}

static enum q_code add_declared(struct postgres_source *s, size_t i,
                                const struct pg_columns *columns, const struct found *found,
                                struct q_err *err)
{
    const struct cfg_column *c = &s->in->cfg->columns.v[i];
    struct q_type type = s->in->declared->v[i].type;
    const char *name = c->from.n ? c->from.v[0].s : c->name.s;
    const struct found *f = find_column(found, columns->n, name);
    struct made m;
    if (!f)
        return no_column(s, c, name, columns, err);
    const char *expr = sql_make(s->arena, "t.%I", f->name);
    enum q_code code = c->path.s             ? by_path(s, c, f, type, &m, err)
                       : type.id == Q_T_NONE ? natural(s, f, c->name.s, expr, &m, err)
                                             : declared(s, c, f, expr, type, &m, err);
    return code ? code : add(s, c->name.s, f, &m, err);
}

enum q_code postgres_columns(struct postgres_source *s, struct q_err *err)
{
    struct pg_columns columns;
    enum q_code code = pg_describe(s->session->leader, s->arena,
                                   sql_make(s->arena, "SELECT * FROM %s", s->from), &columns, err);
    if (code)
        return code;
    struct found *found = q_alloc_array(s->arena, columns.n + 1, sizeof *found);
    code = find_types(s, &columns, found, err);
    size_t declared_n = s->in->cfg->columns.n;
    for (size_t i = 0; !code && i < declared_n; i++)
        code = add_declared(s, i, &columns, found, err);
    for (size_t i = 0; !code && !declared_n && i < columns.n; i++) {
        struct made m;
        code = natural(s, &found[i], found[i].name, sql_make(s->arena, "t.%I", found[i].name), &m,
                       err);
        if (!code)
            code = add(s, found[i].name, &found[i], &m, err);
    }
    if (!code && !s->base.columns.n)
        code = q_fail(err, Q_SOURCE, "cannot read %s: it has no columns", s->label);
    return code;
}
