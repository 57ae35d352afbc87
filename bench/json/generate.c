/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of the JSON benchmark: generate lines|document ROWS > FILE. Same arguments, same bytes. Orders with a customer
 * and lines inside; `document`: one object with a member that is an array of them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state = 42;

/* Sebastiano Vigna, splitmix64. */
static unsigned below(unsigned n)
{
    uint64_t z = (state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (unsigned)((z ^ (z >> 31)) % n);
}

static void order(long i)
{
    static const char *const cities[] = {"Berlin", "Hamburg", "Frankfurt am Main", "K\u00f6ln"};
    static const char *const status[] = {"completed", "pending", "returned", "shipped"};
    unsigned cents = 99 + below(50000), lines = 1 + below(3);
    (void)printf(
        "{\"order_id\": %ld, \"status\": \"%s\", \"ordered_at\": \"%04u-%02u-%02u %02u:%02u:%02u\", ",
        i, status[below(4)], 2020 + below(6), 1 + below(12), 1 + below(28), below(24), below(60),
        below(60));
    (void)printf(
        "\"customer\": {\"id\": %u, \"city\": \"%s\", \"tags\": [\"a\", \"b\\n\"]}, \"total\": %u.%02u, "
        "\"lines\": [",
        1 + below(500000), cities[below(4)], cents / 100, cents % 100);
    for (unsigned k = 0; k < lines; k++)
        (void)printf("%s{\"sku\": \"P%05u\", \"quantity\": %u, \"price\": %u.%02u, \"gift\": %s}",
                     k ? ", " : "", below(20000), 1 + below(9), below(300), below(100),
                     below(2) ? "true" : "false");
    (void)printf("], \"note\": null}");
}

int main(int argc, char **argv)
{
    long rows = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
    int document = argc == 3 && strcmp(argv[1], "document") == 0;
    if (rows <= 0 || (!document && strcmp(argv[1], "lines") != 0)) {
        (void)fprintf(stderr, "usage: generate lines|document ROWS > FILE\n");
        return 2;
    }
    if (document)
        (void)printf("{\"made\": \"2024-01-01\", \"data\": {\"orders\": [\n");
    for (long i = 1; i <= rows; i++) {
        order(i);
        (void)printf("%s\n", document && i < rows ? "," : "");
    }
    if (document)
        (void)printf("]}, \"rows\": %ld}\n", rows);
    return 0;
}
