/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Before-images: what a run changes or removes is kept as it was, for `quern undo` (SEMANTICS 18).
 *
 * Each stored table has a companion in schema quern, `before_<stored>`: `_q_undo_run`, the run that changed the row, and
 * the columns of the table. Rows that a run only inserts need none: they carry its `_q_run`. A row that several
 * statements of one run change is kept once, as it was before the first of them.
 */
#include "load/internal.h"

const char *load_before_sql(struct q_arena *arena, const struct model_table *table)
{
    return sql_make(
        arena,
        "CREATE TABLE IF NOT EXISTS wh.quern.%I AS SELECT CAST(0 AS BIGINT) AS _q_undo_run, * FROM " LOAD_WH
        ".%I WHERE false",
        model_before(arena, table), table->stored);
}

void load_remember(struct load *l, const char *only_if, const char *from)
{
    const struct model_table *t = l->target;
    struct sql *q = sql_new(l->arena);
    sql_add(
        q,
        "INSERT INTO wh.quern.%I BY NAME SELECT (SELECT run_id FROM q_run) AS _q_undo_run, t.* FROM %s ANTI JOIN "
        "(SELECT * FROM wh.quern.%I WHERE _q_undo_run = (SELECT run_id FROM q_run)) AS b ON ",
        model_before(l->arena, t), from, model_before(l->arena, t));
    if (t->is_fact)
        load_add_key_match(q, l, "b", "t");
    else
        sql_add(q, "b.%I = t.%I", t->key, t->key);
    if (only_if)
        load_publish_if(l, only_if, sql_text(q));
    else
        load_publish(l, sql_text(q));
}
