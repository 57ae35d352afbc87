/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum q_code q_fail_at(struct q_err *err, enum q_code code, const char *file, int line,
                      const char *fmt, ...)
{
    assert(code != Q_OK);
    if (!err)
        return code;
    memset(err, 0, sizeof *err);
    err->code = code;
    err->src_file = file;
    err->src_line = line;
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(err->message, sizeof err->message, fmt, ap);
    va_end(ap);
    return code;
}

void q_detail(struct q_err *err, const char *fmt, ...)
{
    if (!err)
        return;
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(err->detail, sizeof err->detail, fmt, ap);
    va_end(ap);
}

void q_hint(struct q_err *err, const char *fmt, ...)
{
    if (!err)
        return;
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(err->hint, sizeof err->hint, fmt, ap);
    va_end(ap);
}

void q_context(struct q_err *err, const char *fmt, ...)
{
    if (!err || err->contexts == Q_ERR_CONTEXTS)
        return;
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(err->context[err->contexts++], sizeof err->context[0], fmt, ap);
    va_end(ap);
}
