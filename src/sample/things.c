/* SPDX-License-Identifier: Apache-2.0 */
/* products.csv, stores.csv, suppliers.csv and holidays.csv */
#include <stdio.h>

#include "base/clock.h"
#include "sample/files.h"
#include "sample/words.h"

static void comma(struct sample_out *o)
{
    sample_char(o, ',');
}

static void write_product(struct sample_out *o, const struct sample_product *p, int64_t id,
                          int version, bool broken)
{
    const struct sample_category *category = &sample_categories[p->category];
    const struct sample_sub *sub = &category->subs[p->sub];
    const struct sample_price *at = &p->at[version];
    char name[128];
    (void)snprintf(name, sizeof name, "%s %s %s", category->brands[p->brand],
                   sample_styles[p->style], sub->nouns[p->noun]);
    sample_int(o, id);
    comma(o);
    sample_field(o, name);
    comma(o);
    sample_text(o, category->name);
    comma(o);
    sample_text(o, sub->name);
    comma(o);
    sample_field(o, category->brands[p->brand]);
    comma(o);
    sample_int(o, p->supplier);
    comma(o);
    sample_cents(o, at->cost);
    comma(o);
    if (broken)
        sample_text(o, id % 2 ? "n/a" : "12.345"); /* the second would have to be rounded */
    else
        sample_cents(o, at->retail);
    sample_text(o, p->gone <= at->day ? ",discontinued," : ",active,");
    sample_time(o, (int64_t)(at->day + broken) * Q_USEC_PER_DAY);
    sample_end(o);
}

void sample_write_products(struct sample_job *job, struct sample_out *o)
{
    const struct sample_world *w = &job->world;
    struct sample_rng r = sample_rng_for(w->seed, SAMPLE_FOR_PRODUCTS, UINT64_MAX);
    int64_t missing = sample_quota(w, SAMPLE_BAD_PRICE, w->products);
    for (int64_t i = 0; i < w->products; i++) {
        const struct sample_product *p = &w->product[i];
        for (int v = 0; v < p->versions; v++)
            write_product(o, p, i + 1, v, false);
        if ((int64_t)sample_below(&r, (uint64_t)(w->products - i)) >= missing)
            continue;
        missing--;
        job->dirt[SAMPLE_BAD_PRICE]++;
        write_product(o, p, i + 1, p->versions - 1, true);
    }
}

void sample_write_stores(struct sample_job *job, struct sample_out *o)
{
    static const char *const types[] = {"Flagship", "High Street", "Mall", "Outlet"};
    const struct sample_world *w = &job->world;
    struct sample_rng r = sample_rng_for(w->seed, SAMPLE_FOR_STORES, 1);
    for (int64_t i = 0; i < w->stores; i++) {
        const struct sample_store *s = &w->store[i];
        const struct sample_city *city = &sample_cities[s->city];
        const char *street = sample_streets[sample_below(&r, SAMPLE_STREETS)];
        sample_int(o, i + 1);
        comma(o);
        sample_text(o, city->city);
        sample_char(o, ' ');
        sample_text(o, i < SAMPLE_CITIES ? types[s->type] : street);
        comma(o);
        sample_int(o, sample_between(&r, 1, 200));
        sample_char(o, ' ');
        sample_text(o, street);
        comma(o);
        sample_text(o, city->city);
        comma(o);
        sample_text(o, city->state);
        comma(o);
        sample_text(o, city->country);
        comma(o);
        sample_text(o, types[s->type]);
        comma(o);
        sample_date(o, s->opened);
        comma(o);
        sample_int(o, s->first_employee);
        sample_end(o);
    }
}

static void write_supplier(struct sample_out *o, struct sample_rng *r, const struct sample_world *w,
                           int64_t id)
{
    static const char *const endings[] = {"Ltd", "GmbH", "SARL", "B.V.", "Sp. z o.o.", "S.L."};
    const struct sample_city *city = &sample_cities[sample_below(r, SAMPLE_CITIES)];
    const struct sample_name *first = &sample_first_names[sample_below(r, SAMPLE_FIRST_NAMES)];
    const struct sample_name *last = &sample_last_names[sample_below(r, SAMPLE_LAST_NAMES)];
    const char *founder = sample_last_names[(id * 7) % SAMPLE_LAST_NAMES].text;
    const char *town = sample_cities[(id * 5) % SAMPLE_CITIES].city;
    sample_int(o, id);
    comma(o);
    sample_text(o, founder);
    sample_text(o, " & ");
    sample_text(o, town);
    sample_char(o, ' ');
    sample_text(o, endings[sample_below(r, 6)]);
    comma(o);
    sample_text(o, first->text);
    sample_char(o, ' ');
    sample_text(o, last->text);
    sample_text(o, ",orders");
    sample_int(o, id);
    sample_text(o, "@supply.example,");
    sample_text(o, city->dial);
    sample_char(o, ' ');
    sample_int(o, sample_between(r, 1000, 9999));
    comma(o);
    sample_int(o, sample_between(r, 1, 90));
    sample_char(o, ' ');
    sample_text(o, sample_streets[sample_below(r, SAMPLE_STREETS)]);
    comma(o);
    sample_text(o, city->city);
    comma(o);
    sample_text(o, city->country);
    comma(o);
    int32_t start = w->from - (int32_t)sample_between(r, 100, 3000);
    sample_date(o, start);
    comma(o);
    if (sample_percent(r, 60)) /* the others have no end */
        sample_date(o, w->until + (int32_t)sample_between(r, -90, 1100));
    sample_end(o);
}

void sample_write_suppliers(struct sample_job *job, struct sample_out *o)
{
    const struct sample_world *w = &job->world;
    struct sample_rng r = sample_rng_for(w->seed, SAMPLE_FOR_SUPPLIERS, 0);
    for (int64_t id = 1; id <= w->suppliers; id++)
        write_supplier(o, &r, w, id);
}

void sample_write_holidays(struct sample_job *job, struct sample_out *o)
{
    struct sample_holiday days[SAMPLE_HOLIDAYS];
    int last = q_civil_from_days(job->world.until).year + 1;
    for (int year = q_civil_from_days(job->world.from).year; year <= last; year++) {
        sample_holidays(year, days);
        for (int i = 0; i < SAMPLE_HOLIDAYS; i++) {
            sample_date(o, days[i].day);
            comma(o);
            sample_text(o, days[i].name);
            sample_end(o);
        }
    }
}
