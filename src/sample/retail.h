/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A retail company's files, as large as wanted: customers.csv, products.csv, stores.csv,
 * employees.csv, suppliers.csv, sales.csv, inventory.csv, holidays.csv, and dirt.json, which says
 * what is wrong in them.
 *
 * The same options give the same bytes on every machine: the only source of chance is xoshiro256**
 * seeded with `seed`, and all arithmetic is done in integers. Memory does not grow with `sales`
 * beyond 100 MB.
 *
 * sales.csv has exactly `sales` records in order of time, over the two years (731 days) that end with
 * `until`. Planted among them is dirt of several kinds; a planted record has exactly one kind, so each
 * number can be found again as a reject, a skip or the result of a rule.
 *
 *     struct sample_retail made;
 *     struct sample_retail_options o = {.dir = "inbox", .sales = 100000, .seed = 1,
 *                                       .until = SAMPLE_RETAIL_UNTIL};
 *     code = sample_retail(arena, &o, &made, err);
 */
#ifndef Q_SAMPLE_RETAIL_H
#define Q_SAMPLE_RETAIL_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"

enum {
    SAMPLE_RETAIL_UNTIL = 20088, /* 2024-12-31, in days */
    SAMPLE_RETAIL_DAYS = 731,    /* that have sales, the last one is `until` */
};
#define SAMPLE_RETAIL_SALES_MAX INT64_C(10000000000)

struct sample_retail_options {
    const char *dir; /* made when it does not exist; files of the same names are replaced */
    int64_t sales;   /* records of sales.csv: 1 .. SAMPLE_RETAIL_SALES_MAX */
    uint64_t seed;
    int32_t until; /* days since 1970-01-01 */
};

struct sample_file {
    const char *name;
    int64_t records; /* without the header */
    int64_t bytes;
};

struct sample_dirt {
    const char *file;
    const char *kind;    /* "duplicate_row", "missing_customer" ... */
    const char *outcome; /* in the retail template: "rejected", "skipped" or "loaded" (a warning) */
    const char *reason;  /* of the reject or skip; the kind of the rule when it is loaded */
    const char *rule;    /* name of the template's rule that finds it, or NULL */
    int64_t records;     /* with that outcome */
};

struct sample_retail {
    Q_VEC(struct sample_file) files;
    Q_VEC(struct sample_dirt) dirt;
};

/* Q_USAGE for options out of range, Q_NOSPACE when a file cannot be written (what was written of it
 * is removed). */
Q_MUST_CHECK enum q_code sample_retail(struct q_arena *arena,
                                       const struct sample_retail_options *options,
                                       struct sample_retail *out, struct q_err *err);

#endif
