/* SPDX-License-Identifier: Apache-2.0 */
#include "format/encode/encode.h"

#include <assert.h>
#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>

enum { BUFFER = 128 * 1024 };

static const struct {
    const char *ending, *how;
} endings[] = {{".gz", "gzip"}, {".zst", "zstd"}};

static size_t ending_of(const char *path)
{
    size_t i = 0;
    while (i < sizeof endings / sizeof endings[0] && !q_ends(path, endings[i].ending))
        i++;
    return i;
}

const char *encode_by_name(const char *path)
{
    size_t i = ending_of(path);
    return i < sizeof endings / sizeof endings[0] ? endings[i].how : NULL;
}

const char *encode_bare_name(struct q_arena *arena, const char *path)
{
    size_t i = ending_of(path);
    size_t n = i < sizeof endings / sizeof endings[0] ? strlen(endings[i].ending) : 0;
    return q_strndup(arena, path, strlen(path) - n);
}

struct encode {
    struct write_sink to;
    z_stream gzip;
    ZSTD_CCtx *zstd;
    char out[BUFFER];
};

static enum q_code flush_behind(struct encode *e, struct q_err *err)
{
    return e->to.flush ? e->to.flush(e->to.self, err) : Q_OK;
}

/* ---- gzip ---- */

static enum q_code gzip_more(struct encode *e, struct q_str text, int how, struct q_err *err)
{
    enum q_code code = Q_OK;
    assert(text.n <= UINT32_MAX);
    e->gzip.next_in = (const Bytef *)text.p;
    e->gzip.avail_in = (uInt)text.n;
    do {
        e->gzip.next_out = (Bytef *)e->out;
        e->gzip.avail_out = BUFFER;
        int rc = deflate(&e->gzip, how);
        assert(rc == Z_OK || rc == Z_STREAM_END || rc == Z_BUF_ERROR); /* there is no other */
        (void)rc;
        size_t n = BUFFER - e->gzip.avail_out;
        if (n)
            code = e->to.put(e->to.self, (struct q_str){e->out, n}, err);
    } while (!code && e->gzip.avail_out == 0);
    return code;
}

static enum q_code gzip_put(void *self, struct q_str text, struct q_err *err)
{
    return gzip_more(self, text, Z_NO_FLUSH, err);
}

static enum q_code gzip_flush(void *self, struct q_err *err)
{
    enum q_code code = gzip_more(self, (struct q_str){"", 0}, Z_FINISH, err);
    return code ? code : flush_behind(self, err);
}

static void gzip_close(void *self)
{
    (void)deflateEnd(&((struct encode *)self)->gzip);
}

/* ---- zstd ---- */

static enum q_code zstd_more(struct encode *e, struct q_str text, ZSTD_EndDirective how,
                             struct q_err *err)
{
    ZSTD_inBuffer in = {text.p, text.n, 0};
    enum q_code code = Q_OK;
    size_t left;
    do {
        ZSTD_outBuffer out = {e->out, BUFFER, 0};
        left = ZSTD_compressStream2(e->zstd, &out, &in, how);
        if (ZSTD_isError(left))
            return q_fail(err, Q_NOMEM, "could not compress: %s", ZSTD_getErrorName(left));
        if (out.pos)
            code = e->to.put(e->to.self, (struct q_str){e->out, out.pos}, err);
    } while (!code && (in.pos < in.size || (how == ZSTD_e_end && left)));
    return code;
}

static enum q_code zstd_put(void *self, struct q_str text, struct q_err *err)
{
    return zstd_more(self, text, ZSTD_e_continue, err);
}

static enum q_code zstd_flush(void *self, struct q_err *err)
{
    enum q_code code = zstd_more(self, (struct q_str){"", 0}, ZSTD_e_end, err);
    return code ? code : flush_behind(self, err);
}

static void zstd_close(void *self)
{
    (void)ZSTD_freeCCtx(((struct encode *)self)->zstd);
}

/* ---- both ---- */

enum q_code encode_sink(struct q_arena *arena, const char *how, struct write_sink to,
                        struct write_sink *out, struct q_err *err)
{
    enum { GZIP_HEADER = 16, MEMORY = 8 };
    struct encode *e = q_new(arena, struct encode);
    e->to = to;
    if (q_streq(how, "gzip")) {
        if (deflateInit2(&e->gzip, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + GZIP_HEADER,
                         MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
            return q_fail(err, Q_NOMEM, "could not compress: out of memory");
        q_arena_defer(arena, gzip_close, e);
        *out = (struct write_sink){e, gzip_put, gzip_flush};
        return Q_OK;
    }
    assert(q_streq(how, "zstd"));
    e->zstd = ZSTD_createCCtx();
    if (!e->zstd)
        return q_fail(err, Q_NOMEM, "could not compress: out of memory");
    q_arena_defer(arena, zstd_close, e);
    (void)ZSTD_CCtx_setParameter(e->zstd, ZSTD_c_checksumFlag, 1);
    *out = (struct write_sink){e, zstd_put, zstd_flush};
    return Q_OK;
}
