/* SPDX-License-Identifier: Apache-2.0 */
/* The connections of quern.yaml: which there are, and whether each can be reached. */
#include <stdio.h>

#include "base/clock.h"
#include "base/json.h"
#include "cmd/cmd.h"
#include "cmd/output.h"
#include "extract/driver.h"

enum { TYPE_WIDTH = 10 };

static const struct q_opt opts[] = {{0}};

struct reached {
    const struct cfg_connection *cfg;
    bool tried, ok;
    const char *said; /* of the other side, or why not */
    const char *hint;
    double seconds;
};

static void try(struct cmd_ctx *ctx, struct reached *r, struct q_err *why)
{
    const struct extract_driver *driver;
    const struct extract_connection *connection;
    void *session;
    int64_t started = q_ticks();
    r->tried = true;
    enum q_code code = extract_reach(ctx->arena, r->cfg, ctx->project->dir, q_now(), &driver,
                                     &connection, &session, why);
    if (!code && driver->greet)
        code = driver->greet(session, ctx->arena, &r->said, why);
    r->ok = !code;
    r->seconds = (double)(q_ticks() - started) / 1e6;
    if (code) {
        r->said = q_strdup(ctx->arena, why->message);
        r->hint = why->hint[0] ? q_strdup(ctx->arena, why->hint) : NULL;
    }
}

static enum q_code show(struct cmd_ctx *ctx, const struct reached *all, size_t n, struct q_err *err)
{
    struct q_json *list = q_json_array(ctx->arena);
    for (size_t i = 0; i < n; i++) {
        const struct reached *r = &all[i];
        if (!ctx->global->json) {
            (void)printf("%-4s  %-12s %s",
                         !r->tried ? ""
                         : r->ok   ? "ok"
                                   : "FAIL",
                         r->cfg->name.s, r->cfg->type.s);
            if (r->said)
                (void)printf("%*s%s", TYPE_WIDTH - (int)strlen(r->cfg->type.s), "", r->said);
            (void)printf("\n");
            if (r->hint)
                (void)printf("      %s\n", r->hint);
            continue;
        }
        struct q_json *o = q_json_push_object(list);
        q_json_set_text(o, "name", r->cfg->name.s);
        q_json_set_text(o, "type", r->cfg->type.s);
        if (r->tried) {
            q_json_set_bool(o, "reached", r->ok);
            q_json_set_text(o, "message", r->said);
            q_json_set_text(o, "hint", r->hint);
            q_json_set_real(o, "seconds", r->seconds);
        }
    }
    return ctx->global->json ? cmd_print_json(list, true, err) : Q_OK;
}

/* All, or those that are named. */
static enum q_code choose(struct cmd_ctx *ctx, struct reached *all, size_t *n, struct q_err *err)
{
    const cfg_connections *known = &ctx->project->connections;
    q_texts names = {0};
    *n = 0;
    for (size_t k = 0; k < known->n; k++) {
        *q_vec_push(ctx->arena, &names) = known->v[k].name.s;
        if (ctx->rest.n < 2)
            all[(*n)++].cfg = &known->v[k];
    }
    for (size_t i = 1; i < ctx->rest.n; i++) {
        const struct cfg_connection *c = extract_connection_find(ctx->project, ctx->rest.v[i]);
        if (!c)
            return cmd_unknown("connection", ctx->rest.v[i], &names,
                               "Connections stand in quern.yaml under `connections`.", err);
        all[(*n)++].cfg = c;
    }
    return Q_OK;
}

static enum q_code run(struct cmd_ctx *ctx, int *exit, struct q_err *err)
{
    const char *what = ctx->rest.n ? ctx->rest.v[0] : "list";
    bool test = q_streq(what, "test");
    size_t n = ctx->project->connections.n + ctx->rest.n;
    struct reached *all = q_alloc_array(ctx->arena, n + 1, sizeof *all);
    if (!test && !q_streq(what, "list"))
        return q_fail(err, Q_USAGE,
                      "expected `quern connections list` or `quern connections test`, "
                      "found \"%s\"",
                      what);
    enum q_code code = choose(ctx, all, &n, err);
    for (size_t i = 0; i < n && test && !code; i++) {
        struct q_err why = {0};
        try(ctx, &all[i], &why);
        if (!all[i].ok)
            *exit = q_code_exit(Q_SOURCE);
    }
    if (!code && !n && !ctx->global->json)
        (void)printf("quern.yaml has no connections; `quern help source` lists their types\n");
    return code ? code : show(ctx, all, n, err);
}

const struct cmd cmd_connections = {
    .name = "connections",
    .args = "[list | test [NAME...]]",
    .summary = "list the connections of quern.yaml, or reach each",
    .details = "`test` connects and asks who is there; exit 3 when one cannot be reached.",
    .needs = CMD_PROJECT,
    .opts = opts,
    .most = -1,
    .run = run,
};
