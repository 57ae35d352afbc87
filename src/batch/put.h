/* SPDX-License-Identifier: Apache-2.0 */
/* Values that are exact by themselves, into a column of whatever type takes them: for drivers of databases. */
#ifndef Q_BATCH_PUT_H
#define Q_BATCH_PUT_H

#include "batch/batch.h"

enum { BATCH_POWERS = 19, BATCH_UUID_BYTES = 16 };

static const int64_t batch_power10[BATCH_POWERS] = {INT64_C(1),
                                                    INT64_C(10),
                                                    INT64_C(100),
                                                    INT64_C(1000),
                                                    INT64_C(10000),
                                                    INT64_C(100000),
                                                    INT64_C(1000000),
                                                    INT64_C(10000000),
                                                    INT64_C(100000000),
                                                    INT64_C(1000000000),
                                                    INT64_C(10000000000),
                                                    INT64_C(100000000000),
                                                    INT64_C(1000000000000),
                                                    INT64_C(10000000000000),
                                                    INT64_C(100000000000000),
                                                    INT64_C(1000000000000000),
                                                    INT64_C(10000000000000000),
                                                    INT64_C(100000000000000000),
                                                    INT64_C(1000000000000000000)};

enum batch_put {
    BATCH_PUT,
    BATCH_NO_FIT, /* the type takes such values, and this one is beyond it */
    BATCH_NO_WAY, /* the type takes no such values: through its text */
};

/* The unscaled integer of an integer or decimal column, whatever its size. */
static inline void batch_put_integer(struct batch_col *col, size_t row, int64_t v)
{
    switch (q_type_size(col->type)) {
    case sizeof(int16_t):
        ((int16_t *)col->data)[row] = (int16_t)v;
        return;
    case sizeof(int32_t):
        ((int32_t *)col->data)[row] = (int32_t)v;
        return;
    case sizeof(int64_t):
        ((int64_t *)col->data)[row] = v;
        return;
    default:
        ((__int128 *)col->data)[row] = v;
    }
}

/* The unscaled integer of a decimal; false when it has too many digits. */
static inline bool batch_put_unscaled(struct batch_col *col, size_t row, int64_t unscaled)
{
    unsigned width = col->type.width;
    if (width < BATCH_POWERS &&
        (unscaled >= batch_power10[width] || unscaled <= -batch_power10[width]))
        return false;
    batch_put_integer(col, row, unscaled);
    return true;
}

/* A whole number. */
static inline enum batch_put batch_put_whole(struct batch_col *col, size_t row, int64_t v)
{
    int64_t scaled;
    bool ok = true;
    switch ((int)col->type.id) {
    case Q_T_INT16:
        ok = v >= INT16_MIN && v <= INT16_MAX;
        break;
    case Q_T_INT32:
        ok = v >= INT32_MIN && v <= INT32_MAX;
        break;
    case Q_T_INT64:
    case Q_T_INT128:
        break;
    case Q_T_DECIMAL:
        if (col->type.scale >= BATCH_POWERS ||
            __builtin_mul_overflow(v, batch_power10[col->type.scale], &scaled))
            return BATCH_NO_WAY;
        return batch_put_unscaled(col, row, scaled) ? BATCH_PUT : BATCH_NO_FIT;
    case Q_T_DOUBLE:
        ((double *)col->data)[row] = (double)v;
        return v > -(INT64_C(1) << 53) && v < INT64_C(1) << 53 ? BATCH_PUT : BATCH_NO_FIT;
    default:
        return BATCH_NO_WAY;
    }
    if (ok)
        batch_put_integer(col, row, v);
    return ok ? BATCH_PUT : BATCH_NO_FIT;
}

/* Sixteen bytes, the first one highest. */
static inline void batch_put_uuid(struct batch_col *col, size_t row, const void *bytes)
{
    const unsigned char *p = bytes;
    unsigned __int128 v = 0;
    for (size_t i = 0; i < BATCH_UUID_BYTES; i++)
        v = v << 8 | p[i];
    ((__int128 *)col->data)[row] =
        (__int128)(v ^ (unsigned __int128)1 << 127); /* the engine's order */
}

#endif
