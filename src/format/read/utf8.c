/* SPDX-License-Identifier: Apache-2.0 */
#include "format/read/utf8.h"

#include <stdint.h>
#include <string.h>

#include "base/str.h"

typedef signed char lanes __attribute__((vector_size(16)));
enum { STEP = 1024 };

/* No byte is 0 or above 127. */
static bool plain_ascii(const char *p, size_t n)
{
    lanes bad = {0}, v;
    size_t i = 0;
    for (; n - i >= sizeof v; i += sizeof v) {
        memcpy(&v, p + i, sizeof v);
        bad |= v <= 0;
    }
    uint64_t words[2];
    memcpy(words, &bad, sizeof words);
    if (words[0] | words[1])
        return false;
    for (; i < n; i++)
        if ((signed char)p[i] <= 0)
            return false;
    return true;
}

bool utf8_clean(const char *p, size_t n)
{
    while (n) {
        size_t step = n < STEP ? n : STEP;
        if (plain_ascii(p, step)) {
            p += step;
            n -= step;
            continue;
        }
        while (step < n && ((unsigned char)p[step] & 0xC0) == 0x80) /* not inside a character */
            step++;
        if (memchr(p, 0, step) || !q_utf8_valid(p, step, NULL))
            return false;
        p += step;
        n -= step;
    }
    return true;
}
