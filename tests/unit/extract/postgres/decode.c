/* SPDX-License-Identifier: Apache-2.0 */
/* PostgreSQL's binary COPY: what is decoded, what is a reject, and streams that are damaged. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch/cell.h"
#include "extract/postgres/decode.h"

/* ---- making streams ---- */

struct stream {
    char p[4096];
    size_t n;
};

static void add(struct stream *s, const void *p, size_t n)
{
    assert_true(s->n + n <= sizeof s->p);
    memcpy(s->p + s->n, p, n);
    s->n += n;
}

/* A big-endian integer of `size` bytes. */
static void add_int(struct stream *s, int64_t v, size_t size)
{
    for (size_t i = size; i-- > 0;) {
        char c = (char)(v >> (8 * i));
        add(s, &c, 1);
    }
}

static void add_field(struct stream *s, int64_t v, size_t size)
{
    add_int(s, (int64_t)size, 4);
    add_int(s, v, size);
}

static void add_bytes(struct stream *s, const char *text, size_t n)
{
    add_int(s, (int64_t)n, 4);
    add(s, text, n);
}

static void add_double(struct stream *s, double v)
{
    int64_t bits;
    memcpy(&bits, &v, sizeof bits);
    add_field(s, bits, 8);
}

/* A numeric's bytes of decimal text: groups of four digits from the point outwards. */
static size_t numeric_of(const char *text, char out[static 512])
{
    struct stream s = {.n = 0};
    char whole[256] = "", fraction[256] = "";
    int sign = *text == '-' ? 0x4000 : 0;
    text += sign != 0;
    size_t point = strcspn(text, "."), scale = text[point] ? strlen(text + point + 1) : 0;
    size_t lead = (4 - point % 4) % 4, trail = (4 - scale % 4) % 4;
    (void)snprintf(whole, sizeof whole, "%.*s%.*s", (int)lead, "000", (int)point, text);
    if (scale)
        (void)snprintf(fraction, sizeof fraction, "%s%.*s", text + point + 1, (int)trail, "000");
    char digits[512];
    (void)snprintf(digits, sizeof digits, "%s%s", whole, fraction);
    size_t groups = strlen(digits) / 4;
    int weight = (int)(strlen(whole) / 4) - 1;
    const char *p = digits;
    while (groups && strncmp(p, "0000", 4) == 0) { /* as the server does */
        p += 4;
        groups--;
        weight--;
    }
    while (groups && strncmp(p + 4 * (groups - 1), "0000", 4) == 0)
        groups--;
    add_int(&s, (int64_t)groups, 2);
    add_int(&s, groups ? weight : 0, 2);
    add_int(&s, sign, 2);
    add_int(&s, (int64_t)scale, 2);
    for (size_t i = 0; i < groups; i++) {
        char four[5] = {p[4 * i], p[4 * i + 1], p[4 * i + 2], p[4 * i + 3], 0};
        add_int(&s, strtol(four, NULL, 10), 2);
    }
    memcpy(out, s.p, s.n);
    return s.n;
}

static void add_numeric(struct stream *s, const char *text)
{
    char bytes[512];
    size_t n = numeric_of(text, bytes);
    add_bytes(s, bytes, n);
}

static void begin(struct stream *s)
{
    s->n = 0;
    add(s, "PGCOPY\n\377\r\n", 11);
    add_int(s, 0, 4);
    add_int(s, 3, 4); /* an extension */
    add(s, "abc", 3);
}

/* ---- reading them ---- */

enum { FIELDS = 9 };

static const struct pg_field fields[FIELDS] = {
    {.name = "id", .kind = PG_INT4, .type = {.id = Q_T_INT16}, .expected = "smallint"},
    {.name = "name",
     .kind = PG_TEXT,
     .type = {.id = Q_T_TEXT},
     .expected = "text",
     .check_utf8 = true},
    {.name = "price",
     .kind = PG_NUMERIC,
     .type = {.id = Q_T_DECIMAL, .width = 9, .scale = 2},
     .expected = "decimal(9,2)"},
    {.name = "day", .kind = PG_DATE, .type = {.id = Q_T_DATE}, .expected = "date"},
    {.name = "at", .kind = PG_TIMESTAMP, .type = {.id = Q_T_TIMESTAMP}, .expected = "timestamp"},
    {.name = "f", .kind = PG_FLOAT8, .type = {.id = Q_T_DOUBLE}, .expected = "double"},
    {.name = "doc", .kind = PG_JSONB, .type = {.id = Q_T_JSON}, .expected = "json"},
    {.name = "u", .kind = PG_UUID, .type = {.id = Q_T_UUID}, .expected = "uuid"},
    {.name = "n",
     .kind = PG_CAST,
     .type = {.id = Q_T_INT64},
     .expected = "bigint",
     .how = {.type = {.id = Q_T_INT64}, .empty_fails = true}},
};

struct reading {
    struct q_arena *arena;
    struct batch batch;
    struct batch_col cols[FIELDS + 1];
    struct q_buf rejects;
};

static void put_far(struct batch_col *col, size_t row, const char *p, size_t n)
{
    struct reading *r = col->vector;
    struct batch_text *t = &((struct batch_text *)col->data)[row];
    *t = (struct batch_text){.far_n = (uint32_t)n, .far = q_strndup(r->arena, p, n)};
}

static void need_valid(struct batch_col *col)
{
    struct reading *r = col->vector;
    col->valid = q_alloc_array(r->arena, BATCH_ROWS / 64, sizeof *col->valid);
    memset(col->valid, 0xFF, BATCH_ROWS / 8);
}

static enum q_code put_reject(void *self, const struct reject *x, struct q_err *err)
{
    struct reading *r = self;
    (void)err;
    q_buf_printf(&r->rejects, "%lld %s %s <%.*s> %.*s\n", (long long)x->pos, x->reason, x->column,
                 (int)x->value.n, x->value.p, (int)x->raw.n, x->raw.p);
    return Q_OK;
}

static struct reading *reading_new(void)
{
    struct q_arena *arena = q_arena_new(NULL, "test");
    struct reading *r = q_new(arena, struct reading);
    r->arena = arena;
    q_buf_init_in(&r->rejects, arena, 1 << 20);
    r->batch = (struct batch){.cols = r->cols, .n_cols = FIELDS + 1};
    for (size_t i = 0; i <= FIELDS; i++)
        r->cols[i] = (struct batch_col){.type = i < FIELDS ? fields[i].type : Q_TYPE(Q_T_INT64),
                                        .data = q_alloc_array(arena, BATCH_ROWS, 16),
                                        .vector = r,
                                        .put_far = put_far,
                                        .need_valid = need_valid};
    return r;
}

/* All of a stream in pieces of `size` bytes, each in memory of its own, so that reading beyond one is found. */
static enum q_code read_all(struct reading *r, const char *p, size_t n, size_t size,
                            struct q_err *err)
{
    const struct reject_sink sink = {.self = r, .put = put_reject};
    struct pg_decoder *d = pg_decoder_new(r->arena, fields, FIELDS, true, &sink);
    pg_decoder_begin(d, 100);
    enum q_code code = Q_OK;
    for (size_t at = 0; at < n && !code; at += size) {
        size_t part = n - at < size ? n - at : size;
        char *piece = malloc(part);
        assert_non_null(piece);
        memcpy(piece, p + at, part);
        struct q_str bytes = {piece, part};
        code = pg_decode(d, &bytes, &r->batch, err);
        if (!code && r->batch.rows < BATCH_ROWS)
            assert_int_equal(bytes.n, 0);
        free(piece);
    }
    return code ? code : pg_decoder_end(d, err);
}

static const char *rows_text(struct reading *r)
{
    struct q_buf *out = q_new(r->arena, struct q_buf);
    q_buf_init_in(out, r->arena, 1 << 20);
    for (size_t row = 0; row < r->batch.rows; row++) {
        for (size_t i = 0; i <= FIELDS; i++) {
            q_buf_adds(out, i ? "|" : "");
            if (batch_is_null(&r->cols[i], row))
                q_buf_adds(out, "~");
            else
                batch_cell_text(&r->cols[i], row, out);
        }
        q_buf_adds(out, "\n");
    }
    return q_buf_text(out);
}

static void add_row(struct stream *s, int64_t id, const char *name, const char *price, int32_t day,
                    int64_t at, const char *n)
{
    add_int(s, FIELDS, 2);
    add_field(s, id, 4);
    add_bytes(s, name, strlen(name));
    add_numeric(s, price);
    add_field(s, day, 4);
    add_field(s, at, 8);
    add_double(s, 0.25);
    add_bytes(s, "\1{\"a\": 1}", 9);
    add_bytes(s, "\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef", 16);
    add_bytes(s, n, strlen(n));
}

static void sample(struct stream *s)
{
    begin(s);
    add_row(s, 1, "short", "-1234567.89", 0, 1, "17");
    add_row(s, -32768, "a text that is longer than twelve bytes", "0.10", -11016, -1,
            "-9223372036854775808");
    add_int(s, FIELDS, 2);
    for (size_t i = 0; i < FIELDS; i++)
        add_int(s, -1, 4);
    add_row(s, 40000, "\xff", "1.005", INT32_MAX, INT64_MIN, "x");
    add_row(s, 2, "", "9999999.99", 5, 0, "0");
    add_int(s, -1, 2);
}

static const char expected_rows[] =
    "1|short|-1234567.89|2000-01-01|2000-01-01 00:00:00.000001|0.25|{\"a\": 1}|01234567-89ab-cdef-0123-456789abcdef|17|100\n"
    "-32768|a text that is longer than twelve bytes|0.10|1969-11-03|1999-12-31 23:59:59.999999|0.25|{\"a\": 1}|"
    "01234567-89ab-cdef-0123-456789abcdef|-9223372036854775808|101\n"
    "~|~|~|~|~|~|~|~|~|102\n"
    "2||9999999.99|2000-01-06|2000-01-01 00:00:00|0.25|{\"a\": 1}|01234567-89ab-cdef-0123-456789abcdef|0|104\n";

static void rows_are_decoded_whatever_pieces_they_come_in(void **state)
{
    struct stream s;
    (void)state;
    sample(&s);
    for (size_t size = 1; size <= s.n; size += size < 40 ? 1 : 97) {
        struct reading *r = reading_new();
        struct q_err err = {0};
        assert_int_equal(read_all(r, s.p, s.n, size, &err), Q_OK);
        assert_string_equal(rows_text(r), expected_rows);
        q_arena_free(r->arena);
    }
}

static void a_row_that_is_none_is_a_reject_with_all_its_reasons(void **state)
{
    struct stream s;
    struct q_err err = {0};
    struct reading *r = reading_new();
    (void)state;
    sample(&s);
    assert_int_equal(read_all(r, s.p, s.n, s.n, &err), Q_OK);
    const char *text = q_buf_text(&r->rejects);
    assert_non_null(strstr(text, "103 cast id <40000> {\"id\":\"40000\","));
    assert_non_null(strstr(text, "103 invalid_utf8 name "));
    assert_non_null(strstr(text, "103 cast price <1.005> "));
    assert_non_null(strstr(text, "103 cast day <infinity> "));
    assert_non_null(strstr(text, "103 cast at <-infinity> "));
    assert_non_null(strstr(text, "103 cast n <x> "));
    assert_non_null(strstr(text, "\"u\":\"01234567-89ab-cdef-0123-456789abcdef\",\"n\":\"x\"}"));
    q_arena_free(r->arena);
}

static void a_stream_that_ends_anywhere_is_an_error(void **state)
{
    struct stream s;
    (void)state;
    sample(&s);
    for (size_t n = 0; n < s.n; n++) {
        struct reading *r = reading_new();
        struct q_err err = {0};
        assert_int_equal(read_all(r, s.p, n, n ? n : 1, &err), Q_SOURCE);
        assert_non_null(strstr(err.message, "cannot read what the server sent"));
        q_arena_free(r->arena);
    }
}

static void bytes_behind_the_end_are_an_error(void **state)
{
    struct stream s;
    struct q_err err = {0};
    struct reading *r = reading_new();
    (void)state;
    sample(&s);
    add_int(&s, 0, 1);
    assert_int_equal(read_all(r, s.p, s.n, s.n, &err), Q_SOURCE);
    q_arena_free(r->arena);
}

static uint64_t next_random(uint64_t *x)
{
    *x = *x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *x >> 33;
}

static void damaged_streams_end_with_an_error_or_as_rows(void **state)
{
    enum { ROUNDS = 20000 };
    struct stream good;
    uint64_t seed = 7;
    size_t errors = 0;
    (void)state;
    sample(&good);
    for (int round = 0; round < ROUNDS; round++) {
        struct stream s = good;
        for (uint64_t k = next_random(&seed) % 4 + 1; k > 0; k--) {
            static const unsigned char wild[] = {0, 1, 0x7F, 0x80, 0xFF};
            size_t at = next_random(&seed) % s.n;
            uint64_t how = next_random(&seed);
            s.p[at] = how % 2 ? (char)wild[how / 2 % sizeof wild] : (char)how;
        }
        struct reading *r = reading_new();
        struct q_err err = {0};
        enum q_code code = read_all(r, s.p, s.n, next_random(&seed) % s.n + 1, &err);
        assert_true(code == Q_OK || code == Q_SOURCE);
        errors += code == Q_SOURCE;
        q_arena_free(r->arena);
    }
    assert_true(errors > 1000);
}

static void fields_of_the_wrong_length_are_an_error_that_names_the_column(void **state)
{
    struct stream s;
    struct q_err err = {0};
    struct reading *r = reading_new();
    (void)state;
    begin(&s);
    add_int(&s, FIELDS, 2);
    add_field(&s, 1, 8);
    for (size_t i = 1; i < FIELDS; i++)
        add_int(&s, -1, 4);
    assert_int_equal(read_all(r, s.p, s.n, s.n, &err), Q_SOURCE);
    assert_non_null(strstr(err.message, "column \"id\""));
    q_arena_free(r->arena);
}

static void many_rows_are_handed_out_batch_by_batch(void **state)
{
    enum { ROWS = BATCH_ROWS + 100 };
    static const struct pg_field one = {
        .name = "id", .kind = PG_INT2, .type = {.id = Q_T_INT16}, .expected = "smallint"};
    struct reading *r = reading_new();
    const struct reject_sink sink = {.self = r, .put = put_reject};
    struct q_buf bytes;
    struct stream s;
    struct q_err err = {0};
    (void)state;
    q_buf_init_in(&bytes, r->arena, 1 << 20);
    begin(&s);
    for (int i = 0; i < ROWS; i++) {
        add_int(&s, 1, 2);
        add_field(&s, i, 2);
        q_buf_add(&bytes, s.p, s.n);
        s.n = 0;
    }
    add_int(&s, -1, 2);
    q_buf_add(&bytes, s.p, s.n);
    r->cols[0].type = one.type;
    for (int in_one = 0; in_one < 2;
         in_one++) { /* in one piece, and with the first byte apart: then it is put together */
        struct pg_decoder *d = pg_decoder_new(r->arena, &one, 1, true, &sink);
        struct q_str all = {bytes.p, in_one ? bytes.n : 1};
        pg_decoder_begin(d, 0);
        size_t rows = 0;
        for (int i = 0; i < 3; i++) {
            r->batch.rows = 0;
            assert_int_equal(pg_decode(d, &all, &r->batch, &err), Q_OK);
            if (!in_one && !i)
                all = (struct q_str){bytes.p + 1, bytes.n - 1};
            for (size_t k = 0; k < r->batch.rows; k++)
                assert_int_equal(((int16_t *)r->cols[0].data)[k], rows + k);
            rows += r->batch.rows;
        }
        assert_int_equal(rows, ROWS);
        assert_int_equal(pg_decoder_end(d, &err), Q_OK);
        assert_int_equal(pg_decoder_records(d), ROWS);
    }
    q_arena_free(r->arena);
}

static void numerics_are_exact_or_none(void **state)
{
    static const struct {
        const char *text;
        unsigned scale;
        const char *out; /* the unscaled integer; NULL: none */
    } cases[] = {
        {"0", 0, "0"},
        {"0.00", 2, "0"},
        {"1", 2, "100"},
        {"-1.5", 1, "-15"},
        {"1.5", 0, NULL},
        {"1.50", 1, "15"},
        {"10000", 0, "10000"},
        {"10000", 4, "100000000"},
        {"0.0001", 4, "1"},
        {"0.0001", 3, NULL},
        {"0.00000001", 8, "1"},
        {"123456789012345678", 0, "123456789012345678"},
        {"9999999999999999", 2, "999999999999999900"},
        {"12345678901234567890123456789012345678", 0, "12345678901234567890123456789012345678"},
        {"-99999999999999999999999999999999999999", 0, "-99999999999999999999999999999999999999"},
        {"0.99999999999999999999999999999999999999", 38, "99999999999999999999999999999999999999"},
        {"1234567890123456789.0123456789012345678", 19, "12345678901234567890123456789012345678"},
        {"1000000000000000000000000000000000000000000000000000000000000", 0, NULL},
        {"170141183460469231731687303715884105727", 0, "170141183460469231731687303715884105727"},
        {"170141183460469231731687303715884105728", 0, NULL},
        {"0.00000000000000000000000000000000000000000001", 38, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char bytes[512];
        size_t n = numeric_of(cases[i].text, bytes);
        char *exact = malloc(n);
        __int128 v = 0;
        bool bad = true;
        assert_non_null(exact);
        memcpy(exact, bytes, n);
        bool found = pg_numeric(exact, n, cases[i].scale, &v, &bad);
        free(exact);
        assert_false(bad);
        assert_int_equal(found, cases[i].out != NULL);
        if (!found)
            continue;
        struct batch_col col = {.type = Q_TYPE(Q_T_INT128), .data = &v};
        struct q_buf text;
        q_buf_init(&text, 100);
        batch_cell_text(&col, 0, &text);
        assert_string_equal(q_buf_text(&text), cases[i].out);
        q_buf_release(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_decoded_whatever_pieces_they_come_in),
        cmocka_unit_test(a_row_that_is_none_is_a_reject_with_all_its_reasons),
        cmocka_unit_test(a_stream_that_ends_anywhere_is_an_error),
        cmocka_unit_test(bytes_behind_the_end_are_an_error),
        cmocka_unit_test(damaged_streams_end_with_an_error_or_as_rows),
        cmocka_unit_test(fields_of_the_wrong_length_are_an_error_that_names_the_column),
        cmocka_unit_test(many_rows_are_handed_out_batch_by_batch),
        cmocka_unit_test(numerics_are_exact_or_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
