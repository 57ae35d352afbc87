/* SPDX-License-Identifier: Apache-2.0 */
#include "run/replay.h"

#include "base/embed.h"

static bool is_about_rows(const struct cfg_rule *rule)
{
    return rule->kind != CFG_ROW_COUNT && rule->kind != CFG_SQL;
}

const struct cfg_pipeline *replay_pipeline(struct q_arena *arena,
                                           const struct cfg_pipeline *pipeline)
{
    struct cfg_pipeline *p = q_new(arena, struct cfg_pipeline);
    *p = *pipeline;
    p->rules = (cfg_rules){0};
    for (size_t i = 0; i < pipeline->rules.n; i++)
        if (is_about_rows(&pipeline->rules.v[i]))
            *q_vec_push(arena, &p->rules) = pipeline->rules.v[i];
    p->sources = (cfg_sources){0}; /* how far sources were read has nothing to do with it */
    for (size_t i = 0; i < pipeline->sources.n; i++) {
        struct cfg_source *source = q_vec_push(arena, &p->sources);
        *source = pipeline->sources.v[i];
        source->incremental = (struct cfg_incremental){0};
    }
    p->load.snapshot = false;
    p->load.deletes = CFG_DELETES_IGNORE;
    p->load.max_rejects.set = false;
    if (p->load.mode == CFG_REPLACE || p->load.mode == CFG_REPLACE_SLICE)
        p->load.mode = CFG_UPSERT;
    if (p->load.on_fail == CFG_ON_FAIL_HOLD)
        p->load.on_fail = CFG_ON_FAIL_REJECT; /* what fails again stays where it can be seen */
    return p;
}

enum q_code replay_collect(struct run_session *s, const struct cfg_pipeline *pipeline,
                           const struct run_replay *what, struct run_replayed *out,
                           struct q_err *err)
{
    struct db_param p[] = {db_text("pipeline", pipeline->name.s),
                           db_text("relation", pipeline->sources.v[0].name.s),
                           what->run_id ? db_int("run_id", what->run_id) : db_null("run_id"),
                           db_text("reason", what->reason)};
    int64_t n[4];
    enum q_code code = db_exec(s->db, q_embed_text("run/replay_begin.sql"), NULL, 0, NULL, err);
    if (!code)
        code = db_exec(s->db, q_embed_text("run/replay_collect.sql"), p, 4, NULL, err);
    if (!code)
        code = db_get_ints(s->db, q_embed_text("run/replay_count.sql"), p, 4, n, 4, 0, err);
    if (code)
        return code;
    out->taken = n[1];
    out->not_kept = n[0] - n[1];
    out->joined = n[2];
    out->unpublished = n[3];
    return Q_OK;
}
