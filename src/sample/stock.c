/* SPDX-License-Identifier: Apache-2.0 */
/* inventory.csv: a day, a store, a popular product; what was sold is what the sales say. */
#include "sample/files.h"

struct shelf {
    int32_t stock;   /* at the end of the day before */
    int32_t target;  /* filled up to that */
    int32_t reorder; /* when there is less */
    bool starved;    /* the supplier does not deliver in the last days */
};

enum { STARVED_DAYS = 12, COVER_DAYS = 14 };

static int32_t sold_in_all(const struct sample_job *job, int64_t cells, int64_t cell)
{
    int32_t sum = 0;
    for (int64_t day = 0; day < SAMPLE_STOCK_DAYS; day++)
        sum += job->sold[day * cells + cell];
    return sum;
}

static struct shelf *make_shelves(struct sample_job *job, struct sample_rng *r, int64_t cells)
{
    struct shelf *shelves = q_alloc_array(job->arena, (size_t)cells, sizeof *shelves);
    for (int64_t i = 0; i < cells; i++) {
        struct shelf *s = &shelves[i];
        int32_t sold = sold_in_all(job, cells, i);
        s->target = sold * COVER_DAYS / SAMPLE_STOCK_DAYS + 4 + (int32_t)sample_below(r, 4);
        s->reorder = sold * 6 / SAMPLE_STOCK_DAYS + 2;
        s->stock = s->target * (int32_t)sample_between(r, 50, 110) / 100;
        s->starved = sample_percent(r, 8);
    }
    return shelves;
}

static int32_t delivered(struct sample_rng *r, const struct shelf *s, int64_t day, int32_t sold)
{
    bool late = s->starved && day >= SAMPLE_STOCK_DAYS - STARVED_DAYS;
    bool truck = sample_percent(r, 60);
    if (!late && truck && s->stock < s->reorder)
        return s->target > sold ? s->target - s->stock : sold - s->stock + s->target;
    return sold > s->stock ? sold - s->stock : 0; /* brought from another store */
}

static void write_shelf(struct sample_out *o, int64_t id, int64_t product, int64_t store,
                        int32_t day, const int32_t figures[static 4])
{
    sample_int(o, id);
    sample_char(o, ',');
    sample_int(o, product);
    sample_char(o, ',');
    sample_int(o, store);
    sample_char(o, ',');
    sample_date(o, day);
    for (int i = 0; i < 4; i++) {
        sample_char(o, ',');
        sample_int(o, figures[i]);
    }
    sample_end(o);
}

void sample_write_inventory(struct sample_job *job, struct sample_out *o)
{
    const struct sample_world *w = &job->world;
    struct sample_rng r = sample_rng_for(w->seed, SAMPLE_FOR_STOCK, 0);
    int64_t cells = w->stores * w->stocked, left = cells * (SAMPLE_STOCK_DAYS - 1);
    struct shelf *shelves = make_shelves(job, &r, cells);
    int64_t missing = sample_quota(w, SAMPLE_UNBALANCED_STOCK, left);
    for (int64_t day = 0; day < SAMPLE_STOCK_DAYS; day++) {
        int32_t date = w->until - SAMPLE_STOCK_DAYS + 1 + (int32_t)day;
        for (int64_t i = 0; i < cells; i++) {
            struct shelf *s = &shelves[i];
            int32_t sold = job->sold[day * cells + i], got = delivered(&r, s, day, sold);
            int32_t closing = s->stock + got - sold, shown = closing;
            /* Not on the last day, which the report of low stock looks at. */
            if (left > 0 && (int64_t)sample_below(&r, (uint64_t)left--) < missing) {
                missing--;
                job->dirt[SAMPLE_UNBALANCED_STOCK]++;
                shown += 1 + (int32_t)sample_below(&r, 20);
            }
            write_shelf(o, date * INT64_C(10000) + i + 1, sample_popular(w, i % w->stocked),
                        i / w->stocked + 1, date, (int32_t[4]){s->stock, got, sold, shown});
            s->stock = closing;
        }
    }
}
