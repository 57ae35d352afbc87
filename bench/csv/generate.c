/* SPDX-License-Identifier: Apache-2.0 */
/* The file of the CSV benchmark: generate ROWS > FILE. Same argument, same bytes. 17 columns of mixed types. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

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
    static const char *const cities[] = {"Berlin", "Hamburg", "Munich", "Cologne", "Frankfurt am Main", "Stuttgart"};
    static const char *const status[] = {"completed", "pending", "returned", "shipped"};
    static const char *const channels[] = {"web", "store", "mobile application"};
    static const char *const products[] = {"steel water bottle 750 ml", "lamp",      "wireless keyboard, black",
                                           "garden chair",              "notebook A5"};
    long rows = argc == 2 ? strtol(argv[1], NULL, 10) : 0;
    if (rows <= 0) {
        (void)fprintf(stderr, "usage: generate ROWS > FILE\n");
        return 2;
    }
    (void)printf("transaction_id,line_no,customer_id,product_id,store_id,employee_id,sale_date,sold_at,quantity,"
                 "unit_price,discount_amount,tax_amount,total_amount,city,status,channel,note\n");
    for (long i = 1; i <= rows; i++) {
        unsigned quantity = 1 + below(9), cents = 99 + below(50000), discount = below(500), day = 1 + below(28);
        unsigned month = 1 + below(12), year = 2020 + below(6);
        unsigned total = quantity * cents - discount, tax = total * 19 / 100;
        (void)printf("%ld,%u,%u,P%05u,%u,%u,%04u-%02u-%02u,%04u-%02u-%02u %02u:%02u:%02u,%u,%u.%02u,%u.%02u,%u.%02u,"
                     "%u.%02u,%s,%s,%s,",
                     100000000 + i, 1 + below(5), 1 + below(500000), 1 + below(20000), 1 + below(200), 1 + below(3000),
                     year, month, day, year, month, day, below(24), below(60), below(60), quantity, cents / 100,
                     cents % 100, discount / 100, discount % 100, tax / 100, tax % 100, total / 100, total % 100,
                     cities[below(6)], status[below(4)], channels[below(3)]);
        if (below(4) == 0)
            (void)printf("\n"); /* NULL */
        else if (below(50) == 0)
            (void)printf("\"%s\"\n", products[2]);
        else
            (void)printf("%s %u\n", products[(below(2) ? 1 : 3)], below(1000));
    }
    return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
