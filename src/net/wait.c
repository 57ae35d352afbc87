/* SPDX-License-Identifier: Apache-2.0 */
/* When the next request may go out: the token bucket, and pauses between tries. */
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/parse.h"
#include "net/internal.h"

enum { NAP = 20000 }; /* microseconds between two looks at Ctrl-C */

static enum q_code wait_until(const struct net_client *c, int64_t ticks, struct q_err *err)
{
    for (int64_t left; (left = ticks - q_ticks()) > 0;) {
        if (q_cancelled())
            return q_fail(err, Q_CANCELLED, "cancelled while waiting for %s", c->set.what);
        int64_t nap = left < NAP ? left : NAP;
        struct timespec t = {.tv_nsec = (long)nap * 1000};
        (void)nanosleep(&t, NULL);
    }
    return Q_OK;
}

enum q_code net_pace(struct net_client *c, struct q_err *err)
{
    if (!c->set.rate)
        return Q_OK;
    double per_tick = (double)c->set.rate / (double)c->set.rate_period;
    int64_t now = q_ticks();
    c->tokens += (double)(now - c->refilled) * per_tick;
    if (c->tokens > (double)c->set.burst)
        c->tokens = (double)c->set.burst;
    c->refilled = now;
    c->tokens -= 1;
    return c->tokens >= 0 ? Q_OK : wait_until(c, now + (int64_t)(-c->tokens / per_tick) + 1, err);
}

void net_pause_reset(struct net_client *c)
{
    c->pause = c->set.retry_wait;
}

/* Evenly in [lo, hi]. */
static int64_t between(int64_t lo, int64_t hi)
{
    uint64_t r = 0;
    if (getrandom(&r, sizeof r, 0) != (ssize_t)sizeof r)
        r = (uint64_t)q_ticks();
    return hi > lo ? lo + (int64_t)(r % (uint64_t)(hi - lo + 1)) : lo;
}

/* Decorrelated jitter: Marc Brooker, "Exponential Backoff And Jitter". */
enum q_code net_pause(struct net_client *c, int64_t asked, bool *too_long, struct q_err *err)
{
    *too_long = asked > c->set.retry_max;
    if (*too_long)
        return Q_OK;
    int64_t most = c->pause * 3 < c->set.retry_max ? c->pause * 3 : c->set.retry_max;
    c->pause = between(c->set.retry_wait < most ? c->set.retry_wait : most, most);
    return wait_until(c, q_ticks() + (asked > c->pause ? asked : c->pause), err);
}

int64_t net_retry_after(const struct net_lib *lib, const char *text, int64_t now)
{
    int64_t seconds;
    if (!q_parse_int(text, "Retry-After", 0, INT64_C(1) << 40, &seconds, NULL))
        return seconds * Q_USEC_PER_SEC;
    time_t at = lib->getdate(text, NULL);
    if (at < 0)
        return -1;
    int64_t wait = (int64_t)at * Q_USEC_PER_SEC - now;
    return wait > 0 ? wait : 0;
}
