/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replay of rejects (SEMANTICS 29): records that were rejected go through today's pipeline, and nothing else does.
 *
 * What is taken stands in memory.replay.records: `old_pos` in the run `run_id` that rejected it, `pos` in this run (files
 * are numbered anew, by run and file), and either `fields`, the source row as an object of texts, or the raw record
 * (`raw`, or `raw_bytes` when it is no UTF-8) with the `shape` of its file. The extract stage reads the main source from
 * there (extract/replay.h); the other sources are as they are today.
 *
 * The run is one of its own. The records that it took are marked as replayed by it; those that it rejects again are open
 * under it, so that a record is open once. The batch is no snapshot of anything: `snapshot: full` does not count,
 * replaced tables are merged into, and rules about the whole relation (row_count, sql) and max_rejects are left out.
 */
#include "base/embed.h"
#include "run/internal.h"

static bool is_about_rows(const struct cfg_rule *rule)
{
    return rule->kind != CFG_ROW_COUNT && rule->kind != CFG_SQL;
}

/* The pipeline as a replay runs it. */
static const struct cfg_pipeline *replay_pipeline(struct q_arena *arena,
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

/* Fill memory.replay.records; the warehouse is attached and has the state tables of this version. */
static enum q_code collect(struct run_session *s, const struct cfg_pipeline *pipeline,
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

enum q_code run_replay(struct run_session *s, const struct cfg_pipeline *pipeline,
                       const struct run_replay *what, struct run_replayed *taken,
                       struct run_result *out, struct q_err *err)
{
    *taken = (struct run_replayed){0};
    *out = (struct run_result){.pipeline = pipeline->name.s, .target = pipeline->load.into.s};
    enum q_code code = s->attached ? Q_OK : run_attach(s, err);
    if (!code)
        code = collect(s, pipeline, what, taken, err);
    if (code || !taken->taken)
        return code;
    return run_one(s, replay_pipeline(s->arena, pipeline), false, taken->taken, NULL, out, err);
}
