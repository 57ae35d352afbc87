/* SPDX-License-Identifier: Apache-2.0 */
#include "extract/fields.h"

#include "base/suggest.h"

static ptrdiff_t find(const q_texts *have, const char *name)
{
    for (size_t i = 0; i < have->n; i++)
        if (q_streq(have->v[i], name))
            return (ptrdiff_t)i;
    for (size_t i = 0; i < have->n; i++)
        if (q_strcaseeq(have->v[i], name))
            return (ptrdiff_t)i;
    return -1;
}

static enum q_code missing(const q_texts *have, const char *name, const char *object,
                           struct q_err *err)
{
    enum q_code code = q_fail(err, Q_SOURCE, "could not find column \"%s\" in %s", name, object);
    struct q_buf list;
    q_buf_init(&list, Q_ERR_DETAIL - 64);
    for (size_t i = 0; i < have->n; i++)
        q_buf_printf(&list, "%s%s", i ? ", " : "", have->v[i]);
    q_detail(err, "It has: %s.", q_buf_text(&list));
    q_buf_release(&list);
    q_suggest_hint(err, name, have->v, have->n,
                   "A column that is called otherwise there is declared with `from`.");
    return code;
}

static size_t ask(struct q_arena *arena, struct extract_fields *out, size_t have)
{
    for (size_t i = 0; i < out->asked.n; i++)
        if (out->asked.v[i] == have)
            return i;
    *q_vec_push(arena, &out->asked) = have;
    return out->asked.n - 1;
}

static enum q_code declared(struct q_arena *arena, const struct extract_input *in,
                            const struct cfg_column *c, const q_texts *have, const char *object,
                            struct extract_fields *out, struct q_err *err)
{
    const char *name = c->from.n ? c->from.v[0].s : c->name.s;
    struct json_path *path = NULL;
    struct q_err why = {0};
    if (c->width.s || c->at.s)
        return cfg_fail(err, c->name.pos,
                        "\"at\" and \"width\" are for files of fixed width, not for %s", object);
    if (c->path.s && json_path_parse(arena, c->path.s, &path, &why))
        return cfg_fail_as(err, c->path.pos, &why);
    ptrdiff_t at = find(have, name);
    if (at < 0)
        return missing(have, name, object, err);
    *q_vec_push(arena, &out->fields) =
        (struct extract_field){.name = c->name.s,
                               .type = in->declared->v[q_schema_find(in->declared, c->name.s)].type,
                               .have = (size_t)at,
                               .from = ask(arena, out, (size_t)at),
                               .path = path};
    return Q_OK;
}

enum q_code extract_fields_settle(struct q_arena *arena, const struct extract_input *in,
                                  const q_texts *have, const char *object,
                                  struct extract_fields *out, struct q_err *err)
{
    enum q_code code = Q_OK;
    for (size_t i = 0; i < in->cfg->columns.n && !code; i++)
        code = declared(arena, in, &in->cfg->columns.v[i], have, object, out, err);
    for (size_t i = 0; i < have->n && !in->cfg->columns.n; i++) {
        for (size_t k = 0; k < i; k++)
            if (q_strcaseeq(have->v[i], have->v[k])) {
                code = q_fail(err, Q_SOURCE, "cannot read %s: it has two columns \"%s\"", object,
                              have->v[i]);
                q_hint(err, "Give one of them another name with AS.");
                return code;
            }
        *q_vec_push(arena, &out->fields) =
            (struct extract_field){.name = have->v[i], .have = i, .from = ask(arena, out, i)};
    }
    for (size_t i = 0; i < out->fields.n && !code; i++)
        if (q_strcaseeq(out->fields.v[i].name, "_q_pos"))
            code = q_fail(err, Q_SOURCE,
                          "cannot read %s: its column \"_q_pos\" has a reserved name", object);
    return code;
}

const struct extract_field *extract_fields_find(const struct extract_fields *fields,
                                                const char *name)
{
    for (size_t i = 0; i < fields->fields.n; i++)
        if (q_strcaseeq(fields->fields.v[i].name, name))
            return &fields->fields.v[i];
    return NULL;
}

struct record_target *extract_fields_target(struct q_arena *arena,
                                            const struct extract_fields *fields,
                                            const struct reject_sink *sink)
{
    struct record_target *t = q_new(arena, struct record_target);
    struct record_field *out = q_alloc_array(arena, fields->fields.n + 1, sizeof *out);
    char text[Q_TYPE_TEXT];
    for (size_t i = 0; i < fields->fields.n; i++) {
        const struct extract_field *f = &fields->fields.v[i];
        out[i] = (struct record_field){.name = f->name,
                                       .expected = q_strdup(arena, q_type_text(f->type, text)),
                                       .cast = {.type = f->type, .empty_fails = true},
                                       .from = f->from,
                                       .path = f->path};
    }
    t->fields = out;
    t->n = fields->fields.n;
    t->sink = sink;
    return t;
}

struct q_type extract_pinned_type(const struct extract_input *in, const char *name)
{
    ptrdiff_t at = in->pinned ? q_schema_find(in->pinned, name) : -1;
    return at >= 0 ? in->pinned->v[at].type : Q_TYPE(Q_T_NONE);
}
