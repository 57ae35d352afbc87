/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 8192, ALIGN = 16 };

struct block {
    struct block *next;
    size_t size, used; /* of the bytes behind this header */
    _Alignas(ALIGN) unsigned char data[];
};

struct defer {
    struct defer *next;
    void (*fn)(void *);
    void *arg;
};

struct q_arena {
    struct q_arena *parent, *first_child, *prev, *next;
    struct block *blocks; /* the first one is the one being filled */
    struct defer *defers;
    size_t used;
    const char *name;
};

_Noreturn void q_out_of_memory(size_t wanted)
{
    (void)fprintf(stderr, "quern: out of memory: could not get %zu bytes\n", wanted);
    exit(q_code_exit(Q_NOMEM));
}

struct q_arena *q_arena_new(struct q_arena *parent, const char *name)
{
    struct q_arena *a = calloc(1, sizeof *a);
    if (!a)
        q_out_of_memory(sizeof *a);
    a->name = name;
    a->parent = parent;
    if (parent) {
        a->next = parent->first_child;
        if (a->next)
            a->next->prev = a;
        parent->first_child = a;
    }
    return a;
}

static void unlink_from_parent(struct q_arena *a)
{
    if (a->prev)
        a->prev->next = a->next;
    else if (a->parent)
        a->parent->first_child = a->next;
    if (a->next)
        a->next->prev = a->prev;
}

void q_arena_free(struct q_arena *a)
{
    if (!a)
        return;
    while (a->first_child)
        q_arena_free(a->first_child);
    for (struct defer *d = a->defers; d; d = d->next)
        d->fn(d->arg);
    unlink_from_parent(a);
    for (struct block *b = a->blocks, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    free(a);
}

/* Zeros, and a large block costs nothing before it is used: bytes are handed out once, so none is cleared again. */
static struct block *block_new(size_t size)
{
    struct block *b = calloc(1, sizeof *b + size);
    if (!b)
        q_out_of_memory(size);
    b->size = size;
    return b;
}

void *q_alloc(struct q_arena *a, size_t size)
{
    assert(a);
    if (size > SIZE_MAX / 2)
        q_out_of_memory(size);
    size_t need = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    struct block *b = a->blocks;
    if (!b || b->size - b->used < need) {
        b = block_new(need > BLOCK ? need : BLOCK);
        if (need > BLOCK / 2 && a->blocks) { /* keep filling the current block */
            b->next = a->blocks->next;
            a->blocks->next = b;
        } else {
            b->next = a->blocks;
            a->blocks = b;
        }
    }
    void *p = b->data + b->used;
    b->used += need;
    a->used += need;
    return p;
}

void *q_alloc_array(struct q_arena *a, size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total))
        q_out_of_memory(SIZE_MAX);
    return q_alloc(a, total);
}

void q_arena_defer(struct q_arena *a, void (*fn)(void *), void *arg)
{
    struct defer *d = q_new(a, struct defer);
    d->fn = fn;
    d->arg = arg;
    d->next = a->defers;
    a->defers = d;
}

size_t q_arena_used(const struct q_arena *a)
{
    return a->used;
}

char *q_strndup(struct q_arena *a, const char *text, size_t n)
{
    char *p = q_alloc(a, n + 1);
    if (n)
        memcpy(p, text, n);
    return p;
}

char *q_strdup(struct q_arena *a, const char *text)
{
    return q_strndup(a, text, strlen(text));
}

char *q_printf(struct q_arena *a, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    assert(n >= 0);
    char *p = q_alloc(a, (size_t)n + 1);
    (void)vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return p;
}
