/* SPDX-License-Identifier: Apache-2.0 */
#include "format/read/xlsx_strings.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"
#include "base/vec.h"

/*
 * Strings stand one behind the other in a space of bytes, each with its length (four bytes, low first) before it. Where
 * every GROUP-th one begins is kept; the others are found from there. The space is cut into blocks: the first ones stay
 * in memory, the others go to the file and come back through a cache. Cells may name strings in any order, so blocks are
 * small: what is read of the file for one string is copied for nothing otherwise.
 */
enum {
    GROUP = 2,
    PLACES = 1 << 12, /* of groups, that are allocated together */
    BLOCK = 1 << 11,
    BLOCKS_KEPT = 24 << 10, /* 48 MiB */
    SLOTS = 1 << 12,        /* 8 MiB */
    LENGTH = 4,
};

struct xlsx_strings {
    struct q_arena *arena;
    struct xlsx_zip *zip;
    struct xlsx_part *part;
    const char *dir;
    bool ended;
    /* What is parsed. */
    struct q_buf text; /* of the string that is open */
    bool in_string, in_text;
    unsigned aside; /* depth below something that is no text of the string: how to pronounce it */
    int64_t n;      /* strings that are complete */
    /* Where it is kept. */
    Q_VEC(int64_t *) groups; /* PLACES each */
    Q_VEC(char *) kept;
    char *tail;       /* block that is filled */
    int64_t at;       /* bytes in the space */
    int fd;           /* of the file, or -1 */
    enum q_code code; /* the file could not be written */
    struct q_err why;
    char *slots;
    int64_t *slot_block;
    struct q_buf out;
};

/* ---- the space ---- */

static enum q_code open_file(struct xlsx_strings *s, struct q_err *err)
{
    const char *dir = s->dir ? s->dir : getenv("TMPDIR");
    dir = dir && *dir ? dir : "/tmp";
    char *path = q_printf(s->arena, "%s/quern-strings-XXXXXX", dir);
    s->fd = mkostemp(path, O_CLOEXEC);
    if (s->fd < 0)
        return q_fail(err, Q_NOSPACE, "could not make a temporary file in \"%s\": %s", dir,
                      strerror(errno));
    (void)unlink(path); /* it has no name from now on and goes away with the process */
    s->slots = q_alloc_array(s->arena, SLOTS, BLOCK);
    s->slot_block = q_alloc_array(s->arena, SLOTS, sizeof *s->slot_block);
    for (size_t i = 0; i < SLOTS; i++)
        s->slot_block[i] = -1;
    return Q_OK;
}

static enum q_code write_block(struct xlsx_strings *s, struct q_err *err)
{
    off_t at = (off_t)(s->at - BLOCK) - (off_t)BLOCKS_KEPT * BLOCK;
    enum q_code code = s->fd < 0 ? open_file(s, err) : Q_OK;
    for (size_t n = 0; !code && n < BLOCK;) {
        ssize_t some = pwrite(s->fd, s->tail + n, BLOCK - n, at + (off_t)n);
        if (some < 0 && errno != EINTR)
            code = q_fail(err, Q_NOSPACE, "could not write a temporary file: %s", strerror(errno));
        n += some > 0 ? (size_t)some : 0;
    }
    return code;
}

static void add_bytes(struct xlsx_strings *s, const char *p, size_t n)
{
    while (n && !s->code) {
        size_t used = (size_t)(s->at % BLOCK), some = BLOCK - used;
        if (!s->tail)
            s->tail = q_alloc(s->arena, BLOCK);
        some = some < n ? some : n;
        memcpy(s->tail + used, p, some);
        p += some;
        n -= some;
        s->at += (int64_t)some;
        if (used + some < BLOCK)
            continue;
        if (s->kept.n < BLOCKS_KEPT) {
            *q_vec_push(s->arena, &s->kept) = s->tail;
            s->tail = NULL;
        } else {
            s->code = write_block(s, &s->why);
        }
    }
}

/* The block of an offset; NULL and *code when the file cannot be read. */
static const char *block_at(struct xlsx_strings *s, int64_t offset, struct q_err *err)
{
    int64_t block = offset / BLOCK;
    if (block < (int64_t)s->kept.n)
        return s->kept.v[block];
    if (block == s->at / BLOCK)
        return s->tail;
    size_t slot = (size_t)block % SLOTS;
    char *p = s->slots + slot * BLOCK;
    if (s->slot_block[slot] == block)
        return p;
    s->slot_block[slot] = -1;
    off_t at = (off_t)(block - BLOCKS_KEPT) * BLOCK;
    for (size_t n = 0; n < BLOCK;) {
        ssize_t some = pread(s->fd, p + n, BLOCK - n, at + (off_t)n);
        if (some == 0 || (some < 0 && errno != EINTR)) {
            (void)q_fail(err, Q_NOSPACE, "could not read a temporary file: %s",
                         some ? strerror(errno) : "it is too short");
            return NULL;
        }
        n += some > 0 ? (size_t)some : 0;
    }
    s->slot_block[slot] = block;
    return p;
}

/* Bytes of the space, in place where one block has them all. */
static const char *bytes_at(struct xlsx_strings *s, int64_t offset, size_t n, struct q_err *err)
{
    const char *p = block_at(s, offset, err);
    size_t within = (size_t)(offset % BLOCK);
    if (!p || within + n <= BLOCK)
        return p ? p + within : NULL;
    q_buf_clear(&s->out);
    while (p && n) {
        size_t some = BLOCK - within < n ? BLOCK - within : n;
        q_buf_add(&s->out, p + within, some);
        n -= some;
        offset += (int64_t)some;
        within = 0;
        p = n ? block_at(s, offset, err) : p;
    }
    return p ? q_buf_text(&s->out) : NULL;
}

static uint32_t length_of(const char *p)
{
    const unsigned char *u = (const unsigned char *)p;
    return (uint32_t)u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16 | (uint32_t)u[3] << 24;
}

/* ---- parsing ---- */

static int hex(const char *p)
{
    int value = 0;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        if (!isxdigit((unsigned char)c))
            return -1;
        value = value * 16 + (c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
    }
    return value;
}

size_t xlsx_unescape(char *p, size_t n)
{
    char *found = n >= 7 ? memchr(p, '_', n - 6) : NULL;
    if (!found)
        return n;
    size_t out = (size_t)(found - p);
    for (size_t i = out; i < n;) {
        int c =
            n - i >= 7 && p[i] == '_' && p[i + 1] == 'x' && p[i + 6] == '_' ? hex(p + i + 2) : -1;
        if (c <= 0 || (c >= 0xD800 && c < 0xE000)) {
            p[out++] = p[i++];
            continue;
        }
        if (c < 0x80) {
            p[out++] = (char)c;
        } else if (c < 0x800) {
            p[out++] = (char)(0xC0 | c >> 6);
            p[out++] = (char)(0x80 | (c & 63));
        } else {
            p[out++] = (char)(0xE0 | c >> 12);
            p[out++] = (char)(0x80 | (c >> 6 & 63));
            p[out++] = (char)(0x80 | (c & 63));
        }
        i += 7;
    }
    return out;
}

static void on_start(void *self, const struct xml_tag *tag)
{
    struct xlsx_strings *s = self;
    if (s->aside) {
        s->aside++;
    } else if (q_streq(tag->name, "si")) {
        s->in_string = true;
        q_buf_clear(&s->text);
    } else if (q_streq(tag->name, "t")) {
        s->in_text = s->in_string;
    } else if (q_streq(tag->name, "rPh")) {
        s->aside = 1;
    } else {
        s->in_text = false;
    }
}

static void note_place(struct xlsx_strings *s)
{
    int64_t group = s->n / GROUP;
    if (s->n % GROUP)
        return;
    if (group % PLACES == 0)
        *q_vec_push(s->arena, &s->groups) = q_alloc_array(s->arena, PLACES, sizeof(int64_t));
    s->groups.v[group / PLACES][group % PLACES] = s->at;
}

static void end_string(struct xlsx_strings *s)
{
    size_t n = s->text.n ? xlsx_unescape(s->text.p, s->text.n) : 0;
    char length[LENGTH] = {(char)(n & 255), (char)(n >> 8 & 255), (char)(n >> 16 & 255),
                           (char)(n >> 24)};
    note_place(s);
    add_bytes(s, length, LENGTH);
    add_bytes(s, q_buf_text(&s->text), n);
    s->n++;
    s->in_string = false;
    if (s->code)
        xml_push_fail(xlsx_part_push(s->part), "no room");
}

static void on_end(void *self, const char *name)
{
    struct xlsx_strings *s = self;
    if (s->aside)
        s->aside--;
    else if (q_streq(name, "t"))
        s->in_text = false;
    else if (s->in_string && q_streq(name, "si"))
        end_string(s);
}

static void on_text(void *self, const char *p, size_t n)
{
    struct xlsx_strings *s = self;
    if (!s->in_text || s->aside)
        return;
    q_buf_add(&s->text, p, n);
    if (s->text.full)
        xml_push_fail(xlsx_part_push(s->part), "a string is longer than %zu bytes",
                      xlsx_zip_limits(s->zip)->max_text);
}

/* ---- life ---- */

static void close_file(void *strings)
{
    struct xlsx_strings *s = strings;
    if (s->fd >= 0)
        (void)close(s->fd); /* what is in it is not needed any more */
}

enum q_code xlsx_strings_open(struct q_arena *arena, struct xlsx_zip *zip, const char *part,
                              const char *dir, struct xlsx_strings **out, struct q_err *err)
{
    static const struct xml_events events = {on_start, on_end, on_text};
    struct xlsx_strings *s = q_new(arena, struct xlsx_strings);
    s->arena = arena;
    s->zip = zip;
    s->dir = dir;
    s->fd = -1;
    s->ended = !part;
    q_buf_init_in(&s->text, arena, xlsx_zip_limits(zip)->max_text);
    q_buf_init_in(&s->out, arena, xlsx_zip_limits(zip)->max_text + 1);
    q_arena_defer(arena, close_file, s);
    *out = s;
    return part ? xlsx_part_open(arena, zip, part, &events, s, &s->part, err) : Q_OK;
}

void xlsx_strings_close(struct xlsx_strings *s)
{
    xlsx_part_close(s->part);
    s->ended = true;
}

/* Parse on until there is a string of this number. */
static enum q_code read_to(struct xlsx_strings *s, int64_t number, struct q_err *err)
{
    enum q_code code = Q_OK;
    while (!code && !s->ended && s->n <= number)
        code = xlsx_part_next(s->part, &s->ended, err);
    if (s->code) {
        if (err)
            *err = s->why;
        return s->code;
    }
    return code;
}

enum q_code xlsx_strings_get(struct xlsx_strings *s, int64_t number, struct q_str *text,
                             struct q_err *err)
{
    *text = (struct q_str){NULL, 0};
    enum q_code code = read_to(s, number, err);
    if (code || number < 0 || number >= s->n)
        return code;
    int64_t group = number / GROUP, at = s->groups.v[group / PLACES][group % PLACES];
    uint32_t n = 0;
    for (int64_t i = number / GROUP * GROUP; i <= number; i++) {
        const char *length = bytes_at(s, at, LENGTH, err);
        if (!length)
            return Q_NOSPACE;
        n = length_of(length);
        at += LENGTH + (i < number ? n : 0);
    }
    text->p = n ? bytes_at(s, at, n, err) : "";
    text->n = n;
    return text->p ? Q_OK : Q_NOSPACE;
}
