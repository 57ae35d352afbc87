/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A CSV file that is written through one large buffer. A record is at most SAMPLE_RECORD_MAX bytes.
 * The first failed write is kept; the rest is thrown away, and sample_close() reports it.
 *
 *     sample_int(&o, id);
 *     sample_char(&o, ',');
 *     sample_field(&o, name);
 *     sample_end(&o);
 */
#ifndef Q_SAMPLE_OUT_H
#define Q_SAMPLE_OUT_H

#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"

enum { SAMPLE_OUT_CAP = 1 << 20, SAMPLE_RECORD_MAX = 4096 };

struct sample_out {
    const char *path;
    int fd;
    int why; /* errno of the first failed write, 0 */
    char *p;
    size_t n;
    int64_t bytes, records;
};

/* Closed and removed with the arena unless sample_close() succeeded. */
Q_MUST_CHECK enum q_code sample_open(struct sample_out *o, struct q_arena *arena, const char *path,
                                     const char *header, struct q_err *err);
Q_MUST_CHECK enum q_code sample_close(struct sample_out *o, struct q_err *err);
void sample_flush(struct sample_out *o);

/* Ends a record. */
static inline void sample_end(struct sample_out *o)
{
    o->p[o->n++] = '\n';
    o->records++;
    if (o->n > SAMPLE_OUT_CAP - SAMPLE_RECORD_MAX)
        sample_flush(o);
}

static inline void sample_char(struct sample_out *o, char c)
{
    o->p[o->n++] = c;
}

static inline void sample_bytes(struct sample_out *o, const char *p, size_t n)
{
    memcpy(o->p + o->n, p, n);
    o->n += n;
}

static inline void sample_text(struct sample_out *o, const char *text)
{
    sample_bytes(o, text, strlen(text));
}

void sample_int(struct sample_out *o, int64_t v);
/* 1234 is written as 12.34. */
void sample_cents(struct sample_out *o, int64_t cents);
void sample_date(struct sample_out *o, int32_t days);
void sample_time(struct sample_out *o, int64_t usec);
/* Quoted when CSV wants it. */
void sample_field(struct sample_out *o, const char *text);

#endif
