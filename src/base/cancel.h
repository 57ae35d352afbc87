/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ctrl-C, SIGTERM and the end of the terminal (SIGHUP): a thread of its own waits for them, so that nothing runs in a signal
 * handler. One that is ignored when the process starts, as with nohup, stays so.
 *
 * The first one sets the flag and calls what is watched (db_interrupt); the second ends the process at once with 130.
 * Call q_cancel_install() before any other thread is made: it blocks the signals in all of them.
 */
#ifndef Q_BASE_CANCEL_H
#define Q_BASE_CANCEL_H

#include <stdbool.h>

void q_cancel_install(void);
/* Called from the waiting thread on the first signal. One at a time; NULL removes it. */
void q_cancel_watch(void (*fn)(void *), void *arg);
bool q_cancelled(void);

#endif
