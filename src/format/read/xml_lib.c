/* SPDX-License-Identifier: Apache-2.0 */
#include "format/read/xml_lib.h"

#include <pthread.h>
#include <stddef.h>

#include "format/read/load_lib.h"

static struct xml_lib lib;
static enum q_code loaded;
static struct q_err why;

static void load(void)
{
    static const char *const names[] = {"libxml2.so.2", "libxml2.so.16", NULL};
    static const struct lib_function functions[] = {
        {"xmlInitParser", offsetof(struct xml_lib, init)},
        {"xmlCreatePushParserCtxt", offsetof(struct xml_lib, create)},
        {"xmlCtxtUseOptions", offsetof(struct xml_lib, use_options)},
        {"xmlParseChunk", offsetof(struct xml_lib, parse_chunk)},
        {"xmlFreeParserCtxt", offsetof(struct xml_lib, free_ctxt)},
        {"xmlFreeDoc", offsetof(struct xml_lib, free_doc)},
        {0},
    };
    loaded = load_lib(names, functions, "libxml2", "libxml2", &lib, &why);
    if (!loaded)
        lib.init();
}

enum q_code xml_lib(const struct xml_lib **out, struct q_err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, load);
    *out = &lib;
    if (loaded && err)
        *err = why;
    return loaded;
}
