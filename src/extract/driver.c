/* SPDX-License-Identifier: Apache-2.0 */
#include "extract/driver.h"

#include <string.h>

#include "sql/build.h"

const struct extract_driver *extract_driver_find(const char *name)
{
    for (const struct cfg_driver *const *d = extract_drivers; *d; d++)
        if (q_streq((*d)->name, name))
            return (const struct extract_driver *)*d;
    return NULL;
}

/* Which ${NAME} of a connection is missing. */
static enum q_code not_set(struct q_arena *arena, const struct cfg_pair *p, struct q_err *err)
{
    const char *from = strstr(p->value.s, "${"), *to = from ? strchr(from, '}') : NULL;
    const char *name = to ? q_strndup(arena, from + 2, (size_t)(to - from - 2)) : "?";
    enum q_code code = cfg_fail(err, p->value.pos, "variable \"%s\" is not set", name);
    q_hint(err,
           "Give --var %s=VALUE, export it in the environment, or add it to the secrets file of "
           "quern.yaml.",
           name);
    return code;
}

enum q_code extract_options(struct q_arena *arena, const struct q_opt *table, size_t size,
                            const cfg_pairs *pairs, const char *what, bool secrets,
                            const void **out, struct q_err *err)
{
    void *options = q_alloc(arena, size ? size : 1);
    enum q_code code = q_opt_defaults(table, arena, options, err);
    for (size_t i = 0; i < pairs->n && !code; i++) {
        const struct cfg_pair *p = &pairs->v[i];
        const struct q_opt *opt = q_opt_find(table, p->key.s);
        if (!opt)
            return cfg_fail(err, p->key.pos, "unknown option \"%s\" of %s", p->key.s, what);
        if (p->hidden &&
            !secrets) { /* it would stand in messages, plans and the record of the run */
            code =
                cfg_fail(err, p->value.pos, "\"%s\" cannot come from the secrets file", p->key.s);
            q_hint(
                err,
                "Secrets belong to `connections` of quern.yaml; what else varies to `variables`.");
            return code;
        }
        if (p->open)
            return not_set(arena, p, err);
        struct q_err why = {0};
        if (q_opt_set(opt, arena, p->key.s, p->value.s, options, &why))
            return p->hidden ? cfg_fail(err, p->value.pos, "cannot use %s for \"%s\"",
                                        Q_SECRET_SHOWN, p->key.s)
                             : cfg_fail_as(err, p->value.pos, &why);
    }
    *out = options;
    return code;
}

enum q_code extract_reach(struct q_arena *arena, const struct cfg_connection *cfg, const char *dir,
                          int64_t clock, const struct extract_driver **driver,
                          const struct extract_connection **connection, void **session,
                          struct q_err *err)
{
    const struct extract_driver *d = extract_driver_find(cfg->type.s);
    if (!d || !d->connect)
        return cfg_fail(err, cfg->type.pos, "there are no connections of type \"%s\"", cfg->type.s);
    struct extract_connection *c = q_new(arena, struct extract_connection);
    *c = (struct extract_connection){
        .name = cfg->name.s, .pos = cfg->name.pos, .dir = dir, .clock = clock};
    enum q_code code =
        extract_options(arena, d->words.connection, d->connection_size, &cfg->options,
                        q_printf(arena, "a %s connection", d->words.name), true, &c->options, err);
    if (!code)
        code = d->connect(arena, c, session, err);
    if (code)
        return code;
    *driver = d;
    *connection = c;
    return Q_OK;
}

const struct cfg_connection *extract_connection_find(const struct cfg_project *project,
                                                     const char *name)
{
    for (size_t i = 0; project && i < project->connections.n; i++)
        if (q_streq(project->connections.v[i].name.s, name))
            return &project->connections.v[i];
    return NULL;
}

const char *extract_select(struct q_arena *arena, const struct extract_source *s,
                           const struct extract_input *in)
{
    if (s->select)
        return s->select;
    return sql_make(arena, "SELECT * FROM %I()", q_printf(arena, "read_%s", in->name));
}

enum q_code extract_declared(struct q_arena *arena, const struct cfg_source *cfg,
                             struct q_schema *out, struct q_err *err)
{
    for (size_t i = 0; i < cfg->columns.n; i++) {
        const struct cfg_column *c = &cfg->columns.v[i];
        struct q_type type = Q_TYPE(Q_T_NONE);
        struct q_err why = {0};
        if (c->type.s && q_type_parse(c->type.s, &type, &why))
            return cfg_fail_as(err, c->type.pos, &why);
        if (q_schema_find(out, c->name.s) >= 0)
            return cfg_fail(err, c->name.pos, "column \"%s\" is declared twice", c->name.s);
        q_schema_add(arena, out, c->name.s, type);
    }
    return Q_OK;
}

enum q_code extract_places(const struct extract_driver *driver, struct extract_source *s,
                           const int64_t *pos, size_t n, int64_t *ordinals, int64_t *lines,
                           struct q_err *err)
{
    struct q_arena *scratch = q_arena_new(NULL, "places");
    struct extract_place *places = q_alloc_array(scratch, n + 1, sizeof *places);
    for (size_t i = 0; i < n; i++)
        places[i].pos = pos[i];
    enum q_code code = driver->locate(s, places, n, scratch, err);
    for (size_t i = 0; i < n && !code; i++) {
        ordinals[i] = places[i].ordinal;
        lines[i] = places[i].line;
    }
    q_arena_free(scratch);
    return code;
}
