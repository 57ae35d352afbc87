/* SPDX-License-Identifier: Apache-2.0 */
/* Parquet: read by the engine; positions are file number and row number. */
#include "extract/file/internal.h"
#include "sql/build.h"

static const char *file_list(struct extract_file *s)
{
    struct sql *q = sql_new(s->arena);
    bool first = true;
    sql_add(q, "[");
    for (size_t i = 0; i < s->paths.n; i++) {
        sql_sep(q, &first, ", ");
        sql_add(q, "%L", s->items[i].full);
    }
    sql_add(q, "]");
    return sql_text(q);
}

/* A declared type may only widen an integer: a cast could round or fail, and a transform step says so. */
static bool fits(struct q_type file, struct q_type declared)
{
    if (q_type_eq(file, declared))
        return true;
    return q_type_is_integer(file) && q_type_is_integer(declared) &&
           q_type_size(file) < q_type_size(declared);
}

static enum q_code check_column(const struct extract_file *s, const struct q_column *want,
                                const struct q_schema *have, struct q_err *err)
{
    ptrdiff_t at = q_schema_find(have, want->name);
    char a[Q_TYPE_TEXT], b[Q_TYPE_TEXT];
    if (at < 0) {
        enum q_code code =
            q_fail(err, Q_SOURCE, "could not find column \"%s\" in \"%s\"", want->name, s->o->path);
        const char *near = q_schema_suggest(s->arena, have, want->name);
        if (near)
            q_hint(err, "Did you mean `%s`?", near);
        return code;
    }
    if (want->type.id == Q_T_NONE || fits(have->v[at].type, want->type))
        return Q_OK;
    enum q_code code =
        q_fail(err, Q_SOURCE, "cannot read column \"%s\" of \"%s\" as %s: it is %s", want->name,
               s->o->path, q_type_text(want->type, a), q_type_text(have->v[at].type, b));
    q_hint(err, "Declare %s, and add a `cast` step.", b);
    return code;
}

static void add_columns(struct extract_file *s, const struct q_schema *have)
{
    const struct q_schema *declared = s->in->declared;
    for (size_t i = 0; declared && i < declared->n; i++) {
        struct q_type type = declared->v[i].type;
        if (type.id == Q_T_NONE)
            type = have->v[q_schema_find(have, declared->v[i].name)].type;
        (void)q_schema_add(s->arena, &s->columns, declared->v[i].name, type);
    }
    for (size_t i = 0; i < have->n; i++)
        if (q_schema_find(&s->columns, have->v[i].name) < 0)
            (void)q_schema_add(s->arena, &s->columns, have->v[i].name, have->v[i].type);
}

static enum q_code describe(struct extract_file *s, struct q_err *err)
{
    struct q_schema have = {0};
    if (!s->in->db)
        return q_fail(err, Q_INTERNAL, "cannot describe \"%s\": Parquet needs the engine",
                      s->o->path);
    const char *files = file_list(s);
    enum q_code code =
        db_describe(s->in->db, sql_make(s->arena, "SELECT * FROM read_parquet(%s)", files),
                    s->arena, &have, err);
    if (code) {
        if (code == Q_SQL && err)
            err->code = Q_SOURCE;
        q_context(err, "reading \"%s\"", s->o->path);
        return Q_SOURCE;
    }
    for (size_t i = 0; s->in->declared && i < s->in->declared->n; i++)
        if ((code = check_column(s, &s->in->declared->v[i], &have, err)))
            return code;
    add_columns(s, &have);
    struct sql *q = sql_new(s->arena);
    sql_add(q, "SELECT ");
    for (size_t i = 0; i < s->columns.n; i++)
        sql_add(q, "CAST(%I AS %T) AS %I, ", s->columns.v[i].name, &s->columns.v[i].type,
                s->columns.v[i].name);
    sql_add(
        q,
        "(list_position(%s, _q_file) - 1) * %d + file_row_number AS _q_pos FROM read_parquet(%s, "
        "file_row_number = true, filename = '_q_file')",
        files, INT64_C(1) << Q_POS_FILE_SHIFT, files);
    s->select = sql_text(q);
    return Q_OK;
}

const struct file_reader file_parquet = {
    .format = "parquet",
    .endings = (const char *const[]){"parquet", NULL},
    .has_null = true,
    .is_packed = true,
    .describe = describe,
};
