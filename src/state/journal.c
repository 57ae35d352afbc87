/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "state/state.h"

enum { JOURNAL_MAX = 65536 };

enum q_code state_journal_write(struct q_arena *arena, const char *dir, struct state_journal *j,
                                struct q_err *err)
{
    const char *runs = q_path_join(arena, dir, ".quern/runs");
    enum q_code code = q_dir_make(runs, err);
    if (code)
        return code;
    j->path = q_printf(arena, "%s/%lld.json", runs, (long long)j->run_id);
    struct q_json *o = q_json_object(arena);
    q_json_set_int(o, "run_id", j->run_id);
    q_json_set_int(o, "started_at", j->started_at);
    q_json_set_int(o, "pid", j->pid);
    q_json_set_text(o, "pipeline", j->pipeline);
    q_json_set_text(o, "target", j->target);
    struct q_buf text;
    q_buf_init(&text, JOURNAL_MAX);
    q_json_write(o, false, &text);
    code = q_file_write(j->path, (struct q_str){text.p, text.n}, err);
    q_buf_release(&text);
    return code;
}

void state_journal_remove(const struct state_journal *j)
{
    if (j->path)
        (void)unlink(j->path); /* left behind, it is recognised by its run being on record */
}

static int by_run(const void *a, const void *b)
{
    int64_t x = ((const struct state_journal *)a)->run_id,
            y = ((const struct state_journal *)b)->run_id;
    return (x > y) - (x < y);
}

enum q_code state_journals_read(struct q_arena *arena, const char *dir, state_journals *out,
                                struct q_err *err)
{
    const char *runs = q_path_join(arena, dir, ".quern/runs");
    q_paths names = {0};
    enum q_code code = q_dir_list(arena, runs, ".json", &names, err);
    for (size_t i = 0; i < names.n && !code; i++) {
        const char *path = q_path_join(arena, runs, names.v[i]);
        struct q_str text;
        struct q_json *o = NULL;
        code = q_file_read(arena, path, JOURNAL_MAX, &text, err);
        if (!code && !q_json_parse(arena, text, path, &o, NULL))
            *q_vec_push(arena, out) = (struct state_journal){
                .run_id = q_json_int(q_json_get(o, "run_id"), 0),
                .started_at = q_json_int(q_json_get(o, "started_at"), 0),
                .pid = q_json_int(q_json_get(o, "pid"), 0),
                .pipeline = q_json_text(q_json_get(o, "pipeline"), "?"),
                .target = q_json_text(q_json_get(o, "target"), NULL),
                .path = path,
            };
    }
    if (!code && out->n > 1)
        qsort(out->v, out->n, sizeof *out->v, by_run);
    return code;
}
