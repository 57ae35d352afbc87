/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/json.h"
#include "cmd/cmd.h"
#include "sample/template.h"

struct args {
    const char *template_name;
};

static const struct q_opt opts[] = {
    {.name = "template",
     .arg = "NAME",
     .type = Q_OPT_CHOICE,
     .choices = SAMPLE_TEMPLATES,
     .fallback = "empty",
     .offset = offsetof(struct args, template_name),
     .help = "what to begin with"},
    {0},
};

static enum q_code run(struct cmd_ctx *ctx, int *exit, struct q_err *err)
{
    const struct args *a = ctx->args;
    const char *dir = ctx->rest.v[0];
    q_paths written = {0};
    (void)exit;
    enum q_code code = sample_template_write(ctx->arena, a->template_name, dir, &written, err);
    if (code)
        return code;
    if (ctx->global->json) {
        struct q_json *o = q_json_object(ctx->arena);
        q_json_set_text(o, "directory", dir);
        struct q_json *files = q_json_set_array(o, "files");
        for (size_t i = 0; i < written.n; i++)
            q_json_push_text(files, written.v[i]);
        return cmd_print_json(o, true, err);
    }
    (void)printf("Made a project from the template \"%s\" in %s (%zu files).\n", a->template_name,
                 dir, written.n);
    if (q_streq(a->template_name, "retail"))
        (void)printf(
            "Next:\n  cd %s\n  quern generate retail --sales 100000 -o inbox\n  quern run\n  quern report top_products\n",
            dir);
    else
        (void)printf(
            "Next: %s/README.md; model/README.md and pipelines/README.md show a table and a pipeline to begin with.\n",
            dir);
    return Q_OK;
}

const struct cmd cmd_init = {
    .name = "init",
    .args = "DIR",
    .summary = "make a project that runs",
    .opts = opts,
    .args_size = sizeof(struct args),
    .least = 1,
    .most = 1,
    .run = run,
};
