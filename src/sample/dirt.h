/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of dirt that are planted, and how many of each. */
#ifndef Q_SAMPLE_DIRT_H
#define Q_SAMPLE_DIRT_H

#include <stdint.h>

enum sample_kind {
    SAMPLE_CLEAN,
    /* sales.csv */
    SAMPLE_DUPLICATE_ROW,
    SAMPLE_CONFLICTING_KEY,
    SAMPLE_MISSING_CUSTOMER,
    SAMPLE_UNKNOWN_PRODUCT,
    SAMPLE_NEGATIVE_QUANTITY,
    SAMPLE_EXCESS_QUANTITY,
    SAMPLE_WRONG_TOTAL,
    SAMPLE_BAD_DATE,
    SAMPLE_BAD_NUMBER,
    SAMPLE_TOO_FEW_FIELDS,
    SAMPLE_BAD_QUOTE,
    SAMPLE_SALES_KINDS, /* end of those in sales.csv */
    /* customers.csv */
    SAMPLE_BAD_EMAIL = SAMPLE_SALES_KINDS,
    SAMPLE_INVALID_UTF8,
    SAMPLE_MISSING_KEY,
    SAMPLE_CUSTOMER_TWICE,
    /* products.csv */
    SAMPLE_BAD_PRICE,
    /* inventory.csv */
    SAMPLE_UNBALANCED_STOCK,
    SAMPLE_KINDS,
};

struct sample_kind_info {
    const char *file, *name, *outcome, *reason, *rule;
    int64_t per_million; /* places, of the clean records */
    int64_t each;        /* records that end with the outcome, a place */
};

extern const struct sample_kind_info sample_kinds[SAMPLE_KINDS];

#endif
