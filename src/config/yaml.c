/* SPDX-License-Identifier: Apache-2.0 */
#include <yaml.h>

#include "base/map.h"
#include "config/node.h"

/* One file being read. */
struct composer {
    struct q_arena *arena;
    struct q_err *err;
    const char *file;
    struct q_str text;
    yaml_parser_t parser;
    struct q_map anchors;
    size_t nodes;
    /* The line that was looked at last; events come in the order of the file. */
    size_t line, line_at;
};

static struct cfg_pos at_mark(const struct composer *c, yaml_mark_t mark)
{
    return (struct cfg_pos){c->file, (int)mark.line + 1, (int)mark.column + 1};
}

/* Line and column of a byte offset. Columns count characters. */
static struct cfg_pos at_offset(const struct composer *c, size_t offset)
{
    struct cfg_pos pos = {c->file, 1, 1};
    for (size_t i = 0; i < offset && i < c->text.n; i++) {
        if (c->text.p[i] == '\n') {
            pos.line++;
            pos.col = 1;
        } else if (((unsigned char)c->text.p[i] & 0xC0) != 0x80) {
            pos.col++;
        }
    }
    return pos;
}

/* Offset of a line (from 0), searched forward from the last one. */
static size_t line_offset(struct composer *c, size_t line)
{
    if (line < c->line)
        c->line = c->line_at = 0;
    while (c->line < line && c->line_at < c->text.n) {
        const char *from = c->text.p + c->line_at;
        const char *end = memchr(from, '\n', c->text.n - c->line_at);
        c->line_at = end ? (size_t)(end - c->text.p) + 1 : c->text.n;
        c->line++;
    }
    return c->line_at;
}

/* Columns of white space in front of a line; *tab is the first tab's column (from 0) or -1. */
static int indent_of(struct composer *c, size_t line, int *tab)
{
    size_t at = line_offset(c, line);
    int n = 0;
    *tab = -1;
    for (; at < c->text.n && (c->text.p[at] == ' ' || c->text.p[at] == '\t'); at++, n++)
        if (c->text.p[at] == '\t' && *tab < 0)
            *tab = n;
    return n;
}

/* White space in front of the first line of a block that is not blank. */
static int block_indent(struct composer *c, size_t line)
{
    for (;; line++) {
        int tab, n = indent_of(c, line, &tab);
        size_t at = line_offset(c, line) + (size_t)n;
        if (at >= c->text.n || (c->text.p[at] != '\n' && c->text.p[at] != '\r'))
            return n;
    }
}

/* What libyaml says, and what to do about it. */
static const struct {
    const char *problem, *hint;
} yaml_hints[] = {
    {"mapping values are not allowed in this context", "A value with \": \" in it needs quotes."},
    {"did not find expected comment or line break",
     "A value that begins with > or | needs quotes, as in error: \"> 1%\"."},
    {"found character that cannot start any token",
     "A value that begins with %, @ or ` needs quotes."},
    {"did not find expected alphabetic or numeric character",
     "A value that begins with * or & needs quotes."},
    {"did not find expected ',' or '}'",
     "Close the { ... } or put quotes around a value with , or } in it."},
    {"did not find expected ',' or ']'",
     "Close the [ ... ] or put quotes around a value with , or ] in it."},
    {"could not find expected ':'",
     "A key is followed by \": \"; check the indentation of this line."},
    {"did not find expected key", "Keys of one map begin in the same column."},
    {"did not find expected '-' indicator", "Items of one list begin in the same column."},
    {"found unexpected end of stream", "A quote is not closed."},
};

static enum q_code yaml_error(struct composer *c)
{
    const yaml_parser_t *p = &c->parser;
    if (p->error == YAML_MEMORY_ERROR)
        return q_fail(c->err, Q_NOMEM, "could not read \"%s\": out of memory", c->file);
    const char *problem = p->problem ? p->problem : "it cannot be read";
    if (p->error == YAML_READER_ERROR)
        return cfg_fail(c->err, at_offset(c, p->problem_offset), "not valid YAML: %s (byte 0x%02x)",
                        problem, (unsigned)p->problem_value & 0xFFU);
    int tab;
    (void)indent_of(c, p->problem_mark.line, &tab);
    struct cfg_pos pos = at_mark(c, p->problem_mark);
    if (tab >= 0) {
        pos.col = tab + 1;
        enum q_code code = cfg_fail(c->err, pos, "a tab cannot indent YAML");
        q_hint(c->err, "Replace the tabs at the beginning of the lines by spaces.");
        return code;
    }
    enum q_code code = cfg_fail(c->err, pos, "not valid YAML: %s", problem);
    if (p->context)
        q_detail(c->err, "It happened %s that begins at line %d, column %d.", p->context,
                 (int)p->context_mark.line + 1, (int)p->context_mark.column + 1);
    for (size_t i = 0; i < sizeof yaml_hints / sizeof yaml_hints[0]; i++)
        if (q_streq(problem, yaml_hints[i].problem))
            q_hint(c->err, "%s", yaml_hints[i].hint);
    return code;
}

static enum q_code next_event(struct composer *c, yaml_event_t *event)
{
    return yaml_parser_parse(&c->parser, event) ? Q_OK : yaml_error(c);
}

static struct cfg_node *new_node(struct composer *c, enum cfg_node_kind kind, yaml_mark_t mark)
{
    struct cfg_node *node = q_new(c->arena, struct cfg_node);
    node->kind = kind;
    node->pos = node->text_pos = at_mark(c, mark);
    node->weight = 1;
    return node;
}

/* Count a value against the limit. */
static enum q_code count_nodes(struct composer *c, struct cfg_pos pos, size_t n)
{
    c->nodes += n;
    if (c->nodes <= CFG_MAX_NODES)
        return Q_OK;
    return cfg_fail(c->err, pos,
                    "the file has more than %d values, aliases counted as often as they are used",
                    CFG_MAX_NODES);
}

static bool is_null_text(const char *text)
{
    return !text[0] || q_streq(text, "~") || q_streq(text, "null") || q_streq(text, "Null") ||
           q_streq(text, "NULL");
}

static enum q_code make_scalar(struct composer *c, const yaml_event_t *event, struct cfg_node **out)
{
    yaml_scalar_style_t style = event->data.scalar.style;
    const char *text = (const char *)event->data.scalar.value;
    struct cfg_node *node = new_node(c, CFG_NODE_SCALAR, event->start_mark);
    if (strlen(text) != event->data.scalar.length)
        return cfg_fail(c->err, node->pos, "a text cannot contain a NUL character");
    node->text = q_strndup(c->arena, text, event->data.scalar.length);
    node->end = at_mark(c, event->end_mark);
    node->plain = style == YAML_PLAIN_SCALAR_STYLE;
    if (node->plain && is_null_text(text))
        node->kind = CFG_NODE_NULL;
    if (style == YAML_SINGLE_QUOTED_SCALAR_STYLE || style == YAML_DOUBLE_QUOTED_SCALAR_STYLE)
        node->text_pos.col++;
    if (style == YAML_LITERAL_SCALAR_STYLE || style == YAML_FOLDED_SCALAR_STYLE) {
        node->literal = style == YAML_LITERAL_SCALAR_STYLE;
        node->text_pos.line++;
        node->text_pos.col = block_indent(c, event->start_mark.line + 1) + 1;
    }
    *out = node;
    return Q_OK;
}

static enum q_code use_alias(struct composer *c, const yaml_event_t *event, int depth,
                             struct cfg_node **out)
{
    const char *name = (const char *)event->data.alias.anchor;
    struct cfg_pos pos = at_mark(c, event->start_mark);
    struct cfg_node *node = q_map_get(&c->anchors, name);
    if (!node)
        return cfg_fail(c->err, pos, "alias *%s has no anchor &%s in front of it", name, name);
    if (depth + node->height > CFG_MAX_DEPTH)
        return cfg_fail(c->err, pos, "more than %d levels of maps and lists", CFG_MAX_DEPTH);
    *out = node;
    return count_nodes(c, pos, node->weight);
}

static enum q_code compose(struct composer *c, const yaml_event_t *event, int depth,
                           struct cfg_node **out);

/* The next value of a collection; *out stays NULL at its end. */
static enum q_code next_value(struct composer *c, yaml_event_type_t end, int depth,
                              struct cfg_node **out)
{
    yaml_event_t event;
    *out = NULL;
    enum q_code code = next_event(c, &event);
    if (code)
        return code;
    if (event.type != end)
        code = compose(c, &event, depth, out);
    yaml_event_delete(&event);
    return code;
}

static enum q_code check_key(struct composer *c, const struct cfg_node *key, struct q_map *seen)
{
    if (key->kind != CFG_NODE_SCALAR)
        return cfg_fail(c->err, key->pos, "expected a key, found %s",
                        key->kind == CFG_NODE_NULL  ? "nothing"
                        : key->kind == CFG_NODE_MAP ? "a map"
                                                    : "a list");
    if (q_streq(key->text, "<<"))
        return cfg_fail(c->err, key->pos, "merge keys (<<) cannot be used");
    const struct cfg_node *before = q_map_get(seen, key->text);
    if (before)
        return cfg_fail(c->err, key->pos, "key \"%s\" is given twice; the first is in line %d",
                        key->text, before->pos.line);
    q_map_put(seen, key->text, (void *)(uintptr_t)key);
    return Q_OK;
}

static void take_into(struct composer *c, struct cfg_node *parent, struct cfg_node *key,
                      struct cfg_node *value)
{
    *q_vec_push(c->arena, &parent->items) = (struct cfg_node_pair){.key = key, .value = value};
    parent->weight += value->weight + (key ? key->weight : 0);
    if (parent->height <= value->height)
        parent->height = value->height + 1;
}

/* ---- commas in parentheses ---- */

enum { MAX_COMMAS = 64 };

/* Parentheses that a text opens and does not close. */
static int open_parentheses(const char *text)
{
    int n = 0;
    for (; *text; text++)
        n += (*text == '(') - (*text == ')');
    return n;
}

static bool is_cut(const struct cfg_node *node)
{
    return node && node->kind == CFG_NODE_SCALAR && node->plain && open_parentheses(node->text) > 0;
}

/* YAML ends a plain value of { } or [ ] at a comma; put the rest back: `decimal(12` and `2)`. */
static void put_back(struct composer *c, struct cfg_node *cut, const struct cfg_node *rest)
{
    int gap = rest->pos.line == cut->end.line ? rest->pos.col - cut->end.col - 1 : 1;
    cut->text =
        q_printf(c->arena, "%s,%*s%s", cut->text, gap > 0 && gap < 100 ? gap : 0, "", rest->text);
    cut->end = rest->end;
}

static enum q_code check_closed(struct composer *c, const struct cfg_node *cut, int joined)
{
    if (joined == 0 || !is_cut(cut))
        return Q_OK;
    enum q_code code = cfg_fail(c->err, cut->pos, "a parenthesis in this value is not closed");
    q_hint(c->err, "Close it, or put quotes around the value.");
    return code;
}

static bool is_rest(const struct cfg_node *node)
{
    return node->plain && node->text[0]; /* null, too */
}

static enum q_code fill_list(struct composer *c, struct cfg_node *list, bool flow, int depth)
{
    struct cfg_node *last = NULL;
    int joined = 0;
    for (;;) {
        struct cfg_node *value;
        enum q_code code = next_value(c, YAML_SEQUENCE_END_EVENT, depth + 1, &value);
        if (code)
            return code;
        if (value && flow && joined < MAX_COMMAS && is_cut(last) && is_rest(value)) {
            put_back(c, last, value);
            joined++;
            continue;
        }
        code = check_closed(c, last, joined);
        if (code || !value)
            return code;
        take_into(c, list, NULL, value);
        last = value;
        joined = 0;
    }
}

static enum q_code fill_map(struct composer *c, struct cfg_node *map, bool flow, int depth)
{
    struct q_map seen;
    struct cfg_node *last = NULL;
    int joined = 0;
    q_map_init(&seen, c->arena);
    for (;;) {
        struct cfg_node *key, *value = NULL;
        enum q_code code = next_value(c, YAML_MAPPING_END_EVENT, depth + 1, &key);
        if (!code && key)
            code = next_value(c, YAML_NO_EVENT, depth + 1, &value);
        if (code)
            return code;
        if (value && flow && joined < MAX_COMMAS && is_cut(last) && is_rest(key) &&
            value->kind == CFG_NODE_NULL && !value->text[0]) {
            put_back(c, last, key);
            joined++;
            continue;
        }
        code = check_closed(c, last, joined);
        if (code || !key)
            return code;
        code = check_key(c, key, &seen);
        if (code)
            return code;
        take_into(c, map, key, value);
        last = value;
        joined = 0;
    }
}

static enum q_code check_tag(struct composer *c, const yaml_char_t *tag, yaml_mark_t mark)
{
    if (!tag)
        return Q_OK;
    return cfg_fail(c->err, at_mark(c, mark), "tags (%s) cannot be used", (const char *)tag);
}

static void keep_anchor(struct composer *c, const yaml_char_t *anchor, struct cfg_node *node)
{
    if (anchor)
        q_map_put(&c->anchors, (const char *)anchor, node);
}

static enum q_code compose_collection(struct composer *c, const yaml_event_t *event, int depth,
                                      struct cfg_node **out)
{
    bool is_map = event->type == YAML_MAPPING_START_EVENT;
    const yaml_char_t *tag =
        is_map ? event->data.mapping_start.tag : event->data.sequence_start.tag;
    const yaml_char_t *anchor =
        is_map ? event->data.mapping_start.anchor : event->data.sequence_start.anchor;
    bool flow = is_map ? event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE
                       : event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
    enum q_code code = check_tag(c, tag, event->start_mark);
    if (code)
        return code;
    if (depth >= CFG_MAX_DEPTH)
        return cfg_fail(c->err, at_mark(c, event->start_mark),
                        "more than %d levels of maps and lists", CFG_MAX_DEPTH);
    *out = new_node(c, is_map ? CFG_NODE_MAP : CFG_NODE_LIST, event->start_mark);
    code = count_nodes(c, (*out)->pos, 1);
    if (!code)
        code = is_map ? fill_map(c, *out, flow, depth) : fill_list(c, *out, flow, depth);
    if (!code)
        keep_anchor(c, anchor, *out); /* only now: a value cannot contain itself */
    return code;
}

static enum q_code compose(struct composer *c, const yaml_event_t *event, int depth,
                           struct cfg_node **out)
{
    if (event->type == YAML_ALIAS_EVENT)
        return use_alias(c, event, depth, out);
    if (event->type != YAML_SCALAR_EVENT)
        return compose_collection(c, event, depth, out);
    enum q_code code = check_tag(c, event->data.scalar.tag, event->start_mark);
    if (!code)
        code = make_scalar(c, event, out);
    if (!code)
        code = count_nodes(c, (*out)->pos, 1);
    if (!code)
        keep_anchor(c, event->data.scalar.anchor, *out);
    return code;
}

/* An event that carries no value: STREAM-START, DOCUMENT-START ... */
static enum q_code skip_event(struct composer *c, yaml_event_type_t *type, yaml_mark_t *mark)
{
    yaml_event_t event;
    enum q_code code = next_event(c, &event);
    if (code)
        return code;
    *type = event.type;
    *mark = event.start_mark;
    yaml_event_delete(&event);
    return Q_OK;
}

static enum q_code compose_file(struct composer *c, struct cfg_node **out)
{
    yaml_event_type_t type;
    yaml_mark_t mark;
    enum q_code code = skip_event(c, &type, &mark);
    if (!code)
        code = skip_event(c, &type, &mark);
    if (code)
        return code;
    if (type == YAML_STREAM_END_EVENT)
        return cfg_fail(c->err, (struct cfg_pos){c->file, 1, 1}, "the file is empty");
    code = next_value(c, YAML_NO_EVENT, 0, out);
    if (!code)
        code = skip_event(c, &type, &mark); /* DOCUMENT-END */
    if (!code)
        code = skip_event(c, &type, &mark);
    if (!code && type != YAML_STREAM_END_EVENT)
        return cfg_fail(c->err, at_mark(c, mark),
                        "a second document begins here; a file holds one");
    return code;
}

static void release_parser(void *arg)
{
    yaml_parser_delete(arg);
}

enum q_code cfg_yaml_parse(struct q_arena *arena, struct q_str text, const char *file,
                           struct cfg_node **out, struct q_err *err)
{
    struct q_arena *scratch = q_arena_new(NULL, "yaml");
    struct composer *c = q_new(scratch, struct composer);
    *c = (struct composer){.arena = arena, .err = err, .file = file, .text = text};
    q_map_init(&c->anchors, scratch);
    enum q_code code = Q_OK;
    size_t bad;
    if (!q_utf8_valid(text.p, text.n, &bad)) {
        code = cfg_fail(err, at_offset(c, bad), "the file is not valid UTF-8 (byte 0x%02x)",
                        (unsigned)(unsigned char)text.p[bad]);
    } else if (!yaml_parser_initialize(&c->parser)) {
        code = q_fail(err, Q_NOMEM, "could not read \"%s\": out of memory", file);
    } else {
        q_arena_defer(scratch, release_parser, &c->parser);
        yaml_parser_set_encoding(&c->parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&c->parser, (const unsigned char *)text.p, text.n);
        code = compose_file(c, out);
    }
    q_arena_free(scratch);
    return code;
}

static const struct cfg_node_pair *find_pair(const struct cfg_node *map, const char *key)
{
    for (size_t i = 0; map->kind == CFG_NODE_MAP && i < map->items.n; i++)
        if (q_streq(map->items.v[i].key->text, key))
            return &map->items.v[i];
    return NULL;
}

struct cfg_node *cfg_node_get(const struct cfg_node *map, const char *key)
{
    const struct cfg_node_pair *pair = find_pair(map, key);
    return pair ? pair->value : NULL;
}

const struct cfg_node *cfg_node_key(const struct cfg_node *map, const char *key)
{
    const struct cfg_node_pair *pair = find_pair(map, key);
    return pair ? pair->key : NULL;
}

static uint64_t digest_text(uint64_t h, const char *text, char kind)
{
    h = (h ^ (unsigned char)kind) * 0x100000001b3u; /* FNV-1a */
    for (const char *p = text ? text : ""; *p; p++)
        h = (h ^ (unsigned char)*p) * 0x100000001b3u;
    return (h ^ 0xff) * 0x100000001b3u;
}

static uint64_t digest_node(uint64_t h, const struct cfg_node *node)
{
    static const char kinds[] = {[CFG_NODE_NULL] = 'n',
                                 [CFG_NODE_SCALAR] = 's',
                                 [CFG_NODE_LIST] = '[',
                                 [CFG_NODE_MAP] = '{'};
    h = digest_text(h, node->kind == CFG_NODE_SCALAR ? node->text : NULL, kinds[node->kind]);
    for (size_t i = 0; i < node->items.n; i++) {
        if (node->items.v[i].key)
            h = digest_text(h, node->items.v[i].key->text, 'k');
        h = digest_node(h, node->items.v[i].value);
    }
    return digest_text(h, NULL, '.');
}

uint64_t cfg_node_digest(const struct cfg_node *node)
{
    return digest_node(0xcbf29ce484222325u, node);
}
