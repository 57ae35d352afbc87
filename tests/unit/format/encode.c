/* SPDX-License-Identifier: Apache-2.0 */
/* What is compressed comes out of the decoder as it was, and errors behind the sink come through. */
#include "format/encode/encode.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "format/decode/decode.h"
#include "unit.h"

enum { MUCH = 3 << 20 };

static char path[] = "/tmp/quern-encode-XXXXXX";
static struct q_arena *arena;

static int make(void **state)
{
    (void)state;
    arena = q_arena_new(NULL, "test");
    int fd = mkstemp(path);
    return fd < 0 || close(fd);
}

static int drop(void **state)
{
    (void)state;
    q_arena_free(arena);
    return unlink(path);
}

/* Through a file and back, in pieces of `step` bytes. */
static void round_trip(const char *how, const char *text, size_t n, size_t step)
{
    struct q_err err = {0};
    struct write_sink sink;
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(encode_sink(arena, how, write_to_file(f), &sink, &err), Q_OK);
    for (size_t at = 0; at < n; at += step)
        assert_int_equal(
            sink.put(sink.self, (struct q_str){text + at, n - at < step ? n - at : step}, &err),
            Q_OK);
    assert_int_equal(sink.flush(sink.self, &err), Q_OK);
    assert_int_equal(fclose(f), 0);

    struct decode_options options = {.compression = how, .encoding = "utf-8", .max_ratio = 100000};
    struct decode *d;
    char *back = malloc(n + 1);
    size_t got = 0;
    if (decode_open(arena, path, &options, &d, &err) || decode_read(d, back, n + 1, &got, &err))
        fail_msg("%s, %zu bytes: %s", how, n, err.message);
    decode_close(d);
    if (got != n || (n && memcmp(back, text, n) != 0))
        fail_msg("%s: %zu bytes came back as %zu", how, n, got);
    free(back);
}

static void texts_of_all_sizes_come_back(void **state)
{
    (void)state;
    char *noise = malloc(MUCH), *same = malloc(MUCH);
    uint64_t x = 88172645463325252U;
    for (size_t i = 0; i < MUCH; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        noise[i] = (char)(x >> 56 & 0x7f); /* hardly to be compressed */
        same[i] = 'a';
    }
    static const char *const how[] = {"gzip", "zstd"};
    for (size_t i = 0; i < 2; i++) {
        round_trip(how[i], "", 0, 1);
        round_trip(how[i], "a\n", 2, 1);
        round_trip(how[i], noise, MUCH, MUCH);
        round_trip(how[i], noise, MUCH, 65536);
        round_trip(how[i], noise, 128 * 1024, 128 * 1024);
        round_trip(how[i], same, MUCH, 8191);
    }
    free(noise);
    free(same);
}

struct full {
    size_t room;
};

static enum q_code put(void *self, struct q_str text, struct q_err *err)
{
    struct full *f = self;
    if (text.n > f->room)
        return q_fail(err, Q_NOSPACE, "could not write: it is full");
    f->room -= text.n;
    return Q_OK;
}

static void a_full_disk_is_told_by_put_or_by_flush(void **state)
{
    (void)state;
    static const char *const how[] = {"gzip", "zstd"};
    for (size_t i = 0; i < 2; i++) {
        struct q_err err = {0};
        struct full full = {.room = 4};
        struct write_sink sink;
        assert_int_equal(
            encode_sink(arena, how[i], (struct write_sink){&full, put, NULL}, &sink, &err), Q_OK);
        enum q_code code = sink.put(sink.self, Q_STR("some text"), &err);
        assert_int_equal(code ? code : sink.flush(sink.self, &err), Q_NOSPACE);
        assert_string_equal(err.message, "could not write: it is full");
    }
}

static void names_tell_by_their_ending(void **state)
{
    (void)state;
    assert_string_equal(encode_by_name("a.csv.gz"), "gzip");
    assert_string_equal(encode_by_name("a.zst"), "zstd");
    assert_null(encode_by_name("a.gzip"));
    assert_null(encode_by_name("gz"));
    assert_string_equal(encode_bare_name(arena, "a.csv.gz"), "a.csv");
    assert_string_equal(encode_bare_name(arena, "a.csv"), "a.csv");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_of_all_sizes_come_back),
        cmocka_unit_test(a_full_disk_is_told_by_put_or_by_flush),
        cmocka_unit_test(names_tell_by_their_ending),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
