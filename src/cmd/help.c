/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/suggest.h"
#include "cmd/cmd.h"
#include "extract/driver.h"
#include "sql/expr/expr.h"

static const struct q_opt no_opts[] = {{0}};

static void print_options(const char *title, const struct q_opt *table)
{
    if (!table->name)
        return;
    (void)printf("\n%s:\n", title);
    for (const struct q_opt *o = table; o->name; o++) {
        char left[64], letter[8] = "    ";
        if (o->letter)
            (void)snprintf(letter, sizeof letter, "-%c, ", o->letter);
        (void)snprintf(left, sizeof left, "%s--%s%s%s", letter, o->name, o->arg ? " " : "",
                       o->arg ? o->arg : "");
        (void)printf("  %-26s %s", left, o->help);
        if (o->choices)
            (void)printf(" (%s)", o->choices);
        if (o->fallback)
            (void)printf(" [%s]", o->fallback);
        (void)printf("\n");
    }
}

static void print_all(void)
{
    (void)printf(
        "quern turns raw data into a checked star schema with history, and answers questions from it.\n\n"
        "Usage: quern COMMAND [ARGS] [--project DIR] [--env NAME] [--json] [--quiet]\n\nCommands:\n");
    for (const struct cmd *const *c = cmd_all; *c; c++)
        (void)printf("  %-12s %s\n", (*c)->name, (*c)->summary);
    print_options("Options of every command", cmd_global_opts);
    (void)printf(
        "\nExit status: 0 done, 1 a rule or test failed, 2 wrong usage or configuration, 3 a source or the\n"
        "warehouse could not be read, 4 held or locked, 5 disk or memory, 6 a defect of quern, 130 Ctrl-C.\n"
        "\n`quern help COMMAND` tells more. Begin with: quern init shop --template retail\n");
}

static void print_one(const struct cmd *c)
{
    (void)printf("quern %s - %s\n\nUsage: quern %s%s%s\n", c->name, c->summary, c->name,
                 c->args[0] ? " " : "", c->args);
    if (c->details)
        (void)printf("\n%s\n", c->details);
    print_options("Options", c->opts);
    print_options("Options of every command", cmd_global_opts);
}

/* The functions of `derive`, `filter`, `check` and `when`, from the table that also types them. */
static void print_expressions(void)
{
    size_t n;
    const struct expr_function *f = expr_functions(&n);
    (void)printf(
        "Expressions are written in derive, filter, check, when: literals 12, 1.50, 'text', date '2024-01-31',\n"
        "true, null; columns; + - * / %% ||, = <> < <= > >=, and or not, is null, in, between, like, ilike, case,\n"
        "cast(x as type). Decimals are exact; x / y has 6 digits and is null for a zero divisor.\n");
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || !q_streq(f[i].group, f[i - 1].group))
            (void)printf("\nFunctions: %s\n", f[i].group);
        (void)printf("  %-36s %s\n", f[i].signature, f[i].help);
    }
}

/* Keys of a map in a project's file. */
static void print_keys(const char *title, const struct q_opt *table)
{
    (void)printf("\n%s:\n", title);
    for (const struct q_opt *o = table; o->name; o++) {
        char left[64];
        (void)snprintf(left, sizeof left, "%s: %s", o->name, o->arg ? o->arg : "true");
        (void)printf("  %-28s %s", left, o->help);
        if (o->choices)
            (void)printf(" (%s)", o->choices);
        if (o->fallback)
            (void)printf(" [%s]", o->fallback);
        if (o->required)
            (void)printf(" (required)");
        if (o->type == Q_OPT_TEXTS)
            (void)printf(" (or a list)");
        (void)printf("\n");
    }
}

static void print_sources(void)
{
    (void)printf("A source of a pipeline is read from files or from a connection of quern.yaml.\n"
                 "`quern help source TYPE` lists the keys of a type:\n\n");
    for (const struct cfg_driver *const *d = extract_drivers; *d; d++)
        (void)printf("  %-12s %s\n", (*d)->name, (*d)->summary);
}

static enum q_code print_source(struct cmd_ctx *ctx, const char *name, struct q_err *err)
{
    const struct extract_driver *driver = extract_driver_find(name);
    q_texts known = {0};
    for (const struct cfg_driver *const *d = extract_drivers; *d; d++)
        *q_vec_push(ctx->arena, &known) = (*d)->name;
    if (!driver) {
        enum q_code code = q_fail(err, Q_USAGE, "there is no source of type \"%s\"", name);
        q_suggest_hint(err, name, known.v, known.n, "Run `quern help source`.");
        return code;
    }
    (void)printf("%s: %s\n", name, driver->words.summary);
    if (driver->words.connection)
        print_keys("Keys of the connection in quern.yaml, beside `type`", driver->words.connection);
    print_keys(
        "Keys of a source, beside `from`, `columns`, `optional`, `contract` and `incremental`",
        driver->words.source);
    return Q_OK;
}

static enum q_code run(struct cmd_ctx *ctx, int *exit, struct q_err *err)
{
    (void)exit;
    if (!ctx->rest.n) {
        print_all();
        return Q_OK;
    }
    if (q_streq(ctx->rest.v[0], "expressions")) {
        print_expressions();
        return Q_OK;
    }
    if (q_streq(ctx->rest.v[0], "source")) {
        if (ctx->rest.n > 1)
            return print_source(ctx, ctx->rest.v[1], err);
        print_sources();
        return Q_OK;
    }
    if (ctx->rest.n > 1)
        return q_fail(err, Q_USAGE, "`quern help %s` takes no further argument", ctx->rest.v[0]);
    const struct cmd *c = cmd_find(ctx->rest.v[0]);
    if (!c)
        return cmd_unknown_command(ctx->arena, ctx->rest.v[0], err);
    print_one(c);
    return Q_OK;
}

const struct cmd cmd_help = {
    .name = "help",
    .args = "[COMMAND | expressions | source [TYPE]]",
    .summary = "list the commands, or explain one, the expressions, the sources",
    .opts = no_opts,
    .most = 2,
    .run = run,
};
