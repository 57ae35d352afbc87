/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding: what comes out of good files, and what broken ones are told. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "format/decode/decode.h"

static char path[] = "/tmp/quern-decode-XXXXXX";

static void write_file(const void *p, size_t n)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

struct result {
    enum q_code code;
    struct q_err err;
    char text[4096];
    size_t n;
    char shown[64];
};

static struct result decode(const char *compression, const char *encoding)
{
    struct result r = {0};
    struct decode *d;
    struct q_arena *arena = q_arena_new(NULL, "test");
    struct decode_options options = {.compression = compression, .encoding = encoding};
    r.code = decode_open(arena, path, &options, &d, &r.err);
    if (!r.code) {
        (void)snprintf(r.shown, sizeof r.shown, "%s", decode_describe(d));
        for (size_t got = 1;
             !r.code && got;) { /* in small steps: no character may be lost between two */
            r.code = decode_read(d, r.text + r.n, 3, &got, &r.err);
            r.n += got;
        }
    }
    q_arena_free(arena);
    return r;
}

static size_t gzip(const char *text, size_t n, unsigned char *out, size_t cap)
{
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (unsigned char *)(uintptr_t)text;
    z.avail_in = (unsigned)n;
    z.next_out = out;
    z.avail_out = (unsigned)cap;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t m = cap - z.avail_out;
    (void)deflateEnd(&z);
    return m;
}

static void encodings_become_utf8(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        const char *encoding, *text, *shown;
    } cases[] = {
        {"a,\xC3\xA4\n", 5, NULL, "a,\xC3\xA4\n", "utf-8"},
        {"\xEF\xBB\xBF"
         "a\n",
         5, NULL, "a\n", "utf-8 with BOM"},
        {"\xFF\xFE"
         "a\0\xE4\0",
         6, NULL, "a\xC3\xA4", "utf-16le with BOM"},
        {"\xFE\xFF\0a\0\xE4", 6, "utf-16", "a\xC3\xA4", "utf-16be with BOM"},
        {"a\0\xE4\0", 4, "utf-16le", "a\xC3\xA4", "utf-16le"},
        {"\xFF\xFE\x3D\xD8\x00\xDE", 6, NULL, "\xF0\x9F\x98\x80", "utf-16le with BOM"},
        {"\x80\xE4", 2, "windows-1252", "\xE2\x82\xAC\xC3\xA4", "windows-1252"},
        {"\xE4", 1, "latin1", "\xC3\xA4", "latin1"},
        {"a\x81z", 3, "windows-1252", "a\xFFz",
         "windows-1252"}, /* no such character: spoils its record */
        {"\xFF\xFE\x00\xD8"
         "a\0",
         6, NULL,
         "\xFF"
         "a",
         "utf-16le with BOM"}, /* half a pair */
        {"\xFF\xFE"
         "a\0b",
         5, NULL, "a\xFF", "utf-16le with BOM"}, /* half a character at the end */
        {"a\xFF", 2, NULL, "a\xFF", "utf-8"},    /* passes: the reader rejects the record */
        {"", 0, NULL, "", "utf-8"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_file(cases[i].bytes, cases[i].n);
        struct result r = decode(NULL, cases[i].encoding);
        assert_int_equal(r.code, Q_OK);
        assert_string_equal(r.shown, cases[i].shown);
        assert_int_equal(r.n, strlen(cases[i].text));
        assert_memory_equal(r.text, cases[i].text, r.n);
    }
}

static void a_wrong_or_unknown_encoding_is_refused(void **state)
{
    (void)state;
    write_file("\xFF\xFE"
               "a\0",
               4);
    assert_int_equal(decode(NULL, "windows-1252").code, Q_SOURCE);
    assert_int_equal(decode(NULL, "klingon").code, Q_SOURCE);
    write_file("a", 1);
    assert_int_equal(decode(NULL, "klingon").code, Q_CONFIG);
    assert_int_equal(decode("lzma", NULL).code, Q_CONFIG);
}

static void members_and_frames_follow_one_another(void **state)
{
    (void)state;
    unsigned char packed[4096];
    size_t n = gzip("hello ", 6, packed, sizeof packed);
    n += gzip("world", 5, packed + n, sizeof packed - n);
    write_file(packed, n);
    struct result r = decode(NULL, NULL);
    assert_int_equal(r.code, Q_OK);
    assert_string_equal(r.text, "hello world");
    assert_string_equal(r.shown, "gzip, utf-8");
    n = ZSTD_compress(packed, sizeof packed, "hello ", 6, 3);
    n += ZSTD_compress(packed + n, sizeof packed - n, "world", 5, 3);
    write_file(packed, n);
    r = decode(NULL, NULL);
    assert_int_equal(r.code, Q_OK);
    assert_string_equal(r.text, "hello world");
    assert_string_equal(r.shown, "zstd, utf-8");
}

static void what_is_broken_is_said_with_its_place(void **state)
{
    (void)state;
    unsigned char packed[4096], copy[4096];
    size_t n = gzip("hello, this is a text", 21, packed, sizeof packed);
    for (size_t cut = 2; cut < n; cut++) {
        write_file(packed, cut);
        struct result r = decode("gzip", NULL);
        assert_int_equal(r.code, Q_SOURCE);
        assert_non_null(strstr(r.err.message, "cut off at byte"));
    }
    for (size_t at = n - 8; at < n; at++) { /* checksum and length */
        memcpy(copy, packed, n);
        copy[at] ^= 1;
        write_file(copy, n);
        assert_int_equal(decode("gzip", NULL).code, Q_SOURCE);
    }
    memcpy(packed + n, "junk", 4);
    write_file(packed, n + 4);
    struct result r = decode(NULL, NULL);
    assert_int_equal(r.code, Q_SOURCE);
    assert_non_null(strstr(r.err.message, "behind the end of the archive"));
    memset(packed + n, 0, 512);
    write_file(packed, n + 512); /* padding of tapes */
    assert_int_equal(decode(NULL, NULL).code, Q_OK);
    write_file("", 0);
    assert_int_equal(decode("gzip", NULL).code, Q_SOURCE);
    assert_int_equal(decode("zstd", NULL).code, Q_SOURCE);
}

static void a_cut_zstd_frame_or_a_wrong_checksum_is_an_error(void **state)
{
    (void)state;
    unsigned char packed[4096];
    ZSTD_CCtx *z = ZSTD_createCCtx();
    (void)ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1);
    size_t n = ZSTD_compress2(z, packed, sizeof packed, "hello, this is a text", 21);
    (void)ZSTD_freeCCtx(z);
    for (size_t cut = 4; cut < n; cut++) {
        write_file(packed, cut);
        assert_int_equal(decode("zstd", NULL).code, Q_SOURCE);
    }
    packed[n - 1] ^= 1;
    write_file(packed, n);
    assert_int_equal(decode("zstd", NULL).code, Q_SOURCE);
}

static void a_bomb_is_refused(void **state)
{
    (void)state;
    enum { BIG = 1 << 20 };
    struct q_arena *arena = q_arena_new(NULL, "test");
    char *zeros = q_alloc(arena, BIG);
    unsigned char *packed = q_alloc(arena, BIG);
    write_file(packed, gzip(zeros, BIG, packed, BIG));
    struct decode_options options = {.max_bytes = 100000};
    struct q_err err = {0};
    struct decode *d;
    size_t got = 1;
    enum q_code code = decode_open(arena, path, &options, &d, &err);
    while (!code && got)
        code = decode_read(d, zeros, 4096, &got, &err);
    assert_int_equal(code, Q_SOURCE);
    assert_non_null(strstr(err.message, "more than 100000 bytes"));
    q_arena_free(arena);
}

static void a_file_that_shrinks_is_an_error(void **state)
{
    (void)state;
    struct q_arena *arena = q_arena_new(NULL, "test");
    struct decode_options options = {0};
    struct q_err err = {0};
    struct decode *d;
    char buf[64];
    size_t got;
    write_file("0123456789", 10);
    assert_int_equal(decode_open(arena, path, &options, &d, &err), Q_OK);
    assert_int_equal(decode_read(d, buf, 6, &got, &err), Q_OK);
    assert_int_equal(truncate(path, 7), 0);
    assert_int_equal(decode_read(d, buf, 4, &got, &err), Q_SOURCE);
    assert_non_null(strstr(err.message, "shrank"));
    q_arena_free(arena);
}

static void skipping_lands_where_reading_does(void **state)
{
    (void)state;
    static const char text[] = "\xEF\xBB\xBF"
                               "0123456789";
    unsigned char packed[256];
    char buf[4];
    for (int how = 0; how < 2; how++) {
        if (how)
            write_file(packed, gzip(text, strlen(text), packed, sizeof packed));
        else
            write_file(text, strlen(text));
        for (int64_t at = 0; at < 10; at++) {
            struct q_arena *arena = q_arena_new(NULL, "test");
            struct decode_options options = {0};
            struct decode *d;
            size_t got;
            assert_int_equal(decode_open(arena, path, &options, &d, NULL), Q_OK);
            assert_int_equal(decode_skip_to(d, at, NULL), Q_OK);
            assert_int_equal(decode_read(d, buf, 1, &got, NULL), Q_OK);
            assert_int_equal(buf[0], '0' + at);
            q_arena_free(arena);
        }
    }
}

static void what_is_no_file_is_refused(void **state)
{
    (void)state;
    struct q_arena *arena = q_arena_new(NULL, "test");
    struct decode_options options = {0};
    struct q_err err = {0};
    struct decode *d;
    assert_int_equal(decode_open(arena, "/tmp", &options, &d, &err), Q_SOURCE);
    assert_non_null(strstr(err.message, "directory"));
    assert_int_equal(decode_open(arena, "/tmp/quern-there-is-none", &options, &d, &err), Q_SOURCE);
    assert_int_equal(decode_open(arena, "/dev/null", &options, &d, &err), Q_SOURCE);
    q_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodings_become_utf8),
        cmocka_unit_test(a_wrong_or_unknown_encoding_is_refused),
        cmocka_unit_test(members_and_frames_follow_one_another),
        cmocka_unit_test(what_is_broken_is_said_with_its_place),
        cmocka_unit_test(a_cut_zstd_frame_or_a_wrong_checksum_is_an_error),
        cmocka_unit_test(a_bomb_is_refused),
        cmocka_unit_test(a_file_that_shrinks_is_an_error),
        cmocka_unit_test(skipping_lands_where_reading_does),
        cmocka_unit_test(what_is_no_file_is_refused),
    };
    int fd = mkstemp(path);
    if (fd < 0)
        return 1;
    (void)close(fd);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    (void)unlink(path);
    return failed;
}
