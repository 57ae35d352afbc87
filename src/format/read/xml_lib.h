/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libxml2, loaded when it is first needed: linked to the program it would cost every start some milliseconds, most of
 * them for the libraries that it needs itself. Behind xml_push.c only.
 */
#ifndef Q_FORMAT_READ_XML_LIB_H
#define Q_FORMAT_READ_XML_LIB_H

#include <libxml/parser.h>

#include "base/err.h"

struct xml_lib {
    __typeof__(xmlInitParser) *init;
    __typeof__(xmlCreatePushParserCtxt) *create;
    __typeof__(xmlCtxtUseOptions) *use_options;
    __typeof__(xmlParseChunk) *parse_chunk;
    __typeof__(xmlFreeParserCtxt) *free_ctxt;
    __typeof__(xmlFreeDoc) *free_doc;
};

/* Any thread. Q_SOURCE when it is not installed. */
Q_MUST_CHECK enum q_code xml_lib(const struct xml_lib **out, struct q_err *err);

#endif
