/* SPDX-License-Identifier: Apache-2.0 */
/* customers.csv and employees.csv */
#include "base/clock.h"
#include "sample/files.h"
#include "sample/words.h"

static void comma(struct sample_out *o)
{
    sample_char(o, ',');
}

/* first.last17@example.com; now and then with capitals, which cleaning makes small. */
static void write_email(struct sample_out *o, struct sample_rng *r, const struct sample_customer *c)
{
    static const char *const domains[] = {"example.com", "example.org", "example.net"};
    const struct sample_name *first = &sample_first_names[c->first_name];
    const struct sample_name *last = &sample_last_names[c->last_name];
    size_t at = o->n;
    sample_text(o, first->plain);
    sample_char(o, '.');
    sample_text(o, last->plain);
    sample_int(o, c->id);
    sample_char(o, '@');
    sample_text(o, domains[c->id % 3]);
    if (sample_percent(r, 3))
        o->p[at] = (char)(o->p[at] - 'a' + 'A');
}

static void write_bad_email(struct sample_out *o, const struct sample_customer *c)
{
    static const char *const bad[] = {"%.example.com", "%@@example.com", "%@",
                                      "@example.com",  "%@example",      "%(at)example.com"};
    for (const char *p = bad[c->id % 6]; *p; p++)
        if (*p == '%')
            sample_text(o, sample_last_names[c->last_name].plain);
        else
            sample_char(o, *p);
}

static void write_address(struct sample_out *o, const struct sample_stage *s)
{
    bool flat = s->house % 9 == 0;
    if (flat)
        sample_char(o, '"');
    sample_int(o, s->house);
    sample_char(o, ' ');
    sample_text(o, sample_streets[s->street]);
    if (flat) {
        sample_text(o, ", flat ");
        sample_int(o, 1 + s->house % 7);
        sample_char(o, '"');
    }
}

static void write_place(struct sample_out *o, const struct sample_city *city, bool broken)
{
    comma(o);
    sample_text(o, broken ? "K\xf6ln" : city->city); /* ISO 8859-1 in a UTF-8 file */
    comma(o);
    sample_field(o, city->state);
    comma(o);
    sample_text(o, city->country);
    comma(o);
}

static const char *const tiers[] = {"bronze", "silver", "gold", "platinum"};

static void write_customer(const struct sample_world *w, struct sample_out *o,
                           const struct sample_customer *c, int version, enum sample_kind kind)
{
    const struct sample_stage *s = &c->at[version];
    const struct sample_city *home = &sample_cities[w->store[c->at[0].store].city];
    struct sample_rng r = sample_rng_for(w->seed, SAMPLE_FOR_CUSTOMER_FILE, (uint64_t)c->id);
    if (kind != SAMPLE_MISSING_KEY)
        sample_int(o, c->id);
    comma(o);
    sample_text(o, sample_percent(&r, 2) ? " " : ""); /* for cleaning */
    sample_text(o, sample_first_names[c->first_name].text);
    comma(o);
    sample_text(o, sample_last_names[c->last_name].text);
    comma(o);
    if (kind == SAMPLE_BAD_EMAIL)
        write_bad_email(o, c);
    else
        write_email(o, &r, c);
    comma(o);
    sample_text(o, home->dial);
    sample_char(o, ' ');
    sample_int(o, c->phone);
    comma(o);
    write_address(o, s);
    write_place(o, &sample_cities[w->store[s->store].city], kind == SAMPLE_INVALID_UTF8);
    sample_text(o, tiers[s->tier]);
    comma(o);
    sample_date(o, c->registered);
    comma(o);
    /* A record that must not be loaded is a later version of its customer. */
    bool extra = kind == SAMPLE_INVALID_UTF8 || kind == SAMPLE_MISSING_KEY;
    sample_time(o, s->usec + (extra ? Q_USEC_PER_DAY : 0));
    sample_end(o);
}

/* The extra records are planted among the customers with equal distances in the mean; the last customers
 * take what is still missing. */
static bool plant(struct sample_job *job, struct sample_rng *r, enum sample_kind kind, int64_t left)
{
    int64_t missing = sample_quota(&job->world, kind, job->world.customers) - job->dirt[kind];
    if (missing <= 0 || (int64_t)sample_below(r, (uint64_t)left) >= missing)
        return false;
    job->dirt[kind]++;
    return true;
}

void sample_write_customers(struct sample_job *job, struct sample_out *o)
{
    const struct sample_world *w = &job->world;
    struct sample_rng r = sample_rng_for(w->seed, SAMPLE_FOR_CUSTOMER_FILE, 0);
    struct sample_customer c;
    for (int64_t id = 1; id <= w->customers; id++) {
        sample_customer_at(w, id, &c);
        int64_t left = w->customers - id + 1;
        /* Only of customers with one record, so that its e-mail stays the current one. */
        bool bad = c.versions == 1 && plant(job, &r, SAMPLE_BAD_EMAIL, left);
        for (int v = 0; v < c.versions; v++)
            write_customer(w, o, &c, v, bad ? SAMPLE_BAD_EMAIL : SAMPLE_CLEAN);
        if (bad)
            continue;
        if (plant(job, &r, SAMPLE_CUSTOMER_TWICE, left))
            write_customer(w, o, &c, c.versions - 1, SAMPLE_CLEAN);
        if (plant(job, &r, SAMPLE_INVALID_UTF8, left))
            write_customer(w, o, &c, c.versions - 1, SAMPLE_INVALID_UTF8);
        if (plant(job, &r, SAMPLE_MISSING_KEY, left))
            write_customer(w, o, &c, c.versions - 1, SAMPLE_MISSING_KEY);
    }
}

struct job_title {
    const char *position, *department;
    int32_t from, to; /* salary, whole units a year */
};

static void write_employee(struct sample_out *o, struct sample_rng *r, const struct sample_world *w,
                           int64_t store, int number)
{
    static const struct job_title manager = {"Store Manager", "Management", 48000, 72000};
    static const struct job_title titles[] = {{"Assistant Manager", "Management", 36000, 46000},
                                              {"Sales Associate", "Sales", 25000, 34000},
                                              {"Sales Associate", "Sales", 25000, 34000},
                                              {"Cashier", "Checkout", 24000, 30000},
                                              {"Stock Clerk", "Logistics", 24000, 29000}};
    const struct sample_store *s = &w->store[store];
    const struct job_title *t = number == 0 ? &manager : &titles[sample_below(r, 5)];
    sample_int(o, s->first_employee + number);
    comma(o);
    sample_text(o, sample_first_names[sample_below(r, SAMPLE_FIRST_NAMES)].text);
    comma(o);
    sample_text(o, sample_last_names[sample_below(r, SAMPLE_LAST_NAMES)].text);
    comma(o);
    sample_text(o, t->position);
    comma(o);
    sample_text(o, t->department);
    comma(o);
    sample_date(o, w->from - (int32_t)sample_between(r, 1, w->from - s->opened + 30));
    comma(o);
    sample_cents(o, sample_between(r, t->from / 100, t->to / 100) * 10000);
    comma(o);
    sample_int(o, store + 1);
    sample_text(o, number > s->sellers ? ",false" : ",true");
    sample_end(o);
}

void sample_write_employees(struct sample_job *job, struct sample_out *o)
{
    const struct sample_world *w = &job->world;
    struct sample_rng r = sample_rng_for(w->seed, SAMPLE_FOR_EMPLOYEES, 0);
    for (int64_t store = 0; store < w->stores; store++)
        for (int i = 0; i < 1 + w->store[store].sellers + w->store[store].left; i++)
            write_employee(o, &r, w, store, i);
}
