/* SPDX-License-Identifier: Apache-2.0 */
/* The file of the CSV benchmark: generate ROWS > FILE. Same argument, same bytes. 17 columns of mixed types. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state = 42;

/* Sebastiano Vigna, splitmix64. */
static uint64_t next(void)
{
    uint64_t z = (state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static unsigned below(unsigned n)
{
    return (unsigned)(next() % n);
}

int main(int argc, char **argv)
{
    static const char *const cities[] = {"Berlin",  "Hamburg",           "Munich",
                                         "Cologne", "Frankfurt am Main", "Stuttgart"};
    static const char *const status[] = {"completed", "pending", "returned", "shipped"};
    static const char *const channels[] = {"web", "store", "mobile application"};
    static const char *const products[] = {"steel water bottle 750 ml", "lamp",
                                           "wireless keyboard, black", "garden chair",
                                           "notebook A5"};
    long rows = argc == 2 ? strtol(argv[1], NULL, 10) : 0;
    if (rows <= 0) {
        (void)fprintf(stderr, "usage: generate ROWS > FILE\n");
        return 2;
    }
    (void)printf(
        "transaction_id,line_no,customer_id,product_id,store_id,employee_id,sale_date,sold_at,quantity,"
        "unit_price,discount_amount,tax_amount,total_amount,city,status,channel,note\n");
    for (long i = 1; i <= rows; i++) {
        unsigned quantity = 1 + below(9), cents = 99 + below(50000), discount = below(500);
        unsigned total = quantity * cents - discount, tax = total * 19 / 100;
        unsigned line = 1 + below(5), customer = 1 + below(500000), product = 1 + below(20000);
        unsigned store = 1 + below(200), employee = 1 + below(3000);
        unsigned day = 1 + below(28), month = 1 + below(12), year = 2020 + below(6);
        unsigned hour = below(24), minute = below(60), second = below(60);
        const char *city = cities[below(6)], *state_of = status[below(4)],
                   *channel = channels[below(3)];
        (void)printf("%ld,%u,%u,P%05u,%u,%u,%04u-%02u-%02u,%04u-%02u-%02u %02u:%02u:%02u,%u,",
                     100000000 + i, line, customer, product, store, employee, year, month, day,
                     year, month, day, hour, minute, second, quantity);
        (void)printf("%u.%02u,%u.%02u,%u.%02u,%u.%02u,%s,%s,%s,", cents / 100, cents % 100,
                     discount / 100, discount % 100, tax / 100, tax % 100, total / 100, total % 100,
                     city, state_of, channel);
        const char *note = products[below(5)];
        if (below(4) == 0)
            (void)printf("\n"); /* NULL */
        else
            (void)printf(strchr(note, ',') ? "\"%s\"\n" : "%s\n", note);
    }
    return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
