/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arenas: memory by lifetime (process, config, plan, run, step, batch, request).
 *
 * Allocations are zeroed, aligned to 16 bytes and never NULL: exhaustion of the process ends it
 * with a message and exit status 5 (crash safety covers that). Children die with their parent, before
 * it; deferred calls run in reverse order when the arena is freed, children first. An arena belongs
 * to one thread at a time.
 *
 *     struct q_arena *run = q_arena_new(process, "run");
 *     char *name = q_printf(run, "%s_versions", dim);
 *     q_arena_defer(run, close_it, handle);
 *     q_arena_free(run);
 */
#ifndef Q_BASE_ARENA_H
#define Q_BASE_ARENA_H

#include <stddef.h>

#include "base/code.h"

struct q_arena;

/* `parent` may be NULL for a root. `name` is borrowed and must outlive the arena (a literal). */
struct q_arena *q_arena_new(struct q_arena *parent, const char *name)
    __attribute__((returns_nonnull));
/* NULL is ignored. */
void q_arena_free(struct q_arena *arena);
/* Calls fn(arg) when the arena is freed. */
void q_arena_defer(struct q_arena *arena, void (*fn)(void *), void *arg);
/* Bytes handed out, for `--json` statistics and tests. */
size_t q_arena_used(const struct q_arena *arena);

void *q_alloc(struct q_arena *arena, size_t size) __attribute__((returns_nonnull, malloc));
/* count * size with overflow check. */
void *q_alloc_array(struct q_arena *arena, size_t count, size_t size)
    __attribute__((returns_nonnull, malloc));
char *q_strdup(struct q_arena *arena, const char *text) __attribute__((returns_nonnull));
char *q_strndup(struct q_arena *arena, const char *text, size_t n) __attribute__((returns_nonnull));
/* Formatted text; for names and messages, never for SQL (see sql/build.h). */
char *q_printf(struct q_arena *arena, const char *fmt, ...) Q_PRINTF(2, 3)
    __attribute__((returns_nonnull));

#define q_new(arena, type) ((type *)q_alloc((arena), sizeof(type)))

/* A process that cannot get memory says so and ends with exit status 5. */
_Noreturn void q_out_of_memory(size_t wanted);

#endif
