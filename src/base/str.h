/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text: borrowed views (struct q_str) and bounded builders (struct q_buf).
 *
 * A q_str is pointer and length, not NUL-terminated. A q_buf grows up to the ceiling given at its
 * birth; what does not fit is not stored and `full` stays set, so a writer appends without checking and
 * asks once at the end (q_buf_check). The bytes are always NUL-terminated.
 *
 *     struct q_buf b;
 *     q_buf_init(&b, 1 << 20);
 *     q_buf_printf(&b, "%d rows", n);
 *     code = q_buf_check(&b, "summary", err);
 *     q_buf_release(&b);
 */
#ifndef Q_BASE_STR_H
#define Q_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"

struct q_str {
    const char *p;
    size_t n;
};

#define Q_STR(literal) ((struct q_str){"" literal, sizeof(literal) - 1})

static inline struct q_str q_str(const char *text)
{
    return (struct q_str){text, text ? strlen(text) : 0};
}

static inline bool q_str_eq(struct q_str a, struct q_str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool q_streq(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* ASCII case folding only. */
bool q_strcaseeq(const char *a, const char *b);
bool q_starts(const char *text, const char *prefix);
bool q_ends(const char *text, const char *suffix);
/* Without leading and trailing ASCII white space. */
struct q_str q_str_trim(struct q_str s);
/* Length of the well-formed UTF-8 sequence at p (1 to 4 bytes), 0 when there is none. left >= 1. */
size_t q_utf8_length(const char *p, size_t left);
/* Bytes [0, n) are valid UTF-8; on false *bad (may be NULL) is the offset of the first wrong byte. */
bool q_utf8_valid(const char *p, size_t n, size_t *bad);

struct q_buf {
    char *p; /* NULL until the first byte, else NUL-terminated */
    size_t n, cap, max;
    bool full;   /* something did not fit */
    char **home; /* of a buffer in an arena: where the arena finds p; else NULL */
};

/* `max`: ceiling in bytes. */
void q_buf_init(struct q_buf *b, size_t max);
/* As q_buf_init; the text is the arena's and good until it ends, also when *b is gone before. */
void q_buf_init_in(struct q_buf *b, struct q_arena *arena, size_t max);
void q_buf_release(struct q_buf *b);
void q_buf_clear(struct q_buf *b);
void q_buf_add(struct q_buf *b, const void *p, size_t n);
void q_buf_adds(struct q_buf *b, const char *text);
void q_buf_addc(struct q_buf *b, char c);
void q_buf_printf(struct q_buf *b, const char *fmt, ...) Q_PRINTF(2, 3);
/* Always a string, "" when empty. */
const char *q_buf_text(const struct q_buf *b);
/* Q_NOMEM naming `what` when something did not fit. */
Q_MUST_CHECK enum q_code q_buf_check(const struct q_buf *b, const char *what, struct q_err *err);

#endif
