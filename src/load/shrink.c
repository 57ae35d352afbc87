/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guards of a load that takes rows away (SEMANTICS 15). A broken extract looks like a source from which much was
 * deleted; so a run that would take more than `max_shrink` is held until somebody says that it is right.
 */
#include "load/internal.h"

enum { MILLION = 1000000 };

/* "50%" or "100 keys". */
static const char *limit_text(const struct load *l)
{
    const struct cfg_threshold *most = &l->cfg->max_shrink;
    return most->percent ? q_printf(l->arena, "%.10g%%", (double)most->bound * 100 / MILLION)
                         : q_printf(l->arena, "%lld keys", (long long)most->bound);
}

/* "gone" and "current" compared with the limit, as integers. */
static const char *exceeds(const struct load *l)
{
    const struct cfg_threshold *most = &l->cfg->max_shrink;
    const char *than = most->or_equal ? ">=" : ">";
    if (!most->percent)
        return sql_make(l->arena, "gone %s %d", than, most->bound);
    return sql_make(l->arena, "gone::HUGEINT * %d %s current::HUGEINT * %d", (int64_t)MILLION, than,
                    most->bound);
}

void load_guard_shrink(struct load *l, const char *gone, const char *current)
{
    const char *way_out =
        q_printf(l->arena, "if they were deleted at the source, run `quern run %s --accept-shrink`",
                 l->plan->pipeline->name.s);
    load_audit(
        l,
        sql_make(
            l->arena,
            "INSERT INTO q_holds SELECT 'shrink', CASE WHEN empty THEN 'the batch has no row, and ' || %L || ' has ' || "
            "current || ' keys, of which ' || gone || ' would go away; ' ELSE 'the batch lacks ' || gone || ' of the ' "
            "|| current || ' keys of ' || %L || ', and max_shrink is ' || %L || '; ' END || %L FROM (SELECT (%s) AS "
            "gone, (%s) AS current, NOT EXISTS (SELECT 1 FROM %I) AS empty) AS n WHERE gone > 0 AND (empty OR %s)",
            l->target->name, l->target->name, limit_text(l), way_out, gone, current,
            l->plan->current.name, exceeds(l)));
}

void load_guard_unreadable(struct load *l, const char *gone)
{
    struct sql *q = sql_new(l->arena);
    sql_add(
        q,
        "INSERT INTO q_holds SELECT 'unreadable_snapshot', lost || ' records could not be read as far as their "
        "key, so the ' || gone || ' keys that the batch lacks may be among them; look at them with `quern rejects "
        "list`' FROM (SELECT (%s) AS gone, (SELECT count(DISTINCT r.pos) FROM q_rejects AS r ANTI JOIN (SELECT "
        "_q_pos FROM l_base WHERE ",
        gone);
    for (size_t i = 0; i < l->target->n_keys; i++)
        sql_add(q, "%s%I IS NOT NULL", i ? " AND " : "", l->target->keys[i]);
    sql_add(
        q,
        ") AS b ON b._q_pos = r.pos WHERE r.relation = %L) AS lost) AS n WHERE gone > 0 AND lost > "
        "0",
        l->relation);
    load_audit_if(l, "q_rejects", sql_text(q));
}
