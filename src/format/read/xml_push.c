/* SPDX-License-Identifier: Apache-2.0 */
#include "format/read/xml_push.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

#include <libxml/parserInternals.h>

#include "format/read/xml_lib.h"

enum { MESSAGE = 400, OPEN_SHOWN = 300 };

struct open_element {
    const char *name;
    int64_t line;
};

struct xml_push {
    const struct xml_lib *lib;
    const char *path, *part;
    const struct xml_events *events;
    void *self;
    size_t max_token;
    xmlParserCtxtPtr ctxt;
    struct open_element open[XML_DEPTH];
    size_t depth;
    bool failed, ending;
    char message[MESSAGE], hint[MESSAGE];
    int64_t line, byte; /* of the failure */
};

static int64_t byte_at(const struct xml_push *push)
{
    const struct _xmlParserInput *in = push->ctxt->input;
    return in ? (int64_t)in->consumed + (in->cur - in->base) : 0;
}

static int64_t line_at(const struct xml_push *push)
{
    return push->ctxt->input ? push->ctxt->input->line : 0;
}

/* The first failure counts: what the parser finds behind it follows from it. */
static void Q_PRINTF(4, 0)
    fail_here(struct xml_push *push, int64_t line, int64_t byte, const char *fmt, va_list args)
{
    if (push->failed)
        return;
    push->failed = true;
    push->line = line;
    push->byte = byte;
    (void)vsnprintf(push->message, sizeof push->message, fmt, args);
    push->ctxt->disableSAX = 1;
}

void xml_push_fail(struct xml_push *push, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fail_here(push, line_at(push), byte_at(push), fmt, args);
    va_end(args);
}

void xml_push_hint(struct xml_push *push, const char *hint)
{
    (void)snprintf(push->hint, sizeof push->hint, "%s", hint);
}

int64_t xml_push_tag(const struct xml_push *push, int64_t *line)
{
    /* The parser stands at the end of the tag. An unquoted < cannot be in a tag, and a quoted one is refused. */
    const struct _xmlParserInput *in = push->ctxt->input;
    const unsigned char *p = in->cur;
    *line = in->line;
    while (p > in->base && *p != '<') {
        *line -= *p == '\n' && p < in->cur;
        p--;
    }
    return (int64_t)in->consumed + (p - in->base);
}

/* ---- events ---- */

static void on_start(void *self, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                     int n_spaces, const xmlChar **spaces, int n_attrs, int n_defaulted,
                     const xmlChar **attrs)
{
    struct xml_push *push = self;
    (void)prefix;
    (void)uri;
    (void)n_spaces;
    (void)spaces;
    (void)n_defaulted; /* at the end of attrs, like the others */
    if (push->failed)
        return;
    if (push->depth == XML_DEPTH) {
        xml_push_fail(push, "elements are nested deeper than %d", XML_DEPTH);
        return;
    }
    push->open[push->depth++] = (struct open_element){(const char *)name, line_at(push)};
    struct xml_tag tag = {(const char *)name, (size_t)n_attrs, attrs};
    push->events->start(push->self, &tag);
}

static void on_end(void *self, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    struct xml_push *push = self;
    (void)prefix;
    (void)uri;
    if (push->failed)
        return;
    push->events->end(push->self, (const char *)name);
    push->depth--;
}

static void on_text(void *self, const xmlChar *p, int n)
{
    struct xml_push *push = self;
    if (!push->failed && push->depth)
        push->events->text(push->self, (const char *)p, (size_t)n);
}

static const char entity_hint[] =
    "Only &amp; &lt; &gt; &quot; &apos; and character references like &#233; are read: "
    "entities can grow without bound or name other files.";

static void on_entity_declared(void *self, const xmlChar *name, int type, const xmlChar *public_id,
                               const xmlChar *system_id, xmlChar *content)
{
    (void)type;
    (void)public_id;
    (void)system_id;
    (void)content;
    xml_push_fail(self, "it declares the entity \"%.80s\", and entities are not expanded",
                  (const char *)name);
    xml_push_hint(self, entity_hint);
}

static void on_entity_used(void *self, const xmlChar *name)
{
    xml_push_fail(self, "it uses the entity \"%.80s\", and entities are not expanded",
                  (const char *)name);
    xml_push_hint(self, entity_hint);
}

/* Asked for what is none of the five standard ones, in texts and attributes alike. */
static xmlEntityPtr on_entity(void *self, const xmlChar *name)
{
    on_entity_used(self, name);
    return NULL;
}

/* The library's message as a part of ours: one line, no capital letter. */
static void say(const char *message, char out[static MESSAGE])
{
    size_t n = 0;
    for (const char *p = message ? message : "it is broken"; *p && n + 1 < MESSAGE; p++)
        out[n++] = *p == '\n' ? ' ' : *p;
    while (n && out[n - 1] == ' ')
        n--;
    out[n] = 0;
    if (n > 1 && islower((unsigned char)out[1]))
        out[0] = (char)tolower((unsigned char)out[0]);
    if (!q_utf8_valid(out, n, NULL))
        (void)snprintf(out, MESSAGE, "it is broken");
}

/* In a text the library says of wrong bytes at a piece's start only that something is wrong. */
static bool is_encoding_error(const struct xml_push *push, const xmlError *e)
{
    const struct _xmlParserInput *in = push->ctxt->input;
    if (e->code == XML_ERR_INVALID_ENCODING ||
        (e->message && strstr(e->message, "not proper UTF-8")))
        return true;
    return e->code == XML_ERR_INTERNAL_ERROR && in && in->cur < in->end &&
           q_utf8_length((const char *)in->cur, (size_t)(in->end - in->cur)) == 0;
}

static void on_error(void *self, xmlErrorPtr e)
{
    struct xml_push *push = self;
    char text[MESSAGE];
    if (e->level != XML_ERR_FATAL || push->failed) /* of name spaces: local names are enough */
        return;
    if (is_encoding_error(push, e)) {
        xml_push_fail(push, "bytes that are not valid UTF-8");
        xml_push_hint(push, "Set `encoding` to what the file is written in, for example "
                            "windows-1252, or repair the file.");
    } else if (e->message && strstr(e->message, "Huge input lookup")) {
        xml_push_fail(push, "a tag, comment or the like is longer than %d bytes",
                      XML_MAX_LOOKUP_LIMIT);
    } else if (push->ending && push->depth) {
        const struct open_element *open = &push->open[push->depth - 1];
        xml_push_fail(push, "the file ends and the element \"%.80s\" of line %lld is open",
                      open->name, (long long)open->line);
    } else {
        say(e->message, text);
        xml_push_fail(push, "%s", text);
    }
}

static const xmlSAXHandler handler = {
    .initialized = XML_SAX2_MAGIC,
    .startElementNs = on_start,
    .endElementNs = on_end,
    .characters = on_text,
    .ignorableWhitespace = on_text,
    .cdataBlock = on_text,
    .entityDecl = on_entity_declared,
    .getEntity = on_entity,
    .getParameterEntity = on_entity,
    .reference = on_entity_used,
    .serror = on_error,
};

bool xml_attr_is_xsi(const struct xml_tag *tag, size_t i)
{
    const char *prefix = (const char *)tag->attrs[5 * i + 1];
    const char *uri = (const char *)tag->attrs[5 * i + 2];
    return uri ? q_streq(uri, "http://www.w3.org/2001/XMLSchema-instance")
               : prefix && q_streq(prefix, "xsi");
}

/* ---- life ---- */

void xml_push_close(struct xml_push *push)
{
    if (!push || !push->ctxt)
        return;
    if (push->ctxt->myDoc) /* entities of a document that was refused for them */
        push->lib->free_doc(push->ctxt->myDoc);
    push->ctxt->myDoc = NULL;
    push->lib->free_ctxt(push->ctxt);
    push->ctxt = NULL;
}

static void close_deferred(void *push)
{
    xml_push_close(push);
}

enum q_code xml_push_open(struct q_arena *arena, const char *path, const char *part,
                          const struct xml_events *events, void *self, size_t max_token,
                          struct xml_push **out, struct q_err *err)
{
    const struct xml_lib *lib;
    enum q_code code = xml_lib(&lib, err);
    if (code) {
        q_context(err, "reading \"%s\"", path);
        return code;
    }
    struct xml_push *push = q_new(arena, struct xml_push);
    xmlSAXHandler sax = handler;
    push->lib = lib;
    push->path = path;
    push->part = part;
    push->events = events;
    push->self = self;
    push->max_token = max_token;
    push->ctxt = lib->create(&sax, push, NULL, 0, NULL);
    if (!push->ctxt)
        return q_fail(err, Q_NOMEM, "could not read \"%s\": out of memory", path);
    q_arena_defer(arena, close_deferred, push);
    (void)lib->use_options(push->ctxt, XML_PARSE_NONET | XML_PARSE_IGNORE_ENC | XML_PARSE_COMPACT);
    *out = push;
    return Q_OK;
}

static enum q_code report(const struct xml_push *push, struct q_err *err)
{
    struct q_buf open;
    enum q_code code =
        q_fail(err, Q_SOURCE, "could not read \"%s\": %s%s%s at line %lld, byte %lld", push->path,
               push->part ? push->part : "", push->part ? ": " : "", push->message,
               (long long)push->line, (long long)push->byte);
    q_buf_init(&open, OPEN_SHOWN);
    for (size_t i = 0; i < push->depth && !open.full; i++)
        q_buf_printf(&open, "/%s", push->open[i].name);
    if (push->depth)
        q_detail(err, "Open is %s%s (from line %lld).", q_buf_text(&open), open.full ? "..." : "",
                 (long long)push->open[push->depth - 1].line);
    q_buf_release(&open);
    if (*push->hint)
        q_hint(err, "%s", push->hint);
    return code;
}

static enum q_code parse(struct xml_push *push, const char *p, size_t n, bool end,
                         struct q_err *err)
{
    if (!push->failed)
        (void)push->lib->parse_chunk(push->ctxt, p, (int)n, end); /* on_error() is told */
    const struct _xmlParserInput *in = push->ctxt->input;
    if (!push->failed && in && (size_t)(in->end - in->cur) > push->max_token) {
        xml_push_fail(push, "a tag, comment or the like is longer than %zu bytes", push->max_token);
        xml_push_hint(push, "Raise `max_record` if that is meant.");
    }
    if (!push->failed && !push->ctxt->wellFormed)
        xml_push_fail(push, "it is broken");
    return push->failed ? report(push, err) : Q_OK;
}

enum q_code xml_push_feed(struct xml_push *push, const char *p, size_t n, struct q_err *err)
{
    return parse(push, p, n, false, err);
}

enum q_code xml_push_end(struct xml_push *push, struct q_err *err)
{
    push->ending = true;
    return parse(push, "", 0, true, err);
}
