/* SPDX-License-Identifier: Apache-2.0 */
#include "base/opt.h"

#include "base/secret.h"
#include "base/str.h"
#include "base/suggest.h"
#include "unit.h"

struct args {
    bool full, quiet;
    int64_t wait, any, size, duration;
    const char *as, *format;
    q_texts vars;
    struct q_opt_date until;
    struct q_opt_time at;
    struct q_secret token;
};

static const struct q_opt table[] = {
    Q_OPT_FLAG_ROW(struct args, full, "full", "read everything"),
    {.name = "wait",
     .letter = 'w',
     .arg = "S",
     .type = Q_OPT_INT,
     .offset = offsetof(struct args, wait),
     .fallback = "10",
     .min = 0,
     .max = 100},
    {.name = "any", .arg = "N", .type = Q_OPT_INT, .offset = offsetof(struct args, any)},
    {.name = "as", .arg = "TEXT", .type = Q_OPT_TEXT, .offset = offsetof(struct args, as)},
    {.name = "format",
     .arg = "F",
     .type = Q_OPT_CHOICE,
     .offset = offsetof(struct args, format),
     .choices = "csv|json|table",
     .fallback = "table"},
    {.name = "var",
     .arg = "NAME=VALUE",
     .type = Q_OPT_TEXTS,
     .offset = offsetof(struct args, vars)},
    {.name = "size", .arg = "SIZE", .type = Q_OPT_SIZE, .offset = offsetof(struct args, size)},
    {.name = "settle",
     .arg = "TIME",
     .type = Q_OPT_DURATION,
     .offset = offsetof(struct args, duration)},
    {.name = "until", .arg = "DATE", .type = Q_OPT_DATE, .offset = offsetof(struct args, until)},
    {.name = "as-of", .arg = "TIME", .type = Q_OPT_TIME, .offset = offsetof(struct args, at)},
    {.name = "token", .arg = "T", .type = Q_OPT_SECRET, .offset = offsetof(struct args, token)},
    {0},
};

struct more {
    bool quiet;
};

static const struct q_opt more_table[] = {
    {.name = "quiet", .letter = 'q', .type = Q_OPT_FLAG, .offset = offsetof(struct more, quiet)},
    {0},
};

enum { MOST_WORDS = 16 };

struct parsed {
    struct args args;
    struct more more;
    q_texts rest;
    struct q_err err;
    enum q_code code;
};

/* `words`: separated by blanks. */
static struct parsed parse(struct q_arena *arena, const char *words)
{
    struct parsed p = {.code = Q_OK};
    char *argv[MOST_WORDS + 1] = {NULL};
    int argc = 0;
    char *text = q_strdup(arena, words), *at = NULL;
    for (char *w = strtok_r(text, " ", &at); w && argc < MOST_WORDS; w = strtok_r(NULL, " ", &at))
        argv[argc++] = w;
    struct q_opt_part parts[] = {{table, &p.args}, {more_table, &p.more}};
    p.code = q_opt_defaults(table, arena, &p.args, &p.err);
    if (!p.code)
        p.code = q_opt_parse(parts, 2, arena, argc, argv, &p.rest, &p.err);
    return p;
}

static void each_type_of_option_fills_its_field(void **state)
{
    (void)state;
    struct q_arena *a = q_arena_new(NULL, "test");
    struct parsed p = parse(a, "");
    assert_int_equal(p.code, Q_OK);
    assert_int_equal(p.args.wait, 10); /* defaults */
    assert_string_equal(p.args.format, "table");
    assert_false(p.args.full || p.args.until.set || p.args.at.set || p.more.quiet);
    assert_null(p.args.as);
    p = parse(a, "--full --wait 5 --any=-7 --as x=y --format json --size 2kB --settle=5");
    assert_int_equal(p.code, Q_OK);
    assert_true(p.args.full);
    assert_int_equal(p.args.wait, 5);
    assert_int_equal(p.args.any, -7);
    assert_string_equal(p.args.as, "x=y");
    assert_string_equal(p.args.format, "json");
    assert_int_equal(p.args.size, 2000);
    assert_int_equal(p.args.duration, 5000000);
    p = parse(a, "--until 1970-01-02 --as-of=1970-01-01T00:00:01 --token s3cret -q");
    assert_int_equal(p.code, Q_OK);
    assert_true(p.args.until.set && p.args.at.set && p.more.quiet);
    assert_int_equal(p.args.until.days, 1);
    assert_int_equal(p.args.at.usec, 1000000);
    assert_string_equal(q_secret_reveal(p.args.token), "s3cret");
    q_arena_free(a);
}

static void words_that_are_no_options_stay_in_order_and_two_dashes_end_options(void **state)
{
    (void)state;
    struct q_arena *a = q_arena_new(NULL, "test");
    struct parsed p = parse(a, "one -w 3 two - -- --full -x");
    assert_int_equal(p.code, Q_OK);
    static const char *const rest[] = {"one", "two", "-", "--full", "-x"};
    assert_int_equal(p.rest.n, 5);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(p.rest.v[i], rest[i]);
    assert_int_equal(p.args.wait, 3);
    assert_false(p.args.full);
    q_arena_free(a);
}

static void a_repeated_option_collects_or_the_last_one_counts(void **state)
{
    (void)state;
    struct q_arena *a = q_arena_new(NULL, "test");
    struct parsed p = parse(a, "--var a=1 --var=b=2 --wait 1 -w=2 --full --full=no");
    assert_int_equal(p.code, Q_OK);
    assert_int_equal(p.args.vars.n, 2);
    assert_string_equal(p.args.vars.v[0], "a=1");
    assert_string_equal(p.args.vars.v[1], "b=2");
    assert_int_equal(p.args.wait, 2);
    assert_false(p.args.full);
    q_arena_free(a);
}

static void a_wrong_option_says_what_would_be_right(void **state)
{
    (void)state;
    static const struct {
        const char *words, *message, *hint;
    } cases[] = {
        {"--wiat 3", "unknown option \"--wiat\"", "Did you mean `--wait`?"},
        {"--ful", "unknown option \"--ful\"", "Did you mean `--full`?"},
        {"--quite", "unknown option \"--quite\"", "Did you mean `--quiet`?"},
        {"--nothing-like-it", "unknown option \"--nothing-like-it\"", ""},
        {"-z", "unknown option \"-z\"", ""},
        {"-wq", "unknown option \"-wq\"", ""},
        {"--wait", "option --wait needs a value: --wait S", ""},
        {"-w", "option -w needs a value: -w S", ""},
        {"--wait 101", "cannot use 101 for --wait: it must be from 0 to 100", ""},
        {"--wait x", "cannot read --wait: \"x\" is not a whole number", ""},
        {"-w=", "cannot read -w: \"\" is not a whole number", ""},
        {"--full=maybe", "cannot read --full: \"maybe\" is neither true nor false", ""},
        {"--format xml", "cannot use \"xml\" for --format: expected one of csv|json|table", ""},
        {"--format cs", "cannot use \"cs\" for --format: expected one of csv|json|table", ""},
        {"--format=", "cannot use \"\" for --format: expected one of csv|json|table", ""},
        {"--until tomorrow", "cannot read --until: \"tomorrow\" is not a date like 2026-01-31", ""},
        {"--size big", "cannot read --size: \"big\" is not a size like \"512 MB\"", ""},
    };
    struct q_arena *a = q_arena_new(NULL, "test");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct parsed p = parse(a, cases[i].words);
        assert_int_equal(p.code, Q_USAGE);
        assert_string_equal(p.err.message, cases[i].message);
        assert_string_equal(p.err.hint, cases[i].hint);
    }
    q_arena_free(a);
}

static void a_wrong_default_in_a_table_is_found(void **state)
{
    (void)state;
    static const struct q_opt wrong[] = {
        {.name = "n", .type = Q_OPT_INT, .fallback = "ten", .offset = offsetof(struct args, wait)},
        {0}};
    struct q_arena *a = q_arena_new(NULL, "test");
    struct args args = {0};
    struct q_err err = {0};
    assert_int_equal(q_opt_defaults(wrong, a, &args, &err), Q_USAGE);
    assert_string_equal(err.message, "cannot read n: \"ten\" is not a whole number");
    assert_ptr_equal(q_opt_find(table, "var"), &table[5]);
    assert_null(q_opt_find(table, "va"));
    q_arena_free(a);
}

static void the_nearest_word_is_suggested_and_none_when_none_is_near(void **state)
{
    (void)state;
    static const char *const words[] = {"history", "append", "upsert", "order_by", "path", "id"};
    static const struct {
        const char *word, *near;
    } cases[] = {
        {"histroy", "history"}, {"HISTORY", "history"},
        {"hstory", "history"},  {"apend", "append"},
        {"upset", "upsert"},    {"orderby", "order_by"},
        {"pth", "path"},        {"ahtp", NULL},
        {"xyz", NULL},          {"", NULL},
        {"is", "id"},           {"qq", NULL},
        {"append", "append"},   {"completely different", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *near = q_suggest(cases[i].word, words, sizeof words / sizeof *words);
        if (near != cases[i].near && (!near || !cases[i].near || !q_streq(near, cases[i].near)))
            fail_msg("\"%s\": %s", cases[i].word, near ? near : "none");
    }
    static const char *const equal[] = {"ab1", "ab2"};
    assert_string_equal(q_suggest("ab3", equal, 2), "ab1");
    char longest[80];
    memset(longest, 'a', sizeof longest);
    longest[79] = 0;
    const char *const too_long[] = {longest};
    assert_null(q_suggest(longest, too_long, 1));
    assert_null(q_suggest("aaaa", too_long, 1));
}

static void an_option_that_is_needed_is_asked_for(void **state)
{
    (void)state;
    struct q_arena *arena = q_arena_new(NULL, "test");
    static const struct q_opt needed[] = {{.name = "path",
                                           .arg = "GLOB",
                                           .type = Q_OPT_TEXT,
                                           .offset = offsetof(struct args, as),
                                           .required = true},
                                          {0}};
    struct args a = {0};
    struct q_opt_part part = {needed, &a};
    struct q_err err = {0};
    q_texts rest = {0};
    char name[] = "--path", value[] = "x", *with[] = {name, value};
    assert_int_equal(q_opt_parse(&part, 1, arena, 2, with, &rest, &err), Q_OK);
    assert_int_equal(q_opt_parse(&part, 1, arena, 0, with, &rest, &err), Q_USAGE);
    assert_string_equal(err.message, "option --path is needed: --path GLOB");
    q_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_type_of_option_fills_its_field),
        cmocka_unit_test(words_that_are_no_options_stay_in_order_and_two_dashes_end_options),
        cmocka_unit_test(a_repeated_option_collects_or_the_last_one_counts),
        cmocka_unit_test(a_wrong_option_says_what_would_be_right),
        cmocka_unit_test(an_option_that_is_needed_is_asked_for),
        cmocka_unit_test(a_wrong_default_in_a_table_is_found),
        cmocka_unit_test(the_nearest_word_is_suggested_and_none_when_none_is_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
