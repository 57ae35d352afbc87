/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

bool q_strcaseeq(const char *a, const char *b)
{
    return strcasecmp(a, b) == 0;
}

bool q_starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool q_ends(const char *text, const char *suffix)
{
    size_t n = strlen(text), m = strlen(suffix);
    return n >= m && memcmp(text + n - m, suffix, m) == 0;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct q_str q_str_trim(struct q_str s)
{
    while (s.n && is_space(s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n && is_space(s.p[s.n - 1]))
        s.n--;
    return s;
}

/* Unicode 15, table 3-7. */
size_t q_utf8_length(const char *text, size_t left)
{
    const unsigned char *p = (const unsigned char *)text;
    unsigned char c = p[0];
    if (c < 0x80)
        return 1;
    if (c < 0xC2 || c > 0xF4)
        return 0;
    size_t want = c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    if (left < want)
        return 0;
    unsigned char lo = 0x80, hi = 0xBF;
    if (c == 0xE0)
        lo = 0xA0;
    else if (c == 0xED)
        hi = 0x9F;
    else if (c == 0xF0)
        lo = 0x90;
    else if (c == 0xF4)
        hi = 0x8F;
    if (p[1] < lo || p[1] > hi)
        return 0;
    for (size_t i = 2; i < want; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    return want;
}

bool q_utf8_valid(const char *text, size_t n, size_t *bad)
{
    size_t i = 0;
    while (i < n) {
        uint64_t word;
        if (n - i >= sizeof word) {
            memcpy(&word, text + i, sizeof word);
            if (!(word & 0x8080808080808080u)) {
                i += sizeof word;
                continue;
            }
        }
        size_t step = q_utf8_length(text + i, n - i);
        if (!step) {
            if (bad)
                *bad = i;
            return false;
        }
        i += step;
    }
    return true;
}

void q_buf_init(struct q_buf *b, size_t max)
{
    *b = (struct q_buf){.max = max};
}

static void free_text(void *home)
{
    free(*(char **)home);
}

void q_buf_init_in(struct q_buf *b, struct q_arena *arena, size_t max)
{
    q_buf_init(b, max);
    b->home = q_new(arena, char *);
    q_arena_defer(arena, free_text, b->home);
}

void q_buf_release(struct q_buf *b)
{
    free(b->p);
    if (b->home)
        *b->home = NULL;
    *b = (struct q_buf){.max = b->max, .home = b->home};
}

void q_buf_clear(struct q_buf *b)
{
    b->n = 0;
    b->full = false;
    if (b->p)
        b->p[0] = 0;
}

/* Room for n more bytes and the NUL, or false with `full` set. */
static bool reserve(struct q_buf *b, size_t n)
{
    if (n > b->max || b->n > b->max - n) {
        b->full = true;
        return false;
    }
    size_t need = b->n + n + 1;
    if (need <= b->cap)
        return true;
    size_t cap = b->cap ? b->cap : 128;
    while (cap < need)
        cap *= 2;
    char *p = realloc(b->p, cap);
    if (!p)
        q_out_of_memory(cap);
    b->p = p;
    b->cap = cap;
    if (b->home)
        *b->home = p;
    return true;
}

void q_buf_add(struct q_buf *b, const void *p, size_t n)
{
    if (!reserve(b, n))
        return;
    if (n)
        memcpy(b->p + b->n, p, n);
    b->n += n;
    b->p[b->n] = 0;
}

void q_buf_adds(struct q_buf *b, const char *text)
{
    q_buf_add(b, text, strlen(text));
}

void q_buf_addc(struct q_buf *b, char c)
{
    q_buf_add(b, &c, 1);
}

void q_buf_printf(struct q_buf *b, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    assert(n >= 0);
    if (reserve(b, (size_t)n)) {
        (void)vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
        b->n += (size_t)n;
    }
    va_end(again);
}

const char *q_buf_text(const struct q_buf *b)
{
    return b->p ? b->p : "";
}

enum q_code q_buf_check(const struct q_buf *b, const char *what, struct q_err *err)
{
    if (!b->full)
        return Q_OK;
    return q_fail(err, Q_NOMEM, "could not build %s: more than %zu bytes", what, b->max);
}
