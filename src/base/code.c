/* SPDX-License-Identifier: Apache-2.0 */
#include "base/code.h"

#include <assert.h>
#include <stddef.h>

static const struct row {
    const char *name;
    int exit, http;
    enum q_retry retry;
} rows[] = {
    [Q_OK] = {"ok", 0, 200, Q_RETRY_NEVER},
    [Q_FAILED] = {"failed", 1, 422, Q_RETRY_NEVER},
    [Q_USAGE] = {"usage", 2, 400, Q_RETRY_NEVER},
    [Q_CONFIG] = {"config", 2, 400, Q_RETRY_NEVER},
    [Q_SQL] = {"sql", 2, 400, Q_RETRY_NEVER},
    [Q_SOURCE] = {"source", 3, 502, Q_RETRY_LATER},
    [Q_TARGET] = {"target", 3, 502, Q_RETRY_LATER},
    [Q_HELD] = {"held", 4, 409, Q_RETRY_NEVER},
    [Q_LOCKED] = {"locked", 4, 423, Q_RETRY_LATER},
    [Q_NOSPACE] = {"no_space", 5, 507, Q_RETRY_LATER},
    [Q_NOMEM] = {"no_memory", 5, 503, Q_RETRY_LATER},
    [Q_INTERNAL] = {"internal", 6, 500, Q_RETRY_NEVER},
    [Q_CANCELLED] = {"cancelled", 130, 499, Q_RETRY_LATER},
};

static const struct row *row_of(enum q_code code)
{
    assert((size_t)code < sizeof rows / sizeof rows[0]);
    return &rows[code];
}

const char *q_code_name(enum q_code code)
{
    return row_of(code)->name;
}

int q_code_exit(enum q_code code)
{
    return row_of(code)->exit;
}

int q_code_http(enum q_code code)
{
    return row_of(code)->http;
}

enum q_retry q_code_retry(enum q_code code)
{
    return row_of(code)->retry;
}
