/* SPDX-License-Identifier: Apache-2.0 */
/* Other encodings to UTF-8 by iconv. What the encoding does not have becomes the byte 0xFF. */
#include <errno.h>
#include <iconv.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "format/decode/stage.h"

enum { LONGEST_CHARACTER = 8, BAD_BYTE = 0xFF };

struct encoding {
    struct decode_stage stage;
    struct decode_input in;
    iconv_t cd;
    unsigned unit;                     /* bytes to step over what cannot be read */
    char spill[LONGEST_CHARACTER * 2]; /* converted, did not fit into the caller's rest */
    size_t spill_at, spill_n;
};

/* More input behind what an unfinished character left over. */
static enum q_code more(struct encoding *e, struct q_err *err)
{
    struct decode_input *in = &e->in;
    size_t left = in->n - in->at, got;
    memmove(in->buf, in->buf + in->at, left);
    in->before += (int64_t)in->at;
    in->at = 0;
    in->n = left;
    enum q_code code = in->from->read(in->from, in->buf + left, DECODE_CHUNK - left, &got, err);
    if (!code) {
        in->n += got;
        in->ended = got == 0;
    }
    return code;
}

/* Convert into `out`; *got bytes. May give nothing when input is needed or room is too small. */
static void convert(struct encoding *e, char *out, size_t room, size_t *got, bool *starved)
{
    char *from = e->in.buf + e->in.at, *to = out;
    size_t left = e->in.n - e->in.at, space = room;
    *starved = false;
    size_t rc = iconv(e->cd, &from, &left, &to, &space);
    int reason = rc == (size_t)-1 ? errno : 0;
    e->in.at = e->in.n - left;
    if (reason == EILSEQ || (reason == EINVAL && e->in.ended)) {
        if (space) {
            *to++ = (char)BAD_BYTE;
            space--;
            e->in.at += e->unit < left ? e->unit : left;
        }
    } else if (reason == EINVAL || left == 0) {
        *starved = true;
    }
    *got = room - space;
}

static enum q_code encoding_read(struct decode_stage *s, char *buf, size_t n, size_t *got,
                                 struct q_err *err)
{
    struct encoding *e = (struct encoding *)(void *)s;
    bool starved = e->in.at == e->in.n;
    *got = 0;
    while (*got < n) {
        size_t some = e->spill_n - e->spill_at;
        if (some) {
            some = some < n - *got ? some : n - *got;
            memcpy(buf + *got, e->spill + e->spill_at, some);
            e->spill_at += some;
            *got += some;
            continue;
        }
        if (starved && !e->in.ended) {
            enum q_code code = more(e, err);
            if (code)
                return code;
        }
        if (e->in.at == e->in.n && e->in.ended)
            return Q_OK;
        if (n - *got >= LONGEST_CHARACTER) {
            convert(e, buf + *got, n - *got, &some, &starved);
            *got += some;
        } else {
            e->spill_at = 0;
            convert(e, e->spill, sizeof e->spill, &e->spill_n, &starved);
        }
    }
    return Q_OK;
}

static void encoding_close(struct decode_stage *s)
{
    struct encoding *e = (struct encoding *)(void *)s;
    (void)iconv_close(e->cd);
}

struct decode_stage *decode_iconv(struct q_arena *arena, struct decode_stage *from,
                                  const char *encoding)
{
    iconv_t cd = iconv_open("UTF-8", encoding);
    if (cd == (iconv_t)-1) // NOLINT: iconv's way to say no
        return NULL;
    struct encoding *e = q_new(arena, struct encoding);
    e->stage = (struct decode_stage){from->path, from, encoding_read, encoding_close};
    e->in = (struct decode_input){.from = from, .buf = q_alloc(arena, DECODE_CHUNK)};
    e->cd = cd;
    e->unit = strncasecmp(encoding, "utf-16", 6) == 0 || strncasecmp(encoding, "ucs-2", 5) == 0 ? 2
              : strncasecmp(encoding, "utf-32", 6) == 0 || strncasecmp(encoding, "ucs-4", 5) == 0
                  ? 4
                  : 1;
    return &e->stage;
}
