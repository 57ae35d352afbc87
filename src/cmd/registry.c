/* SPDX-License-Identifier: Apache-2.0 */
/* The only place that names commands, stages and drivers. */
#include "check/check.h"
#include "cmd/cmd.h"
#include "extract/stage.h"
#include "load/load.h"
#include "transform/transform.h"

/* In the order of `quern help`: the order in which a newcomer meets them. */
const struct cmd *const cmd_all[] = {
    &cmd_init,     &cmd_generate, &cmd_plan,       &cmd_run,     &cmd_runs,   &cmd_intervals,
    &cmd_rejects,  &cmd_undo,     &cmd_check,      &cmd_profile, &cmd_copy,   &cmd_report,
    &cmd_query,    &cmd_show,     &cmd_why,        &cmd_test,    &cmd_verify, &cmd_connections,
    &cmd_selftest, &cmd_doctor,   &cmd_completion, &cmd_help,    NULL,
};

const struct q_opt cmd_global_opts[] = {
    {.name = "project",
     .letter = 'C',
     .arg = "DIR",
     .type = Q_OPT_TEXT,
     .offset = offsetof(struct cmd_global, project),
     .fallback = ".",
     .help = "project directory"},
    {.name = "env",
     .arg = "NAME",
     .type = Q_OPT_TEXT,
     .offset = offsetof(struct cmd_global, env),
     .help = "environment of quern.yaml"},
    {.name = "var",
     .arg = "NAME=VALUE",
     .type = Q_OPT_TEXTS,
     .offset = offsetof(struct cmd_global, vars),
     .help = "value of ${NAME} in the project's files; may be repeated"},
    Q_OPT_FLAG_ROW(struct cmd_global, json, "json", "results as JSON"),
    {.name = "quiet",
     .letter = 'q',
     .type = Q_OPT_FLAG,
     .offset = offsetof(struct cmd_global, quiet),
     .help = "only warnings and errors on stderr"},
    {.name = "verbose",
     .letter = 'v',
     .type = Q_OPT_FLAG,
     .offset = offsetof(struct cmd_global, verbose),
     .help = "every statement and its time on stderr"},
    {.name = "log",
     .arg = "FORMAT",
     .type = Q_OPT_CHOICE,
     .choices = "text|json",
     .offset = offsetof(struct cmd_global, log),
     .help = "messages on stderr as text or JSON lines"},
    {.name = "help",
     .letter = 'h',
     .type = Q_OPT_FLAG,
     .offset = offsetof(struct cmd_global, help),
     .help = "help of the command"},
    {0},
};

const struct plan_stage *const cmd_stages[] = {&extract_stage, &transform_stage, &check_stage,
                                               &load_stage};
const size_t cmd_n_stages = sizeof cmd_stages / sizeof cmd_stages[0];
