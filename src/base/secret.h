/* SPDX-License-Identifier: Apache-2.0 */
/* A secret has its own type, so that it cannot reach a printf, a log line or a JSON document by accident. */
#ifndef Q_BASE_SECRET_H
#define Q_BASE_SECRET_H

struct q_secret {
    const char *hidden; /* only through q_secret_reveal */
};

/* For the one place that hands it to a library. */
static inline const char *q_secret_reveal(struct q_secret s)
{
    return s.hidden;
}

/* What is shown instead. */
#define Q_SECRET_SHOWN "********"

#endif
