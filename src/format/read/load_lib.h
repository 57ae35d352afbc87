/* SPDX-License-Identifier: Apache-2.0 */
/* A shared library that is loaded when it is needed. */
#ifndef Q_FORMAT_READ_LOAD_LIB_H
#define Q_FORMAT_READ_LOAD_LIB_H

#include <stddef.h>

#include "base/err.h"

/* A function by name, and where its address goes: a pointer to a function, at this offset of a struct. */
struct lib_function {
    const char *name;
    size_t offset;
};

/*
 * Fill `functions` (ended by a NULL name) of `out` from the first of `sonames` (ended by NULL) that is there. Q_SOURCE
 * when none is, or it lacks a function; `what` and `package` name the library in the message and its hint. It is never
 * unloaded.
 */
Q_MUST_CHECK enum q_code load_lib(const char *const *sonames, const struct lib_function *functions,
                                  const char *what, const char *package, void *out,
                                  struct q_err *err);

#endif
