/* SPDX-License-Identifier: Apache-2.0 */
#include "sample/world.h"

#include "base/clock.h"
#include "sample/retail.h"
#include "sample/words.h"

static int64_t clamp(int64_t v, int64_t lo, int64_t hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

/* Shop prices end in 9: 4.99, 12.49, 89.00 becomes 89.99. */
static int64_t shop_price(int64_t cents)
{
    return cents < 1000   ? cents / 10 * 10 + 9
           : cents < 5000 ? cents / 50 * 50 + 49
                          : cents / 100 * 100 + 99;
}

static void make_store(struct sample_world *w, struct sample_rng *r, int64_t i)
{
    struct sample_store *s = &w->store[i];
    s->city = (int)(i % SAMPLE_CITIES);
    s->type = i == 0 ? SAMPLE_FLAGSHIP : (enum sample_store_type)(1 + sample_below(r, 3));
    s->weight = i == 0 ? 220 : (uint64_t)sample_between(r, 40, 140);
    s->opened = w->from - (int32_t)sample_between(r, 200, 6000);
    s->first_employee = w->employees + 1;
    s->sellers = 3 + (int)(s->weight / 12);
    s->left = (int)sample_below(r, 4);
    w->employees += 1 + s->sellers + s->left;
}

static void make_stores(struct sample_world *w, struct q_arena *arena)
{
    struct sample_rng r = sample_rng_for(w->seed, SAMPLE_FOR_STORES, 0);
    w->store = q_alloc_array(arena, (size_t)w->stores, sizeof *w->store);
    uint64_t *weights = q_alloc_array(arena, (size_t)w->stores, sizeof *weights);
    for (int64_t i = 0; i < w->stores; i++) {
        make_store(w, &r, i);
        weights[i] = w->store[i].weight;
    }
    sample_alias_init(&w->store_of, arena, weights, (uint32_t)w->stores);
}

/* Three price changes in two years at most, at least 40 days apart, each to a price that differs. */
static void make_prices(struct sample_world *w, struct sample_rng *r, struct sample_product *p)
{
    const struct sample_sub *sub = &sample_categories[p->category].subs[p->sub];
    /* The square of a uniform number: most things are at the cheap end of their range. */
    uint64_t u = sample_below(r, 65536);
    int64_t cents =
        shop_price(sub->from + (int64_t)((uint64_t)(sub->to - sub->from) * u * u >> 32));
    unsigned share = (unsigned)sample_between(r, 48, 74); /* cost, percent of the price */
    p->at[0] = (struct sample_price){w->from - (int32_t)sample_between(r, 30, 1500), cents,
                                     (cents * share + 50) / 100};
    p->versions = 1;
    int32_t day = w->from;
    while (p->versions < SAMPLE_VERSIONS) {
        day += (int32_t)sample_between(r, 40, 900);
        if (day > w->until)
            return;
        int64_t percent =
            sample_percent(r, 70) ? sample_between(r, 102, 115) : sample_between(r, 80, 97);
        int64_t next = shop_price(cents * percent / 100);
        if (next == cents)
            next = shop_price(cents + 100);
        cents = next;
        p->at[p->versions++] = (struct sample_price){day, cents, (cents * share + 50) / 100};
    }
}

static void make_product(struct sample_world *w, int64_t i)
{
    struct sample_rng r = sample_rng_for(w->seed, SAMPLE_FOR_PRODUCTS, (uint64_t)i);
    struct sample_product *p = &w->product[i];
    *p = (struct sample_product){.gone = INT32_MAX};
    p->category = (int)(i % SAMPLE_CATEGORIES);
    /* A walk through all combinations of a category that meets each once: names are unique. */
    int64_t c = (i / SAMPLE_CATEGORIES * 791 + 13) % SAMPLE_COMBINATIONS;
    p->sub = (int)(c % 4);
    p->noun = (int)(c / 4 % 4);
    p->brand = (int)(c / 16 % 5);
    p->style = (int)(c / 80);
    p->supplier = 1 + (int64_t)sample_below(&r, (uint64_t)w->suppliers);
    make_prices(w, &r, p);
    if (p->versions > 1 && sample_percent(&r, 4))
        p->gone = p->at[p->versions - 1].day;
}

/* The number whose product with v is 1 modulo n; v and n have no common divisor. */
static int64_t inverse(int64_t v, int64_t n)
{
    int64_t a = n, b = v, x = 0, y = 1;
    while (b > 1) {
        int64_t q = a / b, t = a - q * b;
        a = b;
        b = t;
        t = x - q * y;
        x = y;
        y = t;
    }
    return y < 0 ? y + n : y;
}

void sample_world_init(struct sample_world *w, struct q_arena *arena, uint64_t seed, int64_t sales,
                       int32_t until)
{
    *w = (struct sample_world){.seed = seed, .sales = sales, .until = until};
    w->from = until - SAMPLE_RETAIL_DAYS + 1;
    w->customers = clamp(sales / 20, 200, 2000000);
    w->products = clamp(sales / 500, 500, 5000);
    w->stores = clamp(sales / 40000, 10, 50);
    w->suppliers = clamp(w->products / 25, 20, 200);
    w->stocked = clamp(sales / 20000, 40, 200);
    w->dirty = sales >= 100;
    w->customer_unstep = inverse(SAMPLE_CUSTOMER_STEP % w->customers, w->customers);
    make_stores(w, arena);
    w->product = q_alloc_array(arena, (size_t)w->products, sizeof *w->product);
    for (int64_t i = 0; i < w->products; i++)
        make_product(w, i);
}

const struct sample_price *sample_price_at(const struct sample_product *p, int32_t day)
{
    int v = p->versions - 1;
    while (v > 0 && p->at[v].day > day)
        v--;
    return &p->at[v];
}

/* Six in ten were there before the first sale, over six years; the others join one by one. */
int32_t sample_registered(const struct sample_world *w, int64_t id)
{
    int64_t old = w->customers * 6 / 10, i = id - 1;
    if (i < old)
        return w->from - 2190 + (int32_t)(2190 * i / old);
    return w->from + (int32_t)(SAMPLE_RETAIL_DAYS * (i - old) / (w->customers - old));
}

/* Who buys often is likely to have a better tier: shares of the tiers by place in the popularity order. */
static int first_tier(const struct sample_world *w, struct sample_rng *r, int64_t id)
{
    static const struct {
        int64_t until; /* percent of the customers */
        uint8_t share[3];
    } groups[] = {{3, {5, 20, 40}}, {15, {20, 35, 35}}, {45, {50, 35, 13}}, {101, {72, 22, 5}}};
    int64_t place = (id - 1) * w->customer_unstep % w->customers * 100 / w->customers;
    uint64_t u = sample_below(r, 100);
    int g = 0, tier = 0;
    while (place >= groups[g].until)
        g++;
    while (tier < 3 && u >= groups[g].share[tier])
        u -= groups[g].share[tier++];
    return tier;
}

static void move_house(const struct sample_world *w, struct sample_rng *r, struct sample_stage *s)
{
    s->store = (int)sample_draw(&w->store_of, r);
    s->street = (int)sample_below(r, SAMPLE_STREETS);
    s->house = (int)sample_between(r, 1, 180);
}

/* Three in ten change within the time that is left to them: they move, or their tier goes up or down. */
static void live_on(const struct sample_world *w, struct sample_rng *r, struct sample_customer *c)
{
    uint64_t u = sample_below(r, 100);
    int changes = u < 70 ? 0 : u < 90 ? 1 : u < 98 ? 2 : 3;
    int64_t end = (int64_t)w->until * Q_USEC_PER_DAY, at = c->at[0].usec;
    while (changes--) {
        at += Q_USEC_PER_DAY * 30;
        if (at >= end)
            return;
        at += sample_between(r, 0, (end - at) / Q_USEC_PER_SEC) * Q_USEC_PER_SEC;
        struct sample_stage next = c->at[c->versions - 1];
        int tier = next.tier;
        next.usec = at;
        bool moves = sample_percent(r, 55);
        if (moves)
            move_house(w, r, &next);
        if (!moves || sample_percent(r, 15))
            tier += tier == 0 || (tier < 3 && sample_percent(r, 75)) ? 1 : -1;
        next.tier = tier;
        c->at[c->versions++] = next;
    }
}

void sample_customer_at(const struct sample_world *w, int64_t id, struct sample_customer *out)
{
    struct sample_rng r = sample_rng_for(w->seed, SAMPLE_FOR_CUSTOMER, (uint64_t)id);
    out->id = id;
    out->registered = sample_registered(w, id);
    out->versions = 1;
    struct sample_stage *first = &out->at[0];
    first->usec = (int64_t)out->registered * Q_USEC_PER_DAY +
                  sample_between(&r, 6 * 3600, 22 * 3600) * Q_USEC_PER_SEC;
    move_house(w, &r, first);
    first->tier = first_tier(w, &r, id);
    live_on(w, &r, out);
    out->first_name = (int)sample_below(&r, SAMPLE_FIRST_NAMES);
    out->last_name = (int)sample_below(&r, SAMPLE_LAST_NAMES);
    out->phone = sample_between(&r, 1000, 9999);
}

/* Anonymous Gregorian algorithm ("Meeus/Jones/Butcher"). */
static int32_t easter(int year)
{
    int a = year % 19, b = year / 100, c = year % 100, d = b / 4, e = b % 4, f = (b + 8) / 25;
    int g = (b - f + 1) / 3, h = (19 * a + b - d - g + 15) % 30, i = c / 4, k = c % 4;
    int l = (32 + 2 * e + 2 * i - h - k) % 7, m = (a + 11 * h + 22 * l) / 451;
    int n = h + l - 7 * m + 114;
    return q_days_from_civil(year, n / 31, n % 31 + 1);
}

void sample_holidays(int year, struct sample_holiday out[static SAMPLE_HOLIDAYS])
{
    int32_t sunday = easter(year);
    out[0] = (struct sample_holiday){q_days_from_civil(year, 1, 1), "New Year's Day"};
    out[1] = (struct sample_holiday){sunday - 2, "Good Friday"};
    out[2] = (struct sample_holiday){sunday + 1, "Easter Monday"};
    out[3] = (struct sample_holiday){q_days_from_civil(year, 5, 1), "Labour Day"};
    out[4] = (struct sample_holiday){q_days_from_civil(year, 12, 24), "Christmas Eve"};
    out[5] = (struct sample_holiday){q_days_from_civil(year, 12, 25), "Christmas Day"};
    out[6] = (struct sample_holiday){q_days_from_civil(year, 12, 26), "Boxing Day"};
    out[7] = (struct sample_holiday){q_days_from_civil(year, 12, 31), "New Year's Eve"};
}
