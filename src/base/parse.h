/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers, times and sizes from text, whole text or nothing, with the range in the message.
 *
 * For settings and command lines. Data goes through batch/cast.h, which is strict in other ways and
 * works on columns. `what` names the thing in the message ("--sales", "memory_limit").
 */
#ifndef Q_BASE_PARSE_H
#define Q_BASE_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

Q_MUST_CHECK enum q_code q_parse_int(const char *text, const char *what, int64_t min, int64_t max,
                                     int64_t *out, struct q_err *err);
Q_MUST_CHECK enum q_code q_parse_double(const char *text, const char *what, double min, double max,
                                        double *out, struct q_err *err);
/* true/false, yes/no, on/off. */
Q_MUST_CHECK enum q_code q_parse_bool(const char *text, const char *what, bool *out,
                                      struct q_err *err);
/* "512 MB", "1GiB", "100": bytes. MB is 10^6, MiB 2^20. */
Q_MUST_CHECK enum q_code q_parse_size(const char *text, const char *what, int64_t *out,
                                      struct q_err *err);
/* "90 s", "5 min", "1 hour", "2 days": microseconds. */
Q_MUST_CHECK enum q_code q_parse_duration(const char *text, const char *what, int64_t *out,
                                          struct q_err *err);
/* "2026-11-21": days since 1970-01-01. */
Q_MUST_CHECK enum q_code q_parse_date(const char *text, const char *what, int32_t *out,
                                      struct q_err *err);
/* "2026-11-21", "2026-11-21 08:26[:00[.123456]]", also with T and Z: microseconds UTC. */
Q_MUST_CHECK enum q_code q_parse_timestamp(const char *text, const char *what, int64_t *out,
                                           struct q_err *err);

#endif
