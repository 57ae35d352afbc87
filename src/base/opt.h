/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Option tables: one table says what a command or driver accepts; parsing, defaults, help, completion and
 * reference pages come from it.
 *
 *     struct run_args { bool full; int64_t wait; const char *as_of; q_texts vars; };
 *     static const struct q_opt run_opts[] = {
 *         Q_OPT_FLAG_ROW(struct run_args, full, "full", "read everything, ignore the watermark"),
 *         {.name = "wait", .arg = "S", .type = Q_OPT_INT, .offset = offsetof(struct run_args, wait),
 *          .fallback = "10", .help = "seconds to wait for the lock"},
 *         {0},
 *     };
 */
#ifndef Q_BASE_OPT_H
#define Q_BASE_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/vec.h"

typedef Q_VEC(const char *) q_texts;

enum q_opt_type {
    Q_OPT_FLAG,     /* bool */
    Q_OPT_INT,      /* int64_t */
    Q_OPT_TEXT,     /* const char * */
    Q_OPT_CHOICE,   /* const char *, one of `choices` ("csv|json|table") */
    Q_OPT_TEXTS,    /* q_texts, may be repeated */
    Q_OPT_SIZE,     /* int64_t bytes */
    Q_OPT_DURATION, /* int64_t microseconds */
    Q_OPT_DATE,     /* struct q_opt_date */
    Q_OPT_TIME,     /* struct q_opt_time */
    Q_OPT_SECRET,   /* struct q_secret */
};

/* Values that may be absent. */
struct q_opt_date {
    bool set;
    int32_t days;
};
struct q_opt_time {
    bool set;
    int64_t usec;
};

struct q_opt {
    const char *name; /* long name without dashes; NULL ends the table */
    char letter;      /* short name or 0 */
    const char *arg;  /* name of the value in help, NULL for flags */
    enum q_opt_type type;
    size_t offset;        /* of the field in the caller's struct */
    const char *choices;  /* for Q_OPT_CHOICE, separated by | */
    const char *fallback; /* default as text, or NULL: field stays zero */
    int64_t min, max;     /* for Q_OPT_INT; both 0 means any */
    bool required;
    const char *help; /* one line, lower case, no full stop */
};

#define Q_OPT_FLAG_ROW(st, field, nm, hlp)                                             \
    {                                                                                  \
        .name = (nm), .type = Q_OPT_FLAG, .offset = offsetof(st, field), .help = (hlp) \
    }

/* Fill the fields with the table's defaults. */
Q_MUST_CHECK enum q_code q_opt_defaults(const struct q_opt *table, struct q_arena *arena, void *out,
                                        struct q_err *err);
/* Set one option from text. `shown` names it in messages ("--wait", "quern.yaml:3: delimiter"). */
Q_MUST_CHECK enum q_code q_opt_set(const struct q_opt *opt, struct q_arena *arena,
                                   const char *shown, const char *text, void *out,
                                   struct q_err *err);
/* NULL when the table has no such name. */
const struct q_opt *q_opt_find(const struct q_opt *table, const char *name);

/* One table of several that a command line is parsed with, each into its own struct. */
struct q_opt_part {
    const struct q_opt *table;
    void *out;
};
/* `argv` without program and command name. What is no option goes to `rest`; "--" ends options. Unknown
 * options are Q_USAGE with the nearest name. */
Q_MUST_CHECK enum q_code q_opt_parse(const struct q_opt_part *parts, size_t n_parts,
                                     struct q_arena *arena, int argc, char *const *argv,
                                     q_texts *rest, struct q_err *err);

#endif
