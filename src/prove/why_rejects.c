/* SPDX-License-Identifier: Apache-2.0 */
/* A key that has no row may have a record that was rejected. */
#include "prove/whyint.h"

enum { REJECTS = 20 };

/* The key in the reject's own JSON; of records that could not be read, the text that has all its values. */
static const char *condition(struct why *w, const struct why_cells *key)
{
    struct sql *own = sql_new(w->arena), *raw = sql_new(w->arena);
    for (size_t i = 0; i < key->names.n; i++) {
        sql_add(own, " AND json_extract_string(r.key, %L) = %L",
                q_printf(w->arena, "$.\"%s\"", key->names.v[i]), key->values.v[i]);
        sql_add(raw, " AND contains(r.raw, %L)", key->values.v[i]);
    }
    return sql_make(w->arena, "((r.key IS NOT NULL%s) OR (r.key IS NULL AND NOT r.raw_base64%s))",
                    sql_text(own), sql_text(raw));
}

enum q_code why_rejects(struct why *w, const struct why_cells *key, struct q_json *o,
                        struct q_err *err)
{
    static const char *const columns[] = {"run_id", "pipeline",    "relation", "file", "record_no",
                                          "line",   "byte_offset", "col",      "rule", "reason",
                                          "value",  "detail",      "status",   "raw",  "record"};
    why_rows rows = {0};
    struct q_json *list = q_json_set_array(o, "rejects");
    if (!db_has_table(w->s->db, "wh", "quern", "rejects"))
        return Q_OK;
    enum q_code code = why_read(
        w,
        sql_make(w->arena,
                 "SELECT r.* FROM wh.quern.rejects AS r SEMI JOIN (SELECT run_id FROM "
                 "wh.quern.runs WHERE target = %L) AS u ON u.run_id = r.run_id WHERE %s ORDER BY "
                 "r.key IS NULL, r.run_id DESC, r.pos, r.ord, r.col",
                 w->table->name, condition(w, key)),
        REJECTS, &rows, err);
    for (size_t i = 0; i < rows.n && !code; i++) {
        struct q_json *r = q_json_push_object(list);
        for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
            why_set(r, &rows.v[i], columns[c], columns[c]);
        q_json_set_bool(r, "key_read", why_cell(&rows.v[i], "key") != NULL);
    }
    return code;
}
