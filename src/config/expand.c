/* SPDX-License-Identifier: Apache-2.0 */
/* ${NAME} in values, and the places where it is looked for. */
#include <ctype.h>
#include <stdlib.h>

#include "base/file.h"
#include "config/bind.h"

enum { MAX_VALUE = 1 << 20, MAX_EXPANDED = 64 << 20, MAX_SECRETS = 1 << 20 };

struct found {
    const char *text;
    bool hidden;
};

static struct found look_up(const struct cfg_vars *vars, const char *name)
{
    size_t n = strlen(name);
    /* The last one given wins. */
    for (size_t i = vars->given ? vars->given->n : 0; i-- > 0;)
        if (strncmp(vars->given->v[i], name, n) == 0 && vars->given->v[i][n] == '=')
            return (struct found){vars->given->v[i] + n + 1, false};
    const char *env = getenv(name);
    if (env)
        return (struct found){env, false};
    const struct cfg_node *variable = q_map_get(&vars->variables, name);
    if (variable)
        return (struct found){variable->text, variable->hidden};
    return (struct found){q_map_get(&vars->secrets, name), true};
}

static size_t name_length(const char *p)
{
    size_t n = 0;
    while (isalpha((unsigned char)p[n]) || p[n] == '_' || (n && isdigit((unsigned char)p[n])))
        n++;
    return n;
}

/* Place of text[at]: exact where the text stands in the file as it is. */
static struct cfg_pos place_in(const struct cfg_node *node, size_t at)
{
    struct cfg_pos pos = node->text_pos;
    bool one_line = node->end.line == node->pos.line;
    for (size_t i = 0; (node->literal || one_line) && i < at; i++) {
        if (node->text[i] == '\n') {
            pos.line++;
            pos.col = node->text_pos.col;
        } else if (((unsigned char)node->text[i] & 0xC0) != 0x80) {
            pos.col++;
        }
    }
    return pos;
}

static enum q_code not_set(struct cfg_bind *b, struct cfg_pos pos, const char *name)
{
    enum q_code code = cfg_wrong(b, pos, "variable \"%s\" is not set", name);
    if (b->vars.secrets_file)
        cfg_wrong_hint(
            b,
            "Give --var %s=VALUE, export it in the environment, or add it to `variables` in quern.yaml or to the secrets file \"%s\"%s.",
            name, b->vars.secrets_file, b->vars.secrets_missing ? ", which does not exist" : "");
    else
        cfg_wrong_hint(
            b,
            "Give --var %s=VALUE, export it in the environment, or add it to `variables` in quern.yaml.",
            name);
    return code;
}

/* The reference at text[at] ("${"): *end is behind it. */
static enum q_code expand_one(struct cfg_bind *b, struct cfg_node *node, bool open_allowed,
                              size_t at, size_t *end, struct q_buf *out)
{
    const char *from = node->text + at + 2;
    size_t n = name_length(from);
    *end = at + 2;
    if (!n || from[n] != '}') {
        enum q_code code =
            cfg_wrong(b, place_in(node, at), "expected a name and \"}\" behind \"${\"");
        cfg_wrong_hint(b, "Write $${ for the characters ${ themselves.");
        return code;
    }
    const char *name = q_strndup(b->arena, from, n);
    *end = at + 2 + n + 1;
    struct found found = look_up(&b->vars, name);
    if (found.text) {
        q_buf_adds(out, found.text);
        node->hidden |= found.hidden;
    } else if (open_allowed) {
        q_buf_add(out, node->text + at, *end - at);
        node->open = true;
    } else {
        return not_set(b, place_in(node, at), name);
    }
    return Q_OK;
}

static enum q_code expand_scalar(struct cfg_bind *b, struct cfg_node *node, bool open_allowed)
{
    if (!strstr(node->text, "${"))
        return Q_OK;
    struct q_buf out;
    q_buf_init(&out, MAX_VALUE);
    enum q_code code = Q_OK;
    for (size_t i = 0; node->text[i];) {
        size_t end = i + 1;
        if (q_starts(node->text + i, "$${")) {
            q_buf_adds(&out, "${");
            end = i + 3;
        } else if (q_starts(node->text + i, "${")) {
            code = cfg_first(code, expand_one(b, node, open_allowed, i, &end, &out));
        } else {
            q_buf_addc(&out, node->text[i]);
        }
        i = end;
    }
    b->vars.expanded += out.n;
    if (!code && (out.full || b->vars.expanded > MAX_EXPANDED))
        code = cfg_wrong(b, node->pos, "the value has more than %d bytes with its variables",
                         MAX_VALUE);
    if (!code && !q_utf8_valid(q_buf_text(&out), out.n, NULL))
        code = cfg_wrong(b, node->pos, "a variable in this value is not valid UTF-8");
    if (!code) {
        node->text = q_strndup(b->arena, q_buf_text(&out), out.n);
        node->kind = CFG_NODE_SCALAR;
    }
    q_buf_release(&out);
    return code;
}

enum q_code cfg_expand(struct cfg_bind *b, struct cfg_node *node, bool open_allowed)
{
    if (node->expanded)
        return Q_OK;
    node->expanded = true;
    if (node->kind == CFG_NODE_SCALAR)
        return expand_scalar(b, node, open_allowed);
    enum q_code code = Q_OK;
    for (size_t i = 0; i < node->items.n; i++)
        code = cfg_first(code, cfg_expand(b, node->items.v[i].value, open_allowed));
    return code;
}

static struct q_str unquote(struct q_str s)
{
    if (s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\'') && s.p[s.n - 1] == s.p[0])
        return (struct q_str){s.p + 1, s.n - 2};
    return s;
}

/* One line of the secrets file. What it holds is never shown. */
static enum q_code read_secret(struct cfg_bind *b, struct q_str line, struct cfg_pos pos)
{
    line = q_str_trim(line);
    if (line.n > 7 && memcmp(line.p, "export ", 7) == 0)
        line = q_str_trim((struct q_str){line.p + 7, line.n - 7});
    if (!line.n || line.p[0] == '#')
        return Q_OK;
    const char *equals = memchr(line.p, '=', line.n);
    struct q_str left = q_str_trim((struct q_str){line.p, equals ? (size_t)(equals - line.p) : 0});
    const char *name = q_strndup(b->arena, left.p, left.n);
    if (!name[0] || name_length(name) != strlen(name))
        return cfg_wrong(b, pos, "expected NAME=value");
    if (q_map_has(&b->vars.secrets, name))
        return cfg_wrong(b, pos, "\"%s\" is given twice", name);
    struct q_str value = {equals + 1, line.n - (size_t)(equals + 1 - line.p)};
    value = unquote(q_str_trim(value));
    q_map_put(&b->vars.secrets, name, q_strndup(b->arena, value.p, value.n));
    return Q_OK;
}

static enum q_code read_secrets(struct cfg_bind *b, struct cfg_node *value)
{
    struct cfg_text name = {0};
    enum q_code code = cfg_expand(b, value, false);
    if (!code)
        code = cfg_bind_text(b, value, "secrets", CFG_F_TEXT, &name);
    if (code)
        return code;
    b->vars.secrets_file = name.s;
    const char *path = q_path_join(b->arena, b->options->dir, name.s);
    b->vars.secrets_missing = !q_file_exists(path);
    if (b->vars.secrets_missing)
        return Q_OK; /* it is not under version control; who needs a name from it says so */
    struct q_str text;
    struct q_err err = {0};
    if (q_file_read(b->arena, path, MAX_SECRETS, &text, &err))
        return cfg_wrong_from(b, &err);
    struct cfg_pos pos = {name.s, 1, 1};
    if (!q_utf8_valid(text.p, text.n, NULL))
        return cfg_wrong(b, pos, "the file is not valid UTF-8");
    for (const char *p = text.p, *end = text.p + text.n; p < end; pos.line++) {
        const char *eol = memchr(p, '\n', (size_t)(end - p));
        eol = eol ? eol : end;
        code = cfg_first(code, read_secret(b, (struct q_str){p, (size_t)(eol - p)}, pos));
        p = eol + 1;
    }
    return code;
}

enum q_code cfg_read_vars(struct cfg_bind *b, struct cfg_node *root)
{
    enum q_code code = Q_OK;
    struct cfg_node *secrets = cfg_node_get(root, "secrets");
    if (secrets)
        code = read_secrets(b, secrets);
    struct cfg_node *variables = cfg_node_get(root, "variables");
    if (!variables || code)
        return code;
    if (variables->kind != CFG_NODE_MAP)
        return cfg_expected(b, variables, "variables", "a map of names and values");
    /* One after the other, so that a variable can use those above it. */
    for (size_t i = 0; i < variables->items.n; i++) {
        const struct cfg_node *key = variables->items.v[i].key;
        struct cfg_node *value = variables->items.v[i].value;
        enum q_code now = cfg_check_ident(b, cfg_key_text(key), "a variable", false);
        if (!now)
            now = cfg_expand(b, value, false);
        if (!now && value->kind != CFG_NODE_SCALAR)
            now = cfg_expected(b, value, key->text, "a text");
        if (!now)
            q_map_put(&b->vars.variables, key->text, value);
        code = cfg_first(code, now);
    }
    return code;
}
