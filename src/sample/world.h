/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The retail company behind the files: how many of everything there are, and what happens to them.
 * Stores and products are few and are held; a customer is made anew from its number whenever it is
 * needed, so that their count costs no memory.
 */
#ifndef Q_SAMPLE_WORLD_H
#define Q_SAMPLE_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "sample/rng.h"

enum {
    SAMPLE_VERSIONS = 4,    /* of a customer or product, at most */
    SAMPLE_STOCK_DAYS = 35, /* that have inventory */
    SAMPLE_HOLIDAYS = 8,    /* a year */
    /* From one place of the popularity order to the next, customers are this far apart: a prime above
     * every count of customers. */
    SAMPLE_CUSTOMER_STEP = 15485863,
};

/* What a random stream is for. */
enum sample_stream {
    SAMPLE_FOR_STORES = 1,
    SAMPLE_FOR_PRODUCTS,
    SAMPLE_FOR_SUPPLIERS,
    SAMPLE_FOR_EMPLOYEES,
    SAMPLE_FOR_CUSTOMER,
    SAMPLE_FOR_CUSTOMER_FILE,
    SAMPLE_FOR_CALENDAR,
    SAMPLE_FOR_SALES,
    SAMPLE_FOR_STOCK,
};

struct sample_price {
    int32_t day;          /* from its first instant */
    int64_t retail, cost; /* cents */
};

struct sample_product {
    int category, sub, noun, brand, style;
    int64_t supplier;
    int versions;
    struct sample_price at[SAMPLE_VERSIONS];
    int32_t gone; /* day of its last version, discontinued; INT32_MAX */
};

enum sample_store_type { SAMPLE_FLAGSHIP, SAMPLE_HIGH_STREET, SAMPLE_MALL, SAMPLE_OUTLET };

struct sample_store {
    int city;
    enum sample_store_type type;
    uint64_t weight; /* share of the customers */
    int32_t opened;
    int64_t first_employee; /* the manager; the sellers come next, who left comes last */
    int sellers, left;
};

struct sample_stage {
    int64_t usec;
    int store; /* the customer lives in its city */
    int tier;
    int street, house;
};

struct sample_customer {
    int64_t id;
    int first_name, last_name;
    int32_t registered;
    int64_t phone;
    int versions;
    struct sample_stage at[SAMPLE_VERSIONS];
};

struct sample_world {
    uint64_t seed;
    int32_t from, until; /* days with sales, both included */
    int64_t sales, customers, products, stores, suppliers, employees;
    int64_t stocked; /* products with inventory: the first of the popularity order */
    int64_t
        customer_unstep; /* from a customer back to the place: inverse of SAMPLE_CUSTOMER_STEP */
    struct sample_product *product; /* [id - 1] */
    struct sample_store *store;     /* [id - 1] */
    struct sample_alias store_of;   /* by weight */
    bool dirty;
};

struct sample_holiday {
    int32_t day;
    const char *name;
};

void sample_world_init(struct sample_world *w, struct q_arena *arena, uint64_t seed, int64_t sales,
                       int32_t until);
void sample_customer_at(const struct sample_world *w, int64_t id, struct sample_customer *out);
/* Customers are numbered in the order in which they register. */
int32_t sample_registered(const struct sample_world *w, int64_t id);
/* The version of a product that is valid at a day. */
const struct sample_price *sample_price_at(const struct sample_product *p, int32_t day);
/* Holidays of a year in order. */
void sample_holidays(int year, struct sample_holiday out[static SAMPLE_HOLIDAYS]);

#endif
