/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every unit test includes first: cmocka with the headers that it needs before it.
 *
 *     #include "unit.h"
 *     #include "base/err.h"
 *
 *     static void an_untouched_error_is_ok(void **state)
 *     {
 *         (void)state;
 *         assert_int_equal(1, 1);
 *     }
 *
 *     int main(void)
 *     {
 *         const struct CMUnitTest tests[] = {cmocka_unit_test(an_untouched_error_is_ok)};
 *         return cmocka_run_group_tests(tests, NULL, NULL);
 *     }
 *
 * The file tests/unit/base/err.c becomes the executable build/tests/unit-base-err.
 */
#ifndef UNIT_H
#define UNIT_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#endif
