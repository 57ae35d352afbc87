/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `quern verify`: what a load proves for the rows that it touches is proven for whole tables (SEMANTICS 12, 13, 22, 26).
 *
 * The embedded warehouse has no keys and no references of its own, so this is where uniqueness and referential integrity
 * are proven. Proofs are questions to the engine: reading only, under its memory limit, and several of them share one scan.
 * What the model declares and the warehouse does not have yet (a table, a column) is told, and is no failure: the next run
 * adds it.
 *
 *     dimension      surrogate keys, business key, special members, NOT NULL, CHECK
 *       history      periods, overlaps, one current version, version numbers, checksum of closed versions
 *       generated    every day of the declared range
 *     fact           grain, NOT NULL, CHECK; for each role: the member exists, and is the one that a load finds today
 */
#ifndef Q_PROVE_VERIFY_H
#define Q_PROVE_VERIFY_H

#include "run/run.h"

enum verify_verdict {
    VERIFY_PROVEN,
    VERIFY_WARNING, /* true when it was loaded, not any more: `hint` says what puts it right */
    VERIFY_ABSENT,  /* the warehouse has no such table or column yet */
    VERIFY_FAILED,
};

struct verify_proof {
    const char *table;
    const char *name; /* "versions do not overlap" */
    enum verify_verdict verdict;
    int64_t rows, failures; /* rows looked at, and how many of them break it */
    q_texts samples;        /* the first few, by key */
    double seconds;         /* of the scan, which several proofs may share */
    const char *detail;     /* or NULL */
    const char *hint;       /* or NULL */
};

struct verify_options {
    struct run_session *session; /* open; the warehouse need not be attached yet */
    const struct model_table *const *tables;
    size_t n_tables;
    /* Called for each proof when it is done, in order. */
    enum q_code (*told)(void *self, const struct verify_proof *proof, struct q_err *err);
    void *self;
};

/* Errors: what the engine says; a failed proof is none. The proofs belong to the session's arena. */
Q_MUST_CHECK enum q_code verify_tables(const struct verify_options *options, struct q_err *err);
/* "ok", "warning", "absent", "failed". */
const char *verify_verdict_name(enum verify_verdict verdict);

#endif
