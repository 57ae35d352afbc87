/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The star schema: dimensions and facts with typed columns, and what every other stage derives from it: stored names,
 * DDL, key lookups.
 *
 * Words: a *role* is a fact's reference to a dimension ("customer", "sale_date"). A *version* is a row of a dimension
 * with history. *Special members* are the rows -1 (unknown) and -2 (not applicable) of every dimension.
 *
 * A dimension with history is stored as `<name>_versions`; `<name>` is a view of the current rows without special
 * members and deleted ones. One without history is stored as `<name>`, special members included. Every stored table also
 * has `_q_run` (the run that wrote the row) and `_q_pos` (the record it came from); versions also have `is_deleted` (a
 * tombstone: the key was deleted at valid_from), `_q_ended` (a delete, not a version, ended it) and `_q_overwritten_at`, `_q_overwritten_run`, `_q_overwritten_pos` (where
 * the values of the `overwrite` and `previous` columns come from). A dimension with columns of `history: previous` has
 * `previous_<column>` and `<column>_changed_at`; one whose members may be inferred has `inferred`.
 *
 * A model is immutable after model_build() and belongs to the arena.
 */
#ifndef Q_MODEL_MODEL_H
#define Q_MODEL_MODEL_H

#include "base/arena.h"
#include "base/err.h"
#include "batch/type.h"
#include "config/config.h"
#include "sql/build.h"

enum { MODEL_UNKNOWN = -1, MODEL_NOT_APPLICABLE = -2 };

struct model_table;

struct model_column {
    const char *name;
    struct q_type type;
    bool not_null;
    bool is_key;              /* part of the business key or grain */
    enum cfg_history history; /* dimensions */
    const char *check_sql;    /* or NULL */
    bool
        check_stored; /* it is a constraint of the table, too: it needs no function of the program */
    const struct cfg_column
        *cfg; /* the declaration; of the role when it is one of its `from` columns */
};
typedef Q_VEC(struct model_column) model_columns;

struct model_role {
    const char *name;
    const struct model_table *dimension;
    const char *
        *from; /* columns of the fact, as many as the dimension's business key, in its order */
    const char *
        at; /* column with the event time, or NULL: the dimension has no history, or the run clock */
    enum q_tid at_type; /* Q_T_DATE, Q_T_TIMESTAMP or Q_T_TIMESTAMPTZ */
    bool at_end_of_day;
    bool optional;
    enum cfg_missing missing;
    const char *key_column; /* the surrogate key column of the fact */
    const struct cfg_column *cfg;
};
typedef Q_VEC(struct model_role) model_roles;

struct model_table {
    const struct cfg_table *cfg;
    const char *name;
    const char
        *stored; /* name of the stored table: `<name>_versions` with history, else `<name>` */
    bool is_fact, is_date, has_history;
    bool can_infer;    /* dimensions: a role of a fact says `missing: infer` */
    const char *key;   /* dimensions: the surrogate key column */
    const char **keys; /* business key or grain */
    size_t n_keys;
    model_columns columns; /* payload, key columns included; no surrogate keys, no system columns */
    model_roles roles;
};

struct model {
    struct model_table *tables; /* dimensions first */
    size_t n;
    const struct cfg_project *project;
};

Q_MUST_CHECK enum q_code model_build(struct q_arena *arena, const struct cfg_project *project,
                                     struct model **out, struct q_err *err);
const struct model_table *model_find(const struct model *model, const char *name);
const struct model_column *model_column_find(const struct model_table *table, const char *name);

/*
 * The join that finds a role's member: "LEFT JOIN <dimension> AS <alias> ON ...". At most one row matches. Special
 * members never match.
 *   dimension_ref  how to name the stored table, e.g. "wh"."main"."dim_customers_versions" (fragment)
 *   relation       alias of the relation with the `from` and `at` columns
 */
void model_add_lookup(struct sql *q, const struct model_role *role, const char *dimension_ref,
                      const char *relation, const char *alias);
/* To be used as `dimension_ref`: of the dimension only the rows whose natural key stands in a relation, a table or view by
 * its name. */
const char *model_asked_ref(struct q_arena *arena, const struct model_role *role,
                            const char *dimension_ref, const char *relation);
/* The dimension's surrogate key in that join, a fragment: NULL where no row matched. */
const char *model_lookup_found(struct q_arena *arena, const struct model_role *role,
                               const char *alias);
/* The surrogate key that a row gets: the one that was found (a fragment), else -2 or -1 (SEMANTICS 12). */
void model_add_lookup_key(struct sql *q, const struct model_role *role, const char *relation,
                          const char *found);
/* True where a key that is not NULL was not found. */
void model_add_lookup_missed(struct sql *q, const struct model_role *role, const char *relation,
                             const char *found);

/* DDL of the stored table, then of the special members, as separate statements: `schema_ref` is a fragment such as
 * "wh"."main". The view of current rows is model_view_sql(), NULL when the table has none. */
const char *model_create_sql(struct q_arena *arena, const struct model_table *table,
                             const char *schema_ref);
const char *model_special_sql(struct q_arena *arena, const struct model_table *table,
                              const char *schema_ref);
const char *model_view_sql(struct q_arena *arena, const struct model_table *table,
                           const char *schema_ref);
/* The companions of a column with `history: previous`: "previous_<column>" and "<column>_changed_at". */
const char *model_previous(struct q_arena *arena, const char *column);
const char *model_changed_at(struct q_arena *arena, const char *column);
/* What rows that are there get in a column that the model got later: -1 in a role's key, false in is_deleted and
 * inferred, else NULL. A fragment. */
const char *model_added_value(const struct model_table *table, const char *column);
/* The table of before-images in schema quern: `_q_undo_run` and the columns of the stored table. */
const char *model_before(struct q_arena *arena, const struct model_table *table);
/* What a load and a proof compare of a closed version (SEMANTICS 22): an expression over its columns, a number. NULLs are
 * left out, so that a new column does not change it. */
const char *model_closed_hash(struct q_arena *arena, const struct model_table *table);
/* All columns of the stored table in order, system columns included. */
void model_stored_columns(struct q_arena *arena, const struct model_table *table,
                          struct q_schema *out);

#endif
