/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stages behind decode.h, each reading from the one before: file -> decompressor -> encoding. Only format/decode
 * includes this.
 *
 * read() MUST fill as much of `buf` as it can and give less than `n` only at the end of its stream. close() MUST accept
 * a stage of which nothing was read. Stages belong to the arena.
 */
#ifndef Q_FORMAT_DECODE_STAGE_H
#define Q_FORMAT_DECODE_STAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct decode_stage {
    const char *path; /* for messages */
    struct decode_stage *from;
    enum q_code (*read)(struct decode_stage *s, char *buf, size_t n, size_t *got,
                        struct q_err *err);
    void (*close)(struct decode_stage *s);
};

enum { DECODE_CHUNK = 1 << 17 };

/* Bytes taken from the stage before, refilled in chunks: how a decompressor reads. */
struct decode_input {
    struct decode_stage *from;
    char *buf; /* DECODE_CHUNK bytes */
    size_t at, n;
    int64_t before; /* stream offset of buf[0] */
    bool ended;
};

static inline enum q_code decode_refill(struct decode_input *in, struct q_err *err)
{
    if (in->at < in->n || in->ended)
        return Q_OK;
    in->before += (int64_t)in->n;
    in->at = in->n = 0;
    enum q_code code = in->from->read(in->from, in->buf, DECODE_CHUNK, &in->n, err);
    in->ended = !code && in->n == 0;
    return code;
}

/* Where in the stage before the next byte stands. */
static inline int64_t decode_input_at(const struct decode_input *in)
{
    return in->before + (int64_t)in->at;
}

struct decode_stage *decode_gzip(struct q_arena *arena, struct decode_stage *from);
struct decode_stage *decode_zstd(struct q_arena *arena, struct decode_stage *from);
/* NULL when iconv does not know the encoding. */
struct decode_stage *decode_iconv(struct q_arena *arena, struct decode_stage *from,
                                  const char *encoding);

#endif
