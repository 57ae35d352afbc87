/* SPDX-License-Identifier: Apache-2.0 */
/* sales.csv: day by day, with the dirt among it. */
#include "base/clock.h"
#include "sample/files.h"
#include "sample/retail.h"
#include "sample/words.h"

enum {
    KEPT = 64, /* clean records that a duplicate or conflict can refer to */
    BASE_POINTS = 10000,
};

struct sale {
    int64_t id, customer, product, employee;
    int64_t rank; /* of the product */
    int store, quantity;
    int32_t day;
    int64_t price, discount, total; /* cents */
};

struct till {
    struct sample_job *job;
    struct sample_out *o;
    struct sample_rng rng;
    struct sample_alias product, customer; /* by popularity */
    int64_t next_id, known;                /* known: customers registered before the day */
    int32_t day;
    int month; /* 0..11 */
    char date[Q_TIMESTAMP_TEXT];
    int64_t missing[SAMPLE_SALES_KINDS], missing_in_all; /* places still to be planted */
    struct sale kept[KEPT];
    int n_kept;
};

/* How much a day sells, in relation to others. */
static uint64_t day_weight(const struct sample_world *w, int32_t day, struct sample_rng *r)
{
    static const unsigned week[] = {0, 90, 85, 92, 100, 125, 150, 70};
    static const unsigned year[] = {82, 84, 92, 95, 98, 100, 94, 92, 96, 102, 122, 148};
    struct q_civil c = q_civil_from_days(day);
    uint64_t weight = (uint64_t)week[q_weekday(day)] * year[c.month - 1];
    weight = weight * (uint64_t)(3650 + 12 * (day - w->from) / 10) / 3650; /* grows 12 % a year */
    struct sample_holiday holidays[SAMPLE_HOLIDAYS];
    sample_holidays(c.year, holidays);
    for (int i = 0; i < SAMPLE_HOLIDAYS; i++)
        if (holidays[i].day == day)
            weight = weight * 35 / 100;
    if (c.month == 11 && c.day >= 23 && c.day <= 29 && q_weekday(day) == 5)
        weight = weight * 220 / 100; /* the Friday after the fourth Thursday */
    return weight * (uint64_t)sample_between(r, 92, 108);
}

static int quantity_of(struct sample_rng *r, int64_t price)
{
    uint64_t u = sample_below(r, 100);
    if (price > 20000)
        return u < 96 ? 1 : 2;
    if (u < 62)
        return 1;
    if (u < 83)
        return 2;
    return u < 92 ? 3 : (int)sample_between(r, 4, price < 1000 ? 12 : 6);
}

static int64_t discount_of(struct sample_rng *r, int64_t gross)
{
    static const uint8_t percents[] = {5, 5, 10, 10, 10, 15, 20, 30};
    if (!sample_percent(r, 24))
        return 0;
    return (gross * percents[sample_below(r, 8)] + 50) / 100;
}

/* By popularity; a product out of season or no longer sold is drawn again. */
static void choose_product(struct till *t, struct sale *s)
{
    const struct sample_world *w = &t->job->world;
    for (int tries = 0; tries < 8; tries++) {
        s->rank = sample_draw(&t->product, &t->rng);
        s->product = sample_popular(w, s->rank);
        const struct sample_product *p = &w->product[s->product - 1];
        if (p->gone <= t->day)
            continue;
        if (sample_percent(&t->rng, sample_categories[p->category].season[t->month]))
            break;
    }
    s->price = sample_price_at(&w->product[s->product - 1], t->day)->retail;
}

/* By popularity among those who are registered; mostly in the store of the customer's city. */
static void choose_customer(struct till *t, struct sale *s)
{
    const struct sample_world *w = &t->job->world;
    struct sample_customer c;
    int64_t id = 0;
    for (int tries = 0; tries < 8; tries++) {
        id = (int64_t)sample_draw(&t->customer, &t->rng) * SAMPLE_CUSTOMER_STEP % w->customers + 1;
        if (id <= t->known)
            break;
    }
    if (id > t->known)
        id = 1 + (int64_t)sample_below(&t->rng, (uint64_t)t->known);
    s->customer = id;
    if (!sample_percent(&t->rng, 85)) {
        s->store = (int)sample_draw(&w->store_of, &t->rng);
        return;
    }
    sample_customer_at(w, id, &c);
    int v = c.versions - 1;
    while (v > 0 && c.at[v].usec > (int64_t)t->day * Q_USEC_PER_DAY)
        v--;
    s->store = c.at[v].store;
}

static void price_sale(struct till *t, struct sale *s)
{
    int64_t gross = s->price * s->quantity;
    s->discount = gross > 0 ? discount_of(&t->rng, gross) : 0;
    s->total = gross - s->discount;
}

static void make_sale(struct till *t, struct sale *s)
{
    const struct sample_world *w = &t->job->world;
    s->id = t->next_id++;
    s->day = t->day;
    choose_product(t, s);
    choose_customer(t, s);
    const struct sample_store *store = &w->store[s->store];
    s->employee =
        store->first_employee + 1 + (int64_t)sample_below(&t->rng, (uint64_t)store->sellers);
    s->quantity = quantity_of(&t->rng, s->price);
    price_sale(t, s);
}

static void write_date(struct till *t, const struct sale *s, enum sample_kind kind)
{
    struct sample_out *o = t->o;
    if (kind == SAMPLE_BAD_DATE) {
        static const char *const bad[] = {"2024-02-30", "31/12/2023", "yesterday", "2024-13-01"};
        sample_text(o, bad[s->id % 4]);
    } else if (kind == SAMPLE_BAD_QUOTE) {
        sample_char(o, '"');
        sample_text(o, t->date);
        sample_text(o, "\"x"); /* something behind the closing quote */
    } else {
        sample_text(o, t->date);
    }
}

static void write_sale(struct till *t, const struct sale *s, enum sample_kind kind)
{
    struct sample_out *o = t->o;
    sample_int(o, s->id);
    sample_char(o, ',');
    if (kind != SAMPLE_MISSING_CUSTOMER)
        sample_int(o, s->customer);
    sample_char(o, ',');
    sample_int(o, s->product);
    sample_char(o, ',');
    sample_int(o, s->store + 1);
    sample_char(o, ',');
    sample_int(o, s->employee);
    sample_char(o, ',');
    write_date(t, s, kind);
    sample_char(o, ',');
    if (kind == SAMPLE_BAD_NUMBER)
        sample_text(o, s->id % 2 ? "two" : "1.5"); /* not a number; not a whole one */
    else
        sample_int(o, s->quantity);
    if (kind != SAMPLE_TOO_FEW_FIELDS) {
        sample_char(o, ',');
        sample_cents(o, s->price);
        sample_char(o, ',');
        sample_cents(o, s->discount);
        sample_char(o, ',');
        sample_cents(o, s->total);
    }
    sample_end(o);
}

/* What leaves the shelf, or comes back because the record will not be loaded. */
static void take_stock(struct till *t, const struct sale *s, int sign)
{
    const struct sample_world *w = &t->job->world;
    int32_t day = s->day - (w->until - SAMPLE_STOCK_DAYS + 1);
    if (day >= 0 && s->rank < w->stocked)
        t->job->sold[(day * w->stores + s->store) * w->stocked + s->rank] += sign * s->quantity;
}

/* Takes a clean record out of those kept. */
static struct sale take_kept(struct till *t)
{
    int i = (int)sample_below(&t->rng, (uint64_t)t->n_kept);
    struct sale s = t->kept[i];
    t->kept[i] = t->kept[--t->n_kept];
    return s;
}

static void keep(struct till *t, const struct sale *s)
{
    int i = t->n_kept < KEPT ? t->n_kept++ : (int)sample_below(&t->rng, KEPT);
    t->kept[i] = *s;
}

/* A copy of a record that stands before it, changed or not. */
static void write_again(struct till *t, enum sample_kind kind)
{
    char today[Q_TIMESTAMP_TEXT];
    struct sale s = take_kept(t);
    if (kind == SAMPLE_CONFLICTING_KEY) {
        take_stock(t, &s, -1);
        s.quantity++;
        s.total += s.price;
    }
    memcpy(today, t->date, sizeof today);
    (void)q_date_text(s.day, t->date);
    write_sale(t, &s, SAMPLE_CLEAN);
    memcpy(t->date, today, sizeof today);
}

static void spoil(struct till *t, struct sale *s, enum sample_kind kind)
{
    struct sample_rng *r = &t->rng;
    if (kind == SAMPLE_UNKNOWN_PRODUCT)
        s->product = 900000 + (int64_t)sample_below(r, 1000);
    if (kind == SAMPLE_NEGATIVE_QUANTITY)
        s->quantity = -s->quantity;
    if (kind == SAMPLE_EXCESS_QUANTITY)
        s->quantity = (int)sample_between(r, 1001, 9999);
    price_sale(t, s);
    if (kind == SAMPLE_WRONG_TOTAL)
        s->total += sample_between(r, 1, 500);
}

/* Whether this record is dirty: selection sampling (Knuth, TAOCP 3.4.2, algorithm S), so that the counts
 * are exact. */
static enum sample_kind choose_kind(struct till *t, int64_t left)
{
    if (!t->n_kept || (int64_t)sample_below(&t->rng, (uint64_t)left) >= t->missing_in_all)
        return SAMPLE_CLEAN;
    int64_t u = (int64_t)sample_below(&t->rng, (uint64_t)t->missing_in_all);
    int kind = SAMPLE_CLEAN + 1;
    while (u >= t->missing[kind])
        u -= t->missing[kind++];
    t->missing[kind]--;
    t->missing_in_all--;
    t->job->dirt[kind]++;
    return (enum sample_kind)kind;
}

static void write_record(struct till *t, int64_t left)
{
    enum sample_kind kind = choose_kind(t, left);
    if (kind == SAMPLE_DUPLICATE_ROW || kind == SAMPLE_CONFLICTING_KEY) {
        write_again(t, kind);
        return;
    }
    struct sale s = {0};
    make_sale(t, &s);
    if (kind == SAMPLE_CLEAN) {
        keep(t, &s);
        take_stock(t, &s, 1);
    } else {
        spoil(t, &s, kind);
    }
    write_sale(t, &s, kind);
}

static void start_day(struct till *t, int32_t day)
{
    const struct sample_world *w = &t->job->world;
    t->day = day;
    t->month = q_civil_from_days(day).month - 1;
    (void)q_date_text(day, t->date);
    while (t->known < w->customers && sample_registered(w, t->known + 1) < day)
        t->known++;
}

void sample_write_sales(struct sample_job *job, struct sample_out *o)
{
    const struct sample_world *w = &job->world;
    struct till *t = q_new(job->arena, struct till);
    *t = (struct till){.job = job, .o = o, .next_id = 1};
    t->rng = sample_rng_for(w->seed, SAMPLE_FOR_SALES, 0);
    sample_alias_zipf(&t->product, job->arena, (uint32_t)w->products, 20);
    sample_alias_zipf(&t->customer, job->arena, (uint32_t)w->customers,
                      60 + (uint32_t)(w->customers / 50));
    for (int kind = SAMPLE_CLEAN + 1; kind < SAMPLE_SALES_KINDS; kind++) {
        t->missing[kind] = sample_quota(w, (enum sample_kind)kind, w->sales);
        t->missing_in_all += t->missing[kind];
    }
    uint64_t until[SAMPLE_RETAIL_DAYS], sum = 0; /* weight of the days up to this one */
    struct sample_rng noise = sample_rng_for(w->seed, SAMPLE_FOR_CALENDAR, 0);
    for (int i = 0; i < SAMPLE_RETAIL_DAYS; i++)
        until[i] = sum += day_weight(w, w->from + i, &noise);
    int64_t done = 0;
    for (int i = 0; i < SAMPLE_RETAIL_DAYS; i++) {
        int64_t end = (int64_t)((unsigned __int128)w->sales * until[i] / sum);
        start_day(t, w->from + i);
        for (; done < end; done++)
            write_record(t, w->sales - done);
    }
}
