/* SPDX-License-Identifier: Apache-2.0 */
#include "base/opt.h"

#include "base/parse.h"
#include "base/secret.h"
#include "base/str.h"
#include "base/suggest.h"

static enum q_code set_choice(const struct q_opt *opt, struct q_arena *arena, const char *shown,
                              const char *text, const char **field, struct q_err *err)
{
    for (const char *p = opt->choices;; p++) {
        size_t n = strcspn(p, "|");
        if (strlen(text) == n && memcmp(p, text, n) == 0) {
            *field = q_strdup(arena, text);
            return Q_OK;
        }
        p += n;
        if (!*p)
            break;
    }
    return q_fail(err, Q_USAGE, "cannot use \"%s\" for %s: expected one of %s", text, shown,
                  opt->choices);
}

enum q_code q_opt_set(const struct q_opt *opt, struct q_arena *arena, const char *shown,
                      const char *text, void *out, struct q_err *err)
{
    void *field = (char *)out + opt->offset;
    switch (opt->type) {
    case Q_OPT_FLAG:
        return q_parse_bool(text, shown, field, err);
    case Q_OPT_INT: {
        bool any = opt->min == 0 && opt->max == 0;
        return q_parse_int(text, shown, any ? INT64_MIN : opt->min, any ? INT64_MAX : opt->max,
                           field, err);
    }
    case Q_OPT_TEXT:
        *(const char **)field = q_strdup(arena, text);
        return Q_OK;
    case Q_OPT_CHOICE:
        return set_choice(opt, arena, shown, text, field, err);
    case Q_OPT_TEXTS:
        *q_vec_push(arena, (q_texts *)field) = q_strdup(arena, text);
        return Q_OK;
    case Q_OPT_SIZE:
        return q_parse_size(text, shown, field, err);
    case Q_OPT_DURATION:
        return q_parse_duration(text, shown, field, err);
    case Q_OPT_DATE: {
        struct q_opt_date *date = field;
        date->set = true;
        return q_parse_date(text, shown, &date->days, err);
    }
    case Q_OPT_TIME: {
        struct q_opt_time *time = field;
        time->set = true;
        return q_parse_timestamp(text, shown, &time->usec, err);
    }
    case Q_OPT_SECRET:
        ((struct q_secret *)field)->hidden = q_strdup(arena, text);
        return Q_OK;
    }
    return q_fail(err, Q_INTERNAL, "cannot set %s: unknown option type %d", shown, (int)opt->type);
}

enum q_code q_opt_defaults(const struct q_opt *table, struct q_arena *arena, void *out,
                           struct q_err *err)
{
    for (const struct q_opt *o = table; o->name; o++) {
        if (!o->fallback)
            continue;
        enum q_code code = q_opt_set(o, arena, o->name, o->fallback, out, err);
        if (code)
            return code;
    }
    return Q_OK;
}

const struct q_opt *q_opt_find(const struct q_opt *table, const char *name)
{
    for (const struct q_opt *o = table; o->name; o++)
        if (q_streq(o->name, name))
            return o;
    return NULL;
}

struct found {
    const struct q_opt *opt;
    void *out;
};

static struct found find_long(const struct q_opt_part *parts, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        const struct q_opt *o = q_opt_find(parts[i].table, name);
        if (o)
            return (struct found){o, parts[i].out};
    }
    return (struct found){0};
}

static struct found find_letter(const struct q_opt_part *parts, size_t n, char letter)
{
    for (size_t i = 0; i < n; i++)
        for (const struct q_opt *o = parts[i].table; o->name; o++)
            if (o->letter && o->letter == letter)
                return (struct found){o, parts[i].out};
    return (struct found){0};
}

static enum q_code unknown_option(const struct q_opt_part *parts, size_t n, struct q_arena *arena,
                                  const char *word, const char *name, struct q_err *err)
{
    q_texts names = {0};
    for (size_t i = 0; i < n; i++)
        for (const struct q_opt *o = parts[i].table; o->name; o++)
            *q_vec_push(arena, &names) = o->name;
    const char *near = q_suggest(name, names.v, names.n);
    enum q_code code = q_fail(err, Q_USAGE, "unknown option \"%s\"", word);
    if (near)
        q_hint(err, "Did you mean `--%s`?", near);
    return code;
}

/* One option word, which may carry its value behind '='; *used counts the words taken. */
static enum q_code parse_option(const struct q_opt_part *parts, size_t n, struct q_arena *arena,
                                char *const *argv, int left, int *used, const struct q_opt **given,
                                struct q_err *err)
{
    const char *word = argv[0], *value = NULL;
    bool is_long = word[1] == '-';
    const char *name = is_long ? word + 2 : word + 1;
    const char *equals = strchr(word, '=');
    if (equals) {
        name = q_strndup(arena, name, (size_t)(equals - name));
        value = equals + 1;
    }
    struct found f = is_long               ? find_long(parts, n, name)
                     : name[0] && !name[1] ? find_letter(parts, n, name[0])
                                           : (struct found){0};
    if (!f.opt)
        return unknown_option(parts, n, arena, word, name, err);
    *given = f.opt;
    const char *shown = is_long ? q_printf(arena, "--%s", name) : q_printf(arena, "-%s", name);
    *used = 1;
    if (f.opt->type == Q_OPT_FLAG && !value)
        value = "true";
    if (!value) {
        if (left < 2)
            return q_fail(err, Q_USAGE, "option %s needs a value: %s %s", shown, shown, f.opt->arg);
        value = argv[1];
        *used = 2;
    }
    return q_opt_set(f.opt, arena, shown, value, f.out, err);
}

enum q_code q_opt_parse(const struct q_opt_part *parts, size_t n_parts, struct q_arena *arena,
                        int argc, char *const *argv, q_texts *rest, struct q_err *err)
{
    bool options = true;
    Q_VEC(const struct q_opt *) seen = {0};
    for (int i = 0, used = 1; i < argc; i += used) {
        used = 1;
        const char *word = argv[i];
        if (options && q_streq(word, "--")) {
            options = false;
            continue;
        }
        if (!options || word[0] != '-' || !word[1]) {
            *q_vec_push(arena, rest) = word;
            continue;
        }
        const struct q_opt *given = NULL;
        enum q_code code =
            parse_option(parts, n_parts, arena, argv + i, argc - i, &used, &given, err);
        if (code)
            return code;
        *q_vec_push(arena, &seen) = given;
    }
    for (size_t k = 0; k < n_parts; k++)
        for (const struct q_opt *o = parts[k].table; o->name; o++) {
            bool given = !o->required;
            for (size_t i = 0; i < seen.n && !given; i++)
                given = seen.v[i] == o;
            if (!given)
                return q_fail(err, Q_USAGE, "option --%s is needed: --%s %s", o->name, o->name,
                              o->arg ? o->arg : "");
        }
    return Q_OK;
}
