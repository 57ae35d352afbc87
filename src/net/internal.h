/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of net share. */
#ifndef Q_NET_INTERNAL_H
#define Q_NET_INTERNAL_H

#include "base/str.h"
#include "base/vec.h"
#include "net/http.h"
#include "net/lib.h"

struct net_client {
    struct q_arena *arena;
    struct net_settings set; /* with defaults filled in */
    const struct net_lib *lib;
    CURL *easy;
    Q_VEC(const char *) secrets;
    double tokens;    /* of the bucket */
    int64_t refilled; /* ticks */
    int64_t pause;    /* the last one, microseconds */
};

/* Wait until one more request is allowed. */
Q_MUST_CHECK enum q_code net_pace(struct net_client *client, struct q_err *err);
/* The first pause of a request is to come. */
void net_pause_reset(struct net_client *client);
/* Wait before the next try: `asked` microseconds when the server said so, -1 when it did not. *too_long: it asks for more
 * than retry_max, and nothing was waited. */
Q_MUST_CHECK enum q_code net_pause(struct net_client *client, int64_t asked, bool *too_long,
                                   struct q_err *err);
/* Microseconds that a Retry-After asks for, -1 when it cannot be read. `now`: microseconds UTC. */
int64_t net_retry_after(const struct net_lib *lib, const char *text, int64_t now);

#endif
