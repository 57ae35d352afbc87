/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/map.h"
#include "base/vec.h"
#include "unit.h"

struct log {
    char text[64];
};

struct entry {
    struct log *log;
    char letter;
};

static void write_letter(void *arg)
{
    struct entry *e = arg;
    size_t n = strlen(e->log->text);
    e->log->text[n] = e->letter;
    e->log->text[n + 1] = 0;
}

static void deferred_calls_run_in_reverse_order_and_children_first(void **state)
{
    (void)state;
    struct log log = {""};
    struct entry e[] = {{&log, 'a'}, {&log, 'b'}, {&log, 'c'}, {&log, 'd'}, {&log, 'e'}};
    struct q_arena *root = q_arena_new(NULL, "root");
    struct q_arena *child = q_arena_new(root, "child"), *second = q_arena_new(root, "second");
    q_arena_defer(root, write_letter, &e[0]);
    q_arena_defer(root, write_letter, &e[1]);
    q_arena_defer(child, write_letter, &e[2]);
    q_arena_defer(q_arena_new(child, "grandchild"), write_letter, &e[3]);
    q_arena_defer(second, write_letter, &e[4]);
    q_arena_free(second);
    assert_string_equal(log.text, "e");
    q_arena_free(root);
    assert_string_equal(log.text, "edcba");
    q_arena_free(NULL);
}

static void children_can_be_freed_in_any_order(void **state)
{
    (void)state;
    struct q_arena *root = q_arena_new(NULL, "root");
    struct q_arena *a = q_arena_new(root, "a"), *b = q_arena_new(root, "b"),
                   *c = q_arena_new(root, "c");
    q_arena_free(b);
    q_arena_free(c);
    q_arena_free(a);
    q_arena_free(q_arena_new(root, "d"));
    q_arena_free(root);
}

static void allocations_are_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 15, 16, 17, 4000, 5000, 8192, 8193, 1 << 20, 3};
    struct q_arena *a = q_arena_new(NULL, "test");
    char *before = NULL;
    size_t used = 0;
    for (int round = 0; round < 20; round++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            char *p = q_alloc(a, sizes[i]);
            assert_int_equal((uintptr_t)p % 16, 0);
            for (size_t k = 0; k < sizes[i]; k++)
                if (p[k])
                    fail_msg("byte %zu of %zu is not zero", k, sizes[i]);
            memset(p, 0xAA, sizes[i]);
            if (before && sizes[i])
                assert_ptr_not_equal(p, before);
            before = sizes[i] ? p : before;
            used += (sizes[i] + 15) / 16 * 16;
        }
    assert_int_equal(q_arena_used(a), used);
    q_arena_free(a);
}

static void texts_are_copied_and_formatted(void **state)
{
    (void)state;
    struct q_arena *a = q_arena_new(NULL, "test");
    char text[] = "hello";
    char *copy = q_strdup(a, text), *part = q_strndup(a, text, 3), *none = q_strndup(a, NULL, 0);
    text[0] = 'J';
    assert_string_equal(copy, "hello");
    assert_string_equal(part, "hel");
    assert_string_equal(none, "");
    assert_string_equal(q_printf(a, "%s-%d", copy, 7), "hello-7");
    const char *longer = q_printf(a, "%05000d", 7);
    assert_int_equal(strlen(longer), 5000);
    q_arena_free(a);
}

static int status_of(void (*fn)(void))
{
    pid_t pid = fork();
    if (pid == 0) {
        (void)!freopen("/dev/null", "w", stderr);
        fn();
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static struct q_arena *held; /* reachable when the process ends */

static void want_too_many(void)
{
    held = q_arena_new(NULL, "child");
    (void)q_alloc_array(held, SIZE_MAX / 2, 3);
}

static void want_too_much(void)
{
    held = q_arena_new(NULL, "child");
    (void)q_alloc(held, SIZE_MAX - 1);
}

static void exhaustion_and_overflow_end_the_process_with_5(void **state)
{
    (void)state;
    assert_int_equal(status_of(want_too_many), 5);
    assert_int_equal(status_of(want_too_much), 5);
}

static void a_vector_keeps_its_items_while_it_grows(void **state)
{
    (void)state;
    struct q_arena *a = q_arena_new(NULL, "test");
    Q_VEC(int) v = {0};
    for (int i = 0; i < 1000; i++) {
        int *item = q_vec_push(a, &v);
        assert_int_equal(*item, 0);
        *item = i;
    }
    assert_int_equal(v.n, 1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(v.v[i], i);
    q_arena_free(a);
}

static void a_map_finds_replaces_and_keeps_the_order_of_insertion(void **state)
{
    (void)state;
    struct q_arena *a = q_arena_new(NULL, "test");
    struct q_map map;
    int values[500];
    q_map_init(&map, a);
    assert_null(q_map_get(&map, "k1"));
    assert_false(q_map_has(&map, ""));
    for (int i = 0; i < 500; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "k%d", i);
        assert_true(q_map_put(&map, key, &values[i])); /* the key is copied */
    }
    assert_false(q_map_put(&map, "k7", NULL));
    assert_true(q_map_has(&map, "k7"));
    assert_null(q_map_get(&map, "k7"));
    assert_ptr_equal(q_map_get(&map, "k499"), &values[499]);
    assert_null(q_map_get(&map, "k500"));
    assert_int_equal(map.n, 500);
    for (size_t i = 0; i < map.n; i++)
        assert_string_equal(map.entries[i].key, q_printf(a, "k%zu", i));
    q_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deferred_calls_run_in_reverse_order_and_children_first),
        cmocka_unit_test(children_can_be_freed_in_any_order),
        cmocka_unit_test(allocations_are_zeroed_aligned_and_apart),
        cmocka_unit_test(texts_are_copied_and_formatted),
        cmocka_unit_test(exhaustion_and_overflow_end_the_process_with_5),
        cmocka_unit_test(a_vector_keeps_its_items_while_it_grows),
        cmocka_unit_test(a_map_finds_replaces_and_keeps_the_order_of_insertion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
