/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log lines on stderr, as text or as JSON lines. Any thread may log; a line is written whole.
 *
 *     q_log(Q_LOG_INFO, "run 12: loaded %s rows", n);
 */
#ifndef Q_BASE_LOG_H
#define Q_BASE_LOG_H

#include <stdbool.h>

#include "base/err.h"

enum q_log_level { Q_LOG_DEBUG, Q_LOG_INFO, Q_LOG_WARN, Q_LOG_ERROR };

/* Default: text from INFO on. `quiet` raises the threshold to WARN. */
void q_log_setup(enum q_log_level least, bool json);
bool q_log_wants(enum q_log_level level);
void q_log(enum q_log_level level, const char *fmt, ...) Q_PRINTF(2, 3);
/* Report an error at a boundary: message, context, detail, hint. */
void q_log_error(const struct q_err *err);
/* A line that can be overwritten (progress on a terminal): the log erases it before it writes. NULL erases. */
void q_log_transient(const char *line);

#endif
