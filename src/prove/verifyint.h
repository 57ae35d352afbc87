/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of `quern verify` share. */
#ifndef Q_PROVE_VERIFYINT_H
#define Q_PROVE_VERIFYINT_H

#include "prove/verify.h"

struct verifying {
    const struct verify_options *options;
    struct q_arena *arena;
    struct db_conn *db;
    const struct model *model;
    const struct model_table *table;
};

/* Several proofs about the rows of one relation, found in one scan. */
struct verify_scan_item {
    const char *name;
    const char *rows;            /* SQL condition: rows that are looked at; NULL: all */
    const char *broken;          /* SQL condition: rows that break it */
    enum verify_verdict verdict; /* when there are such rows */
    const char *detail, *hint;   /* then */
};
struct verify_scan {
    const char *from;   /* a fragment */
    const char *sample; /* SQL of a text that names the row */
    Q_VEC(struct verify_scan_item) items;
};

/* Add a proof; the returned item is good until the next one. */
struct verify_scan_item *verify_item(struct verifying *v, struct verify_scan *scan,
                                     const char *name, const char *broken);
Q_MUST_CHECK enum q_code verify_run(struct verifying *v, struct verify_scan *scan,
                                    struct q_err *err);
/* A proof by counting: `rows` is a SELECT of one number, `broken` a SELECT with a column `sample` and a row a failure. */
Q_MUST_CHECK enum q_code verify_count(struct verifying *v, const char *name, const char *rows,
                                      const char *broken, struct q_err *err);
/* Hand a finished proof over. */
Q_MUST_CHECK enum q_code verify_tell(struct verifying *v, const struct verify_proof *proof,
                                     struct q_err *err);
/* The relation of the workspace that shows a stored table as the model has it; a fragment. */
const char *verify_ref(struct verifying *v, const struct model_table *table);
/* "a=1, b=x" of columns of the relation `alias` (NULL: unqualified), as SQL. */
const char *verify_sample(struct verifying *v, const char *const *columns, size_t n,
                          const char *alias);
/* verify_fact.c: the roles of a fact. */
Q_MUST_CHECK enum q_code verify_roles(struct verifying *v, struct q_err *err);
/* verify_dimension.c */
Q_MUST_CHECK enum q_code verify_dimension(struct verifying *v, struct q_err *err);

#endif
