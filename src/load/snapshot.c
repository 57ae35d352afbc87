/* SPDX-License-Identifier: Apache-2.0 */
/* A batch that is all there is: keys that it lacks were deleted at the source (SEMANTICS 15, 25). */
#include "load/history.h"

static const char *open_versions(const struct load *l)
{
    return sql_make(l->arena, "(SELECT * FROM %s WHERE is_current AND NOT is_deleted%s AND %I > 0)",
                    l->target_ref, l->target->can_infer ? " AND NOT inferred" : "", l->target->key);
}

bool history_deletes(const struct load *l)
{
    return l->cfg->snapshot && l->cfg->deletes != CFG_DELETES_IGNORE;
}

void history_snapshot(struct load *l)
{
    /* rejected rows are there as well: their keys are not gone */
    load_audit(
        l,
        sql_make(
            l->arena,
            "CREATE TABLE h_gone AS SELECT t.*, t.%I AS _q_key, %s AS _q_start FROM %s AS t SEMI JOIN (SELECT _q_key FROM "
            "h_news WHERE lost) AS k ON k._q_key = t.%I ANTI JOIN l_base AS b ON %s",
            l->target->key, history_start(l, "t"), open_versions(l), l->target->key,
            history_match(l, "b", "t")));
    load_guard_shrink(l, "SELECT count(*) FROM h_gone",
                      sql_make(l->arena, "SELECT count(*) FROM %s AS t", open_versions(l)));
    load_guard_unreadable(l, "SELECT count(*) FROM h_gone");
    load_audit_if(
        l, "h_gone",
        "INSERT INTO q_holds SELECT 'clock', concat('the clock of this run (', any_value(q.clock), ') is not after the start "
        "of ', count(*), ' versions that it would close: set the clock right, or give the time with --as-of') FROM h_gone AS "
        "g, q_run AS q WHERE g._q_start >= q.clock HAVING count(*) > 0");
    load_audit_if(l, "h_gone", "INSERT INTO q_counts SELECT 'deleted', count(*) FROM h_gone");
    load_audit_if(l, "h_gone",
                  "INSERT INTO q_counts SELECT 'versions_closed', count(*) FROM h_gone");
    if (l->cfg->deletes == CFG_DELETES_TOMBSTONE)
        load_audit_if(l, "h_gone",
                      "INSERT INTO q_counts SELECT 'versions_opened', count(*) FROM h_gone");
}
