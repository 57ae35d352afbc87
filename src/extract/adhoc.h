/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A source that somebody names in a word, without a pipeline: for `copy`, `profile`, `check`.
 *
 *     orders.csv, "inbox/a_*.csv.gz", https://example.org/a.csv   files, by their ending
 *     erp:public.orders                                           a table of a connection of quern.yaml
 *     erp:"SELECT id, total FROM orders"                          a query there
 *     postgres://etl@db.example/shop:orders                       a database by its address (also mysql://)
 *     shop.db:orders                                              a SQLite file (.db .sqlite .sqlite3)
 *     warehouse.duckdb:orders                                     a table of a DuckDB file
 *
 * Options are those of the source's driver, then those of its connection.
 *
 *     struct extract_adhoc_input in = {.text = "a.csv", .relation = "copied", .ctx = &step};
 *     code = extract_adhoc_open(arena, &in, &a, err);
 *     code = extract_adhoc_exec(a, &step, sql_make(arena, "CREATE TABLE t AS %s", a->select), err);
 *     if (extract_adhoc_rejected(a)) ...   // reasons are in q_rejects
 *
 * A position is given as `_q_pos`, as in a pipeline. A source belongs to its arena; one thread.
 */
#ifndef Q_EXTRACT_ADHOC_H
#define Q_EXTRACT_ADHOC_H

#include "extract/driver.h"

struct extract_adhoc_input {
    const char *text;
    const char *database;   /* a DuckDB file that `text` is a table of; NULL: the text says all */
    const char *relation;   /* name of it in q_rejects */
    const q_texts *options; /* "key=value"; may be NULL */
    const q_texts *columns; /* "name=type"; may be NULL: all, with the types they have */
    const struct cfg_project *project; /* where connections are looked for; may be NULL */
    struct step_ctx *ctx;              /* a workspace with the shared tables */
    size_t workers;                    /* 1: rows come in the order of the source */
};

struct extract_adhoc {
    const char *shown;       /* what it is, without secrets */
    struct q_schema columns; /* without _q_pos */
    const char *select;      /* SELECT of all columns and _q_pos */
    struct extract_input in;
    const struct extract_driver *driver; /* NULL: a DuckDB file */
    struct extract_source *source;
    struct reject_box *box;
};

/* Q_USAGE: the text is no source, an option is unknown. Else as the driver says. */
Q_MUST_CHECK enum q_code extract_adhoc_open(struct q_arena *arena,
                                            const struct extract_adhoc_input *in,
                                            struct extract_adhoc **out, struct q_err *err);
/* Call `read`, which reads `select` once, to its end. */
Q_MUST_CHECK enum q_code extract_adhoc_read(struct extract_adhoc *a, struct step_ctx *ctx,
                                            enum q_code (*read)(void *arg, struct q_err *err),
                                            void *arg, struct q_err *err);
/* Run the one statement that reads `select`. */
Q_MUST_CHECK enum q_code extract_adhoc_exec(struct extract_adhoc *a, struct step_ctx *ctx,
                                            const char *sql, struct q_err *err);
/* Records that are no rows; after the statement. */
int64_t extract_adhoc_rejected(const struct extract_adhoc *a);
/* Parts into q_sources, and the source as a plan has it, for places of rejects. After the statement. */
Q_MUST_CHECK enum q_code extract_adhoc_note(struct extract_adhoc *a, struct step_ctx *ctx,
                                            struct plan_source *out, struct q_err *err);
/* Whether the text is a DuckDB file and a table: "x.duckdb:t". */
bool extract_adhoc_duckdb(struct q_arena *arena, const char *text, const char **path,
                          const char **table);

#endif
