/* SPDX-License-Identifier: Apache-2.0 */
/* Where results of questions go, and in which format: shared by report, query, show, rejects, runs. */
#ifndef Q_CMD_OUTPUT_H
#define Q_CMD_OUTPUT_H

#include <stdio.h>

#include "cmd/cmd.h"
#include "format/write/write.h"

/* The rows of --format and --output, for an option table whose struct has the fields `format` and `out`. */
#define CMD_OUTPUT_OPTS(st)                                                 \
    {.name = "format",                                                      \
     .letter = 'f',                                                         \
     .arg = "FORMAT",                                                       \
     .type = Q_OPT_CHOICE,                                                  \
     .choices = WRITE_FORMATS,                                              \
     .offset = offsetof(st, format),                                        \
     .help = "default: table, or by the ending of -o"},                     \
    {                                                                       \
        .name = "output", .letter = 'o', .arg = "FILE", .type = Q_OPT_TEXT, \
        .offset = offsetof(st, out), .help = "write to a file"              \
    }

struct cmd_output {
    const char *format, *path, *temp;
    FILE *file;
    struct write_sink sink;
};

/* What a file of this name holds, by its ending (.csv, .json, .ndjson, .jsonl, .html, also with .gz or .zst behind it); NULL. */
const char *cmd_output_format(struct q_arena *arena, const char *path);
/* `path` NULL: stdout. A name that ends in .gz or .zst is compressed. `format` NULL: --json, then the ending of the path, then table. A file is written beside its place
 * and moved there by cmd_output_close() when all went well; a device or a pipe is written directly (`temp` NULL). */
Q_MUST_CHECK enum q_code cmd_output_open(struct cmd_ctx *ctx, const char *path, const char *format,
                                         struct cmd_output *out, struct q_err *err);
/* `code`: how the writing went; returned, or the error of closing. */
Q_MUST_CHECK enum q_code cmd_output_close(struct cmd_output *out, enum q_code code,
                                          struct q_err *err);
/* "unknown report "x"", with the nearest name or `otherwise` as hint. Q_USAGE. */
enum q_code cmd_unknown(const char *what, const char *name, const q_texts *names,
                        const char *otherwise, struct q_err *err);
/* A table of the model by its name, or by the name under which its versions are stored. Q_USAGE with the nearest. */
Q_MUST_CHECK enum q_code cmd_find_table(const struct cmd_ctx *ctx, const char *name,
                                        const struct model_table **out, struct q_err *err);

#endif
