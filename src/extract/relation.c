/* SPDX-License-Identifier: Apache-2.0 */
#include "extract/relation.h"

void extract_relation_begin(struct extract_relation *r, const struct extract_driver *driver,
                            struct q_arena *arena, const struct extract_input *in)
{
    const struct extract_relation_options *asked = in->options;
    const char *connection = in->connection->name;
    *r = (struct extract_relation){.arena = arena, .in = in, .asked = asked};
    r->base.driver = driver;
    r->base.bytes = -1;
    r->object = asked->table
                    ? q_printf(arena, "table \"%s\" of connection \"%s\"", asked->table, connection)
                    : q_printf(arena, "the query on connection \"%s\"", connection);
    r->path = q_printf(arena, "%s: %s", connection, asked->table ? asked->table : "query");
}

enum q_code extract_relation_check(const struct extract_relation *r, struct q_err *err)
{
    struct cfg_pos pos = r->in->cfg->name.pos;
    if (!r->asked->table == !r->asked->query)
        return cfg_fail(err, pos, "source \"%s\" needs one of \"table\" and \"query\"",
                        r->in->cfg->name.s);
    if (r->in->optional)
        return cfg_fail(err, pos,
                        "\"optional\" is for files that may be missing, not for a database");
    return Q_OK;
}

struct cfg_pos extract_relation_option_pos(const struct extract_relation *r, const char *key)
{
    const cfg_pairs *options = &r->in->cfg->options;
    for (size_t i = 0; i < options->n; i++)
        if (q_streq(options->v[i].key.s, key))
            return options->v[i].value.pos;
    return r->in->cfg->name.pos;
}

void extract_relation_described(struct extract_relation *r)
{
    for (size_t i = 0; i < r->fields.fields.n; i++) {
        const struct extract_field *f = &r->fields.fields.v[i];
        (void)q_schema_add(r->arena, &r->base.columns, f->name, f->type);
        (void)q_schema_add(r->arena, &r->with_pos, f->name, f->type);
    }
    (void)q_schema_add(r->arena, &r->with_pos, "_q_pos", Q_TYPE(Q_T_INT64));
    r->target = extract_fields_target(r->arena, &r->fields, r->in->sink);
}

const char *extract_relation_all(const struct extract_relation *r)
{
    return r->asked->table ? sql_make(r->arena, "SELECT * FROM %s", r->item) : r->asked->query;
}

struct sql *extract_relation_select(const struct extract_relation *r, const char *pos)
{
    struct sql *q = sql_new(r->arena);
    bool first = true;
    sql_add(q, "SELECT ");
    for (size_t i = 0; i < r->fields.asked.n; i++) {
        sql_sep(q, &first, ", ");
        sql_add(q, "%s", r->columns.v[r->fields.asked.v[i]]);
    }
    if (pos)
        sql_add(q, ", %s", pos);
    sql_add(q, " FROM %s AS q", r->item);
    return q;
}

bool extract_relation_filter(const struct extract_relation *r, struct sql *q)
{
    if (r->asked->where)
        sql_add(q, " WHERE (%s\n)", r->asked->where);
    return r->asked->where != NULL;
}

const struct db_source *extract_relation_rows(struct extract_relation *r, struct db_source rows)
{
    enum { ROW_BYTES = 100 }; /* for the engine's estimate only */
    r->target->records = r->target->rejected = 0;
    r->source = rows;
    r->source.name = q_printf(r->arena, "read_%s", r->in->name);
    r->source.schema = &r->with_pos;
    r->source.self = r;
    r->source.estimated_rows = r->base.bytes < 0 ? -1 : r->base.bytes / ROW_BYTES;
    return &r->source;
}

/* ---- of the driver ---- */

size_t extract_relation_n_parts(struct extract_source *s)
{
    (void)s;
    return 1;
}

struct extract_stats extract_relation_stats(struct extract_source *s, size_t part)
{
    const struct extract_relation *r = (struct extract_relation *)s;
    (void)part;
    return (struct extract_stats){.path = r->path,
                                  .detected = r->detected,
                                  .size = -1,
                                  .records = atomic_load(&r->target->records),
                                  .rejected = atomic_load(&r->target->rejected)};
}

const char *extract_relation_shape(struct extract_source *s, size_t part)
{
    (void)s;
    (void)part;
    return "{\"format\":\"json\"}";
}

enum q_code extract_relation_locate(struct extract_source *s, struct extract_place *places,
                                    size_t n, struct q_arena *arena, struct q_err *err)
{
    const struct extract_relation *r = (struct extract_relation *)s;
    (void)arena;
    (void)err;
    for (size_t i = 0; i < n; i++)
        places[i] = (struct extract_place){.pos = places[i].pos,
                                           .path = r->path,
                                           .ordinal = places[i].pos + (r->pos_is_key ? 0 : 1),
                                           .raw = {"", 0}};
    return Q_OK;
}
