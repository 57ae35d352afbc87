/* SPDX-License-Identifier: Apache-2.0 */
#include "sample/dirt.h"

/* Outcome and reason are those of the pipelines in templates/retail: a reader's code, a load's code or
 * the name of a rule. */
const struct sample_kind_info sample_kinds[SAMPLE_KINDS] = {
    [SAMPLE_DUPLICATE_ROW] = {"sales.csv", "duplicate_row", "skipped", "duplicate", 1000, 1},
    /* Two records of one transaction that differ: neither is believed. */
    [SAMPLE_CONFLICTING_KEY] = {"sales.csv", "conflicting_key", "rejected", "ambiguous_version",
                                200, 2},
    [SAMPLE_MISSING_CUSTOMER] = {"sales.csv", "missing_customer", "rejected", "customer is given",
                                 2000, 1},
    [SAMPLE_UNKNOWN_PRODUCT] = {"sales.csv", "unknown_product", "loaded", "product is known", 1000,
                                1},
    [SAMPLE_NEGATIVE_QUANTITY] = {"sales.csv", "negative_quantity", "rejected",
                                  "quantity is positive", 1000, 1},
    [SAMPLE_EXCESS_QUANTITY] = {"sales.csv", "excess_quantity", "rejected",
                                "quantity is at most 1000", 300, 1},
    [SAMPLE_WRONG_TOTAL] = {"sales.csv", "wrong_total", "rejected", "total adds up", 500, 1},
    [SAMPLE_BAD_DATE] = {"sales.csv", "bad_date", "rejected", "cast", 300, 1},
    [SAMPLE_BAD_NUMBER] = {"sales.csv", "bad_number", "rejected", "cast", 300, 1},
    [SAMPLE_TOO_FEW_FIELDS] = {"sales.csv", "too_few_fields", "rejected", "too_few_fields", 200, 1},
    [SAMPLE_BAD_QUOTE] = {"sales.csv", "bad_quote", "rejected", "bad_quote", 100, 1},
    [SAMPLE_BAD_EMAIL] = {"customers.csv", "bad_email", "loaded", "email is plausible", 5000, 1},
    [SAMPLE_INVALID_UTF8] = {"customers.csv", "invalid_utf8", "rejected", "invalid_utf8", 1000, 1},
    [SAMPLE_MISSING_KEY] = {"customers.csv", "missing_key", "rejected", "customer has a number",
                            1000, 1},
    [SAMPLE_CUSTOMER_TWICE] = {"customers.csv", "duplicate_row", "skipped", "duplicate", 1000, 1},
    [SAMPLE_BAD_PRICE] = {"products.csv", "bad_price", "rejected", "cast", 2000, 1},
    [SAMPLE_UNBALANCED_STOCK] = {"inventory.csv", "unbalanced_stock", "rejected", "stock adds up",
                                 500, 1},
};
