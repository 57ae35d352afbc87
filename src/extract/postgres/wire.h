/* SPDX-License-Identifier: Apache-2.0 */
/* Values as PostgreSQL's send functions write them: what the decoder's files share. */
#ifndef Q_EXTRACT_POSTGRES_WIRE_H
#define Q_EXTRACT_POSTGRES_WIRE_H

#include <string.h>

#include "base/clock.h"
#include "batch/cast_parse.h"
#include "extract/postgres/decode.h"

static inline uint16_t wire_u16(const char *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof v);
    return __builtin_bswap16(v);
}

static inline uint32_t wire_u32(const char *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return __builtin_bswap32(v);
}

static inline uint64_t wire_u64(const char *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return __builtin_bswap64(v);
}

/* Days and microseconds count from 2000-01-01; the ends of the range stand for the infinities. */
enum { WIRE_EPOCH_DAYS = 10957 };
#define WIRE_EPOCH_USEC (INT64_C(10957) * Q_USEC_PER_DAY)

bool wire_numeric_text(const char *p, size_t n, struct q_buf *out);

#endif
