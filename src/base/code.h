/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Result codes. Every fallible function returns one; Q_OK is 0.
 *
 * One row of the table in code.c gives a code its name, the exit status of the process, the HTTP
 * status and whether another try may succeed. Nothing else in the program maps errors.
 */
#ifndef Q_BASE_CODE_H
#define Q_BASE_CODE_H

#define Q_MUST_CHECK __attribute__((warn_unused_result))
#define Q_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

enum q_code {
    Q_OK = 0,
    Q_FAILED,    /* a verdict is error or worse, or a test failed */
    Q_USAGE,     /* wrong command line */
    Q_CONFIG,    /* wrong project files */
    Q_SQL,       /* a statement that the user wrote is wrong */
    Q_SOURCE,    /* a source could not be reached or read */
    Q_TARGET,    /* the warehouse could not be reached or read */
    Q_HELD,      /* held; a named command resumes it */
    Q_LOCKED,    /* another process holds the lock */
    Q_NOSPACE,   /* disk full or a file could not be written */
    Q_NOMEM,     /* out of memory or over a declared limit */
    Q_INTERNAL,  /* our own defect */
    Q_CANCELLED, /* Ctrl-C */
};

/* What a second try is worth. */
enum q_retry { Q_RETRY_NEVER, Q_RETRY_LATER };

/* The stable name of a code, as `--json` prints it ("source", "locked" ...). */
const char *q_code_name(enum q_code code);
/* Exit status of the process, DESIGN section 6. */
int q_code_exit(enum q_code code);
/* HTTP status a server answers with. */
int q_code_http(enum q_code code);
enum q_retry q_code_retry(enum q_code code);

#endif
