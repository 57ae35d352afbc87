/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files through the whole way into the engine: what is loaded, what is rejected and where, what is an error.
 *
 *     files_expect(FILES_ONE("a,b\n1,x\n"), reading, "a integer, b text", "1|x\n", "");
 *     return cmocka_run_group_tests(tests, files_setup, files_teardown);
 */
#ifndef SUPPORT_FILES_H
#define SUPPORT_FILES_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct files_text {
    const char *name, *text;
    size_t n; /* 0: strlen */
};

struct files_reading {
    const char *path;
    const char *columns; /* "a integer, b text"; NULL: inferred */
    const char *options; /* "delimiter=;" ..., separated by blanks */
    const char *
        places; /* of the columns in order, separated by blanks: "at:width", "from" or "$path"; NULL: none */
    bool optional;
    size_t workers, block_size;
};

struct files_result {
    enum q_code code;
    struct q_err err;
    struct q_buf columns, rows, rejects, detected, skipped;
};

#define FILES_ONE(text) ((const struct files_text[]){{"f.csv", (text), sizeof(text) - 1}, {0}})
#define FILES_NAMED(name, text) \
    ((const struct files_text[]){{(name), (text), sizeof(text) - 1}, {0}})

/* An engine and a directory for a group of tests. */
int files_setup(void **state);
int files_teardown(void **state);
/* Of a test; good as long as the group. */
struct q_arena *files_arena(void);

/* In place of those that are there. */
void files_write(struct q_arena *arena, const struct files_text *files);
/* To be released. */
struct files_result files_read(struct q_arena *arena, const struct files_reading *how);
void files_release(struct files_result *r);

/* Read with every combination of workers and blocks: all give the same. `columns` NULL: whatever they are. */
void files_expect(const struct files_text *files, struct files_reading how, const char *columns,
                  const char *rows, const char *rejects);
/* What is told of the file after it was read. */
void files_expect_told(const struct files_text *files, struct files_reading how, const char *part);
void files_expect_error(const struct files_text *files, struct files_reading how, enum q_code code,
                        const char *part);

#endif
