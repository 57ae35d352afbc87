/* SPDX-License-Identifier: Apache-2.0 */
/* The program's own suites, on the user's machine. */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/embed.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/show_proof.h"
#include "extract/file/file.h"
#include "prove/crash.h"

struct args {
    int64_t kills, seed;
};

static const struct q_opt opts[] = {
    {.name = "kills",
     .arg = "N",
     .type = Q_OPT_INT,
     .min = 1,
     .max = 1000000,
     .fallback = "100",
     .offset = offsetof(struct args, kills),
     .help = "crash: how many runs are disturbed"},
    {.name = "seed",
     .arg = "S",
     .type = Q_OPT_INT,
     .min = 0,
     .max = INT64_MAX,
     .fallback = "0",
     .offset = offsetof(struct args, seed),
     .help = "crash: of the choice of moments; 0: another one each time"},
    {0},
};

/* The suites, one of prove/ each. */
static const char *const history_files[] = {"prove/history.yaml", "prove/history_known.yaml"};
enum { N_HISTORY = sizeof history_files / sizeof history_files[0] };

struct tally {
    size_t n, failed;
    double seconds;
    struct q_json *list; /* or NULL: text */
};

static enum q_code add_projects(struct cmd_ctx *ctx, struct prove *p, struct cfg_suite *suite,
                                struct q_err *err)
{
    for (size_t i = 0; i < suite->projects.n; i++) {
        struct cfg_suite_project *each = &suite->projects.v[i];
        struct model *model;
        each->project->dir = p->dir;
        enum q_code code = model_build(ctx->arena, each->project, &model, err);
        if (code)
            return code;
        prove_add_project(p, each->name.s, each->project, model);
    }
    return Q_OK;
}

static enum q_code run_suite(struct cmd_ctx *ctx, const char *file, struct tally *tally,
                             struct q_err *err)
{
    struct cfg_suite suite = {0};
    struct cfg_options options = {.dir = ".", .drivers = extract_drivers};
    struct model *model = NULL;
    struct prove p;
    enum q_code code = cfg_load_suite(ctx->arena, q_str(q_embed_text(file)), q_path_base(file),
                                      &options, &suite, err);
    if (!code)
        code = model_build(ctx->arena, suite.projects.v[0].project, &model, err);
    if (!code)
        code = prove_open(ctx->arena, suite.projects.v[0].project, model, cmd_stages, cmd_n_stages,
                          &p, err);
    if (!code)
        code = add_projects(ctx, &p, &suite, err);
    for (size_t i = 0; i < suite.tests.n && !code; i++) {
        struct prove_result result;
        code = prove_test(&p, &suite.tests.v[i], true, ctx->arena, &result, err);
        if (code)
            return code;
        tally->n++;
        tally->failed += result.failures.n > 0;
        tally->seconds += result.seconds;
        if (tally->list)
            show_proof_json(&result, q_json_push_object(tally->list));
        else
            show_proof_text(&result);
    }
    return code;
}

static enum q_code history(struct cmd_ctx *ctx, int *exit, struct q_err *err)
{
    struct tally tally = {.list = ctx->global->json ? q_json_array(ctx->arena) : NULL};
    enum q_code code = Q_OK;
    for (size_t i = 0; i < N_HISTORY && !code; i++)
        code = run_suite(ctx, history_files[i], &tally, err);
    if (code)
        return code;
    if (tally.failed)
        *exit = q_code_exit(Q_FAILED);
    if (tally.list)
        return cmd_print_json(tally.list, true, err);
    (void)printf("%zu passed, %zu failed in %.2f s\n", tally.n - tally.failed, tally.failed,
                 tally.seconds);
    return Q_OK;
}

static void print_crashes(const struct prove_crash_result *r, int64_t seed)
{
    for (int k = 0; k < PROVE_CRASH_KINDS; k++)
        (void)printf("%-16s %4" PRId64 ": %" PRId64 " as before, %" PRId64 " as after\n",
                     prove_crash_name((enum prove_crash_kind)k),
                     r->landed[k].before + r->landed[k].after, r->landed[k].before,
                     r->landed[k].after);
    for (size_t i = 0; i < r->differences.n; i++)
        (void)printf("DIFFERENCE  %s\n", r->differences.v[i]);
    (void)printf("%zu differences in %.1f s, seed %" PRId64 "\n", r->differences.n, r->seconds,
                 seed);
}

static enum q_code print_crashes_json(struct cmd_ctx *ctx, const struct prove_crash_result *r,
                                      int64_t seed, struct q_err *err)
{
    struct q_json *o = q_json_object(ctx->arena);
    q_json_set_int(o, "seed", seed);
    q_json_set_real(o, "seconds", r->seconds);
    struct q_json *kinds = q_json_set_object(o, "landed");
    for (int k = 0; k < PROVE_CRASH_KINDS; k++) {
        struct q_json *kind = q_json_set_object(kinds, prove_crash_name((enum prove_crash_kind)k));
        q_json_set_int(kind, "before", r->landed[k].before);
        q_json_set_int(kind, "after", r->landed[k].after);
    }
    struct q_json *list = q_json_set_array(o, "differences");
    for (size_t i = 0; i < r->differences.n; i++)
        q_json_push_text(list, r->differences.v[i]);
    return cmd_print_json(o, true, err);
}

static enum q_code crash(struct cmd_ctx *ctx, int *exit, struct q_err *err)
{
    const struct args *a = ctx->args;
    struct prove_crash_result result;
    int64_t seed = a->seed ? a->seed : q_ticks() % 1000000 + 1;
    struct prove_crash_options o = {
        .kills = a->kills, .seed = (uint64_t)seed, .program = "/proc/self/exe"};
    if (!ctx->global->quiet && !ctx->global->json)
        (void)fprintf(stderr, "seed %" PRId64 ", %" PRId64 " runs\n", seed, a->kills);
    enum q_code code = prove_crash(ctx->arena, &o, &result, err);
    if (code)
        return code;
    if (result.differences.n)
        *exit = q_code_exit(Q_FAILED);
    if (ctx->global->json)
        return print_crashes_json(ctx, &result, seed, err);
    print_crashes(&result, seed);
    return Q_OK;
}

static enum q_code run(struct cmd_ctx *ctx, int *exit, struct q_err *err)
{
    if (!ctx->global->verbose)
        q_log_setup(Q_LOG_WARN, ctx->global->log && q_streq(ctx->global->log, "json"));
    if (q_streq(ctx->rest.v[0], "history"))
        return history(ctx, exit, err);
    if (q_streq(ctx->rest.v[0], "crash"))
        return crash(ctx, exit, err);
    enum q_code code = q_fail(err, Q_USAGE, "unknown self test \"%s\"", ctx->rest.v[0]);
    q_hint(err, "Run `quern selftest history` or `quern selftest crash`.");
    return code;
}

const struct cmd cmd_selftest = {
    .name = "selftest",
    .args = "history|crash",
    .summary = "the program's own suites, on this machine",
    .details =
        "history: what a dimension with history does, case by case. Exit code 1: one failed.",
    .needs = CMD_NOTHING,
    .opts = opts,
    .args_size = sizeof(struct args),
    .least = 1,
    .most = 1,
    .run = run,
};
