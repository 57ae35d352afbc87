/* SPDX-License-Identifier: Apache-2.0 */
/* What the beginning of an XML file tells: the encoding, and where records may be. */
#include "base/arena.h"
#include "format/read/xml.h"
#include "format/read/xml_push.h"

enum { HEAD = 1 << 14, LINE_SHOWN = 20 };

static bool is_auto(const char *encoding)
{
    return !encoding || !*encoding || q_strcaseeq(encoding, "auto");
}

/* The value of encoding="..." in the declaration at p, or NULL. */
static const char *declared_encoding(struct q_arena *arena, const char *p, size_t n)
{
    struct q_buf text;
    const char *found = NULL;
    q_buf_init(&text, HEAD);
    q_buf_add(&text, p, n < 512 ? n : 512);
    const char *head = q_buf_text(&text), *end = strstr(head, "?>");
    const char *at = q_starts(head, "<?xml") ? strstr(head, "encoding") : NULL;
    if (at && end && at < end) {
        at += strlen("encoding");
        at += strspn(at, " \t\r\n");
        at += *at == '=';
        at += strspn(at, " \t\r\n");
        size_t length = *at == '"' ? strcspn(at + 1, "\"") : *at == '\'' ? strcspn(at + 1, "'") : 0;
        if (length)
            found = q_strndup(arena, at + 1, length);
    }
    q_buf_release(&text);
    return found;
}

static enum q_code wide_mismatch(const char *path, const char *declared, struct q_err *err)
{
    enum q_code code =
        q_fail(err, Q_SOURCE,
               "cannot read \"%s\": it says that it is %s, but it is written in single bytes", path,
               declared);
    q_hint(err, "Set `encoding: utf-8` (or what it is) to read it all the same.");
    return code;
}

struct head {
    char *p;
    size_t n;
    const char *description;
};

static enum q_code read_head(struct q_arena *arena, const char *path,
                             const struct decode_options *decode, struct head *head,
                             struct q_err *err)
{
    struct decode *d;
    head->p = q_alloc(arena, HEAD + 1);
    enum q_code code = decode_open(arena, path, decode, &d, err);
    if (!code)
        code = decode_read(d, head->p, HEAD, &head->n, err);
    if (!code) {
        head->description = q_strdup(arena, decode_describe(d));
        decode_close(d);
    }
    return code;
}

/* The encoding by the first bytes or the declaration, where no mark and no option says it; NULL: as it is. */
static enum q_code find_encoding(struct q_arena *arena, const char *path,
                                 const struct decode_options *decode, const struct head *head,
                                 const char **out, struct q_err *err)
{
    *out = NULL;
    if (!is_auto(decode->encoding) || strstr(head->description, "BOM"))
        return Q_OK;
    if (head->n >= 2 && !head->p[head->p[0] == '<'] && (head->p[0] == '<' || head->p[1] == '<')) {
        *out = head->p[0] == '<' ? "utf-16le" : "utf-16be";
        return Q_OK;
    }
    const char *declared = declared_encoding(arena, head->p, head->n);
    if (!declared || q_strcaseeq(declared, "utf-8") || q_strcaseeq(declared, "us-ascii"))
        return Q_OK;
    if (q_strcaseeq(q_strndup(arena, declared, 4), "utf-") ||
        q_strcaseeq(q_strndup(arena, declared, 3), "ucs") || strstr(declared, "10646"))
        return wide_mismatch(path, declared, err);
    *out = declared;
    return Q_OK;
}

static enum q_code no_xml(const char *path, const struct head *head, struct q_err *err)
{
    size_t at = blocks_skip_blanks(head->p, head->n, 0), n = 0;
    enum q_code code;
    if (at == head->n)
        return q_fail(err, Q_SOURCE, "could not read \"%s\": the file is empty", path);
    while (n < LINE_SHOWN && at + n < head->n && (unsigned char)head->p[at + n] >= ' ' &&
           (unsigned char)head->p[at + n] < 127)
        n++;
    if (n)
        code = q_fail(err, Q_SOURCE, "could not read \"%s\": it is no XML, it begins with \"%.*s\"",
                      path, (int)n, head->p + at);
    else
        code = q_fail(err, Q_SOURCE, "could not read \"%s\": it is no XML", path);
    q_hint(err, "If it is of another format, say so: `format: csv` (or json, xlsx ...).");
    return code;
}

/* ---- where records may be ---- */

struct guess {
    size_t depth;
    const char *names[2];
    struct q_arena *arena;
};

static void see_start(void *self, const struct xml_tag *tag)
{
    struct guess *g = self;
    if (g->depth < 2 && !g->names[g->depth])
        g->names[g->depth] = q_strdup(g->arena, tag->name);
    g->depth++;
}

static void see_end(void *self, const char *name)
{
    (void)name;
    ((struct guess *)self)->depth--;
}

static void see_text(void *self, const char *p, size_t n)
{
    (void)self;
    (void)p;
    (void)n;
}

static enum q_code no_records(struct q_arena *arena, const char *path, const struct head *head,
                              struct q_err *err)
{
    static const struct xml_events events = {see_start, see_end, see_text};
    struct guess g = {.arena = arena};
    struct xml_push *push;
    enum q_code code = xml_push_open(arena, path, NULL, &events, &g, BLOCK_RECORD_MAX, &push, err);
    if (!code)
        code = xml_push_feed(push, head->p, head->n, err);
    if (code)
        return code;
    code = q_fail(err, Q_CONFIG,
                  "cannot read \"%s\": it is not declared which elements are records", path);
    if (g.names[1])
        q_hint(err, "Set `records`, perhaps `records: /%s/%s`.", g.names[0], g.names[1]);
    else
        q_hint(err, "Set `records`, for example `records: /catalog/product`.");
    return code;
}

enum q_code xml_detect(struct q_arena *arena, const char *path, const struct decode_options *decode,
                       const struct xml_settings *settings, struct xml_dialect *out,
                       struct q_err *err)
{
    struct q_arena *scratch = q_arena_new(NULL, "detect");
    struct head head = {0};
    const char *encoding = NULL;
    *out = (struct xml_dialect){.settings = *settings, .decode = *decode};
    enum q_code code = Q_OK;
    if (settings->records)
        code = xml_records_parse(arena, settings->records, &out->records, err);
    if (!code)
        code = read_head(scratch, path, decode, &head, err);
    if (!code)
        code = find_encoding(scratch, path, decode, &head, &encoding, err);
    if (!code && encoding) {
        out->decode.encoding = q_strdup(arena, encoding);
        code = read_head(scratch, path, &out->decode, &head, err);
        if (code == Q_CONFIG)
            code = q_fail(err, Q_SOURCE,
                          "cannot read \"%s\": it says that it is %s, which is not known", path,
                          encoding);
    }
    if (!code) {
        size_t at = blocks_skip_blanks(head.p, head.n, 0);
        if (at == head.n || head.p[at] != '<')
            code = no_xml(path, &head, err);
        else if (!settings->records)
            code = no_records(scratch, path, &head, err);
        else
            out->shown =
                q_printf(arena, "XML, %s, records %s", head.description, settings->records);
    }
    q_arena_free(scratch);
    return code;
}
