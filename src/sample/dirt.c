/* SPDX-License-Identifier: Apache-2.0 */
#include "sample/dirt.h"

#include <stddef.h>

/* Outcome, reason and rule are those of the pipelines in templates/retail. */
const struct sample_kind_info sample_kinds[SAMPLE_KINDS] = {
#define KIND(kind, file, name, outcome, reason, rule, per_million, each) \
    [kind] = {file, name, outcome, reason, rule, per_million, each}
    KIND(SAMPLE_DUPLICATE_ROW, "sales.csv", "duplicate_row", "skipped", "duplicate", NULL, 1000, 1),
    /* Two records of one transaction that differ: neither is believed. */
    KIND(SAMPLE_CONFLICTING_KEY, "sales.csv", "conflicting_key", "rejected", "ambiguous_version",
         NULL, 200, 2),
    KIND(SAMPLE_MISSING_CUSTOMER, "sales.csv", "missing_customer", "rejected", "not_null",
         "customer is given", 2000, 1),
    KIND(SAMPLE_UNKNOWN_PRODUCT, "sales.csv", "unknown_product", "loaded", "reference",
         "product is known", 1000, 1),
    KIND(SAMPLE_NEGATIVE_QUANTITY, "sales.csv", "negative_quantity", "rejected", "expression",
         "quantity is positive", 1000, 1),
    KIND(SAMPLE_EXCESS_QUANTITY, "sales.csv", "excess_quantity", "rejected", "between",
         "quantity is at most 1000", 300, 1),
    KIND(SAMPLE_WRONG_TOTAL, "sales.csv", "wrong_total", "rejected", "expression", "total adds up",
         500, 1),
    KIND(SAMPLE_BAD_DATE, "sales.csv", "bad_date", "rejected", "cast", NULL, 300, 1),
    KIND(SAMPLE_BAD_NUMBER, "sales.csv", "bad_number", "rejected", "cast", NULL, 300, 1),
    KIND(SAMPLE_TOO_FEW_FIELDS, "sales.csv", "too_few_fields", "rejected", "too_few_fields", NULL,
         200, 1),
    KIND(SAMPLE_BAD_QUOTE, "sales.csv", "bad_quote", "rejected", "bad_quote", NULL, 100, 1),
    KIND(SAMPLE_BAD_EMAIL, "customers.csv", "bad_email", "loaded", "matches", "email is plausible",
         5000, 1),
    KIND(SAMPLE_INVALID_UTF8, "customers.csv", "invalid_utf8", "rejected", "invalid_utf8", NULL,
         1000, 1),
    KIND(SAMPLE_MISSING_KEY, "customers.csv", "missing_key", "rejected", "not_null",
         "customer has a number", 1000, 1),
    KIND(SAMPLE_CUSTOMER_TWICE, "customers.csv", "duplicate_row", "skipped", "duplicate", NULL,
         1000, 1),
    KIND(SAMPLE_BAD_PRICE, "products.csv", "bad_price", "rejected", "cast", NULL, 2000, 1),
    KIND(SAMPLE_UNBALANCED_STOCK, "inventory.csv", "unbalanced_stock", "rejected", "expression",
         "stock adds up", 500, 1),
#undef KIND
};
