/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Error values.
 *
 * The function that discovers an error fills the caller's struct with q_fail(); a frame that knows
 * more adds one line with q_context(); a boundary (command, step) reports it. Report or return,
 * never both. On success the struct is untouched.
 *
 *     if (fd < 0)
 *         return q_fail(err, Q_SOURCE, "could not open \"%s\": %s", path, strerror(errno));
 *     ...
 *     q_hint(err, "Run `quern doctor` to see what is missing.");
 *
 * Grammar of a message: lower case, no full stop, what could not be done to which named object, and
 * why. Detail and hint are sentences; the hint names the command to run.
 */
#ifndef Q_BASE_ERR_H
#define Q_BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/code.h"

enum {
    Q_ERR_MESSAGE = 768,
    Q_ERR_DETAIL = 1024,
    Q_ERR_HINT = 512,
    Q_ERR_CONTEXTS = 6,
    Q_ERR_CONTEXT = 256
};

/* A plain value: copy it freely. Texts are cut, never overrun. Zero-initialise before first use. */
struct q_err {
    enum q_code code;
    char native[16];      /* the library's own code: SQLSTATE, errno name */
    const char *src_file; /* where in our source it was discovered */
    int src_line;
    char message[Q_ERR_MESSAGE];
    char detail[Q_ERR_DETAIL];
    char hint[Q_ERR_HINT];
    char context[Q_ERR_CONTEXTS][Q_ERR_CONTEXT];
    int contexts;
};

/* Fill `err` (may be NULL: then only the code counts) and return `code`. Clears detail, hint and
 * context of an earlier error in the same struct. `code` is never Q_OK. */
#define q_fail(err, code, ...) q_fail_at((err), (code), __FILE__, __LINE__, __VA_ARGS__)

enum q_code q_fail_at(struct q_err *err, enum q_code code, const char *file, int line,
                      const char *fmt, ...) Q_PRINTF(5, 6);

/* Add to an error that q_fail() filled. NULL `err` is ignored. */
void q_detail(struct q_err *err, const char *fmt, ...) Q_PRINTF(2, 3);
void q_hint(struct q_err *err, const char *fmt, ...) Q_PRINTF(2, 3);
/* One line of "while doing what", innermost first; surplus lines are dropped. */
void q_context(struct q_err *err, const char *fmt, ...) Q_PRINTF(2, 3);

#endif
