/* SPDX-License-Identifier: Apache-2.0 */
/* Zstandard (RFC 8878) by libzstd: several frames, skippable ones too; the library checks their checksums. */
#include <zstd.h>

#include "base/arena.h"
#include "format/decode/stage.h"

struct zstd {
    struct decode_stage stage;
    struct decode_input in;
    ZSTD_DStream *z;
    bool in_frame;
    bool any;
    int64_t out;
};

static enum q_code broken(struct zstd *g, const char *why, struct q_err *err)
{
    enum q_code code =
        q_fail(err, Q_SOURCE, "could not decompress \"%s\": %s at byte %lld of the file",
               g->stage.path, why, (long long)decode_input_at(&g->in));
    q_detail(err, "The zstd data is good up to byte %lld of the decompressed text.",
             (long long)g->out);
    return code;
}

static enum q_code zstd_read(struct decode_stage *s, char *buf, size_t n, size_t *got,
                             struct q_err *err)
{
    struct zstd *g = (struct zstd *)(void *)s;
    *got = 0;
    while (*got < n) {
        enum q_code code = decode_refill(&g->in, err);
        if (code)
            return code;
        if (g->in.at == g->in.n && !g->in_frame)
            return g->any ? Q_OK : broken(g, "the archive is empty", err);
        ZSTD_inBuffer in = {g->in.buf, g->in.n, g->in.at};
        ZSTD_outBuffer out = {buf + *got, n - *got, 0};
        size_t rc = ZSTD_decompressStream(g->z, &out, &in);
        if (ZSTD_isError(rc))
            return broken(g, ZSTD_getErrorName(rc), err);
        bool stuck = in.pos == g->in.at && out.pos == 0;
        g->in.at = in.pos;
        g->any = true;
        g->in_frame = rc != 0; /* 0: a frame is complete and flushed */
        *got += out.pos;
        g->out += (int64_t)out.pos;
        if (stuck && g->in.ended)
            return broken(g, "the archive is cut off", err);
    }
    return Q_OK;
}

static void zstd_close(struct decode_stage *s)
{
    struct zstd *g = (struct zstd *)(void *)s;
    (void)ZSTD_freeDStream(g->z);
}

struct decode_stage *decode_zstd(struct q_arena *arena, struct decode_stage *from)
{
    struct zstd *g = q_new(arena, struct zstd);
    g->stage = (struct decode_stage){from->path, from, zstd_read, zstd_close};
    g->in = (struct decode_input){.from = from, .buf = q_alloc(arena, DECODE_CHUNK)};
    g->z = ZSTD_createDStream();
    if (!g->z)
        q_out_of_memory(DECODE_CHUNK);
    return &g->stage;
}
