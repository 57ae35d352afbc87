/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/map.h"
#include "sample/retail.h"
#include "sample/rng.h"

enum { SALES = 20000 };

struct made {
    struct q_arena *arena;
    struct sample_retail_options options;
    struct sample_retail out;
};

static const char *const names[] = {"customers.csv", "products.csv",  "stores.csv",
                                    "employees.csv", "suppliers.csv", "holidays.csv",
                                    "sales.csv",     "inventory.csv", "dirt.json"};
enum { N_NAMES = sizeof names / sizeof names[0] };

static void make(struct made *m, int64_t sales, uint64_t seed)
{
    static int number;
    struct q_err err = {0};
    const char *tmp = getenv("TMPDIR");
    m->arena = q_arena_new(NULL, "test");
    m->options = (struct sample_retail_options){.sales = sales, .seed = seed};
    m->options.dir =
        q_printf(m->arena, "%s/quern-retail-%ld-%d", tmp ? tmp : "/tmp", (long)getpid(), number++);
    m->options.until = SAMPLE_RETAIL_UNTIL;
    assert_int_equal(sample_retail(m->arena, &m->options, &m->out, &err), Q_OK);
}

static void drop(struct made *m)
{
    struct q_err err = {0};
    assert_int_equal(q_dir_remove(m->options.dir, &err), Q_OK);
    q_arena_free(m->arena);
}

static struct q_str contents(const struct made *m, const char *name)
{
    struct q_err err = {0};
    struct q_str text;
    const char *path = q_path_join(m->arena, m->options.dir, name);
    assert_int_equal(q_file_read(m->arena, path, 1 << 30, &text, &err), Q_OK);
    return text;
}

static int64_t planted(const struct made *m, const char *file, const char *kind)
{
    for (size_t i = 0; i < m->out.dirt.n; i++)
        if (q_streq(m->out.dirt.v[i].file, file) && q_streq(m->out.dirt.v[i].kind, kind))
            return m->out.dirt.v[i].records;
    fail_msg("no dirt of kind %s in %s", kind, file);
    return 0;
}

/* FNV-1a, 64 bit. */
static uint64_t hash(struct q_str text)
{
    uint64_t h = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < text.n; i++)
        h = (h ^ (unsigned char)text.p[i]) * UINT64_C(1099511628211);
    return h;
}

static uint64_t hash_all(const struct made *m)
{
    uint64_t h = 0;
    for (int i = 0; i < N_NAMES; i++)
        h = h * 31 + hash(contents(m, names[i]));
    return h;
}

/* The next line without its end; false behind the last one. */
static bool next_line(struct q_str *text, struct q_str *line)
{
    const char *end = text->n ? memchr(text->p, '\n', text->n) : NULL;
    if (!end)
        return false;
    *line = (struct q_str){text->p, (size_t)(end - text->p)};
    text->n -= line->n + 1;
    text->p = end + 1;
    return true;
}

/* A second reader, as simple as can be: fields between commas outside of quotes. */
static size_t split(struct q_str line, struct q_str *fields, size_t max)
{
    size_t n = 0, from = 0;
    bool quoted = false;
    for (size_t i = 0; i <= line.n; i++) {
        if (i < line.n && line.p[i] == '"')
            quoted = !quoted;
        if ((i == line.n || (line.p[i] == ',' && !quoted)) && n < max) {
            fields[n++] = (struct q_str){line.p + from, i - from};
            from = i + 1;
        }
    }
    return n;
}

/* Digits with at most `scale` of them behind a point, as an integer in units of 10^-scale. */
static bool number(struct q_str s, int scale, int64_t *out)
{
    bool minus = s.n && s.p[0] == '-';
    int behind = -1;
    *out = 0;
    for (size_t i = minus; i < s.n; i++) {
        if (s.p[i] == '.' && behind < 0 && scale) {
            behind = 0;
            continue;
        }
        if (s.p[i] < '0' || s.p[i] > '9' || behind == scale)
            return false;
        *out = *out * 10 + (s.p[i] - '0');
        behind += behind >= 0;
    }
    for (int i = behind < 0 ? 0 : behind; i < scale; i++)
        *out *= 10;
    if (minus)
        *out = -*out;
    return s.n > (size_t)minus;
}

static bool date(struct q_str s)
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t y, m, d;
    return s.n == 10 && number((struct q_str){s.p, 4}, 0, &y) &&
           number((struct q_str){s.p + 5, 2}, 0, &m) && number((struct q_str){s.p + 8, 2}, 0, &d) &&
           m >= 1 && m <= 12 && d >= 1 && d <= (m == 2 && y % 4 ? 28 : days[m - 1]);
}

struct found {
    int64_t records, few, quote, bad_date, bad_number, no_customer, no_product, negative, excess,
        wrong_total, duplicate, conflicting;
};

/* Which sort of sale a line is; true when it is one that would be loaded with a known product. */
static bool classify(struct q_str line, struct found *f)
{
    struct q_str v[12];
    int64_t n[10] = {0};
    size_t fields = split(line, v, 12);
    if (memchr(line.p, '"', line.n))
        return (void)f->quote++, false;
    if (fields < 10)
        return (void)f->few++, false;
    if (!date(v[5]))
        return (void)f->bad_date++, false;
    for (int i = 0; i < 10; i++)
        if (i != 5 && v[i].n && !number(v[i], i >= 7 ? 2 : 0, &n[i]))
            return (void)f->bad_number++, false;
    if (!v[1].n)
        return (void)f->no_customer++, false;
    if (n[2] > 500)
        return (void)f->no_product++, false;
    if (n[6] <= 0)
        return (void)f->negative++, false;
    if (n[6] > 1000)
        return (void)f->excess++, false;
    if (n[9] != n[6] * n[7] - n[8])
        return (void)f->wrong_total++, false;
    return true;
}

static void count_sales(const struct made *m, struct found *f)
{
    struct q_str text = contents(m, "sales.csv"), line;
    struct q_map seen;
    q_map_init(&seen, m->arena);
    assert_true(next_line(&text, &line));
    while (next_line(&text, &line)) {
        f->records++;
        if (!classify(line, f))
            continue;
        size_t id = (size_t)((const char *)memchr(line.p, ',', line.n) - line.p);
        char *key = q_strndup(m->arena, line.p, id), *all = q_strndup(m->arena, line.p, line.n);
        const char *before = q_map_get(&seen, key);
        if (!before)
            q_map_put(&seen, key, all);
        else if (q_streq(before, all))
            f->duplicate++;
        else
            f->conflicting += 2;
    }
}

static void every_kind_of_dirt_in_the_sales_is_counted_exactly(void **state)
{
    (void)state;
    struct made m;
    struct found f = {0};
    make(&m, SALES, 42);
    count_sales(&m, &f);
    assert_int_equal(f.records, SALES);
    assert_int_equal(f.duplicate, planted(&m, "sales.csv", "duplicate_row"));
    assert_int_equal(f.conflicting, planted(&m, "sales.csv", "conflicting_key"));
    assert_int_equal(f.no_customer, planted(&m, "sales.csv", "missing_customer"));
    assert_int_equal(f.no_product, planted(&m, "sales.csv", "unknown_product"));
    assert_int_equal(f.negative, planted(&m, "sales.csv", "negative_quantity"));
    assert_int_equal(f.excess, planted(&m, "sales.csv", "excess_quantity"));
    assert_int_equal(f.wrong_total, planted(&m, "sales.csv", "wrong_total"));
    assert_int_equal(f.bad_date, planted(&m, "sales.csv", "bad_date"));
    assert_int_equal(f.bad_number, planted(&m, "sales.csv", "bad_number"));
    assert_int_equal(f.few, planted(&m, "sales.csv", "too_few_fields"));
    assert_int_equal(f.quote, planted(&m, "sales.csv", "bad_quote"));
    for (size_t i = 0; i < m.out.dirt.n; i++)
        assert_true(m.out.dirt.v[i].records > 0);
    drop(&m);
}

static bool plausible_email(struct q_str s)
{
    const char *at = memchr(s.p, '@', s.n);
    size_t name = at ? (size_t)(at - s.p) : 0, host = at ? s.n - name - 1 : 0;
    return name && host && !memchr(at + 1, '@', host) && memchr(at + 1, '.', host);
}

static void every_kind_of_dirt_in_the_customers_is_counted_exactly(void **state)
{
    (void)state;
    struct made m;
    make(&m, SALES, 43);
    struct q_str text = contents(&m, "customers.csv"), line, before = {0}, v[13];
    int64_t utf8 = 0, key = 0, email = 0, twice = 0;
    assert_true(next_line(&text, &line));
    while (next_line(&text, &line)) {
        assert_int_equal(split(line, v, 13), 12);
        if (!q_utf8_valid(line.p, line.n, NULL))
            utf8++;
        else if (!v[0].n)
            key++;
        else if (q_str_eq(before, line))
            twice++;
        else if (!plausible_email(v[3]))
            email++;
        before = line;
    }
    assert_int_equal(utf8, planted(&m, "customers.csv", "invalid_utf8"));
    assert_int_equal(key, planted(&m, "customers.csv", "missing_key"));
    assert_int_equal(email, planted(&m, "customers.csv", "bad_email"));
    assert_int_equal(twice, planted(&m, "customers.csv", "duplicate_row"));
    drop(&m);
}

static void stock_adds_up_but_where_it_is_planted_not_to(void **state)
{
    (void)state;
    struct made m;
    make(&m, SALES, 44);
    struct q_str text = contents(&m, "inventory.csv"), line, v[9];
    int64_t wrong = 0, last_day = 0, n[9] = {0};
    assert_true(next_line(&text, &line));
    while (next_line(&text, &line)) {
        assert_int_equal(split(line, v, 9), 8);
        for (int i = 4; i < 8; i++)
            assert_true(number(v[i], 0, &n[i]) && n[i] >= 0);
        bool last = q_str_eq(v[3], Q_STR("2024-12-31"));
        bool adds_up = n[7] == n[4] + n[5] - n[6];
        assert_true(adds_up || !last);
        last_day += last;
        wrong += !adds_up;
    }
    assert_int_equal(wrong, planted(&m, "inventory.csv", "unbalanced_stock"));
    assert_true(last_day > 0);
    drop(&m);
}

static void the_same_arguments_give_the_same_bytes(void **state)
{
    (void)state;
    struct made a, b, c;
    make(&a, 5000, 1);
    make(&b, 5000, 1);
    make(&c, 5000, 2);
    uint64_t h = hash_all(&a);
    assert_true(h == hash_all(&b));
    assert_true(h != hash_all(&c));
    /* On every machine. It changes only when the generator is changed on purpose. */
    if (h != UINT64_C(0xc2ac91d59b0ab84a))
        fail_msg("the bytes have changed: %" PRIx64, h);
    drop(&a);
    drop(&b);
    drop(&c);
}

static void the_summary_counts_the_records_and_bytes_of_the_files(void **state)
{
    (void)state;
    struct made m;
    make(&m, 1000, 5);
    for (size_t i = 0; i < m.out.files.n; i++) {
        struct q_str text = contents(&m, m.out.files.v[i].name), line;
        int64_t lines = -1;
        assert_int_equal(m.out.files.v[i].bytes, text.n);
        while (next_line(&text, &line))
            lines++;
        assert_int_equal(m.out.files.v[i].records, lines);
        assert_int_equal(text.n, 0);
    }
    drop(&m);
}

static void few_sales_are_clean(void **state)
{
    (void)state;
    for (int64_t sales = 1; sales < 100; sales += 49) {
        struct made m;
        struct found f = {0};
        make(&m, sales, 6);
        count_sales(&m, &f);
        struct found clean = {.records = sales};
        assert_memory_equal(&f, &clean, sizeof f);
        drop(&m);
    }
}

static void wrong_options_are_refused(void **state)
{
    (void)state;
    struct q_arena *arena = q_arena_new(NULL, "test");
    struct sample_retail out;
    struct q_err err = {0};
    struct sample_retail_options none = {.dir = "/tmp", .until = SAMPLE_RETAIL_UNTIL};
    assert_int_equal(sample_retail(arena, &none, &out, &err), Q_USAGE);
    struct sample_retail_options far = {.dir = "/tmp", .sales = 1, .until = INT32_MAX};
    assert_int_equal(sample_retail(arena, &far, &out, &err), Q_USAGE);
    struct sample_retail_options file = {
        .dir = "/dev/null", .sales = 1, .until = SAMPLE_RETAIL_UNTIL};
    assert_int_equal(sample_retail(arena, &file, &out, &err), Q_NOSPACE);
    assert_non_null(strstr(err.message, "/dev/null"));
    q_arena_free(arena);
}

static void a_draw_follows_the_weights(void **state)
{
    (void)state;
    struct q_arena *arena = q_arena_new(NULL, "test");
    const uint64_t weights[] = {1, 0, 3, 6};
    int64_t got[4] = {0};
    struct sample_alias alias;
    struct sample_rng r = sample_rng_for(7, 8, 9);
    sample_alias_init(&alias, arena, weights, 4);
    for (int i = 0; i < 100000; i++)
        got[sample_draw(&alias, &r)]++;
    assert_int_equal(got[1], 0);
    assert_true(llabs(got[0] - 10000) < 400);
    assert_true(llabs(got[2] - 30000) < 600);
    q_arena_free(arena);
}

/* The first numbers of xoshiro256** for the state 1, 2, 3, 4, as its authors' program gives them. */
static void the_generator_is_xoshiro(void **state)
{
    (void)state;
    struct sample_rng r = {{1, 2, 3, 4}};
    assert_true(sample_next(&r) == 11520);
    assert_true(sample_next(&r) == 0);
    assert_true(sample_next(&r) == 1509978240);
    assert_true(sample_next(&r) == 1215971899390074240);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_dirt_in_the_sales_is_counted_exactly),
        cmocka_unit_test(every_kind_of_dirt_in_the_customers_is_counted_exactly),
        cmocka_unit_test(stock_adds_up_but_where_it_is_planted_not_to),
        cmocka_unit_test(the_same_arguments_give_the_same_bytes),
        cmocka_unit_test(the_summary_counts_the_records_and_bytes_of_the_files),
        cmocka_unit_test(few_sales_are_clean),
        cmocka_unit_test(wrong_options_are_refused),
        cmocka_unit_test(a_draw_follows_the_weights),
        cmocka_unit_test(the_generator_is_xoshiro),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
