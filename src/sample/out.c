/* SPDX-License-Identifier: Apache-2.0 */
#include "sample/out.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

static void abandon(void *arg)
{
    struct sample_out *o = arg;
    if (o->fd < 0)
        return;
    (void)close(o->fd);
    o->fd = -1;
    (void)unlink(o->path);
}

enum q_code sample_open(struct sample_out *o, struct q_arena *arena, const char *path,
                        const char *header, struct q_err *err)
{
    *o = (struct sample_out){.path = path};
    o->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (o->fd < 0)
        return q_fail(err, Q_NOSPACE, "could not write \"%s\": %s", path, strerror(errno));
    q_arena_defer(arena, abandon, o);
    o->p = q_alloc(arena, SAMPLE_OUT_CAP);
    sample_text(o, header);
    sample_char(o, '\n');
    return Q_OK;
}

void sample_flush(struct sample_out *o)
{
    size_t done = 0;
    while (!o->why && done < o->n) {
        ssize_t put = write(o->fd, o->p + done, o->n - done);
        if (put >= 0)
            done += (size_t)put;
        else if (errno != EINTR)
            o->why = errno;
    }
    o->bytes += (int64_t)done;
    o->n = 0;
}

enum q_code sample_close(struct sample_out *o, struct q_err *err)
{
    sample_flush(o);
    if (!o->why) {
        int fd = o->fd;
        o->fd = -1;
        if (close(fd) == 0)
            return Q_OK;
        o->why = errno;
        (void)unlink(o->path);
    }
    return q_fail(err, Q_NOSPACE, "could not write \"%s\": %s", o->path, strerror(o->why));
}

static void add_digits(struct sample_out *o, uint64_t v, int at_least)
{
    char digits[20];
    int n = 0;
    do {
        digits[n++] = (char)('0' + v % 10);
        v /= 10;
    } while (v || n < at_least);
    while (n)
        sample_char(o, digits[--n]);
}

void sample_int(struct sample_out *o, int64_t v)
{
    if (v < 0)
        sample_char(o, '-');
    add_digits(o, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, 1);
}

void sample_cents(struct sample_out *o, int64_t cents)
{
    uint64_t v = cents < 0 ? 0 - (uint64_t)cents : (uint64_t)cents;
    if (cents < 0)
        sample_char(o, '-');
    add_digits(o, v / 100, 1);
    sample_char(o, '.');
    add_digits(o, v % 100, 2);
}

void sample_date(struct sample_out *o, int32_t days)
{
    char text[Q_TIMESTAMP_TEXT];
    sample_text(o, q_date_text(days, text));
}

void sample_time(struct sample_out *o, int64_t usec)
{
    char text[Q_TIMESTAMP_TEXT];
    sample_text(o, q_timestamp_text(usec, text));
}

void sample_field(struct sample_out *o, const char *text)
{
    size_t n = strlen(text);
    if (!strpbrk(text, ",\"\r\n")) {
        sample_bytes(o, text, n);
        return;
    }
    sample_char(o, '"');
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '"')
            sample_char(o, '"');
        sample_char(o, text[i]);
    }
    sample_char(o, '"');
}
