/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the check stage share. */
#ifndef Q_CHECK_INTERNAL_H
#define Q_CHECK_INTERNAL_H

#include "batch/reject.h"
#include "check/check.h"
#include "db/cast.h"
#include "sql/build.h"
#include "sql/expr/expr.h"

enum { CHECK_BITS = 60, CHECK_SAMPLES = 5 };

/* How a rule is evaluated. */
enum check_form {
    CHECK_ROWS,  /* in the fused scan */
    CHECK_SET,   /* statements that put failing positions into q_failed */
    CHECK_COUNT, /* row_count: from the scan's number of rows */
    CHECK_SQL,   /* a query of its own whose rows are failures */
};

/* One rule as SQL over the relation's alias `r`. Immutable. */
struct check_rule {
    enum check_form form;
    int ord;
    const struct cfg_rule *cfg; /* NULL: what transform or the target demands */
    const char *name, *reason, *col, *detail;
    const char *fails;    /* CHECK_ROWS: true where it fails; false or NULL elsewhere */
    const char *looks_at; /* condition: the rows that it is evaluated on; NULL: all */
    const char *value;    /* text for q_rejects, or NULL */
    const char *join;     /* joins that it needs, or NULL */
    const char *known;    /* "... AS x", a column of r that it needs, or NULL */
    q_texts statements;   /* CHECK_SET: to make `set`; CHECK_SQL: the query */
    const char *set;      /* table of failing positions */
    const char
        *tell;    /* CHECK_SET: query of duplicate keys, rows, surplus for the message, or NULL */
    bool rejects; /* its rows go to q_rejects */
    bool silent;  /* not in q_rules */
    bool always;  /* in q_rules though nothing failed, for what has no cfg */
    bool fatal;   /* a failing row ends the run */
    int64_t min, max; /* CHECK_COUNT */
};
typedef Q_VEC(struct check_rule) check_rules;

struct check {
    struct q_arena *arena;
    struct check_input in;
    check_rules rules;
    Q_VEC(struct db_cast) casts;
    size_t lookups; /* for aliases */
    const char
        *identity; /* relation with the source columns, for "identical in all source columns" */
    const struct q_schema *identity_columns;
};

/* What came out. */
struct check_outcome {
    int64_t rows, evaluated, failed;
    const char *error, *message, *samples;
    double seconds;
};

struct check_rule *check_add(struct check *c, enum check_form form, int ord, const char *name,
                             const char *reason);
const struct q_column *check_column(const struct check *c, const char *name);
Q_MUST_CHECK enum q_code check_require(const struct check *c, const struct cfg_text *name,
                                       const struct q_column **out, struct q_err *err);
/* Types whose values an `=` in a join compares exactly. */
bool check_comparable(struct q_type a, struct q_type b);
/* Parse and check a boolean; its SQL and, when it can fail, SQL of that (else NULL). */
Q_MUST_CHECK enum q_code check_bool_sql(struct check *c, const struct cfg_text *text,
                                        const char *what, const char **sql, const char **fails,
                                        struct q_err *err);

/* rules.c: one rule of the file. */
Q_MUST_CHECK enum q_code check_declared(struct check *c, const struct cfg_rule *cfg, int ord,
                                        struct q_err *err);
/* sets.c */
Q_MUST_CHECK enum q_code check_unique(struct check *c, const struct cfg_rule *cfg, int ord,
                                      struct q_err *err);
Q_MUST_CHECK enum q_code check_duplicate_row(struct check *c, const struct cfg_rule *cfg, int ord,
                                             struct q_err *err);
/* target.c: what transform left and the target demands, from `ord` on. */
Q_MUST_CHECK enum q_code check_demands(struct check *c, int ord, struct q_err *err);

/* scan.c: statements over some of the rules (`use[i]`; NULL: all). */
/* Whether the scan counts the rows that a rule looks at: e<i> of q_scan. Else it looks at all of them. */
bool check_counts_apart(const struct check_rule *rule);
/* SELECT rows, e<i> of each rule that counts apart in order, list of failures. */
const char *check_scan_sql(const struct check *c, const bool *use);
const char *check_failed_table_sql(const struct check *c);
const char *check_collect_sql(const struct check *c);
const char *check_collect_set_sql(const struct check *c, size_t rule);
/* SELECT rows, e<i> ... */
const char *check_evaluated_sql(const struct check *c);
/* SELECT how many failures have these masks, masks: a row is to be asked with check_mask_has(). */
const char *check_masks_sql(const struct check *c);
bool check_mask_has(const struct batch *masks, size_t row, size_t rule);
const char *check_rejects_sql(const struct check *c, const bool *use);
const char *check_samples_sql(const struct check *c, const bool *use);

#endif
