/* SPDX-License-Identifier: Apache-2.0 */
/* Errors, codes, log lines, signals, embedded files. */
#include "base/log.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/embed.h"
#include "base/json.h"
#include "support/place.h"
#include "unit.h"

static void codes_have_a_name_an_exit_status_and_a_retry_class(void **state)
{
    (void)state;
    static const struct {
        enum q_code code;
        const char *name;
        int exit, http;
        enum q_retry retry;
    } cases[] = {
        {Q_OK, "ok", 0, 200, Q_RETRY_NEVER},
        {Q_FAILED, "failed", 1, 422, Q_RETRY_NEVER},
        {Q_USAGE, "usage", 2, 400, Q_RETRY_NEVER},
        {Q_CONFIG, "config", 2, 400, Q_RETRY_NEVER},
        {Q_SQL, "sql", 2, 400, Q_RETRY_NEVER},
        {Q_SOURCE, "source", 3, 502, Q_RETRY_LATER},
        {Q_TARGET, "target", 3, 502, Q_RETRY_LATER},
        {Q_HELD, "held", 4, 409, Q_RETRY_NEVER},
        {Q_LOCKED, "locked", 4, 423, Q_RETRY_LATER},
        {Q_NOSPACE, "no_space", 5, 507, Q_RETRY_LATER},
        {Q_NOMEM, "no_memory", 5, 503, Q_RETRY_LATER},
        {Q_INTERNAL, "internal", 6, 500, Q_RETRY_NEVER},
        {Q_CANCELLED, "cancelled", 130, 499, Q_RETRY_LATER},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_string_equal(q_code_name(cases[i].code), cases[i].name);
        assert_int_equal(q_code_exit(cases[i].code), cases[i].exit);
        assert_int_equal(q_code_http(cases[i].code), cases[i].http);
        assert_int_equal(q_code_retry(cases[i].code), cases[i].retry);
    }
}

static void an_error_is_filled_once_and_texts_are_cut(void **state)
{
    (void)state;
    struct q_err err = {0};
    int line = __LINE__ + 1;
    assert_int_equal(q_fail(&err, Q_SOURCE, "could not read \"%s\"", "x"), Q_SOURCE);
    assert_int_equal(err.code, Q_SOURCE);
    assert_int_equal(err.src_line, line);
    assert_non_null(strstr(err.src_file, "log.c"));
    q_detail(&err, "It has %d bytes.", 7);
    q_hint(&err, "Run `quern %s`.", "doctor");
    for (int i = 0; i < Q_ERR_CONTEXTS + 2; i++)
        q_context(&err, "frame %d", i);
    assert_string_equal(err.detail, "It has 7 bytes.");
    assert_string_equal(err.hint, "Run `quern doctor`.");
    assert_int_equal(err.contexts, Q_ERR_CONTEXTS);
    assert_string_equal(err.context[0], "frame 0");
    assert_string_equal(err.context[Q_ERR_CONTEXTS - 1], "frame 5");
    q_fail(&err, Q_SQL, "%02000d", 1); /* clears what was there */
    assert_int_equal(strlen(err.message), Q_ERR_MESSAGE - 1);
    assert_string_equal(err.detail, "");
    assert_string_equal(err.hint, "");
    assert_int_equal(err.contexts, 0);
    assert_int_equal(q_fail(NULL, Q_NOMEM, "x"), Q_NOMEM);
    q_detail(NULL, "x");
    q_hint(NULL, "x");
    q_context(NULL, "x");
}

/* What `fn` writes to stderr. */
static const char *stderr_of(const struct place *p, void (*fn)(void))
{
    const char *path = place_path(p, "stderr");
    int saved = dup(2);
    (void)fflush(stderr);
    assert_non_null(freopen(path, "w", stderr));
    fn();
    (void)fflush(stderr);
    assert_true(dup2(saved, 2) == 2);
    (void)close(saved);
    return place_read(p, "stderr");
}

static void log_lines(void)
{
    q_log(Q_LOG_DEBUG, "debug %d", 1);
    q_log(Q_LOG_INFO, "run %d: \"é\"", 12);
    q_log(Q_LOG_WARN, "careful");
    q_log(Q_LOG_ERROR, "bad");
}

static void log_error(void)
{
    struct q_err err = {0};
    q_fail_at(&err, Q_INTERNAL, "src/x.c", 7, "cannot do \"it\"");
    q_context(&err, "running a");
    q_context(&err, "running b");
    q_detail(&err, "A detail.");
    q_hint(&err, "A hint.");
    q_log_error(&err);
}

static void log_bare_error(void)
{
    struct q_err err = {0};
    q_fail(&err, Q_USAGE, "no");
    q_log_error(&err);
}

static void log_progress(void)
{
    q_log_transient("10 rows");
    q_log_transient("20 rows");
    q_log(Q_LOG_WARN, "between");
    q_log_transient("30 rows");
    q_log_transient(NULL);
}

static void lines_are_text_or_json_from_a_threshold_on(void **state)
{
    (void)state;
    struct place p = place_make();
    q_log_setup(Q_LOG_INFO, false);
    assert_true(q_log_wants(Q_LOG_INFO) && !q_log_wants(Q_LOG_DEBUG));
    assert_string_equal(stderr_of(&p, log_lines), "run 12: \"é\"\nwarning: careful\nerror: bad\n");
    q_log_setup(Q_LOG_WARN, false);
    assert_string_equal(stderr_of(&p, log_lines), "warning: careful\nerror: bad\n");
    assert_string_equal(stderr_of(&p, log_progress),
                        "\r10 rows\r\033[K\r20 rows\r\033[Kwarning: between\n\r30 rows\r\033[K");
    q_clock_set(1);
    q_log_setup(Q_LOG_DEBUG, true);
    assert_string_equal(
        stderr_of(&p, log_lines),
        "{\"time\":\"1970-01-01 00:00:00.000001\",\"level\":\"debug\",\"message\":\"debug 1\"}\n"
        "{\"time\":\"1970-01-01 00:00:00.000001\",\"level\":\"info\",\"message\":\"run 12: \\\"é\\\"\"}\n"
        "{\"time\":\"1970-01-01 00:00:00.000001\",\"level\":\"warn\",\"message\":\"careful\"}\n"
        "{\"time\":\"1970-01-01 00:00:00.000001\",\"level\":\"error\",\"message\":\"bad\"}\n");
    q_clock_reset();
    place_drop(&p);
}

static void an_error_is_reported_with_context_detail_and_hint(void **state)
{
    (void)state;
    struct place p = place_make();
    q_log_setup(Q_LOG_INFO, false);
    assert_string_equal(stderr_of(&p, log_error),
                        "error: cannot do \"it\"\n"
                        "  while running a\n"
                        "  while running b\n"
                        "  A detail.\n"
                        "hint: A hint.\n"
                        "  This is a defect of quern, found at src/x.c:7.\n");
    assert_string_equal(stderr_of(&p, log_bare_error), "error: no\n");
    q_log_setup(Q_LOG_INFO, true);
    q_clock_set(0);
    const char *line = stderr_of(&p, log_error);
    assert_string_equal(
        line,
        "{\"time\":\"1970-01-01 00:00:00\",\"level\":\"error\",\"message\":\"cannot do \\\"it\\\"\","
        "\"code\":\"internal\",\"exit\":6,\"retry\":false,\"context\":[\"running a\",\"running b\"],\"detail\":\"A "
        "detail.\",\"hint\":\"A hint.\"}\n");
    struct q_json *j;
    assert_int_equal(q_json_parse(p.arena, q_str(line), "line", &j, NULL), Q_OK);
    q_clock_reset();
    q_log_setup(Q_LOG_INFO, false);
    place_drop(&p);
}

static atomic_int called;

static void count_call(void *by)
{
    atomic_fetch_add(&called, *(int *)by);
}

static bool wait_until(int wanted)
{
    for (int i = 0; i < 2000 && atomic_load(&called) != wanted; i++)
        (void)usleep(1000);
    return atomic_load(&called) == wanted;
}

/* In a process of its own: 0 when all is as it should be. */
static int cancel_in_child(int number, bool twice)
{
    pid_t pid = fork();
    if (pid == 0) {
        int one = 1, ten = 10;
        (void)signal(number, SIG_DFL); /* a background job has some ignored */
        q_cancel_install();
        q_cancel_watch(count_call, &one);
        if (q_cancelled())
            _exit(1);
        (void)kill(getpid(), number);
        if (!wait_until(1) || !q_cancelled())
            _exit(2);
        q_cancel_watch(NULL, NULL);
        q_cancel_watch(count_call, &ten); /* too late to wait: called at once */
        if (atomic_load(&called) != 11)
            _exit(3);
        if (twice)
            (void)kill(getpid(), number);
        for (int i = 0; twice && i < 2000; i++)
            (void)usleep(1000);
        exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void the_first_signal_cancels_and_the_second_ends_the_process_with_130(void **state)
{
    (void)state;
    assert_int_equal(cancel_in_child(SIGINT, false), 0);
    assert_int_equal(cancel_in_child(SIGTERM, false), 0);
    assert_int_equal(cancel_in_child(SIGHUP, false), 0);
    assert_int_equal(cancel_in_child(SIGINT, true), 130);
}

static void a_signal_that_was_ignored_at_the_start_stays_so(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        int one = 1;
        (void)signal(SIGHUP, SIG_IGN);
        (void)signal(SIGINT, SIG_IGN);
        (void)signal(SIGTERM, SIG_DFL);
        q_cancel_install();
        q_cancel_watch(count_call, &one);
        (void)kill(getpid(), SIGHUP);
        (void)kill(getpid(), SIGINT);
        (void)usleep(50000);
        if (q_cancelled())
            _exit(1);
        (void)kill(getpid(), SIGTERM);
        _exit(wait_until(1) && q_cancelled() ? 0 : 2);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void embedded_files_are_found_by_their_path(void **state)
{
    (void)state;
    const struct q_embed *file = q_embed_find("state/insert_run.sql");
    assert_non_null(file);
    assert_int_equal(strlen(q_embed_text("state/insert_run.sql")), file->size);
    assert_null(q_embed_find("state/none.sql"));
    for (size_t i = 1; i < q_embed_count; i++)
        assert_true(strcmp(q_embed_files[i - 1].path, q_embed_files[i].path) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_have_a_name_an_exit_status_and_a_retry_class),
        cmocka_unit_test(an_error_is_filled_once_and_texts_are_cut),
        cmocka_unit_test(lines_are_text_or_json_from_a_threshold_on),
        cmocka_unit_test(an_error_is_reported_with_context_detail_and_hint),
        cmocka_unit_test(the_first_signal_cancels_and_the_second_ends_the_process_with_130),
        cmocka_unit_test(a_signal_that_was_ignored_at_the_start_stays_so),
        cmocka_unit_test(embedded_files_are_found_by_their_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
