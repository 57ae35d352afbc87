/* SPDX-License-Identifier: Apache-2.0 */
/* A workspace and a source that is named in a word: shared by copy, profile and check. */
#ifndef Q_CMD_SUBJECT_H
#define Q_CMD_SUBJECT_H

#include "cmd/cmd.h"
#include "extract/adhoc.h"

/* --option and --column, for an option table whose struct has the fields `options` and `columns`. */
#define CMD_SUBJECT_OPTS(st)                                                                   \
    {.name = "option",                                                                         \
     .arg = "KEY=VALUE",                                                                       \
     .type = Q_OPT_TEXTS,                                                                      \
     .offset = offsetof(st, options),                                                          \
     .help = "how the source is read, as in a pipeline (quern help source); may be repeated"}, \
    {                                                                                          \
        .name = "column", .arg = "NAME=TYPE", .type = Q_OPT_TEXTS,                             \
        .offset = offsetof(st, columns),                                                       \
        .help = "column to read, with its type; may be repeated; without: all"                 \
    }

struct cmd_subject {
    struct step_ctx step;
    struct step_ctx
        notes; /* the same workspace on another connection, for what is noted during a transaction */
    struct extract_adhoc *source;
};

/* A workspace in memory that spills to a temporary directory, with the tables that stages share. */
Q_MUST_CHECK enum q_code cmd_subject_open(struct cmd_ctx *ctx, struct cmd_subject *out,
                                          struct q_err *err);
/* The source that `text` names (extract/adhoc.h). The project is read when the text begins with the name of a connection,
 * and is needed then. `relation`: its name in q_rejects. */
Q_MUST_CHECK enum q_code cmd_subject_source(struct cmd_ctx *ctx, struct cmd_subject *s,
                                            const char *text, const char *relation,
                                            const q_texts *options, const q_texts *columns,
                                            size_t workers, struct q_err *err);
/* A table of the project's warehouse, which is read only. */
Q_MUST_CHECK enum q_code cmd_subject_table(struct cmd_ctx *ctx, struct cmd_subject *s,
                                           const char *table, struct q_err *err);
/* "3 records of orders.csv could not be read; the first: ..." Q_FAILED. After the source was read. */
enum q_code cmd_subject_refuse(struct cmd_ctx *ctx, struct cmd_subject *s, const char *doing,
                               struct q_err *err);
/* Places of all rejects into q_sources and q_places. */
Q_MUST_CHECK enum q_code cmd_subject_places(struct cmd_ctx *ctx, struct cmd_subject *s,
                                            struct q_err *err);

#endif
