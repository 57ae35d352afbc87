/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/embed.h"
#include "base/file.h"
#include "sample/template.h"

struct place {
    struct q_arena *arena;
    const char *dir;
};

static struct place place_make(void)
{
    static int number;
    const char *tmp = getenv("TMPDIR");
    struct place p = {.arena = q_arena_new(NULL, "test")};
    p.dir =
        q_printf(p.arena, "%s/quern-template-%ld-%d", tmp ? tmp : "/tmp", (long)getpid(), number++);
    return p;
}

static void place_drop(struct place *p)
{
    struct q_err err = {0};
    assert_int_equal(q_dir_remove(p->dir, &err), Q_OK);
    q_arena_free(p->arena);
}

static bool there_is(const struct place *p, const char *name)
{
    return q_file_exists(q_path_join(p->arena, p->dir, name));
}

static void a_template_is_written_as_it_is_built_in(void **state)
{
    (void)state;
    struct place p = place_make();
    struct q_err err = {0};
    q_paths files = {0};
    struct q_str text;
    assert_int_equal(sample_template_write(p.arena, "retail", p.dir, &files, &err), Q_OK);
    assert_true(files.n > 20);
    assert_true(there_is(&p, "model/sales_fact.yaml"));
    assert_true(there_is(&p, ".gitignore"));
    assert_false(there_is(&p, "dot.gitignore"));
    assert_int_equal(
        q_file_read(p.arena, q_path_join(p.arena, p.dir, "quern.yaml"), 1 << 20, &text, &err),
        Q_OK);
    assert_string_equal(text.p, q_embed_text("sample/templates/retail/quern.yaml"));
    place_drop(&p);
}

static void a_directory_with_files_is_refused(void **state)
{
    (void)state;
    struct place p = place_make();
    struct q_err err = {0};
    assert_int_equal(q_dir_make(p.dir, &err), Q_OK);
    assert_int_equal(q_file_write(q_path_join(p.arena, p.dir, ".hidden"), Q_STR("x"), &err), Q_OK);
    assert_int_equal(sample_template_write(p.arena, "empty", p.dir, NULL, &err), Q_USAGE);
    assert_non_null(strstr(err.message, "is not empty"));
    assert_false(there_is(&p, "quern.yaml"));
    place_drop(&p);
}

static void a_new_repository_counts_as_empty(void **state)
{
    (void)state;
    struct place p = place_make();
    struct q_err err = {0};
    assert_int_equal(q_dir_make(q_path_join(p.arena, p.dir, ".git"), &err), Q_OK);
    assert_int_equal(sample_template_write(p.arena, "empty", p.dir, NULL, &err), Q_OK);
    assert_true(there_is(&p, "quern.yaml"));
    place_drop(&p);
}

static void an_unknown_template_or_a_file_as_directory_is_refused(void **state)
{
    (void)state;
    struct place p = place_make();
    struct q_err err = {0};
    assert_int_equal(sample_template_write(p.arena, "retial", p.dir, NULL, &err), Q_USAGE);
    assert_int_equal(sample_template_write(p.arena, "empty", "/dev/null", NULL, &err), Q_NOSPACE);
    q_arena_free(p.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_template_is_written_as_it_is_built_in),
        cmocka_unit_test(a_directory_with_files_is_refused),
        cmocka_unit_test(a_new_repository_counts_as_empty),
        cmocka_unit_test(an_unknown_template_or_a_file_as_directory_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
