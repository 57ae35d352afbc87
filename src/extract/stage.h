/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The extract stage: each declared source becomes a staged table of the workspace.
 *
 * Compiling finds the files and settles their columns (declared, pinned in quern.lock, or inferred and then pinned). A run
 * reads them through the engine; records that are no rows go to q_rejects, what was read to q_sources. Holiday files of
 * date dimensions are staged as q_holidays_<dimension>.
 */
#ifndef Q_EXTRACT_STAGE_H
#define Q_EXTRACT_STAGE_H

#include "plan/step.h"

extern const struct plan_stage extract_stage;

#endif
