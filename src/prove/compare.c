/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two sets of rows without an order: equal ones are taken away in pairs, and of what is left those rows are put together
 * that share the key and most values.
 */
#include "prove/internal.h"

enum { PAIRS_MAX = 1 << 20, KEY_WEIGHT = 1000 };

static bool same_cell(const struct prove_row *e, const struct prove_row *f, size_t i)
{
    if (e->cells && e->cells[i].any)
        return true;
    if (!e->v[i] || !f->v[i])
        return !e->v[i] && !f->v[i];
    return q_streq(e->v[i], f->v[i]);
}

static bool same_row(const struct prove_row *e, const struct prove_row *f, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!same_cell(e, f, i))
            return false;
    return true;
}

static bool is_key(const q_texts *columns, size_t i, const q_texts *keys)
{
    for (size_t k = 0; k < keys->n; k++)
        if (q_strcaseeq(columns->v[i], keys->v[k]))
            return true;
    return false;
}

struct comparison {
    const q_texts *columns;
    bool *key; /* by column */
    bool any_key;
    const prove_rows *expected, *found;
    bool *matched; /* by found row */
    size_t *mate;  /* by expected row: index of the found row + 1 */
};

/* 0: they have nothing to do with each other. */
static size_t likeness(const struct comparison *c, const struct prove_row *e,
                       const struct prove_row *f)
{
    size_t score = 0;
    for (size_t i = 0; i < c->columns->n; i++) {
        bool same = same_cell(e, f, i);
        if (c->any_key && c->key[i] && !same)
            return 0;
        score += same ? (c->key[i] ? KEY_WEIGHT : 1) : 0;
    }
    return score;
}

static void take_equal(struct comparison *c)
{
    for (size_t e = 0; e < c->expected->n; e++)
        for (size_t f = 0; f < c->found->n; f++)
            if (!c->matched[f] && same_row(&c->expected->v[e], &c->found->v[f], c->columns->n)) {
                c->matched[f] = true;
                c->mate[e] = f + 1;
                break;
            }
}

/* The likest of all first. */
static bool pair_next(struct comparison *c, bool *paired)
{
    size_t best = 0, at_e = 0, at_f = 0;
    for (size_t e = 0; e < c->expected->n; e++)
        for (size_t f = 0; !c->mate[e] && f < c->found->n; f++) {
            size_t now = c->matched[f] ? 0 : likeness(c, &c->expected->v[e], &c->found->v[f]);
            if (now > best) {
                best = now;
                at_e = e;
                at_f = f;
            }
        }
    if (!best)
        return false;
    c->matched[at_f] = paired[at_e] = true;
    c->mate[at_e] = at_f + 1;
    return true;
}

static const char **shown(struct q_arena *arena, const struct prove_row *row, size_t n)
{
    const char **out = q_alloc_array(arena, n + 1, sizeof *out);
    for (size_t i = 0; i < n; i++)
        out[i] = row->cells && row->cells[i].any ? "*"
                 : row->v[i]                     ? q_strdup(arena, row->v[i])
                                                 : NULL;
    return out;
}

static const bool *differing(struct q_arena *arena, const struct prove_row *e,
                             const struct prove_row *f, size_t n)
{
    bool *out = q_alloc_array(arena, n + 1, sizeof *out);
    for (size_t i = 0; i < n; i++)
        out[i] = !same_cell(e, f, i);
    return out;
}

static void tell(struct proving *t, const struct comparison *c, const bool *paired,
                 struct cfg_pos pos, const char *what)
{
    struct q_arena *arena = t->keep;
    size_t n = c->columns->n, counts[3] = {0};
    struct prove_failure *failure = prove_fail(t, pos, "%s", what);
    for (size_t i = 0; i < n; i++)
        *q_vec_push(arena, &failure->columns) = q_strdup(arena, c->columns->v[i]);
    for (size_t e = 0; e < c->expected->n; e++) {
        const struct prove_row *row = &c->expected->v[e];
        const struct prove_row *mate = c->mate[e] ? &c->found->v[c->mate[e] - 1] : NULL;
        if (mate && !paired[e])
            continue;
        struct prove_difference *d = q_vec_push(arena, &failure->differences);
        d->kind = mate ? PROVE_DIFFERS : PROVE_MISSING;
        d->pos = row->pos;
        d->expected = shown(arena, row, n);
        d->found = mate ? shown(arena, mate, n) : NULL;
        d->differs = mate ? differing(arena, row, mate, n) : NULL;
        counts[d->kind]++;
    }
    for (size_t f = 0; f < c->found->n; f++)
        if (!c->matched[f]) {
            struct prove_difference *d = q_vec_push(arena, &failure->differences);
            d->kind = PROVE_SURPLUS;
            d->found = shown(arena, &c->found->v[f], n);
            counts[d->kind]++;
        }
    const char *text = "";
    static const char *const words[] = {"other than expected", "missing", "not expected"};
    for (size_t i = 0; i < 3; i++)
        if (counts[i])
            text = q_printf(arena, "%s%s%zu %s %s", text, *text ? ", " : "", counts[i],
                            counts[i] == 1 ? "row is" : "rows are", words[i]);
    failure->message = q_printf(arena, "%s: %s", what, text);
}

void prove_compare(struct proving *t, struct cfg_pos pos, const char *what, const q_texts *columns,
                   const q_texts *keys, const prove_rows *expected, const prove_rows *found)
{
    struct comparison c = {.columns = columns, .expected = expected, .found = found};
    bool *paired = q_alloc_array(t->arena, expected->n + 1, sizeof *paired);
    c.key = q_alloc_array(t->arena, columns->n + 1, sizeof *c.key);
    c.matched = q_alloc_array(t->arena, found->n + 1, sizeof *c.matched);
    c.mate = q_alloc_array(t->arena, expected->n + 1, sizeof *c.mate);
    for (size_t i = 0; i < columns->n; i++) {
        c.key[i] = is_key(columns, i, keys);
        c.any_key = c.any_key || c.key[i];
    }
    take_equal(&c);
    bool whole = true;
    for (size_t i = 0; i < expected->n; i++)
        whole = whole && c.mate[i];
    if (whole && expected->n == found->n)
        return;
    while (expected->n * found->n <= PAIRS_MAX && pair_next(&c, paired))
        ;
    tell(t, &c, paired, pos, what);
}
