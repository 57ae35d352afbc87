/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/clock.h"
#include "base/json.h"
#include "cmd/cmd.h"
#include "cmd/output.h"
#include "prove/verify.h"
#include "run/progress.h"

struct args {
    int64_t wait;
};

static const struct q_opt opts[] = {
    CMD_WAIT_OPT(struct args, "seconds to wait for the file of the warehouse"),
    {0},
};

struct showing {
    struct q_json *list; /* --json: the proofs; else NULL */
    const char *table;   /* the last one shown */
    int64_t counts[VERIFY_FAILED + 1];
};

static void show_json(struct q_json *list, const struct verify_proof *p)
{
    struct q_json *o = q_json_push_object(list);
    q_json_set_text(o, "table", p->table);
    q_json_set_text(o, "proof", p->name);
    q_json_set_text(o, "verdict", verify_verdict_name(p->verdict));
    q_json_set_int(o, "rows", p->rows);
    q_json_set_int(o, "failures", p->failures);
    struct q_json *samples = q_json_set_array(o, "samples");
    for (size_t i = 0; i < p->samples.n; i++)
        q_json_push_text(samples, p->samples.v[i]);
    q_json_set_text(o, "detail", p->detail);
    q_json_set_text(o, "hint", p->hint);
    q_json_set_real(o, "seconds", p->seconds);
}

static void show_text(const struct verify_proof *p, bool first)
{
    static const char *const words[] = {"ok", "warning", "absent", "FAILED"};
    char n[2][32];
    if (first)
        (void)printf("%s\n", p->table);
    (void)printf("  %-7s  %s", words[p->verdict], p->name);
    if (p->verdict == VERIFY_ABSENT) {
        (void)printf(": %s\n", p->detail);
        return;
    }
    (void)printf(": %s %s, ", progress_number(n[0], p->rows), p->rows == 1 ? "row" : "rows");
    if (p->verdict != VERIFY_PROVEN)
        (void)printf("%s %s, ", progress_number(n[1], p->failures),
                     p->verdict == VERIFY_WARNING ? "changed"
                     : p->failures == 1           ? "failure"
                                                  : "failures");
    (void)printf("%.2f s\n", p->seconds);
    for (size_t i = 0; i < p->samples.n; i++)
        (void)printf("             %s\n", p->samples.v[i]);
    if ((size_t)p->failures > p->samples.n && p->samples.n)
        (void)printf("             ...\n");
    if (p->detail)
        (void)printf("           %s\n", p->detail);
    if (p->hint)
        (void)printf("           %s\n", p->hint);
}

static enum q_code told(void *self, const struct verify_proof *p, struct q_err *err)
{
    struct showing *s = self;
    bool first = !s->table || !q_streq(s->table, p->table);
    (void)err;
    s->table = p->table;
    s->counts[p->verdict]++;
    if (s->list)
        show_json(s->list, p);
    else
        show_text(p, first);
    return Q_OK;
}

/* The named tables, by their own name or that of their versions; without names all. */
static enum q_code choose(struct cmd_ctx *ctx, const struct model_table ***out, size_t *n,
                          struct q_err *err)
{
    const struct model *m = ctx->model;
    *n = ctx->rest.n ? ctx->rest.n : m->n;
    *out = q_alloc_array(ctx->arena, *n + 1, sizeof **out);
    for (size_t i = 0; i < m->n && !ctx->rest.n; i++)
        (*out)[i] = &m->tables[i];
    for (size_t i = 0; i < ctx->rest.n; i++) {
        enum q_code code = cmd_find_table(ctx, ctx->rest.v[i], &(*out)[i], err);
        if (code)
            return code;
    }
    return Q_OK;
}

static enum q_code finish(const struct showing *s, struct q_json *o, double seconds,
                          struct q_err *err)
{
    if (o) {
        q_json_set_text(o, "status", s->counts[VERIFY_FAILED] ? "failed" : "ok");
        q_json_set_real(o, "seconds", seconds);
        return cmd_print_json(o, false, err);
    }
    char n[3][32];
    (void)printf("%s proven, %s failed, warnings %s in %.2f s\n",
                 progress_number(n[0], s->counts[VERIFY_PROVEN]),
                 progress_number(n[1], s->counts[VERIFY_FAILED]),
                 progress_number(n[2], s->counts[VERIFY_WARNING]), seconds);
    return Q_OK;
}

static enum q_code run(struct cmd_ctx *ctx, int *exit, struct q_err *err)
{
    const struct args *a = ctx->args;
    struct run_session session;
    struct showing s = {0};
    struct q_json *o = ctx->global->json ? q_json_object(ctx->arena) : NULL;
    const struct model_table **tables;
    size_t n;
    int64_t began = q_ticks();
    enum q_code code = choose(ctx, &tables, &n, err);
    if (!code)
        code = cmd_require_warehouse(ctx, err);
    if (!code)
        code = cmd_open_session(ctx, a->wait, &session, err);
    if (code)
        return code;
    if (o)
        s.list = q_json_set_array(o, "proofs");
    struct verify_options options = {
        .session = &session, .tables = tables, .n_tables = n, .told = told, .self = &s};
    code = verify_tables(&options, err);
    if (!code)
        code = finish(&s, o, (double)(q_ticks() - began) / 1e6, err);
    if (s.counts[VERIFY_FAILED])
        *exit = q_code_exit(Q_FAILED);
    return code;
}

const struct cmd cmd_verify = {
    .name = "verify",
    .args = "[TABLE...]",
    .summary = "prove keys, references and history of whole tables",
    .details =
        "Without names all tables of the model. Each line says how many rows were looked at and how many break the\n"
        "rule, with the first of them; the exit status is 1 when one does. `warning` counts facts that were right when\n"
        "they were loaded and whose dimension was changed since. Reads only.",
    .needs = CMD_PROJECT,
    .opts = opts,
    .args_size = sizeof(struct args),
    .most = -1,
    .run = run,
};
