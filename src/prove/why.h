/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `quern why`: from a row of a table back to the record in a source file that it comes from.
 *
 *     row (_q_run, _q_pos) ─> run ─> file and byte offset ─> record ─> today's steps on that record alone ─> values
 *
 * The answer is one JSON document, which the command prints as text or as it is:
 *
 *     { "table", "column" (or null), "key": [names of the business key or grain],
 *       "rows": [ { "values": {column: text}, "origin": "run" | "special" | "generated",
 *                   "note", "run": {...}, "overwritten": {...}, "lookups": [...], "rules": [...], "source": {...},
 *                   "steps": [{"step", "file", "line", "before": {}, "after": {}}], "history": [...] } ],
 *       "rejects": [...],                     when there is no such row
 *       "lineage": [ { "pipeline", "column", "sources", "steps", "filters", "note" } ] }
 *
 * Rows beyond one are listed without their chain.
 */
#ifndef Q_PROVE_WHY_H
#define Q_PROVE_WHY_H

#include "base/json.h"
#include "run/run.h"

struct why_options {
    struct run_session *session; /* open */
    const struct model_table *table;
    const char *column; /* of the stored table, or NULL: all */
    const q_texts *
        keys; /* "name=value", the business key, the grain, or the surrogate key; empty: lineage alone */
    struct q_opt_time at; /* history: the version valid then */
    int64_t version;      /* history: this one; 0: any */
};

/* Q_USAGE: an unknown column, wrong keys. *found: there is such a row, or only the lineage was asked for. */
Q_MUST_CHECK enum q_code why_row(const struct why_options *options, struct q_json **out,
                                 bool *found, struct q_err *err);

#endif
