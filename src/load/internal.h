/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the load stage share while a plan is compiled. */
#ifndef Q_LOAD_INTERNAL_H
#define Q_LOAD_INTERNAL_H

#include "load/load.h"

struct load {
    struct plan *plan;
    struct q_arena *arena;
    const struct model_table *target;
    const struct cfg_load *cfg;
    const char *relation;   /* the main source: what q_rejects and q_skips are about */
    bool joined;            /* a record may have several rows, with one position */
    const char *target_ref; /* the target while it is read, a fragment */
    const int64_t *
        added; /* mode history, by column: the run that added it to the target, 0: from the start */
    bool
        short_past; /* mode history: so few closed versions that all of a touched key are proven again */
    const char *seen; /* name of the function of load_seen() */
    size_t audit,
        publish; /* numbers of the steps that statements are appended to: steps may move */
};

#define LOAD_WH "\"wh\".\"main\""

void load_audit(struct load *l, const char *sql);
void load_publish(struct load *l, const char *sql);
/* Left out while `relation` is empty. */
void load_audit_if(struct load *l, const char *relation, const char *sql);
void load_publish_if(struct load *l, const char *relation, const char *sql);

/* "a.k1 = b.k1 AND ..." over the target's keys, which are never NULL here. */
void load_add_key_match(struct sql *q, const struct load *l, const char *a, const char *b);
/* "a.k1, a.k2". */
void load_add_keys(struct sql *q, const struct load *l, const char *alias);
/* The valid_to of a current version (`open_end` of quern.yaml), a fragment. */
const char *load_open_end(const struct load *l);
/* ", x.c1, x.c2 ..." of all payload columns. */
void load_add_payload(struct sql *q, const struct load *l, const char *alias);

/* A step that makes a function of the engine ready, and its name: f(hash of a key) is true when a row before had that
 * hash, and sometimes when none had. */
const char *load_seen(struct load *l);

/* Views l_base and l_good, and the settling of duplicates; keys are compared together with _q_at in mode history. In
 * l_good there is one row an identity (key, time), but perhaps several of one position. */
Q_MUST_CHECK enum q_code load_rows(struct load *l, struct q_err *err);
/* The rows of l_good as a fragment, with plan_key_column() of each role that has one; NULL when none has, or when a record
 * may have several rows. */
const char *load_keyed_rows(const struct load *l);
Q_MUST_CHECK enum q_code load_merge(struct load *l, struct q_err *err);
Q_MUST_CHECK enum q_code load_history(struct load *l, struct q_err *err);
/* The key under which the state keeps which run added a column to a table that was there. */
const char *load_added_key(struct q_arena *arena, const struct model_table *table,
                           const char *column);
/* before.c */
/* The statement that makes the table of before-images. */
const char *load_before_sql(struct q_arena *arena, const struct model_table *table);
/* To be called before a publishing statement that updates or deletes rows of the target: keeps them as they are. `from` is
 * what stands behind FROM: the target under the alias `t`, joined (SEMI JOIN) so that exactly the rows that will change
 * come out, each once. `only_if`: as in load_publish_if(), or NULL. */
void load_remember(struct load *l, const char *only_if, const char *from);

/* final.c: `update` and `merge`. */
bool load_mixes(const struct load *l);
/* By the list of `update`. */
bool load_updates_column(const struct load *l, const char *column);
bool load_updates_role(const struct load *l, const struct model_role *role);
/* The audit makes l_final: _q_pos and the columns that each matched row will have. */
Q_MUST_CHECK enum q_code load_final(struct load *l, struct q_err *err);

/* infer.c: `missing: infer`. To be called when the rows to load are settled, before their roles are looked up. */
Q_MUST_CHECK enum q_code load_infer(struct load *l, struct q_err *err);
/* The dimension as a role finds its members in the audit, a fragment. */
const char *load_dimension_ref(const struct load *l, const struct model_table *dimension);

/* replace.c: rows that a load takes away. */
/* Rejects rows of `relation` outside of the slice of replace_slice. */
Q_MUST_CHECK enum q_code load_reject_outside(struct load *l, const char *relation,
                                             struct q_err *err);
/* True when the load deletes rows of the target that the batch lacks. */
bool load_deletes(const struct load *l);
/* The audit makes l_gone, the keys of these rows (and the surrogate key), counts them and guards them. */
void load_find_gone(struct load *l);
void load_publish_gone(struct load *l);
/* A step that refuses to delete members that rows of facts refer to. To be called after the last load_audit(). */
void load_prove_gone(struct load *l);

/* shrink.c: the guards of what a load takes away, both on scalar SQL of the audit. `gone`: how many keys go away;
 * `current`: how many there are now. */
/* Holds the run ('shrink', which --accept-shrink lets through) when they are more than max_shrink allows, or the relation
 * to load has no row at all (SEMANTICS 15). */
void load_guard_shrink(struct load *l, const char *gone, const char *current);
/* Holds the run ('unreadable_snapshot') when keys go away while there are rejected records without a readable key: they may
 * be among them. `l_base` must have the columns of the key. */
void load_guard_unreadable(struct load *l, const char *gone);

/* First publishing step: schema, tables, special members, date dimensions, new columns. */
Q_MUST_CHECK enum q_code load_schema(struct load *l, struct q_err *err);

#endif
