/* SPDX-License-Identifier: Apache-2.0 */
/* The words of the retail company: names of people, places and things. E-mails use the domains that
 * RFC 2606 keeps free, phone numbers the ranges that are kept for fiction where a country has one. */
#ifndef Q_SAMPLE_WORDS_H
#define Q_SAMPLE_WORDS_H

#include <stdint.h>

struct sample_name {
    const char *text;
    const char *plain; /* lower case ASCII, for e-mail */
};

struct sample_city {
    const char *city, *state, *country, *dial;
};

struct sample_sub {
    const char *name;
    const char *nouns[4];
    int32_t from, to; /* price in cents */
};

struct sample_category {
    const char *name;
    const char *brands[5];
    struct sample_sub subs[4];
    uint8_t season[12]; /* share of 100 with which a draw of the category is kept, by month */
};

enum {
    SAMPLE_FIRST_NAMES = 40,
    SAMPLE_LAST_NAMES = 48,
    SAMPLE_CITIES = 24,
    SAMPLE_STREETS = 24,
    SAMPLE_STYLES = 16,
    SAMPLE_CATEGORIES = 8,
    SAMPLE_COMBINATIONS = 5 * 4 * 4 * SAMPLE_STYLES, /* brand, sub, noun, style: of a category */
};

extern const struct sample_name sample_first_names[SAMPLE_FIRST_NAMES];
extern const struct sample_name sample_last_names[SAMPLE_LAST_NAMES];
extern const struct sample_city sample_cities[SAMPLE_CITIES];
extern const char *const sample_streets[SAMPLE_STREETS];
extern const char *const sample_styles[SAMPLE_STYLES];
extern const struct sample_category sample_categories[SAMPLE_CATEGORIES];

#endif
