/* SPDX-License-Identifier: Apache-2.0 */
/* Is a stretch of text fit for a text column? Fast where it is ASCII, which most blocks are. */
#ifndef Q_FORMAT_READ_UTF8_H
#define Q_FORMAT_READ_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Valid UTF-8 without NUL bytes. */
bool utf8_clean(const char *p, size_t n);

#endif
