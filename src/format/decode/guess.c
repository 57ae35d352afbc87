/* SPDX-License-Identifier: Apache-2.0 */
/* Which encoding a file without a byte order mark probably has: a look at all of it. */
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "format/decode/decode.h"

enum { CHUNK = 1 << 20 };

/* Lines of p[0, n) that are no UTF-8. */
static int64_t count_bad_lines(const char *p, size_t n)
{
    int64_t bad = 0;
    if (q_utf8_valid(p, n, NULL))
        return 0;
    for (size_t at = 0, end; at < n; at = end) {
        const char *eol = memchr(p + at, '\n', n - at);
        end = eol ? (size_t)(eol - p) + 1 : n;
        bad += !q_utf8_valid(p + at, end - at, NULL);
    }
    return bad;
}

/* Where a chunk may be cut: behind its last line end, else before a character that may be unfinished. */
static size_t cut(const char *p, size_t n)
{
    const char *eol = memrchr(p, '\n', n);
    if (eol)
        return (size_t)(eol - p) + 1;
    size_t back = 0;
    while (back < 3 && back < n && (p[n - 1 - back] & 0xC0) == 0x80)
        back++;
    return back < n && (p[n - 1 - back] & 0xC0) == 0xC0 ? n - 1 - back : n;
}

static enum q_code look(struct decode *d, char *buf, int64_t *bad, struct q_err *err)
{
    size_t kept = 0, got;
    do {
        enum q_code code = decode_read(d, buf + kept, CHUNK, &got, err);
        if (code)
            return code;
        size_t n = kept + got, end = got ? cut(buf, n) : n;
        if (n - end > CHUNK / 2) /* a line without an end: judged in pieces */
            end = n;
        *bad += count_bad_lines(buf, end);
        kept = n - end;
        memmove(buf, buf + end, kept);
    } while (got);
    return Q_OK;
}

enum q_code decode_guess(struct q_arena *arena, const char *path, struct decode_options *options,
                         struct q_err *err)
{
    struct q_arena *scratch = q_arena_new(NULL, "guess");
    struct decode_options plain = *options;
    struct decode *d;
    int64_t bad = 0;
    plain.encoding = "auto";
    enum q_code code = decode_open(scratch, path, &plain, &d, err);
    if (!code)
        code = look(d, q_alloc(scratch, 2 * CHUNK), &bad, err);
    q_arena_free(scratch);
    *options = plain;
    if (bad) {
        options->encoding = "windows-1252";
        options->note = q_printf(arena, " (guessed: %lld line%s not UTF-8)", (long long)bad,
                                 bad == 1 ? " is" : "s are");
    }
    return code;
}
