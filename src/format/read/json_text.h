/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammar of JSON (RFC 8259) over text in memory. Behind the JSON reader only.
 *
 * Text is p[.., end); JSON_PAD bytes behind `end` must be readable. All functions give NULL where the text is not JSON, or
 * ends too early. UTF-8 is the caller's to check.
 */
#ifndef Q_FORMAT_READ_JSON_TEXT_H
#define Q_FORMAT_READ_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

enum { JSON_PAD = 16, JSON_DEPTH = 128 };

static inline const char *json_blanks(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r'))
        p++;
    return p;
}

/* The next quote, backslash or control character at or behind p; `end` when there is none. */
static inline const char *json_special(const char *p, const char *end)
{
#if defined(__x86_64__)
    const __m128i quote = _mm_set1_epi8('"'), escape = _mm_set1_epi8('\\'),
                  control = _mm_set1_epi8(0x1F);
    for (; p < end; p += sizeof(__m128i)) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i found = _mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, escape));
        found = _mm_or_si128(found, _mm_cmpeq_epi8(_mm_min_epu8(v, control), v));
        unsigned mask = (unsigned)_mm_movemask_epi8(found);
        if (mask) {
            p += __builtin_ctz(mask);
            return p < end ? p : end;
        }
    }
    return end;
#else
    while (p < end && *p != '"' && *p != '\\' && (unsigned char)*p > 0x1F)
        p++;
    return p;
#endif
}

/* The closing quote of the string whose first character is at p. */
const char *json_string_end(const char *p, const char *end, bool *escaped);
/* Behind the value at p, which may be any. `depth`: open objects and arrays around it; *deep: there are too many. */
const char *json_value_end(const char *p, const char *end, unsigned depth, bool *deep);
/* The text of a string's content p[0, n), which is well-formed, without escapes. `out` has room for n bytes; *m are written.
 * False: half a surrogate pair. */
bool json_unescape(const char *p, size_t n, char *out, size_t *m);

#endif
