/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of mode history share (SEMANTICS 19 to 27).
 *
 * The audit finds the keys with news (h_keys) by one comparison of the batch with the current versions; all that follows
 * works on the rows of these keys alone. For them it lays out a timeline of points: ends of deleted keys, starts of stored
 * versions, rows of the batch. Neighbours with the same tracked content are one group, and a group is a version:
 * one that is stored (perhaps with another start, end or content), or a new one.
 *
 *     l_good ─> h_keys ─> h_rows, h_stored ─> h_points ─> h_groups ─┬─> h_set  stored versions that change
 *                                                                   ├─> h_new  versions to insert
 *                                    h_rows ─> h_last ─> h_final ───┴─> h_over keys whose overwritten columns change
 *     full snapshot: h_news ─> h_gone  current versions of keys that it lacks
 *
 * The current version alone is read of most keys. Closed versions are read of a key only when a row is older than its
 * current version or the key was deleted before (h_deep), so that the cost of a load does not grow with the closed history.
 *
 * A version that starts at initial_valid_from counts as starting at its first_seen_at (`_q_start`).
 * States of a key:
 *
 *     absent ──row──> open ──other content──> open (one version more)
 *       │              │ ^
 *       │ fact names   │ │ row, at the later of its time and the end
 *       │ it (infer)   │ │
 *       v   row        v │ snapshot lacks it
 *     inferred ──> open  ended (close) or tombstone
 *
 * States of a version; every load proves that what it wrote is in one of them:
 *
 *     inferred ──its row──> current ──next version, delete, splice──> closed (ended: by a delete)
 *                              ^                                         │
 *                              └──── tombstone <── delete (tombstone) ───┘   a tombstone is current and is_deleted
 */
#ifndef Q_LOAD_HISTORY_H
#define Q_LOAD_HISTORY_H

#include "load/internal.h"

/* Kinds of columns. Keys are of no kind. */
bool history_is_kept(const struct model_column *c);
bool history_is_overwritten(const struct model_column *c); /* `overwrite` and `previous` */
bool history_is_previous(const struct model_column *c);

/* "fmt(name, name, ...)" of the columns of one kind, up to four names; `none` when there is none. A fragment. */
const char *history_columns(const struct load *l, bool (*kind)(const struct model_column *),
                            const char *fmt, const char *separator, const char *none);
bool history_has(const struct load *l, bool (*kind)(const struct model_column *));
/* True where tracked columns of row `r` and stored version `v` differ; what `v` lacks because its column came later does
 * not. */
const char *history_differ(const struct load *l, const char *r, const char *v);
/* "v.c is NULL because the column came after the version", for column i of the target. */
const char *history_unset(const struct load *l, const char *v, size_t i);
const char *history_keys(const struct load *l, const char *alias);
const char *history_match(const struct load *l, const char *a, const char *b);
/* The start of a stored version `t` as rows are compared with it. */
const char *history_start(const struct load *l, const char *t);
bool history_has_added(const struct load *l);

/* timeline.c: h_keys ... h_groups, h_new, h_set, h_fill. */
void history_timeline(struct load *l);
/* overwrite.c: h_final and h_over. */
void history_overwrites(struct load *l);
/* snapshot.c: h_gone. */
bool history_deletes(const struct load *l); /* keys that the batch lacks end */
void history_snapshot(struct load *l);
/* versions.c: the publishing statements, and the proof of rule 26. */
void history_publish(struct load *l);

#endif
