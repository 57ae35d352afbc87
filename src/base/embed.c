/* SPDX-License-Identifier: Apache-2.0 */
#include "base/embed.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *key, const void *file)
{
    return strcmp(key, ((const struct q_embed *)file)->path);
}

const struct q_embed *q_embed_find(const char *path)
{
    return bsearch(path, q_embed_files, q_embed_count, sizeof q_embed_files[0], compare);
}

const char *q_embed_text(const char *path)
{
    const struct q_embed *file = q_embed_find(path);
    assert(file && "an embedded file is missing");
    return (const char *)file->data;
}
