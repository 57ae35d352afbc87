/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An XML document as events, fed piece by piece: libxml2's push parser with everything unsafe left out.
 *
 * What is fed is UTF-8 without a byte order mark; what the prolog says about the encoding is ignored (xml.h has looked).
 * Entities: the five standard ones and character references. A document that declares others, or uses them, is refused;
 * nothing outside the document is ever opened. Deeper than XML_DEPTH, or a tag, comment or the like of more than
 * `max_token` bytes, is refused too. Names are local names: prefixes are left aside.
 *
 * libxml2 is loaded when the first document is opened, so that a program that reads none starts without it.
 *
 * A callback ends the document by xml_push_fail(); no callback follows it. One thread.
 *
 *     static const struct xml_events events = {on_start, on_end, on_text};
 *     code = xml_push_open(arena, "a.xml", NULL, &events, self, 1 << 20, &push, err);
 *     while (!code && more(&p, &n))
 *         code = xml_push_feed(push, p, n, err);
 *     if (!code)
 *         code = xml_push_end(push, err);
 *     xml_push_close(push);
 */
#ifndef Q_FORMAT_READ_XML_PUSH_H
#define Q_FORMAT_READ_XML_PUSH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum { XML_DEPTH = 200 };

struct xml_push;

/* A start tag. Names live as long as the document, and the same name is always the same pointer. */
struct xml_tag {
    const char *name;
    size_t n_attrs;
    const unsigned char *const *attrs; /* as libxml2 gives them, see below */
};

/* Declarations of name spaces are no attributes. */
static inline const char *xml_attr_name(const struct xml_tag *tag, size_t i)
{
    return (const char *)tag->attrs[5 * i];
}
static inline struct q_str xml_attr_value(const struct xml_tag *tag, size_t i)
{
    const char *from = (const char *)tag->attrs[5 * i + 3];
    return (struct q_str){from, (size_t)((const char *)tag->attrs[5 * i + 4] - from)};
}
/* Of the XML Schema instance name space (xsi:nil, xsi:type ...). */
bool xml_attr_is_xsi(const struct xml_tag *tag, size_t i);

struct xml_events {
    void (*start)(void *self, const struct xml_tag *tag);
    void (*end)(void *self, const char *name);
    void (*text)(void *self, const char *p, size_t n); /* in pieces; CDATA too */
};

/* `path` and `part` (of an archive, or NULL) name the document in messages. Freed with the arena, or by close. Q_SOURCE
 * when libxml2 is not installed. */
Q_MUST_CHECK enum q_code xml_push_open(struct q_arena *arena, const char *path, const char *part,
                                       const struct xml_events *events, void *self,
                                       size_t max_token, struct xml_push **out, struct q_err *err);
/* Q_SOURCE with line, byte and open elements when the document is broken. */
Q_MUST_CHECK enum q_code xml_push_feed(struct xml_push *push, const char *p, size_t n,
                                       struct q_err *err);
/* The document is complete: Q_SOURCE when it is not. */
Q_MUST_CHECK enum q_code xml_push_end(struct xml_push *push, struct q_err *err);
void xml_push_close(struct xml_push *push);

/* In start() only: byte offset of the tag in what was fed, and its line, from 1. */
int64_t xml_push_tag(const struct xml_push *push, int64_t *line);
/* From a callback: the document is refused. The message becomes `could not read "PATH": MESSAGE at line L, byte B`. */
void xml_push_fail(struct xml_push *push, const char *fmt, ...) Q_PRINTF(2, 3);
/* Behind xml_push_fail(). */
void xml_push_hint(struct xml_push *push, const char *hint);

#endif
