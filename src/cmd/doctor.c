/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at everything a run needs and says what is missing and how to get it. */
#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "cmd/cmd.h"
#include "db/db.h"
#include "extract/driver.h"
#include "quern_version.h"
#include "state/state.h"

static const struct q_opt no_opts[] = {{0}};

struct doctor {
    struct cmd_ctx *ctx;
    struct q_json *list;
    int problems;
};

/* One finding; `fix` NULL: it is in order. */
static void tell(struct doctor *d, const char *what, const char *state, const char *fix)
{
    if (fix)
        d->problems++;
    if (d->ctx->global->json) {
        struct q_json *o = q_json_push_object(d->list);
        q_json_set_text(o, "what", what);
        q_json_set_bool(o, "ok", !fix);
        q_json_set_text(o, "state", state);
        q_json_set_text(o, "fix", fix);
        return;
    }
    (void)printf("%-8s %-14s %s\n", fix ? "MISSING" : "ok", what, state);
    if (fix)
        (void)printf("%-8s %-14s -> %s\n", "", "", fix);
}

static void look_at_engine(struct doctor *d)
{
    struct db_settings settings = {0};
    struct db *db;
    struct db_conn *conn;
    struct q_err err = {0};
    if (db_open(d->ctx->arena, &settings, &db, &err) || db_connect(db, d->ctx->arena, &conn, &err))
        tell(d, "engine", err.message, "Install quern again: libduckdb is broken.");
    else
        tell(d, "engine",
             q_printf(d->ctx->arena, "DuckDB %s, quern %s", db_version(), QUERN_VERSION), NULL);
}

static void look_at_disk(struct doctor *d, const char *dir)
{
    struct statvfs fs;
    if (access(dir, W_OK) != 0) {
        tell(d, "directory", q_printf(d->ctx->arena, "%s cannot be written", dir),
             "Give yourself write permission on it.");
        return;
    }
    if (statvfs(dir, &fs) != 0)
        return;
    double gb = (double)fs.f_bavail * (double)fs.f_frsize / 1e9;
    tell(d, "disk", q_printf(d->ctx->arena, "%.1f GB free in %s", gb, dir),
         gb < 1 ? "Make room: a run needs space for the warehouse and for spilled data." : NULL);
}

static bool load_project(struct doctor *d)
{
    struct cmd_ctx *ctx = d->ctx;
    struct q_err err = {0};
    struct cfg_options o = {.dir = ctx->global->project,
                            .env = ctx->global->env,
                            .vars = ctx->global->vars,
                            .drivers = extract_drivers};
    if (cfg_load(ctx->arena, &o, &ctx->project, &err) ||
        model_build(ctx->arena, ctx->project, &ctx->model, &err)) {
        tell(d, "project", err.message, err.hint[0] ? err.hint : "Correct the file at that place.");
        return false;
    }
    tell(d, "project",
         q_printf(ctx->arena, "%s, environment %s: %zu tables, %zu pipelines, %zu reports",
                  ctx->project->name.s, ctx->project->env->name.s, ctx->project->tables.n,
                  ctx->project->pipelines.n, ctx->project->reports.n),
         NULL);
    return true;
}

static void look_at_warehouse(struct doctor *d)
{
    struct db_conn *conn;
    struct q_err err = {0};
    const char *path = cmd_warehouse(d->ctx);
    if (!q_file_exists(path)) {
        tell(d, "warehouse", q_printf(d->ctx->arena, "%s is not there yet", path),
             "Load it with `quern run`.");
        return;
    }
    if (cmd_open_warehouse(d->ctx, &conn, &err))
        tell(d, "warehouse", err.message,
             err.hint[0] ? err.hint : "See who has the file open, or restore it from a backup.");
    else
        tell(d, "warehouse", path, NULL);
}

static void look_at_inputs(struct doctor *d)
{
    struct cmd_ctx *ctx = d->ctx;
    for (size_t i = 0; i < ctx->project->pipelines.n; i++) {
        const struct cfg_pipeline *p = &ctx->project->pipelines.v[i];
        for (size_t k = 0; k < p->sources.n; k++) {
            const struct cfg_source *s = &p->sources.v[k];
            const char *path = NULL;
            q_paths found = {0};
            struct q_err err = {0};
            for (size_t o = 0; o < s->options.n; o++)
                if (q_streq(s->options.v[o].key.s, "path"))
                    path = q_path_join(ctx->arena, ctx->project->dir, s->options.v[o].value.s);
            if (!path || s->optional || !q_streq(s->from.s, "files") || strstr(path, "://"))
                continue;
            const char *what = q_printf(ctx->arena, "%s.%s", p->name.s, s->name.s);
            if (q_glob(ctx->arena, path, &found, &err) || !found.n)
                tell(d, "input", q_printf(ctx->arena, "%s: no file for %s", what, path),
                     "Put the files there, or correct `path` in the pipeline.");
            else
                tell(d, "input",
                     q_printf(ctx->arena, "%s: %zu file%s", what, found.n, found.n == 1 ? "" : "s"),
                     NULL);
        }
    }
}

static void look_at_connections(struct doctor *d)
{
    struct cmd_ctx *ctx = d->ctx;
    for (size_t i = 0; i < ctx->project->connections.n; i++) {
        const struct cfg_connection *c = &ctx->project->connections.v[i];
        const struct extract_driver *driver;
        const struct extract_connection *connection;
        const char *said = NULL;
        void *session;
        struct q_err err = {0};
        enum q_code code = extract_reach(ctx->arena, c, ctx->project->dir, q_now(), &driver,
                                         &connection, &session, &err);
        if (!code && driver->greet)
            code = driver->greet(session, ctx->arena, &said, &err);
        tell(d, "connection",
             q_printf(ctx->arena, "%s: %s", c->name.s,
                      code   ? err.message
                      : said ? said
                             : "reached"),
             !code         ? NULL
             : err.hint[0] ? q_strdup(ctx->arena, err.hint)
                           : "Correct it in quern.yaml, then `quern connections test`.");
    }
}

static void look_at_journals(struct doctor *d)
{
    state_journals left = {0};
    struct q_err err = {0};
    if (!state_journals_read(d->ctx->arena, d->ctx->project->dir, &left, &err) && left.n)
        tell(d, "runs",
             q_printf(d->ctx->arena, "%zu run%s did not end, or still going on", left.n,
                      left.n == 1 ? "" : "s"),
             "Nothing is lost: the next `quern run` puts those that died on record.");
}

static enum q_code run(struct cmd_ctx *ctx, int *exit, struct q_err *err)
{
    struct doctor d = {.ctx = ctx, .list = q_json_array(ctx->arena)};
    look_at_engine(&d);
    look_at_disk(&d, ctx->global->project);
    if (load_project(&d)) {
        look_at_inputs(&d);
        look_at_connections(&d);
        look_at_warehouse(&d);
        look_at_journals(&d);
    }
    *exit = d.problems ? q_code_exit(Q_FAILED) : 0;
    return ctx->global->json ? cmd_print_json(d.list, true, err) : Q_OK;
}

const struct cmd cmd_doctor = {
    .name = "doctor",
    .args = "",
    .summary = "say what is missing and how to get it",
    .opts = no_opts,
    .run = run,
};
