/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "batch/cell.h"

static void doubles_are_written_with_their_shortest_digits(void **state)
{
    static const struct {
        double v;
        const char *text;
    } cases[] = {
        {0, "0.0"},
        {-0.5, "-0.5"},
        {3, "3.0"},
        {19.99, "19.99"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1e22, "10000000000000000000000.0"},
        {123456789012345680.0, "123456789012345680.0"},
        {1e-7, "0.0000001"},
        {-1.25e-3, "-0.00125"},
        {1000000, "1000000.0"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[BATCH_REAL_TEXT];
        struct q_str text = batch_real_text(cases[i].v, out);
        assert_int_equal(text.n, strlen(cases[i].text));
        assert_memory_equal(text.p, cases[i].text, text.n);
    }
    char out[BATCH_REAL_TEXT];
    assert_true(batch_real_text(5e-324, out).n < BATCH_REAL_TEXT);
    assert_true(batch_real_text(-1.7976931348623157e308, out).n < BATCH_REAL_TEXT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_are_written_with_their_shortest_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
