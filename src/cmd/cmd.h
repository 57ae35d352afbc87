/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands: one file and one row of registry.c each. Help, completion and the reference pages come from the rows.
 *
 * What a command needs is made before it runs: its arguments are parsed into a zeroed struct of `args_size` bytes, its
 * project is read, its model built. A command prints results on stdout and returns an error, which main reports; it never
 * does both.
 */
#ifndef Q_CMD_CMD_H
#define Q_CMD_CMD_H

#include "base/opt.h"
#include "config/config.h"
#include "model/model.h"
#include "plan/plan.h"

struct cmd_ctx;

enum cmd_needs { CMD_NOTHING, CMD_PROJECT };

struct cmd_global {
    const char *project; /* directory, default . */
    const char *env;
    bool json, quiet, verbose, help;
    const char *log; /* text or json */
    q_texts vars;
};

struct cmd {
    const char *name;
    const char *args;    /* "PIPELINE", "[PIPELINE...]" ... or "" */
    const char *summary; /* one line, lower case, no full stop */
    const char *details; /* more lines for `quern help NAME`; may be NULL */
    enum cmd_needs needs;
    const struct q_opt *opts;
    size_t args_size;
    int least, most; /* positional arguments; most -1: any number */
    /* *exit is 0 before; a command whose outcome is not an error of its own sets it (a failed verdict is 1). */
    enum q_code (*run)(struct cmd_ctx *ctx, int *exit, struct q_err *err);
};

struct cmd_ctx {
    struct q_arena *arena;
    const struct cmd *cmd;
    const struct cmd_global *global;
    const void *args; /* the command's struct */
    q_texts rest;     /* positional arguments */
    struct cfg_project *project;
    struct model *model;
};

/* Run a command line; the exit status of the process. */
int cmd_main(int argc, char **argv);

/* registry.c */
extern const struct cmd *const cmd_all[]; /* ends with NULL */
extern const struct q_opt cmd_global_opts[];
extern const struct plan_stage *const cmd_stages[];
extern const size_t cmd_n_stages;
const struct cmd *cmd_find(const char *name);
/* "unknown command", with the nearest one as hint. Q_USAGE. */
enum q_code cmd_unknown_command(struct q_arena *arena, const char *name, struct q_err *err);

/* What of the incremental sources is read: options of run and plan. */
struct cmd_interval {
    const char *from, *to;
    bool full;
};
#define CMD_INTERVAL_OPTS(st)                                                                 \
    {.name = "from",                                                                          \
     .arg = "VALUE",                                                                          \
     .type = Q_OPT_TEXT,                                                                      \
     .offset = offsetof(st, interval.from),                                                   \
     .help = "read incremental sources from this value of the cursor, included, up to --to"}, \
        {.name = "to",                                                                        \
         .arg = "VALUE",                                                                      \
         .type = Q_OPT_TEXT,                                                                  \
         .offset = offsetof(st, interval.to),                                                 \
         .help = "up to this value of the cursor, which is not included"},                    \
    {                                                                                         \
        .name = "full", .type = Q_OPT_FLAG, .offset = offsetof(st, interval.full),            \
        .help = "read everything again and start watermarks anew"                             \
    }
/* --from and --to belong together, and --full stands alone. Q_USAGE. */
Q_MUST_CHECK enum q_code cmd_check_interval(const struct cmd_interval *interval, struct q_err *err);

/* --wait, for an option table whose struct has the field `wait`. */
#define CMD_WAIT_OPT(st, hlp)                                                                      \
    {                                                                                              \
        .name = "wait", .arg = "S", .type = Q_OPT_INT, .min = 0, .max = 1000000, .fallback = "10", \
        .offset = offsetof(st, wait), .help = (hlp)                                                \
    }

/* Where the warehouse of the chosen environment is. */
const char *cmd_warehouse(const struct cmd_ctx *ctx);
/* Q_TARGET with a hint when there is no warehouse yet. */
Q_MUST_CHECK enum q_code cmd_require_warehouse(const struct cmd_ctx *ctx, struct q_err *err);
/* Open the warehouse read-only as the engine's main database, for questions. cmd_require_warehouse() is part
 * of it. */
struct db_conn;
Q_MUST_CHECK enum q_code cmd_open_warehouse(struct cmd_ctx *ctx, struct db_conn **out,
                                            struct q_err *err);
/* A workspace for runs (run/run.h). `wait`: seconds. */
struct run_session;
Q_MUST_CHECK enum q_code cmd_open_session(struct cmd_ctx *ctx, int64_t wait,
                                          struct run_session *out, struct q_err *err);
/* The same with the run lock of the warehouse. */
Q_MUST_CHECK enum q_code cmd_lock_session(struct cmd_ctx *ctx, int64_t wait,
                                          struct run_session *out, struct q_err *err);
/* Print a JSON document on stdout with a line end. */
struct q_json;
/* A user's text on stdout, with what would control a terminal made visible: \u001b. */
void cmd_put(const char *text);
Q_MUST_CHECK enum q_code cmd_print_json(const struct q_json *value, bool pretty, struct q_err *err);

extern const struct cmd cmd_init, cmd_generate, cmd_plan, cmd_run, cmd_runs, cmd_intervals,
    cmd_rejects, cmd_undo, cmd_check, cmd_query, cmd_report, cmd_show, cmd_why, cmd_verify,
    cmd_doctor, cmd_help, cmd_completion, cmd_test, cmd_selftest, cmd_copy, cmd_profile,
    cmd_connections;

#endif
