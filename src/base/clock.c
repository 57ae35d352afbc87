/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

static _Atomic int64_t fixed_time;
static atomic_bool is_fixed;

int64_t q_now(void)
{
    if (atomic_load(&is_fixed))
        return atomic_load(&fixed_time);
    struct timespec ts;
    (void)clock_gettime(CLOCK_REALTIME, &ts);
    return (int64_t)ts.tv_sec * Q_USEC_PER_SEC + ts.tv_nsec / 1000;
}

void q_clock_set(int64_t usec)
{
    atomic_store(&fixed_time, usec);
    atomic_store(&is_fixed, true);
}

void q_clock_reset(void)
{
    atomic_store(&is_fixed, false);
}

int64_t q_ticks(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * Q_USEC_PER_SEC + ts.tv_nsec / 1000;
}

int32_t q_days_from_civil(int year, int month, int day)
{
    int y = month <= 2 ? year - 1 : year;
    int era = (y >= 0 ? y : y - 399) / 400;
    int yoe = y - era * 400;
    int doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

struct q_civil q_civil_from_days(int32_t days)
{
    int64_t z = (int64_t)days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int doe = (int)(z - era * 146097);
    int yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int mp = (5 * doy + 2) / 153;
    struct q_civil c;
    c.day = doy - (153 * mp + 2) / 5 + 1;
    c.month = mp < 10 ? mp + 3 : mp - 9;
    c.year = (int)(yoe + era * 400) + (c.month <= 2);
    return c;
}

bool q_civil_valid(int year, int month, int day)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (month < 1 || month > 12 || day < 1)
        return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return day <= lengths[month - 1] + (month == 2 && leap);
}

int q_weekday(int32_t days)
{
    int w = (int)(((int64_t)days + 3) % 7); /* 1970-01-01 was a Thursday */
    return (w < 0 ? w + 7 : w) + 1;
}

const char *q_date_text(int32_t days, char out[static Q_TIMESTAMP_TEXT])
{
    struct q_civil c = q_civil_from_days(days);
    (void)snprintf(out, Q_TIMESTAMP_TEXT, "%04d-%02d-%02d", c.year, c.month, c.day);
    return out;
}

const char *q_timestamp_text(int64_t usec, char out[static Q_TIMESTAMP_TEXT])
{
    int64_t day = usec / Q_USEC_PER_DAY, rest = usec % Q_USEC_PER_DAY;
    if (rest < 0) {
        rest += Q_USEC_PER_DAY;
        day--;
    }
    struct q_civil c = q_civil_from_days((int32_t)day);
    int secs = (int)(rest / Q_USEC_PER_SEC), micros = (int)(rest % Q_USEC_PER_SEC);
    int n = snprintf(out, Q_TIMESTAMP_TEXT, "%04d-%02d-%02d %02d:%02d:%02d", c.year, c.month, c.day,
                     secs / 3600, secs / 60 % 60, secs % 60);
    if (micros && n > 0 && n < Q_TIMESTAMP_TEXT)
        (void)snprintf(out + n, (size_t)(Q_TIMESTAMP_TEXT - n), ".%06d", micros);
    return out;
}
