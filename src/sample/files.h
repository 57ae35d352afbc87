/* SPDX-License-Identifier: Apache-2.0 */
/* The files of the retail company, each written by one function; see retail.h. */
#ifndef Q_SAMPLE_FILES_H
#define Q_SAMPLE_FILES_H

#include "sample/dirt.h"
#include "sample/out.h"
#include "sample/world.h"

struct sample_job {
    struct q_arena *arena;
    struct sample_world world;
    int32_t *sold;              /* [day][store][stocked product], of the last SAMPLE_STOCK_DAYS */
    int64_t dirt[SAMPLE_KINDS]; /* places planted */
};

void sample_write_customers(struct sample_job *job, struct sample_out *o);
void sample_write_products(struct sample_job *job, struct sample_out *o);
void sample_write_stores(struct sample_job *job, struct sample_out *o);
void sample_write_employees(struct sample_job *job, struct sample_out *o);
void sample_write_suppliers(struct sample_job *job, struct sample_out *o);
void sample_write_holidays(struct sample_job *job, struct sample_out *o);
void sample_write_sales(struct sample_job *job, struct sample_out *o);
/* After the sales, whose quantities it takes from the stock. */
void sample_write_inventory(struct sample_job *job, struct sample_out *o);

/* The product at a place of the popularity order, from 0. */
static inline int64_t sample_popular(const struct sample_world *w, int64_t rank)
{
    return (rank * 7919 + 101) % w->products +
           1; /* 7919 is prime and divides no count of products */
}

/* How many places of a kind there are among so many clean records: at least one. */
static inline int64_t sample_quota(const struct sample_world *w, enum sample_kind kind,
                                   int64_t records)
{
    if (!w->dirty)
        return 0;
    int64_t n = records / 1000000 * sample_kinds[kind].per_million +
                records % 1000000 * sample_kinds[kind].per_million / 1000000;
    return n ? n : 1;
}

#endif
