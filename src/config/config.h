/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A project's files as read-only structures. Every value knows its file, line and column, so that any later stage can
 * point at it. Reading checks spelling, kinds of values and references between files; what needs the columns of a
 * source (expressions, column names in rules) is checked by plan.
 *
 *     struct cfg_project *project;
 *     struct cfg_options o = {.dir = ".", .env = "dev", .drivers = extract_drivers};
 *     code = cfg_load(arena, &o, &project, err);
 *
 * Everything belongs to the arena. Nothing changes after cfg_load().
 *
 * The files, by example
 * ---------------------
 * quern.yaml
 *     project: retail
 *     timezone: UTC                         # of event times that are dates; only UTC so far
 *     environments:
 *       dev:  { warehouse: { type: duckdb, path: warehouse.duckdb, memory_limit: 2 GB, threads: 2 } }
 *     default_environment: dev              # else the first one
 *     variables: { inbox: inbox }           # ${inbox}; --var and the process environment come first
 *     defaults: { on_fail: reject, max_rejects: 5%, initial_valid_from: 1000-01-01, open_end: null,
 *                 undo: { days: 30, size: 1 GB } }   # how long, and how much of what a run changed is kept
 *     connections:                          # databases and APIs; `quern help source TYPE` lists the options of each type
 *       erp: { type: postgres, host: db.shop.example, database: erp, user: etl, password: "${ERP_PASSWORD}" }
 *     secrets: secrets.env                  # NAME=value lines, the last place where ${NAME} is looked for
 *
 * model/dim_customers.yaml
 *     dimension: dim_customers
 *     description: one sentence
 *     key: customer_key                     # surrogate key, bigint, given by quern
 *     business_key: [customer_id]
 *     columns:
 *       customer_id: { type: text }
 *       email: { type: text, history: overwrite, sensitive: email, description: ... }
 *       city:  { type: text, history: keep }
 *       name:  text                         # short for { type: text }
 * A dimension has history when a column says `keep`. Without `history:` a column is `overwrite`. `history: previous` keeps
 * the value before the last change in `previous_<column>`, and its time in `<column>_changed_at`.
 *     overwrite: all                        # history: which versions an `overwrite` column changes: all | current
 *
 * model/dim_date.yaml
 *     dimension: dim_date
 *     generate: date
 *     key: date_id                          # integer yyyymmdd
 *     from: 2009-01-01
 *     to: 2030-12-31
 *     fiscal_year_start: 4                  # month; default 1
 *     weekend: [saturday, sunday]
 *     holidays: reference/holidays.csv      # columns date,name
 *
 * model/sales_fact.yaml
 *     fact: sales_fact
 *     grain: [transaction_id]
 *     columns:
 *       transaction_id: { type: bigint }
 *       customer: { dimension: dim_customers, from: [customer_id], at: sale_date, missing: unknown, optional: true,
 *                   at_end_of_day: true, key: customer_key }
 *       sale_date: { dimension: dim_date }  # a date role: creates sale_date_key, keeps sale_date
 *       quantity: { type: integer, check: "quantity > 0", nullable: false }
 *     measures:
 *       revenue: sum(total_amount)
 * A role keeps its `from` columns under their own names and the dimension's types, and creates `<role>_key` unless
 * `key:` names it. `from` defaults to the dimension's business key (for dates: the role itself). cfg_load() fills both in.
 *
 * pipelines/sales.yaml
 *     pipeline: sales
 *     extract:
 *       sales: { from: files, path: "${inbox}/sales*.csv", columns: { transaction_id: bigint, ... }, delimiter: ";" }
 *       orders:
 *         from: files
 *         path: orders*.csv
 *         incremental:                      # only what is new by this column is read
 *           cursor: updated_at              # integer, decimal, date, timestamp, timestamptz or text
 *           lag: 1 hour                     # read again before the watermark; a number for cursors of numbers
 *           settle: 5 s                     # the upper bound of times is the run's clock minus this; default 0
 *           start: 2024-01-01               # nothing below is read; default: everything
 *           nulls: fail                     # records without a cursor: fail (default) | include | exclude
 *       payments:
 *         from: erp                           # a connection; the other keys are options of its type
 *         table: public.payments
 *         columns:                            # only these are read; without: all
 *           payment_id: bigint
 *           city: { type: text, from: payload, path: "$.customer.city" }   # column or member of the source, and a path in it
 *       legacy:
 *         from: files
 *         path: legacy.txt
 *         format: fixed
 *         columns: { id: { type: bigint, at: 1, width: 10 } }   # fixed width: place from 1, in characters
 *         contract: evolve                    # when its shape changes: evolve (default) | freeze | discard_column | discard_row
 * An option that is a map, `auth: { type: bearer }`, is the same as `auth.type: bearer`; where several texts are expected a
 * map gives "key=value" each.
 *     transform:                            # in order; each on the first relation unless `relation:` is given
 *       - rename: { old: new }
 *       - cast:   { amount: decimal(12,2) , day: { type: date, formats: ["%d/%m/%Y"] } }
 *       - derive: { total_amount: "quantity * unit_price" }
 *       - filter: "status = 'done'"
 *       - join:   { left: sales, right: details, on: transaction_id, kind: inner, suffix: _right }
 *                                           # on: a, [a, b] or { left_column: right_column }
 *       - clean:  { text: [city], email: [email], phone: [phone] }
 *       - select: [a, b]                    # or drop: [c]
 *     check:
 *       - not_null: [transaction_id]        # thresholds may stand beside the rule or inside it
 *         error: "> 1%"
 *       - unique: [transaction_id]
 *       - between: { column: quantity, min: 1, max: 1000, warn: "> 0", error: "> 1%" }
 *       - in_set: { column: status, values: [a, b] }
 *       - not_in_set: { column: status, values: [x] }
 *       - matches: { column: email, pattern: "..." }
 *       - reference: { column: store_id, to: dim_stores }   # to: a model table, or table.column
 *       - row_count: { min: 1, max: 100 }
 *       - expression: "quantity > 0"        # a row for which it is false fails
 *       - sql: "select ... from {relation}" # each row it gives is a failure
 *       - duplicate_row: { within: source_file }   # same values in all source columns as an earlier row
 *       Every rule may have: name, info, warn, error, critical (thresholds), nulls (pass|fail), on_empty (pass|fail),
 *       when (an expression: only rows for which it is true are evaluated).
 *     load:
 *       into: sales_fact
 *       mode: upsert                        # append | insert_only | upsert | replace | replace_slice | history
 *       order_by: updated_at
 *       ties: last
 *       update: [status, paid_at]           # upsert: only these columns are updated; default all but the keys
 *       merge: { first_sale: "least(old.first_sale, new.first_sale)" }   # upsert: what a column becomes
 *       slice: { by: [store_id, sale_date] }   # replace_slice: rows that share these values with the batch, or
 *                                           # { range: sale_date, from: 2024-01-01, to: 2024-02-01 }, half-open
 *       valid_from: updated_at              # history: business time
 *       late: splice                        # history: splice (default) | reject
 *       snapshot: full                      # the batch is all there is: keys that it lacks were deleted
 *       deletes: close                      # with snapshot: ignore (default) | close | tombstone (history) | delete
 *       max_shrink: 50%                     # with snapshot: a run that would take more of the keys is held
 *       on_fail: reject                     # reject | hold | abort
 *       max_rejects: 1%                     # or a number of rows
 *
 * reports/top_products.yaml
 *     report: top_products
 *     title: Top products by revenue
 *     parameters: { year: { type: integer, default: 2024, description: ... } }
 *     sql: |
 *       SELECT ... WHERE d.year = $year
 *     chart: { type: bar, x: product_name, y: [total_revenue] }
 */
#ifndef Q_CONFIG_CONFIG_H
#define Q_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/opt.h"
#include "base/secret.h"
#include "base/vec.h"

/* Where a value stands. `file` is relative to the project directory. Lines and columns count from 1; line 0: `file` names an
 * option of the command line. */
struct cfg_pos {
    const char *file;
    int line, col;
};

/* A text value with its place; `s` is NULL when the key is absent. */
struct cfg_text {
    const char *s;
    struct cfg_pos pos;
};

typedef Q_VEC(struct cfg_text) cfg_texts;

/* `key: value` pairs in order, both with places (rename, derive, formats ...). */
struct cfg_pair {
    struct cfg_text key, value;
    bool hidden; /* the value holds a secret: it never stands in a message, a plan or a record */
    bool open;   /* of a connection: holds a ${NAME} that is not set */
};
typedef Q_VEC(struct cfg_pair) cfg_pairs;

/* ---- model ---- */
enum cfg_history { CFG_OVERWRITE, CFG_KEEP, CFG_PREVIOUS };
enum cfg_missing { CFG_MISSING_UNKNOWN, CFG_MISSING_REJECT, CFG_MISSING_INFER, CFG_MISSING_FAIL };

struct cfg_column {
    struct cfg_text name;
    struct cfg_text type; /* spelled type, e.g. "decimal(12,2)"; .s NULL for a role */
    enum cfg_history history;
    bool history_given;
    bool not_null;         /* nullable: false */
    struct cfg_text check; /* expression */
    struct cfg_text sensitive;
    struct cfg_text description;
    /* a role: the column refers to a dimension */
    struct cfg_text dimension; /* .s NULL: an ordinary column */
    cfg_texts from;
    struct cfg_text at;
    struct cfg_text key;
    bool at_end_of_day, optional;
    enum cfg_missing missing;
    /* a column of a source; its `from` has at most one text, and `at` is the place in a record of fixed width */
    struct cfg_text path, width;
};
typedef Q_VEC(struct cfg_column) cfg_columns;

struct cfg_date_range { /* generate: date */
    bool set;
    int32_t from, to; /* days, both included */
    int fiscal_year_start;
    unsigned weekend; /* bit d set: ISO weekday d (1 Monday .. 7 Sunday) */
    struct cfg_text holidays;
};

struct cfg_table {   /* a dimension or a fact */
    uint64_t digest; /* of what the file says, whatever its layout */
    struct cfg_text name;
    bool is_fact;
    struct cfg_text description;
    struct cfg_text key;    /* dimension: surrogate key column */
    cfg_texts business_key; /* dimension */
    cfg_texts grain;        /* fact */
    cfg_columns columns;
    struct cfg_date_range date;
    cfg_pairs measures;
    bool overwrite_current; /* type 1 columns change the current version only (SEMANTICS 27) */
};
typedef Q_VEC(struct cfg_table) cfg_tables;

/* ---- pipeline ---- */
enum cfg_nulls { CFG_NULLS_FAIL, CFG_NULLS_INCLUDE, CFG_NULLS_EXCLUDE };

/* What is read of a source that grows (SEMANTICS A). Literals are checked when the column's type is known. */
struct cfg_incremental {
    struct cfg_text cursor;             /* .s NULL: the source is read as a whole */
    struct cfg_text lag, settle, start; /* .s NULL: none */
    enum cfg_nulls nulls;
};

/* What happens when a source changes its shape (SEMANTICS 35). */
enum cfg_contract {
    CFG_EVOLVE,
    CFG_FREEZE,
    CFG_DISCARD_COLUMN,
    CFG_DISCARD_ROW,
};

struct cfg_source {
    struct cfg_text name;
    struct cfg_text from; /* "files" or a connection's name */
    cfg_columns columns;  /* declared types (name and type only; type .s NULL: infer) */
    cfg_pairs options;    /* every other key, checked against the driver's option table */
    bool optional;
    enum cfg_contract contract;
    struct cfg_incremental incremental;
};
typedef Q_VEC(struct cfg_source) cfg_sources;

enum cfg_step_kind {
    CFG_RENAME,
    CFG_CAST,
    CFG_DERIVE,
    CFG_FILTER,
    CFG_JOIN,
    CFG_CLEAN,
    CFG_SELECT,
    CFG_DROP,
};
enum cfg_join { CFG_INNER, CFG_LEFT, CFG_RIGHT, CFG_FULL };

struct cfg_cast {
    struct cfg_text column, type;
    cfg_texts formats;
    struct cfg_text round, thousands;
};
typedef Q_VEC(struct cfg_cast) cfg_casts;

struct cfg_step {
    enum cfg_step_kind kind;
    struct cfg_pos pos;
    struct cfg_text relation; /* .s NULL: the main one */
    cfg_pairs
        pairs; /* rename, derive; clean: key = column, value = text|email|phone, in file order */
    cfg_casts casts;                     /* cast */
    struct cfg_text expr;                /* filter */
    cfg_texts columns;                   /* select, drop */
    struct cfg_text left, right, suffix; /* join */
    cfg_pairs on;                        /* join: left column = right column */
    enum cfg_join join;
};
typedef Q_VEC(struct cfg_step) cfg_steps;

enum cfg_rule_kind {
    CFG_NOT_NULL,
    CFG_UNIQUE,
    CFG_DUPLICATE_ROW,
    CFG_BETWEEN,
    CFG_IN_SET,
    CFG_NOT_IN_SET,
    CFG_MATCHES,
    CFG_REFERENCE,
    CFG_ROW_COUNT,
    CFG_EXPRESSION,
    CFG_SQL,
};
enum cfg_severity { CFG_INFO, CFG_WARN, CFG_ERROR, CFG_CRITICAL, CFG_SEVERITIES };

/* "> 0", "> 1%", ">= 5": compared as integers; percent in millionths (1 % is 10000), so "0.5%" is exact. */
struct cfg_threshold {
    bool set, percent;
    bool or_equal; /* >= instead of > */
    int64_t bound; /* rows, or millionths of the evaluated rows */
    struct cfg_pos pos;
};

struct cfg_rule {
    enum cfg_rule_kind kind;
    struct cfg_pos pos;
    struct cfg_text name;                /* given, or made: "not_null transaction_id" */
    bool named;                          /* given */
    cfg_texts columns;                   /* one or more */
    struct cfg_text min, max;            /* between: literals as written; row_count: integers */
    cfg_texts values;                    /* in_set; a YAML null in the list has .s == NULL */
    struct cfg_text pattern;             /* matches */
    struct cfg_text to_table, to_column; /* reference; to_column may be absent */
    struct cfg_text expr;                /* expression, sql */
    struct cfg_text within;              /* duplicate_row */
    struct cfg_text when;
    struct cfg_threshold at[CFG_SEVERITIES]; /* none given: error "> 0" is filled in */
    bool nulls_fail;
    bool on_empty_given, on_empty_fail;
};
typedef Q_VEC(struct cfg_rule) cfg_rules;

enum cfg_mode {
    CFG_APPEND,
    CFG_INSERT_ONLY,
    CFG_UPSERT,
    CFG_REPLACE,
    CFG_REPLACE_SLICE,
    CFG_HISTORY,
};
enum cfg_on_fail { CFG_ON_FAIL_REJECT, CFG_ON_FAIL_ABORT, CFG_ON_FAIL_HOLD };
enum cfg_deletes {
    CFG_DELETES_IGNORE,
    CFG_DELETES_CLOSE,
    CFG_DELETES_TOMBSTONE,
    CFG_DELETES_DELETE,
};

/* Which rows of the target a replace_slice replaces: by shared values, or a half-open range of one column. */
struct cfg_slice {
    bool set;
    cfg_texts by;
    struct cfg_text range, from, to; /* from, to: literals of the column's type, both given */
};

struct cfg_load {
    struct cfg_pos pos;
    struct cfg_text into;
    enum cfg_mode mode;
    struct cfg_text order_by, valid_from;
    bool ties_last;
    bool late_reject; /* else late rows are spliced in */
    cfg_texts update; /* upsert; empty: all columns but the keys */
    cfg_pairs merge;  /* upsert: column and expression over old.<column> and new.<column> */
    struct cfg_slice slice;
    bool snapshot; /* full */
    enum cfg_deletes deletes;
    struct cfg_threshold max_shrink; /* always set; default 50 % */
    enum cfg_on_fail on_fail;
    struct cfg_threshold max_rejects; /* a run stops when rejects exceed it; not set: no limit */
};

struct cfg_pipeline {
    uint64_t digest; /* of what the file says, whatever its layout */
    struct cfg_text name;
    struct cfg_text description;
    cfg_sources sources; /* at least one */
    cfg_steps steps;
    cfg_rules rules;
    struct cfg_load load;
};
typedef Q_VEC(struct cfg_pipeline) cfg_pipelines;

/* ---- reports ---- */
struct cfg_param {
    struct cfg_text name, type, fallback, description;
};
typedef Q_VEC(struct cfg_param) cfg_params;

struct cfg_chart {
    struct cfg_text type; /* bar | line | area | hbar; .s NULL: no chart */
    struct cfg_text x;
    cfg_texts y;
};

struct cfg_report {
    struct cfg_text name, title, description;
    cfg_params params;
    struct cfg_text sql; /* pos is the first line of the text */
    struct cfg_chart chart;
};
typedef Q_VEC(struct cfg_report) cfg_reports;

/* ---- project ---- */
struct cfg_warehouse {
    struct cfg_text type, path;
    int64_t memory_limit; /* bytes, 0: default */
    int64_t threads;      /* 0: all cores */
};

struct cfg_environment {
    struct cfg_text name;
    struct cfg_warehouse warehouse;
};
typedef Q_VEC(struct cfg_environment) cfg_environments;

struct cfg_connection {
    struct cfg_text name, type;
    cfg_pairs options; /* secrets among them: never printed */
};
typedef Q_VEC(struct cfg_connection) cfg_connections;

struct cfg_project {
    const char *dir; /* as given, for joining paths */
    struct cfg_text name;
    cfg_environments environments;
    const struct cfg_environment *env; /* the chosen one */
    cfg_connections connections;
    int64_t initial_valid_from; /* microseconds; default 1000-01-01 */
    bool open_end_null;      /* default true; else valid_to of the current version is 9999-12-31 */
    int64_t undo_days;       /* how long before-images are kept; default 30 */
    int64_t undo_bytes;      /* and how much of them; default 1 GB */
    cfg_tables tables;       /* model, dimensions first, each by name */
    cfg_pipelines pipelines; /* by name */
    cfg_reports reports;     /* by name */
};

/* The words of a source's driver. */
struct cfg_driver {
    const char *name;               /* "files", or the type of a connection */
    const char *summary;            /* one line, lower case, no full stop */
    const struct q_opt *connection; /* keys of a connection; NULL: it needs none */
    const struct q_opt *source;     /* keys of a source, beside those of every source */
};

struct cfg_options {
    const char *dir;
    const char *env; /* NULL: the default one */
    q_texts vars;    /* "NAME=value" from the command line */
    /* Every driver, NULL at the end; NULL: options of sources and connections are not checked. */
    const struct cfg_driver *const *drivers;
};

Q_MUST_CHECK enum q_code cfg_load(struct q_arena *arena, const struct cfg_options *options,
                                  struct cfg_project **out, struct q_err *err);

/* NULL when there is none. */
const struct cfg_table *cfg_find_table(const struct cfg_project *project, const char *name);
const struct cfg_pipeline *cfg_find_pipeline(const struct cfg_project *project, const char *name);
const struct cfg_report *cfg_find_report(const struct cfg_project *project, const char *name);

/* An error at a place: "pipelines/sales.yaml:7:12: " in front of the message. Returns Q_CONFIG, or Q_USAGE when the place is
 * the command line. */
enum q_code cfg_fail(struct q_err *err, struct cfg_pos pos, const char *fmt, ...) Q_PRINTF(3, 4);
/* The same of an error that was found without knowing the place; its detail and hint stay. */
enum q_code cfg_fail_as(struct q_err *err, struct cfg_pos pos, const struct q_err *why);

/* A file of rules alone (`quern check FILE --rules FILE`): a YAML list, or a map with the key `check`. */
Q_MUST_CHECK enum q_code cfg_load_rules(struct q_arena *arena, const char *path, cfg_rules *out,
                                        struct q_err *err);

#endif
