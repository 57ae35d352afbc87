/* SPDX-License-Identifier: Apache-2.0 */
/* The project's load tests. */
#include <stdio.h>

#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/output.h"
#include "cmd/show_proof.h"

static const struct q_opt opts[] = {{0}};

static bool wanted(const struct cmd_ctx *ctx, const char *name)
{
    for (size_t i = 0; i < ctx->rest.n; i++)
        if (q_streq(ctx->rest.v[i], name))
            return true;
    return !ctx->rest.n;
}

static enum q_code check_names(const struct cmd_ctx *ctx, const cfg_tests *tests, struct q_err *err)
{
    q_texts names = {0};
    for (size_t i = 0; i < tests->n; i++)
        *q_vec_push(ctx->arena, &names) = tests->v[i].name.s;
    for (size_t i = 0; i < ctx->rest.n; i++) {
        bool found = false;
        for (size_t k = 0; k < names.n; k++)
            found = found || q_streq(names.v[k], ctx->rest.v[i]);
        if (!found)
            return cmd_unknown("load test", ctx->rest.v[i], &names,
                               "The tests are the files in tests/.", err);
    }
    return Q_OK;
}

static enum q_code run_all(struct cmd_ctx *ctx, struct prove *p, const cfg_tests *tests,
                           struct q_json *list, int *exit, struct q_err *err)
{
    size_t n = 0, failed = 0;
    double seconds = 0;
    for (size_t i = 0; i < tests->n; i++) {
        struct prove_result result;
        if (!wanted(ctx, tests->v[i].name.s))
            continue;
        enum q_code code = prove_test(p, &tests->v[i], false, ctx->arena, &result, err);
        if (code)
            return code;
        n++;
        failed += result.failures.n > 0;
        seconds += result.seconds;
        if (list)
            show_proof_json(&result, q_json_push_object(list));
        else
            show_proof_text(&result);
    }
    if (!list)
        (void)printf("%zu passed, %zu failed in %.2f s\n", n - failed, failed, seconds);
    if (failed)
        *exit = q_code_exit(Q_FAILED);
    return Q_OK;
}

static enum q_code run(struct cmd_ctx *ctx, int *exit, struct q_err *err)
{
    cfg_tests tests = {0};
    struct prove p;
    enum q_code code = cfg_load_tests(ctx->arena, ctx->project, &tests, err);
    if (!code && !tests.n) {
        code = q_fail(err, Q_CONFIG, "there is no load test in \"%s/tests\"", ctx->project->dir);
        q_hint(err, "A load test is a YAML file with a pipeline, batches and what is expected "
                    "after them: see docs/testing.md.");
    }
    if (!code)
        code = check_names(ctx, &tests, err);
    if (code)
        return code;
    if (!ctx->global->verbose)
        q_log_setup(Q_LOG_WARN, ctx->global->log && q_streq(ctx->global->log, "json"));
    code = prove_open(ctx->arena, ctx->project, ctx->model, cmd_stages, cmd_n_stages, &p, err);
    if (code)
        return code;
    prove_add_project(&p, NULL, ctx->project, ctx->model);
    struct q_json *list = ctx->global->json ? q_json_array(ctx->arena) : NULL;
    code = run_all(ctx, &p, &tests, list, exit, err);
    return code || !list ? code : cmd_print_json(list, true, err);
}

const struct cmd cmd_test = {
    .name = "test",
    .args = "[NAME...]",
    .summary = "run the load tests in tests/, each in a warehouse of its own in memory",
    .details =
        "Exit code 1: a test failed, 2: a test cannot be understood. The project's warehouse and files are\n"
        "not touched. The format of a test is in docs/testing.md.",
    .needs = CMD_PROJECT,
    .opts = opts,
    .most = -1,
    .run = run,
};
