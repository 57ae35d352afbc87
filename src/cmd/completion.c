/* SPDX-License-Identifier: Apache-2.0 */
/* Completion scripts, made from the same rows as help. */
#include <stdio.h>

#include "cmd/cmd.h"
#include "cmd/output.h"

static const struct q_opt no_opts[] = {{0}};

static void print_words(const struct q_opt *table)
{
    for (const struct q_opt *o = table; o->name; o++)
        (void)printf(" --%s", o->name);
}

static void bash(void)
{
    (void)printf("# quern completion for bash; load it with: source <(quern completion bash)\n"
                 "_quern() {\n    local cur=${COMP_WORDS[COMP_CWORD]} words=\n"
                 "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        words=\"");
    for (const struct cmd *const *c = cmd_all; *c; c++)
        (void)printf("%s ", (*c)->name);
    (void)printf("\"\n    else\n        case ${COMP_WORDS[1]} in\n");
    for (const struct cmd *const *c = cmd_all; *c; c++) {
        (void)printf("        %s) words=\"", (*c)->name);
        print_words((*c)->opts);
        (void)printf("\" ;;\n");
    }
    (void)printf("        esac\n        words=\"$words");
    print_words(cmd_global_opts);
    (void)printf("\"\n    fi\n    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\n"
                 "complete -o default -F _quern quern\n");
}

static void zsh(void)
{
    (void)printf(
        "#compdef quern\n# quern completion for zsh; put it into a directory of $fpath as _quern\n"
        "local -a commands\ncommands=(\n");
    for (const struct cmd *const *c = cmd_all; *c; c++)
        (void)printf("    '%s:%s'\n", (*c)->name, (*c)->summary);
    (void)printf(
        ")\nif (( CURRENT == 2 )); then\n    _describe command commands\nelse\n    case $words[2] in\n");
    for (const struct cmd *const *c = cmd_all; *c; c++) {
        (void)printf("    %s) _arguments '*:file:_files'", (*c)->name);
        for (const struct q_opt *o = (*c)->opts; o->name; o++)
            (void)printf(" '--%s'", o->name);
        (void)printf(" ;;\n");
    }
    (void)printf("    esac\nfi\n");
}

static void fish(void)
{
    (void)printf(
        "# quern completion for fish; put it into ~/.config/fish/completions/quern.fish\n");
    for (const struct cmd *const *c = cmd_all; *c; c++) {
        (void)printf("complete -c quern -n __fish_use_subcommand -a %s -d '%s'\n", (*c)->name,
                     (*c)->summary);
        for (const struct q_opt *o = (*c)->opts; o->name; o++)
            (void)printf("complete -c quern -n '__fish_seen_subcommand_from %s' -l %s\n",
                         (*c)->name, o->name);
    }
}

static enum q_code run(struct cmd_ctx *ctx, int *exit, struct q_err *err)
{
    static const struct {
        const char *name;
        void (*print)(void);
    } shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
    q_texts names = {0};
    (void)exit;
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++) {
        *q_vec_push(ctx->arena, &names) = shells[i].name;
        if (q_streq(ctx->rest.v[0], shells[i].name)) {
            shells[i].print();
            return Q_OK;
        }
    }
    return cmd_unknown("shell", ctx->rest.v[0], &names, "Expected bash, zsh or fish.", err);
}

const struct cmd cmd_completion = {
    .name = "completion",
    .args = "bash|zsh|fish",
    .summary = "print a completion script for a shell",
    .opts = no_opts,
    .least = 1,
    .most = 1,
    .run = run,
};
