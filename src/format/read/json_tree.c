/* SPDX-License-Identifier: Apache-2.0 */
#include "format/read/json_tree.h"

#include "base/arena.h"
#include "base/vec.h"

/* A step of a path: a name, an index, or each element of an array. */
struct step {
    const char *name; /* NULL: index, or each */
    int64_t index;    /* -1: each */
};
typedef Q_VEC(struct step) steps;

static enum q_code no_path(const char *text, const char *at, struct q_err *err)
{
    enum q_code code =
        q_fail(err, Q_CONFIG, "cannot understand the path \"%s\" at \"%s\"", text, at);
    q_hint(err, "A path is like $.customer.city, tags[0] or .\"a name\".");
    return code;
}

static bool bracket(const char **at, struct step *out)
{
    const char *p = *at + 1;
    *out = (struct step){.index = -1};
    if (*p == '*') {
        p++;
    } else {
        out->index = 0;
        const char *first = p;
        for (; *p >= '0' && *p <= '9' && p - first < 9; p++)
            out->index = out->index * 10 + (*p - '0');
        if (p == first)
            return false;
    }
    if (*p != ']')
        return false;
    *at = p + 1;
    return true;
}

/* A name up to the next point or bracket, or in quotes. */
static bool name(struct q_arena *arena, const char **at, struct step *out)
{
    const char *p = *at, *end;
    if (*p == '"') {
        end = strchr(p + 1, '"');
        if (!end)
            return false;
        *out = (struct step){q_strndup(arena, p + 1, (size_t)(end - p) - 1), 0};
        *at = end + 1;
        return true;
    }
    size_t n = strcspn(p, ".[");
    *out = (struct step){q_strndup(arena, p, n), 0};
    *at = p + n;
    return n > 0;
}

/* Behind "$". */
static enum q_code parse_steps(struct q_arena *arena, const char *text, const char *p, steps *out,
                               struct q_err *err)
{
    bool first = true;
    while (*p) {
        struct step s;
        const char *from = p;
        if (*p == '[') {
            if (!bracket(&p, &s))
                return no_path(text, from, err);
        } else {
            bool point = *p == '.', needed = !first || (p > text && p[-1] == '$');
            if (point != needed)
                return no_path(text, from, err);
            p += point;
            if (!name(arena, &p, &s))
                return no_path(text, from, err);
        }
        *q_vec_push(arena, out) = s;
        first = false;
    }
    return Q_OK;
}

enum q_code json_records_parse(struct q_arena *arena, const char *text, bool lines,
                               struct json_records *out, struct q_err *err)
{
    steps all = {0};
    *out = (struct json_records){0};
    if (!text || !*text)
        return Q_OK;
    const char *p = text + (*text == '$');
    if (!*p || q_streq(p, ".")) {
        out->whole = true;
        return Q_OK;
    }
    enum q_code code = parse_steps(arena, text, p, &all, err);
    if (code)
        return code;
    if (all.v[all.n - 1].name) /* the last array may be named alone */
        *q_vec_push(arena, &all) = (struct step){.index = -1};
    size_t i = lines && !all.v[0].name ? 1 : 0; /* each line */
    q_paths *to = lines ? &out->inner[0] : &out->document;
    for (; i < all.n; i++) {
        const struct step *s = &all.v[i];
        if (s->name) {
            *q_vec_push(arena, to) = s->name;
            continue;
        }
        if (s->index >= 0)
            return q_fail(err, Q_CONFIG,
                          "cannot read the records \"%s\": they are those of an array, so "
                          "use [*] for [%lld]",
                          text, (long long)s->index);
        bool is_first = to == &out->document;
        out->levels += !is_first;
        if (out->levels >= JSON_LEVELS || (!is_first && !to->n))
            return q_fail(err, Q_CONFIG, "cannot read the records \"%s\": %s", text,
                          to->n ? "there are too many arrays in each other"
                                : "an array of arrays has no records");
        to = &out->inner[out->levels];
    }
    return Q_OK;
}

/* ---- trees ---- */

static struct json_node *child_of(struct q_arena *arena, struct json_node *node,
                                  const struct step *s)
{
    struct json_node **last = &node->children;
    for (; *last; last = &(*last)->next)
        if (s->name ? (*last)->index < 0 && q_str_eq((*last)->name, q_str(s->name))
                    : (*last)->index == s->index)
            return *last;
    *last = q_new(arena, struct json_node);
    **last = (struct json_node){.name = q_str(s->name), .index = s->name ? -1 : s->index};
    node->has_names |= s->name != NULL;
    node->has_indices |= s->name == NULL;
    return *last;
}

static void add_col(struct q_arena *arena, size_t **cols, size_t *n, size_t col)
{
    size_t *more = q_alloc_array(arena, *n + 1, sizeof *more);
    if (*n)
        memcpy(more, *cols, *n * sizeof *more);
    more[(*n)++] = col;
    *cols = more;
}

static void take(struct q_arena *arena, struct json_node *node, const steps *path, size_t col)
{
    for (size_t i = 0; i < path->n; i++)
        node = child_of(arena, node, &path->v[i]);
    add_col(arena, &node->cols, &node->n_cols, col);
}

static void add_number(struct q_arena *arena, ptrdiff_t **numbers, size_t col)
{
    size_t n = 0;
    while (*numbers && (*numbers)[n] >= 0)
        n++;
    ptrdiff_t *more = q_alloc_array(arena, n + 2, sizeof *more);
    if (n)
        memcpy(more, *numbers, n * sizeof *more);
    more[n] = (ptrdiff_t)col;
    more[n + 1] = -1;
    *numbers = more;
}

static enum q_code add_column(struct q_arena *arena, struct json_tree *t,
                              const struct read_column *column, size_t col, struct q_err *err)
{
    steps path = {0};
    size_t level = t->levels;
    const char *p = column->path;
    if (!p) { /* the member of its name, and what stands there when the name is a path */
        *q_vec_push(arena, &path) = (struct step){.name = column->name};
        take(arena, &t->root[level], &path, col);
        add_col(arena, &t->cols[level], &t->n_cols[level], col);
        path.n = 0;
        if (strchr(column->name, '.') &&
            !parse_steps(arena, column->name, column->name, &path, NULL))
            take(arena, &t->root[level], &path, col);
        return Q_OK;
    }
    for (; strncmp(p, "../", 3) == 0; p += 3, level--)
        if (!level)
            return q_fail(
                err, Q_CONFIG,
                "cannot read column \"%s\": its path \"%s\" goes above the outermost record",
                column->name, column->path);
    add_col(arena, &t->cols[level], &t->n_cols[level], col);
    if (q_streq(p, "#")) {
        add_number(arena, &t->numbers[level], col);
        t->is_flat = true;
        return Q_OK;
    }
    enum q_code code = parse_steps(arena, column->path, p + (*p == '$'), &path, err);
    for (size_t i = 0; i < path.n && !code; i++)
        if (!path.v[i].name && path.v[i].index < 0)
            code = q_fail(
                err, Q_CONFIG,
                "cannot read column \"%s\": [*] in its path \"%s\" is several values; name the "
                "array in `records`, or an element by its number",
                column->name, column->path);
    if (!code)
        take(arena, &t->root[level], &path, col);
    return code;
}

enum q_code json_tree_make(struct q_arena *arena, const struct json_records *records,
                           const struct read_target *target, struct json_tree **out,
                           struct q_err *err)
{
    struct json_tree *t = q_new(arena, struct json_tree);
    enum q_code code = Q_OK;
    t->levels = records->levels;
    t->is_flat = t->levels > 0;
    for (size_t l = 0; l <= t->levels; l++)
        t->root[l].index = -1;
    for (size_t c = 0; c < target->n_cols && !code; c++)
        code = add_column(arena, t, &target->cols[c], c, err);
    for (size_t l = 0; l < t->levels; l++) {
        struct json_node *node = &t->root[l];
        for (size_t i = 0; i < records->inner[l].n; i++)
            node = child_of(arena, node, &(struct step){.name = records->inner[l].v[i]});
        node->is_records = true;
    }
    *out = t;
    return code;
}
