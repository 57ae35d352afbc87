/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses are made, resolved, compared, and shown without secrets; how long a server asks to wait. */
#include "unit.h"

#include <string.h>

#include "base/clock.h"
#include "net/http.h"
#include "net/internal.h"

static struct q_arena *arena;

static void addresses_are_checked(void **state)
{
    (void)state;
    const char *why;
    assert_true(net_url_check("https://api.example/v1", &why));
    assert_true(net_url_check("http://[::1]:8080/a?b=c", &why));
    static const char *const bad[] = {"api.example/v1", "ftp://a/b", "file:///etc/passwd",
                                      "http://u:p@h/",  "",          "https://",
                                      "http://u@h"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (net_url_check(bad[i], &why))
            fail_msg("%s passes", bad[i]);
        assert_non_null(why);
    }
}

static void parameters_and_segments_are_encoded(void **state)
{
    (void)state;
    assert_string_equal(net_url_param(arena, "http://h/a", "q r", "x&y=\xC3\xA9/"),
                        "http://h/a?q%20r=x%26y%3D%C3%A9%2F");
    assert_string_equal(net_url_param(arena, "http://h/a?b=1#top", "c", ""), "http://h/a?b=1&c=");
    assert_string_equal(net_url_segment(arena, "a/../b?c"), "a%2F..%2Fb%3Fc");
}

static void references_are_resolved(void **state)
{
    (void)state;
    assert_string_equal(net_url_resolve(arena, "http://h/v1/a?x=1", "?page=2"),
                        "http://h/v1/a?page=2");
    assert_string_equal(net_url_resolve(arena, "http://h/v1/a", "/v2/b"), "http://h/v2/b");
    assert_string_equal(net_url_resolve(arena, "http://h/v1/a", "https://k/b"), "https://k/b");
}

static void an_origin_is_scheme_host_and_port(void **state)
{
    (void)state;
    assert_true(net_url_same_origin("https://a.example/x", "https://A.example:443/y?z"));
    assert_false(net_url_same_origin("https://a.example/x", "http://a.example/x"));
    assert_false(net_url_same_origin("https://a.example/x", "https://b.example/x"));
    assert_false(net_url_same_origin("https://a.example/x", "https://a.example:444/x"));
    assert_false(net_url_same_origin("https://a.example/x", "https://a.example.evil/x"));
}

static void secrets_are_not_shown(void **state)
{
    (void)state;
    static const struct {
        const char *url, *shown;
    } cases[] = {
        {"https://u:p@h/a?b=1", "https://***@h/a?b=1"},
        {"https://u@h@k/a", "https://***@k/a"},
        {"https://h/a?api_key=x&b=2&Token=y&sig=z",
         "https://h/a?api_key=***&b=2&Token=***&sig=***"},
        {"https://h/a?page_token=x&access_token=y", "https://h/a?page_token=x&access_token=***"},
        {"https://h/a?key", "https://h/a?key"},
        {"https://h/a@b?c=d@e", "https://h/a@b?c=d@e"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(net_url_shown(arena, cases[i].url, NULL), cases[i].shown);
    assert_string_equal(net_url_shown(arena, "https://h/a?token=x", "token"),
                        "https://h/a?token=x");
}

static void excerpts_have_no_secrets_and_no_control_characters(void **state)
{
    (void)state;
    struct net_settings settings = {.what = "a test"};
    struct net_client *client;
    assert_int_equal(net_open(arena, &settings, &client, NULL), Q_OK);
    net_secret(client, "s3cr&t");
    net_secret(client, "s3cr");
    net_secret(client, "abc");
    const char *text = "x\r\n\ty s3cr&t s3cr%26t s3cr abc \x1B[31m \xFF \xC3\xA9";
    assert_string_equal(net_excerpt(client, arena, text, strlen(text), 200),
                        "x y *** *** *** abc [31m ? \xC3\xA9");
    assert_string_equal(net_excerpt(client, arena, "0123456789", 10, 4), "0123...");
}

static void a_server_says_how_long_to_wait(void **state)
{
    (void)state;
    const struct net_lib *lib = net_lib(NULL);
    const int64_t now = INT64_C(1704110400) * Q_USEC_PER_SEC; /* 2024-01-01 12:00:00 */
    assert_int_equal(net_retry_after(lib, "120", now), 120 * Q_USEC_PER_SEC);
    assert_int_equal(net_retry_after(lib, "0", now), 0);
    assert_int_equal(net_retry_after(lib, "Mon, 01 Jan 2024 12:00:30 GMT", now),
                     30 * Q_USEC_PER_SEC);
    assert_int_equal(net_retry_after(lib, "Mon, 01 Jan 2024 11:00:00 GMT", now), 0);
    assert_int_equal(net_retry_after(lib, "soon", now), -1);
    assert_int_equal(net_retry_after(lib, "-5", now), -1);
}

static void pauses_grow_within_their_limits(void **state)
{
    (void)state;
    struct net_settings settings = {.what = "a test", .retry_wait = 100, .retry_max = 1000};
    struct net_client *client;
    bool too_long;
    assert_int_equal(net_open(arena, &settings, &client, NULL), Q_OK);
    net_pause_reset(client);
    for (int i = 0; i < 50; i++) {
        int64_t before = client->pause;
        assert_int_equal(net_pause(client, -1, &too_long, NULL), Q_OK);
        assert_false(too_long);
        assert_in_range(client->pause, 100, before * 3 < 1000 ? before * 3 : 1000);
    }
    assert_int_equal(net_pause(client, 1001, &too_long, NULL), Q_OK);
    assert_true(too_long);
}

static int make_arena(void **state)
{
    (void)state;
    arena = q_arena_new(NULL, "test");
    return 0;
}

static int free_arena(void **state)
{
    (void)state;
    q_arena_free(arena);
    return 0;
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make_arena, free_arena)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(addresses_are_checked),
        TEST(parameters_and_segments_are_encoded),
        TEST(references_are_resolved),
        TEST(an_origin_is_scheme_host_and_port),
        TEST(secrets_are_not_shown),
        TEST(excerpts_have_no_secrets_and_no_control_characters),
        TEST(a_server_says_how_long_to_wait),
        TEST(pauses_grow_within_their_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
