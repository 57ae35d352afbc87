/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses that another project (validator.js, MIT) calls valid or not, with its default options, through the cleaning
 * step. `other_verdict` lists those in which ours differs. QUERN_CASES names the directory of the cases.
 */
#include "unit.h"

#include <stdlib.h>

#include "base/json.h"
#include "support/stages.h"
#include "transform/transform.h"

static const struct plan_stage *const list[] = {&transform_stage};

static const struct {
    const char *value, *why;
} other_verdict[] = {
    {"\"foo\\@bar\"@example.com", "quoted local parts are left out (see transform/clean.c)"},
};

static const char *why_other(const char *value)
{
    for (size_t i = 0; i < sizeof other_verdict / sizeof other_verdict[0]; i++)
        if (q_streq(other_verdict[i].value, value))
            return other_verdict[i].why;
    return NULL;
}

static bool is_valid(struct stages *s, const char *value)
{
    stages_exec(
        s,
        "DROP SCHEMA ws CASCADE; CREATE SCHEMA ws; USE ws; CREATE TABLE q_run AS SELECT TIMESTAMP '2026-11-21' AS clock");
    stages_stage(s, "people", sql_make(s->arena, "SELECT %L AS email", value));
    if (stages_run(s, "p", list, 1))
        fail_msg("%s", s->err.message);
    return q_streq(stages_text(s, "SELECT email_valid FROM t1_people"), "true");
}

static void addresses_of_others_have_the_same_verdict(void **state)
{
    (void)state;
    struct stages s;
    struct q_str all;
    int total = 0, wrong = 0;
    stages_open(&s);
    stages_file(&s, "model/f.yaml", "fact: f\ngrain: [email]\ncolumns: { email: text }\n");
    stages_file(
        &s, "pipelines/p.yaml",
        "pipeline: p\nextract:\n  people: { from: files, path: x }\ntransform:\n  - clean: { email: "
        "email }\nload: { into: f, mode: append }\n");
    const char *shared = getenv("SHARED");
    const char *path =
        q_printf(s.arena, "%s/cases/%s", shared ? shared : "../shared", "formats.jsonl");
    if (!q_file_exists(path)) {
        print_message("SKIPPED: there is no %s (SHARED names the directory above it)\n", path);
        stages_close(&s);
        skip();
    }
    assert_int_equal(q_file_read(s.arena, path, 1 << 24, &all, &s.err), Q_OK);
    for (const char *line = all.p; *line;) {
        size_t n = strcspn(line, "\n");
        struct q_json *json;
        bool read = q_json_parse(s.arena, (struct q_str){line, n}, path, &json, &s.err) == Q_OK;
        line += n + (line[n] != 0);
        if (!read)
            continue; /* a value with a NUL */
        if (!q_streq(q_json_text(q_json_get(json, "validator"), ""), "isEmail") ||
            q_json_count(q_json_get(json, "args")))
            continue;
        const char *value = q_json_text(q_json_get(json, "value"), "");
        bool wanted = q_json_bool(q_json_get(json, "valid"), false);
        total++;
        if (is_valid(&s, value) == wanted)
            continue;
        const char *why = why_other(value);
        wrong += !why;
        print_message("%s is %s there: %s\n", value, wanted ? "valid" : "not valid",
                      why ? why : "wrong here");
    }
    print_message("%d addresses, %d with a wrong verdict\n", total, wrong);
    stages_close(&s);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(addresses_of_others_have_the_same_verdict)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
