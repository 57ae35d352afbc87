/* SPDX-License-Identifier: Apache-2.0 */
/* From a command line to a command, its needs met. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/parse.h"
#include "base/suggest.h"
#include "cmd/cmd.h"
#include "extract/file/file.h"
#include "quern_version.h"

const struct cmd *cmd_find(const char *name)
{
    for (const struct cmd *const *c = cmd_all; *c; c++)
        if (q_streq((*c)->name, name))
            return *c;
    return NULL;
}

enum q_code cmd_unknown_command(struct q_arena *arena, const char *name, struct q_err *err)
{
    q_texts names = {0};
    for (const struct cmd *const *c = cmd_all; *c; c++)
        *q_vec_push(arena, &names) = (*c)->name;
    enum q_code code = q_fail(err, Q_USAGE, "unknown command \"%s\"", name);
    const char *near = q_suggest(name, names.v, names.n);
    if (near)
        q_hint(err, "Did you mean `quern %s`?", near);
    else
        q_hint(err, "Run `quern help` for the list of commands.");
    return code;
}

static enum q_code load_project(struct cmd_ctx *ctx, struct q_err *err)
{
    for (size_t i = 0; i < ctx->global->vars.n; i++)
        if (!strchr(ctx->global->vars.v[i], '='))
            return q_fail(err, Q_USAGE, "cannot read --var \"%s\": expected NAME=VALUE",
                          ctx->global->vars.v[i]);
    struct cfg_options o = {.dir = ctx->global->project,
                            .env = ctx->global->env,
                            .vars = ctx->global->vars,
                            .drivers = extract_drivers};
    enum q_code code = cfg_load(ctx->arena, &o, &ctx->project, err);
    return code ? code : model_build(ctx->arena, ctx->project, &ctx->model, err);
}

static enum q_code check_count(const struct cmd_ctx *ctx, struct q_err *err)
{
    const struct cmd *c = ctx->cmd;
    int n = (int)ctx->rest.n;
    if (n >= c->least && (c->most < 0 || n <= c->most))
        return Q_OK;
    enum q_code code = q_fail(err, Q_USAGE,
                              n < c->least ? "`quern %s` needs more arguments"
                                           : "`quern %s` takes fewer arguments",
                              c->name);
    q_hint(err, "Usage: quern %s %s", c->name, c->args);
    return code;
}

static enum q_code run_command(struct cmd_ctx *ctx, int argc, char **argv,
                               struct cmd_global *global, int *exit, struct q_err *err)
{
    void *args = q_alloc(ctx->arena, ctx->cmd->args_size ? ctx->cmd->args_size : 1);
    const struct q_opt_part parts[] = {{ctx->cmd->opts, args}, {cmd_global_opts, global}};
    ctx->args = args;
    enum q_code code = q_opt_defaults(ctx->cmd->opts, ctx->arena, args, err);
    if (!code)
        code = q_opt_parse(parts, 2, ctx->arena, argc, argv, &ctx->rest, err);
    if (code) {
        if (!err->hint[0])
            q_hint(err, "Run `quern help %s`.", ctx->cmd->name);
        return code;
    }
    enum q_log_level level = global->quiet     ? Q_LOG_WARN
                             : global->verbose ? Q_LOG_DEBUG
                                               : Q_LOG_INFO;
    q_log_setup(level, global->log && q_streq(global->log, "json"));
    if (global->help) {
        ctx->rest = (q_texts){0};
        *q_vec_push(ctx->arena, &ctx->rest) = ctx->cmd->name;
        return cmd_help.run(ctx, exit, err);
    }
    code = check_count(ctx, err);
    if (!code && ctx->cmd->needs == CMD_PROJECT)
        code = load_project(ctx, err);
    return code ? code : ctx->cmd->run(ctx, exit, err);
}

/* The command is the first word that is no option. */
static enum q_code dispatch(struct q_arena *arena, int argc, char **argv, struct cmd_global *global,
                            int *exit, struct q_err *err)
{
    struct cmd_ctx ctx = {.arena = arena, .global = global, .cmd = &cmd_help};
    enum q_code code = q_opt_defaults(cmd_global_opts, arena, global, err);
    if (code)
        return code;
    if (argc < 2) {
        *exit = q_code_exit(Q_USAGE);
        return cmd_help.run(&ctx, exit, err);
    }
    if (q_streq(argv[1], "--version")) {
        (void)printf("quern %s\n", QUERN_VERSION);
        return Q_OK;
    }
    if (q_streq(argv[1], "--help") || q_streq(argv[1], "-h"))
        return cmd_help.run(&ctx, exit, err);
    if (argv[1][0] == '-') {
        code = q_fail(err, Q_USAGE, "the command comes first: `quern COMMAND [ARGS]`, not \"%s\"",
                      argv[1]);
        q_hint(err, "Run `quern help` for the list of commands.");
        return code;
    }
    ctx.cmd = cmd_find(argv[1]);
    if (!ctx.cmd)
        return cmd_unknown_command(arena, argv[1], err);
    return run_command(&ctx, argc - 2, argv + 2, global, exit, err);
}

static void set_clock_from_environment(void)
{
    const char *now = getenv("QUERN_NOW");
    int64_t usec;
    struct q_err err = {0};
    if (!now)
        return;
    if (q_parse_timestamp(now, "QUERN_NOW", &usec, &err))
        q_log(Q_LOG_WARN, "%s", err.message);
    else
        q_clock_set(usec);
}

int cmd_main(int argc, char **argv)
{
    struct q_arena *arena = q_arena_new(NULL, "process");
    struct cmd_global global = {0};
    struct q_err err = {0};
    int status = 0;
    q_cancel_install();
    set_clock_from_environment();
    enum q_code code = dispatch(arena, argc, argv, &global, &status, &err);
    /* also before an error: main() leaves without the C library's tidying up */
    bool written = fflush(stdout) == 0 && !ferror(stdout);
    if (!code && !written)
        code = q_fail(&err, Q_NOSPACE, "could not write to standard output: %s", strerror(errno));
    if (code) {
        if (q_cancelled())
            code = q_fail(&err, Q_CANCELLED, "cancelled; the warehouse is as before");
        q_log_error(&err);
        status = q_code_exit(code);
    }
    q_arena_free(arena);
    return status;
}
