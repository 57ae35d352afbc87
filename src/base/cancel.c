/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cancel.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

#include "base/code.h"

static atomic_bool cancelled;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void (*watched)(void *);
static void *watched_arg;
static sigset_t signals;

static void *wait_for_signals(void *unused)
{
    (void)unused;
    for (;;) {
        int number;
        if (sigwait(&signals, &number) != 0)
            continue;
        if (atomic_exchange(&cancelled, true))
            _exit(q_code_exit(Q_CANCELLED));
        pthread_mutex_lock(&lock);
        if (watched)
            watched(watched_arg);
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

/* nohup and a shell's background jobs have signals ignored: one that is blocked would come all the same. */
static bool is_ignored(int number)
{
    struct sigaction now;
    return sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

void q_cancel_install(void)
{
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
    pthread_t thread;
    (void)signal(SIGXFSZ, SIG_IGN); /* a limit on the size of files is an error of the write */
    (void)sigemptyset(&signals);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (!is_ignored(ends[i]))
            (void)sigaddset(&signals, ends[i]);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
    if (pthread_create(&thread, NULL, wait_for_signals, NULL) != 0) {
        (void)pthread_sigmask(SIG_UNBLOCK, &signals,
                              NULL); /* then the default action ends the process */
        return;
    }
    (void)pthread_detach(thread);
}

void q_cancel_watch(void (*fn)(void *), void *arg)
{
    pthread_mutex_lock(&lock);
    watched = fn;
    watched_arg = arg;
    if (fn && atomic_load(&cancelled))
        fn(arg);
    pthread_mutex_unlock(&lock);
}

bool q_cancelled(void)
{
    return atomic_load(&cancelled);
}
