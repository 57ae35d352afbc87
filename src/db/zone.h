/* SPDX-License-Identifier: Apache-2.0 */
/* Zones of civil time by name, from the data that the embedded engine brings with it. */
#ifndef Q_DB_ZONE_H
#define Q_DB_ZONE_H

#include "base/zone.h"
#include "db/db.h"

/* "Europe/Berlin". Takes a quarter of a second: keep what it made, which belongs to the arena. Q_CONFIG, with the nearest
 * name as hint, when there is no such zone. */
Q_MUST_CHECK enum q_code db_zone(struct db_conn *conn, struct q_arena *arena, const char *name,
                                 struct q_zone *out, struct q_err *err);

#endif
