/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A project, its warehouse and batches of rows that are loaded into it by the load stage alone: what extract, transform
 * and check would have given is written down in the test.
 *
 *     struct star s = star_open(files, n);                      // {path, text} of the project's files
 *     star_load(&s, "customers", "2024-01-01 00:00:00",         // pipeline and the run's clock
 *               "customer_id text, city text\n"                 // columns of the relation, then its rows
 *               "a,Oslo\n"
 *               "b,NULL\n");
 *     star_expect(&s, "SELECT city FROM main.dim_customers ORDER BY 1", "city\nOslo\n\n");
 *     star_close(&s);
 *
 * A row's position is its number from 1; a column `_q_pos bigint` gives it instead; with a column `_q_pos_other bigint`
 * the relation comes from a join with a source "other". `NULL` is NULL, an empty field the empty
 * text. Fields have no commas. A first line "!99" is a record at position 99 that could not be read.
 */
#ifndef SUPPORT_STAR_H
#define SUPPORT_STAR_H

#include "run/run.h"
#include "support/place.h"

struct star_file {
    const char *path, *text;
};

struct star {
    struct place place;
    struct cfg_project *project;
    struct model *model;
    struct run_session session;
    struct run_result result; /* of the last load */
    struct q_err err;         /* of the last load that failed */
};

struct star star_open(const struct star_file *files, size_t n);
/* The project's files are read again (after place_write), the warehouse is the same. */
void star_reopen(struct star *s);
void star_close(struct star *s);

/* The last load, whatever became of it. */
enum q_code star_try(struct star *s, const char *pipeline, const char *clock, const char *batch);
/* A load that must succeed. */
void star_load(struct star *s, const char *pipeline, const char *clock, const char *batch);
/* The rows of a query on the warehouse as CSV with a header; an empty text is "". */
const char *star_query(struct star *s, const char *sql);
void star_expect(struct star *s, const char *sql, const char *csv);
/* "inserted 1 updated 0 unchanged 0 superseded 0 opened 1 closed 0 rejected 0 skipped 0" of the last load. */
const char *star_counts(const struct star *s);
/* "rejected ambiguous_version 2, skipped duplicate 1" of the last load. */
const char *star_reasons(const struct star *s);

#endif
