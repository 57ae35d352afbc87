/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Load tests: files in `tests/` of a project, read by the commands that run them and by no other.
 *
 * tests/customer_moves.yaml
 *     test: customer_moves                  # its name; default: that of the file
 *     description: an address of the past is kept
 *     pipeline: customers                   # what a batch runs unless it names another
 *     given:                                # rows of model tables before the first batch
 *       dim_stores: |
 *         store_id, city
 *         1,        Wien
 *     batches:
 *       - at: 2024-05-01 12:00:00           # the run's clock; default: a day after the batch before
 *         pipeline: customers
 *         rows:                             # of each source: a file as text, or a list of maps
 *           customers: |
 *             customer_id,city
 *             1,Wien
 *           others: [{ id: 1, name: a }]
 *         flags: [accept-shrink]
 *         expect: { counts: { inserted: 1 } }
 *     expect:                               # after a batch, or here: after the last one
 *       status: published                   # published | aborted | held | failed
 *       exit: 0                             # exit code of `quern run`; without `exit`, `status` and `error`: 0
 *       error: "part of the message"        # of a run that fails, is aborted or held
 *       counts: { inserted: 1, closed: 0 }  # those that are named
 *       rejects: { not_null: 2 }            # all of them by reason; or rows: record_no, line, key, col, rule, reason ...
 *       tables:
 *         dim_customers_versions: |         # all rows but special members, the columns that are named
 *           customer_id, city, valid_to
 *           1,           Wien, 2024-05-01
 *           1,           Graz,
 *         cities: { sql: "SELECT ...", rows: [{ city: Graz, n: 1 }] }
 *
 * Rows of tables are a list of maps, or text: a line of names, then a line a row. Fields are separated by commas and
 * trimmed; nothing is NULL, "" the empty text, "a ""b"", c" a quoted one, * stands for any value. Rows have no order.
 *
 * A suite is one text with several small projects and the tests that run in them:
 *     projects:
 *       two_types: { quern: { project: ... }, model: [{ dimension: ... }], pipelines: [{ pipeline: ... }] }
 *     tests:
 *       - test: a new customer
 *         rules: ["20", "21"]               # what it proves
 *         project: two_types                # a batch may name another one: the model changed
 *         ...
 */
#ifndef Q_CONFIG_LOADTEST_H
#define Q_CONFIG_LOADTEST_H

#include "base/str.h"
#include "config/config.h"

/* A field of a table in a test: a text, NULL (s is NULL), or anything. */
struct cfg_cell {
    struct cfg_text text;
    bool any;
};
struct cfg_cells_row {
    struct cfg_pos pos;
    struct cfg_cell *v; /* as many as there are columns */
};
struct cfg_cells {
    struct cfg_pos pos;
    cfg_texts columns; /* none: an empty list was given */
    Q_VEC(struct cfg_cells_row) rows;
};

/* Rows of a source: `text` as a file, or `cells` when its .s is NULL. */
struct cfg_test_rows {
    struct cfg_text source, text;
    struct cfg_cells cells;
};

struct cfg_test_table {
    struct cfg_text name;
    struct cfg_text sql; /* .s NULL: the table of that name */
    struct cfg_cells cells;
};
typedef Q_VEC(struct cfg_test_table) cfg_test_tables;

struct cfg_test_number {
    struct cfg_text name;
    int64_t n;
};
typedef Q_VEC(struct cfg_test_number) cfg_test_numbers;

struct cfg_expect {
    struct cfg_pos pos; /* .file NULL: nothing is expected */
    struct cfg_text status, error;
    struct cfg_pos exit_pos; /* .file NULL: not given */
    int64_t exit;
    cfg_test_numbers counts;
    struct cfg_pos rejects_pos; /* .file NULL: not given */
    bool rejects_are_rows;
    cfg_test_numbers reject_counts;
    struct cfg_cells reject_rows;
    cfg_test_tables tables;
};

struct cfg_test_batch {
    struct cfg_pos pos;
    bool at_given;
    int64_t at;                        /* microseconds */
    struct cfg_text project, pipeline; /* .s NULL: those of the test */
    Q_VEC(struct cfg_test_rows) rows;
    bool accept_shrink;
    struct cfg_expect expect;
};

struct cfg_test {
    struct cfg_text name, description;
    cfg_texts rules;
    struct cfg_pos pos;
    struct cfg_text project, pipeline;
    cfg_test_tables given;
    Q_VEC(struct cfg_test_batch) batches; /* at least one */
    struct cfg_expect expect;
};
typedef Q_VEC(struct cfg_test) cfg_tests;

struct cfg_suite_project {
    struct cfg_text name;
    struct cfg_project *project;
};
struct cfg_suite {
    Q_VEC(struct cfg_suite_project) projects;
    cfg_tests tests;
};

/* The load tests of a project, by file; none when there is no folder `tests`. Pipelines, sources and tables are checked,
 * columns are not. Q_CONFIG with file, line and column. */
Q_MUST_CHECK enum q_code cfg_load_tests(struct q_arena *arena, const struct cfg_project *project,
                                        cfg_tests *out, struct q_err *err);
/* A suite; `file` is its name in places. `options` as for cfg_load(), its `dir` is the projects' directory. */
Q_MUST_CHECK enum q_code cfg_load_suite(struct q_arena *arena, struct q_str text, const char *file,
                                        const struct cfg_options *options, struct cfg_suite *out,
                                        struct q_err *err);

#endif
