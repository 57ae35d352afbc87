/* SPDX-License-Identifier: Apache-2.0 */
#include "format/decode/decode.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "format/decode/stage.h"

enum { HEAD = 4 };
static const int64_t RATIO_FROM = 64 << 20, MAX_BYTES = INT64_C(1) << 40;

/* The file as it was when it was opened: what is appended later is not read. */
struct file {
    struct decode_stage stage;
    int fd;
    int64_t at, size;
};

struct decode {
    struct file file;
    struct decode_stage *top;
    int64_t max_bytes, max_ratio;
    int64_t out;     /* decoded bytes handed over */
    bool plain;      /* the stream is the file from `bom` on */
    char head[HEAD]; /* bytes behind a decompressor's start that were looked at */
    size_t head_at, head_n;
    int64_t bom;
    const char *description;
    bool closed;
};

static enum q_code file_read(struct decode_stage *s, char *buf, size_t n, size_t *got,
                             struct q_err *err)
{
    struct file *f = (struct file *)(void *)s;
    *got = 0;
    if ((int64_t)n > f->size - f->at)
        n = (size_t)(f->size - f->at);
    while (*got < n) {
        ssize_t some = pread(f->fd, buf + *got, n - *got, f->at);
        if (some < 0 && errno == EINTR)
            continue;
        if (some < 0)
            return q_fail(err, Q_SOURCE, "could not read \"%s\" at byte %lld: %s", s->path,
                          (long long)f->at, strerror(errno));
        if (some == 0) {
            enum q_code code = q_fail(
                err, Q_SOURCE, "could not read \"%s\": the file shrank while it was read", s->path);
            q_detail(err, "It had %lld bytes when it was opened and ends at byte %lld now.",
                     (long long)f->size, (long long)f->at);
            return code;
        }
        *got += (size_t)some;
        f->at += some;
    }
    return Q_OK;
}

static void file_close(struct decode_stage *s)
{
    struct file *f = (struct file *)(void *)s;
    (void)close(f->fd); /* read only: nothing can be lost */
}

static enum q_code open_file(struct file *f, const char *path, struct q_err *err)
{
    struct stat st;
    f->stage = (struct decode_stage){path, NULL, file_read, file_close};
    f->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not be waited for */
    if (f->fd < 0)
        return q_fail(err, Q_SOURCE, "could not open \"%s\": %s", path, strerror(errno));
    if (fstat(f->fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        (void)close(f->fd);
        return q_fail(err, Q_SOURCE, "could not read \"%s\": it is %s", path,
                      S_ISDIR(st.st_mode) ? "a directory" : "no regular file");
    }
    f->size = st.st_size;
    (void)posix_fadvise(f->fd, 0, 0, POSIX_FADV_SEQUENTIAL); /* advice only */
    return Q_OK;
}

/* The first bytes of the file without moving. */
static size_t peek(struct file *f, unsigned char head[static HEAD])
{
    ssize_t n = pread(f->fd, head, HEAD, 0);
    return n > 0 ? (size_t)n : 0;
}

static bool is_auto(const char *setting)
{
    return !setting || !*setting || q_strcaseeq(setting, "auto");
}

static enum q_code add_decompressor(struct decode *d, struct q_arena *arena, const char *setting,
                                    const char **name, struct q_err *err)
{
    unsigned char head[HEAD] = {0};
    size_t n = peek(&d->file, head);
    *name = setting;
    if (is_auto(setting)) {
        *name = "none";
        if (n >= 2 && head[0] == 0x1F && head[1] == 0x8B)
            *name = "gzip";
        else if (n >= 4 &&
                 ((head[0] == 0x28 && head[1] == 0xB5 && head[2] == 0x2F && head[3] == 0xFD) ||
                  ((head[0] & 0xF0) == 0x50 && head[1] == 0x2A && head[2] == 0x4D &&
                   head[3] == 0x18)))
            *name = "zstd";
    }
    if (q_strcaseeq(*name, "gzip"))
        d->top = decode_gzip(arena, d->top);
    else if (q_strcaseeq(*name, "zstd"))
        d->top = decode_zstd(arena, d->top);
    else if (!q_strcaseeq(*name, "none"))
        return q_fail(err, Q_CONFIG,
                      "unknown compression \"%s\": expected auto, none, gzip or zstd", *name);
    return Q_OK;
}

/* The encoding that the byte order mark in d->head tells, NULL when there is none; *n its length. */
static const char *byte_order_mark(const struct decode *d, size_t *n)
{
    static const struct {
        const char *mark;
        size_t n;
        const char *encoding;
    } marks[] = {
        {"\xEF\xBB\xBF", 3, "utf-8"},    {"\xFF\xFE\0\0", 4, "utf-32le"},
        {"\0\0\xFE\xFF", 4, "utf-32be"}, {"\xFF\xFE", 2, "utf-16le"},
        {"\xFE\xFF", 2, "utf-16be"},
    };
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (d->head_n >= marks[i].n && memcmp(d->head, marks[i].mark, marks[i].n) == 0) {
            *n = marks[i].n;
            return marks[i].encoding;
        }
    *n = 0;
    return NULL;
}

/* The encoding whose first characters, ASCII ones, leave NUL bytes at these places; NULL. */
static const char *nul_pattern(const struct decode *d)
{
    static const struct {
        bool nul[HEAD];
        const char *encoding;
    } patterns[] = {
        {{false, true, false, true}, "utf-16le"},
        {{true, false, true, false}, "utf-16be"},
        {{false, true, true, true}, "utf-32le"},
        {{true, true, true, false}, "utf-32be"},
    };
    for (size_t i = 0; d->head_n == HEAD && i < sizeof patterns / sizeof patterns[0]; i++) {
        bool same = true;
        for (size_t k = 0; k < HEAD; k++)
            same &= patterns[i].nul[k] == (d->head[k] == 0);
        if (same)
            return patterns[i].encoding;
    }
    return NULL;
}

/* Between the decompressor and iconv: first the bytes that were looked at. */
struct headed {
    struct decode_stage stage;
    struct decode *d;
};

static enum q_code headed_read(struct decode_stage *s, char *buf, size_t n, size_t *got,
                               struct q_err *err)
{
    struct decode *d = ((struct headed *)(void *)s)->d;
    size_t some = d->head_n - d->head_at;
    some = some < n ? some : n;
    memcpy(buf, d->head + d->head_at, some);
    d->head_at += some;
    enum q_code code = s->from->read(s->from, buf + some, n - some, got, err);
    *got += some;
    return code;
}

static void headed_close(struct decode_stage *s)
{
    (void)s;
}

static bool same_encoding(const char *a, const char *b)
{
    if (q_strcaseeq(a, b) || (q_strcaseeq(a, "utf8") && q_strcaseeq(b, "utf-8")))
        return true;
    return q_starts(b, "utf-16") && (q_strcaseeq(a, "utf-16") || q_strcaseeq(a, "utf16"));
}

static enum q_code add_encoding(struct decode *d, struct q_arena *arena, const char *setting,
                                const char *note, const char *compression, struct q_err *err)
{
    size_t bom;
    const char *marked = byte_order_mark(d, &bom), *encoding = marked ? marked : "utf-8";
    const char *by_nul = is_auto(setting) && !marked ? nul_pattern(d) : NULL;
    if (by_nul)
        encoding = by_nul;
    if (!is_auto(setting)) {
        if (marked && !same_encoding(setting, marked)) {
            enum q_code code =
                q_fail(err, Q_SOURCE, "cannot read \"%s\" as %s: its byte order mark says %s",
                       d->file.stage.path, setting, marked);
            q_hint(err, "Leave `encoding` away, or set it to %s.", marked);
            return code;
        }
        encoding = marked ? marked : setting;
    }
    d->head_at = bom;
    d->bom = (int64_t)bom;
    bool utf8 = same_encoding(encoding, "utf-8");
    d->plain = utf8 && d->top == &d->file.stage;
    struct headed *h = q_new(arena, struct headed);
    h->stage = (struct decode_stage){d->file.stage.path, d->top, headed_read, headed_close};
    h->d = d;
    d->top = &h->stage;
    if (!utf8) {
        struct decode_stage *converted = decode_iconv(arena, d->top, encoding);
        if (!converted) {
            enum q_code code = q_fail(err, Q_CONFIG, "unknown encoding \"%s\"", encoding);
            q_hint(err, "`iconv -l` lists those that this machine knows.");
            return code;
        }
        d->top = converted;
    }
    bool packed = !q_strcaseeq(compression, "none");
    d->description = q_printf(arena, "%s%s%s%s%s", packed ? compression : "", packed ? ", " : "",
                              utf8 ? "utf-8" : encoding,
                              bom      ? " with BOM"
                              : by_nul ? " (by its NUL bytes)"
                                       : "",
                              note ? note : "");
    return Q_OK;
}

static void close_deferred(void *d)
{
    decode_close(d);
}

enum q_code decode_open(struct q_arena *arena, const char *path,
                        const struct decode_options *options, struct decode **out,
                        struct q_err *err)
{
    struct decode *d = q_new(arena, struct decode);
    const char *compression;
    enum q_code code = open_file(&d->file, q_strdup(arena, path), err);
    if (code)
        return code;
    d->top = &d->file.stage;
    q_arena_defer(arena, close_deferred, d);
    d->max_bytes =
        options->max_bytes > 0 && options->max_bytes < MAX_BYTES ? options->max_bytes : MAX_BYTES;
    d->max_ratio = options->max_ratio > 0 ? options->max_ratio : DECODE_RATIO;
    code = add_decompressor(d, arena, options->compression, &compression, err);
    if (!code)
        code = d->top->read(d->top, d->head, HEAD, &d->head_n, err);
    if (!code)
        code = add_encoding(d, arena, options->encoding, options->note, compression, err);
    if (code) {
        decode_close(d);
        return code;
    }
    *out = d;
    return Q_OK;
}

static enum q_code check_limits(const struct decode *d, struct q_err *err)
{
    enum q_code code = Q_OK;
    if (d->out > d->max_bytes) {
        code = q_fail(err, Q_SOURCE, "cannot read \"%s\": more than %lld bytes when decoded",
                      d->file.stage.path, (long long)d->max_bytes);
        q_hint(err, "Raise `max_bytes` if the file is to be trusted.");
    } else if (d->out > RATIO_FROM && d->out / d->max_ratio > d->file.size) {
        code =
            q_fail(err, Q_SOURCE, "cannot read \"%s\": it decodes to more than %lld times its size",
                   d->file.stage.path, (long long)d->max_ratio);
        q_hint(err, "Raise `max_ratio` if the file is to be trusted.");
    }
    return code;
}

enum q_code decode_read(struct decode *d, char *buf, size_t n, size_t *got, struct q_err *err)
{
    *got = 0;
    enum q_code code = d->top->read(d->top, buf, n, got, err);
    d->out += (int64_t)*got;
    return code ? code : check_limits(d, err);
}

enum q_code decode_skip_to(struct decode *d, int64_t offset, struct q_err *err)
{
    if (d->plain && offset > d->out) {
        int64_t at = offset + d->bom;
        d->file.at = at < d->file.size ? at : d->file.size;
        d->head_at = d->head_n;
        d->out = offset;
    }
    char waste[4096];
    while (d->out < offset) {
        int64_t left = offset - d->out;
        size_t want = left < (int64_t)sizeof waste ? (size_t)left : sizeof waste, got;
        enum q_code code = decode_read(d, waste, want, &got, err);
        if (code)
            return code;
        if (got == 0)
            return q_fail(err, Q_SOURCE, "could not read \"%s\": it ends before byte %lld",
                          d->file.stage.path, (long long)offset);
    }
    return Q_OK;
}

void decode_close(struct decode *d)
{
    if (!d || d->closed)
        return;
    d->closed = true;
    for (struct decode_stage *s = d->top; s; s = s->from)
        s->close(s);
}

const char *decode_describe(const struct decode *d)
{
    return d->description;
}

int64_t decode_file_read(const struct decode *d)
{
    return d->file.at;
}
