/* SPDX-License-Identifier: Apache-2.0 */
/* gzip (RFC 1952) by zlib: several members one after another; zlib checks CRC and length of each. */
#include <limits.h>
#include <zlib.h>

#include "base/arena.h"
#include "format/decode/stage.h"

struct gzip {
    struct decode_stage stage;
    struct decode_input in;
    z_stream z;
    bool in_member;
    int members;
    int64_t out; /* decoded bytes */
};

static enum q_code broken(struct gzip *g, const char *why, struct q_err *err)
{
    enum q_code code =
        q_fail(err, Q_SOURCE, "could not decompress \"%s\": %s at byte %lld of the file",
               g->stage.path, why, (long long)decode_input_at(&g->in));
    q_detail(err, "The gzip data is good up to byte %lld of the decompressed text.",
             (long long)g->out);
    return code;
}

/* Between members: the next one, the end, or bytes that are neither. */
static enum q_code next_member(struct gzip *g, bool *end, struct q_err *err)
{
    *end = g->in.at == g->in.n;
    if (*end)
        return g->members ? Q_OK : broken(g, "the archive is empty", err);
    unsigned char first = (unsigned char)g->in.buf[g->in.at];
    if (first == 0) { /* tape padding */
        while (g->in.at < g->in.n && g->in.buf[g->in.at] == 0)
            g->in.at++;
        return Q_OK;
    }
    if (first != 0x1F)
        return broken(g, "bytes behind the end of the archive that are no gzip data", err);
    if (inflateReset(&g->z) != Z_OK)
        return broken(g, "the decompressor could not be reset", err);
    g->in_member = true;
    g->members++;
    return Q_OK;
}

static enum q_code inflate_some(struct gzip *g, char *buf, size_t n, size_t *got, struct q_err *err)
{
    if (g->in.at == g->in.n)
        return broken(g, "the archive is cut off", err);
    g->z.next_in = (unsigned char *)g->in.buf + g->in.at;
    g->z.avail_in = (unsigned)(g->in.n - g->in.at);
    g->z.next_out = (unsigned char *)buf;
    g->z.avail_out = n > INT_MAX ? INT_MAX : (unsigned)n;
    unsigned room = g->z.avail_out;
    int rc = inflate(&g->z, Z_NO_FLUSH);
    g->in.at = g->in.n - g->z.avail_in;
    *got = room - g->z.avail_out;
    g->out += (int64_t)*got;
    if (rc == Z_STREAM_END)
        g->in_member = false;
    else if (rc != Z_OK && rc != Z_BUF_ERROR)
        return broken(g, g->z.msg ? g->z.msg : "the data is damaged", err);
    return Q_OK;
}

static enum q_code gzip_read(struct decode_stage *s, char *buf, size_t n, size_t *got,
                             struct q_err *err)
{
    struct gzip *g = (struct gzip *)(void *)s;
    *got = 0;
    while (*got < n) {
        enum q_code code = decode_refill(&g->in, err);
        if (code)
            return code;
        if (!g->in_member) {
            bool end;
            code = next_member(g, &end, err);
            if (code || end)
                return code;
            continue;
        }
        size_t some = 0;
        code = inflate_some(g, buf + *got, n - *got, &some, err);
        *got += some;
        if (code)
            return code;
    }
    return Q_OK;
}

static void gzip_close(struct decode_stage *s)
{
    struct gzip *g = (struct gzip *)(void *)s;
    (void)inflateEnd(&g->z);
}

struct decode_stage *decode_gzip(struct q_arena *arena, struct decode_stage *from)
{
    struct gzip *g = q_new(arena, struct gzip);
    g->stage = (struct decode_stage){from->path, from, gzip_read, gzip_close};
    g->in = (struct decode_input){.from = from, .buf = q_alloc(arena, DECODE_CHUNK)};
    if (inflateInit2(&g->z, 15 + 16) != Z_OK) /* largest window, gzip header only */
        q_out_of_memory(sizeof g->z);
    return &g->stage;
}
