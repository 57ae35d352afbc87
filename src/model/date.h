/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The generated date dimension: one row a day of the declared range, with ISO weeks, fiscal calendar (named by the year
 * in which it ends; a fiscal year that starts in January is the calendar year), weekend flags and holidays.
 */
#ifndef Q_MODEL_DATE_H
#define Q_MODEL_DATE_H

#include "model/model.h"

/* Give the table its fixed columns; its business key is full_date. */
void model_date_columns(struct q_arena *arena, struct model_table *table);
/* A SELECT of all its rows (surrogate key, columns, _q_run, _q_pos). `holidays` is a relation with the columns date
 * (DATE) and name (VARCHAR), or NULL. */
const char *model_date_select(struct q_arena *arena, const struct model_table *table,
                              const char *holidays);
/* What the rows depend on besides the holidays; another text means that they have to be made again. */
const char *model_date_signature(struct q_arena *arena, const struct model_table *table);

#endif
