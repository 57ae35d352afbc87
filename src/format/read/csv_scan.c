/* SPDX-License-Identifier: Apache-2.0 */
#include "format/read/csv_scan.h"

#include <string.h>

#if defined(__x86_64__)

#include <immintrin.h>

#define KERNEL(name) avx2_##name
#define KERNEL_TARGET __attribute__((target("avx2,bmi,popcnt")))

KERNEL_TARGET static inline uint64_t avx2_equal(__m256i a, __m256i b, char c)
{
    const __m256i wanted = _mm256_set1_epi8(c);
    uint32_t low = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(a, wanted));
    uint32_t high = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(b, wanted));
    return (uint64_t)high << 32 | low;
}

KERNEL_TARGET static inline void avx2_masks(const char *p, char delimiter, char eol, char quote,
                                            bool quotes, uint64_t *separators, uint64_t *lines,
                                            uint64_t *q)
{
    const __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)p);
    const __m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));
    *lines = avx2_equal(a, b, eol);
    *separators = avx2_equal(a, b, delimiter) | *lines;
    if (quotes)
        *q = avx2_equal(a, b, quote);
}

#include "format/read/csv_kernel.inc"

#undef KERNEL
#undef KERNEL_TARGET

#endif

/* Any processor: eight bytes at a time. */
#define KERNEL(name) any_##name
#define KERNEL_TARGET

static inline uint64_t any_equal(const char *p, char c)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), low7 = ones * 0x7F;
    uint64_t wanted = ones * (unsigned char)c, mask = 0;
    for (unsigned k = 0; k < 8; k++) {
        uint64_t x;
        memcpy(&x, p + (size_t)k * 8, sizeof x);
        x ^= wanted;
        uint64_t zero =
            ~(((x & low7) + low7) | x | low7); /* the top bit of each byte that is zero, exactly */
        mask |= ((zero >> 7) * UINT64_C(0x0102040810204080) >> 56) << (k * 8);
    }
    return mask;
}

static inline void any_masks(const char *p, char delimiter, char eol, char quote, bool quotes,
                             uint64_t *separators, uint64_t *lines, uint64_t *q)
{
    *lines = any_equal(p, eol);
    *separators = any_equal(p, delimiter) | *lines;
    if (quotes)
        *q = any_equal(p, quote);
}

#include "format/read/csv_kernel.inc"

static void scan_exact(struct csv_scan *s)
{
    const struct blocks_rules *r = s->rules;
    size_t count = 0, open_quote;
    s->n_rows = s->n_odd = 0;
    for (bool more = true; more && s->at < s->n;) {
        size_t start = s->at, first = count, fields = 1;
        size_t behind = blocks_record_end(r, s->p, s->n, start, &open_quote);
        if (behind == BLOCKS_NO_END)
            behind = s->n;
        bool closed = s->p[behind - 1] == (r->cr ? '\r' : '\n') && open_quote == BLOCKS_NO_END;
        size_t end = behind - closed;
        s->at = behind;
        if (blocks_is_comment(r, s->p, start, end)) { /* it takes no room in `ends` */
            s->n_comments++;
            continue;
        }
        for (size_t at = start; at < end;) { /* one field a turn */
            size_t field = blocks_field_end(r, s->p, end, at);
            if (field == end)
                break;
            if (fields < s->fields)
                s->ends[count + fields - 1] = (uint32_t)field;
            fields++;
            at = field + blocks_delimiter_n(r);
        }
        if (fields <= s->fields)
            s->ends[count + fields - 1] = (uint32_t)end;
        if (fields == s->fields)
            count += fields;
        more = csv_scan_record(s, start, end, first, fields);
    }
}

typedef bool scan_fn(struct csv_scan *s);

static scan_fn *fast_scan(bool quotes)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi"))
        return quotes ? avx2_scan_quoted : avx2_scan_plain;
#endif
    return quotes ? any_scan_quoted : any_scan_plain;
}

/* Parity of quotes tells what is quoted. In a comment it does not. */
static bool is_simple(const struct blocks_rules *r)
{
    return r->escape == r->quote && !r->comment;
}

void csv_scan(struct csv_scan *s, bool has_quote)
{
    bool quotes = has_quote && s->rules->quote;
    s->n_rows = s->n_odd = s->n_comments = 0;
    if (!s->rules->delimiters && (!quotes || is_simple(s->rules))) {
        /* What was found before the place where the fast scan gave up is good. */
        if (fast_scan(quotes)(s) || s->n_rows + s->n_odd)
            return;
    }
    scan_exact(s);
}
