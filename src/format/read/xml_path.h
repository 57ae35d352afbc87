/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The paths by which an XML source names its records and columns: a small part of XPath.
 *
 * Records: /catalog/product, also a star for any element of a level (/catalog/star), //product (at any depth).
 * Columns, from the record element:
 *   name, address/city     an element: all text in it
 *   @id, price/@currency   an attribute
 *   ../@id, ../../name     of an element around the record, as it was before the record came
 *   .                      the record's own text
 *   #                      its number among the records of its parent, from 1
 * A prefix before a name (soap:Body) is left aside: local names count.
 */
#ifndef Q_FORMAT_READ_XML_PATH_H
#define Q_FORMAT_READ_XML_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

enum { XML_PATH_STEPS = 32 };

enum xml_path_kind { XML_INSIDE, XML_ABOVE, XML_OWN_TEXT, XML_ORDINAL };

struct xml_path {
    enum xml_path_kind kind;
    size_t up;                            /* XML_ABOVE: how many levels, at least 1 */
    const char *elements[XML_PATH_STEPS]; /* local names; NULL: any */
    size_t n;
    const char *attribute; /* the last step, or NULL */
};

struct xml_records {
    bool anywhere;                     /* //: the last steps of a path, at any depth */
    const char *steps[XML_PATH_STEPS]; /* NULL: any */
    size_t n;
};

/* Q_CONFIG when the text is no such path. */
Q_MUST_CHECK enum q_code xml_records_parse(struct q_arena *arena, const char *text,
                                           struct xml_records *out, struct q_err *err);
Q_MUST_CHECK enum q_code xml_path_parse(struct q_arena *arena, const char *text,
                                        struct xml_path *out, struct q_err *err);

#endif
