/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the transform stage share while a plan is compiled. */
#ifndef Q_TRANSFORM_INTERNAL_H
#define Q_TRANSFORM_INTERNAL_H

#include "batch/reject.h"
#include "db/cast.h"
#include "sql/expr/expr.h"
#include "transform/transform.h"

/* The run's clock in SQL: a variable of the connection, because TRY takes no subquery. */
#define TRANSFORM_CLOCK "CAST(getvariable('q_clock') AS TIMESTAMP)"

typedef Q_VEC(struct db_cast) transform_casts;
typedef Q_VEC(struct plan_fail) transform_fails;

/* A source on its way: the relation that its steps have made so far. */
struct chain {
    const struct plan_source *source;
    const char *relation;
    struct q_schema columns;
    q_texts positions; /* _q_pos, and _q_pos_<right> of what was joined */
    transform_fails fails;
    const char
        *counted;    /* relation before the filters since the last table; NULL: there are none */
    bool outer;      /* has rows without a record of its own (right or full join) */
    bool multiplied; /* a record may have several rows */
};

struct transform {
    struct plan *plan;
    struct q_arena *arena;
    struct chain *chains; /* as plan->sources */
    size_t number;        /* of the step, from 1 */
    size_t fail_number;
    const struct cfg_step *cfg;
    struct plan_step *step;
    transform_casts casts; /* functions that the step's SQL needs */
};

/* A projection of a relation, before it becomes a view. */
struct view_item {
    const char *name, *sql;
    struct q_type type;
};

struct view {
    struct transform *t;
    struct chain *chain;
    const char *from; /* fragment: a relation's name or a bracketed select */
    Q_VEC(struct view_item) items;
    Q_VEC(struct view_item) hidden; /* fails of this step */
    transform_fails fails;
    const char *where; /* or NULL */
};

/* All columns of the chain's relation as they are. */
void view_open(struct view *v, struct transform *t, struct chain *chain);
/* A column of the view, NULL when absent. */
struct view_item *view_find(const struct view *v, const char *name);
/* Sets a column's SQL, or adds one. */
void view_set(struct view *v, const char *name, struct q_type type, const char *sql);
/* A column of that name, or an error at the place with the nearest one. */
Q_MUST_CHECK enum q_code view_require(const struct view *v, const struct cfg_text *name,
                                      struct view_item **out, struct q_err *err);
/* A condition under which the step fails for a row, and the value to show (SQL, text). */
void view_fail(struct view *v, const char *fails_sql, const char *value_sql, const char *reason,
               const char *col, const char *detail);
/* What follows sees the items so far as plain columns. */
void view_nest(struct view *v);
/* The columns as a schema, for expressions. */
struct q_schema view_schema(const struct view *v);
/* The view becomes the chain's relation. */
void view_close(struct view *v);
const char *view_relation_name(const struct transform *t, const struct chain *chain);

void transform_sql(struct transform *t, const char *sql);
struct expr_place transform_place(const struct cfg_text *text);
/* Casts that an expression calls. */
void transform_need_casts(struct transform *t, const struct expr *e);
/* "a IS NULL AND b IS NULL" over the chain's fails, "TRUE" when there are none. */
const char *transform_no_fail(struct transform *t, const struct chain *chain, const char *alias);

/* One function a kind of step: opens and closes a view. */
Q_MUST_CHECK enum q_code transform_base(struct transform *t, struct chain *chain,
                                        struct q_err *err);
Q_MUST_CHECK enum q_code transform_rename(struct transform *t, struct chain *chain,
                                          struct q_err *err);
Q_MUST_CHECK enum q_code transform_select(struct transform *t, struct chain *chain,
                                          struct q_err *err);
Q_MUST_CHECK enum q_code transform_derive(struct transform *t, struct chain *chain,
                                          struct q_err *err);
Q_MUST_CHECK enum q_code transform_filter(struct transform *t, struct chain *chain,
                                          struct q_err *err);
Q_MUST_CHECK enum q_code transform_cast(struct transform *t, struct chain *chain,
                                        struct q_err *err);
Q_MUST_CHECK enum q_code transform_clean(struct transform *t, struct chain *chain,
                                         struct q_err *err);
Q_MUST_CHECK enum q_code transform_join(struct transform *t, struct chain *left,
                                        struct chain *right, struct q_err *err);
/* Counts what the filters since the last table left out. */
void transform_count_filtered(struct transform *t, struct chain *chain);

/* A last step that makes plan->current small and cheap to read, see settle.c. */
void transform_settle(struct plan *plan);

#endif
